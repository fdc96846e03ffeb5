# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""An engine by name, and all that can be wrong with somebody's weights: one line that says what to do."""

import json
import subprocess
import sys

import pytest
import torch
from tiny_engine import SHORT, clip_of, copied, models  # noqa: F401

from affectgpt import load_engine
from affectgpt.baseline import SignalEngine
from affectgpt.machine import choice
from affectgpt.model import AffectGPTForConditionalGeneration
from affectgpt.reason import explain
from affectgpt.schema import AffectError
from affectgpt.trained import AffectGPTEngine, loader


@pytest.fixture(autouse=True)
def no_model_configured(monkeypatch):
    monkeypatch.delenv(choice.MODEL, raising=False)


@pytest.fixture
def spoiled(models, tmp_path):
    """A copy of the model in which the test may break something."""
    return copied(models["frame"], tmp_path / "spoiled")


def change(folder, **fields):
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8")) | fields
    file.write_text(json.dumps(config), encoding="utf-8")


def refused(model, *paths, **options) -> str:
    """The line, which is one, in two languages, and names nobody's folders."""
    with pytest.raises(AffectError) as caught:
        AffectGPTEngine(str(model), **options)
    text = caught.value.text
    for line in (text.en, text.zh):
        assert "\n" not in line
        assert len(line) < 330
        assert not any(str(path) in line for path in (model, *paths) if str(path).startswith(("/", "~", ".")))
        assert "/tmp" not in line
    assert text.en[-1] == "."
    assert text.zh[-1] == "。"
    assert any(char > "\u3400" for char in text.zh)
    return text.en


# ---- weights that are not there, not whole, or something else


@pytest.mark.parametrize(
    "name", ["/nowhere/at-all", "./nowhere", "a/b/c", "", "~/nowhere-at-all", "x" * 300, "a\0b"]
)
def test_no_such_folder(name):
    assert refused(name).startswith("There is no folder ")


def test_an_empty_folder(tmp_path):
    assert "lacks some of a model's files" in refused(tmp_path)


@pytest.mark.parametrize("role", ["vision", "audio", "text"])
def test_another_architecture(models, role):
    folder = next(models["bases"].glob({"vision": "clip*", "audio": "*hubert*", "text": "Qwen*"}[role]))
    kind = {"vision": "clip", "audio": "hubert", "text": "qwen2"}[role]
    assert f"is another kind of model (model_type {kind})" in refused(folder)


@pytest.mark.parametrize("content", ["{}", "[]", "nonsense", "", '{"model_type": 3}'])
def test_a_config_that_says_nothing(spoiled, content):
    (spoiled / "config.json").write_text(content, encoding="utf-8")
    assert refused(spoiled)


def test_weights_that_are_gone(spoiled):
    (spoiled / "model.safetensors").unlink()
    assert "lacks some of a model's files" in refused(spoiled)


@pytest.mark.parametrize("size", [0, 5, 5000, -100])
def test_weights_cut_short(spoiled, size):
    file = spoiled / "model.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    assert "damaged or cut short" in refused(spoiled)


def test_weights_of_another_shape(spoiled):
    change(spoiled, fusion="mean")
    assert "do not fit its configuration (unexpected: fusion.acoustic_score" in refused(spoiled)


@pytest.mark.parametrize(
    "edited",
    [
        {"quantization_config": "abc"},
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
        {"num_frames": -1},
        {"audio_token_id": 99999},
        {"stop_sequences": "x"},
    ],
)
def test_a_config_that_lies(spoiled, edited):
    change(spoiled, **edited)
    assert refused(spoiled)


def test_a_tokenizer_without_its_words(spoiled):
    (spoiled / "tokenizer.json").unlink()
    assert refused(spoiled)


def test_a_tokenizer_with_less_inside(spoiled):
    file = spoiled / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["added_tokens"]
    file.write_text(json.dumps(content), encoding="utf-8")
    assert "its tokenizer cannot be read" in refused(spoiled)


def test_no_tokenizer(spoiled):
    for file in spoiled.glob("token*"):
        file.unlink()
    assert refused(spoiled)


