"""Toys for evaluation tests: emotion wheels of four words, predictions, references, results."""

import numpy as np

from affectgpt.benchmarks.evaluate import evaluate
from affectgpt.benchmarks.predictions import Prediction, Predictions
from affectgpt.benchmarks.result import Measure, Result, Row, scored
from affectgpt.benchmarks.table import BENCHMARKS
from affectgpt.data.sample import Sample, Samples
from affectgpt.judges.embedded import EmbeddedJudge
from affectgpt.metrics.statistic import bootstrap, mean_statistic
from affectgpt.schema import Text
from affectgpt.wheel_tables import OFFICIAL_NAME, Wheels, split_official

CASES = ("case1", "case2", *(f"case3_wheel{n}_level{level}" for n in range(1, 6) for level in (1, 2)))
PLACES = {"happy": "joy", "glad": "joy", "sad": "grief", "angry": "rage"}  # the same in every case


def made_wheels(year=2025):
    """Tables that pass for official ones: four words, three cores, each word dropped that is not here."""
    digests = {"format.csv": f"{year:064d}"}

    def place(word):
        return (PLACES.get(word),) * len(CASES)

    return Wheels(OFFICIAL_NAME, str(year), year, digests, CASES, split_official, place)


def predictions(*rows, warnings=()):
    """Each row a Prediction, or (name, labels)."""
    rows = [row if isinstance(row, Prediction) else Prediction(row[0], labels=row[1]) for row in rows]
    return Predictions(tuple(rows), "mine.jsonl", "b" * 64, warnings=tuple(warnings))


def samples(*rows):
    """Each row a Sample, or (name, labels)."""
    rows = [row if isinstance(row, Sample) else Sample(row[0], labels=tuple(row[1])) for row in rows]
    return Samples(tuple(rows), "data", files={"data.csv": "a" * 64})


def evaluated(benchmark, said, truth, *, wheels=None, judge=None, draws=50, **options):
    return evaluate(
        BENCHMARKS[benchmark], said, truth,
        wheels=wheels or made_wheels(), judge=judge or EmbeddedJudge(), draws=draws, **options,
    )  # fmt: skip


def made_result(values, *, system="A", benchmark="toy", **changes):
    """A result whose only score is the mean of `values` (name -> 0..1, or None)."""
    statistic = mean_statistic(values)
    fields = {
        "benchmark": benchmark, "title": "Toy", "system": system, "language": "en", "primary": "acc",
        "counts": {"reference": len(values), "predicted": len(values)},
        "scores": (scored("acc", Text("Accuracy", "准确率"), statistic, bootstrap(statistic, draws=50)),),
        "floors": (), "published": (), "warnings": (), "problems": (), "inputs": {}, "versions": {},
        "settings": {"metric": "wheels", "wheels": None, "judge": None, "labels": {"read": "labels"},
                     "truth": "0" * 64},
        "sample_scores": {"correct": Measure(Text("Correct", "正确"), "share")},
        "samples": tuple(
            Row(name, ("happy",), ("sad",), "", "", {"correct": value}) for name, value in values.items()
        ),
        "statistics": {"acc": statistic},
    }  # fmt: skip
    return Result(**fields | changes)


def same(one, two):
    """Whether two results are equal, their statistics included."""
    return one == two and all(
        np.array_equal(each.columns, two.statistics[key].columns) for key, each in one.statistics.items()
    )
