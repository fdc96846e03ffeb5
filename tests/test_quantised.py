"""4 bits and 8 bits: the language model alone, saved and loaded to the bit, an adapter that still learns."""

import json

import golden_affectgpt as gold
import pytest
import tiny_affectgpt as tiny
import torch
from golden_affectgpt import close, load, logits
from safetensors.torch import load_file, save_file

from affectgpt.model import AffectGPTProcessor

pytest.importorskip("bitsandbytes", reason="needs bitsandbytes")
KINDS = {"nf4": "Linear4bit", "int8": "Linear8bitLt"}
LINEARS = {f"self_attn.{name}_proj" for name in "qkvo"} | {
    f"mlp.{name}_proj" for name in ("gate", "up", "down")
}


@pytest.fixture(scope="module")
def full(bases, tmp_path_factory):
    """A repository in full precision."""
    return gold.save(gold.trained(bases), bases, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def inputs(full):
    processor = AffectGPTProcessor.from_pretrained(full)
    media = [gold.toy_media(seed, samples=20_000) for seed in (1, 2)]
    given = {name: [one[name] for one in media] for name in ("faces", "audio")}
    return dict(processor(**given, subtitle=["Go.", "I do not know."], question="Why?"))


def answer(model, inputs):
    return model.generate(**inputs, do_sample=False, max_new_tokens=10)


def quantised_layers(model) -> dict[str, str]:
    """Names of layers that bitsandbytes made, with their classes."""
    return {
        name: type(module).__name__
        for name, module in model.named_modules()
        if type(module).__module__.startswith("bitsandbytes")
    }


def expected_layers() -> set[str]:
    stems = [f"language_model.model.layers.{i}.{name}" for i in range(tiny.LAYERS) for name in LINEARS]
    return {f"{stem}.base_layer" for stem in stems}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("made", ["loaded", "put together"])
def test_only_the_language_models_linear_layers(bases, full, kind, made):
    """Towers, fusion, adapter and head keep their precision, and what is quantised is stored in bytes."""
    model = load(full, quantize=kind) if made == "loaded" else gold.trained(bases, quantize=kind)
    found = quantised_layers(model)
    assert found.keys() == expected_layers()
    assert set(found.values()) == {KINDS[kind]}
    for name, parameter in model.named_parameters():
        packed = name.removesuffix(".weight") in found
        assert parameter.dtype == (
            {"nf4": torch.uint8, "int8": torch.int8}[kind] if packed else torch.float32
        ), name
    layer = model.language_model.model.layers[0].self_attn.q_proj.base_layer
    if kind == "nf4":
        assert layer.weight.quant_state.quant_type == "nf4"
        assert layer.weight.quant_state.nested, "double quantisation"
        assert layer.weight.numel() == tiny.HIDDEN**2 // 2
    assert model.config.quantization_config is not None


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_to_the_bit(full, inputs, kind, tmp_path):
    """Quantised at load = saved and loaded; before and after a step of computing; a second time over."""
    model = load(full, quantize=kind)
    model.save_pretrained(tmp_path / "before")
    expected, said = logits(model, inputs), answer(model, inputs)
    model.save_pretrained(tmp_path / "after")
    load(tmp_path / "before").save_pretrained(tmp_path / "twice")
    twice = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("before", "twice")]
    assert twice[0] == twice[1], "the same file, with the same checksum"
    used = load(tmp_path / "before")
    assert close(logits(used, inputs), expected)
    used.save_pretrained(tmp_path / "used")
    first = load_file(tmp_path / "before" / "model.safetensors")
    for name in ("before", "after", "twice", "used"):
        other, weights = load(tmp_path / name), load_file(tmp_path / name / "model.safetensors")
        assert weights.keys() == first.keys()
        assert all(torch.equal(weights[key], first[key]) for key in first), name
        assert quantised_layers(other) == quantised_layers(model)
        assert close(logits(other, inputs), expected), name
        assert torch.equal(answer(other, inputs), said), name
    assert torch.equal(logits(model, inputs), expected), "saving changes nothing in the model itself"
    saved = json.loads((tmp_path / "after" / "config.json").read_text(encoding="utf-8"))
    assert saved["quantization_config"]["quant_method"] == "bitsandbytes"


def test_what_a_repository_in_4_bits_holds(full, tmp_path):
    """The layout that transformers and bitsandbytes read without us; the towers and the head stay exact."""
    load(full, quantize="nf4").save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))["quantization_config"]
    assert settings["load_in_4bit"] is settings["bnb_4bit_use_double_quant"] is True
    assert settings["bnb_4bit_quant_type"] == "nf4"
    skipped = {"vision_tower", "audio_tower", "fusion", "lm_head", "lora_A.default", "lora_B.default"}
    assert skipped == set(settings["llm_int8_skip_modules"])
    weights, exact = load_file(tmp_path / "model.safetensors"), load_file(full / "model.safetensors")
    parts = ("absmax", "nested_absmax", "quant_map", "nested_quant_map", "quant_state.bitsandbytes__nf4")
    packed = {f"{layer}.weight" for layer in expected_layers()}
    assert weights.keys() - exact.keys() == {f"{name}.{part}" for name in packed for part in parts}
    assert all(torch.equal(weights[name], exact[name]) for name in exact.keys() - packed)


