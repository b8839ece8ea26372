"""What attendees were given: what they fetched, and what they are told of by themselves."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.models.attendees import Attendee, SelfieSearch
from faces.models.events import Event, Photo


class Download(models.Model):
    """Photos that somebody fetched."""

    class Kind(models.TextChoices):
        """What was fetched."""

        PREVIEW = "preview", _("preview")
        ORIGINAL = "original", _("original")
        ZIP = "zip", _("ZIP archive")

    event = models.ForeignKey(Event, models.CASCADE, related_name="downloads", verbose_name=_("event"))
    search = models.ForeignKey(SelfieSearch, models.SET_NULL, null=True, related_name="downloads")
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    photos_count = models.PositiveIntegerField(_("photos"), default=1)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M %Z}"


class Subscription(models.Model):
    """An attendee's wish to be told of new photos of themselves."""

    attendee = models.ForeignKey(Attendee, models.CASCADE, related_name="subscriptions", verbose_name=_("attendee"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="subscriptions", verbose_name=_("event"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints: ClassVar = [models.UniqueConstraint(fields=["attendee", "event"], name="subscribed_once")]

    def __str__(self) -> str:
        return f"{self.attendee}: {self.event}"


class Notification(models.Model):
    """New photos for a subscriber, on their way: whoever carries it claims it first, so that nobody is told twice."""

    class State(models.TextChoices):
        """How far it is; one that stays `claimed` was perhaps delivered before its carrier died."""

        WAITING = "waiting", _("waiting")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="notifications")
    search = models.OneToOneField(SelfieSearch, models.CASCADE, related_name="notification")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    claims = models.PositiveSmallIntegerField(_("claims"), default=0)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="notification_open", condition=~models.Q(state="sent"))
        ]

    def __str__(self) -> str:
        return f"{self.subscription} #{self.pk}"


class Announced(models.Model):
    """A photo that a subscriber knows of: from the search before they subscribed, or by a notification."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="announced")
    photo = models.ForeignKey(Photo, models.CASCADE, related_name="+")
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, related_name="photos")

    class Meta:
        verbose_name = _("announced photo")
        verbose_name_plural = _("announced photos")
        constraints: ClassVar = [models.UniqueConstraint(fields=["subscription", "photo"], name="announced_once")]

    def __str__(self) -> str:
        return f"{self.subscription}: {self.photo_id}"
