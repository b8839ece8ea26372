"""Geometry of a face from its landmarks: alignment to a canonical crop, head pose, sharpness. Arrays in, arrays out."""

import cv2
import numpy as np
from numpy.typing import NDArray

CROP_PX = 112
# Where ArcFace networks expect eyes, nose and mouth corners in a crop of 112 x 112.
ARCFACE_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
# An average face in units of the distance between the eyes: how far nose tip and mouth lie below the eyes, and how
# far they stand out in front of them. Proportions as the detector's landmarks have them on frontal portraits.
_NOSE_BELOW, _NOSE_OUT = 0.57, 0.50
_MOUTH_BELOW, _MOUTH_OUT = 1.06, 0.10


def similarity_transform(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """The (2, 3) rotation, scale and shift that moves `source` (n, 2) nearest to `target` (n, 2) (Umeyama, 1991)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    centred = (source - source_mean).astype(np.float64)
    u, stretch, vt = np.linalg.svd((target - target_mean).T.astype(np.float64) @ centred)
    keep = np.array([1.0, np.sign(np.linalg.det(u @ vt))])  # a mirror image is not a rotation
    rotation = (u * keep) @ vt
    scale = (stretch * keep).sum() / max((centred**2).sum(), 1e-12)
    linear = scale * rotation
    return np.column_stack([linear, target_mean - linear @ source_mean])


def align(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The face as a (112, 112, 3) crop: `landmarks` (5, 2) in pixels of `pixels` (h, w, 3) land on the template.

    Pixels outside the picture are black, as the networks were trained.
    """
    matrix = similarity_transform(landmarks, ARCFACE_TEMPLATE)
    region, matrix = _reduced(pixels, matrix)
    crop = cv2.warpAffine(region, matrix, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8)


def _reduced(pixels: NDArray[np.uint8], matrix: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Pixels and matrix for a crop that is half the size or less: warping alone would skip pixels (aliasing)."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    step = int(1 / scale) if scale > 0 else 1
    if step < 2:
        return pixels, matrix
    corners = np.array([[0, 0], [CROP_PX, 0], [0, CROP_PX], [CROP_PX, CROP_PX]]) - matrix[:, 2]
    corners = corners @ np.linalg.inv(matrix[:, :2]).T
    height, width = pixels.shape[:2]
    left, top = np.clip(corners.min(axis=0).astype(int) - step, 0, [width - 1, height - 1])
    right, bottom = np.clip(corners.max(axis=0).astype(int) + step, [left + step, top + step], [width, height])
    columns, rows = max((right - left) // step, 1), max((bottom - top) // step, 1)
    region = pixels[top : top + rows * step, left : left + columns * step]
    reduced = cv2.resize(region, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    # A pixel of the reduced region has its centre in the middle of a block of step x step.
    centre = np.array([left, top]) + (step - 1) / 2
    shifted = matrix[:, 2] + matrix[:, :2] @ centre
    return np.asarray(reduced, np.uint8), np.column_stack([matrix[:, :2] * step, shifted])


def sharpness(crop: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian of an aligned RGB or BGR crop (112, 112, 3), made gray."""
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


def head_pose(landmarks: NDArray[np.float32]) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees from `landmarks` (5, 2) in pixels, of an average face seen from afar.

    Yaw is positive when the face looks to the viewer's right, pitch when it looks up, roll when it is tilted clockwise.
    Roll is the slope of the line of the eyes. In the eyes' frame a turn by the yaw moves what stands out of the face by
    its depth times tan(yaw), so the nose leaves the line from between the eyes to the mouth; and the pitch changes at
    which part of the way from the eyes down to the mouth it lies. Good to some ten degrees, since faces differ.
    """
    (nose_x, nose_y), mouth_left, mouth_right = in_eye_frame(landmarks[2:], *landmarks[:2])
    mouth_x, mouth_y = (mouth_left + mouth_right) / 2
    part = nose_y / max(mouth_y, 1e-6)
    yaw = np.arctan((nose_x - part * mouth_x) / max(_NOSE_OUT - part * _MOUTH_OUT, 0.1))
    pitch = np.arctan((_NOSE_BELOW - part * _MOUTH_BELOW) / max(_NOSE_OUT - part * _MOUTH_OUT, 0.1))
    return float(np.degrees(yaw)), float(np.degrees(pitch)), roll_of(*landmarks[:2])


def in_eye_frame(
    points: NDArray[np.float32], left_eye: NDArray[np.float32], right_eye: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Points (n, 2) seen from between the eyes: x along their line, y down the face, in units of their distance."""
    across = (right_eye - left_eye).astype(np.float64)
    square = max(float(across @ across), 1e-12)
    axes = np.array([across, [-across[1], across[0]]]) / square
    return np.asarray((points - (left_eye + right_eye) / 2) @ axes.T, np.float64)


def roll_of(left_eye: NDArray[np.float32], right_eye: NDArray[np.float32]) -> float:
    """The slope of the line of the eyes in degrees, positive clockwise."""
    across = right_eye - left_eye
    return float(np.degrees(np.arctan2(across[1], across[0])))
