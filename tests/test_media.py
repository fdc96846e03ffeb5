"""Files become clips whose frames, times and sound are known, or one line that says what to do."""

import http.server
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import media_files as files
import numpy as np
import pytest

from affectgpt import media
from affectgpt.decode.confine import CLONE_NEWNET, CLONE_NEWUSER
from affectgpt.decode.sound import read_sound
from affectgpt.media import Limits, limits_from_env, load_clip, sandbox
from affectgpt.media.sniff import shown_name, sniff
from affectgpt.schema import AffectError

ROOT = Path(__file__).parents[1]
OFFICIAL = [0, 6, 12, 18, 25, 31, 37, 43]  # floor(i * 50 / 8)
SECONDS, MEGABYTES = 10, 1000  # what a hostile file may take


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def plain(folder):
    return files.write_clip(folder / "plain.mp4")


@pytest.fixture(scope="session")
def mute(folder):
    """A clip that needs no resampler, for tests of what surrounds the decoder."""
    return files.write_clip(folder / "mute.mp4", seconds=1, audio=None)


def refusal(path, **options) -> str:
    """The one line for a file that is refused; it must come in time and name no folder."""
    began = time.monotonic()
    with pytest.raises(AffectError) as caught:
        load_clip(path, **options)
    assert time.monotonic() - began < SECONDS
    for line in (caught.value.text.en, caught.value.text.zh):
        assert "\n" not in line
        assert "/" not in line, line
    assert caught.value.text.zh != caught.value.text.en
    return str(caught.value)


def patch_child(monkeypatch, lines: str) -> None:
    """Let the decoder's process run `lines` before it begins; `decode` is its module."""
    head = sandbox.CHILD_CODE.removesuffix("main()\n")
    monkeypatch.setattr(sandbox, "CHILD_CODE", f"{head}import affectgpt.decode as decode\n{lines}\nmain()\n")


