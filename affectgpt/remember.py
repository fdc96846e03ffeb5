"""What was measured of an array or a value is measured once, and forgotten together with it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Measured = TypeVar("Measured")
_known: dict[tuple[int, Hashable], Any] = {}


def remembered(source: Any, what: Hashable, measure: Callable[[], Measured]) -> Measured:
    """Return `measure()`, made once for each (`source`, `what`) while `source` lives.

    `source` goes by identity: an array or another value that can be weakly referenced and is not changed
    afterwards. What is remembered must not hold `source` itself, or neither would ever go.
    """
    place = (id(source), what)
    if place not in _known:
        value = measure()
        if place not in _known:
            weakref.finalize(source, _known.pop, place, None).atexit = False
        _known[place] = value
    return _known[place]
