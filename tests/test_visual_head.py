"""Head, gaze, movement and light: what is told of them, where, and what is not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import make_clip
from toyfaces import GREY, face_clip, found, named

from affectgpt.clues.visual import _movement, _moving, measure
from affectgpt.schema import Face, Faces
from affectgpt.signals.expression import analyse

# ---- head and gaze


def wave(name, size, hertz, total=40, start=10, end=30):
    angles = [size * np.sin(2 * np.pi * hertz * (i - start) * 0.1) for i in range(total)]
    return [{name: angles[i]} if start <= i < end else {} for i in range(total)]


def test_nod_and_shake_are_told_apart():
    nods = found(face_clip(wave("pitch", 8, 1.5)))
    assert "head_shake" not in nods
    assert nods["nod"].value == pytest.approx(16, rel=0.25)  # smoothing over 3 frames takes off the tips
    assert nods["nod"].start_s == pytest.approx(1.0, abs=0.31)
    assert nods["nod"].end_s == pytest.approx(3.0, abs=0.31)
    shakes = found(face_clip(wave("yaw", 10, 1.5)))
    assert "nod" not in shakes
    assert shakes["head_shake"].value == pytest.approx(20, rel=0.25)


@pytest.mark.parametrize(("size", "hertz"), [(2, 1.5), (12, 0.3)])
def test_small_and_slow_movements_of_the_head_are_no_nod(size, hertz):
    assert "nod" not in named(face_clip(wave("pitch", size, hertz)))


def test_turned_bowed_and_turning_heads():
    pose = found(face_clip([{"yaw": 24.0, "pitch": 17.0}] * 20))["head_pose"]
    assert pose.value == pytest.approx(24, abs=0.5)
    assert "right of the picture" in pose.text.en
    assert "lowered" in pose.text.en
    smiling = {"mouth_width": 0.7, "corner_lift": 0.06, "pitch": 12.5}  # the chin goes down with the jaw
    assert "lowered" not in found(face_clip([smiling] * 20))["head_pose"].text.en
    bowed = found(face_clip([{"pitch": 35.0}] * 20))["head_down"]
    assert bowed.value == pytest.approx(35, abs=0.5)
    turning = [{"yaw": min(30.0, max(-30.0, -30.0 + 5 * (i - 10)))} for i in range(32)]
    turn = found(face_clip(turning))["head_turns"]
    assert turn.value == pytest.approx(60, abs=6)
    assert turn.spans[0] == pytest.approx((1.0, 2.2), abs=0.11)
    assert "head_turns" not in named(face_clip(turning, cuts=(16,)))  # another camera is no turn
    slow = [{"yaw": -30.0 + i} for i in range(61)]
    assert "head_turns" not in named(face_clip(slow))
    for angle, told in ((38.0, False), (43.0, True)):
        moments = [{"yaw": -30.0}] * 10 + [{"yaw": angle - 30.0}] * 10
        assert ("head_turns" in named(face_clip(moments))) == told


def test_all_turns_are_told_with_the_size_of_the_largest():
    there, back = [{"yaw": -30.0}] * 10, [{"yaw": 20.0}] * 10
    turn = found(face_clip([*there, *back, *there, *([{"yaw": 15.0}] * 10)]))["head_turns"]
    assert [start for start, _ in turn.spans] == pytest.approx([0.9, 1.9, 2.9])
    assert turn.value == pytest.approx(50, abs=1)
    assert "through up to 50°" in turn.text.en
    assert "最多转动约 50°" in turn.text.zh


def test_a_pose_is_said_where_it_is_kept_and_tilts_are_named():
    turned = found(face_clip([{"yaw": 30.0}] * 14 + [{"yaw": -30.0}] * 26))["head_pose"]
    assert turned.value == pytest.approx(-30, abs=0.5)
    assert turned.spans[0] == pytest.approx((1.4, 4.0), abs=0.11)
    assert "head_pose" not in found(face_clip([{"yaw": 30.0 if i % 10 < 5 else -30.0} for i in range(40)]))
    tilted = found(face_clip([{"roll": 11.0}] * 20))["head_pose"]
    assert "tilted about 11° to the right" in tilted.text.en
    assert tilted.value == pytest.approx(0, abs=0.5)


def test_to_the_camera_is_said_of_the_frames_in_which_it_is_so():
    moments = [{"yaw": -17.0}] * 12 + [{"yaw": -2.0}] * 20  # within the 20 degrees of one stretch
    clue = found(face_clip(moments))["head_pose"]
    assert "to the camera" in clue.text.en
    assert clue.spans[0] == pytest.approx((1.2, 3.2), abs=0.11)


def test_a_head_that_is_far_or_seldom_measured_has_no_pose():
    assert "head_pose" in found(face_clip([{}] * 20, px=24.0))
    assert "head_pose" not in found(face_clip([{}] * 20, px=20.0))
    clip = face_clip([{}] * 40)
    main = clip.find_faces(clip).main
    points = main.landmarks.copy()
    points[np.arange(40) % 10 >= 5] = np.nan
    seldom = Face(main.index, main.boxes, main.found, points)
    assert "head_pose" not in found(replace(clip, find_faces=lambda clip: Faces("mediapipe", (seldom,))))


def test_gaze_that_wanders_is_found_and_blinks_do_not_count():
    clue = found(face_clip([{"gaze_x": 0.2 if i < 20 else -0.2} for i in range(40)]))["gaze_shifts"]
    assert clue.value == pytest.approx(40, abs=2)
    assert clue.spans == (pytest.approx((1.9, 2.1)),)
    assert "up to" not in clue.text.en
    clue = found(face_clip([{"gaze_x": 0.2 if i // 10 % 2 else -0.15} for i in range(40)]))["gaze_shifts"]
    assert clue.spans == tuple(pytest.approx((k - 0.1, k + 0.1)) for k in (1, 2, 3))
    assert "up to 35%" in clue.text.en
    late = [
        {"gaze_x": -0.2 + 0.01 * max(0, i - 12) if i < 20 else 0.2} for i in range(40)
    ]  # drifts, then jumps
    assert found(face_clip(late))["gaze_shifts"].spans == (pytest.approx((1.9, 2.1)),)
    drift = [{"gaze_x": 0.2 - 0.01 * i} for i in range(40)]
    assert "gaze_shifts" not in named(face_clip(drift))
    closed = [{"gaze_x": 0.3, "eye_open": 0.05} if i % 8 == 0 else {} for i in range(40)]
    assert "gaze_shifts" not in named(face_clip(closed))


# ---- presence, other faces, movement, light


def test_presence_and_other_faces_are_counted_by_frames():
    clip = face_clip([{}] * 20)
    main = clip.find_faces(clip).main
    half = Face(main.index[:10], main.boxes[:10], main.found[:10], main.landmarks[:10])
    other = Face(np.arange(5), np.tile([10.0, 10, 60, 60], (5, 1)), np.ones(5, bool))
    clues = found(replace(clip, find_faces=lambda clip: Faces("mediapipe", (half, other))))
    assert clues["face_presence"].value == pytest.approx(50)
    assert "those parts only" in clues["face_presence"].text.en
    assert clues["other_faces"].value == 1
    assert clues["other_faces"].spans == ((0.0, pytest.approx(0.5)),)
    rare = Face(other.index, other.boxes, np.arange(5) % 2 == 0)  # 3 sightings are too few
    clues = found(replace(clip, find_faces=lambda clip: Faces("mediapipe", (half, rare))))
    assert "other_faces" not in clues


def test_the_width_of_the_face_is_that_of_its_mesh():
    clip = face_clip([{}] * 20, px=40.0)  # 1.5 eye distances of 40 of 320 pixels; the box is 100 wide
    assert "taking up 19% of" in found(clip)["face_presence"].text.en
    main = clip.find_faces(clip).main
    boxed = Face(main.index, main.boxes, main.found)
    clues = found(replace(clip, find_faces=lambda clip: Faces("haar", (boxed,))))
    assert "taking up 31% of" in clues["face_presence"].text.en


def test_no_face_is_said_and_movement_then_speaks_for_nothing():
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(128, 500, (240, 320, 3)), (0, 0), 4).clip(0, 255).astype(np.uint8)
    block = noise[::-1][:96, :160]
    frames = np.stack([noise] * 20)
    for i in range(20):
        frames[i, 40 : 40 + 96, 5 * i : 5 * i + 160] = block
    clip = make_clip(track=frames, track_times_s=np.arange(20) * 0.1, **GREY)
    clues = found(clip)
    assert clues["face_presence"].value == 0
    assert "any of the 20 frames looked at" in clues["face_presence"].text.en
    assert clues["strong_movement"].strength == 0


def test_letters_that_appear_are_no_movement():
    frames = np.full((20, 240, 320, 3), 250, np.uint8)
    for i in range(20):
        for k in range(3 * i):
            x, y = 10 + 12 * (k % 24), 20 + 24 * (k // 24)
            frames[i, y : y + 12, x : x + 7] = np.kron([[0, 250, 0], [250, 0, 250]], np.ones((6, 3)))[
                :12, :7, None
            ]
    clip = make_clip(track=frames, track_times_s=np.arange(20) * 0.1, **GREY)
    assert "strong_movement" not in found(clip)


@pytest.mark.parametrize(("speeds", "spans"), [((0.3, 0.6), 1), ((0.3, 0.35), 2), ((0.5, 0.6), 2)])
def test_the_adjective_of_a_movement_holds_in_each_span(speeds, spans):
    face = analyse(face_clip([{}] * 40))
    speed = np.zeros(40)
    speed[5:10], speed[25:30] = speeds
    shown, (how, _) = _moving(speed, 0.2, face)
    assert len(shown) == spans
    assert how == ("strong" if max(speeds) >= 0.45 else "clear")


@pytest.mark.parametrize(
    ("parts", "width", "span"),
    [
        ({(5, 10): 0.3}, 0.2, (0.5, 1.0)),
        ({(5, 10): 0.3}, 0.06, None),  # a far face: 1.8 % of the picture's width is noise
        ({(5, 10): 0.3, (12, 13): 0.3}, 0.2, (0.5, 1.0)),  # a single frame does not lengthen it
        ({(5, 10): 0.3, (13, 15): 0.9}, 0.2, (0.5, 1.5)),  # a last stroke does
        ({(5, 10): 0.3, (12, 20): 0.6}, 0.2, (1.2, 2.0)),  # strong from here on
        ({(5, 8): 0.9}, 0.09, (0.5, 0.8)),
        ({(5, 8): 0.9}, 0.07, None),  # three frames of a tiny face
        ({(5, 9): 0.9}, 0.07, (0.5, 0.9)),
        ({(5, 8): 0.9, (20, 25): 0.4}, 0.07, (2.0, 2.5)),
    ],
)
def test_a_movement_is_told_where_it_is_one(parts, width, span):
    face = analyse(face_clip([{}] * 40))
    speed = np.zeros(40)
    for (start, end), value in parts.items():
        speed[start:end] = value
    spans, _ = _moving(speed, width, face)
    assert [pytest.approx(s) for s in spans] == ([span] if span else [])


def test_a_face_that_fills_the_picture_has_no_movement_beside_it():
    face = analyse(face_clip([{}] * 20))
    fast, none = np.full(20, 0.5), np.full(20, np.nan)
    moving = replace(face, face_motion=fast, picture_motion=fast, body_motion=fast)
    assert [clue.name for clue in _movement(moving)] == ["strong_movement"]
    assert _movement(replace(moving, body_motion=none)) == []
    (clue,) = _movement(replace(moving, body_motion=none, face_motion=none))  # without a face: the picture
    assert "in the picture" in clue.text.en


def test_the_motion_backend_says_nothing_of_faces():
    clip = make_clip(track=np.full((10, 60, 80, 3), 90, np.uint8), track_times_s=np.arange(10) * 0.1)
    assert "face_presence" not in found(clip)


def test_a_dark_picture_is_named():
    clip = make_clip(track=np.full((10, 60, 80, 3), 20, np.uint8), track_times_s=np.arange(10) * 0.1, **GREY)
    clue = found(clip)["dim_scene"]
    assert clue.value == pytest.approx(20)
    assert clue.strength == 0  # nobody is in it
    track = np.zeros((10, 60, 80, 3), np.uint8)
    track[:, 20:40] = 100  # between black borders
    assert "dim_scene" not in found(replace(clip, track=track))


def test_no_picture_gives_no_clue():
    assert measure(make_clip()) == []
