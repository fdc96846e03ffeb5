"""Every mistake in a conversion is one line that says what to do, and leaves nothing behind."""

import collections
import hashlib
import json
import shutil

import pytest
import tiny_affectgpt as tiny
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from affectgpt.cli import app
from affectgpt.convert import convert_checkpoint
from affectgpt.convert import folder as folders
from affectgpt.convert.export import to_official
from affectgpt.schema import AffectError
from affectgpt.weights import loading


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), mode=tiny.FRAME_MODE)


def refusal(call, *args, **options):
    with pytest.raises(AffectError) as caught:
        call(*args, **options)
    text = caught.value.text
    assert "\n" not in text.en + text.zh
    assert any("\u4e00" <= c <= "\u9fff" for c in text.zh)
    return text.en


def test_the_mode_is_the_checkpoint_s_or_asked_for(bases, tmp_path):
    def two(content):
        content["config"]["datasets"]["other"] = {"face_or_frame": tiny.FRAME_MODE}

    one = tiny.write_checkpoint(tmp_path / "one")
    several = tiny.write_checkpoint(tmp_path / "several", change=two)
    none = tiny.write_checkpoint(tmp_path / "none", mode=None)
    strange = tiny.write_checkpoint(tmp_path / "strange", mode="xxx")
    out, options = tmp_path / "out", {**bases, "adapter_only": True}
    assert "leave --mode away" in refusal(convert_checkpoint, one, out, **options, mode=tiny.FRAME_MODE)
    assert "several modes" in refusal(convert_checkpoint, several, out, **options)
    assert "names no mode" in refusal(convert_checkpoint, none, out, **options)
    assert "'xxx'" in refusal(convert_checkpoint, strange, out, **options)
    assert tiny.FACE_MODE in refusal(convert_checkpoint, none, out, **options, mode="faces")
    convert_checkpoint(several, out, **options, mode=tiny.FACE_MODE)
    assert json.loads((out / "conversion.json").read_text(encoding="utf-8"))["mode"] == tiny.FACE_MODE


def spoiled(source, folder, change):
    """A copy of a base folder whose config.json `change(fields)` has altered."""
    shutil.copytree(source, folder)
    fields = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    change(fields)
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return str(folder)


def test_base_models_that_cannot_be_used(bases, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    text, audio = bases["text"], bases["audio"]
    wide = spoiled(text, tmp_path / "wide", lambda fields: fields.update(intermediate_size=50))
    packed = spoiled(text, tmp_path / "packed", lambda fields: fields.update(quantization_config={"bits": 4}))
    small = spoiled(text, tmp_path / "small", lambda fields: fields.update(vocab_size=300))
    early = spoiled(audio, tmp_path / "early", lambda fields: fields.update(do_stable_layer_norm=False))
    acting = spoiled(text, tmp_path / "acting", lambda fields: fields.update(hidden_act="nonesuch"))
    foreign = spoiled(text, tmp_path / "foreign", lambda fields: fields.update(model_type="nonesuch"))
    mute = shutil.copytree(text, tmp_path / "mute")
    (mute / "tokenizer.json").unlink()
    cut = shutil.copytree(text, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((cut / "model.safetensors").read_bytes()[:5000])
    bare = shutil.copytree(text, tmp_path / "bare")
    (bare / "model.safetensors").unlink()
    broken = shutil.copytree(text, tmp_path / "broken")
    (broken / "config.json").write_text("{", encoding="utf-8")
    cases = [
        ({"text": str(tmp_path / "nowhere")}, "no folder nowhere"),
        (
            {"text": "Qwen/Qwen2.5-7B-Instruct"},
            "Qwen/Qwen2.5-7B-Instruct is not in the cache, and HF_HUB_OFFLINE is set",
        ),
        ({"text": "a b"}, "no folder a b"),
        ({"text": ""}, "There is no folder"),
        ({"text": str(empty)}, "empty lacks"),
        ({"text": audio, "audio": text}, "Instruct is another kind of model (qwen2, not hubert)"),
        ({"vision": audio}, "(hubert, not clip)"),
        ({"text": foreign}, "foreign is another kind of model"),
        ({"text": acting}, "acting is another kind of model (unknown activation 'nonesuch'"),
        ({"text": wide}, "of the wrong shape"),
        ({"text": packed}, "packed is another kind of model (already quantised"),
        ({"text": small}, "no room for the placeholders"),
        ({"audio": early}, "without stable layer norm"),
        ({"text": str(mute)}, "mute lacks"),
        ({"text": str(cut)}, "cut are damaged"),
        ({"text": str(bare)}, "bare lacks"),
        ({"text": str(broken)}, "broken are damaged"),
    ]
    for change, word in cases:
        text = refusal(convert_checkpoint, checkpoint, out, **{**bases, **change})
        assert word in text
        assert str(tmp_path) not in text
        assert not out.exists()


def test_what_the_hub_client_raises_is_told():
    import httpx
    from huggingface_hub import errors

    response = httpx.Response(403, request=httpx.Request("GET", "https://example.org"))
    cases = [
        (errors.GatedRepoError("gated", response=response), "hf auth login"),
        (errors.RepositoryNotFoundError("none", response=response), "or it is private"),
        (errors.LocalEntryNotFoundError("offline"), "is out of reach"),
        (MemoryError(), "Not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "Not enough memory"),
        (OSError(28, "No space left on device"), "disk is full"),
        (ImportError("Using `bitsandbytes` 4-bit quantization requires bitsandbytes"), "bitsandbytes"),
    ]

    def fail(cause):
        with loading("owner/model"):
            try:
                raise cause
            except OSError:  # as transformers does
                raise OSError("somewhere in /a/cache") from cause

    for cause, word in cases:
        text = refusal(fail, cause)
        assert word in text
        assert "/a/cache" not in text
    with pytest.raises(KeyError), loading("owner/model"):
        raise KeyError("a bug stays a bug")


def test_outputs_that_cannot_be(bases, checkpoint, tmp_path, monkeypatch):
    options = {**bases, "adapter_only": True}
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a").write_text("mine")
    for name in ("file", "full"):
        assert f"{name} exists" in refusal(convert_checkpoint, checkpoint, tmp_path / name, **options)
    assert "Cannot write" in refusal(convert_checkpoint, checkpoint, tmp_path / "file/below", **options)
    assert "Cannot write" in refusal(convert_checkpoint, checkpoint, tmp_path / ("x" * 300), **options)
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1000))
    assert "GB free" in refusal(convert_checkpoint, checkpoint, tmp_path / "out", **options)
    assert {file.name for file in tmp_path.iterdir()} == {"file", "full"}


@pytest.mark.parametrize("there", [True, False])
def test_what_is_unfinished_goes(bases, checkpoint, tmp_path, monkeypatch, there):
    out, seen = tmp_path / "out", []
    if there:
        out.mkdir()

    def full_disk(work):
        seen.append(work)
        assert work != out
        assert (work / "adapter_model.safetensors").is_file()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "_publishable", full_disk)
        text = refusal(convert_checkpoint, checkpoint, out, **bases, adapter_only=True)
    assert "No space left" in text
    assert seen
    assert list(tmp_path.rglob("*")) == ([out] if there else []), "an empty folder is left empty"
    convert_checkpoint(checkpoint, out, **bases, adapter_only=True)
    assert not [file for file in tmp_path.rglob(".*")]
    assert (out / "config.json").is_file()


