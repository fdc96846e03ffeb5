"""Make the answers about the examples that the page shows without a run: `python examples/store_answers.py`.

`--engine affectgpt --model ...` makes those of trained weights.
"""

import argparse
import json
from pathlib import Path

from affectgpt import load_clip, load_engine
from affectgpt.page.stored import answer_file, to_store
from affectgpt.schema import LANGUAGES

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--engine", default="signal", choices=("signal", "affectgpt"))
parser.add_argument("--model", help="Hub id or folder of AffectGPT weights")
chosen = parser.parse_args()

engine = load_engine(chosen.engine, chosen.model)
for path in sorted(Path(__file__).parent.glob("*.mp4")):
    clip = load_clip(path, subtitle_file=path.with_suffix(".srt"), player=True)
    for language in LANGUAGES:
        file = answer_file(path.stem, engine.name, language, path.parent / "answers")
        file.parent.mkdir(exist_ok=True)
        stored = to_store(clip, engine, language)
        file.write_text(json.dumps(stored, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
