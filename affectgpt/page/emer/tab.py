"""The EMER tab: find a sample, read it, step to the next, run the engine on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import gradio as gr

from ...schema import Language
from ..services import Shown
from ..tab import AT_ONCE, ONE_AT_A_TIME, PRIVATE
from . import html as html
from .html import PAGE
from .run import EmerRun
from .shelves import Shelf

LOOK_EVERY_S = 2.0  # whether the data set has been read
# what the first tab shows is reached by a press on its heading
TO_EXPLAIN = "() => document.querySelector('#ag-tab_explain-button')?.click()"
Current = tuple[str, str] | None  # key of a shelf, name of a sample


class EmerTab(EmerRun):
    """What happens when somebody browses; every handler works out again what the fields ask for."""

    def wire(self) -> None:
        language, shown = self.shell.language, self.shell.shown
        asked = [self.shelf, self.query, self.label, self.only, self.current, self.page, language]
        finding = [self.note, self.shelf, self.label, self.chips, self.only, self.pager, self.list]
        finding += [self.licence, self.page, self.head]
        reading = [self.current, self.wheel, self.about]
        answered = [self.wheel, self.text, self.answer, self.status, self.scores, self.beside, self.more]
        reading += answered[1:]
        drawn = [*finding, *reading]
        buttons = [self.run, self.stop, language]
        quick = {"queue": False, **PRIVATE}

        # of no other event: for an event that leaves a player as it is, gradio opens its captions again
        player = [self.clip_card, self.player]
        emptied = self.current.change(self.empty_player, self.current, player, **quick)
        viewed = emptied.then(
            self.show_clip, [self.current, language], player, concurrency_limit=2, **PRIVATE
        )
        begun = self.run.click(self.begin, language, [*answered, *buttons], **quick)
        run = begun.success(
            self.answer_sample, [self.current, language], [*answered, *buttons], **ONE_AT_A_TIME, **PRIVATE
        )
        for ended in (run.then, run.failure):
            ended(self.rest, None, buttons, **quick)
        stopped = self.stop.click(None, cancels=[run], **PRIVATE)
        stopped.then(self.halt, language, [self.status, *buttons], **quick)
        # who turns to another sample wants nothing more of this one
        for turned in (self.list.click, self.previous.click, self.next.click, self.shelf.input):
            turned(None, cancels=[run, viewed], **PRIVATE)
        self.home.parent.select(self.visit, asked, drawn, concurrency_limit=None, **PRIVATE)
        # through the queue: without it gradio's page is not told that `current` has changed
        self.list.click(self.pick, asked, drawn, **AT_ONCE, **PRIVATE)
        self.previous.click(self.back, asked, drawn, **AT_ONCE, **PRIVATE)
        self.next.click(self.forth, asked, drawn, **AT_ONCE, **PRIVATE)
        self.shelf.input(self.change_shelf, asked, drawn, **AT_ONCE, **PRIVATE)
        self.query.input(self.search, asked, finding, trigger_mode="always_last", **quick)
        for changed in (self.label.input, self.only.input):
            changed(self.search, asked, finding, **quick)
        self.chips.click(self.switch_label, asked, finding, **quick)
        self.pager.click(self.turn, asked, finding, **quick)
        language.input(self.translate, [*asked, self.answer], drawn, **quick)
        opened = self.open.click(
            self.hand_over, [self.current, self.answer, language], shown, **AT_ONCE, **PRIVATE
        )
        opened.success(None, js=TO_EXPLAIN, **PRIVATE)

    async def visit(self, shelf, query, label, only, current, page, language, request: gr.Request
    ) -> AsyncIterator[dict]:  # fmt: skip
        """Draw the tab when it is opened; the first visitor has the data set read, and all wait for it."""
        wanted = request.query_params.get("sample")
        reading = self.shelves.reading()
        if reading is not None:
            found = self._found(shelf, query, label, only, current, page, language)
            told = html.note(language, reading=True)
            yield {**found, self.note: told}
            ended = asyncio.wrap_future(reading)
            while not (await asyncio.wait({ended}, timeout=LOOK_EVERY_S))[0]:
                now = html.note(language, reading=True, progress=self.shelves.progress)
                yield {self.note: gr.skip() if now == told else now}
                told = now
            shelf = current and current[0]  # nobody could choose another one before
        if current is None:
            holder = next((x for x in self.shelves.all if wanted in x.positions), self.shelves.get(shelf))
            yield self._shown(holder, "", "", False, wanted, language)
        else:
            yield self._found(shelf, query, label, only, current, page, language)

    def pick(self, shelf, query, label, only, current, page, language, event: gr.EventData) -> dict:
        """Read the sample that was pressed."""
        return self._shown(self.shelves.get(shelf), query, label, only, event.sample, language)

    def back(self, shelf, query, label, only, current, page, language) -> dict:
        """Read the sample before this one among those found."""
        return self._step(-1, shelf, query, label, only, current, language)

    def forth(self, shelf, query, label, only, current, page, language) -> dict:
        """Read the next sample among those found."""
        return self._step(1, shelf, query, label, only, current, language)

    def change_shelf(self, shelf, query, label, only, current, page, language) -> dict:
        """Turn to the first sample of another collection; its labels are other ones."""
        return self._shown(self.shelves.get(shelf), query, "", False, None, language)

    def search(self, shelf, query, label, only, current, page, language) -> dict:
        """List what is found now; the sample that is read stays."""
        return self._found(shelf, query, label, only, current, 0, language)

    def switch_label(self, shelf, query, label, only, current, page, language, event: gr.EventData) -> dict:
        """Filter by the label that was pressed, or by none when it was the one."""
        chosen = "" if event.label == label else event.label
        return self._found(shelf, query, chosen, only, current, 0, language)

    def turn(self, shelf, query, label, only, current, page, language, event: gr.EventData) -> dict:
        """List another page of what was found."""
        return self._found(shelf, query, label, only, current, int(event.turn), language)

    def translate(
        self, shelf, query, label, only, current, page, language: Language, answer: Shown | None
    ) -> dict:
        """Draw everything that is there in `language`."""
        if current is None:
            return {self.about: gr.skip()}  # gradio takes an empty dict for a missing value
        out = self._found(shelf, query, label, only, current, page, language)
        _, sample = self.sample(current)
        words = (query or "").split()
        out[self.about] = html.about(sample, language, words)
        if sample and answer:
            return out | self.draw_answer(sample, answer.explanation, language)
        text = html.reference(sample, language, words)
        return {**out, **self.cleared(), self.wheel: html.placed(sample, language), self.text: text}

    def _step(self, by: int, shelf, query, label, only, current: Current, language) -> dict:
        here = self.shelves.get(shelf)
        found = here.find(query or "", label or "", with_clip=only) if here else []
        at = self._position(here, found, current)
        if not found:
            return {self.about: gr.skip()}
        target = 0 if at is None else min(max(at + by, 0), len(found) - 1)
        return self._shown(here, query, label, only, here.samples[found[target]].name, language)

    def _shown(self, shelf: Shelf | None, query, label, only, name: str | None, language: Language) -> dict:
        """Draw the sample `name`, else the first one that is found, and the page of the list it is on."""
        if shelf is None:
            return self._found(None, "", "", False, None, 0, language)
        found = shelf.find(query or "", label or "", with_clip=only)
        if name not in shelf.positions:
            name = shelf.samples[found[0] if found else 0].name
        sample = shelf.samples[shelf.positions[name]]
        current, words = (shelf.key, name), (query or "").split()
        at = self._position(shelf, found, current)
        return {
            **self._found(shelf.key, query, label, only, current, (at or 0) // PAGE, language),
            **self.cleared(),
            self.current: current,
            self.wheel: html.placed(sample, language),
            self.about: html.about(sample, language, words),
            self.text: html.reference(sample, language, words),
        }

    def _found(
        self, key: str | None, query, label, only, current: Current, page: int, language: Language
    ) -> dict:
        """Draw the list of what is found, at one of its pages, and all that leads to it."""
        shelf = self.shelves.get(key)
        query, label = query or "", label or ""
        if shelf and label not in dict(shelf.counts):
            label = ""
        found = shelf.find(query, label, with_clip=only) if shelf else []
        page = min(max(page, 0), max(0, (len(found) - 1) // PAGE))
        name = current[1] if current and shelf and current[0] == shelf.key else None
        _, sample = self.sample(current)
        return {
            **self.choices(shelf, label, language),
            self.note: html.note(language, reading=False, why_not=self.shelves.why_not),
            self.chips: html.chips(shelf, label, language),
            self.pager: html.pager(len(found), len(shelf.samples) if shelf else 0, page, language),
            self.list: html.listing(shelf, found, page, name, language, query.split()),
            self.head: html.head(sample, self._position(shelf, found, current), len(found), language),
            self.page: page,
        }

    def _position(self, shelf: Shelf | None, found: list[int], current: Current) -> int | None:
        if shelf is None or not current or current[0] != shelf.key:
            return None
        position = shelf.positions.get(current[1])
        return found.index(position) if position in found else None
