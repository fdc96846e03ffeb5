"""What careless or hostile users hand in: one line that says what to do, or the good rows are used."""

import json
import zipfile

import openpyxl
import pytest
from judge_server import Answer, judge_server
from typer.testing import CliRunner

from affectgpt.benchmarks.predictions import read_predictions
from affectgpt.benchmarks.result import read_result
from affectgpt.benchmarks.table import benchmark
from affectgpt.cli import app
from affectgpt.data import load_emer, read_samples
from affectgpt.data.build import build
from affectgpt.data.check import check
from affectgpt.data.tables import read_rows
from affectgpt.judges import Pair, endpoint_judge, load_judge
from affectgpt.judges.endpoint import Limits
from affectgpt.schema import AffectError

LONG = "x" * 5000


def line(call, *args, **options) -> str:
    with pytest.raises(AffectError) as told:
        call(*args, **options)
    for text in (told.value.text.en, told.value.text.zh):
        assert len(text.splitlines()) == 1
        assert len(text) < 700
        assert "\x1b" not in text
    return told.value.text.en


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def evaluated(tmp_path, predictions, references, name="out"):
    files = []
    for file, rows in (("p.jsonl", predictions), ("d.jsonl", references)):
        (tmp_path / file).write_text("".join(json.dumps(row) + "\n" for row in rows))
        files.append(str(tmp_path / file))
    options = ("--predictions", files[0], "--data", files[1], "--report", str(tmp_path / name))
    return run("evaluate", "--benchmark", "emer-v2", "--draws", "20", *options)


@pytest.mark.parametrize("read", [read_rows, load_emer, read_samples])
def test_a_name_that_no_file_can_have(read):
    assert line(read, LONG).startswith("There is no file or folder")
    assert check([LONG]).problems


def test_a_table_of_very_many_columns(tmp_path):
    many = 50_000  # where each were counted among all, this would take a minute
    file = tmp_path / "wide.csv"
    file.write_text("name," + ",".join(f"c{n}" for n in range(many)) + "\na" + ",1" * many + "\n")
    assert len(read_rows(file).columns) == many + 1
    file.write_text("name,b,B\na,1,2\n")
    assert "two columns called b" in line(read_rows, file)


def test_files_that_are_no_tables_say_their_own_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "renamed.csv", "w") as packed:
        packed.writestr("a.npy", b"\x93NUMPY")
    assert line(read_rows, tmp_path / "renamed.csv").startswith("renamed.csv may hold Python code")
    (tmp_path / "u32.csv").write_text("name,labels\na,sad\n", encoding="utf-32")
    assert "is no table that can be read" in line(read_rows, tmp_path / "u32.csv")


def test_cells_far_right_of_the_columns(tmp_path):
    book = openpyxl.Workbook()
    for row in (("name", "labels"), ("a", "sad"), ("b", "sad", None, 0), (None, None), ("c", "happy")):
        book.active.append(row)
    book.save(tmp_path / "far.xlsx")
    table = read_rows(tmp_path / "far.xlsx")
    assert [row["name"] for row in table.rows] == ["a", "c"]
    assert [(one.row, one.reason.en) for one in table.problems] == [(2, "3 cells instead of 2")]


def test_numbers_beyond_all_measure(tmp_path):
    rows = [
        {"name": "a", "labels": "x", "steps": "9" * 5000, "valence": int("9" * 400)},
        {"name": "b", "labels": "x", "steps": "3", "valence": "1e308"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = read_predictions(tmp_path / "p.jsonl")
    assert [(row.steps, row.valence) for row in given] == [(None, None), (3, None)]
    assert [problem.row for problem in given.problems] == [1, 2]


def test_half_a_character_is_kept_as_its_escape(tmp_path):
    rows = [{"name": "a\ud83d", "labels": ["sad\ud800"], "text": "x\udfff", "reference": "y\udc00"}]
    done = evaluated(tmp_path, rows, rows)
    assert done.exit_code == 0, done.output
    kept = read_result(tmp_path / "out" / "result.json")
    assert kept.samples[0].name == "a\ud83d"
    assert kept.samples[0].predicted_text == "x\udfff"
    assert "\\udfff" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_names_of_benchmarks_and_judges_are_shown_short_and_plain():
    assert line(benchmark, "\x1b[31m" + LONG).startswith("There is no benchmark called [31mxxx")
    assert line(load_judge, "\x1b[31m" + LONG).startswith("There is no judge [31mxxx")


def test_an_empty_report_folder_is_not_the_current_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = {"name": "a", "labels": ["sad"]}
    done = evaluated(tmp_path, [row], [row])
    assert done.exit_code == 0
    again = run("evaluate", "--benchmark", "emer-v2", "--predictions", "p.jsonl", "--data", "d.jsonl",
                "--report", "")  # fmt: skip
    assert again.exit_code == 2
    assert "--report" in again.output
    assert not (tmp_path / "result.json").exists()


def test_a_result_that_was_edited_is_one_line(tmp_path):
    row = {"name": "a", "labels": ["sad"]}
    assert evaluated(tmp_path, [row], [row]).exit_code == 0
    body = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    file = tmp_path / "edited.json"
    for edit in (
        {"settings": {}},
        {"settings": {"labels": "x"}},
        {"columns": [[1e308]] * len(body["columns"])},
    ):
        file.write_text(json.dumps(body | edit))
        assert "was changed or cut" in line(read_result, file)
    assert "not an ordinary file" in line(read_result, "/dev/zero")
    file.write_text(json.dumps(body | {"system": "\x1b[31mred"}))
    shown = run("compare", str(file), str(file), "--draws", "20")
    assert shown.exit_code == 0
    assert "[31mred" in shown.output
    assert "\x1b" not in shown.output


def test_an_unreachable_hub_is_told_at_once(monkeypatch):
    monkeypatch.setattr("affectgpt.hub.fetch.ask_hub", lambda: ("unreachable", "no route"))
    monkeypatch.setattr("affectgpt.hub.fetch._commit", lambda address: pytest.fail("was asked"))
    told = line(load_emer, "someone/emer")
    assert told.startswith("someone/emer is not in the cache, and ")
    assert "is out of reach (no route)" in told


def test_building_where_or_what_cannot_be_built(tmp_path):
    table = tmp_path / "t.jsonl"
    table.write_text(json.dumps({"name": "a", "reference": "He is sad."}) + "\n")
    assert "Cannot write" in line(build, LONG, emer_v2=table)
    assert "not written by this command" in line(build, "/", emer_v2=table)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    assert "not written by this command" in line(build, tmp_path / "mine", emer_v2=table)
    assert (tmp_path / "mine" / "README.md").read_text() == "mine"
    table.write_text(json.dumps({"name": "a\ud83d", "reference": "He is sad."}) + "\n")
    assert "half a character" in line(build, tmp_path / "out", emer_v2=table)


@pytest.mark.parametrize("message", [7, {"content": [1, 2]}, {"content": {"a": 1}}, None])
def test_a_completion_of_another_shape_is_no_answer(message):
    limits = Limits(tries=1, wait_s=0.0, timeout_s=5.0)
    with judge_server([Answer(body=json.dumps({"choices": [{"message": message}]}).encode())]) as server:
        judge = endpoint_judge("m", server.url, limits=limits)
        pairs = [Pair(f"c{n}", "clue", "He smiles.", "He grins.") for n in range(3)]
        assert "does not answer (NoCompletion" in line(lambda: list(judge(pairs)))
