"""The report of `affectgpt doctor`: what this machine has, what fits, what `--engine auto` takes."""

from __future__ import annotations

import re
import shutil
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..schema import AffectError, Language, Text
from ..weights import shown_model
from . import LIBRARIES, Machine
from .choice import MARGIN, SHOWN, choose, configured, devices, fits, gib, read_config
from .footprint import QUANTIZATIONS, ROWS, SHAPE_7B, TOKENS, Estimate, estimate, stored_quantization

SIGNAL_BYTES = 430_000_000  # the most that the signal engine took for a clip
NARROW, WIDE = 60, 110  # columns of the report, at least and at most
STANDARD = Text(
    "No model is configured: these are the figures of the released shape, AffectGPT with Qwen2.5-7B.",
    "尚未配置模型：以下按官方发布的规格（AffectGPT + Qwen2.5-7B）估算。",
)
LABELS = {
    "system": Text("System", "系统"),
    "cores": Text("Processor", "处理器"),
    "memory": Text("Memory", "内存"),
    "gpu": Text("GPU", "GPU"),
    "cache": Text("Hub cache", "Hub 缓存"),
    "temporary": Text("Temporary", "临时目录"),
    "decoder": Text("Decoder", "解码器"),
    "faces": Text("Faces", "人脸工具"),
    "hub": Text("Hub", "Hub"),
    "libraries": Text("Libraries", "依赖库"),
    "quantising": Text("nf4, int8", "nf4、int8"),
}
FACES = {
    "mediapipe": Text("mediapipe {mediapipe}: boxes and landmarks", "mediapipe {mediapipe}：人脸框与关键点"),
    "haar": Text("OpenCV {opencv}: boxes, no landmarks", "OpenCV {opencv}：仅人脸框，无关键点"),
    "motion": Text("none: only movement and light are measured", "无：只能测量运动与明暗"),
}
HUB = {
    "not asked": Text("{address}: not asked", "{address}：未检测"),
    "reachable": Text("{address} answers", "{address} 可以访问"),
    "offline": Text("HF_HUB_OFFLINE is set: only the cache is used", "已设置 HF_HUB_OFFLINE：只使用缓存"),
    "unreachable": Text(
        "{address} is out of reach ({problem}): only folders and the cache can be used",
        "无法访问 {address}（{problem}）：只能使用本地文件夹和缓存",
    ),
}
HEADS = (
    Text("engine", "引擎"),
    Text("weights", "权重"),
    Text("on", "设备"),
    Text("on disk", "磁盘"),
    Text("loading", "加载峰值"),
    Text("running", "运行峰值"),
    Text("fits", "能否运行"),
)
SIDES = "<<<>>><"  # to which each column is set
YES, NO = Text("yes", "可以"), Text("no", "不行")
NO_DECODER = Text("not installed: pip install av", "未安装：请运行 pip install av")
# What a line is broken into: blanks, words, and Chinese characters, each with its punctuation.
CJK = r"\u2e80-\u9fff\uff00-\uffef"
PIECES = re.compile(rf"（?(?:[^\s{CJK}]+|[{CJK}])[、。，：；）]*|\s+")


def report(
    machine: Machine, model: str | None = None, *, language: Language = "en", width: int | None = None
) -> str:
    """Return the report as text of `width` columns; None takes the terminal's.

    `model` None means the environment's `AFFECTGPT_MODEL`, and without that the shape that is released. A
    model that cannot be read is told in the report, never raised.
    """
    width = max(NARROW, min(WIDE, width or shutil.get_terminal_size((100, 24)).columns))
    about, config, estimates = _estimates(machine, model)

    def say(en: str, zh: str) -> str:
        return Text(en, zh)[language]

    facts = [(LABELS[key][language], text[language]) for key, text in _facts(machine)]
    label = max(_width(name) for name, _ in facts) + 2
    lines = [say("This machine", "本机"), ""]
    for name, value in facts:
        lines += _hanging(_pad(name, label), value, width)

    lines += ["", say("What fits", "可运行的配置"), "", *_wrap("  " + about[language], width, "  "), ""]
    rows, notes = [tuple(head[language] for head in HEADS)], []
    for needed in estimates:
        for device in devices(machine):
            why = fits(machine, needed, device)
            rows.append(_row(needed, device, why is None, language))
            if why:
                notes.append(
                    say(
                        f"{SHOWN[needed.quantization].en}, {_device(device)}: {why.en}",
                        f"{SHOWN[needed.quantization].zh}（{_device(device)}）：{why.zh}",
                    )
                )
    signal = _signal_fits(machine)
    verdict = (YES if signal is None else NO)[language]
    rows.append(("signal", "–", "CPU", "–", "–", gib(SIGNAL_BYTES), verdict))
    notes += [say("signal: ", "signal：") + signal[language]] if signal else []
    lines += _table(rows)
    notes += [note[language] for note in _notes(machine, model, config, estimates)]
    lines += [""]
    for note in notes:
        lines += _wrap("  · " + note, width, "    ")
    _, _, why = choose(model, machine)
    lines += [
        "",
        say("What --engine auto takes", "--engine auto 的选择"),
        "",
        *_wrap("  " + why[language], width, "  "),
    ]
    return "\n".join(lines) + "\n"


