"""Measure what the main face and the picture around it do in time: curves without any judgement.

The rules that read them stand in `face_rules.py` and `visual_rules.py`. How the curves are computed: the
signal-engine specification, 4.3 to 4.5.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np

from ..remember import remembered
from ..schema import Clip, Face
from .curves import Expression, close_gaps, landmark_curves
from .motion import flow_speed, motion_curves

LANDMARK_CURVES = (
    "eye_distance_px", "smile", "mouth_open", "mouth_width", "corner_lift", "lip_height", "eye_open",
    "brow_inner", "brow_mid", "gaze_x", "gaze_y", "gaze_split", "yaw", "pitch", "roll",
)  # fmt: skip
SEEN_GAP_S = 0.45  # between two sightings no longer apart the face counts as in view; Haar looks every 0.2 s
BORDER_LUMA, BORDER_SHARE = 16.0, 0.02  # brighter points are picture; least share of them in a row or column
SMILE_CASCADE_PX = 160  # face size for the smile cascade


def analyse(clip: Clip) -> Expression:
    """Measure all curves of `clip`, once while its pictures are kept.

    Costs about 10 ms of wall time per frame on two cores. A clip without picture gives curves of length 0.
    """
    return remembered(clip.track, ("expression", clip.find_faces), lambda: _analyse(clip))


def _analyse(clip: Clip) -> Expression:
    """Movement runs in a second thread while the faces are tracked."""
    times_s, total = np.asarray(clip.track_times_s, float), len(clip.track)
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(copy_context().run, flow_speed, clip.track, times_s)
        faces = clip.faces
        speed = moving.result()  # (T, h, w)
    shots = np.searchsorted(np.array(faces.cuts, int), np.arange(total), side="right")
    curves = {name: np.full(total, np.nan, np.float32) for name in (*LANDMARK_CURVES, "eye_open_raw")}
    present, mesh = np.zeros(total, bool), np.zeros(total, bool)
    face_width, smile_weight = np.full(total, np.nan, np.float32), np.full(total, np.nan, np.float32)
    main = faces.main
    if main is not None:
        present[main.index] = main.found
        face_width[main.index] = (main.boxes[:, 2] - main.boxes[:, 0]) / clip.track.shape[2]
        if main.landmarks is not None:
            has = ~np.isnan(main.landmarks[:, 0, 0])
            at = main.index[has]
            mesh[at] = present[at] = True
            measured = landmark_curves(main.landmarks[has])
            curves["eye_open_raw"][at] = measured["eye_open"]
            for name in LANDMARK_CURVES:
                curves[name][at] = measured[name]
                curves[name] = median3(curves[name], shots)
        elif faces.backend == "haar":
            smile_weight[main.index[main.found]] = smile_weights(clip.track, main)
        for shot in np.unique(shots):  # a face is not in view across a cut
            mine = shots == shot
            present[mine] = close_gaps(present[mine], times_s[mine], SEEN_GAP_S)
    return Expression(
        times_s=times_s,
        present=present,
        mesh=mesh,
        shots=shots,
        face_width=face_width,
        luma=picture_luma(clip.track),
        smile_weight=smile_weight,
        **curves,
        **motion_curves(speed, main, clip.track.shape[2], faces.cuts),
    )


def median3(curve: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Running median (T,) over 3 frames that looks neither across a cut nor into a gap."""
    out = curve.copy()
    for i in range(1, len(curve) - 1):
        three = curve[i - 1 : i + 2]
        if shots[i - 1] == shots[i + 1] and not np.isnan(three).any():
            out[i] = np.median(three)
    return out


def picture_luma(track: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T,) float32 mean brightness 0..255, without borders that stay black all the time."""
    if not len(track):
        return np.zeros(0, np.float32)
    grey = np.stack([frame[::4, ::4] @ np.array((0.299, 0.587, 0.114), np.float32) for frame in track])
    bright = grey.max(0) > BORDER_LUMA  # (h, w)
    rows, columns = (np.flatnonzero(bright.mean(axis) > BORDER_SHARE) for axis in (1, 0))
    if len(rows) and len(columns):
        grey = grey[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return grey.mean((1, 2), dtype=np.float32)


def smile_weights(track: np.ndarray, face: Face) -> np.ndarray:
    """Level weight of OpenCV's smile cascade in the lower half of the face, (n,) where the face was found.

    The weight tells smiles from other mouths; "found or not" does not: it fires on half of all other faces.
    """
    import cv2

    cascade = cv2.CascadeClassifier(os.path.join(cv2.data.haarcascades, "haarcascade_smile.xml"))
    weights = []
    boxes = face.boxes[face.found].round().astype(int)
    for i, (x0, y0, x1, y1) in zip(face.index[face.found], boxes, strict=True):
        crop = track[i][max(0, y0) : y1, max(0, x0) : x1]
        grey = cv2.cvtColor(cv2.resize(crop, (SMILE_CASCADE_PX, SMILE_CASCADE_PX)), cv2.COLOR_RGB2GRAY)
        lower = grey[SMILE_CASCADE_PX // 2 :]
        found = cascade.detectMultiScale3(lower, 1.1, 8, minSize=(35, 18), outputRejectLevels=True)
        weights.append(float(np.max(found[2])) if len(found[2]) else 0.0)
    return np.array(weights, np.float32)
