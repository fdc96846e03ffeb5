"""The emotion labels in a text: a list of words, AffectGPT's own sentence, or free text in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from .vocabulary import HAN, MARKS, bare, canonical, cluster, inflections, load_vocabulary, plain

__all__ = [
    "Mention",
    "base_labels",
    "canonical",
    "cluster",
    "labels_in",
    "mentions",
    "parse_labels",
    "split_list",
]

MAX_WORDS = 4  # of an English form ("looking forward to" has 3)
MAX_LABEL_WORDS = 4  # an English piece of a list with more words is a sentence, not a label
MAX_LABEL_HAN = 8  # the same for Chinese characters
MAX_WORD_CHARS = 40  # a longer run of characters without a blank is no word
MAX_NAME_HAN = 4  # of an unknown Chinese word that makes a text look like a list
NEGATION_WORDS = 3  # English: how far before a word its negation may stand, light words not counted
NEGATION_HAN = 3  # Chinese: the same, in characters
LOOK_BACK = 12  # words or characters, light ones counted
CACHED_WORDS = 2**14

# "no", "not" and what does the same in a description: "rather than sad", 而不是悲伤.
NEGATION_EN = re.compile(
    r"\b(?:not|no|never|without|neither|nor|cannot|hardly|barely|\w+n't|(?:is|are|was|were|do|does|did|ca)nt"
    r"|rather than|instead of|anything but|far from"
    r"|(?:lack|absence|devoid|free) of|free from|lack(?:s|ing)?)\b"
)
# A strong feeling is said with a negation, too: "cannot hide her joy", "can't help but laugh".
NOT_NEGATING_EN = re.compile(
    r"\b(?:not (?:only|just|merely|simply|without)|no (?:doubt|wonder|less|matter)"
    r"|never (?:been|felt) (?:so|more)|(?:cannot|not|unable|hardly|barely|\w+n't)(?: to)?"
    r" (?:help|wait|hid(?:e|ing)|conceal(?:ing)?|contain(?:ing)?|suppress(?:ing)?|mask|resist|stop))\b"
)
LIGHT_EN = re.compile("any|an?|the|signs?|hints?|traces?|of|be|feel|feeling|feelings|to")
NEGATION_ZH = re.compile("没有|并非|并不|毫无|而非|不是|不|没|未|非|别|无")
# Chinese words in which 不, 没, 无, 非 or 别 negates nothing that follows.
NOT_NEGATING_ZH = re.compile(
    "不仅|不但|不过|不禁|不由得?|不得不|不得已|不只|不止|不光|不断|不停|不时|不免|不难|不少|不久|不同|不已|不自觉"
    "|不经意|不知不觉|不能不|不无|未免|无比|无尽|无限|无奈|非常|非得|莫非|不管|不论|无论|是不是|没想到|未来|特别|别人"
    "|分别|区别|性别|个别|无形中|[忍掩饰抑制按捺藏盖止控]不住|无法[掩抑控压克][饰盖制抑]?"
)
LIGHT_ZH = re.compile("任何|那么|这么|什么|丝毫|一丝|表现出|流露出|感到|觉得|显得|特别|非常")
# What joins a word to the one before it, so that one negation serves both ("no anger or fear").
JOINED = re.compile(
    r"\s*(?:(?:and|(?:,\s*)?(?P<or>n?or))\s+(?:any |an? |the )?|/\s*|、|或者?|以及|[和与及跟])"
)
COMMA = re.compile(r"\s*,\s*(?:any |an? |the )?")

LIST_MARK = re.compile(r"(?:(?<=\s)|^)(?:[-*•·]|\(?\d{1,2}[.)、:])(?=\s|[^\W\d])")  # "1. happy", "- happy"
SEPARATOR = re.compile(
    r"[,，、;；/|\n\r\t\[\]{}\"“”]|(?<!\w)'|'(?!\w)|(?:^|(?<=\s))(?:and|&|as well as|or)(?=\s)"
)
SENTENCE_END = re.compile(r"[.。!！?？][^\w\n.。!！?？]*\w")  # a stop that is followed by more text
HEADING = re.compile(
    r"\s*[^\[,:：]{0,40}?(?:emotions?|labels?|feelings?|情感|情绪|标签)[^\[,:：]{0,16}[:：]\s*"
)
STATED = re.compile(
    r"[^.。\n]{0,80}?\b(?:emotional|sentiment) states? (?:is|are)\b\s*:?([^.\n]*)"
)  # AffectGPT's own
BRACKETS = ("[", "(", "{", "【")
OR = re.compile(r"\bn?or\b|、|或")
NO_NAME = re.compile("[a-z]|none|null|nan|unknown|无|没有|未知")  # "N/A" is cut at its slash
SUBJECT = re.compile(r"(?:he|she|it|they|we|you|i|this|that|there|his|her|their|its)\b|[他她它我你这那]")
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
CLAUSE_END = re.compile('[,.;:!?，。；：！？、…“”"()（）\n]')
DENIAL_EN = re.compile(r"(?:not|no|never|without|cannot)\b")
DENIAL_ZH = re.compile("没有|并非|毫无|不是|并不|并没")


@dataclass(frozen=True)
class Mention:
    """An emotion word in a text: characters `start` to `end`, its base form, and whether it is negated."""

    start: int
    end: int
    word: str
    negated: bool


def parse_labels(text: str | Iterable[str] | None) -> list[str]:
    """Return the emotion labels of a list, a list-like string or a running text, in order, without repeats.

    Labels stand as they are written, in lower case, without words that only grade them ("very happy" gives
    "happy", 非常生气 gives 生气). Two forms of one word (happy, happiness) are two labels, as in published
    lists; `base_labels` makes them one. A list keeps words that the vocabulary lacks, up to `MAX_WORD_CHARS`
    long, a running text does not. What is negated ("not angry", 没有生气) is left out; "not only angry" and
    不仅生气 negate nothing.
    """
    if text is None:
        return []
    if isinstance(text, str):
        return [label for label, _, _ in labels_in(text)]
    return _unique(label for item in text for label, _, _ in _labels_of_list(item))


def base_labels(labels: str | Iterable[str] | None) -> list[str]:
    """Return the English base forms of what `parse_labels` reads: "uneasy" of "unease" and 不安.

    No base form is there twice. A word that is not in the vocabulary stays itself.
    """
    return _unique(canonical(label) or label for label in parse_labels(labels))


def labels_in(text: str) -> list[tuple[str, int, int]]:
    """Return the labels of `parse_labels`, each with its first place in the text: (label, start, end)."""
    pieces, marked = _pieces(plain(text))
    if pieces is None:
        found = _spoken(text, 0, len(text))
    else:
        found = [
            place for start, end in pieces for place in _labels_of_piece(text, start, end, marked=marked)
        ]
    return _first(found)


def split_list(text: str) -> list[str] | None:
    """Return the pieces of a list-like string ("[a, b]", "a and b", 甲、乙); None when it is running text."""
    pieces, _ = _pieces(plain(text))
    return None if pieces is None else [text[start:end] for start, end in pieces]


def mentions(text: str) -> list[Mention]:
    """Find the emotion words of a running text in either language, longest form first, without overlaps."""
    flat = plain(text)
    found = [*_mentions_en(flat), *_mentions_zh(flat)]
    return sorted(found, key=lambda mention: mention.start)


def _unique(labels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(labels))


def _first(found: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    first: dict[str, tuple[str, int, int]] = {}
    for place in found:
        first.setdefault(place[0], place)
    return list(first.values())


def _pieces(flat: str) -> tuple[list[tuple[int, int]] | None, bool]:
    """(start, end) of a list's pieces, None in a running text; and whether the text says it is a list."""
    flat = LIST_MARK.sub(lambda mark: "," * len(mark.group()), flat)
    heading = HEADING.match(flat)
    start, end = (heading.end() if heading else 0), len(flat.rstrip(" \n\r\t.。"))
    start += len(flat[start:]) - len(flat[start:].lstrip())
    if flat.startswith(BRACKETS, start) and flat.endswith(("]", ")", "}", "】"), start, end):
        return _cut(flat, start + 1, end - 1), True
    if OR.search(flat) and (NEGATION_EN.search(flat) or DENIAL_ZH.search(flat)):
        return None, False  # one negation may serve several words: "no anger, fear or sadness"
    if stated := STATED.match(flat):
        return _cut(flat, *stated.span(1)), True
    pieces = _cut(flat, start, end)
    names = [flat[a:b].strip(MARKS) for a, b in pieces]
    if SENTENCE_END.search(flat, start, end) or not all(map(_is_short, names)):
        return None, False
    if (
        not heading
        and names
        and (any(map(SUBJECT.match, names)) or 2 * sum(map(_is_name, names)) <= len(names))
    ):
        return None, False
    return pieces, bool(heading)


