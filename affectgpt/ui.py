"""The page: a clip, its words and a button; the answer appears stage by stage as `reason` yields it."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from .engine import Engine, load_engine
from .media import load_clip
from .metrics import score
from .page import files, html
from .page.look import MAX_REFERENCE_CHARS, MAX_SUBTITLE_CHARS, Layout, launch_options, toast
from .page.text import describe, mistake
from .reason import fold, reason
from .schema import AffectError, Clip, Event, Explanation, Language

__all__ = ["build_demo", "launch_options", "warm_up"]
MAX_QUEUE = 24  # visitors that may wait
REDRAW_S = 0.1  # between two pictures of an answer that is being written
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "engine"}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


def build_demo(engine: Engine | None = None) -> gr.Blocks:
    """Return the page, ready for `launch(**launch_options())`; the default engine is `auto`."""
    files.private_root()  # gradio reads where uploads belong when the page is made
    return Page(engine or load_engine()).demo


def warm_up() -> threading.Thread:
    """Explain an example in the background, so that the first visitor does not wait for libraries to load."""

    def run() -> None:
        for clip in sorted(files.EXAMPLES.glob("*.mp4"))[:1]:
            fold(reason(load_clip(clip, "Warm.", player=True), load_engine("signal")))

    thread = threading.Thread(target=run, name="warm up", daemon=True)
    thread.start()
    return thread


class Page(Layout):
    """What happens between the components of the page; it holds no visitor's data."""

    def __init__(self, engine: Engine):
        super().__init__()
        self.engine, self.uploads = engine, files.Uploads()
        with self.demo:
            self._wire_page()
            self._wire_api()
        self.demo.queue(max_size=MAX_QUEUE, default_concurrency_limit=1)

    def _wire_page(self) -> None:
        results = [self.verdict_card, self.verdict, self.clues, self.text, self.scores, self.limits]
        static = [self.header, self.notice, self.consent, self.clip, self.sound, self.cards, self.subtitle]
        static += [self.subtitle_file, self.more, self.start, self.end, self.reference, self.labels, self.run]
        drawn = [*static, self.stop, self.player_title, self.file, self.status, *results]
        self.demo.load(self.greet, None, [self.language, *drawn], queue=False, **PRIVATE)
        self.language.input(self.translate, [self.language, self.shown], drawn, queue=False, **PRIVATE)

        clips, buttons = [self.clip, self.sound], [self.run, self.stop, self.language]
        filled = [self.subtitle, self.subtitle_file, self.start, self.end, self.reference, self.labels]
        asked = [*clips, *filled, self.language, self.consent]
        answer = [*asked[:-2], self.shown, self.status, self.player_card, self.player, *results, self.file]
        begin = [self.status, *buttons]
        wanted = [*clips, self.consent, self.subtitle, self.language]
        at_once = {"concurrency_limit": None}  # in the queue, without which gradio shows no error
        ready = self.run.click(self.check, wanted, begin, **at_once, **PRIVATE)
        picked = self.cards.click(self.fill, self.language, [*clips, *filled, *begin], queue=False, **PRIVATE)
        runs = []
        for first in (ready, picked):
            run = first.success(self.answer, asked, [*answer, *buttons], **ONE_AT_A_TIME, **PRIVATE)
            for ended in (run.then, run.failure):  # the first also when the browser has cancelled the run
                ended(self.rest, None, buttons, queue=False, **PRIVATE)
            runs.append(run)
        # gradio sends the request to cancel after the events before it: so it goes first, without a function
        stopped = self.stop.click(None, cancels=runs, **PRIVATE)
        stopped.then(
            self.halt, [*clips, self.language], [*clips, self.status, self.stop], queue=False, **PRIVATE
        )
        self.demo.unload(self.leave)
        video = (self.clip.upload, self.clip.stop_recording, self.clip.clear)
        for other, changes in ((self.sound, video), (self.clip, (self.sound.upload, self.sound.clear))):
            wipe = partial(self.forget_example, other)
            for changed in changes:
                changed(wipe, self.subtitle, [other, *filled], queue=False, **PRIVATE)

    def _wire_api(self) -> None:
        clip = gr.Video(label="clip", include_audio=True, visible=False)  # gr.api would not check the path
        subtitle = gr.Textbox("", label="subtitle", visible=False)
        language = gr.Radio(["en", "zh"], value="en", label="language", visible=False)
        consent = gr.Checkbox(False, label="consent", visible=False)
        out = gr.JSON(label="explanation", visible=False)
        gr.Button(visible=False).click(
            self.analyze, [clip, subtitle, language, consent], out, api_name="analyze", **ONE_AT_A_TIME
        )

    def greet(self, request: gr.Request) -> dict:
        """Draw the page in the visitor's language: `?lang=zh`, else the language of the browser."""
        wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
        language: Language = "zh" if wanted.lower().startswith("zh") else "en"
        return {self.language: language, **self.translate(language, None)}

    def translate(self, language: Language, shown: tuple[Explanation, float] | None) -> dict:
        """Draw every fixed sentence, and an answer that is already there, in `language`."""
        out = self.sentences(language)
        if shown is None:
            return {**out, self.status: html.empty(language)}
        explanation, duration_s = shown
        done = html.status(explanation.timings, language, state="finished")
        return {**out, self.status: done, **self._draw(explanation, duration_s, language)}

    def fill(self, language: Language, event: gr.EventData) -> dict:
        """Put the example that was clicked into the fields."""
        example = self.examples[int(event.index)]
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
        if subtitle in {example.words for example in self.examples}:
            out |= {self.subtitle: "", self.subtitle_file: None, self.reference: "", self.labels: ""}
        return out

    def check(
        self, clip, sound, consent: bool, subtitle: str, language: Language, request: gr.Request
    ) -> dict:
        """Say at once, before the queue, what is missing."""
        try:
            _require(sound or clip, consent, subtitle)
        except AffectError as error:
            raise toast(*describe(error, language)) from None
        self.uploads.claim(sound or clip, request.session_hash)
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
        self.uploads.drop(request.session_hash)
        return self.buttons(running=False)

    def leave(self, request: gr.Request) -> None:
        """Forget what a visitor who has gone was waiting for."""
        self.uploads.drop(request.session_hash)

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
                self.uploads.release(
                    source, visitor
                )  # only now: until the copy is shown, a stop keeps the clip
                drawn, draft = 0.0, ""  # what a model has written and not yet put into a part
                for event in reason(loaded, self.engine, language=language):
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
                    self.uploads.release(source, visitor)
                yield out | self._gone(clip, sound)
                raise toast(title, message) from None
            finally:
                self.uploads.drop(visitor)

    def analyze(
        self, clip: str, subtitle: str = "", language: Language = "en", consent: bool = False
    ) -> dict[str, Any]:
        """Explain a clip: clues, explanation and labels as one JSON object.

        `subtitle` is what is said in the clip. `consent`: you may use it, and its people were informed.
        """
        visitor = uuid.uuid4().hex
        self.uploads.claim(clip, visitor)
        try:
            loaded = self._load(clip, consent, subtitle, None, player=False)
            self.uploads.release(clip, visitor)
            return fold(reason(loaded, self.engine, language=language)).to_dict()
        except Exception as error:
            title, message = describe(error, language)
            raise gr.Error(message, title=title, print_exception=False) from None
        finally:
            self.uploads.release(clip, visitor)

    def _load(self, clip, consent: bool, subtitle: str | None, subtitle_file, **options) -> Clip:
        text = (subtitle or "").strip() or None
        if subtitle_file and files.is_example(subtitle_file):  # its words stand in the text box, too
            own = text in {example.words for example in self.examples}
            text, subtitle_file = (None, subtitle_file) if own else (text, None)
        _require(clip, consent, subtitle)
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
        looks = [] if loaded.has_picture else ["ag-heard"]  # of a sound file there is nothing to see
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
            self.shown: (explanation, loaded.duration_s),
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


def _require(clip: str | None, consent: bool, subtitle: str) -> None:
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
