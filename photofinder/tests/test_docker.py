"""The files in docker/ say what the code says: processes, queues, settings, files."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.conf import settings

from photofinder.supervisor import processes

ROOT: Path = settings.BASE_DIR
DOCKER = ROOT / "docker"
DOCKERFILES = ("Dockerfile", "Dockerfile.gpu")
COMPOSE, GPU, MEDIA, FILMS = ((DOCKER / f"compose{name}.yml").read_text() for name in ("", ".gpu", ".media", ".films"))
EXAMPLE = (DOCKER / ".env.example").read_text()
VARIABLE = re.compile(r"\$\{(\w+):([-?])([^}]*)\}")  # ${NAME:-default} or ${NAME:?what to do when it is missing}
SECRETS = {"SECRET_KEY", "POSTGRES_PASSWORD"}
READ_BY_COMPOSE = {"POSTGRES_PASSWORD", "PORT", "INGEST_PROCESSES", "COMPOSE_FILE", "COMPOSE_PROFILES"}

Service = dict[str, Any]


def services(text: str = COMPOSE, **values: str) -> dict[str, Service]:
    """The services of a compose file, its variables replaced by `values`, their defaults or the word `given`."""
    filled = VARIABLE.sub(lambda match: values.get(match[1], match[3] if match[2] == "-" else "given"), text)
    found: dict[str, Service] = yaml.safe_load(filled)["services"]
    return found


def ours(**values: str) -> dict[str, Service]:
    """The services that run PhotoFinder for good."""
    return {
        name: service
        for name, service in services(**values).items()
        if service["image"] == "photofinder:local" and name != "migrate"
    }


def plan() -> processes.Plan:
    """What the supervisor would run on the folder and the address that containers have."""
    folder = image_environment()["VAR_DIR"]
    wanted = {"VAR_DIR": folder, "HOST": "0.0.0.0", "TELEGRAM_BOT_TOKEN": "1:a"}
    return processes.photofinder(processes.Config.from_environment(wanted))


def module(argv: Sequence[str]) -> list[str]:
    """A command from `-m` or its script on: the interpreter and its warnings are the machine's own."""
    return list(argv[argv.index("-m" if "-m" in argv else "manage.py") :])


def after(argv: Sequence[str], option: str) -> str:
    return argv[argv.index(option) + 1]


def instructions(dockerfile: str, word: str) -> Iterator[str]:
    """What follows `word` in the lines of a Dockerfile that start with it."""
    text = (DOCKER / dockerfile).read_text().replace("\\\n", " ")
    return (line.removeprefix(f"{word} ") for line in text.splitlines() if line.startswith(f"{word} "))


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in instructions("Dockerfile", "ENV") for pair in shlex.split(line))


def copied(dockerfile: str) -> list[str]:
    """The files and folders that a Dockerfile takes from the repository."""
    lines = [line.split() for line in instructions(dockerfile, "COPY") if not line.startswith("--from")]
    return [source for *sources, _ in lines for source in sources]


def test_it_runs_the_processes_of_the_supervisor_with_the_same_arguments() -> None:
    site = {process.name: process.argv for process in plan().site}
    found = ours(INGEST_PROCESSES=after(site["ingest"], "-c"))
    commands = {name: module(shlex.split(service["command"])) for name, service in found.items()}
    assert commands == {name: module(argv) for name, argv in site.items()}


def test_the_bot_runs_only_where_it_is_asked_for() -> None:
    assert [name for name, service in services().items() if service.get("profiles")] == ["bot"]
    assert "bot" not in {process.name for process in processes.photofinder(processes.Config.from_environment({})).site}
    environment = services()["bot"]["environment"]
    address = urlsplit(environment["BOT_API_URL"])
    assert address.hostname in services()
    assert address.hostname in environment["ALLOWED_HOSTS"].split(",")


def test_every_queue_has_exactly_one_worker() -> None:
    commands = [shlex.split(service["command"]) for service in ours().values()]
    assert sorted(after(argv, "-Q") for argv in commands if "-Q" in argv) == sorted(settings.QUEUES)


def test_migrate_prepares_what_the_supervisor_prepares() -> None:
    *shell, script = services()["migrate"]["command"]
    assert shell == ["sh", "-ec"]
    commands = [shlex.split(line) for line in script.splitlines()]
    assert commands == [["python", *process.argv[1:]] for process in plan().preparation]


