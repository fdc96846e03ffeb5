"""The engines of this process: which there are, and why the others are not."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..engine import Engine, load_engine
from ..machine.choice import MARGIN, NOT_CONFIGURED, SHOWN, configured, gib
from ..machine.footprint import QUANTIZATIONS, estimate
from ..schema import LANGUAGES, AffectError, Language, Text
from . import gpu as lent
from .arrival import Arrival
from .serving import Closing

SIGNAL = Text("Signal (measured)", "信号引擎（测量）")
NAMES = {"signal": SIGNAL, "affectgpt": Text("AffectGPT (trained model)", "AffectGPT（训练模型）")}
PLACES = {"cpu": Text("CPU", "CPU"), "cuda": Text("GPU", "GPU")}
TRAINED = Text("AffectGPT ({bits}, {place})", "AffectGPT（{bits}，{place}）")
OTHER = Text("AffectGPT, {bits}", "AffectGPT，{bits}")
STARTED = Text(
    "This page was started with {loaded} weights: restart it with --quantize {name}, which takes up to "
    "{size} of {memory}.",
    "本页启动时加载的是 {loaded} 的权重：如需切换，请用 --quantize {name} 重新启动，"
    "最多占用 {size} {memory}。",
)
STORED = Text(
    "These weights are stored in {loaded}, which cannot be undone: give a model in 16 bit.",
    "这些权重以 {loaded} 保存，无法还原：请换用 16 位模型。",
)
CHOSEN = Text(
    "This page was started with another engine: restart it with --engine auto or affectgpt.",
    "本页以其他引擎启动：请用 --engine auto 或 affectgpt 重新启动。",
)
INSTEAD = Text(
    "The signal engine is used. ", "使用信号引擎。"
)  # stands before the reasons of `machine.choice`
MEMORY = {"cpu": Text("memory", "内存"), "cuda": Text("GPU memory", "显存")}


@dataclass(frozen=True, eq=False)
class Present:
    """The engines of one moment. It never changes: who reads it may be overtaken by an arrival, not confused.

    why: there is no AffectGPT. arriving: it is on its way.
    """

    default: str
    engines: dict[str, Engine]
    why: Text | None = None
    arriving: Arrival | None = None

    @cached_property
    def absent(self) -> list[tuple[Text, Text]]:
        """(title, why it is not here) of each engine that cannot be chosen."""
        if self.arriving:
            return []
        engine = self.engines.get("affectgpt")
        opened = getattr(engine, "opened", None)
        if engine is None:
            return [(NAMES["affectgpt"], _reason(self.why))]
        return _other_precisions(opened) if opened else []


class Engines:
    """The engine that the process was started with, and the signal engine, which is always there."""

    def __init__(self, loaded: Engine | Arrival | None = None, *, gpu: Callable[..., Any] | None = None):
        """`gpu`: what a Space with shared GPUs wraps around an entry to one (`spaces.GPU`); it does not lend
        one to what is on its way."""
        loaded = loaded or load_engine()
        if isinstance(loaded, Arrival):
            self._now = _waiting(loaded)
            return
        if loaded.name == "affectgpt":
            loaded = lent.lend(loaded, gpu)
        elif gpu is not None:
            gpu(lambda: None)  # a Space with shared GPUs ends when nothing in it ever asks for one
        self._now = _present(loaded)

    def fetch(self, closing: Closing) -> threading.Thread | None:
        """Begin to load what is on its way, in a thread that gives up when the page closes."""
        arrival = self.arriving
        if arrival is None:
            return None

        def run() -> None:
            loaded = arrival.load(closing.check)
            self._now = _present(loaded)
            if loaded.why and not closing:
                print(loaded.why.en, file=sys.stderr, flush=True)  # for who has started the page

        thread = threading.Thread(target=run, name="load AffectGPT", daemon=True)
        thread.start()
        return thread

    @property
    def default(self) -> str:
        """The name of the engine that answers who has chosen none."""
        return self._now.default

    @property
    def arriving(self) -> Arrival | None:
        """What is on its way; None once it is here or has failed, and where there was nothing to wait for."""
        return self._now.arriving

    def choices(self, language: Language) -> list[tuple[str, str]]:
        """Return (what it is called, name) of each engine that can be chosen, the default first."""
        return [(self.title(name)[language], name) for name in self._now.engines]

    def title(self, name: str) -> Text:
        """Return what people call an engine, in a few words; of a trained one with precision and place."""
        opened = getattr(self._now.engines.get(name), "opened", None)
        if opened is None:
            return NAMES.get(name, Text(name, name))
        return TRAINED.filled(bits=SHOWN[opened.quantization], place=PLACES[_kind(opened.device)])

    def identity(self, name: str | None = None) -> dict[str, Any]:
        """Return which weights an engine has: model, revision, checkpoint, quantisation, dtype, device."""
        engine = self.get(name)
        opened = getattr(engine, "opened", None)
        return {**getattr(engine, "identity", {}), **({"device": opened.device} if opened else {})}

    def get(self, name: str | None = None) -> Engine:
        """Return an engine, None being the default. Raises AffectError for one that is not here (yet)."""
        now = self._now
        engine = now.engines.get(name or now.default)
        if engine is None and now.arriving and name == "affectgpt":
            raise now.arriving.not_yet
        if engine is None:
            known = ", ".join(now.engines)
            why = now.why or Text("", "")
            raise AffectError(
                f"There is no such engine here: choose one of {known}. {why.en}".strip(),
                f"这里没有该引擎：请选择 {known}。{why.zh}",
                title=Text("No such engine", "没有该引擎"),
            )
        return engine

    def absent(self, language: Language) -> list[tuple[str, str]]:
        """Return (title, why it is not here) of each engine that cannot be chosen, nor is on its way."""
        return [(title[language], why[language]) for title, why in self._now.absent]


def _present(loaded: Engine) -> Present:
    engines = {loaded.name: loaded}
    if "signal" not in engines:
        engines["signal"] = load_engine("signal")
    return Present(loaded.name, engines, loaded.why)


def _waiting(arrival: Arrival) -> Present:
    engine = load_engine("signal")
    engine.why = arrival.why
    return Present(engine.name, {engine.name: engine}, arrival.why, arrival)


def _other_precisions(opened: Any) -> list[tuple[Text, Text]]:
    """The same weights in another precision: only one of them is loaded."""
    config, kind = opened.model.config.to_dict(), _kind(opened.device)
    stored = getattr(getattr(opened.model, "hf_quantizer", None), "pre_quantized", False)
    config.pop("quantization_config", None)  # of what is loaded now
    loaded = SHOWN[opened.quantization]
    out = []
    for name in QUANTIZATIONS:
        if name != opened.quantization:
            size = gib(MARGIN * estimate(config, name).peak(opened.device))
            why = STARTED.filled(loaded=loaded, name=name, size=size, memory=MEMORY[kind])
            out.append((OTHER.filled(bits=SHOWN[name]), STORED.filled(loaded=loaded) if stored else why))
    return out


def _reason(why: Text | None) -> Text:
    """Why there is no AffectGPT: what "auto" has found, without what stands before it; else how the page was
    started."""
    if why is None:
        why = CHOSEN if configured() else NOT_CONFIGURED
    found = (why[language].removeprefix(INSTEAD[language]) for language in LANGUAGES)
    return Text(*found)


def _kind(device: str) -> str:
    return "cpu" if device == "cpu" else "cuda"
