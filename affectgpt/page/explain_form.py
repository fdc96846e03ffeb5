"""The first tab as it looks: the form, the places of the answer, and their fixed sentences."""

from __future__ import annotations

from functools import partial

import gradio as gr

from ..schema import Language
from . import html
from .look import DELETED_AFTER_MIN, SOUND_TYPES, as_it_is
from .tab import Tab
from .text import say

MAX_SUBTITLE_CHARS = 2_000
MAX_REFERENCE_CHARS = 8_000  # a text in the EMER form has up to about 3 000
# a press on an example tells the server which one
PICK = """element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-example]");
  if (card) trigger("click", {index: Number(card.dataset.example)});
});"""


class ExplainForm(Tab):
    """The components of the first tab, where they stand, and their fixed sentences."""

    title = "tab_explain"

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)  # our style sheet alone
        with gr.Row(elem_id="ag-main"):
            with gr.Column(scale=5, min_width=320, elem_classes="ag-card", elem_id="ag-input"):
                self.notice = bare()
                self.consent = gr.Checkbox(label=say("consent", "en"), elem_id="ag-consent", container=False)
                ways = ["upload", "webcam"]  # as they are: a format would have gradio convert the raw file
                self.clip = gr.Video(sources=ways, include_audio=True, format=None, elem_id="ag-clip")
                self.clip._format_video = (
                    as_it_is  # a class of our own would have gradio write a .pyi file here
                )
                self.sound = gr.File(
                    file_types=SOUND_TYPES, height=64, elem_id="ag-sound", elem_classes="ag-file"
                )
                self.subtitle = gr.Textbox(lines=2, max_length=MAX_SUBTITLE_CHARS, elem_id="ag-subtitle")
                with gr.Row(elem_id="ag-buttons"):
                    self.run = gr.Button(variant="primary", elem_id="ag-run", scale=3)
                    self.stop = gr.Button(elem_id="ag-stop", scale=1, min_width=90, interactive=False)
                self.cards = bare(js_on_load=PICK, visible=bool(self.services.examples))
                with gr.Accordion(open=False) as self.more:
                    with gr.Row(elem_id="ag-part"):
                        self.start = gr.Number(minimum=0, precision=2, min_width=100)
                        self.end = gr.Number(minimum=0, precision=2, min_width=100)
                    self.subtitle_file = gr.File(
                        file_types=[".srt", ".vtt", ".ass", ".txt"], height=64, elem_classes="ag-file"
                    )
                    self.reference = gr.Textbox(lines=3, max_lines=6, max_length=MAX_REFERENCE_CHARS)
                    self.labels = gr.Textbox(max_length=MAX_REFERENCE_CHARS)
            with gr.Column(scale=11, min_width=320, elem_id="ag-output"):
                self.status = bare(elem_id="ag-status")
                with gr.Row(elem_id="ag-first"):
                    self.player_card = gr.Column(
                        scale=5,
                        min_width=300,
                        visible=False,
                        elem_classes="ag-card",
                        elem_id="ag-player-card",
                    )
                    with self.player_card:
                        self.player_title = bare()
                        show = {"interactive": False, "show_label": False, "buttons": []}
                        self.player = gr.Video(elem_id="ag-player", elem_classes="ag-player", **show)
                        self.player._format_video = as_it_is
                    with gr.Column(scale=6, min_width=300, visible=False) as self.verdict_card:
                        self.verdict = bare(elem_id="ag-verdict")
                self.clues = bare(elem_id="ag-clues")
                self.text = bare(elem_id="ag-text")
                self.scores = bare(elem_id="ag-scores")
                self.limits = bare(elem_id="ag-limits")
                self.file = gr.DownloadButton(visible=False, elem_id="ag-json")

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
            self.subtitle_file: gr.File(label=say("subtitle_file", language)),
            self.more: gr.Accordion(label=say("more", language)),
            self.reference: gr.Textbox(label=say("reference_text", language)),
            self.labels: gr.Textbox(label=say("reference_labels", language)),
            self.run: gr.Button(say("run", language)),
            self.stop: gr.Button(say("stop", language)),
            self.player_title: html.heading("player", language),
            self.file: gr.DownloadButton(say("download", language)),
        }

    def clean(self) -> dict:
        """Return an empty place for the answer."""
        # a component in a column that is not yet shown would lose its value: the player's place comes first
        columns = {self.player_card: gr.Column(visible=True), self.verdict_card: gr.Column(visible=False)}
        texts = dict.fromkeys((self.verdict, self.clues, self.text, self.scores, self.limits), "")
        rest = {
            self.player: gr.Video(None, subtitles=None),
            self.file: gr.DownloadButton(visible=False),
            self.shell.shown: None,
        }
        return {**columns, **texts, **rest}

    def buttons(self, *, running: bool) -> dict:
        """Return which buttons can be pressed."""
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
            self.shell.language: gr.Radio(interactive=not running),
        }
