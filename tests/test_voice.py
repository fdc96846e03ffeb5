"""Sounds known by construction: pitch, pauses, syllables, effort are recovered; noise is not a voice."""

import numpy as np
import pytest
from voices import RATE_HZ, buzz, flute, glide, noise, silence, strings, talk

from affectgpt import schema
from affectgpt.signals import pitch
from affectgpt.signals.pitch import held, semitones, track_pitch
from affectgpt.signals.prosody import breaths, loudness_step, pitch_range, rise_st, slope, wobble
from affectgpt.signals.voice import BIN_HZ, analyse, count_syllables


def test_one_sample_rate():
    assert pitch.SAMPLE_RATE_HZ == schema.SAMPLE_RATE_HZ == RATE_HZ


@pytest.mark.parametrize("hz", [75, 110, 150, 220, 330, 480, 580])
def test_tone_is_found_in_its_octave(hz):
    found, strength = track_pitch(buzz(np.full(RATE_HZ, float(hz))))
    assert np.abs(semitones(found[5:-5]) - semitones(np.array(hz))).max() < 0.1, "no frame unvoiced or off"
    assert strength[5:-5].min() > 0.9


@pytest.mark.parametrize(("low", "high"), [(100, 200), (300, 150), (220, 440)])
def test_glide_is_followed_within_one_semitone(low, high):
    curve = glide(low, high, 1.0)
    found, _ = track_pitch(np.concatenate([silence(0.5), buzz(curve), silence(0.5)]))
    truth = semitones(np.interp(np.arange(len(found)) * 160, np.arange(len(curve)) + RATE_HZ // 2, curve))
    voiced = ~np.isnan(found)
    assert np.abs(semitones(found[voiced]) - truth[voiced]).max() < 1
    assert voiced[52:148].all()
    assert not voiced[:47].any()
    assert not voiced[154:].any()


def test_two_registers_keep_their_octaves():
    wave = np.concatenate([buzz(np.full(24_000, hz)) for hz in (110.0, 240.0, 110.0)])
    found, _ = track_pitch(wave)
    for start, hz in ((0, 110), (150, 240), (300, 110)):
        assert np.nanmedian(found[start + 10 : start + 140]) == pytest.approx(hz, rel=0.01)


def test_creak_does_not_halve_the_pitch():
    """Every second period weaker, as at the end of a sentence: the register decides for the upper octave."""
    voice = talk(8, pitch_hz=180)
    curve = glide(180, 160, 0.5)
    phase = np.cumsum(curve) / RATE_HZ
    creak = buzz(curve) * np.where(np.floor(phase) % 2, 1.0, 0.6).astype(np.float32)
    found, _ = track_pitch(np.concatenate([voice, creak]))
    assert np.all(found[165:205] > 140), "voiced, and in the upper octave"


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_not_voiced(seed):
    found, strength = track_pitch(noise(3, seed=seed))
    assert np.isnan(found).all()
    assert not strength.any()


def test_noise_bursts_between_voices_stay_unvoiced():
    wave = np.concatenate([talk(3), noise(0.4), talk(3)])
    found, _ = track_pitch(wave)
    assert np.isnan(found[63:97]).all()


def test_held_tones_are_told_from_gliding_ones():
    assert held(np.full(100, 220.0))[1] == 1
    assert held(np.geomspace(200, 300, 100))[1] == 0
    assert held(np.full(5, 220.0))[1] == 0
    frames, share = held(
        np.concatenate([np.full(20, 220.0), np.full(30, np.nan), np.geomspace(200, 300, 50)])
    )
    assert frames[:20].all()
    assert not frames[20:].any()
    assert 0 < share < 0.3


def test_pauses_and_speech_within_50_ms():
    wave = np.concatenate([silence(0.3), talk(5), silence(0.6), talk(4), silence(0.4)])
    voice = analyse(wave)
    assert np.abs(np.array(voice.speech) - [(0.3, 1.3), (1.9, 2.7)]).max() <= 0.05
    assert np.abs(np.array(voice.pauses) - [(1.3, 1.9)]).max() <= 0.05
    assert voice.speech_s == pytest.approx(1.8, abs=0.1)


def test_short_gap_is_no_pause_and_breath_is_not_quiet():
    joined = analyse(np.concatenate([talk(4), silence(0.12), talk(4)]))
    assert joined.pauses == ()
    assert len(joined.speech) == 1
    wave = np.concatenate([talk(4), silence(0.5), noise(0.2, level=0.03), silence(0.5), talk(4)])
    assert np.allclose(analyse(wave).pauses, [(0.8, 1.3), (1.5, 2.0)], atol=0.05)


@pytest.mark.parametrize(("count", "syllable_s"), [(4, 0.25), (10, 0.2), (15, 0.15)])
def test_syllables_are_counted(count, syllable_s):
    voice = analyse(np.concatenate([silence(0.3), talk(count, syllable_s=syllable_s), silence(0.3)]))
    assert len(voice.syllables_s) == count
    middles = 0.3 + (np.arange(count) + 0.5) * syllable_s
    assert np.abs(np.array(voice.syllables_s) - middles).max() < 0.06


def test_rate_is_taken_from_the_text_only_when_it_fits():
    wave = np.concatenate([silence(0.3), talk(10), silence(0.3)])  # 2.0 s
    fitting = analyse(wave, subtitle="今天我们一起去吃饭吧")
    assert (fitting.rate_from, fitting.rate_sps) == ("text", pytest.approx(5.0, rel=0.05))
    disputed = analyse(wave, subtitle="我们去吃饭了吧")  # 3.5 against 5.9 heard: nothing says which is wrong
    assert (disputed.rate_from, disputed.rate_sps) == (None, None)
    cut = analyse(wave[: round(2.32 * RATE_HZ)], subtitle="今天我们一起去吃饭了好不好")  # 13, and 10 heard
    assert (cut.cut, cut.rate_from) == (True, None), "its last words may be spoken after the end"
    cut = analyse(wave[: round(2.32 * RATE_HZ)], subtitle="今天我们一起去吃饭了好不好", complete=True)
    assert (cut.rate_from, cut.rate_sps) == ("text", pytest.approx(6.5, rel=0.05))
    assert analyse(wave, subtitle="今天我们一起去吃饭了好不好").rate_from == "text"
    for text in ("", "好", "这句话里面的字实在是太多太多了根本就不可能在两秒钟里说完"):
        other = analyse(wave, subtitle=text)
        assert (other.rate_from, other.rate_sps) == ("sound", pytest.approx(10 / 1.2 / 2.0, rel=0.05)), (
            "at least"
        )


def test_text_syllables():
    assert count_syllables("你好，世界 3") == 5
    assert count_syllables("I like the little house") == 6  # I, like, the, lit-tle, house
    assert count_syllables("...") == 0


def test_effort_follows_the_spectral_tilt():
    values = [analyse(talk(10, tilt_db=tilt)).effort for tilt in (-18, -12, -9, -6, -3)]
    assert values == sorted(values)
    assert values[0] < -0.9
    assert values[-1] > 1.6


def test_effort_does_not_depend_on_loudness():
    assert analyse(talk(10, level=0.01)).effort == pytest.approx(
        analyse(talk(10, level=0.2)).effort, abs=0.02
    )


@pytest.mark.parametrize("tilt_db", [-9, -6.5, -4.5])
@pytest.mark.parametrize("ratio_db", [25, 15, 10, 5, 0])
def test_noise_hides_the_effort_and_does_not_raise_it(tilt_db, ratio_db):
    wave = np.concatenate([talk(8, tilt_db=tilt_db), silence(0.5), talk(8, tilt_db=tilt_db)])
    rms = float(np.sqrt((wave**2).mean()))
    noisy = analyse(wave + noise(len(wave) / RATE_HZ, level=rms * 10 ** (-ratio_db / 20)))
    assert noisy.clear_db < analyse(wave).clear_db
    assert noisy.effort is None or noisy.effort == pytest.approx(analyse(wave).effort, abs=0.35)
    if ratio_db == 0:
        assert noisy.effort is None


def test_a_bright_recording_is_not_taken_for_effort():
    dull, bright = analyse(talk(10, tilt_db=-3)), analyse(talk(10, tilt_db=1))
    assert dull.effort > 1.6
    assert bright.effort is None
    assert bright.efforts[0] > 1.6, "one stretch may be so for its effort"


def test_effort_of_each_stretch():
    wave = np.concatenate([talk(5, tilt_db=-14), silence(0.5), talk(5, tilt_db=-5)])
    soft, loud = analyse(wave).efforts
    assert soft < 0 < loud


def test_speech_passes_the_gate_and_other_sounds_do_not():
    assert analyse(np.concatenate([silence(0.3), talk(8), silence(0.3)])).speechlike
    chord = sum(buzz(np.full(3 * RATE_HZ, hz)) for hz in (220.0, 277.2, 329.6))
    notes = np.concatenate(
        [buzz(np.full(4800, hz)) * np.hanning(4800) for hz in (262, 330, 392, 523, 392, 330)]
    )
    knocks = np.concatenate([np.concatenate([noise(0.03), silence(0.2)]) for _ in range(8)])
    for sound in (noise(3), chord, notes, knocks, buzz(glide(300, 600, 3))):
        assert not analyse(sound).speechlike
    assert analyse(notes).held > 0.5


PLUCKED = strings(36)


@pytest.mark.parametrize("wave", [PLUCKED, PLUCKED[:80_000] + 0.4 * flute(17)[:80_000]])
def test_notes_that_ring_into_each_other_are_music(wave):
    """Their pitch hops as that of a voice: all that the gate asked before they pass."""
    voice = analyse(wave)
    assert voice.held < 0.5
    assert voice.voiced_energy > 0.25
    assert len(voice.syllables_s) > 0.8 * voice.speech_s
    assert voice.lines > 0.85
    assert voice.music
    assert not voice.speechlike
    assert voice.still.mean() > 0.8


@pytest.mark.parametrize("swing_st", [4, 9])
def test_a_voice_is_not_in_lines_even_over_noise_and_hum(swing_st):
    wave = talk(15, swing_st=swing_st)
    hum = sum(np.sin(2 * np.pi * 50 * k * np.arange(len(wave)) / RATE_HZ) / k for k in range(1, 20))
    for added in (0, noise(3, level=0.02), 0.01 * hum):
        assert analyse(wave + added).lines < 0.5


def test_tone_outside_speech_is_noticed():
    wave = np.concatenate([talk(6), silence(1.0), talk(6)])
    assert analyse(wave).background_tone_s == 0
    hum = 0.004 * buzz(np.full(len(wave), 131.0)) / 0.1
    assert analyse(wave + hum).background_tone_s > 0.3


@pytest.mark.parametrize(
    ("wave", "state"),
    [
        (np.zeros(0, np.float32), "none"),
        (np.zeros(44, np.float32), "silent"),
        (np.zeros(RATE_HZ, np.float32), "silent"),
        (np.full(RATE_HZ, 0.5, np.float32), "silent"),  # a constant has no sound
        (np.full(RATE_HZ, np.nan, np.float32), "silent"),
        (noise(44 / RATE_HZ), "short"),
        (noise(0.24), "short"),
    ],
)
def test_nothing_to_hear(wave, state):
    voice = analyse(wave, subtitle="你好")
    assert voice.state == state
    assert voice.speech == voice.pauses == voice.syllables_s == ()
    assert (voice.speechlike, voice.rate_sps, voice.effort) == (False, None, None)
    assert len(voice.times_s) == len(voice.pitch_hz) == len(voice.level_db) == 0
    assert voice.talk_s is None


@pytest.mark.parametrize(
    "wave", [talk(3), noise(1), noise(0.25), np.where(np.arange(RATE_HZ) == 8000, 0.9, 0.0)]
)
def test_curves_have_one_length_and_no_nan(wave):
    voice = analyse(np.concatenate([wave, [np.nan, np.inf]]))
    frames = len(voice.times_s)
    for curve in (voice.pitch_hz, voice.strength, voice.level_db, voice.speech_db, voice.power):
        assert len(curve) == frames
    for curve in (voice.strength, voice.level_db, voice.speech_db, voice.power):
        assert np.isfinite(curve).all()
    assert (np.isnan(voice.pitch_hz) == (voice.strength == 0)).all()


def test_long_sound_is_analysed_in_blocks_as_in_one(monkeypatch):
    wave = np.concatenate([talk(10), silence(0.4), talk(10, pitch_hz=220)])
    whole, _ = track_pitch(wave)
    monkeypatch.setattr(pitch, "BLOCK_FRAMES", 77)
    assert np.allclose(track_pitch(wave)[0], whole, equal_nan=True)


def test_prosody_figures():
    assert pitch_range(np.array([np.nan, *[100.0] * 50, *[200.0] * 50]))[2] == pytest.approx(12)
    assert rise_st(np.geomspace(100, 200, 300)) == pytest.approx(
        8, abs=0.1
    )  # middles of thirds are 2/3 apart
    assert slope(np.geomspace(200, 100, 100)) == (pytest.approx(-12, rel=0.02), pytest.approx(-1))
    assert slope(np.full(50, np.nan)) == slope(np.full(50, 200.0)) == (0, 0)
    seconds = np.arange(60) * 0.01
    assert wobble(150 * 2 ** (3 * np.sin(2 * np.pi * 8 * seconds) / 12))[0] == pytest.approx(
        3 / np.sqrt(2), abs=0.3
    )
    assert wobble(np.geomspace(100, 200, 60))[0] < 0.1
    assert wobble(np.full(10, 150.0)) == (0.0, [])


def test_loudness_step_is_found_where_it_is():
    level = np.concatenate([np.full(150, -30.0), np.full(150, -22.0)])
    at, step, order = loudness_step(level, np.ones(300, bool), [0.9, 1.5, 2.1])
    assert (at, step) == (1.5, 8.0)
    assert 0.9 < order < 1  # the envelope reaches 0.1 s over the edge
    assert loudness_step(level, np.ones(300, bool), [0.2, 2.9]) is None
    passage = np.concatenate([level[::-1], level])  # loud, quiet for 3 s, loud again
    assert loudness_step(passage, np.ones(600, bool), [1.5, 4.5]) is None
    assert loudness_step(passage[:450], np.ones(450, bool), [1.5])[:2] == (1.5, -8.0)


def breath(seconds: float) -> np.ndarray:
    """Noise with four resonances, swelling and fading."""
    spectrum = np.fft.rfft(noise(seconds, seed=3))
    hz = np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ)
    shape = sum(np.exp(-(((hz - at) / 150) ** 2)) for at in (1500, 2500, 3500, 4300)) + 0.1
    wave = np.fft.irfft(spectrum * shape, round(seconds * RATE_HZ))
    return (0.02 * np.hanning(len(wave)) * wave / wave.std()).astype(np.float32)


def test_silence_after_it_makes_a_breath_no_longer():
    floor = noise(4.0, level=3e-4, seed=9)
    floor[: 2 * RATE_HZ] += talk(10)
    floor[40_000:52_800] += breath(0.8)

    def found(wave):
        voice = analyse(wave)
        return breaths(voice.power, voice.inside(voice.speech), BIN_HZ)

    assert len(found(floor)) == 1
    assert found(np.concatenate([floor, silence(3)])) == found(floor)


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_breath_is_told_from_noise(colour):
    floor = noise(4.0, level=3e-4, seed=9)

    def found(event):
        wave = floor.copy()
        wave[2 * RATE_HZ :] += talk(10)
        wave[8000 : 8000 + len(event)] += event
        voice = analyse(wave)
        return breaths(voice.power, voice.inside(voice.speech), BIN_HZ)

    ((first, last),) = found(breath(0.8))
    assert 45 < first < 75 < 105 < last < 135
    hz = np.maximum(np.fft.rfftfreq(12_800, 1 / RATE_HZ), 50)
    plain = np.fft.irfft(np.fft.rfft(noise(0.8, seed=5)) * hz ** (-colour / 2), 12_800)
    assert not found(0.02 * np.hanning(12_800) * plain / plain.std())
    at = np.arange(12_800) / RATE_HZ
    bells = sum(np.sin(2 * np.pi * hz * at) for hz in (1510, 2270, 3490, 4310))
    assert not found(0.01 * np.hanning(12_800) * bells)
