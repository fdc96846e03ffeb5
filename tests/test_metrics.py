"""Overlaps against sets that are counted by hand, and against real reference tables."""

import csv
from pathlib import Path

import pytest

from affectgpt import wheel
from affectgpt.metrics import clue_overlap, label_overlap, reference_labels
from affectgpt.metrics.overlap import quotation_overlap
from affectgpt.observables import content, shown
from affectgpt.schema import Explanation, Label, Text, Verdict
from affectgpt.wheel import base_labels, parse_labels

EMER = Path(__file__).resolve().parents[2] / "shared" / "data" / "emer" / "v1_english.csv"

ENGLISH = "He smiles and nods. He speaks fast in a loud voice: “come in”. Therefore he is happy and excited."
CHINESE = "他面带微笑，点头。语速很快，音量很大。他说“come in”。因此他高兴、兴奋。"


def test_label_overlap_counts_sectors():
    out = label_overlap(["anxious", "concerned", "angry"], "worry, sadness")
    # sectors {worried, angry} against {worried, sad}: 1 of 2 and 1 of 2
    assert (out["precision"], out["recall"], out["f1"]) == (0.5, 0.5, 0.5)
    assert out["pairs"] == [
        {"cluster": "worried", "predicted": ["anxious", "concerned"], "reference": ["worried"]}
    ]
    assert out["exact"] == 0


def test_label_overlap_of_unequal_sets():
    out = label_overlap(["happy"], ["happy", "calm", "angry"])
    assert (out["precision"], out["recall"], out["f1"], out["exact"]) == (1.0, 0.3333, 0.5, 1)


def test_label_overlap_crosses_languages_and_keeps_unknown_words():
    out = label_overlap(["愤怒", "zorbled"], ["anger", "zorbled"])
    assert (out["f1"], out["exact"], out["unknown"]) == (1.0, 2, ["zorbled"])


@pytest.mark.parametrize(("ours", "theirs"), [([], ["sad"]), (["sad"], []), ([], []), (None, "")])
def test_empty_sets_score_zero(ours, theirs):
    out = label_overlap(ours, theirs)
    assert (out["precision"], out["recall"], out["f1"]) == (0.0, 0.0, 0.0)


def test_order_of_labels_does_not_matter():
    one, two = (
        label_overlap(x, y)
        for x, y in ((["sad", "calm"], ["calm", "happy"]), (["calm", "sad"], ["happy", "calm"]))
    )
    keys = ("precision", "recall", "f1", "exact", "pairs")
    assert [one[key] for key in keys] == [two[key] for key in keys]


def test_content_is_the_same_in_both_languages():
    expected = {
        "visual": {"smile", "nod"},
        "acoustic": {"fast", "voice_loud"},
        "lexical": {"quoted"},
        "emotion": {"happy", "excited"},
    }
    assert content(ENGLISH) == expected
    assert content(CHINESE) == expected


def test_clue_overlap_of_twins_is_one_and_of_an_empty_text_zero():
    assert clue_overlap(CHINESE, ENGLISH)["score"] == clue_overlap(ENGLISH, CHINESE)["score"] == 1.0
    empty = clue_overlap("", ENGLISH)
    assert (empty["score"], empty["precision"]) == (0.0, 0.0)
    assert clue_overlap(ENGLISH, "")["score"] == 0.0


def test_clue_overlap_is_the_share_of_the_reference():
    out = clue_overlap("He smiles and frowns, he is happy.", ENGLISH)
    # found: 2 of {smile, nod, fast, voice_loud, quoted, happy, excited}; right: 2 of {smile, frown, happy}
    assert (out["score"], out["precision"]) == (0.2857, 0.6667)
    assert out["parts"]["visual"] == {"score": 0.5, "found": ["smile"], "missed": ["nod"], "extra": ["frown"]}
    assert out["parts"]["acoustic"]["score"] == 0.0


def test_denied_clues_do_not_count():
    assert content("He did not smile; no frown. 没有微笑。")["visual"] == set()
    assert content("She is not angry.")["emotion"] == set()
    assert content("He doesn't smile, and she isn’t frowning.")["visual"] == set()
    assert content("A tuxedo on a piano, smiling.")["visual"] == {
        "smile"
    }  # "no" inside a word denies nothing


@pytest.mark.parametrize("text", ["happy " * 40_000, "高兴" * 40_000])
def test_a_long_reference_is_read_with_a_short_look_back(text, monkeypatch):
    looks: list[int] = []

    def look_back(flat, before, start, *, check=wheel._negated_en):
        looks.append(len(before))
        return check(flat, before, start)

    monkeypatch.setattr(wheel, "_negated_en", look_back)
    assert content(text)["emotion"] == {"happy"}
    assert base_labels(text) == ["happy"]
    assert max(looks, default=0) <= wheel.NEGATION_WORDS
    assert len(looks) in (0, 2 * 40_000)  # once per word and reading; Chinese looks at characters


def test_odd_long_labels_and_quotations_end():
    assert len(parse_labels("[" + "very " * 40_000 + "happy]")) == 1
    assert parse_labels("!" * 40_000 + " sad") == ["sad"]
    assert clue_overlap("“" * 40_000, "“well”")["score"] == 0.0


