"""One row of a data set, and the rows of a table with everything that was wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ..parts import split_parts
from ..schema import Language, Part, Text

NOTHING = Text("", "")


@dataclass(frozen=True)
class Sample:
    """What is known about one clip; an absent text is "", anything else that is absent is None.

    clip: path of the file, None when it is not here. reference: description in the EMER form, as published
    but for what language models left in it. labels: open vocabulary, as published; () is an empty list.
    emotion: one discrete label. valence: sentiment in the range of its data set.
    """

    name: str
    clip: str | None = None
    subtitle: Text = NOTHING
    reference: Text = NOTHING
    labels: tuple[str, ...] | None = None
    emotion: str | None = None
    valence: float | None = None

    def parts(self, language: Language) -> dict[Part, str]:
        """Visual, acoustic, lexical part and inference of the reference; absent parts have no key."""
        return dict(_split(self.reference[language]))


@lru_cache(maxsize=2048)
def _split(text: str) -> dict[Part, str]:
    """A description takes some milliseconds, and is asked for by metrics, reports and the data set alike."""
    return split_parts(text)


@dataclass(frozen=True)
class Problem:
    """What is wrong in one row. `row` counts from 1, the line of column names not counted; 0 is the file."""

    file: str
    row: int
    reason: Text

    @property
    def text(self) -> Text:
        """The reason with its place, as one line."""
        place = Text("{file}, row {row}: {reason}", "{file} 第 {row} 行：{reason}")
        return (place if self.row else Text("{file}: {reason}", "{file}：{reason}")).filled(**vars(self))


class Named(Sequence):
    """The `rows` of a table by position or by name; each name is there once."""

    rows: tuple

    @cached_property
    def by_name(self) -> dict:
        return {row.name: row for row in self.rows}

    def __getitem__(self, key):
        return self.by_name[key] if isinstance(key, str) else self.rows[key]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator:
        return iter(self.rows)


@dataclass(frozen=True)
class Samples(Named):
    """Samples in the order of their table, and what their reading found.

    cleaned: how often each artefact was removed ("Input:" -> 88). files: sha256 of each file read, by name.
    """

    rows: tuple[Sample, ...]
    source: str
    problems: tuple[Problem, ...] = ()
    cleaned: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
