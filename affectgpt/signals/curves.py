"""The curves that a face draws in time: names, units, how 478 points become them, how spans are read off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Points of the face mesh. Of each pair the first is on the person's right, which is left in the picture.
EYE_OUTER, EYE_INNER = (33, 263), (133, 362)
LID_UPPER, LID_LOWER = (159, 386), (145, 374)
IRIS = (468, 473)
BROW_INNER, BROW_MID = (55, 285), (105, 334)
CHEEK = (234, 454)
BRIDGE, CHIN = 168, 152
LIP_CORNER = (61, 291)
LIP_INNER = (13, 14)  # upper, lower
LIP_OUTER = (0, 17)  # upper, lower

SMILE_WIDTH, SMILE_WIDTH_STEP = 0.55, 0.15  # eye distances: the mouth at rest, its growth in a full smile
SMILE_LIFT_STEP = 0.06  # eye distances: rise of the mouth corners in a full smile
BRIDGE_S, FLICKER_S = 0.35, 0.25  # shorter gaps in a movement are filled, and in its peak: one frame
ONE_EYE_YAW = 25.0  # degrees: beyond, only the nearer eye is read

Spans = tuple[tuple[float, float], ...]  # (start, end) in seconds


@dataclass(frozen=True, eq=False)
class Expression:
    """Curves of the main face at the times of the track; each is (T,) float32, NaN where it was not measured.

    Lengths are in eye distances (between the outer eye corners, in space), whatever the size of the face.
    `smile` is 0 at rest and 1 in a full smile. `eye_open` and the gaze are in eye widths: `gaze_x` is the
    iris off the middle of the eye, positive to the right of the picture, `gaze_y` below the line of the eye
    corners. `yaw` (positive: to the right of the picture), `pitch` (positive: down) and `roll` are in
    degrees. Movements are per second, against the camera, in face widths; `picture_motion` is in fifths of
    the picture width.
    """

    times_s: np.ndarray
    present: np.ndarray  # (T,) bool: the main face was seen by the detector or has a mesh
    mesh: np.ndarray  # (T,) bool: the landmark curves exist
    shots: np.ndarray  # (T,) int: number of the shot
    face_width: np.ndarray  # of the picture width, 0..1
    eye_distance_px: np.ndarray  # in the picture plane: the resolution of everything below
    smile: np.ndarray
    mouth_open: np.ndarray  # gap of the inner lips
    mouth_width: np.ndarray
    corner_lift: np.ndarray  # mouth corners above the middle of the lips
    lip_height: np.ndarray  # upper edge of the upper lip to lower edge of the lower lip
    eye_open: np.ndarray
    eye_open_raw: np.ndarray  # not smoothed: a blink may last one frame
    brow_inner: np.ndarray  # above the eye corners
    brow_mid: np.ndarray
    gaze_x: np.ndarray
    gaze_y: np.ndarray
    gaze_split: np.ndarray  # difference of the two eyes' gaze_x: the larger, the less it can be trusted
    yaw: np.ndarray
    pitch: np.ndarray
    roll: np.ndarray
    face_motion: np.ndarray
    body_motion: np.ndarray
    picture_motion: np.ndarray
    luma: np.ndarray  # mean brightness of the picture, 0..255
    smile_weight: np.ndarray  # of OpenCV's smile cascade, with the Haar backend only

    @property
    def step_s(self) -> float:
        """Seconds that one frame stands for."""
        return float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else 0.1

    def spans(self, mask: np.ndarray, min_s: float = 0.0) -> Spans:
        """Stretches of True in `mask` (T,) that last at least `min_s` within one shot."""
        found = []
        for start, end in runs(mask):
            for shot in np.unique(self.shots[start:end]):
                inside = start + np.flatnonzero(self.shots[start:end] == shot)
                span = (float(self.times_s[inside[0]]), float(self.times_s[inside[-1]] + self.step_s))
                if span[1] - span[0] >= min_s - 0.02:  # times of variable rate are not on a grid
                    found.append(span)
        return tuple(found)

    def inside(self, spans: Spans) -> np.ndarray:
        """(T,) bool: the frames whose middle lies in a span."""
        middle = self.times_s + self.step_s / 2
        mask = np.zeros(len(middle), bool)
        for start, end in spans:
            mask |= (middle > start) & (middle < end)
        return mask

    def share(self, spans: Spans) -> float:
        """Part of the clip that the spans cover, 0..1."""
        return float(self.inside(spans).mean()) if len(self.times_s) else 0.0


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """(T,) bool -> [start, end) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def close_gaps(mask: np.ndarray, times_s: np.ndarray, longest_s: float) -> np.ndarray:
    """(T,) bool with the stretches of False between two True that last at most `longest_s` filled."""
    out = mask.copy()
    for start, end in runs(~mask):
        if start > 0 and end < len(mask) and times_s[end] - times_s[start - 1] <= longest_s:
            out[start:end] = True
    return out


