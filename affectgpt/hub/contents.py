"""What a file holds, told by its bytes: the kinds that may be published, and those that can run code."""

from __future__ import annotations

import io
import json
import pickletools
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Kind = Literal["text", "safetensors", "parquet", "pickle", "numpy", "media", "archive", "unknown"]
HEAD_BYTES = 4096
MAX_HEADER = 100 << 20  # bytes of a safetensors header, as the library itself allows
PICKLE_BYTES = 1 << 20  # so much of a file is read as pickle operations
CODE_ENDINGS = (
    ".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".npz", ".joblib", ".dill", ".h5", ".keras",
)  # fmt: skip
MEDIA_ENDINGS = (
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".flv", ".wmv", ".mpg", ".mpeg", ".ts", ".3gp",
    ".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus", ".wma",
    ".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif",
)  # fmt: skip
RUNS = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "BUILD"}
ARCHIVES = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
MEDIA = (
    b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"FLV\x01", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM",
    b"II*\x00", b"MM\x00*", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"0&\xb2u", b"\xff\xfb", b"\xff\xf1",
)  # fmt: skip


def kind_of(path: Path) -> Kind:
    """Tell what a file is by its content; its name is not believed. Raises OSError."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    size = path.stat().st_size
    if head.startswith(b"\x93NUMPY") or head.startswith(b"\x89HDF"):
        return "numpy"
    if head.startswith(b"PK"):
        return _zip(path)
    if _is_safetensors(head, size):
        return "safetensors"
    if head.startswith(b"PAR1"):
        return "parquet"
    if is_pickle(path):
        return "pickle"
    if _is_text(path):
        return "text"
    if head.startswith(ARCHIVES) or head[257:262] == b"ustar":
        return "archive"
    if head.startswith(MEDIA) or head[4:8] == b"ftyp" or (head.startswith(b"RIFF") and len(head) > 11):
        return "media"
    return "unknown"


def is_pickle(path: Path) -> bool:
    """Say whether a file is a pickle of any protocol, by running none of it. Raises OSError."""
    with open(path, "rb") as file:
        data = file.read(PICKLE_BYTES)
    binary = data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    count, runs = 0, False
    try:
        for operation, _, _ in pickletools.genops(io.BytesIO(data)):
            count += 1
            runs = runs or operation.name in RUNS
            if operation.name == "STOP":
                # Protocols 0 and 1 have no mark: words may look like "N.", but they make nothing run.
                return binary or runs
    except Exception:  # whatever it makes of bytes that are no pickle, or of one that is cut by our limit
        pass
    return binary and (count > 2 or len(data) == PICKLE_BYTES)


def safetensors_header(path: Path) -> dict | None:
    """Return the JSON header of a safetensors file whose tensors fill it exactly, or None. Raises OSError."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(size - 8, MAX_HEADER):
            return None
        text = file.read(length)
    try:
        header = json.loads(text)
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        return header if 8 + length + max(ends, default=0) == size else None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


def parquet_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for the metadata of a Parquet file and for its texts, in columns of any depth.

    Raises ValueError for a file that does not open, and LookupError with the name of a column that holds
    bytes, as clips would be.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise ValueError("no Parquet file") from error
    for field in schema:
        if _has_bytes(field.type):
            raise LookupError(field.name)
    for key, value in (file.metadata.metadata or {}).items():
        if key != b"ARROW:schema":  # the schema once more, in base64
            yield "metadata", value.decode("utf-8", "replace")
    try:
        for batch in file.iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                yield from (("row", text) for text in _texts(row))
    except (pa.ArrowException, OSError) as error:
        raise ValueError("damaged Parquet file") from error


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _has_bytes(kind: object) -> bool:
    import pyarrow as pa

    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    if any(check(kind) for check in binary) or str(kind) == "binary_view":
        return True
    return any(_has_bytes(kind.field(at).type) for at in range(kind.num_fields))


def _is_safetensors(head: bytes, size: int) -> bool:
    """By its head alone: whether it is whole is asked of `safetensors_header`."""
    length = struct.unpack("<Q", head[:8])[0] if len(head) >= 10 else 0
    return 2 <= length <= min(size - 8, MAX_HEADER) and head[8:10] in (b'{"', b"{}", b"{ ", b"{\n")


def _zip(path: Path) -> Kind:
    """A zip is an archive, but PyTorch's and numpy's are zips of pickles and arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, OSError):
        return "archive"
    if any(name.endswith((".pkl", ".pickle")) for name in names):
        return "pickle"
    return "numpy" if any(name.endswith((".npy", ".npz")) for name in names) else "archive"


def _is_text(path: Path) -> bool:
    """UTF-8 to the last byte, without zero bytes."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        while True:
            block = file.read(1 << 20)
            if b"\0" in block:
                return False
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                return False
            if not block:
                return True
