"""The answer of a stream, waited for in a handler of the page without holding up its stop button."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from ..reason import fold
from ..schema import Event, Explanation

PAUSE_S = 0.25  # between two moments at which a stop takes effect


def followed(events: Iterator[Event], still: Any) -> Generator[Any, None, Explanation]:
    """Return what `events` add up to (`answer = yield from followed(...)`); yield `still` now and then.

    Leaving the handler closes the stream, which stops the engine.
    """
    seen, paused = [], time.monotonic()
    with closing(events):
        for event in events:
            if event.kind != "progress":
                seen.append(event)
            if time.monotonic() - paused > PAUSE_S:
                paused = time.monotonic()
                yield still
    return fold(seen)