def extend(core: np.ndarray, around: np.ndarray, face: Expression, least_s: float) -> np.ndarray:
    """(T,) bool: the stretches of `around` that hold a stretch of `core` of at least `least_s`.

    So a movement that is clear at its peak is told from its onset to its end.
    """
    out = np.zeros(len(core), bool)
    sure = face.inside(face.spans(close_gaps(core, face.times_s, FLICKER_S), least_s))
    for start, end in runs(close_gaps(around | core, face.times_s, BRIDGE_S)):
        if sure[start:end].any():
            first, last = np.flatnonzero((around | core)[start:end])[[0, -1]]
            out[start + first : start + last + 1] = True
    return out


def landmark_curves(points: np.ndarray) -> dict[str, np.ndarray]:
    """(N, 478, 3) landmarks in pixels -> the landmark curves of `Expression`, each (N,), not smoothed."""
    points = points.astype(np.float64)
    axes = head_axes(points)  # (N, 3 axes, 3)
    forward = -axes[:, 2]
    scale = _length(points, *EYE_OUTER)  # (N,)
    head = (
        np.einsum("naj,nkj->nka", axes, points - points[:, BRIDGE, None]) / scale[:, None, None]
    )  # (N, 478, 3)
    down = head[:, :, 1]  # (N, 478) below the bridge of the nose
    corners = down[:, [*EYE_OUTER, *EYE_INNER]].mean(1)
    yaw = np.degrees(np.arctan2(forward[:, 0], -forward[:, 2]))

    width = _length(head, *LIP_CORNER)
    lift = down[:, LIP_OUTER].mean(1) - down[:, LIP_CORNER].mean(1)
    eyes = [_eye(head, points[:, :, :2], k) for k in (0, 1)]
    flat_width = np.stack([eye["flat_width"] for eye in eyes])  # (2, N)
    nearer, rows, one = flat_width.argmax(0), np.arange(len(points)), np.abs(yaw) > ONE_EYE_YAW

    def both(name: str) -> np.ndarray:
        pair = np.stack([eye[name] for eye in eyes])  # (2, N)
        return np.where(one, pair[nearer, rows], pair.mean(0))

    return {
        "eye_distance_px": _length(points[:, :, :2], *EYE_OUTER),
        "smile": 0.5 * (width - SMILE_WIDTH) / SMILE_WIDTH_STEP + 0.5 * lift / SMILE_LIFT_STEP,
        "mouth_open": _length(head, *LIP_INNER),
        "mouth_width": width,
        "corner_lift": lift,
        "lip_height": _length(head, *LIP_OUTER),
        "eye_open": both("open"),
        "brow_inner": corners - down[:, BROW_INNER].mean(1),
        "brow_mid": corners - down[:, BROW_MID].mean(1),
        "gaze_x": both("gaze_x"),
        "gaze_y": both("gaze_y"),
        "gaze_split": np.where(one, 0.0, np.abs(eyes[0]["gaze_x"] - eyes[1]["gaze_x"])),
        "yaw": yaw,
        "pitch": np.degrees(np.arcsin(np.clip(forward[:, 1], -1, 1))),
        "roll": np.degrees(np.arctan2(axes[:, 0, 1], axes[:, 0, 0])),
    }


def head_axes(points: np.ndarray) -> np.ndarray:
    """(N, 478, 3) -> (N, 3, 3): vectors to the right of the picture, down and to the back of the head."""
    across = points[:, EYE_OUTER[1]] - points[:, EYE_OUTER[0]]
    across = across + (points[:, CHEEK[1]] - points[:, CHEEK[0]]) / 2
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    down = points[:, CHIN] - points[:, BRIDGE]
    down = down - (down * across).sum(1, keepdims=True) * across
    down = down / np.linalg.norm(down, axis=1, keepdims=True)
    return np.stack([across, down, np.cross(across, down)], axis=1)


