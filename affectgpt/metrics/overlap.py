"""Overlaps of labels and of clues by counting, and what else two descriptions are compared by.

EMER (Lian et al. 2023, arXiv 2306.15401) asks a language model to mark the two overlaps from 1 to 10; these
count words on the project's own wheel and table of observable clues. The figures are comparable with each
other only, never with published ones nor with the marks of a judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ..observables import LEVEL, QUOTATION, content
from ..schema import MODALITIES
from ..vocabulary import HAN, canonical, cluster, plain
from ..wheel import base_labels, mentions, parse_labels, split_list

# Where a text in the EMER form turns from clues to the conclusion.
CONCLUSION = re.compile(
    r"therefore|thus\b|hence|can be (?:inferred|speculated|concluded)|overall|in summary|combin\w+"
    "|因此|所以|综上|综合|总的来说|推测|推断|可以看出|由此",
)
QUOTED_WORD = re.compile("[a-z']+|[\u3400-\u9fff]")


def label_overlap(
    predicted: str | Iterable[str] | None, reference: str | Iterable[str] | None
) -> dict[str, Any]:
    """Compare two lists of emotion labels (lists, list-like strings or texts; see `wheel.base_labels`).

    Every label becomes its sector of the wheel; a word that is not in the vocabulary stays itself. With the
    sets P and R: precision = |P & R| / |P|, recall = |P & R| / |R|, f1 = 2 |P & R| / (|P| + |R|); 0 where a
    set is empty. `pairs` shows what met; `exact` counts the base words that both lists have.
    """
    ours, theirs = base_labels(predicted), base_labels(reference)
    by_sector = {"predicted": _by_sector(ours), "reference": _by_sector(theirs)}
    met = sorted(by_sector["predicted"].keys() & by_sector["reference"].keys())
    sizes = [len(group) for group in by_sector.values()]
    return {
        "precision": _ratio(len(met), sizes[0]),
        "recall": _ratio(len(met), sizes[1]),
        "f1": _ratio(2 * len(met), sum(sizes)),
        "exact": len(set(ours) & set(theirs)),
        "pairs": [
            {"cluster": name, **{side: group[name] for side, group in by_sector.items()}} for name in met
        ],
        "predicted": ours,
        "reference": theirs,
        "unknown": sorted({label for label in ours + theirs if canonical(label) is None}),
    }


def clue_overlap(text: str, reference: str) -> dict[str, Any]:
    """Say what share of the clue content of `reference` is found in `text`, each in English or Chinese.

    The content of a text is a set: the categories of observable clues that it names (a smile, lowered
    brows, a loud voice; the table has them in both languages) and the sectors of its emotion words. Denied
    ones do not count, nor does a quotation whose words are not those that the reference quotes (if both
    quote in the same script). score = |content(text) & content(reference)| / |content(reference)|, 0..1, 0
    where the reference has none; precision is the same share of `text`, since a text that names everything
    would find everything.
    """
    ours, theirs = content(text), content(reference)
    if not _same_quotes(text, reference):
        ours["lexical"].discard("quoted")
    parts = {}
    for part in (*MODALITIES, "emotion"):
        found, wanted = ours[part], theirs[part]
        parts[part] = {
            "score": _ratio(len(found & wanted), len(wanted)) if wanted else None,
            "found": sorted(found & wanted),
            "missed": sorted(wanted - found),
            "extra": sorted(found - wanted),
        }
    found, wanted, met = (
        sum(len(group) for group in x.values()) for x in (ours, theirs, _common(ours, theirs))
    )
    return {"score": _ratio(met, wanted), "precision": _ratio(met, found), "parts": parts}


def reference_labels(reference: str | Iterable[str]) -> list[str]:
    """Return the labels of a reference; of a text those of its conclusion, if that names any."""
    if not isinstance(reference, str) or split_list(reference) is not None:
        return parse_labels(reference)
    flat = plain(reference)
    marks = list(CONCLUSION.finditer(flat))
    for mark in (marks[-1:], marks[:1]):
        found = [word.word for word in mentions(flat[mark[0].start() :]) if not word.negated] if mark else []
        if found:
            return list(dict.fromkeys(found))
    return parse_labels(reference)


def quotation_overlap(text: str, reference: str) -> float | None:
    """Compare the words in quotation marks, 2 |P & R| / (|P| + |R|); None where they cannot be compared.

    A text that quotes nothing has 0. A reference that quotes nothing, and a translation, give None.
    """
    ours, theirs = quoted_words(text), quoted_words(reference)
    scripts = [{bool(HAN.match(word)) for word in words} for words in (ours, theirs)]
    if not theirs or (ours and not scripts[0] & scripts[1]):
        return None
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


@lru_cache(maxsize=2048)
def quoted_words(text: str) -> frozenset[str]:
    """Return the distinct English words and Chinese characters in quotation marks."""
    return frozenset(QUOTED_WORD.findall(" ".join(QUOTATION.findall(plain(text)))))


def _same_quotes(text: str, reference: str) -> bool:
    """Whether the text quotes half of the words that the reference quotes; a translation is let pass."""
    ours, theirs = quoted_words(text), quoted_words(reference)
    comparable = ours and quotation_overlap(text, reference) is not None
    return not comparable or len(ours & theirs) >= len(theirs) / 2


def _by_sector(labels: list[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(cluster(label, LEVEL) or label, []).append(label)
    return groups


def _common(ours: dict[str, set[str]], theirs: dict[str, set[str]]) -> dict[str, set[str]]:
    return {part: ours[part] & theirs[part] for part in ours}


def _ratio(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
