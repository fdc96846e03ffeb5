"""A clip with a modality left out: said so, in both languages, and nothing is measured again."""

import json

import numpy as np
import pytest
from conftest import FakeEngine, make_clip

from affectgpt.baseline import MISSING, SignalEngine
from affectgpt.media import with_subtitle
from affectgpt.muting import LEFT_OUT, has, leave_out
from affectgpt.page.engines import Engines
from affectgpt.page.services import Services, Setup
from affectgpt.reason import explain, fold
from affectgpt.remember import remembered
from affectgpt.schema import MODALITIES, Cue, Face, Faces
from affectgpt.signals import expression

WORDS = (Cue("Thank you, that is great."),)


def whole_clip(**values):
    """A grey picture with a face in it, a hum, and words."""
    picture = np.full((10, 96, 96, 3), 128, np.uint8)
    hum = np.sin(np.arange(32_000) * 2 * np.pi * 180 / 16_000).astype(np.float32) * 0.1
    given = {"track": picture, "track_times_s": np.arange(10) / 5, "wave": hum, "cues": WORDS}
    return make_clip(**{"frames": np.zeros((8, 224, 224, 3), np.uint8), **given, **values})


@pytest.mark.parametrize("name", MODALITIES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_left_out_is_said_to_be(name, language):
    answer = explain(leave_out(whole_clip(), {name}), SignalEngine(), language=language)
    assert answer.missing[name] == LEFT_OUT[name]
    assert answer.parts[name] == LEFT_OUT[name][language]
    assert not any(clue.modality == name for clue in answer.clues)
    lacks = {"visual": "no_picture", "acoustic": "no_sound", "lexical": "no_words"}[name]
    assert MISSING[lacks][language] not in answer.text
    assert answer.provenance["left_out"] == [name]
    json.dumps(answer.to_dict())


def test_the_words_of_a_choice():
    assert [text.en for text in LEFT_OUT.values()] == [
        "The picture was left out.",
        "The sound was left out.",
        "The words were left out.",
    ]
    assert LEFT_OUT["acoustic"].zh == "声音已被排除。"
    answer = explain(leave_out(whole_clip(), ["acoustic"]), SignalEngine())
    assert "the sound" not in answer.parts["inference"], "it could have been"


def test_what_a_clip_never_had_cannot_be_left_out():
    clip = make_clip(wave=np.zeros(16_000, np.float32))
    assert has(clip) == ("acoustic",)
    silent = leave_out(clip, MODALITIES)
    assert silent.left_out == ("acoustic",)
    missing = SignalEngine().missing(silent, [])
    assert missing["acoustic"] == LEFT_OUT["acoustic"]
    assert missing["visual"] == MISSING["no_picture"]
    assert missing["lexical"] == MISSING["no_words"]
    assert leave_out(clip, ()) is clip


def test_one_after_the_other():
    clip = leave_out(leave_out(whole_clip(), ["lexical"]), ["visual"])
    assert clip.left_out == ("visual", "lexical")
    assert has(clip) == ("acoustic",)
    again = with_subtitle(clip, "New words.")
    assert "lexical" not in SignalEngine().missing(again, []), "there are words again"


@pytest.fixture
def counted(monkeypatch):
    """Counts how often faces are followed and curves are measured."""
    count = {"faces": 0, "curves": 0}
    face = Face(np.arange(10), np.tile(np.float32([20, 20, 70, 70]), (10, 1)), np.ones(10, bool))

    def track():
        count["faces"] += 1
        return Faces("haar", (face,))

    def find(clip):
        return remembered(clip.track, "faces", track)

    measure = expression._analyse

    def analyse(clip):
        count["curves"] += 1
        return measure(clip)

    monkeypatch.setattr(expression, "_analyse", analyse)
    return count, whole_clip(find_faces=find)


def test_nothing_is_measured_of_the_picture_again(counted):
    count, clip = counted
    engine = SignalEngine()
    explain(clip, engine)
    assert count == {"faces": 1, "curves": 1}
    for without in (["acoustic"], ["lexical"], ["visual"], ["acoustic", "lexical"]):
        explain(leave_out(clip, without), engine)
    explain(with_subtitle(clip, "I hate this."), engine)
    explain(leave_out(with_subtitle(clip, None), ["acoustic"]), engine)
    assert count == {"faces": 1, "curves": 1}


class Sampled(FakeEngine):
    """Stands for AffectGPT: it knows with how many samples it answers."""

    name = "affectgpt"
    samples = 0

    def with_settings(self, **changes):
        other = Sampled()
        other.samples = changes["samples"]
        return other

    def provenance(self, clip):
        return {"samples": self.samples, "without": list(clip.left_out)}


def test_a_setup_is_honoured(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    services = Services(Engines(Sampled()))
    for setup, told in (
        (Setup(), {"samples": 0, "without": []}),
        (Setup("affectgpt", ("acoustic",), 5), {"samples": 5, "without": ["acoustic"]}),
    ):
        assert fold(services.events(whole_clip(), setup, "en")).provenance == told
    answer = fold(services.events(whole_clip(), Setup("signal", (), 5), "en"))
    assert answer.engine == "signal"
