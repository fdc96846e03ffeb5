"""The constants of the visual clues, and how those clues are said and weighed that are no plain face rule.

Starting values, gates and known failures: the signal-engine specification, 4.4 and 4.5; what differs says
why. Change a constant only with evidence from clips that are not used to report results. In doubt be silent.
"""

from __future__ import annotations

from dataclasses import dataclass

# ---- when landmarks can be read
MIN_MESH = 4  # frames with landmarks; with fewer, no landmark clue at all
NEAR_FRONT_DEG = 40.0  # |yaw| from which mouth and brows are not read
LEVEL_DEG = 33.0  # |pitch| from which mouth and brows are too foreshortened
FAR_PX = 22.0  # median eye distance below which eyes and brows are not read
FINE_PX = 30.0  # ... and lips, gaze and blinks
FULL_PX = 40.0  # eye distance from which landmarks have full strength
PARTIAL_SHARE = 0.6  # of the frames; below, the face is called only partly in view
LONG_ENOUGH_S = 2.0  # in long clips so many seconds replace a rule's smallest share of the clip
MOST, ALL = 0.75, 0.95  # shares of the clip from which spans are called "most of the clip", "throughout"
SPANS_TOLD = 3  # more are told as "and in other moments"

# ---- mouth: eye distances; `smile` as in `Expression`
SMILE, SMILE_LIFT = 0.62, 0.042  # without the lift a crying grimace was called a smile
FULL_SMILE_S = 1.0  # shorter smiles weigh less: a grin of a moment does not make a clip a pleasant one
SLIGHT_SMILE, SLIGHT_SHARE = 0.3, 0.2
SLIGHT_LIFT, TALKING_LIFT, LIPS_SHUT = (
    0.015,
    0.035,
    0.04,
)  # shouting widens the mouth too: open lips need more lift
WIDER, WIDE, WIDE_LIFT, WIDE_SHUT = 0.09, 0.6, -0.03, 0.2
SPEECH_FAR_S, CLEAR_DB = 0.3, 22.0  # no speech so near; smallest dynamic of a sound in which speech is found
FROZEN_LUMA = 0.7  # of 255: mean difference of two coded pictures of the same
GRIMACE_WIDTH, GRIMACE_EYES, GRIMACE_SHUT = 0.62, 0.10, 0.06
CORNERS_DOWN, CORNERS_SHARE = -0.032, 0.3
OPEN = 0.24
PRESSED, PRESSED_SHUT = 0.72, 0.02  # share of the clip's median lip height; gap of the inner lips
# ---- brows: eye distances above the eye corners
BROW_REST, BROW_STEP = (0.20, 0.31), 0.05  # inner and middle; lower by one step is 1 on the frown index
FROWN, FROWN_SHARE = 0.7, 0.3
LOWERED, LOWERED_LEAST = 0.3, 0.28  # frown index above the brow at rest in the clip, and at least
LOWERED_S, REST_S = 0.4, 1.5  # seconds of that; of a brow at rest, without which nothing can be compared
BROW_UP, BROW_UP_PITCH = (0.245, 0.362), 28.0  # inner and middle; a bowed head lifts the brows in the picture
BROW_UP_LEAST, BROW_UP_ABOVE = 0.335, 0.035  # the middle brow also where it is so high and so far up
BROW_UP_S = 0.3
BROW_RISE, BROW_HIGH = (
    0.015,
    0.03,
)  # above the clip's 20th percentile, else so far above `BROW_UP`: some sit high
# ---- eyes and gaze: eye widths
EYES_WIDE, EYES_CLOSED = 0.425, 0.12
EYES_ABOVE, EYES_HIGH = 0.03, 0.44  # so far above the usual opening in the clip, or from here on
EYES_WIDE_S = 0.2  # of that, in a stretch above `EYES_WIDE`
CAST_DOWN, CAST_DOWN_Y = 0.23, -0.045  # lids half down and the iris low: not the narrow eyes of a smile
BLINK, BLINK_BACK = 0.55, 0.75  # a dip below this share of the open eye, and back to that
BLINK_S = 0.35  # longest blink
BLINK_OPEN = 0.2  # the eye must be so far open around a blink: lowered lids flicker
MANY_BLINKS = 40.0  # per minute; about 17 at rest, 26 in conversation (Bentivoglio et al. 1997)
GAZE_SHIFT, GAZE_ASIDE, GAZE_SPLIT = 0.28, 0.13, 0.12
ASIDE_YAW_DEG = 25.0  # both eyes must be seen well to call a look sidelong
# ---- head: degrees
HEAD_DOWN, HEAD_TURN = 28.0, 40.0
TURN_S, SHIFT_S = 1.5, 1.0  # seconds in which a turn of the head and a shift of the gaze are done
TURN_REST, SHIFT_REST = 0.1, 0.25  # share of such a way that is still its side: eyes drift, then jump
NOD, SHAKE, SWINGS = 5.0, 6.0, 3  # size and number of swings, there or back
SWING_S = (0.1, 0.5)  # seconds: shortest and longest swing
SWING_RATIO = 1.3  # a swing is so much larger than that of the other angle
POSE, TILT, ROLL = 10.0, 14.0, 10.0  # smaller angles count as straight: yaw, pitch (a smile adds 7), roll
TO_CAMERA, POSE_NEAR = 12.0, 8.0  # further from the camera, or from the pose that is said, is another one
POSE_SPREAD, STEADY_S = 10.0, 1.0  # half of the angles lie so close in one pose; its shortest stretch
# ---- movement (face widths per second) and light
MOVING, STRONG = 0.25, 0.45
MOVING_LEAST = 0.02  # of the picture's width per second: less is a third of a point from frame to frame
FAR_WIDTH, MOVED_S, FAR_MOVED_S = 0.08, 0.3, 0.4  # a face so narrow; shortest movement, beside such a face
STILL, LIVELY = 0.04, 0.13
DIM_LUMA = 40.0  # of 255
HAAR_SMILE, HAAR_LOOKS = (
    3.2,
    5,
)  # weight, median of so many looks: single looks (5 % false at 2.75) are not enough
CHANGE, CHANGE_LIFT, CHANGE_SIDE_S = 0.35, 0.015, 0.8  # smile index, mouth corners, shortest side of a change
CHANGE_NEAR_S, OPENING_S, BACK_S = (
    0.5,
    1.0,
    0.5,
)  # seconds: to the smile's edge; the opening; a state's return

