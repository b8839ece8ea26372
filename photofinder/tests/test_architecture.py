"""Who may import whom: the two tables of the design, read from the imports."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Which rooms each room may import; photofinder/urls.py alone sees all.
ROOMS = {
    "photofinder": set(),
    "media_index": {"photofinder"},
    "faces": {"photofinder", "media_index"},
    "videos": {"photofinder", "media_index", "faces"},
    "telegram_bot": set(),
}
SEES_ALL = "photofinder/urls.py"

# Which role a file of an app has, by the name of the file or of the package that it is in. All others are pure.
ROLES = {
    "engines": "engine",
    "models": "model",
    "querysets": "model",
    "services": "service",
    "tasks": "task",
    "admin": "surface",
    "api": "surface",
    "pages": "surface",
    "urls": "surface",
    "handlers": "surface",
    "management": "surface",
    "templatetags": "surface",
    "metrics": "surface",
    "checks": "surface",
    "apps": "surface",
    "engine": "surface",
}
# Files that are no engine although they lie with them: the contract.
PURE = {"faces.engines.base", "media_index.engines.base", "videos.engines.base"}
# What the files of each role may import from an app.
MAY = {
    "pure": {"pure"},
    "engine": {"pure", "engine"},
    "model": {"model"},
    "service": {"pure", "model", "service"},
    "task": {"service"},
    "surface": {"pure", "model", "service", "surface"},
}
# What they may import from photofinder/, where that is less than all.
MAY_OF_PHOTOFINDER = {
    "pure": {"contracts", "images", "errors"},
    "engine": {"contracts", "images", "errors"},
    "model": {"storage", "vectors"},
    "service": {"celery", "contracts", "engines", "errors", "images", "metadata", "storage", "vectors"},
    "task": set(),
}
# What they may import from elsewhere, where that is less than all, besides the standard library.
MAY_OF_LIBRARIES = {
    "pure": {"numpy", "scipy", "PIL", "cv2", "pillow_heif", "faiss", "av"},
    "engine": {"numpy", "scipy", "PIL", "cv2", "pillow_heif", "tokenizers", "safetensors"},
}
NEVER = {
    "model": {"celery", "rest_framework"},
    "service": {"rest_framework", "django.http"},
    "task": {"rest_framework"},
}
# The bot knows the site by its API alone: of Django it takes its settings, its commands and its translations.
BOT_MAY_OF_DJANGO = {"django.apps", "django.conf", "django.core.management", "django.utils.translation"}
# Only engines, and only inside their functions.
MACHINE_LEARNING = {
    "dlib", "face_recognition_models", "insightface", "onnx", "onnxruntime", "open_clip", "sentence_transformers",
    "torch", "torchvision", "transformers", "ultralytics",
}  # fmt: skip
# Of photofinder/, these are pure like the modules of apps.
PURE_OF_PHOTOFINDER = {"photofinder.contracts", "photofinder.images", "photofinder.metadata", "photofinder.errors"}


@dataclass(frozen=True)
class Import:
    """One imported module, `inner` when a function imports it as it runs."""

    module: str
    line: int
    inner: bool

    @property
    def library(self) -> str:
        return self.module.partition(".")[0]


def files() -> list[str]:
    found = (path.relative_to(ROOT) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [str(path) for path in found if not {"tests", "migrations"} & set(path.parts)]


@pytest.mark.parametrize("file", files())
def test_it_imports_only_what_its_room_and_its_role_allow(file: str) -> None:
    wrong = [f"{file}:{line} {why}" for line, why in violations(file, (ROOT / file).read_text())]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("photofinder/media.py", "from faces.models import Photo"),
        ("media_index/services.py", "import faces.models"),
        ("faces/services/search.py", "from videos.models import Video"),
        ("telegram_bot/handlers.py", "from photofinder.errors import Problem"),
        ("telegram_bot/inbox.py", "from django.db import models"),
        ("telegram_bot/inbox.py", "from faces.models import Event"),
        ("faces/tasks.py", "from faces import models"),
        ("faces/tasks.py", "from faces.engines.base import FaceEngine"),
        ("faces/models.py", "def f():\n    from faces.services import people"),
        ("faces/querysets.py", "from faces.engines.base import Box"),
        ("faces/services/people.py", "from faces.tasks import detect_faces"),
        ("faces/services/people.py", "from rest_framework.request import Request"),
        ("faces/services/people.py", "from django.http import HttpRequest"),
        ("faces/services/people.py", "from faces.engines.dlib import DlibFaceEngine"),
        ("faces/api/search.py", "from faces.engines.fake import FakeFaceEngine"),
        ("faces/admin/people.py", "from faces.tasks import detect_faces"),
        ("faces/clustering.py", "from django.conf import settings"),
        ("faces/engines/dlib.py", "from faces.models import Face"),
        ("faces/engines/dlib.py", "import dlib"),
        ("faces/services/people.py", "def f():\n    import onnxruntime"),
        ("photofinder/images.py", "from django.conf import settings"),
    ],
)
def test_it_would_notice(file: str, code: str) -> None:
    assert list(violations(file, code))


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("photofinder/urls.py", "from faces.metrics import photo_gauges"),
        ("telegram_bot/store.py", "from redis.asyncio import Redis"),
        ("telegram_bot/texts.py", "from django.utils.translation import gettext"),
        ("faces/services/pipeline.py", "from faces.engines.base import DetectedFace"),
        ("faces/engines/dlib.py", "def f():\n    import dlib"),
        ("faces/admin/people.py", "from faces.services.people import people_merge"),
        ("faces/api/search.py", "from media_index.models import Image"),
    ],
)
def test_it_allows(file: str, code: str) -> None:
    assert not list(violations(file, code))


def violations(file: str, code: str) -> Iterator[tuple[int, str]]:
    """Line and reason of each import that a file of that path may not have."""
    module = _module(file)
    room, role = module.partition(".")[0], _role(module)
    for found in imports(code):
        if found.library in MACHINE_LEARNING and not (role == "engine" and found.inner):
            yield found.line, f"imports {found.module}: only functions of engines import machine learning libraries"
        elif found.library in ROOMS:
            yield from _project_violations(file, room, role, found)
        elif room == "telegram_bot" and found.library == "django" and not _is_in(found.module, BOT_MAY_OF_DJANGO):
            yield found.line, f"imports {found.module}: the bot takes of Django only {sorted(BOT_MAY_OF_DJANGO)}"
        elif not _may_have_library(role, found):
            yield found.line, f"imports {found.module}: a {role} file may not"


def _project_violations(file: str, room: str, role: str, found: Import) -> Iterator[tuple[int, str]]:
    if found.library not in ROOMS[room] | {room} and file != SEES_ALL:
        yield found.line, f"imports {found.module}: {room}/ may not import {found.library}/"
    elif found.library == "photofinder":
        part = found.module.partition(".")[2].partition(".")[0]
        if part and part not in MAY_OF_PHOTOFINDER.get(role, {part}):
            yield found.line, f"imports {found.module}: a {role} file may not"
    elif room != "photofinder" and "." in found.module and _role(found.module) not in MAY[role]:
        yield found.line, f"imports {found.module}, a {_role(found.module)} file: a {role} file may not"


def _may_have_library(role: str, found: Import) -> bool:
    if _is_in(found.module, NEVER.get(role, set())):
        return False
    if role in MAY_OF_LIBRARIES and found.library not in sys.stdlib_module_names | MACHINE_LEARNING:
        return found.library in MAY_OF_LIBRARIES[role]
    return True


def _is_in(module: str, packages: set[str]) -> bool:
    return any(f"{module}.".startswith(f"{name}.") for name in packages)


def _role(module: str) -> str:
    room, *parts = module.split(".")
    if module in PURE | PURE_OF_PHOTOFINDER:
        return "pure"
    if room == "photofinder":
        return "house"
    if room == "telegram_bot":
        return "surface"  # a client has no rows and computes nothing
    return next((ROLES[part] for part in parts if part in ROLES), "pure" if parts else "house")


def _module(file: str) -> str:
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


def imports(code: str) -> Iterator[Import]:
    """Every import, also as it would read if it named a submodule: `from faces import models` is `faces.models`."""
    tree = ast.parse(code)
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [_imported(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        yield from (Import(name, node.lineno, id(node) in inner) for name in names)


def _imported(module: str, name: str) -> str:
    """The submodule that `from module import name` names, if it is one of ours, else the module."""
    path = ROOT / Path(*module.split("."), name)
    return f"{module}.{name}" if path.is_dir() or path.with_suffix(".py").exists() else module
