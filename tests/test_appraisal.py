"""Numbers by hand, every conflict, every way not to know, windows; no label without a clue."""

import itertools
import random
from math import tanh

import pytest
from conftest import make_clue

from affectgpt.appraisal import CONFLICTS, WEIGHTS, appraise
from affectgpt.labels import GROUPS, LEAST_CONFIDENCE, PROTOTYPES
from affectgpt.schema import Clue
from affectgpt.vocabulary import canonical, translate


def clue(modality, name, v=0.0, a=0.0, d=0.0, strength=1.0, value=1.0, spans=()) -> Clue:
    return make_clue(
        modality, name, valence=v, arousal=a, dominance=d, strength=strength, value=value, spans=tuple(spans)
    )


FACE = clue("visual", "face_presence", strength=0, value=96.0)
EFFORT = clue("acoustic", "effort", strength=0, value=0.1)
QUOTE = clue("lexical", "quote", strength=0)
SMILE = clue("visual", "smile", 0.8, 0.25, 0.2, 0.9, 0.8, [(1.0, 2.0)])
FROWN = clue("visual", "frown", -0.5, 0.3, 0.3, 0.9, 0.9, [(0.0, 4.0)])
CORNERS = clue("visual", "corners_down", -0.35, 0.0, -0.1, 0.6, -0.04)
DOWN = clue("visual", "head_down", -0.2, -0.15, -0.3, 0.6, 31)
STILL = clue("visual", "body_still", 0, -0.3, 0, 0.6)
CLOSED = clue("visual", "eyes_closed", -0.15, -0.2)
GESTURE = clue("visual", "strong_movement", 0, 0.45, 0.25, 0.9, 0.4)
FORCED = clue("acoustic", "forceful_voice", -0.25, 0.9, 0.6, 0.9, 1.8)
TENSE = clue("acoustic", "tense_voice", -0.1, 0.45, 0.3, 1.0, 1.0)
FLAT = clue("acoustic", "monotone", -0.1, -0.3)
PAUSE = clue("acoustic", "long_pauses", -0.05, -0.15, -0.1, 0.6)
SOFT = clue("acoustic", "soft_voice", 0, -0.45, -0.2, 0.9, -1.2)
FAST = clue("acoustic", "fast_speech", 0, 0.35, 0.1, 0.7, 7.0)
JOY = clue("lexical", "word_joy", 0.8, 0.5, 0.4, 0.9)
SADNESS = clue("lexical", "word_sadness", -0.8, -0.3, -0.5, 0.8)
ANGER = clue("lexical", "word_anger", -0.8, 0.7, 0.5, 0.9)
ACCUSATION = clue("lexical", "accusation", -0.35, 0.25, 0.2, 0.9)


def names(verdict) -> list[str]:
    return [label.name for label in verdict.labels]


# ---- numbers


def test_one_modality_is_a_tanh_of_the_weighted_sum():
    verdict = appraise([FROWN, GESTURE], 4.0)
    valence, arousal, dominance = verdict.modalities["visual"]
    assert valence == pytest.approx(tanh(1.1 * -0.5 * 0.9), abs=1e-3)
    assert arousal == pytest.approx(tanh(1.1 * (0.3 * 0.9 + 0.45 * 0.9)), abs=1e-3)
    assert dominance == pytest.approx(tanh(1.1 * (0.3 * 0.9 + 0.25 * 0.9)), abs=1e-3)
    assert list(verdict.modalities) == ["visual"]


def test_fusion_is_the_weighted_mean_of_those_that_speak():
    verdict = appraise([SMILE, JOY], 4.0)
    picture, words = tanh(1.1 * 0.8 * 0.9), tanh(1.1 * 0.8 * 0.9)
    assert verdict.valence == pytest.approx((1.0 * picture + 0.9 * words) / 1.9, abs=1e-3)
    picture, words = tanh(1.1 * 0.25 * 0.9), tanh(1.1 * 0.5 * 0.9)  # .243, nearly full voice, and .458
    voice = (picture - 0.05) / 0.2
    assert verdict.arousal == pytest.approx((0.6 * picture + 0.45 * words) / (0.6 * voice + 0.45), abs=1e-3)


