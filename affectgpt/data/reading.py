"""From tables to samples: cells become typed fields, tables are joined by the names of the clips."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from ..schema import LANGUAGES, Text
from ..vocabulary import HAN
from ..wheel_tables import split_official
from .artefacts import clean
from .clips import ENDINGS as CLIP_ENDINGS
from .columns import ALIASES, column_language, find_roles, language_of, to_number
from .messages import listed, mistake, said, shown
from .sample import NOTHING, Problem, Sample, Samples
from .tables import Table, all_bad

FIELDS = ("clip", "subtitle", "reference", "labels", "emotion", "valence")
CHINESE_COMMAS = str.maketrans("、，；", ",,,")  # of a Chinese list without any other separator


class _Wrong(Exception):
    """What is wrong with one row."""

    def __init__(self, reason: Text):
        self.reason = reason


def to_samples(table: Table, *, folders: Sequence[Path] = ()) -> Samples:
    """Read the rows of a table by the roles of its columns.

    folders: where paths of clips begin. Names are what is left of a path without folder and media ending. A
    second row of the same name is a problem, the first is kept. Raises AffectError when nothing names the
    clips or no row can be used.
    """
    roles = find_roles(table)
    if not roles.keys() & {"name", "clip"}:
        needed = f"name ({', '.join((*ALIASES['name'][:3], *ALIASES['clip'][:2]))})"
        raise mistake("columns", name=table.file, found=listed(table.columns), needed=needed)
    languages = {
        role: column_language(str(row.get(roles[role]) or "") for row in table.rows)
        for role in ("subtitle", "reference")
        if role in roles
    }
    cleaned: Counter[str] = Counter()
    rows: dict[str, tuple[int, Sample]] = {}
    problems = list(table.problems)
    for number, row in zip(table.numbers, table.rows, strict=True):
        try:
            sample = _sample(row, roles, languages, cleaned, folders)
            if sample.name in rows:
                raise _Wrong(said("duplicate", value=shown(sample.name), row=rows[sample.name][0]))
            rows[sample.name] = number, sample
        except _Wrong as wrong:
            problems.append(Problem(table.file, number, wrong.reason))
    problems.sort(key=lambda problem: problem.row)
    if not rows:
        raise all_bad(table.file, problems)
    samples = tuple(sample for _, sample in rows.values())
    return Samples(samples, table.file, tuple(problems), dict(cleaned), {table.file: table.sha256})


def join(tables: Sequence[Samples], source: str) -> Samples:
    """Join by name, in the order of first appearance; a name that only one table has is kept.

    A field is taken from the first table that has it; another value elsewhere is a problem, but for an
    emotion word in the other language (the English one is kept).
    """
    rows: dict[str, Sample] = {}
    origin: dict[tuple[str, str], str] = {}
    problems, cleaned, files = [], Counter(), {}
    for table in tables:
        problems += table.problems
        cleaned.update(table.cleaned)
        for file, digest in table.files.items():
            again = sum(known == file or known.startswith(f"{file} (") for known in files)
            files[f"{file} ({again + 1})" if again else file] = digest
        for sample in table:
            kept = rows.setdefault(sample.name, Sample(sample.name))
            rows[sample.name], differing = _merged(kept, sample)
            for role in differing:
                reason = said("differs", value=shown(sample.name), role=role, other=origin[sample.name, role])
                problems.append(Problem(table.source, 0, reason))
            for role in FIELDS:
                if getattr(sample, role) not in (None, NOTHING):
                    origin.setdefault((sample.name, role), table.source)
    return Samples(tuple(rows.values()), source, tuple(problems), dict(cleaned), files)


def with_clips(samples: Samples, clips: dict[str, str]) -> Samples:
    """Give each sample without a clip the one of its name (`clips.find_clips`); without one it stays None.

    Where no file has exactly that name, one is taken that differs in case.
    """
    folded = {name.casefold(): path for name, path in reversed(clips.items())}
    rows = tuple(
        row if row.clip else replace(row, clip=clips.get(row.name) or folded.get(row.name.casefold()))
        for row in samples
    )
    return replace(samples, rows=rows)


def _sample(row, roles, languages, cleaned: Counter[str], folders: Sequence[Path]) -> Sample:
    def cell(role: str) -> str:
        value = row.get(roles.get(role))
        if isinstance(value, float) and math.isnan(value):
            value = None
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
            raise _Wrong(said("kind", column=shown(roles[role])))
        return "" if value is None else str(value).strip()

    path = cell("clip")
    name = name_of(cell("name") or path)
    if not name:
        raise _Wrong(said("no_name"))
    subtitle = _both(row, roles, "subtitle", languages, cell)
    given = _both(row, roles, "reference", languages, cell)
    (english, marks), (chinese, more) = (clean(given[language]) for language in LANGUAGES)
    sample = Sample(
        name=name,
        clip=_clip(path, folders),
        subtitle=subtitle,
        reference=Text(english, chinese),
        labels=_labels(row.get(roles["labels"]), roles["labels"]) if "labels" in roles else None,
        emotion=cell("emotion") or None,
        valence=_valence(cell("valence"), roles.get("valence")),
    )
    cleaned.update(marks + more)  # of rows that are used
    return sample


def name_of(path: str) -> str:
    """The name of a clip: what is left of a path without its folders and without the ending of a medium."""
    name = PurePath(path.replace("\\", "/")).name
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in CLIP_ENDINGS else name


def _both(row, roles, role: str, languages, cell) -> Text:
    """A text of both languages: from columns of each, from {"en": ..., "zh": ...}, or by its script."""
    texts = {language: cell(f"{role}_{language}") for language in LANGUAGES}
    value = row.get(roles.get(role))
    if isinstance(value, dict) and value and value.keys() <= {*LANGUAGES}:
        given = {language: str(text or "").strip() for language, text in value.items()}
    elif text := cell(role):
        given = {languages[role] or language_of(text) or "en": text}
    else:
        given = {}
    return Text(*(texts[language] or given.get(language, "") for language in LANGUAGES))


def _labels(value: Any, column: str) -> tuple[str, ...] | None:
    """A list as it is, a text by the official rule of the emotion-wheel metric: "" is (); null is unknown.

    The text is not trimmed before: by that rule a blank in front of "[" leaves the bracket at the word.
    """
    if value is None:
        return None
    if isinstance(value, float) and math.isnan(value):
        return ()
    if isinstance(value, str):
        if HAN.search(value) and not any(mark in value for mark in ",'\""):
            value = value.translate(CHINESE_COMMAS)
    elif not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise _Wrong(said("list", column=shown(column)))
    return tuple(word for each in split_official(value) if (word := each.strip()))


def _valence(text: str, column: str | None) -> float | None:
    number = to_number(text)
    if text and (number is None or math.isinf(number)):
        raise _Wrong(said("number", column=shown(column), value=shown(text)))
    return None if number is None or math.isnan(number) else number


def _clip(path: str, folders: Iterable[Path]) -> str | None:
    if not path:
        return None
    try:
        return next((str(folder / path) for folder in folders if (folder / path).is_file()), None)
    except (OSError, ValueError):  # a text that no file can be called
        return None


def _merged(kept: Sample, other: Sample) -> tuple[Sample, list[str]]:
    values, differing = {}, []
    for role in FIELDS:
        old, new = getattr(kept, role), getattr(other, role)
        if isinstance(old, Text):
            sides = [(old[language], new[language]) for language in LANGUAGES]
            values[role] = Text(*(a or b for a, b in sides))
            differs = any(a and b and a != b for a, b in sides)
        elif old is None or new is None:
            values[role], differs = new if old is None else old, False
        elif role == "emotion" and language_of(old) != language_of(new):
            values[role], differs = (old if language_of(old) == "en" else new), False
        else:
            values[role], differs = old, old != new
        if differs:
            differing.append(role)
    return replace(kept, **values), differing
