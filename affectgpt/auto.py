"""AffectGPT among transformers' auto classes, without loading transformers before somebody needs it."""

from __future__ import annotations

import importlib
import logging
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

log = logging.getLogger(__name__)
LIBRARY, MODEL = "transformers", f"{__package__}.model"


def register() -> None:
    """Make `AutoModel`, `AutoProcessor` and the like know AffectGPT, now or when transformers is imported."""
    if LIBRARY in sys.modules:
        _import_model()
    elif not any(isinstance(finder, _AfterTransformers) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterTransformers())


def _import_model() -> None:
    """The import registers; when it is under way, or has been made, there is nothing to do."""
    if MODEL in sys.modules:
        return
    try:
        importlib.import_module(MODEL)
    except ImportError as error:  # transformers alone, or another version, must stay usable
        log.warning("AffectGPT is not registered with transformers: %s", error)


class _AfterTransformers(MetaPathFinder):
    """Finds transformers as usual and asks its loader to register AffectGPT afterwards."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name != LIBRARY:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _ThenRegister(spec.loader, self)
        return spec


class _ThenRegister(Loader):
    def __init__(self, loader: Loader, finder: MetaPathFinder):
        self.loader, self.finder = loader, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__.loader = module.__loader__ = self.loader  # nobody else need know of this one
        if self.finder in sys.meta_path:  # not when it is found: many libraries only ask whether it is there
            sys.meta_path.remove(self.finder)
        self.loader.exec_module(module)
        _import_model()
