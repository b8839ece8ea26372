"""What is known of every image, by the content of its file."""

from media_index.models.clusters import ImageCluster, ImageClusterMember
from media_index.models.duplicates import DuplicateDecision, DuplicatePair
from media_index.models.images import Image, Tag
from media_index.models.sources import Source, SourceFile
from media_index.models.vectors import ImageContract, ImageEmbedding, ImageHash

__all__ = [
    "DuplicateDecision",
    "DuplicatePair",
    "Image",
    "ImageCluster",
    "ImageClusterMember",
    "ImageContract",
    "ImageEmbedding",
    "ImageHash",
    "Source",
    "SourceFile",
    "Tag",
]
