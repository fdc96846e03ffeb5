"""Find the faces of a clip and follow them through its shots: tracks, the main person, 478 landmarks.

`Clip.faces` calls `track_faces`. Three backends, each a step down: mediapipe (boxes and landmarks), OpenCV's
Haar cascades (boxes), motion (nothing is looked for). Rules: the signal-engine specification, 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .schema import Clip, Face, Faces
from .signals.detectors import MESH_PX, Backend, Tool, open_tools, with_each

THUMB = (64, 36)  # width, height of the grey thumbnails in which cuts are seen
CUT_CORRELATION = 0.55  # below: the picture is another one ...
CUT_DIFFERENCE = 0.25  # ... if it also differs by this share of its brightness ...
CUT_SHIFTED, SHIFT_BLOCKS = 0.6, (12, 6)  # ... and does not correlate so well when it is shifted
FLAT_SD = 2.0  # grey levels: a thumbnail without contrast has no correlation; then only the difference counts
FLAT_DIFFERENCE = 0.5

LINK_DISTANCE = 0.7  # box widths between centres of one face in neighbouring frames
LINK_RATIO = 0.5  # smallest ratio of the two widths
DEAD_S = 0.65  # a track ends when it was not seen for longer than 6 frames at 10 fps
MERGE_S, MERGE_DISTANCE = 2.5, 1.0  # tracks across a gap, seconds and box widths
BRIDGE_S = 1.5  # boxes are interpolated over such gaps and held so long at both ends
MIN_TRACK, MAX_MIN_TRACK, MIN_TRACK_SHARE = 2, 6, 0.08  # frames a track must have been seen in
SAME_LOOK = 0.78  # likeness (0..1) of head and shoulders across a cut: strangers reach 0.70, one person 0.82
SAME_SIZE = 0.4  # smallest ratio of box widths across a cut

CANDIDATES = 3  # faces of similar weight whose mouths are compared
CANDIDATE_SHARE = 0.4  # of the largest weight
CANDIDATE_FRAMES = 24  # looked at per candidate
TALKING = 0.05  # standard deviation of the inner lip gap, in eye distances, that doubles a face's weight

CROP = 1.9  # side of the mesh crop in box sides
OTHER_LOOKS, OTHER_SHARE = 6, 0.5  # looks for a mesh on another face, share that must show one: ears show few
MESH_OFFSET = 0.5  # box widths the mesh's centre may lie from the box centre, or it belongs to somebody else
LANDMARKS = 478


def track_faces(clip: Clip, backend: Backend | None = None) -> Faces:
    """Find all faces of `clip.track` and follow them; `people[0]` is the main person.

    `backend` None takes the best that opens and says in `lost` what a lesser one cannot measure. A backend
    that is named is taken as it is; ImportError where it does not open. Each call owns its detector, so calls
    may run in several threads. No face is a legal answer: `people` is then empty.
    """
    cuts = find_cuts(clip.track)
    tools, lost = open_tools(backend)
    if not tools:
        return Faces("motion", cuts=cuts, lost=lost)
    try:
        frames, times_s = clip.track, clip.track_times_s
        looked = _look_at(times_s, tools[0].step_s)
        found = with_each(tools, lambda tool, i: tool.boxes(frames[i]), looked)
        tracks = link(found, looked, times_s, cuts)
        people = [fill(track, times_s, cuts) for track in _join_across_cuts(tracks, frames)]
        return Faces(tools[0].name, _rank(people, frames, tools), cuts, lost)
    finally:
        for tool in tools:
            tool.close()


def find_cuts(track: np.ndarray) -> tuple[int, ...]:
    """Positions in `track` (T, H, W, 3) at which a new shot begins."""
    small = np.stack([_thumbnail(frame) for frame in track]) if len(track) else np.zeros((0, 1))
    cuts = []
    for i in range(1, len(small)):
        a, b = small[i - 1], small[i]
        difference = np.abs(a - b).mean() / ((a.mean() + b.mean()) / 2 + 8)
        if min(a.std(), b.std()) <= FLAT_SD:
            is_cut = difference > FLAT_DIFFERENCE
        else:
            is_cut = difference > CUT_DIFFERENCE and np.corrcoef(a, b)[0, 1] < CUT_CORRELATION
            is_cut = is_cut and not _shifted(a, b)
        if is_cut:
            cuts.append(i)
    return tuple(cuts)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (2304,) grey block means, in numpy: cuts are seen without OpenCV too."""
    height, width = frame.shape[:2]
    # 2x2 samples per block are enough
    rows = np.linspace(0, height, THUMB[1] * 2, endpoint=False).astype(int)
    columns = np.linspace(0, width, THUMB[0] * 2, endpoint=False).astype(int)
    grey = frame[rows][:, columns].sum(2, dtype=np.uint16)  # of three colours
    return grey.reshape(THUMB[1], 2, THUMB[0], 2).sum((1, 3)).ravel() / 12


