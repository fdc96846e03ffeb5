"""The first tab without a browser: its generators and handlers with a fake engine and a clip of nothing."""

import os
import stat
from html import escape
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from conftest import FakeEngine, make_clip

from affectgpt import ui
from affectgpt.page import files, opening
from affectgpt.page.engines import Engines
from affectgpt.page.explain import tab as explain_tab
from affectgpt.page.explain.answer import Drawn
from affectgpt.page.explain.words import Words
from affectgpt.page.services import Services
from affectgpt.page.text import TEXT, say
from affectgpt.recognition import Transcript
from affectgpt.schema import AffectError, Cue, Text

EVIL = '"><img src=x onerror=alert(1)>'
VISITOR = SimpleNamespace(session_hash="anna")
SAID = Words("Oh no.", "WEBVTT\n\n00:00.100 --> 00:00.500\nOh no.\n", "asr", facts={"transcript": "told"})


def toy(path, subtitle=None, *, player, **options):
    cues = (Cue(subtitle, 0.0, 1.0),) if subtitle else ()
    return make_clip(name=Path(path).stem, cues=cues, player_mp4=Path(path).read_bytes())


def read_as(monkeypatch, do):
    monkeypatch.setattr(opening, "load_clip", do)


@pytest.fixture
def tab(monkeypatch, tmp_path):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "uploads"))
    monkeypatch.setenv("AFFECTGPT_WHISPER", "off")
    read_as(monkeypatch, toy)
    return ui.Page(Services.made(Engines(FakeEngine()))).tabs[0]


@pytest.fixture
def upload(tab, tmp_path):
    file = tmp_path / "uploads" / "toy.mp4"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"clip")
    return str(file)


def ask(tab, clip, typed="", words=None, *, sound=None, start=None, end=None, language="en"):
    """Start the tab's own generator."""
    return tab.answer(str(clip), sound, typed, words, start, end, None, True, language, VISITOR)


def run(tab, clip, *given, **more):
    """Run it to its end; return what each component was told last, and all steps."""
    told, steps = {}, []
    follow(ask(tab, clip, *given, **more), told, steps)
    return told, steps


def follow(stream, told, steps):
    for step in stream:
        assert step, "gradio takes an empty dict for missing values"
        told.update(step)
        steps.append(step)


def refuse(path, *_, **__):
    raise AffectError(f"bad {EVIL}", f"坏 {EVIL}", title=Text("Wrong file", "文件不对"))


def test_the_answer_grows_stage_by_stage(tab, upload):
    told, steps = run(tab, upload, "Great")
    done = [step[tab.status].count('class="done"') for step in steps if tab.status in step]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 7)
    assert "Checked<small>0.0 s</small>" in told[tab.status]
    assert "The inference part." in told[tab.text]
    shown = told[tab.shell.shown]
    assert shown.explanation.labels == ("happy",)
    assert shown.timeline is not None
    assert (shown.cues, shown.subtitle_source) == ((Cue("Great"),), "user")
    assert told[tab.run].interactive
    assert not told[tab.stop].interactive
    first = next(step for step in steps if step.get(tab.timeline))
    assert steps.index(first) < len(steps) - 1  # the curves did not wait for the end


def test_an_edit_of_the_words_decodes_nothing_and_the_clock_says_so(tab, upload, monkeypatch):
    told, _ = run(tab, upload, "Great")
    copy = told[tab.clip].value["path"]
    assert Path(copy).name == f"toy{files.COPY_SUFFIX}"
    Path(copy).parent.mkdir(parents=True, exist_ok=True)
    Path(copy).write_bytes(b"clip")  # as gradio keeps it
    read_as(monkeypatch, lambda *_, **__: pytest.fail("the clip was decoded again"))
    told, _ = run(tab, copy, "Oh no.")
    assert told[tab.shell.shown].explanation.timings["prepared"] < 0.5
    assert told[tab.shell.shown].cues == (Cue("Oh no."),)


@pytest.mark.parametrize(("typed", "source"), [("Oh no.", "asr"), ("Oh yes.", "user"), ("", "none")])
def test_words_are_automatic_until_they_are_changed(tab, upload, typed, source):
    shown = run(tab, upload, typed, SAID)[0][tab.shell.shown]
    assert shown.subtitle_source == source
    assert [cue.start_s for cue in shown.cues] == {"asr": [0.1], "user": [None], "none": []}[source]


