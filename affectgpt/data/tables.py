"""A table of any common kind as rows by column: every bad row is told, the good ones are kept."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..media.sniff import shown_name
from ..schema import AffectError
from .messages import mistake, said, shown
from .sample import Problem
from .text_tables import (
    MAX_CELL,
    NOT_JSON_NUMBER,
    Record,
    csv_records,
    hash_and_encoding,
    json_records,
    open_text,
)

MAX_JSON = 64 * 2**20  # bytes of a file that is one JSON list: it has to be read whole
MAX_UNPACKED = 256 * 2**20  # bytes of a workbook
CHUNK_OF_A_LINE = 4096  # characters of the first line that tell JSON from CSV
BATCH = 64  # rows of Parquet that are held together
ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
PICKLES = (".npz", ".npy", ".pkl", ".pickle", ".pth", ".pt")
HOW = (  # run by the user, in the user's own Python; for the official answers, -openset and -sentiment files
    "python -c \"import json, numpy as np; f = 'FILE.npz'; d = np.load(f, allow_pickle=True); "
    "k = 'text' if 'name2reason' in d else 'sentiment' if 'sentiment' in f else 'labels'; "
    "n, v = zip(*d['name2reason'].item().items()) if k == 'text' else (d['filenames'], d['fileitems']); "
    "[print(json.dumps({'name': str(a), k: str(b)}, ensure_ascii=False)) for a, b in zip(n, v)]\" "
    "> FILE.jsonl"
)


@dataclass(frozen=True)
class Table:
    """The good rows of one file by column; `numbers[i]` is the number of `rows[i]` in the file, from 1.

    Cells are what the format has: str in text tables, also numbers, lists and None in the others. Columns
    are lower-case. encoding: of a text table, else "".
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    numbers: tuple[int, ...]
    problems: tuple[Problem, ...]
    sha256: str
    encoding: str = ""


def read_rows(path: str | os.PathLike[str], *, only: Container[str] | None = None) -> Table:
    """Read CSV, TSV, JSON lines, a JSON list, Parquet or the first sheet of an XLSX file, told by content.

    only: the columns whose cells are kept, in lower case; by default all. Text may be UTF-8, GB18030, or
    UTF-16 with a byte-order mark. Raises AffectError for a file that is no such table or has no row that can
    be used; what is wrong in single rows is in `problems`, all of it.
    """
    path, name = Path(path), shown_name(path)
    try:
        if not path.is_file():
            kind = "folder" if path.is_dir() else "special" if path.exists() else "missing"
            raise mistake(kind, name=name)
        with path.open("rb") as file:
            head = file.read(8)
        refuse_pickle(path, head)
        if not head:
            raise mistake("empty", name=name)
        sha256, encoding = hash_and_encoding(path)
        if head.startswith(b"PAR1"):
            return _table(name, _parquet_records(path, name), sha256, only)
        if head.startswith(b"PK\x03\x04"):
            return _table(name, _sheet_records(path, name), sha256, only)
        if encoding is None:
            raise mistake("no_text", name=name)
        with open_text(path, encoding) as file:
            first = next((line.lstrip()[:1] for line in iter(lambda: file.readline(CHUNK_OF_A_LINE), "")
                          if line.strip()), "")  # fmt: skip
            file.seek(0)
            if first == "[":
                records = _list_records(path, file.read, name)
            else:
                records = (json_records if first == "{" else csv_records)(file, encoding)
            return _table(name, records, sha256, only, encoding)
    except OSError as error:
        no_such_name = error.errno in (errno.ENAMETOOLONG, errno.ELOOP)
        raise mistake("missing" if no_such_name else "unreadable", name=name) from error


def refuse_pickle(path: Path, head: bytes = b"") -> None:
    """Raise AffectError for files that are pickled Python, by ending or by their first bytes."""
    if path.suffix.lower() in PICKLES or head.startswith((b"\x93NUMPY", b"\x80\x02", b"\x80\x03", b"\x80\x04",
                                                          b"\x80\x05")):  # fmt: skip
        raise mistake("pickle", name=shown_name(path), how=HOW)


def table_files(folder: Path) -> list[Path]:
    """The tables of a folder by their endings; those one folder below, where it has none itself."""
    for pattern in ("*", "*/*"):
        files = sorted(file for file in folder.glob(pattern) if file.suffix.lower() in ENDINGS)
        if files := [file for file in files if file.is_file() and not file.name.startswith(".")]:
            return files
    raise mistake("no_tables", name=shown_name(folder.absolute()))


