"""What is compared: hashes of pixels, and embeddings by contract."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HalfVectorField

from media_index.models.images import Image

HASH_BITS, BANDS = 64, 4
BAND_BITS = HASH_BITS // BANDS


def band(number: int) -> Any:
    """The bits of pHash that band `number` (0-3) holds, as an integer expression: what its index is made on."""
    start = number * BAND_BITS + 1
    bits = models.Func(
        models.F("phash"), models.Value(start), models.Value(BAND_BITS), function="substring", output_field=BitField()
    )
    return Cast(Cast(bits, BitField(length=BAND_BITS)), models.IntegerField())


class ImageHash(models.Model):
    """Hashes of an image's small gray copy, 64 bits each, as the `imagehash` library defines them."""

    image = models.OneToOneField(Image, models.CASCADE, primary_key=True, related_name="hashes")
    phash = BitField(length=HASH_BITS)
    dhash = BitField(length=HASH_BITS)
    ahash = BitField(length=HASH_BITS)
    # A flat picture has no structure to hash: its bits are noise, and only the same bytes are a copy of it.
    is_flat = models.BooleanField(default=False)

    class Meta:
        # Two hashes that differ in at most 7 of 64 bits differ in at most one bit of one of 4 bands (pigeonhole), so 68
        # exact lookups find all of them: multi-index hashing, Norouzi et al., CVPR 2012.
        indexes: ClassVar = [
            models.Index(band(number), condition=models.Q(is_flat=False), name=f"imagehash_band_{number}")
            for number in range(BANDS)
        ]

    def __str__(self) -> str:
        return f"{self.image_id}: {self.phash}"


class ImageContract(models.Model):
    """A contract that there are embeddings of. Searches use the one in use; another grows beside it until complete."""

    name = models.CharField(_("contract"), max_length=160, unique=True)
    dim = models.PositiveSmallIntegerField(_("dimensions"))
    in_use = models.BooleanField(_("in use"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("image contract")
        verbose_name_plural = _("image contracts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["in_use"], condition=models.Q(in_use=True), name="one_contract_in_use")
        ]

    def __str__(self) -> str:
        return self.name


class ImageEmbedding(models.Model):
    """An image's vector of length 1, as its contract makes it.

    There is one HNSW index per contract, on the column cast to the contract's dimension: see services/contracts.py.
    """

    image = models.ForeignKey(Image, models.CASCADE, related_name="embeddings")
    contract = models.ForeignKey(ImageContract, models.CASCADE, related_name="embeddings")
    embedding = HalfVectorField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["contract", "image"], name="image_embedding")]

    def __str__(self) -> str:
        return f"{self.image_id}: {self.contract_id}"
