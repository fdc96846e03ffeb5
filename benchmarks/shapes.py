"""AffectGPT models with random weights at named shapes, and clips of noise: what speed is measured on.

Speed and memory depend on shapes and types alone; the answers are gibberish.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

SEED = 7
SAMPLE_RATE_HZ = 16_000
CLIP_S, PICTURES, SIDE_PX = 5, 8, 224
MODE = "multiface_audio_face_text"
SUBTITLE = "I have no idea! Well, I, I, I was never there before."
DESCRIBE = "Please infer the person's emotional state and provide your reasoning process."
LABELS = "Please recognize all possible emotional states of the character."
# What is asked about one clip: (mode, question).
PROMPTS = {
    "description": (MODE, DESCRIBE),
    "labels": (MODE, LABELS),
    "face alone": ("faceonly", DESCRIBE),
    "audio alone": ("audioonly", DESCRIBE),
    "text alone": ("textonly", DESCRIBE),
}

VIT_L = {  # CLIP ViT-L/14
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
    "image_size": SIDE_PX,
    "projection_dim": 768,
}
HUBERT = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
HUBERT_LARGE = HUBERT | {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
}
SHAPES: dict[str, dict[str, dict[str, Any]]] = {
    "tiny": {
        "vision_config": VIT_L
        | {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        | {"patch_size": 56, "projection_dim": 24},
        "audio_config": HUBERT
        | {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
        | {"conv_dim": [16] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4},
        "text_config": {
            "hidden_size": 64,  # a multiple of a block of NF4
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": 1024,
            "tie_word_embeddings": False,
        },
    },
    "0.5b": {  # Qwen2-0.5B
        "vision_config": VIT_L,
        "audio_config": HUBERT_LARGE,
        "text_config": {
            "hidden_size": 896,
            "intermediate_size": 4864,
            "num_hidden_layers": 24,
            "num_attention_heads": 14,
            "num_key_value_heads": 2,
            "vocab_size": 151_936,
            "tie_word_embeddings": True,
        },
    },
    "7b": {  # Qwen2.5-7B, as every released checkpoint has it
        "vision_config": VIT_L,
        "audio_config": HUBERT_LARGE,
        "text_config": {
            "hidden_size": 3584,
            "intermediate_size": 18_944,
            "num_hidden_layers": 28,
            "num_attention_heads": 28,
            "num_key_value_heads": 4,
            "vocab_size": 152_064,
            "tie_word_embeddings": False,
        },
    },
}


def make_processor():
    """Return a processor whose tokenizer was learned from its prompts: about a token per word, as Qwen's."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    from affectgpt import AffectGPTProcessor
    from affectgpt.model import configuration_affectgpt as names
    from affectgpt.model import processing_affectgpt as words

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator([*words.PROMPTS.values(), SUBTITLE, DESCRIBE, LABELS] * 2, trainer)
    bpe.add_special_tokens([names.BOS, names.EOS])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=names.EOS)
    return AffectGPTProcessor(names.add_placeholders(tokenizer), mode=MODE)


def save_random(shape: str, folder: Path, processor, *, dtype, device: str) -> int:
    """Save a model of a shape with random weights (LoRA's B, too); return the number of its parameters."""
    import torch

    from affectgpt import AffectGPTConfig, AffectGPTForConditionalGeneration
    from affectgpt.model.configuration_affectgpt import LORA, token_ids

    config = AffectGPTConfig(**SHAPES[shape], lora=LORA, **token_ids(processor.tokenizer))
    torch.manual_seed(SEED)
    with torch.device(device):  # in float32: drawing in bfloat16 takes eight times longer on a CPU
        model = AffectGPTForConditionalGeneration(config).to(dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".lora_B." in name:
                parameter.normal_(std=0.02)
    model.save_pretrained(folder)
    return model.num_parameters()


def load(folder: Path, *, dtype, device: str, quantize: str):
    """Load a saved model for measuring: no end of turn and no `###` may shorten an answer."""
    from affectgpt import AffectGPTForConditionalGeneration

    model = AffectGPTForConditionalGeneration.from_pretrained(
        folder, dtype=dtype, quantize=quantize, device_map=None if device == "cpu" else device
    )
    model.config.stop_sequences = []
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = model.config.pad_token_id
    return model


def write_clips(folder: Path, count: int) -> list[Path]:
    """Write clips of noise as the official code reads them: faces in a .npy file, sound in a .wav file."""
    random, clips = np.random.default_rng(SEED), []
    for i in range(count):
        clip = folder / f"clip_{i}"
        np.save(clip.with_suffix(".npy"), random.integers(0, 256, (PICTURES, SIDE_PX, SIDE_PX, 3), np.uint8))
        noise = (random.standard_normal(CLIP_S * SAMPLE_RATE_HZ) * 3000).astype(np.int16)
        with wave.open(str(clip.with_suffix(".wav")), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE_HZ)
            out.writeframes(noise.tobytes())
        clips.append(clip)
    return clips


def read_clip(clip: Path, media: tuple[str, ...] = ("face", "audio")) -> dict[str, np.ndarray]:
    """Read the media of a clip that a prompt needs, as arguments of the processor."""
    out = {}
    if "face" in media:
        out["faces"] = np.load(clip.with_suffix(".npy"))  # (8, 224, 224, 3) uint8
    if "audio" in media:
        with wave.open(str(clip.with_suffix(".wav"))) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        out["audio"] = samples.astype(np.float32) / 32768  # (80000,)
    return out
