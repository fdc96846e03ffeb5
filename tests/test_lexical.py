"""Lexical clues against sentences whose words, polarity and positions can be read off by hand."""

import sys
from time import perf_counter

import numpy as np
import pytest

from affectgpt.clues import lexical
from affectgpt.clues.lexical import MAX_POLARITY, MAX_READ, language_of, measure
from affectgpt.clues.lexicon import CATEGORIES, load_lexicon
from affectgpt.clues.phrases import find, phrases
from affectgpt.schema import Clip, Cue
from affectgpt.signals.voice import is_chinese
from affectgpt.vocabulary import plain


def _clip(*cues) -> Clip:
    empty = np.zeros((0,), dtype=np.float32)
    rows = tuple(Cue(*cue) if isinstance(cue, tuple) else Cue(cue) for cue in cues)
    return Clip("toy", 4.0, empty, empty, empty, empty, cues=rows)


def _clues(*cues) -> dict:
    return {clue.name: clue for clue in measure(_clip(*cues))}


def _valence(text: str) -> float:
    return sum(clue.valence * clue.strength for clue in measure(_clip(text)))


def _hits(text: str) -> list[tuple[str, str]]:
    return [(hit.category, text[hit.start : hit.end]) for hit in find(plain(text))]


def test_no_subtitle_gives_no_clues():
    assert measure(_clip()) == measure(_clip("")) == measure(_clip("  ")) == []


def test_plain_words_give_only_the_quotation():
    for text in ("ok", "Yes.", "It looks like a table.", "我明天去北京。", "特别是周末", "别人也在等"):
        assert [clue.name for clue in measure(_clip(text))] == ["quote"], text


def test_the_quotation_comes_first_and_informs_only():
    quote = measure(_clip("Get out!"))[0]
    assert (quote.name, quote.strength, quote.chars) == ("quote", 0.0, (0, 8))
    assert "“Get out!”" in quote.text.en
    assert "“Get out!”" in quote.text.zh


@pytest.mark.parametrize(
    ("text", "category", "quoted"),
    [
        ("我真的很难过", "sadness", "真的很难过"),
        ("他不是好东西", "anger", "不是好东西"),
        ("糟了！", "worry", "糟了"),
        ("給我滾！", "anger", "給我滾"),
        ("吓死我了", "fear", "吓死我了"),
        ("I can't stand it", "anger", "can't stand"),
        ("Leave me alone!", "anger", "Leave me alone"),
        ("Thank God.", "relief", "Thank God"),
        ("I'm sooo happy", "joy", "sooo happy"),
        ("Ha ha ha, stop", "joy", "Ha ha ha"),
        ("ok 😭", "sadness", "😭"),
    ],
)
def test_words_are_found_and_quoted_exactly(text, category, quoted):
    clue = _clues(text)[f"word_{category}"]
    assert f"“{quoted}”" in clue.text.en
    assert f"“{quoted}”" in clue.text.zh
    start, end = clue.chars
    assert text[start:end] == quoted


def test_values_follow_the_specification():
    clue = _clues("我生气")["word_anger"]
    assert (clue.valence, clue.arousal, clue.dominance) == CATEGORIES["anger"] == (-0.8, 0.7, 0.5)
    assert (clue.value, clue.unit, clue.strength) == (1.0, "hits", 1.0)
    two = _clues("我生气，他难过")  # each over the square root of two hits
    assert two["word_anger"].valence == pytest.approx(-0.8 / 2**0.5, abs=1e-3)
    assert two["word_sadness"].arousal == pytest.approx(-0.3 / 2**0.5, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["我不高兴", "一点也不高兴", "没有什么好高兴的", "I am not happy", "I have never been so happy"]
)
def test_negation_flips_polarity(text):
    clues = _clues(text)
    assert "word_joy" not in clues
    assert clues["word_not_joy"].valence < 0
    assert clues["word_not_joy"].arousal > 0


def test_negated_values_are_those_of_the_specification():
    clue = _clues("我不高兴")["word_not_joy"]
    affect = (clue.valence, clue.arousal, clue.dominance)
    assert affect == (-0.48, 0.25, 0.2)  # 0.8 x -0.6, 0.5 x 0.5, 0.4 x 0.5


@pytest.mark.parametrize(
    "text",
    [
        "我不是不喜欢你",
        "你不来我生气",
        "no doubt, I am happy",
        "不过我很喜欢",
        "不，我喜欢",
        "Not only happy",
        "Isn't it wonderful?",
    ],
)
def test_negation_that_does_not_reach_the_word(text):
    assert any(name.startswith("word_") for name in _clues(text))
    assert not any(name.startswith("word_not_") for name in _clues(text))


