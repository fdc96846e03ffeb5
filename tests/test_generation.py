# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""Rows of one batch: each as if it were alone, told as it is written, with the certainty of each word."""

import math
import threading

import pytest
import torch
from tiny_engine import EOS, clip_of, engine, models, spoken, stage  # noqa: F401

from affectgpt.trained import generation
from affectgpt.trained.generation import (
    Answer,
    Chances,
    Row,
    RowText,
    Steps,
    answer_rows,
    fitting,
    interruptible,
    seed_of,
)

WHOLE = "multiframe_audio_frame_text"
ROWS = [
    Row("description", WHOLE, "Why?"),
    Row("labels", WHOLE, "Please recognize all possible emotional states of the character."),
    Row("acoustic", "audioonly", "Why?"),
    Row("visual", "frameonly", "What is seen here, and what does it tell?"),
    Row("lexical", "textonly", "Why?"),
]
TEXT = Row("description", "textonly", "Why?")
SMILE = "His face: 情绪低落 😀, é"  # characters of two, three and four bytes


def asked(engine, rows, known, tell=lambda piece, tokens: None, **options):
    return answer_rows(engine.model, engine.processor, rows, "I am fine.", known, tell, **options)


@pytest.fixture(scope="module")
def known(engine):
    clip = clip_of(0)
    return engine.model.encode(**engine.processor(frames=clip.frames, audio=clip.wave))


# ---- the batch


def test_a_row_of_a_batch_is_the_row_alone(engine, known):
    options = {"do_sample": False, "max_new_tokens": 16}
    together = asked(engine, ROWS, known, **options)
    assert len({answer.text for answer in together}) == len(ROWS), "the prompts differ, and so do the answers"
    for row, answer in zip(ROWS, together, strict=True):
        (alone,) = asked(engine, [row], known, **options)
        assert answer.text == alone.text
        assert [span[:2] for span in answer.spans] == [span[:2] for span in alone.spans]
        chances = [span[2] for span in alone.spans]
        assert [span[2] for span in answer.spans] == pytest.approx(chances, abs=1e-4)


def test_the_batch_says_what_generate_says(engine, known):
    """The greedy ids of the model itself, one prompt at a time, with the media instead of the features."""
    clip, heard = clip_of(0), {WHOLE: ("frames", "audio"), "audioonly": ("audio",), "frameonly": ("frames",)}
    given = {"frames": clip.frames, "audio": clip.wave}
    for row, answer in zip(ROWS, asked(engine, ROWS, known, max_new_tokens=16), strict=True):
        some = {name: given[name] for name in heard.get(row.mode, ())}
        inputs = engine.processor(**some, subtitle="I am fine.", question=row.question, mode=row.mode)
        ids = engine.model.generate(**inputs, do_sample=False, max_new_tokens=16)
        assert engine.processor.answers(ids[:, inputs["input_ids"].shape[1] :]) == [answer.text]


def test_each_row_ends_at_its_own_mark(spoken):
    long = "A long answer that goes on after the others have ended."
    rows = [["Short", "###", "never"], long, ["Ended", EOS, "never"], ["a", "##", "#", "b"], "tail # ## end"]
    engine, calls = spoken(rows), []
    tell = lambda piece, tokens: calls.append((piece, tokens))  # noqa: E731
    answers = asked(engine, [TEXT] * 5, {}, tell, max_new_tokens=99)
    assert [answer.text for answer in answers] == ["Short", long, "Ended", "a", "tail # ## end"]
    size = len(engine.processor.tokenizer(long)["input_ids"])
    assert max(tokens for _, tokens in calls) == size + 1, "and the batch with the longest, its eos included"
    assert "".join(piece for piece, _ in calls) == "Short"
    assert len(calls) == size + 2, "it is told that work goes on, after the first row has ended, too"
    assert all(0 < p < 1 for answer in answers for *_, p in answer.spans)
    assert max(end for _, end, _ in answers[0].spans) == len("Short"), "the mark itself is not in the spans"


