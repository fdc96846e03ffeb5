"""What a folder of ours holds, and how every conversion writes one: weights, code, its record, checksums."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..hub.address import Address
from ..media.sniff import shown_name
from ..schema import AffectError, Text
from ..weights import loading
from .bases import Base, revisions_of
from .output import RECORD, SUMS, read_json, sha256, unfinished, write_json
from .sizes import empty_model

if TYPE_CHECKING:
    import torch

    from ..model import AffectGPTConfig

SHARD = "5GB"  # of a weight file: what resumes well on a broken line
CODE = "*_affectgpt.py"  # of the model's own folder, which imports nothing outside itself
AUTO_MAP = {
    "AutoConfig": "configuration_affectgpt.AffectGPTConfig",
    "AutoModel": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoModelForMultimodalLM": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoProcessor": "processing_affectgpt.AffectGPTProcessor",
}
LIBRARIES = ("torch", "transformers", "peft", "safetensors", "bitsandbytes")
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"  # PEFT's names
Tell = Callable[[Text], None]


class Written(NamedTuple):
    """A file that was written: its name, size and SHA-256."""

    name: str
    bytes: int
    sha256: str


# ---- written


def write_folder(
    out: Path, content: Callable[[Path], None], record: dict[str, Any], tell: Tell
) -> list[Written]:
    """Write a folder that is there only when it is whole; return its weight files.

    content: writes configuration, weights and processor into the folder that it is given. record: becomes
    conversion.json, with the checksums of the weights: they tell when somebody has trained on and written
    others beside it. Raises AffectError when the disk is full or may not be written.
    """
    with unfinished(out) as work:
        content(work)
        _publishable(work)
        tell(Text("Computing checksums", "计算校验和"))
        written = [Written(f.name, f.stat().st_size, sha256(f)) for f in sorted(work.glob("*.safetensors"))]
        write_json(work / RECORD, record | {"weights": {file.name: file.sha256 for file in written}})
        lines = "".join(f"{file.sha256}  {file.name}\n" for file in written)
        (work / SUMS).write_text(lines, encoding="utf-8")
    return written


def write_adapter(
    work: Path, config: AffectGPTConfig, bases: Mapping[str, Base], weights: Mapping[str, torch.Tensor]
) -> None:
    """Write LoRA and fusion as PEFT does, with a configuration that names the base models.

    `base_model_name_or_path` stays empty: see `set_adapter_repo`.
    """
    from safetensors.torch import save_file
    from transformers import GenerationConfig

    from ..model.adapter_affectgpt import peft_config, peft_name

    config.base_models = {role: base.reference for role, base in bases.items()}
    config.base_revisions = revisions_of(bases)
    config.architectures = ["AffectGPTForConditionalGeneration"]
    config.save_pretrained(work)
    GenerationConfig.from_model_config(config).save_pretrained(work)
    peft_config(config.lora).save_pretrained(work)
    tensors = {peft_name(key): value.contiguous() for key, value in weights.items()}
    save_file(tensors, work / ADAPTER_WEIGHTS, {"format": "pt"})


def set_adapter_repo(folder: str | Path, repo: str) -> None:
    """Write into an adapter folder which Hub repository (ORG/NAME) it goes to, before it is uploaded.

    For a Hub id `AutoModel.from_pretrained` goes on to whatever `base_model_name_or_path` names; only the
    adapter's own id brings it back to our class, which loads the three base models (transformers 5.23,
    auto_factory.py). A folder of this machine loads with any value. Raises AffectError.
    """
    file, repo = Path(folder) / ADAPTER_CONFIG, Address.parse(repo).repo
    settings = read_json(file)
    if not settings:
        name = shown_name(Path(folder).absolute())
        raise AffectError(
            f"{name} holds no adapter ({ADAPTER_CONFIG}): write one with `affectgpt convert --adapter-only`.",
            f"{name} 不含适配器（{ADAPTER_CONFIG}）：请用 `affectgpt convert --adapter-only` 生成。",
        )
    write_json(file, settings | {"base_model_name_or_path": repo})


def _publishable(work: Path) -> None:
    """Add the model's code, for who has not installed the package; forget where the base models lay."""
    for file in sorted((Path(__file__).parents[1] / "model").glob(CODE)):
        shutil.copyfile(file, work / file.name)
    config, processor = read_json(work / "config.json"), read_json(work / "processor_config.json")
    for part in (config["vision_config"], config["audio_config"], config["text_config"]):
        part.pop("_name_or_path", None)
        part["dtype"] = config["dtype"]  # not the base model's own
    own = {"AutoProcessor": AUTO_MAP["AutoProcessor"]}
    for name, fields, code in (("config.json", config, AUTO_MAP), ("processor_config.json", processor, own)):
        fields.pop("auto_map", None)
        write_json(work / name, fields | {"auto_map": code})
    tokenizer = read_json(work / "tokenizer_config.json")
    for key in ("is_local", "local_files_only"):  # how it was found here, which is nobody else's matter
        tokenizer.pop(key, None)
    write_json(work / "tokenizer_config.json", tokenizer)
    for file in work.glob("*.safetensors"):  # safetensors leaves them readable for nobody else
        shutil.copymode(work / "config.json", file)


# ---- read


def read_config(folder: Path) -> AffectGPTConfig:
    """Return the configuration of a folder of ours, with the LoRA that PEFT may have saved in it.

    Raises AffectError for any other folder.
    """
    from ..model import AffectGPTConfig
    from ..model.adapter_affectgpt import lora_of

    if read_json(folder / "config.json").get("model_type") != "affectgpt":
        name = shown_name(folder.absolute())
        raise AffectError(
            f"{name} is no AffectGPT folder: give one that `affectgpt convert` or training wrote.",
            f"{name} 不是 AffectGPT 文件夹：请给出由 `affectgpt convert` 或训练生成的文件夹。",
        )
    with loading(str(folder)):
        config = AffectGPTConfig.from_pretrained(folder)
        if (folder / ADAPTER_CONFIG).is_file():
            config.lora = lora_of(folder / ADAPTER_CONFIG, config.lora or {})
    return config


def read_trained(folder: Path, config: AffectGPTConfig) -> dict[str, torch.Tensor]:
    """Return LoRA and fusion of a whole, quantised or adapter folder by our names; nothing else is read.

    Raises AffectError when a tensor is missing or has another shape than the configuration says.
    """
    from safetensors import safe_open

    from ..model.adapter_affectgpt import is_adapter, our_name

    adapter = (folder / ADAPTER_CONFIG).is_file()
    found = {}
    with loading(str(folder)):
        for file in sorted(folder.glob(ADAPTER_WEIGHTS if adapter else "*.safetensors")):
            with safe_open(file, "pt") as tensors:
                names = {our_name(key): key for key in tensors.keys()}  # noqa: SIM118
                found |= {ours: tensors.get_tensor(key) for ours, key in names.items() if is_adapter(ours)}
        expected = {key: value.shape for key, value in empty_model(config).items() if is_adapter(key)}
    wrong = [key for key in expected if key not in found or found[key].shape != expected[key]]
    wrong += found.keys() - expected.keys()
    if wrong:
        name = shown_name(folder.absolute())
        some = ", ".join(wrong[:3]) + (", …" if len(wrong) > 3 else "")
        raise AffectError(
            f"{name} lacks some of its {len(expected)} trained tensors, or they do not fit its configuration "
            f"({some}): convert or train again.",
            f"{name} 的 {len(expected)} 个训练张量有缺失，或与其配置不符（{some}）：请重新转换或训练。",
        )
    return found
