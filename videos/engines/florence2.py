"""Florence-2 (Xiao et al., CVPR 2024; arXiv 2311.06242) by transformers: what a frame shows, in an English sentence."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image

from photofinder.contracts import EngineSpec
from photofinder.errors import EngineUnavailable
from videos.engines.base import Caption, Scene

_TASKS = ("<CAPTION>", "<DETAILED_CAPTION>")
_BEAMS = 3  # as its authors generate
_MOST_TOKENS = 64  # twice what a detailed first sentence usually has
_CURE = "pip install -r requirements/florence.txt installs it."


class Florence2CaptionEngine:
    """Sentences by the weights `model`: a folder, or a repository of huggingface.co that was downloaded before.

    `task` is <CAPTION> (a few words) or <DETAILED_CAPTION>, of which the first sentence is taken. It runs on CUDA in
    half precision where PyTorch has it, else on the CPU. Safe to share between threads.
    """

    def __init__(self, *, model: str, task: str = "<DETAILED_CAPTION>") -> None:
        if task not in _TASKS:
            raise TypeError(f"The task of Florence-2 is {' or '.join(_TASKS)}, not {task}")
        self._name, self._task = model, task
        self._lock = Lock()
        self._processor: Any = None
        self._network: Any = None

    @cached_property
    def spec(self) -> EngineSpec:
        """See CaptionEngine; its version is the revision that was downloaded, of a folder its last name."""
        return EngineSpec("florence2", Path(self._name).name, self._folder.name[:12], 0, self._task.strip("<>").lower())

    def load(self) -> None:
        """Load the weights once; raises EngineUnavailable with the command that brings what is missing."""
        with self._lock:
            if self._network is None:
                self._load()

    def describe(self, scenes: Sequence[Scene]) -> list[Caption]:
        """One sentence for each scene; all go through the network at once."""
        self.load()
        if not scenes:
            return []
        pictures = [Image.fromarray(scene.frame.pixels) for scene in scenes]
        return [Caption(_sentence(text)) for text in self._texts(pictures)]

    def _texts(self, pictures: Sequence[Image.Image]) -> list[str]:
        import torch

        asked = self._processor(images=pictures, text=[self._task] * len(pictures), return_tensors="pt")
        with torch.inference_mode():
            said = self._network.generate(
                **asked.to(self._network.device, self._network.dtype),
                num_beams=_BEAMS,
                do_sample=False,
                max_new_tokens=_MOST_TOKENS,
            )
        texts = self._processor.batch_decode(said, skip_special_tokens=True)  # shorter ones are filled up with <pad>
        return [self._processor.post_process_generation(text=text, task=self._task)[self._task] for text in texts]

    @cached_property
    def _folder(self) -> Path:
        """Where the weights are. Nothing is downloaded without being asked for."""
        try:
            from transformers.utils.hub import cached_file
        except ImportError as error:
            raise EngineUnavailable(f"What runs Florence-2 is not installed ({error}): {_CURE}") from error
        try:
            return Path(str(cached_file(self._name, "config.json", local_files_only=True))).parent
        except OSError as error:
            raise EngineUnavailable(f"No Florence-2 weights are in {self._name}: {self._bring}") from error

    @property
    def _bring(self) -> str:
        return f"`hf download {self._name}` downloads a repository, and FLORENCE2_MODEL may name a folder."

    def _load(self) -> None:
        folder = self._folder
        try:
            import torch
            from transformers import AutoProcessor, Florence2ForConditionalGeneration
        except ImportError as error:
            raise EngineUnavailable(f"What runs Florence-2 is not installed ({error}): {_CURE}") from error
        has_cuda = torch.cuda.is_available()
        options = {"local_files_only": True, "dtype": torch.float16 if has_cuda else torch.float32}
        try:
            # Pillow resizes as it did when the model was trained, and torchvision need not be there.
            processor = AutoProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
            network, said = Florence2ForConditionalGeneration.from_pretrained(
                folder, output_loading_info=True, **options
            )
        except Exception as error:
            raise EngineUnavailable(f"The weights in {folder} cannot be used ({error}): {self._bring}") from error
        if said["missing_keys"]:  # they would be random
            raise EngineUnavailable(f"The weights in {folder} are not all of Florence-2's: {self._bring}")
        self._processor, self._network = processor, network.eval().to("cuda" if has_cuda else "cpu")


def _sentence(text: str) -> str:
    """The first sentence, with a capital letter and a full stop."""
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z])", " ".join(text.split()), maxsplit=1)[0]
    if first and first[-1] not in ".!?":
        first = f"{first.rstrip(' ,;:')}."
    return first[:1].upper() + first[1:]
