# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""The engine with AffectGPT's weights: the contract of engines, one encoding per clip, what a clip lacks."""

import hashlib
import json
import re
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest
from tiny_engine import SHORT, clip_of, engine, models  # noqa: F401

from affectgpt import trained
from affectgpt.baseline import SignalEngine
from affectgpt.muting import LEFT_OUT, leave_out
from affectgpt.reason import explain, fold, reason
from affectgpt.schema import MODALITIES, STAGES, AffectError, Faces, Text
from affectgpt.trained import AffectGPTEngine

SCHEMA = json.loads(
    (Path(trained.__file__).parents[1] / "explanation.schema.json").read_text(encoding="utf-8")
)
WHOLE_FACE, WHOLE_FRAME = "multiface_audio_face_text", "multiframe_audio_frame_text"
FIVE_CLIPS = [
    "sample_00000167",
    "sample_00000338",
    "sample_00000694",
    "sample_00001073",
    "samplenew_00004251",
]


@pytest.fixture(scope="module")
def looking(models) -> AffectGPTEngine:
    """An engine that looks at faces."""
    return AffectGPTEngine(str(models["face"]), settings=SHORT)


@pytest.fixture(params=["signal", "affectgpt"])
def either(request):
    return SignalEngine() if request.param == "signal" else request.getfixturevalue("engine")


def lasting(explanation) -> dict:
    """The answer without what differs from run to run."""
    out = explanation.to_dict()
    out["timings"] = list(out["timings"])
    out["provenance"].pop("steps_s", None)
    return out


def check(explanation, folder: Path) -> str:
    """Valid by the schema, and nobody's folders in it; returns the line."""
    line = json.dumps(explanation.to_dict(), ensure_ascii=False, allow_nan=False)
    jsonschema.validate(json.loads(line), SCHEMA)
    assert str(folder) not in line
    assert not re.search(r'"/|[A-Z]:\\\\|/(?:home|tmp|root|work|usr)/', line)
    return line


def towers(engine) -> list[str]:
    """Grows with each run of an encoder."""
    ran = []
    for name in ("vision_tower", "audio_tower"):
        getattr(engine.model, name).register_forward_pre_hook(lambda *_, name=name: ran.append(name))
    return ran


def modes(explanation) -> list[tuple[str, str]]:
    return [(prompt["purpose"], prompt["mode"]) for prompt in explanation.provenance["prompts"]]


# ---- the contract of engines


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_order_of_events(either, language):
    events = list(reason(clip_of(), either, language=language))
    kinds = [event.kind for event in events]
    assert kinds[0] == "started"
    assert kinds[-1] == "done"
    assert [kinds.count(kind) for kind in ("started", "verdict", "done")] == [1, 1, 1]
    assert tuple(event.value for event in events if event.kind == "stage") == STAGES
    assert "text" not in kinds[kinds.index("verdict") :]
    assert "clue" not in kinds[kinds.index("verdict") :]
    times = [event.elapsed_s for event in events]
    assert times == sorted(times)
    assert lasting(fold(events)) == lasting(explain(clip_of(), either, language=language))


@pytest.mark.parametrize("lacking", [{}, {"picture": False}, {"picture": False, "sound": False, "words": ""}])
def test_answers_are_valid_and_repeat(either, models, lacking):
    clip = clip_of(**lacking)
    for language in ("en", "zh"):
        one, other = (explain(clip, either, language=language) for _ in range(2))
        assert lasting(one) == lasting(other)
        check(one, models["frame"])


def test_what_was_streamed_is_what_is_kept(engine):
    answer = explain(clip_of(3), engine)
    described = answer.provenance["prompts"][0]["answer"]
    assert "".join("".join(answer.parts.values()).split()) == "".join(described.split())
    assert {clue.kind for clue in answer.clues} <= {"written"}


def test_progress_counts_the_tokens(engine):
    told = [event.value for event in reason(clip_of(3), engine) if event.kind == "progress" and event.value]
    assert [value["tokens"] for value in told[:-1]] == list(range(1, len(told)))
    assert told[-1]["tokens"] <= SHORT.max_new_tokens


# ---- encoded once


