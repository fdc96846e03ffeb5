"""The emotion vocabulary: the base form of a word, its place on a two-level wheel, and the labels in a text.

The table `wheel.tsv` was written for this project from general knowledge of English and Chinese. The idea of
a wheel of a few cores with finer words around them follows Plutchik (1980, Emotion: a psychoevolutionary
synthesis) and the feelings wheel of Willcox (1982); the place of each word in valence and arousal follows the
idea of Russell (1980, A circumplex model of affect). No published table was copied: words, sectors, Chinese
equivalents and the values of valence, arousal and dominance (-1..1) are our own judgement, made to rank words
and not to measure people. `traditional.tsv` (traditional and simplified characters) is our own list as well,
of the characters that occur in these words and in everyday subtitles, written from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .schema import Language

MAX_WORDS = 4  # of an English form ("looking forward to" has 3)
MAX_LABEL_WORDS = 4  # an English piece of a list with more words is a sentence, not a label
MAX_LABEL_HAN = 8  # the same for Chinese characters
MAX_NAME_WORDS = 12  # of a label with the words around it ("a somewhat strong feeling of being ...")
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
# Words around a label that do not change which emotion it names.
MODIFIER_EN = re.compile(
    "an?|the|bit|little|lot|slight(?:ly)?|somewhat|very|really|quite|rather|fairly|mild(?:ly)?|extreme(?:ly)?"
    "|deep(?:ly)?|highly|intense(?:ly)?|strong(?:ly)?|so|too|more|most|some|feel(?:s|ings?)?|felt|being|is|are"
    "|was|of|with|and|or|emotion(?:s|al)?|state|mood|sense|expression|tone|look(?:s|ing)?|seemingly|mixed"
)
PREFIX_ZH = re.compile(
    "(?:有一些|有一点|有点儿?|有些|略微|略带|略显|稍微|一丝|十分|非常|特别|极度|极其|感到|感觉|觉得|显得|比较|很"
    "|较为|较|更加|更|深深|带有|充满)"
)
SUFFIX_ZH = re.compile("(?:的情绪|的情感|的感觉|的心情|的状态|的语气|的态度|之情|情绪|心情|地|的|了)$")
SEPARATORS = re.compile(r"[,，、;；/|\n\r\t]|(?:^|\s)(?:and|&|as well as|or)(?=\s)", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.。!！?？][^\w\n.。!！?？]*\w")  # a stop that is followed by more text
HEADING = re.compile(
    r"^[^\[,:：]{0,40}?(?:emotions?|labels?|feelings?|情感|情绪|标签)[^\[,:：]{0,16}[:：]\s*", re.IGNORECASE
)
BRACKETS = ("[", "(", "{", "【")
STATED = re.compile(r"(?:emotional|sentiment) states? (?:is|are)\s*:?\s*([^.\n]*)")  # AffectGPT's own form
BETWEEN = re.compile(r"[,;、\[\]'\"]|\b(?:and|or)\b")  # its labels
HAN = re.compile("[\u3400-\u9fff]")
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
CLAUSE_END = re.compile('[,.;:!?，。；：！？、…“”"()（）\n]')


@dataclass(frozen=True)
class Word:
    """One row of the table. `chinese[0]` is shown to a user; `affect` is (valence, arousal, dominance)."""

    word: str
    core: str
    sector: str
    affect: tuple[float, float, float]
    chinese: tuple[str, ...]


@dataclass(frozen=True)
class Wheels:
    """The vocabulary: `words` by base form, `sectors` by core, `forms` (of both languages) to base form.

    `spoken`: the forms that are looked for in running text; the others ("like", "low") are only labels.
    """

    words: dict[str, Word]
    forms: dict[str, str]
    spoken: frozenset[str]
    sectors: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mention:
    """An emotion word in a text: characters `start` to `end`, its base form, and whether it is negated."""

    start: int
    end: int
    word: str
    negated: bool


@cache
def load_wheels() -> Wheels:
    """Read the table once; a form that stands for two words raises ValueError."""
    rows = files(__package__).joinpath("wheel.tsv").read_text(encoding="utf-8").splitlines()[1:]
    words: dict[str, Word] = {}
    forms: dict[str, str] = {}
    spoken: set[str] = set()
    sectors: dict[str, list[str]] = {}
    for row in rows:
        base, core, sector, valence, arousal, dominance, chinese, related = row.split("\t")
        names = [name.strip() for name in f"{base},{chinese},{related}".split(",") if name.strip()]
        bare = [name.rstrip("*") for name in names]
        hanzi = tuple(name for name in bare if HAN.search(name))
        words[base] = Word(base, core, sector, (float(valence), float(arousal), float(dominance)), hanzi)
        if sector not in sectors.setdefault(core, []):
            sectors[core].append(sector)
        label_only = {name[:-1] for name in names if name.endswith("*")}
        for name in bare:
            if forms.setdefault(name, base) != base:
                raise ValueError(f"{name!r} stands for {forms[name]!r} and {base!r}: keep it in one row")
            if name not in label_only and not (
                HAN.match(name) and len(name) == 1
            ):  # one character is part of too much
                spoken.add(name)
    return Wheels(words, forms, frozenset(spoken), {core: tuple(names) for core, names in sectors.items()})


@cache
def _plain_table() -> dict[int, str]:
    rows = files(__package__).joinpath("traditional.tsv").read_text(encoding="utf-8").splitlines()[1:]
    table = {ord(old): new for old, new in (row.split("\t") for row in rows)}
    table |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
    table |= (
        {ord(mark): "'" for mark in "’‘`´ʼ"} | {ord(mark): "-" for mark in "‐‑–"} | {0x3000: " ", 0xA0: " "}
    )
    return table


def plain(text: str) -> str:
    """Return `text` in lower case, simplified and half-width characters, each at its old position."""
    lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lowered.translate(_plain_table())


def canonical(word: str) -> str | None:
    """Return the English base form of an emotion word in either language, any inflection; None if unknown."""
    name = re.sub(r"\s+", " ", plain(word)).strip(" \t\n'\"“”.,;:!?。[](){}*#-")
    if HAN.search(name):
        return _canonical_zh(name)
    forms = load_wheels().forms
    tokens = name.split(" ")
    if len(tokens) > MAX_NAME_WORDS:
        return None
    while tokens:
        for candidate in _inflections(" ".join(tokens)):
            if candidate in forms:
                return forms[candidate]
        if MODIFIER_EN.fullmatch(tokens[0]):
            tokens = tokens[1:]
        elif MODIFIER_EN.fullmatch(tokens[-1]):
            tokens = tokens[:-1]
        else:
            return None
    return None


def cluster(word: str, level: int = 1) -> str | None:
    """Return the core (level 1) or sector (level 2) of an emotion word on the wheel; None if unknown."""
    assert level in (1, 2), f"a wheel has levels 1 and 2, not {level}"
    base = canonical(word)
    if base is None:
        return None
    row = load_wheels().words[base]
    return row.core if level == 1 else row.sector


def translate(word: str, language: Language) -> str:
    """Return an emotion word in "en" or "zh"; a word that is not in the vocabulary comes back as it is."""
    base = canonical(word)
    if base is None:
        return word
    return load_wheels().words[base].chinese[0] if language == "zh" else base


def affect(word: str) -> tuple[float, float, float] | None:
    """Return (valence, arousal, dominance) of an emotion word, each -1..1; None when the word is unknown."""
    base = canonical(word)
    return load_wheels().words[base].affect if base else None


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


def _inflections(word: str) -> Iterator[str]:
    """The word, then what is left without a regular English ending: the table lists no adverbs or plurals."""
    yield word
    for ending, instead in (
        ("ily", "y"),
        ("iness", "y"),
        ("ies", "y"),
        ("ly", ""),
        ("ness", ""),
        ("s", ""),
        ("es", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            yield word[: -len(ending)] + instead
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            yield word[: -len(ending)]
            yield word[: -len(ending)] + "e"


def _canonical_zh(name: str) -> str | None:
    forms = load_wheels().forms
    name = name.replace(" ", "")
    for _ in range(4):  # at most this many modifiers are taken away: 显得有点不安的情绪
        if name in forms:
            return forms[name]
        if name.endswith("感") and name[:-1] in forms:
            return forms[name[:-1]]
        shorter = name[match.end() :] if (match := PREFIX_ZH.match(name)) else name
        if shorter == name:
            shorter = SUFFIX_ZH.sub("", name, count=1)
        if shorter == name:
            return None
        name = shorter
    return forms.get(name)


def _mentions_en(flat: str) -> Iterator[Mention]:
    wheels = load_wheels()
    tokens = list(WORD.finditer(flat))
    position = 0
    while position < len(tokens):
        size = min(MAX_WORDS, len(tokens) - position)
        base = None
        while size and base is None:
            phrase = " ".join(token.group() for token in tokens[position : position + size])
            base = next((wheels.forms[form] for form in _inflections(phrase) if form in wheels.spoken), None)
            # A form that is listed as label-only must not come back through its stem ("minded" -> "mind").
            if phrase in wheels.forms and phrase not in wheels.spoken:
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
    forms = sorted((form for form in load_wheels().spoken if HAN.match(form)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms)))


def _mentions_zh(flat: str) -> Iterator[Mention]:
    forms = load_wheels().forms
    for match in _longest_zh().finditer(flat):
        clause = CLAUSE_END.split(flat[max(0, match.start() - 8) : match.start()])[-1]
        near = NOT_NEGATING_ZH.sub(lambda found: "·" * len(found.group()), clause)[-NEGATION_HAN:]
        yield Mention(match.start(), match.end(), forms[match.group()], bool(NEGATION_ZH.search(near)))
