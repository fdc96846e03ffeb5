"""The stream of events, its fold, and the one format on disk."""

import json
from importlib.resources import files

import jsonschema
import pytest

from affectgpt.engine import load_engine
from affectgpt.reason import explain, fold, reason
from affectgpt.schema import STAGES, AffectError, Clue, Explanation

SCHEMA = json.loads((files("affectgpt") / "explanation.schema.json").read_text(encoding="utf-8"))


def test_events_come_in_order(toy_clip, fake_engine):
    events = list(reason(toy_clip, fake_engine))
    assert events[0].kind == "started"
    assert events[-1].kind == "done"
    assert tuple(event.value for event in events if event.kind == "stage") == STAGES
    assert [event.value.modality for event in events if event.kind == "clue"] == [
        "lexical",
        "acoustic",
        "visual",
    ]
    seconds = [event.elapsed_s for event in events]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0.5, "the time that reading the file took counts"
    kinds = [(event.kind, event.value) for event in events]
    heard = kinds.index(("stage", "heard"))
    assert all(value.modality != "visual" for kind, value in kinds[:heard] if kind == "clue")


def test_every_stage_is_named_without_any_clue(toy_clip, fake_engine):
    fake_engine.clues = lambda clip: ((modality, []) for modality in ("lexical", "acoustic", "visual"))
    stages = [event.value for event in reason(toy_clip, fake_engine) if event.kind == "stage"]
    assert tuple(stages) == STAGES


def test_explain_is_the_fold_of_reason(toy_clip, fake_engine):
    whole, folded = explain(toy_clip, fake_engine), fold(reason(toy_clip, fake_engine))
    assert isinstance(whole, Explanation)
    drop = {"timings"}
    first, second = ({k: v for k, v in x.to_dict().items() if k not in drop} for x in (whole, folded))
    assert first == second
    assert whole.text == "The visual part.\n\nThe acoustic part.\n\nThe lexical part.\n\nThe inference part."
    assert whole.labels == ("happy",)
    assert set(whole.timings) == set(STAGES)


def test_a_stream_cut_short_folds_to_what_was_there(toy_clip, fake_engine):
    stream = reason(toy_clip, fake_engine)
    head = [next(stream) for _ in range(4)]
    stream.close()
    partial = fold(head)
    assert partial.name == "toy"
    assert [clue.modality for clue in partial.clues] == ["lexical"]
    assert partial.labels == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_json_is_valid_and_clues_come_back(toy_clip, fake_engine, language):
    explanation = explain(toy_clip, fake_engine, language=language)
    data = json.loads(json.dumps(explanation.to_dict(), ensure_ascii=False))
    jsonschema.validate(data, SCHEMA)
    assert [Clue.from_dict(clue) for clue in data["clues"]] == list(explanation.clues)
    smile = data["clues"][2]
    assert (smile["start_s"], smile["end_s"]) == (0.2, 1.4)
    assert data["labels"][0]["text"] == {"en": "happy", "zh": "高兴"}[language]
    assert data["missing"] == {"acoustic": {"en": "no sound track", "zh": "没有音轨"}[language]}


def test_schema_refuses_a_stray_key(toy_clip, fake_engine):
    data = explain(toy_clip, fake_engine).to_dict()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "emotion": "happy"}, SCHEMA)


def test_unknown_engine_lists_the_known_ones():
    with pytest.raises(AffectError, match="signal"):
        load_engine("sginal")


@pytest.mark.parametrize("name", ["signal", "auto"])
def test_every_engine_answers_an_empty_clip(name):
    from conftest import make_clip

    explanation = explain(make_clip(), load_engine(name))
    jsonschema.validate(explanation.to_dict(), SCHEMA)
    assert explanation.labels == ()
    assert explanation.verdict.cannot_tell is not None
    assert set(explanation.missing) == {"visual", "acoustic", "lexical"}
    assert explanation.provenance["engine"] == "signal"
