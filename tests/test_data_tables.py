"""Tables of every kind as rows: encodings, line ends, and every bad row told while the good ones stay."""

import csv
import io
import json
import random
import tracemalloc

import pytest

from affectgpt.data import read_rows, tables
from affectgpt.data.text_tables import MAX_CELL, _cells, csv_records
from affectgpt.schema import AffectError

ROWS = [{"name": "a", "text": 'He said "no",\nthen left.'}, {"name": "b", "text": "她笑了，很高兴。"}]


def as_csv(delimiter=",", end="\r\n"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerows([["name", "text"], *([row["name"], row["text"]] for row in ROWS)])
    return out.getvalue()


def put(folder, name, data):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def told(error) -> str:
    text = error.value.text
    assert "\n" not in text.en + text.zh
    assert text.en != text.zh
    return text.en


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_tables(tmp_path, encoding, delimiter, end):
    table = read_rows(put(tmp_path, "t.csv", as_csv(delimiter, end).encode(encoding)))
    assert list(table.rows) == ROWS
    assert table.columns == ("name", "text")
    assert table.numbers == (1, 2)
    assert not table.problems
    assert len(table.sha256) == 64


def test_other_formats(tmp_path):
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = [put(tmp_path, "t.jsonl", "\n\n".join(json.dumps(row) for row in ROWS))]
    files.append(put(tmp_path, "utf16.jsonl", "\n".join(map(json.dumps, ROWS)).encode("utf-16")))
    files.append(put(tmp_path, "t.json", json.dumps(ROWS, indent=1)))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "t.parquet")
    book = openpyxl.Workbook()
    for row in (["Name ", "text", None], *([row["name"], row["text"]] for row in ROWS), [None, None]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    for file in (*files, tmp_path / "t.parquet", tmp_path / "t.xlsx"):
        table = read_rows(file)
        assert list(table.rows) == ROWS, file
        assert table.columns == ("name", "text")
        assert not table.problems


def test_only_the_asked_columns_are_kept(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"name": "a", "clues": [1]}\n{"Text": "b"}\n', encoding="utf-8")
    table = read_rows(tmp_path / "t.jsonl", only={"name", "text"})
    assert (table.columns, table.rows) == (("name", "clues", "text"), ({"name": "a"}, {"text": "b"}))


def test_every_bad_row_of_a_csv_is_told_and_the_good_ones_are_kept(tmp_path):
    lines = [
        b"name,text",
        b"a,1",
        b"b",
        b"c,2,3",
        b"",
        b"d,x\0y",
        b"e,\xff\xfe",
        b'f,"2\n3",4',
        "g,好".encode(),
    ]
    table = read_rows(put(tmp_path, "t.csv", b"\n".join(lines) + b"\n"))
    assert [(row["name"], row["text"]) for row in table.rows] == [("a", "1"), ("g", "好")]
    assert table.numbers == (1, 8)
    assert [(p.row, p.reason.kind) for p in table.problems] == [
        (2, "cells"), (3, "cells"), (5, "zero"), (6, "bytes"), (7, "cells_over_lines"),
    ]  # fmt: skip
    assert table.problems[1].reason.en == "3 cells instead of 2"
    assert "3 个" in table.problems[1].reason.zh
    assert all(problem.file == "t.csv" for problem in table.problems)


def test_every_bad_row_of_json_lines_is_told(tmp_path):
    deep = "[" * 100_000
    lines = ['{"name": "a"}', "{name: b}", "[1]", deep, '{"name": "c", "val": NaN}', '"d"', "\0"]
    table = read_rows(put(tmp_path, "t.jsonl", "\n".join(lines)))
    assert list(table.rows) == [{"name": "a"}, {"name": "c", "val": None}]
    assert [(p.row, p.reason.kind) for p in table.problems] == [
        (2, "json"), (3, "object"), (4, "json"), (6, "object"), (7, "zero"),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "quoted", "jsonl"])
