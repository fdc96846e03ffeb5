"""The sentences of the page about: about."""

from __future__ import annotations

from ..schema import Text

ABOUT: dict[str, Text] = {}
