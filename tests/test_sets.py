"""Sets of open-vocabulary labels with groups of synonyms, by hand."""

import math

import pytest

from affectgpt.metrics.sets import parse_groups, set_scores, set_statistics


@pytest.mark.parametrize(
    ("reply", "groups"),
    [
        ("[['happy', 'joyful'], ['sad']]", [["happy", "joyful"], ["sad"]]),
        ('[["happy"],["sad","low"]]', [["happy"], ["sad", "low"]]),
        ("Here: ['a', 'b']", [["Here: "], ["a", "b"]]),  # a part without quotation marks is one piece
        ("[happy, joyful]", [["happy, joyful"]]),
        ("[['Happy ', ' sad']]", [["Happy ", " sad"]]),  # kept as they are
        ("[['a' , 'b'] , ['c']]", [["a", "b"], ["c"]]),
        ("[['don't']]", [["don", "t"]]),
        ("[[]]", []),
        ("['']", [[]]),
        ("", []),
        (None, []),
        (math.nan, []),
    ],
)
def test_groups_are_read_as_by_the_organisers(reply, groups):
    assert parse_groups(reply) == groups


@pytest.mark.parametrize("reply", [5, ["happy"], b"[]"])
def test_what_is_no_reply_is_refused(reply):
    with pytest.raises(TypeError, match="a reply is a text"):
        parse_groups(reply)


def test_a_flat_list_is_no_list_of_groups():
    with pytest.raises(TypeError, match="list of lists"):
        set_scores({"a": "happy"}, {"a": "glad"}, {"a": ["happy", "glad"]})


def test_scores_without_groups_compare_words():
    found = set_scores(["[happy, Excited]", "sad"], [["HAPPY", "calm", "angry"], "['sad']"])
    assert found["accuracy_s"] == pytest.approx((1 / 3 + 1) / 2)
    assert found["recall_s"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["avg"] == pytest.approx((4 / 6 + 3 / 4) / 2)
    assert found["f_s"] == pytest.approx(2 * (4 / 6) * (3 / 4) / (4 / 6 + 3 / 4))
    assert found["n"] == 2


REFERENCES = {"a": "[happy, glad, calm]", "b": "[sad]", "c": "[angry]"}
PREDICTIONS = {"a": "[joyful, glad, tense]", "b": "[low]", "c": "[mad]"}


def test_words_of_a_group_become_its_first_word():
    groups = {"a": "[['happy', 'joyful', 'glad']]", "b": [["sad", "low"]], "c": None}
    found = set_scores(REFERENCES, PREDICTIONS, groups)
    # a: {happy, calm} and {happy, tense}; b: {sad} twice; c: nothing joined
    assert found["per_sample"]["a"] == {
        "accuracy": 0.5,
        "recall": 0.5,
        "reference": ["calm", "happy"],
        "prediction": ["happy", "tense"],
    }
    assert (found["accuracy_s"], found["recall_s"], found["f_s"]) == (0.5, 0.5, 0.5)


def test_a_word_in_two_groups_goes_with_the_last():
    found = set_scores(["happy"], ["calm"], ["[['happy', 'glad'], ['calm', 'happy']]"])
    assert found["per_sample"]["0"]["reference"] == ["calm"]
    assert found["f_s"] == 1


def test_groups_say_which_samples_are_scored():
    found = set_scores(REFERENCES, PREDICTIONS, {"b": "[['low', 'sad']]"})
    assert (found["n"], found["f_s"]) == (1, 1)
    with pytest.raises(ValueError, match="'z'"):
        set_scores(REFERENCES, PREDICTIONS, {"z": ""})


def test_empty_sets_score_zero_and_count():
    found = set_scores({"a": "[]", "b": "sad", "c": None, "d": "calm"}, {"a": "happy", "b": "", "c": "[]"})
    assert (found["n"], found["accuracy_s"], found["recall_s"], found["f_s"]) == (4, 0, 0, 0)
    assert found["missing"] == 1
    assert math.isnan(set_scores([], [])["accuracy_s"])


def test_order_and_repeats_do_not_matter():
    one = set_scores(["a, b"], ["b, a, a"])
    assert one["f_s"] == 1


def test_statistics_have_the_same_values():
    statistics = set_statistics(REFERENCES, PREDICTIONS)
    found = set_scores(REFERENCES, PREDICTIONS)
    assert {key: one.value for key, one in statistics.items()} == {
        key: found[key] for key in ("accuracy_s", "recall_s", "avg", "f_s")
    }
    assert statistics["f_s"].names == ("a", "b", "c")
    assert found["f_s"] == pytest.approx(1 / 9)  # only "glad" meets: 1/3 of each side in one of three
