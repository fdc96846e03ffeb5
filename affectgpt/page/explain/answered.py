"""The clip of the answer that stands in the first tab, for whoever asks about it again."""

from __future__ import annotations

from dataclasses import replace

from ...muting import has
from ...schema import MODALITIES, Clip, Modality
from ..files import Example
from ..opening import open_clip
from ..services import Services, Shown

PLACE = "explain"  # of that clip in `services.kept`


def answered_clip(services: Services, visitor: str, shown: Shown) -> Clip | None:
    """Return the clip of an answer with its words; None when it is no longer kept.

    Of a stored answer about an example no clip need be kept: the example is opened again.
    """
    if clip := _kept(services, visitor, shown):
        return replace(clip, cues=shown.cues, subtitle_source=shown.subtitle_source)
    if example := _example(services, shown):
        return open_clip(services, visitor, PLACE, str(example.clip), subtitle_file=str(example.subtitle))
    return None


def answered_copy(services: Services, visitor: str, shown: Shown) -> bytes | None:
    """Return the clip of an answer as an MP4 for a player; None when it is no longer kept.

    Never the clip that was opened after it, such as one that was only transcribed.
    """
    if example := _example(services, shown):
        return example.clip.read_bytes()
    clip = _kept(services, visitor, shown)
    return clip and clip.player_mp4


def answered_modalities(services: Services, visitor: str, shown: Shown) -> tuple[Modality, ...]:
    """Return what the clip of an answer has that the answer could use."""
    if clip := _kept(services, visitor, shown):
        there = has(replace(clip, cues=shown.cues))
    else:
        told = {clue.modality for clue in shown.explanation.clues}
        there = tuple(x for x in MODALITIES if x in told or x not in shown.explanation.missing)
    return tuple(name for name in there if name not in shown.setup.without)


def _example(services: Services, shown: Shown) -> Example | None:
    """The example that a stored answer is about."""
    name = shown.explanation.name
    return next((x for x in services.examples if shown.stored and x.clip.stem == name), None)


def _kept(services: Services, visitor: str, shown: Shown) -> Clip | None:
    clip = services.kept.get(visitor, PLACE)
    same = clip and (clip.name, clip.duration_s) == (shown.explanation.name, shown.duration_s)
    return clip if same and not shown.stored else None
