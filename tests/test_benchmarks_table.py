"""The table of benchmarks and the published numbers beside it: complete, consistent, nothing mixed up."""

import json

import pytest

from affectgpt.benchmarks.published import group, groups, published
from affectgpt.benchmarks.table import BENCHMARKS, benchmark
from affectgpt.schema import AffectError

NINE = [
    "mer2023",
    "mer2024",
    "meld",
    "iemocap",
    "cmu-mosi",
    "cmu-mosei",
    "ch-sims",
    "ch-sims-v2",
    "ovmerd-plus",
]
MME = ["er-lab", "er-wild", "noise-er", "fg-er", "ml-er", "sa", "fg-sa", "ir"]
MISPRINTS = {("MME-Emotion FG-ER", "Video-LLaMA"), ("MME-Emotion ER-Wild", "GPT-4.1")}


def test_every_benchmark_has_its_row():
    names = ["emer-v1", "emer-v2", *NINE, "mer2025-ov", "mer2026-fg", *(f"mme-{task}" for task in MME)]
    assert sorted(BENCHMARKS) == sorted(names)
    for name, row in BENCHMARKS.items():
        assert row.name == name
        assert row.title
        told = (row.where.en, row.where.zh, row.note.en, row.note.zh)
        assert all(told), name
        assert "{" not in "".join(told), name
        assert published(row), f"{name} has no published number"


def test_sizes_are_the_published_ones():
    assert sum(BENCHMARKS[f"mme-{task}"].samples for task in MME) == 6500
    sizes = {name: BENCHMARKS[name].samples for name in ("emer-v1", "emer-v2", "ovmerd-plus", "meld")}
    assert sizes == {"emer-v1": 100, "emer-v2": 332, "ovmerd-plus": 532, "meld": 2610}
    assert sum(BENCHMARKS[name].samples for name in NINE) == 12_799


def test_truth_metric_and_tables_fit_each_other():
    for name, row in BENCHMARKS.items():
        assert (
            row.metric
            == {
                "labels": "wheels",
                "emotion": "hit",
                "valence": "sentiment",
                "reference": "overlap",
                "steps": "mme",
            }[row.truth]
        ), name
        assert bool(row.classes) == (row.truth == "emotion"), name
        assert bool(row.scale) == (row.truth == "valence"), name
        assert (row.tables is not None) == (row.metric in ("wheels", "hit")), name
        assert row.question or row.truth == "steps", name
    assert {row.name for row in BENCHMARKS.values() if row.tables == 2026} == {"mer2026-fg"}
    scales = {name: row.scale[1] for name, row in BENCHMARKS.items() if row.scale}
    assert scales == {"cmu-mosi": 3.0, "cmu-mosei": 3.0, "ch-sims": 1.0, "ch-sims-v2": 1.0}
    primary = {name: row.primary for name, row in BENCHMARKS.items() if row.metric == "wheels"}
    assert primary == {
        "emer-v2": "m_avg",
        "ovmerd-plus": "level1_f",
        "mer2025-ov": "mer2025_final",
        "mer2026-fg": "level1_f",
    }


def test_traps_are_told():
    assert "not comparable" in BENCHMARKS["ovmerd-plus"].note.en
    assert "neutral clips are never counted" in BENCHMARKS["iemocap"].note.en
    assert "seven epochs" in BENCHMARKS["cmu-mosi"].note.en
    assert "retired" in BENCHMARKS["emer-v1"].note.en
    assert "pickle" in BENCHMARKS["meld"].where.en


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AffectError, match="ovmerd-plus") as told:
        benchmark("ov-merd")
    assert "ovmerd-plus" in told.value.text.zh
    assert benchmark("emer-v2") is BENCHMARKS["emer-v2"]


def test_one_set_never_gets_the_numbers_of_another():
    plain = {row.system: row.value for row in published(BENCHMARKS["emer-v2"])}
    plus = {(row.system, row.input): row.value for row in published(BENCHMARKS["ovmerd-plus"])}
    assert plain["Chat-UniVi"] == 46.75
    assert plus["Chat-UniVi", "V+T"] == 48.0
    assert "AffectGPT" not in plain
    assert "SALMONN + mPLUG-Owl" not in plain, "it has no M-avg"
    assert plus["AffectGPT", "A+V+T"] == 62.52
    assert plus["APCF", ""] == 63.02
    assert [row.value for row in published(BENCHMARKS["mer2025-ov"])] == [46.71, 46.02, 46.0, 45.73, 36.89]
    assert [row.system for row in published(BENCHMARKS["mer2026-fg"])] == [
        "one public team",
        "tuned AffectGPT",
    ]


def test_the_best_comes_first_with_its_source():
    rows = published(BENCHMARKS["emer-v1"])
    assert [row.value for row in rows] == sorted((row.value for row in rows), reverse=True)
    best = rows[0]
    assert (best.system, best.value, best.unit) == ("Emotion-LLaMA", 7.83, "mark")
    assert best.values == {"clue_overlap": 7.83, "label_overlap": 6.25}
    assert best.source.startswith("arXiv 2406.11161, ")
    assert (best.evidence, best.year) == ("P", 2024)
    assert {row.evidence for row in published(BENCHMARKS["mer2026-fg"])} == {"S"}


def test_means_of_the_nine_sets_follow_from_them():
    columns = [BENCHMARKS[name].column for name in NINE]
    full = [row for row in group("MER-UniBench") if set(columns) <= row.values.keys()]
    assert len(full) == 21
    for row in full:
        assert sum(row.values[c] for c in columns) / 9 == pytest.approx(row.values["Mean"], abs=0.011), row


def test_reasoning_scores_follow_from_their_halves():
    odd, seen = set(), 0
    for name in [name for name in groups() if name.startswith("MME-Emotion")]:
        for row in group(name):
            seen += 1
            half = (row.values["rec"] + row.values["rea"]) / 2
            if abs(half - row.values["cot"]) > 0.1:
                odd.add((name, row.system))
                assert "misprint" in row.note
    assert seen == 20 * 9 + 2
    assert odd == MISPRINTS


def test_nothing_was_lost_in_restating(shared):
    theirs = json.loads((shared / "data/published_results.json").read_text(encoding="utf-8"))["results"]

    def numbers(value):
        inner = value.values() if isinstance(value, dict) else ()
        return [x for part in inner for x in numbers(part)] if inner else [value]

    ours = [x for name in groups() for row in group(name) for x in row.values.values()]
    wanted = [x for row in theirs for x in numbers(row["metrics"])]
    wanted.remove(73.15)  # MER-R1's own mean, which stands in the note
    assert sorted(ours) == sorted(wanted)
