"""Set phrases with gaps: negated goodness, maltreatment, reproach; plain sentences; and their labels."""

import numpy as np
import pytest
from conftest import make_clue

from affectgpt.appraisal import appraise
from affectgpt.clues.lexical import measure
from affectgpt.schema import Clip, Cue
from affectgpt.vocabulary import cluster


def _clip(text: str) -> Clip:
    empty = np.zeros((0,), dtype=np.float32)
    return Clip("toy", 4.0, empty, empty, empty, empty, cues=(Cue(text),))


def _clues(text: str) -> dict:
    return {clue.name: clue for clue in measure(_clip(text))}


@pytest.mark.parametrize(
    ("text", "category", "quoted"),
    [
        ("None of you are decent people.", "anger", "None of you are decent people"),
        ("You're not a good friend.", "anger", "You're not a good friend"),
        ("Nobody here listens to me.", "sadness", "Nobody here listens to me"),
        ("I have been pushed around for years.", "sadness", "been pushed around"),
        ("We were laughed at.", "sadness", "were laughed at"),
        ("I'm just a burden.", "sadness", "I'm just a burden"),
        ("我被他们骗了", "sadness", "被他们骗了"),
        ("我就是个外人", "sadness", "我就是个外人"),
        ("I like how you sing.", "love", "I like how"),
    ],
)
def test_negated_goodness_and_maltreatment_are_understood(text, category, quoted):
    clue = _clues(text)[f"word_{category}"]
    assert text[slice(*clue.chars)] == quoted
    assert (clue.valence > 0) == (category == "love")


@pytest.mark.parametrize(
    "text",
    [
        "None of you need to sign this.",
        "None of the shops are open.",
        "Nobody is at home.",
        "The door was kicked open.",
        "我们被分到同一个班。",
        "他被安排到二组工作。",
        "我去年毕业的。",
        "啊，对，就是这儿。",
        "Really, I need no bag.",
        "I promise to send the file tonight.",
        "这是你家的地址吗？",
    ],
)
def test_plain_sentences_like_them_stay_plain(text):
    assert not any(clue.strength * max(abs(clue.valence), clue.arousal) > 0 for clue in measure(_clip(text)))


@pytest.mark.parametrize(
    "text",
    [
        "Why should I apologise?",
        "None of you cares.",
        "你们一个个都不是好人",
        "你别以为我不知道",
        "你嚷嚷什么",
    ],
)
def test_reproaches_in_other_forms(text):
    assert _clues(text)["accusation"].valence < 0


def test_positive_polarity_needs_a_positive_word_and_consolation_is_not_negative():
    assert "polarity" not in _clues("My friend works for the united party, I promise.")
    assert _clues("What a wonderful friend!")["polarity"].valence > 0
    assert "polarity" not in _clues("Don't be so scared, it is a small injury.")


def test_a_rhetorical_question_denies_nothing():
    assert "word_contempt" in _clues("这不是让人笑话吗？")
    assert "word_not_contempt" in _clues("这不是让人笑话。")


def _labels(text: str) -> dict[str, float]:
    """Labels with confidence of a text beside a face that shows nothing."""
    face = make_clue("visual", "face_presence", strength=0.0, value=40.0)
    return {label.name: label.confidence for label in appraise([face, *measure(_clip(text))], 4.0).labels}


def test_a_reproach_alone_is_named_but_unsure_and_asks_nothing():
    labels = _labels("凭什么？")
    assert next(iter(labels)) == "accusing"
    assert "doubtful" not in labels
    assert max(labels.values()) < 0.3
    assert _labels("今天星期几？") == {}


def test_anger_and_grief_in_words_are_both_named():
    labels = _labels("他不是好人，我被他骗了")
    assert next(iter(labels)) == "aggrieved"
    assert "sad" in labels
    assert {"angry", "irritated"} & set(labels)
    assert not {"sad", "aggrieved", "accusing"} & set(_labels("我生气"))


def test_worry_is_anxious_too_and_each_sector_comes_once_before_one_comes_twice():
    assert list(_labels("我担心")) == ["worried", "anxious"]
    assert {"angry", "accusing", "irritated"} <= {cluster(name, 2) for name in _labels("滚！凭什么！")}


def test_more_evidence_makes_surer():
    weak, strong = _labels("有点难过"), _labels("我很难过，我想哭")
    assert weak["sad"] < strong["sad"]


@pytest.mark.parametrize(
    "text", ["War das gut? Gift und Not!", "Il était bizarre", "No me gusta, es horrible"]
)
def test_the_english_list_judges_no_other_language(text):
    assert "polarity" not in _clues(text)
    assert "polarity" in _clues("They have left me, and it is horrible")
