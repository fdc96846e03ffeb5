"""Read the curves of a clip's picture as visual clues: presence, face, head, gaze, movement, light."""

from __future__ import annotations

import numpy as np

from ..schema import Clip, Clue, Text
from ..signals.curves import FLICKER_S, Expression, Spans, close_gaps, overlap, runs
from ..signals.expression import SEEN_GAP_S, analyse
from ..signals.motion import NO_FACE_WIDTH
from . import visual_rules as rules
from .face_rules import FACE_RULES, REPLACED_BY, front
from .head_clues import gaze, head
from .visual_clue import enough, quality, visual_clue, when
from .visual_rules import OTHER_RULES, Rule

OTHER_GAP_S = 0.5  # sightings of other faces no further apart are one span
OTHER_LEAST, OTHER_SHARE = 4, 0.5  # sightings in such a span, and their share of the looks


def measure(clip: Clip) -> list[Clue]:
    """Give the visual clues of `clip`: presence, face and head, movement and light; none without a picture.

    A face that was not found, or a backend without landmarks, makes the list shorter and is never an error.
    """
    if not clip.has_picture:
        return []
    face = analyse(clip)
    clues = _presence(face, clip)
    if face.mesh.sum() >= rules.MIN_MESH:
        clues += _face(face, clip) + head(face) + gaze(face)
    else:
        clues += _haar_smile(face)
    return clues + _movement(face) + _light(face, clip)


def _presence(face: Expression, clip: Clip) -> list[Clue]:
    faces, total = clip.faces, len(face.times_s)
    if faces.backend == "motion":
        return []
    basis = f"{faces.backend} face detection on {total} frames"
    if faces.main is None:
        en = f"any of the {total} frames" if total > 1 else "the one frame"
        text = Text(
            f"No face was found in {en} looked at.",
            f"查看的 {total} 帧画面中{'都' * (total > 1)}没有找到人脸。",
        )
        return [Clue("visual", "face_presence", text, 0.0, "%", basis)]
    share, width = float(face.present.mean()), _width(face, clip)
    en = (
        f"The main face is in view in {share:.0%} of the frames, taking up {width:.0%} of the picture's width"
    )
    zh = f"主要人物的脸出现在 {share:.0%} 的画面中，宽度约占画面的 {width:.0%}"
    if share < rules.PARTIAL_SHARE:
        en, zh = (
            f"{en}, so what is said about it holds for those parts only",
            f"{zh}，以下面部描述只适用于这些片段",
        )
    text = Text(f"{en}.", f"{zh}。")
    clues = [Clue("visual", "face_presence", text, 100 * share, "%", basis, face.spans(face.present))]
    beside = np.zeros(total, int)  # faces of other shots may be the main person again: they are not counted
    for other in faces.people[1:]:
        seen = np.zeros(total, bool)
        at = other.index[other.found]
        seen[at] = True
        stride = int(np.diff(at).min(initial=total))  # the Haar cascades look at every second frame
        for start, end in runs(close_gaps(seen, face.times_s, OTHER_GAP_S)):
            count = int(seen[start:end].sum())
            if count >= OTHER_LEAST and count * stride >= OTHER_SHARE * (end - start):
                beside[start:end] += face.present[start:end]
    if beside.any():
        count, spans = int(beside.max()), face.spans(beside > 0)
        en_when, zh_when = when(spans, face)
        en = "Another face is" if count == 1 else f"Up to {count} other faces are"
        zh = "另一张脸" if count == 1 else f"其他人的脸（最多 {count} 张）"
        text = Text(f"{en} in the picture besides the main one {en_when}.", f"{zh_when}画面中还有{zh}。")
        clues.append(Clue("visual", "other_faces", text, float(count), "faces", basis, spans))
    return clues


def _width(face: Expression, clip: Clip) -> float:
    """Median width of the main face, of the picture's: of its mesh, since the detector's box has a margin."""
    if face.mesh.sum() < rules.MIN_MESH:
        return float(np.nanmedian(face.face_width))
    across = clip.faces.main.landmarks[:, :, 0]  # (n, 478), NaN in frames without a mesh
    return float(np.nanmedian(across.max(1) - across.min(1))) / clip.track.shape[2]


