"""A visitor's file becomes a `Clip`: consent and limits first, and never decoded twice."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from ..decode import Refused
from ..media import Source, limits_from_env, load_clip, with_subtitle
from ..media.sniff import read_checked
from ..schema import Clip
from . import files
from .look import MAX_SUBTITLE_CHARS
from .services import Services
from .text import mistake


def open_clip(
    services: Services,
    visitor: str,
    place: str,
    source: str | None,
    *,
    subtitle: str | None = "",
    subtitle_file: str | None = None,
    subtitle_source: Source | None = None,
    consent: bool = True,
    start_s: float | None = None,
    end_s: float | None = None,
) -> Clip:
    """Return the clip in the file `source`, with what our player needs, and keep it for the next question.

    A file that the visitor's `place` (a tab) has asked about before, or our copy of it, is not decoded again;
    the clip then tells in `media["load_s"]` how long this took instead. `subtitle` is what is said, as text
    (plain, SRT, VTT or ASS); without it and `subtitle_file`, what the file itself holds. `subtitle_source`
    says who wrote it, if not the visitor. Raises AffectError for what is missing or wrong.
    """
    began = time.perf_counter()
    text = (subtitle or "").strip() or None
    require(source, consent, "" if subtitle_source else text)
    part = {"start_s": start_s, "end_s": end_s}
    whole = part == {"start_s": None, "end_s": None}
    data = _read(source)
    clip = services.kept.get(visitor, place, data) if whole else None
    if clip is None:
        # without words, so that the clip that is kept holds those of its own file
        words = {} if whole else {"subtitle": text, "subtitle_file": subtitle_file}
        clip = load_clip(source, player=True, **words, **part)
        clip = replace(clip, name=clip.name.removesuffix(Path(files.COPY_SUFFIX).stem))
        if subtitle_source and clip.cues and not whole:
            clip = replace(clip, subtitle_source=subtitle_source)
        copy = [clip.player_mp4] if clip.player_mp4 else []
        services.kept.put(visitor, place, clip, *copy, *([data] if whole else []))
    if whole and (text or subtitle_file):
        clip = with_subtitle(clip, text, subtitle_file=subtitle_file, source=subtitle_source)
    return replace(clip, media={**clip.media, "load_s": round(time.perf_counter() - began, 4)})


def require(source: str | None, consent: bool, subtitle: str | None) -> None:
    """Raise AffectError for what a visitor has left out; an example needs no consent."""
    if not source:
        raise mistake("need_clip")
    if not consent and not files.is_example(source):
        raise mistake("need_consent")
    if len(subtitle or "") > MAX_SUBTITLE_CHARS:
        raise mistake("too_long", limit=MAX_SUBTITLE_CHARS)


def _read(source: str) -> bytes:
    try:
        return read_checked(source, max_bytes=limits_from_env().max_bytes)
    except Refused:  # `load_clip` says what is wrong with it
        return b""
