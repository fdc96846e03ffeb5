"""Decoded clips that a visitor may ask about again: few, for minutes, and each visitor's for themselves."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from ..schema import Clip
from .look import DELETE_AGE_S

MAX_BYTES = 1536 * 2**20  # of all clips; 5 s at 480p take some 60 MB


@dataclass(frozen=True, eq=False)
class Entry:
    """A clip with the sha256 of the files that hold it: the upload, our copy for the player."""

    clip: Clip
    digests: frozenset[str]
    bytes: int
    since_s: float


class Kept:
    """The last clip of each (visitor, place), where a place is a tab; what is oldest goes first."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_age_s: float = DELETE_AGE_S):
        self.max_bytes, self.max_age_s = max_bytes, max_age_s
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, visitor: str, place: str, clip: Clip, *files: bytes) -> None:
        """Keep `clip`, which is what `files` hold, in place of the clip before; one too large is not kept."""
        size = clip.track.nbytes + clip.frames.nbytes + clip.wave.nbytes + len(clip.player_mp4 or b"")
        digests = frozenset(hashlib.sha256(file).hexdigest() for file in files)
        with self._lock:
            self._entries.pop((visitor, place), None)
            if size <= self.max_bytes:  # else it would push out all others first
                self._entries[visitor, place] = Entry(clip, digests, size, time.monotonic())
            self._sweep()

    def get(self, visitor: str, place: str, file: bytes | None = None) -> Clip | None:
        """Return the clip, if it is still there and, when a file is given, holds what that file holds."""
        with self._lock:
            self._sweep()
            entry = self._entries.get((visitor, place))
        if entry is None or (file is not None and hashlib.sha256(file).hexdigest() not in entry.digests):
            return None
        return entry.clip

    def drop(self, visitor: str) -> None:
        """Forget all clips of a visitor who has gone."""
        with self._lock:
            for place in [place for place in self._entries if place[0] == visitor]:
                del self._entries[place]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def sweep(self) -> None:
        """Forget what is too old, though nobody asks."""
        with self._lock:
            self._sweep()

    def _sweep(self) -> None:
        now = time.monotonic()
        for place in [x for x, entry in self._entries.items() if now - entry.since_s > self.max_age_s]:
            del self._entries[place]
        while sum(entry.bytes for entry in self._entries.values()) > self.max_bytes:
            self._entries.popitem(last=False)
