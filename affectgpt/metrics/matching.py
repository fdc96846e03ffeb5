"""Truth and prediction of the same samples, however a caller holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set, Sized
from dataclasses import dataclass
from typing import Any

Side = Mapping[str, Any] | Sequence[Any]  # by name, or in one order


@dataclass(frozen=True)
class Matched:
    """(name, truth, prediction) of each sample of the truth, and counts of those that have no partner."""

    rows: tuple[tuple[str, Any, Any], ...]
    missing: int  # truths without a prediction: theirs is None
    ignored: int  # predictions of other names

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, *_ in self.rows)


def matched(truth: Side, predicted: Side) -> Matched:
    """Pair truth and predictions by name, or by position ("0", "1", ...) where both are sequences.

    Two pandas Series are paired by their index. ValueError for sequences of unequal length and for an index
    that has a name twice, TypeError for a mapping beside a sequence and for what is neither (a text, a set, a
    whole table).
    """
    sides = (truth, predicted)
    named = all(hasattr(side, "keys") for side in sides)  # mappings, or Series
    unfit = any(
        isinstance(side, str | bytes | Set) or not isinstance(side, Sized) or hasattr(side, "columns")
        for side in sides
    )
    if unfit or (not named and any(isinstance(side, Mapping) for side in sides)):
        raise TypeError("truth and predictions must be two mappings or two sequences")
    if named:
        truth, predicted = map(_by_name, sides)
        rows = tuple((str(name), value, predicted.get(name)) for name, value in truth.items())
        missing = sum(name not in predicted for name in truth)
        return Matched(rows, missing, sum(name not in truth for name in predicted))
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths and {len(predicted)} predictions: give one for each")
    return Matched(
        tuple((str(at), *pair) for at, pair in enumerate(zip(truth, predicted, strict=True))), 0, 0
    )


def _by_name(side: Any) -> Mapping[Any, Any]:
    if isinstance(side, Mapping):
        return side
    found = dict(zip(side.keys(), side, strict=True))
    if len(found) < len(side):
        raise ValueError("the index has a name twice: give each sample once")
    return found