def test_surprise_doubt_and_apology_have_no_opposite():
    assert _hits("I'm not surprised") == []
    assert _hits("我不怀疑你") == []
    assert _hits("没想到") == [("surprise", "没想到")]  # the 没 belongs to the phrase


def test_telling_somebody_not_to_feel_is_named_as_such():
    for text in ("别哭了", "Don't cry."):
        clue = _clues(text)["word_not_sadness"]
        assert "ward off sadness or hurt" in clue.text.en
        assert "劝止" in clue.text.zh
        assert 0 < clue.valence < 0.2
    assert "word_contempt" in _clues("别丢人现眼")
    assert "word_anger" in _clues("Don't be stupid")


def test_intensity_hedges_questions_and_conditions_weigh():
    assert _clues("很难过")["word_sadness"].value == 1.4
    assert _clues("高兴死了")["word_joy"].value == 1.4
    assert _clues("I'm very sad")["word_sadness"].value == 1.4
    assert _clues("有点难过")["word_sadness"].value == 0.7
    assert _clues("I'm a little sad")["word_sadness"].value == 0.7
    assert _clues("你难过吗？")["word_sadness"].value == 0.5
    assert _clues("Are you sad?")["word_sadness"].value == 0.5
    assert _clues("如果你难过")["word_sadness"].value == 0.5
    assert _clues("你疯了吗？")["word_anger"].value == 1.0  # an insult is one also as a question


@pytest.mark.parametrize(
    "text",
    [
        "翻滚吧",
        "打滚",
        "恐怕要下雨了",
        "哪怕是他",
        "爱好很多",
        "陌生气息",
        "不用谢",
        "I'm afraid we're closed",
        "no wonder",
        "没准",
    ],
)
def test_stop_phrases_hide_the_words_in_them(text):
    assert _hits(text) == []


def test_the_longest_match_wins():
    assert _hits("太好了") == [("joy", "太好了")]
    assert _hits("都怪我") == [("apology", "都怪我")]
    assert _hits("都怪你") == [("anger", "都怪你")]
    assert _hits("I can't wait") == [("joy", "can't wait")]


def test_a_polite_thank_you_is_weaker_and_marked():
    polite, warm = _clues("谢谢。"), _clues("谢谢你救了我。")
    assert polite["word_gratitude"].valence == 0.35
    assert warm["word_gratitude"].valence == 0.7
    assert "politeness" in polite
    assert "politeness" not in warm
    assert "Polite" in polite["word_gratitude"].text.en
    assert "客气" in polite["word_gratitude"].text.zh


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("为什么？真的假的？", "question", 2),
        ("走！走吧！！", "exclamation", 3),
        ("我只是想……", "trailing_off", 1),
        ("How dare you!", "accusation", 1),
        ("你凭什么打我", "accusation", 1),
        ("No, no, no.", "repetition", 1),
        ("不不不", "repetition", 1),
        ("我，我，不知道", "hesitation", 1),
        ("Um, it was me", "hesitation", 1),
        ("I… I saw it.", "hesitation", 2),
        ("maybe tomorrow", "hedge", 1),
        ("请问几点了", "politeness", 1),
        ("妈，我回来了", "address", 1),
        ("Come on, John.", "address", 1),
        ("小明，过来", "address", 1),
        ("非常生气", "intensity", 1),
    ],
)
def test_forms(text, name, value):
    assert _clues(text)[name].value == value


def test_no_form_is_seen_where_none_is():
    assert not {"repetition", "hesitation", "address"} & _clues("小心，看看妈妈做的饭，谢谢大家").keys()
    assert "accusation" not in _clues("你怎么来了")
    assert "trailing_off" not in _clues("Done.")


def test_exclamations_are_limited_to_three():
    assert _clues("走!!!!!")["exclamation"].arousal == 0.45


def test_english_polarity_is_the_mean_of_vader_and_our_words():
    clues = _clues("I am so happy to see you. What a wonderful surprise!")
    assert clues["polarity"].valence > 0.6
    assert clues["polarity"].strength == 0.5
    assert clues["word_joy"].valence == 0.5  # half of the limit 1
    assert "polarity" not in _clues("我太高兴了")
    assert "polarity" not in _clues("No. Yes. Well, okay.")


def test_polarity_of_whole_sentences():
    assert _valence("You came! I am so happy.") > 0.3 > -0.3 > _valence("How dare you say it was nothing?")
    assert _valence("恭喜恭喜！") > 0.3 > -0.3 > _valence("他已经走了。我很难过，也很担心他。")


