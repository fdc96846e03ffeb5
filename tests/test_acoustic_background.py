"""Acoustic clues beside music, noise and hum: nothing is taken for a voice, and what hides it is said."""

import numpy as np
import pytest
from voices import (
    ORDINARY,
    PLAIN,
    RATE_HZ,
    TEXT,
    buzz,
    framed,
    heard,
    noise,
    silence,
    strings,
    talk,
)


@pytest.mark.parametrize(
    ("wave", "names"),
    [
        (np.zeros(0), set()),
        (np.zeros(44), {"silence"}),
        (np.full(RATE_HZ, np.nan), {"silence"}),
        (noise(0.1), {"silence"}),
        (noise(3), {"voice_like_sound", "noise"}),
        (sum(buzz(np.full(48_000, hz)) for hz in (220.0, 277.2, 329.6)), {"music_like_sound", "noise"}),
    ],
)
def test_without_speech_no_voice_is_invented(wave, names):
    clues = heard(wave, "好的，谢谢你")
    assert set(clues) == names
    assert all(clue.strength == 0 for clue in clues.values())


def test_melody_is_called_music_like():
    notes = np.concatenate(
        [buzz(np.full(4800, hz)) * np.hanning(4800) for hz in (262, 330, 392, 523, 392, 330)]
    )
    clues = heard(framed(notes))
    assert set(clues) == {"music_like_sound"}
    assert clues["music_like_sound"].value > 50
    word = talk(2, pitch_hz=300, swing_st=12)
    beside = heard(framed(np.concatenate([notes, silence(0.4), word])))["music_like_sound"]
    assert beside.spans == ((pytest.approx(0.3, abs=0.05), pytest.approx(2.1, abs=0.05)),), "not the word"


def test_music_beside_the_voice_silences_what_its_pitch_would_say():
    music = strings(30)[: len(PLAIN)]
    alone, among = heard(PLAIN, TEXT), heard(PLAIN + 0.15 * music, TEXT)
    assert 15 < among["noise"].value < 20
    assert {"pitch_level", "effort"} <= set(alone)
    assert set(among) <= {"noise", "speech_rate"}
    unsure = heard(PLAIN + 0.15 * music)
    assert set(unsure) == {"noise", "voice_like_sound"}


def test_noise_is_named_and_weakens_what_is_said():
    loud = framed(talk(10, tilt_db=-3))
    clean, hiss = heard(loud, TEXT), heard(loud + noise(len(loud) / RATE_HZ, level=0.006), TEXT)
    assert 0 < hiss["forceful_voice"].strength < clean["forceful_voice"].strength
    drowned = heard(loud + noise(len(loud) / RATE_HZ, level=0.04), TEXT)
    assert drowned["noise"].value < 15
    assert all(clue.strength <= 0.35 for clue in drowned.values())
    assert "forceful_voice" not in drowned


@pytest.mark.parametrize("tilt_db", [-9, ORDINARY, -4.5])
def test_noise_that_hides_the_effort_is_said(tilt_db):
    wave = framed(np.concatenate([talk(10, tilt_db=tilt_db), silence(0.5), talk(10, tilt_db=tilt_db)]))
    clean = heard(wave, TEXT * 2)
    efforts = {"effort", "soft_voice", "tense_voice", "forceful_voice"}
    silent = 0
    for level in (0.001, 0.003, 0.012, 0.03):
        noisy = heard(wave + noise(len(wave) / RATE_HZ, level=level), TEXT * 2)
        named = efforts & set(noisy)
        assert named <= set(clean), "noise makes no voice another"
        assert "fast_speech" not in noisy
        assert bool(named) != ("noise" in noisy)
        if not named:
            silent += 1
            assert "speech_rate" not in noisy
            assert noisy["noise"].strength == 0
    assert silent, "the loudest noise hides it"


def test_hum_is_named():
    hum = 0.04 * buzz(np.full(len(PLAIN) + 16_000, 131.0))
    assert "background_tone" in heard(np.concatenate([PLAIN, silence(1.0)]) + hum, TEXT)


def test_without_subtitle_the_voice_is_not_taken_for_granted():
    """The doubt is said once, where the voice is first spoken of."""
    for wave, name in ((PLAIN, "pitch_level"), (framed(talk(10, pitch_hz=380)), "high_pitch")):
        unsure = heard(wave)
        assert "voice_like_sound" not in unsure
        assert [n for n, clue in unsure.items() if "subtitle" in clue.text.en] == [name]
        assert "like" in unsure[name].text.en
        assert not any("confirm" in clue.text.en for clue in heard(wave, TEXT).values())


def test_hum_below_every_voice_does_not_draw_its_pitch():
    at = np.arange(len(PLAIN)) / RATE_HZ
    hum = 0.15 * np.sin(2 * np.pi * 45 * at).astype(np.float32)  # louder than the voice
    clean, hummed = (heard(wave, TEXT)["pitch_level"].value for wave in (PLAIN, PLAIN + hum))
    assert hummed == pytest.approx(clean, abs=2)


def test_over_a_telephone_no_effort_is_read():
    from scipy.signal import butter, sosfilt

    line = butter(6, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    names = {"effort", "tense_voice", "forceful_voice", "soft_voice"}
    assert names & set(heard(PLAIN, TEXT))
    assert not names & set(heard(sosfilt(line, PLAIN), TEXT))


def test_without_a_subtitle_gaps_of_an_unclear_voice_are_no_pauses():
    speech = framed(np.concatenate([PLAIN, silence(0.7), PLAIN]))
    unclear = speech + buzz(np.full(len(speech), 190.0), tilt_db=-30, level=0.01)  # a tone 20 dB below
    assert "long_pauses" in heard(unclear, TEXT * 2)
    assert "long_pauses" not in heard(unclear)
