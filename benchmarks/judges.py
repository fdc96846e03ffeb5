"""Does the embedded judge know a true reference from another clip's? On the published EMER tables.

Run: `python -m benchmarks.judges --data DIR [--out FILE.json]`. DIR holds `emer/` (v1_english.csv,
v1_chinese.csv, v2.csv, v2_openset.csv) and perhaps `official_predictions/` (ovmerdplus_epoch*.jsonl).

A predicted text is judged against the reference of its own clip and against those of all other clips. AUC:
how often the own one gets the higher mark, a tie counting half; 0.5 is chance. `pooled`: the same with the
marks of all predictions in one pot. The table of clues and the weights of the judge were tuned on clips whose
name has an even sha256 (first byte); the other half, `held out`, was looked at when that was done. A text
against itself is the ceiling: where that is below 1, clips say the same and no judge can tell them apart.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from affectgpt.judges import EmbeddedJudge, Pair

FIGURES = ("clips", "auc", "pooled", "mean true", "mean other")
Side = dict[str, Pair]  # clip -> what is known about it on one side of a comparison


def tuned_on(name: str) -> bool:
    """Say whether the judge was tuned on this clip (half of them)."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def marks(predictions: Side, references: Side, names: list[str]) -> np.ndarray:
    """Marks (N, N) of each prediction, by row, against each reference; NaN where there was none."""
    pairs = [
        replace(
            predictions[one],
            reference=references[two].predicted,
            reference_labels=references[two].predicted_labels,
        )
        for one in names
        for two in names
    ]
    found = [np.nan if each.score is None else each.score for each in EmbeddedJudge()(pairs)]
    return np.array(found).reshape(len(names), len(names))


def told_apart(table: np.ndarray) -> dict[str, Any]:
    """AUC within each row and over all, and mean marks of true and other references."""
    own, other = np.diag(table)[:, None], table.copy()
    np.fill_diagonal(other, np.nan)
    known = ~np.isnan(other) & ~np.isnan(own)
    higher = np.where(known, (own > other) + 0.5 * (own == other), np.nan)
    rest = np.sort(other[~np.isnan(other)])
    true = own[~np.isnan(own)]
    places = [np.searchsorted(rest, true, side) for side in ("left", "right")]
    return {
        "clips": len(true),
        "auc": round(float(np.nanmean(higher)), 4),
        "pooled": round(float(np.mean(places) / len(rest)), 4),
        "mean true": round(float(true.mean()), 2),
        "mean other": round(float(rest.mean()), 2),
    }


def measure(predictions: Side, references: Side) -> dict[str, Any]:
    """Figures of both halves, each among itself, and of all clips that both sides have."""
    names = sorted(set(predictions) & set(references))
    table, seen = marks(predictions, references, names), np.array([tuned_on(name) for name in names])
    halves = {"tuned on": seen, "held out": ~seen, "all": np.full(len(names), True)}
    return {half: told_apart(table[np.ix_(keep, keep)]) for half, keep in halves.items()}


def texts(file: Path, key: str, column: str, aspect: str) -> Side:
    return {row[key]: Pair(row[key], aspect, predicted=row[column]) for row in _rows(file)}


def labels(table: dict[str, str]) -> Side:
    from affectgpt.wheel import parse_labels

    return {
        name: Pair(name, "label", predicted_labels=tuple(parse_labels(words)))
        for name, words in table.items()
    }


def speed(data: Path) -> dict[str, float]:
    """Seconds for 330 predictions in English against their Chinese references, both aspects, cold."""
    from affectgpt.judges import embedded

    embedded._described.cache_clear()
    rows = _rows(data / "emer/v2.csv")
    asked = [Pair(row["name"], a, row["english"], row["chinese"]) for row in rows for a in ("clue", "label")]
    begin = time.process_time()
    count = len(list(EmbeddedJudge()(asked)))
    return {"judgements": count, "cpu seconds": round(time.process_time() - begin, 2)}


def run(data: Path) -> dict[str, Any]:
    """Return all figures, by aspect and case."""
    v2, openset = (
        data / "emer/v2.csv",
        labels(_column(_rows(data / "emer/v2_openset.csv"), "name", "openset")),
    )
    v1 = {language: data / f"emer/v1_{language}.csv" for language in ("english", "chinese")}
    out: dict[str, Any] = {"judge": EmbeddedJudge.name, "settings": EmbeddedJudge().settings}
    out["speed"] = speed(data)
    for aspect in ("clue", "label"):
        new = {language: texts(v2, "name", language, aspect) for language in ("english", "chinese")}
        old = {language: texts(file, "names", "reasons", aspect) for language, file in v1.items()}
        cases = {
            "v2 English - Chinese": (new["english"], new["chinese"]),
            "v2 Chinese - English": (new["chinese"], new["english"]),
            "v2 English - itself": (new["english"], new["english"]),
            "v1 English - Chinese": (old["english"], old["chinese"]),
            "v1 Chinese - English": (old["chinese"], old["english"]),
            "v1 English - itself (ceiling)": (old["english"], old["english"]),
            "v1 English - v2 English": (old["english"], new["english"]),
            "v1 English - v2 Chinese": (old["english"], new["chinese"]),
            "v1 Chinese - v2 English": (old["chinese"], new["english"]),
            "v1 Chinese - v2 Chinese": (old["chinese"], new["chinese"]),
        }
        out[aspect] = {name: measure(*sides) for name, sides in cases.items()}
    out["official predictions"] = {"true labels - themselves (ceiling)": measure(openset, openset)}
    for file in sorted((data / "official_predictions").glob("ovmerdplus_epoch*.jsonl")):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        epoch = file.stem.removeprefix("ovmerdplus_epoch")
        lists = labels(_column(rows, "name", "openset"))
        said = {row["name"]: Pair(row["name"], "label", predicted=row["text"]) for row in rows}
        out["official predictions"][f"epoch {epoch}, label lists"] = measure(lists, openset)
        out["official predictions"][f"epoch {epoch}, texts"] = measure(said, openset)
    return out


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _column(rows: list[dict[str, str]], key: str, value: str) -> dict[str, str]:
    return {row[key]: row[value] for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = run(options.data)
    print(json.dumps({key: found[key] for key in ("judge", "settings", "speed")}))
    for group in ("clue", "label", "official predictions"):
        print(f"\n{group:40}" + "".join(f"{name:>12}" for name in ("", *FIGURES)))
        for case, halves in found[group].items():
            for half, figures in halves.items():
                name = case if half == "tuned on" else ""
                print(f"{name:40}{half:>12}" + "".join(f"{figures[key]:>12}" for key in FIGURES))
    if options.out:
        options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
