"""Read one untrusted media file; runs only in the limited child process that `sandbox.py` starts.

The job is JSON in `argv[1]`; the answer goes down a pipe as messages: the lengths of header and payload
(`LENGTHS`), a JSON header with a `kind`, then raw bytes. Order of kinds: plan, sound, cues, shape, track
(once per frame), frames, player, notes, end; or `refused`; after the plan `alive` now and then. Notes and
refusals are codes with numbers, which the parent turns into sentences. The algorithm is that of the
signal-engine specification, section 3: demux once, believe packets and not headers, choose frames by time,
survive broken packets. All packets stay in memory (files are small), so that seeking is exact in every
container.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from .confine import confine_process
from .packets import Refused, Strand, bounded, demux, media_path, open_media, pick_streams, read_cues
from .pictures import (
    FRAME_COUNT,
    FRAME_SIZE,
    MAX_SIDE,
    Scaler,
    decord_frames,
    official_index,
    shown_frames,
    track_size,
    track_ticks,
    turn,
    upright_size,
)
from .player import Player, player_size
from .sound import read_sound

LENGTHS = struct.Struct(">IQ")  # bytes of the JSON header, bytes of the payload
EDGE_S = 1e-4  # tolerance when a time stamp is compared with the edge of a window
OVERRUN_S = 0.5  # a clip of one minute is often some frames longer
LONE_FRAME_S = 0.04  # duration of a picture that is alone
ALIVE_S = 0.5  # at least so often the parent hears that packets are being decoded

Send = Callable[..., None]


def main() -> None:
    """Set the limits, read the file, answer."""
    job = json.loads(sys.argv[1])
    confine_process(job)
    pipe = os.fdopen(job["answer_fd"], "wb", buffering=0)

    def send(kind: str, payload: Any = b"", **header: Any) -> None:
        head = json.dumps({"kind": kind, **header}).encode()
        body = memoryview(payload).cast("B") if len(payload) else memoryview(b"")
        for part in (memoryview(LENGTHS.pack(len(head), len(body)) + head), body):
            while len(part):
                part = part[pipe.write(part) :]

    try:
        read(job, send)
        send("end")
    except Refused as refusal:
        send(
            "refused",
            code=refusal.code,
            values={key: bounded(value) for key, value in refusal.values.items()},
        )
    except MemoryError:
        send("refused", code="memory", values={})
    except BrokenPipeError:
        sys.exit(1)  # the parent has gone


def read(job: dict[str, Any], send: Send) -> None:
    """Send everything the job asks for; raise `Refused` when there is nothing to send."""
    import av

    limits, alive = job["limits"], _alive(send)
    container = open_media(job)
    streams, has_cover, notes = pick_streams(container)
    strands = demux(container, streams, notes)
    picture, sound = strands.get("picture"), strands.get("sound")
    ticks, sound_ticks = (strand.ticks() if strand else [] for strand in (picture, sound))
    if not ticks and not sound_ticks:
        raise Refused("cover" if has_cover else "nothing")
    if ticks:
        check_pixels(picture.stream.codec_context, limits)

    starts = ([ticks[0] * picture.tick_s] if ticks else []) + ([sound.start_s()] if sound_ticks else [])
    zero_s = max(0.0, min(starts))  # edit lists give negative times: those frames are not meant to be shown
    ends = ([_picture_end_s(ticks, picture.tick_s)] if ticks else []) + (
        [sound.end_s()] if sound_ticks else []
    )
    whole_s = max(ends) - zero_s
    start_s = job["start_s"] or 0.0
    end_s = whole_s if job["end_s"] is None else min(job["end_s"], whole_s)
    zero_s, duration_s = zero_s + start_s, end_s - start_s  # from here on times count from the window's start
    if duration_s <= 0:
        raise Refused("window", whole_s=whole_s)
    if duration_s > limits["max_duration_s"] + OVERRUN_S:
        raise Refused("too_long", duration_s=duration_s, limit_s=limits["max_duration_s"])
    if ticks:
        edges = ((edge_s - EDGE_S) / picture.tick_s for edge_s in (zero_s, zero_s + duration_s))
        ticks = ticks[slice(*(bisect_left(ticks, edge) for edge in edges))]
    if len(ticks) > limits["max_frames_per_second"] * max(1.0, duration_s):
        raise Refused("too_many_frames", limit=limits["max_frames_per_second"])
    send(
        "plan",
        duration_s=duration_s,
        facts={
            "container": container.format.name,
            "cover_picture": has_cover,
            "decoder": f"PyAV {av.__version__}",
        },
        picture=_picture_facts(picture, ticks, zero_s) if ticks else None,
    )

    wave, rate_hz = None, 0
    if sound_ticks:
        wave, facts, sound_notes = read_sound(sound, zero_s, duration_s, alive=alive)
        notes += sound_notes
        if wave is not None:
            rate_hz = facts["rate_hz"]
            send("sound", wave, facts={**facts, "peak": bounded(facts["peak"])})
    if "words" in strands and job["cues"]:
        send("cues", json.dumps(read_cues(strands["words"], zero_s)).encode())
    seen = bool(ticks) and read_pictures(
        picture, ticks, zero_s, duration_s, job, send, alive, notes, wave, rate_hz
    )
    if wave is None and not seen:
        raise Refused("nothing_decoded")
    if job["player"] and not seen:
        send_player(make_player(wave, rate_hz, notes=notes), send, notes)
    send("notes", notes=[(code, [bounded(value) for value in values]) for code, values in notes])


def _alive(send: Send) -> Callable[[], None]:
    """A function that tells the parent now and then that this process does not hang."""
    told_s = time.monotonic()

    def alive() -> None:
        nonlocal told_s
        if time.monotonic() - told_s > ALIVE_S:
            told_s = time.monotonic()
            send("alive")

    return alive


def check_pixels(size: Any, limits: dict[str, float]) -> None:
    if size.width * size.height > limits["max_pixels"] or max(size.width, size.height) > MAX_SIDE:
        raise Refused("too_many_pixels", width=size.width, height=size.height)


def _picture_end_s(ticks: list[int], tick_s: float) -> float:
    mean_s = (ticks[-1] - ticks[0]) * tick_s / (len(ticks) - 1) if len(ticks) > 1 else LONE_FRAME_S
    return ticks[-1] * tick_s + mean_s


def _picture_facts(strand: Strand, ticks: list[int], zero_s: float) -> dict[str, Any]:
    context = strand.stream.codec_context
    steps_s = np.diff(ticks) * strand.tick_s if len(ticks) > 1 else np.array([LONE_FRAME_S])
    median_s = float(np.median(steps_s))
    return {
        "codec": context.codec.name,
        "pixel_format": context.pix_fmt or "unknown",
        "width": context.width,
        "height": context.height,
        "frames": len(ticks),
        "fps": bounded(1 / median_s),
        "variable_rate": bool(np.percentile(steps_s, 95) > 1.6 * median_s),
        "first_s": bounded(ticks[0] * strand.tick_s - zero_s),
    }


def read_pictures(
    strand: Strand,
    ticks: list[int],
    zero_s: float,
    duration_s: float,
    job: dict[str, Any],
    send: Send,
    alive: Callable[[], None],
    notes: list,
    wave: np.ndarray | None,
    rate_hz: int,
) -> bool:
    """In one pass send the track as it comes, then the eight frames and the player; False without any.

    A frame in a form that cannot be scaled counts as broken, like one that cannot be decoded.
    """
    import av

    eight = [ticks[i] for i in official_index(len(ticks))]
    grid = track_ticks(ticks, strand.tick_s, zero_s=zero_s, duration_s=duration_s) if job["track"] else []
    wanted = set(eight) | set(grid)
    small = Scaler(FRAME_SIZE, FRAME_SIZE)
    track = show = player = last = None
    frames: list[np.ndarray] = []
    arrived, taken = set(), 0  # `taken`: how many of the grid are behind us
    for tick, frame in shown_frames(strand, ticks, None if job["player"] else wanted, alive=alive):
        check_pixels(frame, job["limits"])
        time_s = max(0.0, tick * strand.tick_s - zero_s)
        size = upright_size(frame, strand.stream.sample_aspect_ratio)
        if grid and track is None:
            track = Scaler(*track_size(size, len(grid), job["limits"]["track_bytes"]))
            send("shape", count=len(grid), width=track.width, height=track.height, turned=turn(frame))
        if job["player"] and show is None:
            show = Scaler(*player_size(*size), pixel="yuv420p")
            fps = len(ticks) / max(duration_s, LONE_FRAME_S)
            player = make_player(wave, rate_hz, size=(show.width, show.height), fps=fps, notes=notes)
        try:
            due = len(frames) < len(eight) and eight[len(frames)] <= tick
            official = small(frame).to_ndarray() if due else None
            analysed = track(frame).to_ndarray() if taken < len(grid) and grid[taken] <= tick else None
            shown = show(frame) if player is not None and player.takes(time_s) else None
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            continue
        while len(frames) < len(eight) and eight[len(frames)] <= tick:
            frames.append(official)
        if analysed is not None:
            send("track", np.ascontiguousarray(analysed), time_s=time_s)
            taken = bisect_right(grid, tick)
        if shown is not None and not player.add(shown, time_s):
            player = None
            notes.append(("no_player", []))
        arrived.add(tick)
        last = frame
    if wanted - arrived:
        notes.append(("broken_pictures", [len(wanted - arrived), len(wanted)]))
    if last is None:
        return False
    if len(frames) < len(eight):  # the end is broken: its frames are replaced by the last one that came
        with suppress(av.FFmpegError, ValueError):
            frames.append(small(last).to_ndarray())
    if not frames:
        return False
    frames += frames[-1:] * (FRAME_COUNT - len(frames))  # the official rule for files of fewer than 8 frames
    if job["decoder"] == "decord":
        try:
            frames = list(decord_frames(media_path(job)))
        except ImportError as error:
            raise Refused("no_decord") from error
        except RuntimeError as error:
            raise Refused("decord_failed") from error
    send("frames", np.stack(frames))
    send_player(player, send, notes)
    return True


def make_player(*of_player: Any, notes: list, **more: Any) -> Player | None:
    """A file that cannot be written for the browser (too big, say) is no reason to lose the analysis."""
    import av

    try:
        return Player(*of_player, **more)
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError):  # ValueError: this FFmpeg lacks an encoder
        notes.append(("no_player", []))
        return None


def send_player(player: Player | None, send: Send, notes: list) -> None:
    if player is None:  # not wanted, or the note has been made
        return
    data = player.close()
    if data:
        send("player", data)
    else:
        notes.append(("no_player", []))
