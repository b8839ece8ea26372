"""Fetching and unpacking packs of weights, from a web server that may be broken or hostile."""

import io
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import CommandError, call_command

from faces.packs import install_pack
from photofinder.errors import Problem


def zipped(**files: bytes) -> bytes:
    """A zip file; `__` in a name stands for a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".onnx", content)
    return buffer.getvalue()


FILES = {
    "good.zip": zipped(det_10g=b"detector", w600k_r50=b"recogniser"),
    "nested.zip": zipped(antelopev2__glintr100=b"recogniser"),
    "escaping.zip": zipped(**{"..__..__..__escaped": b"evil", "__tmp__escaped": b"evil"}),
    "empty.zip": zipped(),
    "bomb.zip": zipped(bomb=bytes(3_000_000)),
    "page.zip": b"<html>Not a zip file</html>",
    "broken_off.zip": zipped(det_10g=b"detector"),
}


class Server(BaseHTTPRequestHandler):
    """Serves FILES; one of them breaks off."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if (content := FILES.get(name)) is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if name == "broken_off.zip" else content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/packs/"
        server.shutdown()


def left_behind(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_pack_is_put_where_the_engine_looks(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folder = install_pack("good", tmp_path, url, progress=lambda done, total: told.append((done, total)))
    assert left_behind(tmp_path) == ["models/good/det_10g.onnx", "models/good/w600k_r50.onnx"]
    assert (folder / "w600k_r50.onnx").read_bytes() == b"recogniser"
    assert told[-1] == (len(FILES["good.zip"]), len(FILES["good.zip"]))


def test_a_pack_that_lies_in_a_folder_is_unpacked_too(url: str, tmp_path: Path) -> None:
    install_pack("nested", tmp_path, url)
    assert left_behind(tmp_path) == ["models/nested/glintr100.onnx"]


def test_a_pack_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "models/mine").mkdir(parents=True)
    (tmp_path / "models/mine/own.onnx").write_bytes(b"mine")
    assert install_pack("mine", tmp_path, "http://127.0.0.1:1/") == tmp_path / "models/mine"


def test_nothing_is_written_outside_the_pack(url: str, tmp_path: Path) -> None:
    root = tmp_path / "a" / "b"
    install_pack("escaping", root, url)
    assert left_behind(tmp_path) == ["a/b/models/escaping/escaped.onnx"]


@pytest.mark.parametrize(
    ("pack", "code"),
    [
        ("page", "bad_pack"),
        ("empty", "bad_pack"),
        ("bomb", "bad_pack"),
        ("../good", "bad_pack"),
        ("", "bad_pack"),
        ("missing", "download_failed"),
        ("broken_off", "download_failed"),
    ],
)
def test_a_bad_pack_is_refused_and_leaves_nothing(url: str, tmp_path: Path, pack: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        install_pack(pack, tmp_path, url, most_bytes=1_000_000)
    assert caught.value.code == code
    assert left_behind(tmp_path) == []


def test_a_pack_larger_than_allowed_is_not_fetched_to_its_end(url: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="larger than 50 bytes"):
        install_pack("good", tmp_path, url, most_bytes=50)


@pytest.mark.parametrize("address", ["file:///etc", "http://127.0.0.1:1"])
def test_only_a_web_server_that_answers_will_do(tmp_path: Path, address: str) -> None:
    with pytest.raises(Problem) as caught:
        install_pack("good", tmp_path, address)
    assert caught.value.code == "download_failed"


def test_the_command_says_what_it_did(url: str, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("download_models", "good", root=tmp_path, url=url, stdout=out)
    assert "100 %" in out.getvalue()
    assert "det_10g.onnx, w600k_r50.onnx" in out.getvalue()
    assert "non-commercial" in out.getvalue()


def test_the_command_says_what_went_wrong(url: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.zip could not be downloaded"):
        call_command("download_models", "missing", root=tmp_path, url=url)
