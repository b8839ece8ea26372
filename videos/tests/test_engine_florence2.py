"""Florence-2 with a small model of random weights: `make test-clip` runs it; what needs no PyTorch runs everywhere."""

import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from media_index.engines import clip_export
from photofinder.errors import EngineUnavailable
from videos.engines import florence2
from videos.engines.base import Frame, Pixels, Scene
from videos.engines.florence2 import Florence2CaptionEngine

has_transformers = find_spec("transformers") is not None
with_transformers = pytest.mark.skipif(
    find_spec("open_clip") is None, reason="make test-clip runs it where transformers and open_clip are"
)

SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
WORDS = "a the man woman dog car sea wall walks stands runs by on with red blue old Describe in detail what image does"
SIDE, PICTURE_TOKENS = 64, 17
VISION = {
    "depths": [1, 1],
    "patch_size": [7, 3],
    "patch_stride": [8, 2],
    "patch_padding": [3, 1],
    "patch_prenorm": [False, True],
    "embed_dim": [16, 32],
    "num_heads": [2, 2],
    "num_groups": [2, 2],
    "window_size": 4,
    "projection_dim": 32,
    "max_position_embeddings": 20,
}
WIDTHS = {"d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 128}
LAYERS = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as transformers keeps one."""
    clip_export._open_clip()  # it makes a torchvision importable that was built for another PyTorch
    folder = tmp_path_factory.mktemp("models") / "tiny-florence"
    words = tokenizer()
    processor(words).save_pretrained(folder)
    network(words).save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    """Of whole words."""
    transformers = pytest.importorskip("transformers")
    names = [*SPECIAL.values(), "<image>", *WORDS.split()]
    made = Tokenizer(models.WordLevel({name: number for number, name in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    extra = {"image_token": "<image>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, extra_special_tokens=extra, **SPECIAL)


def processor(words: Any) -> Any:
    transformers = pytest.importorskip("transformers")
    size = {"height": SIDE, "width": SIDE}
    pictures = transformers.CLIPImageProcessorPil(
        size=size, crop_size=size, do_center_crop=False, image_seq_length=PICTURE_TOKENS
    )
    return transformers.Florence2Processor(pictures, words, post_processor_config={"pure_text": {}})


def network(words: Any) -> Any:
    """Random weights, so large that different pictures get different sentences."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    text = transformers.BartConfig(vocab_size=len(words), forced_eos_token_id=2, **ids, **WIDTHS, **LAYERS)
    config = transformers.Florence2Config(
        vision_config={"model_type": "florence_vision", **VISION},
        text_config=text.to_dict(),
        image_token_id=words.image_token_id,
    )
    torch.manual_seed(4)
    made = transformers.Florence2ForConditionalGeneration(config)
    for weights in made.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=0.5)
    return made


@pytest.fixture
def engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Florence2CaptionEngine]:
    """Engines on the CPU, whose arithmetic is the same for a batch and for one."""
    monkeypatch.setattr(pytest.importorskip("torch").cuda, "is_available", lambda: False)
    return lambda **options: Florence2CaptionEngine(model=str(folder), **options)


def pictures() -> list[Pixels]:
    noise = np.random.default_rng(1)
    shapes = [(40, 60), (60, 40), (64, 64), (3, 50), (108, 192)]
    plain = [np.full((*shape, 3), shade, np.uint8) for shape, shade in zip(shapes, (0, 60, 120, 180, 255), strict=True)]
    return [*plain, *(noise.integers(0, 256, (*shape, 3), np.uint8) for shape in shapes)]


def scenes(frames: Sequence[Pixels]) -> list[Scene]:
    return [Scene(Frame(0.0, pixels), (), {}, ()) for pixels in frames]


