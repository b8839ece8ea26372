"""The addresses of attendees."""

from django.urls import path

from faces.pages import event, files, find, privacy, result

urlpatterns = [
    path("e/<slug:slug>/", event.event_page, name="event-page"),
    path("e/<slug:slug>/find/", find.find, name="event-find"),
    path("r/<slug:code>/", result.result, name="result"),
    path("r/<slug:code>/photos/", result.photos, name="result-photos"),
    path("r/<slug:code>/not-me/", result.not_me, name="result-not-me"),
    path("r/<slug:code>/share/", result.share, name="result-share"),
    path("r/<slug:code>/forget/", privacy.forget, name="result-forget"),
    path("s/<slug:code>/", result.shared, name="shared"),
    path("s/<slug:code>/photos/", result.shared_photos, name="shared-photos"),
    path("opt-out/", privacy.opt_out, name="opt-out"),
    path("receipt/<slug:number>/", privacy.receipt, name="receipt"),
    path("f/<str:token>/<path:name>", files.photo_file, name="attendee-file"),
    path("r/<slug:code>/zip/", files.result_zip, name="attendee-zip"),
    path("s/<slug:code>/zip/", files.shared_zip, name="shared-zip"),
]
