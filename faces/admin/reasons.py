"""Why something was refused or failed, in the user's language. The services' own sentences are stored in English."""

from django.utils.translation import gettext_lazy as _

_TITLES = {
    "empty": _("Empty file"),
    "not_an_image": _("Not a photo"),
    "damaged": _("Damaged file"),
    "too_large": _("File too large"),
    "too_many_pixels": _("Too many pixels"),
    "missing": _("Original is missing"),
    "crashed": _("Processing crashed"),
    "engine_unavailable": _("Face engine is not installed"),
    "not_calibrated": _("Face engine is not calibrated"),
    "no_face": _("No face was found"),
    "several_faces": _("There are several faces"),
    "low_quality": _("The face is not clear enough"),
}
_ADVICE = {
    "no_face": _("Choose a photo that shows the face from the front, in good light."),
    "several_faces": _("Click the face to look for."),
    "uncertain": _("The face is hard to make out. Choose another photo."),
    "too_small": _("The face is too small. Choose a photo that shows it larger."),
    "blurred": _("The face is blurred or too dark. Choose another photo."),
    "turned_away": _("The face is turned away from the camera. Choose another photo."),
}


def title(code: str) -> str:
    """What happened, in a few words."""
    return str(_TITLES.get(code, code.replace("_", " ").capitalize()))


def advice(code: str, reason: str = "") -> str:
    """What to do about a selfie, in a sentence; nothing where the service's own sentence must do."""
    return str(_ADVICE.get(reason or code, ""))
