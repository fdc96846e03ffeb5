"""Hugging Face Space entry: builds the page and serves it."""

try:
    import spaces  # on a Space with shared GPUs it must come before torch
except ImportError:
    spaces = None

from affectgpt.ui import build_demo, serve

demo = build_demo(gpu=spaces and spaces.GPU)

if __name__ == "__main__":
    serve(demo)
