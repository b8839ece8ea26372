"""The project as an app: its commands and checks."""

from django.apps import AppConfig


class PhotoFinderConfig(AppConfig):
    """What every app needs and no app owns."""

    name = "photofinder"
    verbose_name = "PhotoFinder"
