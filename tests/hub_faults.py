"""How the local Hub misbehaves when asked: slow or cut transfers, an error, a tree that claims anything."""

import json
import re
import threading
from functools import lru_cache
from pathlib import Path

from .hub_store import Store, forged_file

ZEROS = 1_000_000  # bytes at most that are sent of a forged file that has no bytes of its own


class Refused(Exception):
    """An answer that is an error, with the code by which the clients tell errors apart."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str):
        self.status, self.message, self.code, self.headers = status, message, code, headers


class Faults:
    """Read DIR/faults.json at each request: a list of {path, method, slow, cut, status, code, times}."""

    def __init__(self, root: Path):
        self.file, self.used, self.lock = root / "faults.json", {}, threading.Lock()

    def of(self, method: str, path: str) -> dict:
        """Return the fault whose regular expressions fit the request; {} when none does."""
        rows = json.loads(self.file.read_text(encoding="utf-8")) if self.file.is_file() else []
        for row in rows:
            if not re.search(row["path"], path) or not re.search(row["method"], method):
                continue
            with self.lock:
                self.used[row["id"]] = self.used.get(row["id"], 0) + 1
                if row["times"] is None or self.used[row["id"]] <= row["times"]:
                    return row
        return {}


def version(store: Store, repo: str, kind: str, sha: str) -> tuple[Path, Path, int]:
    """Return what the claimed files of a commit follow from, for claims() and what is kept of it."""
    forged = forged_file(store.root, repo, kind)
    changed_ns = forged.stat().st_mtime_ns if forged.is_file() else 0
    return store.folder(repo, kind) / "commits" / sha, forged, changed_ns


@lru_cache(maxsize=8)  # a tree of 100 000 entries is asked for in 100 pages
def claims(commit: Path, forged: Path, changed_ns: int) -> dict[str, dict]:
    """Return the files of a commit with what is forged over them: oid, size, sha256, type may be lies."""
    files = json.loads(commit.read_text(encoding="utf-8"))["files"]
    said = json.loads(forged.read_text(encoding="utf-8")) if changed_ns else []
    bare = {"oid": "0" * 40, "size": 1, "sha256": None, "lfs": False, "forged": True}
    return files | {claim["path"]: files.get(claim["path"], bare) | claim for claim in said}
