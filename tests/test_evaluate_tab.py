"""The tab "evaluate": where references come from, what is refused, what is drawn, a process that is ended."""

import io
import json
import os
import time
from contextlib import closing
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from conftest import FakeEngine, make_clip

from affectgpt.benchmarks import child
from affectgpt.benchmarks.child import Task
from affectgpt.benchmarks.result import read_result
from affectgpt.benchmarks.table import BENCHMARKS
from affectgpt.page import files
from affectgpt.page.evaluate import evaluation
from affectgpt.page.evaluate import html as evaluate_html
from affectgpt.page.evaluate.evaluation import Step
from affectgpt.page.explain import downloads as download_block
from affectgpt.page.services import Shown
from affectgpt.page.serving import Closing
from affectgpt.reason import explain
from affectgpt.schema import AffectError, Cue, Text

REFERENCES = files.EXAMPLES / evaluation.BUNDLED
NASTY = "</script><img src=x onerror=alert(1)>\u202e{{x}}${y}"
WITH = SimpleNamespace(data="owner/name")
WITHOUT = SimpleNamespace(data=None)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of one evaluation, and the steps that it told."""
    folder = tmp_path_factory.mktemp("evaluated")
    given = folder / "mine.jsonl"
    rows = [{"name": "happy_reunion", "labels": ["happy", NASTY], "text": NASTY}, {"labels": ["no name"]}]
    given.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = Task("emer-v2", str(given), str(REFERENCES), "en", str(folder), NASTY)
    return folder, list(evaluation.evaluation(task, Closing()))


def test_where_references_come_from():
    assert evaluation.places(BENCHMARKS["emer-v2"], WITH) == ["data", "examples", "upload"]
    assert evaluation.places(BENCHMARKS["emer-v1"], WITHOUT) == ["examples", "upload"]
    assert evaluation.places(BENCHMARKS["meld"], WITH) == ["upload"]
    assert evaluation.places(BENCHMARKS["mme-sa"], WITH) == []


def test_which_references_are_taken():
    emer, meld = BENCHMARKS["emer-v2"], BENCHMARKS["meld"]
    assert evaluation.references(emer, WITH, None, None) == "owner/name"
    assert evaluation.references(emer, WITHOUT, None, None) == str(REFERENCES)
    assert evaluation.references(emer, WITH, "examples", "mine.csv") == str(REFERENCES)
    assert evaluation.references(emer, WITH, None, "mine.csv") == "mine.csv"
    assert evaluation.references(BENCHMARKS["mme-sa"], WITH, None, None) is None
    for row, place in ((meld, None), (meld, "data"), (emer, "upload"), (meld, "examples")):
        with pytest.raises(AffectError, match="no references"):
            evaluation.references(row, WITH, place, None)
    with pytest.raises(AffectError, match="no references"):
        evaluation.references(emer, WITHOUT, "data", None)


def test_what_is_refused_at_once(tmp_path):
    file = tmp_path / "large.csv"
    file.touch()
    assert evaluation.check("meld", str(file)).name == "meld"
    gone = str(tmp_path / "deleted since.csv")
    for given in (None, gone):
        with pytest.raises(AffectError, match="no file of predictions"):
            evaluation.check("meld", given)
    with pytest.raises(AffectError, match="no references"):
        evaluation.check("meld", str(file), gone)
    with pytest.raises(AffectError, match="choose one of emer-v1"):
        evaluation.check("nothing", str(file))
    os.truncate(file, evaluation.MAX_TABLE_MB * 2**20 + 1)
    for given in ((str(file),), (__file__, str(file))):
        with pytest.raises(AffectError, match="larger than 20 MB"):
            evaluation.check("meld", *given)


def test_an_evaluation_tells_its_steps_and_writes_its_files(done):
    folder, steps = done
    names = [step.name for step in steps]
    assert list(dict.fromkeys(names)) == ["read", "judge", "intervals", "write"]
    assert Step("judge", 2, 2) in steps  # clues and labels of the one clip with a prediction
    assert {"result.json", "report.html", "samples.csv"} <= {path.name for path in folder.iterdir()}


def test_what_a_visitor_can_mend_comes_through(tmp_path):
    task = Task("emer-v2", __file__, str(REFERENCES), "en", str(tmp_path))
    with pytest.raises(AffectError, match="none of the columns name") as caught:
        list(evaluation.evaluation(task, Closing()))
    assert "缺少" in caught.value.text.zh


def test_a_bug_is_no_message_and_names_no_cell(tmp_path):
    (tmp_path / "result.json").mkdir()  # cannot be written
    task = Task("emer-v2", str(REFERENCES), str(REFERENCES), "en", str(tmp_path))
    with pytest.raises(RuntimeError, match="ended with 1") as caught:
        list(evaluation.evaluation(task, Closing()))
    assert "IsADirectoryError" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_the_words_of_a_bug_stay_in_the_process(monkeypatch, capsys):
    def fail(task):
        raise ValueError(words) from KeyError(words)

    words = "a cell:\n  more of the cell"
    task = Task("emer-v2", "mine.csv", None, "en", "folder")
    monkeypatch.setattr(child, "run", fail)
    monkeypatch.setattr(child.resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(child.signal, "alarm", lambda *_: None)
    monkeypatch.setattr(child.sys, "stdin", io.StringIO(json.dumps(asdict(task))))
    with pytest.raises(SystemExit, match="ValueError"):
        child.main()
    told = capsys.readouterr()
    assert "in fail" in told.err
    assert "cell" not in told.err


def test_closing_the_stream_or_the_page_ends_the_process(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    started = []
    popen = evaluation.subprocess.Popen
    monkeypatch.setattr(
        evaluation.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    pipe.write_text("".join(f'{{"name": "n{at}", "text": "She smiles."}}\n' for at in range(100_000)))
    ending, task = Closing(), Task("emer-v1", str(pipe), str(pipe), "en", str(tmp_path))
    for shut_down in (False, True):
        with closing(evaluation.evaluation(task, ending)) as steps:
            next(steps), next(steps)
            assert started[-1].poll() is None
            began = time.monotonic()
            if shut_down:
                ending.begin()
                with pytest.raises(AffectError, match="shut down"):
                    next(steps), next(steps)
        assert started[-1].poll() is not None
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_that_is_foreign_is_escaped(done, language):
    found = read_result(done[0] / "result.json")
    named = (Text(NASTY, NASTY),)
    found = replace(found, title=NASTY, warnings=named, problems=named * 20)
    page = (done[0] / "report.html").read_text(encoding="utf-8")
    drawn = [
        evaluate_html.result(found, language),
        evaluate_html.report(page, language),
        evaluate_html.ended("failed", language, title=NASTY, note=NASTY),
        evaluate_html.snippet(NASTY, NASTY, language),
        evaluate_html.file_format(NASTY, language),
    ]
    assert not any("<img" in each or "</script" in each for each in drawn)
    assert drawn[0].count("&lt;img") == 1 + 1 + 1 + 12  # system, title, warning, the first problems
    assert "8" in drawn[0]  # and how many more there are


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_benchmark_says_what_it_needs(language):
    for row in BENCHMARKS.values():
        assert "name" in evaluate_html.needs(row, language)


def test_progress_grows():
    shares = [
        float(evaluate_html.progress(step, "en").partition('value="')[2].partition('"')[0])
        for step in (Step("read"), Step("judge", 1, 4), Step("judge", 4, 4), Step("intervals"), Step("write"))
    ]
    assert shares == sorted(shares)
    assert "1 of 4" in evaluate_html.progress(Step("judge", 1, 4), "en")
    assert "<progress" not in evaluate_html.progress(None, "en")


def test_the_report_stays_in_its_frame(monkeypatch):
    drawn = evaluate_html.report('<p onload="x">', "en")
    assert 'sandbox="allow-scripts" ' in drawn
    assert "&lt;p onload=&quot;x&quot;&gt;" in drawn
    monkeypatch.setattr(evaluate_html, "MAX_REPORT_BYTES", 3)
    assert "<iframe" not in evaluate_html.report("long", "en")


def test_the_words_of_an_answer_are_sent_as_they_were():
    answer = explain(make_clip(media={"load_s": 0.1}), FakeEngine())
    timed, bare = Cue("You & I!", 0.5, 1.0), Cue("You came!")
    words = download_block.words_of
    assert words(Shown(answer, 2.0)) == ""
    assert words(Shown(answer, 2.0, cues=(bare, bare), subtitle_source="user")) == "You came!\nYou came!"
    assert words(Shown(answer, 2.0, cues=(timed,), subtitle_source="embedded")) == ""
    found = words(Shown(answer, 2.0, cues=(timed,), subtitle_source="file"))
    assert found == "WEBVTT\n\n00:00:00.500 --> 00:00:01.000\nYou &amp; I!\n"


def test_the_json_file_is_the_explanation():
    answer = explain(make_clip(media={"load_s": 0.1}), FakeEngine())
    assert json.loads(download_block.as_json(answer)) == json.loads(json.dumps(answer.to_dict()))
