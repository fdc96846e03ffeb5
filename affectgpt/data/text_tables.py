"""Records of a text table (CSV, TSV, JSON lines) one at a time, in bounded memory, broken ones included."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ..schema import Text
from .messages import said

MAX_CELL = 2**20  # characters
MAX_ROW = 4 * MAX_CELL
CHUNK = 2**20  # bytes that are read at once
FEW = 0.1  # of the characters beyond ASCII may be unreadable: those rows are reported, the others kept
DELIMITERS = "\t;,"
QUOTED = re.compile(r'[^"]*(?:""[^"]*)*')  # inside a quoted cell, up to its end or the end of the text
ESCAPED = re.compile("[\ud800-\udfff]")  # what `surrogateescape` makes of bytes that are no text
NOT_JSON_NUMBER = {"NaN": None, "Infinity": None, "-Infinity": None}  # as pandas writes missing numbers


class Record(NamedTuple):
    """One record: its number from 1 (blank ones count), its cells or its object, or what is wrong with it."""

    number: int
    cells: Any
    wrong: Text | None = None
    lines: int = 1


def hash_and_encoding(path: Path) -> tuple[str, str | None]:
    """Return sha256 and the encoding of a file; None for what is no text.

    A byte-order mark decides; else it is GB18030 when nearly all is that and not nearly all is UTF-8.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(CHUNK)
        chunk = head
        while chunk:
            digest.update(chunk)
            chunk = file.read(CHUNK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return digest.hexdigest(), "utf-16" if not _unreadable(path, "utf-16")[0] else None
    if head.count(0) > len(head) // 100 + 1:
        return digest.hexdigest(), None
    bad, beyond = _unreadable(path, "utf-8")
    wrong, foreign = _unreadable(path, "gb18030") if bad > FEW * beyond else (0, 0)
    if foreign and wrong <= FEW * foreign:
        return digest.hexdigest(), "gb18030"
    return digest.hexdigest(), "utf-8-sig"


def _unreadable(path: Path, encoding: str) -> tuple[int, int]:
    """(characters that could not be read, all beyond ASCII) of a file that is read in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    bad = beyond = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if not text.isascii():
                bad += text.count("\ufffd") - chunk.count("\ufffd".encode(encoding))
                beyond += len(text) - len(text.encode("ascii", "ignore"))
            if not chunk:
                return max(0, bad), beyond


def open_text(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


def csv_records(file: TextIO, encoding: str) -> Iterator[Record]:
    """Yield the line of column names as record 0, then each row; `cells` is a list of str.

    RFC 4180, any line ends; the delimiter is the commonest of tab, semicolon and comma in the first line.
    A cell beyond `MAX_CELL` is passed over without being kept. Rows behind a quotation mark that never
    closes are read as if it were not there.
    """
    waiting: deque[str] = deque()
    delimiter, number = None, -1

    def next_line() -> str:
        return waiting.popleft() if waiting else file.readline(MAX_ROW)

    while piece := next_line():
        number += 1
        if delimiter is None:
            delimiter = max(reversed(DELIMITERS), key=piece.count)
        kept, size, inside = [], 0, False
        while piece:
            inside = _inside(piece, inside, delimiter)
            size += len(piece)
            if size <= MAX_ROW:
                kept.append(piece)
            if not inside and piece.endswith(("\n", "\r")):
                break
            piece = next_line()
        if size > MAX_ROW:
            yield Record(number, None, said("long", limit=MAX_CELL))
        elif inside:
            waiting.extend(kept[1:])
            yield Record(number, None, said("open"))
        else:
            text = "".join(kept).rstrip("\r\n")
            if number == 0 and not text.strip():  # blank lines in front
                number, delimiter = -1, None
                continue
            wrong = _broken(text, encoding)
            cells = None if wrong else _cells(text, delimiter)
            if cells and max(map(len, cells)) > MAX_CELL:
                cells, wrong = None, said("long", limit=MAX_CELL)
            if wrong or text:
                yield Record(number, cells, wrong, len(kept))


def json_records(file: TextIO, encoding: str) -> Iterator[Record]:
    """Yield each line that is not blank; `cells` is whatever JSON it holds."""
    number = 0
    while piece := file.readline(MAX_ROW):
        number += 1
        rest = piece
        while rest and not rest.endswith(("\n", "\r")):
            rest = file.readline(MAX_ROW)
        if rest is not piece and rest:
            yield Record(number, None, said("long", limit=MAX_CELL))
        elif wrong := _broken(piece, encoding):
            yield Record(number, None, wrong)
        elif piece.strip():
            try:
                yield Record(number, json.loads(piece, parse_constant=NOT_JSON_NUMBER.get))
            except (ValueError, RecursionError):
                yield Record(number, None, said("json"))


def _broken(text: str, encoding: str) -> Text | None:
    if "\0" in text:
        return said("zero")
    if not text.isascii() and ESCAPED.search(text):
        return said("bytes", encoding=encoding.removesuffix("-sig").upper())
    return None


def _inside(line: str, inside: bool, delimiter: str) -> bool:
    """Say whether a quoted cell is open at the end of a line that began inside one, or not."""
    if '"' not in line:
        return inside
    at = 0
    while True:
        if not inside and line.startswith('"', at):
            inside, at = True, at + 1
        if inside:
            at = QUOTED.match(line, at).end()
            if at == len(line):
                return True
            inside = False
        at = line.find(delimiter, at) + 1
        if not at:
            return False


def _cells(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    out, at = [], 0
    while True:
        cell = ""
        if text.startswith('"', at):
            end = QUOTED.match(text, at + 1).end()
            cell, at = text[at + 1 : end].replace('""', '"'), end + 1
        end = text.find(delimiter, at)
        if end < 0:
            return [*out, cell + text[at:]]
        out.append(cell + text[at:end])
        at = end + 1
