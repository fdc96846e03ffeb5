"""Sound comes as it was recorded: channels, levels, broken samples and time stamps."""

import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import media_files as files
import numpy as np
import pytest
from media_checks import ROOT

from affectgpt.decode.sound import read_sound
from affectgpt.media import load_clip


def test_wav_at_16_khz_needs_no_resampler(folder):
    data = (files.sound(1.0, rate_hz=16_000) * 32767).astype(np.int16)
    path = files.write_wav(folder / "plain.wav", data)
    code = (
        "import sys\nfrom affectgpt.media import load_clip\n"
        f"clip = load_clip({str(path)!r})\nassert clip.media['resampler'] == 'none'\n"
        "assert len(clip.wave) == 16000\n"
        "assert not {'torch', 'scipy', 'av', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)
    assert np.allclose(load_clip(path).wave, data[0] / 32768, atol=1e-4)


def test_channels_are_averaged(folder):
    for channel in range(8):  # FL FR FC LFE BL BR SL SR: the effects are left out of the mean
        samples = np.zeros((8, 16_000), np.float32)
        samples[channel] = 0.5
        known = files.write_clip(
            folder / f"channel{channel}.wav",
            size=None,
            audio="pcm_s16le",
            sample_format="s16",
            layout="7.1",
            samples=samples,
            rate_hz=16_000,
        )
        assert np.allclose(load_clip(known).wave, 0 if channel == 3 else 0.5 / 7, atol=1e-4), channel
    unnamed = np.zeros((8, 16_000), np.int16)
    unnamed[3] = 16_000
    clip = load_clip(files.write_wav(folder / "eight.wav", unnamed))
    assert np.allclose(clip.wave, 16_000 / 32768 / 8, atol=1e-4)
    stereo = np.stack([np.full(16_000, 8000, np.int16), np.full(16_000, 4000, np.int16)])
    assert np.allclose(load_clip(files.write_wav(folder / "two.wav", stereo)).wave, 6000 / 32768, atol=1e-4)


def test_invalid_samples_become_silence(folder):
    data = files.sound(1.0, rate_hz=16_000)
    data[0, 100:200], data[0, 300] = np.nan, np.inf
    clip = load_clip(files.write_wav(folder / "nan.wav", data), player=True)
    assert np.isfinite(clip.wave).all()
    assert (clip.wave[100:200] == 0).all()
    assert "101 invalid sound samples" in clip.warnings[0].en


def test_sound_above_full_scale_is_scaled(folder):
    clip = load_clip(files.write_wav(folder / "loud.wav", files.sound(1.0, rate_hz=16_000) * 32768))
    assert np.abs(clip.wave).max() == pytest.approx(1.0, abs=1e-3)
    assert "over full scale" in clip.warnings[0].en


def test_silence_and_black_are_named(folder):
    clip = load_clip(files.write_wav(folder / "silent.wav", np.zeros((1, 16_000), np.int16)))
    assert [x.en for x in clip.warnings] == ["The sound track is silent."]
    import av

    path = folder / "black.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    assert [x.en for x in load_clip(path).warnings] == ["The picture is black."]


@pytest.mark.parametrize("at_s", [0.1, -0.5])
def test_a_time_stamp_that_jumps_back_cuts_nothing(at_s):
    """Half a second of sound, then ten milliseconds that say they were earlier."""
    import av

    def frame(start_s: float, count: int):
        frame = av.AudioFrame.from_ndarray(
            np.full((1, count), 0.25, np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.time_base, frame.pts = 16_000, Fraction(1, 16_000), round(start_s * 16_000)
        return frame

    frames = {"first": [frame(0, 8000)], "second": [frame(at_s, 160)], None: []}
    context = SimpleNamespace(decode=frames.get, codec=SimpleNamespace(name="toy"))
    strand = SimpleNamespace(
        stream=SimpleNamespace(codec_context=context), between=lambda *_: ["first", "second"]
    )
    wave, _, notes = read_sound(strand, 0.0, 1.0, alive=lambda: None)
    assert len(wave) == 8000
    assert (wave == 0.25).all()
    assert notes == []
