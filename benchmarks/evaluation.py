"""How closely our own emotion wheel follows the official score, and what the score costs.

Run: `python -m benchmarks.evaluation --tables DIR --data DIR [--parts agreement speed] [--json FILE]`. DIR of
the tables: folders of official ones (2025, 2026), or one of them. DIR of the data: `NEEDED`, anywhere in it.

Agreement: own F against official F over systems (real predictions, the truth and predictions with the answers
of some samples exchanged or dropped, constant answers) and over samples, by Pearson and Spearman.
Speed: `wheel_scores` with 1,000 bootstrap draws, beside a plain re-implementation of ours that is *modelled
on* the official way of working: each of the twelve metrics reads its tables again. It is not the official
code, and it is kind to it: one reading of each file per metric, where the official module reads some eight
times. Variants take turns; ratios are medians of the runs' ratios.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from affectgpt.metrics.statistic import DRAWS, bootstrap
from affectgpt.metrics.wheels import sample_scores, wheel_scores, wheel_statistics
from affectgpt.wheel_tables import TABLES, Wheels, load_wheels, split_official

NEEDED = {
    "truth": "v2_openset.csv",
    "baseline": "v2_openset_baseline_prediction.csv",
    "epoch30": "ovmerdplus_epoch30.jsonl",
    "epoch60": "ovmerdplus_epoch60.jsonl",
}
REAL = tuple(name for name in NEEDED if name != "truth")
CONSTANTS = (
    "happy, sad, angry, worried, surprised",
    "angry, worried, sad",
    "happy",
    "angry",
    "worried",
    "surprised, confused",
)
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the samples that get the answer of another one
RUNS, SEED = 3, 0
OURS, OFFICIAL_WAY = "ours", "modelled on the official way"

Labels = dict[str, Any]


def read_labels(folder: Path) -> dict[str, Labels]:
    """{truth, baseline, ...: {name: label list as it is written}} of the needed files."""
    out = {}
    for key, name in NEEDED.items():
        path = next(iter(sorted(folder.rglob(name))), None)
        if path is None:
            raise SystemExit(f"{name} is missing: give the folder of the data with --data")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file)
            out[key] = {row["name"]: row["openset"] for row in rows}
    return out


def find_tables(folder: Path) -> dict[str, Wheels]:
    """{year: tables} of the folder itself or those in it."""
    found = [path.parent for path in (folder / TABLES[0], *sorted(folder.glob(f"*/{TABLES[0]}")))]
    tables = [load_wheels(path) for path in found if (path / TABLES[0]).is_file()]
    if not tables:
        raise SystemExit(f"{TABLES[0]} is missing: give the folder of the tables with --tables")
    return {str(each.year): each for each in tables}


def systems(labels: dict[str, Labels]) -> Iterator[tuple[str, Labels, Labels]]:
    """(name, references, predictions): real, mixed and constant answers; the same ones in every run."""
    truth = labels["truth"]
    for name in REAL:
        yield name, truth, labels[name]
    yield "baseline swapped", labels["baseline"], truth
    for name in ("truth", *REAL):
        for share in SHARES:
            yield f"{name}, {share:.0%} exchanged", truth, exchanged(labels[name], list(truth), share)
        half, words = random.Random(SEED), {key: split_official(labels[name].get(key)) for key in truth}
        kept = {key: [word for word in row if half.random() < 0.5] for key, row in words.items()}
        yield f"{name}, half of the words", truth, kept
    one, two = labels["baseline"], labels["epoch30"]
    both = {key: split_official(one.get(key)) + split_official(two.get(key)) for key in truth}
    yield "baseline and epoch30", truth, both
    for words in CONSTANTS:
        yield f"always {words}", truth, dict.fromkeys(truth, words)


def exchanged(predictions: Labels, names: list[str], share: float) -> Labels:
    """A share of the samples gives its answers round: each gets that of another one."""
    chosen = random.Random(SEED).sample(names, round(share * len(names)))
    return {
        **predictions,
        **{a: predictions.get(b) for a, b in zip(chosen, chosen[1:] + chosen[:1], strict=True)},
    }


def correlation(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Pearson, Spearman and n, of the pairs in which both are defined."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    pairs = {"pearson": (x, y), "spearman": (_ranks(x), _ranks(y))}
    return {name: round(float(np.corrcoef(*pair)[0, 1]), 4) for name, pair in pairs.items()} | {"n": len(x)}


def _ranks(values: np.ndarray) -> np.ndarray:
    """Equal values share the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def agreement(labels: dict[str, Labels], tables: dict[str, Wheels]) -> dict[str, Any]:
    """Own against official F at both levels: over the systems, and over the samples of each real one."""
    own, out = load_wheels(), {"own": load_wheels().table, "systems": {}}
    cases = {name: pair for name, *pair in systems(labels)}
    for name, pair in cases.items():
        scores = {which: wheel_scores(*pair, wheels=each) for which, each in {"own": own, **tables}.items()}
        out["systems"][name] = {
            which: [round(found[f"level{level}"]["f"], 4) for level in (1, 2)]
            for which, found in scores.items()
        }
    for year, official in tables.items():
        rows = out["systems"].values()
        out[year] = {}
        for level in (1, 2):
            ours, theirs = (np.array([row[which][level - 1] for row in rows]) for which in ("own", year))
            found = {
                "systems": correlation(ours, theirs),
                "mean difference": round(float(np.nanmean(np.abs(ours - theirs))), 4),
            }
            for name in REAL:
                found[f"samples, {name}"] = over_samples(*cases[name], own, official, level)
            out[year][f"level{level}"] = found
    return out


