"""The model on tiny random weights: encoders, fusion, cached features, generation, the base model's chat."""

import golden_affectgpt as gold
import pytest
import tiny_affectgpt as tiny
import torch
from transformers import AutoModelForCausalLM

from affectgpt.model import AffectGPTForConditionalGeneration, AffectGPTProcessor

BOTH = "multiface_audio_face_frame_text"
GREEDY = {"do_sample": False, "max_new_tokens": 8}
MESSAGES = [{"role": "user", "content": "Name the emotions."}]


@pytest.fixture(scope="module")
def model(bases, tmp_path_factory):
    folder = gold.save(gold.trained(bases), bases, tmp_path_factory.mktemp("model"))
    return AffectGPTForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)


@pytest.fixture(scope="module")
def processor(bases, model):
    return AffectGPTProcessor.from_base_models(bases["text"], model.config, gold.FACE_MODE)


@pytest.fixture(scope="module")
def clips(processor):
    """Two clips with different questions, one row each; the second one has short sound."""
    first = processor(**gold.toy_media(1), subtitle="Go away.", question="What is felt?")
    second = processor(**gold.toy_media(2, samples=9000), question="Say it, with reasons, in a long answer?")
    return [first, second]


@pytest.fixture(scope="module")
def states(model, clips):
    return [model.encode(**clip) for clip in clips]


@pytest.fixture(scope="module")
def both(model, processor, states):
    """The same two as one batch with cached features."""
    asked = ["What is felt?", "Say it, with reasons, in a long answer?"]
    words = processor(subtitle=["Go away.", None], question=asked, mode=gold.FACE_MODE)
    names = ("visual_features", "acoustic_features")
    return {**words, **{name: torch.cat([state[name] for state in states]) for name in names}}


def words(inputs):
    return {key: inputs[key] for key in ("input_ids", "attention_mask")}


def logits(model, **inputs):
    with torch.no_grad():
        return model(**inputs).logits


def new_ids(model, inputs, **options):
    return model.generate(**inputs, **{**GREEDY, **options})[:, inputs["input_ids"].shape[1] :]


def close(actual, expected, tolerance=2e-5):
    return actual.shape == expected.shape and torch.allclose(actual, expected, atol=tolerance, rtol=0)


# ---- encoders and fusion, against their formulas


def test_what_the_encoders_give(model, clips):
    """CLIP: the projected CLS state, of any length. HuBERT: four states, the last one normed."""
    pixels, sound = clips[0]["pixel_values"][0], clips[0]["input_values"][0]
    caught, hubert = [], model.audio_tower.encoder
    hooks = [layer.register_forward_hook(lambda *a: caught.append(a[2])) for layer in hubert.layers[-4:]]
    with torch.no_grad():
        vision = model.vision_tower.vision_model(pixels)
        norm = model.vision_tower.vision_model.post_layernorm
        seen = model.vision_tower.visual_projection(norm(vision.last_hidden_state[:, 0]))
        model.audio_tower(sound)
        four = [out[0] if isinstance(out, tuple) else out for out in caught]
        heard = torch.stack([*four[:3], hubert.layer_norm(four[3])]).mean(0).mean(1)
    for hook in hooks:
        hook.remove()
    features = model.encode(pixels[None], sound[None])
    assert close(features.visual_features[0], seen)
    assert close(features.acoustic_features[0], heard)
    assert features.frame_features is None
    assert features.visual_features.shape == (1, 8, tiny.VISUAL)
    assert features.acoustic_features.shape == (1, 8, tiny.ACOUSTIC)


def test_the_order_of_clips_is_kept(model, clips, states):
    """More clips than are encoded at once, short ones among them."""
    order = [0, 1, 1, 0, 0, 1]
    many = {key: torch.cat([clips[i][key] for i in order]) for key in ("pixel_values", "input_values")}
    features = model.encode(**many)
    for row, i in enumerate(order):
        assert close(features.visual_features[row], states[i].visual_features[0])
        assert close(features.acoustic_features[row], states[i].acoustic_features[0])


