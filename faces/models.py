"""Events, their photos, the faces in them, the people behind the faces, and what people decided about them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.querysets import EventQuerySet, FaceQuerySet, PersonQuerySet, PhotoQuerySet
from photofinder.storage import crop_key
from photofinder.vectors import FaceVectorField, cosine_index


class Event(models.Model):
    """An occasion whose photos belong together."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True, help_text=_("The event's name in addresses."))
    name = models.CharField(_("name"), max_length=200)
    date = models.DateField(_("date"), null=True, blank=True)
    published = models.BooleanField(_("published"), default=False, help_text=_("Attendees find themselves in it."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering: ClassVar = ["-date", "-id"]

    def __str__(self) -> str:
        return self.name


class UploadBatch(models.Model):
    """Photos that were sent together. How far it is follows from its photos, so no counter can drift."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="batches", verbose_name=_("event"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("sent by"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"


class Refusal(models.Model):
    """A file of a batch that was not taken in, and why."""

    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="refusals", verbose_name=_("upload"))
    name = models.CharField(_("file name"), max_length=255)
    code = models.CharField(_("code"), max_length=40)
    detail = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("refused file")
        verbose_name_plural = _("refused files")

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"


class Photo(models.Model):
    """An image as a photo of an event, on its way through the pipeline."""

    class State(models.TextChoices):
        """What has been done; each state but the last two waits for the stage that settings.PIPELINE names."""

        QUEUED = "queued", _("queued")
        INGESTED = "ingested", _("looking for faces")
        ANALYSED = "analysed", _("recognising people")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(Event, models.CASCADE, related_name="photos", verbose_name=_("event"))
    batch = models.ForeignKey(UploadBatch, models.CASCADE, related_name="photos", verbose_name=_("upload"))
    image = models.ForeignKey("media_index.Image", models.PROTECT, related_name="photos", verbose_name=_("image"))
    original_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now_add=True)

    objects: ClassVar = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "image"], name="photo_once_per_event")]
        indexes: ClassVar = [
            models.Index(
                fields=["state", "changed_at"],
                name="photo_unfinished",
                condition=models.Q(state__in=["queued", "ingested", "analysed"]),
            )
        ]

    def __str__(self) -> str:
        return self.original_name


class Person(models.Model):
    """Somebody, known by a public `user_id` that answers for ever; `merged_into` is set once it is another's."""

    user_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    cover_face = models.ForeignKey("Face", models.SET_NULL, null=True, blank=True, related_name="+")
    contract = models.CharField(_("contract"), max_length=160, blank=True, editable=False)
    centroid = FaceVectorField(null=True, editable=False)
    faces_count = models.PositiveIntegerField(_("faces"), default=0, editable=False)
    photos_count = models.PositiveIntegerField(_("photos"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    distance: float  # set by .nearest()
    objects: ClassVar = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["-photos_count", "id"]
        indexes: ClassVar = [models.Index(fields=["-photos_count", "id"], name="person_by_size")]

    def __str__(self) -> str:
        return self.name or str(_("Person %d") % self.pk)


class Face(models.Model):
    """A face in a photo: where, how good, its vector, and whose it is thought to be."""

    class AssignedBy(models.TextChoices):
        """Who said whose face it is."""

        ENGINE = "engine", _("engine")
        MODERATOR = "moderator", _("moderator")

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="faces", verbose_name=_("photo"))
    box = ArrayField(
        models.FloatField(), size=4, verbose_name=_("box"), help_text=_("Left, top, width, height in fractions.")
    )
    landmarks = ArrayField(models.FloatField(), size=10, verbose_name=_("landmarks"))
    det_score = models.FloatField(_("detection score"))
    size_px = models.FloatField(_("size in pixels"))
    sharpness = models.FloatField(_("sharpness"), help_text=_("Variance of the Laplacian of the aligned face."))
    yaw = models.FloatField(_("yaw"))
    pitch = models.FloatField(_("pitch"))
    roll = models.FloatField(_("roll"))
    quality = models.FloatField(_("quality"), help_text=_("0 to 1; from 0.5 on the face can found a person."))
    contract = models.CharField(_("contract"), max_length=160)
    embedding = FaceVectorField()
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="faces", verbose_name=_("person")
    )
    assigned_by = models.CharField(_("assigned by"), max_length=10, choices=AssignedBy.choices, blank=True)

    distance: float  # set by .nearest()
    objects: ClassVar = FaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("face")
        verbose_name_plural = _("faces")
        indexes: ClassVar = [
            cosine_index("embedding", "face_embedding_hnsw"),
            models.Index(fields=["person", "-quality"], name="face_of_person"),
        ]

    def __str__(self) -> str:
        return str(_("Face %d") % self.pk)

    @property
    def crop_key(self) -> str:
        """The storage key of the cut-out around the face."""
        left, top, width, height = self.box
        return crop_key(self.photo.image.sha256, (left, top, width, height))


class Decision(models.Model):
    """What somebody decided about people: append-only, undone by a later row and never changed."""

    class Kind(models.TextChoices):
        """What was decided."""

        MERGE = "merge", _("merge")
        UNDO = "undo", _("undo")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    payload = models.JSONField(_("payload"))
    undone_by = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="undoes")

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
