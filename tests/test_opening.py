"""Opening a visitor's file: what must be given, and that the same clip is not decoded twice."""

from pathlib import Path

import pytest
from conftest import FakeEngine, make_clip

from affectgpt.page import files, opening
from affectgpt.page.engines import Engines
from affectgpt.page.opening import open_clip
from affectgpt.page.services import Services
from affectgpt.schema import AffectError, Cue

PLACE = ("anna", "explain")


class Decoder:
    """Reads a clip of 2 s with words of its own; the copy for the player is "copy of" its bytes."""

    def __init__(self):
        self.asked = []

    def __call__(self, path, subtitle=None, *, subtitle_file=None, player, start_s=None, end_s=None):
        assert player
        self.asked.append((start_s, end_s))
        cues = (Cue(subtitle, 0.0, 1.0),) if subtitle else (Cue("of the file", 0.0, 1.0),)
        return make_clip(
            name=Path(path).stem,
            cues=cues,
            subtitle_source="user" if subtitle else "embedded",
            player_mp4=b"copy of " + Path(path).read_bytes(),
            media={"load_s": 9.0},
        )


@pytest.fixture
def services(monkeypatch, tmp_path):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "uploads"))
    return Services.made(Engines(FakeEngine()))


@pytest.fixture
def decoder(monkeypatch):
    made = Decoder()
    monkeypatch.setattr(opening, "load_clip", made)
    return made


@pytest.fixture
def clip(tmp_path):
    file = tmp_path / "mine.mp4"
    file.write_bytes(b"clip")
    return str(file)


def test_the_same_file_and_its_copy_are_decoded_once(services, decoder, clip, tmp_path):
    first = open_clip(services, *PLACE, clip)
    assert (first.subtitle, first.subtitle_source) == ("of the file", "embedded")
    copy = tmp_path / f"mine{files.COPY_SUFFIX}"
    copy.write_bytes(b"copy of clip")
    again = open_clip(services, *PLACE, str(copy), subtitle="Oh no.")
    assert decoder.asked == [(None, None)]
    assert again.track is first.track  # so that nothing is measured again
    assert again.name == "mine"
    assert (again.subtitle, again.subtitle_source) == ("Oh no.", "user")
    assert again.media["load_s"] < 1.0  # what it took now
    assert open_clip(services, *PLACE, str(copy)).subtitle == "of the file"


def test_another_file_another_visitor_or_another_tab_decodes(services, decoder, clip, tmp_path):
    open_clip(services, *PLACE, clip)
    open_clip(services, "boris", "explain", clip)
    open_clip(services, "anna", "compare", clip)
    other = tmp_path / "other.mp4"
    other.write_bytes(b"other")
    open_clip(services, *PLACE, str(other))
    open_clip(services, *PLACE, clip)  # one clip of a place is kept, the last
    assert len(decoder.asked) == 5


def test_a_part_is_kept_as_its_copy_alone(services, decoder, clip, tmp_path):
    part = open_clip(services, *PLACE, clip, subtitle="Oh.", subtitle_source="file", start_s=1.0, end_s=2.0)
    assert (part.subtitle, part.subtitle_source) == ("Oh.", "file")
    copy = tmp_path / "part.mp4"
    copy.write_bytes(b"copy of clip")
    assert open_clip(services, *PLACE, str(copy)).track is part.track
    open_clip(services, *PLACE, str(copy), start_s=0.5)  # a part of the part
    open_clip(services, *PLACE, clip)  # the whole is another clip
    assert decoder.asked == [(1.0, 2.0), (0.5, None), (None, None)]


def test_recognised_words_keep_their_source(services, decoder, clip):
    said = "WEBVTT\n\n00:00.100 --> 00:00.500\nOh no.\n"
    loaded = open_clip(services, *PLACE, clip, subtitle=said, subtitle_source="asr")
    assert (loaded.cues, loaded.subtitle_source) == ((Cue("Oh no.", 0.1, 0.5),), "asr")


@pytest.mark.parametrize(
    ("source", "given", "words"),
    [
        (None, {}, "Choose a clip"),
        ("mine.mp4", {"consent": False}, "confirm"),
        ("mine.mp4", {"subtitle": "x" * 2001}, "too long"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_read(services, decoder, source, given, words):
    with pytest.raises(AffectError, match=words):
        open_clip(services, *PLACE, source, **given)
    assert decoder.asked == []


def test_an_example_needs_no_consent(services, decoder):
    if not services.examples:
        pytest.skip("no examples/ beside the package")
    open_clip(services, *PLACE, str(services.examples[0].clip), consent=False)
    assert len(decoder.asked) == 1


def test_a_file_that_cannot_be_read_is_the_decoders_to_refuse(services, tmp_path):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(AffectError, match="empty"):
        open_clip(services, *PLACE, str(tmp_path / "empty.mp4"))


def test_a_clip_is_not_changed_by_what_is_asked_about_it(services, decoder, clip):
    open_clip(services, *PLACE, clip, subtitle="Oh no.")
    assert services.kept.get(*PLACE).subtitle == "of the file"
