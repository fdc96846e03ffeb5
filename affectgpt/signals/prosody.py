"""Measure what the curves of a voice do: how pitch and loudness move, where breath is heard.

Pure functions of arrays. Legend of shapes: T frames at a 10 ms hop, F frequency bins, R frames of one
voiced run.
"""

from __future__ import annotations

import numpy as np

from .pitch import HOP_S, reach, runs_of, semitones

RANGE_PERCENT = (8, 92)  # of the pitch; the outer frames are often errors

WOBBLE_RUN_S = 0.35
JUMP_ST = 5.0  # between neighbouring frames: an octave error, not a voice

LOUDNESS_SYLLABLE = 21  # frames: about one syllable
LOUDNESS_SIDE_S = 3.0  # compared on each side of a step
LOUDNESS_VOICED_S = 1.0  # of voice on each side: an emphasised phrase or a fading end is no step
LOUDNESS_LASTS, LOUDNESS_END_S = 0.5, 0.8  # share of the step that so much voice keeps at both ends

BREATH_BAND_HZ = (1000.0, 6000.0)
BREATH_LOW_HZ = (50.0, 700.0)  # weaker than the band in breath, stronger in voices, engines and steps
BREATH_ABOVE_DB = 6.0  # above the floor of the band
BREATH_MIN_S = 0.3
BREATH_ROUGH_DB = 1.8  # mean change per frame; breath swells and fades, clatter does not
BREATH_SHAPE_HZ = (500.0, 6000.0)
BREATH_SHAPE_DB = 2.0  # peaks and valleys of the mouth: real breaths 2.7-3.6, shaped noise below 1
BREATH_TONE_DB = 1.5  # fine structure; more are the lines of music


def pitch_range(pitch_hz: np.ndarray) -> tuple[float, float, float]:
    """Give the usual low and high of a pitch curve (T,) in Hz and their distance in semitones."""
    low, high = (float(x) for x in np.nanpercentile(pitch_hz, RANGE_PERCENT))
    return low, high, float(12 * np.log2(high / low))


def wobble(pitch_hz: np.ndarray) -> tuple[float, list[tuple[int, int]]]:
    """Give the median spread of pitch around its course in semitones, over runs >= 0.35 s, and those runs.

    The course is a cubic: tones and accents are smooth curves, a tremble is not. 0 and no runs if all are
    shorter.
    """
    height = semitones(pitch_hz)
    runs = [(a, b) for a, b in runs_of(~np.isnan(height)) if (b - a) * HOP_S >= WOBBLE_RUN_S]
    runs = [(a, b) for a, b in runs if np.abs(np.diff(height[a:b])).max() < JUMP_ST]
    spreads = []
    for a, b in runs:
        at = np.linspace(-1, 1, b - a)
        spreads.append(float((height[a:b] - np.polyval(np.polyfit(at, height[a:b], 3), at)).std()))
    return (float(np.median(spreads)) if spreads else 0.0), runs


def rise_st(run_hz: np.ndarray) -> float:
    """Give the rise of one voiced run (R,) in semitones: the median of its last third over its first."""
    third = max(len(run_hz) // 3, 1)
    height = semitones(run_hz)
    return float(np.median(height[-third:]) - np.median(height[:third]))


def slope(pitch_hz: np.ndarray) -> tuple[float, float]:
    """Give the slope of a line through the voiced pitch (T,) in semitones per second, and the correlation."""
    voiced = np.flatnonzero(~np.isnan(pitch_hz))
    if len(voiced) < 3:
        return 0.0, 0.0
    seconds, height = voiced * HOP_S, semitones(pitch_hz[voiced])
    if np.ptp(height) < 1e-6:
        return 0.0, 0.0
    return float(np.polyfit(seconds, height, 1)[0]), float(np.corrcoef(seconds, height)[0, 1])


def loudness_step(
    level_db: np.ndarray, voiced: np.ndarray, at_s: list[float]
) -> tuple[float, float, float] | None:
    """Find the largest step of the voice's loudness among the times `at_s`: (time in s, step in dB, order).

    `level_db` (T,), `voiced` (T,) bool. Compared are the medians of voiced frames up to 3 s before and
    after. Order is the share of pairs (before, after) that go the way of the step. None if no time has 1.0
    s of voice on each side and a step from the first voice to the last: a quiet passage is none.
    """
    from scipy.ndimage import maximum_filter1d

    index = np.flatnonzero(voiced)
    seconds = index * HOP_S
    level = maximum_filter1d(level_db, LOUDNESS_SYLLABLE)[index]  # vowels against vowels
    found, ends = [], round(LOUDNESS_END_S / HOP_S)
    for at in at_s:
        before = level[(seconds < at) & (seconds >= at - LOUDNESS_SIDE_S)]
        after = level[(seconds >= at) & (seconds < at + LOUDNESS_SIDE_S)]
        if min(len(before), len(after)) * HOP_S < LOUDNESS_VOICED_S:
            continue
        step = float(np.median(after) - np.median(before))
        outer = np.median(level[-ends:]) - np.median(before), np.median(after) - np.median(level[:ends])
        if min(x * np.sign(step) for x in outer) < LOUDNESS_LASTS * abs(step):
            continue
        side = "left" if step > 0 else "right"
        below = np.searchsorted(np.sort(before), after, side=side).mean() / len(before)
        found.append((at, step, float(below if step > 0 else 1 - below)))
    return max(found, key=lambda x: abs(x[1]) * x[2], default=None)


def breaths(power: np.ndarray, occupied: np.ndarray, bin_hz: float) -> list[tuple[int, int]]:
    """Find breath outside speech: smooth swells of noise with the resonances of a mouth, as frame runs.

    `power` (T, F) spectra, `occupied` (T,) bool: the speech, whose quiet moments show the background. Own
    rule, seen on five real clips only: it found a sigh that annotators heard and two breaths before phrases,
    nothing else; plain noise bursts of any colour stay silent.
    """
    from scipy.ndimage import gaussian_filter1d

    def band_db(low_hz: float, high_hz: float) -> np.ndarray:
        return 10 * np.log10(power[:, round(low_hz / bin_hz) : round(high_hz / bin_hz)].sum(axis=1) + 1e-12)

    level_db = band_db(*BREATH_BAND_HZ)  # (T,)
    smooth_db = gaussian_filter1d(level_db, 3)
    swell = (smooth_db > np.percentile(smooth_db[reach(occupied)], 10) + BREATH_ABOVE_DB) & ~occupied
    low_db = band_db(*BREATH_LOW_HZ)
    first, last = (round(hz / bin_hz) for hz in BREATH_SHAPE_HZ)
    found = []
    for a, b in runs_of(swell):
        if (b - a) * HOP_S < BREATH_MIN_S or np.abs(np.diff(level_db[a:b])).mean() > BREATH_ROUGH_DB:
            continue
        if np.median(low_db[a:b] - level_db[a:b]) > 0:
            continue
        spectrum = 10 * np.log10(power[a:b].mean(axis=0) + 1e-12)  # (F,)
        coarse = gaussian_filter1d(spectrum, 2)
        tone_db = (spectrum - coarse)[first:last].std()
        at = np.arange(last - first)
        shape_db = (coarse[first:last] - np.polyval(np.polyfit(at, coarse[first:last], 2), at)).std()
        if shape_db >= BREATH_SHAPE_DB and tone_db <= BREATH_TONE_DB:
            found.append((a, b))
    return found
