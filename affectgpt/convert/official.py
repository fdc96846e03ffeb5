"""An official AffectGPT checkpoint: opened without running anything in it, every weight named and measured.

The layout is that of the official runner_base.py:594-623: a dict of model, optimizer, config, scaler, epoch.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..media.sniff import shown_name
from ..schema import AffectError

if TYPE_CHECKING:
    import torch

# What the released checkpoints were trained with, and what alone is supported: (official name, what it is).
PARTS = {
    "visual_encoder": ("CLIP_VIT_LARGE", "openai/clip-vit-large-patch14"),
    "acoustic_encoder": ("HUBERT_LARGE", "TencentGameMate/chinese-hubert-large"),
    "llama_model": ("Qwen25", "Qwen/Qwen2.5-7B-Instruct"),
}
SCORERS = {"video_attention_mlp": "visual_score", "audio_attention_mlp": "acoustic_score"}  # attention only
HEADS: dict[str, str | None] = {  # in the official order; None: dropped on purpose
    "image_llama_proj": None,  # saved, but neither trained nor used by any released mode
    "video_attention_mlp": SCORERS["video_attention_mlp"],
    "affectgpt_proj": "visual_projector",
    "audio_attention_mlp": SCORERS["audio_attention_mlp"],
    "audio_llama_proj": "acoustic_projector",
    "multi_audio_embs": "multi_acoustic",
    "multi_video_embs": "multi_visual",
    "attention_mlp": "multi_hidden",
    "fc_att": "multi_weights",
    "multi_llama_proj": "multi_projector",
}
LIKE_UNUSED = "affectgpt_proj"  # has the shape of image_llama_proj
LINEARS = [f"self_attn.{name}_proj" for name in "qkvo"] + [
    f"mlp.{name}_proj" for name in ("gate", "up", "down")
]
SHOWN_KEYS = 3  # keys named in a message; the others are counted
SHOWN_CHARS = 90  # of one key: as long as the longest true one
ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint says: weights by official name, the fusion, its data sets, their modes, the epoch."""

    name: str
    weights: dict[str, torch.Tensor]
    fusion: str
    datasets: tuple[str, ...]
    modes: tuple[str, ...]
    epoch: int | None
    loss: float | None


def weight_map(layers: int, fusion: str) -> dict[str, str | None]:
    """Return our name of every key of an official checkpoint, None for what is dropped on purpose.

    layers: of the language model; fusion: "attention" or "mean". 14 keys for each layer and 20 or 16 heads:
    412 keys for Qwen2.5-7B with attention.
    """
    names: dict[str, str | None] = {}
    for layer in range(layers):
        for linear in LINEARS:
            for side in ("lora_A", "lora_B"):
                tail = f"model.layers.{layer}.{linear}.{side}.default.weight"
                names[f"llama_model.base_model.model.{tail}"] = f"language_model.{tail}"
    for official, ours in HEADS.items():
        if fusion == "attention" or official not in SCORERS:
            for kind in ("weight", "bias"):
                names[f"{official}.{kind}"] = ours and f"fusion.{ours}.{kind}"
    return names


def read_checkpoint(file: str | Path) -> Checkpoint:
    """Open an official checkpoint without running anything in it; its optimizer is not read into memory.

    Raises AffectError for what is no file, damaged, a pickle that asks to run code, of another project, or of
    a variant that is not supported (q-former, other encoders or language models, several tokens per
    modality).
    """
    path = Path(file)
    content = _load(path)
    if not isinstance(content, dict) or not {"model", "config"} <= content.keys():
        raise _foreign(path)
    weights, config = content["model"], content["config"]
    settings = config.get("model") if isinstance(config, dict) else None
    if not _is_weights(weights) or not isinstance(settings, dict) or settings.get("arch") != "affectgpt":
        raise _foreign(path)
    fusion = _supported(path, settings, weights)
    named = re.fullmatch(r"checkpoint_(\d+)_loss_(\d+\.\d+)\.pth", path.name)
    epoch = content.get("epoch", int(named[1]) if named else None)
    return Checkpoint(
        name=shown_name(path),
        weights=weights,
        fusion=fusion,
        datasets=tuple(sorted(map(_key, _datasets(config)))),
        modes=_modes(config),
        epoch=epoch if isinstance(epoch, int) else None,
        loss=float(named[2]) if named else None,
    )


