"""Turn the sound of a clip into what can be drawn and measured of a voice: curves, segments, a few figures.

Thresholds and their checks on real clips: the signal-engine specification, 5.1. Nothing here judges; the
clues do. Legend of shapes: S samples at 16 kHz, T frames at a 10 ms hop (frame i at i * 0.01 s), F
frequency bins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..schema import SAMPLE_RATE_HZ
from .pitch import (
    BLOCK_FRAMES,
    HOP_S,
    frame_count,
    frames_of,
    held,
    hnr_db,
    reach,
    runs_of,
    tone_s,
    track_pitch,
)

Segments = tuple[tuple[float, float], ...]  # (start_s, end_s), rising, without overlap

MIN_SOUND_S = 0.25  # shorter sound is not analysed
SILENT_PEAK = 1e-4  # of full scale: below it the track is silent
FFT_SIZE = 512  # 32 ms
BIN_HZ = SAMPLE_RATE_HZ / FFT_SIZE
BANDS_HZ = ((0.0, 8000.0), (150.0, 4000.0), (300.0, 3300.0))  # full, speech, syllable nuclei
EMPTY_DB = -120.0  # the level of digital silence

SPEECH_SHARE_OF_RANGE = 0.35  # speech is louder than floor + this share of the dynamic
SPEECH_BELOW_TOP_DB = 28.0  # and not farther than this below the loud frames
VOICING_SIGMA_S = 0.08
MIN_VOICING = 0.12  # of the smoothed voicing
GROW_S = 0.3  # speech reaches this far into unvoiced sound that is joined to it: s, sh, whispered ends
DIP_S = 0.02  # half of a dip between a consonant and its vowel that does not part them
MIN_SPEECH_S = 0.06  # shorter stretches are clicks
MERGE_GAP_S = 0.18  # shorter gaps belong to the speech: closures of consonants
MIN_PAUSE_S = 0.20
MIN_TOTAL_SPEECH_S = 0.15

GATE_STRENGTH = 0.62  # a "well voiced" frame
GATE_PITCH_HZ = (75.0, 480.0)
GATE_ENERGY_SHARE = 0.25  # of the clip's energy that well-voiced frames must carry
GATE_NUCLEI_SPS = 0.8  # syllable nuclei per second of speech
GATE_HELD_SHARE = 0.5  # of the pitch that stands still as in music

NUCLEUS_PROMINENCE_DB = 1.0
NUCLEUS_GAP_S = 0.08
NUCLEUS_BELOW_TOP_DB = 25.0
FOUND_NUCLEI_SHARE = 0.85  # of the syllables of a known text (EmoDB .92, TV clips .80)
RATE_LIMITS_SPS = (1.5, 9.5)  # outside, the text does not belong to this sound
MIN_TEXT_SYLLABLES = 4
RATES_AGREE = 1.4  # factor: farther apart, the text may be a translation or the count in the sound wrong

TONE_BELOW_TOP_DB = 35.0  # quieter tones are hardly heard

QUIET_ABOVE_FLOOR_DB = 3.0  # frames that show the background
ALPHA_NEUTRAL_DB, ALPHA_UNIT_DB = -13.5, 4.5  # see _effort
HAMMARBERG_NEUTRAL_DB, HAMMARBERG_UNIT_DB = 24.0, 5.0
MIN_EFFORT_FRAMES = 20
EFFORT_BAND_HZ = (1000.0, 5000.0)  # where effort shows
EFFORT_BACKGROUND_PERCENT = 5  # of the frames of this band: its quiet moments
CLEAR_DB = 6.0  # that the middle voiced frame stands above them; with less, noise is measured, not effort

HANZI = re.compile(r"[\u3400-\u9fff]")
CHINESE_SHARE = 0.2  # of the characters; else the text is read as English
DIGIT = re.compile(r"[0-9]")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
VOWELS = re.compile(r"[aeiouy]+")
SILENT_E = re.compile(r"(?<![aeiouyl])e$")  # "like", but not "little"


@dataclass(frozen=True, eq=False)
class Voice:
    """What was measured of a sound; all curves are (T,) at `times_s`, empty when `state` is not "heard".

    `state`: "none" no samples, "short" under 0.25 s, "silent", or "heard". `pitch_hz` is NaN where there is
    no voice, `strength` the normalised autocorrelation there (0 without voice). `level_db` and `speech_db`
    are the full band and 150-4000 Hz in dB of full scale; `power` (T, F) the spectra, BIN_HZ apart.
    `floor_db`, `top_db`, `dynamic_db`: 10th and 95th percentile of `speech_db` from the first voiced frame to
    the last, and their difference: silence around a voice changes nothing.
    `speech` and the quiet `pauses` (>= 0.2 s) between are in seconds, `syllables_s` the times of syllable
    nuclei. `speechlike`: the sound passes the speech gate, which reads `voiced_energy` (share of the energy
    in a speaking pitch) and `held` (share of the pitch that stands still as in music). `background_tone_s`:
    seconds of steady tone outside speech. `rate_sps`: syllables per second of speech, from the text or the
    sound as `rate_from` says. `effort`: 0 is ordinary speech, above 0.55 projected, below -0.9 soft, None
    if not measurable; `efforts` the same for each stretch of `speech`. `clear_db`: how far the middle voiced
    frame stands above the quiet moments at 1-5 kHz; below 6 dB noise hides the effort. `hnr_db`:
    harmonics-to-noise ratio.
    """

    state: Literal["none", "silent", "short", "heard"]
    duration_s: float
    times_s: np.ndarray
    pitch_hz: np.ndarray
    strength: np.ndarray
    level_db: np.ndarray
    speech_db: np.ndarray
    power: np.ndarray
    floor_db: float = EMPTY_DB
    top_db: float = EMPTY_DB
    speech: Segments = ()
    pauses: Segments = ()
    syllables_s: tuple[float, ...] = ()
    voiced_energy: float = 0.0
    held: float = 0.0
    background_tone_s: float = 0.0
    speechlike: bool = False
    rate_sps: float | None = None
    rate_from: Literal["text", "sound"] | None = None
    effort: float | None = None
    efforts: tuple[float | None, ...] = ()
    clear_db: float | None = None
    hnr_db: float | None = None

    @property
    def dynamic_db(self) -> float:
        return self.top_db - self.floor_db

    @property
    def speech_s(self) -> float:
        return _length_s(self.speech)

    @property
    def talk_s(self) -> tuple[float, float] | None:
        """From the first speech to the last; None without speech."""
        return (self.speech[0][0], self.speech[-1][1]) if self.speech else None

    def inside(self, segments: Segments) -> np.ndarray:
        """Mark the frames in `segments`: (T,) bool."""
        return _inside(self.times_s, segments)


def analyse(wave: np.ndarray, *, subtitle: str = "") -> Voice:
    """Measure the voice in `wave` (S,), mono at 16 kHz; `subtitle` is what it says, in Chinese or English.

    Never raises on odd sound: no samples, silence and very short sound give a `Voice` with that `state` and
    no curves; NaN counts as 0. Costs about 10 ms of one CPU core per second of sound, so two callers need no
    cache.
    """
    wave = np.nan_to_num(np.asarray(wave, np.float32).ravel(), nan=0.0, posinf=0.0, neginf=0.0)
    duration_s = len(wave) / SAMPLE_RATE_HZ
    wave = wave - wave.mean() if len(wave) else wave
    state = _state(wave)
    if state != "heard":
        return Voice(state, duration_s, *(np.zeros(0) for _ in range(5)), np.zeros((0, FFT_SIZE // 2 + 1)))

    power = _power(wave)  # (T, F)
    level_db, speech_db, nucleus_db = (_decibel(power, band) for band in BANDS_HZ)
    pitch_hz, strength = track_pitch(wave)
    times_s = np.arange(len(power)) * HOP_S
    talk = reach(strength > 0)
    floor_db, top_db = (float(x) for x in np.percentile(speech_db[talk], [10, 95]))
    speech, pauses = _segments(level_db, speech_db, strength > 0, duration_s)
    inside = _inside(times_s, speech)
    pitch_hz, strength = np.where(inside, pitch_hz, np.nan), np.where(inside, strength, 0.0)
    voiced = strength > 0
    nuclei = _nuclei(nucleus_db, voiced, talk)
    voiced_energy = _voiced_energy(speech_db, pitch_hz, strength)
    _, held_share = held(pitch_hz)
    rhythm = bool(nuclei) and len(nuclei) >= GATE_NUCLEI_SPS * _length_s(speech)
    speechlike = rhythm and voiced_energy >= GATE_ENERGY_SHARE and held_share <= GATE_HELD_SHARE
    background = power[talk][speech_db[talk] < floor_db + QUIET_ABOVE_FLOOR_DB].mean(axis=0)  # (F,)
    clear_db = _clear_db(power, talk)  # (T,)
    rate_sps, rate_from = _rate(len(nuclei), _length_s(speech), subtitle) if speechlike else (None, None)
    curves = times_s, pitch_hz, strength, level_db, speech_db, power
    return Voice(
        state,
        duration_s,
        *curves,
        floor_db=floor_db,
        top_db=top_db,
        speech=speech,
        pauses=pauses,
        syllables_s=tuple(round(at * HOP_S, 2) for at in nuclei),
        voiced_energy=voiced_energy,
        held=held_share,
        background_tone_s=tone_s(wave, inside, speech_db > top_db - TONE_BELOW_TOP_DB),
        speechlike=speechlike,
        rate_sps=rate_sps,
        rate_from=rate_from,
        effort=_effort(power[voiced], background, clear_db[voiced]),
        efforts=tuple(
            _effort(power[at], background, clear_db[at])
            for at in (voiced & _inside(times_s, (x,)) for x in speech)
        ),
        clear_db=float(np.median(clear_db[voiced])) if voiced.any() else None,
        hnr_db=hnr_db(strength[voiced]),
    )


def is_chinese(text: str) -> bool:
    return len(HANZI.findall(text)) >= CHINESE_SHARE * max(len(text), 1)


def count_syllables(text: str) -> int:
    """Count the syllables of Chinese or English `text`: characters and digits, or groups of vowels."""
    if is_chinese(text):
        return len(HANZI.findall(text)) + len(DIGIT.findall(text))
    return sum(max(1, len(VOWELS.findall(SILENT_E.sub("", word)))) for word in WORD.findall(text.lower()))


def _state(wave: np.ndarray) -> Literal["none", "silent", "short", "heard"]:
    if not len(wave):
        return "none"
    if np.abs(wave).max() < SILENT_PEAK:
        return "silent"
    return "short" if len(wave) < MIN_SOUND_S * SAMPLE_RATE_HZ else "heard"


def _power(wave: np.ndarray) -> np.ndarray:
    """Power of 32 ms Hann frames (T, F); summed over F it is the mean square of the frame."""
    window = np.hanning(FFT_SIZE).astype(np.float32)
    scale = 2 / (FFT_SIZE * float((window**2).sum()))
    total = frame_count(len(wave))
    out = np.empty((total, FFT_SIZE // 2 + 1), np.float32)
    for at in range(0, total, BLOCK_FRAMES):
        stop = min(at + BLOCK_FRAMES, total)
        out[at:stop] = scale * np.abs(np.fft.rfft(frames_of(wave, FFT_SIZE, at, stop) * window)) ** 2
    return out


def _decibel(power: np.ndarray, band_hz: tuple[float, float]) -> np.ndarray:
    """Level of a band in dB of full scale (T,)."""
    low_hz, high_hz = band_hz
    energy = power[:, round(low_hz / BIN_HZ) : round(high_hz / BIN_HZ) + 1].sum(axis=1)
    return 10 * np.log10(np.maximum(energy, 10 ** (EMPTY_DB / 10)))


def _loud(level_db: np.ndarray, talk: slice) -> np.ndarray:
    """Mark the frames (T,) that stand out from the floor of the frames `talk`."""
    floor_db, top_db = np.percentile(level_db[talk], [10, 95])
    return level_db > max(
        floor_db + SPEECH_SHARE_OF_RANGE * (top_db - floor_db), top_db - SPEECH_BELOW_TOP_DB
    )


def _segments(
    level_db: np.ndarray, speech_db: np.ndarray, voiced: np.ndarray, duration_s: float
) -> tuple[Segments, Segments]:
    """Speech: loud stretches near voicing and the consonants joined to them. Pauses: the quiet between."""
    from scipy.ndimage import binary_closing, binary_dilation, gaussian_filter1d

    talk, dip = reach(voiced), round(DIP_S / HOP_S)
    voicing = gaussian_filter1d(voiced.astype(float), VOICING_SIGMA_S / HOP_S, mode="constant")
    core = _loud(speech_db, talk) & (voicing > MIN_VOICING)
    loud = np.pad(_loud(speech_db, talk) | _loud(level_db, talk), dip)  # else closing erodes the ends
    loud = core | binary_closing(loud, iterations=dip)[dip:-dip]
    speech = binary_dilation(core, iterations=round(GROW_S / HOP_S), mask=loud)
    found = []
    for start, end in _spans(speech, duration_s):
        if end - start < MIN_SPEECH_S - 1e-9:
            continue
        if found and start - found[-1][1] < MERGE_GAP_S:
            start = found.pop()[0]
        found.append((start, end))
    if _length_s(tuple(found)) < MIN_TOTAL_SPEECH_S:
        return (), ()
    times_s = np.arange(len(loud)) * HOP_S
    between = (times_s > found[0][0]) & (times_s < found[-1][1]) & ~_inside(times_s, tuple(found))
    noise = np.zeros_like(loud)  # breath or a step in a pause: not talk, but not quiet either
    for a, b in runs_of(loud & between):
        noise[a:b] = (b - a) * HOP_S >= MIN_SPEECH_S
    quiet = tuple(x for x in _spans(between & ~noise, duration_s) if x[1] - x[0] >= MIN_PAUSE_S - 1e-9)
    return tuple(found), quiet


def _spans(mask: np.ndarray, duration_s: float) -> Segments:
    edges = (((a - 0.5) * HOP_S, (b - 0.5) * HOP_S) for a, b in runs_of(mask))
    return tuple((round(max(start, 0.0), 3), round(min(end, duration_s), 3)) for start, end in edges)


def _nuclei(nucleus_db: np.ndarray, voiced: np.ndarray, talk: slice) -> list[int]:
    """Frames of syllable nuclei: voiced peaks of the level where vowels are loud.

    `nucleus_db` and `voiced` (T,); `talk`: the frames whose loudest say how loud a nucleus must be.
    """
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    if not voiced.any():
        return []
    smooth = gaussian_filter1d(nucleus_db, 0.5)
    lowest = np.percentile(smooth[talk], 95) - NUCLEUS_BELOW_TOP_DB
    gap = round(NUCLEUS_GAP_S / HOP_S)
    peaks, _ = find_peaks(smooth, height=lowest, prominence=NUCLEUS_PROMINENCE_DB, distance=gap)
    return [int(at) for at in peaks if voiced[at]]


def _voiced_energy(speech_db: np.ndarray, pitch_hz: np.ndarray, strength: np.ndarray) -> float:
    """Share of the energy that lies in frames voiced as a speaking voice is."""
    energy = 10 ** (speech_db / 10)
    low, high = GATE_PITCH_HZ
    well = (strength > GATE_STRENGTH) & (pitch_hz > low) & (pitch_hz < high)
    return float(energy[well].sum() / energy.sum())


def _rate(
    nuclei: int, talk_s: float, subtitle: str
) -> tuple[float, Literal["text", "sound"]] | tuple[None, None]:
    """Syllables per second: those of the text when they fit this sound, those heard when they cannot belong
    to it. None when the two are both possible and disagree: one is wrong, and nothing says which.
    """
    heard_sps = nuclei / FOUND_NUCLEI_SHARE / talk_s
    written = count_syllables(subtitle)
    written_sps = written / talk_s
    possible = RATE_LIMITS_SPS[0] <= written_sps <= RATE_LIMITS_SPS[1]
    if written < MIN_TEXT_SYLLABLES or not possible:
        return heard_sps, "sound"
    agree = heard_sps / RATES_AGREE <= written_sps <= heard_sps * RATES_AGREE
    return (written_sps, "text") if agree else (None, None)


def _clear_db(power: np.ndarray, talk: slice) -> np.ndarray:
    """How far each frame (T,) stands above the quiet moments of the frames `talk` where effort shows."""
    band_db = _decibel(power, EFFORT_BAND_HZ)
    return band_db - np.percentile(band_db[talk], EFFORT_BACKGROUND_PERCENT)


def _effort(voiced: np.ndarray, background: np.ndarray, clear_db: np.ndarray) -> float | None:
    """How hard the voice works, by its spectral tilt: a raised voice has stronger high frequencies.

    `voiced` (voiced frames, F) and `background` (F,) are power spectra, `clear_db` (voiced frames,). The
    figures are medians, so half of the frames must be clear of noise; leaving out the others would keep only
    the tense ones. alpha: energy at 1-5 kHz over
    50-1000 Hz; Hammarberg: strongest bin below 2 kHz over the strongest at 2-5 kHz; medians in dB, the
    background subtracted. Weights: spec 5.1 (EmoDB arousal AUC .92).
    """
    if len(voiced) < MIN_EFFORT_FRAMES or np.median(clear_db) < CLEAR_DB:
        return None
    spectrum = np.maximum(voiced - background, 1e-12)
    at_50, at_1k, at_2k, at_5k = (round(hz / BIN_HZ) for hz in (50, 1000, 2000, 5000))
    low, high = spectrum[:, at_50:at_1k], spectrum[:, at_1k:at_5k]
    alpha_db = np.median(10 * np.log10(high.sum(axis=1) / low.sum(axis=1)))
    below, above = spectrum[:, :at_2k], spectrum[:, at_2k:at_5k]
    hammarberg_db = np.median(10 * np.log10(below.max(axis=1) / above.max(axis=1)))
    tilt = (alpha_db - ALPHA_NEUTRAL_DB) / ALPHA_UNIT_DB
    return float(0.6 * tilt + 0.4 * (HAMMARBERG_NEUTRAL_DB - hammarberg_db) / HAMMARBERG_UNIT_DB)


def _inside(times_s: np.ndarray, segments: Segments) -> np.ndarray:
    inside = np.zeros(len(times_s), bool)
    for start, end in segments:
        inside |= (times_s >= start) & (times_s <= end)
    return inside


def _length_s(segments: Segments) -> float:
    return sum(end - start for start, end in segments)
