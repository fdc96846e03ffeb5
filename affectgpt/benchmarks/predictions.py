"""Predictions of any system, ours or another's, as typed rows with everything that is wrong in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.columns import to_number
from ..data.reading import name_of
from ..data.sample import Named, Problem
from ..data.tables import read_rows
from ..schema import AffectError, Text

COLUMNS = {  # field -> the names that it goes by, in lower case; the first one is ours
    "name": ("name", "names", "filename", "video_id", "sample"),
    "text": ("text", "reason", "reasons", "description", "answer", "response"),
    "labels": ("labels", "openset", "ov_labels"),
    "sentiment": ("sentiment",),
    "emotion": ("emotion", "discrete"),
    "valence": ("valence", "val"),
    "score": ("score",),
    "steps": ("steps",),
    "truth": ("ground_truth",),
    "error": ("error",),
}
ANSWERS = ("text", "labels", "sentiment", "emotion", "valence", "score")
WARNINGS = {
    "empty": Text(
        "All {count} predictions of {name} are empty: every score will be 0.",
        "{name} 中的 {count} 条预测全部为空：所有分数都将为 0。",
    ),
    "no_labels": Text(
        "The label list of each row of {name} is empty: is it the right column?",
        "{name} 中每一行的标签列表都为空：请确认列名是否正确。",
    ),
    "mixed": Text(
        "The rows of {name} come from different runs (settings, versions or languages).",
        "{name} 的各行来自不同的运行（设置、版本或语言不同）。",
    ),
}
PROBLEMS = {
    "no_name": Text("the row has no name", "该行没有名称"),
    "twice": Text(
        "{name} comes twice: the first row (row {first}) counts",
        "{name} 重复：以第一次出现的第 {first} 行为准",
    ),
    "valence": Text("{value!r} is no number: left out", "{value!r} 不是数字：已忽略"),
    "label": Text("a label is no text: left out", "有一个标签不是文字：已忽略"),
}


@dataclass(frozen=True)
class Prediction:
    """What a system said about one clip; an absent text is "", anything else that is absent is None.

    labels: as given; a text ("[happy, sad]") is split by whoever compares it, because each set of tables has
    its own rule. sentiment: as given, too, because only the exact word counts. emotion: one discrete label.
    score, steps, truth: a judge's reply on the reasoning steps, how many or which they are, and the true
    label it saw (MME-Emotion). error: why there is no answer.
    """

    name: str
    text: str = ""
    labels: str | tuple[str, ...] | None = None
    sentiment: str | None = None
    emotion: str | None = None
    valence: float | None = None
    score: str | None = None
    steps: int | tuple[str, ...] | None = None
    truth: str | None = None
    error: str | None = None

    @property
    def empty(self) -> bool:
        """Nothing was said: the prediction counts, and as a wrong one."""
        said = (self.text.strip(), has_word(self.labels or ()), self.sentiment, self.emotion, self.score)
        return self.error is None and self.valence is None and not any(said)


@dataclass(frozen=True)
class Predictions(Named):
    """The predictions in the order of their file.

    run: the settings of `affectgpt predict` that all rows share; None for another system's file.
    """

    rows: tuple[Prediction, ...]
    source: str
    sha256: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Text, ...] = ()
    run: dict[str, Any] | None = None


def read_predictions(path: str | Path) -> Predictions:
    """Read JSONL, CSV, TSV, XLSX or Parquet with a row per clip (`COLUMNS`), or what `predict` has written.

    Raises AffectError when the file cannot be read, has no row, no column of names or none with an answer.
    """
    table = read_rows(path, only={"run"}.union(*COLUMNS.values()))  # without the clues: they are 90 % of it
    source = table.file
    _check_columns(set(table.columns), source)
    rows: dict[str, Prediction] = {}
    places: dict[str, int] = {}
    problems, runs = list(table.problems), []
    for number, row in zip(table.numbers, table.rows, strict=True):
        read, wrong = _prediction(row)
        if read is None:
            wrong = [PROBLEMS["no_name"]]
        elif read.name in rows:
            wrong = [PROBLEMS["twice"].filled(name=read.name, first=places[read.name])]
        else:
            rows[read.name], places[read.name] = read, number
            runs.append(row.get("run"))
        problems += [Problem(source, number, reason) for reason in wrong]
    return Predictions(
        rows=tuple(rows.values()),
        source=source,
        sha256=table.sha256,
        problems=tuple(problems),
        warnings=tuple(_warnings(tuple(rows.values()), runs, source)),
        run=runs[0] if runs and isinstance(runs[0], dict) and all(run == runs[0] for run in runs) else None,
    )


def _check_columns(found: set[str], source: str) -> None:
    answers = tuple(name for field in ANSWERS for name in COLUMNS[field])
    for names, also in ((COLUMNS["name"], ()), (answers, COLUMNS["error"])):
        if not found & {*names, *also}:
            listed, seen = ", ".join(names), ", ".join(sorted(found)[:12])
            raise AffectError(
                f"{source} has none of the columns {listed} (it has {seen}): rename one of its columns.",
                f"{source} 缺少以下任何一列：{listed}（现有 {seen}）：请重命名相应的列。",
            )


def _prediction(row: dict[str, Any]) -> tuple[Prediction | None, list[Text]]:
    wrong: list[Text] = []
    given = {field: _first(row, names) for field, names in COLUMNS.items()}
    name = name_of(_text(given["name"]))
    if not name:
        return None, wrong
    labels, steps = given["labels"], given["steps"]
    if isinstance(labels, Iterable) and not isinstance(labels, str):
        words = [item.get("label") if isinstance(item, dict) else item for item in labels]
        labels = tuple(word for word in words if isinstance(word, str))
        wrong += [PROBLEMS["label"]] * (len(words) - len(labels))
    valence = to_number(given["valence"])
    if given["valence"] not in (None, "") and (valence is None or not math.isfinite(valence)):
        valence = None
        wrong.append(PROBLEMS["valence"].filled(value=str(given["valence"])[:40]))
    number = to_number(steps)
    counted = int(number) if number is not None and number.is_integer() else None
    read = Prediction(
        name=name,
        text=_text(given["text"]),
        labels=labels if isinstance(labels, tuple) or labels is None else str(labels),
        valence=valence,
        steps=tuple(map(str, steps)) if isinstance(steps, list | tuple) else counted,
        sentiment=None if given["sentiment"] in (None, "") else str(given["sentiment"]),
        **{field: _text(given[field]) or None for field in ("emotion", "score", "truth", "error")},
    )
    return read, wrong


def _warnings(rows: tuple[Prediction, ...], runs: list[Any], source: str) -> Iterator[Text]:
    answered = [row for row in rows if row.error is None]
    if answered and all(row.empty for row in answered):
        yield WARNINGS["empty"].filled(count=len(answered), name=source)
    elif answered and all(row.labels is not None and not has_word(row.labels) for row in answered):
        yield WARNINGS["no_labels"].filled(name=source)
    if any(run != runs[0] for run in runs):
        yield WARNINGS["mixed"].filled(name=source)


def has_word(labels: str | tuple[str, ...]) -> bool:
    """Say whether a label list has any word in it."""
    return any(character.isalnum() for label in labels for character in label)


def _first(row: dict[str, Any], names: Sequence[str]) -> Any:
    """The first of the columns that has a value; an empty list is one, and an empty cell, None is not."""
    values = [row[name] for name in names if row.get(name) is not None and row[name] == row[name]]
    return next((value for value in values if value != ""), values[0] if values else None)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a name of digits in a spreadsheet
    return "" if value is None else str(value).strip()
