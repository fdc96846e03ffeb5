"""What differs between two answers, and how "what if" and "compare" ask for them."""

from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from conftest import FakeEngine, make_clip, make_clue

from affectgpt.page.compare import html as compare_html
from affectgpt.page.compare.form import setup_of
from affectgpt.page.drawings.differences import agreement, clues_only_in, sentences, shift, told, weight
from affectgpt.page.drawings.side_by_side import side_by_side
from affectgpt.page.explain import what_if_html
from affectgpt.page.services import Setup, Shown
from affectgpt.reason import explain
from affectgpt.schema import Conflict, Cue, Explanation, Label, Text, Verdict

VISITOR = SimpleNamespace(session_hash="a visitor")
NASTY = "<img src=x onerror=alert(1)>${1}</script>"


def label(name, confidence, zh="某"):
    return Label(name, Text(name, zh), confidence)


def answer(*labels, valence=0.2, arousal=0.1, parts=None, clues=(), **values):
    verdict = Verdict(tuple(labels), valence, arousal, 0.0, **values)
    return Explanation("clip", "en", "fake", tuple(clues), parts or {}, verdict)


BEFORE = answer(label("angry", 0.6, "愤怒"), label("tense", 0.3, "紧张"), valence=-0.4, arousal=0.5)
AFTER = answer(label("sad", 0.5, "悲伤"), label("tense", 0.3, "紧张"), valence=-0.19, arousal=0.5)
NONE = answer(valence=None, arousal=None, cannot_tell=Text("Nothing.", "没有。"))


# ---- what differs


def test_the_line_says_what_changed():
    lead = "Without the sound, "
    assert told(BEFORE, AFTER, "en", lead) == (
        "Without the sound, “angry” is gone and “sad” is new; valence rises by 0.21."
    )
    assert (
        told(BEFORE, AFTER, "zh", "去掉声音后，") == "去掉声音后，“愤怒”消失，新出现“悲伤”；效价上升 0.21。"
    )


@pytest.mark.parametrize(
    ("one", "other", "line"),
    [
        (BEFORE, BEFORE, "the labels stay the same; valence and arousal hardly move."),
        (
            BEFORE,
            answer(label("angry", 0.4), label("tense", 0.3), valence=-0.6, arousal=0.4),
            "the labels stay the same; “angry” falls from 0.60 to 0.40; valence falls by 0.20 and arousal "
            "falls by 0.10.",
        ),
        (
            BEFORE,
            NONE,
            "“angry” and “tense” are gone and no emotion can be named any more; valence and arousal can no "
            "longer be told.",
        ),
        (NONE, AFTER, "“sad” and “tense” are new; valence and arousal can now be told."),
        (NONE, NONE, "still no emotion can be named."),
    ],
)
def test_lines(one, other, line):
    assert told(one, other, "en", "") == line
    assert told(one, other, "zh", "").endswith("。")


def test_agreement_is_shared_confidence():
    assert agreement(BEFORE, BEFORE) == 1
    assert agreement(BEFORE, AFTER) == pytest.approx(0.3 / 1.4)
    assert agreement(BEFORE, NONE) == 0
    assert agreement(NONE, NONE) == 1
    assert shift(BEFORE, AFTER) == pytest.approx((0.21, 0.0))
    assert shift(BEFORE, NONE) is None
    assert weight(BEFORE, AFTER) == pytest.approx(1 - 0.3 / 1.4 + 0.21)


def test_sentences_of_one_text_alone():
    was, now = sentences("He smiles. It is 1.5 s long. So he is glad.", "He smiles. So he may be glad.")
    assert was == [("He smiles.", False), ("It is 1.5 s long.", True), ("So he is glad.", True)]
    assert now == [("He smiles.", False), ("So he may be glad.", True)]
    assert sentences("他在笑。他高兴。", "他高兴。")[0] == [("他在笑。", True), ("他高兴。", False)]
    assert sentences("", "New.") == ([], [("New.", True)])
    assert [x for x, _ in sentences('She said "no." She left.', "")[0]] == ['She said "no."', "She left."]
    assert [x for x, _ in sentences("他说：“好。”他走了！", "")[0]] == ["他说：“好。”", "他走了！"]


def test_clues_are_told_apart_by_what_they_say():
    twice, other = make_clue(), make_clue("visual", "smile")
    assert clues_only_in([twice, twice, other], [twice]) == [(1, twice), (2, other)]


# ---- as HTML


def test_signs_and_words_beside_every_colour():
    drawn = side_by_side(BEFORE, AFTER, ("Before", "After"), "en")
    assert "After: “angry” is gone" in drawn
    assert drawn.count("<del>") == drawn.count("<ins>") == 1
    for words in ("gone: </span><del>angry", "new: </span><ins>sad", "↑"):
        assert words in drawn
    assert "from (−0.40, +0.50) to (−0.19, +0.50)" in drawn
    assert "After：“愤怒”消失" in side_by_side(BEFORE, AFTER, ("Before", "After"), "zh")


