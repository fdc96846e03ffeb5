"""The official code's numbers, stage by stage, on tiny random weights: ../shared/golden/affectgpt_tiny."""

import golden_affectgpt as gold
import numpy as np
import pytest
import torch

from affectgpt.model import AffectGPTForConditionalGeneration, AffectGPTProcessor
from affectgpt.model.processing_affectgpt import normalize

CLIPS = ("clip_a", "clip_b")


@pytest.fixture(scope="module")
def golden(shared):
    return gold.golden(shared)


@pytest.fixture(scope="module", params=["attention", "mean"])
def loaded(request, golden, tmp_path_factory):
    """Model, processor and expected tensors of one kind of fusion, after a save and a load."""
    fusion = request.param
    folder = tmp_path_factory.mktemp(fusion)
    model = gold.trained(golden.bases, golden.weights(fusion), fusion=fusion)
    gold.save(model, golden.bases, folder)
    expected = getattr(golden, fusion)
    return (
        AffectGPTForConditionalGeneration.from_pretrained(folder, dtype=torch.float32),
        AffectGPTProcessor.from_pretrained(folder),
        expected,
    )


@pytest.fixture(scope="module")
def rows(golden, processor, training):
    """The three inputs that the official code was given, by the names of their stages."""
    return {"forward": training, **{f"chat.{clip}": golden.row(processor, clip) for clip in CLIPS}}


@pytest.fixture(scope="module")
def states(loaded, rows):
    """What the towers make of them: the slow part, once for each repository."""
    return {name: loaded[0].encode(**inputs) for name, inputs in rows.items()}


@pytest.fixture(scope="module")
def processor(golden):
    config = gold.AffectGPTForConditionalGeneration.config_class.from_base_models(**golden.bases)
    return AffectGPTProcessor.from_base_models(golden.bases["text"], config, gold.FACE_MODE)


@pytest.fixture(scope="module")
def training(golden, processor):
    """The batch of two as in training: one normalisation over both clips' windows."""
    windows = [processor.windows(*golden.sound(clip)) for clip in CLIPS]
    pixels = [processor.pixels(golden.faces(clip)) for clip in CLIPS]
    return {
        **golden.words(processor, CLIPS, answer=True),
        "pixel_values": torch.stack(pixels),
        "input_values": torch.from_numpy(normalize(np.stack(windows), "batch")),
    }


def near(actual, expected, tolerance=1e-5):
    actual, expected = torch.as_tensor(actual), torch.as_tensor(expected)
    assert actual.shape == expected.shape
    difference = (actual.double() - expected.double()).abs().max().item()
    assert difference <= tolerance, f"off by {difference:.3g}"


# ---- what goes into the encoders: bit by bit


@pytest.mark.parametrize("clip", CLIPS)
def test_pictures_are_the_official_ones(golden, processor, clip):
    raw = golden.attention[f"{clip}.raw_faces"].numpy()  # (3, 8, 224, 224)
    assert np.array_equal(processor.sample(golden.faces(clip)).transpose(3, 0, 1, 2), raw)
    scaled = (raw.transpose(1, 0, 2, 3).astype(np.float64) * (1 / 255)).astype(np.float32)
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)[None, :, None, None]
    std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)[None, :, None, None]
    row = golden.row(processor, clip)
    assert np.array_equal(row["pixel_values"][0].numpy(), (scaled - mean) / std)


@pytest.mark.parametrize("clip", CLIPS)
def test_frames_of_a_frame_mode_are_the_official_ones(golden, processor, clip):
    """The decoder's eight frames pass unchanged, in RGB."""
    frames = golden.frames[f"{clip}.raw_frames"]  # (3, 8, 224, 224)
    given = np.ascontiguousarray(frames.transpose(1, 2, 3, 0))
    assert np.array_equal(processor.sample(given), given)
    row = processor(frames=given, audio=golden.sound("clip_a")[0], mode=gold.FRAME_MODE)
    as_face = processor(faces=given, audio=golden.sound("clip_a")[0], mode=gold.FACE_MODE)
    assert torch.equal(row["pixel_values"], as_face["pixel_values"]), "no colours are swapped on the way"
    red = (np.float32(frames[0].astype(np.float64) * (1 / 255)) - np.float32(0.48145466)) / np.float32(
        0.26862954
    )
    assert np.array_equal(row["pixel_values"][0, :, 0].numpy(), red)


