"""Decode the sound of a file: mono at its native rate, every frame at the place its own time stamp says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SLACK_S = 0.010  # time stamps coarser than a sample (1 ms in WebM) must not cut the sound into pieces
PREROLL_S = 0.25  # decoded before a window so that codecs with memory are in step
RATES_HZ = (1000, 384_000)
FULL_SCALE_PEAK = 4.0  # float sound above this was not scaled to +-1 by its maker
SILENT_PEAK = 1e-4  # -80 dB: a little above the last bit of 16-bit sound
LATE_S = 0.02
HOLE_S = 0.1  # gaps that are worth a warning

Note = tuple[str, list[float]]


def read_sound(
    strand: Any, zero_s: float, duration_s: float, *, alive: Callable[[], None]
) -> tuple[np.ndarray | None, dict[str, Any], list[Note]]:
    """Decode the window of `duration_s` that begins at `zero_s` of the file's clock.

    Return the sound (S,) float32 with zeros where nothing was decoded, or None; facts; notes.
    `alive` is called for each packet.
    """
    import av

    context = strand.stream.codec_context
    wave: np.ndarray | None = None
    rate_hz = channels = broken = bad_samples = hole = 0
    # Sample positions: of the first and after the last sample inside the window, after the last frame.
    begin, stop, cursor = None, 0, None
    for packet in [*strand.between(zero_s - PREROLL_S, zero_s + duration_s), None]:
        alive()
        try:
            frames = context.decode(packet)
        except MemoryError:
            raise
        except av.FFmpegError:
            broken += 1
            continue
        for frame in frames:
            if wave is None:
                rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
                if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
                    return None, {}, [("odd_rate", [rate_hz])]
                wave = np.zeros(round(duration_s * rate_hz), np.float32)
            piece = mono(frame)
            if frame.sample_rate != rate_hz:  # the rate changed on the way
                places = np.arange(0, len(piece), frame.sample_rate / rate_hz)
                piece = np.interp(places, np.arange(len(piece)), piece).astype(np.float32)
            at = cursor or 0
            if frame.pts is not None:
                at = round((float(frame.pts * frame.time_base) - zero_s) * rate_hz)
                if cursor is not None and abs(at - cursor) <= SLACK_S * rate_hz:
                    at = cursor
            hole += max(0, at - cursor) if cursor is not None else 0
            cursor = at + len(piece)
            piece = piece[max(0, -at) : max(0, len(wave) - at)]
            if len(piece) == 0:
                continue
            at = max(0, at)
            begin = at if begin is None else min(begin, at)
            stop = max(stop, at + len(piece))  # time stamps may jump back
            finite = np.isfinite(piece)
            bad_samples += int(len(piece) - finite.sum())
            wave[at : at + len(piece)] = np.where(finite, piece, 0)
    notes: list[Note] = [("broken_sound", [broken])] if broken else []
    if wave is None or begin is None:
        return None, {}, notes
    wave = wave[:stop]
    peak = float(np.abs(wave).max(initial=0))
    if peak > FULL_SCALE_PEAK:
        wave /= peak
    for code, value, told in (
        ("late_sound", begin / rate_hz, begin > LATE_S * rate_hz),
        ("sound_holes", hole / rate_hz, hole > HOLE_S * rate_hz),
        ("bad_samples", bad_samples, bad_samples),
        ("over_scale", peak, peak > FULL_SCALE_PEAK),
        ("silent", 0, peak < SILENT_PEAK),
    ):
        if told:
            notes.append((code, [value]))
    facts = {
        "codec": context.codec.name,
        "rate_hz": rate_hz,
        "channels": channels,
        "first_s": begin / rate_hz,
        "peak": peak,
    }
    return wave, facts, notes


def mono(frame: Any) -> np.ndarray:
    """Mean of the channels, low-frequency effects left out, as (S,) float32 with full scale 1."""
    data, kind = frame.to_ndarray(), frame.format.name.removesuffix("p")
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T  # (channels, S)
    names = [channel.name for channel in frame.layout.channels]
    voices = [i for i in range(len(data)) if i >= len(names) or not names[i].startswith("LFE")]
    data = data[voices or slice(None)].astype(np.float32)
    if kind == "u8":
        data = (data - 128) / 128
    elif kind.startswith("s"):
        data = data / 2 ** (int(kind[1:]) - 1)
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # hostile files hold infinities; the caller sets them to zero
        return data.mean(axis=0)
