"""Evaluation by hand-made tables: every expected value here can be computed on paper."""

import json
from dataclasses import replace

import pytest
from made_results import evaluated, made_wheels, predictions, samples

from affectgpt.benchmarks.predictions import Prediction, read_predictions
from affectgpt.benchmarks.result import to_json
from affectgpt.data import load_emer
from affectgpt.data.sample import Problem, Sample
from affectgpt.judges.judgement import Judgement
from affectgpt.schema import AffectError, Text
from affectgpt.wheel_tables import load_wheels

TRUTH = samples(("a", ["happy"]), ("b", ["sad", "angry"]), ("c", ["unheard-of"]))
SAID = predictions(("a", ("happy", "sad")), ("b", "[sad]"), ("stranger", ("angry",)))


def told(result):
    return " ".join(text.en for text in result.warnings)


@pytest.fixture(scope="module")
def result():
    return evaluated("mer2025-ov", SAID, TRUTH)


def test_wheel_scores_are_those_of_the_tables(result):
    # a: P 1/2, R 1; b: P 1, R 1/2; c is skipped; so P = R = F = 3/4 on every wheel
    assert result.primary == "mer2025_final"
    for key in ("mer2025_final", "level1_f", "level2_precision", "level1_recall", "m_avg", "case1_f"):
        assert result.score(key).value == pytest.approx(0.75), key
    assert result.headline.samples == 2
    assert result.headline.low == pytest.approx(2 / 3, abs=1e-6)  # a draw of a alone, or of b alone
    assert result.headline.high == pytest.approx(3 / 4)  # any draw of both
    assert result.headline.official
    assert result.samples[0].scores == {"f": pytest.approx(2 / 3), "precision": 0.5, "recall": 1.0}
    assert result.samples[2].scores["f"] is None


def test_everything_is_counted_and_told(result):
    assert result.counts == {
        "reference": 3, "predicted": 2, "missing": 1, "errors": 0, "labels": 3, "unlabelled": 1,
        "unknown": 1, "problems": 0,
    }  # fmt: skip
    assert "without a prediction: 1 of 3" in told(result)
    assert "other names, ignored: 1" in told(result)
    assert "3 of the 1200" in told(result)
    assert result.settings["coverage"]["references_unmapped"] == pytest.approx(1 / 4)
    assert result.settings["wheels"]["year"] == 2025
    assert result.system == "mine"
    keys = [score.key for score in result.scores]
    assert keys.index("f_s") < keys.index("case1_f") < keys.index("accuracy_s")  # details come last


def test_bad_rows_of_both_sides_are_told():
    bad = [replace(side, problems=(Problem(side.source, 1, Text("odd", "怪")),)) for side in (SAID, TRUTH)]
    found = evaluated("mer2025-ov", *bad)
    assert [text.en for text in found.problems] == ["data, row 1: odd", "mine.jsonl, row 1: odd"]
    assert found.counts["problems"] == 2


def test_floors_stand_on_the_same_truth(result):
    happy, five = (floor.values["level1_f"] for floor in result.floors)
    assert result.floors[1].values["level1_precision"] == pytest.approx(1 / 2)
    assert result.floors[1].values["level1_recall"] == 1
    assert happy == pytest.approx(0.5)  # a: 1, 1; b: 0, 0
    assert five == pytest.approx(2 * (1 / 2) / (3 / 2))  # a: 1/3, 1; b: 2/3, 1: P = 1/2, R = 1


def test_a_published_number_stands_beside_only_what_is_comparable():
    rows = [(f"n{at}", ["happy"]) for at in range(1200)]
    said = predictions(*[(name, ("happy",)) for name, _ in rows])
    whole = evaluated("mer2025-ov", said, samples(*rows), draws=2)
    assert whole.published
    assert all(row.comparable for row in whole.published)
    assert whole.published[0].value == 0.4671
    assert whole.published[0].source
    few = evaluated("mer2025-ov", said, samples(*rows[:900]), draws=2)
    assert not any(row.comparable for row in few.published)
    assert "900 of the 1200" in few.published[0].note.en
    parsed = predictions(*[Prediction(name, text="She is happy.") for name, _ in rows])
    from_text = evaluated("mer2025-ov", parsed, samples(*rows), draws=2)
    assert from_text.headline.value == 1
    assert not from_text.published[0].comparable
    assert "parse_labels" in told(from_text)
    assert from_text.settings["labels"]["read"] == "text"
    some = evaluated("mer2025-ov", predictions(*said[:1188]), samples(*rows), draws=2)
    assert some.published[0].comparable  # 1 % is missing
    most = evaluated("mer2025-ov", predictions(*said[:1187]), samples(*rows), draws=2)
    assert "without a prediction: 13 of 1200" in most.published[0].note.en
    assert not any(row.comparable for row in most.published)
    other = evaluated("mer2025-ov", said, samples(*rows), wheels=made_wheels(2026), draws=2)
    assert not other.published[0].comparable
    assert "2026" in other.published[0].note.en


