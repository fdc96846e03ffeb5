"""Marks of single clips become the score of a system: the mean of each overlap, as EMER reports it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from ..metrics.statistic import Statistic, mean_statistic
from .judgement import Aspect, Judgement

ASPECTS: tuple[Aspect, ...] = get_args(Aspect)


def judge_scores(judgements: Iterable[Judgement]) -> dict[str, Any]:
    """Return {"clue": mean, "label": mean, "n": {...}, "missing": {...}}, marks 1..10.

    A mean is None where nothing was marked; `missing` counts by aspect what was asked but not marked.
    """
    statistics = judge_statistics(judgements)
    counted = {aspect: int(each.columns[:, 0].sum()) for aspect, each in statistics.items()}
    means = {aspect: each.value if counted[aspect] else None for aspect, each in statistics.items()}
    missing = {aspect: len(each.names) - counted[aspect] for aspect, each in statistics.items()}
    return {**means, "n": counted, "missing": missing}


def judge_statistics(judgements: Iterable[Judgement]) -> dict[Aspect, Statistic]:
    """Return the mean mark of each aspect as a statistic, for intervals and paired comparisons.

    Raises ValueError when a clip was judged twice in one aspect.
    """
    marks: dict[Aspect, dict[str, float | None]] = {aspect: {} for aspect in ASPECTS}
    for each in judgements:
        if each.name in marks[each.aspect]:
            raise ValueError(f"{each.name} was judged twice ({each.aspect})")
        marks[each.aspect][each.name] = each.score
    return {aspect: mean_statistic(values) for aspect, values in marks.items()}
