"""InsightFace's packs of weights: fetched from a URL and unpacked into the folder where the engine looks."""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.request import urlopen

from photofinder.errors import Problem

PACKS_URL = "https://github.com/deepinsight/insightface/releases/download/model-zoo"
_TIMEOUT_SECONDS = 60
_BLOCK_BYTES = 1 << 20
_MOST_BYTES = 2 << 30
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def install_pack(
    pack: str,
    root: Path,
    url: str = PACKS_URL,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    most_bytes: int = _MOST_BYTES,
) -> Path:
    """Fetch `url`/<pack>.zip into `root`/models/<pack> and return that folder; a pack that is there stays as it is.

    `progress` is told the bytes fetched and their total (0 when unknown). Raises Problem `bad_pack` or
    `download_failed`; nothing is left behind then.
    """
    if not _NAME.fullmatch(pack):
        raise Problem("bad_pack", f"{pack!r} is not the name of a pack.")
    folder = root / "models" / pack
    if any(folder.glob("*.onnx")):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{pack}-") as temporary:
        archive, unpacked = Path(temporary, "pack.zip"), Path(temporary, "pack")
        _fetch(f"{url.rstrip('/')}/{pack}.zip", archive, progress, most_bytes)
        _unpack(archive, unpacked, most_bytes)
        shutil.rmtree(folder, ignore_errors=True)  # an empty one
        unpacked.rename(folder)
    return folder


def _fetch(url: str, target: Path, progress: Callable[[int, int], None], most_bytes: int) -> None:
    if not url.startswith(("https://", "http://")):
        raise Problem("download_failed", f"{url} is not a web address.")
    try:
        with urlopen(url, timeout=_TIMEOUT_SECONDS) as response, target.open("wb") as file:
            total, done = int(response.headers.get("Content-Length") or 0), 0
            while block := response.read(_BLOCK_BYTES):
                done += len(block)
                if done > most_bytes:
                    raise Problem("bad_pack", f"{url} is larger than {most_bytes:,} bytes.")
                file.write(block)
                progress(done, total)
    except (URLError, OSError) as error:
        raise Problem("download_failed", f"{url} could not be downloaded: {error}.") from error
    if done < total:
        raise Problem("download_failed", f"{url} broke off after {done:,} of {total:,} bytes.")


def _unpack(archive: Path, folder: Path, most_bytes: int) -> None:
    """Take the networks out of an archive, which may hold them in a folder. Its paths are not trusted: only file names
    are used, and never more bytes written than allowed.
    """
    folder.mkdir()
    left = most_bytes
    try:
        with zipfile.ZipFile(archive) as pack:
            for member in pack.infolist():
                name = PurePosixPath(member.filename.replace("\\", "/")).name
                if member.is_dir() or not name.endswith(".onnx"):
                    continue
                with pack.open(member) as source, (folder / name).open("wb") as target:
                    left -= _copy(source.read, target.write, left)
    except (zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise Problem("bad_pack", f"The pack is not a readable zip file: {error}.") from error
    if not any(folder.iterdir()):
        raise Problem("bad_pack", "The pack holds no .onnx file.")


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], int], most_bytes: int) -> int:
    copied = 0
    while block := read(_BLOCK_BYTES):
        copied += len(block)
        if copied > most_bytes:
            raise Problem("bad_pack", "The pack unpacks to more than the bytes allowed.")
        write(block)
    return copied
