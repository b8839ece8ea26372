"""The addresses of the API of events, photos and people."""

from django.urls import path

from faces.api import (
    attendees,
    deciding,
    erasures,
    events,
    ledger,
    notifications,
    people,
    registration,
    results,
    search,
    suggestions,
    uploads,
)

ATTENDEE = "attendees/<slug:channel>/<slug:address>/"

urlpatterns = [
    path("events/", events.EventList.as_view(), name="events"),
    path("events/<slug:slug>/", events.EventDetail.as_view(), name="event"),
    path("events/<slug:slug>/photos/", uploads.PhotoUpload.as_view(), name="event-photos"),
    path("batches/<int:batch_id>/", uploads.BatchDetail.as_view(), name="batch"),
    path("batches/<int:batch_id>/retry/", uploads.BatchRetry.as_view(), name="batch-retry"),
    path("search/", search.Search.as_view(), name="search"),
    path("search/batch/", search.SearchBatch.as_view(), name="search-batch"),
    path("results/<str:code>/", results.ResultDetail.as_view(), name="api-result"),
    path("results/<str:code>/photos/", results.ResultPhotos.as_view(), name="api-result-photos"),
    path("results/<str:code>/not-me/", results.ResultNotMe.as_view(), name="api-result-not-me"),
    path("results/<str:code>/share/", results.ResultShare.as_view(), name="api-result-share"),
    path(ATTENDEE, attendees.AttendeeDetail.as_view(), name="attendee"),
    path(f"{ATTENDEE}subscriptions/", attendees.SubscriptionList.as_view(), name="attendee-subscriptions"),
    path(f"{ATTENDEE}subscriptions/<slug:slug>/", attendees.SubscriptionDetail.as_view(), name="attendee-subscription"),
    path("notifications/claim/", notifications.NotificationClaim.as_view(), name="notification-claim"),
    path(
        "notifications/<int:notification_id>/done/", notifications.NotificationDone.as_view(), name="notification-done"
    ),
    path("register/", registration.Register.as_view(), name="register"),
    path("forget/", erasures.Forget.as_view(), name="api-forget"),
    path("opt-out/", erasures.OptOut.as_view(), name="api-opt-out"),
    path("users/", people.PersonList.as_view(), name="users"),
    path("users/<uuid:user_id>/", people.PersonDetail.as_view(), name="user"),
    path("users/<uuid:user_id>/photos/", people.PersonPhotos.as_view(), name="user-photos"),
    path("users/<uuid:user_id>/faces/", people.PersonFaces.as_view(), name="user-faces"),
    path("users/<uuid:user_id>/merge/", deciding.PersonMerge.as_view(), name="user-merge"),
    path("users/<uuid:user_id>/differ/", deciding.PersonDiffer.as_view(), name="user-differ"),
    path("users/<uuid:user_id>/split/", deciding.PersonSplit.as_view(), name="user-split"),
    path("users/<uuid:user_id>/move/", deciding.PersonMove.as_view(), name="user-move"),
    path("users/<uuid:user_id>/confirm/", deciding.PersonConfirm.as_view(), name="user-confirm"),
    path("users/<uuid:user_id>/reject/", deciding.PersonReject.as_view(), name="user-reject"),
    path("faces/dismiss/", deciding.FacesDismiss.as_view(), name="faces-dismiss"),
    path("decisions/", ledger.DecisionList.as_view(), name="decisions"),
    path("decisions/<int:decision_id>/undo/", ledger.DecisionUndo.as_view(), name="decision-undo"),
    path("events/<slug:slug>/suggestions/", suggestions.SuggestionList.as_view(), name="event-suggestions"),
    path("suggestions/<int:suggestion_id>/answer/", suggestions.SuggestionAnswer.as_view(), name="suggestion-answer"),
]
