"""The bot about itself, and friendly words for what it cannot use."""

from telegram_bot import keyboards, texts
from telegram_bot.visit import Visit


async def help_(visit: Visit) -> None:
    """`/help`."""
    await visit.say("help", texts.HELP)


async def language(visit: Visit) -> None:
    """`/language`."""
    await visit.say("language", texts.LANGUAGE, keyboards.languages())


async def language_chosen(visit: Visit) -> None:
    """Speak it from now on, in notifications as well."""
    code = visit.words[0]
    await visit.patiently(lambda: visit.api.attendee_change(visit.chat, language=code))
    visit.speak(code)
    await visit.say("language", texts.LANGUAGE_SET)


async def sticker(visit: Visit) -> None:
    """A sticker."""
    await visit.say("sticker", texts.STICKER)


async def video(visit: Visit) -> None:
    """A video, an animation, a voice message."""
    await visit.say("video", texts.VIDEO)


async def anything_else(visit: Visit) -> None:
    """A location, a contact, a command that we do not have."""
    await visit.say("nothing", texts.SOMETHING_ELSE)