def test_a_cell_of_100_mb_is_one_problem_in_bounded_memory(tmp_path, form):
    path, size = tmp_path / "t.txt", 100 * 2**20
    before, inside, after = {
        "csv": (b"name,text\na,1\nb,", b"x" * 2**20, b"\nc,2\n"),
        "quoted": (b'name,text\na,1\nb,"', (b'he said ""no"", and ' * 900 + b"\n\r") * 50, b'"\nc,2\n'),
        "jsonl": (b'{"name": "a", "text": "1"}\n{"name": "', b"x" * 2**20, b'"}\n{"name":"c", "text":"2"}\n'),
    }[form]
    with path.open("wb") as file:
        file.write(before)
        for _ in range(size // len(inside)):
            file.write(inside)
        file.write(after)
    tracemalloc.start()
    table = read_rows(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert list(table.rows) == [{"name": "a", "text": "1"}, {"name": "c", "text": "2"}]
    assert [(p.row, p.reason.kind) for p in table.problems] == [(2, "long")]
    assert peak < 60 * 2**20


def test_the_longest_cell_that_may_be(tmp_path):
    rows = [f"{size},{'x' * size}" for size in (MAX_CELL, MAX_CELL + 1)]
    table = read_rows(put(tmp_path, "t.csv", "\n".join(["name,text", *rows])))
    assert [row["name"] for row in table.rows] == [str(MAX_CELL)]
    assert [p.row for p in table.problems] == [2]


def test_long_cells_of_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"name": "a", "text": "1"},
        {"name": "b", "text": "x" * (5 * MAX_CELL)},
        {"name": "c", "text": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    table = read_rows(tmp_path / "t.parquet")
    assert [row["name"] for row in table.rows] == ["a", "c"]
    assert table.numbers == (1, 3)
    assert [(p.row, p.reason.kind) for p in table.problems] == [(2, "long")]


def test_a_quotation_mark_that_never_closes_takes_no_row_along(tmp_path):
    table = read_rows(put(tmp_path, "t.csv", 'name,text\na,1\nb,"2\nc,3\nd,4\n'))
    assert [row["name"] for row in table.rows] == ["a", "c", "d"]
    assert [(p.row, p.reason.kind) for p in table.problems] == [(2, "open")]


def test_cells_are_cut_as_the_standard_library_cuts_them():
    dice = random.Random(0)
    for _ in range(2000):
        text = "".join(dice.choices(['"', '""', ",", "a", "\n", "b ", "'"], k=dice.randint(0, 14)))
        lines = list(csv.reader(io.StringIO("h\n" + text, newline="")))[1:]
        records = list(csv_records(io.StringIO("h,\n" + text, newline=""), "utf-8"))[1:]
        if any(record.wrong for record in records):
            continue  # an open quotation mark, which the library closes silently
        assert [record.cells for record in records] == [line for line in lines if line], repr(text)
    assert _cells('a,"b""c"x,', ",") == ["a", 'b"cx', ""]


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("no.csv", None, "There is no file or folder no.csv"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("head.csv", b"name,text\n", "head.csv has no rows"),
        ("head.csv", b"\n\n", "head.csv has no rows"),
        ("bad.csv", b"name,text\na\nb\n", "None of the 2 rows of bad.csv can be used (row 1: 1 cells"),
        ("two.csv", b"name,name\na,b\n", "two columns called name"),
        ("head.csv", b'"name,text\na,b\n', "The line of column names of head.csv"),
        ("x.json", b'[{"name": 1},\n', "x.json is not valid JSON (line 2)"),
        ("x.json", b"[]", "x.json has no rows"),
        ("x.npz", b"PK\x03\x04", "export it yourself: python -c"),
        ("x.csv", b"\x93NUMPY\x01", "may hold Python code"),
        ("x.pkl", b"abc", "may hold Python code"),
        ("x.csv", b"\x80\x04\x95", "may hold Python code"),
        ("x.xlsx", b"PK\x03\x04rest", "x.xlsx is damaged"),
        ("x.parquet", b"PAR1rest", "x.parquet is damaged"),
        ("x.csv", b"\0\1\2\3" * 100, "x.csv is no table that can be read"),
        ("x.csv", b"\xff\xfea", "x.csv is no table that can be read"),
        ("latin.csv", b"name,text\n" + "é ü ö ".encode("latin-1") * 9, "None of the 1 rows of latin.csv"),
    ],
)
def test_one_clear_line_for_what_is_no_table(tmp_path, name, data, part):
    if data is not None:
        put(tmp_path, name, data)
    with pytest.raises(AffectError) as error:
        read_rows(tmp_path / name)
    assert part in told(error)
    assert str(tmp_path) not in error.value.text.en + error.value.text.zh


def test_folders_devices_and_archives(tmp_path):
    import zipfile

    with pytest.raises(AffectError) as error:
        read_rows(tmp_path)
    assert "is a folder" in told(error)
    with pytest.raises(AffectError) as error:
        read_rows("a\0b.csv")
    assert "There is no file" in told(error)
    with pytest.raises(AffectError) as error:
        read_rows("/dev/zero")
    assert "not an ordinary file" in told(error)
    for inner, part in (("a.txt", "no table"), ("arr_0.npy", "Python code")):
        with zipfile.ZipFile(tmp_path / "z.csv", "w") as packed:
            packed.writestr(inner, "x")
        with pytest.raises(AffectError) as error:
            read_rows(tmp_path / "z.csv")
        assert part in told(error)


def test_the_line_that_exports_a_pickle_works(tmp_path):
    """The user runs it, in the user's own Python; here on arrays of our own."""
    import os
    import subprocess
    import sys
    from pathlib import Path

    import numpy as np

    from affectgpt.data.tables import HOW

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # there may be no other `python`
    how = {"shell": True, "cwd": tmp_path, "check": True, "timeout": 60, "env": {**os.environ, "PATH": path}}
    np.savez(tmp_path / "FILE.npz", filenames=np.array(["a", "b"]), fileitems=np.array(["[sad]", "[]"]))
    subprocess.run(HOW, **how)
    assert [row["labels"] for row in read_rows(tmp_path / "FILE.jsonl").rows] == ["[sad]", "[]"]
    np.savez(tmp_path / "FILE-sentiment.npz", filenames=np.array(["a"]), fileitems=np.array(["neutral"]))
    subprocess.run(HOW.replace("FILE", "FILE-sentiment"), **how)
    assert read_rows(tmp_path / "FILE-sentiment.jsonl").rows == ({"name": "a", "sentiment": "neutral"},)
    np.savez(tmp_path / "FILE.npz", name2reason=np.array({"a": "He’s sad."}, object))
    subprocess.run(HOW, **how)
    assert read_rows(tmp_path / "FILE.jsonl").rows == ({"name": "a", "text": "He’s sad."},)


def test_one_bad_byte_does_not_make_utf8_something_else(tmp_path):
    """These characters, taken two by two, are also valid GB18030: other ones."""
    rows = [f"{number},很好很好".encode() for number in range(20)]
    table = read_rows(put(tmp_path, "t.csv", b"\n".join([b"name,text", *rows, b"20,\xff", b""])))
    assert table.encoding == "utf-8-sig"
    assert {row["text"] for row in table.rows} == {"很好很好"}
    assert [(p.row, p.reason.en) for p in table.problems] == [(21, "holds bytes that are not UTF-8")]


def test_blank_lines_in_front_and_a_column_of_numbers_without_a_name(tmp_path):
    table = read_rows(put(tmp_path, "t.csv", "\n\r\n,name,text\n0,a,b\n"))
    assert table.columns == ("name", "text")
    assert table.rows == ({"name": "a", "text": "b"},)
    assert table.numbers == (1,)


def test_columns_without_a_name_may_be_several(tmp_path):
    table = read_rows(put(tmp_path, "t.csv", ",name,,text\n0,a,x,b\n"))
    assert (table.columns, table.rows) == (("name", "text"), ({"name": "a", "text": "b"},))


@pytest.mark.parametrize(("limit", "file"), [("MAX_JSON", "t.json"), ("MAX_UNPACKED", "t.xlsx")])
def test_what_must_be_read_whole_is_bounded(tmp_path, monkeypatch, limit, file):
    import zipfile

    if file == "t.json":
        size = put(tmp_path, file, json.dumps(ROWS)).stat().st_size
    else:
        with zipfile.ZipFile(tmp_path / file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/workbook.xml", "x" * 5000)
        size = 5000
    monkeypatch.setattr(tables, limit, size - 1)
    with pytest.raises(AffectError) as error:
        read_rows(tmp_path / file)
    assert ("too big" if file == "t.json" else "unpacks to more than") in told(error)
    monkeypatch.setattr(tables, limit, size)
    if file == "t.json":
        assert len(read_rows(tmp_path / file).rows) == 2


def test_a_blank_line_in_front_decides_no_delimiter(tmp_path):
    assert read_rows(put(tmp_path, "t.tsv", "\nname\ttext\na\tb\n")).rows == ({"name": "a", "text": "b"},)


def test_one_bad_byte_does_not_make_gb18030_something_else(tmp_path):
    rows = [f"{number},她很高兴".encode("gb18030") for number in range(20)]
    table = read_rows(put(tmp_path, "t.csv", b"\n".join([b"name,text", *rows, b"20,\xff", b""])))
    assert table.encoding == "gb18030"
    assert {row["text"] for row in table.rows} == {"她很高兴"}
    assert [problem.row for problem in table.problems] == [21]
