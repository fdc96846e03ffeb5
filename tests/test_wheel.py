"""The emotion vocabulary against words, lists and sentences whose answer is plain."""

import re

import pytest

from affectgpt.vocabulary import affect, bare, canonical, cluster, load_vocabulary, plain, translate
from affectgpt.wheel import mentions

# The labels of the appraisal (specification 7.2) and open-vocabulary words that people use.
NEEDED = re.findall(
    r"\w+",
    """angry irritated indignant accusing sad grieving dejected guilty worried nervous afraid alarmed
    surprised doubtful disbelieving happy pleased affectionate grateful excited relieved amused proud
    contemptuous disgusted calm serious neutral sarcastic worry anxiety nervousness dissatisfaction
    accusation grievance helpless expectant embarrassed""",
)


def test_vocabulary_is_large_and_every_word_is_complete():
    words = load_vocabulary().words
    assert len(words) >= 300
    for name, word in words.items():
        assert word.chinese, f"{name} has no Chinese word"
        assert all("\u4e00" <= char <= "\u9fff" for char in word.chinese[0]), name
        assert len(word.affect) == 3, name
        assert all(-1 <= value <= 1 for value in word.affect), name
    assert any(word.affect[0] > 0.5 for word in words.values())
    assert any(w.affect[0] < -0.5 for w in words.values())


def test_wheel_has_two_levels_and_no_sector_in_two_cores():
    wheels = load_vocabulary()
    assert 8 <= len(wheels.sectors) <= 9
    sectors = [sector for group in wheels.sectors.values() for sector in group]
    assert len(sectors) == len(set(sectors)) >= 25
    for word in wheels.words.values():
        assert word.sector in wheels.sectors[word.core]
        assert (cluster(word.word, 1), cluster(word.word, 2)) == (word.core, word.sector)


def test_no_form_stands_for_two_words():
    wheels = load_vocabulary()
    for word in wheels.words.values():
        for name in (word.word, *word.chinese):
            assert canonical(name) == word.word, name


def test_chinese_names_read_well_in_a_sentence():
    assert [translate(name, "zh") for name in ("amused", "pleased")] == ["觉得有趣", "愉快"]
    assert {canonical(name) for name in ("觉得好笑", "逗乐", "觉得有趣")} == {"amused"}


@pytest.mark.parametrize("label", NEEDED)
def test_label_is_known_in_both_languages(label):
    assert canonical(label) is not None
    assert canonical(translate(label, "zh")) == canonical(label)


@pytest.mark.parametrize(
    ("forms", "base"),
    [
        (
            ["anger", "Angry", "angrily", "angered", "愤怒", "憤怒", "生气", "very angry", "非常生气的"],
            "angry",
        ),
        (["worry", "worries", "worrying", "worried", "担心", "擔心", "有些担心"], "worried"),
        (["anxiety", "anxiously", "slightly anxious", "焦虑", "焦虑感"], "anxious"),
        (["looking forward to", "expectation", "期待", "充满期待"], "expectant"),
        (["restlessness", "restlessly"], "restless"),  # by the regular endings, not by the table
        (["guilt", "愧疚感", "内疚的情绪"], "guilty"),
    ],
)
def test_every_inflection_resolves_to_its_base_word(forms, base):
    assert {form: canonical(form) for form in forms} == dict.fromkeys(forms, base)


def test_unknown_words_are_none_and_never_lost():
    assert canonical("zorbled") is None
    assert canonical("") is None
    assert cluster("zorbled") is None
    assert affect("zorbled") is None
    assert translate("zorbled", "zh") == "zorbled"


@pytest.mark.parametrize(
    ("word", "base", "stands"),
    [
        (" 'Very Happy!' ", "happy", "Happy"),
        ("1. a bit anxious", "anxious", "anxious"),
        ("feeling of unease", "uneasy", "unease"),
        ("feeling wronged", "aggrieved", "feeling wronged"),  # the form of the table goes first
        ("low mood", "low", "low mood"),
        ("emotional stress", "stressed", "emotional stress"),
        ("有点不安的情绪", "uneasy", "不安"),
        ("焦虑感", "anxious", "焦虑"),
        ("非常 生气", "angry", "生气"),
        ("a very odd zorble", None, "odd zorble"),
        ("sense of zorble", None, "sense of zorble"),
        ("特别佐布", None, "佐布"),
        ("很佐", None, "很佐"),  # 很 may belong to the word
        ("very", None, "very"),
        ("的", None, "的"),
        ("...", None, ""),
        ("very " * 20 + "happy", None, "very " * 20 + "happy"),
    ],
)
def test_words_that_only_grade_are_taken_away(word, base, stands):
    found, start, end = bare(word)
    assert (found, word[start:end]) == (base, stands)


def test_what_is_not_is_a_feeling_of_its_own():
    assert {canonical(name) for name in ("不愉快", "不高兴", "unpleasant")} == {"displeased"}
    assert canonical("不耐") == canonical("impatient")
    assert canonical("幸灾乐祸") == "gloating"


def test_related_words_share_a_sector_and_opposites_do_not():
    assert cluster("anxiety", 2) == cluster("concern", 2) == cluster("担忧", 2) == "worried"
    assert cluster("worry", 1) == cluster("terror", 1) == "fear"
    assert cluster("worry", 2) != cluster("terror", 2)
    assert affect("furious")[1] > affect("annoyed")[1] > affect("bored")[1]


def test_ambiguous_words_are_labels_but_not_mentions():
    assert canonical("like") == "fond"
    assert canonical("low") == "low"
    assert [mention.word for mention in mentions("It looks like a low table.")] == []


def test_plain_keeps_every_position():
    text = "我愛你！Don’t İ ＡＢ"
    assert plain(text) == "我爱你!don't İ ab"
    assert len(plain(text)) == len(text)
