"""The command line as a user meets it: real processes, exit codes, one line for a mistake."""

import json
import os
import subprocess
import sys
import wave
from importlib.resources import files
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from affectgpt.cli import app

SCHEMA = json.loads((files("affectgpt") / "explanation.schema.json").read_text(encoding="utf-8"))


def affectgpt(*args, cwd=None):
    command = [sys.executable, "-m", "affectgpt", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The command line in this process, in an empty folder: for what does not need a process of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*args):
        done = CliRunner().invoke(app, [*map(str, args)])
        return SimpleNamespace(returncode=done.exit_code, stderr=done.stderr, stdout=done.stdout)

    return run


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """One second of a 220 Hz tone as a sound-only clip."""
    path = tmp_path_factory.mktemp("cli") / "tone.wav"
    samples = (np.sin(2 * np.pi * 220 * np.arange(16000) / 16000) * 8000).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes(samples.tobytes())
    return path


def test_several_clips_one_bad(sound, tmp_path):
    bad = tmp_path / "notes.mp4"
    bad.write_text("this is not a video")
    out = tmp_path / "out.jsonl"
    subtitles = ["--subtitle", "I am so happy!", "--subtitle", "", "--subtitle", "What a pity."]
    run = affectgpt("explain", sound, bad, sound, *subtitles, "--json", out, cwd=tmp_path)
    assert run.returncode == 2, run.stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["name"] for row in rows] == ["tone", "tone"], "the bad file loses no finished work"
    for row in rows:
        jsonschema.validate(row, SCHEMA)
        assert "visual" in row["missing"]
    complaint = [line for line in run.stderr.splitlines() if "notes.mp4" in line and not line.startswith("[")]
    assert len(complaint) == 1
    assert "Traceback" not in run.stderr
    assert str(tmp_path) not in run.stderr


def test_json_to_stdout_is_only_json(sound):
    run = affectgpt("explain", sound, "--subtitle", "我很高兴。", "--language", "zh", "--json", "-")
    assert run.returncode == 0, run.stderr
    row = json.loads(run.stdout)
    assert row["language"] == "zh"
    assert "我很高兴" in row["parts"]["lexical"]


def test_text_page_and_scores(sound, tmp_path):
    page = tmp_path / "card.html"
    reference = tmp_path / "reference.json"
    reference.write_text(
        json.dumps({"labels": ["happy"], "text": "In the text, she is happy."}), encoding="utf-8"
    )
    run = affectgpt(
        "explain", sound, "--subtitle", "I am <b>so</b> happy!", "--reference", reference, "--html", page
    )
    assert run.returncode == 0, run.stderr
    assert "happy" in run.stdout
    assert "label F 1.00" in run.stdout
    html = page.read_text(encoding="utf-8")
    assert "<b>so</b>" not in html, "words from outside are escaped"
    assert "apparent emotion" in html


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["explain", "missing.mp4"], "missing.mp4"),
        (["explain", "missing.mp4", "--engine", "sginal"], "signal"),
        (["explain", "a.mp4", "b.mp4", "--subtitle", "one"], "--subtitle"),
        (["explain", "a.mp4", "--html", "no/such/folder/x.html"], "x.html"),
        (["explain", "a.mp4", "--langage", "en"], "--langage"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(args, word, here):
    run = here(*args)
    assert run.returncode == 2
    assert word in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", [[], ["explain"], ["serve"]])
def test_help(command, here):
    run = here(*command, "--help")
    assert run.returncode == 0
    assert "Usage" in run.stdout


def test_an_output_never_destroys_a_file_in_use(sound, here, tmp_path):
    clip, words = tmp_path / "clip.wav", tmp_path / "words.srt"
    clip.write_bytes(sound.read_bytes())
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello.\n", encoding="utf-8")
    link = tmp_path / "link.wav"
    link.symlink_to(clip)
    for args in (
        ["--json", clip],
        ["--json", link],
        ["--subtitles", words, "--html", words],
        ["--json", tmp_path / "out", "--html", tmp_path / "out"],
    ):
        run = here("explain", clip, *args)
        assert run.returncode == 2
        assert "choose another name" in run.stderr
    assert clip.read_bytes() == sound.read_bytes()
    assert "Hello" in words.read_text(encoding="utf-8")
    assert not (tmp_path / "out").exists()


def test_an_earlier_result_survives_a_run_without_any(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("earlier work", encoding="utf-8")
    assert affectgpt("explain", tmp_path / "missing.mp4", "--json", out).returncode == 2
    assert out.read_text(encoding="utf-8") == "earlier work"


def test_mistakes_are_told_in_the_language_asked_for(sound, here):
    for args in (
        ["--engine", "x"],
        ["--reference", "nosuch.json"],
        ["--subtitle", "a", "--subtitles", "b.srt"],
    ):
        run = here("explain", sound, "--language", "zh", *args)
        assert run.returncode == 2
        assert any("\u4e00" <= character <= "\u9fff" for character in run.stderr), run.stderr


def test_closed_pipes_full_disks_and_plain_terminals(sound):
    command = [sys.executable, "-m", "affectgpt", "explain", str(sound), "--subtitle", "I am happy – very."]
    closed = subprocess.run(" ".join(map(repr, command)) + " <&-", shell=True, capture_output=True, text=True)
    assert closed.returncode == 0, closed.stderr
    plain = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert plain.returncode == 0, plain.stderr
    cut = subprocess.run(
        " ".join(map(repr, command)) + " | head -c 1", shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in cut.stderr
    if os.path.exists("/dev/full"):
        full = subprocess.run(
            " ".join(map(repr, command)) + " >/dev/full", shell=True, capture_output=True, text=True
        )
        assert full.returncode == 2
        assert "Traceback" not in full.stderr


def test_progress_shows_no_control_characters(sound, tmp_path):
    evil = tmp_path / "a\x1b[31m\n\u202eb.wav"
    evil.write_bytes(sound.read_bytes())
    run = affectgpt("explain", evil, "--json", "-")
    assert run.returncode == 0, run.stderr
    assert not {"\x1b", "\u202e"} & set(run.stderr + run.stdout)
