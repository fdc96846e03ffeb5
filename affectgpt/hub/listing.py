"""What a repository says it holds, read before anything is fetched: refused where it cannot be honest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..schema import Text
from .address import Address
from .problems import problem

MAX_ENTRIES, MAX_BYTES = 100_000, 200 * 10**9  # of a repository
MAX_FILE_BYTES = 50 * 10**9  # what plain HTTP serves; our own shards have 5 GB
MAX_SMALL_BYTES = 10 * 10**6  # of a file that is read whole, and never that long
SMALL = {"config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json"}
SMALL |= {"adapter_config.json", "tokenizer_config.json", "conversion.json", "README.md", "SHA256SUMS"}
MAX_PATH, MAX_PART = 240, 120  # characters of a path, and of a name in it
# What may run code when it is opened, or is kept in formats that have done so.
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".npz", ".joblib", ".h5", ".hdf5")
PICKLES += (".keras", ".dill", ".msgpack", ".mar", ".pb", ".t7", ".whl", ".egg", ".exe", ".dll", ".so")
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows
TORCH = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin")  # opened with weights_only=True
SAFE = re.compile(r"(adapter_)?model(-\d+-of-\d+)?\.safetensors")
TABLES = (".parquet", ".csv", ".jsonl")
Weights = Literal["safetensors", "any"]


@dataclass(frozen=True)
class Entry:
    """A file of a repository: bytes, and its checksum (SHA-256 of 64 digits, or a git blob's of 40)."""

    path: str
    size: int
    digest: str


def model_file(path: str) -> bool:
    """Say whether transformers needs a file to load a model without the repository's own code."""
    name = path.lower()
    if "/" in path:
        return False
    if name.endswith((".safetensors", ".bin")):
        return bool(SAFE.fullmatch(path) or TORCH.fullmatch(path))
    return name.endswith((".json", ".jsonl", ".txt", ".jinja", ".model")) or path == "SHA256SUMS"


def table_file(path: str) -> bool:
    """Say whether `datasets` needs a file to read a data set that is made of tables."""
    return path == "README.md" or path.lower().endswith(TABLES)


def entries_of(address: Address, listed: Iterable[dict[str, Any]]) -> tuple[Entry, ...]:
    """Return the files of a recursive listing of the Hub. Raises AffectError for what must not be fetched."""
    files: dict[str, Entry] = {}
    folded: dict[str, str] = {}
    total = 0
    for number, item in enumerate(listed):
        if number >= MAX_ENTRIES:
            what = Text(f"more than {MAX_ENTRIES:,} files", f"超过 {MAX_ENTRIES:,} 个文件")
            raise problem("too_large", address, what=what)
        path, kind = item.get("path"), item.get("type")
        if (why := _odd_path(path)) or (why := _odd_kind(kind, path)):
            raise problem("unsafe", address, what=why)
        first = folded.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if first != path or path in files:
            what = Text(f"two files called {_shown(path)}", f"两个同名文件 {_shown(path)}")
            raise problem("unsafe", address, what=what)
        if kind == "directory":
            continue
        lfs = item.get("lfs") or {}
        digest, size = str(lfs.get("oid") or item.get("oid")), lfs.get("size", item.get("size"))
        wanted = 64 if lfs else 40
        if not re.fullmatch(rf"[0-9a-f]{{{wanted}}}", digest) or type(size) is not int or size < 0:
            what = Text(f"a false entry for {_shown(path)}", f"对 {_shown(path)} 的错误登记")
            raise problem("unsafe", address, what=what)
        total += size
        limit = MAX_SMALL_BYTES if path.rpartition("/")[2] in SMALL else MAX_FILE_BYTES
        if size > limit:
            raise _too_large(address, _shown(path), size)
        if total > MAX_BYTES:
            raise _too_large(address, "", total)
        files[path] = Entry(path, size, digest)
    for path in files:  # a file cannot be a folder as well
        parts = path.split("/")
        if any("/".join(parts[:depth]) in files for depth in range(1, len(parts))):
            what = Text(f"{_shown(path)} inside a file", f"位于文件之内的 {_shown(path)}")
            raise problem("unsafe", address, what=what)
    return tuple(files.values())


def chosen(
    address: Address, entries: Iterable[Entry], only: Callable[[str], bool] | None, weights: Weights
) -> tuple[Entry, ...]:
    """Return what of a repository is fetched: never a pickle, but for `TORCH` where `weights` allows it.

    Raises AffectError when nothing is left, and for a model that has no other weights than pickles.
    """
    entries = tuple(entries)
    wanted = [entry for entry in entries if only is None or only(entry.path)]
    pickles = [entry for entry in entries if entry.path.lower().endswith(PICKLES)]
    kept = [entry for entry in wanted if entry not in pickles]
    if address.kind == "model" and not any(_is_safe(entry) for entry in kept):
        torch = [entry for entry in wanted if TORCH.fullmatch(entry.path)]
        if torch and weights == "any":
            kept += torch
        elif pickles and not any(map(_is_safe, entries)) and (only is None or only("model.safetensors")):
            raise problem("pickles", address, file=_shown(pickles[0].path))
    if not kept:
        raise problem("empty", address)
    return tuple(kept)


def _is_safe(entry: Entry) -> bool:
    return entry.path.endswith(".safetensors")


def _too_large(address: Address, path: str, size: int):
    en, zh = (f" in {path}", f"（{path}）") if path else ("", "")
    return problem("too_large", address, what=Text(f"{size / 1e9:,.2f} GB{en}", f" {size / 1e9:,.2f} GB{zh}"))


def _odd_kind(kind: object, path: str) -> Text | None:
    if kind in ("file", "directory"):
        return None
    return Text(f"a link or a special file, {_shown(path)}", f"链接或特殊文件 {_shown(path)}")


def _odd_path(path: object) -> Text | None:
    """Why no file of this name is written, None for an honest one."""
    if not isinstance(path, str):
        return Text("a file without a name", "没有名称的文件")
    parts = path.split("/")
    if (
        "" in parts
        or any(part.strip(" .") == "" for part in parts)
        or "\\" in path
        or ":" in path  # a disk, or a stream within a file
        or any(DEVICE.fullmatch(part) for part in parts)
        or path.startswith("~")
    ):
        return Text(f"a path that leads elsewhere, {_shown(path)}", f"指向别处的路径 {_shown(path)}")
    if any(unicodedata.category(sign)[0] == "C" for sign in path):
        return Text(f"hidden characters in a name, {_shown(path)}", f"名称中的隐藏字符 {_shown(path)}")
    if len(path) > MAX_PATH or max(map(len, parts)) > MAX_PART:
        return Text(f"a name that is too long, {_shown(path)}", f"过长的名称 {_shown(path)}")
    return None


def _shown(path: str) -> str:
    """A path of somebody else's in a message: one line, its end left out where it is long."""
    text = path if path.isprintable() else ascii(path)
    return text if len(text) <= 60 else text[:57] + "…"
