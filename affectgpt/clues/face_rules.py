"""The clues a face gives while a condition on its curves holds: the test, the sentence, the weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..signals.curves import FLICKER_S, Expression, close_gaps, extend, runs
from . import visual_rules as c
from .visual_rules import Rule


@dataclass(frozen=True)
class FaceRule(Rule):
    """A clue where `test` holds for `min_s`, in all over `min_share` of the clip; `curve` gives its value."""

    test: Callable[[Expression], np.ndarray] = lambda face: face.mesh
    curve: Callable[[Expression], np.ndarray] = lambda face: face.smile
    min_s: float = 0.3
    min_share: float = 0.0
    min_px: float = 0.0


def frown_index(face: Expression) -> np.ndarray:
    """(T,) 0 with the brows at rest, 1 when both are `c.BROW_STEP` lower."""
    inner, middle = c.BROW_REST
    return 0.5 * (inner - face.brow_inner) / c.BROW_STEP + 0.5 * (middle - face.brow_mid) / c.BROW_STEP


def front(face: Expression) -> np.ndarray:
    """(T,) bool: mouth and brows can be read."""
    return (np.abs(face.yaw) < c.NEAR_FRONT_DEG) & (np.abs(face.pitch) < c.LEVEL_DEG)


def _low(curve: np.ndarray) -> float:
    return float(np.nanpercentile(curve, 20))


def _smiling(face: Expression) -> np.ndarray:
    return front(face) & (face.smile > c.SMILE) & (face.corner_lift > c.SMILE_LIFT)


def _smiling_slightly(face: Expression) -> np.ndarray:
    silent = (face.mouth_open < c.LIPS_SHUT) & (face.corner_lift > c.SLIGHT_LIFT)
    return front(face) & (face.smile > c.SLIGHT_SMILE) & (silent | (face.corner_lift > c.TALKING_LIFT))


def _grimacing(face: Expression) -> np.ndarray:
    mouth = (
        (face.mouth_width > c.GRIMACE_WIDTH)
        & (face.corner_lift < c.SMILE_LIFT)
        & (face.mouth_open < c.GRIMACE_SHUT)
    )
    return front(face) & mouth & (face.eye_open < c.GRIMACE_EYES)


def _corners_down(face: Expression) -> np.ndarray:
    # under brows drawn down hard the mesh lowers the corners of a level mouth too
    down = (face.corner_lift < c.CORNERS_DOWN) & (frown_index(face) <= c.FROWN)
    return front(face) & down & (face.smile < 0)


def _brows_lowered(face: Expression) -> np.ndarray:
    index, plain = frown_index(face), front(face) & (face.smile <= c.SLIGHT_SMILE)
    # a raise must not make the brow at rest look lowered
    rest = plain & ~_brows_up(face)
    if rest.sum() * face.step_s < c.REST_S:
        return np.zeros(len(index), bool)
    usual = float(np.median(index[rest]))
    core = plain & (index > max(usual + c.LOWERED, c.LOWERED_LEAST))
    return extend(core, plain & (index > max(usual + c.LOWERED / 2, c.LOWERED_LEAST / 2)), face, c.LOWERED_S)


def _brows_up(face: Expression) -> np.ndarray:
    level = front(face) & (np.abs(face.pitch) < c.BROW_UP_PITCH)
    up, rising = np.zeros(len(face.mesh), bool), np.zeros(len(face.mesh), bool)
    for curve, limit in ((face.brow_inner, c.BROW_UP[0]), (face.brow_mid, c.BROW_UP[1])):
        low = _low(curve)
        least = max(limit, min(low + c.BROW_RISE, limit + c.BROW_HIGH))
        up |= curve > least
        rising |= curve > min(least, (low + least) / 2)
    low = _low(face.brow_mid)  # a low brow rises as clearly without reaching the limit
    least = max(c.BROW_UP_LEAST, low + c.BROW_UP_ABOVE)
    up |= face.brow_mid > least
    rising |= face.brow_mid > (low + least) / 2 + 0.005
    raised = extend(level & up, level & rising, face, c.BROW_UP_S)
    # blinks and frowns pull the low of a short clip down: also half-way up from the brow at rest to the peak
    half, elsewhere = up.copy(), level & ~raised
    for curve, rest, least in (
        (face.brow_inner, c.BROW_REST[0], c.BROW_UP[0]),
        (face.brow_mid, c.BROW_REST[1], c.BROW_UP_LEAST),
    ):
        rest = min(rest, float(np.median(curve[elsewhere]))) if elsewhere.any() else rest
        for start, end in runs(raised):
            peak = np.nanmax(curve[start:end])
            half[start:end] |= (peak > least) & (curve[start:end] > (rest + peak) / 2)
    return raised & close_gaps(half, face.times_s, FLICKER_S)


def _eyes_wide(face: Expression) -> np.ndarray:
    usual = float(np.nanpercentile(face.eye_open, 75))  # the open eye, whatever the blinks
    least = max(c.EYES_WIDE, min(usual + c.EYES_ABOVE, c.EYES_HIGH))
    near = np.abs(face.yaw) < c.NEAR_FRONT_DEG
    return extend(near & (face.eye_open > least), near & (face.eye_open > c.EYES_WIDE), face, c.EYES_WIDE_S)


def _lips_pressed(face: Expression) -> np.ndarray:
    thin = face.lip_height < c.PRESSED * np.nanmedian(face.lip_height)
    return front(face) & thin & (face.mouth_open < c.PRESSED_SHUT)


def _cast_down(face: Expression) -> np.ndarray:
    lids = (face.eye_open > c.EYES_CLOSED) & (face.eye_open < c.CAST_DOWN) & (face.gaze_y > c.CAST_DOWN_Y)
    squint = _brows_lowered(face) | (frown_index(face) > c.FROWN)  # such lids tell nothing of the gaze
    return (np.abs(face.yaw) < c.NEAR_FRONT_DEG) & lids & (face.smile <= c.SLIGHT_SMILE) & ~squint


FACE_RULES: dict[str, FaceRule] = {
    "smile": FaceRule(
        "A full smile shows {when}: the mouth is drawn wide and its corners are clearly up (smile index "
        "{value:.2f}).",
        "{when}露出明显的笑容：嘴角上扬，嘴向两侧拉开（笑容指数 {value:.2f}）。",
        "index",
        f"smile index > {c.SMILE}, mouth corners > {c.SMILE_LIFT} eye distances above the middle of the "
        "lips, >= 0.3 s",
        (0.8, 0.25, 0.2),
        1.0,
        _smiling,
    ),
    "slight_smile": FaceRule(
        "The corners of the mouth are slightly up {when}, as in a faint smile (smile index {value:.2f}; 1 "
        "is a full smile).",
        "{when}嘴角微微上扬，像是浅浅的微笑（笑容指数 {value:.2f}，满笑为 1）。",
        "index",
        f"smile index > {c.SLIGHT_SMILE}, mouth corners up (more so while the lips are open), >= 0.4 s",
        (0.4, 0.0, 0.1),
        0.8,
        _smiling_slightly,
        min_s=0.4,
        min_share=c.SLIGHT_SHARE,
    ),
    "grimace": FaceRule(
        "The mouth is pulled wide without its corners going up while the eyes are squeezed shut {when}, a "
        "grimace rather than a smile (mouth {value:.2f} eye distances wide).",
        "{when}嘴被拉宽、嘴角却没有上扬，双眼紧闭，更像痛苦的表情而不是笑（嘴宽为眼距的 {value:.2f} 倍）。",
        "eye distances",
        f"mouth > {c.GRIMACE_WIDTH} eye distances wide, corners not up, eyes open < {c.GRIMACE_EYES}, lips "
        "shut, >= 0.4 s",
        (-0.6, 0.1, -0.4),
        0.8,
        _grimacing,
        lambda face: face.mouth_width,
        0.4,
    ),
    "corners_down": FaceRule(
        "The corners of the mouth point down {when} ({value:.2f} eye distances below the middle of the "
        "lips).",
        "{when}嘴角下垂（比双唇中部低约 {value:.2f} 倍眼距）。",
        "eye distances",
        f"mouth corners > {-c.CORNERS_DOWN} eye distances below the middle of the lips, >= 0.4 s, over 30 % "
        "of the clip, without a hard frown",
        (-0.35, 0.0, -0.1),
        0.6,
        _corners_down,
        lambda face: -face.corner_lift,
        0.4,
        c.CORNERS_SHARE,
    ),
    "frown": FaceRule(
        "The brows are drawn down hard over the eyes {when} (frown index {value:.2f}; a brow at rest is "
        "near 0).",
        "{when}眉头紧皱，眉毛低低地压在眼睛上方（皱眉指数 {value:.2f}，放松时接近 0）。",
        "index",
        f"frown index > {c.FROWN} without a smile, >= 0.4 s, over 30 % of the clip",
        (-0.5, 0.3, 0.3),
        0.9,
        lambda face: front(face) & (frown_index(face) > c.FROWN) & (face.smile <= c.SLIGHT_SMILE),
        frown_index,
        0.4,
        c.FROWN_SHARE,
        c.FAR_PX,
    ),
    "brows_lowered": FaceRule(
        "The brows come down towards the eyes {when}, lower than in the relaxed moments of the clip (frown "
        "index {value:.2f}).",
        "{when}眉毛压低、靠近眼睛，明显低于片中放松的时候（皱眉指数 {value:.2f}）。",
        "index",
        f"frown index > {c.LOWERED} above the brow at rest in the clip and > {c.LOWERED_LEAST}, no smile, >= "
        f"{c.LOWERED_S} s; from and to half of that",
        (-0.3, 0.2, 0.15),
        0.5,
        _brows_lowered,
        frown_index,
        0.5,
        min_px=c.FAR_PX,
    ),
    "brows_up": FaceRule(
        "The eyebrows are raised {when} ({value:.2f} eye distances above the eyes; at rest about "
        f"{c.BROW_REST[1]}).",
        f"{{when}}眉毛抬起（高出眼角 {{value:.2f}} 倍眼距，放松时约 {c.BROW_REST[1]}）。",
        "eye distances",
        f"inner brow > {c.BROW_UP[0]} or middle > {c.BROW_UP[1]} eye distances above the eye corners and "
        f"higher than in the lower moments of the clip, or middle > {c.BROW_UP_LEAST} and {c.BROW_UP_ABOVE} "
        f"higher than in those, >= {c.BROW_UP_S} s; from and to half of the rise, from rest too",
        (0.0, 0.3, -0.1),
        0.6,
        _brows_up,
        lambda face: face.brow_mid,
        min_px=c.FAR_PX,
    ),
    "eyes_wide": FaceRule(
        "The eyes are opened wide {when} (lids apart by {value:.0f}% of the eye's width).",
        "{when}双眼睁得很大（睁开程度为眼宽的 {value:.0f}%）。",
        "%",
        f"lids apart by > {c.EYES_WIDE:.1%} of the eye's width, >= 0.3 s, in that > {c.EYES_ABOVE:.0%} more "
        f"than usually in the clip or > {c.EYES_HIGH:.0%}",
        (0.0, 0.4, -0.1),
        0.7,
        _eyes_wide,
        lambda face: 100 * face.eye_open,
        min_px=c.FAR_PX,
    ),
    "eyes_closed": FaceRule(
        "The lids are down {when}: the eyes are shut or cast right down (open by {value:.0f}% of their "
        "width).",
        "{when}眼睑垂下，双眼闭合或深深垂目（睁开程度仅为眼宽的 {value:.0f}%）。",
        "%",
        f"lids apart by < {c.EYES_CLOSED:.0%} of the eye's width, >= 0.5 s",
        (-0.15, -0.2, -0.2),
        0.5,
        lambda face: (np.abs(face.yaw) < c.NEAR_FRONT_DEG) & (face.eye_open < c.EYES_CLOSED),
        lambda face: 100 * face.eye_open,
        0.5,
        min_px=c.FAR_PX,
    ),
    "gaze_lowered": FaceRule(
        "The gaze is lowered {when}, with the lids half down (open by {value:.0f}% of the eye's width).",
        "{when}目光低垂，眼睑半掩（睁开程度为眼宽的 {value:.0f}%）。",
        "%",
        f"lids apart by {c.EYES_CLOSED:.0%} to {c.CAST_DOWN:.0%} of the eye's width, iris low, no smile, "
        "brows not drawn down, >= 0.5 s, over 25 % of the clip",
        (-0.1, -0.1, -0.15),
        0.4,
        _cast_down,
        lambda face: 100 * face.eye_open,
        0.5,
        0.25,
        c.FINE_PX,
    ),
    "mouth_open": FaceRule(
        "The mouth opens wide {when} (lips {value:.2f} eye distances apart).",
        "{when}嘴张得很大（上下唇相距 {value:.2f} 倍眼距）。",
        "eye distances",
        f"inner lips > {c.OPEN} eye distances apart without a smile, >= 0.25 s",
        (-0.05, 0.3, 0.05),
        0.5,
        lambda face: front(face) & (face.mouth_open > c.OPEN) & ~_smiling(face),
        lambda face: face.mouth_open,
        0.25,
    ),
    "lips_pressed": FaceRule(
        "The lips are pressed together {when}, thinner than in the rest of the clip ({value:.2f} eye "
        "distances high).",
        "{when}双唇紧抿，比片中其他时候更薄（唇高 {value:.2f} 倍眼距）。",
        "eye distances",
        f"shut lips thinner than {c.PRESSED:.0%} of their median in the clip, >= 0.4 s",
        (-0.2, 0.1, 0.0),
        0.4,
        _lips_pressed,
        lambda face: face.lip_height,
        0.4,
        min_px=c.FINE_PX,
    ),
}
REPLACED_BY = {
    "slight_smile": "smile",
    "brows_lowered": "frown",
    "gaze_lowered": "eyes_closed",
}  # the clearer one wins