@pytest.mark.parametrize("clip", CLIPS)
def test_sound_is_the_official_one(golden, processor, clip):
    raw = golden.attention[f"{clip}.raw_audio"].numpy()
    assert np.array_equal(processor.windows(*golden.sound(clip)), np.broadcast_to(raw, (8, 32000)))
    alone = golden.row(processor, clip)["input_values"]  # (1, 8, 32000)
    assert alone.shape == (1, 8, 32000)
    assert torch.equal(alone[0, 0], golden.attention[f"{clip}.hubert_input_alone.window0"])


def test_the_joint_normalisation_of_training(golden, training):
    for row, clip in enumerate(CLIPS):
        first = training["input_values"][row, 0]
        assert torch.equal(first, golden.attention[f"{clip}.hubert_input_in_batch.window0"])
        assert not torch.equal(first, golden.attention[f"{clip}.hubert_input_alone.window0"])


def test_the_processor_normalises_a_batch_either_way(golden, processor):
    sounds = [golden.sound("clip_a")[0][0], golden.sound("clip_a")[0][0][5000:] * 0.3]
    windows = np.stack([processor.windows(sound) for sound in sounds])
    batch = processor(audio=sounds, mode="audioonly", audio_normalization="batch")["input_values"].numpy()
    flat = windows.reshape(16, -1)
    expected = (flat - flat.mean()) / np.sqrt(flat.var() + 1e-7)
    assert np.array_equal(batch.reshape(16, -1), expected)
    clip = processor(audio=sounds, mode="audioonly")["input_values"]
    alone = [processor(audio=sound, mode="audioonly")["input_values"][0] for sound in sounds]
    assert torch.equal(clip, torch.stack(alone))


def test_prompts_and_training_rows(golden, processor, training):
    for clip in CLIPS:
        asked = golden.meta["qa"][clip]
        prompt = processor.prompt(asked["question"], asked["subtitle"], gold.FACE_MODE)
        assert prompt == golden.meta["prompts"][clip]
        ids = golden.row(processor, clip)["input_ids"][0]
        assert torch.equal(ids, golden.attention[f"chat.{clip}.prompt_ids"])
    assert torch.equal(training["input_ids"], golden.attention["batch.input_ids"])
    assert torch.equal(training["labels"], golden.attention["batch.labels"])
    assert torch.equal(training["attention_mask"].bool(), golden.attention["batch.attention_masks"])


def test_ids_and_stops(golden, loaded):
    model, _, _ = loaded
    said, config = golden.meta["tokenizer"], model.config
    for name in ("Audio", "Frame", "Face", "Multi"):
        assert getattr(config, f"{name.lower()}_token_id") == said["placeholders"][f"<{name}Here>"]
    assert [config.bos_token_id, config.eos_token_id, config.pad_token_id] == said["bos_eos_pad"]
    assert config.stop_sequences == said["stop_ids"]


# ---- from the encoders to the loss


def test_states_of_the_encoders(golden, states):
    for name, features in states.items():
        near(features.visual_features, golden.attention[f"{name}.visual_embeds"])
        near(features.acoustic_features, golden.attention[f"{name}.acoustic_embeds"])


def test_modality_tokens(loaded, states):
    """From our own states, and for each modality alone."""
    model, _, expected = loaded
    for name, features in states.items():
        seen, heard = features.visual_features, features.acoustic_features
        with torch.no_grad():
            tokens = {
                "video": model.fusion.visual(seen),
                "audio": model.fusion.acoustic(heard),
                "multi": model.fusion.multi(seen, heard),
            }
        for official, token in tokens.items():
            near(token[:, None], expected[f"{name}.encode_{official}_merge.llm"])


