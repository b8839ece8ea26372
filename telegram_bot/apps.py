"""The Telegram bot as a Django application, for its translations and its command."""

from django.apps import AppConfig


class TelegramBotConfig(AppConfig):
    """It has no models: all it knows is behind the API or in Redis."""

    name = "telegram_bot"
