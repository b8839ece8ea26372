"""Events and photos, faces and people, what moderators decided, and the attendees who look for themselves."""

from faces.models.attendees import Attendee, NotMe, Portrait, SelfieSearch
from faces.models.deliveries import Announced, Download, Notification, Subscription
from faces.models.erasures import ErasedPlace, ErasedStill, Erasure, OptOut, OptOutCode, PendingDeletion
from faces.models.events import Event, Photo, Refusal, UploadBatch
from faces.models.ledger import Decision, EventCalibration, PairCheck, Suggestion, Verdict
from faces.models.people import Appearance, Face, FaceVector, Person

__all__ = [
    "Announced",
    "Appearance",
    "Attendee",
    "Decision",
    "Download",
    "ErasedPlace",
    "ErasedStill",
    "Erasure",
    "Event",
    "EventCalibration",
    "Face",
    "FaceVector",
    "NotMe",
    "Notification",
    "OptOut",
    "OptOutCode",
    "PairCheck",
    "PendingDeletion",
    "Person",
    "Photo",
    "Portrait",
    "Refusal",
    "SelfieSearch",
    "Subscription",
    "Suggestion",
    "UploadBatch",
    "Verdict",
]
