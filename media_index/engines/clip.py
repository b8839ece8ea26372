"""CLIP and its kin on ONNX Runtime: pictures and words in one space. `manage.py export_clip` writes what it runs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_index.engines.base import Pixels, Scale, Vectors, WordScale
from media_index.engines.clip_pictures import PictureForm, prepared
from media_index.swapping import settled
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable

VISUAL, TEXT, TOKENIZER, CONTRACT = "visual.onnx", "text.onnx", "tokenizer.json", "contract.json"


@dataclass(frozen=True)
class ClipContract:
    """contract.json of an exported model: what its vectors are and mean, how pictures are made ready for it, and the
    SHA-256 of each of its other files.
    """

    spec: EngineSpec
    form: PictureForm
    scale: Scale
    words: WordScale
    files: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> "ClipContract":
        """Of that folder. Raises OSError, or ValueError, TypeError, LookupError for a file that is none."""
        fields = json.loads((folder / CONTRACT).read_bytes())
        words = WordScale(tuple(fields["words"]["background"]), float(fields["words"]["temperature"]))
        if words.temperature <= 0:
            raise ValueError("the temperature of words is above 0")
        return cls(
            spec=EngineSpec(**fields["spec"]),
            form=PictureForm(**fields["form"]),
            scale=Scale(**fields["scale"]),
            words=words,
            files=dict(fields["files"]),
        )


class ClipImageEngine:
    """Pictures and words by the model in `folder`, which `manage.py export_clip` wrote.

    `providers` are ONNX Runtime's, by default CUDA where it is, else the CPU; `batch_size` pictures or texts go through
    the network at once. Safe to share between threads.
    """

    def __init__(self, *, folder: str | Path, providers: list[str] | None = None, batch_size: int = 32) -> None:
        self._folder = Path(folder).expanduser()
        self._providers = providers
        self._batch_size = batch_size
        self._lock = Lock()
        self._networks: dict[str, Any] = {}
        self._tokenizer: Any = None

    @cached_property
    def _contract(self) -> ClipContract:
        try:
            return ClipContract.read(settled(self._folder))
        except OSError as error:
            raise EngineUnavailable(f"No CLIP model is in {self._folder}; {_CURE}") from error
        except (ValueError, TypeError, LookupError) as error:
            raise EngineUnavailable(f"{self._folder / CONTRACT} is damaged ({error}); {_CURE}") from error

    @property
    def spec(self) -> EngineSpec:
        """See ImageEngine; its version is made of the digests of all that decides what a vector is."""
        return self._contract.spec

    @property
    def scale(self) -> Scale:
        """See ImageEngine; from contract.json, where a site may change it."""
        return self._contract.scale

    @property
    def words(self) -> WordScale:
        """See ImageEngine; from contract.json, where a site may change it."""
        return self._contract.words

    def load(self) -> None:
        """Load the model once; raises EngineUnavailable with the command that brings what is missing."""
        with self._lock:
            if not self._networks:
                self._load()

    def embed_images(self, pictures: Sequence[Pixels]) -> Vectors:
        """Unit vectors (n, dim) of RGB pictures (h, w, 3) uint8 of any size, in their order."""
        self.load()
        form = self._contract.form
        return self._embed(VISUAL, pictures, lambda part: np.stack([prepared(pixels, form) for pixels in part]))

    def embed_words(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (n, dim) of texts; what is longer than the model reads is cut off."""
        self.load()
        return self._embed(TEXT, texts, lambda part: tokens(self._tokenizer, part))

    def _embed(self, network: str, items: Sequence[Any], ready: Any) -> Vectors:
        starts = range(0, len(items), self._batch_size)
        batches = [self._run(network, ready(items[start : start + self._batch_size])) for start in starts]
        vectors = np.concatenate([np.empty((0, self.spec.dim), np.float32), *batches])
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)

    def _run(self, network: str, inputs: NDArray[Any]) -> NDArray[np.float32]:
        session = self._networks[network]
        return np.asarray(session.run(None, {session.get_inputs()[0].name: inputs})[0], np.float32)

    def _load(self) -> None:
        """Files that are not those of the contract (half a copy, another export's) are found here, not in results."""
        folder = settled(self._folder)
        for name, digest in self._contract.files.items():
            if not (folder / name).is_file():
                raise EngineUnavailable(f"{folder / name} is missing; {_CURE}")
            if sha256(folder / name) != digest:
                raise EngineUnavailable(f"{folder / name} is not the file that {CONTRACT} names; {_CURE}")
        self._tokenizer = load_tokenizer(folder)
        self._networks = {name: session(folder / name, self._providers) for name in (VISUAL, TEXT)}


def session(path: Path, providers: list[str] | None) -> Any:
    """An ONNX Runtime session of that network. Raises EngineUnavailable."""
    try:
        import onnxruntime
    except ImportError as error:
        detail = f"ONNX Runtime is not installed ({error}): pip install -r requirements.txt installs it."
        raise EngineUnavailable(detail) from error
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        onnxruntime.preload_dlls()  # CUDA and cuDNN from pip packages
    best = [
        name
        for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
        if name in onnxruntime.get_available_providers()
    ]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; it warns of every shape that it cannot see through
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers or best)
    except Exception as error:
        raise EngineUnavailable(f"{path} cannot be run ({error}); {_CURE}") from error


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of that folder. Raises EngineUnavailable."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:
        raise EngineUnavailable(f"{folder / TOKENIZER} cannot be read ({error}); {_CURE}") from error


def tokens(tokenizer: Any, texts: Sequence[str]) -> NDArray[np.int64]:
    """The tokens (n, context) of texts, cut and filled to the length that the tokenizer's file says."""
    return np.array([encoding.ids for encoding in tokenizer.encode_batch(list(texts))], np.int64)


def sha256(path: Path) -> str:
    """The digest of a file in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


_CURE = "python manage.py export_clip <model> <pretrained> writes it, see docs/media.md."