@pytest.mark.parametrize("fusion", ["attention", "mean"])
@pytest.mark.parametrize("tokens", [1, 2])
def test_fusion_is_its_algebra(bases, fusion, tokens):
    """The specification's formulas in float64; each token stands at its placeholders and nowhere else."""
    model = gold.trained(bases, fusion=fusion, num_query_tokens=tokens)
    processor = AffectGPTProcessor.from_base_models(bases["text"], model.config, BOTH)
    random = torch.Generator().manual_seed(3)
    face, frame = (torch.randn(1, 8, tiny.VISUAL, generator=random) for _ in range(2))
    sound = torch.randn(1, 8, tiny.ACOUSTIC, generator=random)
    weights = {key: value.double() for key, value in model.fusion.state_dict().items()}

    def linear(name, x):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def token(x, score, projector):
        x = x[0].double()
        pooled = (linear(score, x) * x).sum(0) if fusion == "attention" else x.mean(0)
        return linear(projector, pooled)

    seen = linear("multi_visual", face[0].double().mean(0))
    heard = linear("multi_acoustic", sound[0].double().mean(0))
    w = linear("multi_weights", linear("multi_hidden", torch.cat([seen, heard])))
    expected = {
        "face": token(face, "visual_score", "visual_projector"),
        "frame": token(frame, "visual_score", "visual_projector"),
        "audio": token(sound, "acoustic_score", "acoustic_projector"),
        "multi": linear("multi_projector", w[0] * seen + w[1] * heard),
    }
    ids = processor(subtitle="Go.", question="Why?", mode=BOTH)["input_ids"]
    features = {"visual_features": face, "frame_features": frame, "acoustic_features": sound}
    with torch.no_grad():
        embeds = model.embed(ids, **features)[0]
        untouched = model.get_input_embeddings()(ids)[0]
    rest = torch.ones(ids.shape[1], dtype=torch.bool)
    for name, value in expected.items():
        place = ids[0] == getattr(model.config, f"{name}_token_id")
        assert place.sum() == tokens
        assert close(embeds[place].double(), value.expand(tokens, -1), 1e-5), name
        rest &= ~place
    assert torch.equal(embeds[rest], untouched[rest])


# ---- features instead of media


def test_encoded_once_is_encoded_each_time(model, clips, states):
    calls = []
    towers = [model.vision_tower, model.audio_tower]
    hooks = [tower.register_forward_hook(lambda *_: calls.append(1)) for tower in towers]
    for clip, state in zip(clips, states, strict=True):
        assert torch.equal(logits(model, **clip), logits(model, **words(clip), **state))
        calls.clear()
        from_media = new_ids(model, clip)
        assert len(calls) == 2, "each tower once, not once per token"
        assert torch.equal(from_media, new_ids(model, {**words(clip), **state}))
        assert len(calls) == 2, "and not at all for features"
    for hook in hooks:
        hook.remove()


def test_a_batch_is_its_rows(model, clips, states, both):
    together, answers = logits(model, **both), new_ids(model, both)
    for row, (clip, state) in enumerate(zip(clips, states, strict=True)):
        alone = {**words(clip), **state}
        length = clip["input_ids"].shape[1]
        assert close(together[row, -length:], logits(model, **alone)[0])
        assert torch.equal(answers[row], new_ids(model, alone)[0])


def test_any_mix_of_modes_and_muted_media(model, processor, states):
    """Features of every row, or only of the rows that use them, in one batch with prompts of every kind."""
    modes = ["textonly", BOTH, "audioonly", "frameonly", gold.FACE_MODE, "face_text"]
    batch = processor(subtitle="Go.", question="Why?", mode=modes)
    seen, heard = states[0].visual_features, states[0].acoustic_features
    frame = states[1].visual_features
    visual = [seen * 0, seen, seen * 0, frame, seen * 0.5, seen * 2]
    sparse = {
        "visual_features": torch.cat([visual[i] for i in (1, 3, 4, 5)]),
        "acoustic_features": torch.cat([heard, heard * 2, heard * 3]),
        "frame_features": frame,
    }
    dense = {
        "visual_features": torch.cat(visual),
        "acoustic_features": torch.cat([heard * 9, heard, heard * 2, heard * 9, heard * 3, heard * 9]),
        "frame_features": torch.cat([seen] + [frame] + [seen] * 4),
    }
    found = logits(model, **batch, **sparse)
    assert close(found, logits(model, **batch, **dense))
    alone = {
        1: (seen, heard, frame),
        2: (None, heard * 2, None),
        3: (frame, None, None),
        5: (seen * 2, None, None),
    }
    for row, (v, a, f) in {0: (None, None, None), **alone}.items():
        one = processor(subtitle="Go.", question="Why?", mode=modes[row])
        expected = logits(model, **one, visual_features=v, acoustic_features=a, frame_features=f)[0]
        assert close(found[row, -len(expected) :], expected), modes[row]
    assert new_ids(model, {**batch, **sparse}).shape == (6, 8)


def surplus(features, name):
    return {**features, name: features[name].repeat(3, 1, 1)}


def test_what_does_not_fit_is_refused(model, processor, clips, states):
    row, state = words(clips[0]), dict(states[0])
    ids = row["input_ids"]
    doubled = torch.cat([ids[:, :5], torch.tensor([[model.config.audio_token_id]]), ids[:, 5:]], 1)
    text = processor(subtitle="Go.", question="Why?", mode="textonly")
    two = {**row, "pixel_values": clips[0]["pixel_values"], **state}
    cases = {
        "placeholders of audio": {"input_ids": doubled, **state},
        "visual_features": {**row, "acoustic_features": state["acoustic_features"]},
        "acoustic_features": {**row, "visual_features": state["visual_features"]},
        "visual_features.*3": {**row, **surplus(state, "visual_features")},
        "acoustic_features.*3": {**row, **surplus(state, "acoustic_features")},
        "visual_features.* 3": {**text, **surplus(state, "visual_features")},
        "one of them": two,
    }
    for said, inputs in cases.items():
        with pytest.raises(ValueError, match=said) as caught:
            logits(model, **inputs)
        assert len(str(caught.value)) > 30
        if "attention_mask" in inputs:
            with pytest.raises(ValueError, match=said):
                new_ids(model, inputs)


