"""A model's text as clues and labels: what is quoted stays as written, nothing gets a place or a number."""

import pytest

from affectgpt.schema import Clue, Text
from affectgpt.trained.written import FUSED, NO_LABEL, place_of, sentences, verdict, votes, written_clues
from affectgpt.wheel import labels_in

PARTS = {
    "visual": "In the video, she smiles. Her eyes are wet!",
    "lexical": 'She says "I am fine." 她很高兴。真的吗？',
    "inference": "Therefore she is happy and sad.",
}
PROBES = {
    "visual": ("frameonly", "In the video, he frowns."),
    "acoustic": ("audioonly", "In the audio, her voice is low. It trembles. Therefore she is sad."),
}


def clue_of(words: str) -> Clue:
    return Clue("visual", "written_1", Text(words, words), None, "", FUSED, kind="written")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('She says "Go." He goes', ['She says "Go."', "He goes"]),
        ("他笑了。“好！”她说？是", ["他笑了。", "“好！”", "她说？", "是"]),
        ("3.5 seconds", ["3.5 seconds"]),
        ("no end\nat all", ["no end\nat all"]),
    ],
)
def test_sentences(text, expected):
    assert sentences(text) == expected
    assert "".join(expected).replace(" ", "") == text.replace(" ", "") or not text.strip()


def test_clues_of_the_fused_answer_and_of_probes():
    clues = written_clues(PARTS, PROBES, {})
    told = [(clue.modality, clue.name, clue.text.en, clue.basis) for clue in clues]
    assert told == [
        ("visual", "written_1", "In the video, she smiles.", FUSED),
        ("visual", "written_2", "Her eyes are wet!", FUSED),
        ("acoustic", "written_1", "In the audio, her voice is low.", "probe audioonly"),
        ("acoustic", "written_2", "It trembles.", "probe audioonly"),
        ("lexical", "written_1", 'She says "I am fine."', FUSED),
        ("lexical", "written_2", "她很高兴。", FUSED),
        ("lexical", "written_3", "真的吗？", FUSED),
    ], "the probe of a part that is there is not asked, and what a probe concludes is no clue"
    for clue in clues:
        assert (clue.kind, clue.value, clue.strength, clue.spans) == ("written", None, 0.0, ())
        assert clue.text.zh == clue.text.en


def test_a_blank_part_counts_as_missing():
    clues = written_clues({"acoustic": " \n"}, PROBES, {})
    assert {clue.basis for clue in clues if clue.modality == "acoustic"} == {"probe audioonly"}
    assert written_clues({}, {}, {}) == []


def test_chinese_sentences_where_there_are_any():
    chinese = {"Her eyes are wet!": "她的眼睛湿润了！"}
    texts = [clue.text for clue in written_clues(PARTS, {}, chinese)]
    assert Text("Her eyes are wet!", "她的眼睛湿润了！") in texts
    assert Text("In the video, she smiles.", "In the video, she smiles.") in texts


def test_a_label_is_supported_by_clues_that_name_it():
    clues = [clue_of("She looks happy."), clue_of("She is not happy."), clue_of("He is joyful, but sad.")]
    out = verdict([("happy", 0.75), ("sad", 0.25), ("flabberwocky", 0.5)], clues)
    assert [(label.name, label.confidence, label.clues) for label in out.labels] == [
        ("happy", 0.75, (0, 2)),
        ("sad", 0.25, (2,)),
        ("flabberwocky", 0.5, ()),
    ]
    assert out.labels[0].text.zh != "happy"
    assert out.labels[2].text == Text("flabberwocky", "flabberwocky")
    assert out.cannot_tell is None


def test_levels_are_the_weighted_mean_of_the_labels():
    happy, sad = (verdict([(word, 1.0)], []) for word in ("happy", "sad"))
    assert happy.valence > 0 > sad.valence
    both = verdict([("happy", 0.6), ("sad", 0.2), ("flabberwocky", 1.0)], [])
    for axis in ("valence", "arousal", "dominance"):
        mean = (0.6 * getattr(happy, axis) + 0.2 * getattr(sad, axis)) / 0.8
        assert getattr(both, axis) == pytest.approx(mean, abs=2e-4)


def test_no_label_no_level():
    out = verdict([], [])
    assert (out.labels, out.valence, out.cannot_tell) == ((), None, NO_LABEL)
    nowhere = verdict([("flabberwocky", 0.5)], [])
    assert (nowhere.valence, nowhere.cannot_tell) == (None, None)
    unsure = verdict([("happy", 0.0)], [])
    assert unsure.valence is None
    assert verdict([("happy", 1.2)], []).labels[0].confidence == 1.0


def test_half_of_the_answers_make_a_label():
    answers = [["sad", "sad", "angry"], ["angry"], ["glad", "angry"], ["sad", "calm"]]
    assert list(votes(answers)) == [("angry", 0.75), ("sad", 0.5)]
    assert list(votes([["sad"], ["sad", "glad"], ["sad"]])) == [("sad", 1.0)]
    assert list(votes([[], [], ["sad"]])) == []
    assert list(votes([])) == []


def test_forms_of_one_word_vote_together_and_the_word_written_most_is_shown():
    answers = [
        ["happy", "tired"],
        ["happiness", "calm"],
        ["happiness", "joy", "开心"],
        ["zorbled"],
        ["zorbled"],
    ]
    assert list(votes(answers)) == [("happiness", 0.6)]  # joy is a word of its own
    assert list(votes([["happy"], ["happiness"]])) == [("happy", 1.0)]  # written as often: the first
    assert list(votes([["happy", "happiness"], ["sad"], ["sad"], ["calm"]])) == [("sad", 0.5)]


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("sad", "An ambassador shows sadness.", "sadness"),
        ("happy", "He is HAPPILY waving.", "HAPPILY"),
        ("blorp", "So Blorp, he says", "Blorp"),
        ("sad", "nothing of the kind", ""),
        ("a+b", "is it a+b here", "a+b"),
        ("sad", "İİİ he is sad", "sad"),  # a letter that becomes two in lower case
    ],
)
def test_where_a_text_names_an_emotion(word, text, expected):
    start, end = place_of(word, text)
    assert text[start:end] == expected


def test_places_of_labels_are_places_in_the_answer():
    answer = "The character's emotional state is Sad, worried and a bit angry."
    for label, start, end in labels_in(answer):
        assert answer[start:end].lower() == label
