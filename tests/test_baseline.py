"""The signal engine over toy clips and toy measures, and over the real clips where they are present."""

import ast
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import make_clip, make_clue

from affectgpt.baseline import LIBRARIES, MISSING, SignalEngine
from affectgpt.clues import MEASURES
from affectgpt.reason import explain, reason
from affectgpt.schema import MODALITIES, Cue, Face, Faces, Text
from affectgpt.vocabulary import cluster

LOST = Text("Brows were not measured.", "未测量眉毛。")
PICTURE = {"track": np.zeros((10, 36, 64, 3), np.uint8), "track_times_s": np.arange(10) / 10}
ONE_FACE = Face(np.arange(10), np.zeros((10, 4), np.float32), np.ones(10, bool))


@pytest.fixture
def measures(monkeypatch):
    """Toy measures in the place of the real ones; returns the table, to be changed by the test."""
    toys = {
        "lexical": lambda clip: [make_clue("lexical", "quote", strength=0), joy()] if clip.cues else [],
        "acoustic": lambda clip: [make_clue("acoustic", "effort", strength=0)] if clip.has_sound else [],
        "visual": lambda clip: [smile()] if clip.has_picture else [],
    }
    for modality, measure in toys.items():
        monkeypatch.setitem(MEASURES, modality, measure)
    return MEASURES


def joy():
    return make_clue("lexical", "word_joy", valence=0.8, arousal=0.5, dominance=0.4, strength=0.9)


def smile():
    return make_clue("visual", "smile", valence=0.8, arousal=0.2, strength=0.9, spans=((0.2, 0.8),))


def clip_of(*, faces=None, **values):
    find = (lambda _: faces) if faces is not None else None
    return make_clip(find_faces=find, **values)


def test_words_and_sound_do_not_wait_for_the_faces(measures):
    looked = []

    def find_faces(clip):
        looked.append(clip.name)
        return Faces("mediapipe", (ONE_FACE,))

    measures["visual"] = lambda clip: [smile()] if clip.faces.main else []
    clip = make_clip(find_faces=find_faces, cues=(Cue("Great."),), wave=np.ones(8000, np.float32), **PICTURE)
    stream = SignalEngine().clues(clip)
    assert [next(stream)[0] for _ in range(2)] == ["lexical", "acoustic"]
    assert looked == []
    ((modality, clues),) = stream
    assert (modality, [clue.name for clue in clues]) == ("visual", ["smile"])
    assert looked == ["toy"]


def test_a_bug_in_one_modality_is_not_swallowed(measures):
    def broken(clip):
        raise ZeroDivisionError("a bug")

    measures["acoustic"] = broken
    stream = SignalEngine().clues(make_clip(cues=(Cue("Great."),)))
    assert next(stream)[1][0].name == "quote"
    with pytest.raises(ZeroDivisionError):
        list(stream)


def test_the_stream_of_sentences_adds_up_to_the_text(measures):
    clip = clip_of(faces=Faces("haar", (ONE_FACE,), (4,), LOST), cues=(Cue("Great. I am glad!"),), **PICTURE)
    engine = SignalEngine()
    clues = [clue for _, found in engine.clues(clip) for clue in found]
    for language in ("en", "zh"):
        pieces = list(engine.explain(clip, clues, language))
        parts = {}
        for part, piece in pieces:
            parts[part] = parts.get(part, "") + piece
        assert list(parts) == ["visual", "acoustic", "lexical", "inference"]
        assert len(pieces) > 6, "sentence by sentence"
        assert all(text == text.strip() for text in parts.values())
        assert LOST[language] in parts["visual"]
        assert MISSING["no_sound"][language].rstrip(".。").lower()[1:] in parts["acoustic"].lower()
        assert pieces == list(engine.explain(clip, clues, language))


def test_labels_know_the_cuts_and_ignore_the_text(measures):
    clip = clip_of(faces=Faces("mediapipe", (ONE_FACE,), (4,)), cues=(Cue("Great."),), **PICTURE)
    engine = SignalEngine()
    clues = [clue for _, found in engine.clues(clip) for clue in found]
    verdict = engine.labels(clip, clues, "anything")
    assert verdict == engine.labels(clip, clues, "")
    assert verdict.labels[0].name == "happy"
    assert [(window.start_s, window.end_s) for window in verdict.windows] == [(0.0, 0.4), (0.4, 2.0)]


