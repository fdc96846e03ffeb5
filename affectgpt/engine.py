"""The engine protocol, and an engine by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from .schema import AffectError, Clip, Clue, Language, Modality, Part, Text, Verdict


class Engine(Protocol):
    """What turns a clip into clues, a text and labels; `reason` calls the methods in this order, once
    each."""

    name: str

    def clues(self, clip: Clip) -> Iterator[tuple[Modality, list[Clue]]]:
        """Yield each modality with its clues, perhaps none, as soon as they are known."""

    def explain(self, clip: Clip, clues: list[Clue], language: Language) -> Iterator[tuple[Part, str]]:
        """Yield pieces of the explanation, each to be appended to its part."""

    def labels(self, clip: Clip, clues: list[Clue], text: str) -> Verdict:
        """Return labels, appraisal and conflicts; `text` is the explanation just written."""

    def missing(self, clip: Clip, clues: list[Clue]) -> dict[Modality, Text]:
        """Return a sentence for each modality that had nothing to say."""

    def provenance(self, clip: Clip) -> dict[str, Any]:
        """Return engine, model, settings, backends and versions behind the answer."""


def _signal() -> Engine:
    from .baseline import SignalEngine

    return SignalEngine()


ENGINES = {"signal": _signal}


def load_engine(name: str = "signal") -> Engine:
    """Return the engine called `name`. Raises AffectError when there is none of that name."""
    if name not in ENGINES:
        known = ", ".join(ENGINES)
        raise AffectError(
            f"There is no engine called {name!r}: choose one of {known}.",
            f"没有名为“{name}”的引擎：请选择 {known}。",
        )
    return ENGINES[name]()
