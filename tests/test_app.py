"""The page through its own client: settings, one answer, failures, escaping, and what is left on the disk."""

import os
import stat
import subprocess
import sys
import threading
from html import escape
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from conftest import FakeEngine, make_clip
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from affectgpt import ui
from affectgpt.page import files
from affectgpt.page.text import TEXT
from affectgpt.reason import explain
from affectgpt.schema import AffectError, Cue, Text

EVIL = '"><img src=x onerror=alert(1)>'


class Host:
    """The page on a free port with a fake engine; `load` decides what reading a clip does."""

    def __init__(self, root: Path):
        self.root, self.jobs, self.engine = root, [], FakeEngine()
        self.demo = ui.build_demo(self.engine)
        _, self.url, _ = self.demo.launch(prevent_thread_lock=True, quiet=True, **ui.launch_options())
        self.client = Client(self.url, verbose=False)

    def analyze(self, clip, **values):
        return self.client.predict(clip=handle_file(str(clip)), api_name="/analyze", **values)

    def uploads(self) -> list[str]:
        return sorted(path.name for path in self.root.rglob("*") if path.is_file() and path.stat().st_size)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    root = tmp_path_factory.mktemp("uploads")
    patch = pytest.MonkeyPatch()
    patch.setenv(files.ROOT_VARIABLE, str(root))
    host = Host(root)
    yield host
    host.demo.close()
    patch.undo()


@pytest.fixture
def clip(tmp_path):
    file = tmp_path / "toy.mp4"
    file.write_bytes(os.urandom(64))
    return file


def read_as(monkeypatch, do):
    monkeypatch.setattr(ui, "load_clip", do)


def toy(path, subtitle=None, *, subtitle_file=None, player=False, start_s=None, end_s=None):
    cues = (Cue(subtitle, 0.0, 1.0),) if subtitle else ()
    movie = Path(path).read_bytes() if player else None
    return make_clip(name=Path(path).name, cues=cues, player_mp4=movie)


VISITOR = SimpleNamespace(session_hash="anna")


def ask(page, clip, subtitle="", reference="", labels="", language="en", consent=True, **given):
    """Start the page's own generator."""
    fields = [given.get(key) for key in ("subtitle_file", "start_s", "end_s")]
    head = (str(clip), given.get("sound"), subtitle, *fields, reference, labels)
    return page.answer(*head, language, consent, VISITOR)


def run_page(page, clip, *, consent=True, subtitle="", reference="", labels="", language="en"):
    """Run the page's own generator to its end; return what each component was told last, and all steps."""
    told, steps = {}, []
    for step in ask(page, clip, subtitle, reference, labels, language, consent):
        told.update(step)
        steps.append(step)
    return told, steps


@pytest.fixture
def page(monkeypatch, tmp_path):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "uploads"))
    read_as(monkeypatch, toy)
    return ui.Page(FakeEngine())


def test_settings_of_the_launch_and_the_queue(host):
    config = host.demo.get_config_file()
    options = ui.launch_options()
    assert options["max_file_size"] == "64mb"
    assert (options["run_history"], options["enable_monitoring"], options["show_error"]) == (
        False,
        False,
        False,
    )
    assert options["strict_cors"] is True
    assert options["allowed_paths"] == []
    assert host.demo._queue.max_size == ui.MAX_QUEUE == 24
    assert host.demo.delete_cache == (600, 1800)
    assert config["analytics_enabled"] is False
    assert options["css_paths"][0].is_file()


def test_the_camera_records_sound_and_nothing_converts_an_upload(host):
    videos = [c["props"] for c in host.demo.get_config_file()["components"] if c["type"] == "video"]
    takes = [props for props in videos if props.get("interactive") is not False]
    assert len(takes) == 2  # of the page and of the endpoint
    assert all(props["include_audio"] and props.get("format") is None for props in takes)


def test_only_analyze_is_public(host):
    assert list(host.client.view_api(return_format="dict")["named_endpoints"]) == ["/analyze"]


def test_analyze_answers_with_the_explanation(host, clip, monkeypatch):
    read_as(monkeypatch, toy)
    answer = host.analyze(clip, subtitle="Great", language="zh", consent=True)
    expected = explain(toy(clip, "Great"), host.engine, language="zh").to_dict()
    assert {**answer, "timings": 0} == {**expected, "timings": 0}
    assert "toy.mp4" not in host.uploads()  # the upload went as soon as it was read


def test_no_consent_no_run(host, clip, monkeypatch):
    read_as(monkeypatch, lambda *a, **k: pytest.fail("the clip was opened"))
    with pytest.raises(AppError, match="confirm"):
        host.analyze(clip, consent=False)
    assert "toy.mp4" not in host.uploads()


