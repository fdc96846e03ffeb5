"""Which engine and quantisation this machine can run: does an estimate fit, and what to take by itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from ..hub.address import Address
from ..hub.fetch import cached, fetch
from ..hub.problems import problem, unreachable
from ..schema import AffectError, Text
from ..weights import check_name, shown_model
from . import Machine, look
from .footprint import GIB, Estimate, Quantization, estimate, stored_quantization

MODEL = "AFFECTGPT_MODEL"  # environment variable: Hub id or folder
MARGIN = 1.1  # of an estimate must be free: others use the memory, too
SHOWN = {"none": Text("unquantised", "不量化"), "nf4": Text("nf4", "nf4"), "int8": Text("int8", "int8")}
NO_MODEL = Text(
    f"no AffectGPT model is configured (set {MODEL} or give --model)",
    f"尚未配置 AffectGPT 模型（可设置 {MODEL} 或使用 --model）",
)


def _signal(reason: Text) -> Text:
    why = reason.en[0].upper() + reason.en[1:]
    return Text(f"The signal engine is used. {why}.", f"使用信号引擎。{reason.zh}。")


NOT_CONFIGURED = _signal(NO_MODEL)


class Way(NamedTuple):
    """How a model is run: its quantisation, on "cpu" or "cuda:0", and a sentence why."""

    quantization: Quantization
    device: str
    why: Text


def fits(machine: Machine, needed: Estimate, device: str) -> Text | None:
    """Return None when the model fits on "cpu", "cuda" (the GPU with most room) or "cuda:1", else why not."""
    libraries = {"torch": 1, "transformers": 1, "accelerate": 1, "peft": needed.parameters["lora"]}
    libraries["bitsandbytes"] = needed.quantization != "none"
    lacking = " ".join(name for name, used in libraries.items() if used and not machine.versions.get(name))
    if lacking:
        return Text(f"not installed: pip install {lacking}", f"缺少依赖：请运行 pip install {lacking}")
    if needed.quantization != "none" and machine.bitsandbytes_problem:
        problem = machine.bitsandbytes_problem
        return Text(f"bitsandbytes does not work here ({problem})", f"bitsandbytes 在此无法工作（{problem}）")
    if device == "cpu":
        free, en, zh = machine.memory_free, "memory", "内存"
    else:
        number = device.partition(":")[2]
        gpus = [gpu for gpu in machine.gpus if gpu.usable] if not number else machine.gpus[int(number) :][:1]
        if not gpus:
            return Text("there is no GPU that PyTorch can use", "没有 PyTorch 可用的 GPU")
        gpu = max(gpus, key=lambda gpu: gpu.free)
        if not gpu.usable:
            return Text(f"this PyTorch has no kernels for {gpu.name}", f"当前 PyTorch 不支持 {gpu.name}")
        free, en, zh = gpu.free, "GPU memory", "显存"
    if needed.peak(device) * MARGIN <= free:
        return None
    want, have = gib(needed.peak(device) * MARGIN), gib(free)
    return Text(
        f"needs {want} of free {en} (with a margin), has {have}",
        f"需要 {want} 可用{zh}（含余量），现有 {have}",
    )


def place(machine: Machine, needed: Estimate) -> str | None:
    """Return the device on which the model fits, a GPU before the CPU; None when it fits nowhere."""
    return next((device for device in devices(machine) if fits(machine, needed, device) is None), None)


def devices(machine: Machine) -> tuple[str, ...]:
    """The devices to think of, best first."""
    return ("cuda", "cpu") if machine.gpus else ("cpu",)


def choose(model: str | None = None, machine: Machine | None = None) -> tuple[str, Quantization, Text]:
    """Return what `--engine auto` takes: engine, quantisation, and why, one sentence.

    `model` None means `AFFECTGPT_MODEL`. A GPU comes before the CPU, unquantised before nf4; a
    repository that is quantised already is taken as it is (its quantisation is returned). Without a model
    nothing heavy is imported; looks at the machine itself when `machine` is None.
    """
    model = configured(model)
    if model is None:
        return "signal", "none", NOT_CONFIGURED
    try:
        found = way(model, machine)
    except AffectError as error:
        return "signal", "none", no_way(error)
    return "affectgpt", found.quantization, found.why


def way(model: str, machine: Machine | None = None, quantization: Quantization | None = None) -> Way:
    """Return how a model runs here: unquantised or in nf4, or with the `quantization` that was asked for.

    Raises AffectError when its configuration cannot be read and when it fits nowhere.
    """
    config = read_config(model, machine)
    stored = stored_quantization(config)
    if stored != "none":
        quantization = stored if quantization in (None, "none") else quantization
    names = (quantization,) if quantization else ("none", "nf4")
    ways = {name: estimate(config, name) for name in names}
    machine, shown, reason = machine or look(thorough=False), shown_model(model), NO_MODEL
    for device in devices(machine):
        for name, needed in ways.items():
            reason = fits(machine, needed, device)
            if reason is None:
                return Way(name, _numbered(machine, device), _affectgpt(shown, needed, device))
    raise AffectError(f"{shown}: {reason.en}.", f"{shown}：{reason.zh}。")


def _numbered(machine: Machine, device: str) -> str:
    """ "cuda" is the GPU with most room, which `fits` has looked at."""
    if device != "cuda":
        return device
    return (
        f"cuda:{max(range(len(machine.gpus)), key=lambda i: machine.gpus[i].usable * machine.gpus[i].free)}"
    )


def configured(model: str | None = None) -> str | None:
    """Return the model that was given, else that of the environment, else None."""
    return model or os.environ.get(MODEL) or None


def read_config(model: str, machine: Machine | None = None) -> dict[str, Any]:
    """Return config.json of a folder or a Hub id, from the cache where it is there.

    `machine`: whose answer about the Hub is believed; else the Hub is asked. Raises AffectError when there is
    no config.json in reach.
    """
    folder, shown = Path(model).expanduser(), shown_model(model)
    file = folder / "config.json" if folder.is_dir() else _from_hub(model, machine)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or "not JSON"
        raise AffectError(
            f"Cannot read config.json of {shown} ({why}): give a folder that holds a model.",
            f"无法读取 {shown} 的 config.json（{why}）：请指定包含模型的文件夹。",
        ) from error
    return config if isinstance(config, dict) else {}


def gib(size: float) -> str:
    """Return bytes as people read them."""
    if size < GIB / 10:
        return f"{size / 2**20:.0f} MiB" if size >= 2**20 else f"{size / 2**20:.1f} MiB"
    return f"{size / GIB:.1f} GiB"


def _from_hub(model: str, machine: Machine | None) -> Path:
    """Fetch config.json of a Hub id, or raise AffectError."""
    check_name(model)
    address = Address.parse(model)
    found = cached(address, only=_is_config)
    if found is None and machine and machine.hub == "offline":
        raise problem("offline", address)
    if found is None and machine and machine.hub == "unreachable":
        raise unreachable(address, machine.hub_problem or "")
    return (found or fetch(address, only=_is_config)).folder / "config.json"


def _is_config(path: str) -> bool:
    return path == "config.json"


def no_way(error: AffectError) -> Text:
    """Return why the signal engine is taken instead of AffectGPT."""
    return _signal(Text(*(error.text[language].rstrip(".。") for language in ("en", "zh"))))


def _affectgpt(model: str, needed: Estimate, device: str) -> Text:
    bits, peak = SHOWN[needed.quantization], gib(needed.peak(device))
    en, zh = ("the CPU", "CPU") if device == "cpu" else ("the GPU", "GPU")
    return Text(
        f"AffectGPT ({model}), {bits.en}, on {en}: it takes up to {peak}, which is free.",
        f"使用 AffectGPT（{model}），{bits.zh}，在 {zh} 上运行：最多占用 {peak}，空间足够。",
    )
