"""The tab "about": what the page is, what runs in it, what it keeps, and what it must not be used for."""

from __future__ import annotations

import gradio as gr

from ...schema import Language
from ..tab import PRIVATE, Tab
from .facts import facts, limits, retention
from .html import about


class AboutTab(Tab):
    """Draws facts about this process; there is nothing to press but copying a citation."""

    title = "tab_about"

    def lay_out(self) -> None:
        self.lines = [gr.HTML(apply_default_css=False, elem_id="ag-about-arrival")]
        self.place = gr.HTML(apply_default_css=False, elem_id="ag-about")

    def wire(self) -> None:
        self.shell.language.input(self.draw, self.shell.language, self.place, queue=False, **PRIVATE)

    def greet(self, request: gr.Request, language: Language) -> dict:
        """Draw the whole tab; not when the page is made, because the facts ask whether the Hub answers."""
        return {self.place: self.draw(language)}

    @property
    def greeted(self) -> list:
        return [self.place]

    def arrived(self, language: Language) -> dict:
        """Draw the facts anew."""
        return {self.place: self.draw(language)}

    @property
    def renewed(self) -> list:
        return [self.place]

    def draw(self, language: Language) -> str:
        """Return the tab in `language`."""
        services, queue = self.services, self.shell.demo._queue.max_size
        known = facts(services)
        absent = services.engines.absent(language)
        kept = retention(services, language, known.judge)
        return about(known, absent, limits(services, queue, language), kept, language)
