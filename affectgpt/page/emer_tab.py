"""The tab "emer"."""

from __future__ import annotations

import gradio as gr

from .tab import Tab


class EmerTab(Tab):
    """To be built."""

    title = "tab_emer"

    def lay_out(self) -> None:
        self.place = gr.HTML(apply_default_css=False)
