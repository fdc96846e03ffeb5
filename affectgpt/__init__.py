"""Explainable multimodal emotion reasoning: a clip goes in; clues, an explanation and emotion labels come
out."""

__version__ = "0.1.0"

from .engine import load_engine
from .media import load_clip
from .reason import explain, reason
from .schema import AffectError, Clip, Clue, Event, Explanation

__all__ = [
    "AffectError",
    "Clip",
    "Clue",
    "Event",
    "Explanation",
    "explain",
    "load_clip",
    "load_engine",
    "reason",
]
