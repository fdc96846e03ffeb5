"""The sentences of the page about: errors."""

from __future__ import annotations

from ..schema import Text

ERRORS: dict[str, Text] = {}
