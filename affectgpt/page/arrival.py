"""AffectGPT on its way: its weights are fetched and loaded while the page is open already."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..console import downloads
from ..engine import Engine, load_engine
from ..hub.store import Progress
from ..schema import AffectError, Text
from ..weights import shown_model
from .text import TEXT

AMOUNT = Text("{percent} %, {done} of {total} {unit}", "{percent}%（{done} / {total} {unit}）")


def amount(progress: Progress) -> Text:
    """Return how much of a download is here, such as "34 %, 5.6 of 16.4 GB"."""
    size, unit, places = (1e9, "GB", 1) if progress.total >= 1e9 else (1e6, "MB", 0)
    done, total = (f"{value / size:.{places}f}" for value in (progress.done, progress.total))
    return AMOUNT.filled(percent=percent(progress), done=done, total=total, unit=unit)


def percent(progress: Progress) -> int:
    """Return the same, rounded down: 100 is all of it."""
    return progress.done * 100 // progress.total


class Arrival:
    """A model that will be an engine. shown: what it may be called in public."""

    why = TEXT["arrival_why"]  # the signal engine answers

    def __init__(self, model: str, load: Callable[..., Engine] | None = None, **options: Any):
        """load: takes `tell`, which takes `Progress`; else it is `load_engine("auto")` with `options`."""
        self.shown = shown_model(model)
        self._load = load or partial(load_engine, "auto", model, **options)
        self._progress: Progress | None = None

    def load(self, check: Callable[[], None]) -> Engine:
        """Return the engine, or the signal engine that tells why there is none; it may take half an hour.

        check: raises AffectError when nobody waits any more; what has come stays for the next start.
        """

        printed = downloads()  # for who has started the page

        def tell(progress: Progress) -> None:
            check()
            self._progress = progress
            printed(progress)

        return self._load(tell=tell)

    @property
    def percent(self) -> int | None:
        """How much of a download is here; None when there is nothing to fetch (any more)."""
        now = self._fetching
        return percent(now) if now else None

    @property
    def line(self) -> Text:
        """What a visitor is told while it is on its way."""
        now = self._fetching
        return TEXT["arrival_fetching"].filled(amount=amount(now)) if now else TEXT["arrival_loading"]

    @property
    def not_yet(self) -> AffectError:
        """What is told to who asks for it by name."""
        now = self._fetching
        text = TEXT["arrival_soon"].filled(percent=percent(now)) if now else TEXT["arrival_soon_loading"]
        return AffectError(text.en, text.zh, title=TEXT["arrival_soon_title"])

    @property
    def _fetching(self) -> Progress | None:
        now = self._progress
        return now if now and now.done < now.total else None
