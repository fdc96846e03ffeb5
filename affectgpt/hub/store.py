"""One commit of a repository in the Hub's cache: its list of files, downloads that go on, checksums.

The cache is the standard one, so that every program of the Hub finds the files. The client itself (2.x)
begins a file anew after it was killed; here the part that has come stays, and the rest is asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from ..schema import AffectError, Text
from .address import Address
from .listing import Entry
from .problems import FULL, problem

AT_ONCE = 4  # files
BLOCK_BYTES = 1 << 20
SPARE_BYTES = 64 << 20  # of the disk, for everything else
NOTES = "affectgpt"  # folder beside blobs/ and snapshots/: the list of files, and which were verified


@dataclass(frozen=True)
class Progress:
    """How far a download is, in bytes, and the file that is on its way."""

    done: int
    total: int
    file: str


Tell = Callable[[Progress], None]


class Store:
    """What the cache holds of a repository at one commit."""

    def __init__(self, address: Address, commit: str):
        self.address, self.commit = address, commit
        self.root = repository(address)
        self.folder = self.root / "snapshots" / commit
        self._note = self.root / NOTES / f"{commit}.json"
        note = _read(self._note)
        self._verified: dict[str, list[int]] = note.get("verified", {})
        self._files = note.get("files")

    @property
    def entries(self) -> tuple[Entry, ...] | None:
        """The list of files of this commit, None where it was not asked for yet."""
        return None if self._files is None else tuple(Entry(**each) for each in self._files)

    def remember(self, entries: Iterable[Entry]) -> None:
        """Keep the list of files, which never changes for a commit."""
        self._files = [asdict(entry) for entry in entries]
        self._write()

    def found(self) -> tuple[Entry, ...]:
        """The files that are here, whoever brought them: a blob's name is its checksum."""
        entries = []
        for pointer in sorted(self.folder.rglob("*")):
            blob = pointer.resolve()
            if pointer.is_file() and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", blob.name):
                path = pointer.relative_to(self.folder).as_posix()
                entries.append(Entry(path, blob.stat().st_size, blob.name))
        return tuple(entries)

    def has(self, entry: Entry) -> bool:
        return (self.folder / entry.path).is_file()

    def get(self, wanted: Iterable[Entry], tell: Tell | None) -> None:
        """Download what is not here; a part that was here already is not sent again. Raises AffectError."""
        wanted = tuple(wanted)
        missing = [entry for entry in wanted if not self.has(entry)]
        if not missing:
            return
        came = {entry.path: self._size(entry) for entry in wanted}
        self._check_disk(sum(entry.size - came[entry.path] for entry in missing))
        total = sum(entry.size for entry in wanted)
        lock, stopped = threading.Lock(), threading.Event()

        def count(entry: Entry, size: int) -> None:
            if stopped.is_set():
                raise _Stopped
            if size > entry.size:  # it would fill the disk
                raise _Wrong
            with lock:
                came[entry.path] = size
                if tell:
                    tell(Progress(sum(came.values()), total, entry.path))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            work = [pool.submit(self._get, entry, count) for entry in missing]
            try:
                for each in as_completed(work):
                    each.result()
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def verify(self, wanted: Iterable[Entry]) -> None:
        """Compare the checksums of what is new or has changed; what is wrong goes. Raises AffectError."""
        changed = False
        for entry in wanted:
            file = self.folder / entry.path
            stat = file.stat()
            mark = [stat.st_size, stat.st_mtime_ns]
            if self._verified.get(entry.path) == mark:
                continue
            if stat.st_size != entry.size or _digest(file, entry) != entry.digest:
                self._remove(file)
                raise self._false(entry, "SHA-256" if len(entry.digest) == 64 else "SHA-1")
            self._verified[entry.path], changed = mark, True
        if changed:
            self._write()

    def point(self, revision: str) -> None:
        """Remember that a branch or a tag is this commit, for a start without the Hub."""
        if revision != self.commit:
            _replace(self.root / "refs" / revision, self.commit)

    # ---- one file

    def _get(self, entry: Entry, count: Callable[[Entry, int], None]) -> None:
        from huggingface_hub import constants
        from huggingface_hub.utils import WeakFileLock

        blob = self._blob(entry)
        lock = Path(constants.HF_HUB_CACHE) / ".locks" / self.root.name / f"{entry.digest}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        blob.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(lock):
            if not blob.is_file():
                self._download(entry, count)
                os.replace(self._part(entry), blob)
        count(entry, entry.size)
        pointer = self.folder / entry.path
        pointer.parent.mkdir(parents=True, exist_ok=True)
        _link(blob, pointer)

    def _download(self, entry: Entry, count: Callable[[Entry, int], None]) -> None:
        """Fetch the rest of a file; what has come stays after a broken line, not after a wrong answer."""
        from huggingface_hub import constants, hf_hub_url
        from huggingface_hub.file_download import http_get
        from huggingface_hub.utils import build_hf_headers

        # Of the client's 10 MB nothing is kept, shown or given up before their end: long on a slow line.
        constants.DOWNLOAD_CHUNK_SIZE = min(constants.DOWNLOAD_CHUNK_SIZE, BLOCK_BYTES)
        part = self._part(entry)
        url = hf_hub_url(self.address.repo, entry.path, repo_type=self.address.kind, revision=self.commit)
        with open(part, "ab") as file:
            try:
                http_get(
                    url,
                    file,
                    resume_size=file.tell(),
                    headers={**build_hf_headers(), "accept-encoding": "identity"},
                    expected_size=entry.size,
                    displayed_filename=entry.path,
                    tqdm_class=_bar(lambda size: count(entry, size)),
                )
            except Exception as error:
                status = getattr(getattr(error, "response", None), "status_code", 0)
                ended = type(error) is OSError and error.errno is None  # the client: of another size
                if not (isinstance(error, _Wrong) or ended or status == 416):
                    raise
                part.unlink(missing_ok=True)
                raise self._false(entry, Text("size", "大小")) from error

    def _false(self, entry: Entry, what: str | Text) -> AffectError:
        """The error for a file that is not what was listed; the list is asked for again next time."""
        self._files = None
        self._write()
        return problem("checksum", self.address, file=entry.path, what=what)

    def _blob(self, entry: Entry) -> Path:
        return self.root / "blobs" / entry.digest

    def _part(self, entry: Entry) -> Path:
        return self.root / "blobs" / f"{entry.digest}.affectgpt.incomplete"

    def _size(self, entry: Entry) -> int:
        """Bytes of a file that are here already."""
        if self.has(entry) or self._blob(entry).is_file():
            return entry.size
        part = self._part(entry)
        return part.stat().st_size if part.is_file() else 0

    def _remove(self, pointer: Path) -> None:
        blob = pointer.resolve()
        pointer.unlink(missing_ok=True)
        if blob.parent == (self.root / "blobs").resolve():
            blob.unlink(missing_ok=True)

    def _check_disk(self, need: int) -> None:
        above = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        free = shutil.disk_usage(above).free
        if free < need + SPARE_BYTES:
            need_gb, free_gb = (need + SPARE_BYTES) / 1e9, free / 1e9
            raise problem("disk", self.address, need_gb=need_gb, free_gb=free_gb)

    def _write(self) -> None:
        _replace(self._note, json.dumps({"files": self._files, "verified": self._verified}))


