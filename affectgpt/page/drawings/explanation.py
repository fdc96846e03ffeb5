"""The explanation as HTML: its four parts, with what each sentence rests on marked in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from ...observables import NEGATION, NEGATION_REACH, QUOTATION, observables, shown
from ...parts import PARTS
from ...schema import Explanation, Language
from ...vocabulary import HAN, plain, translate
from ...wheel import mentions
from ...wording import noun
from ..html import lines
from ..text import say
from .svg import icon, kind, number, seek

KINDS = ("visual", "acoustic", "lexical", "quote", "emotion")  # in the order of the legend
# "0.6–2.3, 2.9–3.4 and 3.7–5.1 s", "at 3.2 s", 0.6–2.3、2.9–3.4 秒: moments, but not lengths ("for 0.6 s")
NUMBER = r"\d{1,4}(?:\.\d{1,2})?"
RANGE = rf"{NUMBER} ?[-–—~] ?{NUMBER}"
JOINT = "(?:, ?and |, ?| and |、|和)"
BEFORE = "|".join(
    rf"(?<={word})" for word in (r"\bat ", r"\bfrom ", r"\baround ", "从 ", "从", "在 ", "在", "第 ", "第")
)
UNIT = r" ?(?:s\b|sec\b|seconds?\b|秒)"
MOMENTS = re.compile(
    rf"(?<![\d.])(?:{RANGE}(?:{JOINT}(?:{RANGE}|{NUMBER}))*|(?:{BEFORE}){NUMBER}){UNIT}", re.IGNORECASE
)
MOMENT = re.compile(rf"({NUMBER})(?: ?[-–—~] ?{NUMBER})?(?:{UNIT})?")
CLAUSE = re.compile("[,;:。、]")  # a name of one thing does not reach into the next clause
# words of our own engine about its numbers, which are no evidence
NO_EVIDENCE = re.compile(
    r"\bat rest\b|\(confidence [\d.]+\)|（置信度 [\d.]+）|\boverall, the tone\b|情绪基调|放松时|激动程度",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """Characters `start` to `end` of a text that are evidence of a kind; `note` says which."""

    start: int
    end: int
    kind: str
    note: str = ""  # a name of `observables.shown`, an emotion word, or the seconds of a moment
    clue: str = ""  # the mark of the clue that is named there


def text(explanation: Explanation, language: Language, *, running: bool = False, draft: str = "") -> str:
    """Return the four parts of the explanation, and a line when they are in the other language.

    draft: what is just being written and belongs to no part yet. Evidence is marked once all is written.
    """
    if not explanation.parts and not draft.strip():
        return ""
    caret = '<span class="ag-caret"></span>' if running else ""
    last = [name for name in PARTS if explanation.parts.get(name)][-1:]
    if draft.strip():
        last = []
    named = _names(explanation)
    body, kinds = "", set()
    for name in PARTS:
        words = (explanation.parts.get(name) or "").strip()
        if not words:
            continue
        found = () if running else evidence(words, named if name == "inference" else ())
        kinds |= {one.kind for one in found}
        body += (
            f'<section class="{name}"><h3>{icon(name)}{say(name, language)}</h3>'
            f'<p lang="{explanation.language}" dir="auto">{_marked(words, found, language)}'
            f"{caret if [name] == last else ''}</p></section>"
        )
    if draft.strip():
        body += f'<section class="ag-draft"><p dir="auto">{lines(draft.strip())}{caret}</p></section>'
    return (
        f'<section class="ag-card ag-text"><h2>{say("explanation", language)}</h2>'
        f"{_other_language(explanation, language)}{body}{_legend(kinds, language)}</section>"
    )


def _names(explanation: Explanation) -> tuple[tuple[str, str], ...]:
    """The short name of each clue in the language of the text, with its mark."""
    names: dict[str, str] = {}
    for clue, mark in zip(explanation.clues, number(explanation.clues), strict=True):
        if name := noun(clue):
            names.setdefault(name[explanation.language], mark)
    return tuple(names.items())


def _other_language(explanation: Explanation, language: Language) -> str:
    if explanation.language == language:
        return ""
    key = "other_language" if language == "zh" else "other_language_zh"
    return f'<p class="ag-note">{say(key, language, run=say("run", language))}</p>'


def _legend(kinds: set[str], language: Language) -> str:
    if not kinds:
        return ""
    shown_kinds = "".join(
        f'<span><mark class="{name}">{say(f"legend_{name}", language)}</mark></span>'
        for name in KINDS
        if name in kinds
    )
    return f'<p class="ag-legend">{say("legend", language)} {shown_kinds}</p>' if shown_kinds else ""


def evidence(words: str, named: tuple[tuple[str, str], ...] = ()) -> tuple[Found, ...]:
    """Return what in `words` is a moment, a quotation, an observable clue or a word of emotion, in order.

    named: (short name, mark) of clues that the text may point back to: ("the smile", "V2").

    Positions are those of `words`. Nothing overlaps: moments and quotations win over single words, a clue
    over the emotion in it. What is denied ("does not smile") is no evidence.
    """
    quotes = [Found(*match.span(), "quote") for match in QUOTATION.finditer(words)]
    flat = plain(words)
    for pattern in (QUOTATION, NO_EVIDENCE):
        flat = pattern.sub(lambda match: " " * len(match.group()), flat)
    times = [
        Found(part.start(), part.end(), "time", part[1])
        for match in MOMENTS.finditer(flat)
        for part in MOMENT.finditer(flat, *match.span())
    ]
    seen = [
        Found(*match.span(), modality, name)
        for modality, name, pattern in observables(chinese=bool(HAN.search(flat)))
        if name != "quoted"
        for match in pattern.finditer(flat)
        if not CLAUSE.search(match.group())
        and not NEGATION.search(flat, max(0, match.start() - NEGATION_REACH), match.start())
    ]
    back = [
        Found(*match.span(), kind(mark), clue=mark)
        for name, mark in named
        for match in re.finditer(rf"(?<![a-z]){re.escape(plain(name))}(?![a-z])", flat)
    ]
    back.sort(key=lambda one: one.start - one.end)
    seen.sort(key=lambda one: one.start - one.end)  # the longest name of a thing
    felt = [Found(x.start, x.end, "emotion", x.word) for x in mentions(flat) if not x.negated]
    chosen: list[Found] = []
    taken = bytearray(len(words))
    for one in (*times, *quotes, *back, *seen, *felt):
        if one.end > one.start and not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            chosen.append(one)
    return tuple(sorted(chosen, key=lambda one: one.start))


def _marked(words: str, found: tuple[Found, ...], language: Language) -> str:
    """`words` as HTML with each piece escaped by itself."""
    out, at = "", 0
    for one in found:
        inner = words[one.start : one.end]
        out += lines(words[at : one.start]) + _mark(inner, one, language)
        at = one.end
    return out + lines(words[at:])


def _mark(inner: str, one: Found, language: Language) -> str:
    if one.kind == "time":
        return seek(float(one.note), escape(inner), language)
    if one.kind == "quote":
        return f'<mark class="quote"><bdi>{lines(inner)}</bdi></mark>'
    if one.clue:
        link = f'<a href="#clue-{one.clue}" data-goto="{one.clue}">'
        return f'{link}<mark class="{one.kind}">{lines(inner)}</mark></a>'
    name = translate(one.note, language) if one.kind == "emotion" else shown(one.note, language)
    side = say(f"legend_{one.kind}", language)
    return f'<mark class="{one.kind}" title="{escape(f"{side}: {name}")}">{lines(inner)}</mark>'
