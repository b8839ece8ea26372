"""Addresses; the only module of this room that sees the apps."""

from django.contrib import admin
from django.urls import include, path
from django.views import defaults
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from faces.metrics import photo_gauges
from media_index.pages.originals import original
from photofinder.api import error_page
from photofinder.health import healthz
from photofinder.media import media
from photofinder.metrics import Page, queue_gauges

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("", include("faces.pages.urls")),
    path("", include("videos.pages.urls")),
    path("api/v1/", include("faces.urls")),
    path("api/v1/", include("media_index.urls")),
    path("api/v1/", include("videos.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("media/originals/<slug:sha256>", original, name="original"),
    path("media/<path:key>", media, name="media"),
    path("healthz", healthz, name="healthz"),
    path("metrics", Page(queue_gauges, photo_gauges), name="metrics"),
]

handler400 = error_page(400, "malformed", "The request cannot be read.", defaults.bad_request)
handler403 = error_page(403, "permission_denied", "This is not allowed.", defaults.permission_denied)
handler404 = error_page(404, "not_found", "There is nothing at this address.", defaults.page_not_found)
handler500 = error_page(500, "server_error", "Something went wrong here; the log says what.", defaults.server_error)
