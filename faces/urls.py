"""The addresses of the API of events, photos and people."""

from django.urls import path

from faces.api import events, people, search, uploads

urlpatterns = [
    path("events/", events.EventList.as_view(), name="events"),
    path("events/<slug:slug>/", events.EventDetail.as_view(), name="event"),
    path("events/<slug:slug>/photos/", uploads.PhotoUpload.as_view(), name="event-photos"),
    path("batches/<int:batch_id>/", uploads.BatchDetail.as_view(), name="batch"),
    path("batches/<int:batch_id>/retry/", uploads.BatchRetry.as_view(), name="batch-retry"),
    path("search/", search.Search.as_view(), name="search"),
    path("search/batch/", search.SearchBatch.as_view(), name="search-batch"),
    path("users/", people.PersonList.as_view(), name="users"),
    path("users/<uuid:user_id>/", people.PersonDetail.as_view(), name="user"),
    path("users/<uuid:user_id>/photos/", people.PersonPhotos.as_view(), name="user-photos"),
    path("users/<uuid:user_id>/merge/", people.PersonMerge.as_view(), name="user-merge"),
    path("decisions/<int:decision_id>/undo/", people.DecisionUndo.as_view(), name="decision-undo"),
]