def check_weights(checkpoint: Checkpoint, names: Mapping[str, str | None], shapes: Mapping[str, Any]) -> None:
    """Compare a checkpoint with what the model expects: `names` from `weight_map`, `shapes` by our names.

    Raises one AffectError that names the keys which are missing, unexpected, of another shape or not finite.
    """
    found = checkpoint.weights
    expected = {key: tuple(shapes[ours]) for key, ours in names.items() if ours}
    for kind in ("weight", "bias"):
        expected[f"image_llama_proj.{kind}"] = expected[f"{LIKE_UNUSED}.{kind}"]
    missing = [_key(key) for key in names if key not in found]
    surplus = [_key(key) for key in found if key not in names]
    shaped, broken = [], []
    for key in names:
        if key in found and tuple(found[key].shape) != expected[key]:
            shaped.append(f"{_key(key)} {_times(found[key].shape)} ≠ {_times(expected[key])}")
        elif key in found and not bool(found[key].isfinite().all()):
            broken.append(_key(key))
    problems = [
        (missing, "missing", "缺少"),
        (surplus, "unexpected", "多余"),
        (shaped, "of the wrong shape (found ≠ expected)", "形状不符（实际 ≠ 应为）"),
        (broken, "with numbers that are not finite", "含非有限数值"),
    ]
    en = "; ".join(f"{len(keys)} {text}: {_some(keys)}" for keys, text, _ in problems if keys)
    zh = "；".join(f"{text} {len(keys)} 个：{_some(keys)}" for keys, _, text in problems if keys)
    if en:
        raise AffectError(
            f"{checkpoint.name} does not fit these base models, which need {len(names)} tensors ({en}): "
            "give the base models it was trained on, and an undamaged file.",
            f"{checkpoint.name} 与所给基座模型不匹配，应有 {len(names)} 个张量（{zh}）："
            "请使用训练时的基座模型和完好的文件。",
        )


def write_checkpoint(
    file: str | Path, weights: Mapping[str, torch.Tensor], *, fusion: str, mode: str, epoch: int
) -> None:
    """Write weights by official names in the official layout: fp32, no optimizer.

    `image_llama_proj`, which nothing uses, becomes zeros. The official code loads the file, and so does
    `torch.load(weights_only=True)`. Raises OSError.
    """
    import torch

    full = {}
    for key in weight_map(_layers(weights), fusion):
        stem, _, kind = key.rpartition(".")
        if HEADS.get(stem, "") is None:
            full[key] = torch.zeros_like(weights[f"{LIKE_UNUSED}.{kind}"], dtype=torch.float32)
        else:
            full[key] = weights[key].to(torch.float32).contiguous()
    settings: dict[str, Any] = {"arch": "affectgpt", "model_type": "pretrain_vicuna"}
    settings |= {part: name for part, (name, _) in PARTS.items()}
    settings |= {"multi_fusion_type": "attention", "image_fusion_type": "mean"}
    settings |= {"video_fusion_type": fusion, "audio_fusion_type": fusion}
    settings |= {f"num_{name}_query_token": 1 for name in ("audio", "video", "multi", "image")}
    data = {"affectgpt": {"data_type": "video", "face_or_frame": mode, "label_type": "hybird"}}
    with open(file, "xb") as out:
        torch.save({"model": full, "config": {"model": settings, "datasets": data}, "epoch": epoch}, out)


