"""Events, photos, faces and people."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class FacesConfig(AppConfig):
    """Who is in the photos of an event."""

    name = "faces"
    verbose_name = _("Events and people")

    def ready(self) -> None:
        """Register the check of the calibration."""
        from faces.checks import check_calibration  # needs the models, which are loaded by now

        register(check_calibration)
