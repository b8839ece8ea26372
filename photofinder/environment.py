"""Values of the environment, refused with a sentence that says what to write instead."""

import logging
import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

from photofinder.brokers import SCHEMES


class Environment(environ.Env):  # type: ignore[misc] # environ has no types
    """django-environ's reader with the kinds of values that can be wrong. Each method raises ImproperlyConfigured.

    An empty variable counts as not set. No sentence repeats a URL, for it may hold a password.
    """

    def integer(self, name: str, *, default: int, least: int) -> int:
        """A whole number of at least `least`."""
        given = self.str(name, default="") or str(default)
        if not re.fullmatch(r"\d{1,9}", given, re.ASCII) or int(given) < least:
            raise _refused(name, given, f"a whole number of at least {least}")
        return int(given)

    def log_level(self, name: str, *, default: str) -> str:
        """A level of `logging`, in capitals."""
        level = str(self.str(name, default="") or default).upper()
        if level not in logging.getLevelNamesMapping():
            raise _refused(name, level, "DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return level

    def rate(self, name: str, *, default: str) -> str:
        """So many requests in a second, minute, hour or day, as DRF spells it."""
        rate = str(self.str(name, default="") or default)
        if not re.fullmatch(r"[1-9]\d{0,8}/(s|sec|m|min|h|hour|d|day)", rate, re.ASCII):
            raise _refused(name, rate, "a number, a slash and sec, min, hour or day, such as 120/min")
        return rate

    def time_zone(self, name: str, *, default: str) -> str:
        """A time zone by its IANA name."""
        zone = str(self.str(name, default="") or default)
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:  # unknown, no name at all, a folder of zones
            raise _refused(name, zone, "an IANA time zone such as Europe/Moscow or UTC") from error
        return zone

    def postgres(self, name: str, *, default: str) -> dict[str, Any]:
        """The parts of a database URL as Django's DATABASES has them; its query goes to OPTIONS."""
        wanted = "postgres://user:password@host:5432/name, with %2F for / and the like in the password"
        try:
            parts: dict[str, Any] = self.db_url(name, default=default)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} cannot be read: it must look like {wanted}.") from error
        if parts.get("ENGINE") != "django.db.backends.postgresql":
            raise ImproperlyConfigured(f"{name} must name a PostgreSQL database: {wanted}.")
        return parts

    def redis(self, name: str, *, default: str) -> str:
        """The URL of a Redis."""
        url = str(self.str(name, default="") or default)
        if not _names_server(url, ("redis", "rediss")):
            raise ImproperlyConfigured(f"{name} must look like redis://host:6379, or rediss://host:6379 for TLS.")
        return url

    def broker(self, name: str, *, default: str) -> str:
        """The URL of a Redis or a RabbitMQ."""
        url = str(self.str(name, default="") or default)
        if not _names_server(url, SCHEMES):
            wanted = "amqp://user:password@host:5672/vhost for RabbitMQ, amqps:// for TLS, or redis://host:6379/0"
            raise ImproperlyConfigured(f"{name} must look like {wanted}.")
        return url


def redis_database(url: str, database: int) -> str:
    """The URL of another database of the same Redis, all else kept."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _names_server(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.scheme in schemes and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _refused(name: str, given: str, wanted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {given!r}; it must be {wanted}.")
