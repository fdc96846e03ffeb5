"""What may be published: every file is looked into, and what must not leave this machine is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..convert.output import read_sums, sha256
from ..schema import Text
from .address import REPO
from .contents import CODE_ENDINGS, MEDIA_ENDINGS, is_pickle, kind_of, parquet_texts, safetensors_header
from .secrets import Own, leak_in, own

MAX_FILE_BYTES = 5 * 10**9 + (64 << 20)  # `convert` writes shards of "5GB"; a header comes on top
MAX_FILES = 1000
MAX_TEXT_BYTES = 64 << 20  # a larger text is no part of what we publish
WEIGHTS = (".safetensors", ".parquet")
VOCABULARIES = ("tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json")
EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIGURATIONS = (
    "config.json", "adapter_config.json", "processor_config.json", "tokenizer_config.json", "conversion.json",
)  # fmt: skip
SAID = {
    "hidden": Text(
        "hidden files are not published: take it out of the folder.",
        "不发布隐藏文件：请将其移出文件夹。",
    ),
    "link": Text(
        "a link that leads out of the folder: put the file itself there.",
        "指向文件夹之外的链接：请放入文件本身。",
    ),
    "special": Text("not an ordinary file: take it out.", "不是普通文件：请移出。"),
    "pickle": Text(
        "a pickle, which can run code when it is opened: take it out, and publish safetensors.",
        "pickle 文件，打开时可能执行代码：请移出，并改用 safetensors 发布。",
    ),
    "numpy": Text(
        "an array file that may hold pickles: publish Parquet or safetensors, and take it out.",
        "可能含有 pickle 的数组文件：请发布 Parquet 或 safetensors，并移出该文件。",
    ),
    "media": Text(
        "a clip, sound or picture, and those of licensed data may not be handed on: take it out.",
        "视频、音频或图片；受许可限制的数据片段不得传播：请移出。",
    ),
    "column": Text(
        "the column {what} holds bytes, as clips of licensed data would be: build it without --with-video.",
        "{what} 列含有二进制内容（可能是受许可限制的片段）：请不带 --with-video 重新构建。",
    ),
    "archive": Text(
        "an archive, which nobody can look into on the Hub: publish what is in it.",
        "压缩包，在 Hub 上无法查看其内容：请发布其中的文件。",
    ),
    "unknown": Text(
        "neither text nor safetensors nor Parquet: take it out.",
        "既不是文本，也不是 safetensors 或 Parquet：请移出。",
    ),
    "token": Text(
        "line {line} holds a secret ({what}): remove it, and revoke it if it was ever published.",
        "第 {line} 行含有密钥（{what}）：请删除；如曾公开，请立即作废。",
    ),
    "path": Text(
        "line {line} names a path of a machine ({what}): remove it or write a name without folders.",
        "第 {line} 行含有本机路径（{what}）：请删除，或只写文件名。",
    ),
    "large": Text(
        "{what} GB, but a file may have 5 GB: convert again, which writes shards of 5 GB.",
        "{what} GB，超过单个文件 5 GB 的上限：请重新转换，将自动按 5 GB 分片。",
    ),
    "long": Text(
        "a text of {what} MB, which is no part of what is published: take it out.",
        "{what} MB 的文本，不属于发布内容：请移出。",
    ),
    "many": Text(
        "{what} files, and at most {most} are published: is it the right folder?",
        "共 {what} 个文件，最多发布 {most} 个：文件夹是否正确？",
    ),
    "damaged": Text(
        "damaged or cut short: make it again.",
        "已损坏或不完整：请重新生成。",
    ),
    "sum": Text(
        "its SHA-256 is not the one in SHA256SUMS, so it was changed or damaged: convert or build it again.",
        "SHA-256 与 SHA256SUMS 不符，文件已被改动或损坏：请重新转换或构建。",
    ),
    "lost": Text(
        "listed in SHA256SUMS, but not there: convert or build it again.",
        "SHA256SUMS 中列出但不存在：请重新转换或构建。",
    ),
    "unsummed": Text(
        "not listed in SHA256SUMS: convert or build it again.",
        "未列入 SHA256SUMS：请重新转换或构建。",
    ),
    "absent": Text(
        "the weights are not complete without it: convert again.",
        "缺少该权重文件：请重新转换。",
    ),
    "stray": Text(
        "no part of these weights, by their index: take it out, or convert into an empty folder.",
        "索引中没有该权重文件：请移出，或转换到空文件夹。",
    ),
    "base": Text(
        "names {what} as a base model, which is a folder of this machine: convert again with Hub ids.",
        "将 {what} 作为基座模型，但它是本机文件夹：请使用 Hub ID 重新转换。",
    ),
    "code": Text(
        "has code of {what} run when it is loaded: only the files beside it may be named in auto_map.",
        "加载时会执行 {what} 的代码：auto_map 只能指向同一文件夹中的文件。",
    ),
    "json": Text("is not valid JSON: make it again.", "不是有效的 JSON：请重新生成。"),
}


class Finding(NamedTuple):
    """Why a file may not be published; path: below the folder, with slashes."""

    path: str
    text: Text


def check(folder: Path, artifact: str) -> tuple[Finding, ...]:
    """Look into every file of a folder that is about to be uploaded; nothing found means it may be.

    artifact: one of `stage.KINDS`. The card's own fields are checked in `push.findings`. Raises OSError.
    """
    folder, mine = Path(folder), own()
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    if len(paths) > MAX_FILES:
        return (finding(".", "many", what=len(paths), most=MAX_FILES),)
    found: list[Finding] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if problem := refused(path, folder) or _content(path, name, artifact, mine):
            found.append(Finding(name, problem))
    bad = {one.path for one in found}
    more = [*_sums(folder, paths)]
    if artifact in ("model", "quantized"):
        more += _shards(folder)
    found += (one for one in more if one.path not in bad)
    if artifact in ("model", "quantized", "adapter"):
        found += _configuration(folder)
    return tuple(sorted(found, key=lambda one: one.path))


def refused(path: Path, folder: Path) -> Text | None:
    """Say why a file of a source folder may not lie there when it is published, be it uploaded or not."""
    name = path.relative_to(folder)
    if path.is_symlink() and not links_inside(path, folder):
        return SAID["link"]
    if not path.is_file():
        return SAID["special"]
    if any(part.startswith(".") for part in name.parts) and name.parts[0] != ".eval_results":
        return SAID["hidden"]
    ending = path.suffix.lower()
    if ending in CODE_ENDINGS:
        return SAID["numpy" if ending in (".npy", ".npz") else "pickle"]
    if ending not in WEIGHTS and is_pickle(path):
        return SAID["pickle"]
    return SAID["media"] if ending in MEDIA_ENDINGS and not _own_example(path) else None


def links_inside(path: Path, folder: Path) -> bool:
    """Say whether a link stays in its folder; a snapshot of the Hub's cache is made of links to its blobs."""
    target, folder = path.resolve(), folder.resolve()
    blobs = folder.parent.parent / "blobs"
    return target.is_relative_to(folder) or (folder.parent.name == "snapshots" and target.parent == blobs)


