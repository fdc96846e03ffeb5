"""Follow the pitch of a voice: normalised autocorrelation per frame, the best path through its candidates.

After P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound", IFA Proceedings 17 (1993), written from the paper; costs: the signal-engine
specification, 5.1. Legend of shapes: S samples, T frames, B frames of a block, L lags, K candidates (voiced
first, unvoiced last).
"""

from __future__ import annotations

import numpy as np

from ..schema import SAMPLE_RATE_HZ

HOP_S = 0.01  # between frames; frame i is centred on i * HOP_S
HOP = int(HOP_S * SAMPLE_RATE_HZ)  # 160 samples
MIN_PITCH_HZ, MAX_PITCH_HZ = 70.0, 600.0
HUM_HZ, HUM_SETTLE = 60.0, 1000  # edge of the high-pass before tracking; samples until it has settled
WINDOW = int(3 / MIN_PITCH_HZ * SAMPLE_RATE_HZ)  # 685 samples: three periods of the lowest pitch
FFT_SIZE = 1024  # holds the window and the longest lag without wrapping around
LAGS_PER_SAMPLE = 2  # the autocorrelation is read at half samples: a peak at 600 Hz is only 27 samples away
VOICED_CANDIDATES = 7
VOICING_THRESHOLD = 0.45  # strength that a voiced candidate must beat
HEARD_SHARE = 0.01  # frames within 40 dB of the peak say how loud the sound is: silence around it does not
SILENCE_SHARE = 0.03  # frames quieter than this share of the loud frames count as unvoiced
OCTAVE_COST = 0.01  # per octave downwards: prefers the higher of two equal candidates
OCTAVE_JUMP_COST = 0.35  # per octave between neighbouring frames
VOICING_COST = 0.14  # per change between voiced and unvoiced
BLOCK_FRAMES = 256  # worked on at once: 10 MB, which a cache holds better than the whole clip
MIN_RUN = 6  # frames: a voiced run of less than 60 ms is an accident
LOUD_SHARE = 0.1  # frames within 20 dB of the loud ones show the register; quiet ones may be music
REGISTER_FRAMES = 151  # loud voiced frames (1.5 s) whose median is the register
REGISTER_FREE = 0.3  # octaves from the register without cost; second pass only
REGISTER_COST = 0.2  # per octave beyond: decides between a voice and its subharmonic (creak), no more
ECHO_S = 0.15  # after speech, in which a tone may be its echo
HELD_FRAMES, HELD_ST = 11, 0.3  # see held
MAX_DISTANCE_ST = 10.0  # semitones from the register; farther is an octave error or another sound


def frames_of(wave: np.ndarray, width: int, start: int, stop: int) -> np.ndarray:
    """Give frames `start` to `stop` of `wave` (S,), each `width` wide, zeros outside: (B, width)."""
    left = start * HOP - width // 2
    right = (stop - 1) * HOP - width // 2 + width
    piece = wave[max(left, 0) : max(right, 0)]
    piece = np.pad(piece, (max(-left, 0), max(right - len(wave), 0)))
    return np.lib.stride_tricks.sliding_window_view(piece, width)[::HOP][: stop - start]


def frame_count(samples: int) -> int:
    return samples // HOP + 1


def spectra(wave: np.ndarray, size: int, band_hz: tuple[float, float]) -> np.ndarray:
    """Power of a band in Hann frames of `size` samples (T, F); the whole sums to their mean square."""
    window = np.hanning(size).astype(np.float32)
    scale = 2 / (size * float((window**2).sum()))
    first, last = (round(hz * size / SAMPLE_RATE_HZ) for hz in band_hz)
    total = frame_count(len(wave))
    out = np.empty((total, last - first + 1), np.float32)
    for at in range(0, total, BLOCK_FRAMES):
        stop = min(at + BLOCK_FRAMES, total)
        spectrum = np.fft.rfft(frames_of(wave, size, at, stop) * window)
        out[at:stop] = scale * np.abs(spectrum[:, first : last + 1]) ** 2
    return out


