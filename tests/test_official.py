"""Official checkpoints: every key has its place, and no file can do more than be refused in one line."""

import argparse
import os
import pickle
import zipfile

import pytest
import tiny_affectgpt as tiny
import torch

from affectgpt.convert.official import check_weights, read_checkpoint, weight_map, write_checkpoint
from affectgpt.schema import AffectError


class RunsCode:
    """Makes a file when it is unpickled without care."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (str(self.trace), "w")


def shapes_by_ours(fusion="attention"):
    shapes = tiny.official_shapes(fusion)
    return {ours: shapes[key] for key, ours in weight_map(tiny.LAYERS, fusion).items() if ours}


def refusal(file):
    with pytest.raises(AffectError) as caught:
        read_checkpoint(file)
    text = caught.value.text
    assert "\n" not in text.en + text.zh
    assert str(file.parent) not in text.en + text.zh, "a message names no folder"
    assert any("\u4e00" <= c <= "\u9fff" for c in text.zh)
    return text.en


def test_full_size_has_412_keys():
    names = weight_map(28, "attention")
    assert len(names) == 412
    kept = [ours for ours in names.values() if ours]
    assert len(kept) == len(set(kept)) == 410
    assert {key for key, ours in names.items() if not ours} == {
        "image_llama_proj.weight",
        "image_llama_proj.bias",
    }
    assert len(weight_map(28, "mean")) == 408


def test_the_heads_are_what_the_specification_says():
    names = {key: ours for key, ours in weight_map(1, "attention").items() if key.endswith(".bias")}
    assert names == {
        "image_llama_proj.bias": None,
        "video_attention_mlp.bias": "fusion.visual_score.bias",
        "affectgpt_proj.bias": "fusion.visual_projector.bias",
        "audio_attention_mlp.bias": "fusion.acoustic_score.bias",
        "audio_llama_proj.bias": "fusion.acoustic_projector.bias",
        "multi_audio_embs.bias": "fusion.multi_acoustic.bias",
        "multi_video_embs.bias": "fusion.multi_visual.bias",
        "attention_mlp.bias": "fusion.multi_hidden.bias",
        "fc_att.bias": "fusion.multi_weights.bias",
        "multi_llama_proj.bias": "fusion.multi_projector.bias",
    }
    lora = "model.layers.0.mlp.down_proj.lora_B.default.weight"
    assert weight_map(1, "mean")[f"llama_model.base_model.model.{lora}"] == f"language_model.{lora}"


@pytest.mark.parametrize("fusion", ["attention", "mean"])
def test_the_map_is_the_key_list_of_the_official_code(shared, fusion):
    file = shared / f"golden/affectgpt_tiny/checkpoints/{fusion}/checkpoint_000001_loss_0.000.pth"
    checkpoint = read_checkpoint(file)
    assert list(weight_map(3, fusion)) == list(checkpoint.weights), "same keys, same order"
    assert (checkpoint.fusion, checkpoint.epoch, checkpoint.loss) == (fusion, 1, 0.0)
    assert checkpoint.modes == ("multiface_audio_face_text",)


def test_the_variant_with_q_formers_is_refused(shared, tmp_path):
    import json

    known = json.loads((shared / "golden/affectgpt_tiny/qformer_keys.json").read_text(encoding="utf-8"))

    def change(content):
        content["config"]["model"] |= known["model_cfg"]
        content["model"] = {
            key: torch.zeros(entry["shape"], dtype=getattr(torch, entry["dtype"]))
            for key, entry in known["state_dict_keys"].items()
        }

    assert "q-former" in refusal(tiny.write_checkpoint(tmp_path, change=change))


def test_read(tmp_path):
    checkpoint = read_checkpoint(tiny.write_checkpoint(tmp_path, mode=tiny.FRAME_MODE))
    assert (checkpoint.epoch, checkpoint.loss) == (30, 0.602)
    assert checkpoint.modes == (tiny.FRAME_MODE,)
    wanted = tiny.official_checkpoint()["model"]
    assert all(torch.equal(checkpoint.weights[key], value) for key, value in wanted.items())
    check_weights(checkpoint, weight_map(tiny.LAYERS, "attention"), shapes_by_ours())


def test_the_old_file_format_is_read_too(tmp_path):
    file = tmp_path / "old.pth"
    torch.save(tiny.official_checkpoint("mean"), file, _use_new_zipfile_serialization=False)
    checkpoint = read_checkpoint(file)
    assert (checkpoint.fusion, checkpoint.epoch, checkpoint.loss) == ("mean", 30, None)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle 2", "pickle 4", "inside the config"])
def test_a_malicious_pickle_runs_nothing(tmp_path, form):
    trace, file = tmp_path / "ran", tmp_path / "evil.pth"
    content = {"model": RunsCode(trace), "config": {}}
    if form.startswith("pickle"):
        file.write_bytes(pickle.dumps(content, protocol=int(form[-1])))
    elif form == "inside the config":
        torch.save(tiny.official_checkpoint() | {"config": RunsCode(trace)}, file)
    else:
        torch.save(content, file, _use_new_zipfile_serialization=form == "zip")
    text = refusal(file)
    assert not trace.exists(), "the file was run"
    assert "not opened" in text
    pickle.loads(pickle.dumps(RunsCode(trace))).close()
    assert trace.exists(), "the bait works"


def test_files_that_are_something_else(tmp_path):
    whole = tiny.write_checkpoint(tmp_path / "whole").read_bytes()
    old = tmp_path / "old.pth"
    torch.save(tiny.official_checkpoint(), old, _use_new_zipfile_serialization=False)
    spoiled = bytearray(whole)
    spoiled[2000:6000] = bytes(4000)
    damaged = {
        "empty": b"",
        "text": b"hello world",
        "half": whole[: len(whole) // 2],
        "head": whole[:100],
        "zeros inside": bytes(spoiled),
        "old form, cut": old.read_bytes()[:-7],
        "old form, head": old.read_bytes()[:40],
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    }
    for name, content in damaged.items():
        file = tmp_path / f"{name}.pth"
        file.write_bytes(content)
        assert "damaged" in refusal(file), name
    packed = tmp_path / "packed.pth"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(1000))
    assert "not an AffectGPT checkpoint" in refusal(packed), "what PyTorch would unpack is not even opened"
    assert "no such file" in refusal(tmp_path / "nowhere.pth").lower()
    assert "give a checkpoint file" in refusal(tmp_path / "whole")
    os.mkfifo(tmp_path / "pipe.pth")
    assert "give a checkpoint file" in refusal(tmp_path / "pipe.pth")


def test_files_of_other_projects(tmp_path):
    mine = tiny.official_checkpoint()
    others = {
        "a bare state dict": mine["model"],
        "a list": [torch.zeros(2)],
        "no weights": {**mine, "model": {"a": 1}},
        "whole numbers": {**mine, "model": {"a": torch.zeros(2, dtype=torch.int64)}},
        "numbered weights": {**mine, "model": {0: torch.zeros(2)}},
        "no settings": {**mine, "config": {}},
        "AffectGPT of 2023": {**mine, "config": {"model": {"arch": "video_llama"}}},
    }
    for name, content in others.items():
        file = tmp_path / f"{name}.pth"
        torch.save(content, file)
        assert "not an AffectGPT checkpoint" in refusal(file), name
    file = tmp_path / "training arguments.pth"
    torch.save({"args": argparse.Namespace(lr=1), "model": mine["model"]}, file)
    assert "argparse.Namespace" in refusal(file)


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("visual_encoder", "EVA_CLIP_G", "CLIP_VIT_LARGE"),
        ("acoustic_encoder", "WAVLM_LARGE", "HUBERT_LARGE"),
        ("llama_model", "Baichuan2", "Qwen25"),
        ("video_fusion_type", "mean", "mean / attention"),
        ("multi_fusion_type", "mean", "pre-fusion"),
        ("audio_fusion_type", "qformer", "q-former"),
        ("num_audio_query_token", 8, "num_audio_query_token = 8"),
    ],
)
def test_variants_that_are_not_supported(tmp_path, setting, value, word):
    def change(content):
        content["config"]["model"][setting] = value

    assert word in refusal(tiny.write_checkpoint(tmp_path, change=change))


def test_weights_that_do_not_fit_are_named(tmp_path):
    def change(content):
        weights = content["model"]
        for key in list(weights)[:5]:
            del weights[key]
        weights["fc_att.weight"] = torch.zeros(2, 7)
        weights["affectgpt_proj.bias"][3] = float("nan")
        weights["evil\nname\x1b[31m" + "x" * 500] = torch.zeros(1)

    checkpoint = read_checkpoint(tiny.write_checkpoint(tmp_path, change=change))
    with pytest.raises(AffectError) as caught:
        check_weights(checkpoint, weight_map(tiny.LAYERS, "attention"), shapes_by_ours())
    text = caught.value.text.en
    assert "48 tensors" in text
    assert "5 missing: llama_model.base_model.model.model.layers.0.self_attn.q_proj.lora_A" in text
    assert "1 unexpected: evil?name?[31mxxx" in text
    assert f"fc_att.weight 2×7 ≠ 2×{tiny.ACOUSTIC}" in text
    assert "1 with numbers that are not finite: affectgpt_proj.bias" in text
    assert "\n" not in text + caught.value.text.zh
    assert len(text) < 900


def test_the_unused_projector_is_checked_too(tmp_path):
    def change(content):
        content["model"]["image_llama_proj.bias"] = torch.zeros(3)

    checkpoint = read_checkpoint(tiny.write_checkpoint(tmp_path, change=change))
    with pytest.raises(AffectError, match="image_llama_proj"):
        check_weights(checkpoint, weight_map(tiny.LAYERS, "attention"), shapes_by_ours())


@pytest.mark.parametrize("fusion", ["attention", "mean"])
def test_written_files_are_read_again(tmp_path, fusion):
    weights = tiny.official_checkpoint(fusion)["model"]
    half = {key: value.to(torch.bfloat16) for key, value in weights.items()}
    file = tmp_path / "back.pth"
    write_checkpoint(file, half, fusion=fusion, mode=tiny.FRAME_MODE, epoch=7)
    checkpoint = read_checkpoint(file)
    assert (checkpoint.fusion, checkpoint.modes, checkpoint.epoch) == (fusion, (tiny.FRAME_MODE,), 7)
    assert list(checkpoint.weights) == list(weights)
    for key, value in checkpoint.weights.items():
        wanted = torch.zeros(weights[key].shape) if key.startswith("image_") else half[key].float()
        assert value.dtype == torch.float32
        assert torch.equal(value, wanted), key
