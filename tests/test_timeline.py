"""The timeline of a clip: what each curve says at a moment, few points, nothing made up, JSON and back."""

import json

import numpy as np
import pytest
from conftest import make_clip
from toyfaces import GREY, face_clip, with_span
from voices import RATE_HZ, silence, talk

from affectgpt.schema import Cue
from affectgpt.signals import expression, voice
from affectgpt.signals.timeline import MAX_POINTS, Timeline, _curve, measure_timeline


def curves_of(clip):
    return {curve.name: curve for curve in measure_timeline(clip).curves}


def at(curve, time_s):
    """The value of the point nearest to a moment."""
    nearest = int(np.argmin(np.abs(np.array(curve.times_s) - time_s)))
    return curve.values[nearest]


def spoken(**values):
    """One second of talk at 150 Hz, half a second of nothing, one second of talk, ten times quieter."""
    wave = np.concatenate([talk(5), silence(0.5), talk(5, level=0.01)])
    return make_clip(wave=wave, duration_s=len(wave) / RATE_HZ, **values)


def test_the_sound_is_told_in_decibel_and_hertz_with_its_speech_and_pause():
    found = measure_timeline(spoken())
    curves = {curve.name: curve for curve in found.curves}
    assert [(x.modality, x.unit) for x in curves.values()] == [("acoustic", "dB"), ("acoustic", "Hz")]
    loud = [at(curves["loudness"], time_s) for time_s in (0.5, 2.0)]
    assert loud[0] - loud[1] == pytest.approx(20, abs=3)  # a tenth of the level
    pitch = [value for value in curves["pitch"].values if value is not None]
    assert min(pitch) > 125
    assert max(pitch) < 180
    assert at(curves["pitch"], 1.25) is None  # no voice in the pause
    assert len(found.pauses) == 1
    assert found.pauses[0] == pytest.approx((1.0, 1.5), abs=0.08)
    assert found.speech[0][1] == pytest.approx(1.0, abs=0.08)


def test_a_pitch_too_rare_for_any_point_has_no_curve():
    """In a long clip a point stands for a quarter of a second; here a twelfth of each second is voiced."""
    wave = np.tile(np.concatenate([talk(1)[: RATE_HZ // 12], silence(11 / 12)]), 60)
    found = measure_timeline(make_clip(wave=wave, duration_s=len(wave) / RATE_HZ))
    assert np.isfinite(voice.analyse(wave).pitch_hz).any()
    assert [curve.name for curve in found.curves] == ["loudness"]


def test_the_face_is_told_by_its_own_curves():
    clip = face_clip(with_span({"mouth_width": 0.65, "corner_lift": 0.06}, 20, 40))
    curves = curves_of(clip)
    assert at(curves["smile"], 0.5) < 0.1
    assert at(curves["smile"], 3.0) > 0.7
    assert at(curves["brows"], 1.0) == pytest.approx(0.315, abs=0.01)
    assert at(curves["eyes"], 1.0) == pytest.approx(0.33, abs=0.02)
    assert curves["face_motion"].unit == "face widths/s"
    assert "picture_motion" not in curves


def test_without_a_face_the_picture_moves_in_its_own_widths():
    track = np.full((20, 120, 160, 3), 90, np.uint8)
    for i in range(20):
        track[i, 20:60, 2 * i : 2 * i + 60] = np.random.default_rng(1).integers(0, 255, (40, 60, 1))
    clip = make_clip(track=track, track_times_s=np.arange(20) * 0.1, **GREY)
    curves = curves_of(clip)
    assert list(curves) == ["picture_motion"]
    fifths = expression.analyse(clip).picture_motion[10]
    assert fifths > 0.1
    assert at(curves["picture_motion"], 1.0) == pytest.approx(fifths / 5, abs=1e-3)


def test_nothing_is_legal_and_stays_nothing():
    cues = (Cue("no times"),)
    assert measure_timeline(make_clip(cues=cues)) == Timeline(2.0, cues=cues)
    silent = make_clip(wave=np.zeros(RATE_HZ, np.float32))
    assert measure_timeline(silent).curves == ()


def test_a_long_clip_has_few_points_that_are_means_in_their_places():
    curve = curves_of(make_clip(wave=np.tile(talk(5), 30), duration_s=30.0))["loudness"]
    assert len(curve.values) == len(curve.times_s) <= MAX_POINTS
    assert curve.times_s[0] < 0.2
    assert curve.times_s[-1] > 29.7
    steps = np.diff(curve.times_s[:-1])
    assert steps.max() - steps.min() < 0.01


def test_cuts_are_told_in_seconds():
    assert measure_timeline(face_clip(with_span({}, 0, 1), cuts=(25,))).cuts_s == (2.5,)


def test_a_timeline_comes_back_from_json():
    found = measure_timeline(spoken(cues=(Cue("Hi", 0.1, 0.9), Cue("there"))))
    assert any(value is None for curve in found.curves for value in curve.values)
    assert Timeline.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_point_with_hardly_a_voice_has_no_pitch():
    """In a long clip a point stands for many frames; one voiced frame among silence is no pitch."""
    one_in_four = np.where(np.arange(4 * MAX_POINTS) % 4 == 0, 200.0, np.nan)
    times_s = np.arange(len(one_in_four)) * 0.01
    pitch = _curve("pitch", "acoustic", "Hz", times_s, one_in_four, 0)
    assert pitch.values == (None,) * MAX_POINTS
    other = _curve("smile", "visual", "index", times_s, one_in_four, 0)
    assert other.values == (200.0,) * MAX_POINTS
    assert other.times_s[:2] == (0.015, 0.055)
