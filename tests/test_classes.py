"""Sentiment, discrete classes and concordance, counted by hand."""

import math

import numpy as np
import pytest

from affectgpt.metrics.classes import (
    ccc,
    ccc_statistic,
    class_scores,
    class_statistics,
    sentiment_scores,
    sentiment_statistics,
)
from affectgpt.metrics.statistic import bootstrap


def test_sentiment_drops_zero_and_reads_only_exact_words():
    values = [1.0, 0.2, -0.5, -2, 0, 3, 0.0]
    said = ["positive", "Positive", "negative", "positive", "positive", "neutral", "negative"]
    # truth + + - - +, prediction + - - + -: + has TP 1, FP 1, FN 2; - has TP 1, FP 2, FN 1
    found = sentiment_scores(values, said)
    assert (found["n_counted"], found["acc"]) == (5, pytest.approx(2 / 5))
    assert found["waf"] == pytest.approx(3 / 5 * (2 / 5) + 2 / 5 * (2 / 5))


def test_sentiment_weighs_classes_by_the_truth():
    # truth + + + -, all said positive: F1 of + is 6/7, of - 0
    found = sentiment_scores([1, 1, 1, -1], ["positive"] * 4)
    assert (found["waf"], found["acc"]) == (pytest.approx(3 / 4 * 6 / 7), 0.75)


def test_sentiment_by_name_follows_the_truth():
    found = sentiment_scores({"a": 1, "b": -1, "c": -1}, {"c": "negative", "a": "positive", "x": "positive"})
    assert found == {"n_counted": 3, "waf": 1.0, "acc": 1.0, "missing": 1, "ignored": 1}


def test_sentiment_without_a_sample_left_is_no_number():
    found = sentiment_scores([0, 0.0], ["positive", "neutral"])
    assert found["n_counted"] == 0
    assert math.isnan(found["waf"])
    assert math.isnan(found["acc"])


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "high"])
def test_a_value_must_be_a_number(value):
    with pytest.raises(ValueError, match=r"'b'.*no finite number"):
        sentiment_scores({"a": 1, "b": value}, {"a": "positive", "b": "positive"})


def test_sentiment_takes_arrays_and_statistics_agree():
    values, said = np.array([1.5, -0.5, 0.0]), np.array(["positive", "positive", "negative"])
    statistics = sentiment_statistics(values, said)
    assert {key: one.value for key, one in statistics.items()} == {
        key: sentiment_scores(values, said)[key] for key in ("waf", "acc")
    }
    assert statistics["acc"].names == ("0", "1", "2")
    assert statistics["acc"].value == 0.5


TRUTH = ["happy", "happy", "happy", "sad", "sad", "angry"]
SAID = ["happy", "happy", "sad", "sad", "bored", None]


def test_class_scores_count_outsiders_as_wrong():
    found = class_scores(TRUTH, SAID)
    # happy: TP 2, said 2, true 3: F1 4/5; sad: TP 1, said 2, true 2: 2/4; angry: 0
    assert found["acc"] == pytest.approx(3 / 6)
    assert found["uar"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found["waf"] == pytest.approx((3 * 4 / 5 + 2 * 2 / 4) / 6)
    assert found["per_class"]["happy"] == {
        "precision": 1,
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(0.8),
        "n": 3,
    }
    assert found["per_class"]["angry"] == {"precision": 0, "recall": 0, "f1": 0, "n": 1}
    assert found["outside"] == {"": 1, "bored": 1}
    assert found["confusion"]["sad"] == {"angry": 0, "happy": 0, "sad": 1, "": 0, "bored": 1}
    assert list(found["confusion"]["sad"]) == ["angry", "happy", "sad", "", "bored"]
    assert found["n"] == 6


def test_classes_that_the_truth_lacks_have_no_weight():
    found = class_scores(TRUTH, SAID, classes=["sad", "happy", "bored", "angry"])
    assert list(found["per_class"]) == ["sad", "happy", "bored", "angry"]
    assert found["outside"] == {"": 1}
    assert found["uar"] == pytest.approx((2 / 3 + 1 / 2) / 3)
    assert found["per_class"]["bored"] == {"precision": 0, "recall": 0, "f1": 0, "n": 0}


def test_class_scores_by_name():
    found = class_scores({"x": "a", "y": "b"}, {"y": "b", "z": "a"})
    assert (found["acc"], found["missing"], found["ignored"]) == (0.5, 1, 1)


def test_no_samples_give_no_number():
    found = class_scores([], [])
    assert found["n"] == 0
    assert all(math.isnan(found[key]) for key in ("waf", "acc", "uar"))


def test_class_scores_refuse_a_truth_that_is_no_class():
    with pytest.raises(ValueError, match="'happy'"):
        class_scores(TRUTH, SAID, classes=["sad", "angry"])
    with pytest.raises(ValueError, match="no true label"):
        class_scores({"a": None}, {"a": "sad"})


def test_class_statistics_have_intervals():
    found = bootstrap(class_statistics(["a"] * 50 + ["b"] * 50, ["a"] * 100)["acc"])
    assert found.value == 0.5
    assert 0.38 < found.low < 0.44 < 0.56 < found.high < 0.62


def test_ccc_by_hand():
    # x: mean 2, var 2/3; y: mean 3, var 8/3; cov 4/3: 2 * 4/3 / (2/3 + 8/3 + 1)
    assert ccc([1, 2, 3], [1, 3, 5]) == pytest.approx((8 / 3) / (13 / 3))
    assert ccc({"a": 1, "b": 2, "c": 3}, {"c": 3, "b": 2, "a": 1}) == pytest.approx(1)
    assert ccc([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert ccc([1, 2, 3], [3, 5, 7]) == pytest.approx(8 / 37)  # 3 apart: (8/3) / (10/3 + 9)


def test_ccc_keeps_its_digits_far_from_zero():
    assert ccc([1e8 + 1, 1e8 + 2, 1e8 + 3], [1e8 + 1, 1e8 + 3, 1e8 + 5]) == pytest.approx(8 / 13, abs=1e-7)


def test_ccc_of_constants():
    assert math.isnan(ccc([0.1] * 3, [0.1] * 3))
    assert math.isnan(ccc([], []))
    assert ccc([0.1] * 3, [0.7] * 3) == pytest.approx(0, abs=1e-12)
    assert ccc([1, 2, 3], [2, 2, 2]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        ([1, 2], [1], "2 truths and 1 predictions"),
        ([1, math.nan], [1, 2], "nan is no finite number"),
        ({"a": 1}, {"b": 1}, "'a': None"),
        ([1], [None], "None is no finite number"),
    ],
)
def test_ccc_refuses_what_it_cannot_pair(x, y, why):
    with pytest.raises(ValueError, match=why):
        ccc(x, y)


def test_a_mapping_does_not_pair_with_a_sequence():
    with pytest.raises(TypeError, match="two mappings or two sequences"):
        ccc({"a": 1}, [1])


def test_interval_of_a_ccc_leaves_out_draws_of_one_sample():
    found = bootstrap(ccc_statistic([0.1, 0.2], [0.1, 0.2]))
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
