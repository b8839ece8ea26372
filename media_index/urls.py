"""The addresses of the API of the media index."""

from django.urls import path

from media_index.api import clusters, duplicates, images, search, sources

urlpatterns = [
    path("media/search/", search.MediaSearch.as_view(), name="media-search"),
    path("media/similar/", search.PictureSimilar.as_view(), name="media-similar"),
    path("media/tags/", images.ImageTags.as_view(), name="media-tags"),
    path("media/ratings/", images.ImageRatings.as_view(), name="media-ratings"),
    path("media/clusters/", clusters.ClusterList.as_view(), name="media-clusters"),
    path("media/clusters/<int:cluster_id>/", clusters.ClusterDetail.as_view(), name="media-cluster"),
    path("media/clusters/<int:cluster_id>/merge/", clusters.ClusterMerge.as_view(), name="media-cluster-merge"),
    path("media/clusters/<int:cluster_id>/unmerge/", clusters.ClusterUnmerge.as_view(), name="media-cluster-unmerge"),
    path("media/duplicates/", duplicates.DuplicateList.as_view(), name="media-duplicates"),
    path("media/duplicates/<int:number>/dismiss/", duplicates.DuplicateDismiss.as_view(), name="media-dismiss"),
    path("media/duplicates/<int:number>/resolve/", duplicates.DuplicateResolve.as_view(), name="media-resolve"),
    path("media/duplicates/<int:number>/undo/", duplicates.DuplicateUndo.as_view(), name="media-undo"),
    path("media/sources/", sources.SourceList.as_view(), name="media-sources"),
    path("media/sources/<int:source_id>/", sources.SourceDetail.as_view(), name="media-source"),
    path("media/<slug:sha256>/", images.ImageDetail.as_view(), name="media-image"),
    path("media/<slug:sha256>/similar/", search.ImageSimilar.as_view(), name="media-image-similar"),
]