def _face(face: Expression, clip: Clip) -> list[Clue]:
    px = float(np.nanmedian(face.eye_distance_px))
    found: dict[str, Clue] = {}
    for name, rule in FACE_RULES.items():
        if px < rule.min_px or REPLACED_BY.get(name) in found:
            continue
        spans = enough(rule.test(face), face, rule.min_s, rule.min_share)
        if spans:
            inside = face.inside(spans)
            value = float(np.nanmean(rule.curve(face)[inside]))
            weight = min(1.0, 0.5 + float(inside.mean())) if name == "smile" else 1.0
            if name in ("smile", "slight_smile"):
                weight *= _lasting(spans, face)
            found[name] = visual_clue(name, rule, value, face, spans, weight * quality(face, inside))
    smiles = [found[name] for name in ("smile", "slight_smile") if name in found]
    clues = list(found.values())
    clues += _change(face, smiles[0].spans) if smiles else _widened_mouth(face, clip)
    return clues + (_blinks(face) if px >= rules.FINE_PX else [])


def _lasting(spans: Spans, face: Expression) -> float:
    """0..1: weight of a smile by its duration; one that fills a short clip has all of it."""
    whole = len(face.times_s) * face.step_s
    return min(1.0, sum(b - a for a, b in spans) / min(rules.FULL_SMILE_S, whole))


def _widened_mouth(face: Expression, clip: Clip) -> list[Clue]:
    least = max(float(np.nanpercentile(face.mouth_width, 20)) + rules.WIDER, rules.WIDE)
    wide = front(face) & (face.mouth_width > least) & (face.corner_lift > rules.WIDE_LIFT)
    spans = face.spans(wide & (face.mouth_open < rules.WIDE_SHUT) & ~frozen(clip.track), 0.35)
    if not spans or not clip.has_sound:  # without sound nobody knows whether that is speech
        return []
    from ..signals.voice import analyse as hear  # heavier than all else here, and seldom needed

    voice = hear(clip.wave)
    if voice.state != "heard" or voice.dynamic_db < rules.CLEAR_DB:  # in noise no speech is found either
        return []
    far = rules.SPEECH_FAR_S
    spans = tuple(s for s in spans if not overlap((s[0] - far, s[1] + far), voice.speech))
    if not spans:
        return []
    inside = face.inside(spans)
    value = float(np.nanmean(face.mouth_width[inside]))
    return [
        visual_clue("widened_mouth", OTHER_RULES["widened_mouth"], value, face, spans, quality(face, inside))
    ]


def frozen(track: np.ndarray) -> np.ndarray:
    """(T, H, W, 3) -> (T,) bool: the picture is the one before."""
    same = np.zeros(len(track), bool)
    for i in range(1, len(track)):
        a, b = (track[k, ::4, ::4].astype(np.int16) for k in (i - 1, i))
        same[i] = np.abs(a - b).mean() < rules.FROZEN_LUMA
    return same


