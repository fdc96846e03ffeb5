"""What the machine has, what a model takes, what fits: arithmetic against real models, and toy machines."""

import dataclasses
import hashlib
import http.server
import importlib.util
import json
import subprocess
import sys
import threading
import time
import types

import pytest

from affectgpt import machine
from affectgpt.machine import Gpu, Machine, choice, doctor, look
from affectgpt.machine.choice import choose, fits, gib, place, read_config
from affectgpt.machine.footprint import NF4, QUANTIZATIONS, SHAPE_7B, estimate
from affectgpt.schema import AffectError

GIB = 2**30
HAVE = {name: "1.0" for name in (*machine.LIBRARIES, "decord", "mediapipe", "opencv")}
TOY = Machine(
    system="Toy",
    cores=2,
    memory=64 * GIB,
    memory_free=60 * GIB,
    cache="/cache",
    cache_free=100 * GIB,
    temporary="/tmp",
    temporary_free=100 * GIB,
    versions=HAVE,
    decoder="PyAV 1.0 (FFmpeg 1.0)",
    hub_address="https://hub.example",
    hub="reachable",
)
CARD = Gpu("Toy card", 80 * GIB, 78 * GIB, (9, 0))
NF4_CONFIG = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}


@pytest.fixture(autouse=True)
def no_model_configured(monkeypatch):
    monkeypatch.delenv(choice.MODEL, raising=False)


@pytest.fixture
def model(tmp_path):
    """A folder with nothing but the config.json of the 7B shape."""

    def make(**fields) -> str:
        (tmp_path / "config.json").write_text(json.dumps(SHAPE_7B | fields), encoding="utf-8")
        return str(tmp_path)

    return make


# ---- the arithmetic


def test_parameters_of_the_7b_shape_are_those_of_the_real_models():
    import torch
    from transformers import (
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
        HubertConfig,
        HubertModel,
        Qwen2Config,
        Qwen2ForCausalLM,
    )

    built = {
        "vision": (CLIPVisionModelWithProjection, CLIPVisionConfig, "vision_config"),
        "audio": (HubertModel, HubertConfig, "audio_config"),
        "language": (Qwen2ForCausalLM, Qwen2Config, "text_config"),
    }
    counted = estimate(SHAPE_7B).parameters
    for part, (kind, config, key) in built.items():
        with torch.device("meta"):
            assert counted[part] == kind(config(**SHAPE_7B[key])).num_parameters(), part
    assert counted["lora"] == 40_370_176  # specification, section 2
    assert counted["fusion"] == 16_798_468 - (768 * 3584 + 3584)  # without the image projector


