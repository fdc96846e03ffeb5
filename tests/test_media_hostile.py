"""Hostile files are one line that says what to do; nothing they name is opened or asked for."""

import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import media_files as files
import numpy as np
import pytest
from media_checks import MEGABYTES, ROOT, child_peak_mb, patch_child, refusal

from affectgpt import media
from affectgpt.media import Limits, load_clip
from affectgpt.media.sniff import shown_name, sniff

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
