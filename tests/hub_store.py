"""What the local Hub keeps: repositories with their commits and files, in a folder that survives a restart.

DIR/{models,datasets,spaces}/ORG/NAME/repo.json      private, gated, refs, discussions
DIR/{models,datasets,spaces}/ORG/NAME/commits/SHA    title, date, files (path -> oid, size, sha256, lfs)
DIR/{models,datasets,spaces}/ORG/NAME/blobs/SHA256   bytes
DIR/faults.json, DIR/forged/*.json                   how the server is to misbehave (hub_faults.py)
DIR/log.txt                                          one line for each request
"""

import hashlib
import json
import os
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

LARGE = 1_000_000  # bytes from which the Hub wants a file as a large one
BINARY = """
.7z .arrow .bin .bz2 .ckpt .flac .gif .gz .h5 .jpeg .jpg .model .mkv .mov .mp3 .mp4 .npy .npz .ogg
.onnx .parquet .pb .pickle .pkl .png .pt .pth .safetensors .tar .tgz .wav .webm .webp .xz .zip .zst
"""  # endings of files that are large whatever their size
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Tell whether the Hub stores a file through LFS: by its ending, size or a NUL in its first bytes."""
    return size > 0 and (PurePosixPath(path).suffix in BINARY.split() or size > LARGE or b"\0" in sample)


def git_oid(data: bytes) -> str:
    """Return the name that git gives to a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def large_entry(sha256: str, size: int) -> dict:
    """Return the entry of a large file; its oid is that of the pointer that git sees."""
    return {
        "oid": git_oid(POINTER.format(sha256, size).encode()),
        "size": size,
        "sha256": sha256,
        "lfs": True,
    }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write_json(path: Path, value) -> None:
    """Write all of it or nothing: another process may be reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    part.write_text(json.dumps(value), encoding="utf-8")
    os.replace(part, path)


def forged_file(root: Path, repo: str, kind: str) -> Path:
    return root / "forged" / f"{kind}s--{repo.replace('/', '--')}.json"


class Store:
    """The repositories below one folder. The server holds one, and a test that writes between requests."""

    def __init__(self, root: Path, large: bool = True):
        self.root, self.large = Path(root), large
        self.root.mkdir(parents=True, exist_ok=True)

    def folder(self, repo: str, kind: str) -> Path:
        return self.root / f"{kind}s" / repo

    def state(self, repo: str, kind: str) -> dict | None:
        """Return private, gated, created, refs ("heads", "tags", "pr") and discussions; None when unknown."""
        path = self.folder(repo, kind) / "repo.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def change(self, repo: str, kind: str, state: dict) -> None:
        write_json(self.folder(repo, kind) / "repo.json", state)

    def create(self, repo: str, kind: str, *, private=False, gated=False) -> dict:
        """Make an empty repository: it has a main branch with one commit of no file."""
        state = {"private": private, "gated": gated, "created": now(), "discussions": []}
        state["refs"] = {"heads": {}, "tags": {}, "pr": {}}
        self.change(repo, kind, state)
        self.commit(repo, kind, {}, "initial commit")
        return self.state(repo, kind)

    def delete(self, repo: str, kind: str) -> None:
        shutil.rmtree(self.folder(repo, kind))

    def sha(self, repo: str, kind: str, revision: str) -> str | None:
        """Return the commit of a branch, a tag, refs/pr/N, refs/heads/X or a commit; None when unknown."""
        refs = self.state(repo, kind)["refs"]
        named = {f"refs/{group}/{name}": sha for group, names in refs.items() for name, sha in names.items()}
        named |= refs["tags"] | refs["heads"]
        known = (self.folder(repo, kind) / "commits" / revision).is_file() if "/" not in revision else False
        return named.get(revision) or (revision if known else None)

    def read(self, repo: str, kind: str, sha: str) -> dict:
        """Return the commit: title, message, parent, date and files."""
        return json.loads((self.folder(repo, kind) / "commits" / sha).read_text(encoding="utf-8"))

    def commit(
        self, repo, kind, files: dict, title: str, *, message="", ref=("heads", "main"), parent=None
    ) -> str:
        """Make a commit of all these files (path -> entry) the head of ref; return its sha."""
        content = {"title": title, "message": message, "parent": parent, "date": now(), "files": files}
        sha = hashlib.sha1(json.dumps([content, uuid.uuid4().hex]).encode()).hexdigest()
        write_json(self.folder(repo, kind) / "commits" / sha, content)
        state = self.state(repo, kind)
        state["refs"][ref[0]][ref[1]] = sha
        self.change(repo, kind, state)
        return sha

    def blob(self, repo: str, kind: str, sha256: str) -> Path:
        return self.folder(repo, kind) / "blobs" / sha256

    def keep(self, repo: str, kind: str, data: bytes, large: bool = False) -> dict:
        """Keep the bytes of a file and return its entry."""
        sha256 = hashlib.sha256(data).hexdigest()
        blob = self.blob(repo, kind, sha256)
        blob.parent.mkdir(parents=True, exist_ok=True)
        part = blob.with_name(f".{sha256}.{uuid.uuid4().hex}")
        part.write_bytes(data)
        os.replace(part, blob)
        if large and self.large:
            return large_entry(sha256, len(data))
        return {"oid": git_oid(data), "size": len(data), "sha256": sha256, "lfs": False}

    def publish(self, repo: str, folder: Path, kind="model", *, private=False, gated=False) -> str:
        """Make exactly the files of folder the next commit of main, without any client; return its sha."""
        state = self.state(repo, kind) or self.create(repo, kind)
        self.change(repo, kind, state | {"private": private, "gated": gated})
        files = {}
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            name, data = path.relative_to(folder).as_posix(), path.read_bytes()
            files[name] = self.keep(repo, kind, data, is_large(name, len(data), data[:512]))
        return self.commit(repo, kind, files, "published", parent=state["refs"]["heads"]["main"])

    def files(self, repo: str, kind: str = "model", revision: str = "main") -> dict[str, bytes]:
        """Return path -> bytes of a revision. Raises KeyError when repository or revision is unknown."""
        if self.state(repo, kind) is None or (sha := self.sha(repo, kind, revision)) is None:
            raise KeyError(f"{repo}@{revision}")
        entries = self.read(repo, kind, sha)["files"]
        return {path: self.blob(repo, kind, entry["sha256"]).read_bytes() for path, entry in entries.items()}
