"""Affect words found in a text, each with its negation, intensity and doubt.

Chinese has no blanks between words, so entries are matched longest first; English goes by whole words. A
negation reaches three words or characters and never across a mark; what is asked or supposed counts half.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from math import prod

from .lexicon import SAME_ZH, TOKEN, Lexicon, Role, load_lexicon

# "I am not surprised" says nothing about surprise: negated hits of these categories are dropped.
WITHOUT_OPPOSITE = frozenset({"surprise", "doubt", "apology"})
# A question or a condition ("are you happy?", 如果你生气) does not state these feelings; an insult stays one.
NOT_STATED_WHEN_ASKED = frozenset({"joy", "love", "gratitude", "relief", "pride", "sadness", "fear", "worry"})

# "Don't be stupid", 别胡闹 are as hostile as the bare word; "don't be angry" is not.
HOSTILE = frozenset({"anger", "contempt", "disgust"})
STATE = re.compile(
    "生气|发火|发脾气|火大|恼|恨|讨厌|看不起|瞧不起|angry|mad|furious|hate|annoyed|despise|dislike"
)

INTENSIFIED = 1.4  # factor, "very"
HEDGED = 0.7  # factor, "a bit", "maybe"
MILD = 0.5  # factor of entries marked ~
ASKED = 0.5  # factor inside a question or a condition
MAX_ENTRY_WORDS = 7  # English words of the longest entry
REACH_WORDS = 3  # English: how far before a word its negation may stand
REACH_HAN = 3  # Chinese: the same, in characters
NEGATORS_HAN = 24  # how far back negators may pile up (不是不...); a longer pile is no speech
MAX_SENTENCE = 500  # characters between a phrase and the mark that ends its sentence
INTENSIFIER_REACH = 2  # words (English) or characters (Chinese) between intensifier and hit
IDIOM_HAN = 3  # longer Chinese entries, and English ones of two words, mean the same whether asked or not

HAN = re.compile("[\u3400-\u9fff]")
PHRASE_END = re.compile(
    r"[,.;:!?()\[\]\"“”，。；：！？、…—~]|(?<=[\u3400-\u9fff])\s+|(?<!\s)\s+(?=[\u3400-\u9fff])|\s-\s"
)
SENTENCE_END = re.compile(r"[.!?。！？…]")
ASKS_ZH = re.compile(r"[吗么]\s*$")
UNLESS_BEFORE = {"算是": "(?!.{0,3}(?:出来|懂|明白|见识))"}  # 我算是听出来了 states, it does not hedge
PARTICLES_ZH = "啊呀呢吧嘛啦了哦哇呐"  # may follow a whole-phrase entry
BREAKS_NEGATION_ZH = re.compile(
    "[我你您他她它咱谁就才也都还却]"
)  # 你不来我生气: the negation belongs to another verb
PRONOUNS_EN = frozenset({"i", "you", "he", "she", "it", "we", "they", "this", "that"})
FORBIDDING_EN = frozenset({"don't", "dont", "never", "stop", "quit"})  # at the start of a phrase
BEFORE_IMPERATIVE_EN = frozenset({"please", "just", "oh", "so", "and", "now", "well", "hey", "okay"})


@dataclass(frozen=True)
class Hit:
    """An affect word or phrase in a text.

    `start` to `end` are the characters to quote: the phrase with its negation and intensifier. `negated`: the
    feeling is denied ("not happy"); `forbidden`: the other is told not to have it ("don't cry", 别哭);
    `mild`: a formula such as a bare thank-you. `weight` is 1, times the factors of this module.
    """

    start: int
    end: int
    category: str
    weight: float
    negated: bool = False
    forbidden: bool = False
    intensified: bool = False
    hedged: bool = False
    mild: bool = False


@dataclass(frozen=True)
class _Match:
    start: int
    end: int
    kind: str
    mild: bool


def find(text: str) -> list[Hit]:
    """Return the affect words of a text in plain form (lower case, simplified, half-width), in order."""
    hits = [*_find_en(text), *_find_zh(text)]
    for phrase, (kind, mild, _) in load_lexicon().entries["any"].items():
        hits += [
            Hit(match.start(), match.end(), kind, MILD if mild else 1.0, mild=mild)
            for match in re.finditer(re.escape(phrase), text)
        ]
    return sorted(hits, key=lambda hit: (hit.start, hit.end))


def find_role(text: str, role: Role, *, whole: bool = False) -> list[tuple[int, int]]:
    """Return where words of a role stand (hedges, politeness ...); `whole`: only as a phrase of their own."""
    lexicon = load_lexicon()
    found: list[tuple[int, int]] = []
    for start, end in phrases(text):
        tokens = _tokens(text, start, end)
        if whole:
            body = text[start:end]
            bare = body.rstrip(PARTICLES_ZH) or body
            joined = " ".join(_spelled(token.group()) for token in tokens)
            if body and (body in lexicon.role("zh", role) or bare in lexicon.role("zh", role)):
                found.append((start, end))
            elif joined and not HAN.search(body) and joined in lexicon.role("en", role):
                found.append((tokens[0].start(), tokens[-1].end()))
            continue
        found += [match.span() for match in _roles_zh(lexicon, role).finditer(text, start, end)]
        found += [
            (tokens[i].start(), tokens[j - 1].end()) for i, j in _longest_en(tokens, lexicon.role("en", role))
        ]
    return sorted(found)


def phrases(text: str) -> list[tuple[int, int]]:
    """Return the stretches between punctuation marks (beside Chinese also blanks), without blanks around."""
    out, start = [], 0
    for mark in [*PHRASE_END.finditer(text), None]:
        end = mark.start() if mark else len(text)
        body = text[start:end]
        if body.strip():
            left = len(body) - len(body.lstrip())
            out.append((start + left, start + len(body.rstrip())))
        start = mark.end() if mark else end
    return out


def _tokens(text: str, start: int, end: int) -> list[re.Match[str]]:
    return list(TOKEN.finditer(text, start, end))


@lru_cache(4096)
def _spelled(token: str) -> str:
    """The usual spelling of a stretched word ("sooo", "noooo"), when the lexicon knows it."""
    if not re.search(r"(.)\1\1", token):
        return token
    known = load_lexicon().tokens
    for spelling in (re.sub(r"(.)\1{2,}", r"\1\1", token), re.sub(r"(.)\1{2,}", r"\1", token)):
        if spelling in known:
            return spelling
    return token


def _longest_en(tokens: list[re.Match[str]], wanted: Iterable[str]) -> Iterator[tuple[int, int]]:
    i = 0
    while i < len(tokens):
        sizes = range(min(MAX_ENTRY_WORDS, len(tokens) - i), 0, -1)
        size = next(
            (n for n in sizes if " ".join(_spelled(t.group()) for t in tokens[i : i + n]) in wanted), 0
        )
        if size:
            yield i, i + size
        i += size or 1


def _without_overlaps(found: list[_Match]) -> list[_Match]:
    """Longest first; of equals the earlier. Stops take part, so they hide what they contain."""
    kept: list[_Match] = []
    taken: set[int] = set()
    for match in sorted(found, key=lambda m: (m.start - m.end, m.start)):
        span = range(match.start, match.end)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


def _asked(text: str, start: int, end: int) -> bool:
    """Whether the sentence around a phrase ends as a question."""
    stop = SENTENCE_END.search(text, end, end + MAX_SENTENCE)
    last = stop.start() if stop else len(text)
    return (bool(stop) and "?" in text[last : last + 3]) or bool(
        ASKS_ZH.search(text, max(start, last - 8), last)
    )


def _goes_on(text: str, end: int, kind: str) -> bool:
    """Whether a comma follows an interjection: "Really?" is surprise, "really, I must go" assures."""
    return kind == "surprise" and text[end : end + 1] in ("，", ",", "、")


def _hit(span: tuple[int, int], match: _Match, words: str, negators: int, **how: bool) -> Hit:
    """The hit of a match that reads `words`; `how`: forbidden, intensified, hedged and asked."""
    forbidden, intensified, hedged = how["forbidden"], how["intensified"], how["hedged"]
    factors = ((INTENSIFIED, intensified), (HEDGED, hedged), (MILD, match.mild), (ASKED, how["asked"]))
    weight = prod(factor for factor, holds in factors if holds)
    hostile = match.kind in HOSTILE and not STATE.search(words)
    negated, forbidden = negators % 2 == 1 and not (forbidden and hostile), forbidden and not hostile
    return Hit(*span, match.kind, weight, negated, forbidden, intensified, hedged, match.mild)


# --- English


def _find_en(text: str) -> Iterator[Hit]:
    for start, end in phrases(text):
        tokens = _tokens(text, start, end)
        if tokens:
            yield from _hits_of_phrase_en(text, tokens)


def _hits_of_phrase_en(text: str, tokens: list[re.Match[str]]) -> Iterator[Hit]:
    end = tokens[-1].end()
    lexicon = load_lexicon()
    entries, words = lexicon.entries["en"], [_spelled(token.group()) for token in tokens]
    found = []
    for i in range(len(tokens)):
        for j in range(i + 1, min(len(tokens), i + MAX_ENTRY_WORDS) + 1):
            kind, mild, whole = entries.get(" ".join(words[i:j]), ("", False, False))
            if kind and (not whole or (i == 0 and j == len(tokens) and not _goes_on(text, end, kind))):
                found.append(_Match(i, j, kind, mild))
    found += _patterns_en(text, tokens)
    matches = _without_overlaps(found)
    conditional = words[0] in lexicon.role("en", "condition")
    hedge_ends = {j for _, j in _longest_en(tokens, lexicon.role("en", "hedge"))}
    walls = {i + 1 for i, word in enumerate(words) if word in lexicon.role("en", "break")}
    walls |= {match.end for match in matches if match.kind == "stop"} - hedge_ends
    inside = {i for match in matches for i in range(match.start, match.end)}
    intensifiers, followers = lexicon.role("en", "intensifier"), lexicon.role("en", "after")
    question = _asked(text, tokens[0].start(), tokens[-1].end())
    for match in matches:
        if match.kind == "stop":
            continue
        near = range(max(0, match.start - max(REACH_WORDS, INTENSIFIER_REACH)), match.start + 1)
        wall = max((i for i in near if i in walls), default=0)
        before = [i for i in range(max(wall, match.start - REACH_WORDS), match.start) if i not in inside]
        negators = [i for i in before if _negates_en(words, i, question)]
        forbidden = bool(negators) and _forbids_en(words, negators[0])
        if negators and match.kind in WITHOUT_OPPOSITE:
            continue
        near = range(max(wall, match.start - INTENSIFIER_REACH), match.start)
        boosts = [i for i in near if i not in inside and words[i] in intensifiers]
        after = [n for n in (2, 3, 4) if " ".join(words[match.end : match.end + n]) in followers]
        last = min(match.end + max(after, default=0), len(words))
        hedged = not hedge_ends.isdisjoint(range(match.start - REACH_WORDS, match.start + 1))
        asked = match.kind in NOT_STATED_WHEN_ASKED and match.end - match.start == 1
        asked = asked and (conditional or question)
        intensified = bool(boosts) or last > match.end
        first = min([match.start, *negators, *boosts])
        how = {"forbidden": forbidden, "intensified": intensified, "hedged": hedged, "asked": asked}
        span = (tokens[first].start(), tokens[last - 1].end())
        yield _hit(span, match, " ".join(words[match.start : match.end]), len(negators), **how)


def _patterns_en(text: str, tokens: list[re.Match[str]]) -> Iterator[_Match]:
    starts = [token.start() for token in tokens]
    for kind, pattern in load_lexicon().patterns_of("en"):
        for place in pattern.finditer(text, tokens[0].start(), tokens[-1].end()):
            first, last = bisect_left(starts, place.start()), bisect_left(starts, place.end())
            if first < last:
                yield _Match(first, last, kind, False)


def _negates_en(words: list[str], i: int, question: bool) -> bool:
    word = words[i]
    if word.endswith("n't") and i == 0 and len(words) > 1 and words[1] in PRONOUNS_EN:
        return not question  # "isn't it wonderful?" denies nothing
    listed = {word, " ".join(words[i : i + 2])} & load_lexicon().role("en", "negator")
    return word.endswith("n't") or bool(listed) or _forbids_en(words, i)


def _forbids_en(words: list[str], i: int) -> bool:
    starts = i == 0 or (i == 1 and words[0] in BEFORE_IMPERATIVE_EN)
    return starts and (
        words[i] in FORBIDDING_EN or words[i : i + 2] == ["do", "not"] or words[i : i + 2] == ["no", "need"]
    )


# --- Chinese


@cache
def _pattern_zh(names: frozenset[str]) -> re.Pattern[str]:
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return re.compile("|".join(re.escape(x) + UNLESS_BEFORE.get(x, "") for x in ordered) or "(?!)")


def _roles_zh(lexicon: Lexicon, role: Role) -> re.Pattern[str]:
    return _pattern_zh(lexicon.role("zh", role))


def _find_zh(text: str) -> Iterator[Hit]:
    for start, end in phrases(text):
        if HAN.search(text, start, end):
            yield from _hits_of_phrase_zh(text, start, end)


def _hits_of_phrase_zh(text: str, start: int, end: int) -> Iterator[Hit]:
    lexicon = load_lexicon()
    entries = lexicon.entries["zh"]
    longest = max(map(len, entries))
    body = text[start:end].translate(SAME_ZH)
    bare = body.rstrip(PARTICLES_ZH) or body
    found = []
    for i in range(len(body)):
        for j in range(i + 1, min(len(body), i + longest) + 1):
            kind, mild, whole = entries.get(body[i:j], ("", False, False))
            alone = i == 0 and body[i:j] in (body, bare) and not _goes_on(text, end, kind)
            if kind and (alone or not whole):
                found.append(_Match(i, j, kind, mild))
    for kind, pattern in lexicon.patterns_of("zh"):
        found += [_Match(*place.span(), kind, False) for place in pattern.finditer(body)]
    matches = [match for match in _without_overlaps(found) if HAN.search(body, match.start, match.end)]
    conditional = bool(_roles_zh(lexicon, "condition").match(body))
    intensifiers, hedges = _roles_zh(lexicon, "intensifier"), _roles_zh(lexicon, "hedge")
    followers, question = _roles_zh(lexicon, "after"), _asked(text, start, end)
    felt_until = 0  # end of the last feeling; a hedge before it belongs to that one
    for before, match in pairwise([None, *matches]):
        if match.kind == "stop":
            continue
        since, felt_until = felt_until, match.end
        wall = before.end if before else 0
        negators, forbidden = _negators_zh(body, wall, match.start, question)
        if negators and match.kind in WITHOUT_OPPOSITE:
            continue
        near = max(wall, match.start - INTENSIFIER_REACH - 2)
        boosts = [m for m in intensifiers.finditer(body, near, match.start)]
        boosts = [m for m in boosts if match.start - m.end() <= INTENSIFIER_REACH]
        after = followers.match(body, match.end)
        hedged = bool(hedges.search(body, since, match.start))
        asked = match.kind in NOT_STATED_WHEN_ASKED and match.end - match.start < IDIOM_HAN
        asked = asked and (conditional or question)
        first = min([match.start, *negators, *(m.start() for m in boosts)])
        intensified = bool(boosts or after)
        how = {"forbidden": forbidden, "intensified": intensified, "hedged": hedged, "asked": asked}
        span = (start + first, start + (after.end() if after else match.end))
        yield _hit(span, match, body[match.start : match.end], len(negators), **how)


def _negators_zh(body: str, wall: int, stop: int, question: bool) -> tuple[list[int], bool]:
    """Positions of the negators that reach `stop`, and whether one of them forbids (别, 不要)."""
    lexicon = load_lexicon()
    forbid = lexicon.role("zh", "forbid")
    both = _pattern_zh(lexicon.role("zh", "negator") | forbid)
    found, forbidden = [], False
    for match in both.finditer(body, max(wall, stop - NEGATORS_HAN), stop):
        gap = body[match.end() : stop]
        if len(both.sub("", gap)) > REACH_HAN:
            continue
        if match.group() in forbid:
            forbidden = True
        elif BREAKS_NEGATION_ZH.search(gap) or (question and match.group() == "不是"):
            continue  # 这不是让人笑话吗 denies nothing
        found.append(match.start())
    return found, forbidden
