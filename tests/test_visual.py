"""Visual clues: what was built into a face is found where it was built in, and nothing else is said."""

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import make_clip
from toyfaces import face_clip

from affectgpt.clues.face_rules import FACE_RULES
from affectgpt.clues.visual import _moving, measure, when
from affectgpt.clues.visual_rules import OTHER_RULES
from affectgpt.faces import track_faces
from affectgpt.schema import Face, Faces
from affectgpt.signals.expression import analyse

QUIET = {"face_presence", "head_pose", "body_still"}  # what a face at rest in a grey picture gives
GREY = {"find_faces": lambda clip: Faces("mediapipe")}


def found(clip):
    return {clue.name: clue for clue in measure(clip)}


def named(clip):
    return set(found(clip)) - QUIET


def with_span(pose, start, end, total=40, rest=None):
    rest = rest or {}
    return [{**rest, **pose} if start <= i < end else rest for i in range(total)]


# ---- one expression at a time: 1.0 to 2.8 s in a clip of 4 s

CASES = {
    "smile": {"mouth_width": 0.7, "corner_lift": 0.06},
    "slight_smile": {"mouth_width": 0.6, "corner_lift": 0.03},
    "grimace": {"mouth_width": 0.68, "corner_lift": -0.01, "eye_open": 0.05, "mouth_open": 0.03},
    "corners_down": {"corner_lift": -0.05},
    "frown": {"brow_inner": 0.15, "brow_mid": 0.26},
    "brows_lowered": {"brow_inner": 0.18, "brow_mid": 0.285},
    "brows_up": {"brow_inner": 0.26, "brow_mid": 0.38},
    "eyes_wide": {"eye_open": 0.46},
    "eyes_closed": {"eye_open": 0.06},
    "gaze_lowered": {"eye_open": 0.18, "gaze_y": 0.0},
    "mouth_open": {"mouth_open": 0.35, "lip_height": 0.55},
    "lips_pressed": {"lip_height": 0.15, "mouth_open": 0.0},
    "gaze_averted": {"gaze_x": 0.2},
}
ALONGSIDE = {
    "grimace": {"eyes_closed"},
}


@pytest.mark.parametrize("name", CASES)
def test_a_known_expression_is_found_where_it_is(name):
    clues = found(face_clip(with_span(CASES[name], 10, 28)))
    assert set(clues) - QUIET - ALONGSIDE.get(name, set()) == {name}
    (start, end), *more = clues[name].spans
    assert not more
    assert (start, end) == pytest.approx((1.0, 2.8), abs=0.11)
    assert 0 < clues[name].strength <= 1


def test_every_face_rule_has_its_case():
    assert set(FACE_RULES) <= set(CASES)


def test_a_face_at_rest_says_nothing():
    assert named(face_clip([{}] * 40)) == set()


def test_values_are_the_means_that_were_built_in():
    clues = found(face_clip(with_span(CASES["smile"], 10, 30)))
    assert clues["smile"].value == pytest.approx(1.0, abs=0.02)
    clues = found(face_clip(with_span({"eye_open": 0.46}, 10, 30)))
    assert clues["eyes_wide"].value == pytest.approx(46, abs=0.5)
    assert clues["eyes_wide"].unit == "%"


# ---- gates


@pytest.mark.parametrize("name", ["smile", "corners_down", "frown", "brows_up", "mouth_open", "lips_pressed"])
@pytest.mark.parametrize("pose", [{"yaw": 50.0}, {"pitch": 40.0}])
def test_mouth_and_brows_are_silent_on_a_face_turned_away(name, pose):
    clues = named(face_clip(with_span(CASES[name], 10, 30, rest=pose)))
    assert not clues & set(FACE_RULES)


@pytest.mark.parametrize("name", ["eyes_wide", "eyes_closed", "gaze_lowered", "frown", "lips_pressed"])
def test_eyes_brows_and_lips_are_silent_on_a_far_face(name):
    assert named(face_clip(with_span(CASES[name], 10, 30), px=18.0)) == set()


