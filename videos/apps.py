"""Videos."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VideosConfig(AppConfig):
    """Films as moments that people search by words and by face."""

    name = "videos"
    verbose_name = _("Videos")
