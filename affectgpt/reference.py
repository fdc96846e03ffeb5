"""A reference to score against: explanation and labels, from text or from a TXT or JSON file."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .media.sniff import Refused, read_checked, shown_name
from .media.subtitles import decode
from .schema import AffectError, Language, Text

MAX_BYTES = 1024 * 1024  # of a reference file
FILE_ENDINGS = (".json", ".txt")
MAX_NAME = 1000  # characters; what is longer is a text, not the name of a file
MAX_TEXT = 8000  # characters of a reference text; one in the EMER form has up to about 3,000
MAX_LABELS, MAX_LABEL = 100, 40  # labels, and characters of each
BETWEEN_LABELS = re.compile(r"[,，、;；\n]")
TITLE = Text("Reference", "参考答案")

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
    "empty": Text(
        "There is no reference yet: paste an explanation, labels, or both.",
        "还没有参考答案：请粘贴解释文字、标签，或两者都填。",
    ),
    "long_text": Text(
        "The reference has {given} characters: use at most {most}.",
        "参考文本有 {given} 个字符：最多 {most} 个。",
    ),
    "many_labels": Text(
        "The reference has {given} labels: use at most {most}.",
        "参考标签有 {given} 个：最多 {most} 个。",
    ),
    "long_label": Text(
        "A label of the reference has {given} characters: separate labels by commas, at most {most} each.",
        "有一个参考标签长达 {given} 个字符：标签之间请用逗号分隔，每个最多 {most} 个字符。",
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
    except AffectError as error:  # it speaks of subtitles
        raise _error("unreadable", name) from error
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


def checked(text: str, labels: Iterable[str]) -> Reference:
    """Return a reference without control characters and blank labels, within the limits above.

    Invisible characters (control, direction, surrogates) go. Raises AffectError for a reference that is too
    long or empty.
    """
    text, names = visible(text).strip(), [name for label in labels if (name := visible(label).strip())]
    if len(text) > MAX_TEXT:
        raise _mistake("long_text", given=len(text), most=MAX_TEXT)
    if len(names) > MAX_LABELS:
        raise _mistake("many_labels", given=len(names), most=MAX_LABELS)
    if longest := max((len(name) for name in names if len(name) > MAX_LABEL), default=0):
        raise _mistake("long_label", given=longest, most=MAX_LABEL)
    if not text and not names:
        raise _mistake("empty")
    return text, names


def split_labels(typed: str) -> list[str]:
    """Return the labels of what was typed as one line or more: separated by commas, 、 or semicolons."""
    return [name.strip() for name in BETWEEN_LABELS.split(typed) if name.strip()]


def visible(text: str) -> str:
    """Return `text` without characters that nobody sees, such as marks of writing direction."""
    return "".join(char for char in text if char in "\n\t" or not unicodedata.category(char).startswith("C"))


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
    return _mistake(key, name=name)


def _mistake(key: str, **values: object) -> AffectError:
    said = MESSAGES[key].filled(**values)
    return AffectError(said.en, said.zh, title=TITLE)
