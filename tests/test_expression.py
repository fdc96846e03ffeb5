"""Curves of the face and of movement: known measures and known speeds come back."""

import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from conftest import make_clip
from toyfaces import REST, draw_face, face_clip, face_points

from affectgpt.faces import track_faces
from affectgpt.schema import Face, Faces
from affectgpt.signals.curves import close_gaps, landmark_curves, overlap, runs, turning_points
from affectgpt.signals.expression import analyse
from affectgpt.signals.motion import flow_speed, motion_curves

POSES = [
    {},
    {"yaw": 20.0, "pitch": 15.0},
    {"roll": -12.0, "mouth_width": 0.6},
    {"yaw": -24.0, "pitch": -10.0},
    {"mouth_width": 0.7, "corner_lift": 0.06, "yaw": 12.0},
    {"eye_open": 0.1, "brow_inner": 0.26, "brow_mid": 0.38, "mouth_open": 0.3, "lip_height": 0.5},
]


@pytest.mark.parametrize("pose", POSES)
def test_measures_come_back_whatever_the_pose(pose):
    wanted = {**REST, **pose}
    points = np.stack([face_points(px=px, centre=(px, 50), **pose) for px in (40.0, 120.0)])
    got = landmark_curves(points)
    for name, value in wanted.items():
        if name != "gaze_x":  # read in the picture plane
            np.testing.assert_allclose(got[name], value, atol=1e-3, err_msg=name)


def test_smile_index_is_one_in_a_full_smile_and_zero_at_rest():
    full = {"mouth_width": 0.70, "corner_lift": 0.06}
    points = np.stack([face_points(mouth_width=0.55), face_points(**full)])
    np.testing.assert_allclose(landmark_curves(points)["smile"], [0.0, 1.0], atol=1e-3)


def test_gaze_is_in_eye_widths_to_the_right_of_the_picture():
    points = np.stack([face_points(gaze_x=x) for x in (-0.2, 0.0, 0.2)])
    np.testing.assert_allclose(landmark_curves(points)["gaze_x"], [-0.2, 0, 0.2], atol=1e-3)


def test_size_does_not_change_a_measure_and_is_reported():
    points = np.stack([face_points(px=30.0), face_points(px=90.0)])
    got = landmark_curves(points)
    np.testing.assert_allclose(got["eye_distance_px"], [30, 90], rtol=1e-4)
    np.testing.assert_allclose(got["mouth_width"], [0.5, 0.5], atol=1e-4)


def test_one_wrong_frame_is_smoothed_away_but_not_across_a_cut():
    moments = [{}] * 4 + [{"mouth_open": 0.4}] + [{}] * 4 + [{"mouth_open": 0.2}] * 4
    face = analyse(face_clip(moments, cuts=(9,)))
    np.testing.assert_allclose(face.mouth_open, [0.03] * 9 + [0.2] * 4, atol=1e-3)
    assert face.shots.tolist() == [0] * 9 + [1] * 4


def test_frames_without_a_mesh_are_nan_and_not_present():
    clip = face_clip([{}] * 10)
    main = clip.find_faces(clip).main
    points = main.landmarks.copy()
    points[6:] = np.nan
    found = np.arange(10) < 5
    face = Face(main.index, main.boxes, found, points)
    face = analyse(
        make_clip(
            track=clip.track,
            track_times_s=clip.track_times_s,
            find_faces=lambda clip: Faces("mediapipe", (face,)),
        )
    )
    assert face.mesh.tolist() == face.present.tolist() == [True] * 6 + [False] * 4
    assert np.isnan(face.smile[6:]).all()


def test_a_clip_without_frames_gives_empty_curves():
    face = analyse(make_clip())
    assert len(face.smile) == len(face.body_motion) == len(face.times_s) == 0


# ---- movement


def textured(width=320, height=240, seed=0):
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3))
    return np.clip(128 + 500 * cv2.GaussianBlur(noise, (0, 0), 4), 0, 255).astype(np.uint8)


def test_speed_of_a_moving_patch_is_recovered_and_the_camera_is_not_counted():
    ground, patch = textured(480), textured(100, 100, seed=1)
    frames = []
    for i in range(8):
        frame = ground[:, 4 * i : 4 * i + 320].copy()  # the camera pans by 40 pixels per second
        frame[40:140, 60 + 4 * i : 160 + 4 * i] = patch  # in the picture: 40 pixels per second to the right
        frames.append(frame)
    speed = flow_speed(np.stack(frames), np.arange(8) * 0.1).astype(float) * 2  # back to pixels of the track
    assert np.isnan(speed[0]).all()
    inside = np.median([np.median(speed[i, 30:60, 40 + 2 * i : 70 + 2 * i]) for i in range(1, 8)])
    assert inside == pytest.approx(80, rel=0.2)  # 40 to the right on a ground that moves 40 to the left
    assert np.median(speed[1:, 80:90]) < 8


