"""What differs between two answers: labels, their place, sentences, clues; and one line that says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from math import hypot

from ...schema import Clue, Explanation, Label, Language
from ...vocabulary import translate
from ...wording import join_list
from ..text import say

SENTENCE = re.compile(r".+?(?:[.!?][\"'”’)]*(?=\s)\s*|[。！？]+[”’」』）]*|$)", re.DOTALL)
LEAST = 0.01  # of valence, arousal and confidence: what rounds to nothing is no change
TOLD = 0.05  # of a confidence from which the line mentions it

Marked = list[tuple[str, bool]]  # (sentence, whether it is in this text alone)


def only_in(labels: Sequence[Label], others: Sequence[Label]) -> list[Label]:
    """Return the labels whose name is not among the others."""
    names = {label.name for label in others}
    return [label for label in labels if label.name not in names]


def agreement(one: Explanation, other: Explanation) -> float:
    """Return how far two answers name the same labels equally surely: 1 the same, 0 none in common.

    The weighted Jaccard index of their confidences; two answers without labels agree.
    """
    sure, others = ({x.name: x.confidence for x in found.verdict.labels} for found in (one, other))
    names = sure.keys() | others.keys()
    pairs = [(sure.get(name, 0.0), others.get(name, 0.0)) for name in names]
    whole = sum(max(pair) for pair in pairs)
    return sum(min(pair) for pair in pairs) / whole if whole else 1.0


def shift(one: Explanation, other: Explanation) -> tuple[float, float] | None:
    """Return by how much valence and arousal differ; None where one of them was not told."""
    was, now = ((found.verdict.valence, found.verdict.arousal) for found in (one, other))
    return None if None in (*was, *now) else (now[0] - was[0], now[1] - was[1])


def weight(one: Explanation, other: Explanation) -> float:
    """Return how much an answer changed: lost agreement of labels, and the way on the plane (of 2.8)."""
    moved = shift(one, other)
    return 1 - agreement(one, other) + (hypot(*moved) if moved else 0.0)


def sentences(text: str, other: str) -> tuple[Marked, Marked]:
    """Return the sentences of two texts with what is in one of them alone marked."""
    split = [[x.strip() for x in SENTENCE.findall(said.strip())] for said in (text, other)]
    sides: tuple[Marked, Marked] = ([], [])
    for tag, a, b, c, d in SequenceMatcher(None, *split, autojunk=False).get_opcodes():
        sides[0].extend((sentence, tag != "equal") for sentence in split[0][a:b])
        sides[1].extend((sentence, tag != "equal") for sentence in split[1][c:d])
    return sides


def clues_only_in(clues: Sequence[Clue], others: Sequence[Clue]) -> list[tuple[int, Clue]]:
    """Return the (position, clue) pairs that have no equal among the others."""
    known = [(clue.modality, clue.name, clue.text) for clue in others]
    out = []
    for position, clue in enumerate(clues):
        if (clue.modality, clue.name, clue.text) in known:
            known.remove((clue.modality, clue.name, clue.text))
        else:
            out.append((position, clue))
    return out


def told(one: Explanation, other: Explanation, language: Language, lead: str) -> str:
    """Return in one line what changes from `one` to `other`; `lead` begins it."""
    clauses = [*_labels(one, other, language), *_place(one, other, language)]
    return lead + say("cp_and_then", language).join(clauses) + say("cp_stop", language)


def _labels(one: Explanation, other: Explanation, language: Language) -> list[str]:
    was, now = one.verdict.labels, other.verdict.labels
    lost, gained = only_in(was, now), only_in(now, was)
    if not (lost or gained):
        if not was:
            return [say("cp_still_none", language)]
        sure = {label.name: label.confidence for label in now}
        turns = [
            (label, sure[label.name]) for label in was if abs(sure[label.name] - label.confidence) >= TOLD
        ]
        return [say("cp_same_labels", language)] + [
            say(
                "cp_surer" if new > label.confidence else "cp_less_sure",
                language,
                name=label.text[language],
                one=f"{label.confidence:.2f}",
                other=f"{new:.2f}",
            )
            for label, new in turns[:1]
        ]
    out = []
    for key, found in (("cp_lost", lost), ("cp_gained", gained)):
        if found:
            names = join_list([say("cp_quoted", language, name=x.text[language]) for x in found], language)
            out.append(say(key + ("_many" if len(found) > 1 else ""), language, names=names))
    if not now:
        out.append(say("cp_none_left", language))
    return [say("cp_and", language).join(out)]


def _place(one: Explanation, other: Explanation, language: Language) -> list[str]:
    verdicts = one.verdict, other.verdict
    if (told_now := verdicts[1].valence is not None) != (verdicts[0].valence is not None):
        return [say("cp_place_told" if told_now else "cp_place_gone", language)]
    moved = shift(one, other)
    if moved is None:
        return []
    turns = [
        say(
            "cp_rises" if by > 0 else "cp_falls",
            language,
            what=say(f"cp_{axis}", language),
            by=f"{abs(by):.2f}",
        )
        for axis, by in zip(("valence", "arousal"), moved, strict=True)
        if abs(by) >= LEAST
    ]
    return (
        [join_list(turns, language) if language == "en" else "，".join(turns)]
        if turns
        else [say("cp_place_same", language)]
    )


def label_names(labels: Sequence[str], language: Language) -> str:
    """Return names of labels as a list for reading."""
    return ("、" if language == "zh" else ", ").join(translate(name, language) for name in labels)
