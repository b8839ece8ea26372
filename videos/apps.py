"""Films."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VideosConfig(AppConfig):
    """What happens in films, and who is in them."""

    name = "videos"
    verbose_name = _("Films")
