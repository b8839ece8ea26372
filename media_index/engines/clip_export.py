"""An open_clip model as the files that ClipImageEngine runs. Needs requirements/clip.txt; the site does not."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256 as sha256_of
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media_index.engines import clip
from media_index.engines.base import Pixels, Scale, Vectors, WordScale
from media_index.engines.clip_pictures import PictureForm, prepared
from media_index.engines.clip_tokens import tokenizer_file
from media_index.swapping import replacing
from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable, Problem

NAMES = {clip.VISUAL, clip.TEXT, clip.TOKENIZER, clip.CONTRACT, f"{clip.VISUAL}.data", f"{clip.TEXT}.data"}
LEAST_COSINE = 0.999  # between a vector of ours and one of open_clip's, of the same picture or text
# Typical cosine distances between photos in CLIP's space; see docs/media.md for where they come from. A site that has
# labelled pairs writes its own into contract.json.
SCALE = Scale(similar=0.25, slope=20.0, category=0.2, duplicate=0.12)
# What any photo shows as well or as badly.
BACKGROUND = (
    "a photo",
    "a picture",
    "an image",
    "a snapshot",
    "a blurry photo",
    "a photo of something",
    "a photo of nothing in particular",
    "random words",
)
_ONE_FILE_BYTES = 1_800_000_000  # an ONNX file ends at 2 GB: the weights of larger models lie beside it
_INPUT_ERROR = 1e-4  # of numbers about -2 to 2
# Photographs that scikit-image ships, all in the public domain or free to use.
_PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "camera.png")
_TEXTS = (
    "a dog",
    "Two people dance at a wedding",
    "МОРЕ и горы, Ёлка на закате",
    "the bride's dress: it’s “white”, isn't it?",
    "IMG_2041.JPG 12:30, 50% off!!!",
    "  a\ttext \n with   spaces  ",
    "日本の桜 🌸",
    "naïve café",
    "",
    "a red car near the sea " * 40,
)


@dataclass(frozen=True)
class Exported:
    """What was written, and the least cosines between its vectors and open_clip's."""

    spec: EngineSpec
    pictures_cosine: float
    texts_cosine: float


def export(*, model: str, pretrained: str, folder: Path) -> Exported:
    """Write the networks, the tokenizer and the contract of open_clip's `model` with the weights `pretrained`, a tag
    that open_clip knows (it downloads them) or a file, into `folder`. They take the place of an older export together,
    and only when they give what open_clip gives.

    Raises EngineUnavailable without the libraries, Problem `unknown_model`, `export_differs` or `folder_in_use`.
    """
    open_clip = _open_clip()
    try:
        net, _, transform = open_clip.create_model_and_transforms(model, pretrained or None, require_pretrained=True)
        tokenizer = open_clip.get_tokenizer(model)
        form = _form(net.visual.preprocess_cfg)
        made = tokenizer_file(tokenizer)
    except (RuntimeError, OSError, ValueError) as error:
        raise Problem("unknown_model", f"{model} with {pretrained or 'its weights'}: {error}") from error
    net.eval()
    with replacing(folder, NAMES) as new:
        made.save(str(new / clip.TOKENIZER))
        _write_networks(new, net, form, tokenizer(["a photo"] * 2))
        spec = _write_contract(new, net, form, _name(model, pretrained))
        return Exported(spec, *_compare(new, net, transform, tokenizer))


def _open_clip() -> Any:
    """The library. Raises EngineUnavailable."""
    try:
        import torch

        _make_torchvision_importable(torch)
        import open_clip
    except ImportError as error:
        detail = f"open_clip is not installed ({error}): pip install -r requirements/clip.txt installs it."
        raise EngineUnavailable(detail) from error
    return open_clip


