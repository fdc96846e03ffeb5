"""Turn the sound of a clip into what can be drawn and measured of a voice: curves, segments, a few figures.

Thresholds and their checks on real clips: the signal-engine specification, 5.1. Nothing here judges; the
clues do. Legend of shapes: S samples at 16 kHz, T frames at a 10 ms hop (frame i at i * 0.01 s), F
frequency bins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..schema import SAMPLE_RATE_HZ
from .pitch import HOP_S, held, hnr_db, reach, runs_of, spectra, tone_s, track_pitch
from .timbre import EFFORT_BAND_HZ, clear_db, effort_index, in_lines, is_thin

Segments = tuple[tuple[float, float], ...]  # (start_s, end_s), rising, without overlap

MIN_SOUND_S = 0.25  # shorter sound is not analysed
SILENT_PEAK = 1e-4  # of full scale: below it the track is silent
FFT_SIZE = 512  # 32 ms
BIN_HZ = SAMPLE_RATE_HZ / FFT_SIZE
LINE_SIZE = 1024  # 64 ms: parts the harmonics of a voice, so that lines among them show
LINE_BAND_HZ = (400.0, 3000.0)  # high harmonics betray a glide that the fundamental hardly shows
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
GATE_LINES = 0.72  # of the partials' power in lines: real speech .13-.50, over a band .59, over piano chords
# (5 dB below it) up to .67, synthetic .20-.59; a song .79, flute and guitar .90

NUCLEUS_PROMINENCE_DB = 1.0
NUCLEUS_GAP_S = 0.08
NUCLEUS_BELOW_TOP_DB = 25.0
FOUND_NUCLEI_SHARE = 0.85  # of the syllables of a known text (EmoDB .92, TV clips .80)
FOUND_NUCLEI_MOST = 1.2  # clear speech: consonants are counted too (nine clips of known count: 1.00-1.19)
RATE_LIMITS_SPS = (1.5, 9.5)  # outside, the text does not belong to this sound
MIN_TEXT_SYLLABLES = 4
RATES_AGREE = 1.4  # factor: farther apart, the text may be a translation or the count in the sound wrong

TONE_BELOW_TOP_DB = 35.0  # quieter tones are hardly heard

QUIET_ABOVE_FLOOR_DB = 3.0  # frames that show the background
BRIGHT_DB = 4.0  # at 2-5 over 1-2 kHz in the whole clip: its recording is bright; voices -7 to 2, one such 7
CUT_S = 0.1  # speech that comes this near to the end of the clip may go on after it

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
    nuclei; `cut`: speech may go on after the end of the clip. `speechlike`: the sound passes the speech gate,
    which reads `voiced_energy` (share of the energy in a speaking pitch) and `music`, told by `held` (share
    of the pitch that stands still) and `lines` (share of the partials that do); `still` says where.
    `background_tone_s`: seconds of steady tone outside speech. `rate_sps`: syllables per second of
    speech, by the text, or the least there can be by the sound, as `rate_from` says. `effort`: 0 is
    ordinary speech, above 0.55 projected, below -0.9 soft, None if not measurable (or over a telephone,
    or the recording is bright); `efforts` the same for each stretch of `speech`. `clear_db`: how far the
    middle voiced frame stands above the quiet moments at 1-5 kHz; below 6 dB noise hides the effort.
    `hnr_db`: harmonics-to-noise ratio.
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
    cut: bool = False
    pauses: Segments = ()
    syllables_s: tuple[float, ...] = ()
    voiced_energy: float = 0.0
    held: float = 0.0
    lines: float = 0.0
    still: np.ndarray = field(default_factory=lambda: np.zeros(0))
    music: bool = False
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


def analyse(wave: np.ndarray, *, subtitle: str = "", complete: bool = False) -> Voice:
    """Measure the voice in `wave` (S,), mono at 16 kHz; `subtitle` is what it says, in Chinese or English.

    `complete`: the subtitle is known to end inside the clip; else its last words may be spoken after it.
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

    power = spectra(wave, FFT_SIZE, BANDS_HZ[0])  # (T, F)
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
    still, held_share = held(pitch_hz)
    line_share, lines = in_lines(spectra(wave, LINE_SIZE, LINE_BAND_HZ))
    music = held_share > GATE_HELD_SHARE or lines > GATE_LINES
    rhythm = bool(nuclei) and len(nuclei) >= GATE_NUCLEI_SPS * _length_s(speech)
    speechlike = rhythm and voiced_energy >= GATE_ENERGY_SHARE and not music
    background = power[talk][speech_db[talk] < floor_db + QUIET_ABOVE_FLOOR_DB].mean(axis=0)  # (F,)
    clear = clear_db(_decibel(power, EFFORT_BAND_HZ), talk)  # (T,)

    thin = voiced.any() and is_thin(power[voiced], float(np.nanmedian(pitch_hz)), bin_hz=BIN_HZ)

    def effort(at: np.ndarray, **limits: float) -> float | None:
        return None if thin else effort_index(power[at], background, clear[at], bin_hz=BIN_HZ, **limits)

    cut = bool(speech) and duration_s - speech[-1][1] < CUT_S
    rate_sps, rate_from = None, None
    if speechlike:
        rate_sps, rate_from = _rate(len(nuclei), _length_s(speech), subtitle, cut=cut and not complete)
    curves = times_s, pitch_hz, strength, level_db, speech_db, power
    return Voice(
        state,
        duration_s,
        *curves,
        floor_db=floor_db,
        top_db=top_db,
        speech=speech,
        pauses=pauses,
        cut=cut,
        syllables_s=tuple(round(at * HOP_S, 2) for at in nuclei),
        voiced_energy=voiced_energy,
        held=held_share,
        lines=lines,
        still=np.maximum(still, line_share),
        music=music,
        background_tone_s=tone_s(wave, inside, speech_db > top_db - TONE_BELOW_TOP_DB),
        speechlike=speechlike,
        rate_sps=rate_sps,
        rate_from=rate_from,
        effort=effort(voiced, brightest_db=BRIGHT_DB),
        efforts=tuple(effort(voiced & _inside(times_s, (x,))) for x in speech),
        clear_db=float(np.median(clear[voiced])) if voiced.any() else None,
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
    nuclei: int, talk_s: float, subtitle: str, *, cut: bool
) -> tuple[float, Literal["text", "sound"]] | tuple[None, None]:
    """Syllables per second: those of the text when they fit this sound, at least those heard when they cannot
    belong to it. None when the two are both possible and disagree: one is wrong, and nothing says which.
    With a sound that is `cut` the text may go on: it counts only where about all of it is heard.
    """
    heard_sps = nuclei / FOUND_NUCLEI_SHARE / talk_s
    written = count_syllables(subtitle)
    written_sps = written / talk_s
    possible = RATE_LIMITS_SPS[0] <= written_sps <= RATE_LIMITS_SPS[1]
    if written < MIN_TEXT_SYLLABLES or not possible:
        return nuclei / FOUND_NUCLEI_MOST / talk_s, "sound"
    most_sps = heard_sps * (1 if cut else RATES_AGREE)
    agree = heard_sps / RATES_AGREE <= written_sps <= most_sps
    return (written_sps, "text") if agree else (None, None)


def _inside(times_s: np.ndarray, segments: Segments) -> np.ndarray:
    inside = np.zeros(len(times_s), bool)
    for start, end in segments:
        inside |= (times_s >= start) & (times_s <= end)
    return inside


def _length_s(segments: Segments) -> float:
    return sum(end - start for start, end in segments)
