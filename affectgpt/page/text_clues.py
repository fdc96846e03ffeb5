"""The sentences of the page about: clues."""

from __future__ import annotations

from ..schema import Text

CLUES: dict[str, Text] = {}
