"""Every number that a card gives for a result must be in a result file, as it is rounded there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..benchmarks.result import Result
from ..metrics.statistic import COVERAGE
from ..report.words import number
from .card_results import cell

HEADING = re.compile(r"^(#{2,6})\s+(.*?)\s*$")  # the first level is the repository's name
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
CELL = re.compile(r"(?<!\\)\|")
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:[.,]\d+)*(?![\w])")
OF_RESULTS = re.compile(r"result|score|evaluation|benchmark|performance|结果|评测|分数", re.IGNORECASE)


def untraced(text: str, matter: Mapping[str, Any], results: Mapping[str, Result]) -> Iterator[str]:
    """Numbers in sections about results, in tables that look like it, and in the model-index."""
    linked: list[Result] = []
    for line, head in _result_lines(text):
        linked = [result for path, result in results.items() if path in line] or linked
        among = linked or list(results.values())
        for piece in CELL.split(line) if line.startswith("|") else [line]:
            allowed = {f"{100 * COVERAGE:g}"}.union(*(_numbers(one, line, piece) for one in among))
            plain = _without_names(CODE.sub(" ", re.sub(r"\]\([^)]*\)", "]", piece)), among)
            for token in NUMBER.findall(plain):
                if token.replace("−", "-") not in allowed:
                    yield f"{token} ({shortened(head)})"
    for index in matter.get("model-index") or ():
        for entry in index.get("results", ()):
            for metric in entry.get("metrics", ()):
                result = results.get((metric.get("args") or {}).get("file", ""))
                values = {score.key: score.value for score in result.scores} if result else {}
                value = metric.get("value")
                if metric.get("type") not in values or value != values[metric["type"]]:
                    yield f"{value} (model-index)"


def _result_lines(text: str) -> Iterator[tuple[str, str]]:
    """Lines under a heading about results, and of tables whose head is about scores; with that heading."""
    plain = re.sub(r"^(\s*---\n.*?\n---\n)", "", text, flags=re.DOTALL)
    plain = re.sub(r"```.*?```", "", plain, flags=re.DOTALL)
    heads, table = ["", ""], ""
    for line in plain.splitlines():
        if match := HEADING.match(line):
            heads = [match[2], ""] if len(match[1]) == 2 else [heads[0], match[2]]
        table = (table or line) if line.startswith("|") else ""
        if not match and any(OF_RESULTS.search(text) for text in (*heads, table)):
            yield line, next(filter(None, reversed(heads)), table)


def _numbers(result: Result, line: str, piece: str) -> set[str]:
    """What a piece of a line may say of a result, as it is printed: in a table's row, of the score it names.

    What a constant answer reaches is allowed only beside the name of that answer.
    """
    row = line.startswith("|")
    first = CELL.split(line)[1].strip(" *") if row else ""
    scores = [score for score in result.scores if row and first == cell(score.name.en)] or result.scores
    floors = [floor for floor in result.floors if floor.name.en in piece]
    found = set() if row else {str(value) for value in result.counts.values()}
    for score in scores:
        values = (score.value, score.low, score.high, *(floor.values.get(score.key) for floor in floors))
        found |= {str(score.samples), *(number(value, score.unit) for value in values)}
    return found


def _without_names(line: str, results: Iterable[Result]) -> str:
    """The line without texts of the results that hold digits of their own: titles, warnings, versions."""
    known: set[str] = set()
    for result in results:
        wheels, judge = (result.settings.get(tool) or {} for tool in ("wheels", "judge"))
        known |= {result.title, result.system, *(score.name.en for score in result.scores)}
        known |= {floor.name.en for floor in result.floors} | {text.en for text in result.warnings}
        known |= {f"{name} {value}" for name, value in result.versions.items()}
        known |= {f"{wheels.get('name')} {wheels.get('year')}", str(wheels.get("name"))}
        known |= {str(judge.get("name"))}
    for name in sorted(known, key=len, reverse=True):
        if name:
            line = line.replace(cell(name), " ").replace(name, " ")
    return line


def shortened(what: Any) -> str:
    """Return a value in at most 100 characters."""
    text = " ".join(str(what).split())
    return text if len(text) <= 100 else text[:99] + "…"