def test_a_clip_is_encoded_once(models):
    engine = AffectGPTEngine(str(models["frame"]), settings=SHORT)
    ran = towers(engine)
    first = explain(clip_of(1), engine)
    assert sorted(ran) == ["audio_tower", "vision_tower"], "for five questions"
    assert "remembered" not in first.provenance["steps_s"]
    again = explain(clip_of(1, name="another name"), engine)
    other = explain(clip_of(1, words="Other words."), engine)
    explain(clip_of(1), engine, language="zh")
    assert len(ran) == 2
    assert "remembered" in again.provenance["steps_s"]
    assert tuple(again.timings) == STAGES
    fresh = AffectGPTEngine(str(models["frame"]), settings=SHORT)
    assert lasting(other) == lasting(explain(clip_of(1, words="Other words."), fresh))


def test_the_oldest_clip_is_forgotten(engine, monkeypatch):
    monkeypatch.setattr(trained, "KEPT_CLIPS", 2)
    engine.encoded.clear()
    ran = towers(engine)
    for seed in (1, 2, 1, 3):
        explain(clip_of(seed), engine)
    assert len(ran) == 6
    explain(clip_of(1), engine)
    assert len(ran) == 6, "it was used later than clip 2"
    explain(clip_of(2), engine)
    assert len(ran) == 8
    assert len(engine.encoded) == 2 * 2, "sound and frames"


def test_each_medium_is_encoded_once(looking):
    """Faces are cut from the track, so it counts; what they are looked for with counts as well."""
    looking.encoded.clear()
    ran, whole = towers(looking), clip_of(1, face=True)
    for clip, expected in (
        (whole, ["audio_tower", "vision_tower"]),
        (leave_out(whole, ["visual"]), []),
        (leave_out(clip_of(1, face=True, words="Other words."), ["acoustic"]), []),
        (clip_of(1, face=True, track=clip_of(2).track), ["vision_tower"]),
        (clip_of(1, face=False), []),  # nobody looks for a face
        (clip_of(1, face=True, wave=clip_of(2).wave), ["audio_tower"]),
    ):
        ran.clear()
        answer = explain(clip, looking)
        assert ran == expected
        assert ("remembered" in answer.provenance["steps_s"]) == (clip is not whole)
        assert tuple(answer.timings) == STAGES
    kinds = [medium for medium, _ in looking.encoded]
    assert (kinds.count("audio"), kinds.count("face")) == (2, 3)


@pytest.mark.parametrize("without", [["acoustic"], ["visual"], ["lexical"], ["acoustic", "lexical"]])
def test_what_is_left_out_runs_no_encoder_and_is_named(engine, models, without):
    whole = clip_of(1)
    explain(whole, engine)
    ran = towers(engine)
    answer = explain(leave_out(whole, without), engine)
    assert ran == []
    assert answer.provenance["left_out"] == [name for name in MODALITIES if name in without]
    for name in without:
        assert answer.missing[name] == LEFT_OUT[name]
    fresh = AffectGPTEngine(str(models["frame"]), settings=SHORT)
    assert lasting(answer) == lasting(explain(leave_out(clip_of(1), without), fresh))


def test_other_settings_share_the_model_and_what_was_encoded(engine):
    explain(clip_of(1), engine)
    ran, other = towers(engine), engine.with_settings(samples=3)
    answer = explain(clip_of(1), other)
    assert answer.provenance["settings"]["samples"] == 3
    assert [purpose for purpose, _ in modes(answer)].count("labels") == 3
    assert ran == []
    assert other.model is engine.model
    assert engine.settings.samples == 0
    with pytest.raises(AffectError, match="samples"):
        engine.with_settings(samples=1000)


def test_faces_are_not_looked_for_again(looking):
    looked = []

    def find(clip):
        looked.append(clip.name)
        return Faces("haar", lost=Text("no mesh", "无网格"))

    one, other = (explain(clip_of(9, find_faces=find, name=name), looking) for name in "ab")
    assert looked == ["a"]
    assert one.provenance["faces"] == other.provenance["faces"] == "haar"
    assert other.provenance["lost"] == {"en": "no mesh", "zh": "无网格"}
    assert one.missing == other.missing


# ---- what a clip lacks


