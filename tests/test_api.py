"""The public endpoints as programs see them: documents, answers, failures, and what is left on the disk."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

import httpx
import jsonschema
import pytest
from conftest import FakeEngine, make_clip
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import affectgpt
from affectgpt import ui
from affectgpt.page import api, files
from affectgpt.page.export import curl_snippet, python_snippet
from affectgpt.schema import Event

STORED = Path(__file__).with_name("api.json")
SCHEMA = Path(affectgpt.__file__).with_name("explanation.schema.json")
ROWS = [
    {"name": "happy_reunion", "labels": ["happy"], "text": "She smiles."},
    {"name": "angry_two_hours", "labels": ["sad"]},
]


class Slow(FakeEngine):
    """An engine that never ends by itself."""

    def __init__(self):
        self.began, self.ended = threading.Event(), threading.Event()

    def answer(self, clip, language):
        self.began.set()
        try:
            for _ in range(400):
                time.sleep(0.05)
                yield Event("progress", {}, 0.0)
        finally:
            self.ended.set()


class Host:
    def __init__(self, root: Path):
        self.root, self.engine = root, FakeEngine()
        self.demo = ui.build_demo(self.engine)
        _, self.url, _ = self.demo.launch(prevent_thread_lock=True, quiet=True, **ui.launch_options())
        self.client = Client(self.url, verbose=False)

    def uploads(self) -> list[str]:
        own = self.root / "examples"
        return [path.name for path in self.root.rglob("*") if path.is_file() and own not in path.parents]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    root = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(files.ROOT_VARIABLE, str(root))
        patch.setattr(api, "load_clip", lambda path, subtitle=None: make_clip(name=Path(path).name))
        host = Host(root)
        yield host
        host.demo.close()


@pytest.fixture
def clip(tmp_path):
    file = tmp_path / "clip.mp4"
    file.write_bytes(b"any")
    return file


@pytest.fixture
def predictions(tmp_path):
    file = tmp_path / "predictions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


def test_the_endpoints_are_the_stored_ones(host):
    """A change here breaks other people's programs: store it again on purpose."""
    found = host.client.view_api(print_info=False, return_format="dict")
    assert found == json.loads(STORED.read_text(encoding="utf-8"))
    assert list(found["named_endpoints"]) == ["/analyze", "/evaluate", "/benchmark"]
    assert found["unnamed_endpoints"] == {}


def test_every_parameter_is_described(host):
    paths = httpx.get(f"{host.url}gradio_api/openapi.json").json()["paths"]
    ours = [name for name in paths if "/call/" in name or "/run/" in name or "/api/" in name]
    assert {name.rsplit("/", 1)[1].strip("{}") for name in ours} >= {"analyze", "evaluate", "benchmark"}
    info = httpx.get(f"{host.url}gradio_api/info").json()["named_endpoints"]
    assert all(endpoint["description"] for endpoint in info.values())


def test_analyze_answers_with_a_valid_explanation(host, clip):
    answer = host.client.predict(
        clip=handle_file(str(clip)), subtitle="Great", engine="fake", consent=True, api_name="/analyze"
    )
    jsonschema.validate(answer, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (answer["name"], answer["labels"][0]["label"]) == ("clip.mp4", "happy")
    assert host.uploads() == []


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"consent": False}, "consent"),
        ({"engine": "nobody's"}, "choose one of"),
        ({"subtitle": "x" * 2001}, "2000"),
    ],
)
def test_what_a_caller_can_mend_is_one_line(host, clip, values, wanted):
    with pytest.raises(AppError) as caught:
        host.client.predict(clip=handle_file(str(clip)), api_name="/analyze", **{"consent": True, **values})
    assert wanted in str(caught.value)
    assert str(host.root) not in str(caught.value)
    assert host.uploads() == []


def sent(host, endpoint: str, *data) -> str:
    """What the stream says about a request that a program has put together by hand."""
    call = f"{host.url}gradio_api/call/{endpoint}"
    event = httpx.post(call, json={"data": list(data)}).json()["event_id"]
    return httpx.get(f"{call}/{event}", timeout=20).text


def test_null_is_the_default(host):
    upload = httpx.post(f"{host.url}gradio_api/upload", files={"files": ("c.mp4", b"x")}).json()[0]
    file = {"path": upload, "meta": {"_type": "gradio.FileData"}}
    assert '"labels"' in sent(host, "analyze", file, None, None, None, True).partition("complete")[2]
    answer = sent(host, "evaluate", "She smiles.", "happy", None, "happy", None)
    assert '"label_overlap"' in answer.partition("complete")[2]
    assert "no file of predictions" in sent(host, "benchmark", None, "emer-v2", None, None, False)


def test_two_engines_at_once_go_one_after_the_other(host, clip, monkeypatch):
    running, most = [], []

    class Watched(FakeEngine):
        def answer(self, clip, language):
            running.append(self)
            most.append(len(running))
            time.sleep(0.2)
            yield from FakeEngine.answer(self, clip, language)
            running.remove(self)

    engines = {"fake": Watched(), "signal": Watched()}
    monkeypatch.setattr("affectgpt.page.engines.Engines.get", lambda _, name=None: engines[name or "fake"])
    clients = [Client(host.url, verbose=False) for _ in range(2)]
    jobs = [
        client.submit(clip=handle_file(str(clip)), engine=name, consent=True, api_name="/analyze")
        for client, name in zip(clients, engines, strict=True)
    ]
    assert [job.result(20)["labels"][0]["label"] for job in jobs] == ["happy", "happy"]
    assert most == [1, 1]


