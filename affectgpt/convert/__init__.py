"""Official checkpoints become folders that `from_pretrained` loads.

Nothing is loaded before everything could be checked: names, settings and shapes come from the checkpoint and
from the base models' configurations. What is unfinished carries another name until the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..machine import versions
from ..media.sniff import shown_name
from ..schema import AffectError, Text
from ..weights import check_files, check_name, loading, revision_of, shown_model
from .official import Checkpoint, check_weights, read_checkpoint, weight_map
from .output import check_space, free_folder, read_json, sha256, unfinished, write_json

if TYPE_CHECKING:
    import torch

    from ..model import AffectGPTConfig

SHARD = "5GB"  # of a weight file: what resumes well on a broken line
DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
QUANTISED_BYTES = {"nf4": 0.53, "int8": 1.01}  # for each weight of a linear layer, with its scales
CODE = "*_affectgpt.py"  # of the model's own folder, which imports nothing outside itself
AUTO_MAP = {
    "AutoConfig": "configuration_affectgpt.AffectGPTConfig",
    "AutoModel": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoModelForMultimodalLM": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoProcessor": "processing_affectgpt.AffectGPTProcessor",
}
LIBRARIES = ("torch", "transformers", "peft", "safetensors", "bitsandbytes")
Tell = Callable[[Text], None]


class Written(NamedTuple):
    """A file that was written: its name, size and SHA-256."""

    name: str
    bytes: int
    sha256: str


def convert_checkpoint(
    checkpoint: str | Path,
    out: str | Path,
    *,
    vision: str,
    audio: str,
    text: str,
    quantize: str | None = None,
    adapter_only: bool = False,
    dtype: str = "auto",
    mode: str | None = None,
    tell: Tell = lambda _: None,
) -> list[Written]:
    """Write an official checkpoint and the base models it was trained on as one folder.

    vision, audio, text: Hub ids or folders. quantize: None, "none", "nf4" or "int8", for the language model.
    adapter_only: LoRA and fusion alone, to be laid over the base models by reference. dtype: "bf16", "fp16",
    "fp32", or "auto": the language model's own, for everything. mode: the official `face_or_frame` where the
    checkpoint does not name one. tell: takes a line before each long step. Returns the weight files. Raises
    AffectError for whatever the user can mend; then `out` is as it was.
    """
    quantize = None if quantize == "none" else quantize
    if quantize and adapter_only:
        raise AffectError(
            "--adapter-only holds nothing that could be quantised: quantise when it is loaded.",
            "--adapter-only 不含可量化的内容：请在加载时量化。",
        )
    bases = {"vision": str(vision), "audio": str(audio), "text": str(text)}
    for base in bases.values():
        check_name(base)
        if Path(base).is_dir() and not adapter_only:
            check_files(base)
    out = free_folder(out)
    tell(Text(f"Reading {shown_name(checkpoint)}", f"读取 {shown_name(checkpoint)}"))
    source = read_checkpoint(checkpoint)
    mode = _mode(source, mode)
    tell(Text("Checking it against the base models' configurations", "与基座模型的配置核对"))
    config, revisions = _config(bases, source, mode)
    config.dtype = wanted = _dtype(config, dtype)
    names = official_names(config)
    empty = empty_model(config)
    check_weights(source, names, {key: value.shape for key, value in empty.items()})
    check_space(out, _estimate(empty, wanted.itemsize, quantize, adapter_only))
    record = {
        "source": {
            "file": source.name,
            "bytes": Path(checkpoint).stat().st_size,
            "sha256": sha256(checkpoint),
        },
        "mode": mode,
        "epoch": source.epoch,
        "loss": source.loss,
        "fusion": source.fusion,
        "base_models": {
            role: {"name": shown_model(base), "revision": revisions[role]} for role, base in bases.items()
        },
        "dtype": str(wanted).removeprefix("torch."),
        "quantization": quantize or "none",
        "adapter_only": adapter_only,
        "tensors": {
            "mapped": sum(name is not None for name in names.values()),
            "dropped": [key for key, name in names.items() if name is None],
        },
        "libraries": versions(LIBRARIES),
    }
    weights = {ours: source.weights[key].to(wanted) for key, ours in names.items() if ours}
    del source
    with unfinished(out) as work:
        if adapter_only:
            tell(Text("Writing the adapter", "写入适配器"))
            _write_adapter(work, config, bases, weights)
        else:
            tell(Text("Loading the base models", "加载基座模型"))
            model = _assemble(bases, config, wanted, quantize, weights)
            tell(Text("Writing the model", "写入模型"))
            model.save_pretrained(work, max_shard_size=SHARD)
            del model
        with loading(bases["text"]):
            _write_processor(work, bases["text"], config, mode)
        _publishable(work)
        write_json(work / "conversion.json", record)
        tell(Text("Computing checksums", "计算校验和"))
        written = [Written(f.name, f.stat().st_size, sha256(f)) for f in sorted(work.glob("*.safetensors"))]
        lines = "".join(f"{file.sha256}  {file.name}\n" for file in written)
        (work / "SHA256SUMS").write_text(lines, encoding="utf-8")
    return written


def official_names(config: AffectGPTConfig) -> dict[str, str | None]:
    """Return our name of each official tensor of a model with this configuration, None for a dropped one."""
    return weight_map(config.text_config.num_hidden_layers, config.fusion)


def empty_model(config: AffectGPTConfig) -> dict[str, torch.Tensor]:
    """Return the state dict of a model with this configuration, on the meta device: shapes without memory."""
    import torch

    from ..model import AffectGPTForConditionalGeneration

    with torch.device("meta"):
        return AffectGPTForConditionalGeneration(config).state_dict()


def known_mode(mode: str | None) -> str:
    """Return an official mode that prompts exist for. Raises AffectError."""
    from ..model.processing_affectgpt import PROMPTS

    if mode in PROMPTS:
        return mode
    shown = repr(str(mode)[:60])
    raise AffectError(
        f"There is no prompt for the mode {shown}: give --mode, one of {', '.join(PROMPTS)}.",
        f"没有与模式 {shown} 对应的提示词：请用 --mode 指定其一：{', '.join(PROMPTS)}。",
    )


def _mode(source: Checkpoint, given: str | None) -> str:
    """The checkpoint decides; only where it does not, the user does."""
    if given:
        known_mode(given)
    if len(source.modes) == 1 and given in (None, source.modes[0]):
        return known_mode(source.modes[0])
    said = ", ".join(mode[:60] for mode in source.modes)
    if len(source.modes) == 1:
        raise AffectError(
            f"{source.name} was trained in the mode {said}, not {given}: leave --mode away.",
            f"{source.name} 的训练模式是 {said}，而不是 {given}：请去掉 --mode。",
        )
    if given:
        return given
    raise AffectError(
        f"{source.name} names {'several modes (' + said + ')' if said else 'no mode'}: say with --mode which "
        "one to use.",
        f"{source.name} {'包含多个模式（' + said + '）' if said else '未注明模式'}：请用 --mode 指定。",
    )


def _config(
    bases: dict[str, str], source: Checkpoint, mode: str
) -> tuple[AffectGPTConfig, dict[str, str | None]]:
    """The configuration and the base models' revisions, once each has proved to be of the right kind."""
    from transformers import AutoConfig, AutoTokenizer

    from ..model import AffectGPTConfig
    from ..model.processing_affectgpt import modalities_of

    kinds = {"vision": ("clip", "clip_vision_model"), "audio": ("hubert",), "text": ("qwen2",)}
    revisions = {}
    for role, base in bases.items():
        with loading(base):
            config = AutoConfig.from_pretrained(base, trust_remote_code=False)
            if config.model_type not in kinds[role]:
                raise ValueError(f"{config.model_type}, not {kinds[role][0]}")
            if getattr(config, "quantization_config", None):
                raise ValueError("already quantised, not the original weights")
            if role == "audio" and not config.do_stable_layer_norm:
                raise ValueError("HuBERT without stable layer norm, not a large one")
            revisions[role] = revision_of(base)
    with loading(bases["text"]):
        if not AutoTokenizer.from_pretrained(bases["text"])("a").input_ids:
            raise FileNotFoundError("no tokenizer: transformers makes an empty one")
        config = AffectGPTConfig.from_base_models(
            **bases, fusion=source.fusion, modalities=modalities_of(mode)
        )
        ids = [config.bos_token_id, config.eos_token_id, config.multi_token_id]
        if None in ids or max(ids) >= config.text_config.vocab_size:
            raise ValueError("its tokenizer or vocabulary has no room for the placeholders, not Qwen2.5")
    return config, revisions


