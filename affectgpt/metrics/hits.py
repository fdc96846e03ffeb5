"""HIT of MER-UniBench: one basic emotion against a list of words (Lian et al. 2025, arXiv 2501.16566).

HIT has no cost for long lists and never counts a neutral clip. Two companions of our own mend one each:
`precise_hit` and `neutral_accuracy`; they are no official scores. All are means over the level-1 cores of
the wheels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..wheel_tables import Wheels, load_wheels, split_official
from .matching import Matched, Side, matched
from .statistic import Statistic

NEUTRAL = "neutral"
OFFICIAL = ("hit_rate", "mscore")


def wheels_of(wheels: Wheels | str | Path | None) -> Wheels:
    """The tables themselves, those of a folder, or the project's own."""
    return wheels if isinstance(wheels, Wheels) else load_wheels(wheels)


def hit_rate(
    references: Side, predictions: Side, *, wheels: Wheels | str | Path | None = None
) -> dict[str, Any]:
    """Return {hit_rate, mscore, per_wheel: {case: {hitrate, mscore, n_counted, hit_per_sample}}, missing,
    ignored, tables}.

    With G and P the sets of cores of a reference and of its prediction: hit = |P & G| (0 or 1 for one true
    label), mscore = |P & G| / |P & C| (0 where P & C is empty), C being the cores of the distinct references
    of the data set as they are written (a text is one label there). A sample whose G is empty in a wheel
    does not count there (None in hit_per_sample). hit_rate and mscore are means over the counted samples of
    a wheel, then over the wheels: NaN when a wheel counts none. Missing predictions score as empty ones.
    Official figures use the tables of 2025.
    """
    tables, pairs = wheels_of(wheels), matched(references, predictions)
    cores = tables.at_level(1)
    columns = _columns(tables, pairs)
    scores = {name: Statistic(pairs.names, columns[name], "mean of means").value for name in OFFICIAL}
    per_wheel = {}
    for at, core in enumerate(cores):
        counted, hits = columns["hit_rate"][:, 2 * at], columns["hit_rate"][:, 2 * at + 1]
        per_wheel[tables.cases[core]] = {
            "hitrate": _mean(counted, hits),
            "mscore": _mean(counted, columns["mscore"][:, 2 * at + 1]),
            "n_counted": int(counted.sum()),
            "hit_per_sample": {
                name: float(hit) if count else None
                for name, count, hit in zip(pairs.names, counted, hits, strict=True)
            },
        }
    return {
        **scores, "per_wheel": per_wheel,
        "missing": pairs.missing, "ignored": pairs.ignored, "tables": tables.table,
    }  # fmt: skip


def hit_statistics(
    references: Side, predictions: Side, *, wheels: Wheels | str | Path | None = None
) -> dict[str, Statistic]:
    """Return hit_rate and mscore (official), precise_hit and neutral_accuracy (ours) as statistics.

    precise_hit: hit / (|P| + U), U the distinct predicted words that the wheel does not have: a right answer
    among k different ones counts 1/k.
    neutral_accuracy: 1 if P and G meet, where "neutral" is a core of every wheel and an empty prediction
    means neutral, so that neutral samples count; else 0.
    """
    pairs = matched(references, predictions)
    columns = _columns(wheels_of(wheels), pairs)
    return {name: Statistic(pairs.names, each, "mean of means") for name, each in columns.items()}


def hit_or_not(reference: Any, prediction: Any, *, wheels: Wheels | str | Path | None = None) -> bool:
    """Say whether two label lists meet in the cores of any wheel (the official data filter).

    An empty list counts as neutral, and so does the word "neutral", written exactly so; it meets only itself
    where the wheel does not have it.
    """
    tables = wheels_of(wheels)
    sides = []
    for raw in (reference, prediction):
        words = tables.split(raw)
        neutral = {NEUTRAL} if not words or NEUTRAL in words else set()
        sides.append([found | neutral for found in tables.mapped(word.lower().strip() for word in words)])
    return any(sides[0][core] & sides[1][core] for core in tables.at_level(1))


def _columns(tables: Wheels, pairs: Matched) -> dict[str, np.ndarray]:
    """For each score (N, 2 * wheels): count and value of a sample in each wheel."""
    cores = tables.at_level(1)
    shape = (len(pairs.names), len(cores), 2)
    out = {name: np.zeros(shape) for name in (*OFFICIAL, "precise_hit", "neutral_accuracy")}
    candidates = tables.mapped(_as_written(pairs))
    for row, (_, reference, prediction) in enumerate(pairs.rows):
        true, said = set(tables.words(reference)), set(tables.words(prediction))
        wanted, named = tables.mapped(true), tables.mapped(said)
        places = [tables.place(word) for word in said]
        for at, core in enumerate(cores):
            met = len(wanted[core] & named[core])
            if wanted[core]:
                among = len(named[core] & candidates[core])
                unknown = sum(place[core] is None for place in places)
                out["hit_rate"][row, at] = 1, met
                out["mscore"][row, at] = 1, met / among if among else 0
                out["precise_hit"][row, at] = 1, met / (len(named[core]) + unknown) if met else 0
            neutral = NEUTRAL in true
            if wanted[core] or neutral:
                both_neutral = neutral and (NEUTRAL in said or not said)
                out["neutral_accuracy"][row, at] = 1, bool(met) or both_neutral
    return {name: each.reshape(len(each), 2 * len(cores)) for name, each in out.items()}


def _as_written(pairs: Matched) -> set[str]:
    """The distinct labels of a data set, neither split nor lower-cased."""
    return {
        label
        for _, raw, _ in pairs.rows
        for label in ([raw] if isinstance(raw, str) else split_official(raw))
    }


def _mean(counted: np.ndarray, values: np.ndarray) -> float:
    return float(values.sum() / counted.sum()) if counted.any() else float("nan")
