"""The tab "evaluate"."""

from __future__ import annotations

import gradio as gr

from .tab import Tab


class EvaluateTab(Tab):
    """To be built."""

    title = "tab_evaluate"

    def lay_out(self) -> None:
        self.place = gr.HTML(apply_default_css=False)