def test_weights_that_base_models_lack_are_not_invented(bases, checkpoint, tmp_path):
    poor = shutil.copytree(bases["audio"], tmp_path / "poor")
    tensors = load_file(poor / "model.safetensors")
    del tensors["encoder.layers.2.attention.k_proj.weight"]
    save_file(tensors, poor / "model.safetensors", {"format": "pt"})
    text = refusal(convert_checkpoint, checkpoint, tmp_path / "out", **{**bases, "audio": str(poor)})
    assert "encoder.layers.2.attention.k_proj.weight" in text


# ---- the command


def run(*args):
    return CliRunner().invoke(app, ["convert", *map(str, args)])


def test_the_command(bases, checkpoint, tmp_path):
    models = ["--vision", bases["vision"], "--audio", bases["audio"], "--llm", bases["text"]]
    out, back = tmp_path / "out", tmp_path / "back.pth"
    there = run("--checkpoint", checkpoint, *models, "--out", out, "--adapter-only", "--language", "zh")
    assert there.exit_code == 0, there.output
    weights = out / "adapter_model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert there.stdout.split() == [
        weights.name,
        f"{weights.stat().st_size:,}",
        "B",
        digest[:12],
    ]
    assert "本机文件夹" in there.stderr, "such an adapter is not portable"
    assert "读取 checkpoint_000030_loss_0.602.pth" in there.stderr
    again = run("--to-official", out, "--out", back)
    assert again.exit_code == 0, again.output
    assert "image_llama_proj" in again.stdout
    assert back.is_file()


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--out", "o"], "--checkpoint, --vision, --audio, --llm"),
        (["--out", "o", "--checkpoint", "c.pth", "--llm", "a/b"], "--vision, --audio,"),
        (["--out", "o", "--to-official", "d", "--checkpoint", "c.pth"], "--to-official takes a folder alone"),
        (["--out", "o", "--to-official", "d", "--quantize", "nf4"], "--to-official takes a folder alone"),
        (["--out", "o", "--to-official", "d", "--model", "m"], "--to-official takes a folder alone"),
        (["--out", "o", "--model", "d", "--checkpoint", "c.pth", "--mode", "x"], "omit --checkpoint, --mode"),
        (["--out", "o", "--model", "d", "--quantize", "nf4"], "d is no AffectGPT folder"),
        (["--out", "o", "--to-official", "d"], "d is no AffectGPT folder"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(args, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    assert done.exit_code == 2
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_adapter_only_is_not_quantised(bases, checkpoint, tmp_path):
    text = refusal(convert_checkpoint, checkpoint, tmp_path / "o", **bases, quantize="nf4", adapter_only=True)
    assert "quantise when it is loaded" in text


def test_back_from_something_else(bases, checkpoint, tmp_path):
    convert_checkpoint(checkpoint, tmp_path / "poor", **bases, adapter_only=True)
    (tmp_path / "mine.pth").write_text("mine")
    assert "mine.pth exists" in refusal(to_official, tmp_path / "poor", tmp_path / "mine.pth")
    assert "no AffectGPT folder" in refusal(to_official, bases["text"], tmp_path / "back.pth")
    assert "no AffectGPT folder" in refusal(to_official, tmp_path / "nowhere", tmp_path / "back.pth")
    folder = tmp_path / "poor"
    weights, settings = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    tensors = load_file(weights)
    del tensors["base_model.model.fusion.multi_weights.bias"]
    save_file(tensors, weights)
    assert "fusion.multi_weights.bias" in refusal(to_official, folder, tmp_path / "back.pth")
    weights.write_bytes(b"\xff" * 50)
    assert "damaged" in refusal(to_official, folder, tmp_path / "back.pth")
    changed = json.loads(settings.read_text(encoding="utf-8")) | {"lora_alpha": 8}
    settings.write_text(json.dumps(changed), encoding="utf-8")
    assert "rank 16" in refusal(to_official, folder, tmp_path / "back.pth")
    assert {file.name for file in tmp_path.iterdir()} == {"poor", "mine.pth"}