def test_a_damaged_record_of_conversion(spoiled):
    (spoiled / "conversion.json").write_text("{", encoding="utf-8")
    assert "damaged" in refused(spoiled)
    (spoiled / "conversion.json").write_text("[]", encoding="utf-8")
    assert AffectGPTEngine(str(spoiled)).opened.origin is None
    record = {"source": {"file": "a.pth", "sha256": "00"}, "epoch": 30}
    (spoiled / "conversion.json").write_text(json.dumps(record), encoding="utf-8")
    told = explain(
        clip_of(picture=False, sound=False), AffectGPTEngine(str(spoiled), settings=SHORT)
    ).provenance
    assert told["checkpoint"] == {"file": "a.pth", "sha256": "00", "epoch": 30}


def test_an_adapter_whose_base_is_gone(spoiled, tmp_path):
    base = tmp_path / "gone" / "Qwen2.5-7B-Instruct"
    change(spoiled, base_models={"vision": str(base), "audio": str(base), "text": str(base)})
    line = refused(spoiled, base)
    assert line.startswith(
        "spoiled is only an adapter, and its base model Qwen2.5-7B-Instruct did not load. "
    )


def test_an_adapter_whose_base_is_on_a_hub_out_of_reach(spoiled, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    change(spoiled, base_models=dict.fromkeys(("vision", "audio", "text"), "nobody/nothing-7B"))
    line = refused(spoiled)
    assert "its base model nobody/nothing-7B did not load. " in line
    assert "HF_HUB_OFFLINE is set" in line


def test_a_hub_out_of_reach(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "nobody/nothing is not in the cache, and HF_HUB_OFFLINE is set" in refused("nobody/nothing")


# ---- options


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"quantize": "4bit"}, "There is no quantize '4bit': choose one of none, nf4, int8."),
        ({"dtype": "float8"}, "There is no dtype 'float8': choose one of auto, bfloat16, float16, float32."),
        ({"device": "gpu"}, "There is no device 'gpu' here that PyTorch can use: "),
        ({"device": "cuda:99"}, "There is no device 'cuda:99' here that PyTorch can use: "),
        ({"device": "meta"}, "There is no device 'meta' here that PyTorch can use: "),
    ],
)
def test_options_that_do_not_exist(models, options, expected):
    assert refused(models["frame"], **options).startswith(expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_no_gpu(models):
    expected = "There is no device 'cuda' here that PyTorch can use: use 'cpu'."
    assert refused(models["frame"], device="cuda") == expected


def test_a_quantised_folder_stays_as_it_is(models, tmp_path):
    folder = copied(models["frame"], tmp_path / "stored")
    AffectGPTForConditionalGeneration.from_pretrained(models["frame"], quantize="nf4").save_pretrained(folder)
    assert "is stored in nf4 and cannot be loaded as int8" in refused(folder, quantize="int8")
    told = []
    for quantize in ("none", "nf4"):
        engine = AffectGPTEngine(str(folder), quantize=quantize, settings=SHORT)
        told.append(explain(clip_of(1), engine).provenance)
        assert told[-1]["quantization"] == "nf4"
    assert told[0]["prompts"] == told[1]["prompts"]
    loaded = AffectGPTEngine(str(models["frame"]), quantize="nf4", settings=SHORT)
    assert explain(clip_of(1), loaded).provenance["prompts"] == told[0]["prompts"]


def test_quantised_by_somebody_elses_method(spoiled):
    change(spoiled, quantization_config={"quant_method": "gptq"})
    assert "is quantised with gptq" in refused(spoiled)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("auto", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)]
)
def test_precisions(models, dtype, expected):
    engine = AffectGPTEngine(str(models["frame"]), dtype=dtype, settings=SHORT)
    assert engine.model.dtype == expected
    told = explain(clip_of(1), engine).provenance
    assert told["dtype"] == str(expected).removeprefix("torch.")


# ---- what happens while it is loaded


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate")])
def test_no_memory_to_load(models, monkeypatch, error):
    def full(*args, **options):
        raise error

    monkeypatch.setattr(AffectGPTForConditionalGeneration, "from_pretrained", full)
    assert refused(models["frame"]).startswith("Not enough memory to load tiny-frame: ")


