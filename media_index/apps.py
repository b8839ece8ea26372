"""The media index."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediaIndexConfig(AppConfig):
    """Every stored image, by content."""

    name = "media_index"
    verbose_name = _("Media index")
