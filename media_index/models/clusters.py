"""Categories of similar images."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from media_index.models.images import Image
from media_index.models.vectors import ImageContract
from media_index.querysets import ClusterQuerySet


class ImageCluster(models.Model):
    """A category that grew of similar images. One that a person named or merged is kept as it is by consolidations."""

    contract = models.ForeignKey(ImageContract, models.CASCADE, related_name="clusters")
    name = models.CharField(_("name"), max_length=200, blank=True)
    kept = models.BooleanField(_("made by a person"), default=False)
    size = models.PositiveIntegerField(_("images"), default=0)
    centroid = HalfVectorField()
    length = models.FloatField(default=0, editable=False)  # of the sum of the members' vectors; the centroid has 1
    # Whether a consolidation saw it as it is: what changed since is all that the next one has to look at.
    settled = models.BooleanField(default=False, editable=False)
    cover = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar = ClusterQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        indexes: ClassVar = [
            models.Index(fields=["contract", "-size", "id"], name="imagecluster_largest"),
            models.Index(fields=["contract", "id"], condition=models.Q(settled=False), name="imagecluster_unsettled"),
        ]

    def __str__(self) -> str:
        return self.name or str(_("Category %(number)s") % {"number": self.pk})

    @property
    def picture(self) -> Image | None:
        """The cover, or the copy that was kept instead of it."""
        return self.cover and (self.cover.superseded_by or self.cover)


class ImageClusterMember(models.Model):
    """One image in one category, per contract."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="memberships")
    cluster = models.ForeignKey(ImageCluster, models.CASCADE, related_name="members")
    contract = models.ForeignKey(ImageContract, models.CASCADE, related_name="+")
    similarity = models.FloatField(_("similarity"), help_text=_("To the centroid, 0-1."))
    joined_at = models.DateTimeField(_("joined at"), auto_now_add=True)
    # Where it was before people merged that category into this one: the merge can be undone.
    came_from = models.ForeignKey(ImageCluster, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["contract", "image"], name="one_category_per_image")]
        indexes: ClassVar = [models.Index(fields=["cluster", "-similarity"], name="imageclustermember_best")]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.cluster_id}"