def test_the_job_folder_is_private_and_gone_after_a_run(tab, upload, monkeypatch):
    made, make = [], files.job_folder

    def spy():
        folder = make()
        made.append((Path(folder.name), stat.S_IMODE(os.stat(folder.name).st_mode)))
        return folder

    monkeypatch.setattr(files, "job_folder", spy)
    stopped = ask(tab, upload)
    next(stopped), next(stopped), next(stopped)
    assert made[-1][0].is_dir()
    stopped.close()
    run(tab, upload)
    Path(upload).write_bytes(b"another")
    read_as(monkeypatch, lambda *a, **k: 1 / 0)
    with pytest.raises(gr.Error):
        run(tab, upload)
    assert len(made) == 3
    assert all(mode == 0o700 and not folder.exists() for folder, mode in made)


def test_a_failure_has_a_title_in_both_languages_and_gives_the_buttons_back(tab, upload, monkeypatch):
    read_as(monkeypatch, refuse)
    told = {}
    with pytest.raises(gr.Error) as caught:
        follow(ask(tab, upload), told, [])
    assert caught.value.title == "Wrong file"
    assert not caught.value.print_exception
    assert "<strong>Wrong file</strong>" in caught.value.message
    assert EVIL not in caught.value.message
    assert escape(EVIL) in told[tab.status]
    assert told[tab.run].interactive
    again = tab.translate("zh", told[tab.drawn], "", None)
    assert "文件不对" in again[tab.status]
    assert escape(f"坏 {EVIL}") in again[tab.status]
    assert Path(upload).exists()  # it may be run again, such as with a part of it


def test_what_was_found_before_a_failure_stays(tab, upload, monkeypatch):
    def breaks(self, clip, clues, language):
        raise RuntimeError("secret")
        yield

    monkeypatch.setattr(FakeEngine, "explain", breaks)
    told = {}
    with pytest.raises(gr.Error, match="incident"):
        follow(ask(tab, upload), told, [])
    assert "smile" in told[tab.clues]
    assert "secret" not in told[tab.status]
    assert told[tab.status].count('class="done"') == 5  # checked, prepared, read, heard, seen
    assert told[tab.shell.shown] is None


@pytest.mark.parametrize(
    ("clip", "consent", "typed", "words"),
    [
        (None, True, "", "Choose a clip"),
        ("a.mp4", False, "", "confirm"),
        ("a.mp4", True, "x" * 2001, "too long"),
    ],
)
def test_what_is_missing_is_said_before_the_queue(tab, clip, consent, typed, words):
    with pytest.raises(gr.Error, match=words):
        tab.check(clip, None, typed, None, None, None, None, consent, "en", 0, VISITOR)


def test_the_language_can_change_after_the_answer_and_after_a_stop(tab, upload):
    told, _ = run(tab, upload)
    again = tab.translate("zh", told[tab.drawn], "", None)
    assert TEXT["other_language"].zh[:8] in again[tab.text]
    assert "高兴" in again[tab.verdict]
    assert "名为smile的线索" in again[tab.clues]
    Path(upload).write_bytes(b"clip")
    stopped, told = ask(tab, upload), {}
    while "smile" not in told.get(tab.clues, ""):
        told.update(next(stopped))
    stopped.close()
    halted = tab.halt(upload, None, "", None, told[tab.drawn], "en")
    assert say("stopped", "en") in halted[tab.status]
    again = tab.translate("zh", halted[tab.drawn], "", None)
    assert say("stopped", "zh") in again[tab.status]
    assert "名为smile的线索" in again[tab.clues]


def test_a_stop_in_the_queue_leaves_the_answer_before_as_it_was(tab, upload):
    told, _ = run(tab, upload)
    halted = tab.halt(None, None, "", None, told[tab.drawn], "en")
    assert halted[tab.drawn].state == "finished"
    assert "Done in" in halted[tab.status]
    assert say("stopped", "en") in tab.halt(None, None, "", None, None, "en")[tab.status]


def test_a_stop_before_the_copy_is_shown_keeps_the_upload_and_a_whole_run_deletes_it(tab, upload):
    tab.check(upload, None, "", None, None, None, None, True, "en", 0, VISITOR)
    stopped = ask(tab, upload)
    next(stopped), next(stopped), next(stopped)
    stopped.close()
    tab.rest(VISITOR)
    assert Path(upload).exists()
    assert tab.clip not in tab.halt(upload, None, "", None, None, "en")
    run(tab, upload)
    assert not Path(upload).exists()
    assert tab.halt(upload, None, "", None, None, "en")[tab.clip] is None


def test_a_part_takes_the_place_of_the_upload_with_its_words(tab, upload, monkeypatch):
    def cut(path, subtitle=None, *, start_s=None, end_s=None, **options):
        assert (start_s, end_s) == (1.0, None)
        return toy(path, "Oh no.", **options)

    read_as(monkeypatch, cut)
    told, _ = run(tab, upload, "Oh no.", SAID, start=1.0, end=0)
    assert told[tab.start] is None
    assert told[tab.words].text.startswith("WEBVTT")
    assert (told[tab.words].source, told[tab.words].facts) == ("asr", SAID.facts)


