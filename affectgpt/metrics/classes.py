"""Scores of one class or one number per sample: sentiment, discrete emotions, concordance of two series."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .matching import Matched, matched
from .statistic import Statistic

Values = Mapping[str, float] | Sequence[float]
Labels = Mapping[str, str | None] | Sequence[str | None]


def sentiment_scores(values: Values, sentiments: Labels) -> dict[str, Any]:
    """Score words of sentiment against real-valued truth, exactly as MER-UniBench does (arXiv 2501.16566).

    `values`: sentiment of each sample, any scale around 0. `sentiments`: "positive", "negative", or anything
    else (also "Positive" or None), which counts as neutral. Both mappings by name, or both sequences. Samples
    whose value is exactly 0 are dropped; truth is value > 0, the prediction is `sentiment == "positive"`, so
    that neutral counts as negative, and so does a missing prediction.

    Returns {n_counted, waf, acc, missing, ignored}: the number of samples left; F1 = 2TP / (2TP + FP + FN)
    of the two classes, weighted by their share of the truth; accuracy; both 0..1, NaN where no sample is left
    (the official code raises); names without a prediction, and predictions of other names. ValueError: a
    value that is no finite number, sequences of unequal length.
    """
    pairs = matched(values, sentiments)
    found = _sentiment(pairs)
    return {
        "n_counted": int(found["acc"].columns.sum()),
        **{key: one.value for key, one in found.items()},
        "missing": pairs.missing,
        "ignored": pairs.ignored,
    }


def sentiment_statistics(values: Values, sentiments: Labels) -> dict[str, Statistic]:
    """Return "waf" and "acc" of `sentiment_scores` as statistics over all samples of the truth."""
    return _sentiment(matched(values, sentiments))


def class_scores(truth: Labels, predicted: Labels, *, classes: Sequence[str] | None = None) -> dict[str, Any]:
    """Score one label per sample. Labels are compared as they are: bring both sides to one form before.

    `truth` and `predicted`: both mappings by name, or both sequences. `classes` default to the labels of the
    truth, sorted. A prediction that is none of them (None or missing reads as "") is wrong and listed.

    Returns {n, waf, acc, uar, per_class, confusion, outside, missing, ignored}. waf: F1 of the classes,
    weighted by their share of the truth; acc: accuracy; uar: mean recall of the classes that the truth has;
    all 0..1, NaN without samples. per_class: {label: {precision, recall, f1, n}}, 0 where undefined, n in
    samples of the truth. confusion: {true label: {predicted label: number}}. outside: {label: number}.
    ValueError: a sample without a true label or with one that is not in `classes`, unequal lengths.
    """
    pairs, classes = _labelled(truth, predicted, classes)
    cells = Counter((true, said) for _, true, said in pairs.rows)
    outside = Counter(said for *_, said in pairs.rows if said not in classes)
    confusion = {true: {said: cells[true, said] for said in (*classes, *sorted(outside))} for true in classes}
    per_class = {}
    for label in classes:
        hits, true = confusion[label][label], sum(confusion[label].values())
        said = sum(row[label] for row in confusion.values())
        per_class[label] = {
            "precision": hits / said if said else 0.0,
            "recall": hits / true if true else 0.0,
            "f1": 2 * hits / (true + said) if true + said else 0.0,
            "n": true,
        }
    return {
        "n": len(pairs.rows),
        **{key: one.value for key, one in _classified(pairs, classes).items()},
        "per_class": per_class,
        "confusion": confusion,
        "outside": dict(sorted(outside.items())),
        "missing": pairs.missing,
        "ignored": pairs.ignored,
    }


def class_statistics(
    truth: Labels, predicted: Labels, *, classes: Sequence[str] | None = None
) -> dict[str, Statistic]:
    """Return "waf", "acc" and "uar" of `class_scores` as statistics over all samples."""
    return _classified(*_labelled(truth, predicted, classes))


def ccc(x: Values, y: Values) -> float:
    """Return the concordance correlation coefficient of two series, -1..1 (Lin 1989).

    2 cov(x, y) / (var x + var y + (mean x - mean y)^2) with population moments. `x` and `y`: both mappings by
    name (names that only `y` has are ignored), or both sequences. NaN without samples, and where both series
    are one and the same constant (0/0: they show neither agreement nor the lack of it). ValueError: series
    of unequal length, a name without a partner, a value that is no finite number.
    """
    return ccc_statistic(x, y).value


def ccc_statistic(x: Values, y: Values) -> Statistic:
    """Return `ccc` as a statistic: columns (count, x, y, xx, yy, xy)."""
    pairs = matched(x, y)
    table = np.array([(_number(one, name), _number(two, name)) for name, one, two in pairs.rows])
    table = table.reshape(-1, 2)
    if len(table):
        table -= table.mean()  # the CCC stays the same, and sums of squares keep their digits
    one, two = table.T
    columns = np.stack([np.ones(len(table)), one, two, one * one, two * two, one * two], axis=1)
    return Statistic(pairs.names, columns, "CCC")


def _sentiment(pairs: Matched) -> dict[str, Statistic]:
    cells = []
    for name, value, said in pairs.rows:
        number = _number(value, name)
        cells.append((int(number > 0), int(said == "positive")) if number else None)
    return _of_confusion(pairs.names, cells, 2, {"waf": "weighted F1", "acc": "accuracy"})


def _labelled(truth: Labels, predicted: Labels, classes: Sequence[str] | None) -> tuple[Matched, list[str]]:
    """The samples, "" where nothing was predicted, and the classes."""
    pairs = matched(truth, predicted)
    rows = tuple((name, true, "" if said is None else said) for name, true, said in pairs.rows)
    bare = next((name for name, true, _ in rows if not isinstance(true, str)), None)
    if bare is not None:
        raise ValueError(f"sample {bare!r} has no true label")
    true_labels = {true for _, true, _ in rows}
    classes = sorted(true_labels) if classes is None else list(dict.fromkeys(classes))
    if alien := sorted(true_labels - set(classes)):
        raise ValueError(f"true labels that are not among the classes: {', '.join(map(repr, alien))}")
    return Matched(rows, pairs.missing, pairs.ignored), classes


def _classified(pairs: Matched, classes: list[str]) -> dict[str, Statistic]:
    place = {label: at for at, label in enumerate(classes)}  # and one more for what is outside
    cells = [(place[true], place.get(said, len(classes))) for _, true, said in pairs.rows]
    formulas = {"waf": "weighted F1", "acc": "accuracy", "uar": "unweighted recall"}
    return _of_confusion(pairs.names, cells, len(classes) + 1, formulas)


def _of_confusion(
    names: tuple[str, ...], cells: list[tuple[int, int] | None], size: int, formulas: dict[str, str]
) -> dict[str, Statistic]:
    """Statistics over one confusion matrix per sample; all zeros where the sample does not count."""
    columns = np.zeros((len(names), size * size))
    for row, cell in enumerate(cells):
        if cell is not None:
            columns[row, cell[0] * size + cell[1]] = 1
    return {key: Statistic(names, columns, formula) for key, formula in formulas.items()}


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"sample {name!r}: {value!r} is no finite number")
    return number
