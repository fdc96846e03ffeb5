"""Answers of a language model kept on disk, so that a judge that was stopped pays for nothing twice."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from threading import Lock
from typing import Any

from ..media.sniff import shown_name
from ..schema import AffectError


class Replies:
    """A JSONL file of {"key", "reply"}: append only, one write for each line, flushed to the disk.

    A line that was torn off by a crash is dropped when the file is read. No file: kept in memory only.
    """

    def __init__(self, file: str | Path | None):
        """Raises AffectError when the file cannot be read or written, or holds something else."""
        self.lock, self.known, self.out = Lock(), {}, None
        if file is None:
            return
        name = shown_name(os.path.abspath(file))
        try:
            self.out = open(file, "a+b", buffering=0)  # noqa: SIM115 - open as long as the judge lives
            self.out.seek(0)
            stored = self.out.read()
        except OSError as error:
            raise AffectError(
                f"Cannot keep replies in {name} ({error.strerror}): choose another file.",
                f"无法在 {name} 中保存回答（{error.strerror}）：请换一个文件。",
            ) from error
        *lines, torn = stored.split(b"\n")
        for line in lines:
            self._remember(line, name)
        if torn:
            self.out.write(b"\n")  # what is left of it stays a line of its own, which says nothing

    def __len__(self) -> int:
        return len(self.known)

    def get(self, key: str) -> str | None:
        return self.known.get(key)

    def put(self, key: str, reply: str) -> None:
        line = json.dumps({"key": key, "reply": reply}) + "\n"
        with self.lock:
            self.known[key] = reply
            if self.out:
                self.out.write(line.encode())
                os.fsync(self.out.fileno())

    def _remember(self, line: bytes, name: str) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("key", "reply")):
            raise AffectError(
                f"{name} is not a file of a judge's replies: choose another file for them.",
                f"{name} 不是评判回答的文件：请另选一个文件。",
            )
        self.known[row["key"]] = row["reply"]


def key_of(question: dict[str, Any]) -> str:
    """Return the sha256 of all that decides a reply."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