MARKS = {
    "one token": ["###"],
    "with the blank": [" ###"],
    "two and one": ["##", "#"],
    "one and two": ["#", "##"],
    "one by one": ["#", "#", "#"],
    "four": ["##", "##"],
    "five": ["####", "#"],
    "eos": [EOS],
    "limit": [],
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    "text", [SMILE, "a # b ## c", "  x\n\n y ", "Assistant: Good.", "#", "", "Assis", "<|im_e"]
)
def test_what_is_told_is_the_official_cut(engine, text, mark):
    """Token by token as `generate` does it, without the model."""
    tokenizer, told = engine.processor.tokenizer, []
    behind = [] if mark == "limit" else ["more words"]
    ids = [token for piece in [text, *MARKS[mark], *behind] for token in tokenizer(piece)["input_ids"]]
    steps = Steps(tokenizer, Certain(), 1, lambda piece, tokens: told.append(piece))
    for size in range(1, len(ids) + 1):
        if bool(steps(torch.tensor([ids[:size]]), None)):
            break
    steps.end()
    (official,) = engine.processor.answers([ids[:size]] if ids else [[]])
    assert "".join(told).split() == official.split()
    assert "more" not in official
    assert not any("\ufffd" in piece for piece in told), "no half character is ever told"
    assert official.removesuffix("#").split() == text.removeprefix("Assistant:").removesuffix("#").split()
    spans = steps.rows[0].answer(official).spans
    assert all(last > 0 and first < len(official) for first, last, _ in spans)
    assert max((last for _, last, _ in spans), default=0) >= len(official), "every character has its token"


class Certain:
    def of(self, tokens):
        return [0.5] * len(tokens)


def test_a_second_turn_in_mid_answer(spoken):
    """The official cut keeps what stands behind it; what was read by then cannot be taken back."""
    engine, told = spoken([["He is sad. Assistant: He is ", ("glad", 0.4), ".###"]]), []
    (answer,) = asked(engine, [TEXT], {}, lambda piece, tokens: told.append(piece), max_new_tokens=99)
    assert answer.text == "He is glad."
    assert "".join(told).endswith(answer.text)
    at = answer.text.index("glad")
    assert answer.certainty(at, at + 4) == pytest.approx(0.4, abs=1e-4)


def test_pieces_come_with_their_tokens(spoken):
    engine, told = spoken(["One two three."]), []
    asked(engine, [TEXT], {}, lambda piece, tokens: told.append((tokens, piece)), max_new_tokens=99)
    assert [tokens for tokens, _ in told[:-1]] == list(range(1, len(told)))
    assert len([piece for _, piece in told if piece]) > 5, "not all at once"


# ---- certainty


def test_the_certainty_of_a_word(spoken):
    """By hand: " sad" is four tokens here, each said with the probability that the head was given."""
    said = [("The state is", 0.5), (" sad", 0.81), (", ", 0.3), ("an", 0.4), ("gry", 0.9), (".", 0.2), "###"]
    (answer,) = asked(spoken([said]), [TEXT], {}, max_new_tokens=99)
    assert answer.text == "The state is sad, angry."

    def sure(word):
        at = answer.text.index(word)
        return answer.certainty(at, at + len(word))

    assert sure("sad") == pytest.approx(0.81, abs=1e-5)
    assert sure(".") == pytest.approx(0.2, abs=1e-5)
    tokenizer = spoken().processor.tokenizer
    first, last = (len(tokenizer(part)["input_ids"]) for part in ("an", "gry"))
    mean = math.exp((first * math.log(0.4) + last * math.log(0.9)) / (first + last))
    assert sure("angry") == pytest.approx(mean, abs=1e-5)


