"""A corpus score as a function of sums over samples, and what follows from that: intervals and comparisons.

Every score of this package is such a function (a mean, a harmonic mean of means, an F1 of counts, a CCC), so
a bootstrap needs the columns that are summed and no second reading of any sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DRAWS, SEED, COVERAGE = 1000, 0, 0.95  # of every interval that a report prints
ROUNDING = 1e-12  # relative size below which a sum of squares is 0
CELLS = 2**21  # draws times samples that are held in memory together (16 MB)

Formula = Callable[[np.ndarray], np.ndarray]  # sums (D, K) float64 -> values (D,), NaN where undefined


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole != 0, part / np.where(whole != 0, whole, 1), np.nan)


def mean(sums: np.ndarray) -> np.ndarray:
    """Columns (count, sum): the mean over the samples that count."""
    return _ratio(sums[:, 1], sums[:, 0])


def mean_of_means(sums: np.ndarray) -> np.ndarray:
    """Columns (count, sum) of each wheel: the mean of their means; NaN when a wheel counts no sample."""
    return np.mean([mean(sums[:, at : at + 2]) for at in range(0, sums.shape[1], 2)], axis=0)


def f_of_means(sums: np.ndarray) -> np.ndarray:
    """Columns (count, precision, recall): harmonic mean of mean precision and mean recall; 0/0 is 0."""
    precision, recall = _ratio(sums[:, 1], sums[:, 0]), _ratio(sums[:, 2], sums[:, 0])
    total = precision + recall
    return np.where(total == 0, 0.0, _ratio(2 * precision * recall, total))


def mean_f_of_means(sums: np.ndarray) -> np.ndarray:
    """Columns (count, precision, recall) of each wheel: the mean of their F; an undefined F is 0."""
    return np.nan_to_num(_f_of_wheels(sums)).mean(axis=0)


def strict_mean_f_of_means(sums: np.ndarray) -> np.ndarray:
    """The same; one undefined F (0/0, or no sample counted) leaves the mean undefined."""
    return _f_of_wheels(sums).mean(axis=0)


def _f_of_wheels(sums: np.ndarray) -> np.ndarray:
    """Columns (count, precision, recall) of each wheel -> F (wheels, D), NaN where undefined."""
    count, precision, recall = (sums[:, at::3].T for at in range(3))
    precision, recall = _ratio(precision, count), _ratio(recall, count)
    return _ratio(2 * precision * recall, precision + recall)


def accuracy(sums: np.ndarray) -> np.ndarray:
    """Columns: a confusion matrix (C, C), truth by prediction, row by row."""
    table = _confusion(sums)
    return _ratio(np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2)))


def unweighted_recall(sums: np.ndarray) -> np.ndarray:
    """Confusion matrix: mean recall of the classes that the truth has."""
    table = _confusion(sums)
    recalls = _ratio(np.diagonal(table, axis1=1, axis2=2), table.sum(axis=2))
    with np.errstate(invalid="ignore"):
        present = ~np.isnan(recalls)
        return _ratio(np.where(present, recalls, 0).sum(axis=1), present.sum(axis=1).astype(float))


def weighted_f1(sums: np.ndarray) -> np.ndarray:
    """Confusion matrix: F1 = 2TP / (2TP + FP + FN) of each class, weighted by its share of the truth."""
    table = _confusion(sums)
    true, named = table.sum(axis=2), table.sum(axis=1)
    both = true + named
    f1 = np.where(both == 0, 0.0, _ratio(2 * np.diagonal(table, axis1=1, axis2=2), both))
    return _ratio((true * f1).sum(axis=1), true.sum(axis=1))


def ccc(sums: np.ndarray) -> np.ndarray:
    """Columns (count, x, y, xx, yy, xy): concordance correlation of x and y, population moments.

    NaN where both are one and the same constant.
    """
    count = sums[:, :1]
    x, y, xx, yy, xy = (_ratio(sums[:, [at]], count)[:, 0] for at in range(1, 6))
    spread = (xx - x * x) + (yy - y * y) + (x - y) ** 2
    spread = np.where(spread > ROUNDING * (xx + yy), spread, 0)  # one constant twice: only rounding is left
    return _ratio(2 * (xy - x * y), spread)


FORMULAS: dict[str, Formula] = {
    "mean": mean,
    "mean of means": mean_of_means,
    "F of means": f_of_means,
    "mean F of means": mean_f_of_means,
    "mean F of means, undefined stays": strict_mean_f_of_means,
    "accuracy": accuracy,
    "unweighted recall": unweighted_recall,
    "weighted F1": weighted_f1,
    "CCC": ccc,
}


@dataclass(frozen=True, eq=False)
class Statistic:
    """One corpus score: `FORMULAS[formula]` of the sums of `columns` (N, K) float64 over samples `names`.

    `columns` are finite; a sample that does not count has zeros only.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    formula: str

    @property
    def value(self) -> float:
        return float(FORMULAS[self.formula](self.columns.sum(axis=0, keepdims=True))[0])


