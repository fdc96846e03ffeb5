"""The tab "compare"."""

from __future__ import annotations

import gradio as gr

from .tab import Tab


class CompareTab(Tab):
    """To be built."""

    title = "tab_compare"

    def lay_out(self) -> None:
        self.place = gr.HTML(apply_default_css=False)