SOUND = {"wave": np.ones(16000, np.float32)}


@pytest.mark.parametrize(
    ("values", "names", "expected"),
    [
        ({}, (), ("no_picture", "no_sound", "no_words")),
        ({"faces": Faces("mediapipe", (ONE_FACE,)), **PICTURE}, (), (None, "no_sound", "no_words")),
        ({"faces": Faces("mediapipe"), **PICTURE}, (), ("no_face", "no_sound", "no_words")),
        ({"faces": Faces("motion", lost=LOST), **PICTURE}, (), ("no_detector", "no_sound", "no_words")),
        (SOUND, ("silence",), ("no_picture", "no_voice", "no_words")),
        (SOUND, ("voice_like_sound", "noise"), ("no_picture", "no_voice", "no_words")),
        ({"cues": (Cue("Hello."),), **SOUND}, ("pitch_level", "noise"), ("no_picture", None, None)),
        ({"cues": (Cue("  "),)}, (), ("no_picture", "no_sound", "no_words")),
        ({"media": {"transcript": {}}}, (), ("no_picture", "no_sound", "no_speech")),
    ],
)
def test_what_is_missing_is_named(values, names, expected):
    clues = [make_clue("acoustic", name, strength=0) for name in names]
    reasons = {key: MISSING[why] for key, why in zip(MODALITIES, expected, strict=True) if why}
    assert SignalEngine().missing(clip_of(**values), clues) == reasons


def test_an_empty_clip_is_an_answer_not_an_error():
    answer = explain(make_clip(), SignalEngine())
    assert answer.clues == ()
    assert answer.labels == ()
    assert "Nothing" in answer.verdict.cannot_tell.en
    assert set(answer.missing) == {"visual", "acoustic", "lexical"}
    assert "no picture" in answer.parts["visual"]


def test_provenance_names_tools_versions_and_what_is_lost():
    media = {"decoder": "pyav", "resampler": "none"}
    clip = clip_of(faces=Faces("haar", (ONE_FACE,), (), LOST), media=media, **PICTURE)
    out = SignalEngine().provenance(clip)
    assert out["engine"] == "signal"
    assert out["version"]
    assert out["faces"] == "haar"
    assert out["lost"] == {"en": LOST.en, "zh": LOST.zh}
    assert out["media"] == media
    assert set(out["libraries"]) == set(LIBRARIES)
    assert out["libraries"]["numpy"] == np.__version__
    assert out["settings"]["weights"]["visual"] == [1.0, 0.6, 0.7]
    assert SignalEngine().provenance(make_clip())["faces"] is None


def test_importing_the_engine_loads_no_heavy_library():
    heavy = {"cv2", "mediapipe", "scipy", "torch", "torchaudio", "av", "gradio", "vaderSentiment"}
    code = "import sys, affectgpt.baseline, affectgpt.clues; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=True,
    )
    loaded = set(run.stdout.split())
    assert loaded & heavy == set()
    assert not any(name.startswith("affectgpt.clues.") for name in loaded)


def table(path: Path, key: str, value: str) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", ["sample_00000338", "sample_00000694", "sample_00001073"])
def test_real_clips_share_a_family_with_their_reference(shared, name):
    from affectgpt.media import load_clip

    subtitle = table(shared / "data/emer/subtitles.csv", "name", "chinese")[name]
    reference = ast.literal_eval(table(shared / "data/emer/v2_openset.csv", "name", "openset")[name])
    engine = SignalEngine()
    clip = load_clip(shared / "data/clips" / f"{name}.mp4", subtitle)
    first, second = (explain(clip, engine, language=language) for language in ("en", "zh"))
    assert {cluster(label) for label in first.labels} & {cluster(label) for label in reference}
    assert first.labels == second.labels
    assert first.missing == {}
    assert subtitle in first.parts["lexical"]
    assert [event.kind for event in reason(clip, engine)][-1] == "done"
