"""A whole folder is quantised, or becomes an adapter, as if it had come from the checkpoint itself."""

import hashlib
import json
import shutil

import pytest
import tiny_affectgpt as tiny
import torch
from safetensors.torch import load_file, save_file
from test_adapter_format import COMMIT, offline_hub
from test_convert_mistakes import refusal, run

from affectgpt.convert import convert_checkpoint
from affectgpt.convert.folder import set_adapter_repo
from affectgpt.convert.whole import convert_folder
from affectgpt.schema import AffectError

IDS = {"vision": "openai/clip", "audio": "owner/hubert@v2", "text": "Qwen/Qwen2.5-7B-Instruct@" + "a" * 40}
NAMED = {
    "vision": {"name": "openai/clip", "revision": None},
    "audio": {"name": "owner/hubert", "revision": "v2"},
    "text": {"name": "Qwen/Qwen2.5-7B-Instruct", "revision": "a" * 40},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), mode=tiny.FRAME_MODE)


@pytest.fixture(scope="module")
def full(tmp_path_factory, bases, checkpoint):
    """A whole folder, made from local folders that have names on the Hub."""
    out = tmp_path_factory.mktemp("full") / "affectgpt"
    convert_checkpoint(checkpoint, out, **bases, base_ids=list(IDS.values()))
    return out


@pytest.fixture(scope="module")
def adapter(tmp_path_factory, full):
    """An adapter made from the whole folder; nothing but conversion.json names the base models."""
    out = tmp_path_factory.mktemp("adapter") / "adapter"
    convert_folder(full, out, adapter_only=True)
    return out


