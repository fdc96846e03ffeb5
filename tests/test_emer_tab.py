"""The EMER tab without a browser: what can be browsed, what is found, what is drawn, what a run answers."""

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import gradio as gr
import pytest
from media_files import write_clip

from affectgpt.data.sample import Sample
from affectgpt.hub.fetch import Progress
from affectgpt.page import files
from affectgpt.page.emer import html as html
from affectgpt.page.emer import shelves
from affectgpt.page.emer import tab as emer_tab
from affectgpt.page.emer.shelves import Shelf, Shelves
from affectgpt.page.emer.tab import EmerTab
from affectgpt.page.engines import Engines
from affectgpt.page.services import Services
from affectgpt.page.tab import Shell
from affectgpt.schema import AffectError, Explanation, Label, Text, Verdict

EVIL = '<img src=x onerror="alert(1)">'
VISITOR = SimpleNamespace(session_hash="toy visitor", query_params={})


def sample(number, **values) -> Sample:
    empty = {"subtitle": Text(f"Words {number}.", f"第{number}句。"), "labels": ("happy",)}
    return Sample(f"toy_{number:04}", **{**empty, **values})


@pytest.fixture
def shelf():
    rows = [
        sample(0, labels=("happy", "excited"), clip="/toy/0.mp4"),
        sample(1, labels=("sad",), reference=Text("She lowers her EYES.", "她垂下眼睛。")),
        sample(2, labels=(), emotion="angry"),
        sample(3, labels=("happy",), clip="/toy/3.mp4"),
    ]
    return Shelf("v2", tuple(rows))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2, 3]),
        ({"query": "toy_0002"}, [2]),
        ({"query": "eyes lowers"}, [1]),  # every word, in any order and case
        ({"query": "垂下"}, [1]),
        ({"query": "愤怒"}, [2]),  # the Chinese name of an English label
        ({"query": "words 3"}, [3]),
        ({"query": "eyes nowhere"}, []),
        ({"label": "happy"}, [0, 3]),
        ({"label": "angry"}, [2]),  # the one emotion of a sample without labels
        ({"with_clip": True}, [0, 3]),
        ({"query": "第0句", "label": "happy", "with_clip": True}, [0]),
    ],
)
def test_search_and_filters(shelf, asked, found):
    assert shelf.find(**asked) == found


def test_labels_are_counted(shelf):
    assert shelf.counts == [("happy", 2), ("angry", 1), ("excited", 1), ("sad", 1)]
    assert shelf.clips == 2


def test_three_thousand_samples_are_searched_at_once():
    text = Text("A long description. " * 150, "很长的描述。" * 60)
    many = Shelf("own", tuple(sample(number, reference=text) for number in range(3_000)))
    many.find()
    began = time.perf_counter()
    assert many.find("toy_2999 long") == [2_999]
    assert time.perf_counter() - began < 0.5  # 0.02 s on an idle machine


def read(data, clips=None):
    shelves = Shelves([], str(data), clips)
    shelves.reading().result(timeout=30)
    return shelves


def test_a_folder_of_tables_is_read_once(tmp_path):
    (tmp_path / "v2.csv").write_text("name,english,chinese\na,She smiles.,她微笑。\n")
    shelves = read(tmp_path)
    assert [(x.key, len(x.samples)) for x in shelves.all] == [("v2", 1)]
    assert shelves.reading() is None
    assert shelves.why_not is None


def test_tables_of_ones_own_are_read(tmp_path):
    (tmp_path / "mine.jsonl").write_text(
        json.dumps({"name": "mine", "subtitle_en": "Hello.", "labels": ["calm"]})
    )
    assert [(x.key, x.samples[0].name) for x in read(tmp_path).all] == [("own", "mine")]
    assert read(tmp_path / "mine.jsonl").all[0].samples[0].labels == ("calm",)


def test_what_cannot_be_read_is_told_without_its_path_and_tried_again(tmp_path):
    missing = tmp_path / "nowhere.csv"
    shelves = read(missing)
    assert shelves.all == []
    assert "nowhere.csv" in shelves.why_not.en
    assert str(tmp_path) not in shelves.why_not.en + shelves.why_not.zh
    missing.write_text("name,subtitle\na,Hello.\n")
    shelves.reading().result(timeout=30)
    assert shelves.why_not is None
    assert len(shelves.all) == 1


def test_the_official_tables_can_be_browsed(shared):
    shelves = read(shared / "data")
    assert [(x.key, len(x.samples), x.clips) for x in shelves.all] == [("v2", 330, 3), ("v1", 98, 0)]
    assert shelves.get("v2").counts[0][0] == "angry"


