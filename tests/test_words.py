"""The words of a clip in the form: from a file, from speech, and whether they were changed."""

import pytest

from affectgpt.media import with_subtitle
from affectgpt.page.explain.words import from_file, from_speech
from affectgpt.recognition import Transcript
from affectgpt.schema import AffectError, Cue, Text

SRT = "1\n00:00:00,500 --> 00:00:01,000\nOh no.\n\n2\n00:00:01,000 --> 00:00:02,000\nMy <i>cat</i> died.\n"


def test_a_file_shows_its_words_and_keeps_its_times(tmp_path, toy_clip):
    file = tmp_path / "said.srt"
    file.write_text(SRT)
    words = from_file(str(file))
    assert words.shown == "Oh no.\nMy cat died."
    assert "said.srt" in words.note.en
    assert "said.srt" in words.note.zh
    assert words.said("Oh no.\nMy cat died. ")
    assert not words.said("Oh no.\nMy dog died.")
    clip = with_subtitle(toy_clip, words.text, source=words.source)
    assert clip.cues == (Cue("Oh no.", 0.5, 1.0), Cue("My cat died.", 1.0, 2.0))
    assert clip.subtitle_source == "file"


def test_a_film_of_words_is_shown_in_part_and_kept_whole(tmp_path):
    file = tmp_path / "film.vtt"
    lines = [f"00:{i:02}.000 --> 00:{i:02}.900\n{'word ' * 20}\n" for i in range(50)]
    file.write_text("WEBVTT\n\n" + "\n".join(lines))
    words = from_file(str(file))
    assert len(words.shown) == 2000
    assert words.said(words.shown)
    assert words.text.count("-->") == 50


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"00:00:01 --> never\nwords\n", b""])
def test_what_is_no_subtitle_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "said.srt"
    file.write_bytes(content)
    with pytest.raises(AffectError) as caught:
        from_file(str(file))
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_speech_is_marked_automatic_with_model_language_and_confidence(toy_clip):
    cues, doubts = (Cue("你好。", 0.1, 0.9),), (Text("A doubt.", "有疑问。"),)
    heard = Transcript(cues, "zh", 0.876, "whisper-toy", doubts)
    words = from_speech(heard, {"transcript": {"model": "whisper-toy"}})
    assert words.note.en == (
        "Automatic (whisper-toy, Chinese, confidence 0.88): correct what is wrong. A doubt."
    )
    assert "中文" in words.note.zh
    clip = with_subtitle(toy_clip, words.text, source=words.source)
    assert (clip.cues, clip.subtitle_source) == (cues, "asr")


def test_no_speech_is_an_answer():
    words = from_speech(Transcript((), None, 0.0, "whisper-toy"), {})
    assert (words.shown, words.text) == ("", "")
    assert "no speech" in words.note.en
