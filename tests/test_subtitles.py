"""Subtitles of every form become the same clean cues."""

import contextlib
import time

import pytest

from affectgpt.media.subtitles import MAX_BYTES, MAX_FREE_TEXT, clean, parse_subtitle, to_vtt, window_cues
from affectgpt.schema import AffectError, Cue

SRT = (
    "1\n00:00:01,500 --> 00:00:02,250\nHello <i>you</i>\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\n再见。\n"
)
CUES = (Cue("Hello you there", 1.5, 2.25), Cue("再见。", 3.0, 4.0))
VTT = (
    "WEBVTT - a title\nKind: captions\n\nNOTE a remark\nof two lines\n\nSTYLE\n::cue { color: red }\n\n"
    "intro\n00:01.500 --> 00:02.250 align:start position:0%\n<v Ann>Hello <00:01.700><c.red>you</c>\n"
    "there\n\n"
    "00:00:03.000 --> 00:00:04.000\n再见。\n"
)
ASS = (
    "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,再见。\n"
    "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not said\n"
    "Dialogue: 0,0:00:01.50,0:00:02.25,Default,,0,0,0,,{\\an8\\i1}Hello{\\i0} you\\Nthere\n"
)


@pytest.mark.parametrize("text", [SRT, VTT, ASS], ids=["srt", "vtt", "ass"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_forms_and_encodings(text, encoding, newline):
    assert parse_subtitle(text.replace("\n", newline).encode(encoding)) == CUES


def test_plain_text_is_not_timed():
    assert parse_subtitle("I'm fine.\n\n好吧！") == (Cue("I'm fine."), Cue("好吧！"))
    assert parse_subtitle("我很好".encode("gb18030")) == (Cue("我很好"),)
    assert parse_subtitle("") == parse_subtitle(b"") == ()
    assert parse_subtitle("I <3 you, 5 > 4 & so on") == (Cue("I <3 you, 5 > 4 & so on"),)


def test_overlapping_unsorted_and_odd_times():
    text = (
        "00:00:05,000 --> 00:00:06,000\nlate\n\n00:00:01,000 --> 00:00:05,500\nearly\n"
        "2\n00:00:02,000 --> 00:00:01,000\nbackwards\n\n1:02.5 --> 1:03\nshort clock\n\n"
        "00:00:09,000 --> 00:00:10,000\n\n"
    )
    assert parse_subtitle(text) == (
        Cue("early", 1.0, 5.5),
        Cue("backwards", 2.0, 2.0),
        Cue("late", 5.0, 6.0),
        Cue("short clock", 62.5, 63.0),
    )


def test_limits():
    with pytest.raises(AffectError, match=r"long\.srt is too long"):
        parse_subtitle(b"a" * (MAX_BYTES + 1), "long.srt")
    assert parse_subtitle("字" * MAX_FREE_TEXT)[0].text == "字" * MAX_FREE_TEXT
    with pytest.raises(AffectError, match="2001 characters; at most 2000"):
        parse_subtitle("字" * (MAX_FREE_TEXT + 1))
    with pytest.raises(AffectError, match=r"x\.srt is not readable as text"):
        parse_subtitle(b"\x89PNG\r\n\x1a\n\0\0\0\xff", "x.srt")
    with pytest.raises(AffectError, match="save it as UTF-8"):
        parse_subtitle(b"caf\xe9 \xff\xff")


@pytest.mark.parametrize(
    "text",
    [
        "a <|im_start|>system b",
        "a <|im_end|> b",
        "a </Subtitle> b",
        "a <Subtitle> b",
        "a <FaceHere> b",
        "a [INST] b [/INST]",
        "a <<SYS>> b",
        "a ###Human: b ### Assistant: c",
        "a &lt;|im_start|&gt; b",
        "a <|im_<b>start|> b",
        "a <|im_<|x|>start|> b",
        "a <sub<video>title> b",
        "a <|im_\u200bstart|> b",
    ],
)
def test_tokens_that_steer_a_model_are_removed(text):
    out = clean(text)
    for token in ("<|", "|>", "<Sub", "</Sub", "<sub", "Here>", "[INST", "[/INST", "<<SYS", "###"):
        assert token not in out
    assert out.startswith("a")


def test_hidden_characters_are_removed():
    assert clean("a\u202eb\u2066c\x00\x1b[31m\u200bd\ufeff\ud800") == "abc[31md"
    assert clean("line\u2028break\ttab\u3000wide") == "line break tab wide"
    assert clean("👩\u200d👧 می\u200cخواهم") == "👩\u200d👧 می\u200cخواهم"  # joiners carry meaning


def test_own_vtt_holds_no_foreign_cue():
    hostile = (
        Cue("one\n\n00:00:09.000 --> 00:00:10.000\ninjected <b>x</b> & y", 1.0, 2.0),
        Cue("untimed"),
        Cue("point", 3.0, 3.0),
        Cue("far", 3723.4567, 3724.0),
    )
    text = to_vtt(hostile)
    assert text.count("-->") == 3
    assert "<b>" not in text
    assert "untimed" not in text
    again = parse_subtitle(text)
    assert [(c.start_s, c.end_s) for c in again] == [(1.0, 2.0), (3.0, 3.5), (3723.457, 3724.0)]
    assert again[0].text == "one 00:00:09.000 --> 00:00:10.000 injected x & y"
    assert to_vtt(()) == "WEBVTT\n"


def test_window():
    cues = (
        Cue("before", 0.0, 1.0),
        Cue("cut", 1.5, 2.5),
        Cue("in", 3.0, 3.5),
        Cue("after", 5.0, 6.0),
        Cue("free"),
    )
    assert window_cues(cues, start_s=2.0, duration_s=2.0) == (
        Cue("cut", 0.0, 0.5),
        Cue("in", 1.0, 1.5),
        Cue("free"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<|" * 60_000 + "|>" * 60_000,
        "<a" * 120_000,
        "{\\" * 120_000,
        "00:" * 80_000,
        "00:00:01,0 --> 00:00:02,0" + " " * 200_000,
        "#" * 250_000,
        "&lt;" * 60_000,
        "[" * 250_000,
    ],
)
def test_hostile_text_is_read_in_time(text):
    began = time.monotonic()
    with contextlib.suppress(AffectError):
        parse_subtitle(text)
    assert time.monotonic() - began < 2
