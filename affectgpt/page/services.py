"""What all tabs of the page share: engines, visitors, kept clips, examples, the data set."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..muting import leave_out
from ..reason import reason
from ..reference import Reference
from ..relay import Relay, streamed
from ..schema import Clip, Cue, Event, Explanation, Language, Modality, Text
from ..signals.timeline import Timeline
from .drawings.faces import Crop
from .engines import Engines
from .files import EXAMPLES, Example, Uploads, find_examples
from .kept import Kept
from .serving import Closing
from .traces import Traces
from .visitors import Visitors

DATASET, CLIPS = "AFFECTGPT_DATASET", "AFFECTGPT_CLIPS"  # environment: what to browse, and its clips


@dataclass(frozen=True)
class Setup:
    """How a clip is asked about: the engine (None: the default), the modalities left out, sampled answers."""

    engine: str | None = None
    without: tuple[Modality, ...] = ()
    samples: int = 0  # of AffectGPT; 0: its likeliest answer


@dataclass(frozen=True, eq=False)
class Shown:
    """An answer that is on the page, with what is needed to draw it again in either language.

    cues, subtitle_source: the words it was made with, which the kept clip does not hold. timeline, crops:
    curves and faces of the clip. reference: (text, labels) to score against, when one belongs to the clip.
    stored: when and by what it was made, of an answer that is not new.
    """

    explanation: Explanation
    duration_s: float
    setup: Setup = Setup()
    cues: tuple[Cue, ...] = ()
    subtitle_source: str = "none"
    timeline: Timeline | None = None
    crops: tuple[Crop, ...] = ()
    reference: Reference | None = None
    stored: Text | None = None


@dataclass
class Services:
    """Made once for a page. `data`, `clips`: the EMER data set that its operator has named, if any."""

    engines: Engines
    examples: list[Example] = field(default_factory=list)
    uploads: Uploads = field(default_factory=Uploads)
    kept: Kept = field(default_factory=Kept)
    visitors: Visitors = field(default_factory=Visitors)
    traces: Traces = field(default_factory=Traces)
    closing: Closing = field(default_factory=Closing)
    data: str | None = None
    clips: str | None = None

    @classmethod
    def made(cls, engines: Engines, *, data: str | None = None, clips: str | None = None) -> Services:
        """Return the services of this process; data and clips default to what the environment names."""
        return cls(
            engines,
            find_examples(EXAMPLES),
            data=data or os.environ.get(DATASET) or None,
            clips=clips or os.environ.get(CLIPS) or None,
        )

    def events(self, clip: Clip, setup: Setup, language: Language) -> Iterator[Event]:
        """Yield the answer about a clip; closing the stream stops the engine.

        Raises AffectError when the engine is not here, when it cannot answer, and when the page is closing.
        """
        engine = self.engines.get(setup.engine)
        if setup.samples and engine.name == "affectgpt":
            engine = engine.with_settings(samples=setup.samples)

        def work(wire: Relay) -> None:
            with contextlib.closing(
                reason(leave_out(clip, setup.without), engine, language=language)
            ) as all_:
                for event in all_:
                    wire.emit("event", event)

        # in a thread, so that a stop takes effect in the middle of a long step, such as following a face
        with contextlib.closing(streamed(work, alone=False)) as told:
            for kind, event in told:
                self.closing.check()
                yield event if kind == "event" else Event("progress", {}, 0.0)

    def leave(self, visitor: str) -> None:
        """Note that a page was closed; what the visitor has left goes soon, see `tidy`."""
        self.uploads.drop(visitor)
        self.traces.leave(visitor)

    def tidy(self) -> list[str]:
        """Delete what visitors have left who have gone, and clips kept long enough; return who has gone."""
        gone = self.traces.sweep()
        for visitor in gone:
            self.kept.drop(visitor)
            self.visitors.forget(visitor)
        self.kept.sweep()
        self.traces.sweep_root()
        return gone
