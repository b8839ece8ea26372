"""Write an open_clip model as files that the site runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from photofinder.errors import Problem


class Command(BaseCommand):
    """Download or read the weights, write networks, tokenizer and contract, compare them with open_clip."""

    help = (
        "Write a model of open_clip, such as ViT-B-32 laion2b_s34b_b79k, as files for the image engine `clip`. Runs "
        'where requirements/clip.txt is installed: `make export-clip ARGS="<model> <pretrained>"` sees to that.'
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - as Django declares it

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which model, with which weights, and where to."""
        parser.add_argument("model", help="as open_clip names it, also hf-hub:<repository> or local-dir:<folder>")
        parser.add_argument("pretrained", nargs="?", default="", help="open_clip's tag of its weights, or their file")
        parser.add_argument("--folder", help="where to, without it where the engine `clip` looks")

    def handle(self, *args: Any, model: str, pretrained: str, **options: Any) -> None:
        """Raises CommandError when the model is unknown, or the files would not give what open_clip gives."""
        folder = Path(options["folder"] or settings.IMAGE_ENGINES["clip"]["OPTIONS"]["folder"])
        try:
            exported = import_string(settings.CLIP_EXPORT)(model=model, pretrained=pretrained, folder=folder)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(
            f"{exported.spec.contract} is in {folder}. Its vectors have a cosine with open_clip's of at least "
            f"{exported.pictures_cosine:.6f} (pictures) and {exported.texts_cosine:.6f} (texts)."
        )
