"""Predictions of any system: what is read from which column, and what is told about bad rows."""

import hashlib
import json

import pytest

from affectgpt.benchmarks.predictions import Prediction, read_predictions
from affectgpt.schema import AffectError, Explanation, Label, Text, Verdict


@pytest.fixture
def written(tmp_path):
    def write(text, name="p.jsonl"):
        file = tmp_path / name
        if not isinstance(text, (str, bytes)):
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in text)
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return file

    return write


def test_our_own_rows(written):
    labels = (Label("happy", Text("happy", "高兴"), 0.9), Label("calm", Text("calm", "平静"), 0.4))
    row = Explanation(
        "a", "en", "signal", parts={"inference": "So happy."}, verdict=Verdict(labels, 0.5)
    ).to_dict()
    run = {"engine": "signal"}
    file = written([{**row, "run": run}, {"name": "b", "error": "Cannot decode b.mp4.", "run": run}])
    found = read_predictions(file)
    assert found.rows[0] == Prediction("a", "So happy.", ("happy", "calm"), valence=0.5)
    assert found.rows[1] == Prediction("b", error="Cannot decode b.mp4.")
    assert found.run == run
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (found.source, found.problems, found.warnings) == ("p.jsonl", (), ())
    assert found["b"] is found.rows[1]
    with pytest.raises(KeyError):
        found["missing"]
    assert len(found) == 2


def test_another_systems_table(written):
    table = "Names,reason,OpenSet,val\nclip/a.mp4,He smiles.,\"['happy', 'calm']\",1.5\nb,,[],x\n007,,,\n"
    found = read_predictions(written(table, "theirs.csv"))
    assert [row.name for row in found] == ["a", "b", "007"]
    assert found["a"] == Prediction("a", "He smiles.", "['happy', 'calm']", valence=1.5)
    assert (found["b"].labels, found["b"].valence, found["b"].empty) == ("[]", None, True)
    assert (found["007"].labels, found["007"].empty) == ("", True)
    assert found.run is None
    (problem,) = found.problems
    assert (problem.file, problem.row) == ("theirs.csv", 2)
    assert "'x'" in problem.reason.en
    assert "'x'" in problem.reason.zh


def test_labels_stay_as_given(written):
    rows = [{"name": "a", "labels": ["Happy, very", " sad "]}, {"name": "b", "labels": None, "text": "Fine."}]
    rows += [{"name": "c", "labels": []}, {"name": "d", "labels": ["ok", None, {"label": "glad"}, {"x": 1}]}]
    found = read_predictions(written(rows))
    assert [row.labels for row in found] == [("Happy, very", " sad "), None, (), ("ok", "glad")]
    assert [problem.row for problem in found.problems] == [4, 4]


def test_labels_and_sentiments_are_not_even_trimmed(written):
    found = read_predictions(written("name,openset,sentiment\na, [happy],positive \nb,[sad],\n", "p.csv"))
    assert [row.labels for row in found] == [" [happy]", "[sad]"]
    assert [row.sentiment for row in found] == ["positive ", None]


def test_an_empty_cell_gives_way_to_another_column(written):
    found = read_predictions(
        written("name,text,reason,labels,openset\na,,He smiles.,,[happy]\nb,,,,\n", "p.csv")
    )
    assert found.rows == (Prediction("a", "He smiles.", "[happy]"), Prediction("b", labels=""))


def test_judged_steps(written):
    reply = "<score>Step 1: 1/1, Step 2: 0/1</score>"
    rows = [{"video_id": "v1", "score": reply, "ground_truth": "anger", "steps": ["Step 1", "Step 2"]}]
    rows += [{"video_id": "v2", "score": None, "steps": 3}]
    one, two = read_predictions(written(rows))
    assert one == Prediction("v1", score=reply, steps=("Step 1", "Step 2"), truth="anger")
    assert two == Prediction("v2", steps=3)
    assert two.empty