def _change(face: Expression, smiles: Spans) -> list[Clue]:
    """A face that opens without a smile and then smiles, or the reverse: the split with most difference.

    The smile must be one that was found as such; speech alone moves the index as much.
    """
    known = np.flatnonzero(front(face))
    least = max(3, round(rules.CHANGE_SIDE_S / face.step_s))
    splits = range(least, len(known) - least + 1)
    if not splits:
        return []
    smile, lift = face.smile[known], face.corner_lift[known]
    rises = [float(np.mean(smile[k:]) - np.mean(smile[:k])) for k in splits]
    at = splits[int(np.argmax(np.abs(rises)))]
    sides = [(float(np.median(smile[s])), float(np.median(lift[s]))) for s in (slice(at), slice(at, None))]
    (low, low_lift), (high, high_lift) = sorted(sides)
    if high - low < rules.CHANGE or high_lift - low_lift < rules.CHANGE_LIFT:
        return []
    if high < rules.SLIGHT_SMILE or low > rules.SLIGHT_SMILE / 2:
        return []
    opens_plain = sides[0][0] == low
    passed = smile > (low + high) / 2 if opens_plain else smile < (low + high) / 2
    at = next((k for k in range(least, len(known) - 2) if passed[k : k + 3].all()), at)  # passed and held
    edges = [a if opens_plain else b for a, b in smiles]
    time = min(edges, key=lambda edge: abs(edge - face.times_s[known[at]]))
    if abs(time - face.times_s[known[at]]) > rules.CHANGE_NEAR_S:
        return []
    held = [(max(a, time), b) if opens_plain else (a, min(b, time)) for a, b in smiles]
    if sum(max(0.0, b - a) for a, b in held) < rules.CHANGE_SIDE_S / 2:
        return []
    known_s = face.times_s[known]
    first = known_s < face.times_s[0] + min(rules.OPENING_S, len(face.times_s) * face.step_s / 3)
    if not first.any() or passed[first].mean() > 0.2 or known_s[0] > face.times_s[0] + 0.3:
        return []  # the clip does not open so
    back = np.zeros(len(face.times_s), bool)
    back[known] = ~passed & (known_s > time + face.step_s)
    if face.spans(close_gaps(back, face.times_s, FLICKER_S), rules.BACK_S):
        return []  # it does not stay so
    numbers = f"{sides[0][0]:.2f} → {sides[1][0]:.2f}"
    if opens_plain:
        text = Text(
            f"The clip opens without a smile; from about {time:.1f} s on the face smiles (smile index "
            f"{numbers}).",
            f"开头没有笑容，约 {time:.1f} 秒起露出笑容（笑容指数 {numbers}）。",
        )
    else:
        text = Text(
            f"The clip opens with a smile, which is gone from about {time:.1f} s on (smile index {numbers}).",
            f"开头带着笑容，约 {time:.1f} 秒后笑容消失（笑容指数 {numbers}）。",
        )
    basis = (
        f"median smile index before and after differs by > {rules.CHANGE}, and a smile was found on one side"
    )
    return [Clue("visual", "expression_change", text, time, "s", basis, ((time, time + face.step_s),))]


def _blinks(face: Expression) -> list[Clue]:
    lids = np.where(np.abs(face.yaw) < rules.NEAR_FRONT_DEG, face.eye_open_raw, np.nan)
    known = np.isfinite(lids)
    if face.step_s > 0.15 or known.mean() < rules.PARTIAL_SHARE:  # at 5 frames/s most blinks fall between two
        return []
    half = round(1.0 / face.step_s)
    usual = np.full(len(lids), np.nan)  # the open eye within a second
    for i in np.flatnonzero(known):
        usual[i] = np.nanpercentile(lids[max(0, i - half) : i + half + 1], 75)
    spans = []
    for start, end in runs((lids < rules.BLINK * usual) & (usual > rules.BLINK_OPEN)):
        if start > 0 and end < len(lids) and face.times_s[end] - face.times_s[start] <= rules.BLINK_S:
            sides = (lids[max(0, start - 2) : start], lids[end : end + 2])
            back = all(np.nanmax(side, initial=0.0) > rules.BLINK_BACK * usual[start] for side in sides)
            if back and face.shots[start - 1] == face.shots[end]:
                spans.append((float(face.times_s[start]), float(face.times_s[end])))
    if not spans:
        return []
    count = len(spans)
    many = count >= 4 and count / (known.sum() * face.step_s / 60) > rules.MANY_BLINKS
    rule = Rule(
        f"The eyes blink at least {('once', 'twice')[count - 1] if count <= 2 else f'{count} times'}"
        + (f", more often than {rules.MANY_BLINKS:.0f} times per minute" if many else "")
        + " ({when}).",
        f"至少眨眼 {count} 次"
        + (f"，频率超过每分钟 {rules.MANY_BLINKS:.0f} 次" if many else "")
        + "（{at}）。",
        "blinks",
        f"lids dip below {rules.BLINK:.0%} of their opening and return within {rules.BLINK_S} s",
        (0.0, 0.15, -0.1) if many else (0.0, 0.0, 0.0),
        0.4 if many else 0.0,
    )
    return [visual_clue("blinks", rule, float(count), face, tuple(spans))]


