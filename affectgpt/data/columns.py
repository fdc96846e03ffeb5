"""Which column of a table plays which role, and whose published layout the table has.

Names are the ones in use: EMER v1 (names, emotions, subtitles, reasons), EMER v2 and the MER subtitles
(name, chinese, english), OV-MERD, MER-Caption+ and MER2025/2026 tables (name, openset / name, reason),
MER2023 labels (name, discrete, valence), or a table of your own (clip, subtitle, reference, labels).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from ..schema import Language, Text
from ..vocabulary import HAN
from .tables import Table

Role = Literal[
    "name", "clip", "subtitle", "subtitle_en", "subtitle_zh", "reference", "reference_en", "reference_zh",
    "labels", "emotion", "valence",
]  # fmt: skip
ALIASES: dict[str, tuple[str, ...]] = {  # the first one that a table has
    "name": ("name", "names", "clip_name", "video_name", "filename", "file_name", "clip_id", "video_id",
             "id"),
    "clip": ("clip", "clip_path", "video", "video_path", "path", "file", "audio", "audio_path"),
    "subtitle": ("subtitle", "subtitles", "transcript", "transcription", "sentence"),
    "reference": ("reference", "references", "reason", "reasons", "description", "explanation", "text"),
    "labels": ("labels", "openset", "ov_labels", "ov_label"),
    "emotion": ("emotion", "emotions", "discrete", "label"),
    "valence": ("valence", "val", "sentiment"),
}  # fmt: skip
SUFFIXES: dict[Language, tuple[str, ...]] = {
    "en": ("_en", "_eng", "_english"),
    "zh": ("_zh", "_chi", "_chinese", "_cn"),
}
LANGUAGE_COLUMNS: dict[Language, str] = {"en": "english", "zh": "chinese"}
LONG: dict[Language, int] = {"en": 200, "zh": 80}  # characters, median: descriptions are longer, and
SHORT: dict[Language, int] = {"en": 100, "zh": 40}  # subtitles are shorter; between them the name decides
DESCRIPTIONS = re.compile(r"reason|descri|caption|explan|emer|reference", re.IGNORECASE)  # in a file's name
CJK_SHARE = 0.2  # of the letters of a Chinese text at least
AGREED = 0.9  # of the texts of a column in one language: then all of them are
MAX_NUMBER = 1e9  # no sentiment is larger; sums of squares of larger ones would overflow
EULA_NAME = re.compile(r"sample(?:new\d?)?_\d{8}")  # how the clips of MER2023 to MER2026 are called


@dataclass(frozen=True)
class Layout:
    """A published kind of table: what it is, and what its owners ask for."""

    key: str
    title: Text
    licence: Text


MER_LICENCE = Text(
    "MER/EMER data: under its EULA for academic research only, non-commercial, not to be handed on, edited "
    "or uploaded",
    "MER/EMER 数据：受其 EULA 约束，仅限学术研究，非商业用途，不得转交、修改或上传",
)
OWN_LICENCE = Text("not a published layout: its licence is yours to know", "非已发布的格式：许可请自行确认")
LAYOUTS = {
    "emer-v1": Text("EMER v1", "EMER v1"),
    "emer-v2": Text("EMER v2 descriptions", "EMER v2 描述"),
    "subtitles": Text("MER subtitles", "MER 字幕"),
    "openset": Text("open-vocabulary labels (OV-MERD, MER-Caption+, MER2024 to MER2026)",
                    "开放词汇标签（OV-MERD、MER-Caption+、MER2024 至 MER2026）"),
    "reason": Text("descriptions (OV-MERD, MER-Caption+, MER2025)", "描述（OV-MERD、MER-Caption+、MER2025）"),
    "discrete": Text("MER2023 labels", "MER2023 标签"),
    "names": Text("names alone", "仅有名称"),
    "built": Text("written by `affectgpt data build`", "由 `affectgpt data build` 写出"),
    "own": Text("a table of your own", "自有表格"),
}  # fmt: skip
BUILT = ("name", "clip", "subtitle_en", "subtitle_zh", "reference_en", "reference_zh", "labels", "emotion",
         "valence")  # fmt: skip


def find_roles(table: Table) -> dict[str, str]:
    """Return role -> column of the roles that the table plays; a role is `Role`.

    A column `chinese` or `english` is a subtitle or a description: descriptions where the median text has at
    least 200 characters (80 in Chinese), subtitles where it has at most 100 (40), else by the file's name.
    `emotion`, `emotions` and `label` are open-vocabulary labels where they hold lists; `valence`, `val` and
    `sentiment` are an emotion where they hold words alone.
    """
    columns, roles = table.columns, {}
    for role, aliases in ALIASES.items():
        for language, suffixes in SUFFIXES.items():
            if role in ("subtitle", "reference"):
                forms = [alias + suffix for alias in aliases for suffix in suffixes]
                _take(roles, f"{role}_{language}", forms, columns)
        _take(roles, role, aliases, columns)
    by_language = {lang: column for lang, column in LANGUAGE_COLUMNS.items() if column in columns}
    kind = _kind(table, by_language)
    for language, column in by_language.items():
        roles.setdefault(f"{kind}_{language}", column)
    if "emotion" in roles and "labels" not in roles and _holds_lists(_values(table, roles["emotion"])):
        roles["labels"] = roles.pop("emotion")
    if "valence" in roles and not _holds_numbers(_values(table, roles["valence"])):
        column = roles.pop("valence")
        roles.setdefault("emotion", column)
    return roles


def find_layout(table: Table, roles: dict[str, str]) -> Layout:
    """Recognise a published table by its columns; data of MER also by the names of its clips."""
    columns = set(table.columns)
    if set(BUILT) <= columns:
        key = "built"
    elif {"names", "emotions", "subtitles", "reasons"} <= columns:
        key = "emer-v1"
    elif {"chinese", "english"} & columns:
        key = "emer-v2" if roles.keys() & {"reference_en", "reference_zh"} else "subtitles"
    else:
        key = next((c for c in ("openset", "reason", "discrete") if {"name", c} <= columns), "own")
        if columns == {"name"}:
            key = "names"
    names = [str(name) for name in _values(table, roles.get("name", ""))[:100]]
    of_mer = sum(bool(EULA_NAME.fullmatch(name)) for name in names) * 2 > len(names)
    licence = MER_LICENCE if of_mer or key not in ("own", "built", "names") else OWN_LICENCE
    return Layout(key, LAYOUTS[key], licence)


def language_of(text: str) -> Language | None:
    """The language of a text by its script; None without a letter."""
    letters = sum(character.isalpha() for character in text)
    return None if not letters else "zh" if len(HAN.findall(text)) >= CJK_SHARE * letters else "en"


def column_language(texts: Iterable[str]) -> Language | None:
    """The language of nearly all texts of a column; None when each has to be looked at by itself."""
    found = [language for text in texts if (language := language_of(text))]
    for language in ("en", "zh"):
        if found and found.count(language) >= AGREED * len(found):
            return language
    return None


def _take(roles: dict[str, str], role: str, names: Iterable[str], columns: Iterable[str]) -> None:
    column = next((name for name in names if name in columns and name not in roles.values()), None)
    if column:
        roles[role] = column


def _values(table: Table, column: str) -> list[Any]:
    return [value for row in table.rows if (value := row.get(column)) not in (None, "")]


def _kind(table: Table, by_language: dict[Language, str]) -> Literal["subtitle", "reference"]:
    typical = {
        language: median([len(str(text)) for text in _values(table, column)] or [0])
        for language, column in by_language.items()
    }
    if any(size >= LONG[language] for language, size in typical.items()):
        return "reference"
    if all(size <= SHORT[language] for language, size in typical.items()):
        return "subtitle"
    return "reference" if DESCRIPTIONS.search(table.file) else "subtitle"


def _holds_lists(values: list[Any]) -> bool:
    """A list, or a text that is written as one or has a comma."""
    return any(
        isinstance(value, list | tuple) or (isinstance(value, str) and (value[0] == "[" or "," in value))
        for value in values
    )


def _holds_numbers(values: list[Any]) -> bool:
    return not values or any(to_number(value) is not None for value in values)


def to_number(value: Any) -> float | None:
    """A number or a text that is one; None for all else, and beyond `MAX_NUMBER`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if abs(number) > MAX_NUMBER else number
