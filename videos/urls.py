"""The addresses of the API of films."""

from django.urls import path

from videos.api import moments, search

urlpatterns = [
    path("videos/search/", search.MomentSearch.as_view(), name="video-search"),
    path("users/<uuid:user_id>/moments/", moments.PersonMoments.as_view(), name="user-moments"),
]
