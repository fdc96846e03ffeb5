"""A file of JSON lines that one process adds to, row by row, and the next one goes on with after a kill."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any

from ..data.messages import shown
from ..media.sniff import shown_name
from ..schema import AffectError

START = b'{"name": '  # of every row that was written here
FIX = ("choose another --out", "请换一个 --out")


class Rows:
    """The rows of `path`, to be used in a `with`; `names` are those that are in it.

    Opening it locks the file, drops the last row if it was cut, and with retry_errors all rows with an
    "error". Raises AffectError when another process is adding to it, when it holds other rows than those of
    `run`, and when it cannot be read or written.
    """

    def __init__(self, path: str | Path, run: dict[str, Any], *, retry_errors: bool = False):
        self.path, self.run, self.shown = Path(path), run, shown_name(path)
        self.names: set[str] = set()
        self.retry_errors = retry_errors

    def __enter__(self) -> Rows:
        try:
            self.file = self._opened(self.path, os.O_CREAT)
            try:
                whole, failed = self._read()
                self.file.truncate(whole)
                if failed and self.retry_errors:
                    self._drop(failed)
            except BaseException:
                self.file.close()
                raise
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, *_: Any) -> None:
        self.file.close()

    def add(self, row: dict[str, Any]) -> None:
        """Write a row; it is on the disk when this returns."""
        try:
            self._write(self.file, _line(row))
            os.fsync(self.file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error
        self.names.add(row["name"])

    def _opened(self, path: Path, flags: int):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC | flags, 0o666)
        file = open(descriptor, "r+b", buffering=0)  # noqa: SIM115  (closed by __exit__)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise OSError(errno.EINVAL, "not an ordinary file")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return file
        except BlockingIOError:
            pass
        file.close()  # locked by another process, or replaced by it (`_drop`) before we had the lock
        raise AffectError(
            f"Another process is writing {self.shown}: wait for it, or {FIX[0]}.",
            f"另一个进程正在写入 {self.shown}：请等待其结束，或{FIX[1]}。",
        )

    def _read(self) -> tuple[int, set[int]]:
        """Bytes of whole rows, and the numbers of rows with an error; remembers the names of the others."""
        end, failed = 0, set()
        with open(self.path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    if line[: len(START)] != START[: len(line)]:
                        raise self._foreign(number)
                    break  # cut by a kill or a full disk: that clip is done again
                row = self._row(line, number)
                end += len(line)
                if "error" in row:
                    failed.add(number)
                if "error" not in row or not self.retry_errors:
                    self.names.add(row["name"])
        return end, failed

    def _row(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            row = json.loads(line) if line.startswith(START) else None
            run = row["run"] if isinstance(row, dict) and isinstance(row["name"], str) else None
        except (ValueError, KeyError, RecursionError):
            run = None
        if not isinstance(run, dict):
            raise self._foreign(number)
        for key in {**self.run, **run}:
            if run.get(key) != self.run.get(key):
                before, now = (shown(json.dumps(x.get(key), ensure_ascii=False), 60) for x in (run, self.run))
                raise AffectError(
                    f"{self.shown} was made with another {key} ({before}, now {now}): {FIX[0]}, or use the "
                    "same settings.",
                    f"{self.shown} 生成时的 {key} 不同（{before}，现为 {now}）：{FIX[1]}，或使用相同设置。",
                )
        return row

    def _drop(self, numbers: set[int]) -> None:
        """Put a file without these rows in the place of this one, in one step, and lock that."""
        other = self.path.with_name(self.path.name + ".tmp")
        new = self._opened(other, os.O_CREAT | os.O_TRUNC)
        try:
            with open(self.path, "rb") as old:
                for number, line in enumerate(old, 1):
                    if number not in numbers:
                        self._write(new, line)
            os.fsync(new.fileno())
            os.replace(other, self.path)
        except BaseException:
            new.close()
            raise
        self.file.close()
        self.file = new

    @staticmethod
    def _write(file: Any, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]

    def _foreign(self, number: int) -> AffectError:
        return AffectError(
            f"{self.shown} exists and line {number} is no row of affectgpt predict: {FIX[0]}.",
            f"{self.shown} 已存在，且第 {number} 行不是 affectgpt predict 写出的行：{FIX[1]}。",
        )

    def _unwritable(self, error: OSError) -> AffectError:
        return AffectError(
            f"Cannot write {self.shown} ({error.strerror}): {FIX[0]}, in a folder that you may write to.",
            f"无法写入 {self.shown}（{error.strerror}）：{FIX[1]}，且放在可写的文件夹中。",
        )


def _line(row: dict[str, Any]) -> bytes:
    """One line of UTF-8; half a character, as a file name may have, is written as JSON's escape."""
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
