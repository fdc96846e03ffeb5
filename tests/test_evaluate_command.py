"""`affectgpt evaluate` from files to files: what is written, what is printed, one line for a mistake."""

import csv
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from affectgpt.benchmarks.result import read_result
from affectgpt.commands.evaluate import FILES, evaluate
from affectgpt.judges.judgement import Judgement
from affectgpt.report.sheet import restored
from affectgpt.schema import Text

TRUTH = [
    {"name": "clip1", "labels": ["happy", "excited"], "reference": "He smiles broadly. So he is happy."},
    {"name": "clip2", "labels": ["sad"], "reference": "She sobs and her voice is low. So she is sad."},
    {"name": "clip3", "labels": ["angry"], "reference": "He frowns and shouts. So he is angry."},
]
SAID = [
    {"name": "clip1", "text": "=HYPERLINK(1) He smiles, he is happy.", "labels": ["happy"]},
    {"name": "clip2", "text": "She is angry.", "labels": "[angry, sad]"},
    {"name": "clip9", "labels": ["calm"]},
]


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path):
    return lines(tmp_path / "truth.jsonl", TRUTH), lines(tmp_path / "my run.jsonl", SAID)


def run(*args, **kwargs):
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(arg) for arg in args], **kwargs)


def score(files, report, *more, benchmark="emer-v2"):
    data, said = files
    needed = ("--benchmark", benchmark, "--predictions", said, "--data", data, "--report", report)
    return run(*needed, "--draws", 50, *more)