@pytest.mark.parametrize("kind", KINDS)
def test_put_together_and_loaded_are_the_same(bases, full, inputs, kind, tmp_path):
    """Both ways into 4 or 8 bits give the same numbers, and what is put together can be saved."""
    model = gold.trained(bases, quantize=kind)
    assert close(logits(model, inputs), logits(load(full, quantize=kind), inputs))
    model.save_pretrained(tmp_path)
    assert close(logits(load(tmp_path), inputs), logits(model, inputs))


def test_the_error_of_quantisation(full, inputs):
    """Reported, finite, and small beside the logits themselves."""
    exact = logits(load(full), inputs)
    seen = inputs["attention_mask"].bool()
    errors = {}
    for kind in KINDS:
        difference = (logits(load(full, quantize=kind), inputs) - exact)[seen].abs()
        assert torch.isfinite(difference).all()
        errors[kind] = (difference.mean() / exact[seen].abs().mean()).item()
        print(
            f"fp32 against {kind}: logits {difference.max():.4f} off at most, {errors[kind]:.2%} on average"
        )
    assert 0 < errors["int8"] < errors["nf4"] < 0.3


def test_none_is_no_quantisation(full, inputs):
    assert not quantised_layers(load(full, quantize="none"))
    assert close(logits(load(full, quantize="none"), inputs), logits(load(full), inputs))
    with pytest.raises(ValueError, match="quantize is"):
        load(full, quantize="fp4")


def test_settings_of_ones_own(full, inputs):
    """A BitsAndBytesConfig without a list of what to skip quantises the language model alone, too."""
    from transformers import BitsAndBytesConfig

    own = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="fp4")
    model = load(full, quantization_config=own)
    assert quantised_layers(model).keys() == expected_layers()
    assert model.language_model.model.layers[0].mlp.up_proj.base_layer.weight.quant_state.quant_type == "fp4"
    assert own.llm_int8_skip_modules is None, "the settings that were given are not changed"


def test_what_is_left_alone_may_be_more(full):
    """A list of one's own is added to what is never quantised: towers, fusion, adapter and head."""
    from transformers import BitsAndBytesConfig

    few = BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=["language_model.model.layers.0"])
    found = quantised_layers(load(full, quantization_config=few)).keys()
    assert found == {name for name in expected_layers() if ".layers.0." not in name}


@pytest.mark.parametrize("kind", KINDS)
def test_the_adapter_learns_on_a_quantised_base(full, inputs, kind):
    """LoRA and fusion get gradients and nothing else does; 4 and 8 bits stay as they are."""
    model = load(full, quantize=kind).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    learning = [name for name, p in model.named_parameters() if p.requires_grad]
    assert all("lora_" in name or name.startswith("fusion.") for name in learning)
    model(**inputs, labels=inputs["input_ids"]).loss.backward()
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert all(torch.isfinite(gradient).all() for gradient in found.values())
    assert (
        sum("lora_B" in name and gradient.abs().max() > 0 for name, gradient in found.items())
        == 7 * tiny.LAYERS
    )
    torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1).step()
    model.eval()
    after = model.state_dict()
    packed = [name for name in before if "base_layer.weight" in name and name in after]
    assert packed
    assert all(torch.equal(before[name], after[name]) for name in packed)


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_model_below(full, kind, inputs):
    """chat() works on the quantised weights with the adapter off, and puts it on again."""
    model, tokenizer = load(full, quantize=kind), AffectGPTProcessor.from_pretrained(full).tokenizer
    expected = logits(model, inputs)
    messages = [{"role": "user", "content": "Name the emotions."}]
    text = model.chat(messages, tokenizer=tokenizer, max_new_tokens=6)
    assert text == model.chat(messages, tokenizer=tokenizer, max_new_tokens=6)
    assert torch.equal(logits(model, inputs), expected)


def test_an_adapter_over_base_models_in_4_bits(bases, full, inputs, tmp_path):
    weights = load_file(full / "model.safetensors")
    few = {key: value for key, value in weights.items() if "lora_" in key or key.startswith("fusion.")}
    save_file(few, tmp_path / "model.safetensors", {"format": "pt"})
    config = json.loads((full / "config.json").read_text(encoding="utf-8")) | {"base_models": bases}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    model = load(tmp_path, quantize="nf4")
    assert quantised_layers(model).keys() == expected_layers()
    assert close(logits(model, inputs), logits(load(full, quantize="nf4"), inputs))
