"""When two images are duplicates: they show the same picture, re-saved, resized, slightly cropped, brighter or darker.

Similar images, such as two shots of a burst, are none. What is found and what not: docs/media-duplicates.md.
"""

from media_index.engines.base import Scale
from media_index.overlap import SAME_PICTURE

CANDIDATE_BITS = 7  # images whose pHashes differ in at most so many bits are compared,
CANDIDATE_NEIGHBOURS = 16  # and so many with the nearest embeddings: a crop moves a pHash too far
# A copy without its colours has the same pHash and another embedding: where the hashes agree, pictures may be so many
# times as far apart as similar ones. Dark and nearly flat pictures, whose hashes agree by chance, are farther.
_WITH_EQUAL_HASHES = 1.5


def is_candidate(*, distance_bits: int, embedding_distance: float, is_flat: bool, scale: Scale) -> bool:
    """Whether it is worth laying two pictures upon each other.

    `distance_bits` are those of their pHashes, `embedding_distance` is cosine and `scale` what it means; `is_flat` when
    one of them is flat: such a picture only ever has exact copies.
    """
    hashes_agree = distance_bits <= CANDIDATE_BITS
    farthest = _WITH_EQUAL_HASHES * scale.similar if hashes_agree else scale.duplicate
    return not is_flat and embedding_distance <= farthest


def is_duplicate(*, distance_bits: int, embedding_distance: float, overlap: float, is_flat: bool, scale: Scale) -> bool:
    """Whether two images show the same picture; `overlap` is that of their thumbnails (media_index.overlap)."""
    return overlap >= SAME_PICTURE and is_candidate(
        distance_bits=distance_bits, embedding_distance=embedding_distance, is_flat=is_flat, scale=scale
    )