def test_a_mendable_failure_keeps_its_words_and_the_upload_goes(host, clip, monkeypatch):
    def refuse(path, *_, **__):
        raise AffectError(
            "Not a clip: upload a video.", "不是片段：请上传视频。", title=Text("Wrong file", "文件不对")
        )

    read_as(monkeypatch, refuse)
    with pytest.raises(AppError, match="不是片段") as caught:
        host.analyze(clip, language="zh", consent=True)
    assert str(clip.parent) not in str(caught.value)
    assert "toy.mp4" not in host.uploads()


def test_a_bug_shows_an_incident_and_no_path(host, clip, monkeypatch, caplog):
    def crash(path, *_, **__):
        raise RuntimeError(f"secret {path}")

    read_as(monkeypatch, crash)
    with pytest.raises(AppError, match=r"incident [0-9a-f]{8}") as caught:
        host.analyze(clip, consent=True)
    assert "secret" not in str(caught.value)
    assert str(host.root) not in str(caught.value)
    incident = str(caught.value).partition("incident ")[2][:8]
    assert any(incident in record.getMessage() and record.exc_info for record in caplog.records)


def test_a_path_on_the_server_is_not_a_clip(host, monkeypatch, capfd, caplog):
    read_as(monkeypatch, lambda *a, **k: pytest.fail("a file of the server was opened"))
    outside = {"path": str(Path(__file__)), "meta": {"_type": "gradio.FileData"}}
    call = f"{host.url}gradio_api/call/analyze"
    event = httpx.post(call, json={"data": [outside, "", "en", True]}).json()["event_id"]
    answer = httpx.get(f"{call}/{event}").text
    assert answer.startswith("event: error")
    assert str(Path(__file__).parent) not in answer
    told = "".join(capfd.readouterr()) + caplog.text
    assert "not uploaded" in told
    assert "Traceback" not in told
    assert str(Path(__file__).parent) not in told


def test_two_visitors_share_nothing(host, tmp_path, monkeypatch):
    read_as(monkeypatch, toy)
    answers = {}

    def visit(name):
        clip = tmp_path / f"{name}.mp4"
        clip.write_bytes(name.encode())
        client = Client(host.url, verbose=False)
        answers[name] = client.predict(
            clip=handle_file(str(clip)), subtitle=name, consent=True, api_name="/analyze"
        )

    visitors = [threading.Thread(target=visit, args=(name,)) for name in ("anna", "boris")]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(30)
    assert {name: answer["name"] for name, answer in answers.items()} == {
        "anna": "anna.mp4",
        "boris": "boris.mp4",
    }


def test_the_job_folder_is_private_and_gone_after_a_run(page, clip, monkeypatch):
    made, make = [], files.job_folder

    def spy():
        folder = make()
        made.append((Path(folder.name), stat.S_IMODE(os.stat(folder.name).st_mode)))
        return folder

    monkeypatch.setattr(files, "job_folder", spy)
    run_page(page, clip)
    read_as(monkeypatch, lambda *a, **k: 1 / 0)
    with pytest.raises(gr.Error):
        run_page(page, clip)
    stopped = ask(page, clip)
    next(stopped)
    stopped.close()
    read_as(monkeypatch, toy)
    stopped = ask(page, clip)
    next(stopped), next(stopped)
    assert made[-1][0].is_dir()
    stopped.close()
    assert len(made) == 3
    assert all(mode == 0o700 and not folder.exists() for folder, mode in made)


def test_the_answer_grows_stage_by_stage(page, clip):
    told, steps = run_page(page, clip, subtitle="Great")
    done = [step[page.status].count('class="done"') for step in steps if page.status in step]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 6)
    assert "The inference part." in told[page.text]
    assert told[page.shown][0].labels == ("happy",)
    assert told[page.run].interactive
    assert not told[page.stop].interactive


def test_a_failure_on_the_page_has_a_title_and_gives_the_buttons_back(page, clip, monkeypatch):
    def refuse(path, *_, **__):
        raise AffectError(f"bad {EVIL}", title=Text("Wrong file", "文件不对"))

    read_as(monkeypatch, refuse)
    steps = ask(page, clip)
    next(steps)
    told = next(steps)
    with pytest.raises(gr.Error) as caught:
        next(steps)
    assert caught.value.title == "Wrong file"
    assert not caught.value.print_exception
    assert "<strong>Wrong file</strong>" in caught.value.message
    assert EVIL not in caught.value.message
    assert escape(EVIL) in told[page.status]
    assert told[page.run].interactive


