"""What every command shares: its messages, files written whole, and a user's mistake as one line."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from .media.sniff import shown_name
from .schema import AffectError, Text

MESSAGES = {
    "one_each": Text(
        "{option} was given {given} times for {clips} clips: give it once for each clip, in the same order.",
        "{option} 给了 {given} 次，而片段有 {clips} 个：请按相同顺序为每个片段各给一次。",
    ),
    "one_of": Text(
        "--subtitle and --subtitles were both given: give one of them.",
        "--subtitle 与 --subtitles 不能同时使用：请只用其中一个。",
    ),
    "same_file": Text(
        "{option} names a file that is also read or written here ({name}): choose another name.",
        "{option} 指向的文件（{name}）在本次运行中另有用途：请换一个文件名。",
    ),
    "write": Text(
        "Cannot write {name} ({why}): choose a file in a folder that exists and that you may write to.",
        "无法写入 {name}（{why}）：请选择一个已存在且可写的文件夹中的文件。",
    ),
    "serve": Text(
        "Cannot listen on {host}:{port} ({why}): choose another --host or --port.",
        "无法监听 {host}:{port}（{why}）：请换一个 --host 或 --port。",
    ),
    "needed": Text(
        "A checkpoint is converted together with the models it was trained on: give {options}, too.",
        "转换检查点需要其训练时所用的基座模型：请同时给出 {options}。",
    ),
    "only_back": Text(
        "--to-official takes a folder alone: omit all options but --out, --mode and --language.",
        "--to-official 只需一个文件夹：只能再加 --out、--mode、--language。",
    ),
    "one_source": Text(
        "--model takes the place of --checkpoint, and knows its own prompt: omit {options}.",
        "--model 代替 --checkpoint，且已含提示词设置：请去掉 {options}。",
    ),
    "unused_zeros": Text(
        "image_llama_proj, which no mode uses, is zeros in this file; the weights are fp32.",
        "文件中的 image_llama_proj 为零（任何模式都不使用它）；权重为 fp32。",
    ),
    "ignored": Text(
        "--quantize, --samples and --seed are AffectGPT's: the signal engine does without them.",
        "--quantize、--samples 和 --seed 仅用于 AffectGPT，信号引擎不使用这些选项。",
    ),
    "bug": Text(
        "{name}: something went wrong on our side (incident {id}). The details are in the log above.",
        "{name}：程序内部出错（编号 {id}），详情见上方日志。",
    ),
}


DOWNLOADED = Text("  {done} of {total}, {file}", "  已下载 {done} / {total}，{file}")
LITTLE_BYTES = 1_000_000  # of a download that nobody waits for
REDRAWN_S = 0.2  # at most so often on a terminal

Model = Annotated[
    str | None,
    typer.Option(
        metavar="ID|DIR",
        envvar="AFFECTGPT_MODEL",
        help="AffectGPT weights: Hub id (ORG/NAME or ORG/NAME@REVISION) or folder.",
        show_envvar=True,
    ),
]


class Lang(str, Enum):
    """A language for answers and messages."""

    en = "en"
    zh = "zh"


class Quantize(str, Enum):
    """How the language model is stored."""

    none = "none"
    nf4 = "nf4"
    int8 = "int8"


class Dtype(str, Enum):
    """A precision of weights."""

    auto = "auto"
    bf16 = "bf16"
    fp16 = "fp16"
    fp32 = "fp32"


def check_outputs(json_file: str | None, html_file: str | None, inputs: list[str]) -> None:
    """Refuse, before any work, an output that cannot be written or that would destroy a file in use."""
    taken = [Path(name) for name in inputs if len(name) < 1000]
    for option, name in (("--json", json_file), ("--html", html_file)):
        if name in (None, "-"):
            continue
        file = Path(name)
        if any(same_file(file, other) for other in taken):
            raise mistake("same_file", option=option, name=shown_name(file))
        taken.append(file)
        try:
            existed = file.exists()
        except OSError:  # a name that no file can have: writing says so
            existed = True
        write(name, "", append=True)
        if not existed:
            file.unlink()


def same_file(one: Path, other: Path) -> bool:
    """Say whether two names lead to one file, through links, too; False for a name that no file can have."""
    try:
        return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
    except (OSError, RuntimeError):  # too long a name; a loop of links
        return False


def write(file: str, text: str, *, append: bool = False) -> None:
    """Write text to a file, or to stdout when it is called "-". Raises AffectError when that fails."""
    try:
        if file == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            # Half a character, as JSON and file names may hold, is written as JSON's escape.
            how = {"encoding": "utf-8", "errors": "backslashreplace"}
            with open(file, "a" if append else "w", **how) as out:
                out.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "stdout" if file == "-" else shown_name(os.path.abspath(file))
        raise mistake("write", name=name, why=error.strerror) from error


def replace(file: Path, text: str) -> None:
    """Write a file whole: until its last byte is there, what was there before stays. Raises AffectError."""
    half = file.with_name(f".{file.name}.part")
    try:
        half.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(half, file)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise mistake("write", name=shown_name(file), why=error.strerror) from error


def mistake(key: str, **values) -> AffectError:
    """Return the message called `key`, filled in, as an error to be raised."""
    text = MESSAGES[key].filled(**values)
    return AffectError(text.en, text.zh)


@contextlib.contextmanager
def told(language: str) -> Iterator[None]:
    """End with one line in the reader's language and exit code 2 when the user has to mend something."""
    try:
        yield
    except AffectError as error:
        print(error.text[language], file=sys.stderr)
        raise typer.Exit(2) from None


def downloads(language: str = "en") -> Callable[[Any], None]:
    """Return what tells the `Progress` of downloads on stderr: on a terminal in one line, else by tenths."""
    terminal, told, when = sys.stderr.isatty(), -1, 0.0

    def tell(progress: Any) -> None:
        nonlocal told, when
        if progress.total < LITTLE_BYTES:
            return
        tenth, now = 10 * progress.done // progress.total, time.monotonic()
        if tenth < told:  # another repository
            told = -1
        if tenth == told and not (terminal and now - when > REDRAWN_S and progress.done < progress.total):
            return
        told, when = tenth, now
        unit, size = ("GB", 1e9) if progress.total >= 1e9 else ("MB", 1e6)
        line = DOWNLOADED.filled(
            done=f"{progress.done / size:.1f}",
            total=f"{progress.total / size:.1f} {unit}",
            file=progress.file,
        )[language]
        # the next line of whoever writes to the terminal overwrites an unfinished one
        rewritten = terminal and progress.done < progress.total
        start, end = ("\x1b[K" if terminal else ""), ("\r" if rewritten else "\n")
        print(start + line, end=end, file=sys.stderr, flush=True)

    return tell


def quiet_libraries() -> None:
    """Our own lines say what happens; bars of progress only where somebody may watch them."""
    hub = ("huggingface_hub", "huggingface_hub.file_download", "huggingface_hub.utils._http")  # each retry
    for name in (*hub, "bitsandbytes"):  # some complain as they are imported
        logging.getLogger(name).setLevel(logging.ERROR)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