def _dtype(config: AffectGPTConfig, name: str) -> torch.dtype:
    """A torch dtype by its short name; "auto" is the one that the language model was saved in."""
    import torch

    found = config.text_config.dtype if name == "auto" else DTYPES.get(name)
    found = getattr(torch, found, None) if isinstance(found, str) else found
    if found is None:
        raise AffectError(
            "The language model does not say in which precision it was saved: give --dtype bf16, fp16 or "
            "fp32.",
            "语言模型未注明其保存精度：请用 --dtype 指定 bf16、fp16 或 fp32。",
        )
    return found


def _estimate(empty: dict[str, torch.Tensor], item: int, quantize: str | None, adapter_only: bool) -> float:
    """Bytes on disk; the linear layers under LoRA are the ones that are quantised."""
    from ..model.adapter_affectgpt import is_adapter

    linear = QUANTISED_BYTES[quantize] if quantize else item
    return sum(
        value.numel() * (linear if ".base_layer.weight" in key else item)
        for key, value in empty.items()
        if is_adapter(key) or not adapter_only
    )


def _assemble(bases: dict[str, str], config, dtype, quantize: str | None, weights: dict[str, torch.Tensor]):
    """The whole model; each base is loaded once, into its final precision."""
    from ..model import AffectGPTForConditionalGeneration

    with loading(*bases.values()):
        model = AffectGPTForConditionalGeneration.from_base_models(
            **bases, config=config, dtype=dtype, quantize=quantize
        )
    own = model.state_dict()
    assert all(own[key].shape == value.shape for key, value in weights.items()), (
        "checked against the same shapes"
    )
    model.load_state_dict(weights, strict=False)
    return model


