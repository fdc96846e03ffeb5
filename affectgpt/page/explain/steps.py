"""An answer as it grows: the events of the engine, with the curves and faces of the clip in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from ...reason import fold
from ...schema import Clip, Event, Language
from ...signals.timeline import measure_timeline
from ..drawings.faces import face_crops
from ..followed import waited
from ..services import Services, Shown

REDRAW_S = 0.2  # between two pictures of an answer that is being written
IDLE_S = 0.5  # between two when nothing is new: only so that a stop takes effect


def steps(services: Services, clip: Clip, shown: Shown, language: Language) -> Iterator[tuple[Shown, str]]:
    """Yield the answer so far with what a model is just writing; closing the stream stops the engine.

    What the clues stand on is measured with them, and drawn as soon as the picture was seen; without measured
    clues, it is measured after the answer.
    """
    seen: list[Event] = []
    drawn_s, draft = 0.0, ""
    for event in services.events(clip, shown.setup, language):
        if event.kind != "progress":
            seen.append(event)
        draft = _drafted(draft, event)
        idle = event.kind == "progress" and not event.value
        if event.kind != "stage" and time.monotonic() - drawn_s < (IDLE_S if idle else REDRAW_S):
            continue
        shown = replace(shown, explanation=fold(seen))
        yield shown, draft
        if event.value == "seen" and any(clue.kind == "measured" for clue in shown.explanation.clues):
            shown = yield from waited(partial(_measured, shown, clip), (shown, draft))
            yield shown, draft
        drawn_s = time.monotonic()
    shown = replace(shown, explanation=fold(seen))
    if shown.timeline is None:
        yield shown, ""
        shown = yield from waited(partial(_measured, shown, clip), (shown, ""))
    yield shown, ""


def _measured(shown: Shown, clip: Clip) -> Shown:
    return replace(shown, timeline=measure_timeline(clip), crops=face_crops(clip))


def _drafted(draft: str, event: Event) -> str:
    """What is written but in no part yet: the text of a part takes its words off the front."""
    if event.kind == "progress":
        return draft + event.value.get("written", "")
    if event.kind == "text":
        return draft.lstrip().removeprefix(event.value[1].strip())
    return "" if event.kind == "stage" else draft