@dataclass(frozen=True)
class Interval:
    """A value with its bootstrap interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """What system A scores above system B on the same samples; `p` is the two-sided bootstrap level, 1 where
    the value is not defined."""

    value: float
    low: float
    high: float
    p: float
    samples: int


def mean_statistic(values: Mapping[str, float | None]) -> Statistic:
    """Return the mean of one value per sample as a statistic; a sample whose value is None does not count."""
    columns = [(value is not None, value or 0.0) for value in values.values()]
    return Statistic(tuple(values), np.array(columns, dtype=float).reshape(-1, 2), "mean")


def bootstrap(statistic: Statistic, *, draws: int = DRAWS, seed: int = SEED) -> Interval:
    """Return the score with its percentile interval over `draws` resamplings of the samples.

    Resamplings in which the score is not defined are left out.
    """
    return bootstraps([statistic], draws=draws, seed=seed)[0]


def bootstraps(statistics: Sequence[Statistic], *, draws: int = DRAWS, seed: int = SEED) -> list[Interval]:
    """Return what `bootstrap` gives for each statistic; all are over the same samples, drawn only once."""
    drawn = _drawn(statistics, draws, seed)
    return [_interval(each.value, values) for each, values in zip(statistics, drawn, strict=True)]


def paired(one: Statistic, two: Statistic, *, draws: int = DRAWS, seed: int = SEED) -> Difference:
    """Compare two systems on the samples that both have, resampled together (one minus two).

    The order of the samples does not matter, and two minus one gives the same with the sign turned.
    Raises ValueError when they share no sample or are different scores.
    """
    if one.formula != two.formula or one.columns.shape[1] != two.columns.shape[1]:
        raise ValueError(f"two different scores: {one.formula} and {two.formula}")
    theirs = _places(two)
    common = [(row, theirs[name]) for name, row in sorted(_places(one).items()) if name in theirs]
    if not common:
        raise ValueError("the two systems share no sample")
    names = tuple(one.names[row] for row, _ in common)
    pair = [
        Statistic(names, side.columns[[rows[at] for rows in common]], side.formula)
        for at, side in enumerate((one, two))
    ]
    drawn = _drawn(pair, draws, seed)
    gap = drawn[0] - drawn[1]
    found = _interval(pair[0].value - pair[1].value, gap)
    gap = gap[~np.isnan(gap)]
    below, above = ((gap <= 0).sum() + 1) / (len(gap) + 1), ((gap >= 0).sum() + 1) / (len(gap) + 1)
    return Difference(found.value, found.low, found.high, min(1.0, 2 * min(below, above)), len(common))


def _places(statistic: Statistic) -> dict[str, int]:
    return {name: row for row, name in enumerate(statistic.names)}


def _drawn(statistics: Sequence[Statistic], draws: int, seed: int) -> np.ndarray:
    """Values (statistics, draws), each draw with the same samples for all; chunked to bound memory."""
    count = len(statistics[0].names)
    random, out = np.random.default_rng(seed), np.full((len(statistics), draws), np.nan)
    chunk = max(1, CELLS // max(1, count))
    for start in range(0, draws if count else 0, chunk):
        size = min(chunk, draws - start)
        weights = random.multinomial(count, np.full(count, 1 / count), size=size).astype(float)
        for row, each in enumerate(statistics):
            out[row, start : start + size] = FORMULAS[each.formula](weights @ each.columns)
    return out


def _interval(value: float, drawn: np.ndarray) -> Interval:
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn) or np.isnan(value):
        return Interval(value, np.nan, np.nan)
    edge = (1 - COVERAGE) / 2
    low, high = np.quantile(drawn, [edge, 1 - edge])
    return Interval(value, float(low), float(high))


def _confusion(sums: np.ndarray) -> np.ndarray:
    size = round(sums.shape[1] ** 0.5)
    return sums.reshape(len(sums), size, size)
