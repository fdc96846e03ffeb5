"""The benchmark of the evaluation runs on made tables and labels; it asserts no speed."""

import json

import numpy as np
import pytest
from wheel_files import publish, write_tables

from affectgpt.wheel_tables import load_wheels
from benchmarks import evaluation

TRUTH = {
    "a": "['glad', 'angry']", "b": "['gloomy']", "c": "['joy', 'sad']", "d": "['fuming', 'happy']",
    "e": "['weepy', 'sad']", "f": "['edgy', 'worried']", "g": "['mild', 'calm']", "h": "['cross', 'angry']",
}  # fmt: skip
BASELINE = TRUTH | {"a": "[]", "b": "['glad', 'happy']", "f": "['joy', 'worried']"}
EPOCHS = {
    "epoch30": TRUTH | {"c": "[fuming, angry]", "x": "[joy]"},
    "epoch60": {"a": "[joy, happy]", "h": "[]"},
}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    publish(write_tables(tmp_path / "tables" / "2025"), monkeypatch)
    data = tmp_path / "data" / "deeper"
    data.mkdir(parents=True)
    for key, rows in {"truth": TRUTH, "baseline": BASELINE}.items():
        lines = "".join(f'{name},"{labels}"\n' for name, labels in rows.items())
        (data / evaluation.NEEDED[key]).write_text(f"name,openset\n{lines}")
    for key, rows in EPOCHS.items():
        lines = [json.dumps({"name": name, "openset": rows.get(name, "[]")}) for name in {**TRUTH, **rows}]
        (data / evaluation.NEEDED[key]).write_text("\n".join(lines))
    return tmp_path / "tables", tmp_path / "data"


def test_agreement_and_speed(folders, tmp_path, capsys):
    tables, data = folders
    file = tmp_path / "results.json"
    arguments = ["--tables", str(tables), "--data", str(data), "--runs", "1", "--json", str(file)]
    results = evaluation.main(arguments)
    assert json.loads(file.read_text(encoding="utf-8").replace("NaN", "0")).keys() == results.keys()
    found = results["agreement"]
    assert found["own"]["name"] == "affectgpt-wheel"
    assert len(found["systems"]) == 4 + 4 * 5 + 1 + len(evaluation.CONSTANTS)
    assert set(found["systems"]["baseline"]) == {"own", "2025"}
    assert found["2025"]["level1"]["samples, baseline"]["n"] == 8
    assert -1 <= found["2025"]["level2"]["samples, baseline"]["pearson"] <= 1
    assert results["speed"]["samples"] == 8
    assert min(results["speed"]["median_s"].values()) > 0
    assert evaluation.OFFICIAL_WAY in results["speed"]["median_s"]
    assert "level1 samples, epoch30" in capsys.readouterr().out


def test_the_plain_way_gives_the_same_figures(folders):
    tables, data = folders
    labels = evaluation.read_labels(data)
    got = evaluation.official_way(tables / "2025", labels["truth"], labels["baseline"])
    ours = evaluation.wheel_scores(labels["truth"], labels["baseline"], wheels=load_wheels(tables / "2025"))
    assert got == pytest.approx(np.nan_to_num([each["f"] for each in ours["metrics"].values()]))
    assert max(got) > 0.5


def test_exchanged_answers_go_round():
    rows = {str(n): n for n in range(10)}
    half = evaluation.exchanged(rows, list(rows), 0.5)
    assert sorted(half.values()) == list(range(10))
    assert sum(half[name] != rows[name] for name in rows) == 5
    assert half == evaluation.exchanged(rows, list(rows), 0.5)


def test_correlation_by_hand():
    found = evaluation.correlation(np.array([0, 0, 1, 9, np.nan]), np.array([1, 2, 30, 20, 5]))
    ranks = np.array([1.5, 1.5, 3, 4]), np.array([1, 2, 4, 3])
    assert found["spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-4)
    assert found["n"] == 4
    assert evaluation.correlation(np.arange(4.0), np.arange(4.0) ** 3)["spearman"] == 1


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"v2_openset\.csv is missing"):
        evaluation.read_labels(tmp_path)
    with pytest.raises(SystemExit, match=r"format\.csv is missing"):
        evaluation.find_tables(tmp_path)