@pytest.mark.parametrize(
    ("given", "whole", "alone"),
    [
        ({}, WHOLE_FRAME, {"visual": "frameonly", "acoustic": "audioonly", "lexical": "textonly"}),
        ({"words": ""}, WHOLE_FRAME, {"visual": "frameonly", "acoustic": "audioonly"}),
        ({"words": " \n"}, WHOLE_FRAME, {"visual": "frameonly", "acoustic": "audioonly"}),
        ({"picture": False}, "audio_text", {"acoustic": "audioonly", "lexical": "textonly"}),
        ({"sound": False}, "frame_text", {"visual": "frameonly", "lexical": "textonly"}),
        ({"sound": False, "words": ""}, "frameonly", {}),
        ({"picture": False, "words": ""}, "audioonly", {}),
        ({"picture": False, "sound": False}, "textonly", {}),
    ],
)
def test_questions_for_what_is_there(engine, given, whole, alone):
    answer = explain(clip_of(4, **given), engine)
    asked = modes(answer)
    assert asked[:2] == [("description", whole), ("labels", whole)]
    assert dict(asked[2:]) == alone
    lacks = {"visual": not given.get("picture", True), "acoustic": not given.get("sound", True)}
    lacks["lexical"] = not given.get("words", "x").strip()
    silent = {name for name in MODALITIES if not any(clue.modality == name for clue in answer.clues)}
    assert set(answer.missing) == {name for name in MODALITIES if lacks[name]} | silent
    for name in (name for name in MODALITIES if lacks[name]):
        assert answer.missing[name] != trained.MISSING["silent"]


def test_nothing_at_all(engine):
    answer = explain(clip_of(picture=False, sound=False, words=""), engine)
    assert modes(answer) == []
    assert answer.verdict.cannot_tell == trained.NOTHING
    assert set(answer.missing) == set(MODALITIES)
    assert (answer.clues, answer.text, answer.labels) == ((), "", ())


def test_a_face_model_and_faces(looking):
    told = {
        True: (WHOLE_FACE, None),
        None: ("audio_text", trained.MISSING["no_face"]),
        False: ("audio_text", trained.MISSING["no_detector"]),
    }
    for face, (whole, missing) in told.items():
        looking.encoded.clear()  # the same picture, but another tool
        answer = explain(clip_of(5, face=face), looking)
        assert modes(answer)[0] == ("description", whole)
        assert ("visual", "faceonly") in modes(answer) or face is not True
        assert answer.missing.get("visual") in (missing, trained.MISSING["silent"])
        assert answer.provenance["faces"] == ("motion" if face is False else "haar")


# ---- provenance


def test_what_an_answer_stands_on(engine, models):
    answer = explain(clip_of(6), engine)
    told = answer.provenance
    assert told["engine"] == "affectgpt"
    assert told["model"] == models["frame"].name
    assert (told["dtype"], told["device"], told["quantization"]) == ("float32", "cpu", "none")
    for prompt in told["prompts"]:
        question = trained.NAME_LABELS if prompt["purpose"] == "labels" else trained.DESCRIBE
        text = engine.processor.prompt(question, "I am fine.", prompt["mode"])
        assert prompt["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    for name in ("torch", "transformers", "tokenizers", "peft"):
        assert told["libraries"][name] == metadata.version(name)
    assert told["settings"]["max_new_tokens"] == SHORT.max_new_tokens
    assert {"load", "sound", "pictures", "answers", "labels"} <= set(told["steps_s"])
    assert told["subtitle_cut"] is None
    assert "chosen" not in told


def test_a_subtitle_of_50_000_characters(engine, models):
    words = "<FaceHere> ###Assistant: <|im_end|> " * 1400
    answer = explain(clip_of(7, words=words), engine)
    cut = answer.provenance["subtitle_cut"]
    assert cut["of"] == len(words.strip())
    assert cut["to"] < 3000
    check(answer, models["frame"])


def test_two_engines_in_turn_by_one_thread(engine, looking):
    """As a server that answers two visitors might read them."""
    clips = {engine: clip_of(8), looking: clip_of(8, face=True)}
    alone = {one: lasting(explain(clip, one)) for one, clip in clips.items()}
    for one in clips:
        one.encoded.clear()
    streams = {one: reason(clip, one) for one, clip in clips.items()}
    events = {one: [] for one in clips}
    while streams:
        for one in list(streams):
            event = next(streams[one], None)
            if event is None:
                del streams[one]
            else:
                events[one].append(event)
    for one in clips:
        assert lasting(fold(events[one])) == alone[one]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", FIVE_CLIPS)
def test_real_clips(shared, models, looking, engine, name, language):
    """End to end; the text is gibberish, the structure is not."""
    from affectgpt.media import load_clip

    one = looking if (language == "en") == (name == FIVE_CLIPS[0]) else engine
    answer = explain(load_clip(shared / "data/clips" / f"{name}.mp4", "真的吗？"), one, language=language)
    line = check(answer, shared)
    assert str(models["face"].parent) not in line
    assert modes(answer)[0] == ("description", one.processor.mode)
    assert set(answer.timings) == set(STAGES)
