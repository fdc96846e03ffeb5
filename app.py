"""Hugging Face Space entry: builds the page and serves it."""

from affectgpt.ui import build_demo, launch_options

demo = build_demo()

if __name__ == "__main__":
    demo.launch(**launch_options())