def to_dict(machine: Machine, model: str | None = None) -> dict[str, Any]:
    """Return the report for a program: bytes, English reasons; `fits` is true or the reason why not."""
    about, _, estimates = _estimates(machine, model)
    signal = _signal_fits(machine)
    engine, quantization, why = choose(model, machine)
    ways = [
        {
            **asdict(needed),
            "fits": {device: _why(fits(machine, needed, device)) for device in devices(machine)},
        }
        for needed in estimates
    ]
    return {
        "machine": {
            **asdict(machine),
            "cache": _home(machine.cache),
            "temporary": _home(machine.temporary),
        },
        "model": shown_model(name) if (name := configured(model)) else None,
        "about": about.en,
        "rows": ROWS,
        "tokens": TOKENS,
        "margin": MARGIN,
        "affectgpt": ways,
        "signal": {"running": SIGNAL_BYTES, "fits": {"cpu": _why(signal)}},
        "auto": {"engine": engine, "quantization": quantization, "why": why.en},
    }


def _why(reason: Text | None) -> bool | str:
    return True if reason is None else reason.en


def _estimates(machine: Machine, model: str | None) -> tuple[Text, dict[str, Any], list[Estimate]]:
    """What the figures are of, in words and as its configuration, and the figures."""
    name, config = configured(model), SHAPE_7B
    about = STANDARD
    if name:
        try:
            config = read_config(name, machine)
            stored = stored_quantization(config)
            first = estimate(config)
            count, shown = sum(first.parameters.values()), shown_model(name)
            dtype = config.get("dtype") or "bfloat16"
            kind = Text(dtype, dtype) if stored == "none" else SHOWN[stored]
            en = f"{count / 1e9:.3g} billion" if count >= 1e8 else f"{count / 1e6:.3g} million"
            zh = f"{count / 1e8:.3g} 亿" if count >= 1e8 else f"{count / 1e4:.3g} 万"
            about = Text(
                f"{shown}: {en} parameters, stored in {kind.en}.",
                f"{shown}：参数量 {zh}，保存格式 {kind.zh}。",
            )
        except AffectError as error:
            config = SHAPE_7B
            about = Text(
                f"{error.text.en} The figures are of the released shape, AffectGPT with Qwen2.5-7B.",
                f"{error.text.zh}以下按官方发布的规格（AffectGPT + Qwen2.5-7B）估算。",
            )
    stored = stored_quantization(config)
    return (
        about,
        config,
        [estimate(config, way) for way in (QUANTIZATIONS if stored == "none" else (stored,))],
    )


def _facts(machine: Machine) -> list[tuple[str, Text]]:
    """The lines about the machine: a key of `LABELS` and the value."""
    versions = machine.versions
    contained = Text(", limited by the container", "（受容器限制）") if machine.contained else Text("", "")
    facts = [
        ("system", _same(machine.system)),
        ("cores", Text(f"{machine.cores} core{'s' * (machine.cores != 1)}", f"{machine.cores} 核")),
        ("memory", _both(_of(machine.memory, machine.memory_free), contained)),
    ]
    for gpu in machine.gpus:
        name = f"{gpu.name} (compute {gpu.capability[0]}.{gpu.capability[1]})"
        usable = (
            Text("", "") if gpu.usable else Text("; PyTorch has no kernels for it", "；当前 PyTorch 不支持")
        )
        facts.append(("gpu", _both(Text(f"{name}, ", f"{name}，"), _of(gpu.total, gpu.free), usable)))
    if not machine.gpus:
        facts.append(("gpu", machine.gpu_problem or Text("none", "无")))
    for key, folder, size in (
        ("cache", machine.cache, machine.cache_free),
        ("temporary", machine.temporary, machine.temporary_free),
    ):
        folder, size = _home(folder), gib(size)
        facts.append((key, Text(f"{folder}, {size} free", f"{folder}，可用 {size}")))
    decord = f", decord {versions['decord']}" if versions.get("decord") else ""
    decoder = _same(f"{machine.decoder}{decord}") if machine.decoder else NO_DECODER
    hub = {"address": machine.hub_address, "problem": machine.hub_problem}
    found = ", ".join(f"{name} {versions[name]}" for name in LIBRARIES if versions.get(name))
    lacking = ", ".join(name for name in LIBRARIES if not versions.get(name))
    missing = Text(f"; not installed: {lacking}", f"；未安装：{lacking}") if lacking else Text("", "")
    return [
        *facts,
        ("decoder", decoder),
        ("faces", machine.faces_problem or _filled(FACES[machine.faces], versions)),
        ("hub", _filled(HUB[machine.hub], hub)),
        ("libraries", _both(_same(found), missing)),
        ("quantising", _quantising(machine)),
    ]


