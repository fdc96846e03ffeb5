"""The page as a service: whether it is well, and how it ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..media import folders
from ..schema import AffectError, Text

log = logging.getLogger(__name__)
ENDS = (signal.SIGTERM, signal.SIGINT)
PATIENCE_S = 2.0  # that running jobs get to end; a service manager kills after ten
FLUSH_S = 0.2  # for the last words to reach the browsers
RESTART = Text(
    "This page is being shut down or restarted: try again in a minute.",
    "页面正在关闭或重启：请一分钟后再试。",
)
RESTART_TITLE = Text("The page is closing", "页面即将关闭")


class Closing:
    """Whether the process is about to end; every running job asks after each of its steps."""

    def __init__(self) -> None:
        self._now = threading.Event()

    def __bool__(self) -> bool:
        return self._now.is_set()

    def begin(self) -> None:
        """Have all jobs end at their next step."""
        self._now.set()

    def check(self) -> None:
        """Raise AffectError once the process is about to end."""
        if self:
            raise AffectError(RESTART.en, RESTART.zh, title=RESTART_TITLE)


def health(demo: Any, engines: Any, closing: Closing) -> dict[str, Any]:
    """Return what a monitor may know: that the page answers, by which engine, how long the queue is, and,
    while another engine is on its way, how much of its download is here (None: it is being loaded)."""
    queue, arriving = demo._queue, engines.arriving
    return {
        "status": "closing" if closing else "ok",
        "version": sys.modules[__name__.partition(".")[0]].__version__,
        "engine": engines.default,
        **({"loading": {"model": arriving.shown, "percent": arriving.percent}} if arriving else {}),
        "queue": len(queue),
        "running": sum(job is not None for job in queue.active_jobs),
    }


def serve_until_told(demo: Any, closing: Closing, *, then: Callable[[], Any], **options: Any) -> None:
    """Launch the page, call `then`, and stay until SIGTERM or SIGINT; the process then ends with 143 or 130.

    options: of `launch`. Raises OSError when the port is taken.
    """
    told: list[int] = []
    come = threading.Event()

    def end(number: int, _: Any) -> None:
        if told:  # the second time somebody is in a hurry
            os._exit(128 + number)
        told.append(number)
        come.set()

    before = {number: signal.signal(number, end) for number in ENDS}
    try:
        demo.launch(prevent_thread_lock=True, **options)
    except BaseException:
        for number, handler in before.items():
            signal.signal(number, handler)
        raise
    then()  # not before: it would make the first page wait
    come.wait()
    wind_up(demo, closing)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(128 + told[0])  # threads of libraries would keep the interpreter for as long as they compute


def wind_up(demo: Any, closing: Closing, *, clear: Callable[[], None] = folders.clear) -> None:
    """Tell running jobs, wait for them a little, end the processes of ours and delete our folders."""
    closing.begin()
    deadline = time.monotonic() + PATIENCE_S
    while any(demo._queue.active_jobs) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(FLUSH_S)
    for child in multiprocessing.active_children():
        child.terminate()
    clear()
