"""What is published of a folder: exactly the files that the artifact needs, its card, and their checksums.

Same input, same bytes: an upload that was cut off goes on where it stopped.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..convert.folder import ADAPTER_CONFIG, set_adapter_repo
from ..convert.output import SUMS, read_sums, sha256
from ..media.sniff import shown_name
from ..schema import AffectError
from .address import Address, Kind
from .bundle import bundle, variables
from .card_check import check_card
from .cards import Card, artifact_of, render
from .checks import WEIGHTS, Finding, refused
from .fetch import pinned
from .results import write_results

Artifact = Literal["model", "quantized", "adapter", "dataset", "results", "space"]
KINDS: dict[str, Kind] = {
    "model": "model", "quantized": "model", "adapter": "model",
    "dataset": "dataset", "results": "dataset", "space": "space",
}  # fmt: skip
TEXTS = (
    "config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "chat_template.jinja", "*_affectgpt.py", "conversion.json",
)  # fmt: skip
WANTED = {  # patterns of paths below the source folder
    "model": (*TEXTS, "model*.safetensors", "model.safetensors.index.json"),
    "quantized": (*TEXTS, "model*.safetensors", "model.safetensors.index.json"),
    "adapter": (*TEXTS, "adapter_config.json", "adapter_model.safetensors"),
    "dataset": ("emer_*/*.parquet",),
}
MARK = "<!-- affectgpt push {artifact} -->"  # in a card: this repository is ours to replace


@dataclass(frozen=True)
class Staged:
    """A folder that is ready to be uploaded as it is.

    left_out: files of the source that are not published; refused: those that must not even lie there.
    variables: settings of a Space, which every visitor can read.
    """

    artifact: Artifact
    repo: Address
    folder: Path
    card: Card
    left_out: tuple[str, ...] = ()
    refused: tuple[Finding, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


def stage(
    artifact: Artifact, source: Path, repo: str, *, work: Path, results: Sequence[Path] = (), **links: str
) -> Staged:
    """Gather an artifact in the empty folder `work` (hard links where the disk allows, else copies).

    source: what `affectgpt convert`, `data build` or `evaluate` wrote; of a space, nothing is read from it.
    results: files that the card's numbers come from; for "results" further reports.
    links: other repositories that the card names, of a space the `model` and `dataset` that it uses. Raises
    AffectError when the source is another kind of artifact or lacks its files.
    """
    source, address = Path(source), Address.parse(repo, KINDS[artifact])
    work.mkdir(parents=True, exist_ok=True)
    left: list[str] = []
    bad: list[Finding] = []
    settings: dict[str, str] = {}
    if artifact == "space":
        kinds = [kind for kind in ("model", "dataset") if kind in links]
        used = {kind: str(pinned(Address.parse(links[kind], kind))) for kind in kinds}
        bundle(work, address.repo, **used)
        settings = variables(**used)
        text = (work / "README.md").read_text(encoding="utf-8")
        card = Card(text, problems=check_card(text, work, artifact=artifact))
    elif artifact == "results":
        used = write_results(work, [source, *results])
        if source.is_dir():
            left, bad = _rest(source, {name for name in _files(source) if source / name in used})
        _write_sums(work, {})
        card = render(artifact, work, address.repo, **links)
    else:
        _is(artifact, source)
        chosen = {name for name in _files(source) if any(_fits(name, each) for each in WANTED[artifact])}
        left, bad = _rest(source, chosen)
        for name in sorted(chosen):
            if why := refused(source / name, source):
                bad.append(Finding(name, why))
            else:
                _bring(source / name, work / name)
        if (work / ADAPTER_CONFIG).is_file():  # a copy: what is linked would change in the source, too
            (work / ADAPTER_CONFIG).unlink()
            shutil.copyfile(source / ADAPTER_CONFIG, work / ADAPTER_CONFIG)
            set_adapter_repo(work, address.repo)
        _write_sums(work, read_sums(source))
        card = render(artifact, work, address.repo, results=results, **links)
    mark = MARK.format(artifact=artifact)
    text = card.text if mark in card.text else f"{card.text.rstrip()}\n\n{mark}\n"
    for name, content in {**card.files, "README.md": text.encode()}.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(content)
    return Staged(artifact, address, work, card, tuple(left), tuple(bad), settings)


def _is(artifact: str, source: Path) -> None:
    """Refuse a folder that holds something else than was said."""
    if not source.is_dir():
        name = shown_name(source.absolute())
        raise AffectError(
            f"There is no folder {name}: name the folder that is to be published.",
            f"找不到文件夹 {name}：请给出要发布的文件夹。",
        )
    found = artifact_of(source)
    if found != artifact:
        name = shown_name(source.absolute())
        raise AffectError(
            f"{name} is of the kind {found}, not {artifact}: use `affectgpt push {_command(found)}`.",
            f"{name} 的类型是 {found}，而不是 {artifact}：请使用 `affectgpt push {_command(found)}`。",
        )


def _command(artifact: str) -> str:
    """Both whole models are pushed by one command."""
    return "model" if artifact == "quantized" else artifact


def _files(source: Path) -> list[str]:
    """All files below a folder, and links, with slashes; links to folders are not followed."""
    found = []
    for parent, folders, files in os.walk(source):
        linked = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        found += [Path(parent, name).relative_to(source).as_posix() for name in (*files, *linked)]
    return sorted(found)


def _fits(name: str, pattern: str) -> bool:
    """Compare folder by folder: a star is no way into another one."""
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


def _rest(source: Path, chosen: set[str]) -> tuple[list[str], list[Finding]]:
    """What is left out of a folder, and what may not be in one that is published."""
    left, bad = [], []
    for name in _files(source):
        if name in chosen or name == SUMS:
            continue
        top = Path(name).parts[0]
        why = refused(source / name, source) if top not in (".git", ".cache", ".gitattributes") else None
        if why:
            bad.append(Finding(name, why))
        else:
            left.append(name)
    return left, bad


def _bring(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    file = source.resolve()
    try:
        os.link(file, target)
    except OSError:  # another disk, or a disk without links
        shutil.copyfile(file, target)


def _write_sums(work: Path, known: dict[str, str]) -> None:
    """Write SHA256SUMS of all weights and tables; sums that the source states are kept, to be checked."""
    sums = {name: digest for name, digest in known.items() if name.endswith(WEIGHTS)}
    for path in work.rglob("*"):
        name = path.relative_to(work).as_posix()
        if path.is_file() and name.endswith(WEIGHTS) and name not in sums:
            sums[name] = sha256(path)
    if sums:
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        (work / SUMS).write_text(text, encoding="utf-8")
