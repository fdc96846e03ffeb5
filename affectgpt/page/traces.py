"""What a visitor has left here: the files of their session, which go soon after they have gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from .files import ROOT_VARIABLE, is_example, private_root
from .look import DELETE_AGE_S, DELETED_AFTER_MIN

MAX_FILES = 100  # noted of one request, whatever a stranger writes into it
GONE_S = 60.0  # without a word since the page was closed: a phone drops its connection for shorter than that


@dataclass
class _Trace:
    seen_s: float = 0.0
    left_s: float | None = None
    files: set[str] = field(default_factory=set)


class Traces:
    """The files that each visitor has sent or was given, by the hash of their session."""

    def __init__(self, gone_s: float = GONE_S):
        self.gone_s = gone_s
        self._known: dict[str, _Trace] = {}
        self._lock = threading.Lock()

    def note(self, visitor: str, values: Any, *, asked: bool = False) -> None:
        """Note the files in what a visitor has sent or was given; `asked`: they sent it just now."""
        found = {path for path in islice(_paths(values), MAX_FILES) if os.path.lexists(path)}
        with self._lock:
            trace = self._known.setdefault(visitor, _Trace())
            trace.files |= found
            if asked or not trace.seen_s:
                trace.seen_s = time.monotonic()

    def leave(self, visitor: str) -> None:
        """Note that the page of a visitor was closed, or lost its connection."""
        with self._lock:
            self._known.setdefault(visitor, _Trace()).left_s = time.monotonic()

    def sweep(self) -> list[str]:
        """Delete the files of those who have gone and return who that is."""
        now, old = time.monotonic(), []
        with self._lock:
            gone = [visitor for visitor, trace in self._known.items() if self._has_gone(trace, now)]
            for visitor in gone:
                old += self._known.pop(visitor).files
            wanted = {file for trace in self._known.values() for file in trace.files}
        for file in set(old) - wanted:  # of equal content and name there is only one
            _delete(Path(file))
        return gone

    def sweep_root(self, age_s: float = DELETE_AGE_S) -> None:
        """Delete what is older in the folder of uploads: gradio forgets an upload that was broken off."""
        root, now = Path(os.environ.get(ROOT_VARIABLE, "")), time.time()
        if not _ours_alone(root):
            return
        for folder, folders, names in os.walk(root, topdown=False):
            for file in (Path(folder, name) for name in names + folders):
                with suppress(OSError):  # another was faster
                    if not file.is_symlink() and now - file.lstat().st_ctime > age_s:
                        _delete(file)

    def _has_gone(self, trace: _Trace, now: float) -> bool:
        if trace.left_s is None or trace.seen_s > trace.left_s:
            return now - trace.seen_s > 60 * DELETED_AFTER_MIN  # by then nothing is left to delete
        return now - trace.left_s > self.gone_s


def _paths(values: Any) -> Iterator[str]:
    if isinstance(values, dict):
        path = values.get("path")
        if isinstance(path, str) and "\0" not in path:
            yield path
        values = list(values.values())
    if isinstance(values, list | tuple):
        for value in values:
            yield from _paths(value)


def _ours_alone(folder: Path) -> bool:
    # not where others may write, too: the operator can have named such a folder
    if not folder.is_absolute():
        return False
    try:
        facts = folder.stat()
    except OSError:
        return False
    return facts.st_uid == os.geteuid() and not facts.st_mode & 0o077


def _delete(file: Path) -> None:
    with suppress(OSError, ValueError):  # gone already, a folder that is not empty, no possible name
        root = private_root().resolve()
        if is_example(str(file)) or root not in file.resolve().parents:
            return
        if file.is_dir():
            file.rmdir()  # it bears the hash of what was in it
            return
        file.unlink()
        if file.resolve().parent != root:
            file.parent.rmdir()
