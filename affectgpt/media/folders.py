"""Private folders (0700) for clips on their way: each bears the number of its process and goes with it."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["decoder", "page", "job"]
NAME = re.compile(r"affectgpt-(?:decoder|page|job)-(\d{1,9})-\w+")


def prefix(kind: Kind) -> str:
    """Begin the name of a folder that goes with this process; if that is killed, the next one removes it."""
    _remove_at_end()
    return f"affectgpt-{kind}-{os.getpid()}-"


def make(kind: Kind) -> Path:
    """Make such a folder."""
    return Path(tempfile.mkdtemp(prefix=prefix(kind)))


def clear() -> None:
    """Remove our folders now; for a process that ends without what is registered for the end."""
    _remove(lambda owner: owner == os.getpid())


@cache
def _remove_at_end() -> None:
    """Once: remove what killed processes of this user have left, and ours when we end."""
    _remove(lambda owner: owner == os.getpid() or not _lives(owner))  # we have made none yet
    atexit.register(clear)


def _remove(wanted) -> None:
    with suppress(OSError):  # no temporary directory, or another sweep was faster
        for folder in Path(tempfile.gettempdir()).iterdir():
            owner = NAME.fullmatch(folder.name)
            if not owner or folder.is_symlink():
                continue
            with suppress(OSError):
                if folder.stat().st_uid == os.geteuid() and wanted(int(owner.group(1))):
                    shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