def test_everything_waits_for_migrate_and_that_for_the_stores() -> None:
    assert {name: found["condition"] for name, found in services()["migrate"]["depends_on"].items()} == {
        "db": "service_healthy",
        "redis": "service_healthy",
    }
    for service in ours().values():
        assert service["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_every_service_has_a_health_check() -> None:
    without = [name for name, service in services().items() if "test" not in service.get("healthcheck", {})]
    assert without == ["migrate"]


@pytest.mark.parametrize("queue", settings.QUEUES)
def test_a_worker_answers_for_itself_and_may_finish_its_task(queue: str) -> None:
    worker = services()[queue]
    assert worker["healthcheck"]["test"][1].endswith(f"inspect ping -t 10 -d {queue}@$$(hostname)")
    assert after(shlex.split(worker["command"]), "-n") == f"{queue}@%h"
    assert int(worker["stop_grace_period"].removesuffix("m")) * 60 > settings.CELERY_TASK_TIME_LIMIT


def test_every_variable_is_read_somewhere() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "photofinder/settings.py").read_text()))
    named = {match[1] for match in VARIABLE.finditer(COMPOSE + GPU + MEDIA + FILMS)}
    named |= set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    named |= {name for service in ours().values() for name in service["environment"]}
    assert named - read - READ_BY_COMPOSE == set()


def test_the_urls_lead_to_services() -> None:
    found = services(POSTGRES_PASSWORD="abc")
    environment = found["web"]["environment"]
    database, redis = urlsplit(environment["DATABASE_URL"]), urlsplit(environment["REDIS_URL"])
    assert {database.hostname, redis.hostname} <= set(found)
    credentials = found["db"]["environment"]
    assert (database.username, database.password) == (credentials["POSTGRES_USER"], credentials["POSTGRES_PASSWORD"])
    assert database.path == f"/{database.username}"  # PostgreSQL's image names the database after the user


def test_the_volumes_lie_where_the_image_looks_for_them() -> None:
    folders = image_environment()
    for name, service in ours().items():
        mounts = dict(volume.split(":") for volume in service["volumes"])
        assert mounts["var"] == folders["VAR_DIR"], name
        assert mounts["media"] == f"{folders['VAR_DIR']}/media", name
        assert mounts["models"] == folders["INSIGHTFACE_ROOT"], name


def test_secrets_are_asked_for_and_never_written() -> None:
    assert {match[1] for match in VARIABLE.finditer(COMPOSE) if match[2] == "?"} == SECRETS
    assert set(re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE)) == SECRETS
    assert ".env" in (DOCKER / ".gitignore").read_text().splitlines()
    for dockerfile in DOCKERFILES:
        assert not re.search("SECRET|PASSWORD|TOKEN", (DOCKER / dockerfile).read_text(), re.IGNORECASE)


def test_images_are_pinned() -> None:
    for service in services().values():
        assert service["image"] == "photofinder:local" or re.search(r":\d+\.\d+\.\d+-", service["image"])
    for dockerfile in DOCKERFILES:
        for base in instructions(dockerfile, "FROM"):
            assert re.match(r"python:3\.11\.\d+-slim-bookworm\b", base)


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_is_made_of_the_site_and_nothing_else(dockerfile: str) -> None:
    sources = copied(dockerfile)
    rooms = {app for app in settings.INSTALLED_APPS if (ROOT / app).is_dir()}
    assert rooms | {"templates", "manage.py", "CHANGELOG.md"} == {
        name for name in sources if "requirements" not in name
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"*", "**/tests"} <= set(ignored)
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source.split('/')[0]}" in ignored
    assert [*instructions(dockerfile, "USER")] == ["10001"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_installs_the_requirements_that_it_copies(dockerfile: str) -> None:
    installed = re.findall(r"-r (\S+)", " ".join(instructions(dockerfile, "RUN")))
    assert installed == [Path(name).name for name in copied(dockerfile) if "requirements" in name]
    assert "pip install --no-deps -r nodeps.txt" in " ".join(instructions(dockerfile, "RUN"))


def test_the_gpu_image_swaps_onnxruntime_for_the_same_version() -> None:
    cpu = re.search(r"^onnxruntime==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    gpu = re.search(r"^onnxruntime-gpu\[cuda,cudnn\]==(\S+)", (ROOT / "requirements/gpu.txt").read_text(), re.MULTILINE)
    assert cpu and gpu and cpu[1] == gpu[1]
    (swap,) = (line for line in instructions("Dockerfile.gpu", "RUN") if "gpu.txt" in line)
    assert re.search(r"pip uninstall --yes onnxruntime && pip install -r gpu\.txt$", swap)


def test_only_the_workers_of_faces_and_of_films_get_the_gpu() -> None:
    assert set(services(GPU)) == {"faces", "videos"}
    for name, worker in services(GPU).items():
        assert worker["build"] == {"dockerfile": "docker/Dockerfile.gpu"}
        (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}
        assert after(shlex.split(services()[name]["command"]), "-c") == "1"


@pytest.mark.parametrize(("text", "queue"), [(MEDIA, "sources"), (FILMS, "videos")])
def test_a_folder_that_is_read_where_it_lies_is_only_read_and_has_the_same_path_inside(text: str, queue: str) -> None:
    found = yaml.safe_load(re.sub(r"\$\{\w+_ROOTS:\?[^}]*\}", "/srv/files", text))["services"]
    assert found == {name: {"volumes": ["/srv/files:/srv/files:ro"]} for name in ("web", queue)}
