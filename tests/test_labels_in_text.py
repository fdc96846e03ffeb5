"""Labels found in lists, in AffectGPT's own sentence and in free text, against readings that are plain."""

import json
import time
from pathlib import Path

import pytest

from affectgpt import wheel
from affectgpt.wheel import base_labels, labels_in, mentions, parse_labels, split_list

OFFICIAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "official_predictions"
LISTS = [
    ("[worry, anxiety, worry]", ["worry", "anxiety"]),
    ("['happy', \"sadness\"]", ["happy", "sadness"]),
    ('{"emotions": ["Happy", "very sad"]}', ["happy", "sad"]),
    ("Emotions: happy, relieved.", ["happy", "relieved"]),
    ("情感标签：[开心、非常激动]", ["开心", "激动"]),
    ("情绪：愤怒", ["愤怒"]),
    ("1. happy\n2. not angry\n3. zorbled", ["happy", "zorbled"]),
    ("1) Joy 2) Fear", ["joy", "fear"]),
    ("- **Anger**: he shouts at everybody\n- **Fear**: his hands are trembling", ["anger", "fear"]),
    ("worry/anxiety", ["worry", "anxiety"]),
    ("joy / hope; fear | calm", ["joy", "hope", "fear", "calm"]),
    ("happy, angry and worried", ["happy", "angry", "worried"]),
    ("happy (0.8), sad (0.2)", ["happy", "sad"]),
    ("happiness, happy", ["happiness", "happy"]),  # two labels, as in published lists
    ("高兴、担心；有点不安的情绪", ["高兴", "担心", "不安"]),
    ("高兴和激动", ["高兴", "激动"]),
    ("焦虑感和不安", ["焦虑", "不安"]),
    ("憤怒、擔憂", ["憤怒", "擔憂"]),
    ("Happy、生气, 有点不安", ["happy", "生气", "不安"]),
    ("[Zorbled, Calm, out of control]", ["zorbled", "calm", "out of control"]),
    ("[happy, not sad, no zorble, lack of trust]", ["happy"]),
    ("[she is rather happy today, calm]", ["happy", "calm"]),
    ("[she is sad, calm]", ["sad", "calm"]),
    ("happy today, sad", ["happy", "sad"]),  # in a list without brackets a word among others is found
    ("[高兴和激动]", ["高兴", "激动"]),
    ("zorbled", ["zorbled"]),
    (["Very Happy", "愤怒的情绪", "not angry", "worry/anxiety"], ["happy", "愤怒", "worry", "anxiety"]),
    (["very zorbled"], ["zorbled"]),
    ("x" * 500, []),
    (f"[happy, {'x' * 41}, {'x' * 40}]", ["happy", "x" * 40]),  # longer: no word
    ([f"{'x' * 500} 佐", "calm"], ["calm"]),
    ("N/A", []),
    ("[none]", []),
    ("[]", []),
    ("[", []),
    ("", []),
    (None, []),
]
STATED = [
    ("is unease, challenge and zorble.", ["unease", "challenge", "zorble"]),
    ("is a bit anxious, very happy, lack of trust.", ["anxious", "happy"]),
    ("is not angry or sad, but tired.", ["tired"]),
    ("is happy. The other person is angry.", ["happy"]),
]
TEXTS = [
    ("He smiles.", []),
    ("她笑了。", []),
    ("The man smiles and is very happy.", ["happy"]),
    ("I feel nervous, I said.", ["nervous"]),
    ("She looks nervous, but she is not angry at all.", ["nervous"]),
    ("He is no longer sad.", []),
    ("He is anything else rather than sad, I see relief.", ["relief"]),
    ("He is neither happy nor sad.", []),
    ("She answers without any fear.", []),
    ("It does not show any signs of sadness.", []),
    ("She is not happy but angry.", ["angry"]),
    ("Who knows if he is either angry or sad?", ["angry", "sad"]),
    ("She is not only happy but proud.", ["happy", "proud"]),
    ("He goes on, not without joy.", ["joy"]),
    ("He cannot hide his joy; she can't help feeling sad.", ["joy", "sad"]),
    ("She did not come to the party; I was angry.", ["angry"]),
    ("He did not see how very angry she was.", ["angry"]),  # three words that count between: out of reach
    ("no signs of anger, fear, or sadness", []),
    ("She isn't sad, worried or afraid, but calm, happy or relieved.", ["calm", "happy", "relieved"]),
    ("He is not angry, he is sad.", ["sad"]),
    ("她的表情显示她既高兴又有些担心。", ["高兴", "担心"]),
    ("不是生气", []),
    ("她又难过又放心不下，用感叹的语气说话。", ["难过", "放心不下"]),
    ("并没有难过", []),
    ("他没有任何愤怒或悲伤。", []),
    ("没有愤怒、悲伤、恐惧，只有平静", ["平静"]),
    ("他没有生气，而是非常难过和委屈。", ["难过", "委屈"]),
    ("她不仅难过，而且很生气。", ["难过", "生气"]),
    ("他表现出不满和愤怒。", ["不满", "愤怒"]),  # the 不 of 不满 denies nothing
    ("她掩饰不住喜悦，对未来充满信任。", ["喜悦", "信任"]),
    ("他没有来参加我们的聚会让她很生气。", ["生气"]),
    ("他说 I am happy，但有些不安。", ["happy", "不安"]),
]


