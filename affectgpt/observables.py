"""What a description names: observable clues of each modality, and sectors of emotion, in either language.

The table `observables.tsv` (clue, English pattern, Chinese pattern) was written for this project from general
knowledge of how faces, voices and words are described.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from .schema import MODALITIES
from .vocabulary import cluster, plain
from .wheel import mentions

LEVEL = 2  # of the wheel: "worried" meets "anxious", but not "afraid"
NEGATION_REACH = 12  # characters before an observable clue in which it can be denied
NEGATION = re.compile(r"(?:(?:\b(?:no|not|without|never)|n't)\b[\w\s]{0,8}|没有|并未|并没|不再|未见|无)\s*$")
MODEL_HEADING = re.compile(
    r"^\s*(?:input|output)\s*[:：]\s*", re.IGNORECASE
)  # left over in some EMER-v2 rows


def content(text: str) -> dict[str, set[str]]:
    """Return the clue categories that a text names, by modality, and under "emotion" its emotion sectors."""
    flat = plain(MODEL_HEADING.sub("", text))
    found: dict[str, set[str]] = {part: set() for part in (*MODALITIES, "emotion")}
    for modality, name, pattern in observables():
        if any(
            not NEGATION.search(flat, max(0, m.start() - NEGATION_REACH), m.start())
            for m in pattern.finditer(flat)
        ):
            found[modality].add(name)
    found["emotion"] = {
        cluster(mention.word, LEVEL) or mention.word for mention in mentions(flat) if not mention.negated
    }
    return found


@cache
def observables() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """(modality, category, pattern in both languages) of our own table, written from general knowledge."""
    rows = files(__package__).joinpath("observables.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(
        (
            modality,
            name,
            re.compile(rf"\b(?:{english})\b|{chinese}" if name != "quoted" else f"{english}|{chinese}"),
        )
        for modality, name, english, chinese in (row.split("\t") for row in rows)
    )