def test_a_caller_who_has_gone_stops_the_work(host, clip, monkeypatch):
    slow = Slow()
    monkeypatch.setattr("affectgpt.page.engines.Engines.get", lambda self, name=None: slow)
    upload = httpx.post(f"{host.url}gradio_api/upload", files={"files": ("c.mp4", b"x")}).json()[0]
    body = {"clip": {"path": upload, "meta": {"_type": "gradio.FileData"}}, "consent": True}
    call = f"{host.url}gradio_api/call/v2/analyze"
    event = httpx.post(call, json=body).json()["event_id"]
    with httpx.stream("GET", f"{call}/{event}", timeout=20) as stream:
        assert slow.began.wait(10)
        next(stream.iter_lines())
    gone = time.monotonic()
    assert slow.ended.wait(5)
    assert time.monotonic() - gone < 3
    assert host.uploads() == []


def test_evaluate_compares_two_answers(host):
    given = {"text": "She smiles.", "labels": "happy, proud", "reference": "She smiles.", "language": "en"}
    found = host.client.predict(reference_labels="happy", api_name="/evaluate", **given)
    assert found["clue_overlap"]["mark"] == 10
    assert found["labels"]["levels"]["sector"]["precision"] == 0.5
    with pytest.raises(AppError, match="reference"):
        host.client.predict(text="She smiles.", api_name="/evaluate")


def test_benchmark_gives_the_numbers(host, predictions):
    call = {"predictions": handle_file(str(predictions)), "api_name": "/benchmark"}
    found = host.client.predict(**call)
    assert (found["format"], found["counts"]["predicted"], found["counts"]["reference"]) == (
        "affectgpt-result", 2, 4,
    )  # fmt: skip
    assert not {"samples", "columns", "statistics"} & found.keys()
    assert {score["key"] for score in found["scores"]} >= {found["primary"], "label_overlap"}
    assert [row["name"] for row in host.client.predict(samples=True, **call)["samples"]] == [
        "angry_two_hours", "happy_reunion", "smile_over_bitter_words", "worried_farewell_zh",
    ]  # fmt: skip
    assert host.uploads() == []


def test_benchmark_with_references_and_without(host, predictions, tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("name,discrete\nhappy_reunion,happy\nangry_two_hours,angry\n")
    call = {"predictions": handle_file(str(predictions)), "benchmark": "mer2023", "api_name": "/benchmark"}
    found = host.client.predict(references=handle_file(str(truth)), **call)
    assert next(score["value"] for score in found["scores"] if score["key"] == "hit_rate") == 0.5
    with pytest.raises(AppError, match="no references"):
        host.client.predict(**call)
    assert host.uploads() == []


def test_a_file_that_is_no_table_is_one_line(host, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("<img src=x onerror=alert(1)>,b\n1,2\n")
    with pytest.raises(AppError) as caught:
        host.client.predict(predictions=handle_file(str(bad)), api_name="/benchmark")
    assert "bad.csv has none of the columns" in str(caught.value)
    assert str(host.root) not in str(caught.value)
    assert host.uploads() == []


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
@pytest.mark.parametrize(
    ("endpoint", "key"), [("analyze", "text"), ("evaluate", "label_overlap"), ("benchmark", "scores")]
)
def test_the_lines_for_curl_run(host, clip, predictions, endpoint, key):
    given = {"subtitle": 'it\'s "$(id)"\nso'} if endpoint == "analyze" else {}
    code = curl_snippet(host.url, endpoint, **given)
    run = subprocess.run(["bash", "-c", code], cwd=clip.parent, capture_output=True, timeout=60)
    assert key in json.loads(run.stdout)[0], run


@pytest.mark.parametrize("endpoint", ["analyze", "evaluate", "benchmark"])
def test_the_python_programs_run(host, clip, predictions, endpoint, monkeypatch, capsys):
    monkeypatch.chdir(clip.parent)
    exec(compile(python_snippet(host.url, endpoint), endpoint, "exec"), {})
    said = capsys.readouterr().out
    assert {"analyze": "The visual part.", "evaluate": "'mark'", "benchmark": "'value'"}[endpoint] in said


def test_callers_with_equal_files_do_not_delete_them_under_each_other(host, clip, monkeypatch):
    def slow(path, subtitle=None):
        Path(path).read_bytes()
        time.sleep(0.3)
        Path(path).read_bytes()
        return make_clip(name=Path(path).name)

    monkeypatch.setattr(api, "load_clip", slow)
    clients = [Client(host.url, verbose=False) for _ in range(4)]
    given = {"clip": handle_file(str(clip)), "consent": True, "api_name": "/analyze"}
    jobs = [client.submit(**given) for client in clients]
    assert [job.result()["name"] for job in jobs] == [clip.name] * 4
    assert clip.name not in host.uploads()
