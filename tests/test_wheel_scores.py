"""Emotion-wheel scores and HIT by hand, on the made tables of `wheel_files`."""

import math

import pandas as pd
import pytest
from wheel_files import write_tables

from affectgpt.metrics.hits import hit_or_not, hit_rate, hit_statistics
from affectgpt.metrics.statistic import bootstrap
from affectgpt.metrics.wheels import sample_scores, wheel_scores, wheel_statistics
from affectgpt.wheel_tables import load_wheels

# a: glad is bright, -, up, near, -; its prediction adds the core of gloomy where a wheel has it.
# b: gloomy, fuming are {dark, fire}, {dark}, {down}, {far}, {}; weepy is dark, -, down, far, -.
# c: unknown, so skipped everywhere. d: mild is on wheel 5 only; nothing was predicted.
REFERENCES = {"a": "glad", "b": "[gloomy, fuming]", "c": "zzz", "d": ["Mild "]}
PREDICTIONS = {"a": "joy, gloom, joy", "b": "['weepy']", "c": "glad", "d": ""}
METRICS = {  # n_counted, precision, recall, f; None where the years differ
    "case1": (3, 0, 0, None),
    "case2": (3, 0, 0, None),
    "case3_wheel1_level1": (2, 0.75, 0.75, 0.75),  # (1/2 + 1) / 2, (1 + 1/2) / 2
    "case3_wheel1_level2": (2, 0.25, 0.5, 1 / 3),  # sunny of {sunny, grey}; wet is not in {grey, hot}
    "case3_wheel2_level1": (1, 0, 0, None),  # b alone counts, and weepy is not on this wheel
    "case3_wheel2_level2": (1, 0, 0, None),
    "case3_wheel3_level1": (2, 0.75, 1, 6 / 7),
    "case3_wheel3_level2": (2, 0.75, 1, 6 / 7),
    "case3_wheel4_level1": (2, 0.75, 1, 6 / 7),
    "case3_wheel4_level2": (2, 0.75, 1, 6 / 7),
    "case3_wheel5_level1": (1, 0, 0, None),  # d alone
    "case3_wheel5_level2": (1, 0, 0, None),
}
LEVEL1, LEVEL2 = (0.75 + 12 / 7) / 5, (1 / 3 + 12 / 7) / 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(params=[2025, 2026])
def wheels(request, folder):
    return load_wheels(folder, year=request.param, check=False)


@pytest.fixture(scope="module")
def of_2026(folder):
    return load_wheels(folder, year=2026, check=False)


def test_the_corpus_by_hand(wheels):
    got = wheel_scores(REFERENCES, PREDICTIONS, wheels=wheels)
    undefined = math.nan if wheels.year == 2025 else 0
    for case, (count, precision, recall, f) in METRICS.items():
        wanted = {"n_counted": count, "precision": precision, "recall": recall}
        wanted["f"] = undefined if f is None else f
        assert got["metrics"][case] == pytest.approx(wanted, nan_ok=True), case
    assert list(got["metrics"]) == list(METRICS)
    if wheels.year == 2025:
        assert all(math.isnan(got[key]) for key in ("m_avg_12", "mer2025_final"))
        assert all(math.isnan(got[key]["f"]) for key in ("level1", "level2"))
    else:
        assert got["level1"]["f"] == pytest.approx(LEVEL1)
        assert got["level2"]["f"] == pytest.approx(LEVEL2)
        assert got["m_avg_12"] == pytest.approx((LEVEL1 + LEVEL2) * 5 / 12)
        assert got["mer2025_final"] == pytest.approx((LEVEL1 + LEVEL2) / 2)
    assert got["level1"]["precision"] == pytest.approx((0.75 * 3) / 5)
    assert got["level2"]["recall"] == pytest.approx((0.5 + 2) / 5)
    assert got["tables"]["year"] == wheels.year
    assert got["tables"]["file"] == "format.csv"
    assert got["tables"]["sha256"] == wheels.sha256["format.csv"]


def test_a_level_puts_its_means_on_top(of_2026):
    assert "f" not in wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026)
    for level in (1, 2):
        got = wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026, level=level)
        assert {key: got[key] for key in ("f", "precision", "recall")} == got[f"level{level}"]
        assert wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026, level=f"level{level}") == got
    with pytest.raises(ValueError, match="levels 1 and 2, not 3"):
        wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026, level=3)


