"""More than the photos of one selfie: another photo of oneself, news, videos."""

from telegram_bot import keyboards, texts
from telegram_bot.visit import Visit
from telegram_bot.wishing import ask_selfie, search_videos, subscribe


async def add(visit: Visit) -> None:
    """Find more with another photo of the same person."""
    if visit.state.result != visit.words[0]:
        await ask_selfie(visit, "", visit.words[0])
        return
    visit.state.purpose, visit.state.event = "more", visit.state.found_in
    await visit.say("add", texts.MORE_PHOTO)


async def tell(visit: Visit) -> None:
    """Tell them when new photos appear."""
    if visit.state.likeness_of(visit.words[0]):
        await subscribe(visit)
    else:
        await ask_selfie(visit, "tell", visit.words[0])


async def videos(visit: Visit) -> None:
    """Find them in videos."""
    if visit.state.likeness_of(visit.words[0]):
        await search_videos(visit)
    else:
        await ask_selfie(visit, "videos", visit.words[0])


async def stop(visit: Visit) -> None:
    """Tell them no more."""
    attendee = await visit.patiently(lambda: visit.api.attendee(visit.chat))
    slugs = (subscription["event"] for subscription in attendee["subscriptions"])
    slug = next((slug for slug in slugs if keyboards.digest(slug) == visit.words[0]), None)
    if slug:
        await visit.patiently(lambda: visit.api.unsubscribe(visit.chat, event=slug))
    await visit.say("stopped", texts.STOPPED)