@pytest.mark.parametrize("fusion", ["attention", "mean"])
@pytest.mark.parametrize("odd", [False, True])
def test_parameters_of_a_tiny_model_are_those_of_the_real_one(fusion, odd):
    import torch

    from affectgpt.model import AffectGPTConfig, AffectGPTForConditionalGeneration

    config = AffectGPTConfig(
        vision_config={
            "model_type": "clip_vision_model",
            **{"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4},
            **{"patch_size": 56, "image_size": 224, "projection_dim": 24},
        },
        audio_config={
            "model_type": "hubert",
            **{"hidden_size": 40, "intermediate_size": 80, "num_hidden_layers": 6, "num_attention_heads": 4},
            **{"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "conv_dim": [32] * 7},
            **{"conv_bias": not odd, "feat_extract_norm": "group" if odd else "layer"},
            "mask_time_prob": 0.0 if odd else 0.05,
        },
        text_config={
            "model_type": "qwen2",
            **{"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "vocab_size": 432},
            **{"num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": odd},
        },
        fusion=fusion,
        lora=None if odd else SHAPE_7B["lora"] | {"alpha": 32, "dropout": 0.05},
    )
    with torch.device("meta"):
        real = AffectGPTForConditionalGeneration(config).num_parameters()
    assert sum(estimate(config.to_dict()).parameters.values()) == real


def test_bytes_of_nf4_are_those_that_bitsandbytes_makes():
    import torch
    from bitsandbytes import functional

    weight = torch.randn(1024, 2048)
    packed, state = functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    scales = state.absmax.nbytes + state.state2.absmax.nbytes
    assert packed.nbytes + scales == pytest.approx(NF4 * weight.numel(), rel=1e-6)


def test_bytes_by_hand():
    plain, small, eight = (estimate(SHAPE_7B, way) for way in QUANTIZATIONS)
    every = sum(plain.parameters.values())
    linear = 28 * (2 * 3584 * 3584 + 2 * 512 * 3584 + 3 * 18944 * 3584)
    rows = 28 * (2 * 3584 + 2 * 512 + 2 * 18944 + 3584)
    assert plain.weights == plain.disk == 2 * every
    assert small.weights == pytest.approx(2 * (every - linear) + 0.516 * linear, rel=1e-3)
    assert eight.weights == 2 * (every - linear) + linear + 4 * rows
    assert small.disk == plain.disk  # quantised while it is loaded
    cache = 5 * 1500 * 2 * 28 * 512 * 2
    assert plain.running["cpu"] - plain.weights > cache
    assert small.peak("cuda:1") == max(small.loading["cuda"], small.running["cuda"])


def test_a_stored_quantisation_takes_less_disk_and_no_making(model):
    made, stored = estimate(SHAPE_7B, "nf4"), estimate(SHAPE_7B | {"quantization_config": NF4_CONFIG})
    assert stored.quantization == "nf4"
    assert stored.weights == made.weights == stored.disk < made.disk
    assert stored.loading["cpu"] < made.loading["cpu"]
    with pytest.raises(AffectError, match="stored in nf4"):
        estimate(SHAPE_7B | {"quantization_config": NF4_CONFIG}, "int8")
    with pytest.raises(AffectError, match="awq"):
        estimate(SHAPE_7B | {"quantization_config": {"quant_method": "awq"}})


def test_an_adapter_is_counted_with_its_base_models():
    bases = SHAPE_7B | {"base_models": {"vision": "a/b", "audio": "c/d", "text": "e/f"}}
    parts = estimate(SHAPE_7B).parameters
    more = estimate(bases).disk - estimate(SHAPE_7B).disk
    assert more == 2 * (parts["vision"] + parts["audio"])  # published in float32


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"model_type": "qwen2"}, "qwen2"),
        ({}, "not AffectGPT"),
        (SHAPE_7B | {"text_config": {"hidden_size": 8}}, "intermediate_size"),
        (SHAPE_7B | {"vision_config": None}, "cannot be understood"),
        (SHAPE_7B | {"dtype": "int3"}, "int3"),
        (SHAPE_7B | {"lora": {"r": 16, "target_modules": ["nonsense"]}}, "nonsense"),
    ],
)
def test_a_configuration_that_is_none_of_ours_is_named(config, what):
    with pytest.raises(AffectError, match=what):
        estimate(config)


# ---- looking


def write(root, **files):
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_control_groups_version_2(tmp_path):
    top = "sys/fs/cgroup"
    write(tmp_path, **{"proc/self/cgroup": "0::/pod/one\n", f"{top}/pod/one/memory.max": "max\n"})
    write(tmp_path, **{f"{top}/pod/memory.max": "1000\n", f"{top}/pod/memory.current": "700\n"})
    write(tmp_path, **{f"{top}/pod/memory.stat": "anon 400\nactive_file 100\ninactive_file 200\n"})
    assert machine._group_limits(tmp_path) == [(1000, 500)]  # what the page cache gives back is free
    write(tmp_path, **{f"{top}/cpu.max": "max 100000\n", f"{top}/pod/cpu.max": "50000 100000\n"})
    assert machine._cores(tmp_path) == 1


def test_control_groups_version_1_with_a_path_that_is_not_mounted(tmp_path):
    groups = "9:name=systemd:/x\n4:memory:/docker/abc\n2:cpu,cpuacct:/\n0::/\n"
    top = "sys/fs/cgroup/memory"
    write(tmp_path, **{"proc/self/cgroup": groups, f"{top}/memory.limit_in_bytes": "4096"})
    write(tmp_path, **{f"{top}/memory.usage_in_bytes": "96", f"{top}/memory.stat": "total_inactive_file 6\n"})
    assert machine._group_limits(tmp_path) == [(4096, 4006)]