def test_coverage(of_2026):
    got = wheel_scores(REFERENCES, PREDICTIONS | {"d": "mild, qqq, zzz"}, wheels=of_2026)["coverage"]
    # five words of references (zzz unknown; mild on wheel 5 only), eight of predictions (joy twice)
    assert got["case1"] == {"references_unmapped": 0.2, "predictions_unmapped": 2 / 8, "samples_skipped": 1}
    wheel1 = {"references_unmapped": 0.4, "predictions_unmapped": 3 / 8, "samples_skipped": 2}
    assert got["case3_wheel1_level1"] == got["case3_wheel1_level2"] == wheel1
    wheel2 = {"references_unmapped": 0.6, "predictions_unmapped": 7 / 8, "samples_skipped": 3}
    assert got["case3_wheel2_level1"] == wheel2


def test_missing_predictions_score_as_empty_ones_and_others_are_ignored(of_2026):
    some = {"a": PREDICTIONS["a"], "b": None, "x": "joy", "y": "glad"}
    got = wheel_scores(REFERENCES, some, wheels=of_2026)
    assert (got["missing"], got["ignored"]) == (2, 2)
    empty = wheel_scores(REFERENCES, {"a": PREDICTIONS["a"], "b": "", "c": [], "d": "[]"}, wheels=of_2026)
    assert got["metrics"] == empty["metrics"]
    # a gives 1/2 and 1, b 0 and 0
    assert got["metrics"]["case3_wheel1_level1"] == {
        "n_counted": 2, "precision": 0.25, "recall": 0.5, "f": pytest.approx(1 / 3),
    }  # fmt: skip


def test_sequences_are_paired_in_order(of_2026):
    by_name = wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026)
    in_order = wheel_scores(list(REFERENCES.values()), tuple(PREDICTIONS.values()), wheels=of_2026)
    assert in_order == by_name
    with pytest.raises(ValueError, match="2"):
        wheel_scores(["glad"], ["glad", "joy"], wheels=of_2026)
    with pytest.raises(TypeError):
        wheel_scores("glad", "glad", wheels=of_2026)


def test_series_are_paired_by_their_index(of_2026):
    by_name = wheel_scores(REFERENCES, PREDICTIONS, wheels=of_2026)
    one, two = pd.Series(REFERENCES), pd.Series(dict(reversed(PREDICTIONS.items())))
    assert wheel_scores(one, two, wheels=of_2026) == by_name
    assert wheel_scores(one, list(PREDICTIONS.values()), wheels=of_2026)["metrics"] == by_name["metrics"]
    with pytest.raises(ValueError, match="twice"):
        wheel_scores(pd.concat([one, one]), two, wheels=of_2026)


@pytest.mark.parametrize(
    "side", [None, {"glad"}, pd.DataFrame({"labels": ["glad"]}), {"a": "glad"}.items(), (x for x in ["glad"])]
)
def test_what_is_neither_mapping_nor_sequence_is_refused(of_2026, side):
    with pytest.raises(TypeError, match="two mappings or two sequences"):
        wheel_scores(side, ["glad"], wheels=of_2026)


@pytest.mark.parametrize("labels", [5, b"glad", [["glad"]]])
def test_labels_that_are_no_words_are_refused(of_2026, labels):
    with pytest.raises(TypeError, match="labels are a text or a list of words"):
        wheel_scores({"a": labels}, {"a": "glad"}, wheels=of_2026)


def test_only_the_truth_decides_what_counts(of_2026):
    one = wheel_scores(["mild"], ["glad"], wheels=of_2026)["metrics"]["case3_wheel1_level1"]
    other = wheel_scores(["glad"], ["mild"], wheels=of_2026)["metrics"]["case3_wheel1_level1"]
    assert one["n_counted"] == 0
    assert other == {"n_counted": 1, "precision": 0, "recall": 0, "f": 0}


def test_unknown_predictions_and_synonyms_cost_nothing(of_2026):
    plain = wheel_scores(["gloomy"], ["let down"], wheels=of_2026)
    padded = wheel_scores(["gloomy"], ["let down, gloom, gloomy, zzz, qqq"], wheels=of_2026)
    for number in (1, 2, 3, 4):
        case = f"case3_wheel{number}_level2"
        assert plain["metrics"][case] == padded["metrics"][case]
        assert plain["metrics"][case]["f"] == 1


