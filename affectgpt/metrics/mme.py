"""MME-Emotion: recognition, reasoning and chain-of-thought scores of a judge's ratings of reasoning steps.

Zhang et al. 2025 (arXiv 2508.09210): a judge rates each step of an answer, the last one being the emotion
itself. How a reply is read decides the score; the two official ways are followed here to the letter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .statistic import Statistic, mean_statistic

BINARY = ("ER-Lab", "ER-Wild", "Noise-ER", "SA", "FG-SA", "IR")  # each step 0/1 or 1/1
GRADED = ("FG-ER", "ML-ER")  # the last step is C/K
TASKS, OVERALL = (*BINARY, *GRADED), "overall"
METRIC, STRICT = "MME-Emotion", "affectgpt-mme-strict-1"
ALPHA = 0.5  # weight of recognition in the CoT score

BINARY_RATING = re.compile(r": (\d)/1")
RATING = re.compile(r":\s*(\d+)/(\d+)")
STRICT_RATING = re.compile(r"[:：]\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)")
SAME_CLASS = {  # truths that ER-Wild spells in two ways
    "angry": "anger",
    "disgusted": "disgust",
    "happy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}


def parse_steps(reply: Any, task: str | None) -> list[float] | None:
    """Return the step scores in a judge's reply as the official script of `task` reads them.

    The ratings stand in the first `<score>...</score>` on one line (lower case); None where there is none.
    Binary tasks take every ": D/1" with one blank and one digit, so that a graded last step is dropped and
    1/10 is 1. FG-ER, ML-ER and the overall script (`task` None or "overall") take ":N/M" as N / M, 0 where M
    is 0; nothing is clipped. An empty list: a block without a readable rating. ValueError: an unknown task.
    """
    _check(task)
    block = _block(str(reply).split("\n"))
    if block is None:
        return None
    if task in BINARY:
        return [float(digit) for digit in BINARY_RATING.findall(block)]
    return [_quotient(*pair) for pair in RATING.findall(block)]


def mme_scores(
    entries: Iterable[Mapping[str, Any]] | Mapping[str, Any], *, task: str | None = None, strict: bool = False
) -> dict[str, Any]:
    """Return the MME-Emotion scores of judged answers, exactly as the official scripts compute them.

    `entries`: mappings with `score` (the judge's raw reply or None), `video_id` and `ground_truth` (both
    optional), or a mapping video_id -> entry; an entry may also be the reply alone. `task`: one of `TASKS`,
    or None or "overall" for the script that reads all tasks together. With step scores s1..sk of an entry:
    recognition = sk, reasoning = mean(s1..s(k-1)), 0 where k = 1.

    Returns {metric, task, count, recognition, reasoning, cot, avg_step, categories, per_entry}: means over
    the `count` entries that have step scores, NaN without any; cot = (recognition + reasoning) / 2; avg_step
    in steps. categories: {ground_truth: {count, recognition, reasoning, avg_step}} of counted entries, with
    ER-Wild's two spellings joined. per_entry, in the order of `entries`: {video_id, parsed (step scores;
    None: no score block), recognition, reasoning, steps, counted (the three before are None if not)}.

    strict=True is our own, safer score, called "affectgpt-mme-strict-1" in `metric`, never to be set beside
    published ones: the block may have several lines and any case, ratings are numbers N/M clipped to 0..1,
    there must be as many as the entry's `steps` (a number or the list of steps; unchecked where it has
    none), and an unreadable reply scores 0. `unreadable` is their number; avg_step is of the readable.
    ValueError: an unknown task. TypeError: one text or a whole table as `entries`.
    """
    _check(task)
    read = [_entry(*item, task, strict) for item in _named(entries)]
    counted = [(truth, one) for truth, one in read if one["counted"]]
    groups: dict[str, list[dict[str, Any]]] = {}
    for truth, one in counted:
        groups.setdefault(SAME_CLASS.get(truth, truth) if task == "ER-Wild" else truth, []).append(one)
    total = _means([one for _, one in counted])
    unreadable = {"unreadable": sum(one["steps"] is None for _, one in counted)} if strict else {}
    return {
        "metric": STRICT if strict else METRIC,
        "task": task or OVERALL,
        "count": total["count"],
        "recognition": total["recognition"],
        "reasoning": total["reasoning"],
        "cot": ALPHA * total["recognition"] + (1 - ALPHA) * total["reasoning"],
        "avg_step": total["avg_step"],
        **unreadable,
        "categories": {name: _means(groups[name]) for name in sorted(groups)},
        "per_entry": [one for _, one in read],
    }


def mme_statistics(
    entries: Iterable[Mapping[str, Any]] | Mapping[str, Any], *, task: str | None = None, strict: bool = False
) -> dict[str, Statistic]:
    """Return "recognition", "reasoning", "cot" and "avg_step" of `mme_scores` as statistics over all entries.

    A sample is called by its video_id; a further entry of that name by "name (2)", as one clip may serve in
    two tasks.
    """
    found: dict[str, dict[str, Any]] = {}
    times: dict[str, int] = {}
    for one in mme_scores(entries, task=task, strict=strict)["per_entry"]:
        name = str(one["video_id"])
        times[name] = times.get(name, 0) + 1
        cot = ALPHA * one["recognition"] + (1 - ALPHA) * one["reasoning"] if one["counted"] else None
        found[name if times[name] == 1 else f"{name} ({times[name]})"] = one | {"cot": cot}
    keys = {"recognition": "recognition", "reasoning": "reasoning", "cot": "cot", "avg_step": "steps"}
    return {
        key: mean_statistic({name: one[field] for name, one in found.items()}) for key, field in keys.items()
    }


def _check(task: str | None) -> None:
    if task not in (None, OVERALL, *TASKS):
        raise ValueError(f"unknown task {task!r}: it is one of {', '.join(TASKS)} or {OVERALL}")


def _named(entries: Iterable[Any] | Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(name, entry): the entry's video_id, else its key or position."""
    if isinstance(entries, str | bytes) or hasattr(entries, "columns"):  # characters, columns of a table
        raise TypeError("entries must be a list of mappings or replies, or a mapping of them by video_id")
    items = entries.items() if isinstance(entries, Mapping) else enumerate(entries)
    mapped = [(key, one if isinstance(one, Mapping) else {"score": one}) for key, one in items]
    return [(str(one.get("video_id", key)), one) for key, one in mapped]


