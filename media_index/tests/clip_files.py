"""A CLIP model of known sums: a picture's vector is its mean colour, a text's the sum of the colours that it names."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from media_index.engines import clip
from media_index.engines.base import Scale, WordScale
from media_index.engines.clip_pictures import PictureForm
from photofinder.contracts import EngineSpec

CONTEXT, SIDE = 4, 8
VOCABULARY = {"<pad>": 0, "<unk>": 1, "red": 2, "green": 3, "blue": 4, "photo": 5}
COLOURS = np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], np.float32)
FORM = PictureForm(
    size=(SIDE, SIDE), resize="shortest", interpolation="bicubic", mean=(0.0,) * 3, std=(1.0,) * 3, fill=0
)


def write_clip(folder: Path, *, version: str = "1") -> Path:
    """The folder, as an export writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / clip.VISUAL, _mean_colour())
    _save(folder / clip.TEXT, _named_colours())
    _tokenizer().save(str(folder / clip.TOKENIZER))
    write_contract(folder, version=version)
    return folder


def write_contract(folder: Path, *, version: str = "1", **changes: Any) -> None:
    """Of the files that are there, with some fields changed."""
    contract = clip.ClipContract(
        spec=EngineSpec("clip", "colours", version, 3, FORM.name),
        form=FORM,
        scale=Scale(similar=0.3, slope=15.0, category=0.2, duplicate=0.1),
        words=WordScale(background=("photo",), temperature=0.05),
        files={path.name: clip.sha256(path) for path in folder.iterdir() if path.name != clip.CONTRACT},
    )
    (folder / clip.CONTRACT).write_text(json.dumps(asdict(contract) | changes))


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding(length=CONTEXT)
    return tokenizer


def _mean_colour() -> Any:
    """(n, 3, h, w) to (n, 3)."""
    make = pytest.importorskip("onnx").helper
    nodes = [make.make_node("GlobalAveragePool", ["inputs"], ["pooled"]), make.make_node("Flatten", ["pooled"], ["y"])]
    return _model(nodes, ("FLOAT", ["n", 3, SIDE, SIDE]), [])


def _named_colours() -> Any:
    """(n, CONTEXT) tokens to (n, 3)."""
    make = pytest.importorskip("onnx").helper
    nodes = [
        make.make_node("Gather", ["colours", "inputs"], ["each"]),
        make.make_node("ReduceSum", ["each", "axis"], ["y"], keepdims=0),
    ]
    return _model(nodes, ("INT64", ["n", CONTEXT]), [("colours", COLOURS), ("axis", np.array([1], np.int64))])


def _model(nodes: list[Any], inputs: tuple[str, list[Any]], constants: list[tuple[str, NDArray[Any]]]) -> Any:
    onnx = pytest.importorskip("onnx")
    kinds, (kind, shape) = onnx.TensorProto, inputs
    graph = onnx.helper.make_graph(
        nodes,
        "colours",
        [onnx.helper.make_tensor_value_info("inputs", getattr(kinds, kind), shape)],
        [onnx.helper.make_tensor_value_info("y", kinds.FLOAT, ["n", 3])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def _save(path: Path, model: Any) -> None:
    path.write_bytes(model.SerializeToString())