@pytest.mark.parametrize("labels", [{}, {"a": "zzz"}])
def test_nothing_to_count(wheels, labels):
    got = wheel_scores(labels, labels, wheels=wheels, level=1)
    one = got["metrics"]["case1"]
    values = [one["precision"], one["recall"], one["f"], got["f"], got["precision"], got["m_avg_12"]]
    if wheels.year == 2025:
        assert all(math.isnan(value) for value in values)
    else:
        assert values == [0] * 6
    assert one["n_counted"] == 0


def test_statistics_are_the_scores(wheels):
    for references, predictions in ((REFERENCES, PREDICTIONS), (REFERENCES, REFERENCES), ({}, {})):
        scores = wheel_scores(references, predictions, wheels=wheels)
        found = wheel_statistics(references, predictions, wheels=wheels)
        wanted = {f"level{level}_f": scores[f"level{level}"]["f"] for level in (1, 2)}
        wanted |= {"m_avg": scores["m_avg_12"], "mer2025_final": scores["mer2025_final"]}
        assert {key: found[key].value for key in wanted} == pytest.approx(wanted, nan_ok=True)
        assert found["level1_f"].names == tuple(references)


def test_hits_are_among_the_statistics(of_2026):
    references, predictions = {"a": "glad"}, {"a": "joy, weepy"}
    found = wheel_statistics(references, predictions, wheels=of_2026)["precise_hit"].columns
    wanted = hit_statistics(references, predictions, wheels=of_2026)["precise_hit"].columns
    assert found.tolist() == wanted.tolist()
    assert 0.5 in found  # a right word beside a wrong one


def test_an_interval_of_a_wheel_score(of_2026):
    references = {str(n): "glad" if n % 2 else "gloomy" for n in range(40)}
    predictions = {name: "joy" if int(name) % 4 else "weepy" for name in references}
    found = bootstrap(wheel_statistics(references, predictions, wheels=of_2026)["level1_f"])
    assert found.low < found.value < found.high < 1
    assert found.high - found.low < 0.3


def test_our_own_wheel_has_no_official_names():
    got = wheel_scores({"a": "furious, sad"}, {"a": ["angry", "joy"]}, level=1)
    assert list(got["metrics"]) == ["word", "level1", "level2"]
    assert got["metrics"]["level1"] == {"n_counted": 1, "precision": 0.5, "recall": 0.5, "f": 0.5}
    assert got["f"] == got["level2"]["f"] == 0.5
    assert got["metrics"]["word"]["f"] == 0
    assert {"m_avg_12", "mer2025_final"} & got.keys() == set()
    assert {"m_avg", "mer2025_final"} & wheel_statistics(["sad"], ["sad"]).keys() == set()
    assert wheel_statistics(["sad"], ["sad"])["level1_f"].value == 1
    assert got["tables"]["name"] == "affectgpt-wheel"


def test_scores_of_samples(of_2026):
    got = sample_scores(REFERENCES, PREDICTIONS, wheels=of_2026)
    # wheels 1, 3, 4 count a: precision 1/2, recall 1 on each
    assert [got["a"][key] for key in ("precision", "recall", "f")] == pytest.approx([0.5, 1, 2 / 3])
    # b: wheels 1 (1, 1/2), 2 (0, 0), 3 and 4 (1, 1)
    assert [got["b"][key] for key in ("precision", "recall", "f")] == pytest.approx([0.75, 0.625, 2 / 3])
    assert got["b"]["wheels"]["case3_wheel1_level1"] == {
        "reference": ["dark", "fire"], "predicted": ["dark"], "met": ["dark"],
    }  # fmt: skip
    assert got["c"]["f"] is got["c"]["precision"] is None
    assert got["d"]["f"] == 0
    assert got["a"]["predicted_words"] == ["joy", "gloom", "joy"]
    sectors = sample_scores(REFERENCES, PREDICTIONS, wheels=of_2026, level=2)
    assert sectors["b"]["f"] == pytest.approx((0 + 0 + 1 + 1) / 4)


