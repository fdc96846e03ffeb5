"""Sound at 16 kHz: the same as torchaudio's, for any rate, without loading torch."""

import numpy as np
import pytest

from affectgpt.media.resample import to_16_khz

COMMON_HZ = (8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)


@pytest.mark.parametrize("rate_hz", COMMON_HZ)
def test_equal_to_torchaudio(rate_hz):
    import torch
    import torchaudio.functional

    wave = np.random.default_rng(rate_hz).standard_normal(rate_hz + 7).astype(np.float32) / 5
    theirs = torchaudio.functional.resample(torch.from_numpy(wave), rate_hz, 16_000).numpy()
    ours = to_16_khz(wave, rate_hz)
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    # half a step of 16-bit sound is 1.5e-5; torchaudio rounds the phases of some rates to float32
    assert np.abs(ours - theirs).max() < 3e-5


@pytest.mark.parametrize("rate_hz", [1_000, 16_001, 44_101, 384_000])
def test_a_tone_keeps_its_frequency_and_level_at_odd_rates(rate_hz):
    wave = np.sin(2 * np.pi * 200 * np.arange(rate_hz) / rate_hz).astype(np.float32)
    expected = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    assert np.abs(to_16_khz(wave, rate_hz) - expected)[1_000:-1_000].max() < 0.01


def test_what_16_khz_cannot_hold_is_removed():
    wave = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(to_16_khz(wave, 48_000)[500:-500]).max() < 0.01  # 40 dB


def test_nothing_to_do():
    wave = np.ones(5, np.float32)
    assert to_16_khz(wave, 16_000) is wave
    assert to_16_khz(wave[:0], 48_000).size == 0
