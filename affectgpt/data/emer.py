"""EMER as its authors publish it: which files, under which names, and how they belong together."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..hub.address import REPO, REVISION, Address
from ..hub.fetch import fetch
from ..hub.listing import table_file
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

    folder = str(fetch(Address.parse(name, "dataset"), only=table_file, tell=tell).folder)
    try:
        configs = datasets.get_dataset_config_names(folder)
        chosen = config(version) if config(version) in configs else configs[0] if len(configs) == 1 else None
        if chosen is None:
            raise mistake("no_version", name=name, version=config(version), found=listed(configs))
        splits = datasets.load_dataset(folder, chosen)
    except (datasets.exceptions.DatasetsError, FileNotFoundError) as error:
        raise mistake("hub_damaged", name=name) from error
    wanted = ["test"] if "test" in splits else list(splits)
    rows = []
    for split in wanted:
        media = (datasets.Video, datasets.Audio, datasets.Image)
        kept = [column for column, kind in splits[split].features.items() if not isinstance(kind, media)]
        rows += [
            {column.lower(): value for column, value in row.items()}
            for row in splits[split].select_columns(kept)
        ]
    if not rows:
        raise mistake("no_rows", name=name)
    digest = hashlib.sha256("\n".join(json.dumps(row, default=str) for row in rows).encode()).hexdigest()
    numbers = tuple(range(1, len(rows) + 1))
    return to_samples(Table(name, tuple(rows[0]), tuple(rows), numbers, (), digest))


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
