"""Aligned face crops: a face of known points in a turned, scaled picture; frames chosen; what is masked."""

import numpy as np
import pytest
from conftest import make_clip

from affectgpt import crops
from affectgpt.crops import ALL_68, BROWS, EYES, JAW, MIDDLE, RIGID, SIDE_PX, aligned_faces
from affectgpt.schema import Face, Faces

BACKGROUND, RED, BLUE = (90, 120, 60), (250, 0, 0), (0, 0, 250)
EYE_RIGHT, EYE_LEFT = EYES[0][:2]  # outer corners; the person's right is left in the picture


def toy_points():
    """(478, 3) mesh of a frontal face in the crop itself."""
    points = np.tile([*MIDDLE, 0.0], (478, 1))
    for half in (JAW, BROWS, RIGID):
        points[crops._both(half), :2] = crops._template(half)
    rest = [point for point in ALL_68 if point not in crops._both((*JAW, *BROWS, *RIGID))]
    points[rest, :2] += (np.array(MIDDLE) - points[list(ALL_68), :2].mean(0)) * len(ALL_68) / len(rest)
    return points


def moved(points, *, degrees=0.0, scale=1.0, shift=(0.0, 0.0)):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    out = points.astype(np.float32).copy()
    out[:, :2] = scale * points[:, :2] @ turn.T + shift
    return out


def picture(points, size=(360, 480)):
    """A picture with a red spot at the right eye's outer corner and a blue one at the left eye's."""
    frame = np.full((*size, 3), BACKGROUND, np.uint8)
    for point, colour in ((EYE_RIGHT, RED), (EYE_LEFT, BLUE)):
        x, y = np.round(points[point, :2]).astype(int)
        frame[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3] = colour
    return frame


def spot(crop, channel):
    """(x, y) of the middle of a spot."""
    bright = (crop[:, :, channel] > 150) & (crop[:, :, 1] < 60)
    return np.argwhere(bright)[:, ::-1].mean(0)


def clip_of(meshes, *, found=None, boxes=None, backend="mediapipe", frames=None, landmarks=True):
    meshes = np.stack(meshes).astype(np.float32)
    track = np.stack(frames if frames is not None else [picture(mesh) for mesh in meshes])
    face = Face(
        index=np.arange(len(meshes)),
        boxes=np.zeros((len(meshes), 4), np.float32) if boxes is None else np.asarray(boxes, np.float32),
        found=np.ones(len(meshes), bool) if found is None else np.asarray(found),
        landmarks=meshes if landmarks else None,
    )
    return make_clip(
        track=track,
        track_times_s=np.arange(len(track)) / 10,
        find_faces=lambda clip: Faces(backend, (face,)),
    )


def numbered(size, count):
    """Frames that show their number as their grey value."""
    return [np.full((*size, 3), 10 * (i + 1), np.uint8) for i in range(count)]


def test_the_table_is_whole():
    assert len(ALL_68) == len(set(ALL_68)) == 68
    assert len(crops._both(RIGID)) == 8 + 2 * 6 + 2 * 4  # OpenFace's 24, those of the middle line twice
    assert {*crops._both(RIGID), *crops._both(JAW), *crops._both(BROWS)} <= set(ALL_68)
    for half in (JAW, BROWS, RIGID):
        for point, mirrored, x, _ in half:
            assert (point == mirrored) == (x == SIDE_PX / 2)


@pytest.mark.parametrize(
    ("degrees", "scale", "shift"),
    [(0, 1.0, (100, 80)), (25, 2.0, (150, 40)), (-40, 0.6, (200, 150)), (180, 1.3, (400, 300))],
)
def test_the_face_always_lies_in_the_same_place(degrees, scale, shift):
    mesh = moved(toy_points(), degrees=degrees, scale=scale, shift=shift)
    crop = aligned_faces(clip_of([mesh]))[0]
    near = 2.0 + 0.5 / scale  # the spot is set to whole pixels of the picture
    assert spot(crop, 0) == pytest.approx(EYES[0][2:], abs=near)
    assert spot(crop, 2) == pytest.approx((SIDE_PX - EYES[0][2], EYES[0][3]), abs=near)


def test_the_middle_of_the_face_decides_where_it_lies_and_the_rigid_points_how_it_is_turned():
    """An open mouth moves the middle down, and the picture up by as much, but turns and scales nothing."""
    mesh = moved(toy_points(), scale=2, shift=(100, 50))
    opened = mesh.copy()
    lips = [point for point in ALL_68[-20:] if point not in crops._both(RIGID)]
    opened[lips, 1] += 34  # pixels of the picture
    shut, wide = (aligned_faces(clip_of([m]))[0] for m in (mesh, opened))
    up = 34 * len(lips) / 68 / 2
    assert spot(shut, 0) - spot(wide, 0) == pytest.approx((0, up), abs=0.6)
    assert spot(shut, 2) - spot(wide, 2) == pytest.approx((0, up), abs=0.6)


