"""What one benchmark is: its files, question, truth, metric and published numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..schema import Text

NOTHING = Text("", "")

Truth = Literal["labels", "emotion", "valence", "reference", "steps"]
Metric = Literal["wheels", "hit", "sentiment", "overlap", "mme"]


@dataclass(frozen=True)
class Benchmark:
    """One row of the table.

    files: for each thing needed ("labels", "references", "subtitles", "emotions", "valences"), the names it
    has when downloaded; () where it is given out in no table that can be read without unpickling.
    question: what a model is asked (official wording); "" where every item brings its own. truth: the field
    of a `Sample` that is compared with; "steps" is a judge's reply. classes: the truth's words for a discrete
    task. metric: which scores are computed; primary: the key in `result.json` of the one that is published;
    in `published.json` it is called `column` of `group`. tables: year of the official wheels.
    """

    name: str
    title: str
    samples: int | None  # published size
    files: dict[str, tuple[str, ...]]
    question: str
    truth: Truth
    metric: Metric
    primary: str
    group: str | None = None
    column: str | None = None
    tables: Literal[2025, 2026] | None = None
    classes: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None  # of valence
    where: Text = NOTHING  # who gives the data out, under which licence
    note: Text = NOTHING  # what to know before comparing
