"""The emotion vocabulary against words, lists and sentences whose answer is plain."""

import re

import pytest

from affectgpt.vocabulary import affect, canonical, cluster, load_vocabulary, plain, translate
from affectgpt.wheel import mentions, parse_labels

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
    assert parse_labels("[Zorbled, Calm]") == ["zorbled", "calm"]


def test_related_words_share_a_sector_and_opposites_do_not():
    assert cluster("anxiety", 2) == cluster("concern", 2) == cluster("担忧", 2) == "worried"
    assert cluster("worry", 1) == cluster("terror", 1) == "fear"
    assert cluster("worry", 2) != cluster("terror", 2)
    assert affect("furious")[1] > affect("annoyed")[1] > affect("bored")[1]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("['happy', 'sadness']", ["happy", "sad"]),
        ("[worry, anxiety, worried]", ["worried", "anxious"]),
        ("happy, angry and worried", ["happy", "angry", "worried"]),
        ("joy / hope; fear", ["joyful", "hopeful", "afraid"]),
        ("高兴、担心；生气", ["happy", "worried", "angry"]),
        ("高兴和激动", ["happy", "excited"]),
        ("Emotions: calm", ["calm"]),
        ("情绪：愤怒", ["angry"]),
        ("She looks nervous, but she is not angry at all.", ["nervous"]),
        ("He is anything else rather than sad, I see relief.", ["relieved"]),
        ("他没有生气，而是非常难过和委屈。", ["sad", "aggrieved"]),
        ("她不仅难过，而且很生气。", ["sad", "angry"]),
        ("not happy", []),
        ("She did not come to the party; I was angry.", ["angry"]),
        ("He did not see how very angry she was.", ["angry"]),  # four words between: out of reach
        ("他没有来参加我们的聚会让她很生气。", ["angry"]),
        (["Joy", "愤怒"], ["joyful", "angry"]),
        ("", []),
        ("[]", []),
        ("[", []),
        (None, []),
    ],
)
def test_labels_are_read_from_lists_and_sentences(text, labels):
    assert parse_labels(text) == labels


def test_ambiguous_words_are_labels_but_not_mentions():
    assert canonical("like") == "fond"
    assert canonical("low") == "low"
    assert [mention.word for mention in mentions("It looks like a low table.")] == []


def test_plain_keeps_every_position():
    text = "我愛你！Don’t İ ＡＢ"
    assert plain(text) == "我爱你!don't İ ab"
    assert len(plain(text)) == len(text)
