"""What somebody is looked for with: the vectors of their selfies, which nobody but the asker keeps.

A likeness leaves the site sealed, encrypted with the site's key, and comes back with the next question. So nothing of a
selfie has to be stored here for somebody to add another one, or to subscribe.
"""

import base64
import hashlib
import io
from dataclasses import dataclass

import numpy as np
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from faces.services.people import current_calibration, current_contract
from photofinder.errors import Problem
from photofinder.vectors import FACE_DIMENSIONS, padded

_MOST_VECTORS = 8
# Two photos of one person are hardly ever less alike; two of different people nearly always are.
_LEAST_SIMILARITY = 0.1


@dataclass(frozen=True)
class Likeness:
    """The unit vectors (k, 512) of one person's face, of one contract."""

    contract: str
    vectors: NDArray[np.float32]

    @property
    def mean(self) -> NDArray[np.float32]:
        """(512,) their normalised mean, which is nearer to the person's other faces than any one of them."""
        total = self.vectors.sum(axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)


def likeness_of(embedding: NDArray[np.float32]) -> Likeness:
    """The likeness of one face by the engine in use."""
    return Likeness(current_contract(), padded(embedding)[None])


def likeness_join(one: Likeness, other: Likeness) -> Likeness:
    """Both together. Raises Problem `another_person` when they are not alike, `likeness_expired` across engines."""
    if one.contract != other.contract:
        raise _expired()
    distance = float(1 - one.mean @ other.mean)
    if current_calibration().similarity(distance) < _LEAST_SIMILARITY:
        text = _("This does not look like the person of the first photo. Send another photo of the same person.")
        raise Problem("another_person", text)
    return Likeness(one.contract, np.vstack([one.vectors, other.vectors])[-_MOST_VECTORS:])


def likeness_seal(likeness: Likeness) -> str:
    """Encrypted text of some 1.5 KB for each vector."""
    buffer = io.BytesIO()
    np.save(buffer, likeness.vectors.astype(np.float16))
    head = likeness.contract.encode()
    return _fernet().encrypt(len(head).to_bytes(2, "big") + head + buffer.getvalue()).decode()


def likeness_unseal(text: str) -> Likeness:
    """What was sealed. Raises Problem `likeness_expired` an hour later, for another engine's, and for nonsense."""
    try:
        data = _fernet().decrypt(text.encode(), ttl=settings.LIKENESS_SECONDS)
        end = 2 + int.from_bytes(data[:2], "big")
        contract, vectors = data[2:end].decode(), np.load(io.BytesIO(data[end:]), allow_pickle=False)
    except (InvalidToken, ValueError, EOFError, OSError) as error:
        raise _expired() from error
    if contract != current_contract() or vectors.ndim != 2 or vectors.shape[1] != FACE_DIMENSIONS:
        raise _expired()
    return Likeness(contract, vectors.astype(np.float32))


def _expired() -> Problem:
    return Problem("likeness_expired", _("That was too long ago. Send the selfie again."))


def _fernet() -> Fernet:
    key = hashlib.sha256(b"photofinder.likeness:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
