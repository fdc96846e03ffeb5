"""How big a conversion will be, and in which precision: known before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..schema import AffectError

if TYPE_CHECKING:
    import torch

    from ..model import AffectGPTConfig

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
QUANTISED_BYTES = {"nf4": 0.53, "int8": 1.01}  # for each weight of a linear layer, with its scales


def empty_model(config: AffectGPTConfig) -> dict[str, torch.Tensor]:
    """Return the state dict of a model with this configuration, on the meta device: shapes without memory."""
    import torch

    from ..model import AffectGPTForConditionalGeneration

    with torch.device("meta"):
        return AffectGPTForConditionalGeneration(config).state_dict()


def dtype_named(name: str, stored: torch.dtype | str | None) -> torch.dtype:
    """Return a torch dtype by its short name; "auto" is the stored one. Raises AffectError without any."""
    import torch

    found = stored if name == "auto" else DTYPES.get(name)
    found = getattr(torch, found, None) if isinstance(found, str) else found
    if found is None:
        raise AffectError(
            "The language model does not say in which precision it was saved: give --dtype bf16, fp16 or "
            "fp32.",
            "语言模型未注明其保存精度：请用 --dtype 指定 bf16、fp16 或 fp32。",
        )
    return found


def estimate(empty: Mapping[str, torch.Tensor], item: int, quantize: str | None, adapter_only: bool) -> float:
    """Return bytes on disk, `item` for a number; the linear layers under LoRA may be quantised."""
    from ..model.adapter_affectgpt import is_adapter

    linear = QUANTISED_BYTES[quantize] if quantize else item
    return sum(
        value.numel() * (linear if ".base_layer.weight" in key else item)
        for key, value in empty.items()
        if is_adapter(key) or not adapter_only
    )


def refuse_both(quantize: str | None, adapter_only: bool) -> None:
    """Raises AffectError where an adapter should be quantised."""
    if quantize and adapter_only:
        raise AffectError(
            "--adapter-only holds nothing that could be quantised: quantise when it is loaded.",
            "--adapter-only 不含可量化的内容：请在加载时量化。",
        )
