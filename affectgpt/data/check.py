"""The data set doctor: what tables and clips hold, and everything that is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..media import load_clip
from ..media.sniff import shown_name
from ..parts import PARTS
from ..schema import LANGUAGES, AffectError, Language, Text
from .clips import doubles, list_clips
from .columns import Layout, find_layout, find_roles
from .messages import said, shown
from .reading import to_samples, with_clips
from .sample import Problem, Samples
from .tables import Table, read_rows, table_files

MAX_WORKERS = 4  # clips that are opened at the same time

Tell = Callable[[int, int, str], None]  # number, of how many, name


@dataclass(frozen=True)
class TableReport:
    """One table. roles: field -> column; `unused`: columns that play no role.

    texts: for "subtitle" and "reference" how many samples have one, by language, and "empty" how many have
    none at all. whole: references with all four parts, by language. labels: "rows", "empty", "words" in all
    and how many are "different"; None without such a column.
    """

    file: str
    sha256: str
    encoding: str
    rows: int
    layout: Layout
    roles: dict[str, str]
    unused: tuple[str, ...]
    texts: dict[str, dict[str, int]]
    whole: dict[str, int]
    labels: dict[str, int] | None
    cleaned: dict[str, int]


@dataclass(frozen=True)
class ClipReport:
    """One clip that was opened; `picture` and `sound` are what the decoder says, None for an absent one."""

    name: str
    file: str
    duration_s: float
    picture: dict[str, Any] | None
    sound: dict[str, Any] | None
    warnings: tuple[Text, ...]


@dataclass(frozen=True)
class Report:
    """All tables and clips. missing: names without a clip; extra: clips without a name (both by name).

    searched: whether there was a folder to look for clips. A report with `problems` is no clean bill; what is
    merely missing is no problem.
    """

    tables: tuple[TableReport, ...]
    problems: tuple[Problem, ...]
    samples: int
    searched: bool
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    clips: tuple[ClipReport, ...] = ()

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        """The report for JSON, sentences in one language."""

        def told(value: Any) -> Any:
            if isinstance(value, dict):
                both = value.keys() >= {"en", "zh"} and isinstance(value["en"], str)
                return value[language] if both else {key: told(item) for key, item in value.items()}
            return [told(item) for item in value] if isinstance(value, list | tuple) else value

        return told(asdict(self))


def check(
    paths: Sequence[str | os.PathLike[str]],
    *,
    clips: str | os.PathLike[str] | None = None,
    open_clips: bool = True,
    tell: Tell | None = None,
) -> Report:
    """Read tables (files, or all in a folder) and look the clips up; a table that cannot be read is told.

    clips: their folder; by default that of `paths`, when it is one folder. open_clips: decode each one, in
    the sandbox (about half a second each), else only look for them. Raises AffectError for a wrong folder.
    """
    given = [Path(path) for path in paths]
    if clips is None and len(given) == 1 and os.path.isdir(given[0]) and list_clips(given[0]):
        clips = given[0]
    files = list_clips(clips)
    there = {name: paths[0] for name, paths in files.items()}
    reports, problems, names, found = [], [], {}, {}
    for file in [file for path in given for file in (table_files(path) if os.path.isdir(path) else [path])]:
        try:
            table = read_rows(file)
            folders = [*([Path(clips)] if clips is not None else []), file.parent]
            samples = to_samples(table, folders=folders)
        except AffectError as error:
            problems.append(Problem(shown_name(file), 0, error.text))
            continue
        samples = with_clips(samples, there)
        reports.append(_of_table(table, samples))
        problems += samples.problems
        if reports[-1].labels and not reports[-1].labels["words"]:
            problems.append(Problem(table.file, 0, said("no_labels")))
        names |= dict.fromkeys(sample.name for sample in samples)
        found |= {sample.name: sample.clip for sample in samples if sample.clip}
    used = set(found.values())
    extra = {name: path for name, path in there.items() if path not in used}
    for name, paths in files.items():
        if (count := doubles(paths)) > 1:
            kept = shown_name(Path(paths[0]).parent) + "/" + shown_name(paths[0])
            reason = said("clips", value=shown(name), count=count, kept=kept)
            problems.append(Problem(shown_name(Path(clips).absolute()), 0, reason))
    opened, broken = _opened(dict(sorted((found | extra).items())), tell) if open_clips else ([], [])
    return Report(
        tables=tuple(reports),
        problems=(*problems, *broken),
        samples=len(names),
        searched=clips is not None or bool(found),
        missing=tuple(name for name in names if name not in found),
        extra=tuple(extra),
        clips=tuple(opened),
    )


def _of_table(table: Table, samples: Samples) -> TableReport:
    roles = find_roles(table)
    texts, whole = {}, {}
    for role in ("subtitle", "reference"):
        if any(name.startswith(role) for name in roles):
            both = [getattr(sample, role) for sample in samples]
            texts[role] = {lang: sum(bool(text[lang]) for text in both) for lang in LANGUAGES}
            texts[role]["empty"] = sum(not any(text[lang] for lang in LANGUAGES) for text in both)
    for lang in LANGUAGES:
        if texts.get("reference", {}).get(lang):
            whole[lang] = sum(len(sample.parts(lang)) == len(PARTS) for sample in samples)
    labels = None
    if "labels" in roles:
        words = [word for sample in samples for word in sample.labels or ()]
        labels = {
            "rows": len(samples),
            "empty": sum(not sample.labels for sample in samples),
            "words": len(words),
            "different": len({word.lower() for word in words}),
        }
    unused = tuple(column for column in table.columns if column not in roles.values())
    return TableReport(
        file=table.file,
        sha256=table.sha256,
        encoding=table.encoding,
        rows=len(samples),
        layout=find_layout(table, roles),
        roles=roles,
        unused=unused,
        texts=texts,
        whole=whole,
        labels=labels,
        cleaned=samples.cleaned,
    )


def _opened(clips: dict[str, str], tell: Tell | None) -> tuple[list[ClipReport], list[Problem]]:
    """Open each clip in the sandbox; a broken one is a problem."""
    opened, broken = [], []
    with ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1)) as pool:
        looked: Iterable = pool.map(_look, clips, clips.values())
        for number, (name, answer) in enumerate(zip(clips, looked, strict=True), 1):
            if isinstance(answer, ClipReport):
                opened.append(answer)
            else:
                broken.append(Problem(shown_name(clips[name]), 0, answer))
            if tell:
                tell(number, len(clips), name)
    return opened, broken


def _look(name: str, path: str) -> ClipReport | Text:
    try:
        clip = load_clip(path, track=False)
    except AffectError as error:
        return error.text
    return ClipReport(
        name=name,
        file=shown_name(path),
        duration_s=round(clip.duration_s, 3),
        picture=clip.media["picture"],
        sound=clip.media["sound"],
        warnings=clip.warnings,
    )
