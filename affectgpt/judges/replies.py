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

START = b'{"key": "'  # of every line, torn or not


class Replies:
    """A JSONL file of {"key", "reply", "refused"}: append only, one write for each line, flushed to the disk.

    refused: the options without which the endpoint answered. A line that was torn off by a crash is dropped
    when the file is read. No file: kept in memory only.
    """

    def __init__(self, file: str | Path | None):
        """Raises AffectError when the file cannot be read or written, or holds something else."""
        self.lock, self.out = Lock(), None
        self.known: dict[str, tuple[str, list[str]]] = {}
        if file is None:
            return
        self.name = shown_name(os.path.abspath(file))
        try:
            self.out = open(file, "a+b", buffering=0)  # noqa: SIM115 - open as long as the judge lives
            self.out.seek(0)
            stored = self.out.read()
        except OSError as error:
            raise self._cannot(error) from error
        for line in stored.split(b"\n"):
            self._remember(line)
        if stored and not stored.endswith(b"\n"):
            self._append(b"\n")  # what is left of a torn line stays a line of its own, which says nothing

    def __len__(self) -> int:
        return len(self.known)

    def get(self, key: str) -> tuple[str, list[str]] | None:
        """(reply, refused) of a question."""
        return self.known.get(key)

    def put(self, key: str, reply: str, refused: list[str]) -> None:
        """Raises AffectError when the file cannot be written any more."""
        line = json.dumps({"key": key, "reply": reply, "refused": refused}) + "\n"
        with self.lock:
            self.known[key] = reply, refused
            if self.out:
                self._append(line.encode())

    def _append(self, line: bytes) -> None:
        try:
            self.out.write(line)
            os.fsync(self.out.fileno())
        except OSError as error:
            raise self._cannot(error) from error

    def _remember(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            self.known[row["key"]] = str(row["reply"]), list(row["refused"])
        except (ValueError, RecursionError, TypeError, KeyError):
            if line.startswith(START) or START.startswith(line):
                return
            raise AffectError(
                f"{self.name} is not a file of a judge's replies: choose another file for them.",
                f"{self.name} 不是评判回答的文件：请另选一个文件。",
            ) from None

    def _cannot(self, error: OSError) -> AffectError:
        return AffectError(
            f"Cannot keep replies in {self.name} ({error.strerror}): choose another file.",
            f"无法在 {self.name} 中保存回答（{error.strerror}）：请换一个文件。",
        )


def key_of(question: dict[str, Any]) -> str:
    """Return the sha256 of all that decides a reply."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
