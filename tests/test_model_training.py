"""Training AffectGPT: what is frozen stays frozen, what is trained gets its gradient."""

import golden_affectgpt as gold
import pytest
import tiny_affectgpt as tiny
import torch
from transformers import AutoModelForCausalLM

from affectgpt.model import AffectGPTForConditionalGeneration, AffectGPTProcessor


@pytest.fixture(scope="module")
def folder(bases, tmp_path_factory):
    return gold.save(gold.trained(bases), bases, tmp_path_factory.mktemp("model"))


@pytest.fixture
def model(folder):
    return AffectGPTForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)


@pytest.fixture(scope="module")
def batch(bases, folder):
    config = AffectGPTForConditionalGeneration.config_class.from_pretrained(folder)
    processor = AffectGPTProcessor.from_base_models(bases["text"], config, gold.FACE_MODE)
    media = [gold.toy_media(seed, samples=20_000) for seed in (1, 2)]
    given = {name: [one[name] for one in media] for name in ("faces", "audio")}
    asked = {"subtitle": ["Go.", None], "question": ["Why?", "Who?"], "answer": ["sad", "angry, afraid"]}
    return dict(processor(**given, **asked, audio_normalization="batch"))


def trained(name: str) -> bool:
    return name.startswith("fusion.") or ".lora_A." in name or ".lora_B." in name


def gradients(model, batch):
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    return loss.item(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_the_towers_stay_as_they_are(model, batch):
    """In training mode, too: no dropout, no layer-drop, no SpecAugment, whatever their configuration says."""
    quiet = model.encode(**batch)
    model.audio_tower.config.mask_time_prob = 0.9
    for mode in (True, False, True):
        assert model.train(mode) is model
        assert model.training is mode
        assert model.language_model.training is mode
        towers = [*model.vision_tower.modules(), *model.audio_tower.modules()]
        assert not any(module.training for module in towers)
    loud = model.encode(**batch)
    assert torch.equal(quiet.acoustic_features, loud.acoustic_features)
    assert torch.equal(quiet.visual_features, loud.visual_features)
    assert not loud.acoustic_features.requires_grad


@pytest.mark.parametrize("made", ["loaded", "put together"])
def test_only_fusion_and_lora_learn(bases, folder, batch, made):
    """What an optimizer would be given, and what a step changes."""
    if made == "loaded":
        model = AffectGPTForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    else:
        model = gold.trained(bases)
    model.train()
    _, found = gradients(model, batch)
    names = {name for name, _ in model.named_parameters() if trained(name)}
    assert found.keys() == names
    assert all(gradient.abs().max() > 0 for gradient in found.values())
    assert {name for name, p in model.named_parameters() if p.requires_grad} == names


def test_the_loss_is_the_mean_over_supervised_tokens(model, batch):
    with torch.no_grad():
        out = model(**batch)
    labels = batch["labels"][:, 1:]
    chosen = out.logits[:, :-1].log_softmax(-1).gather(2, labels.clamp(min=0)[:, :, None])[:, :, 0]
    assert out.loss.item() == pytest.approx(-chosen[labels != -100].mean().item(), abs=1e-5)


def test_checkpointing_of_gradients_changes_none(model, batch):
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    model.train()
    loss, plain = gradients(model, batch)
    model.gradient_checkpointing_enable()
    assert model.is_gradient_checkpointing
    again, saved = gradients(model, batch)
    assert again == pytest.approx(loss, abs=1e-6)
    assert all(torch.allclose(saved[name], plain[name], atol=1e-6) for name in plain | saved)


def test_a_step_of_learning(model, batch):
    """Twenty steps on two rows: the loss falls, and what is frozen has not moved."""
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    features = model.encode(**batch)
    rows = {key: batch[key] for key in ("input_ids", "attention_mask", "labels")}
    optimizer = torch.optim.AdamW([p for n, p in model.named_parameters() if trained(n)], lr=1e-2)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = model(**rows, **features).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if trained(name)}


def test_a_fresh_adapter_changes_nothing(bases):
    """LoRA's B is zero at first; without LoRA there is none, and without a head nothing is trained for it."""
    ids = torch.arange(40)[None]
    fresh = AffectGPTForConditionalGeneration.from_base_models(**bases, dtype=torch.float32)
    bare = AffectGPTForConditionalGeneration.from_base_models(**bases, dtype=torch.float32, lora=None)
    assert not any("lora" in name for name in bare.state_dict())
    with torch.no_grad():
        assert torch.equal(fresh(input_ids=ids).logits, bare(input_ids=ids).logits)
    mean = AffectGPTForConditionalGeneration.from_base_models(**bases, fusion="mean")
    assert not any("score" in name for name in mean.state_dict())
    assert fresh.config.lora["r"] == tiny.RANK


def test_the_adapters_scale_is_two(model, bases):
    """alpha / r = 32 / 16: the same as base weights to which 2 B A is added."""
    base = AutoModelForCausalLM.from_pretrained(bases["text"], dtype=torch.float32).eval()
    own = {name.removeprefix("language_model."): value for name, value in model.state_dict().items()}
    count = 0
    with torch.no_grad():
        for name, weight in base.named_parameters():
            stem = name.removesuffix(".weight")
            if f"{stem}.lora_A.default.weight" in own:
                weight += 2 * own[f"{stem}.lora_B.default.weight"] @ own[f"{stem}.lora_A.default.weight"]
                count += 1
        ids = torch.arange(60)[None]
        assert torch.allclose(model(input_ids=ids).logits, base(ids).logits, atol=2e-5)
    assert count == 7 * tiny.LAYERS