def test_a_quotation_of_other_words_is_not_the_same_quotation():
    reference = "The subtitle reads “leave me alone now”."
    assert clue_overlap("The subtitle reads “what a lovely day”.", reference)["score"] == 0.0
    assert clue_overlap("The subtitle reads “leave me alone”.", reference)["score"] == 1.0
    assert clue_overlap("字幕内容：“别管我”。", reference)["score"] == 1.0  # a translation cannot be compared


def test_what_somebody_says_shows_nothing():
    said = content('She says "look up, clap your hands, I am sad" and frowns. 她说“快回头”。')
    assert said["visual"] == {"frown"}
    assert said["emotion"] == {"sad"}
    assert said["lexical"] == {"quoted"}


@pytest.mark.parametrize(
    ("text", "reference", "share"),
    [
        ("“go away now”", "“go away”", 0.8),  # 2 words of 3 and 2
        ("“别管我”", "“别管”", 0.8),
        ("He speaks.", "“go away”", 0.0),
        ("“go away”", "He speaks.", None),
        ("“go away”", "“走开”", None),
    ],
)
def test_quotations_meet_by_their_words(text, reference, share):
    assert quotation_overlap(text, reference) == share


PAIRED = [  # general ways of saying the same in both languages
    ("mouth_down", "the corners of her mouth are slightly downturned", "嘴角略微下垂"),
    ("mouth_down", "his mouth droops", "嘴角耷拉着"),
    ("mouth_open", "her mouth is wide open", "嘴巴张得很大"),
    ("eyes_wide", "his eyes are wide open", "眼睛睁得比较大"),
    ("stare", "he is staring at her", "他盯着她"),
    ("eyes_closed", "her eyes slightly squinted", "眼睛微微眯起"),
    ("gaze_direct", "he makes eye contact", "他直视对方"),
    ("gaze_away", "she averts her eyes", "她的目光移开"),
    ("head_down", "with a lowered head", "低着头"),
    ("head_up", "he lifts his head", "他抬起头"),
    ("head_turn", "swaying his head", "头部左右摆动"),
    ("arms", "with her arms crossed", "双臂抱胸"),
    ("fist", "he clenches his fist", "他握紧拳头"),
    ("embrace", "they hug", "他们相拥"),
    ("face_tense", "his facial muscles are tense", "面部肌肉紧绷"),
    ("face_red", "she blushes", "她脸红了"),
    ("tears", "her eyes are slightly red", "眼眶微微泛红"),
    ("voice_flat", "the tone is monotonous", "语调单调"),
    ("voice_forceful", "the tone is aggressive", "语气具有攻击性"),
    ("voice_low", "a heavy voice", "声音沉重"),
]


@pytest.mark.parametrize(("name", "english", "chinese"), PAIRED)
def test_a_clue_is_the_same_in_both_languages(name, english, chinese):
    assert name in set().union(*content(english).values())
    assert name in set().union(*content(chinese).values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("head_turn", "她的面部表情十分开心，头部特写"),
        ("hands", "他拿出手机"),
        ("pitch_change", "胸部大幅的起伏"),
        ("change", "女士的表情变化不大"),
        ("posture", "关心我的身体，坐在沙发上"),
        ("posture", "a man sitting on a sofa"),
        ("change", "the camera moves from left to right"),
    ],
)
def test_what_only_looks_like_a_clue(name, text):
    assert name not in set().union(*content(text).values())


def test_a_clue_has_a_name_in_both_languages():
    assert (shown("voice_low", "en"), shown("voice_low", "zh")) == ("voice low", "声音低")
    assert (shown("angry", "en"), shown("angry", "zh")) == ("angry", "愤怒")


def test_labels_of_a_text_are_those_of_its_conclusion():
    assert reference_labels("At first he looks calm. Therefore, it can be inferred that he is angry.") == [
        "angry"
    ]
    assert reference_labels("[happy, calm]") == ["happy", "calm"]
    assert reference_labels("He looks sad.") == ["sad"]


def _explanation() -> Explanation:
    labels = (Label("happy", Text("happy", "高兴"), 0.8),)
    return Explanation("x", "en", "signal", parts={"visual": "He smiles and nods."}, verdict=Verdict(labels))


@pytest.mark.skipif(not EMER.is_file(), reason="the EMER tables are not at ../shared/data/emer")
def test_a_reference_is_nearer_to_its_translation_than_to_another_reference():
    with (
        EMER.open(encoding="utf-8-sig") as english,
        EMER.with_name("v1_chinese.csv").open(encoding="utf-8-sig") as chinese,
    ):
        pairs = [
            (a["reasons"], b["reasons"])
            for a, b in zip(csv.DictReader(english), csv.DictReader(chinese), strict=True)
        ]
    pairs = pairs[:40]
    right = [clue_overlap(b, a)["score"] for a, b in pairs]
    wrong = [clue_overlap(pairs[i - 1][1], a)["score"] for i, (a, _) in enumerate(pairs)]
    better = sum((x > y) + 0.5 * (x == y) for x in right for y in wrong) / len(right) / len(wrong)
    assert better > 0.9


@pytest.mark.parametrize(("said", "quoted"), [("come in", 1), ("come on", 0), ("come in now you", 1)])
def test_a_quotation_counts_with_half_of_the_words(said, quoted):
    parts = clue_overlap(f'He says "{said}".', 'He says "come in right now".')["parts"]
    assert parts["lexical"]["score"] == quoted
