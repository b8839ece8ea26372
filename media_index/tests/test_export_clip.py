"""The export of open_clip models, with small ones that were never trained. `make test-clip` runs it."""

import json
import logging
import shutil
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image
from tokenizers import Tokenizer, pre_tokenizers, processors, trainers
from tokenizers import models as tokenizer_models

from media_index.engines import clip_export
from media_index.engines.clip import ClipImageEngine
from media_index.engines.clip_export import Exported
from media_index.engines.clip_tokens import tokenizer_file
from photofinder.errors import Problem

pytestmark = pytest.mark.skipif(find_spec("open_clip") is None, reason="make test-clip runs it where open_clip is")

VISION = {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
FOLDERS: dict[str, Path] = {}
MODELS: dict[str, dict[str, Any]] = {
    "tiny-vit": {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT},
    "tiny-multilingual": {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": {"context_length": 40}},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The weights of each model, by its name, which open_clip knows from now on."""
    open_clip = clip_export._open_clip()
    folder = tmp_path_factory.mktemp("models")
    text_network(folder / "roberta")
    multilingual = {"hf_model_name": str(folder / "roberta"), "hf_tokenizer_name": str(folder / "roberta")}
    MODELS["tiny-multilingual"]["text_cfg"] |= multilingual | {"hf_proj_type": "mlp", "hf_pooler_type": "mean_pooler"}
    for name, config in MODELS.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
        open_clip.add_model_config(folder / f"{name}.json")
    return {name: checkpoint(open_clip, name, folder / f"{name}.pt") for name in MODELS}


def checkpoint(open_clip: Any, name: str, path: Path, seed: int = 1) -> Path:
    """Random weights, so large that different pictures and texts get different vectors."""
    torch = pytest.importorskip("torch")

    torch.manual_seed(seed)
    net = open_clip.create_model(name, pretrained_text=False)
    for weights in net.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.5 * weights[0].numel() ** -0.5 + 0.05)
    torch.save(net.state_dict(), path)
    return path


def text_network(folder: Path) -> None:
    """A multilingual text network with its tokenizer, as transformers keeps them, but small."""
    transformers = pytest.importorskip("transformers")
    made = Tokenizer(tokenizer_models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=list(special.values()))
    made.train_from_iterator(clip_export._TEXTS, trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, **special).save_pretrained(folder)
    sizes = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.XLMRobertaConfig(**sizes, intermediate_size=64, max_position_embeddings=60)
    config.save_pretrained(folder)


@pytest.fixture(scope="module")
def exports(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Every model, exported to the folder of FOLDERS that has its name."""
    top = tmp_path_factory.mktemp("exports")
    FOLDERS.update({name: top / name for name in MODELS})
    return {
        name: clip_export.export(model=name, pretrained=str(weights), folder=FOLDERS[name])
        for name, weights in models.items()
    }


def vectors_of_open_clip(name: str, weights: Path) -> tuple[Any, Any]:
    """Of the sample pictures and texts, as open_clip's own documentation makes them."""
    torch = pytest.importorskip("torch")

    open_clip = clip_export._open_clip()
    net, _, transform = open_clip.create_model_and_transforms(name, pretrained=str(weights))
    net.eval()
    with torch.no_grad():
        pictures = torch.stack([transform(Image.fromarray(pixels)) for pixels in clip_export._photos()])
        texts = open_clip.get_tokenizer(name)(list(clip_export._TEXTS))
        return (
            net.encode_image(pictures, normalize=True).numpy(),
            net.encode_text(texts, normalize=True).numpy(),
        )


@pytest.mark.parametrize("name", MODELS)
def test_the_exported_model_gives_what_open_clip_gives(
    name: str, models: dict[str, Path], exports: dict[str, Exported]
) -> None:
    engine = ClipImageEngine(folder=FOLDERS[name], batch_size=3)
    pictures, texts = vectors_of_open_clip(name, models[name])
    assert min(exports[name].pictures_cosine, exports[name].texts_cosine) > 0.999
    assert (engine.embed_images(clip_export._photos()) * pictures).sum(axis=1).min() > 0.999
    assert (engine.embed_words(clip_export._TEXTS) * texts).sum(axis=1).min() > 0.999
    assert engine.spec == exports[name].spec
    assert engine.spec.dim == 32
    assert engine.spec.contract.startswith(f"clip/{name}-{name}/")
    # The comparison above means something: other pictures and texts have other vectors.
    assert np.partition((pictures @ pictures.T).ravel(), 2)[0] < 0.99
    assert (texts @ texts.T).min() < 0.99


def test_weights_that_one_file_cannot_hold_lie_beside_it_and_have_the_same_contract(
    models: dict[str, Path], exports: dict[str, Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_export, "_ONE_FILE_BYTES", 0)
    apart = clip_export.export(model="tiny-vit", pretrained=str(models["tiny-vit"]), folder=tmp_path / "apart")
    assert {path.name for path in (tmp_path / "apart").iterdir()} == clip_export.NAMES
    assert apart.spec == exports["tiny-vit"].spec


def test_the_command_replaces_an_export_and_names_the_new_contract(
    exports: dict[str, Exported], tmp_path: Path
) -> None:
    shutil.copytree(FOLDERS["tiny-vit"], tmp_path / "clip")
    (tmp_path / "other").mkdir()
    others = checkpoint(clip_export._open_clip(), "tiny-vit", tmp_path / "other" / "tiny-vit.pt", seed=2)
    said = StringIO()
    call_command("export_clip", "tiny-vit", str(others), "--folder", str(tmp_path / "clip"), stdout=said)
    spec = ClipImageEngine(folder=tmp_path / "clip").spec
    assert spec.contract in said.getvalue()
    assert spec != exports["tiny-vit"].spec


def test_tokens_of_a_transformers_tokenizer_are_kept(models: dict[str, Path]) -> None:
    """With the cleaning of SigLIP, which other models do not have."""
    folder = models["tiny-vit"].parent / "roberta"
    theirs = pytest.importorskip("open_clip").tokenizer.HFTokenizer(folder, context_length=12, clean="canonicalize")
    texts = ["A  red-car,   near the sea!", "Море", "", "a red car near the sea " * 9, "snow_white"]
    assert [encoding.ids for encoding in tokenizer_file(theirs).encode_batch(texts)] == theirs(texts).tolist()


def test_what_differs_from_open_clip_leaves_the_old_export(
    models: dict[str, Path], exports: dict[str, Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FOLDERS["tiny-vit"], tmp_path / "clip")
    monkeypatch.setattr(clip_export, "prepared", lambda pixels, form: np.zeros((3, *form.size), np.float32))
    with pytest.raises(Problem, match="made ready in another way"):
        clip_export.export(model="tiny-vit", pretrained=str(models["tiny-vit"]), folder=tmp_path / "clip")
    assert ClipImageEngine(folder=tmp_path / "clip").spec == exports["tiny-vit"].spec
    assert [path.name for path in tmp_path.iterdir()] == ["clip"]


@pytest.mark.parametrize(("model", "pretrained"), [("no-such-model", "x"), ("tiny-vit", "no-such-tag")])
def test_the_command_refuses_what_open_clip_does_not_know(
    model: str, pretrained: str, models: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    with pytest.raises(CommandError, match=model):
        call_command("export_clip", model, pretrained, "--folder", str(tmp_path / "clip"))
    assert not (tmp_path / "clip").exists()