def test_a_lone_voice_has_less_to_say_about_valence():
    alone = appraise([clue("acoustic", "forceful_voice", v=-0.5)], 4.0).valence
    assert alone == pytest.approx(0.45 * tanh(-0.55) / 0.9, abs=1e-3)


def test_a_modality_grows_into_the_mean_without_a_jump():
    def fused(weak: float) -> float:
        return appraise([clue("lexical", "word_joy", v=0.8), clue("visual", "nod", v=weak)], 4.0).valence

    steps = [fused(x / 200) for x in range(1, 80)]
    assert max(abs(b - a) for a, b in itertools.pairwise(steps)) < 0.02


def test_nothing_is_said_about_a_dimension_no_clue_speaks_of():
    verdict = appraise([clue("acoustic", "wide_pitch", a=0.3)], 4.0)
    assert verdict.valence is None
    assert verdict.dominance is None
    assert verdict.arousal > 0


def test_order_does_not_matter_and_the_answer_is_the_same_twice():
    clues = [FACE, QUOTE, SMILE, JOY, FORCED, FAST, FROWN, SADNESS]
    first = appraise(clues, 6.0, cuts_s=(2.5,))
    assert first == appraise(clues, 6.0, cuts_s=(2.5,))
    shuffled = random.Random(1).sample(clues, len(clues))
    other = appraise(shuffled, 6.0, cuts_s=(2.5,))
    assert (other.valence, other.arousal, other.windows) == (first.valence, first.arousal, first.windows)
    assert names(other) == names(first)
    assert {shuffled[p].name for p in other.labels[0].clues} == {clues[p].name for p in first.labels[0].clues}


def test_a_raised_voice_and_gestures_are_neither_anger_nor_joy_before_face_or_words_speak():
    high = clue("acoustic", "high_pitch", -0.1, 0.4, -0.2, 0.8)
    assert names(appraise([FACE, FORCED, high, GESTURE, DOWN], 4.0)) == ["agitated"]
    assert names(appraise([FACE, FORCED, high, GESTURE, FROWN], 4.0))[0] == "angry"
    assert names(appraise([FACE, FORCED, high, GESTURE, ANGER], 4.0))[0] == "angry"


# ---- labels


@pytest.mark.parametrize(
    ("clues", "expected"),
    [
        ([FACE, SMILE, JOY], "happy"),
        ([FACE, FROWN, GESTURE, FORCED, ANGER], "angry"),
        ([FACE, FORCED, ACCUSATION, GESTURE], "indignant"),
        ([FACE, CORNERS, DOWN, SOFT, SADNESS], "sad"),
        ([FACE, EFFORT, clue("lexical", "word_gratitude", 0.7, 0.1, 0.0, 0.8)], "grateful"),
        ([FACE, clue("lexical", "word_worry", -0.5, 0.4, -0.4), CORNERS], "worried"),
        (
            [clue("visual", "eyes_wide", 0, 0.4, -0.1), clue("lexical", "word_surprise", 0, 0.7, 0)],
            "surprised",
        ),
        ([FORCED, FAST], "agitated"),
    ],
)
def test_first_label(clues, expected):
    verdict = appraise(clues, 4.0)
    assert names(verdict)[0] == expected
    assert verdict.cannot_tell is None
    assert 1 <= len(verdict.labels) <= 4


