"""A reference to score against: explanation and labels, from text or from a TXT or JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .media.sniff import Refused, read_checked, shown_name
from .media.subtitles import decode
from .schema import AffectError, Language, Text

MAX_BYTES = 1024 * 1024  # of a reference file
FILE_ENDINGS = (".json", ".txt")
MAX_NAME = 1000  # characters; what is longer is a text, not the name of a file

MESSAGES = {
    "missing": Text("There is no file {name}: check its name.", "没有文件 {name}：请检查文件名。"),
    "unreadable": Text(
        "Cannot read {name}: give a text or a JSON file.", "无法读取 {name}：请提供文本或 JSON 文件。"
    ),
    "no_json": Text("{name} is not valid JSON: check the file.", "{name} 不是有效的 JSON：请检查该文件。"),
    "folder": Text(
        "{name} is a folder: give a file, or the text itself.", "{name} 是文件夹：请给出文件或文本。"
    ),
    "nothing": Text(
        "The reference {name} holds neither a text nor labels: give an explanation, or a list of emotions.",
        "参考 {name} 中既没有文本也没有标签：请提供解释文字或情绪列表。",
    ),
}

Reference = tuple[
    str, list[str]
]  # text in the EMER form ("" if there is none), labels (empty if none are listed)


def read_reference(given: str, language: Language) -> Reference:
    """Return text and labels of a reference: of a file of that name, else `given` itself.

    A JSON file is a list of labels, or holds `labels` (a list or a text) and `text` or `parts`, each perhaps
    by language, as the examples do and as our own answers do. Raises AffectError when there is nothing in it.
    """
    path = Path(given[:MAX_NAME])
    named = given.lower().endswith(FILE_ENDINGS) and len(given.split()) == 1
    if _is(path.is_dir, given):
        raise _error("folder", shown_name(path))
    if not named and not _is(path.is_file, given):
        return _found(given.strip(), [], given[:40])
    name = shown_name(path)
    try:
        text = decode(read_checked(path, max_bytes=MAX_BYTES), name)
    except Refused as refused:
        raise _error("missing" if refused.code == "missing" else "unreadable", name) from refused
    if path.suffix.lower() != ".json":
        return _found(text.strip(), [], name)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _error("no_json", name) from error
    if not isinstance(data, dict):
        return _found("", _labels(data), name)
    said = _in_language(data.get("text"), language) or _in_language(data.get("parts"), language)
    if isinstance(said, dict):  # the four parts
        said = "\n\n".join(str(part) for part in said.values())
    return _found(
        said if isinstance(said, str) else "", _labels(_in_language(data.get("labels"), language)), name
    )


def _is(kind: Callable[[], bool], given: str) -> bool:
    try:
        return len(given) <= MAX_NAME and bool(given.strip()) and kind()
    except (OSError, ValueError):  # a text that no file can be called
        return False


def _in_language(value: Any, language: Language) -> Any:
    return value.get(language, value) if isinstance(value, dict) else value


def _labels(value: Any) -> list[str]:
    """Labels of a list of words, of a text that lists them, or of the `labels` of our own answers."""
    from .wheel import parse_labels

    if isinstance(value, str):
        return parse_labels(value)
    names = [x.get("label") if isinstance(x, dict) else x for x in value] if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str) and name.strip()]


def _found(text: str, labels: list[str], name: str) -> Reference:
    if not text and not labels:
        raise _error("nothing", name)
    return text, labels


def _error(key: str, name: str) -> AffectError:
    return AffectError(MESSAGES[key].en.format(name=name), MESSAGES[key].zh.format(name=name))
