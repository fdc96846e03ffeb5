"""Bring sound to 16 kHz with torchaudio's filter, without torch.

Importing torch takes one to three seconds and 450 MB, more than all measurements together; the filter itself
is one line of mathematics. A test compares every common rate with `torchaudio.functional.resample`.
"""

from __future__ import annotations

import math

import numpy as np

from ..schema import SAMPLE_RATE_HZ

ZERO_CROSSINGS = 6  # torchaudio's `lowpass_filter_width`: of the sinc, on each side
ROLL_OFF = 0.99  # torchaudio's: cut-off as a share of the lower Nyquist frequency
NAME = "torchaudio's filter by scipy"


def to_16_khz(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Resample (S,) float32 at `rate_hz` to (ceil(S * 16000 / rate_hz),) float32 at 16 kHz.

    Hann-windowed sinc interpolation as in torchaudio 2 (`torchaudio/functional/functional.py`,
    `_get_sinc_resample_kernel`; after Smith, "Digital Audio Resampling"). The filter is written at the least
    common multiple of both rates and applied by scipy's polyphase filter, which skips what is not needed.
    """
    from scipy.signal import resample_poly

    if rate_hz == SAMPLE_RATE_HZ or not len(wave):
        return wave
    common = math.gcd(rate_hz, SAMPLE_RATE_HZ)
    up, down = SAMPLE_RATE_HZ // common, rate_hz // common
    cutoff = ROLL_OFF / max(up, down)  # of the zero crossings, in steps of the common multiple
    reach = math.floor(ZERO_CROSSINGS / cutoff)
    t = np.arange(-reach, reach + 1) * cutoff  # in zero crossings from the middle
    taps = np.sinc(t) * np.cos(np.pi * t / ZERO_CROSSINGS / 2) ** 2 * cutoff
    return resample_poly(wave, up, down, window=taps.astype(np.float32)).astype(np.float32, copy=False)
