"""The EMER tab as it looks: what finds a sample on the left, the sample on the right."""

from __future__ import annotations

from functools import partial

import gradio as gr

from ...schema import Language
from ..look import DELETE_AGE_S, Video
from ..tab import Shell, Tab
from ..text import say
from . import html as html
from .shelves import Shelf, Shelves

MAX_QUERY_CHARS = 200
# a press on a sample, a label or a page tells the server which one
PRESSED = """element.addEventListener("click", (event) => {
  const spot = event.target.closest("button[data-NAME]");
  if (spot && !spot.disabled) trigger("click", {NAME: spot.dataset.NAME});
});"""


class EmerForm(Tab):
    """The components of the EMER tab and their fixed sentences."""

    title = "tab_emer"

    def __init__(self, shell: Shell):
        self.shelves = Shelves(shell.services.examples, shell.services.data, shell.services.clips)
        super().__init__(shell)

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)
        self.current = gr.State(None)  # (key of a shelf, name of the sample that is read)
        self.page = gr.State(0)  # of the list
        self.answer = gr.State(None, time_to_live=DELETE_AGE_S)  # a `Shown` about the sample
        with gr.Row(elem_id="ag-emer") as self.home:
            with gr.Column(scale=5, min_width=300, elem_classes="ag-card", elem_id="ag-emer-find"):
                self.note = bare(elem_id="ag-emer-note")
                self.shelf = gr.Radio(self._shelves("en"), elem_id="ag-emer-shelf", container=False)
                self.query = gr.Textbox(max_lines=1, max_length=MAX_QUERY_CHARS, elem_id="ag-emer-query")
                self.label = gr.Dropdown([("", "")], value="", elem_id="ag-emer-label")
                self.chips = bare(js_on_load=PRESSED.replace("NAME", "label"), elem_id="ag-emer-chips")
                self.only = gr.Checkbox(
                    label=say("emer_only", "en", count=0), elem_id="ag-emer-only", container=False
                )
                self.pager = bare(js_on_load=PRESSED.replace("NAME", "turn"), elem_id="ag-emer-pager")
                self.list = bare(js_on_load=PRESSED.replace("NAME", "sample"), elem_id="ag-emer-list")
                self.licence = bare(elem_id="ag-emer-licence")
            with gr.Column(scale=13, min_width=300, elem_id="ag-emer-read"):
                with gr.Row(elem_id="ag-emer-top"):
                    self.head = bare(elem_id="ag-emer-head")
                    self.previous = gr.Button(elem_id="ag-emer-previous", min_width=112, scale=0)
                    self.next = gr.Button(elem_id="ag-emer-next", min_width=112, scale=0)
                with gr.Row(elem_id="ag-emer-first"):
                    with gr.Column(scale=5, min_width=280, elem_id="ag-emer-left"):
                        self.clip_card = gr.Column(
                            visible=False, elem_classes="ag-card", elem_id="ag-emer-clip"
                        )
                        with self.clip_card:
                            self._lay_out_clip()
                        self.wheel = bare(elem_id="ag-emer-wheel")
                    with gr.Column(scale=8, min_width=280, elem_id="ag-emer-right"):
                        self.about = bare(elem_id="ag-emer-about")
                        self.status = bare(elem_id="ag-emer-status")
                        self.text = bare(elem_id="ag-emer-text")  # the reference, while it stands alone
                        self.scores = bare(elem_id="ag-emer-scores")
                self.beside = bare(elem_id="ag-emer-beside")
                with gr.Row(elem_id="ag-emer-more", visible=False) as self.more:
                    self.open = gr.Button(elem_id="ag-emer-open", scale=0, min_width=200)
                    self.open_hint = bare(elem_id="ag-emer-open-hint")

    def _lay_out_clip(self) -> None:
        show = {"interactive": False, "show_label": False, "buttons": []}
        self.player = Video(elem_id="ag-emer-player", elem_classes="ag-player", **show)
        with gr.Row(elem_id="ag-emer-buttons"):
            self.run = gr.Button(variant="primary", elem_id="ag-emer-run", scale=3)
            self.stop = gr.Button(elem_id="ag-emer-stop", scale=1, min_width=80, interactive=False)

    def sentences(self, language: Language) -> dict:
        """Return what each component with fixed words shows in `language`."""
        return {
            self.query: gr.Textbox(
                label=say("emer_search", language), placeholder=say("emer_search_hint", language)
            ),
            self.previous: gr.Button(f"‹ {say('emer_previous', language)}"),
            self.next: gr.Button(f"{say('emer_next', language)} ›"),
            self.run: gr.Button(say("emer_run", language)),
            self.stop: gr.Button(say("stop", language)),
            self.open: gr.Button(say("emer_open", language)),
            self.open_hint: f'<p class="ag-note">{say("emer_open_hint", language)}</p>',
        }

    def choices(self, shelf: Shelf | None, label: str, language: Language) -> dict:
        """Return what can be chosen of a shelf, with the label that is chosen."""
        labels = [(say("emer_any_label", language), "")]
        labels += [
            (f"{html.label_name(name, language)} ({count})", name)
            for name, count in (shelf.counts if shelf else ())
        ]
        clips = shelf.clips if shelf else 0
        return {
            self.shelf: gr.Radio(
                self._shelves(language),
                value=shelf.key if shelf else None,
                label=say("emer_shelf", language),
                visible=len(self.shelves.all) > 1,
            ),
            self.label: gr.Dropdown(labels, value=label, label=say("emer_label", language)),
            self.only: gr.Checkbox(
                label=say("emer_only", language, count=clips),
                visible=bool(shelf) and 0 < clips < len(shelf.samples),
            ),
            self.licence: html.licence(shelf, language),
        }

    def buttons(self, *, running: bool) -> dict:
        """Return which buttons can be pressed."""
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
            self.shell.language: gr.Radio(interactive=not running),
        }

    def cleared(self) -> dict:
        """Return an empty place for an answer."""
        empty = dict.fromkeys((self.status, self.scores, self.beside), "")
        return {self.answer: None, **empty, self.more: gr.Row(visible=False)}

    def _shelves(self, language: Language) -> list[tuple[str, str]]:
        return [(f"{shelf.title[language]} · {len(shelf.samples)}", shelf.key) for shelf in self.shelves.all]