def test_no_label_without_a_clue_and_none_against_the_valence():
    pool = [SMILE, FROWN, CORNERS, DOWN, GESTURE, FORCED, TENSE, SOFT, FAST, JOY, SADNESS, ANGER, ACCUSATION]
    rng = random.Random(0)
    seen = 0
    for _ in range(300):
        clues = [FACE, QUOTE, *rng.sample(pool, rng.randint(1, 6))]
        verdict = appraise(clues, 5.0)
        for label in verdict.labels:
            seen += 1
            assert label.clues, label
            assert 0 < label.confidence <= 1
            assert list(label.clues) == sorted(set(label.clues))
            side = PROTOTYPES[label.name][0][0] if label.name in PROTOTYPES else 0
            if abs(side) >= 0.3:
                assert any(clues[p].valence * side > 0 for p in label.clues), (label, clues)
    assert seen > 300


def test_confidence_grows_with_agreement_and_falls_with_contradiction():
    def happy(*clues) -> float:
        return next(x.confidence for x in appraise(clues, 4.0).labels if x.name == "happy")

    alone, both = happy(FACE, SMILE, GESTURE), happy(FACE, SMILE, JOY)
    assert happy(FACE, SMILE, JOY, clue("acoustic", "wide_pitch", a=0.6, v=0.3)) > both > alone
    assert happy(FACE, SMILE, JOY, CORNERS) < both


def test_each_label_has_a_place_in_the_vocabulary_and_a_chinese_name():
    for name in [*PROTOTYPES, "sarcastic"]:
        assert canonical(name) == name
        assert translate(name, "zh") != name


def test_prototypes_lie_in_range_and_groups_are_used():
    for (v, a, d), bonuses in PROTOTYPES.values():
        assert max(map(abs, (v, a, d))) <= 1
        assert bonuses
        assert all(0 < bonus < 1 for bonus in bonuses.values())
    used = {key for _, bonuses in PROTOTYPES.values() for key in bonuses}
    assert set(GROUPS) <= used


# ---- cannot tell


@pytest.mark.parametrize(
    ("clues", "reason"),
    [
        ([], "Nothing"),
        ([FACE, QUOTE], "Nothing"),
        ([FROWN], "With only the frown to go by"),
        ([QUOTE, SADNESS], "only the words of sadness or hurt to"),
        ([QUOTE, SADNESS, clue("lexical", "polarity", -0.4)], "only the words of sadness or hurt to"),
        ([DOWN, GESTURE], "only the bowed head and the movement to"),
        ([SMILE, PAUSE, clue("visual", "blinks", 0, 0.15)], "only the smile to"),
        ([PAUSE, clue("visual", "dim_scene", -0.03)], "only the pause and the dim light to"),
        ([clue("visual", "nod", 0.05), clue("lexical", "hedge", -0.03, -0.05)], "weak"),
        ([clue("visual", "nod", 0.3), clue("visual", "blinks"), clue("lexical", "hedge", -0.3)], "opposite"),
        ([clue("visual", "smile", 0.8, 0.25, 0.2, 0.3), SOFT, FLAT], "fits"),
    ],
)  # fmt: skip
def test_unclear_comes_first_and_says_why(clues, reason):
    verdict = appraise(clues, 4.0)
    assert verdict.labels == ()
    assert reason in verdict.cannot_tell.en
    assert verdict.cannot_tell.zh.endswith("。")


def test_no_label_is_below_the_least_confidence():
    sigh = clue("acoustic", "sigh", -0.3, -0.2, -0.2, 0.4)
    for clues in ([SOFT, sigh], [FACE, SMILE, SADNESS], [FACE, FORCED, ANGER, SADNESS, ACCUSATION]):
        assert min(label.confidence for label in appraise(clues, 4.0).labels) >= LEAST_CONFIDENCE


def test_anger_with_an_accusation_is_named_accusing_too():
    forced = clue("acoustic", "forceful_voice", -0.25, 0.9, 0.6, 0.6)
    assert names(appraise([ACCUSATION, ANGER, forced, GESTURE], 4.0)) == ["angry", "accusing", "indignant"]