def test_the_own_wheel_is_never_called_official():
    own = evaluated("mer2025-ov", SAID, TRUTH, wheels=load_wheels())
    assert own.primary == "level1_f"
    assert own.score("level1_f").value == pytest.approx(0.75)
    assert not any(score.official for score in own.scores)
    assert not any(row.comparable for row in own.published)
    assert "not the official score" in told(own)
    assert own.settings["wheels"]["name"] == "affectgpt-wheel"


def test_chinese_labels_reach_english_tables():
    said = predictions(("a", ("高兴",)), ("b", "悲伤、生气"))
    result = evaluated("mer2025-ov", said, samples(("a", ["开心"]), ("b", ["sad", "angry"])))
    assert result.headline.value == 1
    assert result.settings["labels"]["translated"] == 2
    assert "Chinese labels" in told(result)


def test_english_words_beside_chinese_ones_stay_as_they_are():
    said = predictions(("a", "[not happy, Zorp, 很开心，sad]"), ("b", "[he is very happy]"))
    result = evaluated("mer2025-ov", said, samples(("a", ["happy"]), ("b", ["sad"])))
    assert result.samples[0].predicted_labels == ("not happy", "Zorp", "happy", "sad")
    assert result.samples[1].predicted_labels == ("he is very happy",)
    assert result.settings["labels"]["translated"] == 1


@pytest.mark.parametrize(
    ("said", "truth", "year", "words"),
    [
        (Prediction("n0", labels="[开心]"), ["happy"], 2025, "Chinese labels were turned"),
        (Prediction("n0", text="She is happy."), ["happy"], 2025, "parse_labels"),
        (Prediction("n0", labels="[happy]"), ["开心"], 2025, "References whose Chinese labels"),
        (Prediction("n0", labels="[happy]"), ["happy"], 2026, "by those of 2026"),
    ],
)
def test_what_was_not_scored_as_published_is_not_called_so(said, truth, year, words):
    rows = samples(("n0", truth), *[(f"n{at}", ["happy"]) for at in range(1, 1200)])
    rest = [(f"n{at}", "[happy]") for at in range(1, 1200)]
    result = evaluated("mer2025-ov", predictions(said, *rest), rows, wheels=made_wheels(year), draws=2)
    assert result.headline.value == 1
    assert not any(score.official for score in result.scores)
    assert not any(row.comparable for row in result.published)
    assert words in result.published[0].note.en
    assert words in told(result)


def test_errors_and_empty_labels_score_nothing_but_are_scored():
    said = predictions(Prediction("a", text="He is happy.", error="broken clip"), ("b", ()))
    undefined = evaluated("mer2025-ov", said, TRUTH)  # 0/0 is no number by the rule of 2025
    assert undefined.headline.value is None
    assert "not defined" in undefined.warnings[0].en
    result = evaluated("mer2025-ov", said, TRUTH, wheels=made_wheels(2026))
    assert result.headline.value == 0
    assert result.counts["errors"] == 1
    assert result.counts["labels"] == 0
    assert result.warnings[0].en.startswith("No prediction has a label")
    assert result.samples[0].error == "broken clip"
    assert result.samples[0].predicted_text == ""


def test_nothing_in_common_is_a_mistake_with_examples():
    with pytest.raises(AffectError, match="like other, the data names like a"):
        evaluated("mer2025-ov", predictions(("other", ("happy",))), TRUTH)
    with pytest.raises(AffectError, match="None of the 3 samples has what cmu-mosi compares with"):
        evaluated("cmu-mosi", SAID, TRUTH)


def test_same_inputs_same_bytes(result):
    text = to_json(evaluated("mer2025-ov", SAID, TRUTH))
    assert text == to_json(result)
    assert "NaN" not in text
    other = evaluated("mer2025-ov", SAID, replace(TRUTH, rows=TRUTH.rows[::-1]))
    assert other.settings["truth"] == result.settings["truth"]  # whatever the order of the table


def test_the_seed_decides_the_interval_alone():
    rows = [(f"n{at}", ["happy" if at % 3 else "sad"]) for at in range(40)]
    said = predictions(*[(name, ("happy",)) for name, _ in rows])
    one, two, three = (evaluated("mer2025-ov", said, samples(*rows), seed=x).headline for x in (0, 1, 0))
    assert one == three
    assert one.value == two.value
    assert (one.low, one.high) != (two.low, two.high)


def test_a_part_may_be_scored_and_says_so():
    part = evaluated("mer2025-ov", SAID, TRUTH, predicted_only=True)
    assert part.counts["reference"] == 2  # a and b; c has no prediction
    assert part.counts["missing"] == 0
    assert "left out (--predicted-only): 1" in part.warnings[0].en
    assert evaluated("mer2025-ov", SAID, TRUTH).counts["reference"] == 3
    with pytest.raises(AffectError, match="like x, the data names like a"):
        evaluated("mer2025-ov", predictions(("x", ("happy",))), TRUTH, predicted_only=True)


