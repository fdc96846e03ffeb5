"""The inference: on what it rests, how sure it sounds, and how clues are named when they come back in it."""

from conftest import make_clue

from affectgpt.schema import Clue, Label, Text, Verdict, Window
from affectgpt.wording import NOUNS, noun
from affectgpt.writing import write


def clue(modality, name, v=0.0, a=0.0, strength=1.0, spans=()) -> Clue:
    return make_clue(modality, name, valence=v, arousal=a, strength=strength, spans=tuple(spans))


SMILE = clue("visual", "smile", 0.8, 0.25, 0.9)
SURPRISE = clue("lexical", "word_surprise", a=0.7)
PAUSE = clue("acoustic", "long_pauses", -0.05, -0.1, 0.6)


def _labels(*names, at=(0,)):
    return tuple(Label(name, Text(name, name), confidence, at) for name, confidence in names)


def _infer(clues, language="en", missing=(), **verdict):
    gone = dict.fromkeys(missing, Text("None.", "无。"))
    return write(clues, Verdict(**verdict), language, missing=gone)["inference"]


def test_the_inference_says_what_else_moved_it_and_what_adds_little():
    happy = {
        "labels": _labels(("happy", 0.3)),
        "modalities": {"visual": (0.6, 0.2, 0.1), "lexical": (0, 0.6, 0)},
    }
    text = _infer([SMILE, SURPRISE], **happy)
    assert "rests mainly on the smile, and for its energy also on the words of surprise." in text
    assert "以下推断主要依据笑容，激动程度还参考了表示惊讶的词。" in _infer([SMILE, SURPRISE], "zh", **happy)
    assert "rests on the smile alone; the sound adds little. " in _infer([SMILE, PAUSE], **happy)
    assert "只依据笑容，声音没有提供更多线索。" in _infer([SMILE, PAUSE], "zh", **happy)
    text = _infer(
        [SMILE, clue("acoustic", "soft_voice", a=-0.4), clue("acoustic", "fast_speech", a=0.4)], **happy
    )
    assert "the fast speech and the soft voice. " in text, "they cancel out, which is not little"
    assert "adds little" not in _infer([SMILE, PAUSE], missing=["acoustic"], **happy), "not measured"


def test_what_could_not_be_weighed_is_named_once():
    assert _infer([SMILE], missing=["lexical"]).endswith(
        "The words could not be weighed, so this stands on less than usual."
    )
    assert "adds" not in _infer([SMILE], labels=_labels(("happy", 0.3)), missing=["acoustic", "lexical"])


def test_labels_that_are_about_as_likely_are_told_together():
    labels = _labels(("doubtful", 0.27), ("tense", 0.24), ("surprised", 0.22))
    text = _infer([SMILE], labels=labels)
    assert "about equally likely: doubtful, tense or surprised (confidence 0.22–0.27)." in text
    assert text.startswith("What follows rests on the smile alone. Several readings are")
    both = _infer([SMILE, SURPRISE], labels=_labels(*(("a", 0.2),) * 3, at=(0, 1)))
    assert both.startswith("What follows rests on the smile and the words of surprise. Several"), (
        "not one way"
    )
    assert "可能性相近：" in _infer([SMILE], "zh", labels=labels)
    assert "equally" not in _infer([SMILE], labels=_labels(("a", 0.27), ("b", 0.24), ("c", 0.1)))


def test_a_tone_is_clear_only_where_two_modalities_lean_that_way():
    one, two = {"visual": (0.9, 0.1, 0)}, {"visual": (0.9, 0.1, 0), "lexical": (0.3, 0, 0)}
    text = _infer([SMILE], valence=0.58, modalities=one)
    assert "the tone is rather pleasant (valence +0.58), on a scale" in text
    assert "the tone is clearly pleasant" in _infer([SMILE], valence=0.58, modalities=two)
    heard = {
        "acoustic": (-0.4, 0.8, 0.3),
        "visual": (-0.1, 0.4, 0),
    }  # a voice alone tells it only from -0.45 on
    assert "whether the tone is pleasant stays open (" in _infer([SMILE], valence=-0.3, modalities=heard)


def test_names_of_clues_follow_what_was_said_of_them():
    once, twice = (clue("acoustic", "long_pauses", spans=spans) for spans in ([(0, 1)], [(0, 1), (2, 3)]))
    assert (noun(once).en, noun(twice).en) == ("the pause", "the pauses")
    assert NOUNS["tense_voice"].en == "the raised vocal effort"
    assert NOUNS["loudness_fall"].en == "the drop in loudness"
    assert NOUNS["strong_movement"].en == "the movement"


def test_a_window_without_labels_makes_no_phase():
    windows = (Window(0, 2, -0.5, 0.1), Window(2, 4, 0.5, 0.1, ("happy",)))
    text = write([SMILE], Verdict(windows=windows), "en", missing={})["inference"]
    assert "At first" not in text
