"""What a folder says about itself: the numbers and names of its card, read from its own files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..convert.output import RECORD, read_json, read_sums
from ..machine.footprint import stored_quantization
from ..media.sniff import shown_name
from ..schema import AffectError
from .address import REPO
from .card_results import result_files

ROLES = ("text", "vision", "audio")  # the language model first: it is what was tuned
WELL_KNOWN = {  # the last part of an id -> the id that every released checkpoint was trained on
    "Qwen2.5-7B-Instruct": "Qwen/Qwen2.5-7B-Instruct",
    "clip-vit-large-patch14": "openai/clip-vit-large-patch14",
    "chinese-hubert-large": "TencentGameMate/chinese-hubert-large",
}
SPLIT = re.compile(r"([A-Za-z_]+)(-\d{5}-of-\d{5})?$")  # of the name of a Parquet file, without its ending
NF4_STATE = ".quant_state.bitsandbytes__nf4"
SCALES = (".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", ".SCB", ".weight_format", NF4_STATE)
GATED_DATA = "MERChallenge/MER2025"  # where MER-Caption+ is given out, on request


@dataclass(frozen=True)
class Base:
    """One base model: its role, its name as it was recorded, its Hub id where that is known, its commit.

    said: the id is what the publisher says; the folder does not tell.
    """

    role: str
    name: str
    id: str | None
    revision: str | None
    said: bool = False


@dataclass(frozen=True)
class Weights:
    """parameters: of all tensors, a packed 4-bit byte being two; bytes: of the files."""

    parameters: int
    bytes: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class ModelFacts:
    """source: file, bytes and sha256 of the official checkpoint, {} where the folder does not tell.

    changed: the weights are no longer those that were made of it. datasets: what it was trained on, by the
    names in its own configuration.
    """

    weights: Weights
    dtype: str
    quantization: str
    mode: str
    fusion: str
    lora: dict[str, Any]
    epoch: int | None
    bases: tuple[Base, ...]
    source: dict[str, Any]
    changed: bool
    datasets: tuple[str, ...]
    libraries: dict[str, str]


@dataclass(frozen=True)
class Part:
    """One configuration and split of a data set: its files below the folder, rows, bytes (unpacked and
    stored) and features."""

    config: str
    split: str
    files: tuple[str, ...]
    rows: int
    bytes: int
    stored: int
    features: Any = field(compare=False, default=None)


def artifact_of(folder: Path) -> str:
    """Return what a folder holds: model, quantized, adapter, dataset or results. Raises AffectError."""
    folder = Path(folder)
    config = read_json(folder / "config.json")
    if config.get("model_type") == "affectgpt":
        if (folder / "adapter_config.json").is_file() or config.get("base_models"):
            return "adapter"
        return "quantized" if config.get("quantization_config") else "model"
    if any(folder.glob("emer_*/*.parquet")):
        return "dataset"
    if folder.is_dir() and result_files(folder):
        return "results"
    name = shown_name(folder.absolute())
    raise AffectError(
        f"{name} holds nothing that can be published: give a folder that affectgpt convert, data build or "
        "evaluate wrote.",
        f"{name} 中没有可发布的内容：请给出由 affectgpt convert、data build 或 evaluate 写出的文件夹。",
    )


def model_facts(folder: Path, base_model: str | None = None) -> ModelFacts:
    """Read the facts of a model's folder. base_model: ids that the caller knows, with commas between them.

    Raises AffectError for a folder without readable weights.
    """
    config, told = read_json(folder / "config.json"), read_json(folder / RECORD)
    mode, sums = read_json(folder / "processor_config.json").get("mode"), read_sums(folder)
    return ModelFacts(
        weights=weights_of(folder),
        dtype=str(config.get("dtype") or told.get("dtype") or ""),
        quantization=stored_quantization(config),
        mode=str(mode or told.get("mode") or ""),
        fusion=str(config.get("fusion") or ""),
        lora=config.get("lora") or {},
        epoch=told.get("epoch"),
        bases=bases_of(config, told, base_model),
        source=told.get("source") or {},
        changed=bool(told.get("changed")) or told.get("weights", sums) != sums,
        datasets=tuple(told.get("datasets") or ()),
        libraries=told.get("libraries") or {},
    )


def weights_of(folder: Path) -> Weights:
    """Count what the heads of the weight files tell; nothing is loaded. Raises AffectError."""
    from huggingface_hub import parse_local_safetensors_file_metadata

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise _unreadable(folder)
    parameters, size = 0, 0
    for file in files:
        try:
            tensors = parse_local_safetensors_file_metadata(file).tensors
        except Exception as error:  # of the library: a head that is no JSON, or cut
            raise _unreadable(file) from error
        size += file.stat().st_size
        packed = {name.removesuffix(NF4_STATE) for name in tensors if name.endswith(NF4_STATE)}
        for name, tensor in tensors.items():
            if name.endswith(SCALES):
                continue
            parameters += tensor.parameter_count * (2 if name in packed else 1)
    return Weights(parameters, size, tuple(file.name for file in files))


def bases_of(config: dict[str, Any], told: dict[str, Any], given: str | None) -> tuple[Base, ...]:
    """The base models by role. A name without owner counts as its well-known id only with a commit beside it.

    given: ids that the caller knows; each takes the recorded name that it ends with, else the next role that
    is not known.
    """
    recorded, named = told.get("base_models") or {}, config.get("base_models") or {}
    commits = config.get("base_revisions") or {}
    ids = [each.strip() for each in (given or "").split(",") if each.strip()]
    found: dict[str, Base] = {}
    for role in ROLES:
        entry = recorded.get(role) or {}
        entry = entry if isinstance(entry, dict) else {"name": str(entry)}
        name = str(entry.get("name") or named.get(role) or "")
        revision = entry.get("revision") or commits.get(role)
        last = name.rstrip("/").rpartition("/")[2]
        known = name if REPO.fullmatch(name) else WELL_KNOWN.get(last) if revision else None
        said = next((each for each in ids if each.rpartition("/")[2] == last), None)
        if said:
            ids.remove(said)
        found[role] = Base(role, known or last, known or said, revision, said=not known and bool(said))
    for role, base in found.items():
        if base.id is None and ids:
            found[role] = Base(role, base.name, ids.pop(0), base.revision, said=True)
    return tuple(found.values())


def parts_of(folder: Path) -> tuple[Part, ...]:
    """The configurations and splits of a folder of Parquet files: `CONFIG/SPLIT-00000-of-00001.parquet`.

    Raises AffectError for a file that is no Parquet.
    """
    import datasets
    import pyarrow.parquet as pq

    grouped: dict[tuple[str, str], list[Path]] = {}
    for file in sorted(folder.rglob("*.parquet")):
        config = file.parent.relative_to(folder).as_posix()
        match = SPLIT.match(file.stem)
        split = match.group(1) if match else "train"
        grouped.setdefault(("default" if config in (".", "data") else config, split), []).append(file)
    parts = []
    for (config, split), files in grouped.items():
        try:
            heads = [pq.ParquetFile(file) for file in files]
        except Exception as error:  # of pyarrow, by many names
            raise _unreadable(files[0]) from error
        features = datasets.Features.from_arrow_schema(heads[0].schema_arrow)
        rows = sum(head.metadata.num_rows for head in heads)
        stored = sum(file.stat().st_size for file in files)
        names = tuple(file.relative_to(folder).as_posix() for file in files)
        parts.append(Part(config, split, names, rows, _unpacked(heads), stored, features))
    return tuple(parts)


def count_words(number: float) -> str:
    """Return a count as people read it: 8.1 B, 110.3 M, 40 K, 7."""
    for limit, sign in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= limit:
            return f"{number / limit:.1f} {sign}"
    return f"{number:g}"


def size_words(size: float) -> str:
    """Return bytes as people read them: 16.2 GB, 3.4 MB, 12 KB."""
    for limit, sign in ((1e9, "GB"), (1e6, "MB")):
        if size >= limit:
            return f"{size / limit:.1f} {sign}"
    return f"{max(size / 1e3, 1):.0f} KB"


def _unpacked(heads: Iterable[Any]) -> int:
    return sum(
        head.metadata.row_group(at).total_byte_size
        for head in heads
        for at in range(head.metadata.num_row_groups)
    )


def _unreadable(path: Path) -> AffectError:
    name = shown_name(path.absolute())
    return AffectError(
        f"{name} holds no readable data for a card: convert or build it again.",
        f"{name} 中没有可供生成卡片的可读数据：请重新转换或构建。",
    )
