"""Official checkpoint -> folder -> official checkpoint, on tiny random models; a mistake is one line."""

import collections
import hashlib
import json
import shutil

import pytest
import tiny_affectgpt as tiny
import torch
from safetensors.torch import load_file

from affectgpt.convert import convert_checkpoint, official_names
from affectgpt.convert.export import to_official
from affectgpt.convert.folder import AUTO_MAP
from affectgpt.convert.official import read_checkpoint
from affectgpt.convert.sizes import empty_model

PREFIX = "language_model.model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), mode=tiny.FRAME_MODE)


@pytest.fixture(scope="module")
def made(tmp_path_factory, bases, checkpoint):
    """One folder of each kind."""
    kinds = {
        "full": {},
        "adapter": {"adapter_only": True},
        "half": {"dtype": "bf16"},
        "nf4": {"quantize": "nf4"},
    }
    root = tmp_path_factory.mktemp("made")
    for kind, options in kinds.items():
        convert_checkpoint(checkpoint, root / kind, **bases, **options)
    return root


# ---- shapes


def test_the_412_tensors_of_the_real_size():
    """The specification's table, against the model that the real base models' numbers make."""
    from transformers import CLIPVisionConfig, HubertConfig, Qwen2Config

    from affectgpt.model import AffectGPTConfig

    # one block of each encoder is enough: their depth changes no trained tensor
    vision = CLIPVisionConfig(
        hidden_size=1024, num_hidden_layers=1, num_attention_heads=16, projection_dim=768
    )
    audio = HubertConfig(hidden_size=1024, num_hidden_layers=1, num_attention_heads=16)
    text = Qwen2Config(
        hidden_size=3584,
        intermediate_size=18944,
        num_hidden_layers=28,
        num_attention_heads=28,
        num_key_value_heads=4,
        vocab_size=152064,
    )
    lora = {"r": 16, "alpha": 32, "dropout": 0.05}
    lora["target_modules"] = [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")]
    config = AffectGPTConfig(vision_config=vision, audio_config=audio, text_config=text, lora=lora)
    names, shapes = official_names(config), {key: tuple(t.shape) for key, t in empty_model(config).items()}
    assert len(names) == 412
    layer = "llama_model.base_model.model.model.layers.27"
    table = {
        f"{layer}.self_attn.q_proj": [(16, 3584), (3584, 16)],
        f"{layer}.self_attn.v_proj": [(16, 3584), (512, 16)],
        f"{layer}.mlp.up_proj": [(16, 3584), (18944, 16)],
        f"{layer}.mlp.down_proj": [(16, 18944), (3584, 16)],
    }
    for stem, expected in table.items():
        assert [shapes[names[f"{stem}.lora_{side}.default.weight"]] for side in "AB"] == expected
    heads = {
        "video_attention_mlp": (1, 768),
        "affectgpt_proj": (3584, 768),
        "audio_attention_mlp": (1, 1024),
        "audio_llama_proj": (3584, 1024),
        "multi_audio_embs": (1024, 1024),
        "multi_video_embs": (1024, 768),
        "attention_mlp": (1024, 2048),
        "fc_att": (2, 1024),
        "multi_llama_proj": (3584, 1024),
    }
    for stem, shape in heads.items():
        assert shapes[names[f"{stem}.weight"]] == shape
        assert shapes[names[f"{stem}.bias"]] == shape[:1]
    sizes = [torch.Size(shapes[ours]).numel() for ours in names.values() if ours]
    assert sum(sizes) + 3584 * 768 + 3584 == 57_168_644, "with image_llama_proj: the specification's total"
    assert {key for key in shapes if "lora_" in key or key.startswith("fusion.")} == set(
        filter(None, names.values())
    )


# ---- what is written


def test_the_folder(made, checkpoint):
    folder = made / "full"
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "affectgpt"
    assert config["modalities"] == ["multi", "audio", "frame"]
    assert config["dtype"] == "float32", "the language model's own precision"
    assert config["base_models"] is None
    for files in config["auto_map"].values():
        assert (folder / (files.split(".")[0] + ".py")).is_file()
    processor = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
    assert processor["mode"] == tiny.FRAME_MODE
    assert processor["auto_map"]["AutoProcessor"] == config["auto_map"]["AutoProcessor"]
    assert {"generation_config.json", "tokenizer.json", "model.safetensors"} <= {
        f.name for f in folder.iterdir()
    }
    record = json.loads((folder / "conversion.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert record["source"] == {"file": checkpoint.name, "bytes": checkpoint.stat().st_size, "sha256": digest}
    assert (record["mode"], record["epoch"], record["loss"]) == (tiny.FRAME_MODE, 30, 0.602)
    assert record["datasets"] == ["mercaptionplus"]
    assert record["tensors"] == {
        "mapped": 46,
        "dropped": ["image_llama_proj.weight", "image_llama_proj.bias"],
    }
    assert record["base_models"]["text"] == {"name": "Qwen2.5-7B-Instruct", "revision": None}
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_a_folder_to_be_shared_names_no_path(made, bases):
    for kind in ("full", "nf4", "half"):
        for file in (made / kind).glob("*.json"):
            assert "/bases" not in file.read_text(encoding="utf-8"), file


def test_others_may_read_the_weights(made):
    folder = made / "full"
    assert (folder / "model.safetensors").stat().st_mode == (folder / "config.json").stat().st_mode


def test_every_weight_is_in_its_place(made, bases, checkpoint):
    found, official = load_file(made / "full/model.safetensors"), read_checkpoint(checkpoint).weights
    text, audio = (load_file(f"{bases[role]}/model.safetensors") for role in ("text", "audio"))
    assert torch.equal(found[f"{PREFIX}.base_layer.weight"], text["model.layers.0.self_attn.q_proj.weight"])
    assert torch.equal(found["language_model.lm_head.weight"], text["lm_head.weight"])
    key = "encoder.layers.3.attention.k_proj.weight"
    assert torch.equal(found[f"audio_tower.{key}"], audio[key])
    lora = f"{PREFIX}.lora_B.default.weight"
    assert torch.equal(found[lora], official[f"llama_model.base_model.model.{lora.partition('.')[2]}"])
    assert torch.equal(found["fusion.multi_acoustic.weight"], official["multi_audio_embs.weight"])
    assert torch.equal(found["fusion.visual_projector.bias"], official["affectgpt_proj.bias"])


def test_it_loads_without_the_base_models(made):
    from affectgpt.model import AffectGPTForConditionalGeneration, AffectGPTProcessor

    model = AffectGPTForConditionalGeneration.from_pretrained(made / "full")
    found = load_file(made / "full/model.safetensors")
    assert all(torch.equal(value, found[key]) for key, value in model.state_dict().items() if key in found)
    assert AffectGPTProcessor.from_pretrained(made / "full").mode == tiny.FRAME_MODE


def test_the_adapter_alone_is_the_same_model(made, bases):
    from affectgpt.model import AffectGPTForConditionalGeneration

    found = load_file(made / "adapter/adapter_model.safetensors")
    assert len(found) == 46
    config = json.loads((made / "adapter/config.json").read_text(encoding="utf-8"))
    assert config["base_models"] == bases
    one = AffectGPTForConditionalGeneration.from_pretrained(made / "adapter").state_dict()
    other = AffectGPTForConditionalGeneration.from_pretrained(made / "full").state_dict()
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[key]) for key, value in one.items())


def test_base_weights_as_their_owner_publishes_them(bases, checkpoint, made, tmp_path):
    """chinese-hubert-large is a PyTorch file with the older names of weight normalisation."""
    audio = shutil.copytree(bases["audio"], tmp_path / "audio")
    tensors = load_file(audio / "model.safetensors")
    (audio / "model.safetensors").unlink()
    older = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    for new, old in older.items():
        tensors = {key.replace(new, old): value for key, value in tensors.items()}
    torch.save(tensors, audio / "pytorch_model.bin")
    convert_checkpoint(checkpoint, tmp_path / "out", **{**bases, "audio": str(audio)})
    here, there = (load_file(folder / "model.safetensors") for folder in (tmp_path / "out", made / "full"))
    assert here.keys() == there.keys()
    assert all(torch.equal(value, there[key]) for key, value in here.items())


def test_half_precision_is_for_everything(made):
    assert {value.dtype for value in load_file(made / "half/model.safetensors").values()} == {torch.bfloat16}


def test_nf4_is_for_the_language_model(made, bases):
    from affectgpt.model import AffectGPTForConditionalGeneration

    kinds = collections.defaultdict(set)
    for key, value in load_file(made / "nf4/model.safetensors").items():
        linear = key.endswith("_proj.base_layer.weight")
        kinds["linear" if linear else key.partition(".")[0]].add(value.dtype)
    assert kinds["linear"] == {torch.uint8}
    assert kinds["vision_tower"] == kinds["audio_tower"] == kinds["fusion"] == {torch.float32}
    ids = torch.arange(5, 45)[None]
    saved = AffectGPTForConditionalGeneration.from_pretrained(made / "nf4")
    fresh = AffectGPTForConditionalGeneration.from_pretrained(made / "full", quantize="nf4")
    with torch.no_grad():
        assert torch.equal(saved(input_ids=ids).logits, fresh(input_ids=ids).logits)


def test_the_folder_works_as_remote_code(made, tmp_path, monkeypatch):
    """As `trust_remote_code=True` does it: the files alone, copied flat into a cache of modules."""
    from transformers import dynamic_module_utils as remote

    folder = str(made / "full")
    monkeypatch.setattr(remote, "HF_MODULES_CACHE", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    kinds = {name: remote.get_class_from_dynamic_module(place, folder) for name, place in AUTO_MAP.items()}
    assert all(kind.__module__.startswith("transformers_modules.") for kind in kinds.values())
    model = kinds["AutoModel"].from_pretrained(folder)
    assert type(model.config).__module__.startswith("transformers_modules.")
    assert kinds["AutoProcessor"].from_pretrained(folder).mode == tiny.FRAME_MODE


# ---- and back


@pytest.mark.parametrize("kind", ["full", "adapter", "nf4"])
def test_back_is_the_same_bit_for_bit(made, checkpoint, tmp_path, kind):
    written = to_official(made / kind, tmp_path / "back.pth")
    content = torch.load(tmp_path / "back.pth", weights_only=True)
    assert set(content) == {"model", "config", "epoch"}
    assert content["epoch"] == 30
    official = torch.load(checkpoint, weights_only=True)["model"]
    assert list(content["model"]) == list(official)
    for key, value in official.items():
        wanted = torch.zeros_like(value) if key.startswith("image_llama_proj") else value
        assert torch.equal(content["model"][key], wanted), key
    assert read_checkpoint(tmp_path / "back.pth").modes == (tiny.FRAME_MODE,)
    assert written.sha256 == hashlib.sha256((tmp_path / "back.pth").read_bytes()).hexdigest()


@pytest.mark.parametrize("fusion", ["attention", "mean"])
def test_golden_there_and_back(shared, tmp_path, fusion):
    golden = shared / "golden/affectgpt_tiny"
    folders = [golden / "models" / tiny.BASES[role] for role in ("vision", "audio", "text")]
    source = golden / f"checkpoints/{fusion}/checkpoint_000001_loss_0.000.pth"
    parts = dict(zip(("vision", "audio", "text"), map(str, folders), strict=True))
    convert_checkpoint(source, tmp_path / "out", **parts, adapter_only=True)
    to_official(tmp_path / "out", tmp_path / "back.pth")
    here, there = (torch.load(file, weights_only=True)["model"] for file in (tmp_path / "back.pth", source))
    assert list(here) == list(there)
    assert {key for key in there if not torch.equal(here[key], there[key])} == {
        "image_llama_proj.weight",
        "image_llama_proj.bias",
    }
