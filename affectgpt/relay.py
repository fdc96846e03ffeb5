"""Long work in a thread of its own, told as a stream that can be closed at any moment."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from contextvars import ContextVar, copy_context
from typing import Any

BEAT_S = 0.2  # the stream never keeps its reader waiting longer than this
PATIENCE_S = 1.0  # that closing waits for the work to stop; one that cannot stop ends by itself
# One work at a time in a process: a model's hooks and adapters, and torch's random numbers, serve one.
TURN = threading.Lock()
_wire: ContextVar[Relay | None] = ContextVar("wire", default=None)  # of the work that runs here


class Cancelled(Exception):
    """Raised inside the work when nobody reads the stream any more."""


class Relay:
    """What the work sees: `emit` adds to the stream, `check` raises `Cancelled` once the reader has gone."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue = queue.SimpleQueue()
        self.closed = threading.Event()

    def check(self) -> None:
        if self.closed.is_set():
            raise Cancelled

    def emit(self, kind: str, value: Any) -> None:
        self.check()
        self.events.put((kind, value))


def check() -> None:
    """Raise `Cancelled` when this is part of a streamed work whose reader has gone: for long loops."""
    wire = _wire.get()
    if wire is not None:
        wire.check()


def streamed(work: Callable[[Relay], None], *, alone: bool = True) -> Generator[tuple[str, Any], None, None]:
    """Yield the (kind, value) pairs that `work` emits, and ("progress", {}) while it emits nothing.

    Works that are `alone` run one after another; another one takes its `TURN` itself, if it needs one.
    Closing the generator cancels the work and waits `PATIENCE_S` for it to stop; what it raises is raised
    here. The work sees the context variables of its caller.
    """
    end, wire = object(), Relay()

    def run() -> None:
        _wire.set(wire)
        try:
            while alone and not TURN.acquire(timeout=BEAT_S):
                wire.check()
            try:
                work(wire)
            finally:
                if alone:
                    TURN.release()
            wire.events.put((end, None))
        except BaseException as error:  # handed over to the reader, who is another thread
            wire.events.put((end, error))

    thread = threading.Thread(target=copy_context().run, args=(run,), name="engine", daemon=True)
    thread.start()
    try:
        while True:
            try:
                kind, value = wire.events.get(timeout=BEAT_S)
            except queue.Empty:
                yield "progress", {}
                continue
            if kind is not end:
                yield kind, value
            elif value is None:
                return
            else:
                raise value
    finally:
        wire.closed.set()
        thread.join(PATIENCE_S)
