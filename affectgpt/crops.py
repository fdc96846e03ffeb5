"""Aligned face crops like those that the official face checkpoints were trained on.

The official data (zeroQiaoba/MERTools, MER2025_Track1/feature_extraction/visual/extract_openface.py) are made
by OpenFace 2 with all its defaults (`FeatureExtraction -f VIDEO -out_dir DIR`): 112 x 112 pixels, -simscale
0.7, and black outside the face (the mask is on unless -nomask is given; lib/local/FaceAnalyser,
FaceAnalyserParameters.cpp). `AlignFaceMask` (Face_utils.cpp there) turns and scales the picture so that 24
rigid points of a 68-point face (8 of the jaw, the nose, the eyes) lie best on its mean shape, puts the middle
of the face at the middle of the crop, and keeps the hull of the points with brows and temples moved up by 30
pixels. Here the same is done with points of the face mesh. In an upright frontal face this puts the outer
corners of the eyes near (24, 29) and (88, 29), the base of the nose near (56, 61), the chin near (56, 108).

What differs: OpenFace writes a crop of every frame, also of those in which it lost the face.
"""

from __future__ import annotations

import numpy as np

from .schema import Clip, Face

SIDE_PX = 112  # all positions below are in crops of this side
RAISE_PX = 30.0  # of brows and temples, to keep the forehead

# (point of the mesh, its mirror image, x, y): where the points lie on average when faces in frontal view are
# laid on OpenFace's frame, whose place was measured on published OpenFace output. x of the mirror image is
# SIDE_PX - x.
JAW = (
    (127, 356, 7.0, 34.6),
    (234, 454, 7.6, 45.4),
    (93, 323, 8.4, 56.0),
    (132, 361, 10.1, 67.0),
    (58, 288, 13.6, 78.3),
    (136, 365, 23.5, 93.0),
    (150, 379, 30.0, 98.3),
    (176, 400, 41.0, 105.0),
    (152, 152, 56.0, 108.1),
)
BROWS = (
    (46, 276, 19.0, 18.7),
    (53, 283, 23.3, 14.9),
    (52, 282, 29.3, 13.0),
    (65, 295, 37.1, 13.3),
    (55, 285, 47.3, 16.9),
)
NOSE = (
    (168, 168, 56.0, 24.2),
    (197, 197, 56.0, 35.0),
    (5, 5, 56.0, 44.2),
    (98, 327, 44.4, 59.5),
    (97, 326, 50.8, 60.5),
    (2, 2, 56.0, 60.6),
)
EYES = (
    (33, 263, 24.4, 28.9),
    (133, 362, 43.3, 29.7),
    (153, 380, 37.5, 30.6),
    (144, 373, 30.5, 30.8),
)
RIGID = (*JAW[1:5], *NOSE, *EYES)
# The middle of the face is the mean of these (OpenFace: of its 68 points), which lies at MIDDLE.
ALL_68 = (
    *(127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356),  # jaw
    *(46, 53, 52, 65, 55, 285, 295, 282, 283, 276),  # brows
    *(168, 197, 5, 4, 98, 97, 2, 326, 327),  # nose
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),  # mouth
)
MIDDLE = (56.0, 55.6)

# Boxes of the detectors, on the same faces: width and centre in the crop.
BOX_OF_MESH_DETECTOR = (113.0, 56.0, 51.0)
BOX_OF_CASCADES = (122.0, 56.0, 42.0)


def aligned_faces(
    clip: Clip, side_px: int = SIDE_PX, *, count: int | None = None, mask: bool = True
) -> np.ndarray:
    """Cut the main person's face out of `clip.track`: (N, side_px, side_px, 3) uint8 RGB.

    N counts the frames that have a face: those with a mesh, turned so that an upright face's eyes are level;
    without any mesh those in which the detector saw the face, framed alike by its box and not turned. With
    `count` at most that many are cut, by the official rule: number floor(i * N / count) of them; where there
    are fewer, the processor repeats the last. N is 0 where there is no face. `mask` False keeps what lies
    outside the face (OpenFace's -nomask). Official files hold BGR: reverse the last axis. ValueError for a
    side or count below 1.
    """
    if side_px < 1 or (count is not None and count < 1):
        raise ValueError(f"side_px and count must be at least 1, not {side_px} and {count}")
    face = clip.faces.main
    rows = np.zeros(0, int) if face is None else chosen(face, count)
    out = np.zeros((len(rows), side_px, side_px, 3), np.uint8)
    box = BOX_OF_CASCADES if clip.faces.backend == "haar" else BOX_OF_MESH_DETECTOR
    done: dict[int, np.ndarray] = {}
    for crop, row in zip(out, rows.tolist(), strict=True):
        if row not in done:
            done[row] = _crop(clip.track[face.index[row]], face, row, box, side_px, mask)
        crop[:] = done[row]
    return out