def repository(address: Address) -> Path:
    """The folder of a repository in the cache."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    name = repo_folder_name(repo_id=address.repo, repo_type=address.kind)
    return Path(constants.HF_HUB_CACHE).expanduser() / name


class _Stopped(Exception):
    """Another file failed, or somebody does not want to wait."""


class _Wrong(Exception):
    """More came than the repository said there is."""


def _bar(count: Callable[[int], None]) -> type:
    """What the client takes for a bar of progress; `count` gets the bytes that are here."""

    class Bar:
        def __init__(self, *_, initial: int = 0, **__):
            self.size = initial
            count(self.size)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def update(self, more: float | None = 1) -> None:
            self.size += int(more or 0)
            count(self.size)

        def close(self) -> None:
            return None

    return Bar


def _digest(file: Path, entry: Entry) -> str:
    """SHA-256 of the content, or SHA-1 of a git blob, as long as the one it is compared with."""
    if len(entry.digest) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    with open(file, "rb") as source:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _link(blob: Path, pointer: Path) -> None:
    """Point to a blob as the client does; where the system has no links, with a copy."""
    half = pointer.with_name(f".{uuid.uuid4().hex[:8]}.affectgpt")
    try:
        half.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError as error:
        if error.errno in FULL:
            raise
        shutil.copyfile(blob, half)
    os.replace(half, pointer)


def _read(file: Path) -> dict:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _replace(file: Path, text: str) -> None:
    """Write a file whole: a killed run leaves none, or the old one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}.tmp")
    half.write_text(text, encoding="utf-8")
    os.replace(half, file)