def _cut(flat: str, start: int, end: int) -> list[tuple[int, int]]:
    pieces, at = [], start
    for mark in [*SEPARATOR.finditer(flat, start, end), None]:
        stop = mark.start() if mark else end
        if flat[at:stop].strip(MARKS):
            pieces.append((at, stop))
        at = mark.end() if mark else end
    return pieces


def _is_short(piece: str) -> bool:
    han, words = len(HAN.findall(piece)), piece.split()
    few = han <= MAX_LABEL_HAN if han else len(words) <= MAX_LABEL_WORDS
    return few and all(len(word) <= MAX_WORD_CHARS for word in words)


def _is_name(name: str) -> bool:
    """Whether a piece may be a label: it is one word, or holds a known one."""
    one = len(HAN.findall(name)) <= MAX_NAME_HAN if HAN.search(name) else len(name.split()) == 1
    return one or bool(canonical(name) or mentions(name))


def _labels_of_list(item: str) -> list[tuple[str, int, int]]:
    flat = plain(item)
    return [p for a, b in _cut(flat, 0, len(flat)) for p in _labels_of_piece(item, a, b, marked=True)]


def _labels_of_piece(text: str, start: int, end: int, *, marked: bool) -> list[tuple[str, int, int]]:
    piece = text[start:end]
    base, first, last = bare(piece)
    name = plain(piece)[first:last]
    if not name or NO_NAME.fullmatch(name):
        return []
    if base:
        return [_place(text, start + first, start + last)]
    parts = [part.span() for part in re.finditer("[^和与及]+", name)]
    if len(parts) > 1 and all(canonical(name[a:b]) for a, b in parts):
        places = [
            _labels_of_piece(text, start + first + a, start + first + b, marked=marked) for a, b in parts
        ]
        return [place for found in places for place in found]
    found = mentions(piece)
    clause = not _is_short(name) or SUBJECT.match(name) or DENIAL_EN.match(name) or DENIAL_ZH.match(name)
    if clause or (found and not marked) or any(mention.negated for mention in found):
        return _spoken(text, start, end)
    return [_place(text, start + first, start + last)]


