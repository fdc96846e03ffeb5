"""`result.json`: what one evaluation found, in a form that a report, a card and a comparison can be made of.

One JSON object, UTF-8, no NaN (an undefined value is null), the same bytes for the same inputs:

    format, version        "affectgpt-result", 1
    benchmark, title       name of the row in `BENCHMARKS`, and its title in words
    system, language       whose predictions they are; language of the texts that were compared
    primary                key of the score that is published for this benchmark
    counts                 reference, predicted, missing, errors, unknown, empty, problems: samples or rows
    scores                 key, name {en, zh}, value, low, high (bounds of the bootstrap interval), samples
                           (that count in it), unit ("share" 0..1, "mark" 1..10, "ccc" -1..1, "steps"),
                           formula (of `metrics.statistic.FORMULAS`, over the columns below), official
                           (computed as published, so that it may stand beside published numbers)
    floors                 name {en, zh}, labels, values {key: value}: constant answers on the same truth
    published              system, value (in the unit of the primary score), source, year, comparable, note
    settings               wheels, judge, bootstrap, labels, truth (sha256 of what was compared with)
    inputs                 {"data" | "predictions" | "wheels": {file name: sha256}}; never a path
    versions               {program: version}
    warnings, problems     [{en, zh}]: what to know; every row that could not be used as it is, and why
    sample_scores          {key: name {en, zh}, unit} of the scores that samples carry, the most telling first
    samples                name, reference and predicted labels and texts, scores, error, notes
    columns, statistics    K lists of one number per sample; for each score the positions of its own columns:
                           what `compare` draws its intervals from
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..media.sniff import shown_name
from ..metrics.statistic import DRAWS, FORMULAS, SEED, Statistic, bootstrap
from ..schema import AffectError, Language, Text

FORMAT, VERSION = "affectgpt-result", 1
DIGITS = 6  # of the bounds: a bootstrap knows no more, and sums may differ in their last bit between machines


@dataclass(frozen=True)
class Score:
    """One corpus score with its interval; `value`, `low`, `high` are None where it is not defined."""

    key: str
    name: Text
    value: float | None
    low: float | None
    high: float | None
    samples: int
    unit: str
    formula: str
    official: bool


@dataclass(frozen=True)
class Floor:
    """What a constant answer scores on the same truth: `values` by the key of the score."""

    name: Text
    labels: tuple[str, ...]
    values: dict[str, float | None]


@dataclass(frozen=True)
class Beside:
    """A published number beside ours; `note` says why it is not comparable."""

    system: str
    value: float
    source: str
    year: int | None
    comparable: bool
    note: Text


@dataclass(frozen=True)
class Row:
    """One sample: what was known, what was predicted, what it scored; `notes` explain (a judge's reason)."""

    name: str
    reference_labels: tuple[str, ...]
    predicted_labels: tuple[str, ...]
    reference_text: str
    predicted_text: str
    scores: dict[str, float | None]
    error: str | None = None
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Measure:
    """A score that single samples carry: its name and unit (as of `Score`)."""

    name: Text
    unit: str


@dataclass(frozen=True)
class Result:
    """One evaluation. `statistics` (by key of the score) have one row for each of `samples`, in order."""

    benchmark: str
    title: str
    system: str
    language: Language
    primary: str
    counts: dict[str, int]
    scores: tuple[Score, ...]
    floors: tuple[Floor, ...]
    published: tuple[Beside, ...]
    settings: dict[str, Any]
    inputs: dict[str, dict[str, str]]
    versions: dict[str, str]
    warnings: tuple[Text, ...]
    problems: tuple[Text, ...]
    sample_scores: dict[str, Measure]
    samples: tuple[Row, ...]
    statistics: dict[str, Statistic] = field(compare=False)

    def score(self, key: str) -> Score:
        return next(score for score in self.scores if score.key == key)

    @property
    def headline(self) -> Score:
        return self.score(self.primary)


def scored(
    key: str,
    name: Text,
    statistic: Statistic,
    *,
    unit: str = "share",
    official: bool = False,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Score:
    """Return the score of a statistic with its interval; a sample counts where a column is not 0."""
    found = bootstrap(statistic, draws=draws, seed=seed)
    low, high = (None if math.isnan(edge) else round(edge, DIGITS) for edge in (found.low, found.high))
    counted = int((statistic.columns != 0).any(axis=1).sum())
    return Score(key, name, known(found.value), low, high, counted, unit, statistic.formula, official)


def aligned(statistic: Statistic, names: Iterable[str]) -> Statistic:
    """Return the statistic over all of `names`: zeros, which add nothing to a sum, where it has no sample."""
    names = tuple(names)
    rows = {name: at for at, name in enumerate(statistic.names)}
    columns = np.zeros((len(names), statistic.columns.shape[1]))
    for at, name in enumerate(names):
        if name in rows:
            columns[at] = statistic.columns[rows[name]]
    return Statistic(names, columns, statistic.formula)


def known(value: float | None) -> float | None:
    """Return the value, None where it is not a number."""
    return None if value is None or math.isnan(value) else float(value)


def to_json(result: Result) -> str:
    """Return the text of `result.json`: short things indented, one sample and one column per line."""
    body = {"format": FORMAT, "version": VERSION} | {
        name: getattr(result, name)
        for name in result.__dataclass_fields__
        if name not in ("samples", "statistics")
    }
    for name in ("scores", "floors", "published", "warnings", "problems"):
        body[name] = [asdict(item) for item in body[name]]
    body["sample_scores"] = {key: asdict(one) for key, one in result.sample_scores.items()}
    pieces = [f"{_text(name)}: {_text(value, indent=1)}" for name, value in body.items()]
    columns, chosen = _columns(result.statistics)
    samples = [_text(asdict(row)) for row in result.samples]
    pieces.append('"samples": [\n' + ",\n".join(samples) + "\n]")
    pieces.append('"columns": [\n' + ",\n".join(map(_text, columns)) + "\n]")
    pieces.append(f'"statistics": {_text(chosen)}')
    return "{\n" + ",\n".join(pieces) + "\n}\n"


def read_result(path: str | Path) -> Result:
    """Read a `result.json`. Raises AffectError, naming the field, when it is none or was changed."""
    name = shown_name(path)
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AffectError(
            f"Cannot read {name} ({error.strerror}): name the result.json that affectgpt evaluate wrote.",
            f"无法读取 {name}（{error.strerror}）：请给出 affectgpt evaluate 写出的 result.json。",
        ) from error
    except (ValueError, RecursionError) as error:
        raise AffectError(
            f"{name} is not JSON: name the result.json that affectgpt evaluate wrote.",
            f"{name} 不是 JSON：请给出 affectgpt evaluate 写出的 result.json。",
        ) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT or body.get("version") != VERSION:
        raise AffectError(
            f"{name} is not a result of format {FORMAT} {VERSION}: run affectgpt evaluate again.",
            f"{name} 不是 {FORMAT} {VERSION} 格式的结果：请重新运行 affectgpt evaluate。",
        )
    try:
        return _result(body)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        what = " ".join(str(error).split())[:120]
        raise AffectError(
            f"{name} was changed or cut ({what}): run affectgpt evaluate again.",
            f"{name} 已被改动或不完整（{what}）：请重新运行 affectgpt evaluate。",
        ) from error


def _result(body: dict) -> Result:
    samples = tuple(
        Row(
            **row
            | {
                "reference_labels": _words(row["reference_labels"]),
                "predicted_labels": _words(row["predicted_labels"]),
                "notes": tuple(_pair(note) for note in row["notes"]),
                "scores": _numbers(row["scores"]),
            }
        )
        for row in body["samples"]
    )
    names = tuple(row.name for row in samples)
    if len(set(names)) != len(names):
        raise ValueError("samples: a name comes twice")
    result = Result(
        **{name: _plain(body, name) for name in ("benchmark", "title", "system", "language", "primary")},
        **{name: _mapping(body, name) for name in ("counts", "settings", "inputs", "versions")},
        scores=tuple(_score(item) for item in body["scores"]),
        floors=tuple(
            Floor(_pair(item["name"]), _words(item["labels"]), _numbers(item["values"]))
            for item in body["floors"]
        ),
        published=tuple(Beside(**item | {"note": _pair(item["note"])}) for item in body["published"]),
        **{name: tuple(_pair(item) for item in body[name]) for name in ("warnings", "problems")},
        sample_scores={
            key: Measure(_pair(item["name"]), _plain(item, "unit"))
            for key, item in body["sample_scores"].items()
        },
        samples=samples,
        statistics=_statistics(body, names),
    )
    keys = [score.key for score in result.scores]
    if result.primary not in keys or set(result.statistics) != set(keys) or len(set(keys)) != len(keys):
        raise ValueError("scores: they do not fit primary and statistics")
    return result


def _columns(statistics: dict[str, Statistic]) -> tuple[list[list[float]], dict[str, list[int]]]:
    """Each different column once, in order of first use, and the positions that each score takes."""
    places: dict[bytes, int] = {}
    columns: list[list[float]] = []
    chosen: dict[str, list[int]] = {}
    for key, statistic in statistics.items():
        chosen[key] = []
        for column in statistic.columns.T.astype(float):
            place = places.setdefault(column.tobytes(), len(columns))
            if place == len(columns):
                columns.append([int(x) if x == int(x) else x for x in column.tolist()])
            chosen[key].append(place)
    return columns, chosen


def _statistics(body: dict, names: tuple[str, ...]) -> dict[str, Statistic]:
    columns = [np.asarray(column, dtype=float) for column in body["columns"]]
    if any(column.shape != (len(names),) or not np.isfinite(column).all() for column in columns):
        raise ValueError("columns: not one finite number per sample")
    formulas = {item["key"]: item["formula"] for item in body["scores"]}
    chosen = {}
    for key, places in _mapping(body, "statistics").items():
        if formulas[key] not in FORMULAS or not places or not all(0 <= x < len(columns) for x in places):
            raise ValueError(f"statistics: {key}")
        chosen[key] = Statistic(names, np.stack([columns[at] for at in places], axis=1), formulas[key])
    return chosen


def _score(item: dict) -> Score:
    _numbers({name: item[name] for name in ("value", "low", "high", "samples")})
    return Score(**item | {"name": _pair(item["name"])})


def _plain(body: dict, name: str) -> str:
    if not isinstance(body[name], str):
        raise ValueError(f"{name}: not a text")
    return body[name]


def _mapping(body: dict, name: str) -> dict:
    if not isinstance(body[name], dict):
        raise ValueError(f"{name}: not an object")
    return body[name]


def _words(items: list) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("labels: not a list of words")
    return tuple(items)


def _numbers(items: dict) -> dict:
    if not all(value is None or type(value) in (int, float) for value in items.values()):
        raise ValueError("scores: not numbers")
    return items


def _pair(item: dict) -> Text:
    if not isinstance(item["en"], str) or not isinstance(item["zh"], str):
        raise ValueError("a text is not in both languages")
    return Text(item["en"], item["zh"])


def _text(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
