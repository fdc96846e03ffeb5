# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""Which engines a page offers, under what names, and why it does not offer the others."""

from types import SimpleNamespace

import pytest
from conftest import FakeEngine
from tiny_engine import SHORT, models  # noqa: F401

from affectgpt.baseline import SignalEngine
from affectgpt.machine import choice
from affectgpt.machine.footprint import SHAPE_7B
from affectgpt.page.engines import Engines
from affectgpt.schema import AffectError, Text


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.delenv(choice.MODEL, raising=False)


def trained(quantization="none", device="cuda:0", *, stored=False, **changed):
    """What a loaded AffectGPT of 7B looks like from outside."""
    config = SimpleNamespace(to_dict=lambda: {**SHAPE_7B, **changed})
    model = SimpleNamespace(config=config, hf_quantizer=SimpleNamespace(pre_quantized=stored))
    opened = SimpleNamespace(device=device, quantization=quantization, model=model)
    identity = {"model": "owner/affectgpt-7b", "quantization": quantization}
    return SimpleNamespace(name="affectgpt", why=None, opened=opened, identity=identity)


def test_the_signal_engine_alone_says_why():
    engines = Engines()
    assert engines.choices("en") == [("Signal (measured)", "signal")]
    assert engines.choices("zh") == [("信号引擎（测量）", "signal")]
    ((title, why),) = engines.absent("en")
    assert title == "AffectGPT (trained model)"
    assert why == "No AffectGPT model is configured (set AFFECTGPT_MODEL or give --model)."
    assert engines.absent("zh")[0][1].startswith("尚未配置")
    assert engines.identity() == {}


def test_a_reason_of_auto_is_given_as_it_is():
    engine = SignalEngine()
    engine.why = choice.no_way(AffectError("owner/m: needs 17.0 GiB.", "owner/m：需要 17.0 GiB。"))
    engines = Engines(engine)
    assert engines.absent("en")[0][1] == "Owner/m: needs 17.0 GiB."
    with pytest.raises(AffectError, match="choose one of signal") as caught:
        engines.get("affectgpt")
    assert "17.0 GiB" in caught.value.text.zh


def test_a_page_started_with_another_engine_loads_no_weights_to_say_so(monkeypatch):
    monkeypatch.setenv(choice.MODEL, "/home/somebody/weights")
    ((_, why),) = Engines(SignalEngine()).absent("en")
    assert "--engine auto" in why
    assert "somebody" not in why


def test_one_precision_is_loaded_and_the_others_say_what_they_take():
    engines = Engines(trained("nf4"))
    assert engines.choices("en") == [("AffectGPT (nf4, GPU)", "affectgpt"), ("Signal (measured)", "signal")]
    assert engines.title("affectgpt") == Text("AffectGPT (nf4, GPU)", "AffectGPT（nf4，GPU）")
    told = dict(engines.absent("en"))
    assert set(told) == {"AffectGPT, unquantised", "AffectGPT, int8"}
    assert "started with nf4" in told["AffectGPT, unquantised"]
    assert "--quantize none" in told["AffectGPT, unquantised"]
    assert "GiB of GPU memory" in told["AffectGPT, unquantised"]
    needed = float(told["AffectGPT, unquantised"].split("up to ")[1].split(" GiB")[0])
    assert 16 < needed < 24  # 8.3e9 parameters in 16 bit, and a margin
    assert dict(engines.absent("zh"))["AffectGPT，int8"].count("GiB") == 1


def test_what_is_stored_in_four_bits_stays_so():
    packed = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}
    for title, why in Engines(trained("nf4", "cpu", stored=True, **packed)).absent("en"):
        assert "16 bit" in why, title
    # loaded from 16 bit the configuration looks the same, and yet the others can be had
    for _, why in Engines(trained("nf4", "cpu", **packed)).absent("en"):
        assert "restart" in why
        assert "of memory" in why


def test_identity_names_weights_and_device_and_no_path(models):
    from affectgpt.trained import AffectGPTEngine

    engines = Engines(AffectGPTEngine(str(models["frame"]), settings=SHORT))
    told = engines.identity("affectgpt")
    assert told["model"] == "tiny-frame"
    assert (told["quantization"], told["device"]) == ("none", "cpu")
    assert str(models["frame"].parent) not in str(told)
    assert engines.default == "affectgpt"
    assert engines.get().name == "affectgpt"
    assert engines.get("signal").name == "signal"
    assert len(engines.absent("en")) == 2


def test_an_engine_of_a_test_is_an_engine():
    engines = Engines(FakeEngine())
    assert [name for _, name in engines.choices("en")] == ["fake", "signal"]
    assert engines.get() is engines.get("fake")
    with pytest.raises(AffectError, match="choose one of fake, signal"):
        engines.get("gpt")
