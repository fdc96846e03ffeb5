"""The first tab at work: a clip, its words and a button; the answer appears stage by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr

from ...reason import fold
from ...reference import split_labels
from ...schema import LANGUAGES, AffectError, Clip, Language
from ...transcribe import listening, transcribed
from .. import files, html
from ..followed import waited
from ..look import toast
from ..opening import open_clip, require
from ..services import Setup, Shown
from ..stored import stored_answer
from ..tab import AT_ONCE, ONE_AT_A_TIME, PRIVATE, language_of
from ..text import describe, say
from .answer import Drawn, ExplainAnswer, copy_of, example_in, same
from .answered import PLACE, answered_clip
from .form import speak
from .steps import steps
from .words import Words, from_answer, from_file, from_speech


class ExplainTab(ExplainAnswer):
    """What happens between the components of the first tab; it holds no visitor's data."""

    def wire(self) -> None:
        language, quick = self.shell.language, {"queue": False, **PRIVATE}
        clips, part = [self.clip, self.sound], [self.start, self.end]
        box, buttons = [self.subtitle, self.words], [self.run, self.stop, language]
        answer = [self.status, self.player, self.timeline, self.strip, self.verdict, self.clues, self.text]
        answer += [self.wheel, self.limits, self.drawn, self.shell.shown]
        form = [*clips, *box, *part]

        asked = [*form, self.engine, self.consent, language]
        self.run.click(self.check, [*asked, self.go], [self.go, self.status, *buttons], **AT_ONCE, **PRIVATE)
        filled = [*form, self.words_note, self.go, *answer, *buttons]
        # through the queue: without it gradio's page is not told that a state has changed
        self.cards.click(self.fill, [self.engine, self.go, language], filled, **AT_ONCE, **PRIVATE)
        shown = [*form, self.words_note, *answer, *buttons]
        run = self.go.change(self.answer, asked, shown, **ONE_AT_A_TIME, **PRIVATE)
        heard = self.transcribe.click(
            self.listen, [*clips, *part, self.consent, language], [*form, self.words_note, *buttons],
            **ONE_AT_A_TIME, **PRIVATE,
        )  # fmt: skip
        for job in (run, heard):
            for ended in (job.then, job.failure):  # the first also when the browser has cancelled the job
                ended(self.rest, None, buttons, **quick)
        # gradio sends the request to cancel after the events before it: so it goes first, without a function
        stopped = self.stop.click(None, cancels=[run, heard], **PRIVATE)
        halted = [*clips, self.words_note, self.status, self.drawn, self.stop]
        stopped.then(self.halt, [*clips, *box, self.drawn, language], halted, **quick)
        self.shell.demo.unload(self.leave)
        adopted = [*form, self.words_note, *answer[:-1], self.run]
        self.shell.shown.change(self.adopt, [self.shell.shown, self.drawn, language], adopted, **quick)

        self.upload_words.upload(
            self.read_words, [self.upload_words, language],
            [*box, self.words_note, self.upload_words], **AT_ONCE, **PRIVATE,
        )  # fmt: skip
        self.subtitle.blur(self.note, [*box, language], self.words_note, **quick)
        video = (self.clip.upload, self.clip.stop_recording, self.clip.clear)
        for other, changes in ((self.sound, video), (self.clip, (self.sound.upload, self.sound.clear))):
            wipe = partial(self.forget, other)
            for changed in changes:
                changed(wipe, [*box, self.drawn], [other, *box, *part, self.words_note], **quick)

        drawn = [self.run, self.words_note, self.status, *answer[2:-1]]
        language.input(self.translate, [language, self.drawn, *box], drawn, **quick)
        for changed in (self.shell.demo.load, language.change):
            changed(None, language, None, js=speak(), **PRIVATE)
        here = [self.here, self.transcribe]
        self.shell.demo.load(self.look_around, None, here, **quick)
        language.input(self.what_is_here, language, here, **quick)

    def greet(self, request: gr.Request, language: Language) -> dict:
        """Draw the empty place of the answer."""
        return {
            self.status: html.empty(language),
            self.run: self.run_label(None, language),
            self.engine: self.choice(language, value=self.services.engines.default),
            # without a value that is sent, gradio shows a zero
            self.start: gr.Number(value=None, label=say("start", language)),
            self.end: gr.Number(value=None, label=say("end", language)),
        }

    def look_around(self, request: gr.Request) -> dict:
        """Say what is available here; not part of `greet`, which does not wait for the Hub."""
        return self.what_is_here(language_of(request))

    @property
    def greeted(self) -> list:
        return [self.status, self.run, self.start, self.end]

    def translate(self, language: Language, drawn: Drawn | None, typed: str, words: Words | None) -> dict:
        """Draw what is already there in `language`, be it an answer or a part of one."""
        out = {self.run: self.run_label(drawn, language), self.words_note: self.note(typed, words, language)}
        return out | (self.draw(drawn, language) if drawn else {self.status: html.empty(language)})

    def fill(self, engine: str, go: int, language: Language, event: gr.EventData) -> dict:
        """Put the example that was clicked into the fields; show its stored answer, or start a run."""
        example = self.services.examples[int(event.index)]
        said = Words(example.words, example.subtitle.read_text(encoding="utf-8"), "file")
        out = {self.clip: str(example.clip), self.sound: None, self.start: None, self.end: None}
        out |= {self.subtitle: example.words, self.words: said, self.words_note: ""}
        stored = stored_answer(example, engine, language)
        if stored is None:
            return out | {self.go: go + 1, **self._begin(language)}
        drawn = Drawn(stored, "stored", typed=example.words)
        out |= {**self.play_example(example), **self.draw(drawn, language), self.shell.shown: stored}
        return out | {self.run: self.run_label(drawn, language)}

    def adopt(
        self, shown: Shown | None, drawn: Drawn | None, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Draw an answer that another tab has put here, with its clip and words; ours stands already."""
        if shown is None or (drawn is not None and same(drawn.shown, shown)):
            yield {self.words_note: gr.skip()}  # gradio takes an empty dict for a missing value
            return
        loaded = answered_clip(self.services, request.session_hash, shown)
        words = from_answer(shown.cues, shown.subtitle_source)
        typed = words.shown if words else ""
        drawn = Drawn(shown, "finished", timings=shown.explanation.timings, typed=typed)
        out = {self.sound: None, self.start: None, self.end: None, self.subtitle: typed, self.words: words}
        out |= {self.words_note: self.note(typed, words, language), self.run: self.run_label(drawn, language)}
        with files.job_folder() as folder:
            copy = loaded and (self._example(shown, request) or copy_of(loaded, Path(folder)))
            playing = self.play(loaded, Path(folder)) if loaded else {self.player: gr.Video(None)}
            yield {**out, **self.draw(drawn, language), **playing, self.clip: copy}

    def _example(self, shown: Shown, request: gr.Request) -> str | None:
        """The example that an answer is about, by what its file holds: it needs no consent."""
        kept, visitor, name = self.services.kept, request.session_hash, shown.explanation.name
        clips = (x.clip for x in self.services.examples if x.clip.stem == name)
        return next((str(x) for x in clips if kept.get(visitor, PLACE, x.read_bytes())), None)

    def forget(
        self, other: gr.components.Component, typed: str, words: Words | None, drawn: Drawn | None
    ) -> dict:
        """Empty what belonged to the clip before: the `other` uploader, times, its words."""
        out = {other: None, self.start: None, self.end: None}
        old = words is not None and words.clip and words.said(typed)
        if old or (drawn is not None and drawn.typed == typed):
            out |= {self.subtitle: "", self.words: None, self.words_note: ""}
        return out

    def read_words(self, file: str, language: Language, request: gr.Request) -> dict:
        """Put a subtitle file into the box; the file goes at once."""
        try:
            words = from_file(file)
        except Exception as error:
            raise toast(*describe(error, language)) from None
        finally:
            self.services.uploads.release(file, request.session_hash)
        return {**self._put(words, language), self.upload_words: None}

    def note(self, typed: str, words: Words | None, language: Language) -> str:
        """Say where the words in the box come from."""
        if words is None:
            return ""
        return html.words_note(words.note, language, edited=not words.said(typed))

    def _put(self, words: Words, language: Language) -> dict:
        note = self.note(words.shown, words, language)
        return {self.subtitle: words.shown, self.words: words, self.words_note: note}

    def check(
        self, clip, sound, typed, words, start_s, end_s, engine, consent, language, go: int,
        request: gr.Request,
    ) -> dict:  # fmt: skip
        """Say at once, before the queue, what is missing; else start a run."""
        try:
            require(sound or clip, consent, typed)
        except AffectError as error:
            raise toast(*describe(error, language)) from None
        self.services.uploads.claim(sound or clip, request.session_hash)
        return {self.go: go + 1, **self._begin(language)}

    def _begin(self, language: Language) -> dict:
        return {self.status: html.status({}, language, state="running"), **self.buttons(running=True)}

    def halt(self, clip, sound, typed, words, drawn: Drawn | None, language: Language) -> dict:
        """Say that the run was stopped; a clip that is gone leaves its field."""
        if drawn is None or drawn.state == "running":  # else it never left the queue: the answer before stays
            drawn = replace(drawn or Drawn(None), state="stopped")
        out = {self.drawn: drawn, self.status: self._status(drawn, language)}
        out |= {self.stop: gr.Button(interactive=False), self.words_note: self.note(typed, words, language)}
        return out | self._gone(clip, sound)

    def rest(self, request: gr.Request) -> dict:
        """Give the buttons back when a job has ended in any way, also one that never left the queue."""
        self.services.uploads.drop(request.session_hash)
        return self.buttons(running=False)

    def leave(self, request: gr.Request) -> None:
        """Forget a visitor who has gone, and what they have left here."""
        self.services.leave(request.session_hash)

    def _gone(self, clip: str | None, sound: str | None) -> dict:
        given = ((self.clip, clip), (self.sound, sound))
        return {field: None for field, path in given if path and not Path(path).exists()}

    def listen(
        self, clip, sound, start_s, end_s, consent: bool, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Write down what is said in the clip, for the box; a stop ends it."""
        source, visitor = sound or clip, request.session_hash
        try:
            require(source, consent, "")
            yield {self.words_note: html.words_note(None, language, busy=True), **self.buttons(running=True)}
            with files.job_folder() as folder, self.services.visitors.job(visitor, "transcribe"):
                part, cut = _part(start_s, end_s)
                opened = partial(open_clip, self.services, visitor, PLACE, source, consent=consent, **part)
                loaded = yield from waited(opened, {self.words_note: gr.skip()})
                yield self.take(loaded, source, Path(folder), None, cut=cut)
                self.services.uploads.release(source, visitor)
                with closing(listening(loaded.wave)) as heard:
                    for kind, value in heard:
                        self.services.closing.check()
                        if kind == "progress":
                            yield {self.words_note: gr.skip()}  # a stop takes effect here
                            continue
                        facts = {"transcript": transcribed(loaded, value).media["transcript"]}
                        said = self._put(from_speech(value, facts), language)
                        yield {**said, **self.buttons(running=False)}
        except Exception as error:
            yield {self.words_note: "", **self.buttons(running=False), **self._gone(clip, sound)}
            raise toast(*describe(error, language)) from None
        finally:
            self.services.uploads.drop(visitor)

    def answer(
        self, clip, sound, typed, words, start_s, end_s, engine, consent, language, request: gr.Request
    ) -> Iterator[dict]:
        """Run one clip and yield what changes on the page; a stop or a closed page ends it there."""
        source, visitor = sound or clip, request.session_hash
        part, cut = _part(start_s, end_s)
        drawn, began = Drawn(None, typed=typed), time.perf_counter()
        label = say("run", language)  # no longer "again"
        yield {**self.clean(), **self._begin(language), self.run: gr.Button(label, interactive=False)}
        try:
            with files.job_folder() as folder, self.services.visitors.job(visitor, "explain"):
                require(source, consent, typed)
                drawn = replace(drawn, timings={"checked": time.perf_counter() - began})
                there = self.draw(drawn, language)  # a browser takes long to draw again what it has
                yield there
                said = {"subtitle": typed}
                if words and (typed or "").strip() and words.said(typed):
                    said = {"subtitle": words.text, "subtitle_source": words.source}
                asked = {"consent": consent, **said, **part}
                opened = partial(open_clip, self.services, visitor, PLACE, source, **asked)
                loaded = yield from waited(opened, {self.words_note: gr.skip()})
                if words and words.said(typed) and loaded.subtitle_source in ("asr", "none"):
                    loaded = replace(loaded, media={**loaded.media, **words.facts})
                taken = self.take(loaded, source, Path(folder), words, cut=cut)
                yield {**taken, **self.play(loaded, Path(folder))}
                # only now: until the copy is shown, a stop keeps the clip
                self.services.uploads.release(source, visitor)
                shown = self._asked(loaded, source if not cut else None, engine, language)
                with closing(steps(self.services, loaded, shown, language)) as growing:
                    for shown, draft in growing:
                        timings = {"checked": drawn.timings["checked"], **shown.explanation.timings}
                        drawn = replace(drawn, shown=shown, timings=timings)
                        now = self.draw(drawn, language, draft=draft)
                        yield {field: value for field, value in now.items() if there.get(field) != value}
                        there = now
                drawn = replace(drawn, state="finished")
                out = {self.shell.shown: shown, **self.buttons(running=False)}
                yield {**self.draw(drawn, language), **out}
        except Exception as error:
            told = describe(error, language)
            both = dict.fromkeys(LANGUAGES, told)  # an incident has one number
            if isinstance(error, AffectError):
                both = {each: describe(error, each) for each in LANGUAGES}
            else:  # what the visitor can mend may be run again
                self.services.uploads.release(source, visitor)
            drawn = replace(drawn, state="failed", told=both)
            if isinstance(error, AffectError):
                out = self.draw(drawn, language)
            else:  # perhaps of the drawing itself
                out = {self.drawn: drawn, self.status: self._status(drawn, language)}
            yield {**out, **self.buttons(running=False), **self._gone(clip, sound)}
            raise toast(*told) from None
        finally:
            self.services.uploads.drop(visitor)

    def _asked(self, loaded: Clip, source: str | None, engine: str, language: Language) -> Shown:
        """Return the answer of which nothing is known yet; `source`: None for a part of a file."""
        example, reference = example_in(self.services.examples, source), None
        if example:
            reference = (example.reference[language], split_labels(example.labels[language]))
        return Shown(
            fold([]),
            loaded.duration_s,
            Setup(engine),
            cues=loaded.cues,
            subtitle_source=loaded.subtitle_source,
            reference=reference,
        )


def _part(start_s: float | None, end_s: float | None) -> tuple[dict[str, float | None], bool]:
    """Return what to read of a file, and whether that is a part of it; a field at zero is an empty one."""
    part = {"start_s": start_s or None, "end_s": end_s or None}
    return part, any(part.values())
