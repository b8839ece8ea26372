"""Selfies, fetched from Telegram when they are needed and kept nowhere."""

from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from telegram_bot.api_client import ApiDown, ApiProblem


async def fetch(bot: Bot, file_id: str) -> bytes:
    """The bytes of a file. Raises ApiProblem `too_large` or `selfie_gone`, and ApiDown when trying again helps."""
    try:
        file = await bot.get_file(file_id)
        return bytes(await file.download_as_bytearray())
    except BadRequest as error:
        raise ApiProblem("too_large" if "too big" in str(error).lower() else "selfie_gone") from error
    except InvalidToken as error:  # python-telegram-bot's name for 404
        raise ApiProblem("selfie_gone") from error
    except TelegramError as error:
        raise ApiDown(f"Telegram does not give the file: {error}") from error
