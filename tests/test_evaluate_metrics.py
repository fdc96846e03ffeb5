"""Evaluation of groups of words, hits, classes, sentiments, valences and steps, computed on paper."""

import pytest
from made_results import evaluated, predictions, samples

from affectgpt.benchmarks.predictions import Prediction
from affectgpt.data.sample import Sample
from affectgpt.schema import AffectError


def valued(**values):
    return samples(*[Sample(name, valence=value) for name, value in values.items()])


def test_words_of_one_sector_are_grouped_and_those_of_one_core_are_not():
    truth = samples(("a", ["happy"]), ("b", ["happy"]))
    result = evaluated("mer2025-ov", predictions(("a", ("glad",)), ("b", ("amused",))), truth)
    assert [result.score(key).value for key in ("f_s", "accuracy_s", "recall_s")] == [0.5, 0.5, 0.5]


def test_hits():
    truth = samples(Sample("a", emotion="happy"), Sample("b", emotion="sad"), Sample("c", emotion="neutral"))
    said = predictions(("a", ("glad", "sad", "angry")), ("b", ("happy",)), ("c", ("happy",)))
    result = evaluated("mer2023", said, truth)
    assert result.score("hit_rate").value == 0.5  # a of a and b; neutral is in no wheel
    assert result.score("mscore").value == 0.25  # a: joy among joy and grief, the truth's classes
    assert [result.score(key).official for key in ("hit_rate", "mscore", "precise_hit")] == [
        True,
        True,
        False,
    ]
    assert [row.scores["hit"] for row in result.samples] == [1.0, 0.0, None]
    assert result.samples[0].reference_labels == ("happy",)


def test_one_class_for_each_clip_is_scored_as_classes_too():
    truth = samples(Sample("a", emotion="Happy"), Sample("b", emotion="sad"), Sample("c", emotion="Sad "))
    chosen = {"a": "HAPPY", "b": "happy", "c": "sad"}
    said = [Prediction(name, emotion=emotion) for name, emotion in chosen.items()]
    result = evaluated("mer2023", predictions(*said), truth)
    assert result.score("class_acc").value == pytest.approx(2 / 3)
    assert result.score("class_uar").value == pytest.approx((1 + 1 / 2) / 2)
    assert result.score("class_waf").value == pytest.approx(2 / 3)  # both F1 are 2/3
    assert not result.score("class_waf").official


def test_sentiment_from_labels_is_our_own_rule():
    truth = valued(a=1.5, b=-2.0, c=0.0, d=0.4)
    said = predictions(("a", ("happy",)), ("b", ("happy", "sad", "angry")), ("c", ("sad",)))
    result = evaluated("cmu-mosi", said, truth)
    assert result.score("acc").value == pytest.approx(2 / 3)  # c is dropped, d was not predicted: negative
    assert result.score("waf").value == pytest.approx(2 / 3)  # both F1 are 2/3
    assert not result.headline.official
    assert not any(row.comparable for row in result.published)
    assert "sign of the mean valence" in " ".join(text.en for text in result.warnings)
    assert [row.scores["correct"] for row in result.samples] == [1.0, 1.0, None, 0.0]
    words = {"a": "positive", "b": "Positive", "d": "positive"}
    given = predictions(*[Prediction(name, sentiment=word) for name, word in words.items()])
    official = evaluated("cmu-mosi", given, valued(a=1.5, b=-2.0, d=0.4))
    assert official.score("acc").value == 1
    assert official.headline.official
    told = " ".join(text.en for text in official.warnings)
    assert "count as neutral by the published rule: 1, such as 'Positive'" in told
    fewer = evaluated("cmu-mosi", predictions(*given[:2]), valued(a=1.5, b=-2.0, d=0.4))
    assert fewer.headline.official  # a missing one is negative by the published rule


def test_valences_make_a_concordance():
    truth = valued(a=1.0, b=-1.0, c=2.0)
    said = predictions(*[Prediction(row.name, valence=row.valence) for row in truth])
    result = evaluated("ch-sims", said, truth)
    assert result.score("ccc").value == pytest.approx(1)
    assert not result.headline.official
    assert not result.published[0].comparable
    assert result.score("acc").value == 1
    some = [Prediction("a", valence=0.0), Prediction("b", valence=-0.5)]
    part = evaluated("ch-sims", predictions(*some), truth)
    assert part.score("acc").value == pytest.approx(1 / 3)  # 0 and a missing one are negative
    assert "ccc" not in [score.key for score in part.scores]


def test_steps_need_the_replies_of_a_judge():
    with pytest.raises(AffectError, match="mme-sa needs the judge's replies in a column score"):
        evaluated("mme-sa", predictions(("a", ("happy",))), samples(Sample("a")))


def test_steps_are_read_from_the_replies():
    said = predictions(
        Prediction("a", score="<score>Step 1: 1/1, Step 2: 0/1</score>", truth="happy"),
        Prediction("b", score="<score>Step 1: 1/1, Step 2: 1/1</score>", truth="sad"),
        Prediction("c", score="no score", truth="sad"),
    )
    result = evaluated("mme-er-lab", said, samples(*map(Sample, "abc")))
    assert result.headline.value == pytest.approx(0.75)  # c leaves the mean
    assert result.score("strict_cot").value == pytest.approx(0.5)  # c counts as 0
    assert result.score("avg_step").value == 2
    assert result.score("avg_step").unit == "steps"
    assert not any(row.comparable for row in result.published)
