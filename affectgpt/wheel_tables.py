"""Tables that map an emotion word to its place on emotion wheels: the official ones, or the project's own.

The official tables (MER2025, MER2026) are licensed for non-commercial use and are no part of this project.
They are read from a folder that the user names, perhaps after `wheel_download` fetched them, and their sha256
is checked. The rules follow OV-MER (Lian et al. 2025, arXiv 2410.01495) and its public scorer; the two years
differ in `format.csv` and in what an undefined F is. Without tables the project's own vocabulary is used,
under its own name: its scores are no official scores.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .media.sniff import Refused, read_checked, shown_name
from .schema import AffectError
from .vocabulary import canonical, cluster, plain
from .wheel import parse_labels

OWN_NAME, OWN_VERSION = "affectgpt-wheel", "1"  # raise the version when a score of the same labels changes
OFFICIAL_NAME, CHANGED_NAME = "MER emotion wheels", "emotion wheels of the user"
WHEELS = (1, 2, 3, 4, 5)
TABLES = ("format.csv", "synonym.xlsx", *(f"wheel{number}.xlsx" for number in WHEELS))
SHA256 = {  # as published; the years share all files but format.csv
    "synonym.xlsx": "23f81f9ab1d2418aaf96775304fb5dc52c62bb5d5ef652a97471d045fc9d2e29",
    "wheel1.xlsx": "e70485d354b82a7491ff24648273182a5f4f13f92c76e6b3e4f9033f5e6afcc1",
    "wheel2.xlsx": "acc001e076a8e60440361f58dd8c05ed900c4890c84bb7d8d1df93708a7d9c87",
    "wheel3.xlsx": "d62f30bf88c17c55876634cd088eacaef98278fc25457474364439872f9dbf83",
    "wheel4.xlsx": "660260561b7fe15550f3679a01e7c783608ce3403d4c28db0a88520f68d83aea",
    "wheel5.xlsx": "2dd4595b2cf8e7628ca06a416a8e38ac831614b244f23d1ae613dc34007649f1",
}
FORMAT_SHA256 = {
    2025: "ba6de7d61db8e129d1d7ef8a2aae22a9e93a2c2e3e683e6f2735d04455f016f2",
    2026: "82234299875465ecf6c196ace42ffbe745baaeea72b5e39de955af36929982a4",
}
RUNS = range(1, 9)  # column pairs of synonym.xlsx
MAX_BYTES = 20 * 2**20  # of one table, packed and unpacked; the largest published one has 0.1 MB
CACHED_WORDS = 2**16

Place = tuple[str | None, ...]  # the value of one word in each case, None where the case does not have it


@dataclass(frozen=True, eq=False)
class Wheels:
    """One set of tables. `cases` names its mappings; `place(word)` is the value of a word in each of them.

    Official cases: case1 (base form, "M1"), case2 (wheel word, "M2"), case3_wheelN_levelL. Own ones: word,
    level1, level2. year: whose convention holds where F is undefined (None: as 2026); sha256: by file name.
    """

    name: str
    version: str
    year: int | None
    sha256: dict[str, str]
    cases: tuple[str, ...]
    split: Callable[[Any], list[str]]
    place: Callable[[str], Place]

    @property
    def official(self) -> bool:
        return self.name == OFFICIAL_NAME

    @property
    def table(self) -> dict[str, Any]:
        """What is printed beside each score: name, version, year, file and sha256 of the word forms."""
        file = next(iter(self.sha256))
        return {
            "name": self.name, "version": self.version, "year": self.year,
            "file": file, "sha256": self.sha256[file],
        }  # fmt: skip

    def at_level(self, level: int) -> tuple[int, ...]:
        """Positions in `cases` of the wheels at level 1 (cores) or 2 (sectors)."""
        return tuple(at for at, case in enumerate(self.cases) if case.endswith(f"level{level}"))

    def words(self, raw: Any) -> list[str]:
        """The words of a list or of a text, lower case and trimmed, in order, with repeats."""
        return [word.lower().strip() for word in self.split(raw)]

    def mapped(self, words: Iterable[str]) -> list[set[str]]:
        """For each case the set of values of `words`; words that it does not have are left out."""
        places = [self.place(word) for word in words]
        return [{place[at] for place in places} - {None} for at in range(len(self.cases))]


def split_official(raw: Any) -> list[str]:
    """The words of a cell by the official rule; a real list is taken as it is, None, NaN and "" have none.

    A "[" that comes first and a "]" that comes last are dropped, and ' " and , separate. Blanks are trimmed;
    case is kept. None and NaN in a list are no words. Raises TypeError for what is neither text nor list of
    words.
    """
    if _missing(raw):
        return []
    if not isinstance(raw, str):
        if isinstance(raw, bytes) or not isinstance(raw, Iterable):
            raise TypeError(f"labels are a text or a list of words, not {type(raw).__name__}: {raw!r}")
        words = [word for word in raw if not _missing(word)]
        for word in words:
            if isinstance(word, Iterable) and not isinstance(word, str):
                raise TypeError(f"labels are a text or a list of words, and {word!r} is no word")
        return [str(word) for word in words]
    raw = raw.removeprefix("[").removesuffix("]")
    pieces = raw.replace("'", ",").replace('"', ",").split(",")
    return [piece.strip() for piece in pieces if piece.strip()]


def _missing(value: Any) -> bool:
    """None, NaN of any kind of float, or what pandas writes for a missing cell."""
    if value is None or isinstance(value, Iterable):
        return value is None
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA, of which nothing is true
        return True


def load_wheels(folder: str | Path | None = None, *, year: int | None = None, check: bool = True) -> Wheels:
    """Return the tables of a folder (`TABLES`), or without one the project's own.

    The year follows from the sha256 of format.csv; `year` only says which is expected. Changed tables are
    refused, unless `check` is False and `year` says whose convention to follow. Tables are parsed once per
    content. Raises AffectError for a file that is missing, unreadable, changed or without its columns.
    """
    if folder is None:
        if year is not None:
            raise ValueError("the project's own wheel has no year: name the folder of the tables")
        return _own()
    given = {name: _read(Path(folder), name) for name in TABLES}
    sha256 = {name: hashlib.sha256(data).hexdigest() for name, data in given.items()}
    changed = [name for name, published in SHA256.items() if sha256[name] != published]
    found = next((y for y, known in FORMAT_SHA256.items() if known == sha256["format.csv"]), None)
    if found is None:
        changed.insert(0, "format.csv")
    if changed and check:
        raise AffectError(
            f"{changed[0]} is not the published emotion wheel table (its sha256 differs): download it again.",
            f"{changed[0]} 不是官方发布的情感轮表（sha256 不符）：请重新下载。",
        )
    if not changed and year not in (None, found):
        raise AffectError(
            f"These are the emotion wheel tables of {found}, not of {year}: name the folder of {year}.",
            f"这是 {found} 年的情感轮表，不是 {year} 年的：请指定 {year} 年的文件夹。",
        )
    year = found if not changed else year
    if year not in FORMAT_SHA256:
        raise ValueError(f"changed tables need a year, 2025 or 2026, not {year}")
    key = (*sha256.values(), year, bool(changed))
    if key not in _PARSED:
        place = lru_cache(CACHED_WORDS)(_places(given))
        name = CHANGED_NAME if changed else OFFICIAL_NAME
        _PARSED[key] = Wheels(name, str(year), year, sha256, _CASES, split_official, place)
    return _PARSED[key]


_CASES = ("case1", "case2", *(f"case3_wheel{n}_level{level}" for n in WHEELS for level in (1, 2)))
_PARSED: dict[tuple, Wheels] = {}  # by content, year, and whether the content is the published one


@cache
def _own() -> Wheels:
    """Base form, core and sector of our vocabulary; a text is read as `wheel.parse_labels` reads it."""
    data = b"".join(
        files(__package__).joinpath(name).read_bytes() for name in ("wheel.tsv", "traditional.tsv")
    )
    digest = hashlib.sha256(data).hexdigest()

    @lru_cache(CACHED_WORDS)
    def place(word: str) -> Place:
        return canonical(word), cluster(word, 1), cluster(word, 2)

    def split(raw: Any) -> list[str]:
        return parse_labels(raw) if isinstance(raw, str) else [plain(word) for word in split_official(raw)]

    cases = ("word", "level1", "level2")
    return Wheels(OWN_NAME, OWN_VERSION, None, {"wheel.tsv and traditional.tsv": digest}, cases, split, place)


def _places(given: dict[str, bytes]) -> Callable[[str], Place]:
    """Parse the seven files; return the function that maps a word.

    "First" is the order of code points. case1: first base word of the form. case2: first wheel word of that
    base word. case3: of all wheel words of all its base words, the first that the wheel has, at that level.
    """
    forms = _forms(_csv(given["format.csv"], "format.csv", ("name", "format")))
    columns = [f"{kind}_run{run}" for run in RUNS for kind in ("word", "synonym")]
    synonyms = _synonyms(_excel(given["synonym.xlsx"], "synonym.xlsx", columns))
    levels = ("level1", "level2", "level3")
    wheels = [_levels(_excel(given[f"wheel{n}.xlsx"], f"wheel{n}.xlsx", levels)) for n in WHEELS]

    def place(word: str) -> Place:
        bases = forms.get(word)
        if not bases:
            return (None,) * len(_CASES)
        named = sorted(set().union(*(synonyms.get(base, ()) for base in bases)))
        out = [bases[0], min(synonyms.get(bases[0], ()), default=None)]
        for by_level in wheels:
            first = next((name for name in named if name in by_level[0]), None)
            out += [level.get(first) for level in by_level]
        return tuple(out)

    return place


def _forms(rows: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    """form -> its base words, sorted; a base word is a form of itself."""
    forms: dict[str, set[str]] = {}
    for base, listed in rows:
        for form in (base, *split_official(listed)):
            forms.setdefault(form, set()).add(base)
    return {form: sorted(bases) for form, bases in forms.items()}


def _synonyms(rows: Iterable[Sequence[str]]) -> dict[str, set[str]]:
    """word -> the wheel words that any run names as its synonym; a wheel word is a synonym of itself."""
    synonyms: dict[str, set[str]] = {}
    for row in rows:
        for named, listed in zip(row[::2], row[1::2], strict=True):
            wheel_word = named.strip().lower()
            for word in (wheel_word, *(piece.lower() for piece in split_official(listed))):
                if wheel_word:
                    synonyms.setdefault(word, set()).add(wheel_word)
    return synonyms


def _levels(rows: Iterable[Sequence[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Name -> core, name -> sector; a name may be core, sector or word, and its last place counts."""
    tree: dict[str, dict[str, list[str]]] = {}
    above = ("", "", "")
    for row in rows:
        above = tuple(cell.strip().lower() or old for cell, old in zip(row, above, strict=True))
        core, sector, word = above
        tree.setdefault(core, {}).setdefault(sector, []).append(word)
    cores: dict[str, str] = {}
    sectors: dict[str, str] = {}
    for core, by_sector in tree.items():
        cores[core], sectors[core] = core, min(by_sector)
        for sector, words in by_sector.items():
            for name in (sector, *words):
                cores[name], sectors[name] = core, sector
    return cores, sectors


