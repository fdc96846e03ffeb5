"""Visual clues: what was built into a face is found where it was built in, and nothing else is said."""

import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import make_clip
from toyfaces import QUIET, face_clip, found, named, with_span

from affectgpt.clues.face_rules import FACE_RULES
from affectgpt.clues.visual import measure, when
from affectgpt.clues.visual_rules import OTHER_RULES
from affectgpt.faces import track_faces
from affectgpt.schema import Face, Faces
from affectgpt.signals.expression import analyse

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


@pytest.mark.parametrize("brows", ["brows_lowered", "frown"])
def test_lids_that_squint_under_drawn_brows_tell_nothing_of_the_gaze(brows):
    squint = {**CASES["gaze_lowered"], **CASES[brows]}
    assert named(face_clip(with_span(squint, 10, 28))) == {brows}
    clues = found(face_clip([CASES["gaze_lowered"]] * 26 + [squint] * 14))
    assert clues["gaze_lowered"].spans[0] == pytest.approx((0, 2.6), abs=0.11)


def test_a_low_brow_that_rises_clearly_is_raised_below_the_limit():
    rest = {"brow_inner": 0.20, "brow_mid": 0.30}
    for middle, raised in ((0.35, True), (0.33, False)):
        clues = found(face_clip(with_span({"brow_mid": middle, "brow_inner": 0.22}, 10, 20, rest=rest)))
        assert ("brows_up" in clues) == raised
    high = {"brow_inner": 0.20, "brow_mid": 0.33}  # the same brow is at rest in another face
    assert "brows_up" not in found(face_clip(with_span({"brow_mid": 0.355}, 10, 20, rest=high)))


def test_a_low_that_lies_under_the_brow_at_rest_does_not_make_that_look_raised():
    middle = [0.28] * 8 + [0.31] * 6 + [0.37] * 4 + [0.332] * 4 + [0.37] * 4 + [0.31] * 4  # a frown first
    clue = found(face_clip([{"brow_mid": m} for m in middle]))["brows_up"]
    assert [pytest.approx(s, abs=0.01) for s in clue.spans] == [(1.4, 1.8), (2.2, 2.6)]
    middle = [0.29] * 14 + [0.325] * 4 + [0.35] * 8 + [0.29] * 14  # of a low brow the same is half-way up
    clue = found(face_clip([{"brow_mid": m, "brow_inner": 0.2} for m in middle]))["brows_up"]
    assert clue.spans == (pytest.approx((1.4, 2.6)),)


def test_large_eyes_are_wide_when_they_open_further():
    for rest, opened, wide in ((0.33, 0.43, True), (0.41, 0.43, False), (0.41, 0.46, True)):
        moments = with_span({"eye_open": opened}, 10, 16, rest={"eye_open": rest})
        assert ("eyes_wide" in named(face_clip(moments))) == wide
    assert "eyes_wide" in named(face_clip([{"eye_open": 0.46}] * 40))  # nobody's are so at rest


def test_a_smile_of_a_moment_weighs_less():
    for frames, total, strength in ((4, 40, 0.6 * 0.4), (10, 40, 0.75), (20, 40, 1.0), (5, 5, 1.0)):
        clue = found(face_clip(with_span(CASES["smile"], 0, frames, total)))["smile"]
        assert clue.strength == pytest.approx(strength, abs=0.001)


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


# ---- sentences


@pytest.mark.parametrize(("spans", "told"), [(3, 3), (4, 4), (5, 3), (6, 3)])  # one more is soon said, too
def test_up_to_four_spans_are_said_and_all_are_recorded(spans, told):
    moments = [CASES["smile"] if i % 10 < 4 else {} for i in range(10 * spans)]
    clue = found(face_clip(moments))["smile"]
    assert len(clue.spans) == spans
    assert clue.text.en.count("–") == told
    assert ("other moments" in clue.text.en) == (told < spans)
    face = analyse(face_clip([{}] * 40))
    assert when(((0.5, 1.0),), face) == ("at 0.5–1.0 s", "0.5–1.0 秒，")
    assert when(((0.0, 3.5),), face)[0] == "through most of the clip"
    assert when(((0.0, 3.7),), face)[0] == "through most of the clip"  # 92 %
    assert when(((0.1, 4.0),), face) == ("throughout", "自始至终")


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
