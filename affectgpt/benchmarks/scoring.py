"""The parts of an evaluation: labels on wheels, sentiments, reasoning steps, marks of a judge.

Each adds its statistics, its scores of single samples and its settings to what was found before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..data.sample import Sample
from ..judges.embedded import EmbeddedJudge
from ..judges.judgement import LOWEST, Judge, Judgement, Pair
from ..metrics.wheels import sample_scores, wheel_scores
from ..schema import Language, Text
from ..wheel_tables import Wheels
from . import measures
from .answers import Answers, in_english, true_labels
from .benchmark import Benchmark
from .measures import Measured
from .notes import mistake, note
from .result import Measure

Marks = dict[str, dict[str, float | None]]  # aspect -> name -> mark
Constant = Callable[[dict[str, tuple[str, ...]]], list[Measured]]

SPENT = ("calls", "tokens", "reused", "stopped")  # of a judge's settings: what it cost, not how it judged
SAMPLE_MEASURES = {
    "f": Measure(Text("F", "F"), "share"),
    "precision": Measure(Text("Precision", "精确率"), "share"),
    "recall": Measure(Text("Recall", "召回率"), "share"),
    "hit": Measure(Text("Hit", "命中"), "share"),
    "correct": Measure(Text("Correct", "正确"), "share"),
    "cot": Measure(Text("Chain of thought", "思维链"), "share"),
    "clue": Measure(Text("Clue overlap", "线索重叠"), "mark"),
    "label": Measure(Text("Label overlap", "标签重叠"), "mark"),
    "completeness": Measure(Text("Completeness", "完整性"), "share"),
}


@dataclass
class Found:
    """What the parts of one evaluation add up to."""

    measured: list[Measured] = field(default_factory=list)
    samples: dict[str, dict[str, float | None]] = field(default_factory=dict)  # measure -> name -> score
    notes: dict[str, list[Text]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: list[Text] = field(default_factory=list)
    of_constant: list[Constant] = field(default_factory=list)  # what scores a constant answer, for floors


def by_labels(
    found: Found, benchmark: Benchmark, truth: dict[str, Sample], answers: Answers, wheels: Wheels
) -> None:
    given = {name: true_labels(benchmark, sample) for name, sample in truth.items()}
    labels = {name: in_english(words, wheels) for name, words in given.items()}
    if translated := sum(labels[name] != words for name, words in given.items()):
        found.warnings.append(note("translated_truth", count=translated))
    ours = translated + answers.read["translated"] + answers.read["rows"].get("text", 0)
    official = wheels.official and wheels.year == benchmark.tables and not ours
    by = measures.by_hits if benchmark.metric == "hit" else measures.by_wheels
    metric = partial(by, official=official)
    found.measured += metric(labels, answers.labels, wheels)
    found.of_constant.append(lambda said: metric(labels, said, wheels))
    if benchmark.metric == "hit":
        by_key = {one.key: one.statistic for one in found.measured}
        found.samples["hit"] = measures.mean_of_counted(by_key["hit_rate"])
        chosen = {name: row.emotion.strip().lower() for name, row in answers.rows.items() if row.emotion}
        if chosen:
            classes = {name: words[0].strip().lower() for name, words in given.items()}
            found.measured += measures.by_class(classes, chosen)
    else:
        each = sample_scores(labels, answers.labels, wheels=wheels)
        for key in ("f", "precision", "recall"):
            found.samples[key] = {name: one[key] for name, one in each.items()}
        found.measured += measures.by_groups(labels, answers.labels)
    coverage = wheel_scores(labels, answers.labels, wheels=wheels)["coverage"]
    level1 = [wheels.cases[at] for at in wheels.at_level(1)]
    found.settings["wheels"] = wheels.table | {"official": wheels.official}
    found.settings["translated_truth"] = translated
    found.settings["coverage"] = {
        key: float(np.mean([coverage[case][key] for case in level1])) for key in next(iter(coverage.values()))
    }


def by_sentiment(
    found: Found, benchmark: Benchmark, truth: dict[str, Sample], answers: Answers, wheels: Wheels
) -> None:
    values = {name: sample.valence for name, sample in truth.items()}
    said: dict[str, str | None] = {}
    ways = []
    for name, row in answers.rows.items():
        if row.sentiment is not None:
            said[name], way = row.sentiment, "sentiment"
        elif row.valence is not None:
            sign = (row.valence > 0) - (row.valence < 0)
            said[name], way = measures.SENTIMENTS[sign + 1], "valence"
        else:
            said[name], way = measures.sentiment_of(answers.labels[name]), "labels"
        if row.error is None and not row.empty:
            ways.append(way)
    given = [row.sentiment for row in answers.rows.values() if row.sentiment is not None]
    if unread := [word for word in given if word not in measures.SENTIMENTS]:
        found.warnings.append(note("unread_sentiment", count=len(unread), value=unread[0][:40]))
    valences = {name: row.valence for name, row in answers.rows.items() if row.valence is not None}
    official = set(ways) <= {"sentiment"}
    found.settings["sentiment"] = {way: ways.count(way) for way in dict.fromkeys(ways)}
    found.measured += measures.by_sentiment(values, said, valences, official=official)
    found.of_constant.append(
        lambda constant: measures.by_sentiment(
            values, {name: measures.sentiment_of(x) for name, x in constant.items()}, {}, official=False
        )
    )
    found.samples["correct"] = {
        name: float((value > 0) == (said[name] == "positive")) if value else None
        for name, value in values.items()
    }


def by_steps(
    found: Found, benchmark: Benchmark, truth: dict[str, Sample], answers: Answers, wheels: Wheels
) -> None:
    if not any(row.score for row in answers.rows.values()):
        raise mistake("no_score", benchmark=benchmark.name)
    entries = {
        name: {"video_id": name, "score": row.score, "steps": row.steps, "ground_truth": row.truth or ""}
        for name, row in answers.rows.items()
    }
    found.measured += measures.by_steps(entries, measures.MME_TASK[benchmark.name])
    found.samples["cot"] = measures.mean_of_counted(found.measured[0].statistic)


def by_judge(
    found: Found,
    benchmark: Benchmark,
    truth: dict[str, Sample],
    answers: Answers,
    judge: Judge,
    language: Language,
) -> None:
    texts = {name: sample.reference[language] for name, sample in truth.items()}
    described = benchmark.metric == "overlap" or any(row.text for row in answers.rows.values())
    wanted = {name: true_labels(benchmark, sample) or None for name, sample in truth.items()}

    def judged(said: Mapping[str, tuple[str, tuple[str, ...] | None]]) -> tuple[Marks, list[Judgement]]:
        """Marks of texts and their labels (None: the judge finds them in the text)."""
        marks: Marks = {"clue": dict.fromkeys(truth), "label": dict.fromkeys(truth)}
        pairs, asked = [], set()
        for name, (text, labels) in said.items():
            for aspect, known in (
                ("clue", described and texts[name]),
                ("label", texts[name] or wanted[name]),
            ):
                asked |= {aspect} if known else set()
                if known and (text or (aspect == "label" and labels)):
                    pairs.append(Pair(name, aspect, text, texts[name], labels, wanted[name], language))
                elif known:
                    marks[aspect][name] = LOWEST  # nothing was said: no judge need be asked
        found = list(judge(pairs))
        for one in found:
            marks[one.aspect][one.name] = one.score
        return {aspect: values for aspect, values in marks.items() if aspect in asked}, found

    def of_constant(said: dict[str, tuple[str, ...]]) -> list[Measured]:
        return measures.by_judge(judged({name: (", ".join(x), x) for name, x in said.items()})[0])

    answered = {
        name: (row.text, answers.labels[name] if row.labels is not None or row.emotion else None)
        for name, row in answers.rows.items()
    }
    marks, judgements = judged(answered)
    for one in judgements:
        found.notes.setdefault(one.name, []).append(_reason(one))
    found.samples |= marks
    found.measured += measures.by_judge(marks)
    if isinstance(judge, EmbeddedJudge):  # it costs nothing
        found.of_constant.append(of_constant)
    if described:
        complete = measures.by_completeness({name: row.text for name, row in answers.rows.items()})
        found.measured += complete
        found.samples["completeness"] = measures.mean_of_counted(complete[0].statistic)
    else:
        found.warnings.append(note("labels_only"))
    stable = {key: value for key, value in judge.settings.items() if key not in SPENT}
    found.settings["judge"] = {"name": judge.name, "settings": stable}
    if without := sum(not text for text in texts.values()):
        found.warnings.append(note("no_text", count=without))
    if unmarked := sum(one.score is None for one in judgements):
        found.warnings.append(note("unmarked", count=unmarked))


def _reason(judgement: Judgement) -> Text:
    mark = "–" if judgement.score is None else f"{judgement.score:.2f}"
    name = SAMPLE_MEASURES[judgement.aspect].name
    return Text(f"{name.en} {mark}: {judgement.reason.en}", f"{name.zh} {mark}：{judgement.reason.zh}")
