"""What a tab of the page is: components where it is made, their words in two languages, what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ..schema import Language
from .services import Services

ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "engine"}  # of every event that runs an engine
AT_ONCE = {"concurrency_limit": None}  # of an event that only needs the queue, without which no error shows
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}  # of every event of the page itself


def language_of(request: gr.Request) -> Language:
    """Return the language in which a page is opened: `?lang=zh`, else that of the browser."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return "zh" if wanted.lower().startswith("zh") else "en"


@dataclass
class Shell:
    """The page around the tabs: its language, and the last answer of the first tab (a `Shown` or None)."""

    services: Services
    demo: gr.Blocks
    language: gr.Radio
    shown: gr.State


class Tab:
    """One tab, made inside its `gr.Tab`, so that its components lie there; it holds no visitor's data.

    A block of a tab, such as "what if", is one, too: its tab makes it where it shall lie and adds it to
    `blocks`. A block that draws the last answer listens to `shell.shown.change`.
    """

    title: str  # key of its heading in `text.TEXT`

    def __init__(self, shell: Shell):
        self.shell, self.services = shell, shell.services
        self.blocks: list[Tab] = []
        self.lines: list[gr.HTML] = []  # that say what is on its way; the page fills them
        self.lay_out()

    def lay_out(self) -> None:
        """Make the components."""
        raise NotImplementedError

    def wire(self) -> None:
        """Say what happens when something is pressed; called when all tabs have been laid out."""

    def sentences(self, language: Language) -> dict[gr.components.Component, Any]:
        """Return what each component with fixed words shows in `language`."""
        return {}

    def greet(self, request: gr.Request, language: Language) -> dict[gr.components.Component, Any]:
        """Return what is drawn beyond the fixed words when the page is opened."""
        return {}

    @property
    def greeted(self) -> list[gr.components.Component]:
        """The components that `greet` may return beside those of `sentences`."""
        return []

    def arrived(self, language: Language) -> dict[gr.components.Component, Any]:
        """Return what changes when an engine has arrived; what a visitor has entered or chosen stays."""
        return {}

    @property
    def renewed(self) -> list[gr.components.Component]:
        """The components that `arrived` may return."""
        return []
