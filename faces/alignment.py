"""Geometry of a face from its landmarks: alignment to a canonical crop, head pose, sharpness. Arrays in, arrays out."""

import cv2
import numpy as np
from numpy.typing import NDArray

CROP_PX = 112
# Where ArcFace networks expect eyes, nose and mouth corners in a crop of 112 x 112.
ARCFACE_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
# The same five points in space, in units of the distance between the eyes: x to the viewer's right, y down, z away
# from the viewer. x and y are the template's; the nose stands out of the plane of the eyes, the mouth a little.
FIVE_POINT_MODEL = np.array(
    [[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.57, -0.45], [-0.41, 1.16, -0.1], [0.41, 1.16, -0.1]], np.float64
)
# A camera at this many eye distances: far enough that perspective hardly matters, as with any portrait lens.
_CAMERA_DISTANCE = 30.0


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


def head_pose(points: NDArray[np.float32], model: NDArray[np.float64] = FIVE_POINT_MODEL) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of a head whose `model` points (n, 3) are seen at `points` (n, 2) pixels.

    Yaw is positive when the face turns to the viewer's right, pitch when it looks up, roll when it is tilted
    clockwise as the viewer sees it. Five points and an average face: good to some ten degrees, enough to tell a
    profile from a face that looks at the camera.
    """
    spread = max(float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean()), 1e-6)
    normal = ((points - points.mean(axis=0)) / spread).astype(np.float64)
    camera = np.diag([_CAMERA_DISTANCE, _CAMERA_DISTANCE, 1.0])
    found, turn, _ = cv2.solvePnP(model, normal, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        return 0.0, 0.0, 0.0
    rotation, _ = cv2.Rodrigues(turn)
    return _angles(np.asarray(rotation, np.float64))


def _angles(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """Yaw, pitch, roll (degrees) of the direction in which the face looks and of its line of eyes."""
    gaze = -rotation[:, 2]
    yaw = np.arctan2(gaze[0], -gaze[2])
    pitch = np.arcsin(np.clip(-gaze[1], -1.0, 1.0))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))
