"""The example clips are ground truth: what was drawn and spoken is found again, at the right time.

The numbers come from the `truth` of each NAME.json, written by examples/render from the script that drew
and spoke the clip.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from affectgpt.engine import load_engine
from affectgpt.media import load_clip
from affectgpt.reason import explain
from affectgpt.signals import expression, voice

FOLDER = Path(__file__).parent.parent / "examples"
NAMES = ("happy_reunion", "angry_two_hours", "smile_over_bitter_words", "worried_farewell_zh")
MAX_BYTES, MAX_FOLDER_BYTES = 1_000_000, 3_000_000
FACE_SHARE = 0.9  # of the frames in which the face must be found
FACE_EDGE_S = (
    0.3  # tolerance of an edge in the picture: movements last 0.4-0.5 s, the track has a frame every 0.1 s
)
HEAD_EDGE_S = 0.4  # of a nod or shake: its first and last half swing are small
SOUND_EDGE_S = 0.1
SOUND_FADE_S = 0.2  # a phrase may fade into a pause
STEP_DB = (
    2.5  # of a loudness step: phrases are set to equal loudness by their louder half, not by their median
)
POSITIVE = {"happy", "joyful", "pleased", "amused", "excited", "delighted", "affectionate"}
ANGRY = {"angry", "indignant", "accusing", "irritated", "furious", "outraged"}
SAD = {
    "sad",
    "worried",
    "dejected",
    "grieving",
    "upset",
    "anxious",
    "downcast",
    "disheartened",
    "lonely",
    "hurt",
}


@cache
def reference(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@cache
def clip(name):
    return load_clip(FOLDER / f"{name}.mp4", subtitle_file=FOLDER / f"{name}.srt")


@cache
def face(name):
    return expression.analyse(clip(name))


@cache
def sound(name):
    return voice.analyse(clip(name).wave, subtitle=clip(name).subtitle)


@cache
def answer(name, language="en"):
    return explain(clip(name), load_engine("signal"), language=language)


def clue(name, wanted):
    found = [x for x in answer(name).clues if x.name == wanted]
    assert found, f"no clue {wanted!r} in {[x.name for x in answer(name).clues]}"
    return found[0]


def assert_edges(clue, span, tolerance_s):
    assert clue.start_s == pytest.approx(span[0], abs=tolerance_s), (clue.name, clue.spans, span)
    assert clue.end_s == pytest.approx(span[1], abs=tolerance_s), (clue.name, clue.spans, span)


def within(times_s, span, margin_s=0.0):
    return (times_s >= span[0] + margin_s) & (times_s <= span[1] - margin_s)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_and_complete(name):
    import av

    assert (FOLDER / f"{name}.mp4").stat().st_size <= MAX_BYTES
    with av.open(str(FOLDER / f"{name}.mp4")) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (640, 480, 25)
        pictures = sum(1 for _ in file.decode(video))
    assert pictures == round(reference(name)["truth"]["duration_s"] * 25)
    assert 4 <= reference(name)["truth"]["duration_s"] <= 8
    record = reference(name)
    for language in ("en", "zh"):
        assert set(record["parts"][language]) == {"visual", "acoustic", "lexical", "inference"}
        assert all([*record["parts"][language].values(), record["labels"][language]])
        assert record["parts"][language]["lexical"].count(record["subtitle"]) == 1


def test_folder_stays_small_and_every_clip_is_listed():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < MAX_FOLDER_BYTES
    assert {path.stem for path in FOLDER.glob("*.mp4")} == set(NAMES)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_clip_is_read_whole(name):
    truth = reference(name)["truth"]
    assert clip(name).duration_s == pytest.approx(truth["duration_s"], abs=0.1)
    assert [cue.text for cue in clip(name).cues] == [
        block.split("\n")[2]
        for block in (FOLDER / f"{name}.srt").read_text(encoding="utf-8").strip().split("\n\n")
    ]
    for cue, (start_s, end_s) in zip(clip(name).cues, truth["speech_s"], strict=True):
        assert (cue.start_s, cue.end_s) == pytest.approx((start_s, end_s), abs=0.002)
    assert not clip(name).warnings


@pytest.mark.parametrize("name", NAMES)
def test_one_face_is_found_and_it_has_the_drawn_size(name):
    faces = clip(name).faces
    if faces.backend == "motion":
        pytest.skip("no face tool on this machine")
    assert len(faces.people) == 1
    main = faces.main
    assert main.found.sum() >= FACE_SHARE * len(clip(name).track)
    height = np.median(main.boxes[:, 3] - main.boxes[:, 1]) / clip(name).track.shape[1]
    assert 0.30 <= height <= 0.50


@pytest.mark.parametrize("name", NAMES)
def test_haar_finds_the_face_too(name):
    import cv2

    finder = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt2.xml")
    pictures = clip(name).track[::5]
    grey = (cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) for picture in pictures)
    hits = sum(len(finder.detectMultiScale(picture, 1.1, 3, minSize=(28, 28))) >= 1 for picture in grey)
    assert hits >= FACE_SHARE * len(pictures)


def needs_mesh(name):
    if clip(name).faces.backend != "mediapipe":
        pytest.skip(f"needs landmarks; faces were found by {clip(name).faces.backend}")


@pytest.mark.parametrize("name", ["happy_reunion", "smile_over_bitter_words"])
def test_smile_is_found_where_it_is_drawn(name):
    needs_mesh(name)
    drawn = reference(name)["truth"]["smile_s"]
    assert_edges(clue(name, "smile"), drawn, FACE_EDGE_S)
    curves = face(name)
    inside = within(curves.times_s, drawn, FACE_EDGE_S)
    outside = (curves.times_s < drawn[0] - FACE_EDGE_S) | (curves.times_s > drawn[1] + FACE_EDGE_S)
    assert curves.smile[inside].min() > 0.62
    assert curves.corner_lift[inside].min() > 0.03
    assert curves.smile[outside].max() < 0.3


@pytest.mark.parametrize("name", ["angry_two_hours", "worried_farewell_zh"])
def test_no_smile_is_found_where_none_is_drawn(name):
    assert not {"smile", "slight_smile", "widened_mouth"} & {x.name for x in answer(name).clues}


def test_raised_brows_are_found():
    needs_mesh("happy_reunion")
    assert_edges(clue("happy_reunion", "brows_up"), reference("happy_reunion")["truth"]["brows_up_s"], 0.5)
    needs_mesh("worried_farewell_zh")
    curves, (start_s, end_s) = (
        face("worried_farewell_zh"),
        reference("worried_farewell_zh")["truth"]["inner_brows_up_s"],
    )
    before = np.median(curves.brow_inner[curves.times_s < start_s - FACE_EDGE_S])
    after = np.median(curves.brow_inner[within(curves.times_s, (start_s, end_s), FACE_EDGE_S)])
    assert after - before > 0.01


def test_lowered_brows_are_found():
    name = "angry_two_hours"
    needs_mesh(name)
    assert_edges(clue(name, "frown"), reference(name)["truth"]["brows_lowered_s"], FACE_EDGE_S)
    for calm in set(NAMES) - {name}:
        assert "frown" not in {x.name for x in answer(calm).clues}, calm


def test_corners_down_are_found():
    name = "worried_farewell_zh"
    needs_mesh(name)
    assert_edges(clue(name, "corners_down"), reference(name)["truth"]["corners_down_s"], FACE_EDGE_S)


@pytest.mark.parametrize(
    ("name", "movement"), [("happy_reunion", "nod"), ("worried_farewell_zh", "head_shake")]
)
def test_nod_and_shake_are_found_and_told_apart(name, movement):
    needs_mesh(name)
    assert_edges(clue(name, movement), reference(name)["truth"][f"{movement}_s"], HEAD_EDGE_S)
    other = {"nod": "head_shake", "head_shake": "nod"}[movement]
    assert other not in {x.name for x in answer(name).clues}


@pytest.mark.parametrize("name", NAMES)
def test_blinks_are_the_drawn_ones(name):
    """At 10 frames a second a blink can be missed; none may be invented."""
    needs_mesh(name)
    drawn = reference(name)["truth"]["blinks_s"]
    found = [(a + b) / 2 for x in answer(name).clues if x.name == "blinks" for a, b in x.spans]
    assert len(found) >= len(drawn) - 1
    assert all(min(abs(t - b) for b in drawn) < 0.15 for t in found), (found, drawn)


def test_gesture_is_found():
    name = "angry_two_hours"
    assert_edges(clue(name, "strong_movement"), reference(name)["truth"]["gesture_s"], FACE_EDGE_S)
    for calm in ("smile_over_bitter_words", "worried_farewell_zh"):
        assert "strong_movement" not in {x.name for x in answer(calm).clues}, calm


@pytest.mark.parametrize("name", NAMES)
def test_speech_and_pauses_are_found(name):
    truth = reference(name)["truth"]
    heard = sound(name)
    assert heard.speechlike
    assert heard.speech[0][0] == pytest.approx(truth["speech_s"][0][0], abs=SOUND_EDGE_S)
    assert heard.speech[-1][1] == pytest.approx(truth["speech_s"][-1][1], abs=SOUND_FADE_S)
    for start_s, end_s in truth["pauses_s"]:
        hits = [
            p
            for p in heard.pauses
            if abs(p[0] - start_s) <= SOUND_FADE_S and abs(p[1] - end_s) <= SOUND_EDGE_S
        ]
        assert hits, (heard.pauses, (start_s, end_s))
    known = [
        span
        for start_s, end_s in truth["pauses_s"]
        for span in heard.pauses
        if abs(span[1] - end_s) <= SOUND_EDGE_S
    ]
    assert all(end_s - start_s < 0.3 for start_s, end_s in heard.pauses if (start_s, end_s) not in known), (
        heard.pauses
    )


def test_only_long_pauses_are_reported():
    start_s, end_s = max(
        reference("worried_farewell_zh")["truth"]["pauses_s"], key=lambda span: span[1] - span[0]
    )
    found = clue("worried_farewell_zh", "long_pauses")
    assert found.value == pytest.approx(end_s - start_s, abs=0.1)
    assert_edges(found, (start_s, end_s), SOUND_EDGE_S)
    assert "long_pauses" not in {x.name for x in answer("happy_reunion").clues}


def test_loudness_step_is_recovered():
    name = "angry_two_hours"
    truth = reference(name)["truth"]
    (step,) = truth["loudness_steps"]
    heard = sound(name)
    before, after = (
        np.median(heard.level_db[within(heard.times_s, span) & (heard.strength > 0)])
        for span in (truth["speech_s"][0], (step["at_s"], truth["speech_s"][-1][1]))
    )
    assert after - before == pytest.approx(step["db"], abs=STEP_DB)
    found = clue(name, "loudness_rise")
    assert found.start_s == pytest.approx(step["at_s"], abs=SOUND_FADE_S)
    assert found.value == pytest.approx(step["db"], abs=STEP_DB)
    for level in set(NAMES) - {name}:
        assert "loudness_rise" not in {x.name for x in answer(level).clues}, level


def test_effort_follows_the_tilt():
    effort = {name: sound(name).effort for name in NAMES}
    assert effort["angry_two_hours"] > 1.6  # forceful
    assert effort["worried_farewell_zh"] < -0.9  # soft
    assert (
        effort["worried_farewell_zh"]
        < effort["smile_over_bitter_words"]
        < effort["happy_reunion"]
        < effort["angry_two_hours"]
    )


def test_pitch_is_lively_in_the_happy_clip_only():
    def spread(name):
        voiced = sound(name).pitch_hz[np.isfinite(sound(name).pitch_hz) & (sound(name).pitch_hz > 0)]
        low, high = np.percentile(voiced, (8, 92))
        return 12 * np.log2(high / low)

    assert spread("happy_reunion") > 9
    assert spread("worried_farewell_zh") < 7


@pytest.mark.parametrize(
    ("name", "labels"),
    [("happy_reunion", POSITIVE), ("angry_two_hours", ANGRY), ("worried_farewell_zh", SAD)],
)
def test_polarity_and_labels_come_out_right(name, labels):
    result, record = answer(name), reference(name)
    assert np.sign(result.verdict.valence) == record["valence_sign"], result.verdict
    assert np.sign(result.verdict.arousal) == record["arousal_sign"], result.verdict
    assert set(result.labels[:1]) <= labels, result.labels
    assert result.labels
    assert not result.verdict.conflicts


def test_conflict_is_named():
    name = "smile_over_bitter_words"
    result = answer(name)
    assert [x.name for x in result.verdict.conflicts] == [reference(name)["truth"]["conflict"]]
    sides = {result.clues[i].modality for i in result.verdict.conflicts[0].clues}
    assert sides >= {"visual", "lexical"}
    assert set(result.labels) & SAD, result.labels
    assert abs(result.verdict.valence) < 0.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_explanation_quotes_the_words_in_both_languages(name, language):
    result = answer(name, language)
    assert set(result.parts) >= {"visual", "acoustic", "lexical", "inference"}
    words = "".join(reference(name)["subtitle"].split())
    assert words in "".join(result.parts["lexical"].split())
    assert not result.missing


@pytest.mark.parametrize("script", ["explain_clip.py", "list_clues.py"])
def test_short_scripts_run(script):
    lines = (FOLDER / script).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 15
    run = subprocess.run(
        [sys.executable, str(FOLDER / script)],
        cwd=FOLDER.parent,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(FOLDER.parent), "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert len(run.stdout) > 300
