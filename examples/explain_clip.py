"""Explain a clip in words: `python examples/explain_clip.py [CLIP] [SUBTITLES]`."""

import sys
from pathlib import Path

from affectgpt import explain, load_clip, load_engine

example = Path(__file__).with_name("happy_reunion.mp4")
path = Path(sys.argv[1]) if len(sys.argv) > 1 else example
words = Path(sys.argv[2]) if len(sys.argv) > 2 else path.with_suffix(".srt")

clip = load_clip(path, subtitle_file=words if words.exists() else None)
answer = explain(clip, load_engine("signal"), language="en")
print(answer.text, ", ".join(answer.labels), sep="\n\n")
