"""Results on a card: the copies that are published, the lines of its table, and the Hub's two forms."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..benchmarks.result import (
    FORMAT,
    NO_COLUMNS,
    NO_REFERENCES,
    Result,
    Score,
    read_result,
    to_json,
    without_references,
)
from ..report.words import interval, number
from ..schema import Text

FOLDER, EVAL_FOLDER = "results", ".eval_results"
HUB = "https://huggingface.co"
SHOWN = 4  # scores of one result on a card, the published one first; its file has all
PLACES = ("*.json", f"{FOLDER}/*.json", "*/result.json")  # of results in a folder: reports, a data set
UNITS = {"share": "0 to 1", "mark": "1 to 10", "ccc": "-1 to 1"}
TASK = "video-text-to-text"
# The data set on the Hub that a benchmark is of. A score of EMER goes to the data set that the caller names.
DATASETS = {
    "mer2023": "MERChallenge/MER2023",
    "mer2024": "MERChallenge/MER2024",
    "mer2025-ov": "MERChallenge/MER2025",
    "mer2026-fg": "MERChallenge/MER2026",
}


@dataclass(frozen=True)
class Line:
    """One line of a table of results, every cell a text; numbers are rounded here and nowhere else."""

    score: str
    value: str
    interval: str
    samples: int
    floor: str
    official: str


@dataclass(frozen=True)
class Published:
    """One result as it is published: its path in the repository, its bytes and what is in them."""

    path: str
    content: bytes
    result: Result

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def lines(self) -> list[Line]:
        return [_line(self.result, score) for score in shown_scores(self.result)]

    @property
    def warnings(self) -> list[Text]:
        """What to know, but for what the card says once."""
        return [text for text in self.result.warnings if text not in (NO_REFERENCES, NO_COLUMNS, *self._why)]

    @property
    def comparable(self) -> str:
        """Say whether published numbers are a measure of this score, and why not."""
        if not self.result.published:
            return "no published number of this benchmark is known here."
        return f"no. {self._why[0].en}" if self._why else "yes."

    @property
    def _why(self) -> list[Text]:
        return [other.note for other in self.result.published[:1] if not other.comparable]


def result_files(folder: Path) -> list[Path]:
    """The `result.json` files in a folder, by their content."""
    files = {file for pattern in PLACES for file in folder.glob(pattern)}
    return [file for file in sorted(files) if _is_result(file)]


def published(files: Iterable[Path], folder: Path) -> tuple[Published, ...]:
    """Read results and give each its place in the repository; references, and what would tell
    them, are left out.

    A file that lies in `folder`/results keeps its name. Raises AffectError for a file that is no result.
    """
    found: dict[str, Published] = {}
    for file in files:
        result = without_references(read_result(file))
        content = to_json(result).encode()
        if any(each.content == content for each in found.values()):
            continue
        stem = file.stem if file.parent == folder / FOLDER else _slug(f"{result.benchmark}-{result.system}")
        path, at = f"{FOLDER}/{stem}.json", 2
        while path in found:
            path, at = f"{FOLDER}/{stem}-{at}.json", at + 1
        found[path] = Published(path, content, result)
    return tuple(found.values())


def shown_scores(result: Result) -> list[Score]:
    """The published score and the first others."""
    return sorted(result.scores, key=lambda score: score.key != result.primary)[:SHOWN]


def model_index(results: Sequence[Published], repo: str, dataset: str | None = None) -> list[Any]:
    """The same scores as `huggingface_hub.EvalResult`s, unrounded; one without a value is left out."""
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type=TASK,
            task_name="Explainable emotion recognition",
            dataset_type=home_of(one.result, dataset) or one.result.benchmark,
            dataset_name=one.result.title,
            metric_type=score.key,
            metric_name=f"{score.name.en} ({UNITS.get(score.unit, score.unit)}{_not_official(score)})",
            metric_value=score.value,
            metric_args={"file": one.path, "system": one.result.system},  # the Hub has one source a data set
            source_name="result.json files of affectgpt evaluate",
            source_url=source_url(repo, FOLDER, "model").replace("/blob/", "/tree/"),
        )
        for one in results
        for score in shown_scores(one.result)
        if score.value is not None
    ]


def eval_files(results: Sequence[Published], repo: str, dataset: str | None = None) -> dict[str, bytes]:
    """`.eval_results/BENCHMARK.yaml` -> the published score, for benchmarks whose data are on the Hub.

    dataset: the repository of EMER. The Hub shows them on a data set's board once that is registered as a
    benchmark (its `eval.yaml` names the tasks; we call ours as the benchmark).
    """
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
    from huggingface_hub.utils import yaml_dump

    entries: dict[str, list[Any]] = {}
    for one in results:
        result, score = one.result, one.result.headline
        home = home_of(result, dataset)
        if home and score.value is not None:
            entry = EvalResultEntry(
                dataset_id=home,
                task_id=result.benchmark,
                value=score.value,
                source_url=source_url(repo, one.path, "model"),
                source_name=one.path,
                notes=f"{score.name.en}, {UNITS.get(score.unit, score.unit)}{_not_official(score)}; "
                f"95 % interval {score.low} to {score.high}; {score.samples} samples; {result.system}",
            )
            entries.setdefault(result.benchmark, []).append(entry)
    return {
        f"{EVAL_FOLDER}/{name}.yaml": yaml_dump(eval_result_entries_to_yaml(found)).encode()
        for name, found in entries.items()
    }


def home_of(result: Result, dataset: str | None) -> str | None:
    """The repository of a benchmark's data, where there is one that we know. dataset: that of EMER."""
    return dataset if result.benchmark.startswith("emer-") else DATASETS.get(result.benchmark)


def source_url(repo: str, path: str, kind: str) -> str:
    """The address of a file of a repository on the Hub."""
    return f"{HUB}/{'datasets/' if kind == 'dataset' else ''}{repo}/blob/main/{path}"


def why_not_official(result: Result, score: Score) -> str:
    """Say in a few words why a score is not the published one; "" where it is."""
    if score.official:
        return ""
    if score.unit == "mark":
        judge = result.settings.get("judge") or {}
        return f"judge: {judge.get('name', '?')}"
    wheels = result.settings.get("wheels") or {}
    return f"wheel: {wheels['name']}" if wheels and not wheels.get("official") else "own definition"


def _line(result: Result, score: Score) -> Line:
    floors = [(floor.values.get(score.key), floor.name.en) for floor in result.floors]
    best = max((each for each in floors if each[0] is not None), default=None)
    why = why_not_official(result, score)
    return Line(
        score=f"**{cell(score.name.en)}**" if score.key == result.primary else cell(score.name.en),
        value=number(score.value, score.unit),
        interval=interval(score.low, score.high, score.unit),
        samples=score.samples,
        floor=f"{number(best[0], score.unit)} ({best[1]})" if best else "–",
        official=f"no ({why})" if why else "yes",
    )


def _not_official(score: Score) -> str:
    return "" if score.official else ", not official"


def _is_result(file: Path) -> bool:
    try:
        body = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("format") == FORMAT


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60] or "result"


def cell(text: Any) -> str:
    """What a file says, as one cell of a table or one item of a list: no markup, no line break."""
    plain = " ".join(str(text).split())
    return re.sub(r"([\\`|<>\[\]{}])", r"\\\1", plain)


def code(text: Any) -> str:
    """What a file says, between backticks; Markdown knows no escapes there but a table's."""
    return " ".join(str(text).split()).replace("`", "'").replace("|", "\\|").replace("{{", "{ {")