def test_too_short_is_not_said():
    for name in ("smile", "slight_smile", "frown", "eyes_closed", "lips_pressed"):
        assert named(face_clip(with_span(CASES[name], 10, 12))) <= {"blinks"}


def test_a_crying_grimace_is_no_smile():
    crying = {"mouth_width": 0.74, "corner_lift": 0.035, "eye_open": 0.06}
    clues = named(face_clip(with_span(crying, 10, 30)))
    assert "grimace" in clues
    assert "smile" not in clues


def test_a_mouth_widened_by_shouting_is_no_faint_smile():
    shouting = {"mouth_width": 0.63, "corner_lift": 0.025, "mouth_open": 0.12}
    assert not {"smile", "slight_smile", "expression_change"} & named(face_clip(with_span(shouting, 10, 40)))


def test_brows_are_told_from_their_onset_to_their_end():
    steps = [0.0] * 20 + [0.4, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6] + [0.0] * 10
    for inner, middle, name in ((-0.03, -0.03, "brows_lowered"), (0.06, 0.07, "brows_up")):
        moments = [{"brow_inner": 0.21 + inner * k, "brow_mid": 0.315 + middle * k} for k in steps]
        assert found(face_clip(moments))[name].spans[0] == pytest.approx((2.1, 3.0), abs=0.11)


def test_without_a_brow_at_rest_nothing_is_called_lowered():
    moments = [CASES["brows_lowered"]] * 8 + [CASES["smile"]] * 24 + [CASES["brows_lowered"]] * 8
    assert "brows_lowered" not in named(face_clip(moments))


def test_corners_are_not_read_under_a_hard_frown():
    clues = named(face_clip([{**CASES["frown"], **CASES["corners_down"]}] * 40))
    assert "frown" in clues
    assert "corners_down" not in clues


def test_brows_at_rest_are_not_lowered_because_they_were_raised_before():
    moments = [{}] * 6 + [CASES["brows_up"]] * 12 + [{}] * 22
    assert named(face_clip(moments)) == {"brows_up"}


def test_fewer_than_four_mesh_frames_say_nothing_of_the_face():
    clip = face_clip([CASES["smile"]] * 3)
    assert set(found(clip)) == {"face_presence"}


class Heard:
    def __init__(self, *speech, state="heard", dynamic_db=30.0):
        self.speech, self.state, self.dynamic_db = speech, state, dynamic_db


@pytest.mark.parametrize(
    ("heard", "live", "said"),
    [
        (Heard(), True, True),
        (Heard((1.0, 2.9)), True, False),
        (Heard((3.1, 4.0)), True, False),  # too near
        (Heard((3.5, 4.0)), True, True),
        (Heard(dynamic_db=15.0), True, False),  # noise hides speech
        (Heard(), False, False),  # a frozen picture
    ],
)
def test_a_widened_mouth_is_said_only_where_nobody_speaks(heard, live, said, monkeypatch):
    from affectgpt.signals import voice

    monkeypatch.setattr(voice, "analyse", lambda wave: heard)
    wide = {"mouth_width": 0.65, "corner_lift": -0.005, "mouth_open": 0.1}
    clip = face_clip(with_span(wide, 10, 30), wave=np.ones(64_000, np.float32))
    if live:
        noise = np.random.default_rng(0).integers(0, 6, clip.track.shape, np.uint8)
        clip = replace(clip, track=clip.track + noise)
    assert ("widened_mouth" in named(clip)) == said


@pytest.mark.parametrize("samples", [0, 64_000])
def test_without_sound_nobody_knows_whether_a_wide_mouth_speaks(samples):
    wide = {"mouth_width": 0.65, "corner_lift": -0.005, "mouth_open": 0.1}
    clip = face_clip(with_span(wide, 10, 30), wave=np.zeros(samples, np.float32))
    assert "widened_mouth" not in named(clip)


# ---- changes, blinks


