"""The public endpoints: typed, documented, JSON in and out."""

from __future__ import annotations

import uuid
from typing import Any

import gradio as gr

from ..media import load_clip
from ..reason import fold
from ..schema import Language
from .explain_tab import require
from .services import Services, Setup
from .tab import ONE_AT_A_TIME
from .text import describe


class Api:
    """Endpoints without a widget; made inside the page."""

    def __init__(self, services: Services):
        self.services = services
        self._wire_analyze()

    def _wire_analyze(self) -> None:
        clip = gr.Video(label="clip", include_audio=True, visible=False)  # gr.api would not check the path
        subtitle = gr.Textbox("", label="subtitle", visible=False)
        language = gr.Radio(["en", "zh"], value="en", label="language", visible=False)
        consent = gr.Checkbox(False, label="consent", visible=False)
        out = gr.JSON(label="explanation", visible=False)
        gr.Button(visible=False).click(
            self.analyze, [clip, subtitle, language, consent], out, api_name="analyze", **ONE_AT_A_TIME
        )

    def analyze(
        self, clip: str, subtitle: str = "", language: Language = "en", consent: bool = False
    ) -> dict[str, Any]:
        """Explain a clip: clues, explanation and labels as one JSON object.

        `subtitle` is what is said in the clip. `consent`: you may use it, and its people were informed.
        """
        visitor = uuid.uuid4().hex
        self.services.uploads.claim(clip, visitor)
        try:
            require(clip, consent, subtitle)
            loaded = load_clip(clip, subtitle.strip() or None)
            self.services.uploads.release(clip, visitor)
            return fold(self.services.events(loaded, Setup(), language)).to_dict()
        except Exception as error:
            title, message = describe(error, language)
            raise gr.Error(message, title=title, print_exception=False) from None
        finally:
            self.services.uploads.release(clip, visitor)
