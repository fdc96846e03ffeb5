"""The embedded judge against marks that are counted by hand."""

import time
from math import sqrt

import pytest

from affectgpt.judges import EmbeddedJudge, Judgement, Pair
from affectgpt.schema import Text

REFERENCE = "She smiles and nods. She speaks fast: “come in now”. Therefore she is happy."
TWIN = "她面带微笑，点头。语速很快，她说“现在进来吧”。因此她高兴。"


def judge(**pair) -> Judgement:
    return next(EmbeddedJudge()([Pair("a", **pair)]))


def clue(predicted: str, reference: str = REFERENCE) -> Judgement:
    return judge(aspect="clue", predicted=predicted, reference=reference)


def label(predicted, reference) -> Judgement:
    return judge(aspect="label", predicted_labels=tuple(predicted), reference_labels=tuple(reference))


def test_the_same_is_ten_and_nothing_is_one():
    assert clue(REFERENCE).score == 10.0
    assert clue("A tree.").score == clue("").score == 1.0


def test_a_clue_mark_by_hand():
    out = clue("She smiles and frowns: “come in”. She is glad.")
    # reference: smile 1, nod 1, fast 1, sector happy 1, word happy .5, quotation 2 = 6.5
    # prediction: smile 1, frown 1, sector happy 1, word glad .5, quotation 2 = 5.5
    # met: smile 1, sector happy 1, quotation 2 * (2 * 2 / (2 + 3)) = 1.6
    overlap = 3.6 / sqrt(6.5 * 5.5)
    assert out.details["overlap"] == round(overlap, 4)
    assert (out.details["precision"], out.details["recall"]) == (round(3.6 / 5.5, 4), round(3.6 / 6.5, 4))
    assert out.score == round(1 + 9 * overlap, 1) == 6.4
    assert (out.details["met"], out.details["missed"]) == (["happy", "smile"], ["fast", "nod"])
    assert (
        out.reason.en == "Both: happy, smile. Missing: fast, nod. Added: frown. Quoted words in common: 80%."
    )
    assert out.reason.zh == "两者都有：高兴、微笑。缺少：语速快、点头。多出：皱眉。引用的词重合 80%。"


def test_a_translation_is_as_good_and_its_quotation_is_left_out():
    out = clue(TWIN)
    assert (out.score, out.details["quotation"]) == (10.0, None)
    assert "uot" not in out.reason.en


def test_a_missing_quotation_costs_but_a_quotation_too_many_does_not():
    silent = REFERENCE.replace(": “come in now”", "")
    assert clue(silent).details["recall"] == round(4.5 / 6.5, 4)
    assert clue(REFERENCE, silent).score == 10.0


def test_a_reference_that_only_quotes_can_be_judged():
    assert clue("“go away”", "“go away”").score == 10.0
    assert clue("“go away”", "A tree.").score is None


def test_an_endless_text_does_not_win():
    everything = (
        REFERENCE + " He cries, sighs, frowns, glares, kneels, blinks. He is sad, angry, afraid, proud."
    )
    assert clue(everything).details["recall"] == 1.0
    assert clue(everything).score < 8


def test_a_label_mark_by_hand():
    out = label(["anxious", "joy", "zorbled"], ["worried", "content", "overjoyed", "sad"])
    # likeness: anxious-worried 1 or .9; joy-content .9, joy-overjoyed .9; zorbled and sad meet nothing
    alike = label(["anxious"], ["worried"]).details["precision"]
    assert alike in (0.9, 1.0)
    precision, recall = (alike + 0.9) / 3, (alike + 0.9 + 0.9) / 4
    overlap = 2 * precision * recall / (precision + recall)
    assert out.details["overlap"] == pytest.approx(overlap, abs=1e-4)
    assert out.score == round(1 + 9 * overlap, 1)
    assert (out.details["missed"], out.details["extra"]) == (["sad"], ["zorbled"])


@pytest.mark.parametrize(
    ("predicted", "reference", "score"),
    [
        (["happy"], ["happy"], 10.0),
        (["HAPPINESS", "高兴"], ["happy"], 10.0),  # any form and language
        (["glad"], ["happy"], 9.1),  # sector: 1 + 9 * .9
        (["amused"], ["happy"], 5.5),  # core: 1 + 9 * .5
        (["sad"], ["happy"], 1.0),
        (["zorbled"], ["zorbled"], 10.0),
        (["zorbled"], ["flurbed"], 1.0),
        ([], ["happy"], 1.0),
    ],
)
def test_likeness_of_labels(predicted, reference, score):
    assert label(predicted, reference).score == score


def test_without_labels_the_conclusion_is_read():
    predicted = "At first he looks calm. Therefore, it can be inferred that he is angry."
    out = judge(aspect="label", predicted=predicted, reference="因此他愤怒。")
    assert out.score == 10.0
    out = judge(aspect="label", predicted=predicted, predicted_labels=("calm",), reference="因此他愤怒。")
    assert out.score == 1.0  # labels that are given come first
    out = judge(aspect="label", predicted=predicted, predicted_labels=(), reference="因此他愤怒。")
    assert out.score == 1.0  # and so do none


def test_without_a_reference_there_is_no_mark():
    for out in (clue("He smiles.", ""), label(["happy"], [])):
        assert out.score is None
        assert out.reason.en.startswith("The reference names no")
    assert label(["happy"], []).details == {}


def test_long_lists_are_cut_short_in_a_reason():
    many = ["happy", "sad", "angry", "afraid", "proud", "curious", "calm", "guilty", "hurt", "kind"]
    out = label(["disgusted"], many)
    assert "and 2 more" in out.reason.en
    assert "等（共 10 项）" in out.reason.zh


def test_nothing_in_common_has_words_for_it():
    assert label(["happy"], ["sad"]).reason == Text("Missing: sad. Added: happy.", "缺少：悲伤。多出：高兴。")


def test_hostile_texts_end():
    begin = time.process_time()
    for text in ("“" * 200_000, "very " * 100_000, "高兴" * 200_000, "\ud800 smile", "eyes " * 50_000):
        assert 1.0 <= clue(text).score <= 10.0
        clue("He smiles.", text)
        judge(aspect="label", predicted=text, reference=text)
    assert time.process_time() - begin < 10


def test_time_grows_with_the_number_of_labels():
    one, two = ([f"{start}{'a' * i}" for i in range(30)] for start in ("zor", "bor"))
    many = [[f"{x}{'b' * i}" for x in side for i in range(1, 70)][:2000] for side in (one, two)]
    begin = time.process_time()
    assert label(*many).score == 1.0
    assert time.process_time() - begin < 5  # comparing each with each takes a minute


def test_what_is_not_read_is_told():
    out = clue("x" * 20_000 + " She smiles.")
    assert (out.score, out.details["shortened"]) == (1.0, True)
    assert "shortened" not in clue("She smiles.").details
    assert clue("She smiles.", "x" * 20_000 + " She smiles.").score is None


def test_the_same_call_gives_the_same_bytes_and_order():
    pairs = [Pair(str(i), a, TWIN, REFERENCE) for i in range(3) for a in ("clue", "label")]
    one, two = list(EmbeddedJudge()(pairs)), list(EmbeddedJudge()(pairs))
    assert repr(one) == repr(two)
    assert [(each.name, each.aspect) for each in one] == [(pair.name, pair.aspect) for pair in pairs]
    assert EmbeddedJudge().settings["version"] == 3
