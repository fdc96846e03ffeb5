"""`result.json`: what is written is read back, and what was changed is refused by the name of the field."""

import json

import numpy as np
import pytest
from made_results import evaluated, made_result, predictions, same, samples

from affectgpt.benchmarks.result import aligned, read_result, scored, to_json
from affectgpt.metrics.statistic import Statistic, bootstrap
from affectgpt.schema import AffectError, Text

RESULT = made_result({"a": 1.0, "b": 0.0, "c": None})


def written(tmp_path, text):
    file = tmp_path / "result.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_round_trip(tmp_path):
    for mark in ("", "\ufeff"):  # an editor may have put it there
        assert same(read_result(written(tmp_path, mark + to_json(RESULT))), RESULT)
    text = samples(("a", ["happy"]), ("b", ["</script>\u2028“引用”"]))
    real = evaluated("mer2025-ov", predictions(("a", ("happy", "sad"))), text)
    back = read_result(written(tmp_path, to_json(real)))
    assert same(back, real)
    assert to_json(back) == to_json(real)
    columns = [tuple(column) for column in json.loads(to_json(real))["columns"]]
    assert len(set(columns)) == len(columns)  # each once, however many scores use it


def test_the_file_says_what_it_is():
    body = json.loads(to_json(RESULT))
    assert (body["format"], body["version"]) == ("affectgpt-result", 1)
    assert body["scores"][0]["value"] == 0.5
    assert body["scores"][0]["samples"] == 2  # c has no value
    assert body["columns"] == [[1, 1, 0], [1, 0, 0]]
    assert body["statistics"] == {"acc": [0, 1]}


def test_bounds_have_no_more_digits_than_a_bootstrap_knows():
    statistic = Statistic(("a", "b", "c"), np.array([[3.0, 1.0]] * 3), "mean")
    third = scored("x", Text("x", "x"), statistic, bootstrap(statistic))
    assert (third.value, third.low, third.high) == (1 / 3, 0.333333, 0.333333)


def test_samples_that_a_statistic_lacks_add_nothing():
    half = Statistic(("b",), np.array([[1.0, 0.5]]), "mean")
    whole = aligned(half, ("a", "b"))
    assert whole.columns.tolist() == [[0, 0], [1, 0.5]]
    assert whole.value == 0.5
    nothing = aligned(half, ("a",))
    empty = scored("x", Text("x", "x"), nothing, bootstrap(nothing))
    assert (empty.value, empty.low, empty.high, empty.samples) == (None, None, None, 0)


def changed(change):
    body = json.loads(to_json(RESULT))
    change(body)
    return json.dumps(body)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "not a result of format"),
        (changed(lambda x: x.update(version=2)), "not a result of format"),
        (changed(lambda x: x.pop("scores")), "scores"),
        (changed(lambda x: x["columns"][0].pop()), "columns: not one finite number"),
        (changed(lambda x: x["columns"][0].__setitem__(0, "1e999")), "columns: not one finite number"),
        (changed(lambda x: x["statistics"].update(acc=[7])), "statistics: acc"),
        (changed(lambda x: x["statistics"].update(acc=[-2, 1])), "statistics: acc"),
        (changed(lambda x: x["scores"][0].update(formula="magic")), "statistics: acc"),
        (changed(lambda x: x["scores"][0].update(value="<b>")), "value: not a number"),
        (changed(lambda x: x["scores"][0].update(name={"en": 1, "zh": ""})), "en: not a text"),
        (changed(lambda x: x["samples"][0].update(reference_labels="happy")), "reference_labels: not a list"),
        (changed(lambda x: x["samples"][1].update(name="a")), "a name comes twice"),
        (changed(lambda x: x["samples"][1].update(surprise=1)), "surprise"),
        (changed(lambda x: x.update(primary="nothing")), "do not fit"),
        (changed(lambda x: x.update(system=3)), "system: not a text"),
    ],
)
def test_what_was_changed_is_refused(tmp_path, text, line):
    with pytest.raises(AffectError, match=line) as caught:
        read_result(written(tmp_path, text))
    assert "\n" not in caught.value.text.en
    assert str(tmp_path) not in caught.value.text.en
