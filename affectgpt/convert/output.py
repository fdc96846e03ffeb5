"""A folder of results that looks finished only when it is, and what such a folder records about itself."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..media.sniff import shown_name
from ..schema import AffectError

SPARE_BYTES = 32 << 20  # for the tokenizer and other small files
BLOCK_BYTES = 1 << 20
LAST = "config.json"  # a folder without it is no model
RECORD, SUMS = "conversion.json", "SHA256SUMS"


def free_folder(out: str | Path) -> Path:
    """Return the whole path of a folder that is empty or not there yet. Raises AffectError for any other."""
    name = shown_name(os.path.abspath(out))
    try:
        folder = Path(out).resolve()
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except (OSError, RuntimeError, ValueError) as error:
        raise _cannot_write(name, error) from error
    if taken:
        raise AffectError(
            f"{name} exists and is not an empty folder: choose another name for --out.",
            f"{name} 已存在且不是空文件夹：请为 --out 换一个名称。",
        )
    return folder


def check_space(out: Path, need_bytes: float) -> None:
    """Refuse, before any work, a disk that cannot hold `need_bytes` at `out`. Raises AffectError."""
    above = next(folder for folder in (out, *out.parents) if folder.exists())
    free = shutil.disk_usage(above).free
    if free < need_bytes + SPARE_BYTES:
        need_gb, free_gb = (need_bytes + SPARE_BYTES) / 1e9, free / 1e9
        raise AffectError(
            f"The result needs {need_gb:.1f} GB, but the disk of --out has only {free_gb:.1f} GB free: "
            "free some space or choose another disk.",
            f"结果需要 {need_gb:.1f} GB，而 --out 所在磁盘只剩 {free_gb:.1f} GB：请释放空间或换一个磁盘。",
        )


@contextlib.contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """Lend a folder of another name, which becomes `out` when the block ends well and goes when it does not.

    An `out` that is there (perhaps another disk's mount point) is filled at the end, `config.json` last.
    """
    exists = out.exists()
    with writing(out):
        work = (out if exists else out.parent) / f".unfinished-{uuid.uuid4().hex[:8]}"
        work.mkdir(parents=True)
        try:
            yield work
            if exists:
                for file in sorted(work.iterdir(), key=lambda file: file.name == LAST):
                    file.rename(out / file.name)
            else:
                work.rename(out)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn a failure to write into one clear line."""
    try:
        yield
    except AffectError:
        raise
    except Exception as error:
        full = "No space left" in str(error) or "Disk quota" in str(error)  # as safetensors says it
        if not full and not (isinstance(error, OSError) and error.errno):
            raise
        raise _cannot_write(shown_name(out), error, full=full) from error


def sha256(file: str | Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(file, "rb") as source:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """Return file -> SHA-256, as the SHA256SUMS of a folder tells; {} without it."""
    file = folder / SUMS
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    found = re.findall(r"^([0-9a-fA-F]{64}) [ *](.+)$", text, re.MULTILINE)
    return {name.strip(): digest.lower() for digest, name in found}


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file, an empty one where there is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write an object as JSON."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _cannot_write(name: str, error: Exception, *, full: bool = False) -> AffectError:
    number = errno.ENOSPC if full else getattr(error, "errno", None)
    why = os.strerror(number) if number else "no such name"
    return AffectError(
        f"Cannot write {name} ({why}): choose a folder that you may write to, with enough space.",
        f"无法写入 {name}（{why}）：请选择一个可写且空间充足的文件夹。",
    )
