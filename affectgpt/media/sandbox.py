"""Run the decoder in a limited child process and check every word of its answer.

A decoder that was taken over by a hostile file speaks with the child's voice: sizes, types and numbers are
compared with the limits before a byte is stored, and no sentence of it reaches a person, only codes and
numbers do.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import relay
from ..decode import LENGTHS, Refused
from ..decode.confine import Limits
from ..decode.packets import MAX_CUE_BYTES, MAX_NUMBER
from ..decode.pictures import (
    FRAME_COUNT,
    FRAME_SIZE,
    MAX_TRACK_FRAMES,
    MIN_SIDE,
    TRACK_LONG_SIDE,
    TRACK_SHORT_SIDE,
)
from . import folders
from .sniff import HEAD_BYTES, above_standard, sniff

log = logging.getLogger(__name__)

HEADER_BYTES = 64 * 1024  # at most, of one message
MAX_RATE_HZ = 384_000
SLACK_S = 1.0  # by which a plan may exceed the limit of duration
EXIT_WAIT_S = 1.0
PIPE_BYTES = 1 << 20  # a frame of the track passes at once: a tenth less time than with the usual 64 kB
# Started by code and not by "-m", which would load the whole product beside the hostile file.
CHILD_CODE = """
import sys, types
package = types.ModuleType("affectgpt")
package.__path__ = [sys.argv.pop(1)]
sys.modules["affectgpt"] = package
from affectgpt.decode import main
main()
"""
PASSED_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


FACTS: dict[str, dict[str, type]] = {  # what the child may say about a file; anything else is dropped
    "file": {"container": str, "cover_picture": bool, "decoder": str},
    "picture": {
        **dict.fromkeys(("codec", "pixel_format"), str),
        **dict.fromkeys(("width", "height", "frames"), int),
        **{"fps": float, "variable_rate": bool, "first_s": float},
    },
    "sound": {"codec": str, "rate_hz": int, "channels": int, "first_s": float, "peak": float},
}


def check(holds: bool, what: str) -> None:
    if not holds:
        log.warning("the decoder's answer was refused: %s", what)
        raise Refused("lie")


@dataclass
class Answer:
    """What a clip's file holds; arrays of length 0 where a modality is absent.

    `wave` (S,) float32 mono at `sound["rate_hz"]`; `frames` (8, 224, 224, 3), `track` (T, H, W, 3) uint8 RGB.
    `cues` are (start_s, end_s, raw text); `notes` codes with numbers; `file`, `picture` and `sound` facts.
    """

    duration_s: float = 0.0
    file: dict[str, Any] = field(default_factory=dict)
    picture: dict[str, Any] | None = None
    sound: dict[str, Any] | None = None
    wave: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    frames: np.ndarray = field(default_factory=lambda: np.zeros((0, FRAME_SIZE, FRAME_SIZE, 3), np.uint8))
    track: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0, 3), np.uint8))
    track_times_s: list[float] = field(default_factory=list)
    cues: list[tuple[float, float, str]] = field(default_factory=list)
    player_mp4: bytes | None = None
    notes: list[tuple[str, list[float]]] = field(default_factory=list)


def read_media(descriptor: int, job: dict[str, Any], limits: Limits, *, on_sound: Any = None) -> Answer:
    """Let a child process read the open file; raises `Refused`.

    `job`: format (demuxer), start_s, end_s, decoder, player, track, cues, as `decode.read` takes them.
    `on_sound(rate_hz)` is called as soon as the rate is known, while the picture is still being decoded.
    """
    answer = Answer()
    with _Child(descriptor, job, limits) as child:
        while True:
            header, size = child.next_header()
            kind = header.get("kind")
            if kind == "end":
                break
            if kind == "refused":
                values = header.get("values")
                check(isinstance(values, dict), "refusal")
                raise Refused(str(header.get("code")), **{str(key): _number(x) for key, x in values.items()})
            _take(answer, str(kind), header, size, child, limits)
            if kind == "sound" and on_sound:
                on_sound(answer.sound["rate_hz"])
    answer.track = answer.track[: len(answer.track_times_s)]
    check(len(answer.frames) == FRAME_COUNT or len(answer.wave) > 0, "no frame and no sound")
    check(len(answer.frames) == FRAME_COUNT or not len(answer.track), "a track without frames")
    if not len(answer.frames):
        answer.picture = None
    return answer


def _take(
    answer: Answer, kind: str, header: dict[str, Any], size: int, child: _Child, limits: Limits
) -> None:
    """Check one message and store it; its payload of `size` bytes is read only when the size is right."""
    check((kind == "plan") == (answer.duration_s == 0), "one plan, and first")
    if kind == "plan":
        answer.duration_s = _number(header.get("duration_s"))
        check(0 < answer.duration_s <= limits.max_duration_s + SLACK_S, "duration")
        answer.file = _facts(header.get("facts"), "file")
        answer.picture = _facts(header["picture"], "picture") if header.get("picture") else None
        child.more_time(answer.duration_s)
    elif kind == "sound":
        check(answer.sound is None, "sound twice")
        answer.sound = _facts(header.get("facts"), "sound")
        rate_hz = answer.sound.get("rate_hz", 0)
        check(0 < rate_hz <= MAX_RATE_HZ and 0 < size <= (answer.duration_s + SLACK_S) * rate_hz * 4, "sound")
        answer.wave = np.empty(size // 4, np.float32)
        child.fill(answer.wave, size)
        check(bool(np.isfinite(answer.wave).all()), "invalid samples")
    elif kind == "cues":
        check(size <= 4 * MAX_CUE_BYTES, "size of subtitles")
        answer.cues = _cues(child.json(size))
    elif kind == "shape":
        count, height, width = (header.get(key) for key in ("count", "height", "width"))
        check(all(type(x) is int for x in (count, height, width)) and not len(answer.track), "shape")
        check(MIN_SIDE <= min(height, width) <= TRACK_SHORT_SIDE, "short side")
        check(max(height, width) <= TRACK_LONG_SIDE and 0 < count <= MAX_TRACK_FRAMES, "long side")
        check(count * height * width * 3 <= limits.track_bytes, "size of the track")
        answer.track = np.empty((count, height, width, 3), np.uint8)
    elif kind == "track":
        place = len(answer.track_times_s)
        time_s = _number(header.get("time_s"))
        check(place < len(answer.track), "one frame too many")
        check(0 <= time_s <= answer.duration_s + SLACK_S, "time of a frame")
        check(not place or time_s > answer.track_times_s[-1], "order of frames")
        child.fill(answer.track[place], size)
        answer.track_times_s.append(time_s)
    elif kind == "frames":
        answer.frames = np.empty((FRAME_COUNT, FRAME_SIZE, FRAME_SIZE, 3), np.uint8)
        child.fill(answer.frames, size)
    elif kind == "player":
        check(size <= limits.player_bytes, "size of the player's file")
        answer.player_mp4 = child.bytes(size)
        check(sniff(answer.player_mp4[:HEAD_BYTES])[1] == "mov", "the player's file")
    elif kind == "alive":
        check(size == 0, "a sign of life with a payload")
    else:
        check(kind == "notes" and isinstance(header.get("notes"), list), "unknown message")
        answer.notes = [_note(note) for note in header["notes"]]


def _number(value: Any) -> float:
    check(type(value) in (int, float) and abs(value) <= MAX_NUMBER, "not a number")
    return float(value)


def _facts(given: Any, kind: str) -> dict[str, Any]:
    check(isinstance(given, dict), "facts")
    out: dict[str, Any] = {}
    for key, form in FACTS[kind].items():
        value = given.get(key)
        if form is str:
            out[key] = re.sub(r"[^\w ,.+-]", "", str(value), flags=re.ASCII)[:40]
        elif form is bool:
            out[key] = value is True
        else:
            out[key] = int(_number(value)) if form is int else round(_number(value), 4)
    return out


def _cues(given: Any) -> list[tuple[float, float, str]]:
    check(isinstance(given, list) and all(isinstance(x, list) and len(x) == 3 for x in given), "subtitles")
    return [(_number(start_s), _number(end_s), str(text)) for start_s, end_s, text in given]


def _note(note: Any) -> tuple[str, list[float]]:
    check(isinstance(note, list) and len(note) == 2 and isinstance(note[1], list), "note")
    return str(note[0]), [_number(value) for value in note[1]]


class _Child:
    """The decoder's process: started, read against the clock, and gone when the block is left."""

    def __init__(self, descriptor: int, job: dict[str, Any], limits: Limits):
        self._limits = limits
        self._began = self._heard = time.monotonic()
        self._deadline, self._silence_s = self._began + limits.start_wall_s, math.inf
        # decord says nothing until it has read all.
        memory, self._silence_limit_s = limits.child_memory_bytes, limits.silence_wall_s
        if job["decoder"] == "decord":
            memory, self._silence_limit_s = limits.decord_memory_bytes, math.inf
        self._folder = folders.make("decoder")
        descriptors: list[int] = []
        try:
            descriptors += map(above_standard, os.pipe())
            self._pipe, answer_fd = descriptors
            with suppress(AttributeError, OSError):  # not Linux, or more than this user may have
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            self._poll = select.poll()  # `select.select` cannot take descriptors from 1024 on
            self._poll.register(self._pipe, select.POLLIN)
            job = {**job, "file_fd": descriptor, "answer_fd": answer_fd}
            job["limits"] = {**asdict(limits), "child_memory_bytes": memory}
            job["wall_s"] = self._wall_s(limits.max_duration_s + SLACK_S)
            self._process = self._start(job)
        except BaseException:
            for opened in descriptors:
                os.close(opened)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        os.close(answer_fd)

    def _start(self, job: dict[str, Any]) -> subprocess.Popen:
        environment = {key: os.environ[key] for key in PASSED_ENVIRONMENT if key in os.environ}
        # One thread for numpy: its pools reserve address space for each processor of the machine.
        environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", LC_ALL="C.UTF-8", PATH=os.defpath)
        with open(self._folder / "errors.txt", "wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-P", "-c", CHILD_CODE, str(Path(__file__).parents[1]), json.dumps(job)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=(job["file_fd"], job["answer_fd"]),
                cwd=self._folder,
                env=environment,
                start_new_session=True,
            )

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        with suppress(OSError):
            log.debug(
                "decoder: %s", (self._folder / "errors.txt").read_bytes()[-2000:].decode("utf-8", "replace")
            )
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wall_s(self, duration_s: float) -> float:
        return self._limits.start_wall_s + self._limits.wall_s_per_clip_s * duration_s

    def more_time(self, duration_s: float) -> None:
        """Wait longer in all, but from now on never long for the next word."""
        self._deadline = self._began + self._wall_s(duration_s)
        self._silence_s = self._silence_limit_s

    def next_header(self) -> tuple[dict[str, Any], int]:
        header_size, size = LENGTHS.unpack(self.bytes(LENGTHS.size))
        check(header_size <= HEADER_BYTES, "length of a header")
        header = self.json(header_size)
        check(isinstance(header, dict), "header")
        return header, size

    def json(self, size: int) -> Any:
        try:
            return json.loads(self.bytes(size))
        except (ValueError, RecursionError):
            check(False, "not JSON")

    def bytes(self, size: int) -> bytes:
        data = bytearray(size)
        self._read(memoryview(data))
        return bytes(data)

    def fill(self, array: np.ndarray, size: int) -> None:
        check(array.nbytes == size, "length of a payload")
        self._read(memoryview(array).cast("B"))

    def _read(self, view: memoryview) -> None:
        while len(view):
            relay.check()
            left_s = min(self._deadline, self._heard + self._silence_s) - time.monotonic()
            if not self._poll.poll(math.ceil(1000 * min(max(0.0, left_s), relay.BEAT_S))):
                if left_s > relay.BEAT_S:
                    continue
                raise Refused("slow")
            count = os.readv(self._pipe, [view])
            self._heard = time.monotonic()
            if count == 0:
                raise Refused(self._cause())
            view = view[count:]

    def _cause(self) -> str:
        """Why the pipe ended: how the process died."""
        try:
            code = self._process.wait(EXIT_WAIT_S)
        except subprocess.TimeoutExpired:
            return "slow"
        return {-signal.SIGXCPU: "slow", -signal.SIGALRM: "slow", -signal.SIGKILL: "memory"}.get(
            code, "crash"
        )
