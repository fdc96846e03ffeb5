"""Turn an untrusted file into a `Clip`, or into one clear `AffectError`."""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import fields, replace
from pathlib import PurePath
from typing import Literal

import numpy as np

from ..decode import Refused
from ..decode.confine import Limits
from ..remember import remembered
from ..schema import SAMPLE_RATE_HZ, AffectError, Clip, Cue, Faces, Text
from .messages import PART_TITLE, refusal, remark
from .resample import NAME as RESAMPLER
from .resample import to_16_khz
from .sandbox import read_media
from .sniff import open_checked, read_checked, shown_name
from .subtitles import MAX_BYTES as MAX_SUBTITLE_BYTES
from .subtitles import TITLE as SUBTITLE_TITLE
from .subtitles import clean, parse_subtitle, window_cues

__all__ = ["Limits", "limits_from_env", "load_clip", "with_subtitle"]

SETTING_PREFIX = "AFFECTGPT_"
MAX_SETTING = 1e12  # the kernel takes no larger limits
BLACK_LEVEL = 24  # of 255; nothing can be seen in a picture that is nowhere brighter
OUTSIDE = Text("No line of the subtitle lies inside the clip.", "字幕中没有一行落在本片段的时间范围内。")
Source = Literal["user", "file", "embedded", "asr"]


def limits_from_env(environment: dict[str, str] | None = None) -> Limits:
    """The limits with those that the environment overrides, e.g. `AFFECTGPT_MAX_DURATION_S=120`."""
    environment = dict(os.environ) if environment is None else environment
    given = {}
    for limit in fields(Limits):
        name = SETTING_PREFIX + limit.name.upper()
        if name not in environment:
            continue
        try:
            given[limit.name] = float(environment[name])
        except ValueError:
            given[limit.name] = math.nan
        if not 0 < given[limit.name] <= MAX_SETTING:
            raise AffectError(
                f"The setting {name} must be a positive number up to {MAX_SETTING:g}: correct or remove it.",
                f"设置 {name} 必须是不超过 {MAX_SETTING:g} 的正数：请更正或删除。",
                title=Text("Wrong setting", "设置有误"),
            )
    return Limits(**given)


def load_clip(
    path: str | os.PathLike[str],
    subtitle: str | None = None,
    *,
    subtitle_file: str | os.PathLike[str] | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    decoder: Literal["pyav", "decord"] = "pyav",
    player: bool = False,
    track: bool = True,
    limits: Limits | None = None,
) -> Clip:
    """Read a video or sound file, or its part from `start_s` to `end_s`; the file may be hostile.

    `subtitle` is what is said, as text (plain, SRT, VTT or ASS); `subtitle_file` a file of it; without either
    an embedded subtitle stream is taken. `player` adds a normalised MP4 for a browser. `track=False` leaves
    out the analysis frames and reads the eight official ones alone: much cheaper on long clips, for models
    that need nothing else. `decoder="decord"` takes the eight frames by decord, for trusted corpora.
    `limits`: by default those of the environment. Raises AffectError with one line for everything that is
    wrong with the file; a missing modality is never an error.
    """
    began = time.perf_counter()
    limits = limits or limits_from_env()
    _check_request(subtitle, subtitle_file, start_s, end_s, decoder)
    name = shown_name(subtitle_file if subtitle_file is not None else path)
    try:
        given = parse_subtitle(subtitle) if subtitle else None
        if subtitle_file is not None:
            given = parse_subtitle(read_checked(subtitle_file, max_bytes=MAX_SUBTITLE_BYTES), name)
        name = shown_name(path)
        descriptor, demuxer = open_checked(path, max_bytes=limits.max_bytes)
        job = {
            "format": demuxer,
            "start_s": start_s,
            "end_s": end_s,
            "decoder": decoder,
            "player": player,
            "track": track,
            "cues": given is None,
        }
        try:
            size = os.fstat(descriptor).st_size
            answer = read_media(descriptor, job, limits, on_sound=_preload_scipy)
        finally:
            os.close(descriptor)
        warnings = _remarks(answer.notes)
    except Refused as refused:
        raise refusal(refused.code, name, refused.values) from refused

    wave, resampler = answer.wave, "none"
    if len(wave) and answer.sound["rate_hz"] != SAMPLE_RATE_HZ:
        wave, resampler = to_16_khz(wave, answer.sound["rate_hz"]), RESAMPLER
    if len(answer.frames) and answer.frames.max() < BLACK_LEVEL:
        warnings.append(Text("The picture is black.", "画面是全黑的。"))
    source: Source = "user" if subtitle else "file"
    if given is None:
        source = "embedded"
        given = tuple(
            Cue(text, start, max(start, end)) for start, end, raw in answer.cues if (text := clean(raw))
        )
    media = {
        **answer.file,
        "start_s": start_s or 0.0,
        "bytes": size,
        "resampler": resampler,
        "picture": answer.picture,
        "sound": answer.sound,
    }
    if decoder == "decord":
        media["decoder"] += ", eight frames by decord"
    media["load_s"] = round(time.perf_counter() - began, 4)
    clip = Clip(
        name=PurePath(name).stem,
        duration_s=answer.duration_s,
        frames=answer.frames,
        track=answer.track,
        track_times_s=np.array(answer.track_times_s, np.float64),
        wave=wave,
        warnings=tuple(warnings),
        media=media,
        player_mp4=answer.player_mp4,
        find_faces=_find_faces,
    )
    return _subtitled(clip, given, source, 0.0 if source == "embedded" else start_s or 0.0)


