"""What steers the bot, read once from the settings, and why it cannot start."""

from dataclasses import dataclass

TELEGRAM_URL = "https://api.telegram.org"


class TroubleError(Exception):
    """Why the bot does not run: one sentence that says what to do."""


@dataclass(frozen=True)
class Webhook:
    """Where Telegram brings updates, and where we listen; `secret` is the header that proves that it is Telegram."""

    url: str
    secret: str
    listen: str
    port: int


@dataclass(frozen=True)
class BotConfig:
    """All settings of the bot. Without a `webhook` it asks Telegram for updates.

    `site_url` is what links for people begin with, empty when the API says it right.
    `rate` is how many messages of one person are read in `rate_seconds`; `idle_seconds` passes between two questions
    for news when there were none.
    """

    token: str
    base_url: str
    webhook: Webhook | None
    api_url: str
    api_token: str
    site_url: str
    redis_url: str
    rate: int
    rate_seconds: int
    idle_seconds: float

    @property
    def bot_id(self) -> str:
        """The bot's own number at Telegram, which its token begins with."""
        return self.token.partition(":")[0]
