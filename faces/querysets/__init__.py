"""Reads, as chainable adjectives."""

from faces.querysets.events import UNFINISHED, EventQuerySet, PhotoQuerySet, SelfieSearchQuerySet, counted
from faces.querysets.faces import DecisionQuerySet, FaceQuerySet, SuggestionQuerySet
from faces.querysets.people import PersonQuerySet, PortraitQuerySet

__all__ = [
    "UNFINISHED",
    "DecisionQuerySet",
    "EventQuerySet",
    "FaceQuerySet",
    "PersonQuerySet",
    "PhotoQuerySet",
    "PortraitQuerySet",
    "SelfieSearchQuerySet",
    "SuggestionQuerySet",
    "counted",
]
