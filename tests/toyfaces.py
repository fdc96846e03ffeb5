"""Faces whose measures are known by construction: a drawn one for detectors, 478 points for the rules."""

import numpy as np
from conftest import make_clip

from affectgpt.clues.visual import measure
from affectgpt.schema import Face, Faces
from affectgpt.signals import curves as k

REST = {
    "mouth_width": 0.5, "corner_lift": 0.0, "mouth_open": 0.03, "lip_height": 0.24, "eye_open": 0.33,
    "brow_inner": 0.21, "brow_mid": 0.315, "gaze_x": 0.0, "gaze_y": -0.07, "yaw": 0.0, "pitch": 0.0,
    "roll": 0.0,
}  # fmt: skip
EYE_LINE = 0.05  # of the toy face below the bridge of its nose, in eye distances
EYE_WIDTH = 0.33


def face_points(
    *, px: float = 80.0, centre: tuple[float, float] = (160, 110), **measures: float
) -> np.ndarray:
    """(478, 3) points in pixels of a face with the given measures (see `Expression`), the others at rest."""
    m = {**REST, **measures}
    points = np.tile([0.0, 0.45, -0.1], (478, 1))  # what is not named below lies on the nose
    points[k.BRIDGE], points[k.CHIN] = (0, 0, 0), (0, 1.25, 0)
    lip = 0.8
    for side, eye in ((-1, 0), (1, 1)):
        middle = side * (0.5 - EYE_WIDTH / 2)
        points[k.EYE_OUTER[eye]] = (side * 0.5, EYE_LINE, 0)
        points[k.EYE_INNER[eye]] = (side * (0.5 - EYE_WIDTH), EYE_LINE, 0)
        points[k.LID_UPPER[eye]] = (middle, EYE_LINE - m["eye_open"] * EYE_WIDTH / 2, 0)
        points[k.LID_LOWER[eye]] = (middle, EYE_LINE + m["eye_open"] * EYE_WIDTH / 2, 0)
        points[k.IRIS[eye]] = (middle + m["gaze_x"] * EYE_WIDTH, EYE_LINE + m["gaze_y"] * EYE_WIDTH, 0)
        points[k.BROW_INNER[eye]] = (side * 0.13, EYE_LINE - m["brow_inner"], 0)
        points[k.BROW_MID[eye]] = (side * 0.33, EYE_LINE - m["brow_mid"], 0)
        points[k.CHEEK[eye]] = (side * 0.75, 0.3, 0.4)
        points[k.LIP_CORNER[eye]] = (side * m["mouth_width"] / 2, lip - m["corner_lift"], 0)
    points[k.LIP_INNER[0]], points[k.LIP_INNER[1]] = (
        (0, lip - m["mouth_open"] / 2, 0),
        (0, lip + m["mouth_open"] / 2, 0),
    )
    points[k.LIP_OUTER[0]], points[k.LIP_OUTER[1]] = (
        (0, lip - m["lip_height"] / 2, 0),
        (0, lip + m["lip_height"] / 2, 0),
    )
    yaw, pitch, roll = np.radians([m["yaw"], m["pitch"], m["roll"]])
    # x to the right, y down, z away from the camera; the face looks along -z
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )  # positive: down
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return (points @ (about_z @ about_y @ about_x).T) * px + [*centre, 0]


def face_clip(
    moments: list[dict], *, step_s: float = 0.1, cuts: tuple[int, ...] = (), px: float = 80.0, **values
):
    """A grey clip in which the main face has the given measures, one dict of them per frame."""
    points = np.stack([face_points(px=px, **m) for m in moments]).astype(np.float32)
    total = len(moments)
    boxes = np.tile(np.array([110, 60, 210, 180], np.float32), (total, 1))
    face = Face(np.arange(total), boxes, np.ones(total, bool), points)
    return make_clip(
        track=np.full((total, 240, 320, 3), 128, np.uint8),
        track_times_s=np.arange(total) * step_s,
        duration_s=total * step_s,
        find_faces=lambda clip: Faces("mediapipe", (face,), cuts),
        **values,
    )


def draw_face(cx: float, cy: float, r: float, *, width: int = 320, height: int = 240) -> np.ndarray:
    """(height, width, 3) RGB picture of a simple face about 2 `r` wide, which both detectors find."""
    import cv2

    fine = 4
    picture = np.full((height * fine, width * fine, 3), (120, 140, 150), np.uint8)

    def at(x, y):
        return round(fine * (cx + r * x)), round(fine * (cy + r * y))

    def size(*parts):
        return tuple(round(fine * r * part) for part in parts)

    def oval(x, y, w, h, colour, start=0, end=360, thick=0.0):
        line = max(1, *size(thick)) if thick else -1
        cv2.ellipse(picture, at(x, y), size(w, h), 0, start, end, colour, line)

    oval(0, -0.12, 0.95, 1.25, (50, 38, 32))  # hair
    cv2.rectangle(picture, at(-0.35, 0.7), at(0.35, 1.6), (195, 150, 125), -1)
    oval(0, 0.1, 0.78, 1.05, (224, 178, 150))
    oval(0, 1.9, 1.4, 0.6, (60, 80, 130))
    for side in (-1, 1):
        oval(0.33 * side, -0.05, 0.17, 0.085, (245, 245, 245))
        oval(0.33 * side, -0.05, 0.075, 0.075, (60, 40, 30))
        oval(0.33 * side, -0.05, 0.18, 0.09, (70, 45, 40), 180, 360, 0.03)
        oval(0.33 * side, -0.2, 0.22, 0.09, (60, 42, 35), 200, 340, 0.06)
    oval(0, 0.35, 0.12, 0.06, (185, 135, 110), 0, 180, 0.04)
    oval(0, 0.62, 0.28, 0.07, (180, 85, 85))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (3, 3), 0)


QUIET = {"face_presence", "head_pose", "body_still"}  # what a face at rest in a grey picture gives
GREY = {"find_faces": lambda clip: Faces("mediapipe")}


def found(clip):
    return {clue.name: clue for clue in measure(clip)}


def named(clip):
    return set(found(clip)) - QUIET


def with_span(pose, start, end, total=40, rest=None):
    rest = rest or {}
    return [{**rest, **pose} if start <= i < end else rest for i in range(total)]
