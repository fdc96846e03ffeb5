"""What a judge is asked and what it answers: a callable, pairs in, judgements out, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..schema import Language, Text

Aspect = Literal["clue", "label"]  # EMER's two overlaps (Lian et al. 2023, arXiv 2306.15401)
LOWEST, HIGHEST = 1.0, 10.0


@dataclass(frozen=True)
class Pair:
    """One question to a judge: how much of `reference` does `predicted` say?

    aspect "clue" compares descriptions. "label" compares emotions: `predicted_labels` and `reference_labels`
    where they are known, else those of the texts.
    """

    name: str
    aspect: Aspect
    predicted: str = ""
    reference: str = ""
    predicted_labels: tuple[str, ...] | None = None
    reference_labels: tuple[str, ...] | None = None
    language: Language = "en"  # of the prompt and of the reason


@dataclass(frozen=True)
class Judgement:
    """A mark from 1 (nothing in common) to 10 (the same), why, and what the judge went by.

    score None: the judge gave no readable mark; `reason` says why, and a corpus mean counts it as missing.
    """

    name: str
    aspect: Aspect
    score: float | None
    reason: Text
    details: dict[str, Any] = field(default_factory=dict)


Judge = Callable[[Sequence[Pair]], Iterator[Judgement]]  # with a `name: str` and `settings: dict[str, Any]`