def test_three_files_and_a_table(files, tmp_path):
    done = score(files, tmp_path / "new" / "report")
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "new" / "report"
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    result = read_result(folder / "result.json")
    assert result.system == "my run"
    assert result.counts["missing"] == result.counts["unknown"] == 1
    assert result.inputs["predictions"].keys() == {"my run.jsonl"}
    # clip1: P 1, R 1 (happy and excited are joy); clip2: P 1/2, R 1; clip3: 0, 0. P = 1/2, R = 2/3
    assert result.score("level1_f").value == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    first = done.stdout.splitlines()[2]
    assert first.split()[0] == "57.14"
    assert "F, level 1" in first
    assert "our own measure" in done.stdout.splitlines()[-1]
    assert "Samples without a prediction: 1 of 3" in done.stderr
    sheet = (folder / "samples.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sheet, newline="")))
    assert rows[0]["predicted_text"].startswith("'=")
    assert restored(rows[0]["predicted_text"]) == SAID[0]["text"]
    for name in FILES:
        assert str(tmp_path) not in (folder / name).read_text(encoding="utf-8")


def test_same_files_same_bytes(files, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        assert score(files, folder, "--seed", 3).exit_code == 0
    for name in FILES:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_the_reader_chooses_language_and_name(files, tmp_path):
    done = score(files, tmp_path / "zh", "--language", "zh", "--system", "系统 <b>")
    assert done.exit_code == 0, done.stderr  # the labels need no text in Chinese
    assert "没有该语言的参考文本" in done.stderr
    assert "系统 <b>" in done.stdout
    page = (tmp_path / "zh" / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh">' in page
    assert "系统 &lt;b&gt;" in page


def test_empty_labels_warn_and_score_nothing(files, tmp_path):
    lines(files[1], [{"name": "clip1", "labels": []}, {"name": "clip2", "labels": "[]"}])
    done = score(files, tmp_path / "out")
    assert done.exit_code == 0
    assert "No prediction has a label" in done.stderr
    assert done.stdout.splitlines()[2].split()[0] == "0.00"


def test_a_judge_that_costs_money_is_watched(files, tmp_path, monkeypatch):
    asked = {}

    def judge(pairs):
        return (Judgement(pair.name, pair.aspect, 4.0, Text("so", "故")) for pair in pairs)

    def load(name, **options):
        judge.name, judge.settings = name, {"model": "m", "calls": 4, "tokens": 99, "reused": 0}
        asked.update(options)
        return judge

    monkeypatch.setattr("affectgpt.judges.load_judge", load)
    done = score(files, tmp_path / "out", "--judge", "openai:m")
    assert done.exit_code == 0, done.stderr
    assert "4 calls and 99 tokens" in done.stderr
    assert asked == {"replies": tmp_path / "out" / "judgements.jsonl"}
    result = read_result(tmp_path / "out" / "result.json")
    assert result.settings["judge"] == {"name": "openai:m", "settings": {"model": "m"}}
    assert result.score("label_overlap").value == 3  # 4, 4 and, for the missing one, 1


def test_every_bad_row_is_told(files, tmp_path):
    lines(files[1], [*SAID, *[{"name": "clip1", "text": f"again {at}"} for at in range(15)]])
    done = score(files, tmp_path / "out")
    assert done.exit_code == 0
    assert done.stderr.count("my run.jsonl, row ") == 12
    assert "3 further rows" in done.stderr
    result = read_result(tmp_path / "out" / "result.json")
    assert len(result.problems) == result.counts["problems"] == 15
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("my run.jsonl, row ") == 15


def mistaken(done, *words):
    assert done.exit_code == 2
    told = done.stderr.strip().splitlines()
    assert len(told) == 1, told
    for word in words:
        assert word in told[0]


def test_mistakes_are_one_line(files, tmp_path):
    data, said = files
    out = tmp_path / "out"
    mistaken(score(files, out, benchmark="emer"), "emer-v2", "mer2025-ov", "mme-ir")
    mistaken(score(files, out, "--judge", "nobody"), "embedded", "openai:MODEL")
    mistaken(score(files, out, "--wheels", tmp_path), "format.csv is missing")
    mistaken(score(files, out, "--language", "zh", benchmark="emer-v1"), "--language")
    mistaken(score((data, tmp_path / "none.jsonl"), out), "none.jsonl")
    mistaken(score(files, data), "Cannot write truth.jsonl")
    mistaken(run("--benchmark", "emer-v2", "--predictions", said, "--report", out), "--data")
    lines(said, [{"name": "other", "labels": ["sad"]}])
    mistaken(score(files, out), "like other", "like clip1")
    lines(said, [])
    mistaken(score(files, out), "my run.jsonl")


def test_the_report_replaces_nothing_that_was_read(files, tmp_path):
    data, said = files
    folder = tmp_path / "tables"
    folder.mkdir()
    lines(folder / "truth.jsonl", TRUTH)
    mistaken(score((folder, said), folder), "--report is the folder of --data")
    old = lines(tmp_path / "result.json", SAID)
    before = old.read_bytes()
    mistaken(score((data, old), tmp_path), "result.json")
    assert old.read_bytes() == before


def test_the_data_may_come_from_the_environment(files, tmp_path):
    data, said = files
    args = ("--benchmark", "emer-v2", "--predictions", said, "--report", tmp_path / "out", "--draws", 5)
    assert run(*args, env={"AFFECTGPT_DATASET": str(data)}).exit_code == 0


def test_steps_need_no_data(tmp_path):
    said = lines(
        tmp_path / "judged.jsonl",
        [{"video_id": "a", "score": "<score>Step 1: 1/1, Step 2: 0/1</score>", "ground_truth": "sad"}],
    )
    args = ("--benchmark", "mme-sa", "--predictions", said, "--report", tmp_path / "out")
    done = run(*args, "--draws", 5)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[2].split()[0] == "50.00"


def test_a_file_that_cannot_be_written_leaves_the_old_ones_whole(files, tmp_path):
    folder = tmp_path / "report"
    (folder / "samples.csv").mkdir(parents=True)
    (folder / "result.json").write_text("old", encoding="utf-8")
    done = score(files, folder)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("Cannot write samples.csv")
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    assert read_result(folder / "result.json").system == "my run"
