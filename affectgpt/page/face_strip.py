"""Thumbnails of the main face at a few moments."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Crop:
    """One thumbnail: seconds from the start, and a JPEG in base64."""

    time_s: float
    jpeg: str