def _shifted(a: np.ndarray, b: np.ndarray) -> bool:
    """Two thumbnails (2304,) show one picture, one of them shifted by up to `SHIFT_BLOCKS`.

    A moving camera, or a bright figure in the dark, leaves little in its place.
    """

    def part(thumb: np.ndarray, x: int, y: int) -> np.ndarray:
        rows, columns = slice(max(0, y), THUMB[1] + min(0, y)), slice(max(0, x), THUMB[0] + min(0, x))
        return thumb.reshape(THUMB[1], THUMB[0])[rows, columns].ravel()

    across, down = (range(-most, most + 1) for most in SHIFT_BLOCKS)
    pairs = ((part(a, x, y), part(b, -x, -y)) for x in across for y in down)
    return any(np.corrcoef(p, q)[0, 1] >= CUT_SHIFTED for p, q in pairs if min(p.std(), q.std()) > FLAT_SD)


def _look_at(times_s: np.ndarray, step_s: float) -> list[int]:
    looked, due = [], -np.inf
    for i, time in enumerate(times_s):
        if time >= due - 0.02:
            looked.append(i)
            due = time + step_s
    return looked


# ---- tracks


@dataclass
class Track:
    """A face while it is being followed: positions in the clip's track and the box (4,) at each."""

    index: list[int]
    boxes: list[np.ndarray]


def link(
    found: list[np.ndarray], looked: list[int], times_s: np.ndarray, cuts: tuple[int, ...]
) -> list[Track]:
    """Join the boxes (K, 4) of the frames `looked` at into tracks: greedy, biggest first, never across a cut.

    Then merge tracks across short gaps and drop the ones too short to be a face.
    """
    alive: list[Track] = []
    done: list[Track] = []
    for boxes, i in zip(found, looked, strict=True):
        ended = [
            t
            for t in alive
            if times_s[i] - times_s[t.index[-1]] > DEAD_S or _cut_between(t.index[-1], i, cuts)
        ]
        done += ended
        alive = [t for t in alive if not any(t is e for e in ended)]
        free = list(alive)
        for box in sorted(boxes, key=lambda b: b[0] - b[2]):
            scores = [_link_score(t.boxes[-1], box) for t in free]
            if scores and max(scores) > -np.inf:
                track = free.pop(int(np.argmax(scores)))
                track.index.append(i)
                track.boxes.append(box)
            else:
                alive.append(Track([i], [box]))
    tracks = sorted(done + alive, key=lambda t: t.index[0])
    merged: list[Track] = []
    for track in tracks:
        for earlier in merged:
            i, k = earlier.index[-1], track.index[0]
            near_in_time = i < k and times_s[k] - times_s[i] <= MERGE_S and not _cut_between(i, k, cuts)
            if near_in_time and _distance(earlier.boxes[-1], track.boxes[0]) < MERGE_DISTANCE:
                earlier.index += track.index
                earlier.boxes += track.boxes
                break
        else:
            merged.append(track)
    shortest = max(MIN_TRACK, min(MAX_MIN_TRACK, MIN_TRACK_SHARE * len(looked)))
    return [t for t in merged if len(t.index) >= min(shortest, len(looked))]


def _cut_between(i: int, k: int, cuts: tuple[int, ...]) -> bool:
    return any(i < cut <= k for cut in cuts)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    centres = (a[:2] + a[2:] - b[:2] - b[2:]) / 2
    return float(np.hypot(*centres) / max(1.0, (a[2] - a[0] + b[2] - b[0]) / 2))


