"""Measured clues: one module for each modality, all with the signature `measure(clip) -> list[Clue]`."""

from __future__ import annotations

from collections.abc import Callable

from ..schema import Clip, Clue, Modality


def _lexical(clip: Clip) -> list[Clue]:
    from .lexical import measure

    return measure(clip)


def _acoustic(clip: Clip) -> list[Clue]:
    from .acoustic import measure

    return measure(clip)


def _visual(clip: Clip) -> list[Clue]:
    from .visual import measure

    return measure(clip)


# The quickest first, so that clues come soon; each module is imported when it is first used.
MEASURES: dict[Modality, Callable[[Clip], list[Clue]]] = {
    "lexical": _lexical,
    "acoustic": _acoustic,
    "visual": _visual,
}
