"""What is said in a clip, as the form holds it: what stands in its box, and the times that belong to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...decode import Refused
from ...media import Source
from ...media.messages import refusal
from ...media.sniff import read_checked, shown_name
from ...media.subtitles import MAX_BYTES, decode, parse_subtitle, to_vtt
from ...recognition import Transcript, named
from ...schema import Cue, Text
from ..look import MAX_SUBTITLE_CHARS
from ..text.explain import EXPLAIN

NOTHING = Text("", "")


@dataclass(frozen=True)
class Words:
    """Words that nobody has typed. `shown` stands in the box; `text` says the same with times, as a subtitle.

    note: where they come from. clip: they are of the clip that stands in the form and go with it. facts: what
    belongs into `Clip.media`.
    """

    shown: str
    text: str
    source: Source
    note: Text = NOTHING
    clip: bool = True
    facts: dict[str, Any] = field(default_factory=dict)

    def said(self, typed: str | None) -> bool:
        """Return whether the box still holds them as they came."""
        return (typed or "").split() == self.shown.split()


def from_file(path: str) -> Words:
    """Read a subtitle file. Raises AffectError for what is none."""
    name = shown_name(path)
    try:
        text = decode(read_checked(path, max_bytes=MAX_BYTES), name)
    except Refused as refused:
        raise refusal(refused.code, name, refused.values) from refused
    cues = parse_subtitle(text, name)
    timed = any(cue.start_s is not None for cue in cues)
    note = EXPLAIN["words_timed" if timed else "words_plain"].filled(name=name, lines=len(cues))
    return Words(shown_in_box(cues), text, "file", note, clip=False)


def from_speech(transcript: Transcript, facts: dict[str, Any]) -> Words:
    """Take over what was recognised, which may be nothing."""
    if not transcript.cues:
        return Words("", "", "asr", EXPLAIN["words_silent"].filled(model=transcript.model), facts=facts)
    language = named(transcript.language) if transcript.language else ""
    sure = f"{transcript.confidence:.2f}"
    note = EXPLAIN["words_asr"].filled(model=transcript.model, language=language, sure=sure)
    for warning in transcript.warnings:
        note = note + Text(" ", "") + warning
    return Words(shown_in_box(transcript.cues), to_vtt(transcript.cues), "asr", note, facts=facts)


def from_answer(cues: tuple[Cue, ...], source: str) -> Words | None:
    """Take over the words of an answer of another tab; None without any, and for those in the file itself."""
    if not cues or source == "embedded":
        return None
    return Words(shown_in_box(cues), as_text(cues), source)


def as_text(cues: tuple[Cue, ...]) -> str:
    """Return the cues as a reader of subtitles takes them: with times, if each has some."""
    timed = all(cue.start_s is not None and cue.end_s is not None for cue in cues)
    return to_vtt(cues) if timed and cues else "\n".join(cue.text for cue in cues)


def shown_in_box(cues: tuple[Cue, ...]) -> str:
    """Return the cues as the box shows them: a line for each, as many characters as it takes."""
    return "\n".join(cue.text for cue in cues)[:MAX_SUBTITLE_CHARS]