def with_subtitle(
    clip: Clip,
    subtitle: str | None = None,
    *,
    subtitle_file: str | os.PathLike[str] | None = None,
    source: Source | None = None,
) -> Clip:
    """Return the same clip with other words: a text (plain, SRT, VTT or ASS), a file, or none.

    Pictures and sound stay the same arrays, so that nothing measured of them is measured again. `source`
    replaces "user" or "file". Raises AffectError for a file that is no subtitle, and for both at once.
    """
    _check_request(subtitle, subtitle_file, None, None, "pyav")
    warnings = tuple(x for x in clip.warnings if x != OUTSIDE)
    clip = replace(clip, warnings=warnings)
    if subtitle_file is None:
        given = parse_subtitle(subtitle) if subtitle else ()
        return _subtitled(clip, given, source or "user", 0.0)
    name = shown_name(subtitle_file)
    try:
        given = parse_subtitle(read_checked(subtitle_file, max_bytes=MAX_SUBTITLE_BYTES), name)
    except Refused as refused:
        raise refusal(refused.code, name, refused.values) from refused
    return _subtitled(clip, given, source or "file", 0.0)


def _subtitled(clip: Clip, given: tuple[Cue, ...], source: Source, start_s: float) -> Clip:
    """`given` are the lines of the whole clip, of which it is the part from `start_s` on."""
    cues = window_cues(given, start_s=start_s, duration_s=clip.duration_s)
    outside = (OUTSIDE,) if given and not cues and source != "embedded" else ()
    return replace(
        clip,
        cues=cues,
        subtitle_source=source if cues else "none",
        warnings=(*clip.warnings, *outside),
    )


def _check_request(subtitle, subtitle_file, start_s, end_s, decoder) -> None:
    assert decoder in ("pyav", "decord"), f"decoder is 'pyav' or 'decord', not {decoder!r}"
    if subtitle and subtitle_file is not None:
        raise AffectError(
            "A subtitle text and a subtitle file were given: give one of them.",
            "同时给出了字幕文本和字幕文件：请只给其中一种。",
            title=SUBTITLE_TITLE,
        )
    if any(x is not None and not (math.isfinite(x) and x >= 0) for x in (start_s, end_s)):
        raise AffectError(
            "Start and end must be seconds from the beginning of the clip: correct them.",
            "起点和终点应为距片段开头的秒数：请更正。",
            title=Text(*PART_TITLE),
        )
    if end_s is not None and end_s <= (start_s or 0.0):
        raise AffectError(
            f"The end ({end_s:g} s) does not come after the start ({start_s or 0:g} s): choose a later end.",
            f"终点（{end_s:g} 秒）不在起点（{start_s or 0:g} 秒）之后：请选择更晚的终点。",
            title=Text(*PART_TITLE),
        )
    if decoder == "decord" and (start_s or end_s is not None):
        raise AffectError(
            "decord reads whole clips only: leave out start and end, or use the usual reader.",
            "decord 只能读取完整片段：请去掉起点和终点，或使用默认的读取方式。",
            title=Text(*PART_TITLE),
        )


def _remarks(notes: list[tuple[str, list[float]]]) -> list[Text]:
    try:
        return [remark(code, numbers) for code, numbers in notes]
    except KeyError as error:  # the decoder's process has made it up
        raise Refused("lie") from error


def _find_faces(clip: Clip) -> Faces:
    from ..faces import track_faces

    return remembered(clip.track, "faces", lambda: track_faces(clip))


def _preload_scipy(rate_hz: int) -> None:
    """Its import takes half a second, which the child spends on decoding the picture."""

    def load() -> None:
        import scipy.signal  # noqa: F401

    if rate_hz != SAMPLE_RATE_HZ:
        threading.Thread(target=load, name="import scipy", daemon=True).start()
