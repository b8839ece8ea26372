"""The project as an app: its commands and checks."""

from django.apps import AppConfig
from django.core.checks import register

from photofinder.checks import check_engines, check_storage


class PhotoFinderConfig(AppConfig):
    """What every app needs and no app owns."""

    name = "photofinder"
    verbose_name = "PhotoFinder"

    def ready(self) -> None:
        """Register the checks."""
        register(check_engines)
        register(check_storage)
