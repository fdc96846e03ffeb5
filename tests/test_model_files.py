"""Saved and loaded again: the same numbers, whole or refused; nothing in the files leads elsewhere."""

import json
import re
import shutil

import golden_affectgpt as gold
import pytest
import torch
from golden_affectgpt import close, load, logits
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from affectgpt.model import AffectGPTConfig, AffectGPTForConditionalGeneration, AffectGPTProcessor

LORA_B = "language_model.model.layers.1.mlp.up_proj.lora_B.default.weight"
SCORE = "fusion.visual_score.weight"
DEEP = "audio_tower.encoder.layers.0.attention.k_proj.weight"


@pytest.fixture(scope="module")
def folder(bases, tmp_path_factory):
    return gold.save(gold.trained(bases), bases, tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def inputs(folder):
    return dict(AffectGPTProcessor.from_pretrained(folder)(**gold.toy_media(), question="Why?"))


def files(folder, pattern="*"):
    return sorted(file.name for file in folder.glob(pattern))


def changed(folder, target, change=None, settings=None):
    """A copy of a repository with other weights or another configuration."""
    shutil.copytree(folder, target)
    weights = load_file(target / "model.safetensors")
    if change:
        change(weights)
    save_file(weights, target / "model.safetensors", {"format": "pt"})
    if settings:
        config = json.loads((target / "config.json").read_text(encoding="utf-8"))
        (target / "config.json").write_text(json.dumps(config | settings), encoding="utf-8")
    return target


# ---- the same again


def test_saved_and_loaded_is_the_same(bases, folder, inputs):
    first, second = gold.trained(bases), load(folder)
    assert first.state_dict().keys() == second.state_dict().keys()
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key]), key
    assert close(logits(first, inputs), logits(second, inputs))
    assert not first.training
    assert not second.training


def test_in_shards(folder, inputs, tmp_path):
    model = load(folder)
    model.save_pretrained(tmp_path, max_shard_size="300KB")
    assert len(files(tmp_path, "model-*.safetensors")) > 3
    assert (tmp_path / "model.safetensors.index.json").is_file()
    again = load(tmp_path)
    assert close(logits(model, inputs), logits(again, inputs))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_precision_is_kept(folder, inputs, tmp_path, dtype):
    """Every weight is saved in it and comes back in it without being asked; the model works in it."""
    model = load(folder, dtype=dtype)
    model.save_pretrained(tmp_path)
    assert {value.dtype for value in load_file(tmp_path / "model.safetensors").values()} == {dtype}
    for options in ({}, {"dtype": "auto"}, {"dtype": dtype}):
        again = AffectGPTForConditionalGeneration.from_pretrained(tmp_path, **options)
        assert {p.dtype for p in again.parameters()} == {dtype}
        assert again.dtype == again.config.dtype == dtype
    found, exact = logits(again, inputs), logits(load(folder), inputs)
    assert found.dtype == dtype
    assert (found.float() - exact).abs().max() < 0.1 * exact.abs().max()
    assert again.generate(**inputs, max_new_tokens=2).shape[1] == inputs["input_ids"].shape[1] + 2


def test_the_older_word_for_dtype(folder, tmp_path):
    load(folder, dtype=torch.bfloat16).save_pretrained(tmp_path)
    model = AffectGPTForConditionalGeneration.from_pretrained(tmp_path, torch_dtype=torch.float32)
    assert model.dtype == torch.float32


