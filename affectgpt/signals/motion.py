"""How fast things move in a picture: dense optical flow against the camera, read inside and around a face."""

from __future__ import annotations

import numpy as np

from ..relay import check
from ..schema import Face

FLOW_PX = 160  # long side of the pictures in which movement is measured
MIN_FLOW_PX = 48  # shortest side: OpenCV 4.14 crashes (segmentation fault) on 160 x 30 and flatter
USED_HEIGHT = 0.8  # share of the picture from the top: subtitles and tickers below are ignored
BODY_ABOVE, BODY_BELOW, BODY_ASIDE = 0.6, 4.0, 2.0  # the window around a face, in box heights and widths
BODY_LEAST = 3.0  # face areas: in a tight shot what is left beside the box is hair, ears and neck
BLOCK_PX = 31  # side of the blocks in which a movement must explain the picture ...
EXPLAINED = 0.95  # ... to less than this share of the error of a still picture
EXPLAINED_LUMA = 0.3  # ... and better by so many levels of 255
NO_FACE_WIDTH = 0.2  # of the picture width: the unit of movement where there is no face


def flow_speed(track: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T, h, w) float16: the speed of every point in pixels of the small picture per second.

    The long side of the small picture is `FLOW_PX`. The median flow, the camera's, is taken off, and where
    the rest does not explain the picture (compression, letters that appear) the speed is 0. The first
    frame has no speed: NaN. Without OpenCV there is none at all.
    """
    total, height, width = track.shape[:3]
    scale = min(1.0, FLOW_PX / max(height, width, 1))
    small = tuple(max(MIN_FLOW_PX, round(side * scale)) for side in (width, height))
    twice = (2 * small[0], 2 * small[1])
    speed = np.full((total, small[1], small[0]), np.nan, np.float16)
    try:
        import cv2
    except ImportError:
        return speed
    tool = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    used = round(USED_HEIGHT * small[1])
    before = None
    for i in range(total):
        check()
        grey = cv2.cvtColor(track[i], cv2.COLOR_RGB2GRAY)
        grey = cv2.resize(grey, twice)  # INTER_AREA by a broken factor takes four times as long as both
        grey = cv2.resize(grey, small, interpolation=cv2.INTER_AREA)
        if before is not None:
            flow = tool.calc(before, grey, None)  # (h, w, 2)
            camera = np.median(flow[:used].reshape(-1, 2), axis=0)
            moved, still = (_error(before, grey, way) for way in (flow, np.full_like(flow, camera)))
            real = (moved < EXPLAINED * still) & (still - moved > EXPLAINED_LUMA)
            rest = flow - camera
            speed[i] = real * np.hypot(rest[..., 0], rest[..., 1]) / max(1e-3, times_s[i] - times_s[i - 1])
        before = grey
    return speed


def _error(before: np.ndarray, after: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """(h, w) levels by which `before` differs from where `flow` (h, w, 2) leads in `after`, in blocks."""
    import cv2

    height, width = after.shape
    rows, columns = np.indices((height, width), np.float32)
    found = cv2.remap(
        after, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.blur(cv2.absdiff(before, found).astype(np.float32), (BLOCK_PX, BLOCK_PX))


def motion_curves(
    speed: np.ndarray, main: Face | None, track_width: int, cuts: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Speeds (T, h, w) -> three curves (T,) float32, NaN at cuts and where there is no face.

    `face_motion`: median inside the box, in face widths per second; `body_motion`: 90th percentile in a
    window around the face without it, NaN where that is smaller than `BODY_LEAST`; `picture_motion`: 90th
    percentile, in fifths of the width per second.
    """
    total, height, width = speed.shape
    used = round(USED_HEIGHT * height)
    out = {
        name: np.full(total, np.nan, np.float32) for name in ("face_motion", "body_motion", "picture_motion")
    }
    boxes = (
        {}
        if main is None
        else dict(zip(main.index.tolist(), main.boxes * (width / track_width), strict=True))
    )
    for i in range(1, total):
        if i in cuts or np.isnan(speed[i, 0, 0]):
            continue
        out["picture_motion"][i] = np.percentile(speed[i, :used], 90) / (NO_FACE_WIDTH * width)
        if i not in boxes:
            continue
        x0, y0, x1, y1 = boxes[i]
        w, h = x1 - x0, y1 - y0
        face = _window(x0, y0, x1, y1, used)
        body = _window(
            x0 - BODY_ASIDE * w, y0 - BODY_ABOVE * h, x1 + BODY_ASIDE * w, y1 + BODY_BELOW * h, used
        )
        around = speed[i].copy()
        around[face] = np.nan
        inside, beside = speed[i][face], around[body]
        beside = beside[~np.isnan(beside)]
        if inside.size:
            out["face_motion"][i] = np.median(inside) / w
        if beside.size >= BODY_LEAST * w * h:
            out["body_motion"][i] = np.percentile(beside, 90) / w
    return out


def _window(x0: float, y0: float, x1: float, y1: float, used: int) -> tuple[slice, slice]:
    rows = slice(max(0, int(y0)), max(0, min(used, round(float(y1)))))
    return rows, slice(max(0, int(x0)), max(0, round(float(x1))))
