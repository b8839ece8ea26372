"""Misconfiguration, found at startup and said with what to do about it."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.module_loading import import_string

from photofinder.engines import get_engine
from photofinder.errors import EngineUnavailable


def check_engines(**_: Any) -> list[CheckMessage]:
    """Every engine can be made and finds its weights."""
    return [message for stage in settings.ENGINES for message in _engine_messages(stage)]


def check_storage(**_: Any) -> list[CheckMessage]:
    """S3 is configured whole or not at all."""
    return list(_storage_messages())


def check_hardware(**_: Any) -> list[CheckMessage]:
    """The decoder of films is one that FFmpeg was built with."""
    from av.codec.hwaccel import hwdevices_available

    named, known = settings.VIDEO_INDEXER["hardware"], hwdevices_available()
    if not named or named in known:
        return []
    hint = f"Set VIDEO_HARDWARE to one of {', '.join(known)}, or leave it out. Until then the processor decodes."
    return [Warning(f"VIDEO_HARDWARE={named} is no decoder here.", hint=hint, id="photofinder.W003")]


def _engine_messages(stage: str) -> Iterator[CheckMessage]:
    path = settings.ENGINES[stage]["CLASS"]
    if "." not in path:
        yield _unknown_engine(stage, path)
        return
    try:
        import_string(path)
        engine = get_engine(stage)
    except (ImportError, TypeError) as error:
        hint = "CLASS must be the dotted path of an engine class, OPTIONS what its constructor takes."
        yield Error(f"The {stage} engine {path} cannot be made: {error}", hint=hint, id="photofinder.E002")
        return
    try:
        engine.spec  # noqa: B018 - says which weights it would load
    except EngineUnavailable as error:
        # No error, for that would keep the very command that installs the weights from running.
        yield Warning(f"The {stage} engine lacks its weights.", hint=error.detail, id="photofinder.W001")
    if settings.ENGINES[stage] == settings.FACE_ENGINES["insightface"]:
        yield _licence_warning()


def _unknown_engine(stage: str, name: str) -> Error:
    names = [known for known in getattr(settings, f"{stage.upper()}_ENGINES") if known != "fake"]
    meant = get_close_matches(name, names, n=1) or [" or ".join(names)]
    hint = f"Set {stage.upper()}_ENGINE to {meant[0]}, or to the dotted path of an engine class."
    return Error(f"There is no {stage} engine {name!r}.", hint=hint, id="photofinder.E001")


def _licence_warning() -> Warning:
    return Warning(
        "InsightFace's public model packs may be used for non-commercial research only.",
        hint="For anything else buy a licence from InsightFace, or set FACE_ENGINE=dlib. "
        "With a licence, silence this with SILENCED_CHECKS=photofinder.W002.",
        id="photofinder.W002",
    )


def _storage_messages() -> Iterator[CheckMessage]:
    options = settings.S3_OPTIONS
    given = [name for name in ("endpoint_url", "access_key", "secret_key") if options[name]]
    if given and not options["bucket_name"]:
        text = f"S3 is configured ({', '.join(_variable(name) for name in given)}) but for its bucket."
        yield Error(text, hint="Set S3_BUCKET, or remove the others to store on the disk.", id="photofinder.E003")
    if bool(options["access_key"]) != bool(options["secret_key"]):
        missing = "secret_key" if options["access_key"] else "access_key"
        hint = f"Set {_variable(missing)} too, or neither where the machine has a role of its own."
        yield Error("Only one half of the S3 credentials is set.", hint=hint, id="photofinder.E004")
    if options["endpoint_url"] and not options["endpoint_url"].startswith(("http://", "https://")):
        hint = "It must begin with https:// or http://."
        yield Error(f"S3_ENDPOINT_URL is no URL: {options['endpoint_url']}", hint=hint, id="photofinder.E005")


def _variable(option: str) -> str:
    """The environment variable of an option."""
    names = {"access_key": "S3_ACCESS_KEY_ID", "secret_key": "S3_SECRET_ACCESS_KEY"}
    return names.get(option, f"S3_{option.upper()}")
