"""A clip with a modality left out: the question "what if nothing were heard?"."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from .schema import MODALITIES, Clip, Modality, Text

LEFT_OUT: dict[Modality, Text] = {
    "visual": Text("The picture was left out.", "画面已被排除。"),
    "acoustic": Text("The sound was left out.", "声音已被排除。"),
    "lexical": Text("The words were left out.", "话语已被排除。"),
}


def has(clip: Clip) -> tuple[Modality, ...]:
    """Return the modalities of which the clip holds anything."""
    there = {"visual": clip.has_picture, "acoustic": clip.has_sound, "lexical": bool(clip.subtitle.strip())}
    return tuple(name for name in MODALITIES if there[name])


def leave_out(clip: Clip, without: Collection[Modality]) -> Clip:
    """Return the clip without the picture ("visual"), the sound ("acoustic") or the words ("lexical").

    The arrays that stay are the same ones, so that nothing measured of them is measured again; `left_out`
    of the new clip says what is gone on purpose, which is another thing than a clip that never had it.
    """
    gone = tuple(name for name in has(clip) if name in without)
    if not gone:
        return clip
    empty = {
        "visual": {
            "frames": clip.frames[:0].copy(),
            "track": clip.track[:0].copy(),
            "track_times_s": np.zeros(0),
            "find_faces": None,
        },
        "acoustic": {"wave": np.zeros(0, np.float32)},
        "lexical": {"cues": (), "subtitle_source": "none"},
    }
    changed = {key: value for name in gone for key, value in empty[name].items()}
    known = {*clip.left_out, *gone}
    return replace(clip, **changed, left_out=tuple(name for name in MODALITIES if name in known))


def named(missing: dict[Modality, Text], clip: Clip) -> dict[Modality, Text]:
    """Return what a clip lacks, with the reason "left out" where that is the reason."""
    return {name: LEFT_OUT[name] if name in clip.left_out else why for name, why in missing.items()}
