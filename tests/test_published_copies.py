"""A published copy tells nothing of one true class or number per clip, however it is looked at."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from card_folders import made_report
from made_results import evaluated, made_result, predictions, same, samples

from affectgpt.benchmarks.compare import compare
from affectgpt.benchmarks.predictions import Prediction
from affectgpt.benchmarks.result import (
    NO_COLUMNS,
    OF_COUNTS,
    may_be_published,
    read_result,
    to_json,
    without_references,
)
from affectgpt.data.sample import Sample
from affectgpt.hub.cards import render
from affectgpt.hub.results import PREDICTIONS, SCORES, recomputed, write_results
from affectgpt.metrics.statistic import FORMULAS, Statistic
from affectgpt.schema import AffectError, Text

NAMES = [f"clip_{at}" for at in range(8)]
SAID = ["happy"] * 4 + ["sad"] * 4
CLASSES = ["happy", "sad", "neutral", "angry", "sad", "angry", "happy", "sad"]
OTHERS = ["angry", "neutral", "happy", "sad", "sad", "sad", "angry", "happy"]  # moved where SAID is the same
VALENCES = [2.0, -1.0, 0.0, 0.5, -0.5, 1.5, -3.0, 0.5]
OTHER_VALENCES = [0.5, 0.0, 2.0, -1.0, 0.5, -3.0, -0.5, 1.5]
DIGITS = "<score>Step 1: 1/1, Step 2: {}/1</score>"
DATA = {"wheels": OF_COUNTS, "overlap": OF_COUNTS, "hit": (), "sentiment": (), "mme": (), None: ()}


def hits(truth, **options):
    said = [Prediction(name, labels=(word,), emotion=word) for name, word in zip(NAMES, SAID, strict=True)]
    rows = [Sample(name, emotion=word) for name, word in zip(NAMES, truth, strict=True)]
    return evaluated("mer2023", predictions(*said), samples(*rows), **{"draws": 0} | options)


def sentiments(truth):
    words = {"happy": ("positive", 1.0), "sad": ("negative", -1.0)}
    said = [
        Prediction(name, sentiment=words[word][0], valence=words[word][1])
        for name, word in zip(NAMES, SAID, strict=True)
    ]
    rows = [Sample(name, valence=value) for name, value in zip(NAMES, truth, strict=True)]
    return evaluated("cmu-mosi", predictions(*said), samples(*rows), draws=0)


def steps(truth):
    said = [
        Prediction(name, labels=(word,), score=DIGITS.format(int(word == true)))
        for name, word, true in zip(NAMES, SAID, truth, strict=True)
    ]
    rows = [Sample(name, emotion=word) for name, word in zip(NAMES, truth, strict=True)]
    return evaluated("mme-er-lab", predictions(*said), samples(*rows), draws=0)


def rows_of(work, result):
    work.mkdir()
    (work / "mine.json").write_text(to_json(result), encoding="utf-8")
    write_results(work / "out", [work / "mine.json"])
    return [pq.read_table(work / "out" / path).to_pylist() for path in (PREDICTIONS, SCORES)]


@pytest.mark.parametrize(
    ("made", "one", "two", "formulas"),
    [
        (hits, CLASSES, OTHERS, {"mean of means", "accuracy", "unweighted recall", "weighted F1"}),
        (sentiments, VALENCES, OTHER_VALENCES, {"accuracy", "weighted F1", "CCC"}),
        (steps, CLASSES, OTHERS, {"mean"}),
    ],
)
def test_two_truths_of_equal_scores_have_the_same_copy(tmp_path, made, one, two, formulas):
    both = [made(truth) for truth in (one, two)]
    assert {score.formula for score in both[0].scores} == formulas
    assert both[0].scores == both[1].scores  # what is told of the whole
    assert not same(*[replace(each, samples=()) for each in both])  # what the columns would tell
    alike = [replace(each, settings=each.settings | {"truth": "0" * 64}) for each in both]
    copies = [to_json(without_references(each)) for each in alike]
    assert copies[0] == copies[1]
    body = json.loads(copies[0])
    assert (body["columns"], body["statistics"], body["sample_scores"]) == ([], {}, {})
    assert {json.dumps(row["scores"]) for row in body["samples"]} == {"{}"}
    assert NO_COLUMNS.en in copies[0]
    tables = [rows_of(tmp_path / str(at), each) for at, each in enumerate(alike)]
    assert tables[0] == tables[1]


def test_the_order_of_a_table_sorted_by_class_is_not_told():
    result = hits(CLASSES)
    order = sorted(range(8), key=lambda at: CLASSES[at])
    turned = replace(
        result,
        samples=tuple(result.samples[at] for at in order),
        statistics={
            key: Statistic(tuple(NAMES[at] for at in order), one.columns[order], one.formula)
            for key, one in result.statistics.items()
        },
    )
    assert to_json(turned) != to_json(result)
    assert to_json(without_references(turned)) == to_json(without_references(result))


@pytest.mark.parametrize("metric", DATA)
def test_every_formula_is_decided(metric):
    result = made_result({"a": 1.0}, settings=made_result({}).settings | {"metric": metric})
    assert {formula for formula in FORMULAS if may_be_published(result, formula)} == set(DATA[metric])
    assert not may_be_published(result, "a new one")
    assert {"accuracy", "unweighted recall", "weighted F1", "CCC"} == set(FORMULAS) - set(OF_COUNTS)


def test_a_copy_is_read_and_made_once_more_without_a_change(tmp_path):
    file = tmp_path / "copy.json"
    copy = without_references(hits(CLASSES))
    file.write_text(to_json(copy), encoding="utf-8")
    assert read_result(file) == copy
    assert without_references(copy) == copy
    leaky = replace(hits(CLASSES), settings=copy.settings)  # as an earlier version made copies
    assert without_references(leaky).statistics == {}


def test_a_statistic_is_lacking_only_where_it_must(tmp_path):
    file = tmp_path / "cut.json"
    own, wheels = hits(CLASSES), without_references(read_result(made_report(tmp_path)))
    for whole in (own, wheels):
        file.write_text(to_json(replace(whole, statistics={})), encoding="utf-8")
        with pytest.raises(AffectError, match="was changed or cut"):
            read_result(file)


def test_copies_of_a_wheel_benchmark_compare_as_the_originals_do(tmp_path):
    one = read_result(made_report(tmp_path / "one"))
    truth = samples(*[(row.name, row.reference_labels) for row in one.samples])
    two = evaluated("emer-v2", predictions(*[(row.name, ["glad"]) for row in one.samples]), truth, system="B")
    gaps = compare(one, two).gaps
    found = compare(without_references(one), without_references(two))
    assert any(gap.difference for gap in gaps)
    for gap, same_gap in zip(gaps, found.gaps, strict=True):
        assert replace(same_gap, p=gap.p, a=gap.a, b=gap.b, difference=gap.difference) == gap
        assert (same_gap.a, same_gap.b, same_gap.p) == pytest.approx((gap.a, gap.b, gap.p))
    assert found.warnings == ()
    assert NO_COLUMNS not in without_references(one).warnings


def test_what_a_copy_cannot_compare_is_told_in_a_line():
    own = hits(CLASSES)
    with pytest.raises(
        AffectError, match="No score of mer2023 can be compared from published copies"
    ) as error:
        compare(own, without_references(own))
    assert "公开副本" in error.value.text.zh
    mixed = made_result({name: 1.0 for name in NAMES})
    score = replace(mixed.headline, key="class", name=Text("Right class", "类别正确"), formula="accuracy")
    table = Statistic(tuple(NAMES), np.ones((8, 1)), "accuracy")
    mixed = replace(mixed, scores=(*mixed.scores, score), statistics=mixed.statistics | {"class": table})
    assert [gap.key for gap in compare(mixed, mixed).gaps] == ["acc", "class"]
    found = compare(mixed, without_references(mixed))
    assert [gap.key for gap in found.gaps] == ["acc"]
    assert found.warnings[0].en.startswith("Not compared, as a published copy leaves out")
    assert found.warnings[0].en.endswith(": Right class.")
    assert found.warnings[0].zh.endswith("：类别正确。")


def test_what_can_be_is_computed_once_more_and_the_card_says_the_rest(tmp_path):
    report = made_report(tmp_path / "report")
    hidden = tmp_path / "hits.json"
    hidden.write_text(to_json(hits(CLASSES, draws=50)), encoding="utf-8")
    work = tmp_path / "out"
    write_results(work, [report, hidden])
    tables = {path: pq.read_table(work / path).to_pylist() for path in (PREDICTIONS, SCORES)}
    found = {one.benchmark: (len(one.statistics), len(one.scores)) for one in recomputed(work, tables)}
    assert found["mer2023"] == (0, 7)
    assert found["emer-v2"][0] == found["emer-v2"][1] > 0
    card = render("results", work, "ORG/results")
    assert card.problems == ()
    assert (
        "affectgpt compare FOLDER/results/emer-v2-toy-7b.json your-report/result.json\n```\n\n## Results"
        in card.text
    )
    assert "where a clip has one true class or number" in card.text
    alone = tmp_path / "alone"
    write_results(alone, [hidden])
    card = render("results", alone, "ORG/results")
    assert card.problems == ()
    assert "affectgpt compare FOLDER" not in card.text
    assert "checks everything.\n\n## Results" in card.text
    assert NO_COLUMNS.en[:30] not in card.text