def test_a_sound_file_goes_before_the_video_field(tab, tmp_path, upload):
    sound = tmp_path / "uploads" / "voice.wav"
    sound.write_bytes(b"x")
    told, _ = run(tab, upload, sound=str(sound))
    assert told[tab.shell.shown].explanation.name == "voice"
    assert told[tab.sound] is None
    assert told[tab.clip].value["path"].endswith("voice.normalised.mp4")


def test_an_upload_named_like_our_copy_never_reaches_the_player(tab, tmp_path, monkeypatch):
    named = tmp_path / "uploads" / f"evil{files.COPY_SUFFIX}"
    named.parent.mkdir(exist_ok=True)
    named.write_bytes(b"x")
    read_as(monkeypatch, lambda path, *_, **__: make_clip(name=Path(path).stem))
    told, _ = run(tab, named)
    assert told[tab.player].value is None
    assert told[tab.clip].value is None
    assert not named.exists()


def test_a_new_clip_takes_the_words_of_the_one_before_along(tab):
    gone = tab.forget(tab.sound, "Oh no.", SAID, None)
    assert (gone[tab.subtitle], gone[tab.words], gone[tab.sound]) == ("", None, None)
    assert gone[tab.start] is None
    run_before = Drawn(None, "finished", typed="typed for it")
    assert tab.subtitle in tab.forget(tab.sound, "typed for it", None, run_before)
    for kept in (("typed before", None, None), ("changed", SAID, run_before)):
        assert tab.subtitle not in tab.forget(tab.sound, *kept)


def test_an_example_shows_its_stored_answer_or_starts_a_run(tab, monkeypatch):
    if not tab.services.examples:
        pytest.skip("no examples/ beside the package")
    click, example = SimpleNamespace(index="0"), tab.services.examples[0]
    out = tab.fill("fake", 4, "en", click)
    assert (out[tab.go], out[tab.clip], out[tab.words].source) == (5, str(example.clip), "file")
    told, _ = run(tab, example.clip, example.words, out[tab.words])
    shown = told[tab.shell.shown]
    assert tab.clip not in told  # an example stays where it is
    assert shown.reference[0] == example.reference.en
    assert shown.reference[1][0] == example.labels.en.split(",")[0]
    stored = SimpleNamespace(**{**vars(shown), "stored": Text("Made on a day.", "某日生成。")})
    monkeypatch.setattr(explain_tab, "stored_answer", lambda *asked: stored)
    out = tab.fill("fake", 5, "en", click)
    assert tab.go not in out  # no engine runs
    assert out[tab.shell.shown] is stored
    assert "Made on a day." in out[tab.status]
    assert out[tab.run] == say("run_again", "en")
    assert str(out[tab.player].value["path"]) == str(example.clip)
    assert "某日生成。" in tab.translate("zh", out[tab.drawn], "", None)[tab.status]


def test_speech_is_written_into_the_box_and_the_clip_kept(tab, upload, monkeypatch):
    def stream(wave):
        yield "progress", {}
        yield "transcript", Transcript((Cue("Hello.", 0.1, 0.9),), "en", 0.9, "whisper-toy")

    monkeypatch.setattr(explain_tab, "listening", stream)
    told = {}
    follow(tab.listen(upload, None, None, None, True, "en", VISITOR), told, [])
    assert told[tab.subtitle] == "Hello."
    assert told[tab.words].facts["transcript"]["model"] == "whisper-toy"
    assert "confidence 0.90" in told[tab.words_note]
    assert "Changed by you" in tab.note("Hullo.", told[tab.words], "en")
    assert not Path(upload).exists()
    assert tab.services.kept.get("anna", "explain", b"clip") is not None
    assert told[tab.run].interactive


def test_a_transcription_ends_with_the_page(tab, upload, monkeypatch):
    ended = []

    def stream(wave):
        try:
            while True:
                yield "progress", {}
        finally:
            ended.append(True)

    monkeypatch.setattr(explain_tab, "listening", stream)
    run = tab.listen(upload, None, None, None, True, "en", VISITOR)
    next(run), next(run), next(run)
    tab.services.closing.begin()
    with pytest.raises(gr.Error, match="shut down"):
        list(run)
    assert ended == [True]


def test_what_cannot_be_had_here_is_named_with_its_reason(tab):
    out = tab.what_is_here("en")
    assert not out[tab.transcribe].interactive
    assert "switched off" in out[tab.here]
    assert "AFFECTGPT_MODEL" in out[tab.here]
