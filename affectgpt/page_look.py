"""How the page looks and is served: theme, style sheet, the two scripts, and the settings of `launch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

MAX_FILE_MB = 64  # of one upload
FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei")
FONTS += ("Noto Sans CJK SC", "Noto Sans", "sans-serif")
# a press on a time moves the player there; on a small screen a run brings its progress into view
SEEK = """() => document.addEventListener("click", (event) => {
  if (event.target.closest("#ag-run, [data-example]") && innerWidth < 900) {
    setTimeout(() => document.querySelector(".ag-status.running")?.scrollIntoView({behavior: "smooth"}), 700);
  }
  const spot = event.target.closest("[data-seek]"), video = document.querySelector("#ag-player video");
  if (!spot || !video) return;
  video.currentTime = Number(spot.dataset.seek) + 0.01;
  video.play().catch(() => {});
  const box = video.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) video.scrollIntoView({block: "center", behavior: "smooth"});
})"""
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
