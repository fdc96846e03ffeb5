"""Figures of the official code on made inputs and on real files; needs the project's reference folder."""

import csv
import json
from pathlib import Path

import pytest

from affectgpt.metrics.classes import sentiment_scores
from affectgpt.metrics.mme import mme_scores
from affectgpt.metrics.sets import set_scores

SHARED = Path(__file__).resolve().parents[2] / "shared"
GOLDEN = SHARED / "golden" / "evaluation"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="no reference values beside the project")


def golden(name: str) -> dict:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def close(expected):
    return pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_sentiment():
    sets = golden("unibench.json")["sentiment"]
    assert len(sets) == 6
    for name, case in sets.items():
        values = {one["id"]: one["val"] for one in case["samples"]}
        said = {one["id"]: one["sentiment"] for one in case["samples"]}
        for found in (
            sentiment_scores(values, said),
            sentiment_scores(list(values.values()), list(said.values())),
        ):
            assert found["n_counted"] == case["n_counted"], name
            assert (found["waf"], found["acc"]) == close((case["waf"], case["acc"])), name


def check_entry(found: dict, expected: dict) -> None:
    assert found["parsed"] == (
        expected["parsed"] if expected["parsed"] is None else close(expected["parsed"])
    )
    for key in ("recognition", "reasoning", "steps"):
        assert found[key] == (expected[key] if expected[key] is None else close(expected[key])), key
    assert found["counted"] is expected["counted"]


def test_mme_tasks():
    tasks = golden("mme.json")["tasks"]
    assert len(tasks) == 8
    for task, case in tasks.items():
        found = mme_scores(case["entries"], task=task)
        for one, expected in zip(found["per_entry"], case["entries"], strict=True):
            check_entry(one, expected)
        assert {key: found[key] for key in case["total"]} == close(case["total"]), task
        assert set(found["categories"]) == set(case["categories"]), task
        for name, expected in case["categories"].items():
            assert found["categories"][name] == close(expected), (task, name)


def test_mme_overall():
    data = golden("mme.json")
    found = mme_scores([one for case in data["tasks"].values() for one in case["entries"]])
    assert {key: found[key] for key in data["overall"]["total"]} == close(data["overall"]["total"])
    expected = data["overall"]["per_entry"]
    assert len(found["per_entry"]) == len(expected)
    for one in found["per_entry"]:
        check_entry(one, expected[one["video_id"]])


def test_gpt_grouping_of_real_labels():
    target = golden("reproduce.json")["targets"]["gpt_grouping"]
    emer = SHARED / "data" / "emer"

    def column(name: str) -> dict[str, str]:
        with (emer / name).open(encoding="utf-8-sig", newline="") as file:
            return {row["name"]: row["openset"] for row in csv.DictReader(file)}

    lines = (GOLDEN / "ov_groups.jsonl").read_text(encoding="utf-8").splitlines()
    groups = {row["name"]: row["groups"] for row in map(json.loads, lines)}
    found = set_scores(column("v2_openset.csv"), column("v2_openset_baseline_prediction.csv"), groups)
    assert {key: found[key] for key in target["results"]} == close(target["results"])