def test_an_answer_that_is_still_being_made():
    drawn = side_by_side(BEFORE, None, ("A", "B"), "en")
    assert drawn.count("working") == drawn.count("stopped") == 2, "for labels and their place"
    assert "ag-diff-line" not in drawn


def test_a_modality_that_is_gone_is_one_line():
    clues = [make_clue("acoustic", f"sound {number}") for number in range(7)]
    clues += [make_clue("visual", f"look {number}") for number in range(7)]
    one = answer(clues=clues)
    other = Explanation("clip", "en", "fake", missing={"acoustic": Text("The sound was left out.", "无")})
    drawn = side_by_side(one, other, ("A", "B"), "en")
    assert "all 7 acoustic clues" in drawn
    assert "sound 3" not in drawn
    assert drawn.count("A clue called look") == 7
    assert "3 more" in drawn


def test_foreign_text_is_shown_as_text():
    nasty = answer(
        Label("x", Text(NASTY, NASTY), 0.5),
        parts={"visual": f"{NASTY}. Same."},
        clues=[make_clue("visual", NASTY, text=Text(NASTY, NASTY))],
        conflicts=(Conflict("c", Text(NASTY, NASTY)),),
    )
    other = answer(parts={"visual": "Same."}, cannot_tell=Text(NASTY, NASTY))
    for language in ("en", "zh"):
        drawn = side_by_side(nasty, other, (NASTY, NASTY), language)
        drawn += what_if_html.ranked(nasty, {"visual": other}, language) + what_if_html.status(NASTY)
        drawn += compare_html.clip("cp_clip_explained", language, NASTY)
        drawn += compare_html.status({}, language, state="failed", note=NASTY)
        assert "<img" not in drawn
        assert "</script" not in drawn


def test_which_modality_mattered():
    drawn = what_if_html.ranked(BEFORE, {"visual": BEFORE, "acoustic": AFTER}, "en")
    rows = drawn.split("<tr ")[1:]
    assert "mattered most" not in rows[0]
    assert "mattered most" in rows[1]
    assert "+0.21 · +0.00" in rows[1]
    assert "Nothing changes" in what_if_html.ranked(BEFORE, {"visual": BEFORE}, "en")


def test_setups_and_their_titles(services):
    assert setup_of("signal", ["visual", "lexical"], 5) == Setup("signal", ("acoustic",), 0)
    assert setup_of("affectgpt", ["visual", "acoustic", "lexical"], 5) == Setup("affectgpt", (), 5)
    one, other = Setup("fake"), Setup("fake", ("acoustic", "lexical"))
    assert compare_html.titles((one, other), services, "en") == (
        "A · everything",
        "B · without the sound and the words",
    )
    assert compare_html.titles((one, Setup("signal")), services, "zh") == ("A · fake", "B · 信号引擎")


# ---- at work


class Muted(FakeEngine):
    """Happy while there is sound, else sad; counts its answers."""

    asked = 0

    def answer(self, clip, language):
        self.asked += 1
        yield from FakeEngine.answer(self, clip, language)

    def labels(self, clip, clues, text):
        name, valence = ("happy", 0.5) if clip.has_sound else ("sad", -0.5)
        return Verdict((label(name, 0.7),), valence, 0.2, 0.1)


@pytest.fixture(scope="module")
def engine():
    return Muted()


@pytest.fixture(scope="module")
def demo(engine, tmp_path_factory):
    from affectgpt import ui
    from affectgpt.page.engines import Engines
    from affectgpt.page.services import Services

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        yield ui.Page(Services.made(Engines(engine)))


@pytest.fixture
def services(demo):
    demo.services.kept.clear()
    return demo.services


def tab(demo, name):
    return next(each for each in demo.tabs if type(each).__name__ == name)


@pytest.fixture
def shown(services, engine):
    """An answer in the first tab, about a clip that is kept."""
    picture = np.zeros((3, 24, 24, 3), np.uint8)
    clip = make_clip(track=picture, track_times_s=np.arange(3.0), wave=np.ones(1600, np.float32))
    services.kept.put(VISITOR.session_hash, "explain", clip, b"file")
    cues = (Cue("I am fine."),)
    whole = make_clip(**{**vars(clip), "cues": cues})
    return Shown(explain(whole, engine), clip.duration_s, Setup("fake"), cues, "user")


def last(events):
    out = {}
    for event in events:
        out |= event
    return out