def test_a_reference_is_scored_by_text_and_by_labels(page, clip):
    told, _ = run_page(page, clip, reference="He smiles. Therefore he is happy.", labels="joyful， sad")
    scores = told[page.shown][0].scores
    assert scores["label_overlap"]["recall"] == 0.5  # the list of labels goes before the words of the text
    assert scores["clue_overlap"]["parts"]["visual"]["score"] == 0.0
    assert "0.50" in told[page.scores]
    assert run_page(page, clip)[0][page.scores] == ""


@pytest.mark.parametrize(
    ("clip", "consent", "subtitle", "words"),
    [
        (None, True, "", "Choose a clip"),
        ("a.mp4", False, "", "confirm"),
        ("a.mp4", True, "x" * 2001, "too long"),
    ],
)
def test_what_is_missing_is_said_before_the_queue(page, clip, consent, subtitle, words):
    with pytest.raises(gr.Error, match=words):
        page.check(clip, None, consent, subtitle, "en", VISITOR)


def test_the_language_can_change_after_the_answer(page, clip):
    told, _ = run_page(page, clip)
    again = page.translate("zh", told[page.shown])
    assert TEXT["other_language"].zh[:10] in again[page.text]
    assert "高兴" in again[page.verdict]
    assert "名为smile的线索" in again[page.clues]


def test_the_first_visitor_does_not_wait_for_libraries():
    code = "import sys; from affectgpt.ui import warm_up; warm_up().join(60); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"scipy.signal", "mediapipe", "vaderSentiment"} <= set(run.stdout.split())


def test_a_stop_before_the_copy_is_shown_keeps_the_upload_and_a_whole_run_deletes_it(page, tmp_path):
    file = tmp_path / "uploads" / "toy.mp4"
    file.write_bytes(b"x")
    page.check(str(file), None, True, "", "en", VISITOR)
    stopped = ask(page, file)
    next(stopped), next(stopped)
    stopped.close()
    page.rest(VISITOR)
    assert file.exists()
    assert page.clip not in page.halt(str(file), None, "en")
    run_page(page, file)
    assert not file.exists()
    assert page.halt(str(file), None, "en")[page.clip] is None


def test_a_refused_clip_stays_for_another_try_with_a_part_of_it(page, tmp_path, monkeypatch):
    def choosy(path, *rest, start_s=None, end_s=None, **options):
        if end_s is None:
            raise AffectError("too long: choose a part")
        assert (start_s, end_s) == (1.0, 4.0)
        return toy(path, *rest, **options)

    file = tmp_path / "uploads" / "toy.mp4"
    file.write_bytes(b"x")
    read_as(monkeypatch, choosy)
    with pytest.raises(gr.Error):
        run_page(page, file)
    assert file.exists()
    told = {}
    for step in ask(page, file, start_s=1.0, end_s=4.0):
        told.update(step)
    assert told[page.shown][0].labels == ("happy",)
    assert told[page.start] is None  # the copy that takes the place of the upload is the part alone


def test_a_sound_file_goes_before_the_video_field(page, tmp_path):
    sound = tmp_path / "uploads" / "voice.wav"
    sound.write_bytes(b"x")
    told = {}
    for step in ask(page, "other.mp4", sound=str(sound)):
        told.update(step)
    assert told[page.shown][0].name == "voice.wav"
    assert told[page.sound] is None
    assert told[page.clip].value["path"].endswith("voice.normalised.mp4")


def test_an_upload_named_like_our_copy_never_reaches_the_player(page, monkeypatch, tmp_path):
    named = tmp_path / "uploads" / f"evil{files.COPY_SUFFIX}"
    named.parent.mkdir(exist_ok=True)
    named.write_bytes(b"x")
    asked = []

    def without_player(path, *args, **options):
        asked.append(options["player"])
        return ui.replace(toy(path, *args, **options), player_mp4=None)

    monkeypatch.setattr(ui, "load_clip", without_player)
    told, _ = run_page(page, str(named))
    assert asked == [True]
    assert told[page.player].value is None
    assert told[page.clip].value is None
    assert not named.exists()


def test_a_reference_that_is_too_long_is_told_before_the_work(page, clip, monkeypatch):
    monkeypatch.setattr(ui, "load_clip", lambda *args, **options: pytest.fail("the clip was read"))
    with pytest.raises(gr.Error, match=str(ui.MAX_REFERENCE_CHARS)):
        run_page(page, clip, reference="happy " * ui.MAX_REFERENCE_CHARS)
