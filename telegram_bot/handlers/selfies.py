"""Photos that people send of themselves."""

from telegram.constants import FileSizeLimit

from telegram_bot import texts
from telegram_bot.handlers.leaving import forget_by_selfie
from telegram_bot.visit import Visit
from telegram_bot.way import go_on

_IMAGE_NAMES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp")


async def photo(visit: Visit) -> None:
    """A photo; Telegram sends it in several sizes, the largest last."""
    largest = visit.message.photo[-1]
    await _receive(visit, largest.file_id, largest.file_size)


async def document(visit: Visit) -> None:
    """A file, which may be an image that was not compressed."""
    file = visit.message.document
    assert file
    name = (file.file_name or "").lower()
    if (file.mime_type or "").startswith("image/") or name.endswith(_IMAGE_NAMES):
        await _receive(visit, file.file_id, file.file_size)
    else:
        await visit.say("other", texts.OTHER_FILE)


async def face_chosen(visit: Visit) -> None:
    """The number of a face in a selfie with several."""
    await visit.take_buttons_off()
    if visit.state.selfie:
        await _use(visit, face=int(visit.words[0]))
    else:
        await visit.say("gone", texts.SELFIE_GONE)


async def _receive(visit: Visit, file_id: str, size: int | None) -> None:
    if await _is_one_too_many(visit):
        return
    if (size or 0) > FileSizeLimit.FILESIZE_DOWNLOAD:
        await visit.say("problem", texts.TOO_LARGE)
        return
    visit.state.selfie = file_id
    await _use(visit)


async def _use(visit: Visit, face: int | None = None) -> None:
    if visit.state.purpose == "forget":
        await forget_by_selfie(visit, face)
    else:
        await go_on(visit, face)


async def _is_one_too_many(visit: Visit) -> bool:
    """Of photos that were sent together the first is searched with; the second is answered, the others are not."""
    group, state = visit.message.media_group_id, visit.state
    if not group or group not in (state.group, state.group.removesuffix("+")):
        state.group = group or ""
        return False
    if state.group == group:
        state.group = f"{group}+"
        await visit.say("enough", texts.ONE_OF_ALBUM)
    return True
