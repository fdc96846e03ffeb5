"""An adapter is what stock PEFT reads and writes, and loads by a folder or by its id on the Hub alike."""

import hashlib
import json
import shutil
from pathlib import Path

import peft
import pytest
import tiny_affectgpt as tiny
import torch
from golden_affectgpt import load, logits, toy_media
from peft.utils import ModulesToSaveWrapper
from safetensors.torch import load_file
from transformers import AutoModel

from affectgpt.convert import convert_checkpoint
from affectgpt.convert.folder import set_adapter_repo
from affectgpt.model import AffectGPTConfig, AffectGPTForConditionalGeneration, AffectGPTProcessor

LINEARS = [f"self_attn.{x}_proj" for x in "qkvo"] + [f"mlp.{x}_proj" for x in ("gate", "up", "down")]
LAYERS = {f"language_model.model.layers.{i}.{name}" for i in range(tiny.LAYERS) for name in LINEARS}
COMMIT = "c" * 40


@pytest.fixture(scope="module")
def adapter(bases, tmp_path_factory):
    root = tmp_path_factory.mktemp("adapter")
    convert_checkpoint(tiny.write_checkpoint(root), root / "adapter", **bases, adapter_only=True)
    return root / "adapter"


@pytest.fixture(scope="module")
def inputs(adapter):
    return dict(AffectGPTProcessor.from_pretrained(adapter)(**toy_media(), question="Why?"))


@pytest.fixture(scope="module")
def expected(adapter, inputs):
    return logits(load(adapter), inputs)


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def rewrite(folder, name, **fields):
    (folder / name).write_text(json.dumps(read(folder, name) | fields), encoding="utf-8")


def stock(adapter, dtype="auto", **options):
    """As anybody with PEFT does it."""
    config = AffectGPTConfig.from_pretrained(adapter, lora=None)
    base = AffectGPTForConditionalGeneration.from_base_models(
        **config.base_models, config=config, dtype=dtype
    )
    return peft.PeftModel.from_pretrained(base, adapter, **options)


def cached(cache, repo, folder, commit, main=None):
    """Put a folder into the Hub client's cache as it would be after a download."""
    place = cache / f"models--{repo.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(main or commit)
    (place / "blobs").mkdir()
    snapshot = place / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for file in Path(folder).iterdir():  # as the client keeps them: links to files named by their checksum
        blob = place / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        shutil.copyfile(file, blob)
        (snapshot / file.name).symlink_to(blob)
    return snapshot


