"""Speech to words: the rules with a stub, the mechanics with a tiny random Whisper; no network."""

import math
import threading
import time

import numpy as np
import pytest
import tiny_whisper as tiny
from conftest import make_clip

from affectgpt import transcribe
from affectgpt.recognition import Heard, Line, Written, believed, loudness, recognise, repetition
from affectgpt.relay import TURN, Cancelled
from affectgpt.schema import AffectError, Cue
from affectgpt.transcribe import listening, load_transcriber, transcribed, why_no_transcriber

SOUND = np.sin(np.arange(16_000 * 2) / 5).astype(np.float32) * 0.1  # 2 s at -23 dBFS


class Stub:
    """A listener whose windows and attempts a test writes down."""

    vocabulary = 1000

    def __init__(self, *attempts, languages=None, no_speech=0.0):
        self.attempts, self.asked, self.heard = list(attempts), [], []
        self.says = Heard(languages or {"en": 0.9, "zh": 0.1}, no_speech, "encoded")

    def listen(self, wave):
        self.heard.append(len(wave))
        return self.says

    def write(self, heard, language, temperature):
        self.asked.append((language, temperature))
        return self.attempts.pop(0)


def written(*lines, logprob=-0.1, tokens=None):
    return Written(tuple(Line(*line) for line in lines), tuple(tokens or range(20)), logprob)


def test_words_become_cues_with_language_and_confidence():
    stub = Stub(written((" Hello there.", 0.0, 0.8), (" It <i>works</i>.", 1.0, 2.5), logprob=math.log(0.5)))
    found = recognise(SOUND, stub, model="toy")
    assert found.cues == (Cue("Hello there.", 0.0, 0.8), Cue("It works.", 1.0, 2.0))  # cut at the clip's end
    assert (found.language, found.confidence, found.model, found.warnings) == ("en", 0.5, "toy", ())
    assert stub.asked == [("en", 0.0)]


def test_silence_is_never_given_to_the_model():
    stub = Stub()
    quiet = SOUND * 0.05  # -49 dBFS
    for wave in (quiet, np.zeros(16_000, np.float32), np.zeros(0, np.float32)):
        found = recognise(wave, stub, model="toy")
        assert (found.cues, found.language, found.confidence) == ((), None, 0.0)
    assert stub.heard == []


def test_loudness_of_known_waves():
    assert loudness(np.ones(16_000, np.float32)) == 0.0
    assert loudness(SOUND) == pytest.approx(-23.0, abs=0.1)  # 0.1 / sqrt 2
    assert loudness(np.concatenate([np.zeros(160_000, np.float32), SOUND])) > -24  # one word in ten seconds
    assert loudness(np.zeros(0)) == -math.inf


def test_a_phantom_is_dropped_only_where_speech_is_improbable():
    for text in ("Thank you.", "谢谢观看！", "Subtitles by the Amara.org community", "字幕由志愿者提供"):
        assert not believed(Line(text, 0.0, 1.0), SOUND, no_speech=0.4)
        assert believed(Line(text, 0.0, 1.0), SOUND, no_speech=0.1)
    assert believed(Line("Thank you for coming home.", 0.0, 1.0), SOUND, no_speech=0.4)
    assert not believed(Line(" ♪ ... ♪", 0.0, 1.0), SOUND, no_speech=0.0)  # no word at all


def test_a_line_that_stands_in_silence_is_dropped():
    wave = np.concatenate([SOUND, np.zeros(16_000 * 4, np.float32)])
    stub = Stub(written(("Come in.", 0.2, 1.5), ("I love you.", 3.0, 5.5)))
    assert [cue.text for cue in recognise(wave, stub, model="toy").cues] == ["Come in."]


def test_no_speech_needs_both_signs():
    doubtful = written(("Maybe", 0.0, 1.0), logprob=-1.2)
    assert recognise(SOUND, Stub(doubtful, no_speech=0.7), model="toy").cues == ()
    sure = written(("Maybe", 0.0, 1.0), logprob=-0.2)
    assert recognise(SOUND, Stub(sure, no_speech=0.7), model="toy").cues != ()


def test_a_poor_attempt_is_followed_by_warmer_ones():
    loop = written(("ha ha ha", 0.0, 1.0), tokens=[5, 6] * 30)
    poor, good = written(("mumble", 0.0, 1.0), logprob=-1.5), written(("Right.", 0.0, 1.0), logprob=-0.9)
    stub = Stub(loop, poor, good)
    assert recognise(SOUND, stub, model="toy").cues[0].text == "Right."
    assert [temperature for _, temperature in stub.asked] == [0.0, 0.2, 0.4]
    found = recognise(SOUND, Stub(*[loop] * 6), model="toy")
    assert found.cues == ()
    assert "left out" in found.warnings[0].en
    best = written(("best", 0.0, 1.0), logprob=-1.1)
    assert recognise(SOUND, Stub(poor, best, *[poor] * 4), model="toy").cues[0].text == "best"


