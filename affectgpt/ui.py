"""The page: a head, a language, and one tab for each thing to do."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from .engine import Engine, load_engine
from .machine import LENT_GPU
from .machine.choice import configured
from .media import load_clip
from .page import files, html
from .page.about.tab import AboutTab
from .page.api import Api
from .page.arrival import Arrival
from .page.compare.tab import CompareTab
from .page.emer.tab import EmerTab
from .page.engines import Engines
from .page.evaluate.tab import EvaluateTab
from .page.explain.tab import ExplainTab
from .page.look import DELETE_AGE_S, DELETE_EVERY_S, Quiet, launch_options
from .page.services import Services
from .page.serving import health, serve_until_told
from .page.tab import PRIVATE, Shell, Tab, language_of
from .page.text import say
from .reason import fold, reason
from .schema import Language
from .transcribe import why_no_transcriber

log = logging.getLogger(__name__)
__all__ = ["build_demo", "launch_options", "serve", "warm_up"]
MAX_QUEUE = 24  # visitors that may wait
TIDY_EVERY_S = 10.0
LOOK_EVERY_S = 2.0  # of a page that waits for an engine
TABS: tuple[type[Tab], ...] = (ExplainTab, EmerTab, CompareTab, EvaluateTab, AboutTab)


def build_demo(
    engine: Engine | Arrival | None = None,
    *,
    gpu: Callable[..., Any] | None = None,
    data: str | None = None,
    clips: str | None = None,
) -> gr.Blocks:
    """Return the page, ready for `launch(**launch_options())`.

    engine: an `Arrival` is fetched and loaded in the background, while the signal engine answers. None is
    `auto`: so arrives the model that the environment names as `AFFECTGPT_MODEL`, if any; where GPUs are lent,
    it is loaded first, because it must lie there before the page is served. gpu: what a Space with shared
    GPUs wraps around a function that needs one (`spaces.GPU`). data, clips: the EMER data set to browse
    (folder, table or Hub id) and the folder of its clips; None takes what the environment names as
    `AFFECTGPT_DATASET` and `AFFECTGPT_CLIPS`.
    """
    files.private_root()  # gradio reads where uploads belong when the page is made
    model = configured()
    if engine is None and model and not (gpu and os.environ.get(LENT_GPU)):
        engine = Arrival(model)
    services = Services.made(Engines(engine or load_engine(), gpu=gpu), data=data, clips=clips)
    demo = Page(services).demo
    services.engines.fetch(services.closing)
    return demo


def serve(demo: gr.Blocks, **options: Any) -> None:
    """Serve the page until the process is told to end; options: of `launch`, beside ours.

    Raises OSError when the port is taken.
    """
    serve_until_told(demo, demo.closing, then=warm_up, **{**launch_options(), **options})


def warm_up() -> threading.Thread:
    """Explain an example in the background, so that the first visitor does not wait for libraries to load;
    and find out whether speech can be transcribed."""

    def run() -> None:
        for clip in sorted(files.EXAMPLES.glob("*.mp4"))[:1]:
            fold(reason(load_clip(clip, "Warm.", player=True), load_engine("signal")))

    threading.Thread(target=why_no_transcriber, name="ask the Hub", daemon=True).start()
    thread = threading.Thread(target=run, name="warm up", daemon=True)
    thread.start()
    return thread


def keep_tidy(page: Page, every_s: float = TIDY_EVERY_S) -> None:
    """Tidy up every few seconds, in a thread that ends with the page."""
    alive = weakref.ref(page)

    def run() -> None:
        while (found := alive()) is not None:
            try:
                found.tidy()
            except Exception:  # else nothing would ever be deleted again
                log.exception("not tidied up")
            del found
            time.sleep(every_s)

    threading.Thread(target=run, name="tidy", daemon=True).start()


class Page:
    """The head of the page and its tabs; it holds no visitor's data."""

    def __init__(self, services: Services):
        self.services = services
        cleaning = (DELETE_EVERY_S, DELETE_AGE_S)
        with Quiet(title=say("window", "en"), delete_cache=cleaning, analytics_enabled=False) as self.demo:
            self.demo.traces, self.demo.closing = services.traces, services.closing
            self.demo.health = partial(health, self.demo, services.engines, services.closing)
            shown = gr.State(None, time_to_live=DELETE_AGE_S)  # a `Shown`: the last answer of the first tab
            with gr.Row(elem_id="ag-top"):
                self.header = gr.HTML(html.header("en"), apply_default_css=False)
                choices = [("English", "en"), ("中文", "zh")]
                self.language = gr.Radio(
                    choices, value="en", label="Language", container=False, elem_id="ag-language", scale=0
                )
            self.shell = Shell(services, self.demo, self.language, shown)
            self.tabs: list[Tab] = []
            self.items: dict[Tab, gr.Tab] = {}
            with gr.Tabs(elem_id="ag-tabs"):
                for kind in TABS:
                    with gr.Tab(say(kind.title, "en"), elem_id=f"ag-{kind.title}") as item:
                        tab = kind(self.shell)
                    self.items[tab] = item
                    self.tabs += [tab, *tab.blocks]
            self.clock = gr.Timer(LOOK_EVERY_S, active=False)
        fixed = list(self.sentences("en"))  # out of the page: what is made there becomes a part of it
        with self.demo:
            self._wire(fixed)
            for tab in self.tabs:
                tab.wire()
            Api(services)
        keep_tidy(self)
        self.demo.queue(max_size=MAX_QUEUE, default_concurrency_limit=1)
        services.uploads.queued = self.demo.queued

    def tidy(self) -> None:
        """Delete what is left of visitors who have gone, and what was kept long enough."""
        for visitor in self.services.tidy():
            self.demo.forget(visitor)

    def _wire(self, fixed: list) -> None:
        greeted = [component for tab in self.tabs for component in tab.greeted]
        everything = list(dict.fromkeys([self.language, *fixed, *greeted, self.clock]))
        self.demo.load(self.greet, None, everything, queue=False, **PRIVATE)
        self.language.input(self.sentences, self.language, fixed, queue=False, **PRIVATE)
        if self.services.engines.arriving:
            renewed = [component for tab in self.tabs for component in tab.renewed]
            told = [*self.lines, self.clock, *dict.fromkeys(renewed)]
            self.clock.tick(self.look, [self.lines[0], self.language], told, queue=False, **PRIVATE)

    def greet(self, request: gr.Request) -> dict:
        """Draw the page in the visitor's language."""
        language = language_of(request)
        waits = self.services.engines.arriving is not None  # first: what comes meanwhile is seen by `look`
        drawn = {self.clock: gr.Timer(active=waits), self.language: language, **self.sentences(language)}
        for tab in self.tabs:
            drawn |= tab.greet(request, language)
        return drawn

    def sentences(self, language: Language) -> dict:
        """Return every fixed sentence of the page in `language`."""
        drawn: dict = {self.header: html.header(language), **dict.fromkeys(self.lines, self._line(language))}
        for tab, item in self.items.items():
            drawn[item] = gr.Tab(label=say(tab.title, language))
        for tab in self.tabs:
            drawn |= tab.sentences(language)
        return drawn

    @property
    def lines(self) -> list[gr.HTML]:
        """The places that say what is on its way."""
        return [line for tab in self.tabs for line in tab.lines]

    def _line(self, language: Language) -> str:
        arriving = self.services.engines.arriving
        return html.on_its_way(arriving.line, arriving.percent, language) if arriving else ""

    def look(self, line: str, language: Language) -> dict:
        """Say how far the engine is that is on its way; once it has arrived or failed, draw what that changes
        and look no more. `line`: what stands there, which is not drawn again."""
        waits, now = self.services.engines.arriving is not None, self._line(language)
        drawn = {each: gr.skip() if now == line else now for each in self.lines}
        if not waits:
            drawn[self.clock] = gr.Timer(active=False)
            for tab in self.tabs:
                drawn |= tab.arrived(language)
        return drawn