def _haar_smile(face: Expression) -> list[Clue]:
    seen = np.flatnonzero(np.isfinite(face.smile_weight))
    if len(seen) < rules.HAAR_LOOKS:
        return []
    looks = np.lib.stride_tricks.sliding_window_view(face.smile_weight[seen], rules.HAAR_LOOKS)
    half = rules.HAAR_LOOKS // 2
    smiling = np.zeros(len(face.times_s), bool)
    smiling[seen[half:-half]] = np.median(looks, axis=1) > rules.HAAR_SMILE
    spans = face.spans(close_gaps(smiling, face.times_s, SEEN_GAP_S), 0.3)
    if not spans:
        return []
    value = float(np.nanmean(face.smile_weight[face.inside(spans)]))
    return [visual_clue("smile", OTHER_RULES["haar_smile"], value, face, spans, _lasting(spans, face))]


# ---- movement and light


def _movement(face: Expression) -> list[Clue]:
    if np.isfinite(face.face_motion).sum() < rules.MIN_MESH:
        return _movement_without_face(face)
    if np.isfinite(face.body_motion).sum() < rules.MIN_MESH:
        return []  # a tight shot of the head, which is the picture: nothing tells it from the camera
    spans, how = _moving(face.body_motion, face.face_width, face)
    if spans:
        inside = face.inside(spans)
        value = float(np.nanmean(face.body_motion[inside]))
        rule = OTHER_RULES["strong_movement"]
        weight = 1.0 if inside.mean() >= 0.3 else 0.55
        return [visual_clue("strong_movement", rule, value, face, spans, weight, how)]
    body, head = float(np.nanpercentile(face.body_motion, 90)), float(np.nanmedian(face.face_motion))
    if body < rules.STILL:
        return [visual_clue("body_still", OTHER_RULES["body_still"], max(body, 0.01), face)]
    if head > rules.LIVELY:
        return [visual_clue("head_moves", OTHER_RULES["head_moves"], head, face)]
    return []


def _moving(speed: np.ndarray, width: np.ndarray | float, face: Expression) -> tuple[Spans, tuple[str, str]]:
    """Spans of movement, and the adjective that holds in each: beside strong ones weaker are left out.

    `speed` (T,) is in widths per second; `width` (T,) is a share of the picture's.
    """

    def mean(curve: np.ndarray, span: tuple[float, float]) -> float:
        return float(np.nanmean(curve[face.inside((span,))]))

    def lasting(mask: np.ndarray) -> Spans:  # at 10 frames/s three frames of a tiny face are noise
        long = face.spans(mask, rules.FAR_MOVED_S)
        return tuple(
            s for s in face.spans(mask, rules.MOVED_S) if s in long or mean(wide, s) >= rules.FAR_WIDTH
        )

    wide = np.broadcast_to(width, speed.shape)
    moving = close_gaps(speed > rules.MOVING, face.times_s, FLICKER_S)
    parts = [s for s in face.spans(moving, 0.2) if mean(speed * width, s) > rules.MOVING_LEAST]
    strong = any(mean(speed, part) >= rules.STRONG for part in parts if part in lasting(moving))
    least = rules.STRONG if strong else rules.MOVING
    kept = face.inside(tuple(part for part in parts if mean(speed, part) >= least))
    spans = lasting(close_gaps(kept, face.times_s, SEEN_GAP_S))
    return spans, ("strong", "大幅度的") if strong else ("clear", "明显的")


def _movement_without_face(face: Expression) -> list[Clue]:
    """Without a face, movement is a fact about the picture and speaks for no emotion."""
    if np.isfinite(face.picture_motion).sum() < rules.MIN_MESH:
        return []
    percent = 20 * face.picture_motion  # from fifths of the width
    spans, how = _moving(face.picture_motion, NO_FACE_WIDTH, face)
    if spans:
        value = float(np.nanmean(percent[face.inside(spans)]))
        return [visual_clue("strong_movement", OTHER_RULES["picture_moves"], value, face, spans, how=how)]
    middle = float(np.nanmedian(percent))
    if middle < 20 * rules.STILL:
        return [visual_clue("body_still", OTHER_RULES["picture_still"], middle, face)]
    return []


def _light(face: Expression, clip: Clip) -> list[Clue]:
    luma, rule = float(np.median(face.luma)), OTHER_RULES["dim_scene"]
    weight = 1.0 if clip.faces.main is not None else 0.0  # a dark picture of things is no mood
    return [visual_clue("dim_scene", rule, luma, face, weight=weight)] if luma < rules.DIM_LUMA else []