def test_hit_rate_by_hand(of_2026):
    # cores on wheels 1-4: glad bright - up near; gloomy dark dark down far; fuming fire dark - -
    references = {"a": "glad", "b": "gloomy", "c": "fuming", "d": "neutral", "e": "mild"}
    predictions = {"a": "joy, weepy", "b": "joy, zzz", "c": "cross", "d": "neutral"}
    got = hit_rate(references, predictions, wheels=of_2026)
    wheel1 = got["per_wheel"]["case3_wheel1_level1"]
    assert wheel1["hit_per_sample"] == {"a": 1, "b": 0, "c": 1, "d": None, "e": None}
    assert wheel1["n_counted"] == 3
    assert wheel1["hitrate"] == pytest.approx(2 / 3)
    assert wheel1["mscore"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    rates = [each["hitrate"] for each in got["per_wheel"].values()]
    assert rates == pytest.approx([2 / 3, 1 / 2, 1 / 2, 1 / 2, 0])
    assert got["hit_rate"] == pytest.approx(sum(rates) / 5)
    assert got["mscore"] == pytest.approx((1 / 2 + 1 / 2 + 1 / 4 + 1 / 4 + 0) / 5)
    assert (got["missing"], got["ignored"]) == (1, 0)
    assert got["tables"]["year"] == 2026
    found = hit_statistics(references, predictions, wheels=of_2026)
    assert found["hit_rate"].value == got["hit_rate"]
    assert found["mscore"].value == got["mscore"]
    # precise: wheel 1: a 1/2, c 1; wheel 2: b 0, c 1; wheels 3, 4: a 1/2, b 0; wheel 5: e 0
    precise = (1.5 / 3 + 1 / 2 + 0.5 / 2 + 0.5 / 2 + 0) / 5
    assert found["precise_hit"].value == pytest.approx(precise)
    # d counts everywhere and is right; e, missing, is wrong on wheel 5
    neutral = (3 / 4 + 2 / 3 + 2 / 3 + 2 / 3 + 1 / 2) / 5
    assert found["neutral_accuracy"].value == pytest.approx(neutral)


def test_long_answers_pay_in_the_precise_hit(of_2026):
    def scores(prediction):
        found = hit_statistics(["glad", "mild, gloomy, edgy, cross"], [prediction, "joy"], wheels=of_2026)
        return found["hit_rate"].columns[0].tolist()[:2], found["precise_hit"].columns[0].tolist()[:2]

    assert scores("joy") == ([1, 1], [1, 1])
    assert scores("joy, glad, gladness") == ([1, 1], [1, 1])  # one core
    assert scores("joy, weepy, fuming, zzz") == ([1, 1], [1, 0.25])
    assert scores("weepy") == ([1, 0], [1, 0])


def test_neutral_counts_in_the_neutral_accuracy(of_2026):
    def scores(prediction):
        return hit_statistics(["neutral"], [prediction], wheels=of_2026)["neutral_accuracy"].value

    assert [scores(raw) for raw in ("", "[]", "Neutral", "joy, neutral")] == [1] * 4
    assert [scores(raw) for raw in ("joy", "zzz")] == [0] * 2
    assert math.isnan(hit_statistics(["neutral"], ["neutral"], wheels=of_2026)["hit_rate"].value)


def test_candidates_are_the_references_as_they_are_written(of_2026):
    got = hit_rate(["Glad", "[gloomy]"], ["joy", "gloomy"], wheels=of_2026)
    wheel1 = got["per_wheel"]["case3_wheel1_level1"]
    assert (wheel1["hitrate"], wheel1["mscore"]) == (1, 0)
    assert math.isnan(got["hit_rate"])  # nothing on wheel 5
    assert (
        hit_rate([["gloomy"]], ["gloom"], wheels=of_2026)["per_wheel"]["case3_wheel1_level1"]["mscore"] == 1
    )


@pytest.mark.parametrize(
    ("reference", "prediction", "hit"),
    [
        ("glad", "edgy, joy", True),
        ("glad", "gloomy", False),
        ("gloomy", "cross", True),  # wheel 2
        ("zzz", "zzz", False),
        ("[]", None, True),
        ("neutral", "", True),
        ("neutral, glad", [], True),
        ("neutral", "joy", False),
        ("Neutral", "neutral", False),
        ("neutral", "zzz, neutral", True),
    ],
)
def test_hit_or_not(of_2026, reference, prediction, hit):
    assert hit_or_not(reference, prediction, wheels=of_2026) is hit


def test_our_own_wheel_hits():
    assert hit_or_not("furious", ["angry"])
    assert not hit_or_not("furious", "happy")
    assert hit_rate({"a": "sad", "b": "happy"}, {"a": "heartbroken", "b": "sad"})["hit_rate"] == 0.5
