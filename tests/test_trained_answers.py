# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""What the engine makes of words that a test puts into the model's mouth: labels, clues, Chinese, samples."""

import pytest
import torch
from tiny_engine import clip_of, copied, engine, models, spoken, stage  # noqa: F401

from affectgpt import trained
from affectgpt.reason import explain, fold, reason
from affectgpt.schema import STAGES, AffectError
from affectgpt.trained import AffectGPTEngine
from affectgpt.trained.runs import Settings
from affectgpt.trained.written import FUSED, NO_LABEL

WORDS_ALONE = {"picture": False, "sound": False}  # so that two rows are asked: description and labels
DESCRIBED = 'In the video, she smiles. In the text, she says "I am fine." Therefore she is happy.'
STATED = ["The character's emotional state is ", ("happy", 0.64), " and ", ("worried", 0.25), ".###"]


def test_labels_and_their_certainty(spoken):
    answer = explain(clip_of(**WORDS_ALONE), spoken([DESCRIBED, STATED]))
    assert answer.labels == ("happy", "worried")
    assert [label.confidence for label in answer.verdict.labels] == pytest.approx([0.64, 0.25], abs=1e-4)
    assert answer.verdict.valence is not None
    assert answer.parts == {
        "visual": "In the video, she smiles.",
        "lexical": 'In the text, she says "I am fine."',
        "inference": "Therefore she is happy.",
    }
    assert [clue.basis for clue in answer.clues] == [FUSED, FUSED]
    assert answer.missing["acoustic"] == trained.MISSING["no_sound"]
    assert [prompt["answer"] for prompt in answer.provenance["prompts"]] == [
        DESCRIBED,
        "The character's emotional state is happy and worried.",
    ]


@pytest.mark.parametrize("said", ["", "###", "I cannot tell.", "#"])
def test_no_label(spoken, said):
    answer = explain(clip_of(**WORDS_ALONE), spoken(["", [said]]))
    assert answer.labels == ()
    assert answer.verdict.cannot_tell == NO_LABEL
    assert answer.text == ""
    assert answer.missing["lexical"] == trained.MISSING["silent"]


def test_a_part_that_is_missing_comes_from_its_probe(spoken):
    """Rows: description, labels, then sound and words alone."""
    rows = [
        "In the text, she agrees.",
        STATED,
        "In the audio, her voice is low. Therefore sad.",
        "never seen",
    ]
    answer = explain(clip_of(picture=False), spoken(rows))
    told = [(clue.modality, clue.text.en, clue.basis) for clue in answer.clues]
    assert told == [
        ("acoustic", "In the audio, her voice is low.", "probe audioonly"),
        ("lexical", "In the text, she agrees.", FUSED),
    ]


# ---- labels from the description


def test_labels_read_from_the_description(spoken):
    described = [("Therefore she is ", 0.9), ("happy", 0.36), (" to sadness.", 0.8)]
    engine = spoken([described, STATED], ["[happy, sadness, grumbly]"], labels_from="description")
    answer = explain(clip_of(**WORDS_ALONE), engine)
    assert answer.labels[0] == "happy"
    confidence = {label.name: label.confidence for label in answer.verdict.labels}
    assert confidence.pop("happy") == pytest.approx(0.36, abs=1e-4)
    assert confidence.pop("grumbly") == 0.0, "it stands nowhere in the description"
    assert list(confidence.values()) == pytest.approx([0.8], abs=1e-4)
    assert answer.provenance["settings"]["labels_from"] == "description"


# ---- Chinese


def adapters(engine) -> set[bool]:
    from affectgpt.model.adapter_affectgpt import lora_layers

    return {layer.disable_adapters for layer in lora_layers(engine.model.language_model)}