def hostile() -> Sample:
    return Sample(EVIL, "/toy", Text(EVIL, EVIL), Text(EVIL, EVIL), (EVIL,), EVIL)


def test_cells_of_a_table_are_shown_as_text():
    row, answer = hostile(), Explanation("toy", "en", EVIL, parts={"visual": EVIL})
    answer = Explanation(
        **{
            **vars(answer),
            "verdict": Verdict((Label("x", Text(EVIL, EVIL), 0.5),), cannot_tell=Text(EVIL, EVIL)),
        }
    )
    shelf = Shelf("own", (row,))
    drawn = [
        html.listing(shelf, [0], 0, EVIL, "en", ["img", "<"]),
        html.chips(shelf, EVIL, "en"),
        html.head(row, 0, 1, "en"),
        html.about(row, "zh", ["onerror"]),
        html.reference(row, "en", ["alert"]),
        html.beside(row, answer, "en", engine=EVIL, draft=EVIL),
        html.placed(row, "en", answer.verdict.labels),
        html.note("en", reading=False, why_not=Text(EVIL, EVIL)),
    ]
    for each in drawn:
        assert "<img" not in each
    assert "&lt;" in drawn[0]


def test_what_was_searched_is_marked():
    assert html.marked("Smile & SMILE", ["smile"]) == "<mark>Smile</mark> &amp; <mark>SMILE</mark>"
    assert html.marked("a.b", ["."]) == "a<mark>.</mark>b"
    assert html.marked("<b>", []) == "&lt;b&gt;"


def test_a_text_of_the_other_language_says_so():
    row = sample(1, reference=Text("", "视频中，她微笑；"))
    drawn = html.reference(row, "en")
    assert "There is no English text" in drawn
    assert '<p lang="zh">视频中，她微笑</p>' in drawn  # the mark between two parts is left out
    assert "没有英文" not in html.reference(row, "zh")


def test_pages_of_the_list(shelf):
    many = Shelf("v2", tuple(sample(number) for number in range(65)))
    found = many.find()
    assert html.listing(many, found, 2, None, "en").count("<li>") == 5
    last = html.pager(65, 65, 2, "en")
    assert "3 / 3" in last
    assert 'data-turn="3" aria-label="Next page" disabled' in last
    assert 'data-turn="1" aria-label="Page before">' in last
    assert "4 of 65 samples" in html.pager(4, 65, 0, "en")
    assert "data-turn" not in html.pager(4, 65, 0, "en")


@pytest.fixture
def tab(fake_engine, tmp_path, monkeypatch):
    """A tab over a folder with two clips and a table of three samples."""
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "page"))
    data = tmp_path / "data"
    data.mkdir()
    write_clip(data / "b.mp4", seconds=1)
    rows = [
        {"name": "a", "subtitle_en": "First.", "labels": ["sad"]},
        {
            "name": "b",
            "subtitle_en": "Second.",
            "labels": ["happy"],
            "reference_en": "In the video, he smiles.",
        },
        {"name": "c", "subtitle_en": "Third.", "labels": ["sad"]},
    ]
    (data / "table.jsonl").write_text("\n".join(map(json.dumps, rows)))
    services = Services(Engines(fake_engine), data=str(data))
    with gr.Blocks() as demo, gr.Tab("EMER"):
        made = EmerTab(Shell(services, demo, gr.Radio(["en", "zh"]), gr.State(None)))
    made.shelves.reading().result(timeout=30)
    return made


NOTHING_ASKED = ("own", "", "", False)


def press(**data) -> gr.EventData:
    return gr.EventData(None, data)


def test_a_data_set_on_its_way_says_how_far_it_is(tab, shelf, monkeypatch):
    step = threading.Event()

    def read(data, clips, tell):
        tell(Progress(12_000_000, 48_000_000, "train.parquet"))
        assert step.wait(10)
        return [shelf]

    async def visit():
        async for out in tab.visit(None, "", "", False, None, 0, "en", VISITOR):
            seen.append(out)
            if "is on its way: 25 %, 12 of 48 MB." in str(out[tab.note]):
                step.set()

    seen = []
    monkeypatch.setattr(shelves, "_read_all", read)
    monkeypatch.setattr(emer_tab, "LOOK_EVERY_S", 0.01)
    tab.shelves._own = []
    asyncio.run(visit())
    assert "Reading the data set" in seen[0][tab.note]
    assert step.is_set()
    assert seen[-1][tab.current] == ("v2", "toy_0000")
    assert seen[-1][tab.note] == ""