def _spoken(text: str, start: int, end: int) -> list[tuple[str, int, int]]:
    found = mentions(text[start:end])
    return [_place(text, start + m.start, start + m.end) for m in found if not m.negated]


def _place(text: str, start: int, end: int) -> tuple[str, int, int]:
    return " ".join(text[start:end].lower().split()), start, end


def _mentions_en(flat: str) -> list[Mention]:
    tokens = list(WORD.finditer(flat))
    words = [token.group() for token in tokens]
    found: list[Mention] = []
    position, after, listed = 0, 0, 0  # `after`: the token behind the last mention
    while position < len(tokens):
        base, size = _form_at(words, position)
        if base:
            start, end = tokens[position].start(), tokens[position + size - 1].end()
            back = tokens[max(after, position - LOOK_BACK) : position]  # all before it: quadratic time
            near = [token for token in back if not LIGHT_EN.fullmatch(token.group())][-NEGATION_WORDS:]
            negated = _negated_en(flat, near, start)
            link = JOINED.fullmatch(flat, found[-1].end, start) if found else None
            if link and link["or"]:  # "no anger, fear or sadness": the words between the commas, too
                for at in range(len(found) - listed, len(found)):
                    found[at] = replace(found[at], negated=True)
            if link and found[-1].negated:
                negated = True
            comma = found and COMMA.fullmatch(flat, found[-1].end, start)
            listed = listed + 1 if comma and (listed or found[-1].negated) else 0
            after = position + size
            found.append(Mention(start, end, base, negated))
        position += size
    return found


def _form_at(words: list[str], at: int) -> tuple[str | None, int]:
    """Base form and number of words of the longest form that starts at a word; (None, 1) where none does."""
    for size in range(min(MAX_WORDS if words[at] in _openings() else 1, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + size])
        if len(phrase) <= MAX_WORD_CHARS and (base := _base_en(phrase)):
            return base, size
    return None, 1


@cache
def _openings() -> frozenset[str]:
    """The first words of forms that have more than one."""
    return frozenset(form.split(" ")[0] for form in load_vocabulary().spoken if " " in form)


@lru_cache(CACHED_WORDS)
def _base_en(phrase: str) -> str | None:
    vocabulary = load_vocabulary()
    if phrase in vocabulary.forms and phrase not in vocabulary.spoken:
        return None  # a label only: it must not come back through its stem ("minded" -> "mind")
    stem = next((form for form in inflections(phrase) if form in vocabulary.spoken), None)
    return vocabulary.forms.get(stem)


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
    forms, after, negated = load_vocabulary().forms, 0, False
    for match in _longest_zh().finditer(flat):
        start, end = match.span()
        clause = CLAUSE_END.split(flat[max(after, start - LOOK_BACK) : start])[-1]
        # Only behind the last mention: the 不 of 不满 denies nothing in 不满和愤怒.
        near = LIGHT_ZH.sub("", NOT_NEGATING_ZH.sub(lambda found: "·" * len(found.group()), clause))
        joined = JOINED.fullmatch(flat, after, start)
        negated = (negated and bool(joined)) or bool(NEGATION_ZH.search(near[-NEGATION_HAN:]))
        after = end
        yield Mention(start, end, forms[match.group()], negated)
