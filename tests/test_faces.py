"""Faces: cuts, tracks, the main person, the mesh and every step down, on drawn faces and boxes by hand."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import make_clip
from toyfaces import draw_face

from affectgpt import faces
from affectgpt.faces import Track, fill, find_cuts, link, square_crop, track_faces
from affectgpt.schema import Face
from affectgpt.signals import detectors
from affectgpt.signals.detectors import quiet_stderr


def clip_of(frames, step_s=0.1):
    frames = np.stack(frames)
    return make_clip(track=frames, track_times_s=np.arange(len(frames)) * step_s)


def box(x, y, side):
    return np.array([x, y, x + side, y + side], np.float32)


def rows(*boxes):
    return np.array(boxes, np.float32).reshape(-1, 4)


def texture(seed, low=0, high=255):
    """A picture of coarse random blocks."""
    blocks = np.random.default_rng(seed).integers(low, high, (9, 12, 3), np.uint8)
    return np.kron(blocks, np.ones((20, 20, 1), np.uint8))


# ---- cuts


def test_cuts_are_where_the_picture_becomes_another_one():
    first, second = texture(1), texture(2)
    pan = [np.roll(first, shift, axis=1) for shift in range(0, 12, 2)]  # movement is no cut
    assert find_cuts(np.stack([*pan, second, second, first])) == (6, 8)


def test_a_bright_figure_that_crosses_a_dark_picture_is_no_cut_and_another_one_is():
    frames = np.full((2, 180, 240, 3), 6, np.uint8)
    for frame, x in zip(frames, (70, 100), strict=True):  # by 8 blocks of the thumbnail
        frame[40:160, x : x + 80] = texture(1, 60)[:120, :80]
    thumbs = [faces._thumbnail(frame) for frame in frames]
    assert np.corrcoef(thumbs)[0, 1] < faces.CUT_CORRELATION  # another thing lies at each place
    assert find_cuts(frames) == ()
    assert find_cuts(np.stack([frames[0], texture(3)])) == (1,)


def test_a_slow_fade_is_no_cut_and_black_to_white_is_one():
    fade = np.stack([np.full((60, 80, 3), level, np.uint8) for level in range(100, 160, 6)])
    assert find_cuts(fade) == ()
    flat = np.stack([np.full((60, 80, 3), level, np.uint8) for level in (0, 0, 250, 250)])
    assert find_cuts(flat) == (2,)


def test_no_frame_and_one_frame_have_no_cut():
    assert find_cuts(np.zeros((0, 4, 4, 3), np.uint8)) == ()
    assert find_cuts(np.zeros((1, 40, 40, 3), np.uint8)) == ()


# ---- tracks


def tracks_of(found, cuts=(), step_s=0.1):
    return link(found, list(range(len(found))), np.arange(len(found)) * step_s, cuts)


def test_two_people_keep_their_tracks_while_they_move():
    found = [rows(box(10 + 4 * i, 50, 40), box(200 - 4 * i, 52, 50)) for i in range(12)]
    tracks = tracks_of(found)
    assert [len(t.index) for t in tracks] == [12, 12]
    for track in tracks:
        steps = np.diff([b[0] for b in track.boxes])
        assert len(set(np.sign(steps))) == 1, "a track changed its person"


def test_a_short_gap_stays_one_track_and_a_cut_ends_it():
    found = [rows(box(50, 50, 40)) if i not in range(8, 20) else rows() for i in range(30)]
    assert len(tracks_of(found)) == 1  # 1.2 s without a face: merged again
    assert len(tracks_of(found, cuts=(15,))) == 2
    found = [rows(box(50, 50, 40)) if not 8 <= i < 40 else rows() for i in range(50)]
    assert len(tracks_of(found)) == 2  # 3.2 s is too long


def test_a_box_seen_once_is_no_face_but_a_single_picture_may_show_one():
    found = [rows(box(50, 50, 40)) for _ in range(40)]
    found[20] = rows(box(50, 50, 40), box(200, 20, 30))
    assert len(tracks_of(found)) == 1
    assert len(tracks_of([rows(box(1, 2, 30))])) == 1


def test_boxes_are_interpolated_in_gaps_held_at_the_ends_and_never_cross_a_cut():
    times = np.arange(60) * 0.1
    face = fill(Track([20, 30], [box(0, 0, 10), box(10, 0, 10)]), times, cuts=(35,))
    assert face.index.tolist() == list(range(5, 35))  # 1.5 s back, up to the cut in the other direction
    assert face.index[face.found].tolist() == [20, 30]
    assert face.boxes[face.index == 25][0, 0] == pytest.approx(5)
    assert face.boxes[face.index == 34][0, 0] == pytest.approx(10)


def test_one_person_is_joined_across_a_cut_and_a_stranger_is_not():
    plain = draw_face(160, 110, 50)
    nearer = draw_face(150, 110, 65)
    other = np.ascontiguousarray(plain[:, :, ::-1] // 2)  # blue skin in half the light
    frames = np.stack([plain, plain, nearer, nearer, other, other])
    here, there = box(120, 70, 80), box(100, 60, 100)
    shots = [Track([0, 1], [here] * 2), Track([2, 3], [there] * 2), Track([4, 5], [here] * 2)]
    people = faces._join_across_cuts(shots, frames)
    assert [t.index for t in people] == [[0, 1, 2, 3], [4, 5]]


# ---- the main person


class FakeTool:
    """A detector that sees a big silent face and a smaller one whose mouth moves."""

    name, step_s = "mediapipe", 0.0
    meshed = 0

    def __init__(self, small=60, talks=True):
        self.small, self.talks = small, talks

    def boxes(self, frame):
        return rows(box(20, 20, 80), box(200, 60, self.small))

    def mesh(self, crop):
        self.meshed += 1
        points = np.full((478, 3), 0.5, np.float32)
        points[:, :2] += np.random.default_rng(0).uniform(-0.2, 0.2, (478, 2))
        points[33], points[263] = (0.4, 0.4, 0), (0.6, 0.4, 0)
        talking = self.talks and crop[:20, :20].mean() > 100  # the small face stands on a bright ground
        gap = 0.03 * (self.meshed % 3) if talking else 0.0
        points[13], points[14] = (0.5, 0.6, 0), (0.5, 0.6 + gap, 0)
        return points

    def close(self):
        self.closed = True


@pytest.mark.parametrize(
    ("tool", "main_is_small"),
    [(FakeTool(), True), (FakeTool(talks=False), False), (FakeTool(small=25), False)],
)
def test_the_main_face_is_chosen_by_size_and_mouth_motion(tool, main_is_small, monkeypatch):
    monkeypatch.setattr(faces, "open_tools", lambda backend: ([tool], None))
    frame = np.full((240, 320, 3), 40, np.uint8)
    frame[:, 160:] = 200
    found = track_faces(clip_of([frame] * 12))
    assert (found.main.boxes[0, 0] > 150) == main_is_small
    assert len(found.people) == 2
    assert not np.isnan(found.main.landmarks).any()
    assert tool.closed


def test_another_face_without_a_mesh_is_none(monkeypatch):
    tool = FakeTool(talks=False)
    mesh = tool.mesh
    tool.mesh = lambda crop: None if crop[:20, :20].mean() > 100 else mesh(crop)  # the small one is an ear
    monkeypatch.setattr(faces, "open_tools", lambda backend: ([tool], None))
    frame = np.full((240, 320, 3), 40, np.uint8)
    frame[:, 160:] = 200
    found = track_faces(clip_of([frame] * 12))
    assert len(found.people) == 1
    assert found.main.boxes[0, 0] < 150


def test_a_mesh_that_lies_beside_the_box_is_somebody_elses(monkeypatch):
    tool = FakeTool()
    tool.mesh = lambda crop: np.random.default_rng(0).uniform(0, 0.2, (478, 3)).astype(np.float32)
    monkeypatch.setattr(faces, "open_tools", lambda backend: ([tool], None))
    found = track_faces(clip_of([np.zeros((240, 320, 3), np.uint8)] * 6))
    assert np.isnan(found.main.landmarks).all()


def test_mouth_motion_is_the_spread_of_the_lip_gap_in_eye_distances():
    points = np.zeros((10, 478, 3), np.float32)
    points[:, 33, 0], points[:, 263, 0] = 0, 50
    points[:, 14, 1] = [0, 10] * 5
    face = Face(np.arange(10), np.zeros((10, 4)), np.ones(10, bool), points)
    assert faces.mouth_motion(face) == pytest.approx(0.1)  # +-5 of 50 pixels


def test_crop_is_square_centred_and_black_outside():
    frame = np.full((100, 100, 3), 255, np.uint8)
    crop, (x, y), side = square_crop(frame, np.array([0, 0, 20, 20]))
    assert (x, y, side) == (-9, -9, 38)
    assert crop.shape == (320, 320, 3)
    assert crop[:60, :60].max() == 0
    assert crop[100:, 100:].min() == 255


# ---- the real detectors on a drawn face


@pytest.fixture(scope="module")
def walk():
    """A face that walks to the right by 4 pixels per frame and is away in the middle."""
    empty = np.full((240, 320, 3), (120, 140, 150), np.uint8)
    return [draw_face(90 + 4 * i, 105, 45) if not 10 <= i < 13 else empty for i in range(24)]


@pytest.mark.parametrize("backend", ["mediapipe", "haar"])
def test_drawn_face_is_followed_within_a_tenth_of_its_width(walk, backend):
    found = track_faces(clip_of(walk), backend)
    assert found.backend == backend
    assert len(found.people) == 1
    face = found.main
    assert face.index.tolist() == list(range(24))
    assert not face.found[10:13].any()
    width = np.median(face.boxes[:, 2] - face.boxes[:, 0])
    assert 60 < width < 100  # the face is 70 pixels wide, Haar adds the hair
    centre = (face.boxes[:, 0] + face.boxes[:, 2]) / 2
    assert np.abs(centre - (90 + 4 * face.index)).max() < 0.1 * width
    assert (face.landmarks is None) == (backend == "haar")


def test_landmarks_lie_on_the_drawn_features(walk):
    found = track_faces(clip_of(walk[:6]))
    for i, points in zip(found.main.index, found.main.landmarks, strict=True):
        eyes = points[[33, 133, 362, 263], :2].mean(0)
        assert np.abs(eyes - (90 + 4 * i, 103)).max() < 5
        mouth = points[[13, 14], :2].mean(0)
        assert np.abs(mouth - (90 + 4 * i, 133)).max() < 6


def test_no_face_is_a_legal_answer():
    noise = np.random.default_rng(0).integers(0, 255, (4, 120, 160, 3), np.uint8)
    found = track_faces(clip_of(noise))
    assert found.people == ()
    assert found.main is None


def test_two_calls_in_two_threads_give_what_one_gives(walk):
    clip = clip_of(walk[:8])
    alone = track_faces(clip)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(track_faces, [clip, clip]))
    for found in together:
        np.testing.assert_array_equal(found.main.landmarks, alone.main.landmarks)


# ---- every step down


def test_without_mediapipe_the_haar_cascades_take_over_and_say_what_is_lost(walk, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    found = track_faces(clip_of(walk[:6]))
    assert found.backend == "haar"
    assert found.main is not None
    assert "mediapipe" in found.lost.en
    assert "gaze" in found.lost.en
    assert "视线" in found.lost.zh


def test_without_any_detector_motion_is_left(walk, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    monkeypatch.setitem(sys.modules, "cv2", None)
    found = track_faces(clip_of(walk[:3]))
    assert (found.backend, found.people) == ("motion", ())
    assert "only movement and light" in found.lost.en
    assert "运动" in found.lost.zh


def test_a_named_backend_is_taken_or_raises(walk, monkeypatch):
    asked = track_faces(clip_of(walk[:2]), "motion")
    assert asked.backend == "motion"
    assert "asked for" in asked.lost.en
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", None)
    with pytest.raises(ImportError, match="mediapipe"):
        track_faces(clip_of(walk[:2]), "mediapipe")


def test_opening_mediapipe_leaves_the_environment_as_it_was():
    before = dict(os.environ)
    detectors.Mediapipe().close()
    assert dict(os.environ) == before


def test_frames_are_dealt_to_the_tools_and_answers_come_in_order():
    tools = ["a", "b"]
    found = detectors.with_each(tools, lambda tool, item: (tool, item), range(5))
    assert found == [("a", 0), ("b", 1), ("a", 2), ("b", 3), ("a", 4)]
    with pytest.raises(ZeroDivisionError):
        detectors.with_each(tools, lambda tool, item: 1 / item, range(5))


def test_graphs_are_used_again_unless_they_failed(monkeypatch):
    monkeypatch.setattr(detectors, "_idle", [])
    first = detectors.Mediapipe()
    first.close()
    again = detectors.Mediapipe()
    assert again.mesher is first.mesher
    with pytest.raises(IndexError):  # no picture at all
        again.mesh(np.zeros((0,), np.uint8))
    again.close()
    assert detectors._idle == []


def test_quiet_stderr_drops_known_noise_only(capfd):
    with quiet_stderr():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nsomething real\n")
    assert capfd.readouterr().err == "something real\n"