def test_times_come_from_the_cues():
    clip = _clip(("I'm not", 0.0, 1.0), ("happy at all.", 1.0, 2.5), ("Leave me alone!", 3.0, 3.5))
    clues = {clue.name: clue for clue in measure(clip)}
    assert clues["word_not_joy"].spans == ((0.0, 1.0), (1.0, 2.5))  # the negation stands in the cue before
    assert clues["word_anger"].spans == ((3.0, 3.5),)
    assert clip.subtitle[slice(*clues["word_anger"].chars)] == "Leave me alone"
    assert _clues("Leave me alone!")["word_anger"].spans == ()
    assert _clues(("ok", 0.0, 1.0), ("滚", 1.0, 2.0))["word_anger"].spans == ((1.0, 2.0),)


def test_order_of_sentences_does_not_change_the_values():
    one, two = _clues("我很难过。你滚开！"), _clues("你滚开！我很难过。")
    assert one.keys() == two.keys()
    assert all(one[name].value == two[name].value and one[name].valence == two[name].valence for name in one)


def test_language_and_mixed_text():
    assert (language_of("我很好"), language_of("I am 好人"), language_of("ok")) == ("zh", "zh", "en")
    assert _hits("I'm sad 因为我生气") == [("sadness", "sad"), ("anger", "生气")]


def test_phrases_end_at_marks():
    text = "好，妈 你来 yes no. A"
    assert [text[a:b] for a, b in phrases(text)] == ["好", "妈", "你来", "yes no", "A"]


def test_the_tables_are_large_and_no_phrase_has_two_categories():
    entries = load_lexicon().entries  # a phrase in two categories raises while loading
    for language in ("zh", "en"):
        assert sum(kind != "stop" for kind, _, _ in entries[language].values()) > 500
        assert {kind for kind, _, _ in entries[language].values()} == {*CATEGORIES, "stop"}


def test_a_long_subtitle_is_read_and_its_quotation_cut():
    clip = _clip("我很高兴。" * 400)
    clues = measure(clip)
    assert len(clues[0].text.zh) < 400
    assert all(-1 <= value <= 1 for clue in clues for value in (clue.valence, clue.arousal, clue.dominance))


@pytest.mark.parametrize("text", ["a" * 20_000, "哈" * 20_000, "aaa " * 5_000, "I, " * 7_000, "…" * 20_000])
def test_odd_subtitles_take_no_longer_than_their_length(text):
    start = perf_counter()
    measure(_clip(text))
    assert perf_counter() - start < 3.0  # quadratic patterns took half a minute


def _steps(function, *args) -> int:
    """The interpreter steps that a call takes: the work of the Python code, whatever the machine."""
    steps = 0

    def trace(frame, event, _):
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize(
    "piece", ["happy ", "高兴", "not so happy but ", "不太高兴恐怕", "haha x ", "happy, "]
)
def test_work_grows_with_the_length_and_not_with_its_square(piece):
    _steps(find, piece)  # reads the tables; and Python 3.12 counts steps from the second time on
    short, long = (_steps(find, piece * count) for count in (50, 200))
    assert long < 4.6 * short, (short, long)


@pytest.mark.parametrize(("text", "unit"), [("i'm happy " * 40_000, 10), ("高兴" * 40_000, 2)])
def test_a_long_subtitle_is_analysed_up_to_a_limit_and_says_so(text, unit, monkeypatch):
    read, scored = [], []
    vader = lexical._vader()

    class Scorer:
        def polarity_scores(self, words):
            scored.append(len(words))
            return vader.polarity_scores(words)

    monkeypatch.setattr(lexical, "find", lambda flat: read.append(len(flat)) or find(flat))
    monkeypatch.setattr(lexical, "_vader", Scorer)
    quote, *clues = measure(_clip((text, 0.0, 9.0)))
    joy = next(clue for clue in clues if clue.name == "word_joy")
    assert read == [MAX_READ]
    assert joy.value == MAX_READ // unit
    assert scored == ([MAX_POLARITY] if unit == 10 else [])
    assert "first 4000 characters" in quote.basis
    assert "first" not in measure(_clip("happy"))[0].basis


def test_the_language_is_that_of_the_speech_rate():
    mixed = (
        "I am 好",
        "I am 好 人",
        "ok",
        "",
        "   ",
        "我 很 好",
        "  \n 我来了  ",
        "WiFi 坏了 again and again",
        "。",
    )
    for text in mixed:
        assert language_of(text) == ("zh" if is_chinese(text) else "en"), text


def test_a_conclusion_is_no_hedge_and_liking_is_not_called_love():
    assert "hedge" not in _clues("我算是听出来了。")
    assert "hedge" not in _clues("今天算是长见识了。")
    assert _clues("他算是难过吧")["hedge"].value == 1
    assert not find(plain("我算是听明白了他难过"))[0].hedged
    liking = _clues("我喜欢这个颜色")["word_love"].text
    assert liking.en.startswith("Words of liking or love")
    assert "爱意" not in liking.zh
