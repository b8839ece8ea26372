"""Near-duplicates that were found, and what people said of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from media_index.models.images import Image


class DuplicateDecision(models.Model):
    """What a person decided of a group, with what it takes to undo that."""

    class Kind(models.TextChoices):
        """What they decided."""

        RESOLVED = "resolved", _("one was kept")
        DISMISSED = "dismissed", _("not duplicates")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    group = models.BigIntegerField(db_index=True)
    keep = models.ForeignKey(Image, models.CASCADE, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Of a kept image: its rating and whom it was hidden behind before, the tags it was given, and of the others who was
    # hidden behind whom: [[image, whom], ...]
    before = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind}: {self.group}"


class DuplicatePair(models.Model):
    """Two images that show the same picture: re-saved, resized, slightly cropped, brighter or darker.

    The row stays whatever is decided, so that a dismissed pair never comes back.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("open")
        DISMISSED = "dismissed", _("not duplicates")
        RESOLVED = "resolved", _("resolved")

    first = models.ForeignKey(Image, models.CASCADE, related_name="+")
    second = models.ForeignKey(Image, models.CASCADE, related_name="+")
    distance = models.PositiveSmallIntegerField(_("distance"), help_text=_("Bits of pHash that differ."))
    similarity = models.FloatField(_("similarity"), help_text=_("Of the pictures laid upon each other, 0-1."))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    # The smallest id of the images that open pairs connect, so that a page of groups is one indexed read.
    group = models.BigIntegerField(editable=False)
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decision = models.ForeignKey(DuplicateDecision, models.SET_NULL, null=True, editable=False, related_name="pairs")

    class Meta:
        verbose_name = _("duplicate")
        verbose_name_plural = _("duplicates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="duplicate_pair_in_order"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["group"], condition=models.Q(state="open"), name="duplicate_open_group"),
            models.Index(fields=["second"], name="duplicate_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}"
