"""Images of plain colours, indexed as far as searching needs, without files."""

import hashlib
from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from media_index.engines.fake import COLOURS
from media_index.models import Image, ImageEmbedding, Source, SourceFile
from media_index.services.contracts import contract_in_use, engine_of
from media_index.services.describing import images_describe
from media_index.services.tagging import images_tag

_numbers = count(1)


def painted(*colours: str, side: int = 32) -> NDArray[np.uint8]:
    """RGB pixels (side, side, 3): a stripe of each colour, from left to right."""
    columns = np.array([COLOURS[colour] for colour in colours], np.uint8)
    stripes = np.repeat(columns, side // len(colours), axis=0)
    stripes = np.vstack([stripes, np.repeat(columns[-1:], side - len(stripes), axis=0)])
    return np.repeat(stripes[None], side, axis=0)


def hung(*colours: str, tags: Sequence[str] = (), names: Sequence[str] = (), **columns: Any) -> Image:
    """An indexed image of these colours, gray without any, with these tags and files."""
    now, number = timezone.now(), next(_numbers)
    values = {"format": "JPEG", "bytes": 1_000_000, "width": 3000, "height": 2000} | columns
    sha256 = hashlib.sha256(f"hung {number}".encode()).hexdigest()
    image: Image = Image.objects.create(sha256=sha256, ingested_at=now, indexed_at=now, **values)
    contract = contract_in_use()
    vector = engine_of(contract).embed_images([painted(*(colours or ("gray",)))])[0]
    ImageEmbedding.objects.create(image=image, contract=contract, embedding=vector)
    for name in names:
        found_as(image, name)
    if tags:
        images_tag(image_ids=[image.pk], add=tags)
    images_describe(image_ids=[image.pk])
    return image


def found_as(image: Image, name: str) -> None:
    """A file of the image with that path."""
    source, _ = Source.objects.get_or_create(location="/archive")
    digest = hashlib.sha256(f"{image.pk}/{name}".encode()).digest()
    SourceFile.objects.create(
        source=source, path=name.encode(), path_digest=digest, name=name, size=1, changed_ns=1, image=image,
        state=SourceFile.State.INDEXED, seen_in=1,
    )  # fmt: skip
