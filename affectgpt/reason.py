"""A clip becomes a stream of events: clues, explanation, labels; every other form of the answer is a fold
over it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from .engine import Engine
from .schema import Clip, Clue, Event, Explanation, Language, Part, Verdict


def reason(clip: Clip, engine: Engine, *, language: Language = "en") -> Iterator[Event]:
    """Yield the events of one clip, in the order of `schema.Event`; closing the generator stops the work."""
    start = time.perf_counter() - clip.media.get("load_s", 0.0)  # reading the file counts as "prepared"

    def event(kind, value) -> Event:
        return Event(kind, value, round(time.perf_counter() - start, 4))

    head = {"name": clip.name, "duration_s": clip.duration_s, "engine": engine.name, "language": language}
    yield event("started", {**head, "warnings": clip.warnings})
    yield event("stage", "prepared")

    for kind, value in engine.answer(clip, language):
        if kind == "done" and engine.why:
            chosen = {"en": engine.why.en, "zh": engine.why.zh}
            value = {**value, "provenance": {**value["provenance"], "chosen": chosen}}
        yield event(kind, value)


def fold(events: Iterable[Event]) -> Explanation:
    """Return the `Explanation` that a stream of events adds up to; works on a stream that was cut short,
    too."""
    head = {"name": "", "engine": "", "language": "en", "warnings": ()}
    done = {"provenance": {}, "missing": {}}
    clues: list[Clue] = []
    parts: dict[Part, str] = {}
    timings: dict[str, float] = {}
    verdict = Verdict()
    for event in events:
        if event.kind == "started":
            head = event.value
        elif event.kind == "stage":
            timings[event.value] = event.elapsed_s
        elif event.kind == "clue":
            clues.append(event.value)
        elif event.kind == "text":
            part, piece = event.value
            parts[part] = parts.get(part, "") + piece
        elif event.kind == "verdict":
            verdict = event.value
        elif event.kind == "done":
            done = event.value
    return Explanation(
        name=head["name"],
        language=head["language"],
        engine=head["engine"],
        warnings=tuple(head["warnings"]),
        clues=tuple(clues),
        parts=parts,
        verdict=verdict,
        timings=timings,
        **done,
    )


def explain(clip: Clip, engine: Engine, *, language: Language = "en") -> Explanation:
    """Return the whole answer for one clip: the fold of `reason`."""
    return fold(reason(clip, engine, language=language))
