"""The block "what if": the clip of the last answer once more, with a modality left out, beside the answer."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import gradio as gr

from ...muting import has
from ...schema import AffectError, Clip, Explanation, Language, Modality
from ...wording import modalities
from ..drawings.side_by_side import side_by_side
from ..followed import followed
from ..look import DELETE_AGE_S, toast
from ..services import Setup, Shown
from ..tab import ONE_AT_A_TIME, PRIVATE, Tab
from ..text import describe, mistake, say
from . import what_if_html
from .answered import answered_clip, answered_modalities

SWITCHES: tuple[Modality, ...] = ("acoustic", "visual", "lexical")
QUICK = ("signal",)  # engines that answer from what is remembered in a fraction of a second: no press needed


@dataclass(frozen=True, eq=False)
class Found:
    """What this block has found out `about` an answer. one: the same, unless it was made anew (`own`)."""

    about: Explanation
    one: Explanation
    own: bool = False
    without: tuple[Modality, ...] = ()
    other: Explanation | None = None
    ranks: dict[Modality, Explanation] = field(default_factory=dict)


class WhatIfBlock(Tab):
    """Switches that take a modality away, and what is left of the answer."""

    title = "wi_title"

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)
        self.found = gr.State(None, time_to_live=DELETE_AGE_S)  # a `Found`, or None
        with gr.Column(elem_id="ag-what-if", elem_classes="ag-card"):
            self.heading = bare()
            with gr.Row(elem_id="ag-wi-bar"):
                self.switches = {
                    name: gr.Checkbox(label=say(f"wi_{name}", "en"), container=False, elem_id=f"ag-wi-{name}")
                    for name in SWITCHES
                }
                self.run = gr.Button(variant="primary", elem_id="ag-wi-run", min_width=120)
                self.rank = gr.Button(elem_id="ag-wi-rank", min_width=120)
                self.stop = gr.Button(elem_id="ag-wi-stop", min_width=80, interactive=False)
            self.status = bare(elem_id="ag-wi-status")
            self.ranked = bare(elem_id="ag-wi-ranked")
            self.result = bare(elem_id="ag-wi-result")

    def wire(self) -> None:
        switches, shell = list(self.switches.values()), self.shell
        drawn = [self.heading, self.status, self.ranked, self.result, self.run, *switches]
        known = [shell.shown, self.found, shell.language]
        shell.shown.change(self.renew, known, [*drawn, self.found], queue=False, **PRIVATE)
        shell.language.input(self.translate, known, drawn, queue=False, **PRIVATE)
        buttons = [self.run, self.rank, self.stop]
        answer = [self.found, self.status, self.ranked, self.result, *buttons]
        asked = [*known, *switches]
        runs = [
            self.run.click(self.change, asked, answer, **ONE_AT_A_TIME, **PRIVATE),
            self.rank.click(self.compare_all, known, answer, **ONE_AT_A_TIME, **PRIVATE),
        ]
        for switch in switches:
            moved = {"trigger_mode": "always_last", **ONE_AT_A_TIME, **PRIVATE}
            runs.append(switch.input(self.switch, asked, answer, **moved))
        for run in runs:
            for ended in (run.then, run.failure):
                ended(self.rest, None, buttons, queue=False, **PRIVATE)
        stopped = self.stop.click(None, cancels=runs, **PRIVATE)
        stopped.then(self.halt, shell.language, [self.status, self.stop], queue=False, **PRIVATE)

    def sentences(self, language: Language) -> dict:
        return {
            **{
                switch: gr.Checkbox(label=say(f"wi_{name}", language))
                for name, switch in self.switches.items()
            },
            self.run: gr.Button(say("wi_run", language)),
            self.rank: gr.Button(say("wi_rank", language)),
            self.stop: gr.Button(say("wi_stop", language)),
        }

    # ---- drawing

    def renew(
        self, shown: Shown | None, found: Found | None, language: Language, request: gr.Request
    ) -> dict:
        """Start again with a new answer, or hide; one that was only scored stays as it is."""
        if shown and found and found.about == replace(shown.explanation, scores=None):
            return {self.heading: what_if_html.heading(language)}
        clean = {switch: gr.Checkbox(value=False) for switch in self.switches.values()}
        return {**clean, **self._draw(shown, None, language, request, clean=True), self.found: None}

    def translate(
        self, shown: Shown | None, found: Found | None, language: Language, request: gr.Request
    ) -> dict:
        """Draw what was found in `language`."""
        return self._draw(shown, found, language, request)

    def _draw(
        self,
        shown: Shown | None,
        found: Found | None,
        language: Language,
        request: gr.Request,
        *,
        clean=False,
    ) -> dict:
        if shown is None:
            return dict.fromkeys((self.heading, self.status, self.ranked, self.result), "")
        there = answered_modalities(self.services, request.session_hash, shown)
        value = {"value": False} if clean else {}
        switches = {
            switch: gr.Checkbox(
                info=None if name in there else say(f"wi_no_{name}", language),
                interactive=name in there and len(there) > 1,
                **value,
            )
            for name, switch in self.switches.items()
        }
        out = {self.heading: what_if_html.heading(language), self.status: "", **switches}
        out[self.run] = gr.Button(visible=shown.explanation.engine not in QUICK)
        return {**out, **self._results(found, language)}

    def _results(self, found: Found | None, language: Language) -> dict:
        if found is None:
            return {self.result: "", self.ranked: ""}
        result = ""
        if found.other:
            names = modalities(found.without, language)
            titles = (
                say("wi_original_new" if found.own else "wi_original", language),
                say("wi_without", language, names=names),
            )
            lead = say("wi_lead", language, names=names)
            result = side_by_side(found.one, found.other, titles, language, lead=lead)
        return {self.result: result, self.ranked: what_if_html.ranked(found.one, found.ranks, language)}

    def rest(self) -> dict:
        """Give the buttons back."""
        return self._buttons(running=False)

    def halt(self, language: Language) -> dict:
        """Say that it was stopped."""
        return {
            self.status: what_if_html.status(say("wi_stopped", language)),
            self.stop: gr.Button(interactive=False),
        }

    def _buttons(self, *, running: bool) -> dict:
        out = {button: gr.Button(interactive=not running) for button in (self.run, self.rank)}
        return {**out, self.stop: gr.Button(interactive=running)}

    # ---- work

    def change(
        self, shown: Shown | None, found: Found | None, language: Language, no_sound: bool, no_picture: bool,
        no_words: bool, request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Answer without what is switched off."""
        if shown is None:
            yield {self.status: ""}
            return
        switched = zip(SWITCHES, (no_sound, no_picture, no_words), strict=True)
        without = tuple(name for name, off in switched if off)
        yield from self._guarded(self._change(shown, found, language, without, request), language, request)

    def switch(
        self, shown: Shown | None, found: Found | None, language: Language, no_sound: bool, no_picture: bool,
        no_words: bool, request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Answer at once after a switch was moved, if the engine is quick; without any, the result goes."""
        if shown is None or shown.explanation.engine not in QUICK:
            yield {self.status: ""}
        elif not (no_sound or no_picture or no_words):
            found = replace(found, without=(), other=None) if found else None
            yield {self.found: found, self.status: "", **self._results(found, language)}
        else:
            yield from self.change(shown, found, language, no_sound, no_picture, no_words, request)

    def compare_all(
        self, shown: Shown | None, found: Found | None, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Leave out each modality in turn."""
        if shown is None:
            yield {self.status: ""}
        else:
            yield from self._guarded(self._compare_all(shown, found, language, request), language, request)

    def _guarded(self, work: Iterator[dict], language: Language, request: gr.Request) -> Iterator[dict]:
        """Run `work` as a job of the visitor; what goes wrong becomes a message."""
        try:
            with self.services.visitors.job(request.session_hash, "what_if"):
                yield {**self._buttons(running=True), **self._busy(say("wi_opening", language))}
                began = time.monotonic()
                yield from work
                done = say("wi_done", language, seconds=f"{time.monotonic() - began:.1f}")
                yield {self.status: what_if_html.status(done), **self._buttons(running=False)}
        except Exception as error:
            title, message = describe(error, language)
            yield {self.status: what_if_html.status(message), **self._buttons(running=False)}
            raise toast(title, message) from None

    def _change(
        self, shown: Shown, found: Found | None, language: Language, without: tuple[Modality, ...],
        request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        if not without:
            raise mistake("wi_pick")
        clip, setup, found = yield from self._ready(shown, found, language, request)
        if set(has(clip)) <= set(without):
            raise mistake("wi_all_gone")
        other = yield from self._answer(clip, setup, found.one.language, without, language)
        found = replace(found, without=without, other=other)
        yield {self.found: found, **self._results(found, language)}

    def _compare_all(
        self, shown: Shown, found: Found | None, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        clip, setup, found = yield from self._ready(shown, found, language, request)
        there = has(clip)
        if len(there) < 2:
            raise mistake("wi_all_gone")
        ranks: dict[Modality, Explanation] = {}
        for name in there:
            ranks[name] = yield from self._answer(clip, setup, found.one.language, (name,), language)
            found = replace(found, ranks=dict(ranks))
            yield {self.found: found, **self._results(found, language)}

    def _answer(
        self, clip: Clip, setup: Setup, written: Language, without: tuple[Modality, ...], language: Language
    ) -> Generator[dict, None, Explanation]:
        still = self._busy(say("wi_working", language, names=modalities(without, language)))
        yield still
        setup = replace(setup, without=tuple({*setup.without, *without}))
        return (yield from followed(self.services.events(clip, setup, written), lambda _: still))

    def _ready(
        self, shown: Shown, found: Found | None, language: Language, request: gr.Request
    ) -> Generator[dict, None, tuple[Clip, Setup, Found]]:
        """The clip, how to ask about it, and the answer to compare with: a stored one is made anew."""
        clip = answered_clip(self.services, request.session_hash, shown)
        if clip is None:
            raise mistake("wi_gone")
        setup = replace(shown.setup, engine=shown.explanation.engine)
        if not self._known(setup.engine):
            setup = Setup()
        if found is None:
            one, own = shown.explanation, bool(shown.stored) or setup.engine is None
            if own:
                still = self._busy(say("wi_opening", language))
                one = yield from followed(
                    self.services.events(clip, setup, shown.explanation.language), lambda _: still
                )
            found = Found(replace(shown.explanation, scores=None), one, own)
        return clip, setup, found

    def _known(self, engine: str) -> bool:
        try:
            return bool(self.services.engines.get(engine))
        except AffectError:
            return False

    def _busy(self, words: str) -> dict:
        return {self.status: what_if_html.status(words, running=True)}
