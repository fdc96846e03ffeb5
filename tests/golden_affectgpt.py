"""Read ../shared/golden/affectgpt_tiny, and put tiny AffectGPT models together for tests of the model.

The golden data are outputs of the official code on tiny random weights; its README names every tensor.
"""

import json
import wave
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from affectgpt.model import AffectGPTForConditionalGeneration, AffectGPTProcessor

# As the official run: tiny tensors gain nothing from a second thread and wait for it on busy cores.
torch.set_num_threads(1)
FACE_MODE, FRAME_MODE = "multiface_audio_face_text", "multiframe_audio_frame_text"
BASES = {
    "vision": "models/clip-vit-large-patch14",
    "audio": "models/chinese-hubert-large",
    "text": "models/Qwen2.5-7B-Instruct",
}
HEADS = {  # official name -> ours, written down from the specification and not taken from the converter
    "video_attention_mlp": "visual_score",
    "audio_attention_mlp": "acoustic_score",
    "affectgpt_proj": "visual_projector",
    "audio_llama_proj": "acoustic_projector",
    "multi_video_embs": "multi_visual",
    "multi_audio_embs": "multi_acoustic",
    "attention_mlp": "multi_hidden",
    "fc_att": "multi_weights",
    "multi_llama_proj": "multi_projector",
}
LORA_PREFIX = "llama_model.base_model.model."


def our_name(official: str) -> str | None:
    """The name of an official weight in our state dict; None for the one that nothing uses."""
    if official.startswith(LORA_PREFIX):
        return f"language_model.{official.removeprefix(LORA_PREFIX)}"
    head, _, kind = official.partition(".")
    return None if head == "image_llama_proj" else f"fusion.{HEADS[head]}.{kind}"


@dataclass(frozen=True)
class Golden:
    """The folder, read piece by piece."""

    root: Path

    @cached_property
    def meta(self) -> dict:
        return json.loads((self.root / "meta.json").read_text(encoding="utf-8"))

    @cached_property
    def attention(self) -> dict[str, torch.Tensor]:
        return load_file(self.root / "golden.safetensors")

    @cached_property
    def mean(self) -> dict[str, torch.Tensor]:
        return load_file(self.root / "golden_mean.safetensors")

    @cached_property
    def frames(self) -> dict[str, np.ndarray]:
        return dict(np.load(self.root / "frames.npz"))

    @property
    def bases(self) -> dict[str, str]:
        return {role: str(self.root / folder) for role, folder in BASES.items()}

    def faces(self, clip: str) -> np.ndarray:
        """uint8 (T, 112, 112, 3), BGR."""
        return np.load(self.root / "media" / f"{clip}.npy")

    def sound(self, clip: str) -> tuple[np.ndarray, int]:
        """float32 (C, S) and its rate in Hz, of a 16-bit wav file."""
        with wave.open(str(self.root / "media" / f"{clip}.wav")) as file:
            assert file.getsampwidth() == 2
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            return (samples.reshape(-1, file.getnchannels()).T / 32768).astype(
                np.float32
            ), file.getframerate()

    def weights(self, fusion: str) -> dict[str, torch.Tensor]:
        """The trained weights under our names."""
        file = self.root / "checkpoints" / fusion / "checkpoint_000001_loss_0.000.pth"
        official = torch.load(file, map_location="cpu", weights_only=True)["model"]
        return {name: value for key, value in official.items() if (name := our_name(key))}

    def row(self, processor, clip: str) -> dict[str, torch.Tensor]:
        """One clip with its question, as at inference."""
        sound, rate = self.sound(clip)
        asked = {key: self.meta["qa"][clip][key] for key in ("subtitle", "question")}
        media = {"faces": self.faces(clip), "audio": sound, "sampling_rate": rate}
        return processor(**media, **asked, mode=FACE_MODE)

    def words(self, processor, clips: tuple[str, ...], answer: bool = False) -> dict[str, torch.Tensor]:
        """The questions about several clips, whose media come otherwise; with answers as in training."""
        keys = ("subtitle", "question", *(["answer"] if answer else []))
        asked = {key: [self.meta["qa"][clip][key] for clip in clips] for key in keys}
        return processor(**asked, mode=FACE_MODE)


@cache
def golden(shared: Path) -> Golden:
    """One reading for all test files."""
    return Golden(shared / "golden" / "affectgpt_tiny")


def trained(bases: dict[str, str], weights: dict[str, torch.Tensor] | None = None, **fields):
    """A model from base models with the given trained weights, or random ones: fresh LoRA changes nothing."""
    fields = {"dtype": torch.float32, **fields}
    model = AffectGPTForConditionalGeneration.from_base_models(**bases, **fields)
    if weights is None:
        generator = torch.Generator().manual_seed(7)
        adapter = [key for key in model.state_dict() if "lora_" in key or key.startswith("fusion.")]
        weights = {k: torch.randn(model.state_dict()[k].shape, generator=generator) * 0.1 for k in adapter}
    own = model.state_dict().keys()
    assert not weights.keys() - own, "every trained weight has a place"
    model.load_state_dict(weights, strict=False)
    return model


def save(model, bases: dict[str, str], folder: Path, mode: str = FACE_MODE) -> Path:
    """Save model and processor, as a repository."""
    model.save_pretrained(folder)
    AffectGPTProcessor.from_base_models(bases["text"], model.config, mode).save_pretrained(folder)
    return folder


def toy_media(seed: int = 0, *, pictures: int = 8, samples: int = 40_000) -> dict[str, np.ndarray]:
    """Faces uint8 (T, 112, 112, 3) and sound float32 (S,) that no other seed gives."""
    random = np.random.default_rng(seed)
    faces = random.integers(0, 256, (pictures, 112, 112, 3), np.uint8)
    return {"faces": faces, "audio": random.standard_normal(samples).astype(np.float32) * 0.1}


def load(folder, **options):
    return AffectGPTForConditionalGeneration.from_pretrained(folder, **{"dtype": torch.float32, **options})


def logits(model, inputs):
    with torch.no_grad():
        return model(**inputs).logits


def close(actual, expected):
    """Equal but for the order of sums, which depends on where in memory a file's tensors begin."""
    return actual.shape == expected.shape and torch.allclose(actual, expected, atol=2e-6, rtol=0)