def test_opens_without_a_smile_then_smiles():
    clue = found(face_clip(with_span(CASES["smile"], 18, 40)))["expression_change"]
    assert clue.value == pytest.approx(1.8, abs=0.11)
    assert "opens without a smile" in clue.text.en
    assert "没有笑容" in clue.text.zh


def test_a_smile_that_goes_again_or_an_opening_with_one_is_no_change():
    assert "expression_change" not in named(face_clip(with_span(CASES["smile"], 14, 34)))
    moments = [CASES["smile"]] * 6 + [{}] * 10 + [CASES["smile"]] * 24
    assert "expression_change" not in named(face_clip(moments))


def test_a_smile_that_ends_is_said_too():
    clue = found(face_clip(with_span(CASES["smile"], 0, 20)))["expression_change"]
    assert clue.value == pytest.approx(2.0, abs=0.11)
    assert "gone" in clue.text.en


def test_three_blinks_are_counted_and_a_long_closing_is_none():
    moments = [{"eye_open": 0.06} if i in (8, 9, 20, 31) else {} for i in range(45)]
    clue = found(face_clip(moments))["blinks"]
    assert clue.value == 3
    assert [start for start, _ in clue.spans] == pytest.approx([0.8, 2.0, 3.1])
    assert clue.strength == 0
    assert "blinks" not in named(face_clip(with_span({"eye_open": 0.06}, 10, 20)))


def test_lids_that_sink_and_stay_low_are_no_blink():
    moments = [{}] * 20 + [{"eye_open": 0.06}] * 2 + [{"eye_open": 0.2}] * 18
    assert "blinks" not in named(face_clip(moments))


def test_many_blinks_speak_and_five_frames_a_second_are_too_few_to_count():
    moments = [{"eye_open": 0.06} if i % 8 == 4 else {} for i in range(48)]
    assert found(face_clip(moments))["blinks"].strength > 0
    assert "blinks" not in named(face_clip(moments, step_s=0.2))


# ---- without landmarks


def haar_clip(weights, monkeypatch):
    from affectgpt.signals import expression

    monkeypatch.setattr(expression, "smile_weights", lambda track, face: np.array(weights, np.float32))
    total = 2 * len(weights)
    looked = np.arange(total) % 2 == 0
    face = Face(np.arange(total), np.tile([100.0, 60, 180, 140], (total, 1)), looked)
    return make_clip(
        track=np.full((total, 240, 320, 3), 128, np.uint8),
        track_times_s=np.arange(total) * 0.1,
        find_faces=lambda clip: Faces("haar", (face,)),
    )


def test_a_smile_that_lasts_is_found_without_landmarks_and_single_looks_are_not_believed(monkeypatch):
    clues = found(haar_clip([1.0] * 8 + [4.0] * 10 + [1.0] * 6, monkeypatch))
    assert set(clues) == {"face_presence", "smile", "body_still"}
    assert clues["smile"].value == pytest.approx(4.0)
    assert clues["smile"].spans[0] == pytest.approx((1.6, 3.5), abs=0.21)
    assert "smile" not in found(haar_clip([1.0, 4.0, 4.0, 1.0, 1.0] * 5, monkeypatch))


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
    pose = found(face_clip([{"yaw": 24.0, "pitch": 15.0}] * 20))["head_pose"]
    assert pose.value == pytest.approx(24, abs=0.5)
    assert "right of the picture" in pose.text.en
    assert "lowered" in pose.text.en
    bowed = found(face_clip([{"pitch": 35.0}] * 20))["head_down"]
    assert bowed.value == pytest.approx(35, abs=0.5)
    turning = [{"yaw": min(30.0, max(-30.0, -30.0 + 5 * (i - 10)))} for i in range(32)]
    turn = found(face_clip(turning))["head_turns"]
    assert turn.value == pytest.approx(60, abs=6)
    assert turn.spans[0] == pytest.approx((0.9, 2.4), abs=0.21)
    assert "head_turns" not in named(face_clip(turning, cuts=(16,)))  # another camera is no turn
    slow = [{"yaw": -30.0 + i} for i in range(61)]
    assert "head_turns" not in named(face_clip(slow))


