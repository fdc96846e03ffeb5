"""Who runs what: one job of a visitor at a time, so many in ten minutes, and a line in the log for each."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..schema import AffectError
from .text.errors import ERRORS

log = logging.getLogger(__name__)
MAX_JOBS = 30  # of one visitor in the window; each takes seconds of the only worker
MAX_JOBS_VARIABLE = "AFFECTGPT_MAX_JOBS"  # environment: another number for MAX_JOBS
WINDOW_S = 600.0
GRACE_S = 1.0  # that a stopped job may need to end before the next one of its visitor begins


@dataclass
class _Visitor:
    running: bool = False
    began_s: deque[float] = field(default_factory=deque)  # when each job of the window began


class Visitors:
    """Counts the jobs of each visitor, by the hash of their session; knows nothing else about them."""

    def __init__(self, max_jobs: int | None = None, window_s: float = WINDOW_S, grace_s: float = GRACE_S):
        """`max_jobs`: of one visitor in `window_s`; None takes what the environment names, else MAX_JOBS."""
        self.max_jobs = max_jobs or _configured()
        self.window_s, self.grace_s = window_s, grace_s
        self._known: dict[str, _Visitor] = {}
        self._changed = threading.Condition()

    @contextmanager
    def job(self, visitor: str, kind: str) -> Iterator[str]:
        """Run one job ("explain", "compare", ...) of a visitor; yields its id.

        The log has kind, id, how it ended and seconds. Raises AffectError when the visitor has a job already
        or has used up their rate.
        """
        name, began_s = uuid.uuid4().hex[:8], time.monotonic()
        outcome = "done"
        try:
            entry = self._enter(visitor)
            try:
                yield name
            finally:
                self._exit(entry)
        except GeneratorExit:  # stop was pressed, or the browser was closed
            outcome = "stopped"
            raise
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            log.info("%s %s %s %.2f s", kind, name, outcome, time.monotonic() - began_s)

    def forget(self, visitor: str) -> None:
        """Forget a visitor who has gone."""
        with self._changed:
            self._known.pop(visitor, None)

    def _enter(self, visitor: str) -> _Visitor:
        with self._changed:
            entry = self._known.get(visitor)
            if entry and not self._changed.wait_for(lambda: not entry.running, self.grace_s):
                raise _mistake("busy")
            now = time.monotonic()
            self._sweep(now)
            entry = self._known.setdefault(visitor, _Visitor())
            if len(entry.began_s) >= self.max_jobs:
                wait = self.window_s - (now - entry.began_s[-self.max_jobs])
                minutes, window = max(1, math.ceil(wait / 60)), round(self.window_s / 60)
                raise _mistake("too_many", jobs=self.max_jobs, minutes=minutes, window=window)
            entry.running = True
            entry.began_s.append(now)
            return entry

    def _exit(self, entry: _Visitor) -> None:
        with self._changed:
            entry.running = False
            self._changed.notify_all()

    def _sweep(self, now: float) -> None:
        # forgets what lies before the window, and who has nothing in it
        for visitor, entry in list(self._known.items()):
            while entry.began_s and now - entry.began_s[0] > self.window_s:
                entry.began_s.popleft()
            if not (entry.began_s or entry.running):
                del self._known[visitor]


def _mistake(key: str, **values: int) -> AffectError:
    told = ERRORS[key].filled(**values)
    return AffectError(told.en, told.zh, title=ERRORS[f"{key}_title"])


def _outcome(error: Exception) -> str:
    # a tab tells the visitor of a mistake by another error, raised while it handles the first one
    mistaken = isinstance(error, AffectError) or isinstance(error.__context__, AffectError)
    return "refused" if mistaken else "failed"


def _configured() -> int:
    given = os.environ.get(MAX_JOBS_VARIABLE) or str(MAX_JOBS)
    if not given.isascii() or not given.isdigit() or not int(given):
        raise AffectError(
            f"The setting {MAX_JOBS_VARIABLE} must be a whole number from 1: correct or remove it.",
            f"设置 {MAX_JOBS_VARIABLE} 必须是不小于 1 的整数：请更正或删除。",
        )
    return int(given)
