"""The files of the page: who keeps what and how long, the examples, captions."""

import os
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest
from conftest import FakeEngine
from gradio.data_classes import FileData

from affectgpt import ui
from affectgpt.page import files
from affectgpt.schema import Cue

EVIL = '"><img src=x onerror=alert(1)>'


def test_an_upload_that_two_visitors_wait_for_goes_with_the_second(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    clip, ledger = tmp_path / "same.mp4", files.Uploads()
    clip.write_bytes(b"x")
    ledger.claim(str(clip), "anna")
    ledger.claim(str(clip), "boris")
    ledger.claim(str(clip), "boris")  # a press that came to nothing before
    ledger.release(str(clip), "anna")
    assert clip.exists()
    ledger.release(str(clip), "boris")
    assert not clip.exists()
    clip.write_bytes(b"x")
    ledger.claim(str(clip), "anna")
    ledger.release(str(tmp_path / "words.srt"), "anna")  # read while her run waits
    ledger.release(str(clip), "boris")
    assert clip.exists()
    ledger.drop("anna")
    assert clip.exists()
    ledger.release(str(clip), "boris")
    assert not clip.exists()


def test_files_elsewhere_are_kept_and_a_name_like_our_copies_saves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    for file, kept in ((tmp_path / "own.mp4", True), (tmp_path / "uploads" / f"a{files.COPY_SUFFIX}", False)):
        file.write_bytes(b"x")
        files.Uploads().release(str(file), "anna")
        assert file.exists() == kept


def test_captions_cannot_be_broken_by_their_words():
    cues = (Cue(f"one --> two\n\n00:00 --> 00:09\n{EVIL}", 0.5, 1.25), Cue("untimed"), Cue("  "))
    assert files.captions(cues, duration_s=3661.5) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n"
        'one --&gt; two 00:00 --&gt; 00:09 "&gt;\n\n'
        "00:00:00.000 --> 01:01:01.500\nuntimed\n"
    )


def test_examples_are_complete_and_never_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    found = files.find_examples(files.EXAMPLES)
    if not found:
        pytest.skip("no examples/ beside the package")
    for example in found:
        assert example.clip.stat().st_size <= 1_000_000
        assert example.words in example.reference.en
        assert files.is_example(str(example.clip))
        assert not files.is_example(str(example.clip.parent / ".." / "visitor.mp4"))
        files.Uploads().release(str(example.clip), "anna")
        assert example.clip.exists()


def test_the_root_goes_when_the_process_is_terminated(tmp_path):
    code = (
        "import os, signal; from affectgpt.page.files import private_root; print(private_root(), flush=True);"
        "os.kill(os.getpid(), signal.SIGTERM)"
    )
    env = {key: value for key, value in os.environ.items() if key != files.ROOT_VARIABLE}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**env, "TMPDIR": str(tmp_path)}
    )
    assert run.returncode == 143
    assert Path(run.stdout.strip()).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_gradio_opens_or_copies_a_file_that_passes_a_field(tmp_path, monkeypatch):
    root, calls = tmp_path / "uploads", tmp_path / "calls"
    monkeypatch.setenv(files.ROOT_VARIABLE, str(root))
    for tool in ("ffprobe", "ffmpeg"):
        script = tmp_path / "bin" / tool
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "$0 $*" >> {calls}\nexit 1\n')
        script.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    fields = (gr.Video, gr.File, gr.UploadButton)
    blocks = [block for block in ui.build_demo(FakeEngine()).blocks.values() if isinstance(block, fields)]
    assert {type(block).__bases__[0] for block in blocks} == set(fields)
    clip = root / "clip.mp4"
    clip.write_bytes(b"any")
    before = sorted(root.rglob("*"))
    for block in blocks:  # gradio makes a field anew for each visitor
        field = type(block)(**{**block.constructor_args, "render": False})
        assert field.preprocess(FileData(path=str(clip))) == str(clip)
        assert field.postprocess(str(clip)).path == str(clip)
    assert not calls.exists()
    assert sorted(root.rglob("*")) == before


def test_a_file_that_waits_in_the_queue_or_was_sent_again_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    clip, ledger = tmp_path / "same.mp4", files.Uploads()
    clip.write_bytes(b"x")
    ledger.queued = lambda path: path == str(clip)
    ledger.claim(str(clip), "anna")
    ledger.release(str(clip), "anna")
    assert clip.exists()
    ledger.queued = lambda path: False
    ledger.claim(str(clip), "boris")
    os.utime(clip, ns=(1, 1))  # somebody has sent the same file meanwhile
    ledger.release(str(clip), "boris")
    assert clip.exists()
    ledger.claim(str(clip), "carla")
    ledger.release(str(clip), "carla")
    assert not clip.exists()
