"""How the page looks and is served: components, theme, style sheet, scripts, and the settings of `launch`."""

from __future__ import annotations

import logging
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.exceptions import InvalidPathError

from ..schema import Language
from . import files, html
from .text import say

log = logging.getLogger(__name__)
MAX_SUBTITLE_CHARS = 2_000
MAX_REFERENCE_CHARS = 8_000  # a text in the EMER form has up to about 3 000
DELETE_EVERY_S, DELETE_AGE_S = 600, 1_800  # the age exceeds what a full queue waits
DELETED_AFTER_MIN = (DELETE_EVERY_S + DELETE_AGE_S) // 60
TOLD_S = 12  # that a message about a failure stays
SOUND_TYPES = [".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".ts", ".mkv", ".avi"]
NOT_UPLOADED = "The clip was not uploaded: upload it first."
MAX_FILE_MB = 64  # of one upload
FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei")
FONTS += ("Noto Sans CJK SC", "Noto Sans", "sans-serif")
# Before gradio sees it, a second press is dropped, and an example while a run is on. A press on a time moves
# the player there; on a small screen a run brings its progress into view.
SEEK = """() => { let pressed = 0; document.addEventListener("click", (event) => {
  const button = event.target.closest("#ag-run, [data-example]"), stop = document.querySelector("#ag-stop");
  if (!button) return;
  const again = event.timeStamp - pressed < 700;
  if (again || (stop && !stop.disabled)) { event.stopImmediatePropagation(); event.preventDefault(); }
  else pressed = event.timeStamp;
}, true); document.addEventListener("click", (event) => {
  if (event.target.closest("#ag-run, [data-example]") && innerWidth < 900) {
    setTimeout(() => document.querySelector(".ag-status.running")?.scrollIntoView({behavior: "smooth"}), 700);
  }
  const spot = event.target.closest("[data-seek]"), video = document.querySelector("#ag-player video");
  if (!spot || !video) return;
  video.currentTime = Number(spot.dataset.seek) + 0.01;
  video.play().catch(() => {});
  const box = video.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) video.scrollIntoView({block: "center", behavior: "smooth"});
}); }"""
# a press on an example tells the server which one
PICK = """element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-example]");
  if (card) trigger("click", {index: Number(card.dataset.example)});
});"""


def launch_options() -> dict[str, Any]:
    """Return the settings of `launch`: limits, no monitoring, no history, no foreign pages, our looks."""
    theme = gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        font=FONTS,
        font_mono=("ui-monospace", "monospace"),
    )
    return {
        "theme": theme,
        "css_paths": [Path(__file__).with_name("page.css")],
        "js": SEEK,
        "max_file_size": f"{MAX_FILE_MB}mb",
        "allowed_paths": [],
        "show_error": False,
        "run_history": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "max_threads": 16,
        "footer_links": ["api", "gradio", "settings"],
        "state_session_capacity": 500,
        "ssr_mode": False,
        "share": False,
    }


class Quiet(gr.Blocks):
    """A page that answers a request with foreign paths or values by one line, without their text."""

    async def preprocess_data(self, *args: Any, **options: Any) -> Any:
        """Read the values of a request; raises gr.Error, which is shown and not logged."""
        try:
            return await super().preprocess_data(*args, **options)
        except InvalidPathError:
            log.warning("refused a request: it names a file that was not uploaded")
            raise gr.Error(NOT_UPLOADED, print_exception=False) from None
        except gr.Error as error:
            log.warning("refused a request: one of its values is not allowed")
            error.print_exception = False
            raise


def as_it_is(video: str | Path | None) -> FileData | None:
    """Hand a video to the browser: gradio would have ffprobe and ffmpeg, where they are installed, read what
    came from a stranger, outside the limited process."""
    return None if video is None else FileData(path=str(video), orig_name=Path(video).name)


class Layout:
    """The components of the page, where they stand, and their fixed sentences."""

    def __init__(self) -> None:
        self.examples = files.find_examples(files.EXAMPLES)
        with Quiet(
            title=say("window", "en"), delete_cache=(DELETE_EVERY_S, DELETE_AGE_S), analytics_enabled=False
        ) as self.demo:
            self._lay_out()

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
                self.cards = bare(js_on_load=PICK, visible=bool(self.examples))
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
                        self.player = gr.Video(elem_id="ag-player", **show)
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
        cards = [(f"gradio_api/file={x.clip}", x.title[language], x.words) for x in self.examples]
        return {
            self.header: html.header(language),
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
            self.shown: None,
        }
        return {**columns, **texts, **rest}

    def buttons(self, *, running: bool) -> dict:
        """Return which buttons can be pressed."""
        return {
            self.run: gr.Button(interactive=not running),
            self.stop: gr.Button(interactive=running),
            self.language: gr.Radio(interactive=not running),
        }


def toast(title: str, message: str) -> gr.Error:
    """Return the error that shows a message over the page."""
    shown = f"<strong>{escape(title)}</strong><br>{escape(message)}"  # gradio shows no title of its own
    return gr.Error(shown, title=title, duration=TOLD_S, print_exception=False)
