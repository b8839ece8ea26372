"""Everything that the bot says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

MOST_EVENT_TEXT = 600

# --- arriving ---
CONSENT = gettext_lazy(
    "To find you I look for your face in the photos of the event. Your selfie is used for the search only and is not "
    "kept; only if you ask me to tell you of new photos, a numeric description of your face stays until you say stop. "
    "/forget deletes everything at any time. Do you agree?"
)
SEND_SELFIE = gettext_lazy("Now send me a selfie: your face from the front, in good light, nobody else in the picture.")
WHICH_EVENT = gettext_lazy("At which event were you? Choose one, or send me the code from the poster.")
NO_EVENTS = gettext_lazy("There are no open events just now. If you have the code of an event, send it to me.")
WRONG_CODE = gettext_lazy(
    "I know no open event with this code. Check it against the poster; perhaps the event is closed already. "
    "/events shows those that are open."
)
EVENT_CLOSED = gettext_lazy("This event is not open any more. /events shows those that are.")

# --- selfies ---
NO_FACE = gettext_lazy("I see no face in this photo. Send one that shows your face from the front, in good light.")
WHICH_FACE = gettext_lazy("There are several faces in this photo. Which one is yours?")
ANOTHER_PERSON = gettext_lazy(
    "This looks like somebody else than the first photo. Send another photo of the same person."
)
TOO_LARGE = gettext_lazy("This file is larger than 20 MB, and Telegram does not give me more. Send it as a photo.")
TOO_MANY_PIXELS = gettext_lazy("This image has too many pixels for me. Send it as a photo instead of a file.")
NOT_AN_IMAGE = gettext_lazy("I cannot read this as an image. Send a photo, or an image file such as JPEG, PNG or HEIC.")
SELFIE_GONE = gettext_lazy("That photo is not there any more. Please send it again.")
LONG_AGO = gettext_lazy("Your selfie was too long ago, and I do not keep it. Send it again and I go on.")
ONE_OF_ALBUM = gettext_lazy("One photo is enough: I look at the first one.")
_LOW_QUALITY = {
    "uncertain": gettext_lazy("I can hardly make out a face here. Try again in better light, without a mask."),
    "too_small": gettext_lazy("The face is too small. Come closer, or cut the photo, and send it again."),
    "blurred": gettext_lazy("The photo is blurred or too dark. Hold still, turn to the light and try again."),
    "turned_away": gettext_lazy("The face is turned away. Look straight into the camera and try again."),
}

# --- other messages ---
STICKER = gettext_lazy("Nice sticker! But to find you I need a photo of your face.")
VIDEO = gettext_lazy("I cannot search by a video or a voice. Send me a photo of your face.")
OTHER_FILE = gettext_lazy("I cannot search by this file. Send me a photo, or an image file, of your face.")
SOMETHING_ELSE = gettext_lazy("I do not understand this. Send me a selfie, or the code of an event; /help says more.")

# --- results ---
NOTHING_FOUND = gettext_lazy(
    "There is no photo of you at “%(event)s” so far. New ones are added all the time: let me tell you, or try another "
    "photo of yourself."
)
WHAT_NOW = gettext_lazy("What shall I do?")
ORIGINAL_OF_WHICH = gettext_lazy("The original of which photo?")
NOT_ME_WHICH = gettext_lazy("Which photo does not show you?")
PREVIEWS_ONLY = gettext_lazy("The organisers of this event give previews only, no originals.")
PHOTO_GONE = gettext_lazy("This photo is not there any more.")
RESULT_GONE = gettext_lazy("That search was too long ago. Send me a selfie and I look again.")
MORE_PHOTO = gettext_lazy(
    "Send me another photo of yourself, with other light, glasses or hair: together they find more."
)
NO_VIDEOS = gettext_lazy("There are no videos of this event here yet.")
NOT_IN_VIDEOS = gettext_lazy("I did not find you in the videos of this event.")

# --- news ---
STOPPED = gettext_lazy("Good, I tell you of no more new photos. What I knew of your face for it is deleted.")

SUBSCRIBED_AS_ANOTHER = gettext_lazy(
    "I tell you of new photos of somebody else already. Stop that first with the button below those, then ask again."
)
OPTED_OUT = gettext_lazy("Somebody with this face asked not to be found here, so there is nothing to tell you of.")

# --- leaving ---
FORGET_ASK = gettext_lazy(
    "Shall I delete everything about you: your consent, your subscriptions, and your face wherever it was found in the "
    "photos? The photos themselves stay. This cannot be undone."
)
FORGET_KEPT = gettext_lazy("Good, everything stays as it is.")
FORGET_SELFIE = gettext_lazy(
    "I do not know what you look like, so one thing is left: send me a selfie, and I delete your face wherever it was "
    "found in the photos. If you do not want that, there is nothing else to do."
)

# --- the bot itself ---
LANGUAGE = gettext_lazy("Which language do you prefer?")
LANGUAGE_SET = gettext_lazy("I speak English now.")
API_DOWN = gettext_lazy("The photo service does not answer just now. I keep trying and answer as soon as it is back.")
BUSY = gettext_lazy("Many people are searching at the moment. It is your turn in a moment, you need not do anything.")
TOO_MUCH = gettext_lazy("That was a lot at once. Wait a minute, please; what you send until then I do not read.")
SORRY = gettext_lazy("Something went wrong here, and it was not your fault. Please try again a little later.")
INTERRUPTED = gettext_lazy("I was interrupted. If you miss an answer, press the button.")
PHOTOS_INTERRUPTED = gettext_lazy("I was interrupted while I sent photos. If any did not arrive, press the button.")
HELP = gettext_lazy(
    "I find you in the photos of an event.\n\n"
    "1. Choose the event, or send its code.\n"
    "2. Send a selfie.\n"
    "3. Get your photos, the originals, or all of them as one ZIP.\n\n"
    "/events — choose another event\n"
    "/language — русский, English\n"
    "/forget — delete everything about you\n"
    "/help — this text"
)
COMMANDS = {
    "events": gettext_lazy("Choose an event"),
    "language": gettext_lazy("Русский or English"),
    "forget": gettext_lazy("Delete everything about me"),
    "help": gettext_lazy("What I can do"),
}


def event_card(event: Mapping[str, Any]) -> str:
    """What an event is."""
    count = int(event["photos_count"])
    head = f"{event['name']}, {event['date']}" if event.get("date") else str(event["name"])
    photos = ngettext("%(count)d photo", "%(count)d photos", count) % {"count": count}
    text = (event.get("text") or "").strip()
    return "\n".join([f"📷 {head}", photos, *([text[:MOST_EVENT_TEXT]] if text else [])])


def low_quality(reason: str) -> str:
    """What is wrong with a selfie, and what helps."""
    return str(_LOW_QUALITY.get(reason, _LOW_QUALITY["uncertain"]))


def found(count: int, event: str) -> str:
    """How many photos there are."""
    if not count:
        return str(NOTHING_FOUND) % {"event": event}
    text = ngettext(
        "I found %(count)d photo of you at “%(event)s”.", "I found %(count)d photos of you at “%(event)s”.", count
    )
    return text % {"count": count, "event": event}


def found_more(count: int) -> str:
    """How many photos another photo of oneself has added."""
    if not count:
        return _("That one found nothing new.")
    return ngettext("That found %(count)d more photo.", "That found %(count)d more photos.", count) % {"count": count}


def news(count: int, event: str) -> str:
    """New photos for a subscriber."""
    text = ngettext("%(count)d new photo of you at “%(event)s”!", "%(count)d new photos of you at “%(event)s”!", count)
    return text % {"count": count, "event": event}


def shown(first: int, last: int, count: int) -> str:
    """Which of the photos have just been shown."""
    if count == last - first + 1:
        return ngettext("This was the photo.", "These were all %(count)d photos.", count) % {"count": count}
    return _("Photos %(first)d to %(last)d of %(count)d.") % {"first": first, "last": last, "count": count}


def not_me(left: int) -> str:
    """After somebody was taken for the asker."""
    text = ngettext(
        "Thank you: that photo is hidden, and the moderators will look at it. %(count)d photo is left.",
        "Thank you: that photo is hidden, and the moderators will look at it. %(count)d photos are left.",
        left,
    )
    return text % {"count": left}


def original_link(megabytes: int, url: str) -> str:
    """Where an original is that Telegram does not take."""
    text = _("This original has %(size)d MB, more than Telegram takes from me. Here it is: %(url)s")
    return text % {"size": megabytes, "url": url}


def archive(url: str) -> str:
    """Where all photos are."""
    return _("All your photos as one ZIP file: %(url)s") % {"url": url}


def subscribed(event: str) -> str:
    """From now on."""
    return _("Good: I write to you as soon as there are new photos of you at “%(event)s”.") % {"event": event}


def moment(about: Mapping[str, Any]) -> str:
    """When in which video somebody is, and what happens there."""
    caption = about["caption_ru"] if get_language() == "ru" else about["caption"]
    return " ".join(
        filter(None, (f"▶ {_clock(float(about['start_s']))}–{_clock(float(about['end_s']))}", about["film"], caption))
    )


def moments(best: Sequence[Mapping[str, Any]], count: int) -> str:
    """At how many moments somebody is in the videos; of the best ones where they are played."""
    head = ngettext("You are in the videos at %(count)d moment:", "You are in the videos at %(count)d moments:", count)
    lines = [" ".join(filter(None, (moment(about), about["url"]))) for about in best]
    return "\n".join([head % {"count": count}, *lines])


def receipt(answer: Mapping[str, Any]) -> str:
    """What was deleted."""
    counts = {
        _("faces found in photos"): answer["faces"],
        _("face images"): answer["crops"],
        _("descriptions of your face"): answer["portraits"],
        _("subscriptions"): answer["subscriptions"],
    }
    lines = [f"• {name}: {count}" for name, count in counts.items()]
    head = _("Deleted. Your receipt is %(number)s, of %(at)s:") % {"number": answer["receipt"], "at": _when(answer)}
    return "\n".join([head, *lines, *_uncompared(int(answer["uncompared"]))])


def _uncompared(count: int) -> list[str]:
    """What may be left of somebody, and what to do about it."""
    if not count:
        return []
    text = ngettext(
        "%(count)d face in photos was read by an earlier version of the search and could not be compared with yours. "
        "If new photos of you turn up, write /forget again.",
        "%(count)d faces in photos were read by an earlier version of the search and could not be compared with yours. "
        "If new photos of you turn up, write /forget again.",
        count,
    )
    return [text % {"count": count}]


def _when(answer: Mapping[str, Any]) -> str:
    """`2026-11-25T10:00:00.123Z` for people, with the zone that it is in."""
    return f"{datetime.fromisoformat(answer['at']):%Y-%m-%d %H:%M %Z}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
