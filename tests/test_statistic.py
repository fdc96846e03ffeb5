"""Formulas over sums, their intervals and paired differences, against values worked out by hand."""

import math

import numpy as np
import pytest

from affectgpt.metrics import statistic
from affectgpt.metrics.statistic import FORMULAS, Statistic, bootstrap, mean_statistic, paired


def value(formula: str, *rows: tuple[float, ...]) -> float:
    return Statistic(tuple(map(str, range(len(rows)))), np.array(rows, dtype=float), formula).value


def test_mean_leaves_out_what_does_not_count():
    assert value("mean", (1, 0.5), (1, 1.0), (0, 0)) == 0.75
    assert math.isnan(value("mean", (0, 0)))


def test_mean_of_means_needs_every_wheel():
    assert value("mean of means", (1, 1, 1, 0), (0, 0, 1, 1)) == 0.75  # 1/1 and 1/2
    assert math.isnan(value("mean of means", (1, 1, 0, 0)))


def test_f_of_means_is_no_mean_of_f():
    # precision 0.5, recall 0.75: 2 * 0.375 / 1.25
    assert value("F of means", (1, 1, 0.5), (1, 0, 1)) == pytest.approx(0.6)
    assert value("F of means", (1, 0, 0)) == 0.0
    assert math.isnan(value("F of means", (0, 0, 0)))


def test_mean_f_of_means_over_two_wheels():
    rows = ((1, 1, 0.5, 1, 1, 1), (1, 0, 1, 0, 0, 0))  # 0.6 and 1
    assert value("mean F of means", *rows) == pytest.approx(0.8)


CONFUSION = [  # truth a: 3 as a, 1 as b; truth b: 1 as a, 1 as b; class c neither true nor named
    *[(1, 0, 0, 0, 0, 0, 0, 0, 0)] * 3,
    (0, 1, 0, 0, 0, 0, 0, 0, 0),
    (0, 0, 0, 1, 0, 0, 0, 0, 0),
    (0, 0, 0, 0, 1, 0, 0, 0, 0),
]


def test_scores_of_a_confusion_matrix():
    assert value("accuracy", *CONFUSION) == pytest.approx(4 / 6)
    assert value("unweighted recall", *CONFUSION) == pytest.approx((3 / 4 + 1 / 2) / 2)
    # F1: a 6/8, b 2/4, c 0; shares 4/6, 2/6, 0
    assert value("weighted F1", *CONFUSION) == pytest.approx(4 / 6 * 0.75 + 2 / 6 * 0.5)


@pytest.mark.parametrize("formula", ["accuracy", "unweighted recall", "weighted F1", "CCC", "mean"])
def test_nothing_is_not_a_number(formula):
    size = {"mean": 2, "CCC": 6}.get(formula, 4)
    empty = Statistic((), np.zeros((0, size)), formula)
    found = bootstrap(empty)
    assert all(math.isnan(x) for x in (empty.value, found.low, found.high))


def test_ccc_of_two_constants_is_undefined_only_where_they_are_the_same():
    def rows(x, y):
        return [(1, x, y, x * x, y * y, x * y)] * 3

    assert math.isnan(value("CCC", *rows(0.1, 0.1)))
    assert value("CCC", *rows(0.1, 0.3)) == pytest.approx(0, abs=1e-9)


def test_every_draw_of_one_value_is_that_value():
    found = bootstrap(mean_statistic({"a": 0.25, "b": 0.25, "c": None}))
    assert (found.value, found.low, found.high) == (0.25, 0.25, 0.25)


def test_interval_is_that_of_the_binomial():
    # mean of 400 coins, half of them heads: 0.5 +- 1.96 * sqrt(0.25 / 400) = 0.451 .. 0.549
    coins = mean_statistic({str(at): at % 2 for at in range(400)})
    found = bootstrap(coins, draws=4000)
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.451, 0.549), abs=0.004)
    assert bootstrap(coins) == bootstrap(coins) != bootstrap(coins, seed=1)


def test_scores_drawn_together_have_the_intervals_they_have_alone():
    one, two = (
        mean_statistic({str(at): value(at) for at in range(30)}) for value in (float, lambda x: x % 3)
    )
    assert statistic.bootstraps([one, two], seed=3) == [bootstrap(one, seed=3), bootstrap(two, seed=3)]


def test_draws_are_the_same_in_pieces(monkeypatch):
    sample = mean_statistic({str(at): at for at in range(50)})
    whole = bootstrap(sample, draws=300)
    monkeypatch.setattr(statistic, "CELLS", 50 * 7)
    pieces = bootstrap(sample, draws=300)
    assert (pieces.low, pieces.high) == pytest.approx((whole.low, whole.high), abs=1e-12)


def test_paired_difference_is_drawn_together():
    # B is A less 0.1 everywhere: the difference has no spread, however wide the scores spread
    one = {str(at): at / 100 for at in range(100)}
    two = {name: x - 0.1 for name, x in reversed(one.items())} | {"other": 99.0}
    found = paired(mean_statistic(one), mean_statistic(two))
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.samples == 100
    assert found.p == pytest.approx(2 / 1001)  # no draw of 1000 says otherwise


def test_two_minus_one_is_one_minus_two_with_the_sign_turned():
    one = mean_statistic({"a": 0, "b": 1, "c": 1, "d": 0.5})
    two = mean_statistic({"d": 0.5, "c": 0, "b": 0.5, "a": 0.25})
    there, back = paired(one, two), paired(two, one)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
    assert back.p == there.p


def test_same_system_does_not_differ_from_itself():
    sample = mean_statistic({"a": 0, "b": 1})
    found = paired(sample, sample)
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_only_the_same_score_of_shared_samples_is_compared():
    one = mean_statistic({"a": 1})
    with pytest.raises(ValueError, match="share no sample"):
        paired(one, mean_statistic({"b": 1}))
    with pytest.raises(ValueError, match="two different scores"):
        paired(one, Statistic(("a",), np.ones((1, 2)), "accuracy"))


def test_every_formula_gives_one_value_per_draw():
    for name, formula in FORMULAS.items():
        assert formula(np.ones((3, 36))).shape == (3,), name
