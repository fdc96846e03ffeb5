"""The affect words and set phrases of spoken English and Chinese, by category.

The table `lexicon.tsv` is our own list, written by hand from general knowledge of everyday speech: no
sentence of a corpus and no published lexicon is in it, though real subtitles showed what it lacked. It
has one row per language and kind; in its entries `=x` stands only for a whole phrase between marks,
`x~` is mild (half weight), and `x+` takes the regular English endings. `stop` entries mean nothing and
hide what they contain, so that "no doubt" is no doubt and 不知道 negates nothing. Rows of a category with
`pattern` are regular expressions for what has gaps or any length ("been pushed around", 哈哈哈). Other
rows hold negations, intensifiers, hedges and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

# Valence, arousal, dominance of one hit: the categories of the specification, section 6.
CATEGORIES: dict[str, tuple[float, float, float]] = {
    "joy": (0.8, 0.5, 0.4),
    "love": (0.8, 0.2, 0.1),
    "gratitude": (0.7, 0.1, 0.0),
    "relief": (0.5, -0.3, 0.2),
    "pride": (0.6, 0.3, 0.6),
    "anger": (-0.8, 0.7, 0.5),
    "sadness": (-0.8, -0.3, -0.5),
    "fear": (-0.7, 0.7, -0.7),
    "worry": (-0.5, 0.4, -0.4),
    "surprise": (0.0, 0.7, 0.0),
    "disgust": (-0.7, 0.3, 0.3),
    "doubt": (-0.2, 0.2, 0.0),
    "contempt": (-0.5, 0.1, 0.6),
    "apology": (-0.4, 0.0, -0.5),
}
TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*")  # an English word in plain text
SAME_ZH = str.maketrans("啦您妳哪", "了你你啊")  # entries mean the same with either; positions stay

Role = Literal[
    "negator", "forbid", "intensifier", "after", "hedge", "condition", "break", "polite", "filler", "address"
]


@dataclass(frozen=True)
class Lexicon:
    """The table in memory. `entries`: language -> phrase -> (category or "stop", mild, whole phrase only).

    `accusation` finds rhetorical accusations; they have gaps ("你怎么能…"), so their rows are regular
    expressions. `patterns`: language ("any": both) and category -> what counts as one entry of the category.
    """

    entries: dict[str, dict[str, tuple[str, bool, bool]]]
    roles: dict[tuple[str, str], frozenset[str]]
    accusation: re.Pattern[str]
    patterns: dict[tuple[str, str], re.Pattern[str]]
    tokens: frozenset[str]  # every English word that occurs, for stretched spellings ("sooo")

    def role(self, language: str, role: Role) -> frozenset[str]:
        return self.roles.get((language, role), frozenset())

    def patterns_of(self, language: str) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Category and pattern for a phrase of this language, those of both languages with them."""
        return ((kind, pattern) for (own, kind), pattern in self.patterns.items() if own in (language, "any"))


@cache
def load_lexicon() -> Lexicon:
    """Read the table once. A phrase in two categories raises ValueError: it would count twice."""
    entries: dict[str, dict[str, tuple[str, bool, bool]]] = {"zh": {}, "en": {}, "any": {}}
    roles: dict[tuple[str, str], frozenset[str]] = {}
    accusations: list[str] = []
    patterns: dict[tuple[str, str], re.Pattern[str]] = {}
    for row in files(__package__).joinpath("lexicon.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        language, kind, listed = row.split("\t")
        names = listed.split(", ")
        if kind == "accusation":
            accusations += [rf"\b(?:{name})\b" if language == "en" else name for name in names]
            continue
        if kind.endswith(" pattern"):
            patterns[language, kind.removesuffix(" pattern")] = re.compile("|".join(names))
            continue
        if kind not in CATEGORIES and kind != "stop":
            roles[language, kind] = frozenset(
                _key(name, language) if language == "en" else name for name in names
            )
            if kind == "hedge":  # "I'm afraid I must" and 恐怕 hold no fear: a hedge hides what it contains
                entries[language] |= {name: ("stop", False, False) for name in roles[language, kind]}
            continue
        for name in names:
            whole, mild, inflected = name.startswith("="), "~" in name, "+" in name
            phrase = _key(name.strip("=~+"), language)
            for form in _inflect(phrase) if inflected else (phrase,):
                known = entries[language].setdefault(form, (kind, mild, whole))
                if known[0] != kind:
                    raise ValueError(f"{form!r} is listed as {known[0]!r} and {kind!r}: keep one")
    phrases = [
        *entries["en"],
        *(name for (language, _), names in roles.items() if language == "en" for name in names),
    ]
    tokens = frozenset(token for phrase in phrases for token in phrase.split())
    return Lexicon(entries, roles, re.compile("|".join(accusations)), patterns, tokens)


def _key(name: str, language: str) -> str:
    return " ".join(TOKEN.findall(name)) if language == "en" else name.translate(SAME_ZH)


def _inflect(verb: str) -> Iterator[str]:
    yield verb
    if verb.endswith("y") and verb[-2] not in "aeiou":
        yield from (verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing")
    elif verb.endswith("e"):
        yield from (verb + "s", verb + "d", verb[:-1] + "ing")
    else:
        yield from (verb + ("es" if re.search("(s|sh|ch|x)$", verb) else "s"), verb + "ed", verb + "ing")
        if re.search("[^aeiou][aeiou][bgnpt]$", verb):  # hug: hugged
            yield from (verb + verb[-1] + "ed", verb + verb[-1] + "ing")
