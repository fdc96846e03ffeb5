"""The processor's media: eight pictures, eight windows of sound, and what cannot be used."""

import json
from fractions import Fraction

import golden_affectgpt as gold
import numpy as np
import pytest
import tiny_affectgpt as tiny
import torch

from affectgpt.model import AffectGPTConfig, AffectGPTProcessor

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def processor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    tiny.tokenizer(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2"}), encoding="utf-8")
    return AffectGPTProcessor.from_base_models(str(folder), AffectGPTConfig(), gold.FACE_MODE)


def plain(color, count=3, size=224):
    return np.full((count, size, size, 3), color, np.uint8)


# ---- pictures


def test_pixels_are_normalised_in_clips_own_way(processor):
    """All 256 grey levels, each channel with its own mean and deviation."""
    ramp = np.tile(np.arange(224, dtype=np.uint8)[None, None, :, None], (1, 224, 1, 3)) + np.uint8(32)
    pixels = processor(frames=ramp, mode="frameonly")["pixel_values"]
    assert pixels.shape == (1, 8, 3, 224, 224)
    assert pixels.dtype == torch.float32
    for channel, (mean, std) in enumerate(
        zip((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711), strict=True)
    ):
        expected = ((np.arange(32, 256) / 255).astype(np.float32) - np.float32(mean)) / np.float32(std)
        assert np.abs(pixels[0, 7, channel, 100].numpy() - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [0] * 8),
        (3, [0, 1, 2, 2, 2, 2, 2, 2]),
        (8, list(range(8))),
        (13, [0, 1, 3, 4, 6, 8, 9, 11]),
        (30, [0, 3, 7, 11, 15, 18, 22, 26]),
    ],
)
def test_eight_pictures(processor, count, expected):
    pictures = (
        np.zeros((count, 224, 224, 3), np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None, None]
    )
    assert processor.sample(pictures)[:, 0, 0, 0].tolist() == expected


def test_faces_are_blue_green_red(processor):
    """A red face, told in RGB or in BGR, is the same tensor; a frame's red is its first channel."""
    bgr = processor(faces=plain(BLUE), mode="faceonly")["pixel_values"]
    rgb = processor(faces=plain(RED), mode="faceonly", face_colors="rgb")["pixel_values"]
    assert torch.equal(bgr, rgb)
    assert bgr[0, 0, 2].min() > 1 > 0 > bgr[0, 0, 0].max(), "as trained: the red of a face comes last"
    frame = processor(frames=plain(RED), mode="frameonly", face_colors="rgb")["pixel_values"]
    assert frame[0, 0, 0].min() > 1 > 0 > frame[0, 0, 2].max(), "frames are RGB whatever the faces are"


def test_each_medium_goes_where_its_prompt_uses_it(processor):
    faces, frames, sound = plain(RED), plain(BLUE), np.ones(32000, np.float32)
    media = {"faces": faces, "frames": frames, "audio": sound}
    both = processor(**media, mode="multiface_audio_face_frame_text")
    assert torch.equal(both["pixel_values"][0], processor.pixels(faces))
    assert torch.equal(both["frame_pixel_values"][0], processor.pixels(frames))
    mixed = processor(**media, mode=["audioonly", "frameonly", "textonly", "faceonly"])
    assert torch.equal(
        mixed["pixel_values"], torch.stack([processor.pixels(frames), processor.pixels(faces)])
    )
    assert mixed["input_values"].shape == (1, 8, 32000)
    assert "frame_pixel_values" not in mixed
    assert processor(**media, mode="textonly").keys() == {"input_ids", "attention_mask"}


# ---- sound


def official_starts(samples: int) -> list[tuple[int, int]]:
    """pytorchvideo's ConstantClipsPerVideoSampler(2, 8), then official data.py's cut of the samples."""
    longest = Fraction(max(samples / 16000 - 2, 0))
    places = [Fraction(longest, 8) * i for i in range(8)]
    return [(int(place * 16000), int((place + 2) * 16000)) for place in places]


def lengths():
    """Every 53rd sample for a while, and lengths of many minutes."""
    return [*range(32_000, 42_000, 53), 52_800, 100_001, 441_000, 1_234_567]