# ---- generation


def test_cached_generation_is_uncached(model, both, states):
    assert torch.equal(new_ids(model, both), new_ids(model, both, use_cache=False))


def test_padding_on_the_left_changes_nothing(model, clips, states):
    row = {**words(clips[0]), **states[0]}
    pad = torch.full((1, 11), model.config.pad_token_id)
    wide = {**row, "input_ids": torch.cat([pad, row["input_ids"]], 1)}
    wide["attention_mask"] = torch.cat([torch.zeros_like(pad), row["attention_mask"]], 1)
    assert close(logits(model, **wide)[:, 11:], logits(model, **row))
    for cache in (True, False):
        assert torch.equal(new_ids(model, wide, use_cache=cache), new_ids(model, row, use_cache=cache))


def test_every_row_stops_for_itself(model, both):
    """The official code looks at row 0 only. Stops of one and of two tokens, taken from the second answer."""
    options = {"max_new_tokens": 12, "repetition_penalty": 5.0}  # tiny models say one word for ever
    free = new_ids(model, both, **options)
    pad, ends = model.config.pad_token_id, model.config.stop_sequences
    second = free[1].tolist()
    at = next(i for i in range(1, 12) if second[i] not in (*second[:i], *free[0].tolist()))
    try:
        for stop in ([second[at]], second[at - 1 : at + 1]):
            model.config.stop_sequences = [stop]
            cut = new_ids(model, both, **options)
            assert cut[1].tolist() == second[: at + 1] + [pad] * (12 - at - 1)
            assert torch.equal(cut[0], free[0])
    finally:
        model.config.stop_sequences = ends


def test_samples_repeat_with_their_seed(model, both):
    """K answers of each row of a batch, from features that are given once per row."""
    options = {"do_sample": True, "top_p": 0.9, "num_return_sequences": 3}
    answers = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        answers.append(new_ids(model, both, **options))
    assert answers[0].shape == (6, 8)
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])
    greedy = new_ids(model, both)
    assert torch.equal(
        new_ids(model, both, do_sample=True, top_k=1, num_return_sequences=3), greedy.repeat_interleave(3, 0)
    )


def test_token_by_token(model, clips, states):
    """A streamer gets the prompt, then every new token."""

    class Streamer:
        def __init__(self):
            self.got = []

        def put(self, value):
            self.got += value.flatten().tolist()

        def end(self):
            self.got.append("end")

    row, streamer = {**words(clips[0]), **states[0]}, Streamer()
    ids = model.generate(**row, **GREEDY, streamer=streamer)
    assert streamer.got == [*ids[0].tolist(), "end"]


def test_defaults_of_generation(model):
    """Greedy, 1200 tokens, and the ends of the base model as well."""
    config = model.generation_config
    assert (config.do_sample, config.max_new_tokens, config.pad_token_id) == (
        False,
        1200,
        model.config.pad_token_id,
    )
    assert model.config.eos_token_id in config.eos_token_id


# ---- the base model


@pytest.fixture(scope="module")
def base(bases):
    return AutoModelForCausalLM.from_pretrained(bases["text"], dtype=torch.float32).eval()


def test_chat_is_the_base_model_alone(model, processor, base, clips, states):
    tokenizer = processor.tokenizer
    with_adapter = logits(model, **words(clips[0]), **states[0])
    prompt = "<|im_start|>user\nName the emotions.<|im_end|>\n<|im_start|>assistant\n"
    ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
    eos, pad = model.generation_config.eos_token_id, model.config.pad_token_id
    out = base.generate(ids, do_sample=False, max_new_tokens=12, eos_token_id=eos, pad_token_id=pad)
    expected = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).strip()
    assert model.chat(MESSAGES, tokenizer=tokenizer, max_new_tokens=12) == expected
    with model.base_language_model() as lent, torch.no_grad():
        assert torch.equal(lent(ids).logits, base(ids).logits)
        assert torch.equal(lent.get_input_embeddings().weight, base.get_input_embeddings().weight)
    assert torch.equal(logits(model, **words(clips[0]), **states[0]), with_adapter)
    with torch.no_grad():
        assert not close(model.language_model(ids).logits, base(ids).logits, 1e-2)


def test_the_adapter_comes_back_after_an_exception(model, processor, clips, states):
    with_adapter = logits(model, **words(clips[0]), **states[0])
    with pytest.raises(RuntimeError, match="of the test"), model.base_language_model():
        raise RuntimeError("of the test")

    def fail(ids, scores):
        raise RuntimeError("of the test")

    with pytest.raises(RuntimeError, match="of the test"):
        model.chat(MESSAGES, tokenizer=processor.tokenizer, logits_processor=[fail])
    assert torch.equal(logits(model, **words(clips[0]), **states[0]), with_adapter)
