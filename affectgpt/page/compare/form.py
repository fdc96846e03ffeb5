"""The tab "compare" as it looks: a clip, two setups, a reference, and the places of the result."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import gradio as gr

from ...reference import MAX_TEXT
from ...schema import MODALITIES, Language, Modality
from ..look import DELETE_AGE_S, Video
from ..services import Setup
from ..tab import Tab
from ..text import say
from . import html as compare_html

MAX_SAMPLES = 16
SAMPLING = "affectgpt"  # the engine that can be asked for samples
# a press on an example tells the server which one
PICK = """element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-compare]");
  if (card) trigger("click", {index: Number(card.dataset.compare)});
});"""


@dataclass
class Side:
    """The fields of one setup."""

    letter: str
    title: gr.HTML
    engine: gr.Radio
    use: gr.CheckboxGroup
    samples: gr.Slider

    @property
    def fields(self) -> list:
        return [self.engine, self.use, self.samples]


def setup_of(engine: str | None, use: list[Modality] | None, samples: float | None) -> Setup:
    """Return what the fields of a side say."""
    without = tuple(name for name in MODALITIES if name not in (use or []))
    return Setup(engine, without, int(samples or 0) if engine == SAMPLING else 0)


class CompareForm(Tab):
    """The components of the tab, where they stand, and their fixed sentences."""

    title = "tab_compare"

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)  # our style sheet alone
        self.chosen = gr.State(
            None, time_to_live=DELETE_AGE_S
        )  # the position of an example; None: of the answer
        self.compared = gr.State(None, time_to_live=DELETE_AGE_S)  # a `Compared`, or None
        with gr.Column(elem_classes="ag-card", elem_id="ag-compare"):
            self.heading = bare()
            with gr.Row(elem_id="ag-compare-top"):
                with gr.Column(scale=4, min_width=260, elem_id="ag-compare-clip"):
                    self.clip = bare()
                    show = {"interactive": False, "show_label": False, "buttons": []}
                    self.player = Video(elem_id="ag-compare-player", elem_classes="ag-player", **show)
                    self.cards = bare(js_on_load=PICK, visible=bool(self.services.examples))
                with gr.Column(scale=7, min_width=280):
                    with gr.Row(elem_id="ag-compare-sides"):
                        self.sides = [self._side(letter, bare) for letter in "AB"]
                    with gr.Accordion(open=False, elem_id="ag-compare-reference") as self.more:
                        limits = {"max_length": MAX_TEXT}
                        self.reference = gr.Textbox(lines=3, max_lines=6, **limits)
                        self.labels = gr.Textbox(**limits)
                    with gr.Row(elem_id="ag-compare-buttons"):
                        self.run = gr.Button(variant="primary", elem_id="ag-compare-run", scale=3)
                        self.stop = gr.Button(
                            elem_id="ag-compare-stop", scale=1, min_width=90, interactive=False
                        )
        self.status = bare(elem_id="ag-compare-status")
        self.result = bare(elem_id="ag-compare-result")
        self.drawn = bare(elem_id="ag-compare-more")

    def _side(self, letter: str, bare: partial) -> Side:
        with gr.Column(min_width=220, elem_classes="ag-side", elem_id=f"ag-side-{letter}"):
            return Side(
                letter,
                bare(),
                gr.Radio(elem_id=f"ag-engine-{letter}"),
                gr.CheckboxGroup(self._uses("en"), elem_id=f"ag-use-{letter}"),
                gr.Slider(0, MAX_SAMPLES, 0, step=1, elem_id=f"ag-samples-{letter}"),
            )

    def fresh(self, language: Language) -> dict:
        """Return both setups as a visitor finds them: two engines, or where there is one, B without sound."""
        engines, out = self.services.engines, {}
        names = [name for _, name in engines.choices(language)]
        for side, name in zip(self.sides, (names * 2)[:2], strict=True):
            deaf = len(names) == 1 and side.letter == "B"
            use = [each for each in MODALITIES if not (deaf and each == "acoustic")]
            uses, label = self._uses(language), say("cp_use", language)
            out[side.engine] = self._engines(language, value=name)
            out[side.use] = gr.CheckboxGroup(uses, value=use, label=label)
            out[side.samples] = gr.Slider(
                value=0, visible=name == SAMPLING, label=say("cp_samples", language)
            )
        return out

    def arrived(self, language: Language) -> dict:
        """Offer the engine that has arrived."""
        return {side.engine: self._engines(language) for side in self.sides}

    @property
    def renewed(self) -> list:
        return [side.engine for side in self.sides]

    def _engines(self, language: Language, **value: str) -> gr.Radio:
        choices = self.services.engines.choices(language)
        return gr.Radio(choices, label=say("cp_engine", language), visible=len(choices) > 1, **value)

    def _uses(self, language: Language) -> list[tuple[str, str]]:
        return [(say(f"cp_use_{name}", language), name) for name in MODALITIES]

    def sentences(self, language: Language) -> dict:
        """Return what each component with fixed words shows in `language`."""
        cards = [(f"gradio_api/file={x.clip}", x.title[language], x.words) for x in self.services.examples]
        out = {
            self.heading: compare_html.heading(language),
            self.cards: compare_html.picks(cards, language),
            self.more: gr.Accordion(label=say("cp_reference", language)),
            self.reference: gr.Textbox(label=say("cp_reference_text", language)),
            self.labels: gr.Textbox(label=say("cp_reference_labels", language)),
            self.run: gr.Button(say("cp_run", language)),
            self.stop: gr.Button(say("cp_stop_button", language)),
        }
        for side in self.sides:
            title = say("cp_setup", language, letter=side.letter)
            out |= {
                side.title: f'<h3 class="ag-side-title"><span>{side.letter}</span>{title}</h3>',
                side.engine: self._engines(language),
                side.use: gr.CheckboxGroup(choices=self._uses(language), label=say("cp_use", language)),
                side.samples: gr.Slider(label=say("cp_samples", language)),
            }
        return out

    def buttons(self, *, running: bool) -> dict:
        """Return which buttons can be pressed."""
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
        }
