"""What is promised about clips: nothing of them stays, in no log and no message, however a request ends."""

import json
import logging
import socket
import tempfile
import time
from pathlib import Path

import gradio as gr
import httpx
import media_files
import pytest
from conftest import FakeEngine
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from affectgpt import ui
from affectgpt.page import files, html, look
from affectgpt.page.engines import Engines
from affectgpt.page.services import Services
from affectgpt.page.traces import Traces

MARKS = ("Zanzibarwort", "quokkafile", "aardvarklabel")  # words, file name, label that occur nowhere else
LEAKS = ("Traceback", "site-packages", "affectgpt-", "root:x:", ".py", '"line', "/tmp/", "/home", "/root")
UPLOAD = "/gradio_api/upload"
AT_ONCE = 20  # events that a stranger sends; the queue takes 24


class MarkedEngine(FakeEngine):
    """Says a word that is looked for in the logs; `fails` ends it in the middle."""

    fails = False

    def explain(self, clip, clues, language):
        yield "visual", f"{MARKS[2]} part. "
        if self.fails:
            raise RuntimeError(f"broke at {MARKS[2]}")
        yield "inference", "The part."


def serve(patch, root, every_s: int, age_s: int):
    patch.setenv(files.ROOT_VARIABLE, str(root))
    patch.setattr(ui, "DELETE_EVERY_S", every_s)
    patch.setattr(ui, "DELETE_AGE_S", age_s)
    engine = MarkedEngine()
    demo = ui.build_demo(engine)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **ui.launch_options())
    return Host(root, demo, url.rstrip("/"), engine)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The page as a server."""
    with pytest.MonkeyPatch.context() as patch:
        host = serve(patch, tmp_path_factory.mktemp("uploads"), look.DELETE_EVERY_S, look.DELETE_AGE_S)
        yield host
        host.demo.close()


class Host:
    """An address, the folder of its uploads, and what lies there."""

    def __init__(self, root, demo, url, engine):
        self.root, self.demo, self.url, self.engine = root, demo, url, engine
        self.http = httpx.Client(base_url=url, timeout=30)

    def left(self) -> list[str]:
        every = [path for path in self.root.rglob("*") if path.is_file()]
        return sorted(path.name for path in every if files.EXAMPLES.name not in path.parts)

    def empty_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.left() and time.monotonic() < end:
            time.sleep(0.1)
        return not self.left()

    def join(self, session: str, payload: dict) -> httpx.Response:
        return self.http.post("/gradio_api/queue/join", json={"session_hash": session, **payload})

    def told(self, session: str) -> str:
        """All that the stream of a session says until it closes."""
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
            return answer.read().decode()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return media_files.write_clip(
        tmp_path_factory.mktemp("clips") / f"{MARKS[1]}.mp4", seconds=1, size=(64, 48), audio=None
    )


def analyze(host, clip, **values):
    client = Client(host.url, verbose=False)
    return client.predict(clip=handle_file(str(clip)), api_name="/analyze", **values)


def jobs() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("affectgpt-job-*")}


def test_nothing_is_kept_or_logged_of_a_run_a_refused_one_and_a_failed_one(host, clip, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    before = jobs()
    answer = analyze(host, clip, subtitle=MARKS[0], consent=True)
    assert MARKS[2] in json.dumps(answer)
    with pytest.raises(AppError, match=r"[Cc]onsent|confirm"):
        analyze(host, clip, subtitle=MARKS[0], consent=False)
    host.engine.fails = True
    try:
        with pytest.raises(AppError, match="incident") as failed:
            analyze(host, clip, subtitle=MARKS[0], consent=True)
    finally:
        host.engine.fails = False
    assert not any(mark in str(failed.value) for mark in (*MARKS, *LEAKS))
    assert host.left() == []
    assert jobs() == before
    ours = [
        record for record in caplog.records if record.name.startswith(("affectgpt", "gradio.", "uvicorn"))
    ]
    assert ours  # the incident at least
    lines = "\n".join(logging.Formatter().format(record) for record in ours) + "".join(capfd.readouterr())
    assert "incident" in lines
    seen = [mark for mark in (MARKS[0], MARKS[1], "127.0.0.1") if mark in lines]
    assert seen == []


def test_an_upload_that_is_never_run_goes_by_age(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        host = serve(patch, tmp_path, 1, 1)
        sent = host.http.post(UPLOAD, files={"files": ("wait.mp4", b"x" * 1000)})
        assert sent.status_code == 200
        assert host.demo.delete_cache == (1, 1)
        assert host.empty_within(10)
        host.demo.close()


def test_an_upload_that_was_broken_off_goes_by_age(host):
    address = httpx.URL(host.url)
    with socket.create_connection((address.host, address.port)) as line:
        head = f"POST {UPLOAD} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Length: 9000000\r\n"
        head += "Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: form-data; "
        line.sendall(f'{head}name="files"; filename="half.mp4"\r\n\r\n'.encode() + b"x" * 2_000_000)
        end = time.monotonic() + 10
        while not host.left() and time.monotonic() < end:
            time.sleep(0.05)
        assert len(host.left()) == 1
    time.sleep(1.2)
    Traces().sweep_root(age_s=1)  # what the page does every few seconds, with another age
    assert host.left() == []


def test_the_notice_promises_what_the_constants_do(host):
    assert host.demo.delete_cache == (look.DELETE_EVERY_S, look.DELETE_AGE_S)
    assert look.DELETED_AFTER_MIN == (look.DELETE_EVERY_S + look.DELETE_AGE_S) / 60
    for language, unit in (("en", "minutes"), ("zh", "分钟")):
        assert f"{look.DELETED_AFTER_MIN} {unit}" in html.notice(language, look.DELETED_AFTER_MIN)
    assert look.DELETE_AGE_S + ui.TIDY_EVERY_S <= look.DELETED_AFTER_MIN * 60
    # what the page itself holds of an answer, faces and words among it, goes as the files do
    states = {
        name: value.time_to_live
        for tab in ui.Page(Services.made(Engines(host.engine))).tabs
        for name, value in vars(tab).items()
        if isinstance(value, gr.State)
    }
    kept_long = {name for name, lives_s in states.items() if not lives_s or lives_s > look.DELETE_AGE_S}
    assert len(states) > len(kept_long)
    assert kept_long <= {"page", "go", "opened", "current"}  # numbers, a language, the name of a sample
    assert all(files.is_example(file) for block in host.demo.blocks.values() for file in block.keep_in_cache)


def test_nothing_watches_visitors(host):
    config = host.demo.get_config_file()
    assert config["analytics_enabled"] is False
    assert config.get("enable_monitoring") in (False, None)
    assert config.get("run_history") in (False, None)
    for place in ("/monitoring", "/monitoring/summary"):
        assert host.http.get(place).status_code == 403
    assert host.http.get("/docs").status_code == 404


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "app.py", "../../etc/passwd", "/proc/self/environ", "/nowhere"]
)
def test_no_file_of_the_server_can_be_read(host, path):
    answer = host.http.get(f"/gradio_api/file={path}")
    assert answer.status_code in (403, 404)
    assert "root:" not in answer.text
    assert str(host.root) not in answer.text


HOSTILE = {
    "a foreign path": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    "a foreign address": {
        "path": "x.mp4", "url": "http://127.0.0.1:1/x", "meta": {"_type": "gradio.FileData"}
    },
    "no meta": {"path": "/etc/passwd"},
    "a number": 10**400,
    "a list": [[[{"path": "/etc/passwd"}]]],
    "a giant text": "\u202e<img src=x onerror=alert(1)>" * 20_000,
    "nothing": None,
}  # fmt: skip


@pytest.mark.parametrize("turn", [0, 3])
def test_every_event_of_the_page_survives_nonsense_and_tells_no_path(host, turn, capfd):
    """By raw HTTP, as no browser would: what cannot be done is told in a line, and the page lives on.

    Each event gets two kinds of nonsense, and each kind goes to many events.
    """
    events = host.http.get("/config").json()["dependencies"]
    kinds, bodies = list(HOSTILE), []
    for start in range(0, len(events), AT_ONCE):
        session, waits = f"hostile {turn} {start}", False
        for event in events[start : start + AT_ONCE]:
            kind = kinds[(event["id"] + turn) % len(kinds)]
            data = [HOSTILE[kind]] * (len(event["inputs"]) - (kind == "nothing"))  # or one value too few
            joined = host.join(session, {"fn_index": event["id"], "data": data})
            bodies.append(joined.text)
            waits |= joined.status_code == 200
        bodies.append(host.told(session) if waits else "")
    assert len(bodies) > 10
    failing = [line for text in bodies for line in text.splitlines() if '"success":true' not in line]
    assert [line for line in failing if any(leak in line for leak in (*LEAKS, str(host.root)))] == []
    assert host.http.get("/config").status_code == 200
    assert "/etc/passwd" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", ["n" * 300 + ".mp4", "\u202egpj.\u05d0\u05d1.mp4", "🙂 '\"$(id)`.mp4"])
def test_names_of_every_kind_are_taken(host, clip, name):
    sent = host.http.post(UPLOAD, files={"files": (name, clip.read_bytes())})
    assert sent.status_code == 200, sent.text
    given = {"path": sent.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    config = host.http.get("/config").json()
    (event,) = (x for x in config["dependencies"] if x["api_name"] == "analyze")
    field = {x["id"]: x["props"] for x in config["components"]}
    own = {"clip": given, "consent": True}
    data = [own.get(field[x]["label"], field[x].get("value")) for x in event["inputs"]]
    assert host.join("names", {"fn_index": event["id"], "data": data}).status_code == 200
    told = host.told("names")
    assert '"success":true' in told.replace(" ", ""), told[:2000]
    assert not any(Path(given["path"]).name in left for left in host.left())


def test_garbage_instead_of_json(host):
    wrong = (
        b"",
        b"{",
        b"[1]",
        b"null",
        b'{"data": {"a": 1}}',
        b"\xff\xfe",
        b'{"fn_index": 9999, "data": []}',
    )
    for path in ("queue/join", "cancel", "run/analyze", "reset"):
        for body in wrong:
            told = {"content": body, "headers": {"content-type": "application/json"}}
            answer = httpx.post(f"{host.url}/gradio_api/{path}", **told)
            assert answer.status_code >= 400
            assert not any(leak in answer.text for leak in (*LEAKS, str(host.root))), answer.text[:500]
