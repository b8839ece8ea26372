"""What every app needs and no app owns."""

from photofinder.celery import app as celery_app

__all__ = ["celery_app"]
