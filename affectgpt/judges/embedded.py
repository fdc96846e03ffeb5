"""The embedded judge: counts what two descriptions, or two lists of labels, have in common, without a model.

Clue mark. A description becomes a set of items, the same in English and Chinese: each observable clue (a
smile, a loud voice) with weight 1, each sector of emotion on our wheel 1, each emotion word 0.5 more, and its
quotation 2. Quotations meet by the share of their words; those in two languages cannot be compared and are
left out. With the weights m that met, p of the prediction and r of the reference, overlap = m / sqrt(p r):
the geometric mean of precision m / p and recall m / r, so that neither a short nor an endless text wins.

Label mark. Two labels are alike by 1 (same word in any form or language), 0.9 (same sector), 0.5 (same core
of our wheel) or 0. precision = mean over the predicted labels of the likeness to the nearest one of the
reference, recall the other way round, overlap = their harmonic mean. Labels that are not given are the
emotion words of the conclusion.

mark = 1 + 9 overlap, to one decimal. It does not read sentences, it does not know who does what, and it is
not comparable with marks that a language model gave.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from math import sqrt
from typing import Any

from ..metrics.overlap import quotation_overlap, quoted_words, reference_labels
from ..observables import clues_named, emotions_named, sector, shown
from ..schema import Language, Text
from ..vocabulary import cluster
from ..wheel import base_labels
from .judgement import HIGHEST, LOWEST, Judgement, Pair

JUDGE, VERSION = "affectgpt-overlap", 3  # raise the version when a mark of the same texts changes
CLUE, SECTOR, WORD, QUOTE = 1.0, 1.0, 0.5, 2.0  # weights of what a description names
SAME_SECTOR, SAME_CORE = 0.9, 0.5  # likeness of two labels
MAX_CHARS = 20_000  # of a description that are read; published ones have up to 2,900
REMEMBERED = 2048  # descriptions: a reference is asked about again and again
TOLD = 8  # names in one list of a reason


class EmbeddedJudge:
    """The default judge; the same pairs always get the same marks."""

    name = JUDGE

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"version": VERSION, "max_chars": MAX_CHARS}

    def __call__(self, pairs: Sequence[Pair]) -> Iterator[Judgement]:
        """Judge each pair by itself. score None: the reference names nothing to compare with."""
        return map(judge, pairs)


def judge(pair: Pair) -> Judgement:
    """Mark one pair; the formulas stand at the top of this file."""
    whole = pair
    pair = replace(pair, predicted=pair.predicted[:MAX_CHARS], reference=pair.reference[:MAX_CHARS])
    out = _judge_clues(pair) if pair.aspect == "clue" else _judge_labels(pair)
    return out if pair == whole else replace(out, details={**out.details, "shortened": True})


def _judge_clues(pair: Pair) -> Judgement:
    (ours, our_words), (theirs, their_words) = _described(pair.predicted), _described(pair.reference)
    quoted = quotation_overlap(pair.predicted, pair.reference)
    if not theirs and quoted is None:
        return _nothing(pair, Text("The reference names no clue or emotion.", "参考描述中没有线索或情绪。"))
    met, predicted, wanted = (
        CLUE * len(items) + WORD * len(words)
        for items, words in (
            (ours & theirs, our_words & their_words),
            (ours, our_words),
            (theirs, their_words),
        )
    )
    if quoted is not None:
        met, predicted, wanted = met + QUOTE * quoted, predicted + QUOTE, wanted + QUOTE
    overlap = met / sqrt(predicted * wanted) if predicted else 0.0
    details: dict[str, Any] = {
        "overlap": round(overlap, 4),
        "precision": round(met / predicted, 4) if predicted else 0.0,
        "recall": round(met / wanted, 4),
        "met": _names(ours & theirs),
        "missed": _names(theirs - ours),
        "extra": _names(ours - theirs),
        "quotation": None if quoted is None else round(quoted, 4),
    }
    return Judgement(pair.name, pair.aspect, _mark(overlap), _reason(details), details)


def _judge_labels(pair: Pair) -> Judgement:
    ours = _labels(pair.predicted_labels, pair.predicted)
    theirs = _labels(pair.reference_labels, pair.reference)
    if not theirs:
        return _nothing(pair, Text("The reference names no emotion.", "参考中没有情绪标签。"))
    said, wanted = _nearest(ours, theirs), _nearest(theirs, ours)
    precision = sum(said.values()) / len(said) if said else 0.0
    recall = sum(wanted.values()) / len(wanted)
    overlap = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    details: dict[str, Any] = {
        "overlap": round(overlap, 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "met": [label for label, likeness in wanted.items() if likeness],
        "missed": [label for label, likeness in wanted.items() if not likeness],
        "extra": [label for label, likeness in said.items() if not likeness],
    }
    return Judgement(pair.name, pair.aspect, _mark(overlap), _reason(details), details)


@lru_cache(maxsize=REMEMBERED)
def _described(text: str) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """Items (part, name) of a description and its emotion words; quotations are compared apart."""
    words = frozenset(emotions_named(text))
    items = {(part, name) for part, names in clues_named(text).items() for name in names}
    items |= {("emotion", sector(word)) for word in words}
    return frozenset(items - {("lexical", "quoted")}), words


@lru_cache(maxsize=REMEMBERED)
def _labels(given: tuple[str, ...] | None, text: str) -> list[str]:
    return base_labels(reference_labels(text) if given is None else given)


def forget() -> None:
    """Forget the descriptions that were judged, for whoever must keep nothing of those who asked."""
    for remembered in (_described, _labels, quoted_words):
        remembered.cache_clear()


def _nearest(labels: list[str], others: list[str]) -> dict[str, float]:
    """The likeness of each label to the nearest of the others; time grows with the sum of both lengths."""
    places = [{place for other in others if (place := cluster(other, level))} for level in (1, 2)]
    cores, sectors, same = *places, set(others)

    def likeness(label: str) -> float:
        if label in same:
            return 1.0
        if cluster(label, 2) in sectors:
            return SAME_SECTOR
        return SAME_CORE if cluster(label, 1) in cores else 0.0

    return {label: likeness(label) for label in labels}


def _mark(overlap: float) -> float:
    return round(LOWEST + (HIGHEST - LOWEST) * min(overlap, 1.0), 1)


def _names(items: frozenset[tuple[str, str]]) -> list[str]:
    return [name for _, name in sorted(items)]


def _nothing(pair: Pair, reason: Text) -> Judgement:
    return Judgement(pair.name, pair.aspect, None, reason)


def _reason(details: dict[str, Any]) -> Text:
    headings = {
        "met": Text("Both", "两者都有"),
        "missed": Text("Missing", "缺少"),
        "extra": Text("Added", "多出"),
    }
    told = [(heading, details[key]) for key, heading in headings.items() if details[key]]
    quoted = details.get("quotation")
    en = [f"{heading.en}: {_list(names, 'en')}." for heading, names in told]
    zh = [f"{heading.zh}：{_list(names, 'zh')}。" for heading, names in told]
    if quoted is not None:
        en.append(f"Quoted words in common: {quoted:.0%}.")
        zh.append(f"引用的词重合 {quoted:.0%}。")
    return Text(" ".join(en) or "Nothing in common.", "".join(zh) or "没有重合。")


def _list(names: list[str], language: Language) -> str:
    words = [shown(name, language) for name in names[:TOLD]]
    more = len(names) - len(words)
    if language == "zh":
        return "、".join(words) + (f"等（共 {len(names)} 项）" if more else "")
    return ", ".join(words) + (f" and {more} more" if more else "")
