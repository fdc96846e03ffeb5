"""The first tab at work: a clip, its words and a button; the answer appears stage by stage."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr

from ..media import load_clip
from ..metrics import score
from ..reason import fold
from ..schema import AffectError, Clip, Event, Explanation, Language
from . import files, html
from .explain_form import MAX_REFERENCE_CHARS, MAX_SUBTITLE_CHARS, ExplainForm
from .look import toast
from .services import Setup, Shown
from .tab import AT_ONCE, ONE_AT_A_TIME, PRIVATE
from .text import describe, mistake

REDRAW_S = 0.1  # between two pictures of an answer that is being written


class ExplainTab(ExplainForm):
    """What happens between the components of the first tab; it holds no visitor's data."""

    def wire(self) -> None:
        results = [self.verdict_card, self.verdict, self.clues, self.text, self.scores, self.limits]
        drawn = [self.status, *results]
        language, shown = self.shell.language, self.shell.shown
        language.input(self.translate, [language, shown], drawn, queue=False, **PRIVATE)

        clips, buttons = [self.clip, self.sound], [self.run, self.stop, self.shell.language]
        filled = [self.subtitle, self.subtitle_file, self.start, self.end, self.reference, self.labels]
        asked = [*clips, *filled, self.shell.language, self.consent]
        answer = [
            *asked[:-2],
            self.shell.shown,
            self.status,
            self.player_card,
            self.player,
            *results,
            self.file,
        ]
        begin = [self.status, *buttons]
        wanted = [*clips, self.consent, self.subtitle, self.shell.language]
        ready = self.run.click(self.check, wanted, begin, **AT_ONCE, **PRIVATE)
        picked = self.cards.click(
            self.fill, self.shell.language, [*clips, *filled, *begin], queue=False, **PRIVATE
        )
        runs = []
        for first in (ready, picked):
            run = first.success(self.answer, asked, [*answer, *buttons], **ONE_AT_A_TIME, **PRIVATE)
            for ended in (run.then, run.failure):  # the first also when the browser has cancelled the run
                ended(self.rest, None, buttons, queue=False, **PRIVATE)
            runs.append(run)
        # gradio sends the request to cancel after the events before it: so it goes first, without a function
        stopped = self.stop.click(None, cancels=runs, **PRIVATE)
        stopped.then(
            self.halt, [*clips, self.shell.language], [*clips, self.status, self.stop], queue=False, **PRIVATE
        )
        self.shell.demo.unload(self.leave)
        video = (self.clip.upload, self.clip.stop_recording, self.clip.clear)
        for other, changes in ((self.sound, video), (self.clip, (self.sound.upload, self.sound.clear))):
            wipe = partial(self.forget_example, other)
            for changed in changes:
                changed(wipe, self.subtitle, [other, *filled], queue=False, **PRIVATE)

    def greet(self, request: gr.Request, language: Language) -> dict:
        """Draw the empty place of the answer."""
        return {self.status: html.empty(language)}

    @property
    def greeted(self) -> list:
        return [self.status]

    def translate(self, language: Language, shown: Shown | None) -> dict:
        """Draw an answer that is already there in `language`."""
        if shown is None:
            return {self.status: html.empty(language)}
        done = html.status(shown.explanation.timings, language, state="finished")
        return {self.status: done, **self._draw(shown.explanation, shown.duration_s, language)}

    def fill(self, language: Language, event: gr.EventData) -> dict:
        """Put the example that was clicked into the fields."""
        example = self.services.examples[int(event.index)]
        return {
            self.clip: str(example.clip),
            self.sound: None,
            self.subtitle: example.words,
            self.subtitle_file: str(example.subtitle),
            self.start: None,
            self.end: None,
            self.reference: example.reference[language],
            self.labels: example.labels[language],
            **self._begin(language),
        }

    def forget_example(self, other: gr.components.Component, subtitle: str) -> dict:
        """Empty what belonged to the clip before: the `other` uploader, times, an example's texts."""
        out = {other: None, self.start: None, self.end: None}
        if subtitle in {example.words for example in self.services.examples}:
            out |= {self.subtitle: "", self.subtitle_file: None, self.reference: "", self.labels: ""}
        return out

    def check(
        self, clip, sound, consent: bool, subtitle: str, language: Language, request: gr.Request
    ) -> dict:
        """Say at once, before the queue, what is missing."""
        try:
            require(sound or clip, consent, subtitle)
        except AffectError as error:
            raise toast(*describe(error, language)) from None
        self.services.uploads.claim(sound or clip, request.session_hash)
        return self._begin(language)

    def _begin(self, language: Language) -> dict:
        return {self.status: html.status({}, language, state="running"), **self.buttons(running=True)}

    def halt(self, clip: str | None, sound: str | None, language: Language) -> dict:
        """Say that the run was stopped; a clip that is gone leaves its field."""
        out = {
            self.status: html.status({}, language, state="stopped"),
            self.stop: gr.Button(interactive=False),
        }
        return out | self._gone(clip, sound)

    def rest(self, request: gr.Request) -> dict:
        """Give the buttons back when a run has ended in any way, also one that never left the queue."""
        self.services.uploads.drop(request.session_hash)
        return self.buttons(running=False)

    def leave(self, request: gr.Request) -> None:
        """Forget what a visitor who has gone was waiting for."""
        self.services.uploads.drop(request.session_hash)

    def _gone(self, clip: str | None, sound: str | None) -> dict:
        given = ((self.clip, clip), (self.sound, sound))
        return {field: None for field, path in given if path and not Path(path).exists()}

    def answer(
        self, clip, sound, subtitle, subtitle_file, start_s, end_s, reference, labels, language, consent,
        request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Run one clip and yield what changes on the page; a stop or a closed page ends it there."""
        seen: list[Event] = []
        source, visitor = sound or clip, request.session_hash
        yield {**self.clean(), **self._begin(language)}
        with files.job_folder() as folder:
            try:
                if max(len(reference or ""), len(labels or "")) > MAX_REFERENCE_CHARS:
                    raise mistake("too_long", limit=MAX_REFERENCE_CHARS)
                part = {"start_s": start_s, "end_s": end_s}
                loaded = self._load(source, consent, subtitle, subtitle_file, player=True, **part)
                yield self._show_clip(loaded, source, Path(folder), cut=(start_s, end_s) != (None, None))
                self.services.uploads.release(
                    source, visitor
                )  # only now: until the copy is shown, a stop keeps the clip
                drawn, draft = 0.0, ""  # what a model has written and not yet put into a part
                for event in self.services.events(loaded, Setup(), language):
                    if event.kind != "progress":
                        seen.append(event)
                    draft = _drafted(draft, event)
                    if event.kind == "stage" or time.monotonic() - drawn > REDRAW_S:
                        drawn = time.monotonic()
                        yield self._progress(fold(seen), loaded, language, draft)
                explanation = fold(seen)
                explanation = _scored(explanation, (reference or "").strip(), labels or "")
                yield self._finish(explanation, loaded, language, Path(folder))
            except Exception as error:
                title, message = describe(error, language)
                failed = {"state": "failed", "title": title, "note": message}
                out = {self.status: html.status({}, language, **failed), **self.buttons(running=False)}
                if not seen:
                    out[self.player_card] = gr.Column(visible=False)
                if not isinstance(error, AffectError):  # what the visitor can mend may be run again
                    self.services.uploads.release(source, visitor)
                yield out | self._gone(clip, sound)
                raise toast(title, message) from None
            finally:
                self.services.uploads.drop(visitor)

    def _load(self, clip, consent: bool, subtitle: str | None, subtitle_file, **options) -> Clip:
        text = (subtitle or "").strip() or None
        if subtitle_file and files.is_example(subtitle_file):  # its words stand in the text box, too
            own = text in {example.words for example in self.services.examples}
            text, subtitle_file = (None, subtitle_file) if own else (text, None)
        require(clip, consent, subtitle)
        loaded = load_clip(clip, text, subtitle_file=subtitle_file, **options)
        return replace(loaded, name=loaded.name.removesuffix(Path(files.COPY_SUFFIX).stem))

    def _show_clip(self, loaded: Clip, source: str, folder: Path, *, cut: bool) -> dict:
        """Put our copy of the clip with its captions into the player, and into the place of the upload."""
        copy = None  # never the upload itself, whatever its name: gradio's tools may open what they play
        if loaded.player_mp4:
            file = folder / (files.safe_stem(loaded.name) + files.COPY_SUFFIX)
            file.write_bytes(loaded.player_mp4)
            copy = str(file)
        captions = None
        if loaded.cues:
            captions = folder / "captions.vtt"
            captions.write_text(files.captions(loaded.cues, duration_s=loaded.duration_s), encoding="utf-8")
        looks = (
            ["ag-player"] if loaded.has_picture else ["ag-player", "ag-heard"]
        )  # of a sound file there is nothing to see
        out = {self.player: gr.Video(copy, subtitles=captions, elem_classes=looks)}
        if cut:  # the copy is the part alone, so its subtitle must be, too
            out |= {self.start: None, self.end: None}
            if any(cue.end_s is not None for cue in loaded.cues):
                out |= {self.subtitle: "", self.subtitle_file: str(captions)}
        return (
            out
            if files.is_example(source) and not cut
            else {**out, self.clip: gr.Video(copy), self.sound: None}
        )

    def _progress(self, explanation: Explanation, loaded: Clip, language: Language, draft: str) -> dict:
        out = {
            self.status: html.status(explanation.timings, language, state="running"),
            self.clues: html.clues(explanation, language, duration_s=loaded.duration_s, running=True),
            self.text: html.text(explanation, language, running=True, draft=draft),
        }
        if "labelled" in explanation.timings:
            out |= {
                self.verdict_card: gr.Column(visible=True),
                self.verdict: html.verdict(explanation, language),
            }
        return out

    def _finish(self, explanation: Explanation, loaded: Clip, language: Language, folder: Path) -> dict:
        file = folder / f"{files.safe_stem(loaded.name)}.affectgpt.json"
        file.write_text(json.dumps(explanation.to_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
        return {
            self.shell.shown: Shown(explanation, loaded.duration_s),
            self.status: html.status(explanation.timings, language, state="finished"),
            **self._draw(explanation, loaded.duration_s, language),
            self.file: gr.DownloadButton(value=str(file), visible=True),
            **self.buttons(running=False),
        }

    def _draw(self, explanation: Explanation, duration_s: float, language: Language) -> dict:
        return {
            self.verdict_card: gr.Column(visible=True),
            self.verdict: html.verdict(explanation, language),
            self.clues: html.clues(explanation, language, duration_s=duration_s),
            self.text: html.text(explanation, language),
            self.scores: html.scores(explanation, language),
            self.limits: html.limits(explanation, language),
        }


def require(clip: str | None, consent: bool, subtitle: str) -> None:
    """Raise AffectError for what a visitor has left out."""
    if not clip:
        raise mistake("need_clip")
    if not consent and not files.is_example(clip):
        raise mistake("need_consent")
    if len(subtitle or "") > MAX_SUBTITLE_CHARS:
        raise mistake("too_long", limit=MAX_SUBTITLE_CHARS)


def _drafted(draft: str, event: Event) -> str:
    """What is written but in no part yet: the text of a part takes its words off the front."""
    if event.kind == "progress":
        return draft + event.value.get("written", "")
    if event.kind == "text":
        return draft.lstrip().removeprefix(event.value[1].strip())
    return "" if event.kind == "stage" else draft


def _scored(explanation: Explanation, text: str, labels: str) -> Explanation:
    """Add the scores against a reference text, a list of labels, or both; without either, none."""
    names = [name.strip() for name in re.split(r"[,，、;；\n]", labels) if name.strip()]
    if not (text or names):
        return explanation
    return explanation.with_scores(score(explanation, text or names, labels=names))