def test_a_pose_is_said_where_it_is_kept_and_tilts_are_named():
    turned = found(face_clip([{"yaw": 30.0}] * 14 + [{"yaw": -30.0}] * 26))["head_pose"]
    assert turned.value == pytest.approx(-30, abs=0.5)
    assert turned.spans[0] == pytest.approx((1.4, 4.0), abs=0.11)
    assert "head_pose" not in found(face_clip([{"yaw": 30.0 if i % 10 < 5 else -30.0} for i in range(40)]))
    tilted = found(face_clip([{"roll": 18.0}] * 20))["head_pose"]
    assert "tilted about 18° to the right" in tilted.text.en
    assert tilted.value == pytest.approx(0, abs=0.5)


def test_gaze_that_wanders_is_found_and_blinks_do_not_count():
    clue = found(face_clip([{"gaze_x": 0.2 if i < 20 else -0.2} for i in range(40)]))["gaze_shifts"]
    assert clue.value == pytest.approx(40, abs=2)
    assert clue.start_s < 2.0 < clue.end_s <= clue.start_s + 1.01
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
    shown, (how, _) = _moving(speed, face)
    assert len(shown) == spans
    assert how == ("strong" if max(speeds) >= 0.45 else "clear")


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


# ---- sentences


def test_at_most_three_spans_are_said_and_all_are_recorded():
    moments = [CASES["smile"] if i % 10 < 4 else {} for i in range(60)]
    clue = found(face_clip(moments))["smile"]
    assert len(clue.spans) == 6
    assert clue.text.en.count("–") == 3
    face = analyse(face_clip([{}] * 40))
    assert when(((0.5, 1.0),), face) == ("at 0.5–1.0 s", "0.5–1.0 秒，")
    assert when(((0.0, 3.5),), face)[0] == "through most of the clip"


@pytest.mark.parametrize("name", CASES)
def test_each_sentence_has_a_number_and_reads_in_both_languages(name):
    for clue in measure(face_clip(with_span(CASES[name], 10, 30))):
        assert clue.unit
        assert clue.basis
        assert re.search(r"\d", clue.text.en) or clue.name == "head_pose"
        assert clue.text.en.endswith(".")
        assert clue.text.zh.endswith("。")
        for text in (clue.text.en, clue.text.zh):
            assert "{" not in text
            assert "  " not in text
            assert "，，" not in text


def test_every_rule_can_be_said_without_leftovers():
    for rule in [*FACE_RULES.values(), *OTHER_RULES.values()]:
        for text in (rule.en, rule.zh):
            said = text.format(when="WHEN", at="WHEN", value=1.0, how="HOW")
            assert "{" not in said


def test_same_clip_same_clues():
    clip = face_clip(with_span(CASES["smile"], 10, 30))
    assert measure(clip) == measure(clip)


# ---- real clips, read where they lie


@pytest.fixture(scope="module")
def real(shared):
    from affectgpt.media import load_clip

    def clues_of(name):
        clip = load_clip(shared / "data" / "clips" / f"{name}.mp4")
        clip = replace(clip, find_faces=track_faces)
        assert clip.faces.main is not None
        return found(clip)

    return clues_of


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("sample_00000338", {"corners_down", "gaze_lowered", "brows_lowered"}, {"smile", "slight_smile"}),
        ("sample_00000694", {"strong_movement", "gaze_shifts"}, {"smile", "slight_smile", "widened_mouth"}),
        ("sample_00001073", {"slight_smile"}, {"frown", "corners_down"}),
        ("sample_00000167", set(), {"smile", "slight_smile", "frown", "eyes_closed"}),
        ("samplenew_00004251", {"head_down", "strong_movement"}, {"smile", "brows_up"}),
    ],
)
def test_real_clips_show_what_a_person_sees(real, name, there, absent):
    clues = set(real(name))
    assert there <= clues
    assert not absent & clues