def runs_of(mask: np.ndarray) -> list[tuple[int, int]]:
    """List the runs of True in a mask (T,) as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def reach(voiced: np.ndarray) -> slice:
    """The frames from the first voiced to the last; all of them without voice."""
    at = np.flatnonzero(voiced)
    return slice(at[0], at[-1] + 1) if len(at) else slice(None)


def semitones(pitch_hz: np.ndarray) -> np.ndarray:
    """Give the pitch in semitones above 100 Hz, NaN where it is NaN."""
    return 12 * np.log2(pitch_hz / 100.0)


def held(pitch_hz: np.ndarray) -> tuple[np.ndarray, float]:
    """Mark the frames (T,) whose pitch stands still, within 0.3 semitones over 110 ms, and give their share.

    Instruments hold their notes (share .8-1 for plucked strings and saw waves), voices glide (0-.02 on four
    real clips, .20 in a held shout, up to .16 in synthetic speech).
    """
    frames = np.zeros(len(pitch_hz), bool)
    if len(pitch_hz) < HELD_FRAMES:
        return frames, 0.0
    windows = np.lib.stride_tricks.sliding_window_view(semitones(pitch_hz), HELD_FRAMES)
    extent = np.ptp(windows, axis=1)  # NaN where any frame is unvoiced
    for at in np.flatnonzero(extent < HELD_ST):
        frames[at : at + HELD_FRAMES] = True
    voiced = ~np.isnan(extent)
    return frames, float((extent[voiced] < HELD_ST).mean()) if voiced.any() else 0.0


def track_pitch(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow the pitch of `wave` (S,), mono at 16 kHz.

    Returns pitch in Hz (T,), NaN where unvoiced, and strength (T,): the normalised autocorrelation at that
    pitch, 0..1, 0 where unvoiced. Two passes: the first finds the register of the voice, the second prefers
    candidates near it. Runs under 60 ms and frames more than 10 semitones from the register are removed.
    """
    total, wave = frame_count(len(wave)), _without_hum(wave)
    blocks = [_candidates(wave, at, min(at + BLOCK_FRAMES, total)) for at in range(0, total, BLOCK_FRAMES)]
    hz, strength, peak = (np.concatenate(part) for part in zip(*blocks, strict=True))  # 2 (T, K-1), (T,)
    heard = peak[peak >= HEARD_SHARE * peak.max()]
    loud = max(float(np.percentile(heard, 99)), 1e-9)  # not the maximum: one click must not silence a clip
    quiet = 2 - peak / loud / (SILENCE_SHARE / (1 + VOICING_THRESHOLD))
    unvoiced = VOICING_THRESHOLD + np.maximum(0, quiet)  # (T,)
    octave = np.log2(hz)
    local = strength + OCTAVE_COST * (octave - np.log2(MIN_PITCH_HZ))  # (T, K-1)

    pitch_hz, _ = _best_path(octave, local, unvoiced)
    register = _register(pitch_hz, peak > LOUD_SHARE * loud)
    if register is None:
        return np.full(total, np.nan), np.zeros(total)
    away = np.maximum(0, np.abs(octave - register[:, None]) - REGISTER_FREE)
    pitch_hz, chosen = _best_path(octave, local - REGISTER_COST * away, unvoiced)
    pitch_hz[np.abs(np.log2(pitch_hz) - register) * 12 > MAX_DISTANCE_ST] = np.nan
    pitch_hz = _drop_short(pitch_hz)
    strength = strength[np.arange(total), np.minimum(chosen, VOICED_CANDIDATES - 1)]
    return pitch_hz, np.where(np.isnan(pitch_hz), 0.0, np.clip(strength, 0, 1))


