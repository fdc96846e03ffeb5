"""`affectgpt predict` and `benchmarks` as a user meets them; the project's examples with a kill -9 midway."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from affectgpt.benchmarks import predict as stream
from affectgpt.benchmarks.table import BENCHMARKS
from affectgpt.benchmarks.work import plan
from affectgpt.commands import predict as predict_command
from affectgpt.schema import AffectError

EXAMPLES = Path(__file__).parents[1] / "examples"
app = typer.Typer(pretty_exceptions_enable=False)
app.command()(predict_command.predict)
app.command()(predict_command.benchmarks)


def called(*args):
    return CliRunner().invoke(app, [*map(str, args)])


def predict(*args, name="emer-v2", engine="signal"):
    return called("predict", "--benchmark", name, "--engine", engine, *args)


def names(file):
    return [json.loads(line)["name"] for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def data(tmp_path, mute):
    """A table of three clips of which two are there, and a fourth clip that it does not name."""
    folder = tmp_path / "data"
    (folder / "video").mkdir(parents=True)
    table = "name,chinese,english\nc,丙,See.\nnowhere,无,No.\na,甲,Ay.\n"
    (folder / "subtitles.csv").write_text(table, encoding="utf-8")
    for name in "abc":
        (folder / "video" / f"{name}.mp4").write_bytes(mute.read_bytes())
    return folder


def test_what_is_to_be_done(data, tmp_path):
    row = BENCHMARKS["mer2023"]
    work = plan(row, str(data))
    assert [sample.name for sample in work.samples] == ["c", "a", "b"]
    assert (work.untold, work.without_clip, len(work.tables)) == (1, 1, 3)
    assert [sample.subtitle.en for sample in work.samples] == ["See.", "Ay.", ""]
    some = plan(row, str(data), limit=1)
    assert ([sample.name for sample in some.samples], some.untold) == (["c"], 0)
    apart = plan(row, str(data / "subtitles.csv"), clips=str(data / "video"))
    assert apart.samples == work.samples
    bare = plan(row, str(data / "video"))
    assert ([sample.name for sample in bare.samples], bare.tables) == (["a", "b", "c"], None)
    with pytest.raises(AffectError, match="--clips"):
        plan(row, str(data / "subtitles.csv"))


def test_a_clip_that_emer_does_not_describe_has_its_subtitle(data):
    (data / "v2.csv").write_text(f"name,english\nc,{'He smiles. ' * 30}\n", encoding="utf-8")
    work = plan(BENCHMARKS["emer-v2"], str(data))
    assert [(x.name, x.subtitle.zh) for x in work.samples] == [("c", "丙"), ("a", "甲"), ("b", "")]
    assert (work.untold, len(work.tables)) == (2, 1)
    (data / "subtitles.csv").unlink()
    assert [x.subtitle.en for x in plan(BENCHMARKS["emer-v2"], str(data)).samples] == ["", "", ""]


def test_a_row_with_a_problem_is_told(data, tmp_path):
    with (data / "subtitles.csv").open("a", encoding="utf-8") as table:
        table.write("c,丙,Again.\n")
    run = predict("--data", data, "--out", tmp_path / "p.jsonl", name="mer2023")
    assert run.exit_code == 0, run.output
    assert "  ! 1 rows have problems, the first: subtitles.csv, row 4: " in run.stderr


def test_a_clip_of_a_sample_is_no_other_clip(data):
    """A sample has it under another name, or has another file of that name."""
    (data / "more").mkdir()
    (data / "more" / "C.mp4").write_bytes((data / "video" / "c.mp4").read_bytes())
    (data / "subtitles.csv").write_text("name,clip\nz,video/b.mp4\nc,more/C.mp4\n", encoding="utf-8")
    work = plan(BENCHMARKS["mer2023"], str(data))
    assert [sample.name for sample in work.samples] == ["z", "c", "a"]
    assert work.untold == 1


def test_a_run_and_its_repetition(data, tmp_path):
    out = tmp_path / "p.jsonl"
    first = predict("--data", data, "--out", out, name="mer2023")
    assert first.exit_code == 0, first.output
    assert names(out) == ["c", "a", "b"]
    lines = first.stderr.splitlines()
    assert lines[0].startswith("3 clips to predict; 1 samples of the tables have no clip here, 1 clips be")
    assert lines[1:4] == ["[1/3] c", "[2/3] a", "[3/3] b"]
    assert lines[4].startswith("p.jsonl: 3 of 3 clips (3 now in ")
    assert "evaluate --benchmark mer2023 --predictions p.jsonl" in lines[5]
    before = out.read_bytes()
    again = predict("--data", data, "--out", out, name="mer2023")
    assert (again.exit_code, out.read_bytes()) == (0, before)
    assert "(0 now in 0." in again.stderr
    assert "3 before)" in again.stderr
    other = predict("--data", data, "--out", out, "--language", "zh", name="mer2023")
    assert (other.exit_code, out.read_bytes()) == (2, before)
    assert "language" in other.stderr.splitlines()[-1]


def test_a_bad_clip_is_told_and_the_rest_is_done(data, tmp_path):
    (data / "video" / "a.mp4").write_text("no video")
    out = tmp_path / "p.jsonl"
    run = predict("--data", data, "--out", out, name="mer2023")
    assert run.exit_code == 2
    assert names(out) == ["c", "a", "b"]
    assert any(line.startswith("[2/3] a: a.mp4") for line in run.stderr.splitlines())
    assert "1 errors now" in run.stderr
    assert run.stderr.splitlines()[-1].endswith("--retry-errors.")


def test_a_bug_of_ours_has_a_status_of_its_own(data, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(stream, "explain", broken)
    run = predict("--data", data, "--out", tmp_path / "p.jsonl", name="mer2023")
    assert run.exit_code == 1
    assert "on our side (incident " in run.stderr
    assert names(tmp_path / "p.jsonl") == ["c", "a", "b"]


def test_control_c_says_how_to_go_on(data, tmp_path, monkeypatch):
    plain = stream._row

    def interrupted(sample, *rest):
        if sample.name == "a":
            raise KeyboardInterrupt
        return plain(sample, *rest)

    monkeypatch.setattr(stream, "_row", interrupted)
    out = tmp_path / "p.jsonl"
    run = predict("--data", data, "--out", out, name="mer2023")
    assert run.exit_code == 130
    assert run.stderr.splitlines()[-1].startswith("Stopped: 1 of 3 clips are in p.jsonl.")
    assert names(out) == ["c"]


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({"name": "emer-v3"}, "ovmerd-plus"),
        ({"engine": "sginal"}, "signal"),
        ({"--out": "p.csv"}, ".jsonl"),
        ({"--out": "missing/p.jsonl"}, "There is no folder for p.jsonl"),  # before a model is loaded
        ({"--out": "data/p.jsonl"}, "among the tables"),
        ({"--data": "nowhere"}, "nowhere"),
        ({"--data": "empty"}, "no clip of mer2023"),
        ({"--labels-only": None}, "--labels-only"),
    ],
)
def test_mistakes_are_one_line(data, tmp_path, monkeypatch, args, word):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    options = {"--data": "data", "--out": "p.jsonl", **{k: v for k, v in args.items() if k.startswith("-")}}
    given = [x for pair in options.items() for x in pair if x is not None]
    run = predict(*given, name=args.get("name", "mer2023"), engine=args.get("engine", "signal"))
    assert run.exit_code == 2, run.output
    line = run.stderr.splitlines()[-1]
    assert word in line
    assert "Traceback" not in run.stderr
    assert str(tmp_path) not in run.stderr
    assert not Path("p.jsonl").exists()


def test_the_list_of_benchmarks():
    listed = called("benchmarks").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["name", *BENCHMARKS]
    assert "46.75 Chat-UniVi" in listed[2]
    card = called("benchmarks", "ovmerd-plus").stdout
    for words in ("level1_f", "2025", "68.39", "AffectGPT-R1", "arXiv 2508.01318", "not comparable"):
        assert words in card
    assert "Chat-UniVi                         V+T    2025" in card
    assert "不可" in called("benchmarks", "ovmerd-plus", "--language", "zh").stdout
    assert called("benchmarks", "ov-merd").exit_code == 2


@pytest.fixture
def copied(tmp_path, mute):
    """A table of descriptions as EMER v2 has it: a clip of no time, one that takes seconds, a clip beside."""
    folder = tmp_path / "data"
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "unnamed.mp4").write_bytes(mute.read_bytes())
    rows = ["name,chinese,english"]
    for name, file in (("short", mute), ("long", EXAMPLES / "angry_two_hours.mp4")):
        (folder / "clips" / f"{name}.mp4").write_bytes(file.read_bytes())
        rows.append(f'{name},在视频中，有人说话。,"In the video, somebody speaks."')
    (folder / "final-EMER-reason.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def child(*args):
    """A process of its own, as the shell would start it."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from test_predict_command import app; app()"
    command = [sys.executable, "-c", code, str(Path(__file__).parent), "predict", *map(str, args)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])


def test_killed_midway_and_restarted_each_clip_is_there_once(copied, tmp_path):
    out = tmp_path / "p.jsonl"
    args = ["--benchmark", "emer-v2", "--engine", "signal", "--data", copied, "--out", out]
    process = child(*args)
    deadline = time.monotonic() + 60
    while not (out.exists() and b"\n" in out.read_bytes()):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stderr.close()
    kept = out.read_bytes()
    whole = kept[: kept.rindex(b"\n") + 1]
    done = whole.count(b"\n")
    assert 1 <= done < 3, "it was to be killed midway"
    with open(out, "ab") as file:
        file.write(b'{"name": "long", "langu')  # as if the kill had hit the write itself
    again = child(*args)
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert f"p.jsonl: 3 of 3 clips ({3 - done} now in" in told
    assert names(out) == ["short", "long", "unnamed"]
    assert out.read_bytes().startswith(whole)