def test_windows_begin_where_pytorchvideo_puts_them(processor):
    noise = np.random.default_rng(1).standard_normal(max(lengths())).astype(np.float32)
    naive = 0
    for samples in lengths():
        windows = processor.windows(noise[:samples])
        places = official_starts(samples)
        naive += any(start != i * (samples - 32000) // 8 for i, (start, _) in enumerate(places))
        for window, (start, end) in zip(windows, places, strict=True):
            assert end - start == 32000
            assert window[0] - window[100] == pytest.approx(noise[start] - noise[start + 100], abs=1e-5), (
                samples
            )
    assert naive > len(lengths()) / 20, "the sweep covers lengths at which a plain integer formula is wrong"
    starts = [0, 2599, 5199, 7799, 10399, 12999, 15599, 18199]  # by hand, and in meta.json
    assert [start for start, _ in official_starts(52_800)] == starts
    windows = torch.from_numpy(processor.windows(noise[:52_800]))
    cut = torch.stack([torch.from_numpy(noise[start : start + 32000]) for start in starts])
    assert torch.allclose(windows, cut - cut.mean(1, keepdim=True), atol=1e-6)


def test_the_last_eighth_is_never_heard(processor):
    """10 s: the last window ends at 9 s."""
    sound = np.random.default_rng(2).standard_normal(160_000).astype(np.float32)
    louder = np.concatenate([sound[:144_000], sound[144_000:] * 9])
    assert np.array_equal(processor.windows(sound), processor.windows(louder))
    assert not np.array_equal(processor.windows(sound), processor.windows(louder[16_000:]))


def test_short_sound_is_filled_with_silence(processor):
    """Half a window of ones: after the mean 0.5 and -0.5, and after normalising 1 and -1."""
    windows = processor.windows(np.ones(16_000, np.float32))
    assert (windows[:, :16_000] == 0.5).all()
    assert (windows[:, 16_000:] == -0.5).all()
    values = processor(audio=np.ones(16_000, np.float32), mode="audioonly")["input_values"][0]
    assert values.unique().tolist() == pytest.approx([-1, 1], abs=1e-5)


def test_a_clip_is_normalised_over_its_windows_together(processor):
    """A quiet window stays quieter than a loud one, whatever else is in the batch."""
    t = np.arange(160_000) / 16_000
    sound = (np.sin(2 * np.pi * 100 * t) * np.where(t < 5, 0.01, 1)).astype(np.float32)
    values = processor(audio=[sound, sound * 0.1], mode="audioonly")["input_values"]
    assert values[0].mean().item() == pytest.approx(0, abs=1e-4)
    assert values[0].std(unbiased=False).item() == pytest.approx(1, abs=1e-4)
    assert values[0, 0].std() < 0.05 * values[0, 7].std()
    assert torch.allclose(values[0], values[1], atol=1e-3), "loudness of the clip is gone"


def test_channels_and_rates(processor):
    one = np.random.default_rng(3).standard_normal(40_000).astype(np.float32)
    assert np.array_equal(processor.windows(np.stack([one, one])), processor.windows(one))
    assert np.allclose(processor.windows(np.stack([one, 0 * one])), processor.windows(one) / 2, atol=1e-6)
    t = np.arange(96_000) / 48_000  # 2 s
    slow = np.sin(2 * np.pi * 200 * t).astype(np.float32)
    heard = processor.windows(slow, 48_000)[0]
    expected = np.sin(2 * np.pi * 200 * np.arange(32_000) / 16_000)
    assert np.abs(heard - expected)[100:-100].max() < 1e-3


# ---- refusals


REFUSED = {
    "float pictures": ({"faces": np.zeros((3, 224, 224, 3), np.float32)}, "uint8"),
    "one picture": ({"frames": np.zeros((224, 224, 3), np.uint8)}, "uint8"),
    "no picture": ({"faces": np.zeros((0, 224, 224, 3), np.uint8)}, "uint8"),
    "channels first": ({"faces": np.zeros((8, 3, 224, 224), np.uint8)}, "uint8"),
    "four channels": ({"frames": np.zeros((8, 224, 224, 4), np.uint8)}, "uint8"),
    "no sound": ({"audio": np.zeros(0, np.float32)}, "audio"),
    "sound that is no number": ({"audio": np.array([0.1, np.nan], np.float32)}, "audio"),
    "endless sound": ({"audio": np.array([0.1, np.inf], np.float32)}, "audio"),
    "sound with too many dimensions": ({"audio": np.zeros((1, 2, 3), np.float32)}, "audio"),
    "channels last": ({"audio": np.zeros((32_000, 2), np.float32)}, "audio"),
    "a rate of nothing": ({"audio": np.ones(16_000, np.float32), "sampling_rate": 0}, "ositive"),
    "an unknown mode": ({"mode": "multiface"}, "multiface_audio_face_text"),
    "unknown colours": ({"faces": plain(RED), "face_colors": "yuv"}, "face_colors"),
    "an unknown normalisation": (
        {"audio": np.ones(16_000, np.float32), "audio_normalization": "x"},
        "audio_normalization",
    ),
    "lists of two lengths": ({"subtitle": ["a", "b"], "question": ["a", "b", "c"]}, "length"),
    "an empty list": ({"question": []}, "length"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused(processor, name):
    values, said = REFUSED[name]
    with pytest.raises(ValueError, match=said) as caught:
        processor(**values)
    assert len(str(caught.value)) > 20
