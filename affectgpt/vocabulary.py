"""The project's own emotion vocabulary: the base form of a word and its place on a two-level wheel.

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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .schema import Language

MAX_NAME_WORDS = 12  # of a label with the words around it ("a somewhat strong feeling of being ...")
MAX_GRADERS_ZH = 4  # taken away from one label: 显得有点不安的情绪

# Words around a label that do not change which emotion it names.
MODIFIER_EN = re.compile(
    "an?|the|bit|little|lot|slight(?:ly)?|somewhat|very|really|quite|rather|fairly|mild(?:ly)?|extreme(?:ly)?"
    "|deep(?:ly)?|highly|intense(?:ly)?|strong(?:ly)?|so|too|more|most|some|feel(?:s|ings?)?|felt|being|is|are"
    "|was|possibly|perhaps|probably|likely|of|with|and|or|emotion(?:s|al)?|state|mood|sentiments?|sense|expression|tone|look(?:s|ing)?|seemingly|mixed|hint|touch|trace|level|degree|amount|signs?"
)
NOUNS = ("emotion", "emotions", "feeling", "feelings", "mood", "sentiment", "state")  # that end a label
# Modifiers that may stand before an unknown word as well.
GRADER_EN = re.compile(
    "an?|the|bit|little|slightly|somewhat|very|really|quite|rather|fairly|mildly|extremely|deeply|highly"
    "|intensely|strongly|so|too|more|most|feel(?:s|ing)?|is|are|was|seemingly|possibly"
)
PREFIX_ZH = re.compile(
    "(?:有一些|有一点|有点儿?|有些|略微|略带|略显|稍微|一丝|十分|非常|特别|极度|极其|感到|感觉|觉得|显得|比较|很"
    "|较为|较|更加|更|深深|带有|充满) ?"
)
SUFFIX_ZH = re.compile(" ?(?:的情绪|的情感|的感觉|的心情|的状态|的语气|的态度|之情|情绪|心情|地|的|了)$")
HAN = re.compile("[\u3400-\u9fff]")
TOKEN = re.compile(r"\S+")
MARKS = " \t\n\r'\"“”.,;:!?。、[](){}*#_-·•【】《》「」0123456789"  # around a label


@dataclass(frozen=True)
class Word:
    """One row of the table. `chinese[0]` is shown to a user; `affect` is (valence, arousal, dominance)."""

    word: str
    core: str
    sector: str
    affect: tuple[float, float, float]
    chinese: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The vocabulary: `words` by base form, `sectors` by core, `forms` (of both languages) to base form.

    `spoken`: the forms that are looked for in running text; the others ("like", "low") are only labels.
    """

    words: dict[str, Word]
    forms: dict[str, str]
    spoken: frozenset[str]
    sectors: dict[str, tuple[str, ...]]


@cache
def load_vocabulary() -> Vocabulary:
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
    return Vocabulary(
        words, forms, frozenset(spoken), {core: tuple(names) for core, names in sectors.items()}
    )


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
    lowered = text.lower()
    if len(lowered) > len(text):  # a letter becomes two: it stays
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lowered.translate(_plain_table())


def canonical(word: str) -> str | None:
    """Return the English base form of an emotion word in either language, any inflection; None if unknown."""
    return bare(word)[0]


def bare(word: str) -> tuple[str | None, int, int]:
    """Return the base form of `word`, and where it stands without marks and without words that only grade it.

    "very happy!" gives ("happy", 5, 10). English nouns of feeling stay ("low mood"). Of an unknown word (its
    base form is None) only plain graders are taken away.
    """
    flat = plain(word)
    start = len(flat) - len(flat.lstrip(MARKS))
    end = max(start, len(flat.rstrip(MARKS)))
    if HAN.search(flat, start, end):
        return _bare_zh(flat, start, end)
    tokens = list(TOKEN.finditer(flat, start, end))
    if not tokens:
        return None, start, start
    if len(tokens) > MAX_NAME_WORDS:
        return None, start, end
    forms, first, last = load_vocabulary().forms, 0, len(tokens)
    while first < last:
        phrase = " ".join(token.group() for token in tokens[first:last])
        base = next((forms[form] for form in inflections(phrase) if form in forms), None)
        if base:
            words = [token.group() for token in tokens]
            first = next((at for at in range(first) if words[at] in ("emotional", "mixed")), first)
            last += last < len(words) and words[last] in NOUNS  # "low mood", "emotional stress" are names
            return base, tokens[first].start(), tokens[last - 1].end()
        if MODIFIER_EN.fullmatch(tokens[first].group()):
            first += 1
        elif MODIFIER_EN.fullmatch(tokens[last - 1].group()):
            last -= 1
        else:
            break
    first = 0
    while first < len(tokens) - 1 and GRADER_EN.fullmatch(tokens[first].group()):
        first += 1
    return None, tokens[first].start(), end


def cluster(word: str, level: int = 1) -> str | None:
    """Return the core (level 1) or sector (level 2) of an emotion word on the wheel; None if unknown."""
    assert level in (1, 2), f"a wheel has levels 1 and 2, not {level}"
    base = canonical(word)
    if base is None:
        return None
    row = load_vocabulary().words[base]
    return row.core if level == 1 else row.sector


def translate(word: str, language: Language) -> str:
    """Return an emotion word in "en" or "zh"; a word that is not in the vocabulary comes back as it is."""
    base = canonical(word)
    if base is None:
        return word
    return load_vocabulary().words[base].chinese[0] if language == "zh" else base


def affect(word: str) -> tuple[float, float, float] | None:
    """Return (valence, arousal, dominance) of an emotion word, each -1..1; None when the word is unknown."""
    base = canonical(word)
    return load_vocabulary().words[base].affect if base else None


def inflections(word: str) -> Iterator[str]:
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


def _bare_zh(flat: str, start: int, end: int) -> tuple[str | None, int, int]:
    forms = load_vocabulary().forms
    whole = (start, end)
    for _ in range(MAX_GRADERS_ZH + 1):
        name = flat[start:end].replace(" ", "")
        if name in forms:
            return forms[name], start, end
        if name.endswith("感") and name[:-1] in forms:
            return forms[name[:-1]], start, end - 1
        prefix, suffix = PREFIX_ZH.match(flat, start, end), SUFFIX_ZH.search(flat, start, end)
        if prefix:
            start = prefix.end()
        elif suffix:
            end = suffix.start()
        else:
            break
    start, end = whole
    prefix, suffix = PREFIX_ZH.match(flat, start, end), SUFFIX_ZH.search(flat, start, end)
    if prefix and end - prefix.end() > 1:  # one character more may be a part of the word
        start = prefix.end()
    if suffix and len(suffix.group()) > 1 and suffix.start() - start > 1:
        end = suffix.start()
    return None, start, end
