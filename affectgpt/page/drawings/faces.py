"""Thumbnails of the main face at a few moments, or of the whole picture where no face was followed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import Clip, Language
from ...signals import expression
from ..text import say

SIDE_PX = 96
JPEG_QUALITY = 80
MARGIN = 0.35  # of the face box, on every side
APART = 0.5  # of the distance of evenly spread moments: peaks that lie nearer to another are left out
PEAK_CURVES = ("smile", "brow_mid", "face_motion")  # shown where they are highest


@dataclass(frozen=True)
class Crop:
    """One thumbnail: seconds from the start, a JPEG in base64, and whether it shows the main face."""

    time_s: float
    jpeg: str
    face: bool = True


def face_crops(clip: Clip, count: int = 8) -> tuple[Crop, ...]:
    """Return up to `count` thumbnails, in order: of the main face, or else of the whole picture.

    They are spread over the clip; up to three show a moment at which a smile, the brows or the movement of
    the face are at their highest. A clip without a picture has none.
    """
    if not clip.has_picture or count < 1:
        return ()
    main = clip.faces.main
    where = np.arange(len(clip.track)) if main is None else main.index[main.found]
    if not len(where):
        return ()
    boxes = {} if main is None else dict(zip(main.index.tolist(), main.boxes.tolist(), strict=True))
    return tuple(
        Crop(round(float(clip.track_times_s[at]), 2), _jpeg(clip.track[at], boxes.get(at)), main is not None)
        for at in _moments(clip, where.tolist(), count)
    )


def _moments(clip: Clip, where: list[int], count: int) -> list[int]:
    """Positions in the track: peaks first, the rest as far from all others as can be."""
    if len(where) <= count:
        return where
    times_s = np.asarray(clip.track_times_s, float)
    apart_s = APART * (times_s[where[-1]] - times_s[where[0]]) / count
    chosen: list[int] = []
    if clip.faces.main is not None:
        measured = expression.analyse(clip)
        for name in PEAK_CURVES:
            curve = getattr(measured, name)[where]
            if np.isnan(curve).all():
                continue
            at = where[int(np.nanargmax(curve))]
            if all(abs(times_s[at] - times_s[other]) >= apart_s for other in chosen) and len(chosen) < count:
                chosen.append(at)
    for at in (where[0], where[-1]):
        if at not in chosen and len(chosen) < count and count > len(PEAK_CURVES) + 1:
            chosen.append(at)
    while len(chosen) < count:
        distance = [
            min((abs(times_s[at] - times_s[other]) for other in chosen), default=np.inf) for at in where
        ]
        chosen.append(where[int(np.argmax(distance))])
    return sorted(chosen)


def _jpeg(picture: np.ndarray, box: list[float] | None) -> str:
    """(H, W, 3) -> JPEG in base64 of a square around the face, or of the middle of the picture."""
    import cv2

    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box or (0, 0, width, height)
    side = (1 + 2 * MARGIN) * max(x1 - x0, y1 - y0) if box else min(height, width)
    side = int(max(2, min(side, height, width)))
    left = int(min(max(0, (x0 + x1 - side) / 2), width - side))
    top = int(min(max(0, (y0 + y1 - side) / 2), height - side))
    square = picture[top : top + side, left : left + side]
    small = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), options)
    return base64.b64encode(coded.tobytes()).decode()


def strip(crops: Sequence[Crop], language: Language) -> str:
    """Return the thumbnails as buttons that move the player; empty without any."""
    if not crops:
        return ""
    faces = crops[0].face
    pictures = ""
    for crop in crops:
        second = f"{crop.time_s:.1f}"
        alt = say("face_alt" if crop.face else "face_frame_alt", language, second=second)
        pictures += (
            f'<li><button type="button" data-seek="{crop.time_s:.2f}" '
            f'title="{say("seek", language, start=second)}">'
            f'<img src="data:image/jpeg;base64,{crop.jpeg}" width="{SIDE_PX}" height="{SIDE_PX}" alt="{alt}">'
            f"<span>{say('tl_second', language, second=second)}</span></button></li>"
        )
    title = say("face_title" if faces else "face_none", language)
    return f'<section class="ag-faces"><h3>{title}</h3><ol>{pictures}</ol></section>'