def _entry(name: str, entry: Mapping[str, Any], task: str | None, strict: bool) -> tuple[str, dict[str, Any]]:
    """True label and scores of one entry."""
    reply = entry.get("score")
    parsed = _strict_steps(reply, entry.get("steps")) if strict else parse_steps(reply, task)
    steps = parsed or []
    scores = {"recognition": None, "reasoning": None, "steps": None, "counted": bool(steps) or strict}
    if steps:
        before = steps[:-1]
        scores.update(recognition=steps[-1], reasoning=sum(before) / len(before) if before else 0.0)
        scores.update(steps=len(steps))
    elif strict:
        scores.update(recognition=0.0, reasoning=0.0)
    return str(entry.get("ground_truth", "")), {"video_id": name, "parsed": parsed, **scores}


def _strict_steps(reply: Any, steps: int | Sequence[str] | None) -> list[float] | None:
    block = _block([str(reply).lower()]) or ""
    pairs = [(float(one), float(two)) for one, two in STRICT_RATING.findall(block)]
    wanted = len(pairs) if steps is None else steps if isinstance(steps, int) else len(steps)
    if not pairs or len(pairs) != wanted or any(whole == 0 for _, whole in pairs):
        return None
    return [min(1.0, part / whole) for part, whole in pairs]


def _block(texts: Iterable[str]) -> str | None:
    """What stands between <score> and </score> in the first text that has both, in this order."""
    for text in texts:
        block, closed, _ = text.partition("<score>")[2].partition("</score>")
        if closed:
            return block
    return None


def _quotient(part: str, whole: str) -> float:
    return float(part) / float(whole) if float(whole) else 0.0


def _means(entries: list[dict[str, Any]]) -> dict[str, Any]:
    def mean(key: str) -> float:
        known = [one[key] for one in entries if one[key] is not None]
        return sum(known) / len(known) if known else math.nan

    return {
        "count": len(entries),
        "recognition": mean("recognition"),
        "reasoning": mean("reasoning"),
        "avg_step": mean("steps"),
    }
