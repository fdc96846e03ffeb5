"""The emotion labels in a text: a list of words, AffectGPT's own sentence, or free text in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from .vocabulary import HAN, canonical, inflections, load_vocabulary, plain

MAX_WORDS = 4  # of an English form ("looking forward to" has 3)
MAX_LABEL_WORDS = 4  # an English piece of a list with more words is a sentence, not a label
MAX_LABEL_HAN = 8  # the same for Chinese characters
NEGATION_WORDS = 3  # English: how far before a word its negation may stand
NEGATION_HAN = 3  # Chinese: the same, in characters

# "no", "not" and what does the same in a description: "rather than sad", 而不是悲伤.
NEGATION_EN = re.compile(
    r"\b(?:not|no|never|without|n?either|nor|cannot|hardly|barely|\w+n't|rather than|instead of"
    r"|lack of|free (?:from|of))\b"
)
NOT_NEGATING_EN = re.compile(r"\b(?:not only|not just|no doubt|no wonder|not without)\b")
NEGATION_ZH = re.compile("没有|并非|并不|毫无|而非|不是|不|没|未|非|别|无")
# Chinese words in which 不, 没, 无 or 非 negates nothing that follows.
NOT_NEGATING_ZH = re.compile(
    "不仅|不但|不过|不禁|不由得?|不得不|不只|不止|不光|不断|不停|不时|不免|无比|非常|非得|莫非|不管|不论|无论"
    "|是不是|特别|无形中"
)
SEPARATORS = re.compile(r"[,，、;；/|\n\r\t]|(?:^|\s)(?:and|&|as well as|or)(?=\s)", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.。!！?？][^\w\n.。!！?？]*\w")  # a stop that is followed by more text
HEADING = re.compile(
    r"^[^\[,:：]{0,40}?(?:emotions?|labels?|feelings?|情感|情绪|标签)[^\[,:：]{0,16}[:：]\s*", re.IGNORECASE
)
BRACKETS = ("[", "(", "{", "【")
STATED = re.compile(r"(?:emotional|sentiment) states? (?:is|are)\s*:?\s*([^.\n]*)")  # AffectGPT's own form
BETWEEN = re.compile(r"[,;、\[\]'\"]|\b(?:and|or)\b")  # its labels
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
CLAUSE_END = re.compile('[,.;:!?，。；：！？、…“”"()（）\n]')


@dataclass(frozen=True)
class Mention:
    """An emotion word in a text: characters `start` to `end`, its base form, and whether it is negated."""

    start: int
    end: int
    word: str
    negated: bool


def parse_labels(text: str | Iterable[str] | None) -> list[str]:
    """Return the labels of a list, a list-like string or a running text, in order and without repeats.

    A known word comes back as its base form. An unknown item of a list stays, in lower case; an unknown word
    of a running text is no label. Negated words ("not angry", 没有生气) are left out.
    """
    if text is None:
        return []
    if not isinstance(text, str):
        return _unique(label for item in text for label in _labels_of_piece(str(item), bracketed=True))
    pieces = split_list(text)
    if pieces is None:
        return _unique(mention.word for mention in mentions(text) if not mention.negated)
    bracketed = HEADING.sub("", text.strip())[:1] in BRACKETS
    return _unique(label for piece in pieces for label in _labels_of_piece(piece, bracketed=bracketed))


def split_list(text: str) -> list[str] | None:
    """Return the pieces of a list-like string ("[a, b]", "a and b", 甲、乙); None when it is running text."""
    body = HEADING.sub("", text.strip()).rstrip(".。 ")
    bracketed = body[:1] in BRACKETS and body[-1:] in "])}】"
    if bracketed:
        body = body[1:-1]
    pieces = [piece for piece in SEPARATORS.split(body) if piece.strip(" '\"“”")]
    is_list = bracketed or (not SENTENCE_END.search(body) and all(map(_is_short, pieces)))
    return pieces if is_list else None


def mentions(text: str) -> list[Mention]:
    """Find the emotion words of a running text in either language, longest form first, without overlaps."""
    flat = plain(text)
    found = [*_mentions_en(flat), *_mentions_zh(flat)]
    return sorted(found, key=lambda mention: mention.start)


def labels_in(answer: str) -> list[tuple[str, int, int]]:
    """Return the labels of an answer to AffectGPT's label question, each with its place: (label, start, end).

    "The character's emotional state is a, b and c." gives the words as they stand, in lower case, known or
    not; another sentence gives its known words, in their base forms.
    """
    stated = STATED.search(answer)
    if stated:
        found, at = [], stated.start(1)
        for piece in BETWEEN.split(stated.group(1)):
            if label := piece.strip().lower():
                at = answer.index(piece.strip(), at)
                if len(label.split()) > MAX_LABEL_WORDS or NEGATION_EN.search(label):  # a clause, not a label
                    found += [(m.word, at + m.start, at + m.end) for m in mentions(label) if not m.negated]
                else:
                    found.append((label, at, at + len(label)))
    else:
        found = [(m.word, m.start, m.end) for m in mentions(answer) if not m.negated]
    first: dict[str, tuple[str, int, int]] = {}
    for place in found:
        first.setdefault(place[0], place)
    return list(first.values())


def _unique(labels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(labels))


def _is_short(piece: str) -> bool:
    if HAN.search(piece):
        return len(HAN.findall(piece)) <= MAX_LABEL_HAN
    return len(piece.split()) <= MAX_LABEL_WORDS


def _labels_of_piece(piece: str, *, bracketed: bool) -> list[str]:
    name = re.sub(r"\s+", " ", plain(piece)).strip(" '\"“”.,;:!?。[](){}*#-·•0123456789")
    if not name:
        return []
    base = canonical(name)
    if base:
        return [base]
    found = mentions(name)
    if found and not bracketed:
        return [mention.word for mention in found if not mention.negated]
    if any(mention.negated for mention in found):
        return []
    joined = [canonical(part) for part in re.split("[和与及]", name)]
    return [part for part in joined if part] if len(joined) > 1 and all(joined) else [name]


def _mentions_en(flat: str) -> Iterator[Mention]:
    vocabulary = load_vocabulary()
    tokens = list(WORD.finditer(flat))
    position = 0
    while position < len(tokens):
        size = min(MAX_WORDS, len(tokens) - position)
        base = None
        while size and base is None:
            phrase = " ".join(token.group() for token in tokens[position : position + size])
            base = next(
                (vocabulary.forms[form] for form in inflections(phrase) if form in vocabulary.spoken), None
            )
            # A form that is listed as label-only must not come back through its stem ("minded" -> "mind").
            if phrase in vocabulary.forms and phrase not in vocabulary.spoken:
                base = None
            size -= base is None
        if base:
            start, end = tokens[position].start(), tokens[position + size - 1].end()
            near = tokens[max(0, position - NEGATION_WORDS) : position]  # all before it: quadratic time
            yield Mention(start, end, base, _negated_en(flat, near, start))
        position += max(size, 1)


def _negated_en(flat: str, before: list[re.Match[str]], start: int) -> bool:
    if not before:
        return False
    near = CLAUSE_END.split(flat[before[0].start() : start])[-1]
    return bool(NEGATION_EN.search(NOT_NEGATING_EN.sub("", near)))


@cache
def _longest_zh() -> re.Pattern[str]:
    forms = sorted((form for form in load_vocabulary().spoken if HAN.match(form)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms)))


def _mentions_zh(flat: str) -> Iterator[Mention]:
    forms = load_vocabulary().forms
    for match in _longest_zh().finditer(flat):
        clause = CLAUSE_END.split(flat[max(0, match.start() - 8) : match.start()])[-1]
        near = NOT_NEGATING_ZH.sub(lambda found: "·" * len(found.group()), clause)[-NEGATION_HAN:]
        yield Mention(match.start(), match.end(), forms[match.group()], bool(NEGATION_ZH.search(near)))