def test_outside_the_face_the_crop_is_black():
    clip = clip_of([moved(toy_points(), scale=2, shift=(100, 50))])
    masked, kept = aligned_faces(clip)[0], aligned_faces(clip, mask=False)[0]
    assert not masked[[-1, -1], [0, -1]].any()
    assert not masked[90, [4, 107]].any()  # beside the chin
    assert (kept[90, [4, 107]] == BACKGROUND).all()
    assert (masked[90, [30, 82]] == BACKGROUND).all()  # the cheeks
    assert (masked[1, 40:72] == BACKGROUND).all()  # the forehead: brows are moved up
    inside = masked.any(2)
    assert (masked[inside] == kept[inside]).all()


def test_a_larger_side_is_the_same_picture():
    clip = clip_of([moved(toy_points(), degrees=10, scale=2, shift=(150, 50))])
    small, large = aligned_faces(clip)[0], aligned_faces(clip, 224)[0]
    assert large.shape == (224, 224, 3)
    assert spot(large, 0) == pytest.approx(2 * spot(small, 0), abs=1.5)
    assert large.any(2).mean() == pytest.approx(small.any(2).mean(), abs=0.02)


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(None, [1, 3, 4, 5, 6]), (2, [1, 4]), (5, [1, 3, 4, 5, 6]), (8, [1, 3, 4, 5, 6]), (1, [1])],
)
def test_the_official_choice_of_frames_among_those_with_a_face(count, wanted):
    mesh = moved(toy_points(), shift=(20, 20))
    meshes = [np.full_like(mesh, np.nan) if i in (0, 2, 7) else mesh for i in range(8)]
    out = aligned_faces(clip_of(meshes, frames=numbered((160, 160), 8)), count=count)
    assert [crop[60, 56, 0] // 10 - 1 for crop in out] == wanted


def test_only_the_chosen_frames_are_cut(monkeypatch):
    cut, crop = [], crops._crop
    monkeypatch.setattr(crops, "_crop", lambda frame, *rest: cut.append(1) or crop(frame, *rest))
    mesh = moved(toy_points(), shift=(20, 20))
    aligned_faces(clip_of([mesh] * 30, frames=numbered((160, 160), 1) * 30), count=8)
    assert len(cut) == 8
    cut.clear()
    assert len(aligned_faces(clip_of([mesh] * 2), count=8)) == 2, "the processor repeats the last"
    assert len(cut) == 2


@pytest.mark.parametrize(
    ("backend", "box"),
    [("mediapipe", crops.BOX_OF_MESH_DETECTOR), ("haar", crops.BOX_OF_CASCADES)],
)
def test_without_a_mesh_the_box_frames_the_face(backend, box):
    """The middle and the edge of the box lie where they lie, on average, in faces that have a mesh."""
    frame = np.full((300, 300, 3), BACKGROUND, np.uint8)
    frame[145:156, 145:156] = RED  # the middle of a box of 100 pixels
    boxes = [(100, 100, 200, 200)] * 3
    meshes = [toy_points()] * 3
    clip = clip_of(
        meshes, found=[True, False, True], boxes=boxes, backend=backend, frames=[frame] * 3, landmarks=False
    )
    out = aligned_faces(clip)
    assert len(out) == 2
    assert spot(out[0], 0) == pytest.approx(box[1:], abs=1)
    assert (out[0][:, :, 0] > 150).sum() == pytest.approx((11 * box[0] / 100) ** 2, rel=0.2)
    assert not out[0][[-1, -1], [0, -1]].any()
    lost = clip_of([np.full((478, 3), np.nan)] * 3, found=[True] * 3, boxes=boxes, frames=[frame] * 3)
    assert len(aligned_faces(lost)) == 3  # a mesh tool that found none


def test_a_face_cut_by_the_edge_of_the_picture():
    mesh = moved(toy_points(), scale=2, shift=(-100, -60))
    crop = aligned_faces(clip_of([mesh]))[0]
    assert not crop[:20].any()
    assert crop[80, 56].any()


def test_no_face():
    empty = aligned_faces(make_clip())
    assert (empty.shape, empty.dtype) == ((0, 112, 112, 3), np.uint8)
    nobody = make_clip(track=np.zeros((3, 40, 40, 3), np.uint8), find_faces=lambda clip: Faces("mediapipe"))
    assert aligned_faces(nobody, 64, count=8).shape == (0, 64, 64, 3)


@pytest.mark.parametrize("wrong", [{"side_px": 0}, {"count": 0}])
def test_sizes_must_be_positive(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        aligned_faces(make_clip(), **wrong)


def test_a_real_clip(shared):
    pytest.importorskip("mediapipe")
    from affectgpt import load_clip

    clip = load_clip(shared / "data" / "clips" / "sample_00000167.mp4")
    out = aligned_faces(clip, count=8)
    assert out.shape == (8, 112, 112, 3)
    assert out[:, 30:90, 45:70].any(3).all()  # the middle of the face is there
    assert not out[:, -1, [0, -1]].any()
    steps = np.abs(np.diff(out[:, 25:80, 40:75].mean(3), axis=0)).mean((1, 2))
    assert steps.max() < 25  # grey levels: the framing is steady
