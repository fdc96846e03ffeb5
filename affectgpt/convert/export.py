"""A folder of ours goes back into one file that the official code can load."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from ..media.sniff import shown_name
from ..schema import AffectError, Text
from . import known_mode, official_names
from .folder import Tell, Written, read_config, read_trained
from .official import write_checkpoint
from .output import RECORD, read_json, sha256, writing


def to_official(
    folder: str | Path, out: str | Path, *, mode: str | None = None, tell: Tell = lambda _: None
) -> Written:
    """Write the adapter and the fusion of an AffectGPT folder as an official checkpoint, fp32.

    Full, quantised and adapter-only folders will do; no base model is loaded. `image_llama_proj`, which no
    mode uses, is zeros. mode: the official `face_or_frame`, where the folder's own is not meant. Raises
    AffectError.
    """
    folder, out = Path(folder), Path(out)
    name = shown_name(os.path.abspath(folder))
    config = read_config(folder)
    if os.path.lexists(out):
        raise AffectError(
            f"{shown_name(out)} exists: choose another name for --out.",
            f"{shown_name(out)} 已存在：请为 --out 换一个名称。",
        )
    mode = known_mode(mode or read_json(folder / "processor_config.json").get("mode"))
    tell(Text(f"Reading {name}", f"读取 {name}"))
    if not _is_official(config):
        raise AffectError(
            f"{name} has another LoRA or more tokens than the official code can load (rank 16, alpha 32, "
            "all linear layers, one token for each modality): use it here.",
            f"{name} 的 LoRA 或标记数与官方代码不兼容（秩 16、alpha 32、全部线性层、每个模态一个标记）："
            "只能在本项目中使用。",
        )
    trained = read_trained(folder, config)
    weights = {key: trained[ours] for key, ours in official_names(config).items() if ours}
    epoch = read_json(folder / RECORD).get("epoch")
    tell(Text(f"Writing {shown_name(out)}", f"写入 {shown_name(out)}"))
    part = out.with_name(f".unfinished-{uuid.uuid4().hex[:8]}")
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_checkpoint(part, weights, fusion=config.fusion, mode=mode, epoch=epoch or 0)
            os.replace(part, out)
        finally:
            part.unlink(missing_ok=True)
    return Written(out.name, out.stat().st_size, sha256(out))


def _is_official(config: Any) -> bool:
    """The official code has these numbers in its text (affectgpt.py) and no way to give others."""
    from ..model.configuration_affectgpt import LORA

    lora = config.lora or {}
    same = all(lora.get(key) == LORA[key] for key in ("r", "alpha"))
    same = same and set(lora["target_modules"]) == set(LORA["target_modules"])
    return same and config.num_query_tokens == 1
