"""The labels of predictions and references as they are compared, and how they were obtained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..data.reading import CHINESE_COMMAS
from ..data.sample import Sample
from ..media.sniff import shown_name
from ..vocabulary import HAN, canonical
from ..wheel import parse_labels
from ..wheel_tables import Wheels, split_official
from .benchmark import Benchmark
from .notes import mistake
from .predictions import Prediction, Predictions


@dataclass(frozen=True)
class Answers:
    """The prediction of each sample that has a truth (an empty one where there is none), and its labels.

    read: where the labels come from: {read: "labels", "emotion", "text", "mixed" or "none", rows: samples by
    source, translated: samples whose Chinese labels were turned into English base words}.
    """

    rows: dict[str, Prediction]
    labels: dict[str, tuple[str, ...]]
    read: dict[str, Any]


def answers_of(predictions: Predictions, truth: Mapping[str, Sample], wheels: Wheels) -> Answers:
    """Return the answers for the samples of `truth`. Raises AffectError when no prediction is of one."""
    given = predictions.by_name
    if not given.keys() & truth.keys():
        one, two = (shown_name(next(iter(names), "?")) for names in (given, truth))
        raise mistake("no_match", one=one, two=two)
    rows = {name: given.get(name, Prediction(name)) for name in truth}
    rows = {  # an error row may carry what came before the error: it is no answer
        name: row if row.error is None else Prediction(name, error=row.error) for name, row in rows.items()
    }
    labels, ways, translated = {}, [], 0
    for name, row in rows.items():
        words, way = labels_of(row)
        labels[name] = in_english(words, wheels)
        translated += labels[name] != words
        ways.append(way)
    used = {way: ways.count(way) for way in dict.fromkeys(ways) if way}
    read = next(iter(used), "none") if len(used) < 2 else "mixed"
    return Answers(rows, labels, {"read": read, "rows": used, "translated": translated})


def labels_of(row: Prediction) -> tuple[tuple[str, ...], str | None]:
    """The words of a prediction as they are written, and where they were found.

    A text of labels is split by the official rule; where it has Chinese (which that rule cannot split), at
    Chinese commas, too, and each Chinese piece is read as a text.
    """
    if row.labels is not None:
        if not isinstance(row.labels, str) or not HAN.search(row.labels):
            return tuple(split_official(row.labels)), "labels"
        pieces = split_official(row.labels.translate(CHINESE_COMMAS))
        read = [parse_labels(piece) if HAN.search(piece) else [piece] for piece in pieces]
        return tuple(word for words in read for word in words), "labels"
    if row.emotion is not None:
        return (row.emotion,), "emotion"
    return tuple(parse_labels(row.text)), "text" if row.text else None


def true_labels(benchmark: Benchmark, sample: Sample) -> tuple[str, ...]:
    """The labels of a reference as published; of a sentiment its value, () where there is none."""
    if benchmark.truth == "valence":
        return (f"{sample.valence:+g}",)
    if benchmark.truth != "emotion" and sample.labels is not None:
        return sample.labels
    return (sample.emotion,) if sample.emotion else ()


def in_english(labels: tuple[str, ...], wheels: Wheels) -> tuple[str, ...]:
    """Chinese labels as English base words where the tables are the official ones, which have no Chinese."""
    if wheels.year is None:
        return labels
    return tuple((canonical(label) or label) if HAN.search(label) else label for label in labels)
