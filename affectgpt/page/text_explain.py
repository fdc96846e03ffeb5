"""The sentences of the page about: explain."""

from __future__ import annotations

from ..schema import Text

EXPLAIN: dict[str, Text] = {}
