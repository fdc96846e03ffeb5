"""The page as it is served: settings, one public answer, failures, and what is left on the disk."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from conftest import FakeEngine, make_clip
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from affectgpt import ui
from affectgpt.page import api, files
from affectgpt.reason import explain
from affectgpt.schema import AffectError, Cue, Text


class Host:
    """The page on a free port with a fake engine."""

    def __init__(self, root: Path):
        self.root, self.engine = root, FakeEngine()
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
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(files.ROOT_VARIABLE, str(root))
        host = Host(root)
        yield host
        host.demo.close()


@pytest.fixture
def clip(tmp_path):
    file = tmp_path / "toy.mp4"
    file.write_bytes(os.urandom(64))
    return file


def toy(path, subtitle=None, **options):
    cues = (Cue(subtitle, 0.0, 1.0),) if subtitle else ()
    return make_clip(name=Path(path).name, cues=cues)


def read_as(monkeypatch, do):
    monkeypatch.setattr(api, "load_clip", do)


def test_settings_of_the_launch_and_the_queue(host):
    config = host.demo.get_config_file()
    options = ui.launch_options()
    assert options["max_file_size"] == "64mb"
    off = ("run_history", "enable_monitoring", "show_error")
    assert [options[name] for name in off] == [False, False, False]
    assert options["strict_cors"] is True
    assert options["allowed_paths"] == []
    assert host.demo._queue.max_size == ui.MAX_QUEUE == 24
    assert host.demo.delete_cache == (600, 1800)
    assert config["analytics_enabled"] is False
    assert all(path.is_file() for path in options["css_paths"])


def test_the_camera_records_sound_and_nothing_converts_an_upload(host):
    videos = [c["props"] for c in host.demo.get_config_file()["components"] if c["type"] == "video"]
    takes = [props for props in videos if props.get("interactive") is not False]
    assert len(takes) >= 2  # of the page and of the endpoint
    assert all(props["include_audio"] and props.get("format") is None for props in takes)


def test_analyze_answers_with_the_explanation(host, clip, monkeypatch):
    read_as(monkeypatch, toy)
    answer = host.analyze(clip, subtitle="Great", language="zh", consent=True)
    expected = explain(toy(clip, "Great"), host.engine, language="zh").to_dict()
    assert {**answer, "timings": 0} == {**expected, "timings": 0}
    assert "toy.mp4" not in host.uploads()  # the upload went as soon as it was read


def test_no_consent_no_run(host, clip, monkeypatch):
    read_as(monkeypatch, lambda *a, **k: pytest.fail("the clip was opened"))
    with pytest.raises(AppError, match="consent=true"):
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
    event = httpx.post(call, json={"data": [outside, "", "en", "auto", True]}).json()["event_id"]
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


def test_the_first_visitor_does_not_wait_for_libraries():
    code = "import sys; from affectgpt.ui import warm_up; warm_up().join(60); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"scipy.signal", "mediapipe", "vaderSentiment"} <= set(run.stdout.split())