def run_fresh(code: str, *arguments: object) -> None:
    """Run code in a fresh process, which must end well."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert run.returncode == 0, run.stderr


def child_peak_mb(monkeypatch, tmp_path, load) -> float:
    """Peak memory of the decoder's process while `load` runs."""
    report = tmp_path / "peak"
    patch_child(
        monkeypatch,
        "real = decode.read\ndef read(job, send):\n    try:\n        real(job, send)\n"
        f"    finally:\n        open({str(report)!r}, 'w').write(open('/proc/self/status').read())\n"
        "decode.read = read",
    )
    load()
    line = next(line for line in report.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


# ---- good and odd files


def test_a_plain_clip(plain):
    clip = load_clip(plain)
    assert clip.duration_s == pytest.approx(2.0, abs=0.03)
    assert clip.frames.shape == (8, 224, 224, 3)
    assert [files.number_shown(frame) for frame in clip.frames] == OFFICIAL
    assert clip.track.shape == (20, 240, 320, 3)
    assert np.allclose(clip.track_times_s, np.arange(20) / 10, atol=0.021)
    assert [files.number_shown(f) for f in clip.track] == [round(t * 25) for t in clip.track_times_s]
    assert clip.wave.dtype == np.float32
    assert len(clip.wave) == pytest.approx(32_000, abs=320)
    assert files.beep_start_s(clip.wave) == pytest.approx(files.BEEP_S, abs=0.005)
    assert clip.media["resampler"].startswith("torchaudio")
    assert clip.media["picture"]["fps"] == 25
    assert clip.media["sound"]["channels"] == 1
    assert clip.warnings == ()
    assert clip.subtitle_source == "none"


CONTAINERS = {
    "a.mkv": {},
    "a.mov": {},
    "a.ts": {},
    "a.avi": {"codec": "mpeg4", "audio": "libmp3lame"},
    "bframes.avi": {"codec": "mpeg4", "options": {"bf": "2"}, "audio": "pcm_s16le", "sample_format": "s16"},
    "a.webm": {
        "codec": "libvpx-vp9",
        "options": {"deadline": "realtime", "cpu-used": "8"},
        "audio": "libopus",
        "sample_format": "flt",
    },
    "odd444.mp4": {"size": (321, 241), "pixel": "yuv444p"},
    "ten_bit.mp4": {
        "codec": "libx265",
        "pixel": "yuv420p10le",
        "options": {"preset": "ultrafast", "x265-params": "log-level=none"},
    },
    "surround.mp4": {"layout": "5.1"},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_and_codecs(folder, name):
    clip = load_clip(files.write_clip(folder / name, **CONTAINERS[name]))
    assert [files.number_shown(frame) for frame in clip.frames] == OFFICIAL
    assert clip.duration_s == pytest.approx(2.0, abs=0.05)
    # Sound and picture keep their distance: frame 12 (shown at 0.48 s) is the last before the tone.
    shown = dict(zip(map(files.number_shown, clip.track), clip.track_times_s, strict=True))
    frame, time_s = min(shown.items(), key=lambda item: abs(item[0] - 12))
    assert files.beep_start_s(clip.wave) - time_s == pytest.approx(files.BEEP_S - frame / 25, abs=0.045)
    assert clip.has_picture
    assert clip.has_sound


SOUNDS = {
    "s.mp3": {"audio": "libmp3lame"},
    "s.flac": {"audio": "flac", "sample_format": "s16"},
    "s.ogg": {"audio": "libopus", "sample_format": "flt"},
    "s.mp4": {"audio": "aac"},
    "eight.mkv": {"audio": "flac", "sample_format": "s16", "layout": "7.1"},
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_alone(folder, name):
    clip = load_clip(files.write_clip(folder / name, size=None, **SOUNDS[name]))
    assert not clip.has_picture
    assert clip.frames.shape == (0, 224, 224, 3)
    assert clip.media["picture"] is None
    assert files.beep_start_s(clip.wave) == pytest.approx(files.BEEP_S, abs=0.02)
    assert clip.warnings == ()


@pytest.mark.parametrize(("name", "audio"), [("cover.mp4", "aac"), ("cover.mp3", "libmp3lame")])
def test_a_cover_is_no_picture(folder, name, audio):
    clip = load_clip(files.write_cover(folder / name, audio=audio))
    assert not clip.has_picture
    assert clip.has_sound
    assert clip.media["cover_picture"] is True


def test_picture_alone(mute):
    clip = load_clip(mute, player=True)
    assert not clip.has_sound
    assert clip.media["sound"] is None
    assert len(clip.frames) == 8
    assert clip.player_mp4[4:8] == b"ftyp"


@pytest.mark.parametrize(("angle", "red_corner"), [(90, (-5, -5)), (-90, (5, 5)), (180, (5, -5))])
def test_rotation_is_applied(folder, angle, red_corner):
    clip = load_clip(files.write_clip(folder / f"turned{angle}.mp4", rotation=angle), player=True)
    corners = [(y, x) for y in (5, -5) for x in (5, -5)]
    for image in (clip.track[0], clip.frames[0]):
        red = [c for c in corners if image[c][0] > 200 and image[c][1] < 60]
        assert red == [red_corner]
    assert clip.track.shape[1:3] == ((240, 320) if angle == 180 else (320, 240))
    again = decode_player(clip)
    assert again.track.shape == clip.track.shape
    assert again.media["picture"]["codec"] == "h264"


def decode_player(clip):
    path = Path(tempfile.mkdtemp()) / "player.mp4"
    path.write_bytes(clip.player_mp4)
    return load_clip(path)


def test_browser_recording_without_duration(folder):
    path = files.write_live_webm(folder / "live.webm")
    import av

    with av.open(str(path)) as file:
        assert file.duration is None, "the toy must lack a duration"
    clip = load_clip(path)
    assert clip.duration_s == pytest.approx(2.0, abs=0.05)
    assert [files.number_shown(frame) for frame in clip.frames] == OFFICIAL


def test_edit_list_hides_the_frames_before_the_start(plain, folder):
    clip = load_clip(files.with_edit_list(plain, folder / "edit.mp4", 0.5))
    assert files.number_shown(clip.frames[0]) == 13  # 0.52 s is the first frame after the cut
    assert clip.duration_s == pytest.approx(1.5, abs=0.05)
    assert clip.media["picture"]["frames"] == 37


def test_variable_rate_keeps_true_times(folder):
    times_s = [0, 0.04, 0.08, 0.5, 0.54, 1.2, 1.24, 1.28, 1.32, 1.9]
    clip = load_clip(files.write_clip(folder / "variable.mp4", times_s=times_s))
    assert clip.media["picture"]["variable_rate"]
    assert [files.number_shown(frame) for frame in clip.frames] == [0, 1, 2, 3, 5, 6, 7, 8]
    for image, time_s in zip(clip.track, clip.track_times_s, strict=True):
        assert time_s == pytest.approx(times_s[files.number_shown(image)], abs=0.001)


def test_one_frame(folder):
    clip = load_clip(files.write_clip(folder / "one.mp4", seconds=0.04, audio=None))
    assert len(clip.track) == 1
    assert (clip.frames == clip.frames[0]).all()


def test_late_sound_is_placed(folder):
    clip = load_clip(files.write_clip(folder / "late.mp4", audio_start_s=0.68), player=True)
    assert files.beep_start_s(clip.wave) == pytest.approx(0.68 + files.BEEP_S, abs=0.02)
    assert "begins 0.6" in clip.warnings[0].en
    again = decode_player(clip)
    assert files.beep_start_s(again.wave) == pytest.approx(0.68 + files.BEEP_S, abs=0.03)
    assert [files.number_shown(f) for f in again.frames] == OFFICIAL


def test_a_hole_in_the_sound_does_not_shift_what_follows(folder):
    import av

    tone_late = np.roll(files.sound(2.0), 48_000, axis=1)  # the tone at 1.5 s
    whole = files.write_clip(folder / "whole.mkv", samples=tone_late)
    with av.open(str(whole)) as old, av.open(str(folder / "hole.mkv"), "w") as new:
        pairs = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is None:
                continue
            kept = packet.stream.type == "video" or not 0.6 < packet.pts * packet.time_base < 1.1
            packet.stream = pairs[packet.stream.index]
            if kept:
                new.mux(packet)
    clip = load_clip(folder / "hole.mkv")
    assert files.beep_start_s(clip.wave) == pytest.approx(1.5, abs=0.02)
    assert any("missing on the way" in x.en for x in clip.warnings)


def test_broken_packets_are_survived(plain, folder):
    clip = load_clip(files.corrupt(plain, folder / "corrupt.mp4"))
    assert clip.frames.shape == (8, 224, 224, 3)
    assert clip.warnings
    assert files.number_shown(clip.frames[0]) == 0
    assert clip.duration_s == pytest.approx(2.0, abs=0.05)


def test_truncated_file(folder):
    whole = files.write_clip(folder / "front.mp4", form_options={"movflags": "faststart"})
    cut = folder / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:7000])
    clip = load_clip(cut)
    assert 0.3 < clip.duration_s < 1.5
    assert clip.frames.shape == (8, 224, 224, 3)


# ---- sound values


def test_wav_at_16_khz_needs_no_resampler(folder):
    data = (files.sound(1.0, rate_hz=16_000) * 32767).astype(np.int16)
    path = files.write_wav(folder / "plain.wav", data)
    code = (
        "import sys\nfrom affectgpt.media import load_clip\n"
        f"clip = load_clip({str(path)!r})\nassert clip.media['resampler'] == 'none'\n"
        "assert len(clip.wave) == 16000\n"
        "assert not {'torch', 'scipy', 'av', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)
    assert np.allclose(load_clip(path).wave, data[0] / 32768, atol=1e-4)


def test_channels_are_averaged(folder):
    for channel in range(8):  # FL FR FC LFE BL BR SL SR: the effects are left out of the mean
        samples = np.zeros((8, 16_000), np.float32)
        samples[channel] = 0.5
        known = files.write_clip(
            folder / f"channel{channel}.wav",
            size=None,
            audio="pcm_s16le",
            sample_format="s16",
            layout="7.1",
            samples=samples,
            rate_hz=16_000,
        )
        assert np.allclose(load_clip(known).wave, 0 if channel == 3 else 0.5 / 7, atol=1e-4), channel
    unnamed = np.zeros((8, 16_000), np.int16)
    unnamed[3] = 16_000
    clip = load_clip(files.write_wav(folder / "eight.wav", unnamed))
    assert np.allclose(clip.wave, 16_000 / 32768 / 8, atol=1e-4)
    stereo = np.stack([np.full(16_000, 8000, np.int16), np.full(16_000, 4000, np.int16)])
    assert np.allclose(load_clip(files.write_wav(folder / "two.wav", stereo)).wave, 6000 / 32768, atol=1e-4)


def test_invalid_samples_become_silence(folder):
    data = files.sound(1.0, rate_hz=16_000)
    data[0, 100:200], data[0, 300] = np.nan, np.inf
    clip = load_clip(files.write_wav(folder / "nan.wav", data), player=True)
    assert np.isfinite(clip.wave).all()
    assert (clip.wave[100:200] == 0).all()
    assert "101 invalid sound samples" in clip.warnings[0].en


def test_sound_above_full_scale_is_scaled(folder):
    clip = load_clip(files.write_wav(folder / "loud.wav", files.sound(1.0, rate_hz=16_000) * 32768))
    assert np.abs(clip.wave).max() == pytest.approx(1.0, abs=1e-3)
    assert "over full scale" in clip.warnings[0].en


def test_silence_and_black_are_named(folder):
    clip = load_clip(files.write_wav(folder / "silent.wav", np.zeros((1, 16_000), np.int16)))
    assert [x.en for x in clip.warnings] == ["The sound track is silent."]
    import av

    path = folder / "black.mp4"
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    assert [x.en for x in load_clip(path).warnings] == ["The picture is black."]


@pytest.mark.parametrize("at_s", [0.1, -0.5])
def test_a_time_stamp_that_jumps_back_cuts_nothing(at_s):
    """Half a second of sound, then ten milliseconds that say they were earlier."""
    import av

    def frame(start_s: float, count: int):
        frame = av.AudioFrame.from_ndarray(
            np.full((1, count), 0.25, np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.time_base, frame.pts = 16_000, Fraction(1, 16_000), round(start_s * 16_000)
        return frame

    frames = {"first": [frame(0, 8000)], "second": [frame(at_s, 160)], None: []}
    context = SimpleNamespace(decode=frames.get, codec=SimpleNamespace(name="toy"))
    strand = SimpleNamespace(
        stream=SimpleNamespace(codec_context=context), between=lambda *_: ["first", "second"]
    )
    wave, _, notes = read_sound(strand, 0.0, 1.0, alive=lambda: None)
    assert len(wave) == 8000
    assert (wave == 0.25).all()
    assert notes == []


# ---- windows, subtitles, options


def test_window(folder):
    path = files.write_clip(folder / "four.mp4", seconds=4, cues=[(0.2, 0.8, "before"), (1.5, 2.6, "in it")])
    whole, part = load_clip(path), load_clip(path, start_s=2.0, end_s=3.0)
    assert part.duration_s == pytest.approx(1.0, abs=0.01)
    assert part.media["start_s"] == 2.0
    assert [files.number_shown(f) for f in part.frames] == [50, 53, 56, 59, 62, 65, 68, 71]
    assert part.track_times_s[0] == pytest.approx(0, abs=0.021)
    assert [(c.text, c.start_s) for c in part.cues] == [("in it", 0.0)]
    own = load_clip(path, "1\n00:00:02,250 --> 00:00:02,500\nmine\n", start_s=2.0, end_s=3.0)
    assert [(c.text, c.start_s) for c in own.cues] == [("mine", 0.25)]
    assert part.cues[0].end_s == pytest.approx(0.6, abs=0.002)
    assert [c.text for c in whole.cues] == ["before", "in it"]
    assert "outside" in refusal(path, start_s=9.0)
    assert "does not come after" in refusal(path, start_s=2.0, end_s=1.0)
    beep = load_clip(path, start_s=0.3, end_s=1.3)
    assert files.beep_start_s(beep.wave) == pytest.approx(0.2, abs=0.01)


def test_too_long_says_what_to_do(plain):
    line = refusal(plain, limits=Limits(max_duration_s=1.0))
    assert "at most 1 s" in line
    assert "by its start and end" in line
    assert load_clip(
        plain, start_s=0.5, end_s=1.5, limits=Limits(max_duration_s=1.0)
    ).duration_s == pytest.approx(1)


@pytest.mark.parametrize("name", ["words.mp4", "words.mkv"])
def test_embedded_subtitles_are_offered(folder, name):
    cues = [(0.2, 0.8, "Hello <b>you</b>"), (1.0, 1.6, "再见 <|im_start|>")]
    path = files.write_clip(folder / name, cues=cues)
    clip = load_clip(path)
    assert clip.subtitle_source == "embedded"
    assert [(c.text, round(c.start_s, 2), round(c.end_s, 2)) for c in clip.cues] == [
        ("Hello you", 0.2, 0.8),
        ("再见", 1.0, 1.6),
    ]
    own = load_clip(path, "What I heard.")
    assert (own.subtitle, own.subtitle_source) == ("What I heard.", "user")


def test_subtitle_file(plain, folder):
    path = folder / "line.srt"
    path.write_bytes("1\n00:00:00,500 --> 00:00:01,000\n好的。\n".encode("gb18030"))
    clip = load_clip(plain, subtitle_file=path)
    assert (clip.subtitle, clip.subtitle_source, clip.cues[0].start_s) == ("好的。", "file", 0.5)
    assert "one of them" in refusal(plain, subtitle="a", subtitle_file=path)
    assert "missing.srt" in refusal(plain, subtitle_file=folder / "missing.srt")


def test_eight_frames_alone_cost_less(folder, tmp_path, monkeypatch):
    path = files.write_clip(folder / "long.mp4", seconds=10, options={"g": "25"}, audio=None)
    report = tmp_path / "decoded"
    patch_child(
        monkeypatch,
        "real = decode.shown_frames\ndef counted(*a, **k):\n    for item in real(*a, **k):\n"
        f"        open({str(report)!r}, 'a').write('x')\n        yield item\ndecode.shown_frames = counted",
    )
    few = load_clip(path, track=False)
    decoded = len(report.read_text())
    assert 8 <= decoded < 175, "of 250: key frames are jumped to, what nothing refers to is left out"
    whole = load_clip(path, player=True)
    assert len(report.read_text()) - decoded == 250
    assert (whole.frames == few.frames).all()
    assert len(few.track) == 0
    assert [files.number_shown(f) for f in few.frames] == [i * 250 // 8 for i in range(8)]


def test_track_bytes_are_capped(folder):
    path = files.write_clip(folder / "hd.mp4", seconds=1, size=(1280, 720), audio=None)
    assert load_clip(path).track.shape == (10, 480, 853, 3)
    small = load_clip(path, limits=Limits(track_bytes=1e6))
    assert small.track.nbytes <= 1e6
    assert small.track.shape[2] / small.track.shape[1] == pytest.approx(16 / 9, rel=0.02)


def test_settings(monkeypatch):
    assert limits_from_env({"AFFECTGPT_MAX_DURATION_S": "90", "OTHER": "x"}).max_duration_s == 90
    for wrong in ("-1", "much", "nan", "0"):
        with pytest.raises(AffectError, match="AFFECTGPT_MAX_BYTES"):
            limits_from_env({"AFFECTGPT_MAX_BYTES": wrong})
    monkeypatch.setenv("AFFECTGPT_MAX_BYTES", "10")
    assert "too big" in refusal(Path(__file__))


def test_faces_are_found_lazily(plain):
    assert load_clip(plain).find_faces is media._find_faces


# ---- decord


def test_decord_gives_the_same_frames(folder, plain):
    pytest.importorskip("decord")
    turned = files.write_clip(folder / "turned_decord.mp4", rotation=90)
    few = files.write_clip(folder / "few.mp4", seconds=0.2)
    for path in (plain, turned, few):
        ours, theirs = load_clip(path, track=False), load_clip(path, track=False, decoder="decord")
        assert np.array_equal(ours.frames, theirs.frames), path.name
        assert "decord" in theirs.media["decoder"]


def test_decord_on_golden_and_real_clips(shared):
    golden = np.load(shared / "golden/affectgpt_tiny/frames.npz")
    for name in ("clip_a", "clip_b"):
        clip = load_clip(shared / f"golden/affectgpt_tiny/media/{name}.mp4", track=False)
        assert np.array_equal(clip.frames, golden[f"{name}.raw_frames"].transpose(1, 2, 3, 0))
    pytest.importorskip("decord")
    for path in sorted((shared / "data/clips").glob("*.mp4")):
        ours, theirs = load_clip(path, track=False), load_clip(path, track=False, decoder="decord")
        assert np.array_equal(ours.frames, theirs.frames), path.name


def test_decord_missing_is_said(plain, monkeypatch):
    hide = "sys.modules['decord'] = None\nfrom affectgpt.decode import main"
    code = sandbox.CHILD_CODE.replace("from affectgpt.decode import main", hide)
    monkeypatch.setattr(sandbox, "CHILD_CODE", code)
    assert "decord is not installed" in refusal(plain, decoder="decord")


# ---- hostile files

REFUSED = {
    "empty.mp4": (b"", "is empty"),
    "text.mp4": (b"hello there\n" * 50, "is a text file"),
    "zip.mp4": (b"PK\x03\x04" + bytes(100), "archive"),
    "paper.mp4": (b"%PDF-1.7\n" + bytes(100), "archive or a document"),
    "noise.mp4": (np.random.default_rng(0).bytes(5000), "not a clip this program knows"),
    "zeros.mp4": (bytes(5000), "not a clip this program knows"),
    "garbage_boxes.mp4": (b"\0\0\0\x18ftypisom" + np.random.default_rng(1).bytes(9000), "damaged"),
    "garbage.mkv": (b"\x1aE\xdf\xa3" + np.random.default_rng(2).bytes(9000), "holds neither|damaged"),
    "garbage.avi": (b"RIFF\0\0\1\0AVI " + np.random.default_rng(3).bytes(9000), "holds neither|damaged"),
    "garbage.ts": ((b"G" + np.random.default_rng(4).bytes(187)) * 50, "holds neither|damaged"),
    "garbage.ogg": (b"OggS" + np.random.default_rng(5).bytes(9000), "holds neither|damaged"),
    "webp.mp4": (b"RIFF\0\0\0\0WEBPVP8 " + bytes(50), "still picture"),
    "photo.mp4": (b"\0\0\0\x18ftypheic" + bytes(50), "still picture"),
    "jpeg.mp4": (b"\xff\xd8\xff\xe0" + bytes(50), "still picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_files(folder, name):
    data, line = REFUSED[name]
    (folder / name).write_bytes(data)
    told = refusal(folder / name)
    assert any(part in told for part in line.split("|")), told
    assert name in told


def test_images_are_refused_with_advice(folder):
    assert "still picture: give a video" in refusal(files.write_png(folder / "png.mp4"))
    assert "save it as an MP4" in refusal(files.write_gif(folder / "gif.mp4"))


def test_files_without_content(plain, folder):
    assert "holds neither a picture nor sound" in refusal(files.write_empty_wav(folder / "empty.wav"))
    assert (folder / "empty.wav").stat().st_size == 44
    assert "damaged or incomplete" in refusal(files.without_moov(plain, folder / "nomoov.mp4"))


def test_not_a_file(folder):
    os.mkfifo(folder / "pipe.mp4")
    assert "not an ordinary file" in refusal(folder / "pipe.mp4")
    assert "not an ordinary file" in refusal("/dev/zero")
    assert "is a folder" in refusal(folder)
    assert "no file missing.mp4" in refusal(folder / "missing.mp4")
    assert "no file" in refusal(str(folder / "zero\0byte.mp4"))
    assert "no file" in refusal(folder / "missing.mp4" / "below.mp4")
    assert "no file" in refusal(folder / ("x" * 300 + ".mp4"))
    loop = folder / "loop.mp4"
    loop.symlink_to(loop)
    assert "no file" in refusal(loop)


def test_unreadable(plain, tmp_path):
    path = tmp_path / "secret.mp4"
    path.write_bytes(plain.read_bytes())
    path.chmod(0)
    if os.geteuid():
        assert "check its permissions" in refusal(path)
        return
    os.seteuid(65534)  # root reads everything
    try:
        told = refusal(path)
    finally:
        os.seteuid(0)
    assert "check its permissions" in told


def test_names_are_shortened_and_cleaned(plain, folder):
    long = folder / ("名" * 80 + ".mp4")  # 244 bytes
    long.symlink_to(plain)
    clip = load_clip(long, track=False)
    assert 0 < len(clip.name) <= 60
    assert not clip.name.endswith(".mp4"), "the name of a clip is its stem, as in the tables of the field"
    hidden = folder / "a\u202egnp.exe\u2066\n\x1b[31m.mp4"
    hidden.write_bytes(b"x")
    told = refusal(hidden)
    assert "agnp.exe[31m.mp4" in told
    assert not {"\u202e", "\x1b", "\n"} & set(told)
    arabic = folder / "مقطع فيديو.mp4"
    arabic.symlink_to(plain)
    assert load_clip(arabic, track=False).name == "مقطع فيديو"
    assert len(shown_name("y" * 300)) == 60
    braces = folder / "{name}{0}.mp4"
    braces.write_bytes(b"hello")
    assert "{name}{0}.mp4" in refusal(braces)


def test_picture_bomb(folder, tmp_path, monkeypatch):
    path = files.write_bomb(folder / "bomb.mp4")
    peak = child_peak_mb(
        monkeypatch, tmp_path, lambda: "too large (8192x8192)" in refusal(path) or pytest.fail("not refused")
    )
    assert peak < MEGABYTES


def test_a_frame_that_grows_on_the_way_is_refused(plain, folder):
    assert "too large (320x240)" in refusal(plain, limits=Limits(max_pixels=320 * 240 - 1))
    small = files.write_clip(folder / "small.ts", seconds=1, audio=None)
    times_s = [1 + i / 25 for i in range(25)]
    large = files.write_clip(folder / "large.ts", size=(640, 480), times_s=times_s, audio=None)
    grows = folder / "grows.ts"
    grows.write_bytes(small.read_bytes() + large.read_bytes())
    clip = load_clip(grows)
    assert (clip.media["picture"]["width"], clip.media["picture"]["height"]) == (320, 240)
    assert clip.track.shape[1:3] == (240, 320)
    assert "too large (640x480)" in refusal(grows, limits=Limits(max_pixels=320 * 240))


@pytest.mark.parametrize(
    ("size", "track"), [((40_000, 64), None), ((64, 8000), (2048, 16)), ((8192, 2), (2, 2048))]
)
def test_strips(folder, size, track):
    """OpenCV ends the whole process when it meets a side of more than 32767 pixels."""
    path = files.write_strip(folder / f"strip{size[0]}.avi", size=size)
    if track:
        clip = load_clip(path)
        assert clip.track.shape[1:3] == track
        assert clip.frames.shape == (8, 224, 224, 3)
    else:
        assert "too large (40000x64)" in refusal(path)
    command = [sys.executable, "-m", "affectgpt", "explain", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert run.returncode == (0 if track else 2), run.stderr


def test_odd_frames_are_left_out(plain, monkeypatch):
    """A frame that cannot be scaled, the first of all, costs no other."""
    patch_child(
        monkeypatch,
        "real = decode.Scaler.__call__\ndef call(self, frame):\n    if frame.time == 0:\n"
        "        raise ValueError('odd')\n    return real(self, frame)\ndecode.Scaler.__call__ = call",
    )
    clip = load_clip(plain, player=True)
    assert [files.number_shown(frame) for frame in clip.frames] == [1, *OFFICIAL[1:]]
    assert len(clip.track_times_s) == 20
    assert clip.track_times_s[0] == pytest.approx(0.04)
    assert [x.en[:5] for x in clip.warnings] == ["1 of "]
    assert decode_player(clip).has_picture


@pytest.mark.parametrize("name", ["plain.mp4", "s.mp4"])
def test_without_a_player_the_rest_remains(folder, plain, monkeypatch, name):
    path = plain if name == "plain.mp4" else files.write_clip(folder / "lone.mp4", size=None)
    patch_child(
        monkeypatch, "def broken(*a, **k):\n    raise ValueError('no encoder')\ndecode.Player = broken"
    )
    clip = load_clip(path, player=True)
    assert clip.player_mp4 is None
    assert [x.en for x in clip.warnings] == ["No file for the player could be made."]
    assert clip.has_sound


def test_thousand_frames_per_second(folder):
    path = files.write_clip(
        folder / "fast.mp4", seconds=1.2, fps=1000, size=(64, 48), audio=None, options={"preset": "ultrafast"}
    )
    assert "more than 240 frames per second" in refusal(path)
    slow = files.write_clip(folder / "hundred.mp4", seconds=1, fps=120, size=(64, 48), audio=None)
    assert [files.number_shown(f) for f in load_clip(slow).frames] == [i * 120 // 8 for i in range(8)]


@pytest.fixture(scope="module")
def watched():
    """A loopback server and a port that count whoever comes."""
    calls = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, calls
    server.shutdown()


class Watch:
    """A named pipe that notes whether anybody opens it: nothing that a playlist names may be opened."""

    def __init__(self, path: Path):
        self.path, self.opened, self._stop = path, False, threading.Event()
        os.mkfifo(path)

    def __enter__(self):
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _look(self):
        while not self._stop.wait(0.002):
            try:
                os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))
                self.opened = True
            except OSError:
                pass


def test_the_watch_sees_a_reader(tmp_path):
    with Watch(tmp_path / "target.mp4") as watch:
        subprocess.run(["cat", watch.path], timeout=5, check=True)
    assert watch.opened


@pytest.mark.parametrize("ending", [".mp4", ".m3u8", ".avi"])
def test_disguised_playlists(tmp_path, watched, ending, monkeypatch):
    port, calls = watched
    with Watch(tmp_path / "target.mp4") as watch:
        for target in (str(watch.path), watch.path.as_uri(), f"http://127.0.0.1:{port}/clip.ts"):
            for kind, text in files.playlists(target, "target.mp4").items():
                path = tmp_path / f"{kind}{ending}"
                path.write_text(text, encoding="utf-8")
                assert "playlist" in refusal(path) or "text file" in refusal(path), kind
                if ending == ".mp4" and kind in ("hls", "ffconcat_sibling", "dash"):
                    path.write_bytes(files.disguised(text))
                    refusal(path)
    assert not watch.opened
    assert calls == []


@pytest.mark.parametrize("demuxer", ["mov", "matroska", "mpegts", "mp3", "hls", "concat", "sdp"])
def test_the_decoder_alone_follows_no_playlist(tmp_path, watched, monkeypatch, demuxer):
    """Even when the first look were fooled, and even by a demuxer that the first look never gives."""
    port, calls = watched
    monkeypatch.setattr(media, "open_checked", lambda path, **_: (os.open(path, os.O_RDONLY), demuxer))
    # `sniff` never gives the last three: for them only the network must be closed.
    lists = {"concat": ("ffconcat",), "hls": ("hls",), "sdp": ("sdp",)}.get(demuxer)
    with Watch(tmp_path / "target.mp4") as watch:
        web = f"http://127.0.0.1:{port}/clip.ts"
        for target in (web,) if lists else (web, str(watch.path)):
            for kind in lists or ("hls", "ffconcat"):
                path = tmp_path / "list.mp4"
                path.write_text(files.playlists(target, "target.mp4")[kind])
                refusal(path)
    assert not watch.opened
    assert calls == []
    known = {
        sniff(head)[1]
        for head in (b"\0\0\0\x18ftypisom", b"\x1aE\xdf\xa3", b"RIFF....AVI ", b"fLaC", b"OggS")
    }
    assert not known & {"hls", "concat", "sdp", "dash", ""}


# ---- a decoder that breaks, hangs, eats memory or lies


def evil(monkeypatch, body: str) -> None:
    """Put `body` in the place of the decoder's `read(job, send)`, behind the real limits and pipe."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    patch_child(monkeypatch, f"def read(job, send):\n{lines}decode.read = read")


PLAN = (
    "send('plan', duration_s=2.0, facts={'container': 'x', 'start_s': 0.0}, "
    "picture={'width': 4, 'height': 4, 'frames': 1, 'fps': 1, 'first_s': 0})\n"
)
FRAMES = "send('frames', bytes(8 * 224 * 224 * 3))"
BREAKDOWNS = {
    "segfault": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "broke down"),
    "abort": ("import os\nos.abort()", "broke down"),
    "exception": ("raise ValueError('x')", "broke down"),
    "quiet end": ("import os\nos._exit(0)", "broke down"),
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "more memory"),
    "memory": ("x = []\nwhile True:\n    x.append(bytearray(50_000_000))", "more memory"),
    "hang": ("import time\ntime.sleep(100)", "too long and was stopped"),
    "spin": ("while True:\n    pass", "too long and was stopped"),
    "hang after plan": (PLAN + "import time\ntime.sleep(100)", "too long and was stopped"),
    "cpu": ("import signal, os\nos.kill(os.getpid(), signal.SIGXCPU)", "too long and was stopped"),
}


@pytest.mark.parametrize("name", BREAKDOWNS)
def test_breakdowns_are_one_error(mute, tmp_path, monkeypatch, name):
    body, line = BREAKDOWNS[name]
    evil(monkeypatch, body)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/dev/fd"))
    limits = (
        Limits(start_wall_s=1.5, wall_s_per_clip_s=0.2)
        if "time.sleep" in body or "pass" in body
        else Limits()
    )
    assert line in refusal(mute, limits=limits)
    assert list(tmp_path.iterdir()) == [], "the working folder must be gone"
    assert len(os.listdir("/dev/fd")) == before, "no descriptor may leak"


LIES = {
    "no plan": "send('frames', bytes(10))",
    "endless": PLAN.replace("2.0", "1e9"),
    "not a number": PLAN.replace("2.0", "float('nan')"),
    "text as number": PLAN.replace("2.0", "'2'"),
    "huge track": PLAN + "send('shape', count=10**6, height=10**4, width=10**4)",
    "negative track": PLAN + "send('shape', count=-1, height=-1, width=4)",
    "boolean track": PLAN + "send('shape', count=True, height=True, width=True)",
    "track too short": PLAN + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(47), time_s=0)",
    "track too many": PLAN
    + "send('shape', count=1, height=4, width=4)\nfor i in range(2): send('track', bytes(48), time_s=i)",
    "track unordered": PLAN
    + "send('shape', count=2, height=4, width=4)\nfor i in (1, 1): send('track', bytes(48), time_s=i)",
    "wrong frames": PLAN + "send('frames', bytes(8 * 224 * 224 * 4))",
    "huge sound": PLAN
    + "send('sound', bytes(10**7), facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "invalid sound": PLAN
    + "send('sound', bytes([0, 0, 192, 127]) * 9, facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "huge player": PLAN + "send('player', bytes(70_000_000))",
    "unknown message": PLAN + "send('surprise', b'x')",
    "unknown note": PLAN + FRAMES + "\nsend('notes', notes=[['<b>', [1]]])",
    "sentence as note": PLAN + FRAMES + "\nsend('notes', notes=['pay here'])",
    "unknown refusal": "send('refused', code='{0.__class__}', values={})",
    "refusal without numbers": "send('refused', code='too_long', values={})",
    "strings in a refusal": "send('refused', code='too_long', values={'duration_s': 'x', 'limit_s': 'y'})",
    "other name in a refusal": "send('refused', code='crash', values={'name': 1})",
    "code in a refusal": "send('refused', code='too_long', values={'code': 1})",
    "self in a refusal": "send('refused', code='too_long', values={'self': 1})",
    "endless number": "send('refused', code='too_long', values={'duration_s': 10**400, 'limit_s': 1})",
    "endless duration": PLAN.replace("2.0", "10**400"),
    "two plans": PLAN + PLAN,
    "track too wide": PLAN + "send('shape', count=1, height=2, width=2049)",
    "track too high": PLAN + "send('shape', count=1, height=481, width=482)",
    "track too thin": PLAN + "send('shape', count=1, height=1, width=9)",
    "track too late": PLAN
    + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(48), time_s=3.1)",
    "track too early": PLAN
    + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(48), time_s=-1)",
    "sound twice": PLAN + "for i in range(2):\n"
    "    send('sound', bytes(400), facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "page as player": PLAN + "send('player', b'<html><script>alert(1)</script>')",
    "sound as player": PLAN + "send('player', b'fLaC' + bytes(99))",
    "sign of life with a load": PLAN + "send('alive', bytes(9))",
    "nothing at all": PLAN,
    "garbage": "import os\nos.write(job['answer_fd'], b'GET / HTTP/1.1' * 9)",
    "endless header": "import os\nos.write(job['answer_fd'], bytes([255] * 12))",
    "header is no object": "import os, struct\nos.write(job['answer_fd'], struct.pack('>IQ', 2, 0) + b'[]')",
    "deep header": "import os, struct\n"
    "os.write(job['answer_fd'], struct.pack('>IQ', 60000, 0) + b'[' * 60000)",
    "words that are none": PLAN + "send('cues', b'[[1]]')",
    "words of a wrong kind": PLAN + "send('cues', b'7')",
}


@pytest.mark.parametrize("name", LIES)
def test_an_impossible_answer_is_refused(mute, monkeypatch, name):
    """Each lie is followed by a good answer, so that nothing but the lie can be refused."""
    evil(monkeypatch, LIES[name] + ("" if name == "nothing at all" else f"\n{FRAMES}"))
    assert "impossible answer" in refusal(mute)


def test_a_plain_answer_is_taken(mute, monkeypatch):
    evil(monkeypatch, PLAN + FRAMES)
    assert load_clip(mute).frames.shape == (8, 224, 224, 3)


def test_our_own_mistakes_are_no_hostile_files(mute, monkeypatch):
    def broken(*_, **__):
        raise KeyError("a bug")

    monkeypatch.setattr(media, "read_media", broken)
    with pytest.raises(KeyError):
        load_clip(mute)


@pytest.mark.parametrize(("module", "name"), [(os, "pipe"), (json, "dumps"), (subprocess, "Popen")])
def test_nothing_is_left_when_the_child_cannot_start(mute, tmp_path, monkeypatch, module, name):
    def broken(*_, **__):
        raise OSError("too many")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, name, broken)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(OSError, match="too many"):
        load_clip(mute)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/dev/fd")) == before


def test_folders_of_killed_processes_are_swept(mute, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    two_hours_ago = time.time() - 7200
    for name in (f"{sandbox.FOLDER_PREFIX}old", f"{sandbox.FOLDER_PREFIX}new", "affectgpt-page", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "player.mp4").write_bytes(b"x")
        if not name.endswith("new"):
            os.utime(tmp_path / name, (two_hours_ago, two_hours_ago))
    link = tmp_path / f"{sandbox.FOLDER_PREFIX}link"
    link.symlink_to(tmp_path / "other")
    os.utime(link, (two_hours_ago, two_hours_ago), follow_symlinks=False)
    load_clip(mute, track=False)
    left = {f"{sandbox.FOLDER_PREFIX}new", "affectgpt-page", "other", link.name}
    assert {path.name for path in tmp_path.iterdir()} == left
    assert (tmp_path / "other/player.mp4").exists()


def test_a_hang_ends_long_before_the_time_of_a_long_clip(mute, monkeypatch):
    assert Limits().silence_wall_s <= SECONDS / 2
    evil(monkeypatch, PLAN.replace("2.0", "60.0") + "import time\ntime.sleep(100)")
    began = time.monotonic()
    assert "too long and was stopped" in refusal(mute, limits=Limits(silence_wall_s=1.0))
    assert time.monotonic() - began < 4


def test_a_slow_decoder_that_works_is_waited_for(mute, monkeypatch):
    body = "import time\nfor i in range(6):\n    time.sleep(0.4)\n    send('alive')\n"
    evil(monkeypatch, PLAN + body + FRAMES)
    assert len(load_clip(mute, limits=Limits(silence_wall_s=1.2)).frames) == 8


def test_signs_of_life_come_between_messages(plain, monkeypatch):
    """Without them, a decoder that takes 2 s for 95 packets of sound would be taken for one that hangs."""
    patch_child(
        monkeypatch,
        "import time\nreal = decode._alive\ndef slowly(send):\n    tell = real(send)\n"
        "    return lambda: (time.sleep(0.02), tell())\ndecode._alive = slowly",
    )
    assert len(load_clip(plain, track=False, limits=Limits(silence_wall_s=1.2)).frames) == 8


def test_the_childs_own_clock_follows_the_longest_clip(mute, tmp_path, monkeypatch):
    report = tmp_path / "timer"
    clock = f"open({str(report)!r}, 'w').write(str(signal.getitimer(signal.ITIMER_REAL)[0]))"
    evil(monkeypatch, "import signal\n" + clock)
    refusal(mute, limits=Limits(max_duration_s=300))
    assert 300 < float(report.read_text()) < 320


def test_children_of_the_decoder_die_with_it(mute, tmp_path, monkeypatch):
    report = tmp_path / "pid"
    evil(
        monkeypatch,
        "import subprocess, time\n"
        "child = subprocess.Popen(['/bin/sleep', '60'])\n"
        f"open({str(report)!r}, 'w').write(str(child.pid))\ntime.sleep(60)",
    )
    refusal(mute, limits=Limits(start_wall_s=2))
    pid = int(report.read_text())
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the decoder's child is still alive")


def test_the_child_is_alone(mute, tmp_path, monkeypatch):
    """No secret of the environment, an empty folder to work in, limits set, the package itself not loaded."""
    report = tmp_path / "seen.json"
    monkeypatch.setenv("HF_TOKEN", "secret")
    evil(
        monkeypatch,
        "import json, os, resource, sys\n"
        "seen = dict(env=sorted(os.environ), cwd=os.listdir('.'), modules=sorted(sys.modules),\n"
        "    fds=os.listdir('/dev/fd'), status=open('/proc/self/status').read(),\n"
        "    net=os.readlink('/proc/self/ns/net'),\n"
        "    limits=[resource.getrlimit(getattr(resource, 'RLIMIT_' + k))[0]\n"
        "        for k in ('AS', 'CPU', 'FSIZE', 'NOFILE', 'CORE')])\n"
        f"open({str(report)!r}, 'w').write(json.dumps(seen))",
    )
    refusal(mute)
    seen = json.loads(report.read_text())
    assert "HF_TOKEN" not in seen["env"]
    assert seen["cwd"] == ["errors.txt"]
    assert seen["limits"] == [1_000_000_000, 150, 64 * 2**20, 64, 0]
    assert not {"affectgpt.schema", "affectgpt.media", "torch"} & set(seen["modules"])
    assert "NoNewPrivs:\t1" in seen["status"]
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    allowed = f"import ctypes, sys\nsys.exit(ctypes.CDLL(None).unshare({flags}) != 0)"
    if subprocess.run([sys.executable, "-c", allowed], timeout=20).returncode == 0:
        assert seen["net"] != os.readlink("/proc/self/ns/net"), "the network of this machine"
    assert len(seen["fds"]) <= 6  # three standard ones, the file, the pipe, the listing itself


def test_a_script_without_main_guard_works(mute, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom affectgpt.media import load_clip\n"
        f"print(len(load_clip({str(mute)!r}, track=False).frames))\n"
    )
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert run.stdout.split() == ["8"]


NO_SOCKET = "import os, sys\nsys.addaudithook(lambda event, _: event.startswith('socket.') and os._exit(7))\n"


def test_the_parent_opens_no_decoder_and_no_socket(mute):
    control = subprocess.run([sys.executable, "-c", NO_SOCKET + "import socket\nsocket.socket()"], timeout=20)
    assert control.returncode == 7, "the watch must see a socket"
    code = (
        "from affectgpt.media import load_clip\nload_clip(sys.argv[1], track=False)\n"
        "assert 'av' not in sys.modules and 'cv2' not in sys.modules"
    )
    run_fresh(NO_SOCKET + code, mute)


@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1), (0, 1, 2)])
def test_closed_standard_streams(mute, tmp_path, closed):
    """A service may run without them; the file and the pipe then get their numbers."""
    done = tmp_path / "done"
    run_fresh(
        f"import os, sys\nfor number in {closed}:\n    os.close(number)\n"
        "from affectgpt.media import load_clip\n"
        "clip = load_clip(sys.argv[1], track=False)\nopen(sys.argv[2], 'w').write(str(len(clip.frames)))\n"
        "os._exit(0)",
        mute,
        done,
    )
    assert done.read_text() == "8"


def test_many_open_files(mute):
    """`select` knows descriptors up to 1023 only; a busy server has more."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2048:
        pytest.skip("this machine allows no 2048 open files")
    run_fresh(
        "import os, resource, sys\nhard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))\n"
        "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(1100)]\n"
        "from affectgpt.media import load_clip\nassert len(load_clip(sys.argv[1], track=False).frames) == 8",
        mute,
    )
