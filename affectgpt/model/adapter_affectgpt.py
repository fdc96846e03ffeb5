"""What is laid on the language model, and done to it: LoRA, the base model without it, 4-bit and 8-bit."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import BitsAndBytesConfig

ADAPTER_PARTS = ("fusion.", ".lora_A.", ".lora_B.")  # in names of tensors: what AffectGPT's training adds
PEFT_ROOT = "base_model.model."  # before every name in a file of PEFT's
# Settings of PEFT's that change the numbers and that `AffectGPTConfig.lora` cannot hold.
FOREIGN = ("use_rslora", "use_dora", "use_qalora", "rank_pattern", "alpha_pattern", "alora_invocation_tokens")
NUMBERS = {"r": "r", "lora_alpha": "alpha", "lora_dropout": "dropout"}  # PEFT's name -> ours
# What 4-bit and 8-bit leave alone; the rest of the language model is quantised.
NOT_QUANTISED = ("vision_tower", "audio_tower", "fusion", "lm_head", "lora_A.default", "lora_B.default")


def is_adapter(name: str) -> bool:
    """Say whether a tensor of the state dict belongs to what training adds to the base models."""
    return any(part in name for part in ADAPTER_PARTS)


def peft_name(name: str) -> str:
    """Return the name that PEFT gives a tensor of the adapter in `adapter_model.safetensors`."""
    return PEFT_ROOT + re.sub(r"(\.lora_[AB])\.default\.", r"\1.", name)


def our_name(name: str) -> str:
    """Return the name in the state dict of a tensor from PEFT's file, or from an older one of ours."""
    return re.sub(r"(\.lora_[AB])\.weight$", r"\1.default.weight", name.removeprefix(PEFT_ROOT))


def peft_config(lora: dict[str, Any]) -> LoraConfig:
    """Return what PEFT needs to lay the adapter on a model without one.

    Its layers are named by a pattern: CLIP and HuBERT have a `q_proj`, too.
    """
    linears = "|".join(map(re.escape, lora["target_modules"]))
    config = _lora_config(lora, rf"language_model\..*\.({linears})")
    config.modules_to_save = ["fusion"]
    config.inference_mode = True
    return config


def lora_of(adapter_config: str | Path, lora: dict[str, Any]) -> dict[str, Any]:
    """Return `lora` with the rank, alpha and dropout of a PEFT file, which training may have changed.

    Raises ValueError for a kind of adapter that `AffectGPTConfig` cannot describe.
    """
    saved = json.loads(Path(adapter_config).read_text(encoding="utf-8"))
    saved = saved if isinstance(saved, dict) else {}
    odd = [key for key in FOREIGN if saved.get(key)]
    odd += [key for key in NUMBERS if not isinstance(saved.get(key), int | float)]
    if saved.get("peft_type") != "LORA" or odd:
        kind = ", ".join(odd) or saved.get("peft_type")
        raise ValueError(f"adapter_config.json is not one of plain LoRA: {kind}")
    return {**lora, **{ours: saved[key] for key, ours in NUMBERS.items()}}


def _lora_config(lora: dict[str, Any], targets: list[str] | str) -> LoraConfig:
    return LoraConfig(
        r=lora["r"], lora_alpha=lora["alpha"], lora_dropout=lora["dropout"], target_modules=targets
    )


def inject_lora(
    language_model: nn.Module, lora: dict[str, Any] | None, dtype: torch.dtype | None = None
) -> None:
    """Put LoRA layers around the linear layers that `lora` names; B is zero, so that nothing changes yet."""
    if not lora:
        return
    inject_adapter_in_model(_lora_config(lora, list(lora["target_modules"])), language_model)
    for layer in lora_layers(language_model):
        for part in (layer.lora_A, layer.lora_B):
            part.to(dtype)
            for linear in part.values():
                linear._is_hf_initialized = True  # transformers must not draw it anew


def keep_head_cheap(language_model: nn.Module) -> None:
    """Hand the last positions of a batch to the head in one piece.

    They are a slice of all positions, and for a slice PyTorch copies a frozen head's weight for each row:
    5.4 GB for five prompts of the 7B model.
    """
    language_model.get_output_embeddings().register_forward_pre_hook(
        lambda head, inputs: tuple(states.contiguous() for states in inputs)
    )


def freeze(model: nn.Module) -> None:
    """Only what training adds may learn; transformers makes every weight that it loads trainable."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(is_adapter(name) and parameter.is_floating_point())


def lora_layers(language_model: nn.Module) -> list[BaseTunerLayer]:
    return [module for module in language_model.modules() if isinstance(module, BaseTunerLayer)]


@contextmanager
def without_lora(language_model: nn.Module) -> Iterator[nn.Module]:
    """Lend the language model with its adapter switched off: the base model, with the same weights."""
    layers = lora_layers(language_model)
    for layer in layers:
        layer.enable_adapters(False)
    try:
        yield language_model
    finally:
        for layer in layers:
            layer.enable_adapters(True)


def quantization(name: str, dtype: torch.dtype | str | None = None) -> BitsAndBytesConfig:
    """Return the settings of "nf4" (4-bit, double quantisation) or "int8" for the language model only.

    dtype: in which 4-bit layers compute; bfloat16 by default. Raises ValueError for another name.
    """
    if name == "nf4":
        return only_language_model(
            BitsAndBytesConfig(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=dtype or torch.bfloat16,
            )
        )
    if name == "int8":
        return only_language_model(BitsAndBytesConfig(load_in_8bit=True))
    raise ValueError(f"quantize is 'none', 'nf4' or 'int8', not {name!r}")


def only_language_model(config: BitsAndBytesConfig) -> BitsAndBytesConfig:
    """Return settings that leave towers, fusion, adapter and head as they are, and what they name beside."""
    config = copy.deepcopy(config)
    config.llm_int8_skip_modules = list(
        dict.fromkeys([*(config.llm_int8_skip_modules or ()), *NOT_QUANTISED])
    )
    return config


def keep_exact(model: nn.Module) -> None:
    """Remember the scales of 4-bit layers on a CPU: bitsandbytes rounds them when it first computes there."""
    for state in _states(model):
        if state.nested and not getattr(state, "packing_format_for_cpu", False):
            state.exact = (state.absmax, state.offset, state.state2)


def restore_exact(model: nn.Module) -> None:
    """Undo that rounding before saving; the next step of computing packs the layers again."""
    for layer in _layers_4bit(model):
        state = layer.weight.quant_state
        if getattr(state, "packing_format_for_cpu", False) and hasattr(state, "exact"):
            layer.state_dict()  # bitsandbytes unpacks the weight in place here ...
            state.absmax, state.offset, state.state2 = state.exact  # ... but can only guess these


def _layers_4bit(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if type(module).__name__ == "Linear4bit" and _state(module)]


def _states(model: nn.Module) -> list[Any]:
    return [_state(layer) for layer in _layers_4bit(model) if layer.weight.device.type == "cpu"]


def _state(layer: nn.Module) -> Any:
    return getattr(getattr(layer, "weight", None), "quant_state", None)
