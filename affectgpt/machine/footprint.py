"""The bytes that an AffectGPT model takes, computed from its config.json alone: nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ..schema import AffectError

Quantization = Literal["none", "nf4", "int8"]
QUANTIZATIONS: tuple[Quantization, ...] = ("none", "nf4", "int8")

GIB = 2**30  # bytes
WIDTH = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}  # bytes of one parameter on disk
HALF = 2  # bytes of a number while an answer is made
# NF4 with double quantisation (Dettmers et al. 2023, arXiv 2305.14314, section 3): four bits, one byte for
# each block of 64 weights, one float32 for each 256 such blocks: 0.516 bytes.
NF4 = 1 / 2 + 1 / 64 + 4 / (64 * 256)
INT8, INT8_ROW = 1, 4  # bytes of a weight, and of the scale of each row of a matrix (float32)

ROWS, TOKENS = 5, 1500  # the largest batch of one clip, and its longest row: prompt and answer together
PROMPT = 800  # tokens of a row that are read at once, at most: the official code cuts there


class Cost(NamedTuple):
    """What a kind of device needs beside the weights and the answer."""

    runtime: float  # bytes: libraries and the decoded clip on a CPU, context and fragmentation on a GPU
    quantising: int  # bytes per weight of the largest matrix, while weights are quantised in several threads
    unpacking: int  # the same, while a quantised matrix is multiplied


# CPU: measured on 2 cores with bitsandbytes 0.50 (13 and 8 bytes); GPU: 16-bit copies, by its code.
COSTS = {"cpu": Cost(1.0 * GIB, 14, 8), "cuda": Cost(0.7 * GIB, 8, 2)}

SHAPE_7B = {  # CLIP ViT-L/14, HuBERT-large and Qwen2.5-7B, as every released checkpoint has them
    "model_type": "affectgpt",
    "fusion": "attention",
    "num_frames": 8,
    "num_audio_clips": 8,
    "clip_seconds": 2,
    "dtype": "bfloat16",
    "vision_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "patch_size": 14,
        "image_size": 224,
        "projection_dim": 768,
    },
    "audio_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "conv_dim": [512] * 7,
        "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
        "conv_stride": [5, 2, 2, 2, 2, 2, 2],
        "conv_bias": True,
        "feat_extract_norm": "layer",
        "num_conv_pos_embeddings": 128,
        "num_conv_pos_embedding_groups": 16,
    },
    "text_config": {
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "vocab_size": 152064,
        "tie_word_embeddings": False,
    },
    "lora": {
        "r": 16,
        "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    },
}


@dataclass(frozen=True)
class Estimate:
    """What a model takes with one quantisation; bytes, except `parameters` (of each part: vision, audio,
    fusion, language, lora).

    `disk` what its repository holds, with the base models of one that holds an adapter only; `weights` in
    memory; on a "cpu" or "cuda" device, `loading` the peak until it is ready and `running` the peak of an
    answer of `ROWS` x `TOKENS` tokens.
    """

    quantization: Quantization
    parameters: dict[str, int]
    disk: int
    weights: int
    loading: dict[str, int]
    running: dict[str, int]

    def peak(self, device: str) -> int:
        """Return the most that is taken on "cpu", "cuda" or "cuda:1"."""
        kind = device.partition(":")[0]
        return max(self.loading[kind], self.running[kind])


def estimate(config: dict[str, Any], quantization: Quantization | None = None) -> Estimate:
    """Return what the model of a composite config.json takes; None = as its repository is.

    Raises AffectError when the configuration is not one of AffectGPT, lacks a number, or when the repository
    is quantised in another way than asked.
    """
    if config.get("model_type") != "affectgpt":
        kind = config.get("model_type") or "?"
        raise AffectError(
            f"This is a {kind} model, not AffectGPT: give a model that `affectgpt convert` has written.",
            f"这是 {kind} 模型，不是 AffectGPT：请使用由 affectgpt convert 生成的模型。",
        )
    stored = stored_quantization(config)
    quantization = quantization or stored
    if stored != "none" and quantization != stored:
        raise AffectError(
            f"This model is stored in {stored}: it cannot be loaded as {quantization}.",
            f"该模型以 {stored} 量化保存，无法以 {quantization} 方式加载。",
        )
    try:
        return _estimate(config, quantization, stored)
    except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError) as error:
        lack = error if isinstance(error, KeyError) else type(error).__name__
        raise AffectError(
            f"The model's config.json cannot be understood ({lack}): convert the model again.",
            f"无法理解模型的 config.json（{lack}）：请重新转换模型。",
        ) from error


def stored_quantization(config: dict[str, Any]) -> Quantization:
    """Return how the weights of the repository are stored. Raises AffectError for a method we do not read."""
    found = config.get("quantization_config") or {}
    if not found:
        return "none"
    if not isinstance(found, dict):
        raise AffectError(
            "The model's config.json cannot be understood (quantization_config): convert the model again.",
            "无法理解模型的 config.json（quantization_config）：请重新转换模型。",
        )
    if found.get("load_in_4bit") and found.get("bnb_4bit_quant_type", "nf4") == "nf4":
        return "nf4"
    if found.get("load_in_8bit"):
        return "int8"
    method = ascii(found.get("quant_method", "?")).strip("'")[:40]
    raise AffectError(
        f"The model is quantised with {method}: use one in 16 bit, nf4 or int8 (bitsandbytes).",
        f"该模型采用 {method} 量化：请使用 16 位、nf4 或 int8（bitsandbytes）的模型。",
    )


def _estimate(config: dict[str, Any], quantization: Quantization, stored: Quantization) -> Estimate:
    text = config["text_config"]
    linear = _linears(text)  # of one layer
    layers = text["num_hidden_layers"]
    lora = config.get("lora") or {"r": 0, "target_modules": []}
    parameters = {
        "vision": _vision(config["vision_config"]),
        "audio": _audio(config["audio_config"]),
        "fusion": _fusion(config),
        "language": _language(text),
        "lora": layers * sum(lora["r"] * sum(linear[name]) for name in lora["target_modules"]),
    }
    quantised = layers * sum(out * into for out, into in linear.values())
    rows = layers * sum(out for out, _ in linear.values())

    def held(quantization: Quantization, width: int) -> int:
        bits = {"none": width * quantised, "nf4": NF4 * quantised, "int8": INT8 * quantised + INT8_ROW * rows}
        return int(width * (sum(parameters.values()) - quantised) + bits[quantization])

    stored_width = WIDTH[config.get("dtype") or config.get("torch_dtype") or "bfloat16"]
    weights, disk = held(quantization, stored_width), held(stored, stored_width)
    if config.get("base_models"):  # CLIP and HuBERT are published in float32; CLIP brings its text tower
        disk += (WIDTH["float32"] - stored_width) * (parameters["vision"] + parameters["audio"])
    largest = max(out * into for out, into in linear.values())
    answer, loading, running = _answer(text), {}, {}
    for device, cost in COSTS.items():
        making = cost.quantising * largest if quantization != stored else 0
        unpacking = cost.unpacking * largest if quantization != "none" else 0
        loading[device] = int(weights + making + cost.runtime)
        running[device] = int(weights + max(answer + unpacking, _encoding(config)) + cost.runtime)
    return Estimate(quantization, parameters, disk, weights, loading, running)


def _linears(text: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The matrices of one Qwen2 layer, (out, in) each: what is quantised and what LoRA adapts."""
    hidden, inner = text["hidden_size"], text["intermediate_size"]
    head = text.get("head_dim") or hidden // text["num_attention_heads"]
    queries, keys = text["num_attention_heads"] * head, text["num_key_value_heads"] * head
    return {
        "q_proj": (queries, hidden),
        "k_proj": (keys, hidden),
        "v_proj": (keys, hidden),
        "o_proj": (hidden, queries),
        "gate_proj": (inner, hidden),
        "up_proj": (inner, hidden),
        "down_proj": (hidden, inner),
    }


