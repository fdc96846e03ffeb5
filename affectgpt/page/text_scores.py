"""The sentences of the page about: scores."""

from __future__ import annotations

from ..schema import Text

SCORES: dict[str, Text] = {}
