"""The engines of this process: which there are, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import Engine, load_engine
from ..schema import AffectError, Language, Text

NAMES = {
    "signal": Text("Signal: measured clues", "信号引擎：测得线索"),
    "affectgpt": Text("AffectGPT: written by a trained model", "AffectGPT：由训练模型写出"),
}


class Engines:
    """The engine that the process was started with, and the signal engine, which is always there."""

    def __init__(self, loaded: Engine | None = None, *, gpu: Callable[..., Any] | None = None):
        """`gpu`: what a Space with shared GPUs wraps around an entry to one (`spaces.GPU`)."""
        self.gpu = gpu
        loaded = loaded or load_engine()
        self.default = loaded.name
        self._loaded = {loaded.name: loaded}
        if "signal" not in self._loaded:
            self._loaded["signal"] = load_engine("signal")

    def choices(self, language: Language) -> list[tuple[str, str]]:
        """Return (what it is called, name) of each engine that can be chosen, the default first."""
        return [(self.title(name)[language], name) for name in self._loaded]

    def title(self, name: str) -> Text:
        """Return what people call an engine."""
        return NAMES.get(name, Text(name, name))

    def get(self, name: str | None = None) -> Engine:
        """Return an engine, None being the default. Raises AffectError for one that is not here."""
        engine = self._loaded.get(name or self.default)
        if engine is None:
            known = ", ".join(self._loaded)
            raise AffectError(
                f"There is no engine of that name here: choose one of {known}.",
                f"这里没有该引擎：请选择 {known}。",
            )
        return engine

    def absent(self, language: Language) -> list[tuple[str, str]]:
        """Return (title, why it is not here) of each engine that cannot be chosen."""
        if "affectgpt" in self._loaded:
            return []
        why = self._loaded["signal"].why or load_engine("auto").why
        return [(NAMES["affectgpt"][language], why[language] if why else "")]
