"""Hugging Face Space entry: builds the page and serves it."""

from affectgpt.ui import build_demo, launch_options, warm_up

demo = build_demo()

if __name__ == "__main__":
    warm_up()
    demo.launch(**launch_options())