def test_pick_and_step(tab):
    out = tab.pick(*NOTHING_ASKED, None, 0, "en", press(sample="b"))
    assert out[tab.current] == ("own", "b")
    assert "2 of 3" in tab._found("own", "", "", False, ("own", "b"), 0, "en")[tab.head]
    assert "Second." in out[tab.about]
    assert "he smiles" in out[tab.text]
    assert tab.forth(*NOTHING_ASKED, ("own", "b"), 0, "en")[tab.current] == ("own", "c")
    assert tab.forth(*NOTHING_ASKED, ("own", "c"), 0, "en")[tab.current] == ("own", "c")  # the last one
    assert tab.back(*NOTHING_ASKED, ("own", "c"), 0, "en")[tab.current] == ("own", "b")
    sad = ("own", "", "sad", False)
    assert tab.forth(*sad, ("own", "a"), 0, "en")[tab.current] == ("own", "c")  # among those found
    unknown = tab.pick(*NOTHING_ASKED, None, 0, "en", press(sample="../../etc/passwd"))
    assert unknown[tab.current] == ("own", "a")


def test_a_filter_leaves_the_sample_that_is_read(tab):
    out = tab.switch_label(*NOTHING_ASKED, ("own", "b"), 0, "en", press(label="sad"))
    assert out[tab.list].count("<li>") == 2
    assert "not among the 2 found" in out[tab.head]
    assert tab.current not in out
    again = tab.switch_label("own", "", "sad", False, ("own", "b"), 0, "en", press(label="sad"))
    assert again[tab.list].count("<li>") == 3


def test_a_run_answers_beside_the_reference_and_is_scored(tab):
    steps = list(tab.answer_sample(("own", "b"), "en", VISITOR))
    last = steps[-1]
    shown = last[tab.answer]
    assert shown.reference == ("In the video, he smiles.", ["happy"])
    assert shown.explanation.name == "b"
    assert shown.explanation.scores["labels"]["reference"] == ["happy"]
    assert "he smiles" in last[tab.beside]
    assert "The visual part." in last[tab.beside]
    assert "ag-assess" in last[tab.scores]
    assert len(steps) > 3  # in stages
    handed = tab.hand_over(("own", "b"), shown, "en", VISITOR)
    assert handed.reference == shown.reference
    assert handed.timeline is not None
    kept = tab.services.kept.get(VISITOR.session_hash, "explain")
    assert (kept.subtitle, handed.cues[0].text) == ("", "Second.")  # the words belong to the answer
    with pytest.raises(gr.Error):
        tab.hand_over(("own", "b"), None, "en", VISITOR)


def test_the_player_gets_our_copy_and_nothing_is_left(tab):
    steps = tab.show_clip(("own", "b"), "en", VISITOR)
    player = next(steps)[tab.player]
    assert player.value["path"].endswith("b.normalised.mp4")
    assert tab.services.data not in player.value["path"]
    steps.close()
    (without,) = tab.show_clip(("own", "a"), "en", VISITOR)  # it has no clip
    assert not without[tab.clip_card].visible
    assert without[tab.player].value is None


def test_a_sample_without_a_clip_cannot_be_run(tab):
    with pytest.raises(gr.Error):
        list(tab.answer_sample(("own", "a"), "en", VISITOR))


def test_a_stop_ends_the_engine(tab, fake_engine, monkeypatch):
    began, closed = [], []

    def clues(clip):
        began.append(True)
        try:
            yield "lexical", []
            yield "acoustic", []
        finally:
            closed.append(True)

    monkeypatch.setattr(fake_engine, "clues", clues)
    steps = tab.answer_sample(("own", "b"), "en", VISITOR)
    while not began:
        next(steps)
    steps.close()
    assert closed == [True]
    with tab.services.visitors.job(VISITOR.session_hash, "emer"):  # and the visitor may run again
        pass


def test_the_language_redraws_an_answer(tab):
    shown = list(tab.answer_sample(("own", "b"), "en", VISITOR))[-1][tab.answer]
    out = tab.translate(*NOTHING_ASKED, ("own", "b"), 0, "zh", shown)
    assert "参考与回答" in out[tab.beside]
    assert "高兴" in out[tab.list]
    assert tab.translate(*NOTHING_ASKED, ("own", "b"), 0, "zh", None)[tab.beside] == ""


def test_two_jobs_of_a_visitor_are_refused(tab):
    tab.services.visitors.grace_s = 0.0
    with tab.services.visitors.job(VISITOR.session_hash, "explain"), pytest.raises((gr.Error, AffectError)):
        list(tab.answer_sample(("own", "b"), "en", VISITOR))
