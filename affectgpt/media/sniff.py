"""Tell by a few kilobytes what a file is, and open only what may be a clip.

Nothing here blocks (a pipe is refused before it is opened), and no name is believed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import unicodedata
from pathlib import Path

from ..decode import Refused

HEAD_BYTES = 4096
TS_PACKET, M2TS_PACKET, M2TS_HEAD = 188, 192, 4  # bytes
MAX_NAME = 60  # characters of a file name in a message
MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"}
STILL_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
MPEG_RATES = {  # kbit/s by (version 1?, layer), from index 1; ISO 11172-3 and 13818-3
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_CLOCKS_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def shown_name(path: str | os.PathLike[str]) -> str:
    """The file's name as a message may show it: no folder, no hidden characters, not too long."""
    name = "".join(c for c in Path(os.fspath(path)).name if unicodedata.category(c)[0] != "C")
    name = " ".join(name.split()) or "?"
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 20]}…{name[-19:]}"


def open_checked(path: str | os.PathLike[str], *, max_bytes: float) -> tuple[int, str]:
    """Open an ordinary file that looks like a clip; return descriptor and demuxer, or raise `Refused`."""
    descriptor = _open_ordinary(path, max_bytes)
    try:
        head = os.pread(descriptor, HEAD_BYTES, 0)
        kind, demuxer = sniff(head, os.pread(descriptor, HEAD_BYTES, id3_bytes(head)))
        if not demuxer:
            raise Refused(kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, demuxer


def read_checked(path: str | os.PathLike[str], *, max_bytes: float) -> bytes:
    """The bytes of a small ordinary file; raises `Refused`."""
    descriptor = _open_ordinary(path, max_bytes)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(int(max_bytes))


def above_standard(descriptor: int) -> int:
    """Move a descriptor above 2: where those are closed, it would get a number that the child redirects."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return moved


def _open_ordinary(path: str | os.PathLike[str], max_bytes: float) -> int:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: a pipe would wait for its writer
            raise Refused("folder" if os.path.isdir(path) else "special")
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        descriptor = above_standard(opened)
    except (
        FileNotFoundError,
        NotADirectoryError,
        ValueError,
    ) as error:  # ValueError: a zero byte in the name
        raise Refused("missing") from error
    except OSError as error:
        no_such_name = error.errno in (errno.ENAMETOOLONG, errno.ELOOP)
        raise Refused("missing" if no_such_name else "unreadable") from error
    state = os.fstat(descriptor)
    for key, holds in (
        ("special", not stat.S_ISREG(state.st_mode)),  # exchanged since the first look
        ("empty", state.st_size == 0),
        ("big", state.st_size > max_bytes),
    ):
        if holds:
            os.close(descriptor)
            raise Refused(key, mb=state.st_size / 2**20, limit_mb=max_bytes / 2**20)
    return descriptor


def sniff(head: bytes, after_id3: bytes = b"") -> tuple[str, str]:
    """Return (what it is, demuxer) of a file's first bytes; the demuxer is empty for what is refused.

    `after_id3`: the bytes behind an ID3 tag (the same as `head` without one).
    """
    box, brand = head[4:8], head[8:12]
    if box in MP4_BOXES:
        return ("image", "") if box == b"ftyp" and brand in STILL_BRANDS else ("clip", "mov")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "clip", "matroska"
    if head.startswith((b"RIFF", b"RF64")):
        form = {b"AVI ": "avi", b"WAVE": "wav"}.get(brand, "")
        return ("clip", form) if form else ("image" if brand == b"WEBP" else "unknown", "")
    if head.startswith(b"fLaC"):
        return "clip", "flac"
    if head.startswith(b"OggS"):
        return "clip", "ogg"
    if is_transport_stream(head):
        return "clip", "mpegts"
    if head.startswith(b"GIF8"):
        return "animation", ""
    if head.startswith(
        (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")
    ):
        return "image", ""
    if head.startswith(
        (b"PK\x03\x04", b"PK\x05\x06", b"%PDF", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0")
    ):
        return "archive", ""
    if is_mpeg_sound(after_id3 or head):
        return "clip", "mp3"
    if re.match(
        rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|ffconcat|v=0|<\?xml|<MPD|<smil|\[playlist\])", head, re.IGNORECASE
    ):
        return "playlist", ""
    return ("text" if is_text(head) else "unknown"), ""


def is_transport_stream(head: bytes) -> bool:
    for packet, offset in ((TS_PACKET, 0), (M2TS_PACKET, M2TS_HEAD)):
        marks = head[offset::packet][:5]
        if len(marks) >= 2 and set(marks) == {0x47}:
            return True
    return False


def id3_bytes(head: bytes) -> int:
    """Length of an ID3v2 tag at the beginning, 0 without one."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def is_mpeg_sound(data: bytes) -> bool:
    """Two frames of MPEG sound one after the other; zeros, which pad some tags, may come first."""
    start = len(data) - len(data.lstrip(b"\0"))
    length = mpeg_frame_bytes(data[start : start + 4])
    return bool(length) and bool(mpeg_frame_bytes(data[start + length : start + length + 4]))


def mpeg_frame_bytes(header: bytes) -> int:
    """Length of the frame that a 4-byte header announces, 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, clock = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or not 1 <= rate <= 14 or clock == 3:
        return 0
    kbit = MPEG_RATES[version == 3, layer if version == 3 else min(layer, 2)][rate - 1]
    clock_hz, padding = MPEG_CLOCKS_HZ[version][clock], header[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbit // clock_hz + padding) * 4
    return (144_000 if layer == 2 or version == 3 else 72_000) * kbit // clock_hz + padding


def is_text(data: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in data)
