"""`result.json`: what one evaluation found, in a form that a report, a card and a comparison can be made of.

One JSON object, UTF-8, no NaN (an undefined value is null), the same bytes for the same inputs:

    format, version        "affectgpt-result", 1
    benchmark, title       name of the row in `BENCHMARKS`, and its title in words
    system, language       whose predictions they are; language of the texts that were compared
    primary                key of the score that is published for this benchmark
    counts                 of samples: reference, predicted, missing, errors, unlabelled; of rows: unknown,
                           problems; labels: all predicted words
    scores                 key, name {en, zh}, value, low, high (bounds of the bootstrap interval), samples
                           (that count in it), unit ("share" 0..1, "mark" 1..10, "ccc" -1..1, "steps"),
                           formula (of `metrics.statistic.FORMULAS`, over the columns below), official
                           (computed as published, so that it may stand beside published numbers)
    floors                 name {en, zh}, labels, values {key: value}: constant answers on the same truth
    published              system, value (in the unit of the primary score), source, year, comparable, note
    settings               wheels, judge, bootstrap, labels, truth (sha256 of what was compared with);
                           references: "left out" in a published copy
    inputs                 {"data" | "predictions" | "wheels": {file name: sha256}}; never a path
    versions               {program: version}
    warnings, problems     [{en, zh}]: what to know; every row that could not be used as it is, and why
    sample_scores          {key: name {en, zh}, unit} of the scores that samples carry, the most telling first
    samples                name, reference and predicted labels and texts, scores, error, notes
    columns, statistics    K lists of one number per sample; for each score the positions of its own columns:
                           what `compare` draws its intervals from. A published copy has none, and no
                           scores of samples, where they would tell the truth (`may_be_published`)
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from ..data.messages import shown
from ..media.sniff import shown_name
from ..metrics.statistic import FORMULAS, Interval, Statistic
from ..schema import AffectError, Language, Text

FORMAT, VERSION = "affectgpt-result", 1
JSON_KINDS = {str: "text", tuple: "list", dict: "mapping", int: "number", float: "number", bool: "yes or no"}
TOO_LARGE = 1e30  # for a number of one sample: sums of it would overflow; NaN is not below it either
LEFT_OUT = "left out"  # settings["references"] of a copy without them
NO_REFERENCES = Text(
    "Published copy: reference labels and texts, notes of samples and problems of rows are left out, as they "
    "quote licensed data; settings.truth is the sha256 of what was compared with.",
    "公开副本：参考标签与文本、样本说明以及逐行问题因引用受许可数据而略去；settings.truth 为参考标注的 "
    "sha256。",
)
NO_COLUMNS = Text(
    "Published copy: what single samples scored is left out where it would tell the licensed class or number "
    "of a clip; to compare those scores, affectgpt compare needs the original result.json.",
    "公开副本：凡会透露片段受许可的类别或数值标注之处，均略去逐样本得分；要用 affectgpt compare "
    "比较这些分数，需使用原始 result.json。",
)
OF_SETS = ("wheels", "overlap")  # metrics with several labels or a text for each clip; others have one truth
OF_COUNTS = ("mean", "mean of means", "F of means", "mean F of means", "mean F of means, undefined stays")
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
    found: Interval,
    *,
    unit: str = "share",
    official: bool = False,
) -> Score:
    """Return the score of a statistic with the interval `found`; a sample counts where a column is not 0."""
    counted = int((statistic.columns != 0).any(axis=1).sum())
    return Score(
        key, name, known(found.value), rounded(found.low), rounded(found.high),
        counted, unit, statistic.formula, official,
    )  # fmt: skip


def aligned(statistic: Statistic, names: Iterable[str]) -> Statistic:
    """Return the statistic over all of `names`: zeros, which add nothing to a sum, where it has no sample."""
    names = tuple(names)
    rows = {name: at for at, name in enumerate(statistic.names)}
    columns = np.zeros((len(names), statistic.columns.shape[1]))
    there = [at for at, name in enumerate(names) if name in rows]
    columns[there] = statistic.columns[[rows[names[at]] for at in there]]
    return Statistic(names, columns, statistic.formula)


def known(value: float | None) -> float | None:
    """Return the value, None where it is not a number."""
    return None if value is None or math.isnan(value) else float(value)


def rounded(value: float) -> float | None:
    """Return a bound to the digits that a bootstrap knows, None where it is not a number."""
    return None if math.isnan(value) else round(float(value), DIGITS)


def without_references(result: Result) -> Result:
    """Return the result as it may be published: without what quotes or tells the data it was scored on.

    What single samples scored stays where it `may_be_published`: a paired comparison needs it; `compare` then
    goes by the sha256 of the truth. Samples are sorted by name, as a table may be sorted by its truth.
    """
    sets = result.settings.get("metric") in OF_SETS
    rows = sorted(result.samples, key=lambda row: row.name)
    names = tuple(row.name for row in rows)
    told = {score.key for score in result.scores if may_be_published(result, score.formula)}
    said = (NO_REFERENCES,) if len(told) == len(result.scores) else (NO_REFERENCES, NO_COLUMNS)
    return replace(
        result,
        settings=result.settings | {"references": LEFT_OUT},
        warnings=(*result.warnings, *(text for text in said if text not in result.warnings)),
        problems=(),
        sample_scores=result.sample_scores if sets else {},
        samples=tuple(
            replace(row, reference_labels=(), reference_text="", notes=(), scores=row.scores if sets else {})
            for row in rows
        ),
        statistics={key: aligned(one, names) for key, one in result.statistics.items() if key in told},
    )


def may_be_published(result: Result, formula: str) -> bool:
    """Say whether a published copy may hold the columns of a score of this formula.

    It may where they say how many words met, not which. A confusion matrix and the terms of a CCC hold the
    truth itself; where a clip has one true class, even a hit beside the predicted one tells it.
    """
    return formula in OF_COUNTS and result.settings.get("metric") in OF_SETS


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
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe would wait, a device never end
            raise OSError(errno.EINVAL, "not an ordinary file")
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
        what = shown(error, 120)
        raise AffectError(
            f"{name} was changed or cut ({what}): run affectgpt evaluate again.",
            f"{name} 已被改动或不完整（{what}）：请重新运行 affectgpt evaluate。",
        ) from error


def _result(body: dict) -> Result:
    body = {name: value for name, value in body.items() if name not in ("format", "version")}
    columns, chosen = (_value(kind, body.pop(x), x) for x, kind in (("columns", list), ("statistics", dict)))
    result = _value(Result, body | {"statistics": {}}, "result")
    names = tuple(row.name for row in result.samples)
    if len(set(names)) != len(names):
        raise ValueError("samples: a name comes twice")
    if "read" not in _value(dict[str, Any], result.settings.get("labels"), "settings: labels"):
        raise ValueError("settings: labels")
    formulas = {score.key: score.formula for score in result.scores}
    copy = result.settings.get("references") == LEFT_OUT
    needed = {key for key, formula in formulas.items() if not copy or may_be_published(result, formula)}
    fit = result.primary in formulas and needed <= chosen.keys() <= formulas.keys()
    if not fit or len(formulas) != len(result.scores):
        raise ValueError("scores: they do not fit primary and statistics")
    return replace(result, statistics=_statistics(columns, chosen, formulas, names))


def _value(kind: Any, value: Any, name: str) -> Any:
    """A value of JSON as the type `kind` of the field called `name`. Raises ValueError when it is none."""
    origin, kinds = get_origin(kind), get_args(kind)
    if is_dataclass(kind) and isinstance(value, dict):
        types = _types(kind)
        if odd := sorted(value.keys() ^ types.keys()):
            raise ValueError(f"{name}: {', '.join(odd)}")
        return kind(**{field: _value(of, value[field], field) for field, of in types.items()})
    if origin is tuple and isinstance(value, list):
        return tuple(_value(kinds[0], each, name) for each in value)
    if origin is dict and isinstance(value, dict):
        return {key: _value(kinds[1], each, f"{name}: {key}") for key, each in value.items()}
    if origin is UnionType:
        return None if value is None else _value(kinds[0], value, name)
    if kind is Any or (origin is Literal and value in kinds) or type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return value
    raise ValueError(f"{name}: not a {JSON_KINDS.get(origin or kind, 'value of this field')}")


_types = cache(get_type_hints)


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


def _statistics(columns: list, chosen: dict, formulas: dict, names: tuple[str, ...]) -> dict[str, Statistic]:
    columns = [np.asarray(column, dtype=float) for column in columns]
    if any(column.shape != (len(names),) or not (np.abs(column) < TOO_LARGE).all() for column in columns):
        raise ValueError("columns: not one finite number per sample")
    out = {}
    for key, places in chosen.items():
        if formulas[key] not in FORMULAS or not places or not all(0 <= x < len(columns) for x in places):
            raise ValueError(f"statistics: {key}")
        out[key] = Statistic(names, np.stack([columns[at] for at in places], axis=1), formulas[key])
    return out


def _text(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
