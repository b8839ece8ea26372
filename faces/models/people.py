"""Faces, and the people behind them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.models.events import Event, Photo
from faces.querysets import FaceQuerySet, PersonQuerySet
from photofinder.storage import crop_key
from photofinder.vectors import FaceVectorField, cosine_index


class Person(models.Model):
    """Somebody, known by a public `user_id` that answers for ever; `merged_into` is set once it is another's."""

    user_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    hidden = models.BooleanField(_("hidden"), default=False, help_text=_("A stranger nobody will look for."))
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    cover_face = models.ForeignKey("Face", models.SET_NULL, null=True, blank=True, related_name="+")
    chosen_cover = models.ForeignKey("Face", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    contract = models.CharField(_("contract"), max_length=160, blank=True, editable=False)
    centroid = FaceVectorField(null=True, editable=False)
    faces_count = models.PositiveIntegerField(_("faces"), default=0, editable=False)
    photos_count = models.PositiveIntegerField(_("photos"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    forgotten_at = models.DateTimeField(_("forgotten at"), null=True, editable=False)

    distance: float  # set by .nearest()
    objects: ClassVar = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["-photos_count", "id"]
        indexes: ClassVar = [models.Index(fields=["-photos_count", "id"], name="person_by_size")]

    def __str__(self) -> str:
        return self.name or str(_("Person %d") % self.pk)


class Appearance(models.Model):
    """In how many photos of an event a person is; follows from the faces, see `Person.objects.refresh`."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="appearances", verbose_name=_("person"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="appearances", verbose_name=_("event"))
    faces_count = models.PositiveIntegerField(_("faces"))
    photos_count = models.PositiveIntegerField(_("photos"))

    class Meta:
        verbose_name = _("appearance")
        verbose_name_plural = _("appearances")
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "event"], name="appearance_once")]
        indexes: ClassVar = [models.Index(fields=["event", "-photos_count", "person"], name="appearance_by_size")]

    def __str__(self) -> str:
        return f"{self.person}: {self.event}"


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
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="faces", verbose_name=_("person")
    )
    assigned_by = models.CharField(_("assigned by"), max_length=10, choices=AssignedBy.choices, blank=True)
    # What the engine thinks, also while a moderator says otherwise: what holds again when that is undone.
    engine_person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+", editable=False, db_index=False
    )
    dismissed = models.BooleanField(_("not a face"), default=False, editable=False)

    distance: float  # set by .nearest()
    objects: ClassVar = FaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("face")
        verbose_name_plural = _("faces")
        indexes: ClassVar = [models.Index(fields=["person", "-quality"], name="face_of_person")]

    def __str__(self) -> str:
        return str(_("Face %d") % self.pk)

    @property
    def is_good(self) -> bool:
        """Whether it passed every quality gate, so that it can found a person."""
        return self.quality >= settings.FACE_QUALITY_GOOD

    @property
    def crop_key(self) -> str:
        """The storage key of the cut-out around the face."""
        left, top, width, height = self.box
        return crop_key(self.photo.image.sha256, (left, top, width, height))


class FaceVector(models.Model):
    """The vector of a face, of the face's contract, beside it: whose the face is changes often, and PostgreSQL would
    write the vector into its index anew each time (some 4 ms a face).
    """

    face = models.OneToOneField(Face, models.CASCADE, primary_key=True, related_name="vector", verbose_name=_("face"))
    embedding = FaceVectorField(verbose_name=_("embedding"))

    class Meta:
        verbose_name = _("face vector")
        verbose_name_plural = _("face vectors")
        indexes: ClassVar = [cosine_index("embedding", "face_vector_hnsw")]

    def __str__(self) -> str:
        return str(self.face_id)