def read(folder, name="conversion.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def same_files(one, other):
    """Two folders hold the same files: the same bytes, the weights' too, or in JSON the same fields."""
    names = {file.name for file in one.iterdir()}
    assert names == {file.name for file in other.iterdir()}
    for name in names - {"conversion.json"}:
        if name.endswith(".json"):
            assert read(one, name) == read(other, name)
        else:
            assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_an_adapter_as_from_the_checkpoint(full, adapter, bases, checkpoint, tmp_path):
    convert_checkpoint(checkpoint, tmp_path / "o", **bases, base_ids=list(IDS.values()), adapter_only=True)
    same_files(adapter, tmp_path / "o")
    config = read(adapter, "config.json")
    assert config["base_models"] == {role: named["name"] for role, named in NAMED.items()}
    assert config["base_revisions"] == {"audio": "v2", "text": "a" * 40}
    for file in adapter.glob("*.json"):
        assert "/bases" not in file.read_text(encoding="utf-8"), file.name


def test_the_record(full, adapter, checkpoint):
    """From which checkpoint, by way of which folder; no path."""
    whole, record = read(full), read(adapter)
    assert whole["base_models"] == record["base_models"] == NAMED
    sums = hashlib.sha256((full / "SHA256SUMS").read_bytes()).hexdigest()
    assert record["folder"] == {"name": "affectgpt", "sha256": sums}
    assert "folder" not in whole
    assert record["source"]["sha256"] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert (record["adapter_only"], record["quantization"], record["epoch"]) == (True, "none", 30)
    assert record["libraries"] == whole["libraries"]


@pytest.mark.parametrize("kind", ["nf4", "int8"])
def test_quantised_as_from_the_checkpoint(full, bases, checkpoint, tmp_path, kind):
    pytest.importorskip("bitsandbytes", reason="needs bitsandbytes")
    convert_checkpoint(checkpoint, tmp_path / "one", **bases, quantize=kind, dtype="bf16")
    convert_folder(full, tmp_path / "two", quantize=kind, dtype="bf16")
    here, there = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    assert here.keys() == there.keys()
    assert all(torch.equal(value, there[key]) for key, value in here.items())
    same_files(tmp_path / "one", tmp_path / "two")
    assert read(tmp_path / "two")["quantization"] == kind
    text = refusal(convert_folder, tmp_path / "two", tmp_path / "o", quantize="nf4")
    assert text == "two is quantised already: give the folder in full precision that it was made from."
    assert "quantised already" in refusal(convert_folder, tmp_path / "two", tmp_path / "o", adapter_only=True)


def test_an_older_adapter_becomes_a_stock_one(adapter, tmp_path):
    """Until now an adapter was a model.safetensors by our names."""
    old = shutil.copytree(adapter, tmp_path / "old")
    tensors = load_file(old / "adapter_model.safetensors")
    ours = {key.removeprefix("base_model.model."): value for key, value in tensors.items()}
    for side in ("lora_A", "lora_B"):
        ours = {key.replace(f"{side}.", f"{side}.default."): value for key, value in ours.items()}
    save_file(ours, old / "model.safetensors", {"format": "pt"})
    for name in ("adapter_model.safetensors", "adapter_config.json", "SHA256SUMS"):
        (old / name).unlink()
    convert_folder(old, tmp_path / "new", adapter_only=True)
    same_files(tmp_path / "new", adapter)


def test_weights_that_were_changed_since_are_told(adapter, tmp_path):
    assert read(adapter)["weights"].keys() == {"adapter_model.safetensors"}
    assert read(adapter)["changed"] is False
    trained = shutil.copytree(adapter, tmp_path / "trained")
    tensors = load_file(trained / "adapter_model.safetensors")
    name = next(iter(tensors))
    save_file(tensors | {name: tensors[name] + 1}, trained / "adapter_model.safetensors", {"format": "pt"})
    (trained / "SHA256SUMS").unlink()
    for before, after in (("trained", "one"), ("one", "two")):
        convert_folder(tmp_path / before, tmp_path / after, adapter_only=True)
        assert read(tmp_path / after)["changed"] is True


def test_mistakes(full, adapter, bases, checkpoint, tmp_path):
    out, lost = tmp_path / "out", shutil.copytree(full, tmp_path / "lost")
    (lost / "conversion.json").unlink()
    text = refusal(convert_folder, lost, out, adapter_only=True, audio="owner/hubert")
    assert "give --vision, --llm" in text
    assert "no AffectGPT folder" in refusal(convert_folder, bases["text"], out, quantize="nf4")
    both = {"quantize": "nf4", "adapter_only": True}
    assert "quantise when it is loaded" in refusal(convert_folder, full, out, **both)
    assert "affectgpt exists" in refusal(convert_folder, full, full, quantize="nf4")
    given = {**bases, "text": "a/b"}
    assert "a/b is a Hub id already" in refusal(
        convert_checkpoint, checkpoint, out, **given, base_ids=["a/c", "a/d", "a/e"], adapter_only=True
    )
    assert "ORG/NAME" in refusal(
        convert_checkpoint, checkpoint, out, **bases, base_ids=["/tmp/x", "a/d", "a/e"], adapter_only=True
    )
    (lost / "model.safetensors").write_bytes((lost / "model.safetensors").read_bytes()[:-1] + b"x")
    text = refusal(convert_folder, lost, out, quantize="nf4")
    assert "model.safetensors in lost is not the file that its SHA256SUMS lists" in text
    assert "holds no adapter" in refusal(set_adapter_repo, full, "me/adapter")
    assert not out.exists()


def test_base_models_of_the_hub_at_their_commits(bases, adapter, checkpoint, tmp_path, monkeypatch):
    """What main was is written down; what was asked for is what is read, tokenizer included."""
    names = offline_hub(tmp_path / "cache", bases, monkeypatch, moved=["text"])
    at = {**names, "text": f"me/text@{COMMIT}"}
    for kind, options in {"adapter": {"adapter_only": True}, "whole": {}}.items():
        convert_checkpoint(checkpoint, tmp_path / kind, **at, **options)
        named = {role: {"name": name, "revision": COMMIT} for role, name in names.items()}
        assert read(tmp_path / kind)["base_models"] == named
    config = read(tmp_path / "adapter", "config.json")
    assert (config["base_models"], config["base_revisions"]) == (names, dict.fromkeys(names, COMMIT))
    assert read(tmp_path / "whole", "config.json")["base_revisions"] is None
    weights = "adapter_model.safetensors"
    assert (tmp_path / "adapter" / weights).read_bytes() == (adapter / weights).read_bytes()
    convert_folder(tmp_path / "adapter", tmp_path / "again")
    same_files(tmp_path / "again", tmp_path / "whole")
    with pytest.raises(AffectError):
        convert_checkpoint(checkpoint, tmp_path / "out", **names)


def test_the_command(full, tmp_path):
    done = run("--model", full, "--out", tmp_path / "out", "--adapter-only", "--llm", "me/llm@main")
    assert done.exit_code == 0, done.output
    assert "adapter_model.safetensors" in done.stdout
    assert "!" not in done.stderr, "it can be shared"
    assert read(tmp_path / "out")["base_models"] == {**NAMED, "text": {"name": "me/llm", "revision": "main"}}


def test_the_command_names_the_folders(bases, checkpoint, tmp_path):
    models = ["--vision", bases["vision"], "--audio", bases["audio"], "--llm", bases["text"]]
    out = ["--out", tmp_path / "out", "--adapter-only"]
    done = run("--checkpoint", checkpoint, *models, *out, "--base-ids", *IDS.values())
    assert done.exit_code == 0, done.output
    assert "!" not in done.stderr
    assert read(tmp_path / "out")["base_models"] == NAMED