def _read(folder: Path, name: str) -> bytes:
    try:
        return read_checked(folder / name, max_bytes=MAX_BYTES)
    except Refused as refused:
        here = shown_name(folder.absolute())
        if refused.code == "missing":
            raise AffectError(
                f"{name} is missing in {here}: give the folder that holds {TABLES[0]}, {TABLES[1]} and "
                "wheel1 to wheel5.xlsx.",
                f"{here} 中缺少 {name}：请指定包含 {TABLES[0]}、{TABLES[1]} 和 wheel1–wheel5.xlsx 的文件夹。",
            ) from refused
        raise _unreadable(name) from refused


def _csv(data: bytes, name: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(name) from error
    return _columns(rows, name, columns)


def _excel(data: bytes, name: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_BYTES:
                raise ValueError("too large when unpacked")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0].iter_rows(values_only=True)
        rows = [["" if cell is None else str(cell) for cell in row] for row in sheet]
    except Exception as error:  # of a broken file openpyxl raises whatever it meets
        raise _unreadable(name) from error
    return _columns(rows, name, columns)


def _columns(rows: list[list[str]], name: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The cells of `columns` in each row that has any; a short row ends in empty cells."""
    head = rows[0] if rows else []
    lacking = [column for column in columns if column not in head]
    if lacking:
        raise AffectError(
            f"{name} has no column {lacking[0]}: it needs {', '.join(columns)}.",
            f"{name} 缺少列 {lacking[0]}：需要 {', '.join(columns)}。",
        )
    at = [head.index(column) for column in columns]
    picked = (tuple(row[i] if i < len(row) else "" for i in at) for row in rows[1:])
    return [row for row in picked if any(cell.strip() for cell in row)]


def _unreadable(name: str) -> AffectError:
    kind, kind_zh = (
        ("a UTF-8 table", "UTF-8 表格") if name.endswith(".csv") else ("an Excel file", "Excel 文件")
    )
    return AffectError(
        f"{name} is not {kind} that can be read: download it again.",
        f"{name} 不是可读取的{kind_zh}：请重新下载。",
    )
