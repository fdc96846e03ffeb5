"""What a visitor takes away of an answer: files, and a program that asks for the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr

from ... import card
from ...schema import Explanation, Language
from .. import files
from ..evaluate.html import snippet
from ..evaluate.tab import address
from ..export import curl_snippet, python_snippet, to_markdown
from ..services import Shown
from ..tab import PRIVATE, Tab
from ..text import say
from .answered import answered_copy
from .words import as_text

KINDS = ("json", "markdown", "page")
ENDINGS = {"json": ".affectgpt.json", "markdown": ".affectgpt.md", "page": ".affectgpt.html"}


class DownloadBlock(Tab):
    """Shown under the answer that `shell.shown` holds; hidden without one."""

    title = "take_title"

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)
        with gr.Column(
            visible=False, elem_id="ag-downloads", elem_classes="ag-card ag-downloads"
        ) as self.box:
            self.head = bare()
            with gr.Row(elem_classes="ag-files"):
                self.files = {kind: gr.DownloadButton(elem_id=f"ag-take-{kind}") for kind in KINDS}
            self.with_clip = gr.Checkbox(
                label=say("take_clip", "en"), container=False, elem_id="ag-take-clip"
            )
            self.programs = bare()

    def wire(self) -> None:
        shown, language = self.shell.shown, self.shell.language
        own = [self.box, *self.files.values(), self.with_clip, self.programs]
        shown.change(self.draw, [shown, language], own, queue=False, **PRIVATE)
        language.input(
            self.translate, [shown, language], [self.with_clip, self.programs], queue=False, **PRIVATE
        )
        self.with_clip.input(
            self.draw_page, [shown, self.with_clip], self.files["page"], queue=False, **PRIVATE
        )

    def sentences(self, language: Language) -> dict:
        head = f'<h2 class="ag-title">{say(self.title, language)}</h2>'
        hint = f'<p class="ag-note">{say("take_hint", language)}</p>'
        buttons = {one: gr.DownloadButton(say(f"take_{kind}", language)) for kind, one in self.files.items()}
        return {self.head: head + hint, **buttons}

    def draw(self, shown: Shown | None, language: Language, request: gr.Request) -> Iterator[dict]:
        """Make the files of an answer; without one, hide."""
        if shown is None:
            yield {self.box: gr.Column(visible=False)}
            return
        with files.job_folder() as folder:
            answer = shown.explanation
            contents = (as_json(answer), to_markdown(answer), card.to_html([answer]))
            made = dict(zip(KINDS, contents, strict=True))
            yield {
                self.box: gr.Column(visible=True),
                **{self.files[kind]: self._button(folder, answer, kind, made[kind]) for kind in KINDS},
                **self.translate(shown, language, request),
                self.with_clip: self._choice(shown, language, request, value=False),
            }

    def translate(self, shown: Shown | None, language: Language, request: gr.Request) -> dict:
        """Draw the programs, and what the box says, in `language`."""
        if shown is None:
            return {self.programs: "", self.with_clip: gr.Checkbox(label=say("take_clip", language))}
        asked = {
            "clip": f"{files.safe_stem(shown.explanation.name)}.mp4",
            "subtitle": words_of(shown),
            "language": shown.explanation.language,
            "engine": shown.setup.engine or shown.explanation.engine,
        }
        code = "".join(
            snippet(say(key, language), write(address(request), "analyze", **asked), language)
            for key, write in (("take_python", python_snippet), ("take_curl", curl_snippet))
        )
        body = (
            f'<details class="ag-programs"><summary>{say("take_programs", language)}</summary>'
            f'<p class="ag-note">{say("take_programs_hint", language)}</p><div class="ag-codes">{code}</div>'
            "</details>"
        )
        return {self.programs: body, self.with_clip: self._choice(shown, language, request)}

    def draw_page(self, shown: Shown | None, wanted: bool, request: gr.Request) -> Iterator[dict]:
        """Make the page again, with the clip in it or without."""
        if shown is None:
            return
        with files.job_folder() as folder:
            clip = answered_copy(self.services, request.session_hash, shown) if wanted else None
            page = card.to_html([shown.explanation], clip=clip)
            yield {self.files["page"]: self._button(folder, shown.explanation, "page", page)}

    def _choice(self, shown: Shown, language: Language, request: gr.Request, **value) -> gr.Checkbox:
        there = answered_copy(self.services, request.session_hash, shown) is not None
        label = say("take_clip" if there else "take_clip_gone", language)
        return gr.Checkbox(label=label, interactive=there, **value)

    def _button(self, folder: str, answer: Explanation, kind: str, content: str) -> gr.DownloadButton:
        file = Path(folder) / (files.safe_stem(answer.name) + ENDINGS[kind])
        file.write_text(content, encoding="utf-8")
        return gr.DownloadButton(value=str(file))


def as_json(explanation: Explanation) -> str:
    """Return the text of an `Explanation` as a file holds it."""
    return json.dumps(explanation.to_dict(), ensure_ascii=False, indent=1) + "\n"


def words_of(shown: Shown) -> str:
    """Return the words an answer was made with, as a caller sends them; "" for those in the file itself."""
    if shown.subtitle_source in ("none", "embedded"):
        return ""
    return as_text(shown.cues)
