"""What a description names: observable clues of each modality, and sectors of emotion, in either language.

The table `observables.tsv` (clue, its Chinese name, English pattern, Chinese pattern) was written for this
project from general knowledge of how faces, voices and words are described.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files

from .schema import MODALITIES, Language
from .vocabulary import HAN, cluster, plain, translate
from .wheel import mentions

LEVEL = 2  # of the wheel: "worried" meets "anxious", but not "afraid"
NEGATION_REACH = 12  # characters before an observable clue in which it can be denied
NEGATION = re.compile(r"(?:(?:\b(?:no|not|without|never)|n't)\b[\w\s]{0,8}|没有|并未|并没|不再|未见|无)\s*$")
QUOTATION = re.compile('[“"「]([^“”"「」]{2,})[”"」]')
MODEL_HEADING = re.compile(
    r"^\s*(?:input|output)\s*[:：]\s*", re.IGNORECASE
)  # left over in some EMER-v2 rows


def content(text: str) -> dict[str, set[str]]:
    """Return the clue categories that a text names, by modality, and under "emotion" its emotion sectors."""
    return {**clues_named(text), "emotion": set(map(sector, emotions_named(text)))}


def clues_named(text: str) -> dict[str, set[str]]:
    """Return the clue categories of `content` by modality.

    What somebody says, in quotation marks, shows nothing: "look up!" moves no head.
    """
    flat = QUOTATION.sub("“……”", plain(MODEL_HEADING.sub("", text)))
    found: dict[str, set[str]] = {modality: set() for modality in MODALITIES}
    for modality, name, pattern in observables(chinese=bool(HAN.search(flat))):
        if any(
            not NEGATION.search(flat, max(0, m.start() - NEGATION_REACH), m.start())
            for m in pattern.finditer(flat)
        ):
            found[modality].add(name)
    return found


def emotions_named(text: str) -> set[str]:
    """Return the base forms of the emotion words in a text, without the denied ones."""
    return {mention.word for mention in mentions(text) if not mention.negated}


@cache
def sector(word: str) -> str:
    """Return the sector of a base form on the wheel."""
    return cluster(word, LEVEL) or word


@lru_cache(maxsize=4096)
def shown(name: str, language: Language) -> str:
    """Return a clue category, or else a word of emotion, as a reader calls it: "voice low", 声音低."""
    if name not in _chinese_names():
        return translate(name, language)
    return _chinese_names()[name] if language == "zh" else name.replace("_", " ")


@cache
def observables(*, chinese: bool = True) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """(modality, category, pattern) of our own table: English and Chinese or, twice as fast, English."""
    return tuple(
        (
            modality,
            name,
            re.compile((rf"\b(?:{en})\b" if name != "quoted" else en) + (f"|{zh}" if chinese else "")),
        )
        for modality, name, _, en, zh in _rows()
    )


@cache
def _chinese_names() -> dict[str, str]:
    return {name: name_zh for _, name, name_zh, _, _ in _rows()}


def _rows() -> list[list[str]]:
    table = files(__package__).joinpath("observables.tsv").read_text(encoding="utf-8")
    return [row.split("\t") for row in table.splitlines()[1:]]