def said_by_transformers(folder: Path, task: str, frames: Sequence[Pixels]) -> list[str]:
    """As its documentation has it, frame by frame."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    made_ready = transformers.AutoProcessor.from_pretrained(folder, backend="pil")
    net = transformers.Florence2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    texts = []
    for pixels in frames:
        asked = made_ready(text=task, images=Image.fromarray(pixels), return_tensors="pt")
        ids = net.generate(**asked, max_new_tokens=64, num_beams=3, do_sample=False)
        text = made_ready.batch_decode(ids, skip_special_tokens=True)[0]
        found = made_ready.post_process_generation(text, task=task, image_size=pixels.shape[1::-1])
        texts.append(" ".join(found[task].split()))
    return texts


@with_transformers
@pytest.mark.parametrize("task", ["<CAPTION>", "<DETAILED_CAPTION>"])
def test_sentences_are_what_transformers_says(
    task: str, folder: Path, engine: Callable[..., Florence2CaptionEngine]
) -> None:
    found = [caption.english for caption in engine(task=task).describe(scenes(pictures()))]
    wanted = said_by_transformers(folder, task, pictures())
    assert found == [f"{text[0].upper()}{text[1:]}." for text in wanted]
    # The comparison means something: other pictures have other sentences, of other lengths.
    assert len(set(wanted)) >= 5
    assert len({len(text.split()) for text in wanted}) >= 3


@with_transformers
def test_frames_together_give_what_each_gives_alone(engine: Callable[..., Florence2CaptionEngine]) -> None:
    made = engine()
    frames = scenes([*pictures(), *pictures()[:2]])
    together = made.describe(frames)
    assert together == [made.describe([frame])[0] for frame in frames]
    assert together[-2:] == together[:2]
    assert all(caption.russian == "" for caption in together)
    assert made.describe([]) == []


@with_transformers
def test_its_spec_names_the_weights_and_the_task(engine: Callable[..., Florence2CaptionEngine]) -> None:
    assert engine().spec.contract == "florence2/tiny-florence/tiny-florenc/0/detailed_caption"
    assert engine(task="<CAPTION>").spec.preprocessing == "caption"


@with_transformers
@pytest.mark.parametrize("model", ["no/such-model", "/no/such/folder"])
def test_weights_that_are_not_there_are_not_downloaded(model: str) -> None:
    made = Florence2CaptionEngine(model=model)
    for ask in (made.load, lambda: made.spec):
        with pytest.raises(EngineUnavailable, match=f"{model}.*hf download"):
            ask()


@with_transformers
def test_half_a_copy_is_said_to_be_one(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "half")
    weights = tmp_path / "half" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:50_000])
    with pytest.raises(EngineUnavailable, match="cannot be used"):
        Florence2CaptionEngine(model=str(tmp_path / "half")).load()


@with_transformers
def test_weights_of_another_model_are_not_filled_up_with_random_ones(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    shutil.copytree(folder, tmp_path / "other")
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "image_projection" in name))
    save_file(weights, tmp_path / "other" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match="not all of Florence-2's"):
        Florence2CaptionEngine(model=str(tmp_path / "other")).load()


@pytest.mark.skipif(has_transformers, reason="transformers is there")
def test_without_transformers_it_says_what_installs_it() -> None:
    made = Florence2CaptionEngine(model="florence-community/Florence-2-base-ft")
    for ask in (made.load, lambda: made.spec):
        with pytest.raises(EngineUnavailable, match=r"pip install -r requirements/florence\.txt"):
            ask()


def test_it_has_no_other_tasks() -> None:
    with pytest.raises(TypeError, match="<CAPTION>"):
        Florence2CaptionEngine(model="x", task="<OCR>")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The image shows a man. He walks by the sea.", "The image shows a man."),
        ("a red car parked on the street", "A red car parked on the street."),
        ("The image shows a man and a woman,", "The image shows a man and a woman."),
        ("  Two men\nstand there.  ", "Two men stand there."),
        ("A bottle of 1.5 litres e.g. on a table. It is full", "A bottle of 1.5 litres e.g. on a table."),
        ("Is it a dog? It is.", "Is it a dog?"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_taken(text: str, sentence: str) -> None:
    assert florence2._sentence(text) == sentence