Vad = tuple[float, float, float]


@dataclass(frozen=True)
class Rule:
    """How a clue is said and weighed: `en` and `zh` take {when} and {value}, `vad` goes to the appraisal."""

    en: str
    zh: str
    unit: str
    basis: str
    vad: Vad = (0.0, 0.0, 0.0)
    strength: float = 0.0


OTHER_RULES: dict[str, Rule] = {
    "widened_mouth": Rule(
        "The mouth is drawn wider than elsewhere in the clip {when}, and not by speaking ({value:.2f} eye "
        "distances).",
        "{when}嘴比片中其他时候拉得更宽，且不是说话所致（{value:.2f} 倍眼距）。",
        "eye distances",
        f"mouth > {WIDER} eye distances above its 20th percentile, > {WIDE}, no speech within "
        f"{SPEECH_FAR_S} s, >= 0.35 s",
        (0.4, 0.05, 0.1),
        0.7,
    ),
    "head_down": Rule(
        "The head is bowed {when}, tilted down by about {value:.0f}° as the camera sees it.",
        "{when}头低着，从镜头看下倾约 {value:.0f}°。",
        "degrees",
        f"median pitch > {HEAD_DOWN:.0f} degrees",
        (-0.2, -0.15, -0.3),
        0.6,
    ),
    "head_turns": Rule(
        "The head turns through {how}{value:.0f}° {when}.",
        "{when}头部{how}转动约 {value:.0f}°。",
        "degrees",
        f"yaw changes by > {HEAD_TURN:.0f} degrees within {TURN_S} s of a shot",
        (-0.05, 0.3, 0.0),
        0.6,
    ),
    "nod": Rule(
        "The head nods up and down {when} (by about {value:.0f}°).",
        "{at}点头，上下幅度约 {value:.0f}°。",
        "degrees",
        f">= {SWINGS} pitch swings of >= {NOD:.0f} degrees, each <= {SWING_S[1]} s",
        (0.1, 0.1, 0.05),
        0.5,
    ),
    "head_shake": Rule(
        "The head shakes from side to side {when} (by about {value:.0f}°).",
        "{at}摇头，左右幅度约 {value:.0f}°。",
        "degrees",
        f">= {SWINGS} yaw swings of >= {SHAKE:.0f} degrees, each <= {SWING_S[1]} s",
        (-0.15, 0.15, 0.05),
        0.5,
    ),
    "gaze_shifts": Rule(
        "The eyes move across {when}; the iris travels over {how}{value:.0f}% of the eye's width.",
        "{when}目光从一侧移到另一侧，虹膜{how}移动了眼宽的 {value:.0f}%。",
        "%",
        f"the iris moves by > {GAZE_SHIFT:.0%} of the eye's width within {SHIFT_S:.0f} s of a shot",
        (-0.1, 0.2, -0.25),
        0.5,
    ),
    "gaze_averted": Rule(
        "The eyes look sideways out of their corners {when} (iris {value:.0f}% of the eye's width off the "
        "middle).",
        "{when}眼睛斜着看向一侧（虹膜偏离中央达眼宽的 {value:.0f}%）。",
        "%",
        f"iris > {GAZE_ASIDE:.0%} of the eye's width off the middle, >= 0.5 s, over 40 % of the clip",
        (-0.05, 0.0, -0.15),
        0.3,
    ),
    "strong_movement": Rule(
        "There is {how} movement of the body or arms, or of something close by, {when} ({value:.2f} face "
        "widths per second).",
        "{when}人物的身体、手臂，或是身边的人或物，有{how}动作（每秒 {value:.2f} 倍脸宽）。",
        "face widths/s",
        f"90th percentile of the optical flow around the face, camera removed, > {MOVING} and > "
        f"{MOVING_LEAST:.0%} of the picture's width per second, >= {MOVED_S} s ({FAR_MOVED_S} s if the face "
        f"is narrower than {FAR_WIDTH:.0%} of that width)",
        (0.0, 0.45, 0.25),
        0.9,
    ),
    "body_still": Rule(
        "The body hardly moves (below {value:.2f} face widths per second for nine tenths of the time).",
        "身体几乎不动（九成的时间里每秒不超过 {value:.2f} 倍脸宽）。",
        "face widths/s",
        f"90th percentile over time of the optical flow around the face, camera removed, < {STILL}",
        (0.0, -0.3, 0.0),
        0.6,
    ),
    "head_moves": Rule(
        "The head is in motion for most of the time (median {value:.2f} face widths per second).",
        "头部大部分时间都在晃动（中位数每秒 {value:.2f} 倍脸宽）。",
        "face widths/s",
        f"median optical flow inside the face, camera removed, > {LIVELY}, no strong movement beside it",
        (0.0, 0.25, 0.0),
        0.6,
    ),
    "picture_moves": Rule(
        "There is {how} movement in the picture {when} ({value:.0f}% of its width per second).",
        "{when}画面中有{how}运动（每秒 {value:.0f}% 画面宽度）。",
        "% of the width/s",
        f"90th percentile of the optical flow, camera removed, > {20 * MOVING:.0f} % of the width per "
        "second, >= 0.3 s",
    ),
    "picture_still": Rule(
        "The picture hardly moves (median {value:.1f}% of its width per second).",
        "画面几乎静止（中位数每秒 {value:.1f}% 画面宽度）。",
        "% of the width/s",
        f"median of the optical flow, camera removed, < {20 * STILL:.1f} % of the width per second",
    ),
    "haar_smile": Rule(
        "The mouth looks like a smile {when} (weight {value:.1f} in the smile cascade, "
        f"{HAAR_SMILE} being the least).",
        f"{{when}}嘴部呈笑容（笑容检测权重 {{value:.1f}}，判定阈值 {HAAR_SMILE}）。",
        "weight",
        f"level weight of OpenCV's smile cascade > {HAAR_SMILE}, median of {HAAR_LOOKS} looks, >= 0.3 s",
        (0.8, 0.25, 0.2),
        0.5,
    ),
    "dim_scene": Rule(
        "The picture is dark (brightness {value:.0f} of 255).",
        "画面昏暗（亮度 {value:.0f}，最大 255）。",
        "of 255",
        f"median brightness < {DIM_LUMA:.0f}",
        (-0.1, 0.0, 0.0),
        0.3,
    ),
}
