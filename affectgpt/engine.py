"""The engine protocol, and an engine by name."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Protocol

from .machine.choice import MODEL, NOT_CONFIGURED, configured, no_way, way
from .schema import AffectError, Clip, Language, Text

log = logging.getLogger(__name__)
ENGINES = ("auto", "signal", "affectgpt")
NOT_ASKED = Text(
    "The Hub was not reachable: {model} is taken from the cache.", "无法连接 Hub：{model} 取自缓存。"
)


class Engine(Protocol):
    """What turns a clip into clues, a text and labels."""

    name: str
    why: Text | None  # this engine, when "auto" has chosen it; and what to know of its weights

    def answer(self, clip: Clip, language: Language) -> Iterator[tuple[str, Any]]:
        """Yield (kind, value) of the events "stage", "clue", "text", "progress", "verdict", at last "done".

        See `schema.Event`. Text comes in pieces, each to be appended to its part; closing the stream ends the
        work.
        """


def load_engine(name: str = "auto", model: str | None = None, **options: Any) -> Engine:
    """Return the engine called `name`: "signal", "affectgpt" or "auto".

    model: Hub id or folder of AffectGPT weights; None takes the environment's `AFFECTGPT_MODEL`. options:
    those of `AffectGPTEngine`; without `quantize` what fits best is taken. "auto" takes AffectGPT when it is
    configured, memory suffices and it loads, else the signal engine; `why` of the engine tells the reason.
    `tell` among them takes the `Progress` of downloads.
    Raises AffectError when there is no engine of that name, and for "affectgpt" when it cannot be loaded.
    """
    if name not in ENGINES:
        known = ", ".join(ENGINES)
        raise AffectError(
            f"There is no engine called {name!r}: choose one of {known}.",
            f"没有名为“{name}”的引擎：请选择 {known}。",
        )
    if name == "auto":
        return _best(model, options)
    return _signal() if name == "signal" else _affectgpt(model, options)


def _signal(why: Text | None = None) -> Engine:
    from .baseline import SignalEngine

    engine = SignalEngine()
    engine.why = why
    return engine


def _affectgpt(model: str | None, options: dict[str, Any]) -> Engine:
    model = configured(model)
    if model is None:
        raise AffectError(
            f"No AffectGPT weights are configured: give --model, or set {MODEL} to a Hub id or a folder.",
            f"尚未配置 AffectGPT 权重：请使用 --model，或将 {MODEL} 设为 Hub 模型名或文件夹。",
        )
    if not options.get("quantize"):
        found = way(model)
        options = {"device": found.device, **options, "quantize": found.quantization}
    from .trained import AffectGPTEngine

    engine = AffectGPTEngine(model, **options)
    if engine.opened.offline:
        engine.why = NOT_ASKED.filled(model=engine.shown)
    return engine


def _best(model: str | None, options: dict[str, Any]) -> Engine:
    """AffectGPT where it is configured, fits and loads, else the signal engine; `why` tells."""
    model = configured(model)
    if model is None:
        return _signal(NOT_CONFIGURED)
    try:
        found = way(model, quantization=options.get("quantize"))
        engine = _affectgpt(model, {"device": found.device, **options, "quantize": found.quantization})
    except AffectError as error:
        return _signal(no_way(error))
    except Exception as error:  # a driver, a library: the page starts all the same, and says so
        log.exception("AffectGPT did not load")
        kind = type(error).__name__
        return _signal(
            no_way(AffectError(f"AffectGPT did not load ({kind})", f"AffectGPT 未能加载（{kind}）"))
        )
    engine.why = found.why + Text(" ", "") + engine.why if engine.why else found.why
    return engine
