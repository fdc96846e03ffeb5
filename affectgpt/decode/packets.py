"""Take a file apart into the packets of its streams: one forced demuxer, no second file, no network."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

MAX_PACKETS = 400_000
MAX_CUES, MAX_CUE_BYTES = 2000, 256 * 1024
IO_TIMEOUT_S = (5, 5)  # opening, reading
MAX_NUMBER = 1e9  # of any number in the answer; the time stamps of damaged files know no limit
MAX_ENCODER_DELAY_S = 0.1
# Decoders of files that people have; the many others are only a way in for hostile files.
PICTURE_CODECS = """
h264 hevc vp8 vp9 libvpx libvpx-vp9 av1 libdav1d mpeg4 mpeg1video mpeg2video mjpeg h263 theora prores dnxhd
dvvideo msmpeg4 msmpeg4v2 wmv1 wmv2 vc1 rawvideo ffv1 huffyuv cinepak svq3 qtrle
"""
SOUND_CODECS = """
aac mp3 mp3float mp2 mp2float vorbis opus libopus flac alac ac3 eac3 wmav1 wmav2 speex amrnb amrwb adpcm_ms
adpcm_ima_wav adpcm_ima_qt pcm_u8 pcm_s8 pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_s64le
pcm_f32le pcm_f32be pcm_f64le pcm_f64be pcm_alaw pcm_mulaw
"""
WORD_CODECS = "mov_text subrip srt ass ssa webvtt text"
CODECS = {
    "picture": set(PICTURE_CODECS.split()),
    "sound": set(SOUND_CODECS.split()),
    "words": set(WORD_CODECS.split()),
}
STREAM_KEYS = {"video": "picture", "audio": "sound", "subtitle": "words"}


class Refused(Exception):
    """The file cannot be taken; `code` is a row of the parent's table of messages."""

    def __init__(self, code: str, /, **values: float):
        super().__init__(code)
        self.code, self.values = code, values


@dataclass
class Strand:
    """The packets of one stream, in decoding order; `tick_s` is the unit of their time stamps."""

    stream: Any
    tick_s: float
    packets: list[Any] = field(default_factory=list)

    def ticks(self) -> list[int]:
        """Time stamps of all frames that are meant to be shown: sorted, none twice."""
        return sorted({stamp(p) for p in self.packets if not p.is_discard and stamp(p) is not None})

    def start_s(self) -> float:
        """Of the first packet, or after the encoder's delay where the header knows of one (MP3)."""
        first_s, header_s = self.ticks()[0] * self.tick_s, (self.stream.start_time or 0) * self.tick_s
        return header_s if 0 < header_s - first_s < MAX_ENCODER_DELAY_S else first_s

    def end_s(self) -> float:
        return max(stamp(p) + (p.duration or 0) for p in self.packets if stamp(p) is not None) * self.tick_s

    def between(self, start_s: float, end_s: float) -> list[Any]:
        return [p for p in self.packets if start_s <= (stamp(p) or 0) * self.tick_s <= end_s]


def bounded(value: float) -> float:
    """A number as the parent accepts it."""
    return max(-MAX_NUMBER, min(float(value), MAX_NUMBER))


def stamp(packet: Any) -> int | None:
    return packet.pts if packet.pts is not None else packet.dts


def open_media(job: dict[str, Any]) -> Any:
    """Open the file by the demuxer that the sniff chose: no probing, no second file, no network."""
    import av

    options = {
        "protocol_whitelist": "file",
        "format_whitelist": job["format"],
        "codec_whitelist": ",".join(sorted(set.union(*CODECS.values()))),
        "enable_drefs": "0",  # a MOV may name other files as its data
        "fflags": "+genpts",
    }
    try:
        return av.open(
            f"file:{media_path(job)}",
            format=job["format"],
            options=options,
            metadata_errors="replace",
            timeout=IO_TIMEOUT_S,
        )
    except MemoryError:
        raise
    except av.FFmpegError as error:
        raise Refused("damaged") from error


def media_path(job: dict[str, Any]) -> str:
    """The very file that was sniffed, whatever its name points to by now."""
    os.lseek(job["file_fd"], 0, os.SEEK_SET)
    return f"/dev/fd/{job['file_fd']}"


def pick_streams(container: Any) -> tuple[dict[str, Any], bool, list]:
    """The first picture that is no cover, the first sound, the first text; is there a cover; notes."""
    from av.stream import Disposition

    found: dict[str, Any] = {}
    has_cover, unknown = False, []
    for stream in container.streams:
        key, context = STREAM_KEYS.get(stream.type), stream.codec_context
        if key == "picture" and stream.disposition & Disposition.attached_pic:
            has_cover = True
        elif key and context is not None and context.codec.name in CODECS[key]:
            found.setdefault(key, stream)
        elif key:
            unknown.append(key)
    return (
        found,
        has_cover,
        [(f"unknown_{key}", []) for key in ("picture", "sound") if key in set(unknown) - set(found)],
    )


def demux(container: Any, streams: dict[str, Any], notes: list) -> dict[str, Strand]:
    import av

    strands = {key: Strand(stream, float(stream.time_base)) for key, stream in streams.items()}
    by_index = {strand.stream.index: strand for strand in strands.values()}
    try:
        for number, packet in enumerate(container.demux(*streams.values()) if streams else ()):
            if number > MAX_PACKETS:
                raise Refused("too_many_packets")
            if packet.size:
                by_index[packet.stream.index].packets.append(packet)
    except MemoryError:
        raise
    except av.FFmpegError:
        notes.append(("cut_short", []))
    return strands


def read_cues(strand: Strand, zero_s: float) -> list[tuple[float, float, str]]:
    """Start, end and raw text (with mark-up) of each embedded subtitle; the parent cleans them."""
    import av

    cues, size = [], 0
    for packet in strand.packets[:MAX_CUES]:
        try:
            texts = [
                rect.dialogue
                for rect in strand.stream.codec_context.decode2(packet) or ()
                if rect.type == b"ass"
            ]
        except MemoryError:
            raise
        except av.FFmpegError:
            continue
        data = b"\n".join(texts)
        size += len(data)
        if size > MAX_CUE_BYTES:
            break
        start_s = (stamp(packet) or 0) * strand.tick_s - zero_s
        if data.strip():
            end_s = start_s + (packet.duration or 0) * strand.tick_s
            cues.append((bounded(start_s), bounded(end_s), data.decode("utf-8", "replace")))
    return cues
