"""Biometric data that was deleted, and those who want none of theirs to come back."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.models.events import Event


class Erasure(models.Model):
    """A receipt: what was deleted, when and why. It holds numbers only, nothing of whom it is about."""

    class Kind(models.TextChoices):
        """Why."""

        FORGET = "forget", _("forgotten on request")
        OPT_OUT = "opt_out", _("opted out")
        RETENTION = "retention", _("retention ended")

    number = models.CharField(_("receipt"), max_length=20, unique=True)
    kind = models.CharField(_("reason"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    event = models.ForeignKey(
        Event, models.SET_NULL, null=True, blank=True, related_name="erasures", verbose_name=_("event")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"))
    counts = models.JSONField(_("what was deleted"), default=dict)
    # Files still to be deleted: written down with the rows' deletion, so that a kill between the two loses none.
    pending_keys = ArrayField(models.CharField(max_length=160), default=list, editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.number


class OptOut(models.Model):
    """Somebody whose faces are not kept, in photos of today and of later."""

    erasure = models.OneToOneField(Erasure, models.PROTECT, related_name="opt_out", verbose_name=_("receipt"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")

    def __str__(self) -> str:
        return str(self.erasure)


class OptOutCode(models.Model):
    """By what a face of theirs is known again: no vector, but a keyed code of one, see `faces.suppression`."""

    opt_out = models.ForeignKey(OptOut, models.CASCADE, related_name="codes")
    contract = models.CharField(_("contract"), max_length=160)
    code = models.BinaryField()

    class Meta:
        verbose_name = _("code of an opt-out")
        verbose_name_plural = _("codes of opt-outs")

    def __str__(self) -> str:
        return f"{self.opt_out} #{self.pk}"


class OptOutPlace(models.Model):
    """Where in an image a face of theirs was, so that no engine brings it back from there."""

    opt_out = models.ForeignKey(OptOut, models.CASCADE, related_name="places")
    image = models.ForeignKey("media_index.Image", models.CASCADE, related_name="+")
    box = ArrayField(models.FloatField(), size=4)

    class Meta:
        verbose_name = _("place of an opt-out")
        verbose_name_plural = _("places of opt-outs")

    def __str__(self) -> str:
        return f"{self.opt_out}: {self.image_id}"
