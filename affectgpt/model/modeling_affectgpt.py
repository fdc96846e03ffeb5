"""AffectGPT: CLIP and HuBERT states, fused into three tokens, inside the embeddings of a Qwen2 with LoRA.

Legend of shapes: B rows of a batch, R rows that use a modality, T pictures or windows of a clip (8),
L tokens of a row, D width of the language model.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    CLIPVisionModelWithProjection,
    GenerationMixin,
    HubertModel,
    PreTrainedModel,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.modeling_outputs import CausalLMOutputWithPast

from .adapter_affectgpt import inject_lora, keep_head_cheap, without_lora
from .configuration_affectgpt import AffectGPTConfig
from .encoders_affectgpt import AffectGPTFeatures, hear, in_turn, see
from .fusion_affectgpt import AffectGPTFusion
from .pretrained_affectgpt import AffectGPTPreTrainedModel

TOP_K = 20  # of sampling: Qwen2.5-Instruct's own setting, which the official call leaves in force
CHATML = (  # for a tokenizer without a template of its own; Qwen's form
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class EndsWith(StoppingCriteria):
    """Stop each row at its first stop sequence; the official code looks at row 0 only."""

    def __init__(self, sequences: list[list[int]]):
        self.sequences = [torch.tensor(sequence) for sequence in sequences]

    def __call__(self, input_ids: torch.LongTensor, scores, **kwargs: Any) -> torch.BoolTensor:
        done = torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
        self.sequences = [sequence.to(input_ids.device) for sequence in self.sequences]  # copied once
        for sequence in self.sequences:
            if input_ids.shape[1] >= len(sequence):
                done |= (input_ids[:, -len(sequence) :] == sequence).all(1)
        return done


class AffectGPTForConditionalGeneration(AffectGPTPreTrainedModel, GenerationMixin):
    """AffectGPT (Lian et al. 2025, arXiv 2501.16566): frozen towers, trained fusion, Qwen2 with LoRA.

    `processor(...)` makes its inputs. Media go in as pixel_values and input_values, or once through `encode`
    and then as visual_features and acoustic_features, one per row or one per row that uses them.
    """

    def __init__(self, config: AffectGPTConfig):
        super().__init__(config)
        self.vision_tower = CLIPVisionModelWithProjection._from_config(config.vision_config)
        self.audio_tower = HubertModel._from_config(config.audio_config)
        self.fusion = AffectGPTFusion(config)
        self.language_model = AutoModelForCausalLM.from_config(config.text_config)
        inject_lora(self.language_model, config.lora)
        keep_head_cheap(self.language_model)
        self.post_init()
        self.eval()

    def train(self, mode: bool = True):
        """The towers are frozen: their dropout, layer-drop and SpecAugment stay off (official code: on)."""
        super().train(mode)
        self.vision_tower.train(False)
        self.audio_tower.train(False)
        return self

    # ---- parts

    def get_input_embeddings(self) -> nn.Module:
        return self.language_model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.language_model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        return self.language_model.get_output_embeddings()

    def base_language_model(self) -> AbstractContextManager[PreTrainedModel]:
        """Lend the language model with its adapter switched off: the base model, with the same weights."""
        return without_lora(self.language_model)

    @torch.no_grad()
    def chat(
        self,
        messages: list[dict[str, str]] | list[list[dict[str, str]]],
        *,
        tokenizer=None,
        max_new_tokens: int = 512,
        **options: Any,
    ) -> str | list[str]:
        """Answer a chat, or a batch of chats, with the base language model; greedily unless `options` differ.

        messages: [{"role": "user", "content": ...}, ...], or a list of such lists. Labels are extracted and
        texts judged so (the official ovlabel_extraction.py loads a second copy of the same model for it).
        """
        if tokenizer is None and not self.name_or_path:
            raise ValueError("this model was put together here: give the tokenizer")
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(self.name_or_path)
        many = isinstance(messages[0], list)
        inputs = tokenizer.apply_chat_template(
            messages if many else [messages],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            padding=True,
            tokenizer_kwargs={"padding_side": "left"},
            chat_template=tokenizer.chat_template or CHATML,
        ).to(self.language_model.device)
        options = {
            "do_sample": False,
            "pad_token_id": self.config.pad_token_id,
            "eos_token_id": self.generation_config.eos_token_id,
            **options,
        }
        with self.base_language_model() as model:
            ids = model.generate(**inputs, max_new_tokens=max_new_tokens, **options)
        new = ids[:, inputs["input_ids"].shape[1] :]  # (B, new tokens)
        texts = [text.strip() for text in tokenizer.batch_decode(new, skip_special_tokens=True)]
        return texts if many else texts[0]

    # ---- encoders

    @torch.no_grad()
    def encode(
        self,
        pixel_values: torch.Tensor | None = None,
        input_values: torch.Tensor | None = None,
        frame_pixel_values: torch.Tensor | None = None,
        **_: Any,
    ) -> AffectGPTFeatures:
        """Return the states that every prompt of a clip shares; keep them and pass them on with `**features`.

        pixel_values, frame_pixel_values (R, T, 3, 224, 224); input_values (R, T, 32000), normalised. Other
        inputs of `processor(...)` may be passed and are ignored.
        """
        return AffectGPTFeatures(
            visual_features=in_turn(see, self.vision_tower, pixel_values),
            frame_features=in_turn(see, self.vision_tower, frame_pixel_values),
            acoustic_features=in_turn(hear, self.audio_tower, input_values),
        )

    def embed(self, input_ids: torch.LongTensor, **features: torch.Tensor | None) -> torch.Tensor:
        """Return the embeddings (B, L, D) of prompts (B, L) with modality tokens at their placeholders.

        features: visual_features, acoustic_features, frame_features. Raises ValueError as `AffectGPTFusion`.
        """
        return self.fusion(input_ids, self.get_input_embeddings(), **features)

    # ---- language

    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        input_values: torch.Tensor | None = None,
        frame_pixel_values: torch.Tensor | None = None,
        visual_features: torch.Tensor | None = None,
        acoustic_features: torch.Tensor | None = None,
        frame_features: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        position_ids: torch.LongTensor | None = None,
        labels: torch.LongTensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Return logits (B, L, vocabulary) and, with labels (B, L), the loss: a mean over supervised tokens.

        Media as pixel_values, input_values or as the features that `encode` returned. Raises ValueError when
        placeholders and media do not agree in number. logits_to_keep: of how many last positions, 0 for all.
        """
        if inputs_embeds is None:
            given = AffectGPTFeatures(visual_features, frame_features, acoustic_features)
            features = self._features(given, pixel_values, input_values, frame_pixel_values)
            cached = kwargs.get("past_key_values")
            decoding = cached is not None and cached.get_seq_length() > 0
            if decoding and not features:  # no media on later steps
                inputs_embeds = self.get_input_embeddings()(input_ids)
            else:
                inputs_embeds = self.embed(input_ids, **features)
        if (
            position_ids is None
            and attention_mask is not None
            and attention_mask.shape == inputs_embeds.shape[:2]
        ):
            left_padded = bool((attention_mask[:, 0] == 0).any())
            if left_padded:  # positions count from a row's first token, so that padding changes nothing
                position_ids = (attention_mask.long().cumsum(1) - 1).clamp(min=0)  # (B, L)
        return self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            labels=labels,
            logits_to_keep=logits_to_keep,
            **kwargs,
        )

    def _features(self, given: AffectGPTFeatures, pixels, windows, frame_pixels) -> AffectGPTFeatures:
        """The features that were given, and those of media that were given instead."""
        pairs = (
            ("visual_features", pixels),
            ("acoustic_features", windows),
            ("frame_features", frame_pixels),
        )
        for name, media in pairs:
            if media is not None and getattr(given, name) is not None:
                raise ValueError(f"{name} were given, and the media they come from as well: give one of them")
        new = self.encode(pixels, windows, frame_pixels)
        return AffectGPTFeatures(**{**given, **new})

    @torch.no_grad()
    def generate(self, inputs: torch.Tensor | None = None, **kwargs: Any):
        """Generate as transformers does, with each clip encoded once; each row stops at its own `###` or eos.

        Takes the tensors of `processor(...)`, or input_ids with cached features, and the options of
        `GenerationMixin.generate`. Returns ids (B, L + new tokens), the prompt first.
        """
        media = [kwargs.pop(name, None) for name in ("pixel_values", "input_values", "frame_pixel_values")]
        names = ("visual_features", "frame_features", "acoustic_features")
        given = AffectGPTFeatures(*(kwargs.pop(name, None) for name in names))
        if kwargs.get("do_sample") and "generation_config" not in kwargs:
            kwargs.setdefault("top_k", TOP_K)
        criteria = StoppingCriteriaList(kwargs.pop("stopping_criteria", None) or [])
        criteria.append(EndsWith(self.config.stop_sequences or []))
        features = self._features(given, *media)
        return super().generate(inputs, stopping_criteria=criteria, **features, **kwargs)

    def prepare_inputs_for_generation(
        self, input_ids, inputs_embeds=None, is_first_iteration: bool = False, **kwargs: Any
    ):
        """Media go in with the prompt only; the cache carries them on."""
        inputs = super().prepare_inputs_for_generation(
            input_ids, inputs_embeds=inputs_embeds, is_first_iteration=is_first_iteration, **kwargs
        )
        if not is_first_iteration and kwargs.get("use_cache", True):
            for name in AffectGPTFeatures.__dataclass_fields__:
                inputs.pop(name, None)
        return inputs
