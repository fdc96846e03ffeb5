"""Files become clips whose frames, times and sound are known."""

import tempfile
from dataclasses import fields
from pathlib import Path

import media_files as files
import numpy as np
import pytest
from media_checks import patch_child, refusal

from affectgpt import media
from affectgpt.media import Limits, limits_from_env, load_clip, sandbox
from affectgpt.schema import AffectError

OFFICIAL = [0, 6, 12, 18, 25, 31, 37, 43]  # floor(i * 50 / 8)


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


def test_settings(plain, monkeypatch):
    assert limits_from_env({"AFFECTGPT_MAX_DURATION_S": "90", "OTHER": "x"}).max_duration_s == 90
    for wrong in ("-1", "much", "nan", "0", "1e13", "inf"):
        with pytest.raises(AffectError, match="AFFECTGPT_MAX_BYTES"):
            limits_from_env({"AFFECTGPT_MAX_BYTES": wrong})
    for limit in fields(Limits):  # what is accepted works
        monkeypatch.setenv(f"AFFECTGPT_{limit.name.upper()}", "1e12")
    assert load_clip(plain).duration_s == pytest.approx(2.0, abs=0.03)
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
