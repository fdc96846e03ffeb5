"""How AffectGPT is loaded, put together from base models, and saved.

A repository is either whole or holds only the adapter (LoRA and fusion) and names the three base models that
it is laid over.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    CLIPVisionModelWithProjection,
    GenerationConfig,
    HubertModel,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.utils import cached_file, find_adapter_config_file, logging

from .adapter_affectgpt import (
    freeze,
    inject_lora,
    is_adapter,
    keep_exact,
    keep_head_cheap,
    lora_of,
    only_language_model,
    our_name,
    quantization,
    restore_exact,
)
from .configuration_affectgpt import AffectGPTConfig
from .fusion_affectgpt import AffectGPTFusion

MAX_NEW_TOKENS = 1200  # official conversation_video.py:200
HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "token", "revision", "subfolder")


class AffectGPTPreTrainedModel(PreTrainedModel):
    """What transformers must know about the model, and its loading."""

    config: AffectGPTConfig
    config_class = AffectGPTConfig
    main_input_name = "input_ids"
    input_modalities = ("text", "image", "audio")
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_attention_backend = True
    supports_gradient_checkpointing = True
    _skip_keys_device_placement = ("past_key_values",)
    _no_split_modules = ("Qwen2DecoderLayer", "CLIPEncoderLayer", "HubertEncoderLayerStableLayerNorm")
    _tied_weights_keys = {  # noqa: RUF012  (read only where the configuration ties them)
        "language_model.lm_head.weight": "language_model.model.embed_tokens.weight"
    }

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *args, quantize: str | None = None, **kwargs):
        """Load a repository (Hub id or folder); with an adapter-only one, the base models that it names.

        quantize: None or "none", "nf4" (4-bit, double quantisation) or "int8", for the language model only; a
        `quantization_config` of your own works, too. Raises ValueError when tensors are missing, left over or
        of another shape, and for an unknown `quantize`; what transformers and the Hub client raise, as it is.
        """
        hub = {name: kwargs[name] for name in HUB_OPTIONS if name in kwargs}
        config = kwargs.pop("config", None)
        if not isinstance(config, PreTrainedConfig):  # not AffectGPTConfig: remote code may be loaded twice
            config = AffectGPTConfig.from_pretrained(config or pretrained_model_name_or_path, **hub)
        dtype = kwargs.get("dtype", "auto")
        dtype = config.dtype if dtype in (None, "auto") else dtype
        if quantize not in (None, "none"):
            kwargs["quantization_config"] = quantization(quantize, dtype)
        if kwargs.get("quantization_config") is not None:
            kwargs["quantization_config"] = only_language_model(kwargs["quantization_config"])
        want_info = kwargs.pop("output_loading_info", False)
        if config.base_models:
            model = cls._over_base_models(pretrained_model_name_or_path, config, hub, **kwargs)
            info = {"missing_keys": set(), "unexpected_keys": set(), "mismatched_keys": set()}
            return (model, info) if want_info else model
        kwargs["ignore_mismatched_sizes"] = True  # so that `_check_loaded` can name them
        model, info = super().from_pretrained(
            pretrained_model_name_or_path, *args, config=config, output_loading_info=True, **kwargs
        )
        _check_loaded(info)
        keep_exact(model)
        freeze(model)
        return (model, info) if want_info else model

    @classmethod
    def from_base_models(
        cls,
        vision: str,
        audio: str,
        text: str,
        *,
        config: AffectGPTConfig | None = None,
        dtype: str | torch.dtype = "auto",
        quantize: str | None = None,
        quantization_config: BitsAndBytesConfig | None = None,
        device_map: Any = None,
        attn_implementation: str | None = None,
        hub_options: dict[str, Any] | None = None,
        **fields: Any,
    ) -> AffectGPTPreTrainedModel:
        """Put the model together from three base models (Hub ids or folders); fusion and LoRA are fresh.

        dtype "auto" takes the configuration's, or else the language model's, for everything. hub_options:
        cache_dir, token and the like. fields: those of `AffectGPTConfig`; `lora=None` makes the model without
        LoRA that `peft.PeftModel.from_pretrained` lays an adapter on. Raises ValueError when a base model is
        of the wrong kind.
        """
        config = config or AffectGPTConfig.from_base_models(
            vision, audio, text, hub_options=hub_options, **fields
        )
        config.lora, lora = None, config.lora  # injected when the language model is there
        with torch.device("meta"):
            model = cls(config)
        config.lora = lora
        if dtype == "auto":
            dtype = config.dtype or config.text_config.dtype or torch.float32
        dtype = getattr(torch, dtype) if isinstance(dtype, str) else dtype
        if quantize not in (None, "none"):
            quantization_config = quantization(quantize, dtype)
        options = {"dtype": dtype, "device_map": device_map, **(hub_options or {})}
        revisions = config.base_revisions or {}
        if attn_implementation:
            options["attn_implementation"] = attn_implementation
        model.language_model = _load_base(
            AutoModelForCausalLM,
            text,
            quantization_config=quantization_config,
            revision=revisions.get("text"),
            **options,
        )
        if quantization_config is not None:  # bitsandbytes has chosen the place
            options["device_map"] = device_map or {"": model.language_model.device}
        model.vision_tower = _load_base(
            CLIPVisionModelWithProjection,
            vision,
            config=config.vision_config,
            revision=revisions.get("vision"),
            **options,
        )
        model.audio_tower = _load_base(
            HubertModel, audio, config=config.audio_config, revision=revisions.get("audio"), **options
        )
        model.fusion = AffectGPTFusion(config).to(model.language_model.device, dtype)
        inject_lora(model.language_model, lora, dtype)
        keep_head_cheap(model.language_model)
        config.dtype = dtype
        model.generation_config = _generation_config(config, model.language_model.generation_config)
        # `chat` answers alike however the model was loaded: without Qwen's own penalty and temperature
        model.language_model.generation_config = GenerationConfig.from_model_config(config.text_config)
        if quantization_config is not None:
            config.quantization_config = quantization_config
            for name in ("hf_quantizer", "is_loaded_in_4bit", "is_loaded_in_8bit", "quantization_method"):
                if hasattr(model.language_model, name):
                    setattr(model, name, getattr(model.language_model, name))
        for part in (config.vision_config, config.audio_config, config.text_config):
            part.name_or_path = ""  # the saved model needs no other repository, and tells nobody's folders
        config.base_models = config.base_revisions = None  # saved now, it is whole
        keep_exact(model)
        freeze(model)
        return model.eval()

    def save_pretrained(self, save_directory, **kwargs):
        """Save as transformers does: safetensors, sharded by `max_shard_size`; 4-bit weights as they are."""
        restore_exact(self)
        if getattr(self, "hf_quantizer", None) is not None:  # transformers cannot undo packing
            kwargs.setdefault("save_original_format", False)
        super().save_pretrained(save_directory, **kwargs)
        if getattr(self.config, "auto_map", None):  # the folder promises the model's code
            for file in Path(__file__).parent.glob("*_affectgpt.py"):
                shutil.copyfile(file, Path(save_directory) / file.name)

    @classmethod
    def _over_base_models(cls, name, config: AffectGPTConfig, hub: dict[str, Any], **kwargs):
        """Lay LoRA and fusion of an adapter-only repository over the base models that it names."""
        options = {
            key: kwargs[key]
            for key in ("quantization_config", "device_map", "attn_implementation")
            if kwargs.get(key) is not None
        }
        dtype = kwargs.get("dtype", "auto")
        dtype = config.dtype or "auto" if dtype in (None, "auto") else dtype
        stock = find_adapter_config_file(name, **hub)  # older folders of ours have none
        if stock:
            config.lora = lora_of(stock, config.lora)
        of_base = {key: value for key, value in hub.items() if key not in ("revision", "subfolder")}
        model = cls.from_base_models(
            **config.base_models, config=config, dtype=dtype, hub_options=of_base, **options
        )
        weights = "adapter_model.safetensors" if stock else "model.safetensors"
        tensors = load_file(cached_file(name, weights, **hub))
        tensors = {our_name(key): value for key, value in tensors.items()}
        wanted = {key: value for key, value in model.state_dict().items() if is_adapter(key)}
        _check_loaded(
            {
                "missing_keys": sorted(wanted.keys() - tensors.keys()),
                "unexpected_keys": sorted(tensors.keys() - wanted.keys()),
                "mismatched_keys": [
                    key for key in wanted.keys() & tensors.keys() if wanted[key].shape != tensors[key].shape
                ],
            }
        )
        model.load_state_dict(tensors, strict=False)  # copied into tensors of the right type and place
        model.name_or_path = str(name)
        return model


def _check_loaded(info: dict[str, Any]) -> None:
    """A model of which a part is missing must not look loaded."""
    problems = []
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        keys = sorted(str(key[0] if isinstance(key, tuple) else key) for key in info.get(kind, ()))
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            problems.append(f"{kind.removesuffix('_keys')}: {', '.join(keys[:3])}{more}")
    if problems:
        raise ValueError(f"these weights do not fit the configuration ({'; '.join(problems)})")


def _load_base(kind: type, name: str, **options: Any) -> PreTrainedModel:
    """Load one base model; what it has beside the part that is used (CLIP's text tower) is left out."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # its table of what is left out would look like a fault
    try:
        model, info = kind.from_pretrained(name, output_loading_info=True, **options)
    finally:
        logging.set_verbosity(verbosity)
    mask = "masked_spec_embed"  # HuBERT's, for training, which some conversions lack and transformers draws
    if mask in info["missing_keys"]:
        model.masked_spec_embed.data.zero_()
    info["missing_keys"] = [key for key in info["missing_keys"] if key != mask]
    _check_loaded({**info, "unexpected_keys": ()})
    return model


def _generation_config(config: AffectGPTConfig, base: GenerationConfig) -> GenerationConfig:
    """Greedy, with the ends of the base model as well (officially they come from there, too)."""
    ends = base.eos_token_id if isinstance(base.eos_token_id, list) else [base.eos_token_id]
    return GenerationConfig(
        do_sample=False,
        max_new_tokens=MAX_NEW_TOKENS,
        bos_token_id=config.bos_token_id,
        pad_token_id=config.pad_token_id,
        eos_token_id=list(dict.fromkeys([config.eos_token_id, *(end for end in ends if end is not None)])),
    )
