"""The first tab as it looks: the form, the places of the answer, and their fixed sentences."""

from __future__ import annotations

import json
from functools import partial

import gradio as gr

from ...schema import LANGUAGES, Language
from ...transcribe import why_no_transcriber
from .. import html
from ..look import DELETE_AGE_S, DELETED_AFTER_MIN, MAX_SUBTITLE_CHARS, SOUND_TYPES, File, UploadButton, Video
from ..tab import Tab
from ..text import say
from .downloads import DownloadBlock
from .reference import ReferenceBlock
from .what_if import WhatIfBlock

SUBTITLE_TYPES = [".srt", ".vtt", ".ass", ".txt"]
# a press on an example tells the server which one
PICK = """element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-example]");
  if (card) trigger("click", {index: Number(card.dataset.example)});
});"""
# Gradio takes its own words from the language of the browser, when it starts. This makes the rest of the page
# follow ours: what is drawn later, and by the style sheet what stands in the uploader.
SPEAK = """(language) => {
  const words = WORDS[language], root = document.documentElement;
  root.lang = language === "zh" ? "zh-CN" : "en";
  root.style.setProperty("--ag-drop", JSON.stringify(words.drop));
  const places = document.querySelectorAll("#ag-clip button.upload-container");
  places.forEach((place) => { place.ariaLabel = words.drop; });
  const files = performance.getEntriesByType("resource");
  const core = files.find((file) => /\\/assets\\/core-[^/]*\\.js$/.test(file.name));
  if (core) import(core.name).then((page) => page.changeLocale?.(root.lang)).catch(() => {});
}"""


