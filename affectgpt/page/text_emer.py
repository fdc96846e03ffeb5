"""The sentences of the page about: emer."""

from __future__ import annotations

from ..schema import Text

EMER: dict[str, Text] = {}