def _write_adapter(work: Path, config: AffectGPTConfig, bases: dict[str, str], weights) -> None:
    from safetensors.torch import save_file
    from transformers import GenerationConfig

    config.base_models = {role: _reference(base) for role, base in bases.items()}
    config.architectures = ["AffectGPTForConditionalGeneration"]
    config.save_pretrained(work)
    GenerationConfig.from_model_config(config).save_pretrained(work)
    save_file(
        {key: value.contiguous() for key, value in weights.items()},
        work / "model.safetensors",
        {"format": "pt"},
    )


def _reference(base: str) -> str:
    return str(Path(base).resolve()) if Path(base).is_dir() else base


def _write_processor(work: Path, text: str, config: AffectGPTConfig, mode: str) -> None:
    from ..model import AffectGPTProcessor

    AffectGPTProcessor.from_base_models(text, config, mode).save_pretrained(work)


def _publishable(work: Path) -> None:
    """Add the model's code, for who has not installed the package; forget where the base models lay."""
    for file in sorted((Path(__file__).parents[1] / "model").glob(CODE)):
        shutil.copyfile(file, work / file.name)
    config, processor = read_json(work / "config.json"), read_json(work / "processor_config.json")
    for part in config.values():
        if isinstance(part, dict):
            part.pop("_name_or_path", None)
    write_json(work / "config.json", config | {"auto_map": AUTO_MAP})
    own = {"AutoProcessor": AUTO_MAP["AutoProcessor"]}
    write_json(work / "processor_config.json", processor | {"auto_map": own})
    for file in work.glob("*.safetensors"):  # safetensors leaves them readable for nobody else
        shutil.copymode(work / "config.json", file)
