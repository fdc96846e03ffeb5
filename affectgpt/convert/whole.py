"""A folder of ours becomes another one, quantised or the adapter alone, without the official checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..hub.address import REPO
from ..machine import versions
from ..media.sniff import shown_name
from ..schema import AffectError, Text
from ..weights import loading
from .bases import ROLES, Base, here, read_bases, warn
from .folder import LIBRARIES, SHARD, Tell, Written, read_config, read_trained, write_adapter, write_folder
from .output import RECORD, SUMS, check_space, free_folder, read_json, read_sums, sha256
from .sizes import dtype_named, empty_model, estimate, refuse_both

if TYPE_CHECKING:
    from ..hub.fetch import Tell as Downloaded
    from ..model import AffectGPTConfig


def convert_folder(
    folder: str | Path,
    out: str | Path,
    *,
    vision: str | None = None,
    audio: str | None = None,
    text: str | None = None,
    quantize: str | None = None,
    adapter_only: bool = False,
    dtype: str = "auto",
    tell: Tell = lambda _: None,
    downloaded: Downloaded | None = None,
) -> list[Written]:
    """Write the model of a folder again: its tensors are those that the checkpoint itself would give.

    vision, audio, text: what the base models are called, where conversion.json does not name them on the
    Hub; they are not loaded. dtype "auto": as it is stored. The rest as in `convert_checkpoint`. Raises
    AffectError for whatever the user can mend; then `out` is as it was.
    """
    from ..model import AffectGPTForConditionalGeneration, AffectGPTProcessor

    quantize = None if quantize == "none" else quantize
    refuse_both(quantize, adapter_only)
    folder = Path(folder)
    name = shown_name(folder.absolute())
    config = read_config(folder)
    if getattr(config, "quantization_config", None):
        raise AffectError(
            f"{name} is quantised already: give the folder in full precision that it was made from.",
            f"{name} 已经过量化：请给出其来源的全精度文件夹。",
        )
    old = read_json(folder / RECORD)
    recorded = old.get("base_models") or _of_adapter(config)
    bases = _bases({"vision": vision, "audio": audio, "text": text}, recorded, needed=adapter_only)
    out = free_folder(out)
    if adapter_only:
        warn(bases, tell)
    config.dtype, revisions = dtype_named(dtype, config.dtype), config.base_revisions or {}
    wanted = config.dtype
    empty = empty_model(config)
    check_space(out, estimate(empty, wanted.itemsize, quantize, adapter_only))
    tell(Text(f"Reading {name}", f"读取 {name}"))
    _check_sums(folder, name)
    record = {
        **old,
        "changed": _changed(folder, old),
        "folder": {"name": name, "sha256": sha256(folder / SUMS) if (folder / SUMS).is_file() else None},
        "base_models": {**recorded, **{role: base.told for role, base in bases.items()}},
        "dtype": str(wanted).removeprefix("torch."),
        "quantization": quantize or "none",
        "adapter_only": adapter_only,
        "libraries": versions(LIBRARIES),
    }
    with loading(str(folder)):
        processor = AffectGPTProcessor.from_pretrained(folder)

    def content(work: Path) -> None:
        if adapter_only:
            weights = {key: value.to(wanted) for key, value in read_trained(folder, config).items()}
            tell(Text("Writing the adapter", "写入适配器"))
            write_adapter(work, config, bases, weights)
        else:
            if config.base_models:  # of an adapter
                config.base_models = {
                    role: here(Base(source, None, revisions.get(role)), weights=True, tell=downloaded).source
                    for role, source in config.base_models.items()
                }
            with loading(str(folder), *(config.base_models or {}).values()):
                model = AffectGPTForConditionalGeneration.from_pretrained(
                    folder, config=config, dtype=wanted, quantize=quantize
                )
            tell(Text("Writing the model", "写入模型"))
            model.save_pretrained(work, max_shard_size=SHARD)
        processor.save_pretrained(work)

    return write_folder(out, content, record, tell)


def _of_adapter(config: AffectGPTConfig) -> dict[str, Any]:
    """The base models of an adapter folder without a record, which PEFT or training has written."""
    revisions = config.base_revisions or {}
    return {
        role: {"name": name, "revision": revisions.get(role)}
        for role, name in (config.base_models or {}).items()
        if REPO.fullmatch(name)
    }


def _bases(given: dict[str, str | None], recorded: dict[str, Any], *, needed: bool) -> dict[str, Base]:
    """What is given comes before what was recorded, and only names on the Hub were recorded for good."""
    bases = read_bases({role: source for role, source in given.items() if source})
    for role in ROLES:
        entry = recorded.get(role) or {}
        if role not in bases and REPO.fullmatch(entry.get("name") or ""):
            bases[role] = Base(entry["name"], entry["name"], entry.get("revision"))
    missing = ", ".join({"text": "--llm"}.get(role, f"--{role}") for role in ROLES if role not in bases)
    if needed and missing:
        raise AffectError(
            f"The folder does not say which models on the Hub it was made of: give {missing}.",
            f"该文件夹未注明其基座模型的 Hub ID：请给出 {missing}。",
        )
    return bases


def _changed(folder: Path, old: dict[str, Any]) -> bool:
    """Say whether its weights are others than those that were converted: somebody has trained on."""
    sums = read_sums(folder) or {file.name: sha256(file) for file in folder.glob("*.safetensors")}
    return bool(old.get("changed")) or old.get("weights", sums) != sums


def _check_sums(folder: Path, name: str) -> None:
    """Weights that are not what was written would be published under the name of what was."""
    for file, digest in read_sums(folder).items():
        there = file == Path(file).name and (folder / file).is_file()
        if not there or sha256(folder / file) != digest:
            raise AffectError(
                f"{shown_name(file)} in {name} is not the file that its {SUMS} lists: fetch or convert it "
                f"again, or delete {SUMS} if you changed the weights yourself.",
                f"{name} 中的 {shown_name(file)} 与 {SUMS} 不符：请重新下载或转换；"
                f"如果是您自己修改了权重，请删除 {SUMS}。",
            )
