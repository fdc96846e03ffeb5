"""Wheel scores and HIT against values of the official code, where its tables and the data are at hand."""

import csv
import hashlib
import json
import math
from pathlib import Path

import pytest

from affectgpt.metrics.hits import hit_or_not, hit_rate, hit_statistics
from affectgpt.metrics.wheels import wheel_scores, wheel_statistics
from affectgpt.wheel_tables import load_wheels

SHARED = Path(__file__).resolve().parents[2] / "shared"
GOLDEN, TABLES = SHARED / "golden" / "evaluation", SHARED / "data" / "emotion_wheel"
pytestmark = pytest.mark.skipif(
    not (GOLDEN.is_dir() and TABLES.is_dir()),
    reason="the official tables and values are not part of this project",
)
YEARS = (2025, 2026)


def golden(name):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def wheels_of(year):
    return load_wheels(TABLES / str(year))


def check(wanted, got, where=""):
    """Every number of `wanted` is in `got` to 1e-9; null is NaN."""
    if isinstance(wanted, dict):
        assert wanted.keys() <= got.keys(), where
        return sum(check(value, got[key], f"{where}/{key}") for key, value in wanted.items())
    if wanted is None:
        assert got is None or math.isnan(got), f"{where}: {got}"
    else:
        assert abs(got - wanted) <= 1e-9, f"{where}: {got}, not {wanted}"
    return 1


@pytest.mark.parametrize("year", YEARS)
def test_the_tables_are_the_published_ones(year):
    wheels = wheels_of(year)
    assert (wheels.year, wheels.official) == (year, True)
    assert wheels.sha256 == golden("ew.json")["meta"]["tables_sha256"][str(year)]


@pytest.mark.parametrize("year", YEARS)
def test_every_case(year):
    data, wheels = golden("ew.json"), wheels_of(year)
    assert len(data["cases"]) == 65
    for case in data["cases"]:
        sides = {side: wheels.words(case[side]) for side in ("gt", "pred")}
        assert sides == {side: case[f"{side}_tokens"] for side in sides}, case["id"]
        one = wheel_scores([case["gt"]], [case["pred"]], wheels=wheels)["metrics"]
        for at, (name, wanted) in enumerate(data[f"mer{year}"]["cases"][case["id"]].items()):
            found = {side: sorted(wheels.mapped(words)[at]) for side, words in sides.items()}
            assert wheels.cases[at] == name
            assert found == {side: wanted[side] for side in sides}, case["id"]
            skipped = wanted["precision"] is None
            assert one[name]["n_counted"] == (0 if skipped else 1)
            if not skipped:
                check(
                    {key: wanted[key] for key in ("precision", "recall")}, one[name], f"{case['id']} {name}"
                )


@pytest.mark.parametrize("year", YEARS)
def test_every_group(year):
    data, wheels = golden("ew.json"), wheels_of(year)
    cases = {case["id"]: case for case in data["cases"]}
    groups = data[f"mer{year}"]["groups"]
    assert len(groups) == 9
    for name, group in groups.items():
        references, predictions = ({i: cases[i][side] for i in group["ids"]} for side in ("gt", "pred"))
        wanted = {key: value for key, value in group.items() if key not in ("ids", "n")}
        assert check(wanted, wheel_scores(references, predictions, wheels=wheels), name) == 12 * 4 + 2 * 3 + 2
        check_statistics(wanted, references, predictions, wheels)


def check_statistics(wanted, references, predictions, wheels):
    found = wheel_statistics(references, predictions, wheels=wheels)
    check(
        {
            "level1_f": wanted["level1"]["f"], "level2_f": wanted["level2"]["f"],
            "m_avg": wanted["m_avg_12"], "mer2025_final": wanted["mer2025_final"],
        },
        {name: each.value for name, each in found.items()},
    )  # fmt: skip


def test_hits():
    sets, wheels = golden("unibench.json")["hit"], wheels_of(2025)
    assert len(sets) == 6
    for name, wanted in sets.items():
        samples = wanted.pop("samples")
        references, predictions = ({row["id"]: row[side] for row in samples} for side in ("gt", "pred"))
        check(wanted, hit_rate(references, predictions, wheels=wheels), name)
        found = hit_statistics(references, predictions, wheels=wheels)
        check(
            {key: wanted[key] for key in ("hit_rate", "mscore")},
            {key: each.value for key, each in found.items()},
        )


def test_hit_or_not():
    rows, wheels = golden("unibench.json")["hit_or_not"], wheels_of(2025)
    assert len(rows) == 9
    for row in rows:
        assert hit_or_not(row["gt"], row["pred"], wheels=wheels) is row["hit"], row


def labels_of(path):
    """{name: label list as it is written} of a CSV or JSONL file."""
    with (SHARED.parent / path).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file) if path.endswith(".csv") else map(json.loads, file)
        return {row["name"]: row["openset"] for row in rows}


@pytest.mark.parametrize("year", YEARS)
def test_real_files(year):
    data, wheels = golden("reproduce.json"), wheels_of(year)
    for path, digest in data["meta"]["files_sha256"].items():
        assert hashlib.sha256((SHARED.parent / path).read_bytes()).hexdigest() == digest
    targets = {name: target for name, target in data["targets"].items() if name != "gpt_grouping"}
    assert len(targets) == 8
    for name, target in targets.items():
        references = labels_of(target["ground_truth"])
        if "prediction" in target:
            predictions = labels_of(target["prediction"])
        else:
            predictions = dict.fromkeys(references, target["constant_prediction"])
        got = wheel_scores(references, predictions, wheels=wheels)
        wanted = target["results"][str(year)]
        assert check(wanted, got, name) == 12 * 4 + 2 * 3 + 2
        assert (got["missing"], got["ignored"]) == (0, len(predictions) - len(references))
        check_statistics(wanted, references, predictions, wheels)