class Teacher:
    """A judge with known marks: 9 for a clue, 4 for a label, none for the clip b."""

    name, settings = "teacher", {"version": 1, "calls": 7, "tokens": 100}

    def __init__(self):
        self.asked = []

    def __call__(self, pairs):
        self.asked += pairs
        for pair in pairs:
            mark = None if pair.name == "b" else 9.0 if pair.aspect == "clue" else 4.0
            yield Judgement(pair.name, pair.aspect, mark, Text("because", "因为"))


def test_marks_of_a_judge():
    text = Text("He smiles. So he is happy.", "他微笑。所以他高兴。")
    truth = samples(*[Sample(name, reference=text, labels=("happy",)) for name in "abc"])
    said = predictions(Prediction("a", text="A smile."), Prediction("b", text="A frown.", labels=("angry",)))
    teacher = Teacher()
    result = evaluated("emer-v1", said, truth, judge=teacher)
    assert {pair.name for pair in teacher.asked} == {"a", "b"}  # nobody is asked about nothing
    assert [pair.predicted_labels for pair in teacher.asked] == [None, None, ("angry",), ("angry",)]
    assert result.primary == "clue_overlap"
    assert result.headline.value == pytest.approx(5)
    assert result.headline.samples == 2
    assert result.score("label_overlap").value == pytest.approx(2.5)
    assert result.settings["judge"] == {"name": "teacher", "settings": {"version": 1}}  # not what it cost
    assert result.floors == ()  # a judge that may cost money is not asked for them
    assert "no mark: 2" in told(result)
    assert not any(row.comparable for row in result.published)
    assert "because" in result.samples[0].notes[0].en
    assert result.published[0].value == 7.83
    chinese = evaluated("emer-v1", said, truth, judge=teacher, language="zh")
    assert (chinese.samples[0].reference_text, teacher.asked[-1].reference) == (text.zh, text.zh)
    english = samples(Sample("a", reference=Text("He smiles.", "")))
    with pytest.raises(AffectError, match="choose the other --language"):
        evaluated("emer-v1", said, english, language="zh")


def test_a_judge_that_gives_no_mark_leaves_the_headline_undefined():
    truth = samples(Sample("b", reference=Text("He smiles. So he is happy.", "")))
    result = evaluated("emer-v1", predictions(Prediction("b", text="A smile.")), truth, judge=Teacher())
    assert (result.primary, result.headline.value, result.headline.samples) == ("clue_overlap", None, 0)
    assert "no mark: 2" in told(result)
    assert result.warnings[0].en.startswith("The score is not defined")


def test_descriptions_and_labels_are_scored_together():
    text = Text("He smiles and says “well done”. So he is happy.", "")
    truth = samples(Sample("a", reference=text, labels=("happy",)))
    said = predictions(Prediction("a", text=text.en, labels=("happy",)))
    result = evaluated("emer-v2", said, truth)
    assert result.score("m_avg").value == 1
    assert result.score("f_s").value == 1
    assert result.score("clue_overlap").value == 10
    assert result.score("label_overlap").value == 10
    assert result.samples[0].scores["completeness"] == result.score("completeness").value
    assert result.floors[0].values["label_overlap"] == 10
    assert result.floors[0].values["clue_overlap"] < 10


def test_labels_alone_are_not_judged_as_descriptions():
    truth = samples(Sample("a", reference=Text("He smiles. So he is happy.", ""), labels=("happy",)))
    result = evaluated("emer-v2", predictions(("a", ("happy",))), truth)
    keys = {score.key for score in result.scores}
    assert "label_overlap" in keys
    assert not keys & {"clue_overlap", "completeness"}
    assert "No prediction has a text" in told(result)


def test_published_files_give_the_published_score(shared):
    """The released predictions on the real references give what the official scorer gave."""
    golden = json.loads((shared / "golden/evaluation/reproduce.json").read_text(encoding="utf-8"))["targets"]
    wanted = golden["ovmerdplus_epoch60"]["results"]["2025"]
    labels = load_emer(shared / "data/emer/v2_openset.csv")
    said = read_predictions(shared / "data/official_predictions/ovmerdplus_epoch60.jsonl")
    result = evaluated("emer-v2", said, labels, wheels=load_wheels(shared / "data/emotion_wheel/2025"))
    assert result.score("level1_f").value == pytest.approx(wanted["level1"]["f"], abs=1e-9)
    assert result.headline.value == pytest.approx(wanted["m_avg_12"], abs=1e-9)
    for case, values in wanted["metrics"].items():
        score = result.score(f"{case}_f")
        assert score.value == pytest.approx(values["f"], abs=1e-9)
        assert score.samples == values["n_counted"]
    five = golden["floor_constant_five"]["results"]["2025"]["level1"]["f"]
    assert result.floors[1].values["level1_f"] == pytest.approx(five, abs=1e-9)
    assert result.counts["unknown"] == 200
    assert result.published[0].comparable