def _without_hum(wave: np.ndarray) -> np.ndarray:
    """`wave` (S,) without what lies below every voice: the hum of mains and rooms draws the pitch."""
    from scipy.signal import butter, sosfiltfilt

    if len(wave) <= HUM_SETTLE:
        return wave
    filters = butter(3, HUM_HZ, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    return sosfiltfilt(filters, wave, padlen=HUM_SETTLE).astype(np.float32)


def tone_s(wave: np.ndarray, inside: np.ndarray, audible: np.ndarray) -> float:
    """Seconds of steady tone outside speech: music or hum, which no voice holds so still.

    `inside` and `audible` (T,) bool. Tracked anew with the speech taken out: beside a voice, the tracker
    ignores it.
    """
    from scipy.ndimage import binary_dilation

    near = binary_dilation(inside, iterations=round(ECHO_S / HOP_S))
    if near.all():
        return 0.0
    samples = np.minimum(np.arange(len(wave)) // HOP, len(near) - 1)
    pitch_hz, _ = track_pitch(wave * ~near[samples])
    still, _ = held(pitch_hz)
    return float((still & ~near & audible).sum() * HOP_S)


def hnr_db(strength: np.ndarray) -> float | None:
    """Median harmonics-to-noise ratio of voiced frames, from the autocorrelation (Boersma 1993)."""
    if not len(strength):
        return None
    middle = float(np.clip(np.median(strength), 0.001, 0.9999))
    return float(10 * np.log10(middle / (1 - middle)))


def _candidates(wave: np.ndarray, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The candidates of frames `start` to `stop`: Hz and strength (B, K-1), and the peak amplitude (B,)."""
    window = np.hanning(WINDOW).astype(np.float32)
    frames = frames_of(wave, WINDOW, start, stop)
    frames = frames - frames.mean(axis=1, keepdims=True)  # (B, WINDOW)
    third = WINDOW // 3
    peak = np.abs(frames[:, third:-third]).max(axis=1)  # (B,)
    first = int(SAMPLE_RATE_HZ / MAX_PITCH_HZ) * LAGS_PER_SAMPLE - 1
    last = int(np.ceil(SAMPLE_RATE_HZ / MIN_PITCH_HZ)) * LAGS_PER_SAMPLE + 2
    of_window = _autocorrelation(window[None])[:, :last]  # (1, L)
    r = _autocorrelation(frames * window)[:, :last]  # (B, L)
    r = (r / of_window * (of_window[:, :1] / np.maximum(r[:, :1], 1e-12)))[:, first:]

    lag = np.arange(first, last) / LAGS_PER_SAMPLE  # in samples
    is_peak = (r[:, 1:-1] > r[:, :-2]) & (r[:, 1:-1] >= r[:, 2:])
    bonus = -OCTAVE_COST * np.log2(MIN_PITCH_HZ * lag / SAMPLE_RATE_HZ)  # (L,)
    score = np.where(is_peak, r[:, 1:-1] + bonus[1:-1], -np.inf).astype(np.float32)
    best = np.argpartition(-score, VOICED_CANDIDATES, axis=1)[
        :, :VOICED_CANDIDATES
    ]  # (B, K-1), positions in [1:-1]
    row = np.arange(len(r))[:, None]
    before, at, after = r[row, best], r[row, best + 1], r[row, best + 2]
    bend = np.minimum(before - 2 * at + after, -1e-9)
    shift = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)  # of a parabola through three lags
    hz = SAMPLE_RATE_HZ / ((first + 1 + best + shift) / LAGS_PER_SAMPLE)
    height = at - 0.25 * (before - after) * shift
    height = np.where(
        height > 1, 1 / np.maximum(height, 1e-9), height
    )  # short lags can overshoot 1, as in the paper
    usable = np.isfinite(score[row, best]) & (hz >= MIN_PITCH_HZ) & (hz <= MAX_PITCH_HZ)
    return np.where(usable, hz, 100.0), np.where(usable, height, -1.0), peak


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """Autocorrelation at lags of 1 / LAGS_PER_SAMPLE samples: a spectrum padded with zeros interpolates."""
    power = np.abs(np.fft.rfft(frames, FFT_SIZE)) ** 2  # (B, FFT_SIZE/2 + 1)
    return np.fft.irfft(power, FFT_SIZE * LAGS_PER_SAMPLE)[:, : FFT_SIZE * LAGS_PER_SAMPLE // 2]


def _best_path(octave: np.ndarray, local: np.ndarray, unvoiced: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Viterbi, the largest sum of strengths less the costs of jumps: pitch in Hz (T,), candidate (T,)."""
    local = np.concatenate([local, unvoiced[:, None]], axis=1)
    total, k = local.shape
    cost = np.full((total - 1, k, k), VOICING_COST)  # [frame, from, to]
    cost[:, :-1, :-1] = OCTAVE_JUMP_COST * np.abs(octave[:-1, :, None] - octave[1:, None, :])
    cost[:, -1, -1] = 0
    came_from = np.zeros((total, k), np.int64)
    score = local[0]
    for t in range(1, total):
        options = score[:, None] - cost[t - 1]  # (from, to)
        came_from[t] = options.argmax(axis=0)
        score = options.max(axis=0) + local[t]
    path = np.empty(total, np.int64)
    path[-1] = int(score.argmax())
    for t in range(total - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    pitch = 2 ** octave[np.arange(total), np.minimum(path, k - 2)]
    return np.where(path < k - 1, pitch, np.nan), path


def _register(pitch_hz: np.ndarray, loud: np.ndarray) -> np.ndarray | None:
    """Running median of the loud voiced frames in octaves, for every frame (T,); None without voice."""
    known = np.flatnonzero(~np.isnan(_drop_short(pitch_hz)) & loud)
    if not len(known):
        return None
    octave = np.log2(pitch_hz[known])
    width = min(REGISTER_FRAMES, len(octave))
    middle = np.median(np.lib.stride_tricks.sliding_window_view(octave, width), axis=1)
    middle = np.pad(middle, (width // 2, len(octave) - len(middle) - width // 2), mode="edge")
    return np.interp(np.arange(len(pitch_hz)), known, middle)


def _drop_short(pitch_hz: np.ndarray) -> np.ndarray:
    out = pitch_hz.copy()
    for a, b in runs_of(~np.isnan(pitch_hz)):
        if b - a < MIN_RUN:
            out[a:b] = np.nan
    return out
