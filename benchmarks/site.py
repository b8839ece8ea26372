"""A PhotoFinder of its own for a benchmark: real processes, an empty database, a client of its API."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

BASE_DIR = Path(__file__).resolve().parent.parent
READY_SECONDS = 180


def assets() -> Path:
    """The folder of models and portraits that PHOTOFINDER_ASSETS names."""
    folder = os.environ.get("PHOTOFINDER_ASSETS")
    if not folder:
        sys.exit("Set PHOTOFINDER_ASSETS to the folder with the test models and portraits.")
    return Path(folder)


def make_event(out: Path, *arguments: str) -> Path:
    """A synthetic event with its ground truth in `out`, made once."""
    if not (out / "truth.json").exists():
        tool = assets() / "tools" / "make_event.py"
        subprocess.run([sys.executable, tool, assets() / "data" / "lfw_dev", out, *arguments], check=True)
    return out


def engine_environment(engine: str) -> dict[str, str]:
    """What chooses the face engine: `dlib`, or `testpack` for InsightFace with the small pack of the assets."""
    if engine == "dlib":
        return {"FACE_ENGINE": "dlib"}
    return {
        "FACE_ENGINE": "insightface",
        "INSIGHTFACE_PACK": engine,
        "INSIGHTFACE_ROOT": str(assets() / "models" / "insightface"),
    }


class Site:
    """A running PhotoFinder and a token to talk to it."""

    def __init__(self, url: str, env: dict[str, str], pid: int) -> None:
        self.url = url
        self.pid = pid
        self.env = env
        self._session = requests.Session()

    def manage(self, *arguments: str) -> str:
        """What a management command prints."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, env=self.env, cwd=BASE_DIR, check=True, capture_output=True, text=True).stdout

    def sign_in(self) -> None:
        """Use a new token of the role `client` from now on."""
        token = self.manage("api_token", "client").split()[-1]
        self._session.headers["Authorization"] = f"Token {token}"

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON that the API answers; raises for an error."""
        response = self._session.request(method, f"{self.url}/api/v1/{path}", timeout=300, **arguments)
        if not response.ok:
            raise requests.HTTPError(f"{response.status_code} {response.text}", response=response)
        return response.json()

    def upload(self, slug: str, photos: list[Path], *, batch: int | None = None) -> Any:
        """Send photos to an event in one request."""
        with ExitStack() as files:
            parts = [("files", (path.name, files.enter_context(path.open("rb")))) for path in photos]
            return self.call("POST", f"events/{slug}/photos/", files=parts, data={"batch": batch} if batch else {})

    def wait(self, batch: int, *, seconds: float = 3600) -> Any:
        """The batch's progress once it is done."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            progress = self.call("GET", f"batches/{batch}/")
            if progress["state"] in ("done", "failed"):
                return progress
            time.sleep(0.2)
        raise TimeoutError(f"Batch {batch} is not done after {seconds} s.")


@contextmanager
def working_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's own user can enter, so that its data stays in it and goes with it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def site(var_dir: Path, **environment: str) -> Iterator[Site]:
    """A site in `var_dir` with these environment variables, stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"VAR_DIR": str(var_dir), "PORT": str(port), "DEMO": "0"} | environment
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "site.log").open("w") as log:
        command = [sys.executable, "-m", "photofinder.supervisor", "up"]
        process = subprocess.Popen(command, env=env, cwd=BASE_DIR, stdout=log, stderr=subprocess.STDOUT)
        try:
            running = Site(f"http://127.0.0.1:{port}", env, process.pid)
            _wait_until_healthy(running.url)
            running.sign_in()
            yield running
        finally:
            process.terminate()
            process.wait(60)


def _wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/healthz", timeout=10).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"{url} is not healthy after {READY_SECONDS} s; see site.log in its folder.")