def test_words_behind_characters_of_several_tokens(spoken):
    """Every token of such a character counts for it, and the words behind keep their places."""
    (answer,) = asked(spoken([[(SMILE * 3, 0.9), (" glad", 0.4)]]), [TEXT], {}, max_new_tokens=199)
    at = answer.text.index(" glad")
    assert answer.certainty(at + 1, at + 5) == pytest.approx(0.4, abs=1e-5)
    face = answer.text.index("😀")
    assert [span[:2] for span in answer.spans].count((face, face + 1)) == 4


def test_certainty_at_the_edges():
    answer = Answer("ab cd", ((0, 2, 0.25), (2, 5, 1.0)))
    assert answer.certainty(0, 2) == 0.25
    assert answer.certainty(1, 3) == 0.5, "the geometric mean of both"
    assert answer.certainty(2, 5) == 1.0
    assert [answer.certainty(*place) for place in ((0, 0), (5, 9), (9, 5))] == [0.0] * 3
    assert Answer("", ()).certainty(0, 1) == 0.0
    for broken in (math.nan, 0.0):
        assert Answer("ab", ((0, 1, 0.9), (1, 2, broken))).certainty(0, 2) == 0.0
    assert Answer("ab", ((0, 2, 1.0000001),)).certainty(0, 2) == 1.0


def test_a_sampled_token_has_its_own_chance():
    chances = Chances()
    scores = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).log() + 3
    assert chances(None, scores) is scores, "nothing is changed"
    assert chances.of(torch.tensor([1, 2])) == pytest.approx([0.2, 0.8])


def test_a_row_that_is_nothing_but_broken_bytes(engine):
    tokenizer = engine.processor.tokenizer
    byte = tokenizer("情")["input_ids"][0]  # begins a character, over and over
    row = RowText(tokenizer)
    for _ in range(50):
        row.add(byte, 0.5)
    assert row.shown(final=False) == ""
    official = engine.processor.answers([[byte] * 50])[0]
    assert row.shown(final=True) == official
    assert row.answer(official).certainty(0, 1) == pytest.approx(0.5)


# ---- a subtitle that is too long


@pytest.mark.parametrize("words", ["Hello there. ", "情绪很好。", "<AudioHere>", "😀", "x" * 60])
def test_a_subtitle_loses_its_middle(engine, words):
    subtitle = "BEGIN " + words * (50_000 // len(words)) + " END"
    short = fitting(engine.processor, ROWS, subtitle, 800)
    assert short.startswith("BEGIN ")
    assert short.endswith(" END")
    assert generation.CUT in short
    sizes = [
        len(engine.processor.tokenizer(engine.processor.prompt(row.question, short, row.mode))["input_ids"])
        for row in ROWS
    ]
    assert 780 <= max(sizes) <= 800


def test_a_subtitle_that_fits_is_left_alone(engine):
    assert fitting(engine.processor, ROWS, "I am fine.", 800) == "I am fine."
    assert fitting(engine.processor, ROWS, "", 800) == ""
    assert fitting(engine.processor, ROWS, "I am fine.", 10) == "", "no room at all"


# ---- stopping, seeds


def test_hooks_serve_their_own_thread_and_go():
    layer, seen = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Conv1d(1, 1, 1)), []
    one = torch.ones(1, 2)

    def work():
        with interruptible(layer, lambda: seen.append(1)):
            layer(one)
            assert len(seen) == 2
            other = threading.Thread(target=layer, args=(one,))
            other.start()
            other.join()
            assert len(seen) == 2, "somebody else's step is not ours to stop"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    layer(one)
    assert len(seen) == 2


def test_seeds_tell_their_parts_apart():
    seeds = {seed_of(1, "ab", "c"), seed_of(1, "a", "bc"), seed_of(2, "ab", "c"), seed_of(1, b"ab", "d")}
    assert len(seeds) == 4
    assert seed_of(1, "ab") == seed_of(1, b"ab")
    assert all(0 <= seed < 2**63 for seed in seeds)