def _eye(head: np.ndarray, flat: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """Opening and gaze of one eye in eye widths, each (N,); across in the picture, down in the head."""
    width = _length(head, EYE_OUTER[k], EYE_INNER[k])
    left, right = (EYE_OUTER[0], EYE_INNER[0]) if k == 0 else (EYE_INNER[1], EYE_OUTER[1])
    a, b = flat[:, left], flat[:, right]
    along = b - a
    middle = (head[:, EYE_OUTER[k], 1] + head[:, EYE_INNER[k], 1]) / 2
    return {
        "open": _length(head, LID_UPPER[k], LID_LOWER[k]) / width,
        "gaze_x": ((flat[:, IRIS[k]] - (a + b) / 2) * along).sum(1) / (along**2).sum(1),
        "gaze_y": (head[:, IRIS[k], 1] - middle) / width,
        "flat_width": np.linalg.norm(along, axis=1),
    }


def _length(points: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(points[:, a] - points[:, b], axis=1)


def overlap(span: tuple[float, float], others: Spans) -> float:
    """Seconds of `span` that lie in the disjoint spans `others`."""
    return sum(max(0.0, min(span[1], end) - max(span[0], start)) for start, end in others)


def travels(
    curve: np.ndarray, readable: np.ndarray, face: Expression, *, within_s: float, least: float, rest: float
) -> tuple[float, Spans]:
    """Ways of a curve (T,) from one side to the other by more than `least`: the largest, the times of all.

    `rest`: the share of a way that is still the side.
    """
    way, first, last = _travel(curve, readable, face, within_s, rest)
    if way <= least:
        return 0.0, ()
    span = (float(face.times_s[first]), float(face.times_s[last] + face.step_s))
    frames = np.arange(len(readable))
    sides = (readable & (frames < first), readable & (frames > last))
    before, after = (
        travels(curve, side, face, within_s=within_s, least=least, rest=rest)[1] for side in sides
    )
    return way, (*before, span, *after)


def _travel(
    curve: np.ndarray, readable: np.ndarray, face: Expression, within_s: float, rest: float
) -> tuple[float, int, int]:
    """Largest way of a curve (T,) within `within_s` in one shot, and the frames between which it lies.

    Only frames in `readable` (T,) count; a side is where two neighbouring ones agree.
    """
    best = (0.0, 0, 0)
    for shot in np.unique(face.shots):
        at = np.flatnonzero(readable & (face.shots == shot))
        pairs = np.stack([curve[at[:-1]], curve[at[1:]]]) if len(at) > 1 else np.zeros((2, 0))
        near = np.diff(face.times_s[at]) <= FLICKER_S
        for turn in (1, -1):  # to the right, to the left
            low, high = (turn * pairs).max(0), (turn * pairs).min(0)
            for i in np.flatnonzero(near):
                ends = np.flatnonzero(
                    near & (face.times_s[at[1:]] + face.step_s - face.times_s[at[i]] <= within_s)
                )
                ends = ends[ends > i]
                k = ends[np.argmax(high[ends])] if len(ends) else i
                way = float(high[k] - low[i])
                if way > best[0]:
                    here = np.flatnonzero(near[i:k] & (low[i:k] <= low[i] + rest * way))
                    left = i + here[-1]  # the last pair on this side, the first on the other
                    there = np.flatnonzero(near[left : k + 1] & (high[left : k + 1] >= high[k] - rest * way))
                    best = (way, int(at[left + 1]), int(at[left + there[0]]))
    return best


def turning_points(curve: np.ndarray, least: float) -> list[int]:
    """Positions at which a curve (n,) without gaps turns back by `least` or more, and both its ends."""
    points, extreme, direction = [], 0, 0
    for i in range(1, len(curve)):
        step = curve[i] - curve[extreme]
        if direction == 0 and abs(step) >= least:
            points.append(extreme)
            direction, extreme = (1 if step > 0 else -1), i
        elif direction * step > 0:
            extreme = i
        elif -direction * step >= least:
            points.append(extreme)
            direction, extreme = -direction, i
    return [*points, extreme] if direction else points


def swings(
    curve: np.ndarray,
    other: np.ndarray,
    face: Expression,
    *,
    least: float,
    count: int,
    length_s: tuple[float, float],
    ratio: float,
) -> Spans:
    """Spans in which an angle (T,) swings to and fro `count` times or more, `ratio` times the other."""
    spans = []
    for start, end in runs(face.mesh):
        points = [start + p for p in turning_points(curve[start:end], least)]
        lengths = np.diff(face.times_s[points])
        quick = (lengths >= length_s[0] - 0.03) & (lengths <= length_s[1] + 0.03)
        for a, b in runs(quick):
            first, last = points[a], points[b]
            here = slice(first, last + 1)
            clear = np.ptp(curve[here]) > ratio * np.ptp(other[here])
            if b - a >= count and clear and face.shots[first] == face.shots[last]:
                spans.append((float(face.times_s[first]), float(face.times_s[last] + face.step_s)))
    return tuple(spans)
