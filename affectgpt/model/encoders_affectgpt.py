"""The frozen encoders' states of a clip: what every prompt about it shares, small enough to keep.

Legend of shapes: R clips, T pictures or windows of a clip (8), V visual width (768), A acoustic width (1024).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import CLIPVisionModelWithProjection, HubertModel
from transformers.utils import ModelOutput

CLIPS_AT_ONCE = 4  # through an encoder: 32 pictures or windows, which bounds its memory


@dataclass
class AffectGPTFeatures(ModelOutput):
    """What `encode` returns, 57 KB per clip at full size; None where a medium was not given.

    visual_features float32 (R, T, V): faces, or frames where there are no faces. frame_features float32
    (R, T, V): only for prompts with both. acoustic_features float32 (R, T, A).
    """

    visual_features: torch.Tensor | None = None
    frame_features: torch.Tensor | None = None
    acoustic_features: torch.Tensor | None = None


def in_turn(encode: Callable, tower, media: torch.Tensor | None) -> torch.Tensor | None:
    """Encode media (R, T, ...) a few clips at a time."""
    return None if media is None else torch.cat([encode(tower, some) for some in media.split(CLIPS_AT_ONCE)])


def see(tower: CLIPVisionModelWithProjection, pixels: torch.Tensor) -> torch.Tensor:
    """(R, T, 3, 224, 224) -> (R, T, V): projected CLS states, not L2-normalised (official encoder.py:184)."""
    flat = pixels.flatten(0, 1).to(tower.device, tower.dtype)  # (R * T, 3, 224, 224)
    return tower(pixel_values=flat).image_embeds.float().unflatten(0, pixels.shape[:2])


def hear(tower: HubertModel, windows: torch.Tensor) -> torch.Tensor:
    """(R, T, S) -> (R, T, A): mean of the last four states, then over time (official encoder.py:424-429).

    Since transformers 5 the last of `hidden_states` lacks the final layer norm that it had, so
    `last_hidden_state` stands for it. Clips of up to 2 s have eight equal windows: one is enough.
    """
    rows, count = windows.shape[:2]
    same = bool((windows == windows[:, :1]).all())
    flat = (windows[:, :1] if same else windows).flatten(0, 1).to(tower.device, tower.dtype)  # (R * T, S)
    out = tower(flat, output_hidden_states=True)
    last = torch.stack([*out.hidden_states[-4:-1], out.last_hidden_state]).float()  # (4, R * T, steps, A)
    states = last.mean(0).mean(1).unflatten(0, (rows, -1))  # (R, T or 1, A)
    return states.expand(rows, count, -1)
