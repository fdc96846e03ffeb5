"""A voice whose prosody is known: phrases spoken by espeak-ng, given exact pauses, levels and effort.

espeak-ng (the Debian package of that name) is needed only here, to render the examples. Silence around a
phrase is cut away, so that every pause has exactly the length written in the script; level and spectral tilt
(effort) are then set by numpy.
"""

from __future__ import annotations

import io
import subprocess
import wave as wave_file
from dataclasses import dataclass

import numpy as np

RATE_HZ = 22_050  # what espeak-ng gives
EDGE_DB = -38.0  # quieter ends of a phrase, under its peak, are cut away
ROOM_DB = -66.0  # level of the faint room tone under everything
PEAK = 0.8  # of full scale, of every finished track
TILT_CORNER_HZ = 1000.0  # the shelf that makes a voice pressed or soft pivots here


@dataclass(frozen=True)
class Phrase:
    """Words with the pause before them. `pitch` and `pace` are espeak-ng's 0..99 and words per minute."""

    text: str  # as the subtitle shows it
    said: str = ""  # as espeak-ng reads it, where that differs (pinyin)
    pause_s: float = 0.0
    pace: int = 165
    pitch: int = 50
    range: str = "medium"  # SSML pitch range: x-low, low, medium, high, x-high
    level_db: float = 0.0  # against the other phrases, after each was set to the same loudness
    tilt_db: float = 0.0  # boost (pressed) or cut (soft) above 1 kHz


def pronounce(phrase: Phrase, voice: str):
    """The phrase as espeak-ng says it: (S,) float64 at 22.05 kHz, without silence at the ends."""
    ssml = f'<speak><prosody range="{phrase.range}">{phrase.said or phrase.text}</prosody></speak>'
    command = [
        "espeak-ng",
        "-v",
        voice,
        "-s",
        str(phrase.pace),
        "-p",
        str(phrase.pitch),
        "-m",
        "--stdout",
        ssml,
    ]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    with wave_file.open(io.BytesIO(spoken)) as file:
        assert file.getframerate() == RATE_HZ, (
            f"espeak-ng spoke at {file.getframerate()} Hz, expected {RATE_HZ}"
        )
        samples = np.frombuffer(file.readframes(1 << 30), np.int16) / 32768
    loud = np.convolve(np.abs(samples), np.ones(220) / 220, "same")
    heard = np.flatnonzero(loud > loud.max() * 10 ** (EDGE_DB / 20))
    samples = samples[heard[0] : heard[-1] + 1].copy()
    fade = np.linspace(0, 1, 110)
    samples[:110] *= fade
    samples[-110:] *= fade[::-1]
    return samples


def tilt(samples, gain_db: float):
    """Raise or lower everything above 1 kHz by `gain_db` through a smooth shelf, without delay."""
    spectrum = np.fft.rfft(samples, len(samples) + 2048)
    hz = np.fft.rfftfreq(len(samples) + 2048, 1 / RATE_HZ)
    shelf = 1 / (1 + (TILT_CORNER_HZ / np.maximum(hz, 1)) ** 4)
    air = 1 / (1 + (hz / 6500) ** 8)  # espeak-ng hisses above
    return np.fft.irfft(spectrum * 10 ** (gain_db * shelf / 20) * air)[: len(samples)]


def speak(phrases: tuple[Phrase, ...], voice: str, *, lead_s: float, total_s: float):
    """All phrases as one track (S,) float32 at 22.05 kHz, and the exact (start_s, end_s) of each."""
    track = np.random.default_rng(5).standard_normal(int(total_s * RATE_HZ)) * 10 ** (ROOM_DB / 20)
    at, spans = lead_s, []
    for phrase in phrases:
        at += phrase.pause_s
        samples = tilt(pronounce(phrase, voice), phrase.tilt_db)
        loud = np.sort(samples**2)[len(samples) // 2 :].mean()  # the louder half: pauses inside do not count
        samples *= 0.11 / np.sqrt(loud) * 10 ** (phrase.level_db / 20)
        first = round(at * RATE_HZ)
        assert first + len(samples) <= len(track), f"the phrase {phrase.text!r} does not fit into {total_s} s"
        track[first : first + len(samples)] += samples
        spans.append((first / RATE_HZ, (first + len(samples)) / RATE_HZ))
        at = spans[-1][1]
    return (track * (PEAK / np.abs(track).max())).astype(np.float32), spans


def mouth_envelope(track, times_s):
    """How far the mouth is open (0..1) at `times_s`: the smoothed loudness of the voice between 200 and 3000
    Hz."""
    spectrum = np.fft.rfft(track)
    hz = np.fft.rfftfreq(len(track), 1 / RATE_HZ)
    voice = np.abs(np.fft.irfft(spectrum * ((hz > 200) & (hz < 3000)), len(track)))
    span = int(0.07 * RATE_HZ)
    window = np.hanning(span)
    loud = np.convolve(voice, window / window.sum(), "same")
    loud = loud / np.percentile(loud[loud > 0.05 * loud.max()], 90)
    return np.interp(times_s, np.arange(len(track)) / RATE_HZ, np.clip((loud - 0.08) / 0.92, 0, 1) ** 0.8)
