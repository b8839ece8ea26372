"""Biometric data that was deleted, and those who want none of theirs to come back."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from faces.models.events import Event


class OptOut(models.Model):
    """Somebody whose faces are not kept, in photos of today and of later; opting out again adds to it."""

    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")

    def __str__(self) -> str:
        return ", ".join(receipt.number for receipt in self.receipts.all())


class Erasure(models.Model):
    """A receipt: what was deleted, when and why. It holds numbers only, nothing of whom it is about."""

    class Kind(models.TextChoices):
        """Why."""

        FORGET = "forget", _("forgotten on request")
        OPT_OUT = "opt_out", _("opted out")
        RETENTION = "retention", _("retention ended")
        DELETED = "deleted", _("photos deleted")

    number = models.CharField(_("receipt"), max_length=20, unique=True)
    kind = models.CharField(_("reason"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    event = models.ForeignKey(
        Event, models.SET_NULL, null=True, blank=True, related_name="erasures", verbose_name=_("event")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"))
    counts = models.JSONField(_("what was deleted"), default=dict)
    opt_out = models.ForeignKey(
        OptOut, models.SET_NULL, null=True, blank=True, related_name="receipts", verbose_name=_("opt-out")
    )

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.number


class OptOutCode(models.Model):
    """By what a face of theirs is known again: no vector, but a keyed code of one, see `faces.suppression`."""

    opt_out = models.ForeignKey(OptOut, models.CASCADE, related_name="codes")
    contract = models.CharField(_("contract"), max_length=160)
    code = models.BinaryField()
    # Of the face in a photo that an engine learnt the code from; None for what came with the opt-out itself.
    quality = models.FloatField(null=True)
    # Whether the faces that were there before the code are compared with it too.
    is_applied = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("code of an opt-out")
        verbose_name_plural = _("codes of opt-outs")

    def __str__(self) -> str:
        return f"{self.opt_out} #{self.pk}"


class ErasedPlace(models.Model):
    """Where in an image a face was that was forgotten, so that no engine brings it back from there; with the opt-out,
    if it is somebody's who opted out.
    """

    opt_out = models.ForeignKey(OptOut, models.CASCADE, null=True, related_name="places")
    image = models.ForeignKey("media_index.Image", models.CASCADE, related_name="+")
    box = ArrayField(models.FloatField(), size=4)

    class Meta:
        verbose_name = _("place of an erased face")
        verbose_name_plural = _("places of erased faces")

    def __str__(self) -> str:
        return f"{self.image_id} #{self.pk}"


class ErasedStill(models.Model):
    """A frame of a film in which somebody was who was forgotten: it is deleted, and when the film is indexed again the
    same frame is not kept again. Of the frame only the digest is known.
    """

    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("erased frame")
        verbose_name_plural = _("erased frames")

    def __str__(self) -> str:
        return self.sha256


class PendingDeletion(models.Model):
    """A file that is to be deleted: written down with the deletion of the row that had it, or before it is itself
    written, so that a process that is killed in between leaves none behind.
    """

    key = models.CharField(max_length=160, unique=True)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("file to be deleted")
        verbose_name_plural = _("files to be deleted")

    def __str__(self) -> str:
        return self.key
