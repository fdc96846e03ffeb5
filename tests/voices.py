"""Toy voices whose pitch, loudness, syllables and effort are known by construction."""

import numpy as np
from conftest import make_clip

from affectgpt.clues.acoustic import measure
from affectgpt.schema import Cue

RATE_HZ = 16_000


def buzz(pitch_hz, *, tilt_db: float = -9.0, level: float = 0.1) -> np.ndarray:
    """Harmonics of a pitch curve (S,), falling by `tilt_db` per octave: (S,) float32 of RMS `level`."""
    pitch_hz = np.asarray(pitch_hz, float)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    wave = np.zeros(len(pitch_hz))
    for k in range(1, int(7000 / pitch_hz.min()) + 1):
        wave += np.where(k * pitch_hz < 7000, 10 ** (tilt_db * np.log2(k) / 20), 0) * np.sin(k * phase)
    return (wave * level / np.sqrt((wave**2).mean())).astype(np.float32)


def glide(low_hz: float, high_hz: float, seconds: float) -> np.ndarray:
    """A pitch curve per sample, straight in semitones."""
    return np.geomspace(low_hz, high_hz, round(seconds * RATE_HZ))


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def talk(
    syllables: int, *, syllable_s: float = 0.2, pitch_hz: float = 150.0, swing_st: float = 4.0, **voice
) -> np.ndarray:
    """Syllables of `syllable_s` seconds, each a swell with a pitch that falls by `swing_st` semitones."""
    high, low = pitch_hz * 2 ** (swing_st / 24), pitch_hz * 2 ** (-swing_st / 24)
    one = glide(high, low, syllable_s)
    swell = 0.06 + np.sin(np.linspace(0, np.pi, len(one))) ** 2  # a dip of 25 dB, still voiced
    return buzz(np.tile(one, syllables), **voice) * np.tile(swell, syllables).astype(np.float32)


def strings(count: int, *, every_s: float = 0.14, ring_s: float = 0.5, low_hz: float = 110.0) -> np.ndarray:
    """Plucked notes of a chord, one each `every_s` seconds, each of which rings on under the next ones."""
    at = np.arange(round(ring_s * RATE_HZ)) / RATE_HZ
    wave = np.zeros(round((count * every_s + ring_s) * RATE_HZ) + 1, np.float32)
    for i, steps in enumerate(np.random.default_rng(1).choice([0, 4, 7, 12, 16], count)):
        hz, start = low_hz * 2 ** (steps / 12), round(i * every_s * RATE_HZ)
        partials = (np.sin(2 * np.pi * hz * k * at + k) * np.exp(-at * (1 + k)) / k for k in range(1, 21))
        wave[start : start + len(at)] += 0.1 * np.minimum(at / 0.005, 1) * sum(partials)
    return wave


def flute(count: int, *, note_s: float = 0.3, low_hz: float = 523.0) -> np.ndarray:
    """Notes of a scale, one after the other, with a vibrato of a quarter semitone."""
    at = np.arange(round(note_s * RATE_HZ)) / RATE_HZ
    edge = np.minimum(1, np.minimum(at, note_s - at) / 0.05)
    steps = np.random.default_rng(2).choice([0, 2, 4, 5, 7, 9, 12], count)
    curves = (low_hz * 2 ** ((x + 0.25 * np.sin(2 * np.pi * 5 * at)) / 12) for x in steps)
    return np.concatenate([edge * buzz(curve, tilt_db=-12) for curve in curves]).astype(np.float32)


def noise(seconds: float, *, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return (level * np.random.default_rng(seed).normal(size=round(seconds * RATE_HZ))).astype(np.float32)


ORDINARY = -6.5  # dB per octave: the toy voice of effort 0


def heard(wave, subtitle="", **values):
    cues = (Cue(subtitle),) if subtitle else ()
    clip = make_clip(wave=np.asarray(wave, np.float32), duration_s=len(wave) / RATE_HZ, cues=cues, **values)
    return {clue.name: clue for clue in measure(clip)}


def framed(wave):
    return np.concatenate([silence(0.3), wave, silence(0.3)])


SWELL = 0.06 + np.sin(np.linspace(0, np.pi, 3200)) ** 2  # one syllable of 0.2 s
TEXT = "今天我们一起去吃饭吧"  # 10 syllables
PLAIN = framed(talk(10, tilt_db=ORDINARY, swing_st=9))
