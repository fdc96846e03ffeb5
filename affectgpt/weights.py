"""What can go wrong while somebody's weights are fetched and loaded, each as one clear line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from .hub.address import Address
from .hub.problems import FULL, causes, hub_problem, unreachable
from .media.sniff import shown_name
from .schema import AffectError, Text

NO_MEMORY = re.compile(r"out of memory|can't allocate memory|Cannot allocate memory", re.IGNORECASE)
DAMAGED = {"SafetensorError", "JSONDecodeError", "UnicodeDecodeError", "UnpicklingError", "RecursionError"}
TITLE = Text("Model not loaded", "模型未能加载")
MESSAGES = {
    "folder": Text(
        "There is no folder {name}: give a folder with a model's files, or its id on the Hugging Face Hub.",
        "找不到文件夹 {name}：请给出模型文件所在的文件夹，或其在 Hugging Face Hub 上的 ID。",
    ),
    "incomplete": Text(
        "{name} lacks some of a model's files: give a folder with config.json, the tokenizer where there is "
        "one, and all weights.",
        "{name} 缺少模型文件：该文件夹应包含 config.json、分词器（如有）和全部权重。",
    ),
    "architecture": Text(
        "{name} is another kind of model ({why}): give one of the right kind.",
        "{name} 不是所需类型的模型（{why}）：请换成正确类型的模型。",
    ),
    "unfit": Text(
        "The weights of {name} do not fit its configuration ({why}): download it again.",
        "{name} 的权重与其配置不符（{why}）：请重新下载。",
    ),
    "damaged": Text(
        "The files of {name} are damaged or cut short: download them again.",
        "{name} 的文件已损坏或不完整：请重新下载。",
    ),
    "memory": Text(
        "Not enough memory to load {name}: close other programs, take a machine with more, or quantise "
        "(--quantize nf4).",
        "内存不足，无法加载 {name}：请关闭其他程序、换用内存更大的机器，或使用量化（--quantize nf4）。",
    ),
    "code": Text(
        "{name} can only be opened by code of its own, which is never run here: take another one.",
        "{name} 只能用其自带的代码打开，而此处从不运行这类代码：请换用其他模型。",
    ),
    "library": Text(
        "{name} needs the Python package {why}: install it with pip.",
        "{name} 需要 Python 包 {why}：请用 pip 安装。",
    ),
}


def shown_model(name: str) -> str:
    """A model's name as a message may show it: a Hub id whole, of a folder only the last part."""
    return name if is_hub_id(name) and not Path(name).exists() else shown_name(name)


def check_name(name: str) -> None:
    """Refuse what is neither a model's folder nor can be ORG/NAME[@REVISION]. Raises AffectError."""
    if not _is_folder(name) and not is_hub_id(name):
        raise _error("folder", name)
    if _is_folder(name) and not (Path(name) / "config.json").is_file():
        raise _error("incomplete", name)


def check_files(folder: str) -> None:
    """Refuse a folder whose weights are missing or cut short, by their heads alone. Raises AffectError."""
    from safetensors import safe_open

    with loading(folder):
        files = sorted(Path(folder).glob("*.safetensors"))
        if not files and not list(Path(folder).glob("pytorch_model*.bin")):
            raise FileNotFoundError("no weights")
        for file in files:
            with safe_open(file, "pt"):
                pass


@contextlib.contextmanager
def loading(*names: str, local: bool | None = None) -> Iterator[None]:
    """Turn what transformers, safetensors and the Hub client raise about these models into AffectErrors.

    local: their files are on this machine, whatever the names; None looks. What is not known to be the user's
    to mend passes unchanged.
    """
    try:
        yield
    except AffectError:
        raise
    except Exception as error:
        local = all(map(_is_folder, names)) if local is None else local
        kind, why = _diagnose(error, local=local)
        said = hub_problem(error, ", ".join(map(shown_model, names))) if kind in (None, "hub") else None
        if said or kind == "hub":
            said = said or unreachable(", ".join(map(shown_model, names)), "no answer")
            said.title = TITLE
            raise said from error
        if not kind:
            raise
        raise _error(kind, *names, why=why) from error


def is_hub_id(name: str) -> bool:
    """Say whether a name can be ORG/NAME[@REVISION]."""
    try:
        return bool(Address.parse(name))
    except AffectError:
        return False


def _is_folder(name: str) -> bool:
    try:
        return bool(name) and Path(name).is_dir()
    except OSError:  # a name that no file can have
        return False


def _error(kind: str, *names: str, why: str = "") -> AffectError:
    shown = ", ".join(map(shown_model, names))
    return AffectError(
        *(text.format(name=shown, why=why) for text in (MESSAGES[kind].en, MESSAGES[kind].zh)), title=TITLE
    )


def _diagnose(error: Exception, *, local: bool) -> tuple[str | None, str]:
    """The kind of a failure and a word about it; transformers hides the cause under its own OSError."""
    chain = list(causes(error))
    kinds = {type(cause).__name__ for cause in chain}
    text = " ".join(str(cause) for cause in chain)
    if isinstance(error, MemoryError) or "OutOfMemoryError" in kinds or NO_MEMORY.search(text):
        return "memory", ""
    if any(isinstance(cause, OSError) and cause.errno in FULL for cause in chain):
        return "hub", ""
    if isinstance(error, ImportError):
        return "library", "bitsandbytes" if "bitsandbytes" in text else (error.name or "?")
    if kinds & DAMAGED:
        return "damaged", ""
    if not local and hub_problem(error, ""):
        return "hub", ""
    if "valid JSON" in text:
        return "damaged", ""
    if isinstance(error, OSError):
        local = local or isinstance(error, FileNotFoundError)
        return ("incomplete", "") if local or "EntryNotFoundError" in kinds else ("hub", "")
    if isinstance(error, ValueError) and "do not fit" in text:
        return "unfit", " ".join(str(error).partition("(")[2].rpartition(")")[0].split())
    if isinstance(error, ValueError) and "trust_remote_code" in text:
        return "code", ""
    if isinstance(error, ValueError) or any(kind.startswith("StrictDataclass") for kind in kinds):
        return "architecture", _short(str(error))
    if isinstance(error, RuntimeError) and "size mismatch" in text:
        return "damaged", ""
    return None, ""


def _short(text: str) -> str:
    """The first clause of a library's message, without any path in it."""
    text = re.sub(r"\S*/\S*", "…", " ".join(text.split()))
    first = re.split(r"(?<=[a-z])[.:] ", text)[0]
    return first if len(first) <= 120 else first[:119] + "…"
