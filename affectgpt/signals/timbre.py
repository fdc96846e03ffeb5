"""Read the timbre of a sound from its spectra: lines that stand still, as instruments hold them, and the tilt
by which the effort of a voice shows.

Pure functions of power spectra. Legend of shapes: T frames at a 10 ms hop, V voiced frames among them, F
frequency bins.
"""

from __future__ import annotations

import numpy as np

LINE_DRIFT = 1  # bins of 16 Hz that a line may wander: vibrato, a slow bend
LINE_FRAMES = 15  # at least 150 ms
LINE_BELOW_PEAK_DB = 20.0  # only partials this near to the strongest of their frame
LINE_BELOW_TOP_DB = 25.0  # only frames this near to the loud ones

ALPHA_NEUTRAL_DB, ALPHA_UNIT_DB = -13.5, 4.5  # see effort_index
HAMMARBERG_NEUTRAL_DB, HAMMARBERG_UNIT_DB = 24.0, 5.0
MIN_EFFORT_FRAMES = 20
EFFORT_BAND_HZ = (1000.0, 5000.0)  # where effort shows
EFFORT_BACKGROUND_PERCENT = 5  # of the frames of this band: its quiet moments
THIN_PITCH_HZ, THIN_DB = 250.0, -12.0  # see is_thin
CLEAR_DB = 6.0  # that the middle voiced frame stands above them; with less, noise is measured, not effort


def in_lines(power: np.ndarray) -> tuple[np.ndarray, float]:
    """Give the share of each frame's power that stands in lines (T,), and its mean over the loud frames.

    `power` (T, F): 64 ms frames, bins 16 Hz apart. Counted are partials, the peaks of a spectrum; in a line
    is one that keeps its frequency for 150 ms. The harmonics of a speaking voice glide, notes do not,
    several at once as little as one; the pitch of several is nothing that `pitch.held` could read.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    strongest = power.max(axis=1)
    partial = np.zeros(power.shape, bool)
    partial[:, 1:-1] = (power[:, 1:-1] > power[:, :-2]) & (power[:, 1:-1] >= power[:, 2:])
    partial &= power > strongest[:, None] * 10 ** (-LINE_BELOW_PEAK_DB / 10)
    near = maximum_filter1d(partial.astype(np.uint8), 2 * LINE_DRIFT + 1, axis=1)
    still = maximum_filter1d(minimum_filter1d(near, LINE_FRAMES, axis=0), LINE_FRAMES, axis=0) > 0
    of_all = np.maximum((power * partial).sum(axis=1), 1e-12)
    share = (power * (partial & still)).sum(axis=1) / of_all
    loud = strongest >= np.percentile(strongest, 95) * 10 ** (-LINE_BELOW_TOP_DB / 10)
    return share, float(share[loud].mean())


def clear_db(band_db: np.ndarray, talk: slice) -> np.ndarray:
    """How far each frame (T,) stands above the quiet moments of the frames `talk`, in the band of effort."""
    return band_db - np.percentile(band_db[talk], EFFORT_BACKGROUND_PERCENT)


def is_thin(voiced: np.ndarray, pitch_hz: float, *, bin_hz: float) -> bool:
    """Whether a voice lacks its own pitch, as on a telephone (300-3400 Hz): its tilt is that of the line.

    `voiced` (V, F) power spectra, `pitch_hz` their median pitch. 80-250 over 300-1000 Hz is above -9 dB in
    all recordings of voices below 250 Hz tried, and below -13 dB in the same through a telephone's filter.
    """
    at_80, at_250, at_300, at_1k = (round(hz / bin_hz) for hz in (80, THIN_PITCH_HZ, 300, 1000))
    low, middle = voiced[:, at_80:at_250].sum(axis=1), voiced[:, at_300:at_1k].sum(axis=1)
    below_db = np.median(10 * np.log10((low + 1e-12) / (middle + 1e-12)))
    return pitch_hz < THIN_PITCH_HZ and below_db < THIN_DB


def effort_index(
    voiced: np.ndarray,
    background: np.ndarray,
    clear: np.ndarray,
    *,
    bin_hz: float,
    brightest_db: float = np.inf,
) -> float | None:
    """How hard the voice works, by its spectral tilt: a raised voice has stronger high frequencies.

    `voiced` (V, F) and `background` (F,) are power spectra, `clear` (V,) is `clear_db` there. The figures are
    medians, so half of the frames must be clear of noise; leaving out the others would keep only the tense
    ones. alpha: energy at 1-5 kHz over 50-1000 Hz; Hammarberg: strongest bin below 2 kHz over the strongest
    at 2-5 kHz; medians in dB, the background subtracted. Weights: spec 5.1 (EmoDB arousal AUC .92). None if
    not measurable, or if the energy at 2-5 kHz over 1-2 kHz is above `brightest_db`: effort lifts both.
    """
    if len(voiced) < MIN_EFFORT_FRAMES or np.median(clear) < CLEAR_DB:
        return None
    spectrum = np.maximum(voiced - background, 1e-12)
    at_50, at_1k, at_2k, at_5k = (round(hz / bin_hz) for hz in (50, 1000, 2000, 5000))
    low, middle, high = (spectrum[:, a:b] for a, b in ((at_50, at_1k), (at_1k, at_2k), (at_2k, at_5k)))
    if np.median(10 * np.log10(high.sum(axis=1) / middle.sum(axis=1))) > brightest_db:
        return None
    alpha_db = np.median(10 * np.log10((middle.sum(axis=1) + high.sum(axis=1)) / low.sum(axis=1)))
    hammarberg_db = np.median(10 * np.log10(spectrum[:, :at_2k].max(axis=1) / high.max(axis=1)))
    tilt = (alpha_db - ALPHA_NEUTRAL_DB) / ALPHA_UNIT_DB
    return float(0.6 * tilt + 0.4 * (HAMMARBERG_NEUTRAL_DB - hammarberg_db) / HAMMARBERG_UNIT_DB)
