"""Write the normalised MP4 that a browser plays: H.264 yuv420p and AAC at their true times, index in front.

Runs inside the limited child process only; the file lies in that process's private working folder.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

SHORT_SIDE = 540  # pixels; never scaled upwards
MAX_FPS = 31  # frames that follow faster are left out, the others keep their times
TICK_S = Fraction(1, 90_000)
KEY_DISTANCE_S = 2  # so that a click on a clue finds its place quickly
AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
AAC_SAMPLES = 1024  # of one packet
VIDEO_OPTIONS = {"preset": "ultrafast", "crf": "24", "maxrate": "3M", "bufsize": "3M", "threads": "2"}
FILE = Path("player.mp4")


def player_size(width: int, height: int) -> tuple[int, int]:
    """Even width and height (yuv420p needs them) with the short side at most `SHORT_SIDE`."""
    scale = min(1.0, SHORT_SIDE / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


class Player:
    """An MP4 that is being written; `add` takes the frames in order, `close` gives the bytes."""

    def __init__(
        self, wave: np.ndarray | None, rate_hz: int, *, size: tuple[int, int] | None = None, fps: float = 25
    ):
        """`wave` (S,) float32 mono from time 0 on or None; `size` (width, height), None without picture."""
        import av

        self._file = av.open(str(FILE), "w", format="mp4", options={"movflags": "+faststart"})
        self._video: Any = None
        self._audio: Any = None
        self._last_s = -1.0
        self._sent = 0  # samples
        if size:
            rate = Fraction(min(max(fps, 1.0), MAX_FPS)).limit_denominator(1001)
            self._video = self._file.add_stream("libx264", rate=rate, options=dict(VIDEO_OPTIONS))
            self._video.width, self._video.height = size
            self._video.pix_fmt = "yuv420p"
            self._video.time_base = self._video.codec_context.time_base = TICK_S
            self._video.codec_context.gop_size = max(1, round(rate * KEY_DISTANCE_S))
        if wave is not None and len(wave):
            self._wave, self._rate_hz = _for_aac(wave, rate_hz)
            self._audio = self._file.add_stream("aac", rate=self._rate_hz, layout="mono")

    def takes(self, time_s: float) -> bool:
        """Is a frame of this time far enough behind the last one to be shown?"""
        return time_s - self._last_s >= 1 / MAX_FPS

    def add(self, frame: Any, time_s: float) -> bool:
        """Append a yuv420p frame shown at `time_s`, which `takes` has allowed; False when that fails."""
        import av

        self._last_s = time_s
        frame.pts, frame.time_base, frame.pict_type = round(time_s / TICK_S), TICK_S, 0
        try:
            self._add_sound(until_s=time_s)  # interleaved, so that playing can begin before all is loaded
            self._file.mux(self._video.encode(frame))
        except MemoryError:
            raise
        except av.FFmpegError:
            return False
        return True

    def close(self) -> bytes | None:
        """Finish the file and return its bytes, or None when that fails."""
        import av

        try:
            self._add_sound(until_s=float("inf"))
            for stream in (self._video, self._audio):
                if stream is not None:
                    self._file.mux(stream.encode(None))
            self._file.close()
        except MemoryError:
            raise
        except av.FFmpegError:
            return None
        data = FILE.read_bytes()
        FILE.unlink()
        return data

    def _add_sound(self, until_s: float) -> None:
        import av

        while self._audio is not None and self._sent < min(len(self._wave), until_s * self._rate_hz):
            piece = self._wave[self._sent : self._sent + AAC_SAMPLES]
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(piece[None]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = (
                self._rate_hz,
                self._sent,
                Fraction(1, self._rate_hz),
            )
            self._sent += len(piece)
            self._file.mux(self._audio.encode(frame))


def _for_aac(wave: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    """AAC knows few rates; others are read at the next one above, which is good enough to listen to."""
    if rate_hz in AAC_RATES_HZ:
        return wave, rate_hz
    target = next((rate for rate in AAC_RATES_HZ if rate > rate_hz), AAC_RATES_HZ[-1])
    places = np.arange(int(len(wave) * target / rate_hz)) * (rate_hz / target)
    return np.interp(places, np.arange(len(wave)), wave).astype(np.float32), target
