"""Events, photos, faces and people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FacesConfig(AppConfig):
    """Who is in the photos of an event."""

    name = "faces"
    verbose_name = _("Events and people")
