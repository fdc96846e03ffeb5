"""Choose frames by time, decode as little as that takes, and scale each in one step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

FRAME_COUNT, FRAME_SIZE = 8, 224  # what AffectGPT's official preprocessing takes
TRACK_SHORT_SIDE, TRACK_LONG_SIDE = 480, 2048  # pixels; never scaled upwards
MIN_SIDE = 2  # pixels of a strip after scaling
MAX_SIDE = 8192  # pixels of the file; OpenCV aborts the process above 32767
TRACK_RATES_HZ = (10.0, 5.0)  # up to TRACK_FAST_S, above
TRACK_FAST_S = 30.0
MAX_TRACK_FRAMES = 3000
MIN_JUMP = 16  # packets a jump to a key frame must save to be worth emptying the decoder
DECODER_THREADS = 2
SKIPPABLE = {
    "h264",
    "hevc",
}  # decoders that can leave out unreferenced frames without changing any other (2.7x faster)
PIXEL_ASPECTS = (0.25, 4.0)  # anything else in a header is nonsense
TURNS = {  # degrees against the clock -> filters, as decord puts them before its scaler
    90: [("transpose", "cclock")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "clock")],
}


def official_index(count: int) -> list[int]:
    """Positions of the frames that the official preprocessing takes of `count`: 8, or all of fewer."""
    return (
        [i * count // FRAME_COUNT for i in range(FRAME_COUNT)] if count >= FRAME_COUNT else list(range(count))
    )


def track_ticks(ticks: list[int], tick_s: float, *, zero_s: float, duration_s: float) -> list[int]:
    """The frames nearest to a fixed grid of times; one that is nearest twice is taken once."""
    rate_hz = min(TRACK_RATES_HZ[duration_s > TRACK_FAST_S], MAX_TRACK_FRAMES / duration_s)
    times = (zero_s + np.arange(max(1, int(np.ceil(duration_s * rate_hz - 1e-6)))) / rate_hz) / tick_s
    stamps = np.asarray(ticks, np.float64)
    after = np.clip(np.searchsorted(stamps, times), 0, len(stamps) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(times - stamps[before] <= stamps[after] - times, before, after)
    return [ticks[i] for i in sorted(set(nearest.tolist()))]


def track_size(size: tuple[int, int], count: int, max_bytes: float) -> tuple[int, int]:
    """Width and height for `count` RGB frames within the limits of both sides and of bytes."""
    width, height = size
    sides = min(TRACK_SHORT_SIDE / min(size), TRACK_LONG_SIDE / max(size))
    scale = min(1.0, sides, (max_bytes / (count * width * height * 3)) ** 0.5)
    return max(MIN_SIDE, int(width * scale)), max(MIN_SIDE, int(height * scale))


def turn(frame: Any) -> int:
    """Degrees (0, 90, 180, 270) against the clock by which the frame must be turned to stand upright."""
    return round(frame.rotation / 90) * 90 % 360


def upright_size(frame: Any, pixel_aspect: Any) -> tuple[int, int]:
    """Width and height as shown: pixels made square by shrinking one side, then turned."""
    width, height = float(frame.width), float(frame.height)
    aspect = min(max(float(pixel_aspect or 1), PIXEL_ASPECTS[0]), PIXEL_ASPECTS[1])
    width, height = (width, height / aspect) if aspect > 1 else (width * aspect, height)
    width, height = max(1, round(width)), max(1, round(height))
    return (height, width) if turn(frame) in (90, 270) else (width, height)


def shown_frames(
    strand: Any, ticks: list[int], wanted: set[int] | None, *, alive: Callable[[], None]
) -> Iterator[tuple[int, Any]]:
    """Yield (tick, frame) in order of time, at least the `wanted` (None: all), decoding as little as it can.

    A packet that cannot be decoded is passed over: its frame does not arrive. `alive` is called for each
    packet, since a long time may pass before the first frame that is wanted.
    """
    import av

    context = strand.stream.codec_context
    context.thread_type, context.thread_count = "AUTO", DECODER_THREADS
    timed = all(packet.pts is not None for packet in strand.packets)
    choose = timed and wanted is not None
    order = iter(ticks)  # where packets have no time stamps the frames come in order
    for first, last in spans(strand.packets, wanted) if choose else [(0, len(strand.packets) - 1)]:
        for packet in [*strand.packets[first : last + 1], None]:
            alive()
            if choose and packet is not None and context.codec.name in SKIPPABLE:
                context.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
            try:
                frames = context.decode(packet)
            except MemoryError:
                raise
            except av.FFmpegError:
                continue
            for frame in frames:
                tick = frame.pts if timed else next(order, None)
                if tick is not None and ticks[0] <= tick <= ticks[-1]:
                    yield tick, frame
        context.flush_buffers()


def spans(packets: list[Any], wanted: set[int]) -> list[tuple[int, int]]:
    """First and last packet of each stretch that must be decoded; a stretch begins at a key frame."""
    keys = [i for i, packet in enumerate(packets) if packet.is_keyframe]
    key_ticks = [packets[i].pts for i in keys]
    if key_ticks != sorted(key_ticks):
        return [(0, len(packets) - 1)]
    out: list[tuple[int, int]] = []
    for i, packet in enumerate(packets):
        if packet.pts not in wanted:
            continue
        place = bisect_right(key_ticks, packet.pts) - 1
        start = keys[place] if place >= 0 else 0
        if out and start <= out[-1][1] + MIN_JUMP:
            out[-1] = (out[-1][0], i)
        else:
            out.append((start, i))
    return out


class Scaler:
    """Turn a frame upright and bring it to one size and pixel format in a single step of the filter chain.

    `scale=224:224:flags=bilinear` then `format=rgb24` gives exactly decord's pixels; converting first does
    not.
    """

    def __init__(self, width: int, height: int, *, pixel: str = "rgb24"):
        self.width, self.height, self.pixel = width, height, pixel
        self._kind: tuple | None = None
        self._graph: Any = None

    def __call__(self, frame: Any) -> Any:
        kind = (frame.width, frame.height, frame.format.name, turn(frame))
        if kind != self._kind:  # a stream may change its size on the way
            self._kind, self._graph = None, self._build(frame)
        self._graph.push(frame)
        shown = self._graph.pull()
        self._kind = kind  # only a graph that has worked is used again
        return shown

    def _build(self, frame: Any) -> Any:
        from av.filter import Graph

        graph = Graph()
        node = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format.name, time_base=frame.time_base
        )
        size = f"{self.width}:{self.height}:flags=bilinear"
        for name, args in [
            *TURNS.get(turn(frame), []),
            ("scale", size),
            ("format", self.pixel),
            ("buffersink", None),
        ]:
            following = graph.add(name, args)
            node.link_to(following)
            node = following
        graph.configure()
        return graph


def decord_frames(path: str) -> np.ndarray:
    """The eight frames by the second reader, for trusted corpora: (8, 224, 224, 3) uint8 RGB.

    Raises ImportError without decord, RuntimeError when it cannot read the file.
    """
    import decord

    try:
        reader = decord.VideoReader(path, width=FRAME_SIZE, height=FRAME_SIZE, num_threads=1)
        index = official_index(len(reader))
        return reader.get_batch(index + index[-1:] * (FRAME_COUNT - len(index))).asnumpy()
    except decord.DECORDError as error:
        raise RuntimeError("decord could not read the file") from error
