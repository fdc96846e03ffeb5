"""The first tab as it fills: what each step of an answer draws, and how it is drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import gradio as gr

from ...schema import Clip, Language
from .. import files, html
from ..drawings.clues import clues
from ..drawings.explanation import text
from ..drawings.faces import strip
from ..drawings.svg import number
from ..drawings.timeline import timeline
from ..drawings.verdict import verdict, wheel_card
from ..files import Example
from ..services import Shown
from ..text import say
from .form import ExplainForm
from .words import Words, shown_in_box


@dataclass(frozen=True, eq=False)
class Drawn:
    """What stands in the place of the answer: all of it, or how far it came.

    state: of `html.status`. timings: seconds by step. told: title and sentence of a failure, by language.
    typed: what stood in the box of words.
    """

    shown: Shown | None
    state: str = "running"
    timings: dict[str, float] = field(default_factory=dict)
    told: dict[Language, tuple[str, str]] = field(default_factory=dict)
    typed: str = ""


class ExplainAnswer(ExplainForm):
    """How the places of the answer are filled; it holds no visitor's data."""

    def draw(self, drawn: Drawn, language: Language, *, draft: str = "") -> dict:
        """Return everything that is known of an answer; `draft`: what is being written."""
        out = {self.drawn: drawn, self.status: self._status(drawn, language)}
        if drawn.shown is None:
            return out
        answer, running = drawn.shown.explanation, drawn.state == "running"
        whole = drawn.state in ("finished", "stored")
        labelled = whole or "labelled" in answer.timings
        return out | {
            self.verdict: verdict(answer, language) if labelled else html.waiting("verdict", language),
            self.wheel: wheel_card(answer, language) if labelled else "",
            self.clues: clues(answer, language, running=not whole),
            self.text: text(answer, language, running=running, draft=draft),
            self.limits: html.limits(answer, language) if whole else "",
            **self.draw_measured(drawn.shown, language),
        }

    def draw_measured(self, shown: Shown, language: Language) -> dict:
        """Return the curves, with the spans of the clues, and the faces."""
        found = shown.explanation.clues
        line = timeline(shown.timeline, found, number(found), language, duration_s=shown.duration_s)
        return {self.timeline: line, self.strip: strip(shown.crops, language)}

    def _status(self, drawn: Drawn, language: Language) -> str:
        title, note = drawn.told.get(language, ("", ""))
        if drawn.state == "stored":
            again = say("stored_note", language, run=say("run_again", language))
            note = f"{drawn.shown.stored[language]} {again}"
        return html.status(drawn.timings, language, state=drawn.state, title=title, note=note)

    def run_label(self, drawn: Drawn | None, language: Language) -> str:
        """Return what the primary button says."""
        return say("run_again" if drawn and drawn.state == "stored" else "run", language)

    def play(self, loaded: Clip, folder: Path) -> dict:
        """Put our copy of the clip with its captions into the player."""
        captions = None
        if loaded.cues:
            captions = folder / "captions.vtt"
            captions.write_text(files.captions(loaded.cues, duration_s=loaded.duration_s), encoding="utf-8")
        return {self.player: self._player(copy_of(loaded, folder), captions, picture=loaded.has_picture)}

    def play_example(self, example: Example) -> dict:
        """Put an example with its captions into the player."""
        return {self.player: self._player(example.clip, example.captions, picture=True)}

    def _player(self, clip: str | Path | None, captions: Path | None, *, picture: bool) -> gr.Video:
        looks = ["ag-player"] if picture else ["ag-player", "ag-heard"]  # there is nothing to see of a sound
        return gr.Video(clip and str(clip), subtitles=captions, elem_classes=looks)

    def take(self, loaded: Clip, source: str, folder: Path, words: Words | None, *, cut: bool) -> dict:
        """Put our copy of the clip into the place of the upload, which goes."""
        if files.is_example(source) and not cut:
            return {}
        out = {self.clip: gr.Video(copy_of(loaded, folder)), self.sound: None}
        if not cut:
            return out
        out |= {self.start: None, self.end: None}
        if words is None or not loaded.cues:
            return out
        # the copy is the part alone, so its words must be, too
        box = shown_in_box(loaded.cues)
        said = files.captions(loaded.cues, duration_s=loaded.duration_s)
        words = Words(box, said, words.source, words.note, facts=words.facts)
        return out | {self.subtitle: box, self.words: words}


def copy_of(loaded: Clip, folder: Path) -> str | None:
    """Write our copy of a clip; never the upload itself: gradio's tools may open what they play."""
    if not loaded.player_mp4:
        return None
    file = folder / (files.safe_stem(loaded.name) + files.COPY_SUFFIX)
    if not file.exists():
        file.write_bytes(loaded.player_mp4)
    return str(file)


def same(one: Shown | None, other: Shown) -> bool:
    """Return whether two are the same answer, be one of them scored since."""
    answers = [replace(each.explanation, scores=None) for each in (one, other) if each]
    return len(answers) == 2 and answers[0] == answers[1]


def example_in(examples: Sequence[Example], clip: str | None) -> Example | None:
    """Return the example whose clip stands in the form."""
    return next((x for x in examples if clip and x.clip.resolve() == Path(clip).resolve()), None)
