"""What two descriptions are compared by, besides their clues: the emotions they conclude and quoted words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ..observables import QUOTATION
from ..vocabulary import HAN, plain
from ..wheel import mentions, parse_labels, split_list

# Where a text in the EMER form turns from clues to the conclusion.
CONCLUSION = re.compile(
    r"therefore|thus\b|hence|can be (?:inferred|speculated|concluded)|overall|in summary|combin\w+"
    "|因此|所以|综上|综合|总的来说|推测|推断|可以看出|由此",
)
QUOTED_WORD = re.compile("[a-z']+|[\u3400-\u9fff]")


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
