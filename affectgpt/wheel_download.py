"""Fetch the official emotion wheel tables from where their authors publish them, on request only."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.request
from pathlib import Path

from .media.sniff import Refused, read_checked, shown_name
from .schema import AffectError
from .wheel_tables import FORMAT_SHA256, SHA256, TABLES

PUBLISHED = "https://raw.githubusercontent.com/zeroQiaoba/MERTools/89120b780ab18b28349f0e37dcc12b8cc253cb02"
FOLDERS = {
    2025: "MER2025/MER2025_Track23/emotion_wheel",
    2026: "MER2026/MER2026_Track2/emotion_wheel",
}
MAX_BYTES = 2**20  # of one table; the largest has 0.1 MB
SILENCE_S, LIMIT_S = 30, 120  # how long a server may say nothing, and may take for one file


def download_wheels(
    year: int, out: str | Path, *, accept_licence: bool, base_url: str = PUBLISHED, limit_s: float = LIMIT_S
) -> Path:
    """Fetch the seven tables of 2025 or 2026 into the folder `out` and return it.

    Nothing is written before all seven have arrived and their sha256 is that of the published files; a file
    in `out` that has one of their names and other content stays as it is. Raises AffectError without
    `accept_licence`, and for all that can go wrong on the way.
    """
    if year not in FOLDERS:
        raise AffectError(
            f"There are no emotion wheel tables of {year}: choose 2025 or 2026.",
            f"没有 {year} 年的情感轮表：请选择 2025 或 2026。",
        )
    if not accept_licence:
        raise AffectError(
            f"The emotion wheel tables of {year} belong to github.com/zeroQiaoba/MERTools (CC BY-NC 4.0, "
            "non-commercial use with attribution): accept that licence to fetch them (--accept-licence).",
            f"{year} 年的情感轮表属于 github.com/zeroQiaoba/MERTools（CC BY-NC 4.0，署名、非商业使用）："
            "接受该许可（--accept-licence）后才能下载。",
        )
    folder, wanted = Path(out), {**SHA256, "format.csv": FORMAT_SHA256[year]}
    tables: dict[str, bytes] = {}
    for name in TABLES:
        if _sha256(folder / name) == wanted[name]:
            continue
        if os.path.lexists(folder / name):
            raise AffectError(
                f"{shown_name(folder.absolute())} already has another {name}: choose another folder.",
                f"{shown_name(folder.absolute())} 中已有不同的 {name}：请选择其他文件夹。",
            )
        tables[name] = _fetch(f"{base_url}/{FOLDERS[year]}/{name}", name, limit_s)
        if hashlib.sha256(tables[name]).hexdigest() != wanted[name]:
            raise AffectError(
                f"The downloaded {name} is not the published file (its sha256 differs): try again later.",
                f"下载的 {name} 不是官方发布的文件（sha256 不符）：请稍后重试。",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in tables.items():
            part = folder / f".{name}.part"
            part.write_bytes(data)
            part.replace(folder / name)
    except OSError as error:
        raise AffectError(
            f"The tables cannot be written to {shown_name(folder.absolute())} ({error.strerror}): "
            "choose another folder.",
            f"无法将表格写入 {shown_name(folder.absolute())}（{error.strerror}）：请选择其他文件夹。",
        ) from error
    return folder


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_checked(path, max_bytes=MAX_BYTES)).hexdigest()
    except Refused:
        return None


def _fetch(url: str, name: str, limit_s: float) -> bytes:
    """At most `MAX_BYTES` within `limit_s`: a server must not be able to fill the memory or to hold us."""
    data, end = bytearray(), time.monotonic() + limit_s
    try:
        with urllib.request.urlopen(url, timeout=min(SILENCE_S, limit_s)) as answer:
            while piece := answer.read1(2**16):
                data += piece
                if len(data) > MAX_BYTES or time.monotonic() > end:
                    raise OSError("too large" if len(data) > MAX_BYTES else "too slow")
            if answer.length:  # bytes that were announced and did not come
                raise OSError("cut off")
    except (OSError, http.client.HTTPException) as error:
        why = str(getattr(error, "reason", None) or error)[:80]  # the server's words, perhaps
        why = " ".join("".join(c if c.isprintable() else " " for c in why).split())
        raise AffectError(
            f"{name} could not be downloaded ({why}): check the connection and try again.",
            f"无法下载 {name}（{why}）：请检查网络后重试。",
        ) from error
    return bytes(data)
