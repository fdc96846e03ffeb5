"""Published numbers, each with its source; only those of the same data, split and score stand together."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from .benchmark import Benchmark


@dataclass(frozen=True)
class Published:
    """One system in one setting, as printed.

    value: of the benchmark's own score; values: of all columns of its row. unit: "percent", or "mark" (1 to
    10) for EMER. input: of A sound, V picture, T subtitle, where it is told. arxiv: id, where there is one.
    evidence: P, read in the paper, README or model card; S, told by others.
    """

    system: str
    value: float
    values: dict[str, float]
    unit: Literal["percent", "mark", "ccc"]
    input: str
    year: int  # of the source
    source: str
    arxiv: str | None
    evidence: Literal["P", "S"]
    note: str


def published(benchmark: Benchmark) -> list[Published]:
    """Return the published rows of a benchmark, best first; [] where there are none."""
    if benchmark.group is None:
        return []
    rows = [row for row in group(benchmark.group) if benchmark.column in row.values]
    rows = [replace(row, value=row.values[benchmark.column]) for row in rows]
    return sorted(rows, key=lambda row: -row.value)


@cache
def group(name: str) -> tuple[Published, ...]:
    """Return all rows of a group ("MER-UniBench", "OV-MERD", ...), in the order of the data file.

    Their `value` is that of the first column they have. Raises KeyError where there is no such group.
    """
    data = _data()
    table, out = data["groups"][name], []
    for row in table["rows"]:
        source = data["sources"][row["from"]]
        arxiv = source["arxiv"]
        out.append(
            Published(
                system=row["system"],
                value=next(row["values"][column] for column in table["columns"] if column in row["values"]),
                values=dict(row["values"]),
                unit=table["unit"],
                input=row.get("input", ""),
                year=row["year"],
                source=f"arXiv {arxiv}, {source['where']}" if arxiv else source["where"],
                arxiv=arxiv,
                evidence=source["evidence"],
                note=row.get("note", ""),
            )
        )
    return tuple(out)


def groups() -> tuple[str, ...]:
    return tuple(_data()["groups"])


@cache
def _data() -> dict[str, Any]:
    return json.loads((files(__package__) / "published.json").read_text(encoding="utf-8"))