def offline_hub(cache, bases, monkeypatch, *, moved):
    """me/vision, me/audio and me/text in a cache without network; main of those that moved is not in it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    for role in bases:
        cached(cache, f"me/{role}", bases[role], COMMIT, main="d" * 40 if role in moved else None)
    return {role: f"me/{role}" for role in bases}


def test_the_files(adapter):
    """PEFT's own names; what is not for the language model is not named by its linear layers' names."""
    settings, weights = read(adapter, "adapter_config.json"), load_file(adapter / "adapter_model.safetensors")
    assert (settings["peft_type"], settings["r"], settings["lora_alpha"]) == ("LORA", 16, 32)
    assert (settings["lora_dropout"], settings["bias"]) == (0.05, "none")
    assert settings["modules_to_save"] == ["fusion"]
    assert settings["inference_mode"] is True
    lora = {f"base_model.model.{name}.lora_{side}.weight" for name in LAYERS for side in "AB"}
    heads = ("visual_score", "acoustic_score", "visual_projector", "acoustic_projector")
    heads += ("multi_visual", "multi_acoustic", "multi_hidden", "multi_weights", "multi_projector")
    kinds = ("weight", "bias")
    assert weights.keys() == lora | {f"base_model.model.fusion.{h}.{kind}" for h in heads for kind in kinds}
    assert not (adapter / "model.safetensors").exists()
    assert (adapter / "modeling_affectgpt.py").is_file()
    sums = (adapter / "SHA256SUMS").read_text(encoding="utf-8")
    assert sums.split()[1::2] == ["adapter_model.safetensors"]


def test_stock_peft_gives_the_same_numbers(adapter, inputs, expected):
    model = stock(adapter)
    found = {name for name, module in model.named_modules() if isinstance(module, peft.tuners.lora.LoraLayer)}
    assert found == {f"base_model.model.{name}" for name in LAYERS}, "and none in CLIP or HuBERT"
    assert isinstance(model.base_model.model.fusion, ModulesToSaveWrapper)
    assert torch.equal(logits(model, inputs), expected)
    ours = load(adapter)
    ids = model.generate(**inputs, max_new_tokens=5)
    assert torch.equal(ids, ours.generate(**inputs, max_new_tokens=5))


def test_in_half_precision(adapter, inputs):
    """PEFT would compute LoRA in float32 unless it is told not to."""
    ours = logits(load(adapter, dtype=torch.bfloat16), inputs)
    same = stock(adapter, dtype=torch.bfloat16, autocast_adapter_dtype=False)
    assert torch.equal(logits(same, inputs), ours)


def test_what_peft_has_trained_and_saved(adapter, inputs, tmp_path):
    """Laid over a copy of the folder, its files are the adapter, with the alpha of its training."""
    settings = peft.LoraConfig.from_pretrained(adapter)
    settings.lora_alpha = 8
    model = stock(adapter, config=settings, is_trainable=True)
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or "fusion.modules_to_save." in name for name in learning)
    model(**inputs, labels=inputs["input_ids"]).loss.backward()
    torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1).step()
    folder = shutil.copytree(adapter, tmp_path / "trained")
    model.save_pretrained(folder)
    again = load(folder)
    assert again.config.lora["alpha"] == 8
    assert torch.equal(logits(again, inputs), logits(model.eval(), inputs))
    again.save_pretrained(tmp_path / "whole")
    assert torch.allclose(logits(load(tmp_path / "whole"), inputs), logits(again, inputs), atol=2e-6)


def test_an_adapter_of_another_kind(adapter, tmp_path):
    """Its weights would fit, and its answers be others; or its settings are none."""
    kinds = [{"use_rslora": True}, {"alpha_pattern": {"q_proj": 4}}, {"peft_type": "IA3"}]
    for number, field in enumerate([*kinds, {"r": "x"}, {"lora_alpha": None}]):
        other = shutil.copytree(adapter, tmp_path / str(number))
        rewrite(other, "adapter_config.json", **field)
        word = "IA3" if "peft_type" in field else next(iter(field))
        with pytest.raises(ValueError, match=rf"adapter_config\.json.*{word}"):
            load(other)
    (other / "adapter_config.json").write_text("[]")
    with pytest.raises(ValueError, match=r"adapter_config\.json"):
        load(other)


def test_auto_classes_by_folder(adapter, inputs, expected):
    """Whatever base_model_name_or_path says: transformers sees config.json beside it."""
    model = AutoModel.from_pretrained(adapter)
    assert type(model) is AffectGPTForConditionalGeneration
    assert torch.equal(logits(model, inputs), expected)


def test_by_its_id_on_the_hub(adapter, bases, inputs, expected, tmp_path, monkeypatch):
    """The class, the auto class (which follows base_model_name_or_path) and PEFT, from a cache without
    network; a base model is taken at the commit that the adapter names, not at what main has become.
    """
    names = offline_hub(tmp_path, bases, monkeypatch, moved=bases)
    mine = cached(tmp_path, "me/adapter", adapter, "a" * 40)
    rewrite(mine, "config.json", base_models=names, base_revisions=dict.fromkeys(names, COMMIT))
    set_adapter_repo(mine, "me/adapter")
    assert read(mine, "adapter_config.json")["base_model_name_or_path"] == "me/adapter"
    for model in (
        load("me/adapter"),
        AutoModel.from_pretrained("me/adapter"),
        AutoModel.from_pretrained("me/adapter", revision="a" * 40),
        stock("me/adapter"),
    ):
        assert torch.equal(logits(model, inputs), expected)
    rewrite(mine, "config.json", base_revisions={"vision": COMMIT, "text": COMMIT})
    with pytest.raises(OSError, match="me/audio"):
        load("me/adapter")
