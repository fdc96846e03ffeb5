"""The samples of a benchmark in the user's own copy of its data, and what of them can be predicted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..data import load_emer, read_samples
from ..data.clips import find_clips
from ..data.emer import subtitles_in
from ..data.sample import NOTHING, Sample, Samples
from ..data.tables import ENDINGS
from ..media.sniff import shown_name
from ..schema import AffectError
from .benchmark import Benchmark

EMER_VERSION = {"emer-v1": "v1", "emer-v2": "v2"}


@dataclass(frozen=True)
class Work:
    """What is to be predicted: samples of the tables in their order, then clips that belong to none."""

    samples: tuple[Sample, ...]  # each with its clip
    untold: int  # how many of them belong to none; a table of subtitles may still know them
    without_clip: int  # samples of the tables that are left out
    tables: Samples | None  # None where the folder has clips alone


def read_data(benchmark: Benchmark, data: str, *, clips: str | None = None) -> Samples:
    """Read the tables of a benchmark: a folder, a table or an id on the Hub; clips are looked up in `clips`.

    Raises AffectError for what a user can mend.
    """
    if benchmark.name in EMER_VERSION:
        return load_emer(data, version=EMER_VERSION[benchmark.name], clips=clips)
    return read_samples(data, clips=clips)


def plan(benchmark: Benchmark, data: str, *, clips: str | None = None, limit: int | None = None) -> Work:
    """Return the first `limit` samples that have a clip. Raises AffectError when none has."""
    folder = clips or (data if os.path.isdir(data) else None)
    found = find_clips(folder) if folder else {}
    bare = folder is not None and os.path.isdir(data) and not _has_table(Path(data))
    tables = None if bare else read_data(benchmark, data, clips=folder)
    named = [sample for sample in tables or () if sample.clip is not None]
    said = subtitles_in(Path(data)) if benchmark.name in EMER_VERSION and os.path.isdir(data) else {}
    untold = [Sample(name, path, said.get(name, NOTHING)) for name, path in _others(found, tables or ())]
    if not named and not untold:
        where = shown_name(Path(folder or data).absolute())
        raise AffectError(
            f"{where} holds no clip of {benchmark.name}: give the folder of the clips with --clips.",
            f"{where} 中没有 {benchmark.name} 的片段：请用 --clips 给出片段所在的文件夹。",
        )
    samples = (*named, *untold)[:limit]
    return Work(samples, max(0, len(samples) - len(named)), len(tables or ()) - len(named), tables)


def _has_table(folder: Path) -> bool:
    return any(Path(file).suffix.lower() in ENDINGS for _, _, files in os.walk(folder) for file in files)


def _others(found: Mapping[str, str], samples: Samples | tuple) -> list[tuple[str, str]]:
    """The clips that no sample has, by name or as its file."""
    names = {sample.name.casefold() for sample in samples}
    used = {os.path.realpath(sample.clip) for sample in samples if sample.clip}
    return [
        (name, path)
        for name, path in found.items()
        if name.casefold() not in names and os.path.realpath(path) not in used
    ]