def over_samples(references: Labels, predictions: Labels, own: Wheels, official: Wheels, level: int):
    one, two = (sample_scores(references, predictions, wheels=each, level=level) for each in (own, official))
    pairs = [(one[name]["f"], two[name]["f"]) for name in references]
    ours, theirs = np.array([pair for pair in pairs if None not in pair]).T
    return correlation(ours, theirs)


def official_way(folder: Path, references: Labels, predictions: Labels) -> list[float]:
    """The twelve F as a plain loop: for each metric read the tables, map word by word, average."""
    import pandas

    def fill(sheet) -> Any:
        return sheet.ffill().map(lambda cell: str(cell).strip().lower())

    out = []
    for metric in ("case1", "case2", *((number, level) for number in range(1, 6) for level in (1, 2))):
        forms: dict[str, list[str]] = {}
        for base, listed in pandas.read_csv(folder / "format.csv", keep_default_na=False).values:
            for form in {base, *split_official(listed)}:
                forms.setdefault(form, []).append(base)
        synonyms: dict[str, set[str]] = {}
        sheet = pandas.read_excel(folder / "synonym.xlsx")
        for run in range(1, 9):
            for word, listed in zip(sheet[f"word_run{run}"], sheet[f"synonym_run{run}"], strict=True):
                for name in [str(word), *split_official(listed)]:
                    synonyms.setdefault(name.strip().lower(), set()).add(str(word).strip().lower())
        places: dict[str, str] = {}
        if isinstance(metric, tuple):
            sheet = fill(pandas.read_excel(folder / f"wheel{metric[0]}.xlsx"))
            for core in dict.fromkeys(sheet["level1"]):
                rows = sheet[sheet["level1"] == core]
                places[core] = core if metric[1] == 1 else min(rows["level2"])
                for sector in dict.fromkeys(rows["level2"]):
                    for name in (sector, *rows[rows["level2"] == sector]["level3"]):
                        places[name] = core if metric[1] == 1 else sector

        def place(word: str, metric=metric, forms=forms, synonyms=synonyms, places=places) -> str | None:
            bases = sorted(forms.get(word.strip().lower(), []))
            if not bases or metric == "case1":
                return bases[0] if bases else None
            if metric == "case2":
                return min(synonyms[bases[0]])
            named = sorted(name for base in bases for name in synonyms[base])
            return next((places[name] for name in named if name in places), None)

        precision, recall = [], []
        for name, reference in references.items():
            true, said = (
                {place(word) for word in split_official(raw)} - {None}
                for raw in (reference, predictions[name])
            )
            if true:
                precision.append(len(true & said) / len(said) if said else 0)
                recall.append(len(true & said) / len(true))
        p, r = (sum(column) / max(len(column), 1) for column in (precision, recall))
        out.append(2 * p * r / (p + r) if p + r else 0.0)
    return out