def test_tokens_take_their_places(golden, loaded, rows, states):
    model, _, expected = loaded
    if "forward.inputs_embeds" not in expected:
        pytest.skip("stored for attention only")
    stages = {
        "forward": "inputs_embeds",
        "chat.clip_a": "gen_inputs_embeds",
        "chat.clip_b": "gen_inputs_embeds",
    }
    for name, stage in stages.items():
        with torch.no_grad():
            near(model.embed(rows[name]["input_ids"], **states[name]), expected[f"{name}.{stage}"])


def test_logits_and_loss(loaded, training):
    """From pictures and sound to the loss in one call."""
    model, _, expected = loaded
    with torch.no_grad():
        out = model(**training)
    seen = training["attention_mask"].bool()
    near(out.logits[seen], expected["forward.logits"][seen], 5e-5)
    near(out.loss, expected["forward.loss"])
    near(out.loss, {"attention": 6.541158676, "mean": 6.522859573}[model.config.fusion])


def test_gradients(golden, loaded, rows, states):
    """The norm of every trained tensor's gradient, and no gradient anywhere else."""
    model, _, _ = loaded
    meta = golden.meta if model.config.fusion == "attention" else golden.meta["mean"]
    expected = {gold.our_name(key): norm for key, norm in meta["grad_norm"].items()}
    expected.pop(None, None)
    words = {key: rows["forward"][key] for key in ("input_ids", "attention_mask", "labels")}
    model(**words, **states["forward"]).loss.backward()
    found = {name: p.grad.norm().item() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    for name, norm in expected.items():
        assert found[name] == pytest.approx(norm, rel=1e-3, abs=1e-7), name
    assert found.keys() == expected.keys()


def test_answers(golden, loaded, rows, states):
    """Greedy ids and the texts made of them: clip_b from its media, the others from states."""
    model, processor, expected = loaded
    texts = (golden.meta if model.config.fusion == "attention" else golden.meta["mean"])["texts"]
    banned = list(range(*golden.meta["generation"]["suppressed_token_ids"]))
    options = {"do_sample": False, "max_new_tokens": 24, "suppress_tokens": banned}
    for clip in CLIPS:
        row = dict(rows[f"chat.{clip}"])
        if clip == "clip_a":
            row = {**golden.words(processor, (clip,)), **states[f"chat.{clip}"]}
        ids = model.generate(**row, **options)[:, row["input_ids"].shape[1] :]
        assert torch.equal(ids, expected[f"chat.{clip}.gen_ids"])
        assert processor.answers(ids) == [texts[clip]]
    both = golden.words(processor, CLIPS)
    ids = model.generate(**both, **stacked(states), **options)[:, both["input_ids"].shape[1] :]
    assert processor.answers(ids) == [texts[clip] for clip in CLIPS]


def test_a_batch_of_two_is_two_batches_of_one(golden, loaded, rows, states):
    """Clips of different lengths, with different subtitles, in one call."""
    model, processor, _ = loaded
    media = ("pixel_values", "input_values")
    both = {name: torch.cat([rows[f"chat.{clip}"][name] for clip in CLIPS]) for name in media}
    words = golden.words(processor, CLIPS)
    with torch.no_grad():
        logits = model(**words, **both).logits
        for row, clip in enumerate(CLIPS):
            ids = {key: rows[f"chat.{clip}"][key] for key in ("input_ids", "attention_mask")}
            alone = model(**ids, **states[f"chat.{clip}"]).logits[0]
            near(logits[row, -len(alone) :], alone, 5e-5)


def stacked(states):
    """The two clips' own states as one batch."""
    clips = [states[f"chat.{clip}"] for clip in CLIPS]
    return {name: torch.cat([clip[name] for clip in clips]) for name in clips[0]}
