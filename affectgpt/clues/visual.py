"""Read the curves of a clip's picture as visual clues: presence, face, head, gaze, movement, light."""

from __future__ import annotations

import numpy as np

from .. import visual_rules as rules
from ..curves import Expression, Spans, close_gaps, overlap, runs, swings, travel
from ..expression import SEEN_GAP_S, analyse
from ..face_rules import FACE_RULES, REPLACED_BY, front
from ..schema import Clip, Clue, Text
from ..visual_rules import OTHER_RULES, Rule

OTHER_GAP_S = 0.5  # sightings of other faces no further apart are one span


def measure(clip: Clip) -> list[Clue]:
    """Give the visual clues of `clip`: presence, face and head, movement and light; none without a picture.

    A face that was not found, or a backend without landmarks, makes the list shorter and is never an error.
    """
    if not clip.has_picture:
        return []
    face = analyse(clip)
    clues = _presence(face, clip)
    if face.mesh.sum() >= rules.MIN_MESH:
        clues += _face(face, clip) + _head(face) + _gaze(face)
    else:
        clues += _haar_smile(face)
    return clues + _movement(face) + _light(face)


def _presence(face: Expression, clip: Clip) -> list[Clue]:
    faces, total = clip.faces, len(face.times_s)
    if faces.backend == "motion":
        return []
    basis = f"{faces.backend} face detection on {total} frames"
    if faces.main is None:
        text = Text(f"No face was found in any of {total} frames.", f"在 {total} 帧画面中都没有找到人脸。")
        return [Clue("visual", "face_presence", text, 0.0, "%", basis)]
    share, width = float(face.present.mean()), float(np.nanmedian(face.face_width))
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
        seen[other.index[other.found]] = True
        beside += close_gaps(seen, face.times_s, OTHER_GAP_S) & face.present
    if beside.any():
        count, spans = int(beside.max()), face.spans(beside > 0)
        en_when, zh_when = when(spans, face)
        en = "Another face is" if count == 1 else f"Up to {count} other faces are"
        zh = "另一张脸" if count == 1 else f"其他人的脸（最多 {count} 张）"
        text = Text(f"{en} in the picture besides the main one {en_when}.", f"{zh_when}画面中还有{zh}。")
        clues.append(Clue("visual", "other_faces", text, float(count), "faces", basis, spans))
    return clues


def _face(face: Expression, clip: Clip) -> list[Clue]:
    px = float(np.nanmedian(face.eye_distance_px))
    found: dict[str, Clue] = {}
    for name, rule in FACE_RULES.items():
        if px < rule.min_px or REPLACED_BY.get(name) in found:
            continue
        spans = _enough(rule.test(face), face, rule.min_s, rule.min_share)
        if spans:
            inside = face.inside(spans)
            value = float(np.nanmean(rule.curve(face)[inside]))
            weight = min(1.0, 0.5 + float(inside.mean())) if name == "smile" else 1.0
            found[name] = _clue(name, rule, value, face, spans, weight * quality(face, inside))
    smiles = [found[name] for name in ("smile", "slight_smile") if name in found]
    clues = list(found.values())
    clues += _change(face, smiles[0].spans) if smiles else _widened_mouth(face, clip)
    return clues + (_blinks(face) if px >= rules.FINE_PX else [])


def _widened_mouth(face: Expression, clip: Clip) -> list[Clue]:
    least = max(float(np.nanpercentile(face.mouth_width, 20)) + rules.WIDER, rules.WIDE)
    wide = front(face) & (face.mouth_width > least) & (face.corner_lift > rules.WIDE_LIFT)
    spans = face.spans(wide & (face.mouth_open < rules.WIDE_SHUT), 0.35)
    if not spans or not clip.has_sound:  # without sound nobody knows whether that is speech
        return []
    from ..voice import analyse as hear  # heavier than all else here, and seldom needed

    voice = hear(clip.wave)
    spans = tuple(s for s in spans if overlap(s, voice.speech) <= rules.SPEECH_SHARE * (s[1] - s[0]))
    if not spans or voice.state != "heard":
        return []
    inside = face.inside(spans)
    value = float(np.nanmean(face.mouth_width[inside]))
    return [_clue("widened_mouth", OTHER_RULES["widened_mouth"], value, face, spans, quality(face, inside))]


