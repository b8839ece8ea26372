"""The bot as it really runs: `manage.py run_bot` in a process that can be killed."""

import os
import signal
import subprocess
import sys
from typing import Any

from django.conf import settings

from telegram_bot.config import BotConfig


class BotProcess:
    """A process of the bot, started anew as often as it was killed."""

    def __init__(self, config: BotConfig) -> None:
        self._env = os.environ | {
            "TELEGRAM_BOT_TOKEN": config.token,
            "TELEGRAM_BASE_URL": config.base_url,
            "BOT_API_URL": config.api_url,
            "BOT_API_TOKEN": config.api_token,
            "BOT_RATE": "10000/min",
            "BOT_IDLE_MILLISECONDS": "100",
        }
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self.popen = subprocess.Popen([sys.executable, "manage.py", "run_bot"], cwd=settings.BASE_DIR, env=self._env)

    def kill(self) -> None:
        """Kill it, wherever it is."""
        assert self.popen
        self.popen.kill()
        self.popen.wait()

    def stop(self, *_: Any) -> int:
        """Ask it to end; its exit code."""
        assert self.popen
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=15)
