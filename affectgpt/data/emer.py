"""EMER as its authors publish it: which files, under which names, and how they belong together."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from ..hub.address import REPO, REVISION, Address
from ..hub.fetch import fetch
from ..hub.listing import table_file
from ..hub.problems import hub_problem, problem
from ..hub.store import Tell
from ..media.sniff import shown_name
from ..schema import Text
from .messages import listed, mistake
from .reading import join, to_samples
from .sample import Samples
from .tables import Table, read_rows

Version = Literal["v1", "v2"]
PUBLISHED: dict[str, dict[str, tuple[str, ...]]] = {  # what it is -> the names it goes by
    "v1": {
        "english": ("gt-eng.csv", "v1_english.csv"),
        "chinese": ("gt-chi.csv", "v1_chinese.csv"),
    },
    "v2": {
        "descriptions": ("final-emer-reason.csv", "v2.csv", "track3_train_ovmerd.csv"),
        "labels": ("check-openset.csv", "v2_openset.csv", "track2_train_ovmerd.csv"),
        "subtitles": ("transcription-engchi-polish.csv", "subtitle_chieng.csv", "subtitles.csv"),
    },
}
CARDS = ("README.md", ".huggingface.yaml")  # that `datasets` obeys
ELSEWHERE = re.compile(r"^[/~]|(^|/)\.\.(/|$)|://|::|\\|^[A-Za-z]:")  # in a path or a pattern
BATCH_ROWS = 1000
MAX_BYTES = 500 * 10**6  # of the texts of a data set; a small file of Parquet may unpack to any size
HUB_ID = re.compile(rf"{REPO.pattern}(@{REVISION.pattern})?")


def config(version: str) -> str:
    """What a version is called as a configuration of the data set that `data build` writes."""
    return f"emer_{version}"


def built_files(folder: Path, version: str) -> list[Path]:
    """The Parquet files of a version in a folder that `data build` has written."""
    return sorted((folder / config(version)).glob("*.parquet"))


def in_folder(folder: Path, version: str) -> Samples:
    """Read the published files anywhere in a folder; labels and subtitles of other clips are left out."""
    name = shown_name(folder.absolute())
    if built := built_files(folder, version):
        return join([to_samples(read_rows(file)) for file in built], name)
    if any(built_files(folder, other) for other in PUBLISHED):
        others = [config(other) for other in PUBLISHED if built_files(folder, other)]
        raise mistake("no_version", name=name, version=config(version), found=listed(others))
    there = _files(folder)
    found = {what: file for what, names in PUBLISHED[version].items() if (file := _one(there, names, name))}
    if not found or (version == "v2" and "descriptions" not in found):
        first = next(iter(PUBLISHED[version].values()))
        raise mistake("no_emer", name=name, version=version, wanted=listed(first))
    main = "descriptions" if version == "v2" else None
    return together([found.pop(main)] if main else list(found.values()), list(found.values()), name)


def subtitles_in(folder: Path) -> dict[str, Text]:
    """The published subtitles by name, of clips that EMER does not describe, too; {} without their table."""
    file = _one(_files(folder), PUBLISHED["v2"]["subtitles"], shown_name(folder.absolute()))
    return {row.name: row.subtitle for row in to_samples(read_rows(file))} if file else {}


def together(main: Sequence[Path], more: Sequence[Path], source: str) -> Samples:
    """Join tables: the clips of the `main` ones, with what `more` tells about them."""
    samples = join([to_samples(read_rows(file)) for file in main], source)
    names = {sample.name for sample in samples}
    others = []
    for file in dict.fromkeys(more):
        if file in main:
            continue
        other = to_samples(read_rows(file))
        rows = tuple(row for row in other if row.name in names)
        others.append(Samples(rows, other.source, other.problems, other.cleaned, other.files))
    return join([samples, *others], source)


def on_hub(name: str, version: str, tell: Tell | None = None) -> Samples:
    """Read a data set of the Hub, ORG/NAME[@REVISION]: the configuration of the version, or the only one."""
    import datasets
    import yaml

    broken = (datasets.exceptions.DatasetsError, yaml.YAMLError, OSError, ValueError, TypeError)
    broken += (AttributeError, KeyError, RecursionError)  # of what somebody else has written
    address = Address.parse(name, "dataset")
    folder = str(fetch(address, only=table_file, tell=tell).folder)
    try:
        for card in CARDS:
            _check_card(Path(folder, card), address)
        configs = datasets.get_dataset_config_names(folder)
        chosen = config(version) if config(version) in configs else configs[0] if len(configs) == 1 else None
        if chosen is None:
            raise mistake("no_version", name=name, version=config(version), found=listed(configs))
        splits = datasets.load_dataset(folder, chosen)
    except broken as error:
        raise hub_problem(error, address) or mistake("hub_damaged", name=name) from error
    wanted = ["test"] if "test" in splits else list(splits)
    rows, size = [], 0
    for split in wanted:
        media = (datasets.Video, datasets.Audio, datasets.Image)
        kept = [column for column, kind in splits[split].features.items() if not isinstance(kind, media)]
        # As it is stored: to decode a picture within a list is to open the path or address that it names.
        for table in splits[split].select_columns(kept).with_format("arrow").iter(BATCH_ROWS):
            if (size := size + table.nbytes) > MAX_BYTES:
                what = Text(f"tables of more than {MAX_BYTES / 1e9} GB", f"超过 {MAX_BYTES / 1e9} GB 的表格")
                raise problem("too_large", address, what=what)
            rows += [{column.lower(): value for column, value in row.items()} for row in table.to_pylist()]
    if not rows:
        raise mistake("no_rows", name=name)
    digest = hashlib.sha256("\n".join(json.dumps(row, default=str) for row in rows).encode()).hexdigest()
    numbers = tuple(range(1, len(rows) + 1))
    return to_samples(Table(name, tuple(rows[0]), tuple(rows), numbers, (), digest))


def _check_card(card: Path, address: Address) -> None:
    """Refuse a card that sends `datasets` elsewhere: its `data_files` may be any path and any address."""
    import yaml

    lines = card.read_text(encoding="utf-8").splitlines() if card.is_file() else []
    if card.suffix == ".md":  # what stands between its first two lines of hyphens
        lines = lines[1 : 1 + lines[1:].index("---")] if lines[:1] == ["---"] and "---" in lines[1:] else []
    text = "\n".join(lines)
    if any(isinstance(each, yaml.AliasEvent) for each in yaml.parse(text)):  # ten of ten of ten ...
        raise problem("unsafe", address, what=Text("a card with references", "带引用的卡片"))
    for part in (yaml.safe_load(text) or {}).get("configs") or []:
        for named in _words([part.get("data_files"), part.get("data_dir")]):
            if ELSEWHERE.search(named):
                shown = ascii(named[:60])
                what = Text(f"a card that names files elsewhere, {shown}", f"指向别处文件的卡片 {shown}")
                raise problem("unsafe", address, what=what)


def _words(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for each in value if isinstance(value, list) else ():
        yield from _words(each) if isinstance(each, dict | list) else [str(each)]


def _files(folder: Path) -> dict[str, list[Path]]:
    """All files of a folder and below by name, in lower case, the shallower first."""
    found: dict[str, list[Path]] = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in sorted(files):
            found.setdefault(file.lower(), []).append(Path(parent, file))
    return found


def _one(there: dict[str, list[Path]], names: Sequence[str], folder: str) -> Path | None:
    files = next((there[name] for name in names if name in there), [])
    if len(files) > 1 and len({hashlib.sha256(file.read_bytes()).digest() for file in files}) > 1:
        raise mistake("found_twice", name=folder, file=shown_name(files[0]))
    return files[0] if files else None
