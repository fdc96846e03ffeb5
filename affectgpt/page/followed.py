"""Long work, waited for in a handler of the page without holding up its stop button."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, TypeVar

from ..reason import fold
from ..relay import streamed
from ..schema import Event, Explanation

Found = TypeVar("Found")
PAUSE_S = 0.5  # between two moments at which a stop takes effect


def followed(
    events: Iterator[Event], tell: Callable[[list[Event]], Any], every_s: float = PAUSE_S
) -> Generator[Any, None, Explanation]:
    """Return what `events` add up to (`answer = yield from followed(...)`); now and then yield what `tell`
    makes of those that have come.

    Leaving the handler closes the stream, which stops the engine.
    """
    seen, paused = [], time.monotonic()
    with closing(events):
        for event in events:
            if event.kind != "progress":
                seen.append(event)
            if time.monotonic() - paused > every_s:
                paused = time.monotonic()
                yield tell(seen)
    return fold(seen)


def waited(work: Callable[[], Found], still: Any) -> Generator[Any, None, Found]:
    """Return `work()`, done in a thread (`found = yield from waited(...)`); yield `still` while it goes on.

    Leaving the handler stops the work where it asks (`relay.check`), as decoding a clip does.
    """
    found: list[Found] = []
    paused = time.monotonic()
    with closing(streamed(lambda _: found.append(work()), alone=False)) as beats:
        for _ in beats:
            if time.monotonic() - paused > PAUSE_S:
                paused = time.monotonic()
                yield still
    return found[0]