@pytest.mark.parametrize(("given", "labels"), LISTS)
def test_lists(given, labels):
    assert parse_labels(given) == labels


@pytest.mark.parametrize(("said", "labels"), STATED)
def test_the_sentence_of_affectgpt(said, labels):
    assert parse_labels(f"The character's emotional state {said}") == labels
    if "." not in said[:-1]:
        assert parse_labels(f"The emotional states {said.replace('is', 'are', 1)}") == labels


@pytest.mark.parametrize(("text", "labels"), TEXTS)
def test_running_text(text, labels):
    assert parse_labels(text) == labels


@pytest.mark.parametrize("text", [text for text, _ in LISTS + TEXTS if isinstance(text, str)])
def test_each_label_stands_at_its_place(text):
    places = labels_in(text)
    assert [label for label, _, _ in places] == parse_labels(text)
    for label, start, end in places:
        assert text[start:end].lower() == label


def test_the_place_is_the_first_one_and_white_space_is_one_blank():
    assert labels_in("[sad, Angry, SAD]") == [("sad", 1, 4), ("angry", 6, 11)]
    assert labels_in("He is looking \n forward to it.") == [("looking forward to", 6, 26)]


def test_base_labels_are_one_for_all_inflections_and_both_languages():
    assert base_labels(["unease", "不安", "Zorbled", "happiness", "very happy"]) == [
        "uneasy",
        "zorbled",
        "happy",
    ]
    assert base_labels("joy, 喜悦") == ["joyful"]
    assert base_labels(None) == []


def test_a_list_is_told_from_running_text():
    assert split_list("[a b, c]") == ["a b", " c"]
    assert split_list("Emotions: happy, sad.") == ["happy", " sad"]
    assert split_list("She smiles, nods") is None
    assert split_list("She is happy.") is None
    assert split_list("Happy. She smiles") is None


def test_one_negation_serves_what_or_joins_and_no_more():
    told = [(m.word, m.negated) for m in mentions("no anger, fear, or sadness; joy or hope, calm")]
    assert told == [
        *((word, True) for word in ("angry", "afraid", "sad")),
        *((word, False) for word in ("joyful", "hopeful", "calm")),
    ]


@pytest.mark.parametrize(
    "piece", ["no happy, ", "happy or ", "[", "高兴和", "没有高兴、", "1. ", "very ", "! "]
)
def test_time_grows_with_the_length_of_hostile_input(piece):
    def seconds(size):
        text, taken = (piece * size)[:size], []
        for _ in range(3):  # the least of them: other work on the machine only adds
            start = time.process_time()
            for given in (text, f"[{text}]", f"The emotional state is {text}"):
                parse_labels(given)
            taken.append(time.process_time() - start)
        return min(taken)

    parse_labels("happy 高兴")  # reads the table
    assert seconds(20_000) < 30 * max(seconds(2_000), 0.003)  # 10 times is linear, 100 times quadratic


def test_public_names():
    assert set(wheel.__all__) == {
        *("Mention", "base_labels", "canonical", "cluster", "labels_in"),
        *("mentions", "parse_labels", "split_list"),
    }
    assert all(hasattr(wheel, name) for name in wheel.__all__)


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official predictions are not at ../shared/data")
@pytest.mark.parametrize("epoch", [30, 60])
@pytest.mark.parametrize("form", [parse_labels, base_labels], ids=["words", "base forms"])
def test_labels_of_official_texts_are_those_that_a_language_model_extracted(epoch, form):
    both = ours = theirs = 0
    for line in (OFFICIAL / f"ovmerdplus_epoch{epoch}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        listed = [word.strip().lower() for word in row["openset"].strip("[]").split(",") if word.strip()]
        found, wanted = set(form(row["text"])), set(listed if form is parse_labels else base_labels(listed))
        both, ours, theirs = both + len(found & wanted), ours + len(found), theirs + len(wanted)
    assert 2 * both / (ours + theirs) > 0.95