def test_what_if_asks_again_without_the_sound(demo, engine, shown):
    block = tab(demo, "WhatIfBlock")
    before = engine.asked
    out = last(block.change(shown, None, "en", True, False, False, VISITOR))
    assert engine.asked == before + 1, "the answer on the page is not made again"
    found = out[block.found]
    assert found.other.labels == ("sad",)
    assert found.one is shown.explanation
    assert "Without the sound, “happy” is gone and “sad” is new; valence falls by 1.00." in out[block.result]
    assert "去掉声音后" in block.translate(shown, found, "zh", VISITOR)[block.result]
    gone = block.renew(None, found, "en", VISITOR)
    assert gone[block.result] == gone[block.heading] == ""


def test_what_if_ranks_the_modalities(demo, engine, shown):
    block = tab(demo, "WhatIfBlock")
    out = last(block.compare_all(shown, None, "en", VISITOR))
    assert {name: x.labels for name, x in out[block.found].ranks.items()} == {
        "visual": ("happy",),
        "acoustic": ("sad",),
        "lexical": ("happy",),
    }
    assert out[block.ranked].count("mattered most</span>") == 1


def test_what_if_leaves_something_in(demo, shown):
    block = tab(demo, "WhatIfBlock")
    for switches, words in (((True, True, True), "Leave at least one"), ((False,) * 3, "Choose above")):
        with pytest.raises(gr.Error, match=words):
            last(block.change(shown, None, "en", *switches, VISITOR))


def test_what_if_of_a_clip_that_is_gone(demo, services, shown):
    services.kept.clear()
    with pytest.raises(gr.Error, match="no longer kept"):
        last(tab(demo, "WhatIfBlock").change(shown, None, "en", True, False, False, VISITOR))
    stranger = SimpleNamespace(session_hash="somebody else")
    with pytest.raises(gr.Error, match="no longer kept"):
        last(tab(demo, "WhatIfBlock").change(shown, None, "en", True, False, False, stranger))


def test_switches_for_what_the_clip_has(demo, services, shown):
    block = tab(demo, "WhatIfBlock")
    silent = Shown(shown.explanation, shown.duration_s, shown.setup)
    drawn = block.renew(silent, None, "en", VISITOR)
    states = {name: drawn[switch] for name, switch in block.switches.items()}
    assert not states["lexical"].interactive
    assert states["lexical"].info == "This clip has no words."
    assert states["acoustic"].interactive


def ask(compare, shown, chosen=None, *, use=("visual", "acoustic", "lexical"), other=("visual",), **values):
    values = {"language": "en", "reference": "", "labels": "", **values}
    sides = ("fake", list(use), 0, "fake", list(other), 0)
    return compare.compare(
        shown, chosen, values["language"], *sides, values["reference"], values["labels"], VISITOR
    )


def test_the_first_answer_is_there_before_the_second_is_made(demo, engine, shown):
    compare, begun = tab(demo, "CompareTab"), engine.asked
    seen = [(engine.asked - begun, event) for event in ask(compare, shown, labels="sad")]
    first = next(asked for asked, event in seen if "happy" in str(event.get(compare.result, "")))
    assert first == 1
    out = last(event for _, event in seen)
    assert engine.asked - begun == 2
    assert "B · without the sound and the words: “happy” is gone" in out[compare.result]
    assert "F" in out[compare.drawn]
    found = out[compare.compared]
    assert [x["labels"]["levels"]["sector"]["f"] for x in found.scores] == [0, 1]
    again = compare.translate(shown, None, found, "zh")
    assert "不用声音和话语" in again[compare.result]


def test_a_stopped_comparison_keeps_what_there_is(demo, engine, shown):
    compare = tab(demo, "CompareTab")
    work = ask(compare, shown)
    for event in work:
        if event.get(compare.compared):
            break
    work.close()
    halted = compare.halt(event[compare.compared], "en")
    assert "Stopped" in halted[compare.status]
    last(ask(compare, shown))  # the visitor's job has ended, so that another may begin


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"use": ("visual",)}, "A and B are the same"),
        ({"use": ()}, "at least one thing"),
        ({"shown": None}, "Nothing is chosen yet"),
        ({"labels": "sad, " * 101}, "101 labels"),
    ],
)
def test_mistakes(demo, engine, shown, values, words):
    compare, begun = tab(demo, "CompareTab"), engine.asked
    values = {"shown": shown, **values}
    with pytest.raises(gr.Error, match=words):
        last(ask(compare, **values))
    assert engine.asked == begun, "told before anything is asked"


def test_two_measures_are_subtracted():
    one, other = (
        {
            "clue_overlap": None,
            "label_overlap": {"mark": mark},
            "labels": {"levels": {"sector": {"f": 0.5}}, "reference": ["sad"]},
            "completeness": {"answer": {"score": 1.0}},
        }
        for mark in (4.0, 6.5)
    )
    drawn = compare_html._scores(one, other, "en")
    assert "↑ +2.5<" in drawn
    assert ">=<" in drawn
    assert "–" in drawn
