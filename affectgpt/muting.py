"""A clip with a modality left out: the question "what if nothing were heard?"."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from .schema import MODALITIES, Clip, Modality


def leave_out(clip: Clip, without: Collection[Modality]) -> Clip:
    """Return the clip without the picture ("visual"), the sound ("acoustic") or the words ("lexical").

    The arrays that stay are the same ones, so that nothing measured of them is measured again; `left_out`
    of the new clip says what is gone on purpose, which is another thing than a clip that never had it.
    """
    if not without:
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
    gone = tuple(name for name in MODALITIES if name in without or name in clip.left_out)
    changed = {key: value for name in gone for key, value in empty[name].items()}
    return replace(clip, **changed, left_out=gone)
