"""The page: a clip, its words and a button; the answer appears stage by stage as `reason` yields it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from . import page_files as files
from . import page_html as html
from .engine import Engine, load_engine
from .media import load_clip
from .metrics import score
from .page_look import PICK, launch_options
from .page_text import describe, mistake, say
from .reason import fold, reason
from .schema import AffectError, Clip, Event, Explanation, Language

__all__ = ["build_demo", "launch_options", "warm_up"]
MAX_SUBTITLE_CHARS = 2_000
MAX_REFERENCE_CHARS = 8_000  # a text in the EMER form has up to about 3 000
MAX_QUEUE = 24  # visitors that may wait
DELETE_EVERY_S, DELETE_AGE_S = 600, 1_800  # the age exceeds what a full queue waits
DELETED_AFTER_MIN = (DELETE_EVERY_S + DELETE_AGE_S) // 60
TOLD_S = 12  # that a message about a failure stays
REDRAW_S = 0.1  # between two pictures of an answer that is being written
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "engine"}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


def build_demo(engine: Engine | None = None) -> gr.Blocks:
    """Return the page, ready for `launch(**launch_options())`; the default engine is `signal`."""
    files.private_root()  # gradio reads where uploads belong when the page is made
    return Page(engine or load_engine("signal")).demo


def warm_up() -> threading.Thread:
    """Explain an example in the background, so that the first visitor does not wait for libraries to load."""

    def run() -> None:
        for clip in sorted(files.EXAMPLES.glob("*.mp4"))[:1]:
            fold(reason(load_clip(clip, "Warm.", player=True), load_engine("signal")))

    thread = threading.Thread(target=run, name="warm up", daemon=True)
    thread.start()
    return thread


class Page:
    """The components of the page and what happens between them; it holds no visitor's data."""

    def __init__(self, engine: Engine):
        self.engine, self.uploads = engine, files.Uploads()
        self.examples = files.find_examples(files.EXAMPLES)
        with gr.Blocks(
            title=say("window", "en"), delete_cache=(DELETE_EVERY_S, DELETE_AGE_S), analytics_enabled=False
        ) as self.demo:
            self._lay_out()
            self._wire_page()
            self._wire_api()
        self.demo.queue(max_size=MAX_QUEUE, default_concurrency_limit=1)

    def _lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)  # our style sheet alone
        self.shown = gr.State(None)  # (Explanation, duration_s) of this visitor, to be drawn again
        with gr.Row(elem_id="ag-top"):
            self.header = bare(html.header("en"))
            choices = [("English", "en"), ("中文", "zh")]
            self.language = gr.Radio(
                choices, value="en", label="Language", container=False, elem_id="ag-language", scale=0
            )
        with gr.Row(elem_id="ag-main"):
            with gr.Column(scale=5, min_width=320, elem_classes="ag-card", elem_id="ag-input"):
                self.notice = bare()
                self.consent = gr.Checkbox(label=say("consent", "en"), elem_id="ag-consent", container=False)
                ways = ["upload", "webcam"]  # as they are: a format would have gradio convert the raw file
                self.clip = gr.Video(sources=ways, include_audio=True, format=None, elem_id="ag-clip")
                self.cards = bare(js_on_load=PICK, visible=bool(self.examples))
                self.subtitle = gr.Textbox(lines=2, max_length=MAX_SUBTITLE_CHARS, elem_id="ag-subtitle")
                with gr.Accordion(open=False) as self.more:
                    self.subtitle_file = gr.File(file_types=[".srt", ".vtt", ".ass", ".txt"], height=100)
                    self.reference = gr.Textbox(lines=3, max_lines=6, max_length=MAX_REFERENCE_CHARS)
                    self.labels = gr.Textbox(max_length=MAX_REFERENCE_CHARS)
                with gr.Row(elem_id="ag-buttons"):
                    self.run = gr.Button(variant="primary", elem_id="ag-run", scale=3)
                    self.stop = gr.Button(elem_id="ag-stop", scale=1, min_width=90, interactive=False)
            with gr.Column(scale=11, min_width=320, elem_id="ag-output"):
                self.status = bare(elem_id="ag-status")
                with gr.Row(elem_id="ag-first"):
                    self.player_card = gr.Column(
                        scale=5, min_width=300, visible=False, elem_classes="ag-card"
                    )
                    with self.player_card:
                        self.player_title = bare()
                        show = {"interactive": False, "show_label": False, "buttons": []}
                        self.player = gr.Video(elem_id="ag-player", **show)
                    with gr.Column(scale=6, min_width=300, visible=False) as self.verdict_card:
                        self.verdict = bare(elem_id="ag-verdict")
                self.clues = bare(elem_id="ag-clues")
                self.text = bare(elem_id="ag-text")
                self.scores = bare(elem_id="ag-scores")
                self.limits = bare(elem_id="ag-limits")
                self.file = gr.DownloadButton(visible=False, elem_id="ag-json")

    def _wire_page(self) -> None:
        results = [self.verdict_card, self.verdict, self.clues, self.text, self.scores, self.limits]
        static = [self.header, self.notice, self.consent, self.clip, self.cards, self.subtitle]
        static += [self.subtitle_file, self.more, self.reference, self.labels, self.run, self.stop]
        drawn = [*static, self.player_title, self.file, self.status, *results]
        self.demo.load(self.greet, None, [self.language, *drawn], queue=False, **PRIVATE)
        self.language.input(self.translate, [self.language, self.shown], drawn, queue=False, **PRIVATE)

        fields = [self.clip, self.subtitle, self.subtitle_file, self.reference, self.labels]
        asked = [*fields, self.language, self.consent]
        answer = [self.clip, self.shown, self.status, self.player_card, self.player, *results, self.file]
        answer += [self.run, self.stop, self.language]
        ready = self.run.click(self.check, [self.clip, self.consent, self.subtitle, self.language], **PRIVATE)
        picked = self.cards.click(self.fill, self.language, fields, queue=False, **PRIVATE)
        runs = [x.success(self.answer, asked, answer, **ONE_AT_A_TIME, **PRIVATE) for x in (ready, picked)]
        halted = [self.status, self.run, self.stop, self.language]
        self.stop.click(self.halt, self.language, halted, cancels=runs, queue=False, **PRIVATE)
        for changed in (self.clip.upload, self.clip.stop_recording, self.clip.clear):
            changed(self.forget_example, self.subtitle, fields[1:], queue=False, **PRIVATE)

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
        cards = [(f"gradio_api/file={x.clip}", x.title[language], x.words) for x in self.examples]
        out = {
            self.header: html.header(language),
            self.notice: html.notice(language, DELETED_AFTER_MIN),
            self.consent: gr.Checkbox(label=say("consent", language)),
            self.clip: gr.Video(label=say("clip", language)),
            self.cards: html.examples(cards, language),
            self.subtitle: gr.Textbox(
                label=say("subtitle", language), placeholder=say("subtitle_hint", language)
            ),
            self.subtitle_file: gr.File(label=say("subtitle_file", language)),
            self.more: gr.Accordion(label=say("more", language)),
            self.reference: gr.Textbox(label=say("reference_text", language)),
            self.labels: gr.Textbox(label=say("reference_labels", language)),
            self.run: gr.Button(say("run", language)),
            self.stop: gr.Button(say("stop", language)),
            self.player_title: html.heading("player", language),
            self.file: gr.DownloadButton(say("download", language)),
        }
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
            self.subtitle: example.words,
            self.subtitle_file: str(example.subtitle),
            self.reference: example.reference[language],
            self.labels: example.labels[language],
        }

    def forget_example(self, subtitle: str) -> dict:
        """Empty the fields that an example filled, now that another clip has taken its place."""
        if subtitle not in {example.words for example in self.examples}:
            return {self.subtitle: gr.skip()}
        return {self.subtitle: "", self.subtitle_file: None, self.reference: "", self.labels: ""}

    def check(self, clip: str | None, consent: bool, subtitle: str, language: Language) -> None:
        """Say at once, before the queue, what is missing."""
        try:
            _require(clip, consent, subtitle)
        except AffectError as error:
            raise _toast(*describe(error, language)) from None
        self.uploads.claim(clip)

    def halt(self, language: Language) -> dict:
        """Say that the run was stopped."""
        return {self.status: html.status({}, language, state="stopped"), **self._buttons(running=False)}

    def answer(
        self, clip, subtitle, subtitle_file, reference, labels, language: Language, consent: bool
    ) -> Iterator[dict]:
        """Run one clip and yield what changes on the page; a stop or a closed page ends it there."""
        seen: list[Event] = []
        start = html.status({}, language, state="running")
        yield {**self._clean(), self.status: start, **self._buttons(running=True)}
        with files.job_folder() as folder:
            try:
                again = (clip or "").endswith(files.COPY_SUFFIX)  # our copy needs no copy
                loaded = self._load(clip, consent, subtitle, subtitle_file, player=not again)
                yield self._show_clip(loaded, clip, Path(folder))
                drawn = 0.0
                for event in reason(loaded, self.engine, language=language):
                    seen.append(event)
                    if event.kind == "stage" or time.monotonic() - drawn > REDRAW_S:
                        drawn = time.monotonic()
                        yield self._progress(fold(seen), loaded, language)
                explanation = fold(seen)
                explanation = _scored(explanation, (reference or "").strip(), labels or "")
                yield self._finish(explanation, loaded, language, Path(folder))
            except Exception as error:
                title, message = describe(error, language)
                failed = {"state": "failed", "title": title, "note": message}
                out = {self.status: html.status({}, language, **failed), **self._buttons(running=False)}
                if not seen:
                    out[self.player_card] = gr.Column(visible=False)
                if clip and not Path(clip).exists():  # read and deleted: it cannot be run again
                    out[self.clip] = gr.Video(None)
                yield out
                raise _toast(title, message) from None

    def analyze(
        self, clip: str, subtitle: str = "", language: Language = "en", consent: bool = False
    ) -> dict[str, Any]:
        """Explain a clip: clues, explanation and labels as one JSON object.

        `subtitle` is what is said in the clip. `consent`: you may use it, and its people were informed.
        """
        try:
            self.uploads.claim(clip)
            loaded = self._load(clip, consent, subtitle, None, player=False)
            return fold(reason(loaded, self.engine, language=language)).to_dict()
        except Exception as error:
            title, message = describe(error, language)
            raise gr.Error(message, title=title, print_exception=False) from None

    def _load(self, clip, consent: bool, subtitle: str | None, subtitle_file, *, player: bool) -> Clip:
        text = (subtitle or "").strip() or None
        if subtitle_file and files.is_example(subtitle_file):  # its words stand in the text box, too
            own = text in {example.words for example in self.examples}
            text, subtitle_file = (None, subtitle_file) if own else (text, None)
        try:
            _require(clip, consent, subtitle)
            loaded = load_clip(clip, text, subtitle_file=subtitle_file, player=player)
            return replace(loaded, name=loaded.name.removesuffix(files.COPY_SUFFIX))
        finally:
            self.uploads.release(clip)

    def _show_clip(self, loaded: Clip, source: str, folder: Path) -> dict:
        """Put our copy of the clip with its captions into the player, and into the place of the upload."""
        copy = source
        if loaded.player_mp4:
            file = folder / (files.safe_stem(loaded.name) + files.COPY_SUFFIX)
            file.write_bytes(loaded.player_mp4)
            copy = str(file)
        subtitles = None
        if loaded.cues:
            subtitles = folder / "captions.vtt"
            subtitles.write_text(files.captions(loaded.cues, duration_s=loaded.duration_s), encoding="utf-8")
        out = {self.player: gr.Video(copy, subtitles=subtitles)}
        return out if files.is_example(source) else {**out, self.clip: gr.Video(copy)}

    def _progress(self, explanation: Explanation, loaded: Clip, language: Language) -> dict:
        out = {
            self.status: html.status(explanation.timings, language, state="running"),
            self.clues: html.clues(explanation, language, duration_s=loaded.duration_s, running=True),
            self.text: html.text(explanation, language, running=True),
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
            **self._buttons(running=False),
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

    def _clean(self) -> dict:
        # a component in a column that is not yet shown would lose its value: the player's place comes first
        columns = {self.player_card: gr.Column(visible=True), self.verdict_card: gr.Column(visible=False)}
        texts = dict.fromkeys((self.verdict, self.clues, self.text, self.scores, self.limits), "")
        rest = {
            self.player: gr.Video(None, subtitles=None),
            self.file: gr.DownloadButton(visible=False),
            self.shown: None,
        }
        return {**columns, **texts, **rest}

    def _buttons(self, *, running: bool) -> dict:
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
            self.language: gr.Radio(interactive=not running),
        }


def _require(clip: str | None, consent: bool, subtitle: str) -> None:
    if not clip:
        raise mistake("need_clip")
    if not consent and not files.is_example(clip):
        raise mistake("need_consent")
    if len(subtitle or "") > MAX_SUBTITLE_CHARS:
        raise mistake("too_long", limit=MAX_SUBTITLE_CHARS)


def _scored(explanation: Explanation, text: str, labels: str) -> Explanation:
    """Add the scores against a reference text, a list of labels, or both; without either, none."""
    names = [name.strip() for name in re.split(r"[,，、;；\n]", labels) if name.strip()]
    if not (text or names):
        return explanation
    return explanation.with_scores(score(explanation, text or names, labels=names))


def _toast(title: str, message: str) -> gr.Error:
    shown = f"<strong>{escape(title)}</strong><br>{escape(message)}"  # gradio shows no title of its own
    return gr.Error(shown, title=title, duration=TOLD_S, print_exception=False)
