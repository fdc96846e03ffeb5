"""Tiny random AffectGPT parts, written as their owners publish them: three base folders and a checkpoint.

The widths are all different, so that a swapped pair of weights cannot fit by chance.
"""

import json
from pathlib import Path

import torch

SEED = 20250110
# Language model; KV_HIDDEN: 2 of its 4 heads. 64 is the least that 4-bit works with on a CPU (its block).
LAYERS, HIDDEN, KV_HIDDEN, WIDE = 2, 64, 32, 128
VISUAL, ACOUSTIC = 24, 28  # widths of the two encoders' outputs
VOCABULARY = 384  # embedding rows: more than the tokenizer has, as in Qwen2.5
RANK = 16
BASES = {"vision": "clip-vit-large-patch14", "audio": "chinese-hubert-large", "text": "Qwen2.5-7B-Instruct"}
FACE_MODE, FRAME_MODE = "multiface_audio_face_text", "multiframe_audio_frame_text"


def write_bases(folder: Path, *, dtype: torch.dtype = torch.float32) -> dict[str, Path]:
    """Write a random CLIP, HuBERT and Qwen2 (1.6 MB in all); return the folder of each role."""
    import transformers as hf

    folders = {role: Path(folder) / name for role, name in BASES.items()}
    vision = {
        "hidden_size": 32,
        "intermediate_size": 40,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 224,
        "patch_size": 56,
    }
    words = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    words |= {"vocab_size": 64, "max_position_embeddings": 16, "bos_token_id": 1, "eos_token_id": 2}
    clip = hf.CLIPConfig(projection_dim=VISUAL, vision_config=vision, text_config=words)
    hubert = hf.HubertConfig(
        hidden_size=ACOUSTIC,
        num_hidden_layers=5,  # the mean of the last four states must not touch the first one
        num_attention_heads=4,
        intermediate_size=36,
        conv_dim=[12] * 7,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        vocab_size=32,
    )
    qwen = hf.Qwen2Config(
        hidden_size=HIDDEN,
        intermediate_size=WIDE,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=VOCABULARY,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
    )
    parts = {
        "vision": (hf.CLIPModel, clip),
        "audio": (hf.HubertModel, hubert),
        "text": (hf.Qwen2ForCausalLM, qwen),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for role, (kind, config) in parts.items():
            kind(config).to(dtype).save_pretrained(folders[role])
    tokenizer(folders["text"])
    return folders


def tokenizer(folder: Path) -> None:
    """Write a byte-level BPE tokenizer (256 bytes, a few merges, Qwen's three special tokens) to `folder`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=256 + 44, special_tokens=[], initial_alphabet=alphabet, show_progress=False
    )
    text = ["###Human: The audio and video merged info is: ###Assistant: the emotional state ### ## #"] * 3
    bpe.train_from_iterator(text, trainer)
    bpe.add_special_tokens(special)
    made = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=special[2], pad_token=special[0])
    made.save_pretrained(folder)
    config = Path(folder) / "tokenizer_config.json"
    fields = json.loads(config.read_text(encoding="utf-8")) | {"tokenizer_class": "Qwen2Tokenizer"}
    config.write_text(json.dumps(fields), encoding="utf-8")


def official_shapes(fusion: str = "attention") -> dict[str, tuple[int, ...]]:
    """The keys of an official checkpoint for these bases with their shapes, in the official order."""
    wide = {name: (HIDDEN, HIDDEN) for name in ("self_attn.q_proj", "self_attn.o_proj")}
    wide |= {name: (HIDDEN, KV_HIDDEN) for name in ("self_attn.k_proj", "self_attn.v_proj")}
    wide |= {name: (HIDDEN, WIDE) for name in ("mlp.gate_proj", "mlp.up_proj")}
    wide |= {"mlp.down_proj": (WIDE, HIDDEN)}
    order = ("q", "k", "v", "o"), ("gate", "up", "down")
    names = [f"self_attn.{x}_proj" for x in order[0]] + [f"mlp.{x}_proj" for x in order[1]]
    shapes = {}
    for layer in range(LAYERS):
        for name in names:
            stem = f"llama_model.base_model.model.model.layers.{layer}.{name}"
            shapes[f"{stem}.lora_A.default.weight"] = (RANK, wide[name][0])
            shapes[f"{stem}.lora_B.default.weight"] = (wide[name][1], RANK)
    heads = {"image_llama_proj": (HIDDEN, VISUAL), "video_attention_mlp": (1, VISUAL)}
    heads |= {"affectgpt_proj": (HIDDEN, VISUAL), "audio_attention_mlp": (1, ACOUSTIC)}
    heads |= {"audio_llama_proj": (HIDDEN, ACOUSTIC), "multi_audio_embs": (ACOUSTIC, ACOUSTIC)}
    heads |= {"multi_video_embs": (ACOUSTIC, VISUAL), "attention_mlp": (ACOUSTIC, 2 * ACOUSTIC)}
    heads |= {"fc_att": (2, ACOUSTIC), "multi_llama_proj": (HIDDEN, ACOUSTIC)}
    for name, shape in heads.items():
        if fusion == "attention" or name not in ("video_attention_mlp", "audio_attention_mlp"):
            shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes


def official_checkpoint(fusion: str = "attention", mode: str | None = FACE_MODE) -> dict:
    """The dict inside an official checkpoint: random fp32 weights, optimizer, settings, scaler, epoch."""
    generator = torch.Generator().manual_seed(SEED + len(fusion))
    shapes = official_shapes(fusion).items()
    weights = {key: torch.randn(shape, generator=generator) * 0.1 for key, shape in shapes}
    settings = {
        "arch": "affectgpt",
        "model_type": "pretrain_vicuna",
        "multi_fusion_type": "attention",
        "video_fusion_type": fusion,
        "audio_fusion_type": fusion,
        "image_fusion_type": "mean",
        "llama_model": "Qwen25",
        "acoustic_encoder": "HUBERT_LARGE",
        "visual_encoder": "CLIP_VIT_LARGE",
        "num_audio_query_token": 1,
        "num_video_query_token": 1,
        "num_multi_query_token": 1,
        "num_image_query_token": 1,
        "max_length": 1024,
    }
    data = {"data_type": "video", "label_type": "hybird"} | ({"face_or_frame": mode} if mode else {})
    moments = {"step": torch.tensor(5.0), "exp_avg": torch.zeros(4), "exp_avg_sq": torch.zeros(4)}
    return {
        "model": weights,
        "optimizer": {"state": {0: moments}, "param_groups": [{"lr": 1e-5, "params": [0]}]},
        "config": {"run": {"seed": 42}, "model": settings, "datasets": {"mercaptionplus": data}},
        "scaler": {"scale": 65536.0},
        "epoch": 30,
    }


def write_checkpoint(
    folder: Path, fusion: str = "attention", mode: str | None = FACE_MODE, *, change=None
) -> Path:
    """Write an official checkpoint that fits the bases of `write_bases`; `change(dict)` may spoil it."""
    checkpoint = official_checkpoint(fusion, mode)
    if change:
        change(checkpoint)
    Path(folder).mkdir(parents=True, exist_ok=True)
    file = Path(folder) / "checkpoint_000030_loss_0.602.pth"
    torch.save(checkpoint, file)
    return file