def _language(text: dict[str, Any]) -> int:
    linear, hidden = _linears(text), text["hidden_size"]
    biases = sum(linear[name][0] for name in ("q_proj", "k_proj", "v_proj"))
    layer = sum(out * into for out, into in linear.values()) + biases + 2 * hidden  # two norms
    tables = 1 if text["tie_word_embeddings"] else 2  # embeddings, head
    return tables * text["vocab_size"] * hidden + text["num_hidden_layers"] * layer + hidden


def _tower(config: dict[str, Any]) -> int:
    """The transformer layers of CLIP and HuBERT: attention, two norms, two linear layers, all with biases."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    layer = 4 * (hidden * hidden + hidden) + 4 * hidden + 2 * hidden * inner + inner + hidden
    return config["num_hidden_layers"] * layer


def _vision(config: dict[str, Any]) -> int:
    hidden, patch = config["hidden_size"], config["patch_size"]
    places = (config["image_size"] // patch) ** 2 + 1  # patches, class
    embeddings = hidden + hidden * config.get("num_channels", 3) * patch**2 + places * hidden
    return embeddings + 4 * hidden + _tower(config) + hidden * config["projection_dim"]  # two more norms


def _audio(config: dict[str, Any]) -> int:
    hidden, channels, kernels = config["hidden_size"], config["conv_dim"], config["conv_kernel"]
    sizes = zip([1, *channels], channels, kernels, strict=False)
    convolutions = sum((into * kernel + bool(config["conv_bias"])) * out for into, out, kernel in sizes)
    normed = channels if config["feat_extract_norm"] == "layer" else channels[:1]
    projection = channels[-1] * hidden + hidden + 2 * channels[-1] * config.get("feat_proj_layer_norm", True)
    width, groups = config["num_conv_pos_embeddings"], config["num_conv_pos_embedding_groups"]
    position = hidden * (hidden // groups) * width + width + hidden  # with the lengths of its weight norm
    masked = max(config.get("mask_time_prob", 0.05), config.get("mask_feature_prob", 0)) > 0
    return (
        convolutions + 2 * sum(normed) + projection + position + masked * hidden + 2 * hidden + _tower(config)
    )


def _fusion(config: dict[str, Any]) -> int:
    """Linear layers, each with a bias (spec 1.3): scores, projectors, and the pre-fused token."""
    visual, acoustic = config["vision_config"]["projection_dim"], config["audio_config"]["hidden_size"]
    hidden, wide = config["text_config"]["hidden_size"], max(visual, acoustic)
    layers = [(visual, hidden), (acoustic, hidden), (visual, wide), (acoustic, wide)]
    layers += [(2 * wide, wide), (wide, 2), (wide, hidden)]
    if config["fusion"] == "attention":
        layers += [(visual, 1), (acoustic, 1)]
    return sum(into * out + out for into, out in layers)


def _answer(text: dict[str, Any]) -> int:
    """Keys and values of every layer, and what one layer holds while it reads the prompts."""
    hidden, inner, layers = text["hidden_size"], text["intermediate_size"], text["num_hidden_layers"]
    keys, _ = _linears(text)["k_proj"]
    return ROWS * HALF * (TOKENS * 2 * layers * keys + PROMPT * (2 * hidden + 3 * inner))


def _encoding(config: dict[str, Any]) -> int:
    """HuBERT's first convolution, for all windows at once, before and after its norm: CLIP needs less."""
    audio = config["audio_config"]
    samples = config["num_audio_clips"] * config["clip_seconds"] * 16_000
    return int(4 * HALF * audio["conv_dim"][0] * samples / audio["conv_stride"][0])