def _change(face: Expression, smiles: Spans) -> list[Clue]:
    """A face that opens serious and then smiles, or the reverse: the split with the largest difference.

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
    opens_serious = sides[0][0] == low
    passed = smile > (low + high) / 2 if opens_serious else smile < (low + high) / 2
    at = next((k for k in range(least, len(known) - 2) if passed[k : k + 3].all()), at)  # passed and held
    time = float(face.times_s[known[at]])
    held = [(max(a, time), b) if opens_serious else (a, min(b, time)) for a, b in smiles]
    if sum(max(0.0, b - a) for a, b in held) < rules.CHANGE_SIDE_S / 2:
        return []
    numbers = f"{sides[0][0]:.2f} → {sides[1][0]:.2f}"
    if opens_serious:
        text = Text(
            f"The face opens serious, then smiles from about {time:.1f} s on (smile index {numbers}).",
            f"开头神情严肃，约 {time:.1f} 秒起露出笑容（笑容指数 {numbers}）。",
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
        f"The eyes blink at least {'once' if count == 1 else f'{count} times'}"
        + (f", more often than {rules.MANY_BLINKS:.0f} times per minute" if many else "")
        + " ({when}).",
        f"至少眨眼 {count} 次"
        + (f"，频率超过每分钟 {rules.MANY_BLINKS:.0f} 次" if many else "")
        + "（{when}）。",
        "blinks",
        f"lids dip below {rules.BLINK:.0%} of their opening and return within {rules.BLINK_S} s",
        (0.0, 0.15, -0.1) if many else (0.0, 0.0, 0.0),
        0.4 if many else 0.0,
    )
    return [_clue("blinks", rule, float(count), face, tuple(spans))]


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
    return [_clue("smile", OTHER_RULES["haar_smile"], value, face, spans)]


# ---- head and gaze


def _head(face: Expression) -> list[Clue]:
    yaw, pitch = float(np.nanmedian(face.yaw)), float(np.nanmedian(face.pitch))
    good = quality(face, face.mesh, turned_counts=False)
    clues = [_pose(yaw, pitch)]
    if pitch > rules.HEAD_DOWN:
        spans = face.spans(face.pitch > rules.HEAD_DOWN, 0.3)
        clues.append(_clue("head_down", OTHER_RULES["head_down"], pitch, face, spans, good))
    turn, spans = travel(face.yaw, face.mesh, face)
    if turn > rules.HEAD_TURN:
        clues.append(_clue("head_turns", OTHER_RULES["head_turns"], turn, face, spans, good))
    for name, curve, other, least in (
        ("nod", face.pitch, face.yaw, rules.NOD),
        ("head_shake", face.yaw, face.pitch, rules.SHAKE),
    ):
        limits = {"count": rules.SWINGS, "length_s": rules.SWING_S, "ratio": rules.SWING_RATIO}
        spans = swings(curve, other, face, least=least, **limits)
        if spans:
            size = max(float(np.ptp(curve[face.inside((span,)) & face.mesh])) for span in spans)
            clues.append(_clue(name, OTHER_RULES[name], size, face, spans, good))
    return clues


def _pose(yaw: float, pitch: float) -> Clue:
    if abs(yaw) < rules.POSE:
        en, zh = "The face is turned to the camera", "脸正对镜头"
    else:
        en = (
            f"The face is turned about {abs(yaw):.0f}° to the {'right' if yaw > 0 else 'left'} of the picture"
        )
        zh = f"脸转向画面{'右' if yaw > 0 else '左'}侧约 {abs(yaw):.0f}°"
    told = yaw
    if abs(pitch) > rules.TILT and pitch <= rules.HEAD_DOWN and abs(yaw) < rules.POSE:
        told = pitch
    if rules.TILT < pitch <= rules.HEAD_DOWN:
        en, zh = f"{en} and a little lowered, by about {pitch:.0f}°", f"{zh}，略微低下约 {pitch:.0f}°"
    elif pitch < -rules.TILT:
        en, zh = f"{en} and raised by about {-pitch:.0f}°", f"{zh}，抬起约 {-pitch:.0f}°"
    return Clue(
        "visual", "head_pose", Text(f"{en}.", f"{zh}。"), told, "degrees", "median yaw and pitch of the head"
    )


def _gaze(face: Expression) -> list[Clue]:
    if np.nanmedian(face.eye_distance_px) < rules.FINE_PX:
        return []
    readable = face.mesh & (face.eye_open > 1.3 * rules.EYES_CLOSED) & (face.gaze_split < rules.GAZE_SPLIT)
    readable &= np.abs(face.yaw) < rules.NEAR_FRONT_DEG
    if readable.sum() < rules.MIN_MESH:
        return []
    good = quality(face, readable)
    moved, spans = travel(face.gaze_x, readable, face)
    if moved > rules.GAZE_SHIFT:
        return [_clue("gaze_shifts", OTHER_RULES["gaze_shifts"], 100 * moved, face, spans, good)]
    for side in (1, -1):
        aside = readable & (side * face.gaze_x > rules.GAZE_ASIDE) & (np.abs(face.yaw) < rules.ASIDE_YAW_DEG)
        spans = _enough(aside, face, 0.5, 0.4)
        if spans:
            value = 100 * float(np.mean(np.abs(face.gaze_x[face.inside(spans)])))
            return [_clue("gaze_averted", OTHER_RULES["gaze_averted"], value, face, spans, good)]
    return []


# ---- movement and light


def _movement(face: Expression) -> list[Clue]:
    if np.isfinite(face.body_motion).sum() < rules.MIN_MESH:
        return _movement_without_face(face)
    spans = face.spans(face.body_motion > rules.MOVING, 0.3)
    if spans:
        inside = face.inside(spans)
        value = float(np.nanmean(face.body_motion[inside]))
        rule = OTHER_RULES["strong_movement"]
        weight = 1.0 if inside.mean() >= 0.3 else 0.55
        return [_clue("strong_movement", rule, value, face, spans, weight, _how(value))]
    body, head = float(np.nanmedian(face.body_motion)), float(np.nanmedian(face.face_motion))
    if body < rules.STILL:
        return [_clue("body_still", OTHER_RULES["body_still"], body, face)]
    if head > rules.LIVELY:
        return [_clue("head_moves", OTHER_RULES["head_moves"], head, face)]
    return []


def _how(speed: float) -> tuple[str, str]:
    return ("strong", "大幅度的") if speed >= rules.STRONG else ("clear", "明显的")


def _movement_without_face(face: Expression) -> list[Clue]:
    """Without a face, movement is a fact about the picture and speaks for no emotion."""
    if np.isfinite(face.picture_motion).sum() < rules.MIN_MESH:
        return []
    percent = 20 * face.picture_motion  # from fifths of the width
    spans = face.spans(percent > 20 * rules.MOVING, 0.3)
    if spans:
        value = float(np.nanmean(percent[face.inside(spans)]))
        how = _how(value / 20)
        return [_clue("strong_movement", OTHER_RULES["picture_moves"], value, face, spans, how=how)]
    middle = float(np.nanmedian(percent))
    if middle < 20 * rules.STILL:
        return [_clue("body_still", OTHER_RULES["picture_still"], middle, face)]
    return []


def _light(face: Expression) -> list[Clue]:
    luma = float(np.median(face.luma))
    return [_clue("dim_scene", OTHER_RULES["dim_scene"], luma, face)] if luma < rules.DIM_LUMA else []


# ---- spans, strength, sentences


def _enough(mask: np.ndarray, face: Expression, min_s: float, share: float) -> Spans:
    spans = face.spans(mask, min_s)
    whole = len(face.times_s) * face.step_s
    return spans if sum(b - a for a, b in spans) > min(share * whole, rules.LONG_ENOUGH_S) else ()


def quality(face: Expression, inside: np.ndarray, *, turned_counts: bool = True) -> float:
    """0.2..1: how far landmarks can be relied on, by eye distance, yaw and share of frames with a mesh."""
    inside = inside & face.mesh
    size = np.clip((np.median(face.eye_distance_px[inside]) - 10) / (rules.FULL_PX - 10), 0.3, 1)
    turned = np.clip(1 - (np.median(np.abs(face.yaw[inside])) - 20) / 50, 0.5, 1) if turned_counts else 1.0
    share = np.clip(face.mesh.mean() / rules.PARTIAL_SHARE, 0.4, 1)
    return float(max(0.2, size * turned * share))


def when(spans: Spans, face: Expression) -> tuple[str, str]:
    """Say in both languages when something happens: three spans, or "through most of the clip"."""
    if not spans:
        return "", ""
    if face.share(spans) > rules.MOST:
        return "through most of the clip", "在片段的大部分时间里，"
    shown = [f"{a:.1f}–{b:.1f}" for a, b in sorted(sorted(spans, key=lambda s: s[0] - s[1])[:3])]
    joined = ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]
    more = len(spans) > len(shown)
    en = f"at {joined} s" + (" and in other moments" if more else "")
    return en, f"{'、'.join(shown)} 秒" + ("等处，" if more else "，")


def _clue(
    name: str,
    rule: Rule,
    value: float,
    face: Expression,
    spans: Spans = (),
    weight: float = 1.0,
    how: tuple[str, str] = ("", ""),
) -> Clue:
    en_when, zh_when = when(spans, face)
    text = Text(
        rule.en.format(when=en_when, value=value, how=how[0]),
        rule.zh.format(when=zh_when, value=value, how=how[1]).replace("，）", "）"),
    )
    strength = round(rule.strength * weight, 3)
    return Clue("visual", name, text, round(value, 4), rule.unit, rule.basis, spans, strength, *rule.vad)