def _of(total: int, free: int) -> Text:
    total, free = gib(total), gib(free)
    return Text(f"{total}, {free} free", f"共 {total}，可用 {free}")


def _quantising(machine: Machine) -> Text:
    if not machine.versions.get("bitsandbytes"):
        return Text("not possible: pip install bitsandbytes", "不可用：请运行 pip install bitsandbytes")
    problem = machine.bitsandbytes_problem
    if problem:
        return Text(f"bitsandbytes does not work here: {problem}", f"bitsandbytes 在此无法工作：{problem}")
    where = "CPU + GPU" if machine.gpus else "CPU"
    return Text(f"bitsandbytes works on this {where}", f"bitsandbytes 可在本机 {where} 上工作")


def _signal_fits(machine: Machine) -> Text | None:
    if not machine.decoder:
        return NO_DECODER
    if machine.memory_free < SIGNAL_BYTES * MARGIN:
        return Text(f"has {gib(machine.memory_free)} of memory", f"可用内存只有 {gib(machine.memory_free)}")
    return None


def _notes(
    machine: Machine, model: str | None, config: dict[str, Any], estimates: list[Estimate]
) -> list[Text]:
    """What to know about the figures."""
    name, disk, notes = configured(model), max(needed.disk for needed in estimates), []
    if config.get("base_models"):
        notes.append(
            Text(
                "an adapter: CLIP, HuBERT and Qwen2.5 are fetched on first use, and counted here",
                "仅含适配器：CLIP、HuBERT 与 Qwen2.5 会在首次使用时下载，已计入上表",
            )
        )
    local = name and Path(name).expanduser().is_dir() and not config.get("base_models")
    if disk > machine.cache_free and not local:
        need, have = gib(disk), gib(machine.cache_free)
        notes.append(
            Text(
                f"a download needs {need} of disk, the Hub cache has {have}: free some, or set HF_HOME",
                f"下载需要 {need} 磁盘空间，Hub 缓存所在磁盘仅剩 {have}：请清理空间，或设置 HF_HOME",
            )
        )
    if len(estimates) > 1:  # stored unquantised
        notes.append(
            Text(
                "nf4 and int8 are made while loading; a model stored in nf4 takes less disk and loads sooner",
                "nf4 与 int8 在加载时量化；若模型本身以 nf4 保存，占用磁盘更少，加载更快",
            )
        )
    margin = round(100 * (MARGIN - 1))
    notes.append(
        Text(
            f"estimates: {ROWS} answers at once, each of up to {TOKENS} tokens; {margin} % more must be free",
            f"以上为估算值：一次生成 {ROWS} 段回答，每段最多 {TOKENS} 个 token；另需留出 {margin}% 余量",
        )
    )
    return notes


def _row(needed: Estimate, device: str, good: bool, language: Language) -> tuple[str, ...]:
    sizes = (needed.disk, needed.loading[device], needed.running[device])
    verdict = (YES if good else NO)[language]
    return ("AffectGPT", SHOWN[needed.quantization][language], _device(device), *map(gib, sizes), verdict)


def _device(device: str) -> str:
    return "CPU" if device == "cpu" else "GPU"


# ---- texts


def _same(text: str) -> Text:
    return Text(text, text)


def _both(*texts: Text) -> Text:
    return Text("".join(text.en for text in texts), "".join(text.zh for text in texts))


def _filled(text: Text, values: dict[str, Any]) -> Text:
    return Text(text.en.format(**values), text.zh.format(**values))


def _home(folder: str) -> str:
    """With ~ for the home folder: reports are passed on."""
    try:
        return str(Path("~") / Path(folder).relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return folder


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters and punctuation take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cell(text: str, width: int, side: str) -> str:
    return _pad(text, width) if side == "<" else " " * (width - _width(text)) + text


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = ["  " + "  ".join(map(_cell, row, widths, SIDES)).rstrip() for row in rows]
    return [lines[0], "  " + "  ".join("─" * width for width in widths), *lines[1:]]


def _hanging(label: str, text: str, width: int) -> list[str]:
    return _wrap(f"  {label}{text}", width, " " * (2 + _width(label)))


def _wrap(text: str, width: int, indent: str) -> list[str]:
    """Break at blanks and between Chinese characters, not before punctuation; `indent` from line 2 on."""
    lines, line = [], ""
    for piece in PIECES.findall(text):
        if _width(line) + _width(piece.rstrip()) > width and line.strip():
            lines.append(line.rstrip())
            line = indent
            piece = piece.lstrip()
        line += piece
    return [*lines, line.rstrip()]
