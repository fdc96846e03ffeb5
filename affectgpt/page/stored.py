"""Answers about the examples that were made beforehand: shown with no engine and no GPU at all.

`examples/store_answers.py` makes them. A file that was written in another form, or by rules of the signal
engine that have changed since, is passed over as if it were not there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..baseline import VERSION
from ..engine import Engine
from ..labels import named
from ..media.subtitles import parse_subtitle
from ..reason import explain
from ..reference import split_labels
from ..schema import Clip, Explanation, Language, Text
from ..signals.timeline import Timeline, measure_timeline
from .drawings.faces import Crop, face_crops
from .files import EXAMPLES, Example
from .services import Setup, Shown

FOLDER = EXAMPLES / "answers"
FORMAT = 1  # of the files
MADE_BY = {"signal": Text("the signal engine", "信号引擎"), "affectgpt": Text("AffectGPT", "AffectGPT")}
STORED = Text(
    "Made on {made} by {engine}; nothing has run now.",
    "由{engine}于 {made} 预先生成，本次没有运行引擎。",
)


def answer_file(name: str, engine: str, language: Language, folder: Path = FOLDER) -> Path:
    """Return where the answer of an engine about the example `name` is stored."""
    return folder / f"{name}.{engine}.{language}.json"


def to_store(clip: Clip, engine: Engine, language: Language) -> dict[str, Any]:
    """Return what a file holds: a new answer about `clip`, its curves and faces, and the day."""
    explanation = explain(clip, engine, language=language)
    return {
        "format": FORMAT,
        "made": date.today().isoformat(),
        "explanation": explanation.to_dict(),
        "timeline": measure_timeline(clip).to_dict(),
        "crops": [asdict(crop) for crop in face_crops(clip)],
    }


def stored_answer(example: Example, engine_name: str, language: Language) -> Shown | None:
    """Return the stored answer of an engine about an example, ready to be shown; None without one."""
    data = _read(answer_file(example.clip.stem, engine_name, language))
    if data is None:
        return None
    other = _read(answer_file(example.clip.stem, engine_name, "en" if language == "zh" else "zh"))
    explanation = Explanation.from_dict(data["explanation"])
    if other is not None:
        explanation = _in_both(explanation, Explanation.from_dict(other["explanation"]))
    timeline = Timeline.from_dict(data["timeline"])
    by = MADE_BY[engine_name]
    model = explanation.provenance.get("model")
    by = Text(f"{by.en} ({model})", f"{by.zh}（{model}）") if model else by
    return Shown(
        explanation,
        timeline.duration_s,
        Setup(engine_name),
        cues=parse_subtitle(example.subtitle.read_bytes()),
        subtitle_source="file",
        timeline=timeline,
        crops=tuple(Crop(**crop) for crop in data["crops"]),
        reference=(example.reference[language], split_labels(example.labels[language])),
        stored=STORED.filled(made=data["made"], engine=by),
    )


@lru_cache(maxsize=32)
def _read(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    data = json.loads(file.read_text(encoding="utf-8"))
    if data.get("format") != FORMAT:
        return None
    made = data["explanation"]
    if made["engine"] == "signal" and made["provenance"].get("version") != VERSION:
        return None
    return data


def _in_both(one: Explanation, other: Explanation) -> Explanation:
    """`one` with its short sentences in both languages, where the `other` answer says the same."""

    def both(mine: Text, its: Text) -> Text:
        return Text(mine.en, its.zh) if one.language == "en" else Text(its.en, mine.zh)

    verdict, its = one.verdict, other.verdict
    labels = tuple(replace(label, text=named(label.name)) for label in verdict.labels)
    verdict = replace(verdict, labels=labels)
    if [x.name for x in verdict.conflicts] == [x.name for x in its.conflicts]:
        pairs = zip(verdict.conflicts, its.conflicts, strict=True)
        conflicts = tuple(replace(x, text=both(x.text, y.text)) for x, y in pairs)
        verdict = replace(verdict, conflicts=conflicts)
    if verdict.cannot_tell and its.cannot_tell:
        verdict = replace(verdict, cannot_tell=both(verdict.cannot_tell, its.cannot_tell))
    missing = {
        name: both(why, other.missing[name]) if name in other.missing else why
        for name, why in one.missing.items()
    }
    warnings = one.warnings
    if len(warnings) == len(other.warnings):
        warnings = tuple(both(x, y) for x, y in zip(warnings, other.warnings, strict=True))
    return replace(one, verdict=verdict, missing=missing, warnings=warnings)
