"""Split a description in the EMER form into what was seen, heard, said and concluded, also while it arrives.

EMER texts (Lian et al. 2023, arXiv 2306.15401) go through the modalities one by one ("In the video, ... In
the audio, ... In the text, ...") and end with a joint inference; shorter ones mix the modalities in one
sentence. The text is cut into clauses, and each clause goes where its heading, its subject, or the clause
before it says. No clause is looked at before the ones in front of it, so the same rules serve the stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from . import part_marks as marks
from .observables import MODEL_HEADING, NEGATION, NEGATION_REACH, observables
from .schema import MODALITIES, Modality, Part
from .vocabulary import plain
from .wheel import mentions

QUOTE_MAX = 400  # characters: a quotation that has not ended by then was a stray mark
LEAD_MAX = 60  # characters of an opening clause ("As time goes on,") that waits for the next one
PARTS: tuple[Part, ...] = get_args(Part)


class PartSplitter:
    """Split a text that arrives piece by piece; `feed` and at last `close` yield (part, text) pairs.

    The pairs of one part, joined, are that part of `split_parts` of the whole text, however the text was cut
    into pieces. Nothing is held longer than one sentence (and never `QUOTE_MAX` characters after a stray
    quotation mark). A splitter serves one text; ValueError after `close`.
    """

    def __init__(self) -> None:
        self._text, self._closed = "", False
        self._held: list[str] = []  # an opening clause that goes where the next one goes
        self._begins = True  # the next clause is the first of its sentence
        self._gaps: dict[Part, str] = {}  # white space after the last word of each part begun
        self._last: Part | None = None  # of what was given out
        self._forget()

    def feed(self, piece: str) -> Iterator[tuple[Part, str]]:
        """Take the next piece of the text, of any length; return what is decided by now."""
        if self._closed:
            raise ValueError("the text is closed; take a new PartSplitter for another one")
        self._text += piece
        return iter(self._take(final=False))

    def close(self) -> Iterator[tuple[Part, str]]:
        """End the text; return the rest."""
        if self._closed:
            return iter(())
        self._closed = True
        return iter(self._take(final=True))

    def _forget(self) -> None:
        self._part: Part | None = None
        self._seen: set[Part] = set()
        self._headings: set[Part] = set()
        self._headed = False  # the part stands under a heading of its own; loose cues do not leave it

    def _take(self, *, final: bool) -> list[tuple[Part, str]]:
        out: list[tuple[Part, str]] = []
        while self._text:
            found = _next_clause(self._text, final=final)
            if found is None:
                break
            size, ends = found
            clause, self._text = self._text[:size], self._text[size:]
            self._place(clause, ends, out)
        if final and self._held:
            self._release(self._part or self._last, out)
        return out

    def _place(self, clause: str, ends: bool, out: list[tuple[Part, str]]) -> None:
        """Give a clause out, or hold it until the next one says where both go."""
        flat = _without_quotes(plain(clause)).strip()
        if self._begins and MODEL_HEADING.match(flat):
            self._forget()
            flat = MODEL_HEADING.sub("", flat, count=1)
        self._held.append(clause)
        if not flat or marks.LINK.fullmatch(flat):
            return  # "At the same time," goes where its sentence goes
        part, waits = self._decide(flat)
        if part or ends or (self._part and not waits):
            self._release(part or self._part, out)
        self._begins = ends

    def _release(self, part: Part | None, out: list[tuple[Part, str]]) -> None:
        if part:
            self._part = part
            self._seen.add(part)
        else:
            part = _guess("".join(self._held))  # and the next sentence is read without it
        for clause in self._held:
            words = clause.strip()
            if part not in self._gaps:
                before = ""
            else:
                before = self._gaps[part] + clause[: len(clause) - len(clause.lstrip())]
                if not before and self._last != part and words[:1].isascii():
                    before = " "  # the part was left in mid-line and is taken up again
            if not words:
                if part in self._gaps:
                    self._gaps[part] += clause
                continue
            self._gaps[part] = clause[len(clause.rstrip()) :]
            out.append((part, before + words))
            self._last = part
        self._held.clear()

    def _decide(self, flat: str) -> tuple[Part | None, bool]:
        """The part that a clause itself asks for (None: none), and whether it may wait for the next."""
        bare = marks.LINK.sub("", flat, count=1) if marks.LINK.match(flat) else flat
        part = self._headed_part(bare)
        if part:
            return part
        if self._part == "inference":
            return "inference", False
        if marks.THEREFORE.match(bare) or (self._begins and self._sums_up(bare)):
            return "inference", False
        if self._told_all() and "\n\n" in self._gaps.get(self._last, ""):
            return "inference", False  # a paragraph of its own after all three: ours are written so
        if marks.FEELS.match(bare) and (not self._headed or "lexical" in self._seen):
            return "inference", False
        part = next((name for name in marks.SUBJECT if marks.SUBJECT[name].match(bare)), None)
        if part:
            return self._by_subject(part)
        told = _cues(flat)
        if (
            not told
            and '"' in flat
            and marks.QUOTING.search(flat)
            and not (self._headed and self._part != "visual")
        ):
            self._headed = False
            return "lexical", False
        if not self._headed and len(told) == 1:
            return told.pop(), False
        opens = marks.LEAD.match(flat) and len(flat) <= LEAD_MAX
        return None, self._begins and bool(opens or (flat.endswith(":") and not self._headed))

    def _headed_part(self, bare: str) -> tuple[Part | None, bool] | None:
        for name in MODALITIES:
            mark = marks.HEADING[name].match(bare)
            if not mark or (self._part == "inference" and name in self._headings):
                continue
            if self._part == "lexical" and name != "lexical" and name in self._headings and self._told_all():
                return "inference", False
            self._headed = True
            self._headings.add(name)
            if name == "visual" and not self._seen and not bare[mark.end() :].strip(" ,，:*"):
                self._part = name  # "In the video" may just mean the clip: the next words decide
                return None, True
            return name, False
        return None

    def _sums_up(self, bare: str) -> bool:
        """A sentence like "based on ...": of everything, or of this part alone."""
        if not marks.OVERALL.match(bare):
            return False
        if "lexical" in self._headings:
            return True
        if not self._headed:
            return len(self._seen) > 1 and not _cues(bare)
        return len(self._seen) > 1 and sum(bool(marks.NAMED[name].search(bare)) for name in MODALITIES) > 1

    def _told_all(self) -> bool:
        return self._seen >= set(MODALITIES)

    def _by_subject(self, part: Modality) -> tuple[Part | None, bool]:
        if part == self._part:
            return part, False
        if self._part == "lexical" and self._headed:
            if not self._begins:
                return None, False
            return ("inference" if self._told_all() else part), False
        if part == "lexical" and self._headed:
            return None, False  # "this sentence" is also what a voice says
        self._headed = False
        return part, False


def split_parts(text: str) -> dict[Part, str]:
    """Split a description into its parts, in the order in which they begin; absent parts have no key.

    `text` is English or Chinese. Every character goes to exactly one part (white space at the seams aside);
    a heading left over by a language model ("Output:") stays where it stands, and a second answer after it
    goes on in the parts of the first.
    """
    splitter, parts = PartSplitter(), {}
    for pairs in (splitter.feed(text), splitter.close()):
        for part, piece in pairs:
            parts[part] = parts.get(part, "") + piece
    return parts


def _next_clause(text: str, *, final: bool) -> tuple[int, bool] | None:
    """(length, ends a sentence) of the first clause of `text`; None while its end is not certain.

    An end is certain when a character follows it, so that no later piece can move it.
    """
    at, stop = 0, marks.BREAK.search(text)
    while True:
        if stop and stop.start() < at:
            stop = marks.BREAK.search(text, at)
        # Not further than the break: the whole text would be read for each clause.
        mark = marks.OPEN.search(text, at, stop.start() + 1 if stop else len(text))
        if stop and not (mark and mark.start() < stop.start()):
            return (stop.end(), bool(stop["sentence"])) if final or stop.end() < len(text) else None
        if not mark:
            return (len(text), True) if final else None
        close = marks.CLOSE[mark[0]].search(text, mark.end(), mark.end() + QUOTE_MAX)
        if not close and not final and len(text) <= mark.end() + QUOTE_MAX:
            return None
        if not close or marks.SWALLOWED.search(text, mark.end(), close.start()):
            at = mark.end()
            continue
        after = marks.AFTER_QUOTE.match(text, close.end())
        if not final and (after or marks.BLANK.match(text, close.end())).end() >= len(text):
            return None
        if after:
            return after.end(), True
        if text[close.start() - 1] in marks.ENDING:
            return marks.BLANK.match(text, close.end()).end(), True
        at = close.end()


def _without_quotes(text: str) -> str:
    """Each quotation becomes `""`: its words are the speaker's, not the writer's."""
    out, at = [], 0
    while mark := marks.OPEN.search(text, at):
        close = marks.CLOSE[mark[0]].search(text, mark.end(), mark.end() + QUOTE_MAX)
        if not close:
            break
        out += [text[at : mark.start()], '""']
        at = close.end()
    return "".join([*out, text[at:]])


def _cues(flat: str) -> set[Modality]:
    """The modalities of which a clause names an observable clue, the face or the voice."""
    told: set[Modality] = {name for name, pattern in marks.ABOUT.items() if pattern.search(flat)}
    for modality, name, pattern in observables():
        found = None if name in marks.QUIET else pattern.search(flat)
        if found and not NEGATION.search(flat, max(0, found.start() - NEGATION_REACH), found.start()):
            told.add(modality)
    return told


def _guess(text: str) -> Part:
    """A beginning without any mark: a feeling alone is a conclusion, all else is what somebody looks at."""
    return "inference" if mentions(text) and not _cues(plain(text)) else "visual"