def test_the_first_of_two_counts(written):
    rows = [{"name": "a", "text": "one"}, {"name": "b", "text": "two"}, {"name": "a.mp4", "text": "three"}]
    found = read_predictions(written([*rows, {"name": " ", "text": "four"}]))
    assert [(row.name, row.text) for row in found] == [("a", "one"), ("b", "two")]
    twice, nameless = found.problems
    assert (twice.row, nameless.row) == (3, 4)
    assert "row 1" in twice.reason.en
    assert "name" in nameless.reason.en


def test_numbers_of_a_spreadsheet(written):
    rows = [{"name": 7.0, "valence": "0.0"}, {"name": "8", "steps": 2.5, "score": "x", "valence": "nan"}]
    found = read_predictions(written(rows))
    assert found.rows == (Prediction("7", valence=0.0), Prediction("8", score="x"))
    assert not found["7"].empty  # a valence of 0 is an answer
    (problem,) = found.problems
    assert (problem.row, "'nan' is no number" in problem.reason.en) == (2, True)


@pytest.mark.parametrize("column", ["labels", "openset", "OV_labels"])
def test_labels_go_by_several_names(written, column):
    assert read_predictions(written([{"name": "a", column: ["sad"]}]))["a"].labels == ("sad",)


def test_a_torn_last_line_is_told_and_loses_nothing_else(written):
    found = read_predictions(written('{"name": "a", "text": "one"}\n{"name": "b", "te'))
    assert [row.name for row in found] == ["a"]
    assert [problem.row for problem in found.problems] == [2]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [{"name": "a", "labels": []}, {"name": "b", "labels": "[]", "text": " "}],
            "predictions of p.jsonl are empty",
        ),
        (
            [{"name": "a", "labels": [], "text": "Hm."}, {"name": "b", "labels": "[]", "text": "Ah."}],
            "right column",
        ),
        ([{"name": "a", "text": ""}, {"name": "b", "error": "no"}], "All 1 predictions"),
        ([{"name": "a", "labels": ["x"], "run": {"v": 1}}, {"name": "b", "labels": ["y"]}], "different runs"),
    ],
)
def test_suspicious_files_are_told(written, rows, words):
    found = read_predictions(written(rows))
    (warning,) = found.warnings
    assert words in warning.en
    assert "p.jsonl" in warning.zh
    assert found.run is None
    good = [{**row, "labels": ["happy"], "run": None, "error": None} for row in rows]
    assert read_predictions(written(good)).warnings == ()


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("id,text\na,b\n", "p.csv", "names"),
        ("name,colour\na,b\n", "p.csv", "openset"),
        ("name,text\n", "p.csv", "no rows"),
        ("", "p.jsonl", "empty"),
        (b"\x93NUMPY", "p.npz", "export"),
    ],
)
def test_unusable_files_are_one_line(written, text, name, words):
    with pytest.raises(AffectError, match=words) as told:
        read_predictions(written(text, name))
    for line in (told.value.text.en, told.value.text.zh):
        assert name in line
        assert "\n" not in line


def test_a_file_of_errors_alone_is_read(written):
    found = read_predictions(written([{"name": "a", "error": "no"}]))
    assert [row.error for row in found] == ["no"]
    assert found.warnings == ()


def test_other_encodings(written):
    file = written("name,text\n甲,他很高兴。\n".encode("gb18030"), "p.csv")
    assert read_predictions(file).rows == (Prediction("甲", "他很高兴。"),)
    file = written("\ufeffname,text\nb,fine\n", "p.csv")
    assert read_predictions(file).rows == (Prediction("b", "fine"),)


def test_official_predictions(shared):
    found = read_predictions(shared / "data/official_predictions/ovmerdplus_epoch30.jsonl")
    assert len(found) == 530
    assert (found.problems, found.warnings) == ((), ())
    assert found["sample_00000000"].labels == "[unease, anxiety]"
    assert sum(row.labels == "[]" for row in found) == 8