def test_one_emotion_word_is_enough_beside_a_face_that_was_seen_and_stays_unsure():
    verdict = appraise([FACE, EFFORT, QUOTE, SADNESS], 4.0)
    assert names(verdict)[0] == "sad"
    assert verdict.labels[0].confidence < 0.3


def test_neutral_needs_a_calm_face_and_a_calm_voice():
    verdict = appraise([FACE, EFFORT, QUOTE], 4.0)
    assert names(verdict) == ["neutral"]
    assert verdict.labels[0].clues == (0, 1)
    assert verdict.valence is None
    assert appraise([EFFORT, QUOTE], 4.0).labels == ()
    assert appraise([FACE, QUOTE], 4.0).labels == ()
    turned = clue("visual", "head_pose", strength=0, value=-60.0)
    assert appraise([FACE, turned, EFFORT], 4.0).labels == ()
    assert names(appraise([FACE, EFFORT, FROWN], 4.0)) == [], "one strong clue is not neutral"


# ---- conflicts


@pytest.mark.parametrize(
    ("name", "clues", "sides"),
    [
        ("kind_words_harsh_delivery", [FACE, FROWN, FORCED, JOY], {"frown", "forceful_voice", "word_joy"}),
        ("kind_words_harsh_delivery", [FACE, FORCED, JOY], {"forceful_voice", "word_joy"}),
        ("kind_words_sad_face", [FACE, CORNERS, DOWN, JOY], {"corners_down", "head_down", "word_joy"}),
        ("smile_over_bitter_words", [FACE, SMILE, SADNESS], {"smile", "word_sadness"}),
        ("calm_words_tense_voice", [FACE, QUOTE, TENSE, FAST], {"quote", "tense_voice"}),
        ("restrained", [STILL, CLOSED, FORCED], {"body_still", "eyes_closed", "forceful_voice"}),
        ("strong_words_flat_voice", [QUOTE, ANGER, SOFT], {"word_anger", "soft_voice"}),
    ],
)
def test_each_conflict_fires_and_names_both_sides(name, clues, sides):
    conflicts = {x.name: x for x in appraise(clues, 4.0).conflicts}
    assert name in conflicts
    assert {clues[p].name for p in conflicts[name].clues} == sides
    assert len({clues[p].modality for p in conflicts[name].clues}) >= 2
    assert "may" in conflicts[name].text.en
    assert "可能" in conflicts[name].text.zh


def test_every_conflict_is_a_possibility_in_both_languages():
    for text in CONFLICTS.values():
        assert ("may" in text.en, "可能" in text.zh) == (True, True)


@pytest.mark.parametrize(
    "clues",
    [
        [FACE, SMILE, JOY, FORCED],  # joy shouted with a smile
        [QUOTE, JOY, FORCED],  # no face was seen: an unsmiling one cannot be claimed
        [FACE, QUOTE, TENSE, FAST, SMILE],  # lively, not tense
        [FACE, QUOTE, TENSE, ANGER],  # the words are not plain
        [TENSE, FAST],  # no words at all
    ],
)
def test_no_conflict_where_nothing_disagrees(clues):
    assert appraise(clues, 4.0).conflicts == ()


def test_a_conflict_keeps_both_sides_and_sarcasm_comes_first():
    verdict = appraise([FACE, FROWN, FORCED, JOY], 4.0)
    assert names(verdict)[0] == "sarcastic"
    assert {"angry", "happy"} <= set(names(verdict))
    assert verdict.labels[0].confidence <= 0.6
    bitter = appraise([FACE, SMILE, SADNESS], 4.0)
    assert {"sad", "happy"} <= set(names(bitter))


# ---- windows


