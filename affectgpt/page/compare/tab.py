"""The tab "compare" at work: one clip, two setups; the first answer is there before the second is made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import gradio as gr

from ...assessment import assess
from ...reference import Reference, checked, split_labels
from ...schema import Clip, Explanation, Language
from .. import files
from ..drawings.side_by_side import side_by_side
from ..explain.answered import answered_clip, answered_copy
from ..followed import followed, waited
from ..look import toast
from ..opening import open_clip
from ..services import Setup, Shown
from ..tab import ONE_AT_A_TIME, PRIVATE
from ..text import describe, mistake
from . import html as compare_html
from .form import SAMPLING, CompareForm, setup_of

PLACE = "compare"  # of an example in `services.kept`


@dataclass(frozen=True, eq=False)
class Compared:
    """What has been found so far. about: the answer whose clip it is, None for an example. scores: of both
    against the reference, if there is one."""

    about: Explanation | None
    setups: tuple[Setup, Setup]
    one: Explanation
    times_s: dict[str, float]
    other: Explanation | None = None
    scores: tuple[dict, dict] | None = None


class CompareTab(CompareForm):
    """What happens between the components of the tab; it holds no visitor's data."""

    def wire(self) -> None:
        language, shown = self.shell.language, self.shell.shown
        results = [self.status, self.result, self.drawn]
        clip = [self.chosen, self.clip, self.player, self.reference, self.labels]
        known = [shown, self.chosen, self.compared, language]
        shown.change(self.renew, known, [*clip, self.compared, *results], queue=False, **PRIVATE)
        language.input(self.translate, known, [self.clip, *results], queue=False, **PRIVATE)
        for side in self.sides:
            side.engine.input(self.sampled, side.engine, side.samples, queue=False, **PRIVATE)
        fields = [field for side in self.sides for field in side.fields]
        asked = [shown, self.chosen, language, *fields, self.reference, self.labels]
        buttons = [self.run, self.stop]
        answer = [self.compared, *results, *buttons]
        picked = self.cards.click(self.pick, language, clip, queue=False, **PRIVATE)
        runs = [
            event(self.compare, asked, answer, **ONE_AT_A_TIME, **PRIVATE)
            for event in (self.run.click, picked.success)
        ]
        for run in runs:
            for ended in (run.then, run.failure):
                ended(partial(self.buttons, running=False), None, buttons, queue=False, **PRIVATE)
        # without a function: gradio sends the request to cancel after the events before it
        stopped = self.stop.click(None, cancels=runs, **PRIVATE)
        halted = [self.compared, language]
        stopped.then(self.halt, halted, [self.status, self.stop], queue=False, **PRIVATE)

    def greet(self, request: gr.Request, language: Language) -> dict:
        """Say what to do."""
        return {
            **self.fresh(language),
            self.clip: compare_html.clip("cp_clip_none", language),
            self.result: compare_html.empty(language),
        }

    @property
    def greeted(self) -> list:
        return [self.clip, self.result]

    # ---- which clip

    def sampled(self, engine: str) -> dict:
        """Offer samples where the engine can draw them."""
        return gr.Slider(visible=engine == SAMPLING)

    def pick(self, language: Language, event: gr.EventData) -> dict:
        """Take the example that was pressed, with its reference."""
        index = int(event.index)
        example = self.services.examples[index]
        return {
            self.chosen: index,
            self.clip: self._named(None, index, language),
            self.player: gr.Video(str(example.clip)),
            self.reference: example.reference[language],
            self.labels: example.labels[language],
        }

    def renew(
        self, shown: Shown | None, chosen: int | None, compared: Compared | None, language: Language,
        request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Take the clip of a new answer of the first tab; one that has gone, or was only scored, changes
        nothing that was found."""
        if shown is None or (compared and compared.about == replace(shown.explanation, scores=None)):
            yield {self.clip: self._named(shown, chosen, language)}
            return
        text, labels = shown.reference or ("", [])
        with files.job_folder() as folder:
            yield {
                self.chosen: None,
                self.clip: self._named(shown, None, language),
                self.player: gr.Video(self._copy(shown, request.session_hash, Path(folder))),
                self.reference: text,
                self.labels: ", ".join(labels),
                self.compared: None,
                self.status: "",
                self.result: compare_html.empty(language),
                self.drawn: "",
            }

    def _copy(self, shown: Shown, visitor: str, folder: Path) -> str | None:
        """Our copy of the clip, of which gradio takes one for the browser."""
        copy = answered_copy(self.services, visitor, shown)
        if copy is None:
            return None
        file = folder / (files.safe_stem(shown.explanation.name) + files.COPY_SUFFIX)
        file.write_bytes(copy)
        return str(file)

    def _named(self, shown: Shown | None, chosen: int | None, language: Language) -> str:
        if chosen is not None:
            name = self.services.examples[chosen].title[language]
            return compare_html.clip("cp_clip_example", language, name)
        if shown is None:
            return compare_html.clip("cp_clip_none", language)
        return compare_html.clip("cp_clip_explained", language, shown.explanation.name)

    # ---- drawing

    def translate(
        self, shown: Shown | None, chosen: int | None, compared: Compared | None, language: Language
    ) -> dict:
        """Draw everything in `language`."""
        clip = {self.clip: self._named(shown, chosen, language)}
        if compared is None:
            return {**clip, self.status: "", self.result: compare_html.empty(language), self.drawn: ""}
        state = "finished" if compared.other else "stopped"
        status = compare_html.status(compared.times_s, language, state=state)
        return {**clip, self.status: status, **self._draw(compared, language)}

    def _draw(self, compared: Compared, language: Language) -> dict:
        titles = compare_html.titles(compared.setups, self.services, language)
        result = side_by_side(compared.one, compared.other, titles, language)
        drawn = ""
        if compared.other:
            drawn = compare_html.more(compared.one, compared.other, compared.scores, language)
        return {self.result: result, self.drawn: drawn}

    def halt(self, compared: Compared | None, language: Language) -> dict:
        """Say that it was stopped; what is there stays."""
        times = compared.times_s if compared else {}
        return {
            self.status: compare_html.status(times, language, state="stopped"),
            self.stop: gr.Button(interactive=False),
        }

    # ---- work

    def compare(
        self, shown: Shown | None, chosen: int | None, language: Language, engine_a, use_a, samples_a,
        engine_b, use_b, samples_b, reference: str, labels: str, request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Answer twice and yield what changes on the page; a stop or a closed page ends it there."""
        setups = setup_of(engine_a, use_a, samples_a), setup_of(engine_b, use_b, samples_b)
        about = replace(shown.explanation, scores=None) if shown and chosen is None else None
        times: dict[str, float] = {}
        try:
            given = _given(reference, labels)
            if setups[0] == setups[1]:
                raise mistake("cp_same")
            if not (use_a and use_b):
                raise mistake("cp_nothing_used")
            with self.services.visitors.job(request.session_hash, PLACE):
                begun = {self.result: "", self.drawn: "", self.compared: None}
                yield {**begun, **self._busy(times, language), **self.buttons(running=True)}
                opened = partial(self._opened, request.session_hash, shown, chosen)
                clip = yield from waited(opened, self._busy(times, language))
                answers: list[Explanation] = []
                for letter, setup in zip("AB", setups, strict=True):
                    began = time.monotonic()
                    events = self.services.events(clip, setup, language)
                    still = self._busy(times, language)
                    answer = yield from followed(events, lambda _, still=still: still)
                    times = {**times, letter: time.monotonic() - began}
                    answers.append(answer)
                    found = Compared(about, setups, answers[0], times, *answers[1:])
                    if len(answers) == 1:
                        yield {
                            **self._busy(times, language),
                            self.compared: found,
                            **self._draw(found, language),
                        }
                if given:
                    scores = tuple(assess(x.text, x.labels, *given, language) for x in answers)
                    found = replace(found, scores=scores)
                done = compare_html.status(times, language, state="finished")
                out = {self.status: done, self.compared: found, **self._draw(found, language)}
                yield {**out, **self.buttons(running=False)}
        except Exception as error:
            title, message = describe(error, language)
            failed = compare_html.status(times, language, state="failed", note=message)
            yield {self.status: failed, **self.buttons(running=False)}
            raise toast(title, message) from None

    def _busy(self, times: dict[str, float], language: Language) -> dict:
        return {self.status: compare_html.status(times, language, state="running")}

    def _opened(self, visitor: str, shown: Shown | None, chosen: int | None) -> Clip:
        if chosen is not None:
            example = self.services.examples[chosen]
            subtitle = str(example.subtitle)
            return open_clip(self.services, visitor, PLACE, str(example.clip), subtitle_file=subtitle)
        if shown is None:
            raise mistake("cp_clip_none")
        clip = answered_clip(self.services, visitor, shown)
        if clip is None:
            raise mistake("wi_gone")
        return clip


def _given(text: str, labels: str) -> Reference | None:
    """The reference in the boxes, if any. Raises AffectError for one that is too long."""
    text, listed = (text or "").strip(), split_labels(labels or "")
    return checked(text, listed) if text or listed else None