@pytest.mark.parametrize("error", [RuntimeError("shapes"), KeyError("x"), TypeError("y")])
def test_a_bug_while_loading_stays_one(models, monkeypatch, error):
    def broken(*args, **options):
        raise error

    monkeypatch.setattr(AffectGPTForConditionalGeneration, "from_pretrained", broken)
    with pytest.raises(type(error)) as caught:
        AffectGPTEngine(str(models["frame"]))
    assert caught.value is error


# ---- by name


def test_engines_by_name(models):
    assert load_engine("signal").name == "signal"
    assert load_engine("signal").why is None
    engine = load_engine("affectgpt", str(models["frame"]), settings=SHORT)
    assert (engine.name, engine.why, engine.settings) == ("affectgpt", None, SHORT)
    for wrong in ("gpt", "", "Signal"):
        with pytest.raises(AffectError, match=f"no engine called '{wrong}': choose one of auto, signal"):
            load_engine(wrong)
    with pytest.raises(AffectError, match="No AffectGPT weights are configured"):
        load_engine("affectgpt")


@pytest.mark.parametrize("configured", ["argument", "environment"])
def test_auto_takes_affectgpt(models, monkeypatch, configured):
    folder = str(models["frame"])
    if configured == "environment":
        monkeypatch.setenv(choice.MODEL, folder)
    engine = load_engine("auto", folder if configured == "argument" else None, settings=SHORT)
    assert engine.name == "affectgpt"
    assert engine.why.en.startswith("AffectGPT (tiny-frame), ")
    chosen = explain(clip_of(1), engine).provenance["chosen"]
    assert chosen == {"en": engine.why.en, "zh": engine.why.zh}
    assert folder not in str(chosen)
    assert AffectGPTEngine.why is None, "another engine has not been chosen"


def test_the_argument_goes_before_the_environment(models, monkeypatch):
    monkeypatch.setenv(choice.MODEL, "/nowhere/at-all")
    assert load_engine("affectgpt", str(models["frame"])).shown == "tiny-frame"


def broken(spoiled, how):
    if how == "cut":
        (spoiled / "model.safetensors").write_bytes(b"")
    elif how == "clip":
        change(spoiled, model_type="clip")
    elif how == "gone":
        return spoiled / "nowhere"
    return spoiled


@pytest.mark.parametrize(
    ("how", "reason"), [("cut", "damaged or cut short"), ("clip", "clip model"), ("gone", "There is no f")]
)
def test_auto_says_why_it_is_the_signal_engine(spoiled, how, reason):
    folder = broken(spoiled, how)
    engine = load_engine("auto", str(folder))
    assert engine.name == "signal"
    assert reason in engine.why.en
    assert engine.why.zh != engine.why.en
    chosen = explain(clip_of(1), engine).provenance["chosen"]
    assert chosen == {"en": engine.why.en, "zh": engine.why.zh}
    assert str(spoiled) not in str(chosen)
    assert SignalEngine.why is None


def test_auto_without_weights(monkeypatch):
    monkeypatch.setenv(choice.MODEL, "")
    engine = load_engine()
    assert engine.name == "signal"
    assert choice.MODEL in engine.why.en
    assert choice.MODEL in engine.why.zh


def test_auto_goes_on_without_a_model_that_breaks_and_tells(models, monkeypatch, caplog):
    """A driver or a library may break: the page starts all the same, and the log has the traceback."""

    def bug(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("affectgpt.trained.open_model", bug)
    engine = load_engine("auto", str(models["frame"]))
    assert engine.name == "signal"
    assert "ZeroDivisionError" in engine.why.en
    assert "Traceback" in caplog.text
    with pytest.raises(ZeroDivisionError):
        load_engine("affectgpt", str(models["frame"]))
    assert loader.open_model is not bug


def test_auto_without_weights_imports_nothing_heavy():
    code = (
        "import sys, affectgpt; engine = affectgpt.load_engine(); assert engine.name == 'signal'; "
        "print([name for name in ('torch', 'transformers', 'peft', 'bitsandbytes') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "[]"
