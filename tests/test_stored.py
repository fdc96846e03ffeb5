"""Answers that are shipped: they say what the engine would say now, and can be drawn in either language."""

import json
import math
from functools import cache

import pytest

from affectgpt.engine import load_engine
from affectgpt.media import load_clip
from affectgpt.page import files, stored
from affectgpt.schema import Clue, Conflict, Explanation, Label, Text, Verdict, Window

NAMES = sorted(path.stem for path in files.EXAMPLES.glob("*.mp4"))
STALE = "a stored answer is stale: run `python examples/store_answers.py`"
NEAR = 0.02  # by which a measured value may differ between machines, absolute or of the value
MAX_BYTES = 80_000


def full() -> Explanation:
    """One answer with everything in it."""
    clue = Clue(
        "lexical", "word_joy", Text("Joy.", "喜。"), 1.0, "hits", "toy", spans=((0.5, 1.0),), chars=(0, 3)
    )
    return Explanation(
        name="toy",
        language="zh",
        engine="signal",
        clues=(clue,),
        parts={"lexical": "甲。", "inference": "乙。"},
        verdict=Verdict(
            labels=(Label("happy", Text("happy", "高兴"), 0.7, (0,)),),
            valence=0.5,
            arousal=None,
            dominance=0.1,
            conflicts=(Conflict("smile_over_bitter_words", Text("A.", "冲突。"), (0,)),),
            windows=(Window(0.0, 2.0, 0.5, 0.1, ("happy",)), Window(2.0, 4.0, None, None)),
            modalities={"lexical": (0.5, 0.1, 0.0)},
        ),
        missing={"visual": Text("no picture", "没有画面")},
        warnings=(Text("Quiet.", "声音很轻。"),),
        provenance={"engine": "signal", "version": "2"},
        timings={"prepared": 0.1},
        scores={"f": 1.0},
    )


def test_an_explanation_comes_back_from_json():
    data = json.loads(json.dumps(full().to_dict()))
    found = Explanation.from_dict(data)
    assert json.loads(json.dumps(found.to_dict())) == data
    assert found.clues == full().clues
    assert found.verdict.labels == (Label("happy", Text("高兴", "高兴"), 0.7, (0,)),)
    assert found.verdict.windows == full().verdict.windows
    assert found.verdict.cannot_tell is None
    assert found.missing == {"visual": Text("没有画面", "没有画面")}
    assert found.scores == {"f": 1.0}


def test_why_nothing_can_be_told_comes_back():
    unclear = Explanation("toy", "en", "signal", verdict=Verdict(cannot_tell=Text("Nothing speaks.", "无。")))
    assert Explanation.from_dict(unclear.to_dict()).verdict == Verdict(
        cannot_tell=Text("Nothing speaks.", "Nothing speaks.")
    )


@cache
def clip(name):
    path = files.EXAMPLES / f"{name}.mp4"
    return load_clip(path, subtitle_file=path.with_suffix(".srt"), player=True)


def told(answer: dict) -> dict:
    """What must be the same: all but times of a run, versions of libraries and pictures."""
    explanation = dict(answer["explanation"])
    for changing in ("timings", "provenance"):
        del explanation[changing]
    return {"explanation": explanation, "timeline": answer["timeline"]}


def differences(old, new, place=""):
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return [x for key in old for x in differences(old[key], new[key], f"{place}.{key}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            x
            for at, pair in enumerate(zip(old, new, strict=True))
            for x in differences(*pair, f"{place}.{at}")
        ]
    both = [old, new]
    if all(isinstance(x, int | float) and not isinstance(x, bool) for x in both):
        return [] if math.isclose(*both, rel_tol=NEAR, abs_tol=NEAR) else [f"{place}: {old} / {new}"]
    return [] if old == new else [f"{place}: {old!r} / {new!r}"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_a_stored_answer_is_what_the_engine_says_now(name, language):
    file = stored.answer_file(name, "signal", language)
    assert file.is_file(), STALE
    assert file.stat().st_size < MAX_BYTES
    old = json.loads(file.read_text(encoding="utf-8"))
    new = json.loads(json.dumps(stored.to_store(clip(name), load_engine("signal"), language)))
    if new["explanation"]["provenance"]["faces"] != old["explanation"]["provenance"]["faces"]:
        pytest.skip("another face tool is installed here")
    assert differences(told(old), told(new)) == [], STALE
    assert len(new["crops"]) == len(old["crops"]), STALE
    assert old["explanation"]["provenance"]["version"] == stored.VERSION, STALE


@pytest.fixture
def example():
    return next(x for x in files.find_examples(files.EXAMPLES) if x.clip.stem == "smile_over_bitter_words")


def test_a_stored_answer_can_be_shown_in_both_languages(example):
    shown = stored.stored_answer(example, "signal", "en")
    assert shown.explanation.language == "en"
    assert shown.duration_s == pytest.approx(clip("smile_over_bitter_words").duration_s, abs=0.01)
    assert shown.setup.engine == "signal"
    assert shown.timeline.curves
    assert shown.crops
    label, conflict = shown.explanation.verdict.labels[0], shown.explanation.verdict.conflicts[0]
    assert label.text["zh"] != label.text["en"] == label.name
    assert "bitter" in conflict.text["en"]
    assert "笑" in conflict.text["zh"]
    text, labels = shown.reference
    assert text.startswith("In the video")
    assert "sad" in labels
    made = json.loads(stored.answer_file("smile_over_bitter_words", "signal", "en").read_text())["made"]
    assert made in shown.stored.en
    assert made in shown.stored.zh


def test_the_chinese_answer_is_another_file(example):
    shown = stored.stored_answer(example, "signal", "zh")
    assert "画面" in shown.explanation.parts["visual"] or "视频" in shown.explanation.parts["visual"]
    assert shown.reference[0].startswith("视频")
    assert "bitter" in shown.explanation.verdict.conflicts[0].text["en"]


def test_what_is_not_stored_or_out_of_date_is_passed_over(example, tmp_path, monkeypatch):
    assert stored.stored_answer(example, "affectgpt", "en") is None
    monkeypatch.setattr(stored, "VERSION", "of another day")
    stored._read.cache_clear()
    assert stored.stored_answer(example, "signal", "en") is None
    stored._read.cache_clear()
