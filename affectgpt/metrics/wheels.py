"""The emotion-wheel score of open-vocabulary labels (OV-MER, Lian et al. 2025, arXiv 2410.01495).

Every word becomes a value of a table (its base form, or its core or sector on a wheel); words that the table
does not have are dropped. With the sets G of a reference and P of its prediction: a sample with empty G does
not count; an empty P has precision 0 and recall 0; else precision = |P & G| / |P|, recall = |P & G| / |G|.
The score of a table is the harmonic mean of the mean precision and the mean recall, not a mean of F.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..wheel_tables import Wheels
from .hits import hit_statistics, wheels_of
from .matching import Matched, Side, matched
from .statistic import Statistic

STRICT = "mean F of means, undefined stays"
LEVELS = {None: None, 1: 1, 2: 2, "1": 1, "2": 2, "level1": 1, "level2": 2}
FORMULA = {2025: STRICT, 2026: "mean F of means", None: "mean F of means"}


def wheel_scores(
    references: Side,
    predictions: Side,
    *,
    wheels: Wheels | str | Path | None = None,
    level: Literal[1, 2, "level1", "level2"] | None = None,
) -> dict[str, Any]:
    """Score predicted labels against references, both {name: labels} or two sequences in the same order.

    Side are a text ("[happy, sad]", "happy, sad"), a list, or None. wheels: the tables, a folder of
    official ones (its year is found by sha256), or None for the project's own.

    Returns
      metrics   {case: n_counted, precision, recall, f} for case1, case2, case3_wheel1_level1 ... (own tables:
                word, level1, level2)
      level1, level2   f, precision, recall: means over the wheels (five; own: one)
      m_avg_12, mer2025_final   mean of the 12 f; mean of level1 f and level2 f (official tables only)
      f, precision, recall      those of `level`, when it is given
      tables    name, version, year, file, sha256 of the word forms: print them beside every score
      coverage  {case: references_unmapped, predictions_unmapped (shares of the words), samples_skipped}
      missing, ignored   references without a prediction (scored as an empty one; the official code stops
                there), predictions of other names

    Where F is 0/0 or no sample counts: NaN with the tables of 2025, and so is every mean that it enters; 0
    with those of 2026 and our own. Raises AffectError for tables that cannot be used, ValueError for
    sequences of different length and for another level, TypeError for labels that are neither text nor list.
    """
    if level not in LEVELS:
        raise ValueError(f"a wheel has levels 1 and 2, not {level!r}")
    level = LEVELS[level]
    tables, pairs = wheels_of(wheels), matched(references, predictions)
    columns = _columns(tables, pairs)
    undefined = np.nan if tables.year == 2025 else 0.0
    metrics = {}
    for at, case in enumerate(tables.cases):
        count, precision, recall = columns[:, at].sum(axis=0)
        precision, recall = (x / count if count else undefined for x in (precision, recall))
        both = precision + recall
        f = 2 * precision * recall / both if both else undefined
        metrics[case] = {
            "n_counted": int(count), "precision": float(precision), "recall": float(recall), "f": float(f),
        }  # fmt: skip
    out: dict[str, Any] = {"metrics": metrics}
    for number in (1, 2):
        cases = [metrics[tables.cases[at]] for at in tables.at_level(number)]
        out[f"level{number}"] = {
            key: _mean([case[key] for case in cases]) for key in ("f", "precision", "recall")
        }
    if tables.year:
        out["m_avg_12"] = _mean([case["f"] for case in metrics.values()])
        out["mer2025_final"] = _mean([out["level1"]["f"], out["level2"]["f"]])
    return {
        **out, **(out[f"level{level}"] if level else {}),
        "tables": tables.table, "coverage": _coverage(tables, pairs, columns),
        "missing": pairs.missing, "ignored": pairs.ignored,
    }  # fmt: skip


def wheel_statistics(
    references: Side, predictions: Side, *, wheels: Wheels | str | Path | None = None
) -> dict[str, Statistic]:
    """Return the same scores as statistics, for intervals and comparisons: level1_f, level2_f, with official
    tables m_avg (the `m_avg_12` above) and mer2025_final, and those of `hits.hit_statistics`.
    """
    tables, pairs = wheels_of(wheels), matched(references, predictions)
    columns = _columns(tables, pairs)
    one, two = tables.at_level(1), tables.at_level(2)
    picked = {"level1_f": one, "level2_f": two}
    if tables.year:
        picked |= {"m_avg": tuple(range(len(tables.cases))), "mer2025_final": one + two}  # as many of each
    out = {
        name: Statistic(pairs.names, columns[:, at].reshape(len(columns), 3 * len(at)), FORMULA[tables.year])
        for name, at in picked.items()
    }
    return out | hit_statistics(references, predictions, wheels=tables)


def sample_scores(
    references: Side,
    predictions: Side,
    *,
    wheels: Wheels | str | Path | None = None,
    level: Literal[1, 2] = 1,
) -> dict[str, dict[str, Any]]:
    """For each sample: precision, recall, f (means over the wheels that count it; None if none does), the
    words of both sides, and `wheels`: {case: reference, predicted, met}, the sets that were compared, sorted.

    A sample's f is 0 where nothing met. The corpus score is no mean of these.
    """
    tables, pairs = wheels_of(wheels), matched(references, predictions)
    columns, out = _columns(tables, pairs), {}
    at_level = tables.at_level(level)
    for row, (name, *labels) in enumerate(pairs.rows):
        words = [tables.words(raw) for raw in labels]
        true, said = (tables.mapped(each) for each in words)
        counted = [at for at in at_level if columns[row, at, 0]]
        precision, recall = columns[row, counted, 1], columns[row, counted, 2]
        f = [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall, strict=True)]
        out[name] = {
            "precision": _mean(precision) if counted else None,
            "recall": _mean(recall) if counted else None,
            "f": _mean(f) if counted else None,
            "reference_words": words[0],
            "predicted_words": words[1],
            "wheels": {
                tables.cases[at]: {
                    "reference": sorted(true[at]),
                    "predicted": sorted(said[at]),
                    "met": sorted(true[at] & said[at]),
                }
                for at in at_level
            },
        }
    return out


def _columns(tables: Wheels, pairs: Matched) -> np.ndarray:
    """(N, cases, 3): count, precision, recall of each sample in each case; zeros where it is skipped."""
    out = np.zeros((len(pairs.names), len(tables.cases), 3))
    for row, (_, *labels) in enumerate(pairs.rows):
        sides = (tables.mapped(tables.words(raw)) for raw in labels)
        for at, (true, said) in enumerate(zip(*sides, strict=True)):
            if true:
                met = len(true & said)
                out[row, at] = 1, met / len(said) if said else 0, met / len(true)
    return out


def _coverage(tables: Wheels, pairs: Matched, columns: np.ndarray) -> dict[str, dict[str, Any]]:
    """What the tables lack: shares of all words (0 where there are none), samples that do not count."""
    shares = []
    for side in (1, 2):
        places = [tables.place(word) for row in pairs.rows for word in tables.words(row[side])]
        unmapped = [sum(place[at] is None for place in places) for at in range(len(tables.cases))]
        shares.append([count / max(len(places), 1) for count in unmapped])
    skipped = len(pairs.names) - columns[:, :, 0].sum(axis=0)
    return {
        case: {
            "references_unmapped": shares[0][at],
            "predictions_unmapped": shares[1][at],
            "samples_skipped": int(skipped[at]),
        }
        for at, case in enumerate(tables.cases)
    }


def _mean(values) -> float:
    return float(np.mean(values))
