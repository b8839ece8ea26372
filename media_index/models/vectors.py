"""What is compared: hashes of pixels, and embeddings by contract."""

from typing import ClassVar, NamedTuple

from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from pgvector.django import BitField, HalfVectorField

from media_index.models.images import Image

HASH_BITS = 64


class Band(NamedTuple):
    """Some bits of a pHash, from which to before which, and in how many of them the bands of near hashes may differ."""

    start: int
    stop: int
    differing: int

    def of(self, phash: int) -> int:
        """The band of a hash."""
        return phash >> HASH_BITS - self.stop & (1 << self.stop - self.start) - 1

    def column(self) -> models.GeneratedField:
        """The band of a row's pHash as an integer, null where the hash means nothing."""
        length = self.stop - self.start
        place = models.Value(self.start + 1), models.Value(length)
        bits = models.Func(models.F("phash"), *place, function="substring", output_field=BitField())
        value = Cast(Cast(bits, BitField(length=length)), models.IntegerField())
        expression = models.Case(models.When(is_flat=False, then=value), default=None)
        return models.GeneratedField(
            expression=expression, output_field=models.IntegerField(null=True), db_persist=True, editable=False
        )


# Two hashes that differ in more bits than these allow in every band differ in at least 3 + 3 + 2 = 8 bits; so those
# that differ in at most 7 are near in one of them: the general pigeonhole principle of multi-index hashing (Norouzi et
# al., CVPR 2012; Qin et al., ICDE 2018). Of long bands each has few hashes at any size: docs/scaling.md.
BANDS = (Band(0, 22, 2), Band(22, 44, 2), Band(44, 64, 1))


class ImageHash(models.Model):
    """Hashes of an image's small gray copy, 64 bits each, as the `imagehash` library defines them."""

    image = models.OneToOneField(Image, models.CASCADE, primary_key=True, related_name="hashes")
    phash = BitField(length=HASH_BITS)
    dhash = BitField(length=HASH_BITS)
    ahash = BitField(length=HASH_BITS)
    # A flat picture has no structure to hash: its bits are noise, and only the same bytes are a copy of it.
    is_flat = models.BooleanField(default=False)
    # The bands as columns, of which PostgreSQL keeps statistics: without them it would read all rows.
    band_0, band_1, band_2 = (band.column() for band in BANDS)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=[f"band_{number}"], name=f"imagehash_bits_{number}") for number in range(len(BANDS))
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