def speed(labels: dict[str, Labels], folder: Path, runs: int) -> dict[str, Any]:
    """Median seconds of each way for the twelve F of one system, the variants in turn."""
    truth, predictions = labels["truth"], labels["epoch30"]
    seconds: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = work()
        seconds.setdefault(name, []).append(time.perf_counter() - start)
        return found

    _forget()
    load_wheels(folder)  # warm: openpyxl is imported
    for _ in range(runs):
        _forget()
        wheels = timed("load the tables", lambda: load_wheels(folder))
        got = timed("score", lambda w=wheels: wheel_scores(truth, predictions, wheels=w))
        timed("score again", lambda w=wheels: wheel_scores(truth, predictions, wheels=w))
        found = timed("statistics", lambda w=wheels: wheel_statistics(truth, predictions, wheels=w))
        timed(f"{DRAWS} draws of every score", lambda f=found: [bootstrap(each) for each in f.values()])
        timed("score, own wheel", lambda: wheel_scores(truth, predictions))
        official = timed(OFFICIAL_WAY, lambda: official_way(folder, truth, predictions))
        ours = np.nan_to_num([each["f"] for each in got["metrics"].values()])
        assert np.allclose(ours, official, rtol=0, atol=1e-9), f"the two ways differ: {ours} and {official}"
    scoring = ("load the tables", "score")
    whole = (*scoring, "statistics", f"{DRAWS} draws of every score")
    return {
        "samples": len(truth),
        "runs": runs,
        "median_s": {name: round(statistics.median(row), 4) for name, row in seconds.items()},
        "times faster": {
            "with loading the tables": _faster(seconds, scoring),
            "tables loaded": _faster(seconds, ("score again",)),
            "with loading, statistics and all intervals": _faster(seconds, whole),
        },
    }


def _forget() -> None:
    from affectgpt import wheel_tables

    wheel_tables._PARSED.clear()


def _faster(seconds: dict[str, list[float]], ours: tuple[str, ...]) -> float:
    sums = [sum(run) for run in zip(*(seconds[name] for name in ours), strict=True)]
    pairs = zip(seconds[OFFICIAL_WAY], sums, strict=True)
    return round(statistics.median(one / other for one, other in pairs), 1)


def tell(results: dict[str, Any]) -> None:
    found = results.get("agreement", {})
    for name, row in found.get("systems", {}).items():
        print(f"{name:<44}" + "  ".join(f"{which} {one:.4f} {two:.4f}" for which, (one, two) in row.items()))
    for year in found.keys() - {"own", "systems"}:
        for level, rows in found[year].items():
            for name, row in rows.items():
                print(f"{year} {level} {name}: {row}")
    for name, value in results.get("speed", {}).items():
        print(f"{name}: {value}")


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parts", nargs="+", choices=["agreement", "speed"], default=["agreement", "speed"])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--json", help="also write the results to this file")
    options = parser.parse_args(arguments)
    labels, tables = read_labels(options.data), find_tables(options.tables)
    results: dict[str, Any] = {"tables": {year: each.table for year, each in tables.items()}}
    if "agreement" in options.parts:
        results["agreement"] = agreement(labels, tables)
    if "speed" in options.parts:
        folders = (options.tables, *sorted(path for path in options.tables.iterdir() if path.is_dir()))
        folder = next(path for path in folders if (path / TABLES[0]).is_file())
        results["load_before"] = [round(value, 2) for value in os.getloadavg()]
        results["speed"] = speed(labels, folder, options.runs)
    tell(results)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


if __name__ == "__main__":
    main()