def _link_score(a: np.ndarray, b: np.ndarray) -> float:
    widths = sorted((a[2] - a[0], b[2] - b[0]))
    distance = _distance(a, b)
    if distance >= LINK_DISTANCE or widths[0] < LINK_RATIO * widths[1]:
        return -np.inf
    inside = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    union = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inside
    return float(inside / union - 0.3 * distance)


def fill(track: Track, times_s: np.ndarray, cuts: tuple[int, ...]) -> Face:
    """Interpolate boxes over gaps and hold them at both ends, at most `BRIDGE_S` and within one shot."""
    seen = np.array(track.index)
    boxes = np.stack(track.boxes).astype(np.float32)  # (n, 4)
    index, rows = [], []
    for i in range(len(times_s)):
        after = int(np.searchsorted(seen, i))
        if after < len(seen) and seen[after] == i:
            index.append(i)
            rows.append(boxes[after])
            continue
        left = seen[after - 1] if after > 0 and not _cut_between(seen[after - 1], i, cuts) else None
        right = seen[after] if after < len(seen) and not _cut_between(i, seen[after], cuts) else None
        if left is not None and right is not None and times_s[right] - times_s[left] <= BRIDGE_S:
            share = (times_s[i] - times_s[left]) / (times_s[right] - times_s[left])
            rows.append((1 - share) * boxes[after - 1] + share * boxes[after])
            index.append(i)
        elif left is not None and times_s[i] - times_s[left] <= BRIDGE_S:
            rows.append(boxes[after - 1])
            index.append(i)
        elif right is not None and times_s[right] - times_s[i] <= BRIDGE_S:
            rows.append(boxes[after])
            index.append(i)
    positions = np.array(index)
    return Face(positions, np.stack(rows).astype(np.float32), np.isin(positions, seen))


def _join_across_cuts(tracks: list[Track], frames: np.ndarray) -> list[Track]:
    """Join tracks of different shots whose head and shoulders look the same; in doubt they stay apart."""
    if len(tracks) < 2:
        return tracks
    looks = [_look(track, frames) for track in tracks]
    people: list[tuple[Track, np.ndarray]] = []
    for track, look in sorted(zip(tracks, looks, strict=True), key=lambda pair: pair[0].index[0]):
        best, likeness = None, SAME_LOOK
        for k, (other, other_look) in enumerate(people):
            widths = sorted(np.median([b[2] - b[0] for b in t.boxes]) for t in (track, other))
            alike = float(np.minimum(look, other_look).sum())
            if other.index[-1] < track.index[0] and widths[0] > SAME_SIZE * widths[1] and alike > likeness:
                best, likeness = k, alike
        if best is None:
            people.append((track, look))
        else:
            other, other_look = people[best]
            n, m = len(other.index), len(track.index)
            joined = Track(other.index + track.index, other.boxes + track.boxes)
            people[best] = (joined, (n * other_look + m * look) / (n + m))
    return [track for track, _ in people]


