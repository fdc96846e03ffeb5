"""Media files whose content is known by construction, good, odd and hostile; written by PyAV or by hand.

Every frame shows its own number as eight black or white blocks along the top (`number_shown` reads it back)
and a red block in the lower left corner; the sound is silent but for a 1 kHz tone from `BEEP_S` on for 0.2 s.
"""

from __future__ import annotations

import struct
import wave as wave_file
from fractions import Fraction
from pathlib import Path

import numpy as np

FPS = 25
BEEP_S = 0.5
BITS = 8  # of the frame number
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour
Style: Default,Arial,16,&Hffffff
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def picture(number: int, *, width: int = 320, height: int = 240) -> np.ndarray:
    """(height, width, 3) uint8 RGB."""
    image = np.full((height, width, 3), 128, np.uint8)
    block = width // BITS
    for bit in range(BITS):
        image[: height // 4, bit * block : (bit + 1) * block] = 255 if number >> bit & 1 else 0
    image[-height // 4 :, : width // 4] = (255, 0, 0)
    return image


def number_shown(image: np.ndarray) -> int:
    """Read the number back from a frame of any size."""
    height, width = image.shape[:2]
    centres = [int((bit + 0.5) * width / BITS) for bit in range(BITS)]
    return sum(int(image[height // 8, x].mean() > 128) << bit for bit, x in enumerate(centres))


def sound(seconds: float, *, rate_hz: int = 48_000, channels: int = 1) -> np.ndarray:
    """(channels, S) float32: the tone in every channel."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time_s) * ((time_s >= BEEP_S) & (time_s < BEEP_S + 0.2))
    return np.tile(tone.astype(np.float32), (channels, 1))


def beep_start_s(wave: np.ndarray, rate_hz: int = 16_000) -> float:
    """When the tone begins."""
    return int(np.argmax(np.abs(wave) > 0.05)) / rate_hz


def write_clip(
    path: Path,
    *,
    seconds: float = 2.0,
    size: tuple[int, int] | None = (320, 240),
    codec: str = "libx264",
    pixel: str = "yuv420p",
    options: dict[str, str] | None = None,
    times_s: list[float] | None = None,
    fps: int = FPS,
    rotation: int = 0,
    audio: str | None = "aac",
    samples: np.ndarray | None = None,
    rate_hz: int = 48_000,
    layout: str = "mono",
    sample_format: str = "fltp",
    audio_start_s: float = 0.0,
    cues: list[tuple[float, float, str]] = (),
    form: str | None = None,
    form_options: dict[str, str] | None = None,
) -> Path:
    """Write a file with the parts asked for; the container follows the name unless `form` is given."""
    import av

    path = Path(path)
    with av.open(str(path), "w", format=form, options=form_options or {}) as file:
        video = sounds = words = None
        if size:
            video = file.add_stream(codec, rate=fps, options=options or {})
            video.width, video.height, video.pix_fmt = *size, pixel
            if times_s:
                video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
            if rotation:
                video.set_display_rotation(rotation)
        if audio:
            sounds = file.add_stream(audio, rate=rate_hz, layout=layout)
            sounds.format = sample_format
        if cues:
            words = file.add_stream("mov_text" if path.suffix == ".mp4" else "srt")
            words.codec_context.subtitle_header = ASS_HEADER
        if words is not None:
            file.start_encoding()
            for start_s, end_s, text in cues:
                packet = av.Packet(
                    struct.pack(">H", len(text.encode())) + text.encode()
                    if path.suffix == ".mp4"
                    else text.encode()
                )
                packet.stream, packet.time_base = words, Fraction(1, 1000)
                packet.pts = packet.dts = round(start_s * 1000)
                packet.duration = round((end_s - start_s) * 1000)
                file.mux(packet)
        if video is not None:
            for number, time_s in enumerate(times_s or [i / fps for i in range(round(seconds * fps))]):
                frame = av.VideoFrame.from_ndarray(
                    picture(number, width=size[0], height=size[1]), format="rgb24"
                )
                if times_s:
                    frame.pts, frame.time_base = round(time_s * 90_000), Fraction(1, 90_000)
                file.mux(video.encode(frame.reformat(format=pixel)))
            file.mux(video.encode(None))
        if sounds is not None:
            channels = sounds.codec_context.layout.nb_channels
            data = sound(seconds, rate_hz=rate_hz, channels=channels) if samples is None else samples
            offset = round(audio_start_s * rate_hz)
            for at in range(0, data.shape[1], 1024):
                piece = np.ascontiguousarray(data[:, at : at + 1024])
                if sample_format in ("s16", "s16p"):
                    piece = (piece * 32767).astype(np.int16)
                if not sample_format.endswith("p"):
                    piece = np.ascontiguousarray(piece.T.reshape(1, -1))
                frame = av.AudioFrame.from_ndarray(piece, format=sample_format, layout=layout)
                frame.sample_rate, frame.pts = rate_hz, offset + at
                frame.time_base = Fraction(1, rate_hz)
                file.mux(sounds.encode(frame))
            file.mux(sounds.encode(None))
    return path


def write_strip(path: Path, *, size: tuple[int, int]) -> Path:
    """A grey MJPEG of any shape, few bytes: JPEG allows sides of 65535 pixels."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream("mjpeg", rate=FPS)
        video.width, video.height, video.pix_fmt = *size, "yuvj420p"
        grey = np.full((size[1], size[0], 3), 128, np.uint8)
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format="yuvj420p")
            frame.pts = number
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    return Path(path)


def write_wav(path: Path, data: np.ndarray, rate_hz: int = 16_000) -> Path:
    """`data` (channels, S): int16 as PCM, float32 as IEEE float."""
    path, channels = Path(path), len(data)
    body = np.ascontiguousarray(data.T).tobytes()
    width = data.dtype.itemsize
    form = 3 if data.dtype.kind == "f" else 1
    head = struct.pack(
        "<HHIIHH", form, channels, rate_hz, rate_hz * channels * width, channels * width, 8 * width
    )
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def write_empty_wav(path: Path) -> Path:
    """A header and no sample: 44 bytes."""
    with wave_file.open(str(path), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
    return Path(path)


def write_cover(path: Path, *, audio: str | None = "aac") -> Path:
    """Sound with a cover picture."""
    import av
    from av.stream import Disposition

    image = av.VideoFrame.from_ndarray(picture(1, width=64, height=64), format="rgb24")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 64, "yuvj420p", Fraction(1, 25)
    jpeg = bytes(encoder.encode(image.reformat(format="yuvj420p"))[0])
    with av.open(str(path), "w") as file:
        sounds = file.add_stream(audio, rate=48_000, layout="mono")
        sounds.format = "fltp"
        cover = file.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        file.start_encoding()
        packet = av.Packet(jpeg)
        packet.stream, packet.pts, packet.dts, packet.time_base = cover, 0, 0, cover.time_base
        packet.is_keyframe = True
        file.mux(packet)
        data = sound(1.0)
        for at in range(0, data.shape[1], 1152):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(data[:, at : at + 1152]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
            file.mux(sounds.encode(frame))
        file.mux(sounds.encode(None))
    return Path(path)


def write_live_webm(path: Path) -> Path:
    """What a browser's recorder writes: no duration, no index, clusters of unknown size."""
    return write_clip(
        path,
        codec="libvpx",
        options={"deadline": "realtime", "cpu-used": "8"},
        audio="libopus",
        sample_format="flt",
        form="webm",
        form_options={"live": "1"},
    )


def write_png(path: Path) -> Path:
    import av

    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 64, "rgb24", Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(picture(1, width=64, height=64), format="rgb24")
    path = Path(path)
    path.write_bytes(bytes(encoder.encode(frame)[0]))
    return path


def write_gif(path: Path) -> Path:
    return write_clip(path, seconds=0.4, size=(64, 48), codec="gif", pixel="rgb8", audio=None, form="gif")


def corrupt(source: Path, path: Path, *, count: int = 40, seed: int = 1) -> Path:
    """Overwrite bytes in the second half of an MP4's media data."""
    data = bytearray(source.read_bytes())
    random = np.random.default_rng(seed)
    start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
    for place in random.integers((start + end) // 2, end, count):
        data[place] = random.integers(256)
    path.write_bytes(data)
    return path


def without_moov(source: Path, path: Path) -> Path:
    """The index is missing: a recording that was not finished."""
    data = source.read_bytes()
    path.write_bytes(data[: data.find(b"moov") - 4])
    return path


def with_edit_list(source: Path, path: Path, start_s: float) -> Path:
    """Cut by stream copy: frames before `start_s` stay in the file with negative times, not to be shown."""
    import av

    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        pairs = {s.index: (s, new.add_stream_from_template(s)) for s in old.streams}
        for packet in old.demux():
            if packet.dts is None:
                continue
            tick = packet.stream.time_base
            shift = round(start_s / tick)
            if packet.stream.type == "audio" and packet.pts < shift:
                continue
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = pairs[packet.stream.index][1]
            new.mux(packet)
    return path


def playlists(target: str, sibling: str) -> dict[str, str]:
    """Texts that make a careless decoder open `target` (an address or a path) or a file beside them."""
    hls = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\n{target}\n#EXT-X-ENDLIST\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
        '<AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    return {
        "hls": hls,
        "hls_bom": "\ufeff" + hls,
        "hls_sibling": hls.replace(target, sibling),
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "ffconcat_sibling": f"ffconcat version 1.0\nfile '{sibling}'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "dash": dash,
        "concat_protocol": f"concat:{target}|{sibling}\n",
    }


def disguised(text: str) -> bytes:
    """The same playlist behind the first box of an MP4, so that it passes a look at the first bytes."""
    return struct.pack(">I", 16) + b"ftypisom\0\0\0\0" + text.encode()


def write_bomb(path: Path) -> Path:
    """8192x8192 in a few kilobytes: 67 megapixels a frame."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "threads": "2"})
        video.width = video.height = 8192
        video.pix_fmt = "yuv420p"
        frame = av.VideoFrame(8192, 8192, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for _ in range(2):
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    return Path(path)
