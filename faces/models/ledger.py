"""What moderators decided, what they are asked, and what they answered."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from faces.models.events import Event
from faces.models.people import Face, Person
from faces.querysets import DecisionQuerySet, SuggestionQuerySet


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
        NAME = "name", pgettext_lazy("decision", "name")
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
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M %Z}"


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
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["decision", "face", "person"], name="verdict_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.face}: {self.person}"


class Suggestion(models.Model):
    """A question to a moderator: are `one` and `other` the same person; or, with a `face`, is it a face of `one`?

    `other` of a question about a face is whose it is now; of an objection, where an attendee said of a face that was
    taken for theirs that it is not, both are the same. Answers are decisions; an answered question is gone.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="suggestions", verbose_name=_("event"))
    one = models.ForeignKey(Person, models.CASCADE, related_name="+", verbose_name=_("person"))
    other = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+", verbose_name=_("other person"))
    face = models.ForeignKey(Face, models.CASCADE, null=True, related_name="suggestions", verbose_name=_("face"))
    distance = models.FloatField(_("distance"))
    is_objection = models.BooleanField(_("objection"), default=False)
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