def test_repetition_is_counted_in_bytes():
    assert repetition([], 51_865) == 0.0
    assert repetition(list(range(100, 130)), 51_865) < 1.35
    assert repetition([1, 2, 3] * 20, 51_865) > 1.35


def test_another_language_than_the_one_spoken_is_told():
    stub = Stub(written(("Guten Tag", 0.0, 1.0)), languages={"en": 0.05, "zh": 0.9, "de": 0.05})
    found = recognise(SOUND, stub, language="de", model="toy")
    assert stub.asked == [("de", 0.0)]
    assert "Chinese" in found.warnings[0].en
    assert "译文" in found.warnings[0].zh
    unsure = Stub(written(("Guten Tag", 0.0, 1.0)), languages={"zh": 0.45, "en": 0.15, "de": 0.4})
    assert recognise(SOUND, unsure, language="de", model="toy").warnings == ()


def test_a_minute_is_heard_in_windows_and_a_cut_line_again():
    minute = np.tile(SOUND, 30)
    first = written(("One.", 0.0, 2.0), ("cut off", 28.0, None))
    second = written(("Two whole.", 0.0, 3.0), ("Three.", 29.0, 30.0))
    stub = Stub(first, second, written(("Four.", 0.5, 1.5)))
    found = recognise(minute, stub, model="toy")
    assert [(cue.text, cue.start_s) for cue in found.cues] == [
        ("One.", 0.0), ("Two whole.", 28.0), ("Three.", 57.0), ("Four.", 58.5)
    ]  # fmt: skip
    assert stub.heard == [480_000, 480_000, 32_000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.write(tmp_path_factory.mktemp("hub") / "tiny-whisper")


@pytest.fixture
def whisper(folder):
    """The tiny model; what it heard and said is written down by the test: whisper(window, ...)."""
    loaded = load_transcriber(str(folder))
    head = loaded._whisper.model.proj_out

    def script(*windows):
        loaded._whisper.model.proj_out = tiny.Head(loaded._whisper.processor.tokenizer, *windows)
        return loaded

    yield script
    loaded._whisper.model.proj_out = head


def test_a_whisper_from_a_folder_writes_timed_words(whisper):
    heard = {"zh": 3.0, "en": 1.0, "nospeech": -9.0}
    found = whisper((heard, [0.0, " Hello there.", 0.8, 1.0, "你好。", 1.9]))(SOUND)
    assert found.cues == (Cue("Hello there.", 0.0, 0.8), Cue("你好。", 1.0, 1.9))
    assert found.language == "zh"
    assert found.confidence == pytest.approx(1.0, abs=0.01)
    assert found.model == "tiny-whisper"


def test_the_model_says_how_probable_silence_is(whisper):
    silent = {"en": 1.0, "nospeech": 9.0}
    assert whisper((silent, [0.0, "Thank you.", 1.8]))(SOUND).cues == ()
    assert whisper((silent, [0.0, "Give it back.", 1.8]))(SOUND).cues != ()


def test_greedy_tokens_are_those_of_transformers_own_call(folder):
    loaded = load_transcriber(str(folder))
    own, whisper = loaded._whisper, loaded._whisper.model
    heard = own.listen(SOUND)
    written = own.write(heard, "en", 0.0)
    made = own.processor.feature_extractor(SOUND, sampling_rate=16_000, return_tensors="pt")
    asked = {"language": "en", "task": "transcribe", "return_timestamps": True, "max_new_tokens": 220}
    whole = whisper.generate(made.input_features, force_unique_generate_call=True, **asked)[0].tolist()
    assert len(written.tokens) > 20
    assert [token for token in whole if token != 256][-len(written.tokens) :] == list(written.tokens)
    again = own.write(heard, "en", 1.0)
    assert own.write(heard, "en", 1.0) == again  # sampled, and yet the same each time
    assert again.tokens != written.tokens
    assert sum(heard.languages.values()) == pytest.approx(1.0)


def test_work_can_be_stopped_and_streamed(whisper, folder):
    def stop():
        raise Cancelled

    heard = {"en": 1.0, "nospeech": -9.0}
    with pytest.raises(Cancelled):
        whisper((heard, [0.0, "Hi.", 1.0]))(SOUND, check=stop)
    whisper((heard, [0.0, "Hi.", 1.0]))
    told = dict(listening(SOUND, str(folder)))
    assert told["transcript"].cues == (Cue("Hi.", 0.0, 1.0),)


def test_weights_on_their_way_hold_up_nobody_else(monkeypatch, tmp_path):
    come = threading.Event()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(transcribe, "ask_hub", lambda: ("reachable", None))
    monkeypatch.setattr(transcribe, "_load", lambda *_: come.wait(10))
    transcribe._asked.clear()
    stream = listening(SOUND, "openai/whisper-small")
    try:
        assert next(stream) == ("progress", {})  # a stop takes effect while they are fetched
        began = time.monotonic()
        transcribe._asked.clear()
        assert why_no_transcriber("openai/whisper-small") is None  # as each page asks that is opened
        assert TURN.acquire(timeout=0.5)  # as an engine does
        TURN.release()
        stream.close()
        assert time.monotonic() - began < 2.5
    finally:
        come.set()
        transcribe._asked.clear()


def test_a_language_it_does_not_know(whisper):
    with pytest.raises(AffectError, match="language 'xx'"):
        whisper()(SOUND, language="xx")


def test_loaded_once(folder):
    assert load_transcriber(str(folder)) is load_transcriber(str(folder))


def test_why_there_is_none(monkeypatch, folder, tmp_path):
    def answers(reach):
        transcribe._asked.clear()
        monkeypatch.setattr(transcribe, "ask_hub", lambda: asked.append(1) or (reach, None))

    asked = []
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert why_no_transcriber(str(folder)) is None
    answers("unreachable")
    assert "out of reach" in why_no_transcriber("openai/whisper-small").en
    assert "out of reach" in why_no_transcriber("openai/whisper-small").en
    assert len(asked) == 1  # and not again for minutes
    with pytest.raises(AffectError, match="out of reach"):
        load_transcriber("openai/whisper-small")
    answers("offline")
    assert "HF_HUB_OFFLINE" in why_no_transcriber("openai/whisper-small").en
    answers("reachable")
    assert why_no_transcriber("openai/whisper-small@abc") is None
    monkeypatch.setenv(transcribe.WHISPER, "off")
    assert "switched off" in why_no_transcriber().en
    secret = why_no_transcriber(str(tmp_path / "secret" / "nowhere"))
    assert "nowhere" in secret.en
    assert "secret" not in secret.en


def test_what_is_taken_without_a_wish(monkeypatch):
    monkeypatch.delenv(transcribe.WHISPER, raising=False)
    monkeypatch.setattr(transcribe, "_has_gpu", lambda: False)
    name, revision = transcribe._model(None)
    assert (name, len(revision)) == ("openai/whisper-small", 40)
    monkeypatch.setattr(transcribe, "_has_gpu", lambda: True)
    assert transcribe._model(None)[0] == "openai/whisper-large-v3-turbo"
    monkeypatch.setenv(transcribe.WHISPER, "me/mine@main")
    assert transcribe._model(None) == ("me/mine", "main")


def test_damaged_weights_are_one_line(folder, tmp_path):
    import shutil

    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(AffectError, match="broken are damaged"):
        load_transcriber(str(broken))


def test_a_clip_says_by_what_it_was_written_down(whisper):
    clip = make_clip(wave=SOUND, media={"load_s": 0.1})
    found = whisper(({"en": 1.0, "nospeech": -9.0}, [0.0, "Hi.", 1.0]))(SOUND)
    told = transcribed(clip, found)
    assert (told.subtitle, told.subtitle_source) == ("Hi.", "asr")
    assert told.media["transcript"] == {
        "model": "tiny-whisper",
        "language": "en",
        "confidence": found.confidence,
    }
    assert told.wave is clip.wave
    nothing = transcribed(clip, recognise(SOUND * 0, Stub(), model="toy"))
    assert nothing.subtitle_source == "none"
    assert "No speech" in nothing.warnings[0].en


def test_the_command_writes_down_what_is_said(whisper, monkeypatch, tmp_path):
    import json
    import wave

    from typer.testing import CliRunner

    from affectgpt.cli import app

    with wave.open(str(tmp_path / "talk.wav"), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes((SOUND * 32_767).astype("<i2").tobytes())
    hear = whisper(({"en": 1.0, "nospeech": -9.0}, [0.0, "I am so happy today!", 1.8]))
    monkeypatch.setattr(transcribe, "load_transcriber", lambda: hear)
    asked = ["explain", str(tmp_path / "talk.wav"), "--engine", "signal", "--transcribe", "--json", "-"]
    run = CliRunner().invoke(app, asked)
    assert run.exit_code == 0, run.output
    row = json.loads(run.stdout)
    assert row["provenance"]["subtitle_source"] == "asr"
    assert row["provenance"]["media"]["transcript"]["model"] == "tiny-whisper"
    assert any(clue["modality"] == "lexical" for clue in row["clues"])
    assert (
        CliRunner().invoke(app, [*asked, "--subtitle", "No."]).exit_code == 0
    )  # words are given: it is not asked


def test_the_command_says_why_it_cannot(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from affectgpt.cli import app

    monkeypatch.setenv(transcribe.WHISPER, "off")
    run = CliRunner().invoke(app, ["explain", "a.wav", "--engine", "signal", "--transcribe"])
    assert run.exit_code == 2
    assert "switched off" in run.stderr
