"""What was measured over the length of a clip, as a few curves and spans to draw."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema import Clip, Cue, Modality

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Curve:
    """One measurement over time; a value is None where nothing was measured."""

    name: str
    modality: Modality
    unit: str
    times_s: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Timeline:
    """Curves, stretches of speech, pauses between them, timed words and cuts of a clip; all in seconds."""

    duration_s: float
    curves: tuple[Curve, ...] = ()
    speech: Spans = ()
    pauses: Spans = ()
    cues: tuple[Cue, ...] = ()
    cuts_s: tuple[float, ...] = ()


def measure_timeline(clip: Clip) -> Timeline:
    """Return the timeline of a clip; what the clues stand on is not measured again."""
    return Timeline(clip.duration_s, cues=clip.cues)