def test_a_container_limits_the_memory(monkeypatch):
    whole, _, contained = machine._memory()
    assert whole > GIB or contained
    monkeypatch.setattr(machine, "_group_limits", lambda: [(GIB, GIB // 4), (2**62, 2**62)])
    assert machine._memory() == (GIB, GIB // 4, True)


def test_a_quick_look(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "not" / "yet"))
    monkeypatch.setattr(machine, "ask_hub", lambda: pytest.fail("a quick look asks nobody"))
    found = look(thorough=False)
    assert 0 < found.memory_free <= found.memory
    assert found.cores >= 1
    assert found.cache_free > 0
    assert found.hub == "not asked"
    assert found.versions["huggingface_hub"]
    assert found.faces in ("mediapipe", "haar", "motion")


def test_the_face_tool_is_tried_when_it_is_given(monkeypatch):
    closed = []

    class Tool:
        name = "haar"

        def close(self):
            closed.append(1)

    assert machine._faces(lambda backend: (Tool(), None)) == ("haar", None)
    assert closed
    assert machine._faces(lambda backend: (None, choice.NO_MODEL)) == ("motion", choice.NO_MODEL)


def test_gpus_are_told_with_their_memory_or_why_there_is_none(monkeypatch, tmp_path):
    fake = types.ModuleType("torch")
    fake.__spec__, fake.__version__ = importlib.util.find_spec("torch"), "9.9+cpu"
    fake.cuda = types.SimpleNamespace(
        is_available=lambda: True,
        get_arch_list=lambda: ["sm_75", "sm_90a", "compute_120"],
        device_count=lambda: 2,
        mem_get_info=lambda i: (3, 8),
        get_device_capability=lambda i: [(9, 0), (6, 1)][i],
        get_device_name=lambda i: "AB"[i],
    )
    monkeypatch.setitem(sys.modules, "torch", fake)
    monkeypatch.setattr(machine, "GPU_SIGNS", (str(tmp_path),))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine._gpus() == ((Gpu("A", 8, 3, (9, 0)), Gpu("B", 8, 3, (6, 1), usable=False)), None)
    fake.cuda.is_available = lambda: False
    gpus, problem = machine._gpus()
    assert gpus == ()
    assert "9.9+cpu" in problem.en
    assert "9.9+cpu" in problem.zh
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine._gpus() == ((), machine.HIDDEN)
    fake.cuda.is_available = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):  # a bug is no answer
        machine._gpus()
    monkeypatch.setattr(machine, "GPU_SIGNS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine._gpus() == ((), None)  # and PyTorch was not touched


def test_bitsandbytes_is_tried(monkeypatch):
    from bitsandbytes import functional

    assert machine._bitsandbytes_problem(False) is None
    monkeypatch.setattr(functional, "dequantize_4bit", lambda packed, state: 0)
    assert machine._bitsandbytes_problem(False) == "cpu: NF4 is off by 1.00"

    def broken(*args, **options):
        raise RuntimeError("no backend for hf_abcdefghijkl\nat line 1")

    monkeypatch.setattr(functional, "quantize_4bit", broken)
    assert machine._bitsandbytes_problem(False) == "RuntimeError: no backend for …"


class Hub(http.server.BaseHTTPRequestHandler):
    status, delay_s = 200, 0.0

    def do_HEAD(self):
        assert "Authorization" not in self.headers
        time.sleep(self.delay_s)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    from huggingface_hub import constants

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_aaaaaaaaaaaaaaaa")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(Hub, "status", 200)
    monkeypatch.setattr(Hub, "delay_s", 0.0)
    yield server
    server.shutdown()
    server.server_close()


def test_the_hub_is_asked(hub, monkeypatch):
    from huggingface_hub import constants

    assert machine.ask_hub() == ("reachable", None)
    monkeypatch.setattr(Hub, "status", 403)
    assert machine.ask_hub() == ("unreachable", "HTTP 403")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert machine.ask_hub() == ("offline", None)


def test_a_hub_that_hangs_costs_the_timeout_only(hub, monkeypatch):
    monkeypatch.setattr(machine, "HUB_TIMEOUT_S", 0.3)
    monkeypatch.setattr(Hub, "delay_s", 2.0)
    start = time.monotonic()
    state, problem = machine.ask_hub()
    assert time.monotonic() - start < 1.5
    assert state == "unreachable"
    assert problem


def test_no_secret_is_shown():
    shown = machine.public("https://me:pass@hub.example/x?token=abc hf_abcdefghijkl")
    assert shown.startswith("https://hub.example/x")
    for secret in ("me", "pass", "abc"):
        assert secret not in shown.removeprefix("https://hub.example")


# ---- what fits


def test_fits_says_what_is_short():
    plain, small = estimate(SHAPE_7B, "none"), estimate(SHAPE_7B, "nf4")
    assert fits(TOY, plain, "cpu") is None
    tight = dataclasses.replace(TOY, memory_free=plain.peak("cpu"))  # no margin left
    need = gib(1.1 * plain.peak("cpu"))
    assert need in fits(tight, plain, "cpu").en
    assert need in fits(tight, plain, "cpu").zh
    assert "no GPU" in fits(TOY, plain, "cuda").en
    two = dataclasses.replace(TOY, gpus=(dataclasses.replace(CARD, free=GIB), CARD))
    assert fits(two, plain, "cuda") is None  # the one with most room
    assert fits(two, plain, "cuda:1") is None
    assert "GPU memory" in fits(two, plain, "cuda:0").en
    old = dataclasses.replace(TOY, gpus=(dataclasses.replace(CARD, usable=False),))
    assert "GPU" in fits(old, plain, "cuda").en
    assert "no kernels" in fits(old, plain, "cuda:0").en
    bare = dataclasses.replace(TOY, versions=HAVE | {"bitsandbytes": None})
    assert fits(bare, plain, "cpu") is None
    assert "pip install bitsandbytes" in fits(bare, small, "cpu").en
    broken = dataclasses.replace(TOY, bitsandbytes_problem="no backend")
    assert "no backend" in fits(broken, small, "cpu").en


def test_place_takes_a_gpu_before_the_cpu():
    small = estimate(SHAPE_7B, "nf4")
    assert place(TOY, small) == "cpu"
    assert place(dataclasses.replace(TOY, gpus=(CARD,)), small) == "cuda"
    assert place(dataclasses.replace(TOY, gpus=(dataclasses.replace(CARD, free=GIB),)), small) == "cpu"
    assert place(dataclasses.replace(TOY, memory_free=GIB), small) is None


def test_choose(model, monkeypatch):
    assert choose(None, TOY)[:2] == ("signal", "none")
    monkeypatch.setenv(choice.MODEL, model())
    assert choose(None, TOY)[:2] == ("affectgpt", "none")
    small_cpu = dataclasses.replace(TOY, memory_free=12 * GIB)
    assert choose(None, small_cpu)[:2] == ("affectgpt", "nf4")
    small_gpu = dataclasses.replace(TOY, gpus=(dataclasses.replace(CARD, free=11 * GIB),))
    engine, quantization, why = choose(None, small_gpu)
    assert (engine, quantization) == ("affectgpt", "nf4")
    assert "on the GPU" in why.en
    engine, _, why = choose(None, dataclasses.replace(TOY, memory_free=GIB))
    assert engine == "signal"
    assert "1.0 GiB" in why.en
    assert "1.0 GiB" in why.zh
    assert choose(model(quantization_config=NF4_CONFIG), TOY)[:2] == ("affectgpt", "nf4")
    engine, _, why = choose(model(model_type="qwen2"), TOY)
    assert engine == "signal"
    assert "qwen2" in why.en
    assert not why.en.endswith("..")


def test_read_config_says_what_is_wrong(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(AffectError, match=r"Cannot read config\.json"):
        read_config(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(AffectError, match="not JSON"):
        read_config(str(tmp_path))
    for name in ("nowhere", "/no/such/folder", "a b/c", "owner/name/more"):
        with pytest.raises(AffectError, match="There is no folder"):
            read_config(name)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(AffectError, match="HF_HUB_OFFLINE"):
        read_config("owner/name")
    # what is known of the Hub is not asked again
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    known = dataclasses.replace(TOY, hub="unreachable", hub_problem="HTTP 418")
    with pytest.raises(AffectError, match="HTTP 418"):
        read_config("owner/name", known)


def test_read_config_takes_the_cache_first(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("affectgpt.hub.fetch.ask_hub", lambda: pytest.fail("it is in the cache"))
    folder, text = tmp_path / "models--owner--name", json.dumps(SHAPE_7B)
    blob = hashlib.sha1(f"blob {len(text)}\0{text}".encode()).hexdigest()
    pointer = folder / f"snapshots/{'c' * 40}/config.json"
    write(folder, **{"refs/main": "c" * 40, f"blobs/{blob}": text})
    pointer.parent.mkdir(parents=True)
    pointer.symlink_to(folder / "blobs" / blob)  # as the Hub's own client leaves it
    assert read_config("owner/name") == json.loads(json.dumps(SHAPE_7B))


def test_without_a_model_nothing_heavy_is_imported():
    code = "import sys, affectgpt.machine.choice as c; assert c.choose()[0] == 'signal'; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert set(run.stdout.split()) & {"torch", "transformers", "bitsandbytes", "psutil", "httpx"} == set()


# ---- the report


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 110])
def test_report_keeps_to_its_width(model, language, width):
    tight = dataclasses.replace(TOY, gpus=(CARD,), memory_free=GIB, cache_free=GIB, contained=True)
    for name in (None, model()):
        text = doctor.report(tight, name, language=language, width=width)
        assert max(map(doctor._width, text.splitlines())) <= width
        assert text == "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
        table = [line for line in text.splitlines() if line.startswith("  AffectGPT  ")]
        assert len(table) == 6  # three quantisations on two devices
        assert sum(("yes" if language == "en" else "可以") in line for line in table) == 3
        assert gib(estimate(SHAPE_7B, "nf4").running["cuda"]) in text


def test_report_tells_what_is_wrong_with_a_model_and_never_raises(tmp_path):
    text = doctor.report(TOY, str(tmp_path), width=110)
    assert "Cannot read config.json" in text
    assert "released shape" in text
    assert "The signal engine is used." in text
    nothing = dataclasses.replace(
        TOY, versions=dict.fromkeys(HAVE), decoder=None, hub="unreachable", hub_problem="HTTP 403"
    )
    text = doctor.report(nothing, width=110)
    for said in ("HTTP 403", "pip install av", "pip install bitsandbytes", "not installed: torch"):
        assert said in text


def test_report_of_a_download_that_the_disk_cannot_hold(model):
    full = dataclasses.replace(TOY, cache_free=GIB)
    assert "a download needs" in doctor.report(full, None)
    assert "a download needs" not in doctor.report(full, model())  # it is here already
    adapter = doctor.report(full, model(base_models={"vision": "a/b"}))
    assert "an adapter" in adapter
    assert "a download needs" in adapter


def test_wrapping_keeps_every_sign():
    text = "无法访问 https://hub.example（ConnectError: name）：只能使用本地文件夹和缓存。"
    for width in range(24, 90):
        lines = doctor._wrap(text, width, "  ")
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(line.strip()[0] not in "，。：）" and line[-1] != "（" for line in lines)


def test_to_dict_is_json(model):
    out = json.loads(json.dumps(doctor.to_dict(dataclasses.replace(TOY, gpus=(CARD,)), model())))
    assert [way["quantization"] for way in out["affectgpt"]] == ["none", "nf4", "int8"]
    assert out["affectgpt"][0]["fits"] == {"cuda": True, "cpu": True}
    assert out["auto"]["engine"] == "affectgpt"
    assert out["machine"]["gpus"][0]["free"] == CARD.free


def test_the_gpu_with_most_room_is_named_by_its_number(tmp_path):
    small, large = (dataclasses.replace(CARD, free=free) for free in (2 * 2**30, 70 * 2**30))
    (tmp_path / "config.json").write_text(json.dumps(SHAPE_7B), encoding="utf-8")
    for gpus, device in (((small, large), "cuda:1"), ((large, small), "cuda:0")):
        found = choice.way(str(tmp_path), dataclasses.replace(TOY, gpus=gpus))
        assert (found.device, found.quantization) == (device, "none")


def test_none_takes_a_quantised_model_as_it_is(tmp_path):
    stored = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    (tmp_path / "config.json").write_text(json.dumps({**SHAPE_7B, "quantization_config": stored}))
    assert choice.way(str(tmp_path), dataclasses.replace(TOY, gpus=(CARD,)), "none").quantization == "nf4"
