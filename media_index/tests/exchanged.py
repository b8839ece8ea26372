"""Images of plain colours with embeddings of the fake engine: rows alone, without files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone
from PIL import Image as Pixels

from media_index.engines.base import Vectors
from media_index.engines.fake import COLOURS, FakeImageEngine
from media_index.models import Image, ImageContract, ImageEmbedding, Source, SourceFile
from media_index.services.contracts import contract_create

SPEC = FakeImageEngine().spec


def nothing(done: int, total: int) -> None:
    """For who needs no progress."""


def colour_vectors(names: Sequence[str]) -> Vectors:
    """What the fake engine makes of plain pictures of these colours."""
    return FakeImageEngine().embed_images([np.full((16, 16, 3), COLOURS[name], np.uint8) for name in names])


def contract() -> ImageContract:
    """The fake engine's, in use."""
    made = ImageContract.objects.filter(name=SPEC.contract).first() or contract_create(spec=SPEC)
    ImageContract.objects.update(in_use=False)
    ImageContract.objects.filter(pk=made.pk).update(in_use=True)
    return made


def image(name: str, *, key: str = "") -> Image:
    """A catalogued image whose SHA-256 is that of its name."""
    now = timezone.now()
    return Image.objects.create(
        sha256=digest(name), key=key, format="JPEG", bytes=1, width=16, height=16, ingested_at=now, indexed_at=now
    )


def digest(name: str) -> str:
    """The SHA-256 of an image of that name."""
    return hashlib.sha256(name.encode()).hexdigest()


def found(of: Image, path: bytes, *, location: str = "/photos", state: str = "indexed") -> SourceFile:
    """The image found at a path below a source."""
    source, _ = Source.objects.get_or_create(location=location)
    return SourceFile.objects.create(
        source=source,
        path=path,
        path_digest=hashlib.sha256(path).digest(),
        name=path.decode(errors="replace"),
        size=1,
        changed_ns=1,
        image=of,
        state=state,
        seen_in=1,
    )


def embedded(of: Image, colour: str) -> ImageEmbedding:
    """Its embedding, as if it were of that colour."""
    return ImageEmbedding.objects.create(image=of, contract=contract(), embedding=colour_vectors([colour])[0])


def colours() -> dict[str, Image]:
    """One image of each colour, found at /photos/<colour>.jpg, with its embedding."""
    images = {name: image(name) for name in COLOURS}
    for name, made in images.items():
        found(made, f"{name}.jpg".encode())
        embedded(made, name)
    return images


def picture(path: Path, colour: str) -> Path:
    """An image file of that colour."""
    side = min(settings.THUMBNAIL_SIZES_PX)
    Pixels.new("RGB", (side, side), COLOURS[colour]).save(path)
    return path
