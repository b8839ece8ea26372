"""The project as an app: its commands and checks."""

from django.apps import AppConfig
from django.core.checks import register

from photofinder.celery import app as celery_app
from photofinder.checks import check_engines, check_hardware, check_storage

__all__ = ["PhotoFinderConfig", "celery_app"]  # shared tasks belong to the Celery app that is imported here


class PhotoFinderConfig(AppConfig):
    """What every app needs and no app owns."""

    name = "photofinder"
    verbose_name = "PhotoFinder"

    def ready(self) -> None:
        """Register the checks."""
        register(check_engines)
        register(check_storage)
        register(check_hardware)
