"""List what was measured and when: `python examples/list_clues.py [CLIP]`, in Chinese and English."""

import sys
from pathlib import Path

from affectgpt import explain, load_clip, load_engine

path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("worried_farewell_zh.mp4")
words = path.with_suffix(".srt")
answer = explain(
    load_clip(path, subtitle_file=words if words.exists() else None), load_engine("signal"), language="zh"
)
for clue in answer.clues:
    when = ", ".join(f"{start:.1f}-{end:.1f} s" for start, end in clue.spans) or "-"
    print(clue.modality, clue.name, when, clue.text.zh, clue.text.en, sep=" | ")
