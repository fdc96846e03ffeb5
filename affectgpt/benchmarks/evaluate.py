"""Predictions of any system against the truth of a benchmark: scores, intervals, floors, published rows."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from ..data.sample import Sample, Samples
from ..judges.judgement import Judge
from ..metrics.statistic import COVERAGE, DRAWS, SEED, bootstraps
from ..schema import Language, Text
from ..wheel_tables import Wheels
from . import scoring
from .answers import Answers, answers_of, true_labels
from .benchmark import Benchmark
from .notes import mistake, not_comparable, note, of_settings
from .predictions import Predictions
from .published import published
from .result import Beside, Floor, Result, Row, aligned, known, scored
from .scoring import SAMPLE_MEASURES, Found

FLOORS = (  # constant answers: one word, and one word for each basic emotion but disgust
    (Text("always happy", "恒为 happy"), ("happy",)),
    (Text("always five labels", "恒为五个标签"), ("happy", "sad", "angry", "worried", "surprised")),
)
SCORERS = {
    "wheels": scoring.by_labels,
    "hit": scoring.by_labels,
    "sentiment": scoring.by_sentiment,
    "mme": scoring.by_steps,
}
PUBLISHED_UNIT = {"percent": 0.01, "mark": 1.0, "ccc": 1.0}  # times a printed number: the unit of `Score`


def evaluate(
    benchmark: Benchmark,
    predictions: Predictions,
    samples: Samples,
    *,
    wheels: Wheels,
    judge: Judge,
    draws: int = DRAWS,
    seed: int = SEED,
    language: Language = "en",
    system: str | None = None,
    predicted_only: bool = False,
) -> Result:
    """Score `predictions` on the samples that have the truth of the benchmark.

    `wheels`: the official tables, or the project's own, whose scores are never called official. `judge`: of
    clue and label overlap, where the benchmark has descriptions, in `language`. A sample without a prediction
    counts as an empty one; with predicted_only it is left out. Raises AffectError when no sample has the
    truth, or no prediction is of one.
    """
    truth = _with_truth(benchmark, samples, language)
    left_out = truth.keys() - predictions.by_name.keys() if predicted_only else set()
    if len(left_out) < len(truth):  # else: `answers_of` tells that no name fits
        truth = {name: sample for name, sample in truth.items() if name not in left_out}
    answers = answers_of(predictions, truth, wheels)
    found = Found()
    if benchmark.metric in SCORERS:
        SCORERS[benchmark.metric](found, benchmark, truth, answers, wheels)
    if "references" in benchmark.files:
        scoring.by_judge(found, benchmark, truth, answers, judge, language)
    measured = sorted(found.measured, key=lambda one: one.detail)
    primary = benchmark.primary if any(one.key == benchmark.primary for one in measured) else measured[0].key
    names = tuple(truth)
    statistics = {one.key: aligned(one.statistic, names) for one in measured}
    intervals = bootstraps([statistics[one.key] for one in measured], draws=draws, seed=seed)
    scores = tuple(
        scored(one.key, one.name, statistics[one.key], interval, unit=one.unit, official=one.official)
        for one, interval in zip(measured, intervals, strict=True)
    )
    settings = {
        "metric": benchmark.metric,
        "truth": _digest(benchmark, truth, language),
        "wheels": None,
        "judge": None,
        "labels": answers.read,
        "cleaned": dict(sorted(samples.cleaned.items())),  # artefacts taken out of the references
        "bootstrap": {"draws": draws, "seed": seed, "coverage": COVERAGE},
    } | found.settings
    counts = _counts(truth, answers, predictions, samples)
    why = not_comparable(benchmark, primary, counts, settings)
    warnings = [*of_settings(benchmark, counts, settings), *found.warnings, *predictions.warnings]
    if left_out:
        warnings.insert(0, note("left_out", count=len(left_out)))
    if scores[0].value is None:
        warnings.insert(0, note("no_interval"))
    return Result(
        benchmark=benchmark.name,
        title=benchmark.title,
        system=system or predictions.source.rsplit(".", 1)[0],
        language=language,
        primary=primary,
        counts=counts,
        scores=scores,
        floors=_floors(found, names),
        published=_published(benchmark, why),
        settings=settings,
        inputs={
            "data": dict(sorted(samples.files.items())),
            "predictions": {predictions.source: predictions.sha256},
            "wheels": dict(wheels.sha256) if settings["wheels"] else {},
        },
        versions=_versions(),
        warnings=tuple(warnings),
        problems=tuple(problem.text for problem in (*samples.problems, *predictions.problems)),
        sample_scores={key: SAMPLE_MEASURES[key] for key in found.samples},
        samples=tuple(_row(sample, benchmark, answers, found, language) for sample in truth.values()),
        statistics=statistics,
    )


def _with_truth(benchmark: Benchmark, samples: Samples, language: Language) -> dict[str, Sample]:
    has: dict[str, Callable[[Sample], Any]] = {
        "labels": lambda sample: sample.labels is not None,
        "emotion": lambda sample: sample.emotion is not None,
        "valence": lambda sample: sample.valence is not None,
        "reference": lambda sample: sample.reference[language],
        "steps": lambda sample: True,
    }
    found = {sample.name: sample for sample in samples if has[benchmark.truth](sample)}
    if (
        not found
        and benchmark.truth == "reference"
        and any(x.reference.en or x.reference.zh for x in samples)
    ):
        raise mistake("other_language", language=language)
    if not found:
        raise mistake("no_truth", benchmark=benchmark.name, truth=benchmark.truth, count=len(samples))
    return found


def _counts(
    truth: dict[str, Sample], answers: Answers, predictions: Predictions, samples: Samples
) -> dict[str, int]:
    given = predictions.by_name.keys()
    return {
        "reference": len(truth),
        "predicted": len(truth.keys() & given),
        "missing": len(truth.keys() - given),
        "errors": sum(row.error is not None for row in answers.rows.values()),
        "labels": sum(map(len, answers.labels.values())),
        "unlabelled": sum(not labels for labels in answers.labels.values()),
        "unknown": len(given - truth.keys()),
        "problems": len(predictions.problems) + len(samples.problems),
    }


def _floors(found: Found, names: Sequence[str]) -> tuple[Floor, ...]:
    floors = []
    for name, labels in FLOORS if found.of_constant else ():
        said = dict.fromkeys(names, labels)
        measured = [one for constant in found.of_constant for one in constant(said)]
        floors.append(Floor(name, labels, {one.key: known(one.statistic.value) for one in measured}))
    return tuple(floors)


def _published(benchmark: Benchmark, why: Text | None) -> tuple[Beside, ...]:
    return tuple(
        Beside(
            f"{row.system} ({row.input})" if row.input else row.system,
            round(row.value * PUBLISHED_UNIT[row.unit], 6),
            row.source,
            row.year,
            why is None,
            why or Text("", ""),
        )
        for row in published(benchmark)
    )


def _row(sample: Sample, benchmark: Benchmark, answers: Answers, found: Found, language: Language) -> Row:
    answer = answers.rows[sample.name]
    return Row(
        name=sample.name,
        reference_labels=true_labels(benchmark, sample),
        predicted_labels=answers.labels[sample.name],
        reference_text=sample.reference[language],
        predicted_text=answer.text,
        scores={key: values[sample.name] for key, values in found.samples.items()},
        error=answer.error,
        notes=tuple(found.notes.get(sample.name, ())),
    )


def _digest(benchmark: Benchmark, truth: dict[str, Sample], language: Language) -> str:
    """sha256 of what the predictions are compared with, whichever file it came from."""
    rows = [
        (name, true_labels(benchmark, one), one.reference[language]) for name, one in sorted(truth.items())
    ]
    text = json.dumps(rows, ensure_ascii=False).encode("utf-8", "backslashreplace")  # half a character, too
    return hashlib.sha256(text).hexdigest()


def _versions() -> dict[str, str]:
    return {
        "affectgpt": version("affectgpt"),
        "numpy": version("numpy"),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