@pytest.mark.parametrize("duration_s", [0.4, 2.9, 3.1, 5.0, 13.6, 60.0])
@pytest.mark.parametrize("cuts_s", [(), (1.0, 2.2)])
def test_windows_cover_the_clip_and_stop_at_cuts(duration_s, cuts_s):
    windows = appraise([SMILE], duration_s, cuts_s=cuts_s).windows
    assert windows[0].start_s == 0
    assert windows[-1].end_s == pytest.approx(duration_s, abs=1e-3)
    assert all(b.start_s <= a.end_s + 1e-6 for a, b in itertools.pairwise(windows)), "no gap"
    for window in windows:
        assert window.end_s - window.start_s <= 3.001
        assert not any(window.start_s + 1e-6 < cut < window.end_s - 1e-6 for cut in cuts_s)
    if not cuts_s and duration_s > 3:
        assert all(window.end_s - window.start_s + 1e-6 >= 2 for window in windows)
        halves = [(b.start_s - a.start_s) / (a.end_s - a.start_s) for a, b in itertools.pairwise(windows)]
        assert halves == pytest.approx([0.5] * len(halves), abs=1e-3)


def test_a_window_knows_only_what_lies_in_it():
    late = clue("visual", "smile", 0.8, 0.25, 0.2, 0.9, 0.8, [(4.2, 5.0)])
    windows = appraise([late, JOY], 5.0).windows  # the words carry no time
    assert [window.valence for window in windows[:-2]] == [None] * (len(windows) - 2)
    assert windows[-1].valence == pytest.approx(tanh(1.1 * 0.8 * 0.9), abs=1e-3)
    assert windows[0].labels == ()


def test_overlap_is_a_share_of_the_clue_or_of_the_window():
    half = clue("visual", "smile", 0.8, spans=[(1.0, 3.0)])
    first, second = appraise([half], 4.0, cuts_s=(2.0,)).windows
    assert first.valence == second.valence == pytest.approx(tanh(1.1 * 0.8 * 0.5), abs=1e-3)


def test_a_turn_is_not_pooled_away():
    grimace = clue("visual", "grimace", -0.6, 0.1, -0.4, 0.8, spans=[(0.0, 2.0)])
    smile = clue("visual", "smile", 0.8, 0.25, 0.2, 1.0, spans=[(4.0, 6.0)])
    verdict = appraise([FACE, grimace, smile], 6.0)
    assert {"distressed", "happy"} <= set(names(verdict))
    assert verdict.windows[0].valence < -0.3 < 0.3 < verdict.windows[-1].valence


def test_weights_are_those_of_the_specification():
    assert WEIGHTS == {
        "visual": (1.0, 0.6, 0.7), "acoustic": (0.45, 1.0, 0.8), "lexical": (0.9, 0.45, 0.5),
    }  # fmt: skip


def test_an_emotion_word_supports_only_the_feeling_it_names():
    worry = clue("lexical", "word_worry", -0.5, 0.4, -0.4)
    lowered = clue("visual", "brows_lowered", -0.4, 0.2, 0.1, 0.4)
    clues = [FACE, worry, lowered, GESTURE, TENSE]
    verdict = appraise(clues, 4.0)
    assert names(verdict)[0] in ("worried", "alarmed")
    supported = {label.name for label in verdict.labels if 1 in label.clues}
    assert supported <= {"worried", "nervous", "alarmed"}


def test_a_window_is_not_named_after_a_single_mild_clue():
    gaze = clue("visual", "gaze_shifts", -0.1, 0.4, -0.25, 0.9, spans=[(0.0, 2.0)])
    window = appraise([gaze], 2.0).windows[0]
    assert window.arousal > 0.15
    assert window.labels == ()


def test_disgust_in_words_does_not_make_a_frown_angrier():
    verdict = appraise([FACE, FROWN, GESTURE, clue("lexical", "word_disgust", -0.7, 0.3, 0.3, 0.5)], 4.0)
    assert {label.name for label in verdict.labels if 3 in label.clues} <= {"disgusted", "dissatisfied"}
    assert {"angry", "irritated"} & set(names(verdict))
