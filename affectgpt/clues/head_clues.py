"""Clues of the head and the gaze: pose, turns, nods and shakes, where the eyes go."""

from __future__ import annotations

import numpy as np

from ..schema import Clue, Text
from ..signals.curves import FLICKER_S, Expression, Spans, close_gaps, runs, swings, travels
from . import visual_rules as rules
from .visual_clue import enough, quality, visual_clue, when
from .visual_rules import OTHER_RULES

AT_MOST = (("", ""), ("up to ", "最多"))  # before the value of one movement, of several


def head(face: Expression) -> list[Clue]:
    if np.nanmedian(face.eye_distance_px) < rules.FAR_PX:
        return []
    pitch = float(np.nanmedian(face.pitch))
    good = quality(face, face.mesh, turned_counts=False)
    clues = _pose(face)
    if pitch > rules.HEAD_DOWN:
        spans = face.spans(face.pitch > rules.HEAD_DOWN, 0.3)
        clues.append(visual_clue("head_down", OTHER_RULES["head_down"], pitch, face, spans, good))
    turn, spans = travels(
        face.yaw, face.mesh, face, within_s=rules.TURN_S, least=rules.HEAD_TURN, rest=rules.TURN_REST
    )
    if spans:
        how = AT_MOST[len(spans) > 1]
        clues.append(visual_clue("head_turns", OTHER_RULES["head_turns"], turn, face, spans, good, how))
    for name, curve, other, least in (
        ("nod", face.pitch, face.yaw, rules.NOD),
        ("head_shake", face.yaw, face.pitch, rules.SHAKE),
    ):
        limits = {"count": rules.SWINGS, "length_s": rules.SWING_S, "ratio": rules.SWING_RATIO}
        spans = swings(curve, other, face, least=least, **limits)
        if spans:
            size = max(float(np.ptp(curve[face.inside((span,)) & face.mesh])) for span in spans)
            clues.append(visual_clue(name, OTHER_RULES[name], size, face, spans, good))
    return clues


def _steady(face: Expression) -> tuple[np.ndarray, Spans]:
    """Frames (T,) in which the head keeps one pose, and their spans: none where that is most of the clip."""
    angles = np.stack([face.yaw, face.pitch, face.roll])
    spread = np.subtract(*np.nanpercentile(angles, (75, 25), axis=1))
    stretch = face.mesh if spread.max() <= rules.POSE_SPREAD else _longest_stretch(angles, face)
    if not stretch.any():
        return stretch, ()
    centre = np.median(angles[:, stretch], axis=1)
    limits = np.full(3, rules.POSE_NEAR)
    if abs(centre[0]) < rules.POSE:  # will be called to the camera
        centre[0], limits[0] = 0.0, rules.TO_CAMERA
    near = stretch & (np.abs(angles - centre[:, None]) < limits[:, None]).all(0)
    if near.sum() > rules.MOST * len(near):
        return near, ()
    spans = face.spans(close_gaps(near, face.times_s, FLICKER_S), rules.STEADY_S)
    return near & face.inside(spans), spans


def _longest_stretch(angles: np.ndarray, face: Expression) -> np.ndarray:
    """(T,) bool: the longest stretch of a shot in which no angle (3, T) goes through 2 `POSE_SPREAD`."""
    best = (0, 0)
    for start, end in runs(face.mesh):
        first = start
        for i in range(start, end):
            while face.shots[first] != face.shots[i] or np.ptp(angles[:, first : i + 1], axis=1).max() > (
                2 * rules.POSE_SPREAD
            ):
                first += 1
            if i + 1 - first > best[1] - best[0]:
                best = (first, i + 1)
    mask = np.zeros(len(face.mesh), bool)
    mask[slice(*best)] = True
    return mask


def _pose(face: Expression) -> list[Clue]:
    steady, spans = _steady(face)
    if not steady.any():
        return []
    yaw, pitch, roll = (float(np.median(curve[steady])) for curve in (face.yaw, face.pitch, face.roll))
    en_when, zh_when = when(spans, face)
    told = yaw
    if abs(yaw) < rules.POSE:
        en, zh = "The face is turned to the camera", "脸正对镜头"
        told = float(np.median(np.abs(face.yaw[steady])))
    else:
        en = (
            f"The face is turned about {abs(yaw):.0f}° to the {'right' if yaw > 0 else 'left'} of the picture"
        )
        zh = f"脸转向画面{'右' if yaw > 0 else '左'}侧约 {abs(yaw):.0f}°"
    if abs(pitch) > rules.TILT and pitch <= rules.HEAD_DOWN and abs(yaw) < rules.POSE:
        told = pitch
    if rules.TILT < pitch <= rules.HEAD_DOWN:
        en, zh = f"{en} and a little lowered, by about {pitch:.0f}°", f"{zh}，略微低下约 {pitch:.0f}°"
    elif pitch < -rules.TILT:
        en, zh = f"{en} and raised by about {-pitch:.0f}°", f"{zh}，抬起约 {-pitch:.0f}°"
    if abs(roll) > rules.ROLL:
        side_en, side_zh = ("right", "右") if roll > 0 else ("left", "左")
        en = f"{en}, tilted about {abs(roll):.0f}° to the {side_en} of the picture"
        zh = f"{zh}，头向画面{side_zh}侧歪约 {abs(roll):.0f}°"
    text = Text(f"{en} {en_when}.".replace(" .", "."), f"{zh_when}{zh}。")
    basis = "median yaw, pitch and roll of the head, over all frames or where it keeps them longest"
    return [Clue("visual", "head_pose", text, round(told, 4), "degrees", basis, spans)]


def gaze(face: Expression) -> list[Clue]:
    if np.nanmedian(face.eye_distance_px) < rules.FINE_PX:
        return []
    readable = face.mesh & (face.eye_open > 1.3 * rules.EYES_CLOSED) & (face.gaze_split < rules.GAZE_SPLIT)
    readable &= np.abs(face.yaw) < rules.NEAR_FRONT_DEG
    if readable.sum() < rules.MIN_MESH:
        return []
    good = quality(face, readable)
    moved, spans = travels(
        face.gaze_x, readable, face, within_s=rules.SHIFT_S, least=rules.GAZE_SHIFT, rest=rules.SHIFT_REST
    )
    if spans:
        rule, how = OTHER_RULES["gaze_shifts"], AT_MOST[len(spans) > 1]
        return [visual_clue("gaze_shifts", rule, 100 * moved, face, spans, good, how)]
    for side in (1, -1):
        aside = readable & (side * face.gaze_x > rules.GAZE_ASIDE) & (np.abs(face.yaw) < rules.ASIDE_YAW_DEG)
        spans = enough(aside, face, 0.5, 0.4)
        if spans:
            value = 100 * float(np.nanmean(np.abs(face.gaze_x[face.inside(spans)])))
            return [visual_clue("gaze_averted", OTHER_RULES["gaze_averted"], value, face, spans, good)]
    return []
