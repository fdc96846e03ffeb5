"""The benchmark of AffectGPT runs on the tiny shape and tells all that it should; it asserts no speed."""

import json

import pytest

torch = pytest.importorskip("torch")

from benchmarks import engine, language_model, shapes  # noqa: E402


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    file = tmp_path_factory.mktemp("bench") / "results.json"
    options = ["--runs", "1", "--new-tokens", "2", "--encoders", "float32", "--parts", "answers", "language"]
    options += ["--json", str(file)]
    made = engine.main(options)
    assert json.loads(file.read_text(encoding="utf-8")) == made
    return made


def test_every_way_of_answering_is_measured(results):
    ways = results["answers"]
    assert len(ways) == 5
    assert {f"{way}, encoders float32" for way in (engine.OFFICIAL, engine.ONCE, engine.OURS)} <= ways.keys()
    assert ways[f"{engine.OFFICIAL}, encoders float32"]["faster"] == 1
    for way in ways.values():
        stages = way["stages_s"]
        assert set(stages) == {"read", "prepare", "pictures", "sound", "prefill", "decode"}
        assert min(stages.values()) >= 0
        assert sum(stages.values()) <= way["seconds_per_clip"] * 1.01 + 0.01
        assert 0 < way["first_token_s"] <= way["seconds_per_clip"] * 4 + 0.01  # up to four clips in one batch
        assert min(way["clips_per_second"], way["faster"], way["less_processor_time"]) > 0
    assert len(results["prompt_tokens"]) == len(shapes.PROMPTS) == 5


def test_the_language_model_is_measured_with_and_without_nf4(results):
    cases = results["language"]
    assert {name.split(",")[0] for name in cases} == {"none", "nf4"}
    assert all(min(case.values()) > 0 for case in cases.values())


def test_ways_encode_as_often_as_they_say(monkeypatch, tmp_path):
    calls = {"encode": 0, "generate": []}

    class Fake:
        class config:
            pad_token_id = 0

        def encode(self, **media):
            calls["encode"] += 1
            name = "visual_features" if "pixel_values" in media else "acoustic_features"
            return {name: torch.zeros(len(next(iter(media.values()))), 8, 2)}

        def generate(self, input_ids, stopping_criteria, max_new_tokens, **features):
            calls["generate"].append(len(input_ids))
            for _ in range(max_new_tokens):
                stopping_criteria[0](input_ids, None)
            return torch.nn.functional.pad(input_ids, (0, max_new_tokens))

    answers = engine.Answers(Fake(), shapes.make_processor(), "cpu", new_tokens=2)
    clips = shapes.write_clips(tmp_path, 2)
    for way, encoded, generated in (
        (
            answers.official,
            2 * 6,
            [1] * 10,
        ),  # face and sound twice, each of them once alone; nothing for text
        (answers.once, 2 * 2, [1] * 10),
        (answers.batched, 2, [10]),
    ):
        calls.update(encode=0, generate=[])
        way(clips, language_model.Watch("cpu"))
        assert (calls["encode"], calls["generate"]) == (encoded, generated), way.__name__


def test_memory_of_nf4_counts_the_scales(tmp_path):
    language_model.save("tiny", str(tmp_path / "bf16"), "cpu")
    plain = language_model.load(str(tmp_path / "bf16"), "none", "cpu")
    packed = language_model.load(str(tmp_path / "bf16"), "nf4", "cpu")
    text = shapes.SHAPES["tiny"]["text_config"]
    wide, kv, inner = text["hidden_size"], 32, text["intermediate_size"]
    weights = text["num_hidden_layers"] * (2 * wide * wide + 2 * wide * kv + 3 * wide * inner)
    saved = sum(language_model.held(plain)) - sum(language_model.held(packed))
    # half a byte and a byte per 64 weights instead of two bytes; code books and second scales beside them
    assert 0 <= weights * (2 - 1 / 2 - 1 / 64) - saved <= 14 * 2500
