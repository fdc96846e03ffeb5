"""The trained heads: the states of a clip become one token per modality, and take the placeholders' places.

Legend of shapes: B rows, R rows that use a modality, T pictures or windows (8), V visual width (768),
A acoustic width (1024), M max(V, A), N tokens of a modality (1), L tokens of a row, D width of the LM.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from .configuration_affectgpt import AffectGPTConfig

MODALITIES = ("face", "frame", "audio", "multi")


class AffectGPTFusion(nn.Module):
    """Single linear layers throughout (official affectgpt.py:442-472, 543-567, 615-640)."""

    def __init__(self, config: AffectGPTConfig):
        super().__init__()
        self.config = config
        visual, acoustic = config.vision_config.projection_dim, config.audio_config.hidden_size
        multi, text = max(visual, acoustic), config.text_config.hidden_size
        if config.fusion == "attention":
            self.visual_score = nn.Linear(visual, 1)
            self.acoustic_score = nn.Linear(acoustic, 1)
        self.visual_projector = nn.Linear(visual, text)
        self.acoustic_projector = nn.Linear(acoustic, text)
        self.multi_visual = nn.Linear(visual, multi)
        self.multi_acoustic = nn.Linear(acoustic, multi)
        self.multi_hidden = nn.Linear(2 * multi, multi)
        self.multi_weights = nn.Linear(multi, 2)
        self.multi_projector = nn.Linear(multi, text)

    def _pool(self, states: torch.Tensor, score: str) -> torch.Tensor:
        """(R, T, C) -> (R, C): a sum with learned weights, no softmax and no scaling; or the mean."""
        if self.config.fusion == "mean":
            return states.mean(1)
        return (getattr(self, score)(states) * states).sum(1)

    def visual(self, states: torch.Tensor) -> torch.Tensor:
        """Return the token of faces or frames: (R, T, V) -> (R, D)."""
        return self.visual_projector(self._pool(states, "visual_score"))

    def acoustic(self, states: torch.Tensor) -> torch.Tensor:
        """Return the token of the sound: (R, T, A) -> (R, D)."""
        return self.acoustic_projector(self._pool(states, "acoustic_score"))

    def multi(self, visual: torch.Tensor, acoustic: torch.Tensor) -> torch.Tensor:
        """Return the pre-fused token: (R, T, V), (R, T, A) -> (R, D); attention in both kinds of fusion."""
        seen = self.multi_visual(visual.mean(1))  # (R, M)
        heard = self.multi_acoustic(acoustic.mean(1))  # (R, M)
        weights = self.multi_weights(self.multi_hidden(torch.cat([seen, heard], 1)))  # (R, 2), no softmax
        both = torch.stack([seen, heard], 2)  # (R, M, 2)
        return self.multi_projector((both @ weights[:, :, None])[:, :, 0])  # (R, D)

    def forward(
        self,
        input_ids: torch.LongTensor,
        embed_tokens: Callable[[torch.Tensor], torch.Tensor],
        visual_features: torch.Tensor | None = None,
        acoustic_features: torch.Tensor | None = None,
        frame_features: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the embeddings (B, L, D) of prompts (B, L) in which tokens replace the placeholders.

        Features (see `AffectGPTFeatures`) have one entry per row, or one per row whose prompt uses them, in
        their order. Raises ValueError when a row does not hold a placeholder N times or not at all, and when
        features and placeholders do not agree in number.
        """
        size = self.config.num_query_tokens
        places = {
            name: input_ids == getattr(self.config, f"{name}_token_id") for name in MODALITIES
        }  # (B, L)
        for name, place in places.items():
            counts = place.sum(1).tolist()
            if not {0, size}.issuperset(counts):
                row = next(row for row, count in enumerate(counts) if count not in (0, size))
                raise ValueError(f"row {row} has {counts[row]} placeholders of {name}, not {size} or none")
        has = {name: place.any(1) for name, place in places.items()}  # (B,)
        both = has["face"] & has["frame"]
        visual = self._per_row(visual_features, has["face"] | has["frame"] | has["multi"], "visual_features")
        acoustic = self._per_row(acoustic_features, has["audio"] | has["multi"], "acoustic_features")
        frames = self._per_row(frame_features, both, "frame_features") if both.any() else visual
        tokens = {  # frames are the second pictures only in prompts with faces; alone they are the first
            "face": lambda rows: self.visual(visual[rows]),
            "frame": lambda rows: self.visual(torch.where(both[:, None, None], frames, visual)[rows]),
            "audio": lambda rows: self.acoustic(acoustic[rows]),
            "multi": lambda rows: self.multi(visual[rows], acoustic[rows]),
        }
        embeds = embed_tokens(
            input_ids.masked_fill(torch.stack(list(places.values())).any(0), 0)
        )  # (B, L, D)
        for name, place in places.items():
            if has[name].any():
                token = tokens[name](has[name]).repeat_interleave(size, 0)  # (R * N, D)
                embeds = embeds.masked_scatter(place[:, :, None], token.to(embeds.device, embeds.dtype))
        return embeds

    def _per_row(self, features: torch.Tensor | None, used: torch.Tensor, name: str) -> torch.Tensor:
        """Give every row its features (B, T, C), zeros where `used` (B,) says that it needs none."""
        needed, rows, given = int(used.sum()), len(used), 0 if features is None else len(features)
        if given not in (needed, rows):
            raise ValueError(
                f"the prompts of {needed} of {rows} rows need {name}, and {given} were given: pass one for "
                "each of these rows or for each row, or the media they come from"
            )
        weight = self.visual_projector.weight
        if given == rows:
            return features.to(weight.device, weight.dtype)
        if not needed:
            return weight.new_zeros(rows, 1, 1)
        features = features.to(weight.device, weight.dtype)
        out = features.new_zeros(rows, *features.shape[1:])
        out[used] = features
        return out