def _table(
    name: str, records: Iterable[Record], sha256: str, only: Container[str] | None, encoding: str = ""
) -> Table:
    """Sort records into rows and problems; the first one is the line of columns unless rows are objects."""
    columns: dict[str, None] = {}
    header: list[str] | None = None
    rows, numbers, problems = [], [], []
    for number, cells, wrong, lines in records:
        if number == 0:
            if wrong:
                binary = getattr(wrong, "kind", None) == "zero"
                raise mistake("no_text", name=name) if binary else mistake("header", name=name, reason=wrong)
            header = [_column(cell) for cell in cells]
            columns = dict.fromkeys(column for column in header if column)
            if twice := next((column for column, n in Counter(header).items() if column and n > 1), None):
                raise mistake("twice", name=name, column=shown(twice))
            continue
        if not wrong and header is not None and len(cells) != len(header):
            kind = "cells_over_lines" if lines > 1 else "cells"
            wrong = said(kind, got=len(cells), wanted=len(header), lines=lines)
        elif not wrong and header is None and not isinstance(cells, dict):
            wrong = said("object")
        if wrong:
            problems.append(Problem(name, number, wrong))
            continue
        pairs = cells.items() if header is None else zip(header, cells, strict=True)
        row = {_column(key): value for key, value in pairs}
        row.pop("", None)
        if any(isinstance(value, str) and len(value) > MAX_CELL for value in row.values()):
            problems.append(Problem(name, number, said("long", limit=MAX_CELL)))
            continue
        if header is None:
            columns.update(dict.fromkeys(row))
        rows.append(row if only is None else {key: value for key, value in row.items() if key in only})
        numbers.append(number)
    if not rows:
        raise all_bad(name, problems) if problems else mistake("no_rows", name=name)
    return Table(name, tuple(columns), tuple(rows), tuple(numbers), tuple(problems), sha256, encoding)


def _column(cell: Any) -> str:
    return "" if cell is None else str(cell).strip(" \t\ufeff").lower()


def all_bad(name: str, problems: list[Problem] | tuple[Problem, ...]) -> AffectError:
    """The error for a file none of whose rows can be used."""
    first = problems[0]
    return mistake("all_bad", name=name, count=len(problems), row=first.row, reason=first.reason)


def _list_records(path: Path, read, name: str) -> Iterator[Record]:
    size = path.stat().st_size
    if size > MAX_JSON:
        raise mistake("json_big", name=name, mb=size / 2**20, limit_mb=MAX_JSON / 2**20)
    try:
        data = json.loads(read(), parse_constant=NOT_JSON_NUMBER.get)
    except (ValueError, RecursionError) as error:
        raise mistake("json", name=name, line=getattr(error, "lineno", 1)) from error
    return (Record(number, row) for number, row in enumerate(data, 1))


def _parquet_records(path: Path, name: str) -> Iterator[Record]:
    """Rows of Parquet as objects; of a column of media files only the path is read, not the bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = [
                f"{field.name}.path" if _is_media(field.type) else field.name
                for field in file.schema_arrow
                if not pa.types.is_binary(field.type) and not pa.types.is_large_binary(field.type)
            ]
            number = 0
            for batch in file.iter_batches(BATCH, columns=wanted):
                long = [False] * batch.num_rows
                for column in batch.columns:
                    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                        sizes = pc.fill_null(pc.binary_length(column), 0).to_pylist()
                        long = [a or b > 4 * MAX_CELL for a, b in zip(long, sizes, strict=True)]
                kept = iter(batch.filter(pa.array([not each for each in long])).to_pylist())
                for each in long:
                    number += 1
                    if each:
                        yield Record(number, None, said("long", limit=MAX_CELL))
                    else:
                        row = next(kept)
                        yield Record(number, {key: _path_of(value) for key, value in row.items()})
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: text that is not UTF-8
        raise mistake("damaged", name=name) from error


def _is_media(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}


def _path_of(value: Any) -> Any:
    return value["path"] if isinstance(value, dict) and set(value) == {"path"} else value


def _sheet_records(path: Path, name: str) -> Iterator[Record]:
    """Rows of the first sheet; rows without any value are blank ones and are passed over."""
    try:
        with zipfile.ZipFile(path) as packed:
            if "xl/workbook.xml" not in packed.namelist():
                arrays = any(part.endswith(".npy") for part in packed.namelist())
                raise mistake("pickle", name=name, how=HOW) if arrays else mistake("no_text", name=name)
            if sum(each.file_size for each in packed.infolist()) > MAX_UNPACKED:
                raise mistake("unpacked", name=name, limit_mb=MAX_UNPACKED / 2**20)
        import openpyxl

        with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            rows = book.worksheets[0].iter_rows(values_only=True) if book.worksheets else iter(())
            header = next(rows, ())
            width = max((at for at, cell in enumerate(header, 1) if cell not in (None, "")), default=0)
            if header:
                yield Record(0, list(header[:width]))
            for number, cells in enumerate(rows, 1):
                if _filled(cells):  # counted, not looped over: a row may be 16,384 cells wide
                    extra = [""] * _filled(cells[width:])
                    yield Record(number, [*cells[:width], *[None] * (width - len(cells)), *extra])
    except AffectError:
        raise
    except Exception as error:  # of a broken file openpyxl raises whatever it meets
        raise mistake("damaged", name=name) from error


def _filled(cells: tuple) -> int:
    return len(cells) - cells.count(None) - cells.count("")
