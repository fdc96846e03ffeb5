"""The sentences of the page about: compare."""

from __future__ import annotations

from ..schema import Text

COMPARE: dict[str, Text] = {}
