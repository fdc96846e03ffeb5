"""A user's AffectGPT weights become a model that can answer, or one line that says why not."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..machine.footprint import QUANTIZATIONS, stored_quantization
from ..schema import AffectError
from ..weights import check_name, loading, revision_of, shown_model

DTYPES = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True)
class Opened:
    """A loaded model and what an answer's provenance says about it.

    origin: the official checkpoint it was converted from, as its conversion.json says, or None.
    """

    model: Any
    processor: Any
    device: str
    quantization: str
    revision: str | None
    origin: dict[str, Any] | None


def open_model(
    name: str,
    *,
    quantize: str = "none",
    dtype: str = "auto",
    device: str | None = None,
    revision: str | None = None,
) -> Opened:
    """Load a Hub id or a folder.

    quantize: one of `QUANTIZATIONS`; "none" takes a quantised repository as it is stored. dtype: one of
    `DTYPES`; "auto" as stored. device: "cpu", "cuda" or "cuda:1"; None finds a GPU. Raises AffectError when
    an option is none of these, and when the model is not there, does not fit or is no AffectGPT.
    """
    _one_of("quantize", quantize, QUANTIZATIONS)
    _one_of("dtype", dtype, DTYPES)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells each layer's casts
    name = str(Path(name).expanduser()) if name.startswith("~") else name
    check_name(name)
    with loading(name):
        from transformers import PreTrainedConfig

        from ..model import AffectGPTConfig, AffectGPTForConditionalGeneration, AffectGPTProcessor

        device, at = _device(device), {"revision": revision} if revision else {}
        raw, _ = PreTrainedConfig.get_config_dict(name, **at)
        kind = raw.get("model_type") if isinstance(raw, dict) else None
        if kind != "affectgpt":
            raise ValueError(f"model_type {kind or 'not given'}")
        stored = _stored(name, raw, quantize)
        config = AffectGPTConfig.from_pretrained(name, **at)
        for base in (config.base_models or {}).values():
            _check_base(name, base)
        model = AffectGPTForConditionalGeneration.from_pretrained(
            name,
            config=config,
            quantize=quantize if stored == "none" else None,
            dtype=dtype,
            device_map={"": device},  # also for the CPU: bitsandbytes would take a GPU by itself
            **at,
        )
        processor = AffectGPTProcessor.from_pretrained(name, **at)
        _check_whole(model, processor, stored)
        return Opened(
            model=model,
            processor=processor,
            device=device,
            quantization=quantize if stored == "none" else stored,
            revision=revision_of(name, **at),
            origin=_origin(Path(name) / "conversion.json"),
        )


def _check_whole(model: Any, processor: Any, stored: str) -> None:
    """What transformers loads without a word and what would fail, or lie, in the first answer."""
    from ..model.configuration_affectgpt import token_ids

    config = model.config
    if not processor.tokenizer("a").input_ids:
        raise FileNotFoundError("no tokenizer: transformers makes an empty one")
    for name, value in token_ids(processor.tokenizer).items():
        if getattr(config, name) != value:
            raise ValueError(f"the tokenizer does not fit its config.json: {name}")
    packed = [m.weight for m in model.modules() if type(m).__name__ == "Linear4bit"]
    if stored == "nf4" and not all(getattr(weight, "quant_state", None) for weight in packed):
        raise ValueError("these weights do not fit the configuration (nf4: the scales are missing)")


def _origin(file: Path) -> dict[str, Any] | None:
    told = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    return {**told.get("source", {}), "epoch": told.get("epoch")} if isinstance(told, dict) else None


def _stored(name: str, config: dict[str, Any], quantize: str) -> str:
    """How the repository is quantised, which cannot be changed while it is loaded."""
    stored = stored_quantization(config)
    if stored != "none" and quantize not in ("none", stored):
        shown = shown_model(name)
        raise AffectError(
            f"{shown} is stored in {stored} and cannot be loaded as {quantize}: leave quantising away, or "
            "give a model in 16 bit.",
            f"{shown} 以 {stored} 量化保存，无法以 {quantize} 加载：请不要指定量化方式，或换用 16 位模型。",
        )
    return stored


def _check_base(name: str, base: str) -> None:
    """An adapter is laid over base models: one that is not there is told as such."""
    from transformers import PreTrainedConfig

    try:
        check_name(base)
        with loading(base):
            PreTrainedConfig.get_config_dict(base)
    except AffectError as error:
        adapter, below = shown_model(name), shown_model(base)
        raise AffectError(
            f"{adapter} is only an adapter, and its base model {below} did not load. {error.text.en}",
            f"{adapter} 只包含适配器，其基座模型 {below} 未能加载。{error.text.zh}",
        ) from error


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise AffectError(
            f"There is no {name} {value!r}: choose one of {', '.join(known)}.",
            f"{name} 不能为“{value}”：请选择 {'、'.join(known)}。",
        )


def _device(name: str | None) -> str:
    """A device that is here: a GPU before the CPU where none is named."""
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(name)
    except RuntimeError:  # not even the name of a device
        place = torch.device("meta")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if place.type == "cpu" or (place.type == "cuda" and (place.index or 0) < gpus):
        return name
    raise AffectError(
        f"There is no device {name!r} here that PyTorch can use: use 'cpu'{' or cuda' if gpus else ''}.",
        f"此处没有 PyTorch 可用的设备“{name}”：请使用 cpu{' 或 cuda' if gpus else ''}。",
    )