def test_shared_embeddings_stay_shared(bases, tmp_path):
    """As in the smaller Qwen2.5: the head is the table of embeddings."""
    text = tmp_path / "text"
    shutil.copytree(bases["text"], text)
    config = json.loads((text / "config.json").read_text(encoding="utf-8"))
    (text / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": True}), encoding="utf-8")
    weights = load_file(text / "model.safetensors")
    weights.pop("lm_head.weight", None)
    save_file(weights, text / "model.safetensors", {"format": "pt"})
    tied = {**bases, "text": str(text)}
    model = gold.trained(tied)
    gold.save(model, tied, tmp_path / "out")
    again = load(tmp_path / "out")
    ids = torch.arange(50)[None]
    head, table = again.get_output_embeddings().weight, again.get_input_embeddings().weight
    assert head.data_ptr() == table.data_ptr()
    assert torch.equal(table, model.get_input_embeddings().weight)
    assert close(logits(model, {"input_ids": ids}), logits(again, {"input_ids": ids}))


@pytest.mark.parametrize(
    "fields",
    [
        {"fusion": "mean", "modalities": ("multi", "audio", "frame")},
        {"num_query_tokens": 4},
        {"lora": None},
        {"lora": {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj", "down_proj"]}},
    ],
    ids=["mean", "four tokens", "no adapter", "small adapter"],
)
def test_other_configurations(bases, tmp_path, fields):
    model = gold.trained(bases, **fields)
    gold.save(model, bases, tmp_path)
    again, processor = load(tmp_path), AffectGPTProcessor.from_pretrained(tmp_path)
    inputs = processor(**gold.toy_media(), question="Why?")
    assert close(logits(model, inputs), logits(again, inputs))
    for name, value in fields.items():
        kept = getattr(again.config, name)
        assert kept == (list(value) if isinstance(value, tuple) else value)


def test_on_a_named_device(folder, inputs):
    model = load(folder, device_map="cpu")
    assert close(logits(model, inputs), logits(load(folder), inputs))


# ---- whole or not at all


def test_weights_that_do_not_fit(folder, tmp_path):
    """Missing, left over, of another shape: an error that names the tensor."""

    def wrong_shape(weights):
        weights[LORA_B] = weights[LORA_B][:, :8].contiguous()

    cases = {
        "missing.*" + SCORE: lambda weights: weights.pop(SCORE),
        "missing.*" + LORA_B: lambda weights: weights.pop(LORA_B),
        "missing.*" + DEEP: lambda weights: weights.pop(DEEP),
        "unexpected.*fusion.other": lambda weights: weights.update({"fusion.other.weight": torch.ones(2)}),
    }
    for number, (said, change) in enumerate(cases.items()):
        with pytest.raises(ValueError, match=re.compile(said)):
            load(changed(folder, tmp_path / str(number), change))
    with pytest.raises(ValueError, match=re.compile("mismatched.*" + LORA_B)):
        load(changed(folder, tmp_path / "shape", wrong_shape))
    with pytest.raises(ValueError, match=r"unexpected.*score"):
        load(changed(folder, tmp_path / "mean", settings={"fusion": "mean"}))


def test_a_configuration_that_does_not_fit(bases):
    with pytest.raises(ValueError, match="fusion is"):
        AffectGPTConfig(fusion="qformer")
    with pytest.raises(ValueError, match="modalities are"):
        AffectGPTConfig(modalities=("multi", "smell"))
    with pytest.raises(ValueError, match="quantize is"):
        AffectGPTForConditionalGeneration.from_base_models(**bases, quantize="int4")
    swapped = {**bases, "vision": bases["audio"], "audio": bases["vision"]}
    with pytest.raises(ValueError, match="vision model is a hubert"):
        AffectGPTForConditionalGeneration.from_base_models(**swapped)
    with pytest.raises(ValueError, match="language model is a clip"):
        AffectGPTForConditionalGeneration.from_base_models(**{**bases, "text": bases["vision"]})


def test_a_base_model_of_which_a_part_is_missing(bases, tmp_path):
    audio = tmp_path / "audio"
    shutil.copytree(bases["audio"], audio)
    weights = load_file(audio / "model.safetensors")
    weights.pop("encoder.layers.2.attention.q_proj.weight")
    save_file(weights, audio / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"missing.*layers\.2\.attention\.q_proj"):
        AffectGPTForConditionalGeneration.from_base_models(**{**bases, "audio": str(audio)})


# ---- nothing leads elsewhere


def test_no_path_and_no_other_repository_in_the_files(bases, folder):
    """Loaded from configurations alone: the files name no folder of this machine and no base model."""
    expected = {"config.json", "generation_config.json", "model.safetensors", "processor_config.json"}
    assert expected <= set(files(folder))
    assert "preprocessor_config.json" not in files(folder)
    names = [path.rsplit("/", 1)[1] for path in bases.values()]
    for file in folder.iterdir():
        if file.suffix in (".safetensors", ".bin"):
            head = file.read_bytes()[:20_000].decode("utf-8", "replace").split("\0")[0]
        else:
            head = file.read_text(encoding="utf-8")
        for name in (*names, "/tmp", "/home", "/root", str(folder), "openai/", "Qwen/", "TencentGameMate/"):
            assert name not in head, f"{file.name} names {name}"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["AffectGPTForConditionalGeneration"]
    assert config["model_type"] == "affectgpt"
    assert not config.get("base_models")


def adapter_only(bases, folder, target):
    """What `convert --adapter-only` writes: the trained tensors, and the names of the base models."""
    trained = ("fusion.", ".lora_A.", ".lora_B.")
    target.mkdir()
    weights = load_file(folder / "model.safetensors")
    few = {key: value for key, value in weights.items() if any(part in key for part in trained)}
    save_file(few, target / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps(config | {"base_models": bases}), encoding="utf-8")
    return target


def test_an_adapter_over_its_base_models(bases, folder, inputs, tmp_path):
    adapter = adapter_only(bases, folder, tmp_path / "adapter")
    model = load(adapter)
    assert close(logits(model, inputs), logits(load(folder), inputs))
    ids = model.generate(**inputs, max_new_tokens=5)
    assert torch.equal(ids, load(folder).generate(**inputs, max_new_tokens=5))
    model.save_pretrained(tmp_path / "whole")
    whole = load(tmp_path / "whole")
    assert not whole.config.base_models, "what was saved whole needs no base models"
    assert bases["text"] not in (tmp_path / "whole" / "config.json").read_text(encoding="utf-8")
    assert close(logits(whole, inputs), logits(model, inputs))


def test_options_reach_a_model_of_an_adapter(bases, folder, inputs, tmp_path):
    adapter = adapter_only(bases, folder, tmp_path / "adapter")
    model = load(adapter, attn_implementation="eager")
    assert model.language_model.config._attn_implementation == "eager"
    assert {p.dtype for p in load(adapter, dtype=torch.bfloat16).parameters()} == {torch.bfloat16}
    model, info = load(adapter, output_loading_info=True)
    assert isinstance(model, PreTrainedModel)
    assert not info["missing_keys"]


def test_an_adapter_of_another_model(bases, folder, tmp_path):
    adapter = adapter_only(bases, folder, tmp_path / "adapter")
    with pytest.raises(ValueError, match=re.compile("missing.*" + LORA_B)):
        load(changed(adapter, tmp_path / "a", lambda weights: weights.pop(LORA_B)))
    other = {"fusion.other.weight": torch.ones(2)}
    with pytest.raises(ValueError, match=r"unexpected.*fusion\.other"):
        load(changed(adapter, tmp_path / "b", lambda weights: weights.update(other)))
    with pytest.raises(ValueError, match=r"mismatched.*visual_score"):
        load(changed(adapter, tmp_path / "c", lambda weights: weights.update({SCORE: torch.ones(1, 3)})))


def test_the_stored_precision_of_an_adapter(bases, folder, tmp_path):
    """Not that of the base models, which are in float32 here; the engine asks for "auto"."""
    adapter = adapter_only(bases, folder, tmp_path / "adapter")
    half = changed(adapter, tmp_path / "half", settings={"dtype": "bfloat16"})
    for options in ({}, {"dtype": "auto"}):
        model = AffectGPTForConditionalGeneration.from_pretrained(half, **options)
        assert model.dtype == model.fusion.visual_projector.weight.dtype == torch.bfloat16


def test_the_base_models_settings_do_not_reach_chat(bases, folder, inputs, tmp_path):
    """However a model was loaded, it talks alike: Qwen brings a penalty and a temperature of its own."""
    own = shutil.copytree(bases["text"], tmp_path / "text")
    (own / "generation_config.json").write_text(
        json.dumps({"repetition_penalty": 1.5, "temperature": 0.7, "do_sample": True, "eos_token_id": [2, 3]})
    )
    made = AffectGPTForConditionalGeneration.from_base_models(**{**bases, "text": str(own)})
    plain = AffectGPTForConditionalGeneration.from_base_models(**bases)
    assert {2, 3} < set(made.generation_config.eos_token_id)
    tokenizer = AffectGPTProcessor.from_pretrained(folder).tokenizer
    question = [{"role": "user", "content": "What is a smile?"}]
    answers = [
        m.chat(question, tokenizer=tokenizer, max_new_tokens=12, eos_token_id=0) for m in (made, plain)
    ]
    assert answers[0] == answers[1]
    own_settings = made.language_model.generation_config.to_diff_dict()
    assert not {"repetition_penalty", "temperature", "do_sample"} & own_settings.keys()


def test_saved_once_more_the_folder_keeps_its_code(folder, tmp_path):
    promised = changed(
        folder,
        tmp_path / "a",
        settings={"auto_map": {"AutoConfig": "configuration_affectgpt.AffectGPTConfig"}},
    )
    load(promised).save_pretrained(tmp_path / "b")
    assert "modeling_affectgpt.py" in files(tmp_path / "b", "*.py")
    load(folder).save_pretrained(tmp_path / "c")
    assert not files(tmp_path / "c", "*.py"), "nothing was promised"


@pytest.mark.parametrize("made", ["loaded", "put together"])
def test_the_head_gets_its_positions_in_one_piece(bases, folder, inputs, made):
    """Of a slice PyTorch would copy a frozen head's weight for each row."""
    make = AffectGPTForConditionalGeneration
    model = load(folder) if made == "loaded" else make.from_base_models(**bases)
    two = {name: value.repeat(2, *[1] * (value.ndim - 1)) for name, value in inputs.items()}
    seen = []
    model.get_output_embeddings().register_forward_pre_hook(lambda head, given: seen.append(given[0]))
    with torch.no_grad():
        model(**two, logits_to_keep=1)
    assert [tuple(states.shape[:2]) for states in seen] == [(2, 1)]
    assert seen[0].is_contiguous()
