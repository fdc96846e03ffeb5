"""Predicting clip by clip into a file: every clip once, whatever happens in between."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
from conftest import FakeEngine, make_clip

from affectgpt.baseline import SignalEngine
from affectgpt.benchmarks import predict as module
from affectgpt.benchmarks import rows
from affectgpt.benchmarks.predict import Step, fingerprint, predict, subtitle_of
from affectgpt.benchmarks.table import BENCHMARKS
from affectgpt.data.sample import Sample
from affectgpt.schema import AffectError, Cue, Text

RUN = {"benchmark": "emer-v2", "engine": "fake", "question": None, "language": "en"}


@pytest.fixture
def loaded(monkeypatch):
    """Clips are made and not decoded; those called "bad..." cannot be. What was asked for is remembered."""
    asked = []

    def load(path, subtitle=None):
        asked.append((path, subtitle))
        name = Path(path).stem
        if name.startswith("bad"):
            raise AffectError(f"{name}.mp4 is broken: mend it.", f"{name}.mp4 已损坏：请修复。")
        return make_clip(name=name, cues=(Cue(subtitle or "Fine."),))

    monkeypatch.setattr(module, "load_clip", load)
    return asked


def samples(*names):
    return [Sample(name, f"{name}.mp4", Text(f"I am {name}.", f"我是{name}。")) for name in names]


def rows_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def run(names, out, engine=None, **options):
    given = {"run": RUN, **options}
    return list(predict(samples(*names), engine or FakeEngine(), out, **given))


def test_a_row_per_clip_in_their_order(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    assert run("cab", out) == [Step(name, "done") for name in "cab"]
    rows = rows_of(out)
    assert [row["name"] for row in rows] == ["c", "a", "b"]
    assert rows[0]["labels"][0]["label"] == "happy"
    assert rows[0]["text"].startswith("The visual part.")
    assert all(row["run"] == RUN for row in rows)
    assert [row["subtitle_language"] for row in rows] == ["en"] * 3
    assert loaded == [("c.mp4", "I am c."), ("a.mp4", "I am a."), ("b.mp4", "I am b.")]


def test_the_name_is_the_samples_and_the_language_the_runs(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    (step,) = predict(
        [Sample("clip 7", "/x/y.mp4", Text("Hi.", ""))], FakeEngine(), out, run=RUN, language="zh"
    )
    assert step == Step("clip 7", "done")
    (row,) = rows_of(out)
    assert (row["name"], row["language"], row["subtitle_language"]) == ("clip 7", "zh", "en")
    assert "部分" in row["text"]
    assert loaded == [("/x/y.mp4", "Hi.")]


def test_subtitle_in_the_language_of_the_answer_first():
    both, english, none = Text("Hi.", "你好。"), Text("Hi.", ""), Text("", "")
    found = [subtitle_of(Sample("a", "a", text), x) for text in (both, english, none) for x in ("en", "zh")]
    assert found == [
        ("Hi.", "en"),
        ("你好。", "zh"),
        ("Hi.", "en"),
        ("Hi.", "en"),
        (None, None),
        (None, None),
    ]


def test_a_finished_clip_is_never_done_again(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    stream = predict(samples(*"abcd"), FakeEngine(), out, run=RUN)
    assert [next(stream).name, next(stream).name] == ["a", "b"]
    stream.close()
    before = out.read_bytes()
    loaded.clear()
    steps = run("xabcd", out)
    assert [(step.name, step.outcome) for step in steps] == [
        ("a", "kept"), ("b", "kept"), ("x", "done"), ("c", "done"), ("d", "done"),
    ]  # fmt: skip
    assert out.read_bytes().startswith(before)
    assert [path for path, _ in loaded] == ["x.mp4", "c.mp4", "d.mp4"]
    assert [row["name"] for row in rows_of(out)] == [*"abxcd"]


def test_a_row_is_on_disk_before_it_is_told(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    for number, _ in enumerate(predict(samples(*"abc"), FakeEngine(), out, run=RUN), 1):
        assert len(rows_of(out)) == number


def test_rows_are_flushed_to_the_disk_and_so_is_the_file_without_errors(loaded, tmp_path, monkeypatch):
    out, flushed, sync, put = tmp_path / "p.jsonl", [], os.fsync, os.replace

    def fsync(file):
        flushed.append(os.fstat(file).st_size)
        sync(file)

    def replace(new, old):
        assert flushed == [os.stat(new).st_size], "a crash could leave an empty file"
        put(new, old)

    monkeypatch.setattr(os, "fsync", fsync)
    for _ in predict(samples("a", "bad", "b"), FakeEngine(), out, run=RUN):
        assert flushed[-1] == out.stat().st_size
    flushed.clear()
    monkeypatch.setattr(os, "replace", replace)
    assert [step.name for step in run(["a", "bad", "b"], out, retry_errors=True)] == ["a", "b", "bad"]
    assert len(flushed) == 2


@pytest.mark.parametrize("cut", [1, 5, 9, 100, -1])
def test_a_torn_row_is_done_again(loaded, tmp_path, cut):
    out = tmp_path / "p.jsonl"
    run("ab", out)
    first, second = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(first + second[:cut])
    assert [step.outcome for step in run("ab", out)] == ["kept", "done"]
    assert [row["name"] for row in rows_of(out)] == ["a", "b"]
    assert out.read_bytes().startswith(first)


def test_bad_clips_become_error_rows(loaded, tmp_path, caplog):
    class Odd(FakeEngine):
        def clues(self, clip):
            if clip.name == "bug":
                raise ZeroDivisionError("a mistake of ours")
            return super().clues(clip)

    out = tmp_path / "p.jsonl"
    steps = run(["a", "bad1", "bug", "b"], out, Odd())
    assert [step.outcome for step in steps] == ["done", "error", "error", "done"]
    good, bad, bug, _ = rows_of(out)
    assert "error" not in good
    assert bad == {"name": "bad1", "error": "bad1.mp4 is broken: mend it.", "run": RUN}
    assert steps[1].reason.zh == "bad1.mp4 已损坏：请修复。"
    assert bug["incident"] == steps[2].incident
    assert bug["incident"] in bug["error"]
    assert "ZeroDivisionError" in caplog.text
    assert "a mistake of ours" not in out.read_text(encoding="utf-8")


def test_errors_are_tried_again_only_when_asked(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    run(["a", "bad1", "b", "bad2"], out)
    before = out.read_bytes()
    assert {step.outcome for step in run(["a", "bad1", "b", "bad2"], out)} == {"kept"}
    assert out.read_bytes() == before
    loaded.clear()
    mended = [Sample("bad1", "good.mp4"), *samples("a", "b", "bad2")]
    steps = list(predict(mended, FakeEngine(), out, run=RUN, retry_errors=True))
    assert [(step.name, step.outcome) for step in steps] == [
        ("a", "kept"), ("b", "kept"), ("bad1", "done"), ("bad2", "error"),
    ]  # fmt: skip
    assert [row["name"] for row in rows_of(out)] == ["a", "b", "bad1", "bad2"]
    assert [path for path, _ in loaded] == ["good.mp4", "bad2.mp4"]
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"name": "a", "text": "theirs"}\n', "line 1"),
        ("my notes", "line 1"),
        ('[1, 2]\n{"name": ', "line 1"),
        ('{"name": "a", "run": RUN}\nnot JSON\n', "line 2"),
        ('{"name": 7, "run": RUN}\n', "line 1"),
        ('{"name": "a", "run": {"benchmark": "emer-v2", "engine": "other"}}\n', "another engine .*other"),
        ('{"name": "a", "run": {"engine": "fake", "seed": 1}}\n', "choose another --out"),
        ('{"name": "a", "run": {"benchmark": "emer-v2", "engine": "fake"}}\n', "another language"),
    ],
)
def test_what_is_not_of_this_run_is_refused_and_kept(loaded, tmp_path, text, word):
    out = tmp_path / "p.jsonl"
    out.write_text(text.replace("RUN", json.dumps(RUN)), encoding="utf-8")
    before = out.read_bytes()
    with pytest.raises(AffectError, match=word) as told:
        run("ab", out)
    assert "p.jsonl" in told.value.text.zh
    assert "\n" not in told.value.text.en
    assert str(tmp_path) not in told.value.text.en
    assert out.read_bytes() == before
    assert loaded == []


def test_two_processes_cannot_write_one_file(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    stream = predict(samples("a", "b"), FakeEngine(), out, run=RUN)
    next(stream)
    with pytest.raises(AffectError, match="Another process"):
        run("ab", out)
    assert [step.name for step in stream] == ["b"]
    assert {step.outcome for step in run("ab", out)} == {"kept"}


def test_the_file_without_errors_is_locked_too(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    run(["bad", "a"], out)
    stream = predict(samples("bad", "a"), FakeEngine(), out, run=RUN, retry_errors=True)
    assert next(stream).outcome == "kept"
    with pytest.raises(AffectError, match="Another process"):
        run("a", out)
    assert [step.outcome for step in stream] == ["error"]


def test_a_file_replaced_before_it_is_locked_is_not_written_to(loaded, tmp_path, monkeypatch):
    out, lock = tmp_path / "p.jsonl", rows.fcntl.flock
    run("a", out)

    def late(file, how):  # another process puts its own file there and ends; then the old one can be locked
        (tmp_path / "new").write_bytes(out.read_bytes())
        (tmp_path / "new").rename(out)
        lock(file, how)

    monkeypatch.setattr(rows.fcntl, "flock", late)
    with pytest.raises(AffectError, match="Another process is writing"):
        run("ab", out)


@pytest.mark.parametrize("place", ["folder", "missing/p.jsonl", "pipe"])
def test_a_place_that_cannot_be_written_is_one_line(loaded, tmp_path, place):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AffectError, match="Cannot write"):
        run("a", tmp_path / place)


def test_half_a_character_in_a_name_comes_back(loaded, tmp_path):
    out = tmp_path / "p.jsonl"
    odd = [Sample("a\udcff中", "a.mp4")]
    for outcome in ("done", "kept"):
        assert [step.outcome for step in predict(odd, FakeEngine(), out, run=RUN)] == [outcome]
    assert json.loads(out.read_bytes())["name"] == "a\udcff中"


def test_the_next_clip_is_decoded_meanwhile(loaded, tmp_path, monkeypatch):
    both, plain = threading.Event(), module.load_clip

    def load(path, subtitle=None):
        if path == "b.mp4":
            both.set()
        return plain(path, subtitle)

    class Waiting(FakeEngine):
        def clues(self, clip):
            assert clip.name != "a" or both.wait(10), "b was not begun while a was being answered"
            return super().clues(clip)

    monkeypatch.setattr(module, "load_clip", load)
    assert [step.outcome for step in run("abc", tmp_path / "p.jsonl", Waiting())] == ["done"] * 3


def test_closing_does_not_wait_for_the_decoder(loaded, tmp_path, monkeypatch):
    plain = module.load_clip

    def load(path, subtitle=None):
        if path == "b.mp4":
            time.sleep(1.5)
        return plain(path, subtitle)

    monkeypatch.setattr(module, "load_clip", load)
    stream = predict(samples("a", "b", "c"), FakeEngine(), tmp_path / "p.jsonl", run=RUN)
    next(stream)
    began = time.perf_counter()
    stream.close()
    assert time.perf_counter() - began < 1
    assert [path for path, _ in loaded] == ["a.mp4"]


def test_the_fingerprint_of_the_signal_engine():
    from affectgpt.baseline import VERSION

    one = fingerprint(BENCHMARKS["emer-v2"], SignalEngine(), language="zh")
    assert (one["benchmark"], one["engine"], one["language"]) == ("emer-v2", "signal", "zh")
    assert (one["rules"], one["question"]) == (VERSION, None)
    assert json.loads(json.dumps(one)) == one
    for name in ("emer-v2", "mme-sa"):
        with pytest.raises(AffectError, match="labels-only"):
            fingerprint(BENCHMARKS[name], SignalEngine(), language="en", labels_only=True)


def test_an_error_is_in_the_language_of_the_run(loaded, tmp_path):
    run(["bad"], tmp_path / "p.jsonl", language="zh")
    assert rows_of(tmp_path / "p.jsonl")[0]["error"] == "bad.mp4 已损坏：请修复。"
