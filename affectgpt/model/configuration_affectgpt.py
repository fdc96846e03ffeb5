"""The shape of an AffectGPT model: three sub-configurations, the fusion, and the ids of its placeholders."""

from __future__ import annotations

import copy
from typing import Any, Literal

from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPConfig,
    CLIPVisionConfig,
    HubertConfig,
    PreTrainedConfig,
)
from transformers.activations import ACT2FN
from transformers.configuration_utils import SubConfigSpec

# The official order (base_dataset.py): it decides the ids that a fresh tokenizer gives them.
PLACEHOLDERS = {
    "image": "<ImageHere>",  # of the 2023 prompts; no released model uses it, but it takes an id
    "audio": "<AudioHere>",
    "frame": "<FrameHere>",
    "face": "<FaceHere>",
    "multi": "<MultiHere>",
}
BOS, EOS = "<|im_start|>", "<|im_end|>"  # AffectGPT's own use of Qwen's turn marks; padding is the eos
STOP = "###"  # ends an answer in training
# "r" and "alpha" of every released checkpoint, and the seven linear layers of each Qwen2 block.
LORA = {
    "r": 16,
    "alpha": 32,
    "dropout": 0.05,
    "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}


class AffectGPTConfig(PreTrainedConfig):
    """Configuration of `AffectGPTForConditionalGeneration` (Lian et al. 2025, arXiv 2501.16566, section 4).

    vision_config: CLIP vision tower with projection; audio_config: HuBERT; text_config: Qwen2. fusion: how
    the frames of a clip, and its windows of sound, become one token ("attention": learned weights without
    softmax, official affectgpt.py:442-472; "mean"); the pre-fused "multi" token uses attention in both.
    modalities: what the checkpoint was trained on, in the order of its prompt: ("multi", "audio", "face").
    num_frames, num_audio_clips, clip_seconds: 8 pictures and 8 windows of 2 s each. num_query_tokens: tokens
    that stand for one modality. lora: r, alpha, dropout, target_modules; None for a model without adapter.
    base_models: {"vision", "audio", "text"} in a repository that holds only the adapter, else None;
    base_revisions: the commits of those that are known, by the same keys.
    stop_sequences: token ids that end an answer, checked in every row of a batch.
    """

    model_type = "affectgpt"
    sub_configs_defaults = {  # noqa: RUF012  (transformers' way to declare parts)
        "vision_config": SubConfigSpec(config_class=AutoConfig, model_type="clip_vision_model"),
        "audio_config": SubConfigSpec(config_class=AutoConfig, model_type="hubert"),
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="qwen2"),
    }

    vision_config: dict | PreTrainedConfig | None = None
    audio_config: dict | PreTrainedConfig | None = None
    text_config: dict | PreTrainedConfig | None = None
    fusion: Literal["attention", "mean"] = "attention"
    modalities: list | tuple = ("multi", "audio", "face")
    num_frames: int = 8
    num_audio_clips: int = 8
    clip_seconds: int | float = 2
    num_query_tokens: int = 1
    audio_token_id: int | None = None
    frame_token_id: int | None = None
    face_token_id: int | None = None
    multi_token_id: int | None = None
    bos_token_id: int | None = None
    eos_token_id: int | None = None
    pad_token_id: int | None = None
    stop_sequences: list | None = None
    lora: dict | None = None
    base_models: dict | None = None
    base_revisions: dict | None = None
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs):
        super().__post_init__(**kwargs)
        if self.fusion not in ("attention", "mean"):
            raise ValueError(f"fusion is 'attention' or 'mean', not {self.fusion!r}")
        for name in ("num_frames", "num_audio_clips", "clip_seconds", "num_query_tokens"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is more than 0, not {getattr(self, name)!r}")
        self.modalities = list(self.modalities)
        unknown = set(self.modalities) - {"multi", "audio", "face", "frame"}
        if unknown:
            raise ValueError(f"modalities are multi, audio, face and frame, not {', '.join(sorted(unknown))}")
        for part in (self.vision_config, self.audio_config, self.text_config):
            for name in ("hidden_act", "feat_extract_activation"):
                if str(getattr(part, name, "gelu")) not in ACT2FN:  # a bare KeyError in transformers
                    raise ValueError(f"unknown activation {getattr(part, name)!r}")
        self.tie_word_embeddings = bool(self.text_config.tie_word_embeddings)

    @classmethod
    def from_base_models(
        cls, vision: str, audio: str, text: str, *, hub_options: dict[str, Any] | None = None, **fields: Any
    ) -> AffectGPTConfig:
        """Read the configurations of three base models (Hub ids or folders) and the ids of the tokenizer.

        hub_options: cache_dir, token and the like. fields: others of this class; `base_revisions` are obeyed.
        Raises ValueError when a model is not what it should be; what the Hub client raises, as it is.
        """
        options, revisions = hub_options or {}, fields.get("base_revisions") or {}
        vision_config, audio_config, text_config = (
            AutoConfig.from_pretrained(name, **options, revision=revisions.get(role))
            for role, name in (("vision", vision), ("audio", audio), ("text", text))
        )
        if isinstance(vision_config, CLIPConfig):
            projection_dim = vision_config.projection_dim
            vision_config = vision_config.vision_config
            vision_config.projection_dim = projection_dim
        for part, config, kind in (
            ("vision", vision_config, CLIPVisionConfig),
            ("audio", audio_config, HubertConfig),
        ):
            if not isinstance(config, kind):
                raise ValueError(f"the {part} model is a {config.model_type}, not a {kind.model_type}")
        if text_config.model_type != "qwen2":
            raise ValueError(f"the language model is a {text_config.model_type}, not a qwen2")
        tokenizer = AutoTokenizer.from_pretrained(text, **options, revision=revisions.get("text"))
        fields = {"lora": copy.deepcopy(LORA), **token_ids(add_placeholders(tokenizer)), **fields}
        return cls(vision_config=vision_config, audio_config=audio_config, text_config=text_config, **fields)


def add_placeholders(tokenizer):
    """Give a Qwen2 tokenizer AffectGPT's bos, eos, padding and five placeholders; returns it.

    Official affectgpt.py, base_dataset.py: bos <|im_start|>, eos and padding <|im_end|>, then placeholders.
    """
    tokenizer.add_special_tokens({"bos_token": BOS, "eos_token": EOS, "pad_token": EOS})
    tokenizer.add_tokens(list(PLACEHOLDERS.values()), special_tokens=True)
    return tokenizer


def token_ids(tokenizer) -> dict[str, Any]:
    """Return the ids that the configuration holds, read from the vocabulary."""
    ids = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in PLACEHOLDERS.items()}
    del ids["image_token_id"]
    eos = tokenizer.convert_tokens_to_ids(EOS)

    def encoded(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    # Official conversation_video.py: "###" in the three ways in which the tokenizer can cut it.
    two, one = encoded("a##")[-1], encoded("a#")[-1]
    return {
        **ids,
        "bos_token_id": tokenizer.convert_tokens_to_ids(BOS),
        "eos_token_id": eos,
        "pad_token_id": eos,
        "stop_sequences": [[eos], encoded(STOP), [two, one], [one, two]],
    }
