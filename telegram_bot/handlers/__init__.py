"""Who answers what: the one list of the bot's handlers."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.utils.translation import override
from telegram.error import Forbidden, TelegramError
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from telegram_bot import texts
from telegram_bot.handlers import arriving, leaving, results, selfies, speaking, wishes
from telegram_bot.visit import Visit, current_visit, handler

Function = Callable[[Visit], Awaitable[None]]

COMMANDS: dict[str, Function] = {
    "start": arriving.start,
    "events": arriving.events,
    "language": speaking.language,
    "forget": leaving.forget,
    "help": speaking.help_,
}
MESSAGES: list[tuple[filters.BaseFilter, Function]] = [
    (filters.PHOTO, selfies.photo),
    (filters.ANIMATION | filters.VIDEO | filters.VIDEO_NOTE | filters.VOICE | filters.AUDIO, speaking.video),
    (filters.Document.ALL, selfies.document),
    (filters.Sticker.ALL, speaking.sticker),
    (filters.TEXT & ~filters.COMMAND, arriving.text),
    (filters.ALL, speaking.anything_else),
]
BUTTONS: dict[str, Function] = {
    "home": arriving.home,
    "events": arriving.events,
    "event": arriving.event_chosen,
    "agree": arriving.agreed,
    "face": selfies.face_chosen,
    "more": results.more,
    "again": results.again,
    "controls": results.controls,
    "originals": results.originals,
    "original": results.original,
    "nots": results.nots,
    "not": results.not_me,
    "zip": results.archive,
    "add": wishes.add,
    "tell": wishes.tell,
    "stop": wishes.stop,
    "videos": wishes.videos,
    "forget": leaving.forget_answered,
    "language": speaking.language_chosen,
}
logger = logging.getLogger(__name__)


def register(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Give the application its handlers; the first that fits a message answers it."""
    for command, function in COMMANDS.items():
        application.add_handler(CommandHandler(command, handler(function)))
    for verb, function in BUTTONS.items():
        application.add_handler(CallbackQueryHandler(handler(function), pattern=rf"^{verb}(:|$)"))
    for kind, function in MESSAGES:
        application.add_handler(MessageHandler(kind, handler(function)))
    application.add_error_handler(on_error)


async def on_error(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Whoever blocked the bot needs no answer; everybody else learns that it was not their fault."""
    visit = current_visit.get(None)
    if visit is None:
        logger.error("The bot failed", exc_info=context.error)
        return
    visit.has_failed = True
    if isinstance(context.error, Forbidden):
        return
    logger.error("Update for chat %s failed", visit.chat, exc_info=context.error)
    with override(visit.state.language):
        try:
            await visit.say("sorry", texts.SORRY)
        except TelegramError:
            logger.warning("Chat %s could not be told", visit.chat)
