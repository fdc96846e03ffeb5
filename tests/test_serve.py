"""The page as a service: health, a start as a stranger makes it, an end in order, a job that is told."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from conftest import FakeEngine, make_clip

from affectgpt import ui
from affectgpt.page import files, serving
from affectgpt.page.engines import Engines
from affectgpt.page.services import Services, Setup
from affectgpt.schema import AffectError

ROOT = Path(__file__).parents[1]
SLOW = 120  # other tests may have the machine


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def started(tmp_path):
    """Start a command on a free port; started(command, **environment) -> (process, address)."""
    running = []

    def start(*command, **environment):
        port = free_port()
        own = {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(tmp_path), "AFFECTGPT_WHISPER": "off"}
        env = {k: v for k, v in os.environ.items() if k not in (files.ROOT_VARIABLE, "AFFECTGPT_MODEL")}
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env={**env, **own, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running.append(process)
        address, until = f"http://127.0.0.1:{port}", time.monotonic() + SLOW
        while time.monotonic() < until:
            assert process.poll() is None, process.stdout.read()
            try:
                if httpx.get(f"{address}/healthz", timeout=5).status_code == 200:
                    return process, address
            except httpx.HTTPError:
                time.sleep(0.2)
        raise AssertionError("the page did not start")

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_app_starts_says_it_is_well_and_ends_in_order(started, tmp_path):
    process, address = started("app.py")
    told = httpx.get(f"{address}/healthz").json()
    assert set(told) == {"status", "version", "engine", "queue", "running"}
    assert (told["status"], told["engine"], told["queue"], told["running"]) == ("ok", "signal", 0, 0)
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"])
    page = httpx.get(address)
    assert page.status_code == 200
    assert "AffectGPT" in page.text
    assert list(tmp_path.glob(f"affectgpt-page-{process.pid}-*"))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 143
    assert time.monotonic() - began < 6  # 3 s where nothing else runs
    assert list(tmp_path.glob(f"affectgpt-*-{process.pid}-*")) == []
    assert "Traceback" not in process.stdout.read()


def test_the_command_serves_behind_a_proxy_and_ends_by_interrupt(started):
    process, address = started("-m", "affectgpt", "serve", "--engine", "signal", GRADIO_ROOT_PATH="/emotions")
    config = httpx.get(f"{address}/config").json()
    assert config["root"].endswith("/emotions")
    assert httpx.get(f"{address}/healthz").json()["engine"] == "signal"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130


def test_a_taken_port_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "affectgpt", "serve", "--engine", "signal"]
        run = subprocess.run(
            [*command, "--port", str(taken.getsockname()[1])],
            capture_output=True, text=True, cwd=ROOT, timeout=SLOW,
        )  # fmt: skip
    assert run.returncode == 2
    assert "choose another --host or --port" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_running_job_is_told_and_ends():
    services = Services(Engines(FakeEngine()))
    events = services.events(make_clip(), Setup(), "zh")
    assert next(events).kind == "started"
    services.closing.begin()
    with pytest.raises(AffectError, match="shut down") as caught:
        list(events)
    assert caught.value.title.zh == "页面即将关闭"


def test_winding_up_waits_for_jobs_but_not_for_ever(monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE_S", 0.4)
    monkeypatch.setattr(serving, "FLUSH_S", 0.0)
    cleared = []

    def wind_up(jobs) -> float:
        demo = SimpleNamespace(_queue=SimpleNamespace(active_jobs=jobs))
        closing, began = serving.Closing(), time.monotonic()
        serving.wind_up(demo, closing, clear=lambda: cleared.append(bool(closing)))
        return time.monotonic() - began

    assert wind_up([None, None]) < 0.2
    assert 0.4 <= wind_up([None, ["a job"]]) < 1.0
    assert cleared == [True, True]


def test_health_while_closing():
    demo = SimpleNamespace(_queue=type("Queue", (list,), {"active_jobs": [None, ["job"]]})([1, 2, 3]))
    closing = serving.Closing()
    told = serving.health(demo, Engines(FakeEngine()), closing)
    assert (told["status"], told["queue"], told["running"]) == ("ok", 3, 1)
    closing.begin()
    assert serving.health(demo, Engines(FakeEngine()), closing)["status"] == "closing"


def test_data_and_clips_of_the_command_reach_the_page(monkeypatch):
    from typer.testing import CliRunner

    from affectgpt.cli import app

    given = {}
    monkeypatch.setattr(ui, "build_demo", lambda engine, **options: given.update(options) or "demo")
    monkeypatch.setattr(ui, "serve", lambda demo, **options: given.update(options))
    run = CliRunner().invoke(app, ["serve", "--engine", "signal", "--data", "emer", "--clips", "video"])
    assert run.exit_code == 0, run.output
    assert given == {"data": "emer", "clips": "video", "server_name": "127.0.0.1", "server_port": 7860}
    given.clear()
    named = {"AFFECTGPT_DATASET": "owner/emer", "GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "8000"}
    assert CliRunner().invoke(app, ["serve", "--engine", "signal"], env=named).exit_code == 0
    assert given == {"data": "owner/emer", "clips": None, "server_name": "0.0.0.0", "server_port": 8000}


def test_folders_go_when_asked():
    from affectgpt.media import folders

    own = folders.make("job")
    other = Path(tempfile.mkdtemp(prefix="affectgpt-job-1-"))  # of process 1, which lives
    folders.clear()
    assert not own.exists()
    assert other.exists()
    other.rmdir()
