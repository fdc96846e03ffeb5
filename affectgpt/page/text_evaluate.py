"""The sentences of the page about: evaluate."""

from __future__ import annotations

from ..schema import Text

EVALUATE: dict[str, Text] = {}
