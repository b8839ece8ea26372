"""The addresses of the API of films."""

from django.urls import path

from videos.api import clips, events, films, moments, parts, search

urlpatterns = [
    path("videos/", films.VideoList.as_view(), name="videos"),
    path("videos/search/", search.MomentSearch.as_view(), name="video-search"),
    path("videos/<int:video_id>/", films.VideoDetail.as_view(), name="video"),
    path("videos/<int:video_id>/parts/<int:start>/", parts.VideoPart.as_view(), name="video-part"),
    path("videos/<int:video_id>/complete/", parts.VideoComplete.as_view(), name="video-complete"),
    path("videos/<int:video_id>/events/", events.VideoEvents.as_view(), name="video-events"),
    path("videos/<int:video_id>/reindex/", films.VideoReindex.as_view(), name="video-reindex"),
    path("videos/<int:video_id>/clip/", clips.VideoClip.as_view(), name="video-clip"),
    path("users/<uuid:user_id>/moments/", moments.PersonMoments.as_view(), name="user-moments"),
]