def finding(path: str, key: str, **values: Any) -> Finding:
    """Return the finding called `key`, filled in."""
    return Finding(path, SAID[key].filled(**values))


def _content(path: Path, name: str, artifact: str, mine: Own) -> Text | None:
    size, kind = path.stat().st_size, None
    if size > MAX_FILE_BYTES:
        return SAID["large"].filled(what=f"{size / 1e9:.1f}")
    kind = kind_of(path)
    ending = path.suffix.lower()
    if ending == ".safetensors":
        header = safetensors_header(path)
        if header is None:
            return SAID["damaged"]
        return _leak(json.dumps(header, ensure_ascii=False), mine)  # its metadata, and names of tensors
    if ending == ".parquet":
        return _parquet(path, mine)
    if kind == "archive" and artifact == "space" and ending == ".whl":
        return None
    if kind == "media" and _own_example(path) and artifact == "space":
        return None
    if kind in ("pickle", "numpy", "media", "archive", "unknown"):
        return SAID[kind]
    if kind != "text":  # weights under another name
        return SAID["unknown"]
    if size > MAX_TEXT_BYTES:
        return SAID["long"].filled(what=size >> 20)
    text = path.read_text(encoding="utf-8")
    return _leak(text, mine, words=path.name in VOCABULARIES)


def _parquet(path: Path, mine: Own) -> Text | None:
    try:
        for _, text in parquet_texts(path):
            if problem := _leak(text, mine):
                return problem
    except LookupError as error:
        return SAID["column"].filled(what=error.args[0])
    except ValueError:
        return SAID["damaged"]
    return None


def _leak(text: str, mine: Own, *, words: bool = False) -> Text | None:
    found = leak_in(text, mine, words=words)
    return SAID[found.leak].filled(line=found.line, what=found.shown) if found else None


def _own_example(path: Path) -> bool:
    """Say whether this is one of the project's own clips and pictures, to the byte."""
    mine = EXAMPLES / path.name
    return mine.is_file() and mine.stat().st_size == path.stat().st_size and sha256(mine) == sha256(path)


def _sums(folder: Path, paths: list[Path]) -> Iterator[Finding]:
    """Weights and tables against SHA256SUMS, in both directions; what is too large is not read."""
    listed = read_sums(folder)
    files = {path.relative_to(folder).as_posix(): path for path in paths if path.suffix in WEIGHTS}
    for name in sorted(listed):
        if not (folder / name).is_file():
            yield finding(name, "lost")
    for name, path in sorted(files.items()):
        if name not in listed:
            yield finding(name, "unsummed")
        elif path.is_file() and path.stat().st_size <= MAX_FILE_BYTES and sha256(path) != listed[name]:
            yield finding(name, "sum")


def _shards(folder: Path) -> Iterator[Finding]:
    """The weights are just those of the index: shards of an earlier conversion would be loaded by nobody."""
    index, whole = folder / "model.safetensors.index.json", "model.safetensors"
    try:
        named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except FileNotFoundError:
        named = {whole}
    except (ValueError, KeyError, TypeError, AttributeError):
        yield finding(index.name, "json")
        return
    there = {file.name for file in folder.glob("*.safetensors")}
    yield from (finding(str(name), "absent") for name in sorted(named - there))
    yield from (finding(name, "stray") for name in sorted(there - named))


def _configuration(folder: Path) -> Iterator[Finding]:
    """Base models by their Hub ids, code from beside the configuration only."""
    for name in CONFIGURATIONS:
        if not (folder / name).is_file():
            continue
        try:
            content = json.loads((folder / name).read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            yield finding(name, "json")
            continue
        if not isinstance(content, dict):
            yield finding(name, "json")
            continue
        bases = content.get("base_models") if name == "config.json" else None
        named = [*bases.values()] if isinstance(bases, dict) else []
        named += [content[key] for key in ("base_model_name_or_path", "_name_or_path") if content.get(key)]
        for base in named:
            if not isinstance(base, str) or not REPO.fullmatch(base) or Path(base).exists():
                yield finding(name, "base", what=Path(str(base)).name[:60])
        code = content.get("auto_map") or {}
        for value in code.values() if isinstance(code, dict) else [code]:
            for one in value if isinstance(value, list) else [value]:
                if one is not None and not (folder / f"{str(one).rpartition('.')[0]}.py").is_file():
                    yield finding(name, "code", what=str(one)[:60])
