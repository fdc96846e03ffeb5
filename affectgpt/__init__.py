"""Explainable multimodal emotion reasoning: a clip goes in; clues, an explanation and emotion labels come
out."""

__version__ = "0.1.0"

from .auto import register
from .engine import load_engine
from .media import load_clip
from .reason import explain, reason
from .schema import AffectError, Clip, Clue, Event, Explanation

__all__ = [
    "AffectError",
    "AffectGPTConfig",
    "AffectGPTForConditionalGeneration",
    "AffectGPTProcessor",
    "Clip",
    "Clue",
    "Event",
    "Explanation",
    "explain",
    "load_clip",
    "load_engine",
    "reason",
]

register()


def __getattr__(name: str):
    """Load the model's classes, and with them torch and transformers, when they are first asked for."""
    if name.startswith("AffectGPT") and name in __all__:
        from . import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
