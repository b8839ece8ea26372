"""Events, their photos, the faces in them, the people behind the faces, and what people decided about them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from faces.querysets import (
    DecisionQuerySet,
    EventQuerySet,
    FaceQuerySet,
    PersonQuerySet,
    PhotoQuerySet,
    SuggestionQuerySet,
)
from photofinder.storage import crop_key
from photofinder.vectors import FaceVectorField, cosine_index


class Event(models.Model):
    """An occasion whose photos belong together."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True, help_text=_("The event's name in addresses."))
    name = models.CharField(_("name"), max_length=200)
    date = models.DateField(_("date"), null=True, blank=True)
    published = models.BooleanField(_("published"), default=False, help_text=_("Attendees find themselves in it."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # Which state of its faces the event is in, and which one its people were last consolidated for.
    revision = models.PositiveIntegerField(default=0, editable=False)
    settled_revision = models.PositiveIntegerField(default=0, editable=False)

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


class Decision(models.Model):
    """What somebody decided about people: append-only, undone by a later row and never changed."""

    class Kind(models.TextChoices):
        """What was decided."""

        MERGE = "merge", _("merge")
        SPLIT = "split", _("split")
        MOVE = "move", _("move")
        CONFIRM = "confirm", _("confirm")
        REJECT = "reject", _("not this person")
        DISMISS = "dismiss", _("not a face")
        DIFFER = "differ", _("different people")
        HIDE = "hide", _("hide")
        SHOW = "show", _("show")
        NAME = "name", _("name")
        COVER = "cover", _("cover")
        UNDO = "undo", _("undo")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    payload = models.JSONField(_("payload"))
    people = models.ManyToManyField(Person, related_name="decisions", verbose_name=_("people"))
    events = models.ManyToManyField(Event, related_name="decisions", verbose_name=_("events"))
    undone_by = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="undoes")

    objects: ClassVar = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class Verdict(models.Model):
    """What a decision says of one face: that it `holds` that it is the person's, or that it does not.

    No person with `holds`: it is nobody's face at all.
    """

    decision = models.ForeignKey(Decision, models.CASCADE, related_name="verdicts", verbose_name=_("decision"))
    face = models.ForeignKey(Face, models.CASCADE, related_name="verdicts", verbose_name=_("face"))
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+", verbose_name=_("person"))
    holds = models.BooleanField(_("holds"), default=True)

    class Meta:
        verbose_name = _("verdict")
        verbose_name_plural = _("verdicts")
        constraints: ClassVar = [models.UniqueConstraint(fields=["decision", "face"], name="verdict_once")]

    def __str__(self) -> str:
        return f"{self.face}: {self.person}"


class Suggestion(models.Model):
    """A question to a moderator: are `one` and `other` the same person; or, with a `face`, is it a face of `one`?

    `other` of a question about a face is whose it is now. Answers are decisions; an answered question is gone.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="suggestions", verbose_name=_("event"))
    one = models.ForeignKey(Person, models.CASCADE, related_name="+", verbose_name=_("person"))
    other = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+", verbose_name=_("other person"))
    face = models.ForeignKey(Face, models.CASCADE, null=True, related_name="suggestions", verbose_name=_("face"))
    distance = models.FloatField(_("distance"))
    postponed_at = models.DateTimeField(_("postponed at"), null=True, blank=True)

    objects: ClassVar = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "one", "other", "face"], name="suggestion_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["event", "postponed_at", "distance"], name="suggestion_queue")]

    def __str__(self) -> str:
        return f"{self.one} = {self.face or self.other}?"


class PairCheck(models.Model):
    """A moderator's answer whether two faces of an event are one person's: what calibration and accuracy rest on.

    It was drawn from a stratum of `population` pairs of which the moderator is asked about a few.
    """

    class Purpose(models.TextChoices):
        """Why this pair was asked about."""

        CALIBRATION = "calibration", _("calibration")
        PRECISION = "precision", _("precision")
        RECALL = "recall", _("recall")

    class Answer(models.TextChoices):
        """What the moderator sees."""

        SAME = "same", _("the same person")
        DIFFERENT = "different", _("different people")
        UNSURE = "unsure", _("cannot tell")

    event = models.ForeignKey(Event, models.CASCADE, related_name="pair_checks", verbose_name=_("event"))
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    one = models.ForeignKey(Face, models.CASCADE, related_name="+", verbose_name=_("face"))
    other = models.ForeignKey(Face, models.CASCADE, related_name="+", verbose_name=_("other face"))
    contract = models.CharField(_("contract"), max_length=160)
    distance = models.FloatField(_("distance"))
    stratum = models.CharField(_("stratum"), max_length=20)
    population = models.PositiveBigIntegerField(_("pairs in the stratum"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("pair check")
        verbose_name_plural = _("pair checks")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "purpose", "one", "other"], name="pair_checked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.one} / {self.other}: {self.get_answer_display()}"


class EventCalibration(models.Model):
    """What distances mean at an event, where moderators' answers showed it; replaces the contract's threshold there."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="calibrations", verbose_name=_("event"))
    contract = models.CharField(_("contract"), max_length=160)
    threshold = models.FloatField(_("threshold"), help_text=_("The distance at a false-match rate of 1 in 10,000."))
    chosen_rate = models.FloatField(_("false-match rate"))
    chosen_distance = models.FloatField(_("distance"))
    answers = models.PositiveIntegerField(_("answers"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now=True)

    class Meta:
        verbose_name = _("calibration of an event")
        verbose_name_plural = _("calibrations of events")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "contract"], name="event_calibrated_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.threshold:.3f}"
