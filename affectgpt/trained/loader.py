"""A user's AffectGPT weights become a model that can answer, or one line that says why not."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..hub.fetch import Fetched, model_folder
from ..hub.problems import problem
from ..hub.store import Tell
from ..machine.footprint import QUANTIZATIONS, stored_quantization
from ..schema import AffectError
from ..weights import check_name, is_hub_id, loading, shown_model

DTYPES = ("auto", "bfloat16", "float16", "float32")
ORIGIN = ("file", "bytes", "sha256", "epoch")  # of a conversion.json
KINDS = {"vision": ("clip", "clip_vision_model"), "audio": ("hubert",), "text": ("qwen2",)}  # of base models


@dataclass(frozen=True)
class Opened:
    """A loaded model and what an answer's provenance says about it.

    revision: the commit, of a model of the Hub. bases: the models under an adapter, by role, with theirs.
    offline: the Hub could not be asked whether these are the newest. origin: the official checkpoint it was
    converted from, as its conversion.json says, or None.
    """

    model: Any
    processor: Any
    device: str
    quantization: str
    revision: str | None
    origin: dict[str, Any] | None
    bases: dict[str, str]
    offline: bool


def open_model(
    name: str,
    *,
    quantize: str = "none",
    dtype: str = "auto",
    device: str | None = None,
    revision: str | None = None,
    tell: Tell | None = None,
) -> Opened:
    """Load a folder, or ORG/NAME[@REVISION] of the Hub, whose own code is never run.

    quantize: one of `QUANTIZATIONS`; "none" takes a quantised repository as it is stored. dtype: one of
    `DTYPES`; "auto" as stored. device: "cpu", "cuda" or "cuda:1"; None finds a GPU. tell: takes
    the `Progress` of downloads. Raises AffectError when an option is none of these, and when the model is not
    there, does not fit or is no AffectGPT.
    """
    _one_of("quantize", quantize, QUANTIZATIONS)
    _one_of("dtype", dtype, DTYPES)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells each layer's casts
    name = str(Path(name).expanduser()) if name.startswith("~") else name
    check_name(name)
    shown = shown_model(name)
    folder, fetched = model_folder(name, revision=revision, tell=tell)
    with loading(shown, local=True):
        from transformers import PreTrainedConfig

        from ..model import AffectGPTConfig, AffectGPTForConditionalGeneration, AffectGPTProcessor

        device = _device(device)
        raw, _ = PreTrainedConfig.get_config_dict(folder)
        kind = raw.get("model_type") if isinstance(raw, dict) else None
        if kind != "affectgpt":
            raise ValueError(f"model_type {kind or 'not given'}")
        stored = _stored(shown, raw, quantize)
        config = AffectGPTConfig.from_pretrained(folder)
        told = _read(Path(folder) / "conversion.json")
        bases = _bases(shown, config, told, on_hub=fetched is not None, tell=tell)
        if bases:
            config.base_models, config.base_revisions = {role: at for role, (at, _) in bases.items()}, None
        elif (Path(folder) / "adapter_config.json").is_file():  # transformers would follow its base model
            raise ValueError("an adapter whose config.json names no base models")
        model = AffectGPTForConditionalGeneration.from_pretrained(
            folder,
            config=config,
            quantize=quantize if stored == "none" else None,
            dtype=dtype,
            device_map={"": device},  # also for the CPU: bitsandbytes would take a GPU by itself
        )
        try:
            processor = AffectGPTProcessor.from_pretrained(folder, trust_remote_code=False)
        except (KeyError, TypeError, AttributeError) as error:  # a tokenizer.json with another inside
            raise ValueError("its tokenizer cannot be read") from error
        _check_whole(model, processor, stored)
        model.generation_config.cache_implementation = None  # a repository might ask for what only a GPU has
        came = [found for found in (fetched, *(found for _, found in bases.values())) if found]
        return Opened(
            model=model,
            processor=processor,
            device=device,
            quantization=quantize if stored == "none" else stored,
            revision=fetched.commit if fetched else None,
            origin=_origin(told) if told else None,
            bases={
                role: f"{found.address.repo}@{found.commit}" for role, (_, found) in bases.items() if found
            },
            offline=any(found.offline for found in came),
        )


def _origin(told: dict[str, Any]) -> dict[str, Any]:
    """What a conversion.json says of the checkpoint: it goes into each answer, so it is short and plain."""
    said = {**_dict(told.get("source")), "epoch": told.get("epoch")}
    return {key: said[key] for key in ORIGIN if key in said and len(json.dumps(said[key])) < 200}


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


def _read(file: Path) -> dict[str, Any]:
    return _dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _stored(shown: str, config: dict[str, Any], quantize: str) -> str:
    """How the repository is quantised, which cannot be changed while it is loaded."""
    stored = stored_quantization(config)
    if stored != "none" and quantize not in ("none", stored):
        raise AffectError(
            f"{shown} is stored in {stored} and cannot be loaded as {quantize}: leave quantising away, or "
            "give a model in 16 bit.",
            f"{shown} 以 {stored} 量化保存，无法以 {quantize} 加载：请不要指定量化方式，或换用 16 位模型。",
        )
    return stored


def _bases(
    shown: str, config: Any, told: dict[str, Any], *, on_hub: bool, tell: Tell | None
) -> dict[str, tuple[str, Fetched | None]]:
    """The folders of the models that an adapter is laid over, at the commits it was trained on."""
    names = config.base_models or {}
    if names and not (isinstance(names, dict) and names.keys() == KINDS.keys()):
        raise ValueError("base_models are not those of vision, audio and text")
    given, recorded = _dict(config.base_revisions), _dict(told.get("base_models"))
    found = {}
    for role, base in names.items():
        of_base = _dict(recorded.get(role))
        revision = given.get(role) or (of_base.get("revision") if of_base.get("name") == base else None)
        found[role] = _base(shown, role, str(base), revision and str(revision), on_hub, tell)
    return found


def _base(
    shown: str, role: str, base: str, revision: str | None, on_hub: bool, tell: Tell | None
) -> tuple[str, Fetched | None]:
    """One base model; one that is not there is told as such."""
    from transformers import PreTrainedConfig

    below = base if on_hub and is_hub_id(base) else shown_model(base)
    if on_hub and not is_hub_id(base):  # it would read a folder of this machine
        raise problem("local_base", shown, base=below)
    try:
        if not on_hub:
            check_name(base)
        folder, found = model_folder(base, revision=revision, weights="any", tell=tell, local=not on_hub)
        with loading(below, local=True):
            kind = PreTrainedConfig.get_config_dict(folder)[0].get("model_type")
            if kind not in KINDS[role]:  # its own code is never asked for
                raise ValueError(f"{kind}, not {KINDS[role][0]}")
        return folder, found
    except AffectError as error:
        raise AffectError(
            f"{shown} is only an adapter, and its base model {below} did not load. {error.text.en}",
            f"{shown} 只包含适配器，其基座模型 {below} 未能加载。{error.text.zh}",
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