def test_chinese_comes_from_the_base_model(spoken):
    rows = [DESCRIBED, STATED]
    chinese = ["在视频中，她在微笑。", "文本中她说“我很好。”", "因此她很高兴。"]
    engine, states = spoken(rows, chinese), []
    head = engine.model.language_model.lm_head
    hook = head.register_forward_pre_hook(lambda *_: states.append(adapters(engine)))
    events = list(reason(clip_of(**WORDS_ALONE), engine, language="zh"))
    hook.remove()
    answer = fold(events)
    assert answer.parts == dict(zip(("visual", "lexical", "inference"), chinese, strict=True))
    assert [(clue.text.zh, clue.text.en) for clue in answer.clues] == [
        (chinese[0], "In the video, she smiles."),
        (chinese[1], 'In the text, she says "I am fine."'),
    ]
    assert answer.labels == ("happy", "worried")
    assert answer.verdict.labels[0].text.zh != "happy"
    assert {True} in states, "switched off while it translates"
    assert states[0] == {False}
    assert adapters(engine) == {False}, "and on again"
    assert answer.provenance["translated_by"]
    assert tuple(answer.timings) == STAGES
    written = "".join(event.value.get("written", "") for event in events if event.kind == "progress")
    assert written == DESCRIBED, "while the English text is written, it can be watched"


def test_probes_are_translated_too(spoken):
    rows = ["", STATED, "In the audio, her voice is low.", "In the text, yes."]
    answer = explain(clip_of(picture=False), spoken(rows, ["声音低沉。", "文本说是。"]), language="zh")
    assert [clue.text.zh for clue in answer.clues] == ["声音低沉。", "文本说是。"]
    assert answer.parts == {}


def test_many_sentences_are_translated_in_turn(spoken, monkeypatch):
    monkeypatch.setattr(trained, "TRANSLATED_AT_ONCE", 2)
    described = "In the video, one. Two. Three."
    answer = explain(
        clip_of(**WORDS_ALONE), spoken([described, ""], ["一。", "二。"], ["三。"]), language="zh"
    )
    assert answer.parts == {"visual": "一。二。三。"}


def test_a_sentence_without_a_translation_stays(spoken):
    engine = spoken(["In the video, one. Two.", ""], ["", "二。"])
    answer = explain(clip_of(**WORDS_ALONE), engine, language="zh")
    assert answer.parts == {"visual": "In the video, one.二。"}
    assert [clue.text.zh for clue in answer.clues] == ["In the video, one.", "二。"]


# ---- samples


def test_samples_vote(spoken):
    said = ["It is sad.", "It is sad and angry.", "It is glad."]
    answers = [text.replace("It", "The emotional state") for text in said]
    answer = explain(clip_of(**WORDS_ALONE), spoken([DESCRIBED, *answers], samples=3))
    found = {label.name: label.confidence for label in answer.verdict.labels}
    assert found == {"sad": pytest.approx(0.6667)}
    assert [prompt["purpose"] for prompt in answer.provenance["prompts"]] == ["description", *["labels"] * 3]


def said(engine, samples, seed, clip=None):
    engine.settings = Settings(max_new_tokens=12, samples=samples, seed=seed)
    return [prompt["answer"] for prompt in explain(clip or clip_of(1), engine).provenance["prompts"]]


@pytest.fixture
def drawing(engine):
    before = engine.settings
    yield engine
    engine.settings = before


def test_samples_repeat_with_their_seed(drawing):
    one = said(drawing, 4, 1)
    torch.rand(3)  # whatever else is drawn meanwhile
    state = torch.get_rng_state()
    assert said(drawing, 4, 1) == one
    assert torch.equal(torch.get_rng_state(), state), "nobody else's numbers are touched"
    assert said(drawing, 4, 2) != one
    assert len(set(one[1:5])) > 1, "the same question, drawn again"
    assert len(one) == 1 + 4 + 3
    assert said(drawing, 4, 1, clip_of(2)) != one


def test_a_sampled_answer_does_not_hang_on_what_was_asked_before(drawing, models):
    said(drawing, 2, 5, clip_of(3))
    after = said(drawing, 2, 5)
    fresh = AffectGPTEngine(str(models["frame"]))
    assert said(fresh, 2, 5) == after


@pytest.mark.parametrize(
    "wrong",
    [{"samples": -1}, {"samples": 65}, {"max_new_tokens": 0}, {"labels_from": "guess"}],
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(AffectError) as caught:
        Settings(**wrong)
    assert next(iter(wrong)) in caught.value.text.en
    assert caught.value.text.zh != caught.value.text.en