def _look(track: Track, frames: np.ndarray) -> np.ndarray:
    """Colour histogram (128,) of head (half) and shoulders (half) over up to 5 frames; sums to 1."""
    total = np.zeros((2, 64))
    for k in np.linspace(0, len(track.index) - 1, min(5, len(track.index))).astype(int):
        frame, (x0, y0, x1, y1) = frames[track.index[k]], track.boxes[k]
        width, height = x1 - x0, y1 - y0
        regions = (
            (x0 - 0.2 * width, y0 - 0.4 * height, x1 + 0.2 * width, y1),
            (x0 - width / 2, y1, x1 + width / 2, y1 + height),
        )
        for part, (left, top, right, bottom) in enumerate(regions):
            top, left = max(0, int(top)), max(0, int(left))
            pixels = frame[top : max(top, int(bottom)), left : max(left, int(right))].reshape(-1, 3)
            bins = (pixels // 64) @ np.array([16, 4, 1])  # 4 levels per colour
            total[part] += np.bincount(bins, minlength=64) / max(1, len(bins))
    return (total / max(1e-9, total.sum())).ravel()


# ---- the main person and the mesh


def _rank(people: list[Face], frames: np.ndarray, tools: list[Tool]) -> tuple[Face, ...]:
    """Order by size times presence, up to doubled by a moving mouth; the first gets a mesh on every frame."""
    if not people:
        return ()
    size = np.array(
        [np.sqrt(np.prod(f.boxes[:, 2:] - f.boxes[:, :2], axis=1))[f.found].sum() for f in people]
    )
    order = np.argsort(-size, kind="stable")
    contested = [k for k in order[:CANDIDATES] if size[k] >= CANDIDATE_SHARE * size[order[0]]]
    if tools[0].name == "mediapipe":
        if len(contested) > 1:
            for k in contested:
                rows = np.flatnonzero(people[k].found)
                some = rows[np.linspace(0, len(rows) - 1, min(CANDIDATE_FRAMES, len(rows))).astype(int)]
                people[k] = _with_mesh(people[k], np.unique(some), frames, tools)
                size[k] *= 1 + min(1.0, mouth_motion(people[k]) / TALKING)
            order = np.argsort(-size, kind="stable")
        main = people[order[0]]
        todo = (
            range(len(main.index))
            if main.landmarks is None
            else np.flatnonzero(np.isnan(main.landmarks[:, 0, 0]))
        )
        people[order[0]] = _with_mesh(main, todo, frames, tools)
        order = [k for k in order if k == order[0] or _has_mesh(people[k], frames, tools)]
    return tuple(people[k] for k in order)


def _has_mesh(face: Face, frames: np.ndarray, tools: list[Tool]) -> bool:
    """A mesh fits most looks at a face; on an ear or the back of a head the detector is alone."""
    rows = np.flatnonzero(face.found)
    rows = rows[np.linspace(0, len(rows) - 1, min(OTHER_LOOKS, len(rows))).astype(int)]
    looked = _with_mesh(Face(face.index, face.boxes, face.found), rows, frames, tools)
    return float(np.isfinite(looked.landmarks[rows, 0, 0]).mean()) >= OTHER_SHARE


def mouth_motion(face: Face) -> float:
    """Standard deviation of the gap of the inner lips, in eye distances; 0 with a mesh on under 4 frames."""
    if face.landmarks is None:
        return 0.0
    points = face.landmarks[~np.isnan(face.landmarks[:, 0, 0])]  # (n, 478, 3)
    if len(points) < 4:
        return 0.0
    gap = np.linalg.norm(points[:, 13] - points[:, 14], axis=1)  # inner upper and lower lip
    return float(np.std(gap / np.linalg.norm(points[:, 33] - points[:, 263], axis=1)))  # outer eye corners


def _with_mesh(face: Face, rows: Iterable[int], frames: np.ndarray, tools: list[Tool]) -> Face:
    if face.landmarks is None:
        landmarks = np.full((len(face.index), LANDMARKS, 3), np.nan, np.float32)
    else:
        landmarks = face.landmarks.copy()

    def look(tool: Tool, row: int) -> None:
        crop, origin, side = square_crop(frames[face.index[row]], face.boxes[row])
        points = tool.mesh(crop)  # (478, 3) in crop sides
        if points is None:
            return
        points = points * side + np.array([*origin, 0], np.float32)
        box = face.boxes[row]
        mesh_box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
        if _distance(mesh_box, box) < MESH_OFFSET:
            landmarks[row] = points

    with_each(tools, look, rows)
    return Face(face.index, face.boxes, face.found, landmarks)


def square_crop(frame: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, tuple[int, int], int]:
    """Cut a square of `CROP` box sides around `box`, black outside the picture, at least `MESH_PX` wide.

    Gives the crop (P, P, 3), its upper left corner and its side in pixels of the frame.
    """
    import cv2

    side = max(2, round(CROP * float(max(box[2] - box[0], box[3] - box[1]))))
    x, y = (round(float((box[k] + box[k + 2]) / 2) - side / 2) for k in (0, 1))
    height, width = frame.shape[:2]
    crop = np.zeros((side, side, 3), np.uint8)
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + side, width), min(y + side, height)
    if left < right and top < bottom:
        crop[top - y : bottom - y, left - x : right - x] = frame[top:bottom, left:right]
    if side < MESH_PX:
        crop = cv2.resize(crop, (MESH_PX, MESH_PX), interpolation=cv2.INTER_LINEAR)
    return crop, (x, y), side