class ExplainForm(Tab):
    """The components of the first tab, where they stand, and their fixed sentences."""

    title = "tab_explain"

    def lay_out(self) -> None:
        with gr.Row(elem_id="ag-main"):
            with gr.Column(scale=5, min_width=320, elem_classes="ag-card", elem_id="ag-input"):
                self._lay_out_form()
            with gr.Column(scale=12, min_width=320, elem_id="ag-output"):
                self._lay_out_answer()

    def _lay_out_form(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)  # our style sheet alone
        self.notice = bare()
        self.consent = gr.Checkbox(label=say("consent", "en"), elem_id="ag-consent", container=False)
        ways = ["upload", "webcam"]  # as they are: a format would have gradio convert the raw file
        self.clip = Video(
            sources=ways, include_audio=True, format=None, elem_id="ag-clip", elem_classes="ag-held"
        )
        self.sound = File(
            file_types=SOUND_TYPES, height=64, elem_id="ag-sound", elem_classes="ag-file ag-held"
        )
        self.subtitle = gr.Textbox(lines=2, max_length=MAX_SUBTITLE_CHARS, elem_id="ag-subtitle")
        with gr.Row(elem_id="ag-words", elem_classes="ag-held"):
            self.upload_words = UploadButton(
                file_types=SUBTITLE_TYPES, size="sm", min_width=110, elem_id="ag-upload-words"
            )
            self.transcribe = gr.Button(size="sm", min_width=110, elem_id="ag-transcribe", interactive=False)
        self.words_note = bare()
        with gr.Row(elem_id="ag-part"):
            self.start = gr.Number(minimum=0, precision=2, min_width=90, elem_id="ag-start")
            self.end = gr.Number(minimum=0, precision=2, min_width=90, elem_id="ag-end")
        choices, default = self.services.engines.choices("en"), self.services.engines.default
        self.engine = gr.Dropdown(
            choices, value=default, visible=len(choices) > 1, filterable=False, elem_id="ag-engine"
        )
        self.lines = [bare()]
        with gr.Row(elem_id="ag-buttons"):
            self.run = gr.Button(variant="primary", elem_id="ag-run", scale=3)
            self.stop = gr.Button(elem_id="ag-stop", scale=1, min_width=90, interactive=False)
        self.here = bare()
        self.words = gr.State(None, time_to_live=DELETE_AGE_S)  # `Words` of the box that nobody typed
        self.drawn = gr.State(None, time_to_live=DELETE_AGE_S)  # `Drawn`: what stands as answer
        self.go = gr.State(0)  # each new number starts a run

    def _lay_out_answer(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)
        self.cards = bare(
            js_on_load=PICK, visible=bool(self.services.examples), elem_id="ag-cards", elem_classes="ag-held"
        )
        self.status = bare(elem_id="ag-status")
        with gr.Row(elem_id="ag-first"):
            with gr.Column(scale=6, min_width=300, elem_classes="ag-card", elem_id="ag-player-card"):
                self.player_title = bare()
                show = {"interactive": False, "show_label": False, "buttons": []}
                self.player = Video(elem_id="ag-player", elem_classes="ag-player", **show)
                self.strip = bare(elem_id="ag-strip")
            with gr.Column(scale=5, min_width=300, elem_id="ag-found"):
                self.verdict = bare(elem_id="ag-verdict")
        self.text = bare(elem_id="ag-text")
        self.timeline = bare(elem_id="ag-timeline")
        self.clues = bare(elem_id="ag-clues")
        with gr.Row(elem_id="ag-beside"):
            self.wheel = bare(elem_id="ag-wheel")
            with gr.Column(min_width=300, elem_id="ag-trust"):
                self.limits = bare(elem_id="ag-limits")
                self.blocks.append(DownloadBlock(self.shell))
        with gr.Column(elem_id="ag-after"):  # the style sheet hides it until there is an answer
            self.blocks += [WhatIfBlock(self.shell), ReferenceBlock(self.shell)]

    def sentences(self, language: Language) -> dict:
        """Return what each component with fixed words shows in `language`."""
        cards = [(f"gradio_api/file={x.clip}", x.title[language], x.words) for x in self.services.examples]
        return {
            self.notice: html.notice(language, DELETED_AFTER_MIN),
            self.consent: gr.Checkbox(label=say("consent", language)),
            self.clip: gr.Video(label=say("clip", language)),
            self.sound: gr.File(label=say("sound", language)),
            self.start: gr.Number(label=say("start", language)),
            self.end: gr.Number(label=say("end", language)),
            self.cards: html.examples(cards, language),
            self.subtitle: gr.Textbox(
                label=say("subtitle", language), placeholder=say("subtitle_hint", language)
            ),
            self.upload_words: gr.UploadButton(label=say("upload_words", language)),
            self.engine: self.choice(language),
            self.stop: gr.Button(say("stop", language)),
            self.player_title: html.heading("player", language),
            self.transcribe: gr.Button(say("transcribe", language)),
        }

    def choice(self, language: Language, **value: str) -> gr.Dropdown:
        """Return the choice of engines; without a `value` the one that is chosen stays."""
        choices = self.services.engines.choices(language)
        return gr.Dropdown(choices, label=say("engine_choice", language), visible=len(choices) > 1, **value)

    def arrived(self, language: Language) -> dict:
        """Offer the engine that has arrived, or say why it has not."""
        return {self.engine: self.choice(language), **self.what_is_here(language)}

    @property
    def renewed(self) -> list:
        return [self.engine, self.here, self.transcribe]

    def what_is_here(self, language: Language) -> dict:
        """Return the engine and what is not available, with reasons; it may ask the Hub, for some seconds."""
        absent, why = self.services.engines.absent(language), why_no_transcriber()
        if why:
            absent = [*absent, (say("transcription", language), why[language])]
        choices = self.services.engines.choices(language)
        only = choices[0][0] if len(choices) == 1 else ""
        return {
            self.here: html.here(only, absent, language),
            self.transcribe: gr.Button(interactive=why is None),
        }

    def clean(self) -> dict:
        """Return an empty place for the answer."""
        texts = (self.verdict, self.wheel, self.timeline, self.strip, self.clues, self.text, self.limits)
        return {
            **dict.fromkeys(texts, ""),
            self.player: gr.Video(None, subtitles=None),
            self.drawn: None,
            self.shell.shown: None,
        }

    def buttons(self, *, running: bool) -> dict:
        """Return which buttons can be pressed."""
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
            self.shell.language: gr.Radio(interactive=not running),
        }


def speak() -> str:
    """Return the script that makes gradio's own words follow the language of the page."""
    words = {language: {"drop": say("drop", language)} for language in LANGUAGES}
    return SPEAK.replace("WORDS", json.dumps(words, ensure_ascii=False))
