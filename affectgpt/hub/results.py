"""Predictions and scores as a data set: what systems answered and what they reached, without any reference.

predictions/test-00000-of-00001.parquet   benchmark, system, name, labels, text, error
scores/test-00000-of-00001.parquet        benchmark, system, key, value, low, high, unit, samples, official
results/<benchmark>-<system>.json         the results themselves (`card_results.published`)

A score of one true class or number per clip is published as a whole only: no hit of a sample, which would
tell it (`benchmarks.result.may_be_published`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..benchmarks.result import Result, known, read_result
from ..media.sniff import shown_name
from ..schema import AffectError, Text
from .card_results import FOLDER, published, result_files

PARQUET = "test-00000-of-00001.parquet"
PREDICTIONS, SCORES = f"predictions/{PARQUET}", f"scores/{PARQUET}"
COLUMNS = {
    PREDICTIONS: {"benchmark": "text", "system": "text", "name": "text", "labels": "list", "text": "text",
                  "error": "text"},
    SCORES: {"benchmark": "text", "system": "text", "key": "text", "value": "number", "low": "number",
             "high": "number", "unit": "text", "samples": "count", "official": "truth"},
}  # fmt: skip
CLOSE = 1e-9  # of a score that is computed once more
SAID = {
    "none": Text(
        "{name} holds no result: name the folder that `affectgpt evaluate --report` has written.",
        "{name} 中没有评测结果：请给出 `affectgpt evaluate --report` 写出的文件夹。",
    ),
    "twice": Text(
        "Two results are of {system} on {benchmark}: publish one of them, or name the systems apart "
        "(affectgpt evaluate --system).",
        "有两个结果同为 {system} 在 {benchmark} 上的评测：请只发布其一，"
        "或用 affectgpt evaluate --system 区分。",
    ),
    "score": Text(
        "{name}: the score {key} is {found}, but its statistics give {wanted}.",
        "{name}：分数 {key} 为 {found}，但由其统计量算得 {wanted}。",
    ),
    "table": Text(
        "{name} and its tables do not agree ({what}).",
        "{name} 与其表格不一致（{what}）。",
    ),
}


def write_results(work: Path, sources: Sequence[Path]) -> set[Path]:
    """Write the results found in folders or files into the folder `work`; return the files they came from.

    Raises AffectError when there is none, when one cannot be read, and when two are of one system on one
    benchmark.
    """
    files: list[Path] = []
    for source in sources:
        found = result_files(source) if source.is_dir() else [source]
        if not found:
            raise _error("none", name=shown_name(source.absolute()))
        files += found
    ready = published(files, sources[0])
    pairs = [(one.result.benchmark, one.result.system) for one in ready]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise _error("twice", benchmark=pair[0], system=pair[1])
    for one in ready:
        (work / one.path).parent.mkdir(parents=True, exist_ok=True)
        (work / one.path).write_bytes(one.content)
    results = [one.result for one in sorted(ready, key=lambda one: one.path)]
    _write(work / PREDICTIONS, COLUMNS[PREDICTIONS], prediction_rows(results))
    _write(work / SCORES, COLUMNS[SCORES], score_rows(results))
    return set(files)


def prediction_rows(results: Iterable[Result]) -> Iterator[dict[str, Any]]:
    """Yield what each system said about each sample."""
    for result in results:
        for row in result.samples:
            yield {
                "benchmark": result.benchmark,
                "system": result.system,
                "name": row.name,
                "labels": list(row.predicted_labels),
                "text": row.predicted_text or None,
                "error": row.error,
            }


def score_rows(results: Iterable[Result]) -> Iterator[dict[str, Any]]:
    """Yield each score of each result."""
    fields = list(COLUMNS[SCORES])[2:]
    for result in results:
        for score in result.scores:
            row = {"benchmark": result.benchmark, "system": result.system}
            yield row | {field: getattr(score, field) for field in fields}


def recomputed(folder: Path, tables: dict[str, Sequence[dict[str, Any]]]) -> list[Result]:
    """Read the results of a folder, compute each score that has statistics once more, and compare the tables.

    tables: path of a Parquet file -> its rows, as they were loaded. Raises AffectError for what differs.
    """
    results = []
    for file in sorted((folder / FOLDER).glob("*.json")):
        result = read_result(file)
        for score in (score for score in result.scores if score.key in result.statistics):
            wanted = known(result.statistics[score.key].value)
            if not _equal(wanted, score.value):
                raise _error("score", name=file.name, key=score.key, found=score.value, wanted=wanted)
        results.append(result)
    for path, rows in ((PREDICTIONS, prediction_rows), (SCORES, score_rows)):
        if list(rows(results)) != [dict(row) for row in tables[path]]:
            raise _error("table", name=FOLDER, what=path)
    return results


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def _write(path: Path, columns: dict[str, str], rows: Iterable[dict[str, Any]]) -> None:
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = datasets.Value("string")
    kinds = {"text": text, "list": datasets.List(text), "number": datasets.Value("float64"),
             "count": datasets.Value("int64"), "truth": datasets.Value("bool")}  # fmt: skip
    schema = datasets.Features({name: kinds[kind] for name, kind in columns.items()}).arrow_schema
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path, compression="zstd")


def _error(key: str, /, **values: Any) -> AffectError:
    text = SAID[key].filled(**values)
    return AffectError(text.en, text.zh)
