"""Every sentence about a data set, in English and Chinese: why it is refused, what is wrong in a row."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ..schema import AffectError, Text

MAX_LISTED, MAX_COLUMN = 12, 30  # columns named in a message, and characters of each
TITLE = Text("Data not usable", "数据无法使用")

MISTAKES = {  # of a whole file
    "missing": Text("There is no file or folder {name}: check its name.", "找不到 {name}：请检查名称。"),
    "special": Text(
        "{name} is not an ordinary file: save the table to a file first.",
        "{name} 不是普通文件：请先把表格保存为文件。",
    ),
    "folder": Text(
        "{name} is a folder: give one of the tables in it.", "{name} 是文件夹：请给出其中的一个表格文件。"
    ),
    "unreadable": Text("{name} cannot be read: check its permissions.", "无法读取 {name}：请检查访问权限。"),
    "empty": Text("{name} is empty: save or download it again.", "{name} 是空文件：请重新保存或下载。"),
    "no_text": Text(
        "{name} is no table that can be read: give CSV, TSV, JSON, JSONL, Parquet or XLSX, text in UTF-8.",
        "无法识别 {name}：请提供 CSV、TSV、JSON、JSONL、Parquet 或 XLSX，文本请用 UTF-8 编码。",
    ),
    "pickle": Text(
        "{name} may hold Python code and is not opened: if you trust its source, export it yourself: {how}",
        "{name} 可能含有 Python 代码，此处不予打开：若信任其来源，请自行导出：{how}",
    ),
    "json": Text(
        "{name} is not valid JSON (line {line}): check the file, or write one object per line (JSONL).",
        "{name} 不是有效的 JSON（第 {line} 行）：请检查文件，或改为每行一个对象（JSONL）。",
    ),
    "json_big": Text(
        "{name} is too big for one JSON list ({mb:.0f} MB; at most {limit_mb:.0f} MB): write one object per "
        "line (JSONL).",
        "{name} 作为单个 JSON 列表过大（{mb:.0f} MB，上限 {limit_mb:.0f} MB）：请改为每行一个对象（JSONL）。",
    ),
    "damaged": Text(
        "{name} is damaged or not what its name says: export it again.",
        "{name} 已损坏或与扩展名不符：请重新导出。",
    ),
    "unpacked": Text(
        "{name} unpacks to more than {limit_mb:.0f} MB: save it as CSV.",
        "{name} 解压后超过 {limit_mb:.0f} MB：请另存为 CSV。",
    ),
    "twice": Text(
        "{name} has two columns called {column}: rename one.", "{name} 有两列同名（{column}）：请重命名。"
    ),
    "header": Text(
        "The line of column names of {name} cannot be used ({reason}): mend it first.",
        "{name} 的列名行无法使用（{reason}）：请先修正。",
    ),
    "no_rows": Text("{name} has no rows: check the file.", "{name} 没有任何数据行：请检查文件。"),
    "all_bad": Text(
        "None of the {count} rows of {name} can be used (row {row}: {reason}): check the file.",
        "{name} 的 {count} 行均无法使用（第 {row} 行：{reason}）：请检查文件。",
    ),
    "columns": Text(
        "{name} has the columns {found}, but {needed} is missing: rename or add it.",
        "{name} 的列为 {found}，缺少 {needed}：请重命名或补充。",
    ),
    "no_tables": Text(
        "{name} holds no table (CSV, TSV, JSON, JSONL, Parquet, XLSX): check the folder.",
        "{name} 中没有表格文件（CSV、TSV、JSON、JSONL、Parquet、XLSX）：请检查文件夹。",
    ),
    "no_emer": Text(
        "{name} holds no EMER {version} under its published names ({wanted}): give the file itself.",
        "{name} 中没有以发布名称（{wanted}）保存的 EMER {version}：请直接给出文件。",
    ),
    "found_twice": Text(
        "{name} holds {file} more than once, and they differ: give the folder of the one you mean.",
        "{name} 中有多个内容不同的 {file}：请给出所需文件所在的文件夹。",
    ),
    "no_version": Text(
        "{name} holds no {version}, only {found}: choose one of them.",
        "{name} 中没有 {version}，只有 {found}：请从中选择。",
    ),
    "no_folder": Text(
        "{name} is not a folder: give the folder of the clips.", "{name} 不是文件夹：请给出片段所在的文件夹。"
    ),
    "hub_damaged": Text(
        "The data set {name} on the Hub cannot be read as a table: download it and give its files.",
        "无法将 Hub 上的数据集 {name} 读取为表格：请下载后给出其文件。",
    ),
    "nothing_to_build": Text(
        "Nothing to build from: give --emer-v1 or --emer-v2.",
        "没有可用于构建的数据：请给出 --emer-v1 或 --emer-v2。",
    ),
    "only_v2": Text(
        "--labels and --subtitles belong to EMER v2: give --emer-v2, too.",
        "--labels 与 --subtitles 属于 EMER v2：请同时给出 --emer-v2。",
    ),
    "video_needs_clips": Text(
        "--with-video copies clips: give their folder with --clips.",
        "--with-video 会复制片段：请用 --clips 给出其文件夹。",
    ),
    "not_ours": Text(
        "{name} exists and holds files that were not written by this command: choose another folder.",
        "{name} 已存在，且含有并非由本命令写入的文件：请选择其他文件夹。",
    ),
    "bad_rows": Text(
        "{count} rows have to be mended first ({first}): run `affectgpt data check`.",
        "需先修正 {count} 行（{first}）：请运行 `affectgpt data check`。",
    ),
    "write": Text(
        "Cannot write {name} ({why}): choose a folder that you may write to.",
        "无法写入 {name}（{why}）：请选择可写的文件夹。",
    ),
}
REASONS = {  # of one row
    "cells": Text("{got} cells instead of {wanted}", "有 {got} 个单元格，应为 {wanted} 个"),
    "cells_over_lines": Text(
        "{got} cells instead of {wanted} over {lines} lines: a quotation mark may be missing",
        "跨 {lines} 行，有 {got} 个单元格，应为 {wanted} 个：可能缺少引号",
    ),
    "long": Text("a cell is longer than {limit:,} characters", "有单元格超过 {limit:,} 个字符"),
    "open": Text("a quotation mark opens a cell that never ends", "有引号未闭合"),
    "half": Text("{value} holds half a character", "{value} 含有半个字符"),
    "zero": Text("holds zero bytes", "含有零字节"),
    "bytes": Text("holds bytes that are not {encoding}", "含有非 {encoding} 编码的字节"),
    "json": Text("is not valid JSON", "不是有效的 JSON"),
    "object": Text("is not a JSON object", "不是 JSON 对象"),
    "no_name": Text("has no name", "没有名称"),
    "duplicate": Text("the name {value} is already in row {row}", "名称 {value} 已出现在第 {row} 行"),
    "kind": Text("{column} is neither text nor empty", "{column} 既非文本也非空"),
    "list": Text("{column} is not a list of words", "{column} 不是词语列表"),
    "number": Text("{column} is not a number: {value}", "{column} 不是数字：{value}"),
    "differs": Text(
        "{value}: {role} differs from the one in {other}, which is kept",
        "{value}：{role} 与 {other} 中的不同，保留后者",
    ),
    "no_labels": Text("no row has a label", "所有行都没有标签"),
    "clips": Text(
        "{value} is there {count} times: only {kept} is used", "{value} 有 {count} 个文件：仅使用 {kept}"
    ),
}


def mistake(key: str, **values) -> AffectError:
    """Return the message called `key`, filled in, as an error to be raised."""
    text = MISTAKES[key].filled(**values)
    return AffectError(text.en, text.zh, title=TITLE)


@dataclass(frozen=True)
class Reason(Text):
    """What is wrong in one row; problems of one `kind` are told together."""

    kind: str


def said(key: str, **values) -> Reason:
    """Return the reason called `key`, filled in; a `Text` among the values is taken in its language."""
    text = REASONS[key].filled(**values)
    return Reason(text.en, text.zh, key)


def shown(value: object, longest: int = MAX_COLUMN) -> str:
    """What a cell or a column is called in a message: one line, no hidden characters, not too long."""
    text = "".join(c for c in str(value)[: 4 * longest] if unicodedata.category(c)[0] != "C")
    text = " ".join(text.split()) or '""'
    return text if len(text) <= longest else text[: longest - 1] + "…"


def listed(columns) -> str:
    """Columns by name, the first ones alone when there are many."""
    columns = list(columns)
    more = f", … ({len(columns)})" if len(columns) > MAX_LISTED else ""
    return ", ".join(map(shown, columns[:MAX_LISTED])) + more