def _load(path: Path) -> Any:
    """Whatever `torch.load` lets through; a file can fail it in a dozen ways, all the file's fault."""
    import pickle
    import warnings

    import torch

    name = shown_name(path)
    try:
        if not path.is_file():
            raise FileNotFoundError(2, "no such file")
        with open(path, "rb") as head:
            is_zip = head.read(len(ZIP_MAGIC)) == ZIP_MAGIC
        if is_zip:
            with zipfile.ZipFile(path) as archive:  # PyTorch compresses nothing: a packed entry may be a bomb
                if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                    raise _foreign(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except AffectError:
        raise
    except MemoryError:
        raise
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise AffectError(
            f"Cannot read {name} ({why}): give a checkpoint file (.pth).",
            f"无法读取 {name}（{why}）：请给出检查点文件（.pth）。",
        ) from error
    except pickle.UnpicklingError as error:
        wanted = re.search(r"GLOBAL ([\w.]{1,80})", str(error))
        if not wanted:
            raise _damaged(name) from error
        raise AffectError(
            f"{name} asks to run code when it is opened ({wanted[1]}), so it was not opened and nothing "
            "in it was run: use a checkpoint that holds only weights and settings, as the official ones do.",
            f"{name} 在打开时要求执行代码（{wanted[1]}），因此未被打开，其中没有任何内容被执行："
            "请使用与官方一样只含权重和设置的检查点。",
        ) from error
    except Exception as error:  # RuntimeError, EOFError, KeyError, ...: what broken bytes make of the reader
        raise _damaged(name) from error


def _supported(path: Path, settings: dict, weights: dict) -> str:
    """The fusion, or an error that names the first thing which this model does not have."""
    fusions = {key: settings.get(f"{key}_fusion_type") for key in ("video", "audio", "multi")}
    tokens = {key: settings.get(key) for key in settings if re.fullmatch(r"num_\w+_query_token", str(key))}
    wrong = None
    if "qformer" in fusions.values() or any("Qformer" in key or "query_tokens" in key for key in weights):
        wrong = "q-former fusion", "attention or mean fusion"
    elif fusions["video"] != fusions["audio"] or fusions["video"] not in ("attention", "mean"):
        wrong = (
            f"{_key(fusions['video'])} / {_key(fusions['audio'])} fusion",
            "attention or mean fusion, for both",
        )
    elif fusions["multi"] != "attention":
        wrong = f"{_key(fusions['multi'])} pre-fusion", "attention pre-fusion"
    for key, number in tokens.items():
        if not wrong and number != 1:
            wrong = f"{_key(key)} = {_key(number)}", "one token for each modality"
    for part, (official, hub_id) in PARTS.items():
        if not wrong and settings.get(part) != official:
            wrong = f"{part} = {_key(settings.get(part))}", f"{official} ({hub_id})"
    if wrong:
        raise AffectError(
            f"{shown_name(path)} was trained with {wrong[0]}, which is not supported: "
            f"give one with {wrong[1]}.",
            f"{shown_name(path)} 的训练设置是 {wrong[0]}，暂不支持：请使用 {wrong[1]} 的检查点。",
        )
    return fusions["video"]


def _datasets(config: dict) -> dict:
    sets = config.get("datasets")
    return sets if isinstance(sets, dict) else {}


def _modes(config: dict) -> tuple[str, ...]:
    """The distinct `face_or_frame` modes of the data sets, sorted."""
    modes = {entry.get("face_or_frame") for entry in _datasets(config).values() if isinstance(entry, dict)}
    return tuple(sorted(mode for mode in modes if isinstance(mode, str)))


def _is_weights(weights: Any) -> bool:
    import torch

    return isinstance(weights, dict) and all(
        isinstance(key, str) and isinstance(value, torch.Tensor) and value.is_floating_point()
        for key, value in weights.items()
        if not str(key).endswith("position_ids")  # q-former buffers, refused by name later
    )


def _layers(weights: Mapping[str, Any]) -> int:
    found = [re.search(r"\.layers\.(\d+)\.", key) for key in weights]
    return 1 + max(int(match[1]) for match in found if match)


def _foreign(path: Path) -> AffectError:
    name = shown_name(path)
    return AffectError(
        f"{name} is not an AffectGPT checkpoint of 2025: give a file of MERChallenge/AffectGPT, as its "
        "authors saved it (model, optimizer, config, scaler, epoch).",
        f"{name} 不是 2025 年的 AffectGPT 检查点：请给出 MERChallenge/AffectGPT 中作者保存的原始文件"
        "（含 model、optimizer、config、scaler、epoch）。",
    )


def _damaged(name: str) -> AffectError:
    return AffectError(
        f"{name} is damaged, cut short or no PyTorch file, and was not opened: download it again.",
        f"{name} 已损坏、不完整或不是 PyTorch 文件，未被打开：请重新下载。",
    )


def _key(value: Any) -> str:
    """A name from a file, fit for a message: one line, not too long."""
    text = "".join(c if c.isprintable() else "?" for c in str(value))
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:SHOWN_KEYS]) + (", …" if len(keys) > SHOWN_KEYS else "")


def _times(shape: Any) -> str:
    return "×".join(map(str, shape)) or "scalar"
