"""The addresses of attendees."""

from django.urls import path

from faces.pages import event, files, find, privacy, result

urlpatterns = [
    path("e/<slug:slug>/", event.event_page, name="event-page"),
    path("e/<slug:slug>/find/", find.find, name="event-find"),
    path("r/<str:code>/", result.result, name="result"),
    path("r/<str:code>/photos/", result.photos, name="result-photos"),
    path("r/<str:code>/not-me/", result.not_me, name="result-not-me"),
    path("r/<str:code>/share/", result.share, name="result-share"),
    path("r/<str:code>/forget/", privacy.forget, name="result-forget"),
    path("s/<str:code>/", result.shared, name="shared"),
    path("s/<str:code>/photos/", result.shared_photos, name="shared-photos"),
    path("opt-out/", privacy.opt_out, name="opt-out"),
    path("receipt/<str:number>/", privacy.receipt, name="receipt"),
    path("f/<str:token>/<path:name>", files.photo_file, name="attendee-file"),
    path("r/<str:code>/zip/", files.result_zip, name="attendee-zip"),
    path("s/<str:code>/zip/", files.shared_zip, name="shared-zip"),
]