def chosen(face: Face, count: int | None = None) -> np.ndarray:
    """Return the positions in `face.index` that `aligned_faces` cuts."""
    rows = _usable(face)
    if count is None or not len(rows):
        return rows
    count = min(count, len(rows))
    return rows[np.arange(count) * len(rows) // count]


def _usable(face: Face) -> np.ndarray:
    """Positions in `face.index` that can be cut."""
    if face.landmarks is not None:
        meshed = np.flatnonzero(np.isfinite(face.landmarks[:, :, :2]).all((1, 2)))
        if len(meshed):
            return meshed
    return np.flatnonzero(face.found)


def _crop(
    frame: np.ndarray, face: Face, row: int, box: tuple[float, float, float], side_px: int, mask: bool
) -> np.ndarray:
    import cv2

    points = None if face.landmarks is None else face.landmarks[row, :, :2].astype(float)
    if points is None or not np.isfinite(points).all():
        warp, hull = _from_box(face.boxes[row], box), _hull(_template(JAW), _template(BROWS))
    else:
        warp = _from_mesh(points)
        placed = points @ warp[:, :2].T + warp[:, 2]
        hull = _hull(placed[_both(JAW)], placed[_both(BROWS)])
    scale = side_px / SIDE_PX
    # linear and black beyond the picture, as OpenFace does it
    crop = cv2.warpAffine(frame, warp * scale, (side_px, side_px), flags=cv2.INTER_LINEAR)
    if mask:
        inside = np.zeros((side_px, side_px), np.uint8)
        corners = cv2.convexHull(np.round(hull * scale).astype(np.int32))
        cv2.fillConvexPoly(inside, corners, 1)
        crop *= inside[:, :, None]
    return crop


def _from_mesh(points: np.ndarray) -> np.ndarray:
    """(2, 3) similarity from a frame to the crop, for mesh points (478, 2) in the frame.

    Turn and scale bring the rigid points onto the template (Kabsch; scale is the ratio of the spreads), the
    shift brings the mean of all 68 to the middle.
    """
    source, target = points[_both(RIGID)], _template(RIGID)
    source, target = source - source.mean(0), target - target.mean(0)
    u, _, vt = np.linalg.svd(source.T @ target)
    turn = vt.T @ np.diag([1.0, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    spread = np.sqrt((source**2).sum())
    linear = turn * (np.sqrt((target**2).sum()) / max(spread, 1e-6))
    shift = np.array(MIDDLE) - linear @ points[list(ALL_68)].mean(0)
    return np.column_stack([linear, shift])


def _from_box(corners: np.ndarray, box: tuple[float, float, float]) -> np.ndarray:
    """(2, 3) upright similarity that puts a detector's box (x0, y0, x1, y1) where faces' boxes lie."""
    x0, y0, x1, y1 = corners.astype(float)
    width, *centre = box
    scale = width / max(x1 - x0, 1e-6)
    shift = np.array(centre) - scale * np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    return np.column_stack([scale * np.eye(2), shift])


def _hull(jaw: np.ndarray, brows: np.ndarray) -> np.ndarray:
    """The points whose hull is kept: the jaw, and the brows and the jaw's two ends moved up."""
    ends = jaw[[0, len(JAW)]]  # the first point and its mirror image
    return np.concatenate([jaw, ends - [0, RAISE_PX], brows - [0, RAISE_PX]])


def _both(half: tuple[tuple[int, int, float, float], ...]) -> list[int]:
    return [point for point, *_ in half] + [mirrored for _, mirrored, *_ in half]


def _template(half: tuple[tuple[int, int, float, float], ...]) -> np.ndarray:
    """(2 n, 2) positions in the crop of `_both(half)`."""
    return np.array([(x, y) for *_, x, y in half] + [(SIDE_PX - x, y) for *_, x, y in half])