def _make_torchvision_importable(torch: Any) -> None:
    """open_clip takes resizing from torchvision, whose compiled part, built for CUDA, does not load into a PyTorch for
    the CPU; importing it then fails on describing two operators. They are declared: nothing here runs them.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)  # it takes the operators back when it is collected


_kept: list[Any] = []


def _form(config: dict[str, Any]) -> PictureForm:
    size = config["size"]
    height, width = (size, size) if isinstance(size, int) else size
    return PictureForm(
        size=(height, width),
        resize=config["resize_mode"],
        interpolation=config["interpolation"],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        fill=config["fill_color"],
    )


def _write_networks(folder: Path, net: Any, form: PictureForm, some_tokens: Any) -> None:
    import torch

    class Tower(torch.nn.Module):  # type: ignore[misc,name-defined,unused-ignore]
        def __init__(self, encode: Callable[[Any], Any]) -> None:
            super().__init__()
            self.net, self.encode = net, encode

        def forward(self, inputs: Any) -> Any:
            return self.encode(inputs)

    is_large = sum(weights.numel() * 4 for weights in net.parameters()) > _ONE_FILE_BYTES
    some_pictures = torch.zeros(2, 3, *form.size)
    towers = ((clip.VISUAL, net.encode_image, some_pictures), (clip.TEXT, net.encode_text, some_tokens))
    for name, encode, inputs in towers:
        torch.onnx.export(
            Tower(encode).eval(),
            (inputs,),
            folder / name,
            input_names=["inputs"],
            output_names=["vectors"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            external_data=is_large,
            verbose=False,
        )


def _write_contract(folder: Path, net: Any, form: PictureForm, name: str) -> EngineSpec:
    """contract.json, when all other files are there."""
    files = {path.name: clip.sha256(path) for path in sorted(folder.iterdir())}
    dim = len(_vectors(net.encode_text, np.zeros((1, _context(folder)), np.int64))[0])
    spec = EngineSpec("clip", name, _version(folder, net, form), dim, form.name)
    words = WordScale(background=BACKGROUND, temperature=1 / float(net.logit_scale.detach().exp()))
    contract = clip.ClipContract(spec=spec, form=form, scale=SCALE, words=words, files=files)
    (folder / clip.CONTRACT).write_text(json.dumps(asdict(contract), indent=2) + "\n", encoding="utf-8")
    return spec


def _version(folder: Path, net: Any, form: PictureForm) -> str:
    """12 hex digits of all that decides what a vector is. Not of the files: the same weights written by another
    version of PyTorch give the same vectors, and must have the same contract on a GPU machine as here.
    """
    digest = sha256_of(json.dumps([asdict(form), clip.sha256(folder / clip.TOKENIZER)]).encode())
    for name, weights in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _compare(folder: Path, net: Any, transform: Any, tokenizer: Any) -> tuple[float, float]:
    """The least cosines of pictures and of texts. Raises Problem `export_differs`."""
    engine = clip.ClipImageEngine(folder=folder, providers=["CPUExecutionProvider"])
    pictures, form = _photos(), clip.ClipContract.read(folder).form
    theirs = np.stack([transform(Image.fromarray(pixels)).numpy() for pixels in pictures])
    ours = np.stack([prepared(pixels, form) for pixels in pictures])
    if (error := float(np.abs(ours - theirs).max())) > _INPUT_ERROR:
        raise Problem("export_differs", f"Pictures are made ready in another way than open_clip's, by {error:.4f}.")
    tokens = tokenizer(list(_TEXTS)).numpy()
    own_tokens = clip.tokens(clip.load_tokenizer(folder), _TEXTS)
    for text, expected, found in zip(_TEXTS, tokens, own_tokens, strict=True):
        if not np.array_equal(expected, found):
            raise Problem("export_differs", f"The tokens of {text[:60]!r} are others than open_clip's.")
    return (
        _least_cosine(engine.embed_images(pictures), _vectors(net.encode_image, theirs), "pictures"),
        _least_cosine(engine.embed_words(_TEXTS), _vectors(net.encode_text, tokens), "texts"),
    )


def _least_cosine(ours: Vectors, theirs: Vectors, what: str) -> float:
    cosines = (ours * theirs).sum(axis=1) / np.linalg.norm(theirs, axis=1)
    if not (least := float(cosines.min())) > LEAST_COSINE:
        raise Problem("export_differs", f"The vectors of {what} have a cosine of only {least:.5f} with open_clip's.")
    return least


def _vectors(encode: Callable[[Any], Any], inputs: NDArray[Any]) -> Vectors:
    import torch

    with torch.no_grad():
        return np.asarray(encode(torch.from_numpy(inputs)).numpy(), np.float32)


def _context(folder: Path) -> int:
    return int(clip.tokens(clip.load_tokenizer(folder), [""]).shape[1])


def _name(model: str, pretrained: str) -> str:
    """Model and weights as they stand in a contract, which has 160 characters for everything."""
    weights = Path(pretrained).stem if Path(pretrained).is_file() else pretrained
    return re.sub(r"[^\w.]+", "-", f"{model}-{weights}").strip("-")[:80]


def _photos() -> list[Pixels]:
    """Real photographs, also as a strip, upright, and smaller than any model's input."""
    package = find_spec("skimage")
    if package is None or not package.origin:
        raise EngineUnavailable("scikit-image is not installed: pip install -r requirements/clip.txt installs it.")
    data = Path(package.origin).parent / "data"
    photos = [np.asarray(Image.open(data / name).convert("RGB")) for name in _PHOTOS]
    return [*photos, photos[0][100:250], photos[1][:, 120:260], photos[2][150:181, 200:240]]
