"""The tab "about"."""

from __future__ import annotations

import gradio as gr

from .tab import Tab


class AboutTab(Tab):
    """To be built."""

    title = "tab_about"

    def lay_out(self) -> None:
        self.place = gr.HTML(apply_default_css=False)
