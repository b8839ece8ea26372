"""Misconfiguration of what is done with faces."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from faces.services.people import current_calibration
from photofinder.errors import EngineUnavailable, Problem


def check_calibration(**_: Any) -> list[CheckMessage]:
    """What the face engine's distances mean is known. An engine that cannot be made is another check's matter."""
    try:
        current_calibration()
    except (ImportError, TypeError, EngineUnavailable):
        return []
    except Problem as problem:
        return [Warning("The face engine is not calibrated.", hint=problem.detail, id="faces.W001")]
    return []
