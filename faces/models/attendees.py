"""Those who look for themselves: what they agreed to, what they gave of themselves, and what they asked."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.models.events import Event
from faces.models.people import Face, Person
from faces.querysets import PortraitQuerySet, SelfieSearchQuerySet
from photofinder.vectors import FaceVectorField


class Attendee(models.Model):
    """Somebody who asks for their photos in a messenger, known by their address there."""

    channel = models.CharField(_("messenger"), max_length=20)
    address = models.CharField(_("address"), max_length=64)
    language = models.CharField(_("language"), max_length=5, blank=True)
    consented_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="attendees", verbose_name=_("person")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("attendee")
        verbose_name_plural = _("attendees")
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "address"], name="attendee_once")]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"


class Portrait(models.Model):
    """What somebody is looked for with: the vector of a face that they gave of themselves.

    Of a registration the aligned face is kept as well, at `crop_key`; of a selfie nothing but the vector.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="portraits", verbose_name=_("person"))
    contract = models.CharField(_("contract"), max_length=160)
    embedding = FaceVectorField(verbose_name=_("embedding"))
    quality = models.FloatField(_("quality"))
    crop_key = models.CharField(_("storage key"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    distance: float  # set by .nearest()
    objects: ClassVar = PortraitQuerySet.as_manager()

    class Meta:
        verbose_name = _("portrait")
        verbose_name_plural = _("portraits")
        ordering: ClassVar = ["-quality", "pk"]

    def __str__(self) -> str:
        return f"{self.person} #{self.pk}"


class SelfieSearch(models.Model):
    """A search by selfie, without its image: a line of the audit log, and until `expires_at` what it found.

    `code` opens the result to whoever searched, `shared_code` lets others look at it; both go when it expires.
    """

    class Channel(models.TextChoices):
        """Where somebody searched."""

        PAGE = "page", _("event page")
        BOT = "bot", _("messenger")
        API = "api", "API"
        ADMIN = "admin", _("Admin")

    at = models.DateTimeField(_("at"), auto_now_add=True)
    channel = models.CharField(_("where"), max_length=10, choices=Channel.choices)
    event = models.ForeignKey(
        Event, models.SET_NULL, null=True, blank=True, related_name="searches", verbose_name=_("event")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"))
    attendee = models.ForeignKey(
        Attendee, models.SET_NULL, null=True, blank=True, related_name="searches", verbose_name=_("attendee")
    )
    has_consent = models.BooleanField(_("agreed"), default=False)
    outcome = models.CharField(_("outcome"), max_length=40, help_text=_("`found`, `nothing`, or why it failed."))
    photos_count = models.PositiveIntegerField(_("photos"), default=0)
    code = models.CharField(max_length=40, blank=True, editable=False)
    shared_code = models.CharField(max_length=40, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    faces = ArrayField(models.BigIntegerField(), default=list, editable=False)
    similarities = ArrayField(models.FloatField(), default=list, editable=False)

    objects: ClassVar = SelfieSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], condition=~models.Q(code=""), name="search_code"),
            models.UniqueConstraint(
                fields=["shared_code"], condition=~models.Q(shared_code=""), name="search_shared_code"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["event", "outcome"], name="search_of_event")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} #{self.pk}"


class NotMe(models.Model):
    """An attendee's word that a face which was found for them is somebody else's."""

    search = models.ForeignKey(
        SelfieSearch, models.SET_NULL, null=True, related_name="objections", verbose_name=_("search")
    )
    attendee = models.ForeignKey(
        Attendee, models.SET_NULL, null=True, blank=True, related_name="objections", verbose_name=_("attendee")
    )
    face = models.ForeignKey(Face, models.CASCADE, related_name="objections", verbose_name=_("face"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints: ClassVar = [models.UniqueConstraint(fields=["search", "face"], name="objected_once")]

    def __str__(self) -> str:
        return f"{self.search}: {self.face}"