def test_flat_and_tiny_pictures_do_not_crash_the_flow():
    for height, width in ((40, 900), (900, 40), (2, 2)):
        frames = np.random.default_rng(0).integers(0, 255, (3, height, width, 3), np.uint8)
        speed = flow_speed(frames, np.arange(3) * 0.1)
        assert np.isfinite(speed[1:]).all()
        assert min(speed.shape[1:]) >= 48


def test_face_and_body_motion_are_in_face_widths_and_ignore_subtitles_and_cuts():
    speed = np.zeros((5, 100, 160), np.float16)
    speed[:, 20:40, 60:80] = 10  # the face
    speed[:, 50:70, 40:100] = 30  # below it
    speed[:, 82:, :] = 200  # a ticker in the lowest fifth
    face = Face(np.arange(5), np.tile([60.0, 20.0, 80.0, 40.0], (5, 1)), np.ones(5, bool))
    got = motion_curves(speed, face, 160, (3,))
    measured = [1, 2, 4]
    np.testing.assert_allclose(got["face_motion"][measured], 0.5)
    np.testing.assert_allclose(got["body_motion"][measured], 1.5)
    np.testing.assert_allclose(got["picture_motion"][measured], 10 / 32)  # 3 % of the points are faster
    assert all(np.isnan(curve[[0, 3]]).all() for curve in got.values())


def test_in_a_tight_shot_of_the_head_nothing_is_the_body():
    face = Face(np.arange(3), np.tile([60.0, 10.0, 120.0, 70.0], (3, 1)), np.ones(3, bool))
    got = motion_curves(np.full((3, 100, 160), 30, np.float16), face, 160, ())
    np.testing.assert_allclose(got["face_motion"][1:], 0.5)
    assert np.isnan(got["body_motion"]).all()  # 80 x 160 points less 60 x 60: 2.6 times the face


def test_without_opencv_there_is_light_but_no_movement(monkeypatch):
    clip = make_clip(
        track=np.full((6, 40, 60, 3), 90, np.uint8), track_times_s=np.arange(6) * 0.1, find_faces=track_faces
    )
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    monkeypatch.setitem(sys.modules, "cv2", None)
    face = analyse(clip)
    assert clip.faces.backend == "motion"
    assert np.isnan(face.picture_motion).all()
    np.testing.assert_allclose(face.luma, 90)


def test_the_haar_backend_weighs_the_mouth():
    frames = np.stack([draw_face(160, 110, 55)] * 3)
    clip = make_clip(
        track=frames, track_times_s=np.arange(3) * 0.1, find_faces=lambda clip: track_faces(clip, "haar")
    )
    face = analyse(clip)
    assert not face.mesh.any()
    assert face.present.all()  # looked at in every second frame, in view all the time
    assert np.isfinite(face.smile_weight).tolist() == [True, False, True]


# ---- reading spans off


def test_runs_gaps_and_overlap_by_hand():
    mask = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1], bool)
    assert runs(mask) == [(1, 3), (4, 5), (8, 9)]
    times = np.arange(9) * 0.1
    assert runs(close_gaps(mask, times, 0.25)) == [(1, 5), (8, 9)]
    assert overlap((1.0, 3.0), ((0.0, 1.5), (2.5, 9.0))) == pytest.approx(1.0)


def test_spans_end_at_a_cut_and_short_ones_are_dropped():
    face = analyse(face_clip([{}] * 10, cuts=(6,)))
    mask = np.array([1, 1, 0, 0, 1, 1, 1, 1, 1, 0], bool)
    np.testing.assert_allclose(face.spans(mask), [(0, 0.2), (0.4, 0.6), (0.6, 0.9)])
    np.testing.assert_allclose(face.spans(mask, 0.3), [(0.6, 0.9)])
    assert face.inside(face.spans(mask)).tolist() == mask.tolist()
    assert face.share(face.spans(mask)) == pytest.approx(0.7)


def test_frames_of_a_variable_rate_are_inside_where_their_middle_is():
    face = replace(analyse(face_clip([{}] * 5)), times_s=np.array([0, 0.1, 0.2, 0.28, 0.4]))
    mask = np.array([0, 1, 1, 0, 0], bool)
    assert face.inside(face.spans(mask)).tolist() == mask.tolist()


def test_turning_points_of_a_zigzag():
    assert turning_points(np.array([0, 3, 6, 3, 0, 1, 0, 6, 6]), 4) == [0, 2, 4, 7]
    assert turning_points(np.array([0, 1, 0, 1]), 4) == []
