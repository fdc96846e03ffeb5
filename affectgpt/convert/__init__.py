"""Official checkpoints become folders that `from_pretrained` loads.

Nothing is loaded before everything could be checked: names, settings and shapes come from the checkpoint and
from the base models' configurations. What is unfinished carries another name until the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..machine import versions
from ..media.sniff import shown_name
from ..schema import AffectError, Text
from ..weights import check_files, loading
from .bases import Base, here, read_bases, revisions_of, warn
from .folder import LIBRARIES, SHARD, Tell, Written, write_adapter, write_folder
from .official import Checkpoint, check_weights, read_checkpoint, weight_map
from .output import check_space, free_folder, sha256
from .sizes import dtype_named, empty_model, estimate, refuse_both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from ..hub.fetch import Tell as Downloaded
    from ..model import AffectGPTConfig


def convert_checkpoint(
    checkpoint: str | Path,
    out: str | Path,
    *,
    vision: str,
    audio: str,
    text: str,
    base_ids: Sequence[str] | None = None,
    quantize: str | None = None,
    adapter_only: bool = False,
    dtype: str = "auto",
    mode: str | None = None,
    tell: Tell = lambda _: None,
    downloaded: Downloaded | None = None,
) -> list[Written]:
    """Write an official checkpoint and the base models it was trained on as one folder.

    vision, audio, text: folders or Hub ids, perhaps with @REVISION; base_ids: what the folders are called
    on the Hub, in this order. quantize: None, "none", "nf4" or "int8", for the language model. adapter_only:
    LoRA and fusion alone, to be laid over the base models by reference. dtype: "bf16", "fp16", "fp32", or
    "auto": the language model's own, for everything. mode: the official `face_or_frame` where the checkpoint
    does not name one. tell: takes a line before each long step; downloaded: the `Progress` of base models
    that come from the Hub. Returns the weight files. Raises AffectError for whatever the user can mend; then
    `out` is as it was.
    """
    from ..model import AffectGPTProcessor

    quantize = None if quantize == "none" else quantize
    refuse_both(quantize, adapter_only)
    bases = read_bases({"vision": vision, "audio": audio, "text": text}, base_ids)
    for base in bases.values():
        if Path(base.source).is_dir() and not adapter_only:
            check_files(base.source)
    out = free_folder(out)
    if adapter_only:
        warn(bases, tell)
    tell(Text(f"Reading {shown_name(checkpoint)}", f"读取 {shown_name(checkpoint)}"))
    source = read_checkpoint(checkpoint)
    mode = _mode(source, mode)
    tell(Text("Checking it against the base models' configurations", "与基座模型的配置核对"))
    given, (bases, config) = bases, _config(bases, source, mode)
    config.dtype = wanted = dtype_named(dtype, config.text_config.dtype)
    names = official_names(config)
    empty = empty_model(config)
    check_weights(source, names, {key: value.shape for key, value in empty.items()})
    check_space(out, estimate(empty, wanted.itemsize, quantize, adapter_only))
    record = {
        "source": {
            "file": source.name,
            "bytes": Path(checkpoint).stat().st_size,
            "sha256": sha256(checkpoint),
        },
        "datasets": source.datasets,
        "mode": mode,
        "epoch": source.epoch,
        "loss": source.loss,
        "fusion": source.fusion,
        "base_models": {role: base.told for role, base in bases.items()},
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
    with loading(bases["text"].shown, local=True):
        processor = AffectGPTProcessor.from_base_models(bases["text"].source, config, mode)

    if not adapter_only:
        pinned = {role: base._replace(revision=bases[role].revision) for role, base in given.items()}
        whole = {role: here(base, weights=True, tell=downloaded) for role, base in pinned.items()}

    def content(work: Path) -> None:
        if adapter_only:
            tell(Text("Writing the adapter", "写入适配器"))
            write_adapter(work, config, bases, weights)
        else:
            tell(Text("Loading the base models", "加载基座模型"))
            model = _assemble(whole, config, quantize, weights)
            tell(Text("Writing the model", "写入模型"))
            model.save_pretrained(work, max_shard_size=SHARD)
        processor.save_pretrained(work)

    return write_folder(out, content, record, tell)


def official_names(config: AffectGPTConfig) -> dict[str, str | None]:
    """Return our name of each official tensor of a model with this configuration, None for a dropped one."""
    return weight_map(config.text_config.num_hidden_layers, config.fusion)


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
    bases: Mapping[str, Base], source: Checkpoint, mode: str
) -> tuple[dict[str, Base], AffectGPTConfig]:
    """The base models at their commits, each proved to be of the right kind, and the configuration."""
    from transformers import AutoConfig, AutoTokenizer

    from ..model import AffectGPTConfig
    from ..model.processing_affectgpt import modalities_of

    kinds = {"vision": ("clip", "clip_vision_model"), "audio": ("hubert",), "text": ("qwen2",)}
    found = {}
    for role, base in bases.items():
        found[role] = base = here(base, weights=False)
        with loading(base.shown, local=True):
            config = AutoConfig.from_pretrained(base.source, trust_remote_code=False)
            if config.model_type not in kinds[role]:
                raise ValueError(f"{config.model_type}, not {kinds[role][0]}")
            if getattr(config, "quantization_config", None):
                raise ValueError("already quantised, not the original weights")
            if role == "audio" and not config.do_stable_layer_norm:
                raise ValueError("HuBERT without stable layer norm, not a large one")
    text, revisions = found["text"], revisions_of(found)
    with loading(text.shown, local=True):
        if not AutoTokenizer.from_pretrained(text.source)("a").input_ids:
            raise FileNotFoundError("no tokenizer: transformers makes an empty one")
        config = AffectGPTConfig.from_base_models(
            **{role: base.source for role, base in found.items()},
            fusion=source.fusion,
            modalities=modalities_of(mode),
            base_revisions=revisions,
        )
        ids = [config.bos_token_id, config.eos_token_id, config.multi_token_id]
        if None in ids or max(ids) >= config.text_config.vocab_size:
            raise ValueError("its tokenizer or vocabulary has no room for the placeholders, not Qwen2.5")
    return found, config


def _assemble(
    bases: Mapping[str, Base],
    config: AffectGPTConfig,
    quantize: str | None,
    weights: Mapping[str, torch.Tensor],
):
    """The whole model; each base is loaded once, into its final precision."""
    from ..model import AffectGPTForConditionalGeneration

    sources = {role: base.source for role, base in bases.items()}
    with loading(*(base.shown for base in bases.values()), local=True):
        model = AffectGPTForConditionalGeneration.from_base_models(
            **sources, config=config, dtype=config.dtype, quantize=quantize
        )
    own = model.state_dict()
    assert all(own[key].shape == value.shape for key, value in weights.items()), (
        "checked against the same shapes"
    )
    model.load_state_dict(weights, strict=False)
    return model
