"""Data sets as typed rows: EMER, MER-style tables, a table of your own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..media.sniff import shown_name
from .emer import HUB_ID, Version, in_folder, on_hub
from .reading import check_fields, join, to_samples, with_clips
from .sample import Problem, Sample, Samples
from .tables import ENDINGS, read_rows, table_files

__all__ = ["Problem", "Sample", "Samples", "load_emer", "read_rows", "read_samples"]

Source = str | os.PathLike[str]


def load_emer(source: Source, *, version: Version = "v2", clips: Source | None = None) -> Samples:
    """Read EMER (Lian et al. 2023, arXiv 2306.15401; v2 is also called OV-MERD) from where the user has it.

    source: a folder with the published files under their own names, anywhere in it; a folder that
    `affectgpt data build` has written; one table; or a data set on the Hub ("owner/name"). clips: a folder
    where the clips are looked up by name; a sample whose clip is not there has `clip` None and stays usable
    for its texts. Raises AffectError with one line for everything a user can mend.
    """
    path = Path(source)
    if path.is_dir():
        samples = in_folder(path, version)
    elif path.exists() or not HUB_ID.fullmatch(os.fspath(source)) or path.suffix.lower() in ENDINGS:
        return read_samples(path, clips=clips)
    else:
        samples = on_hub(os.fspath(source), version)
    return _placed(samples, clips)


def read_samples(
    path: Source | Sequence[Source], *, clips: Source | None = None, needs: Sequence[str] = ()
) -> Samples:
    """Read a table, all tables of a folder, or several of them, joined by the names of the clips.

    Tables are those of `read_rows`; columns go by the names in `columns.ALIASES`. needs: fields of `Sample`
    that some table must have as a column ("labels", "reference", ...). clips: as for `load_emer`; paths in
    a table count from that folder or from the table's own. Rows that cannot be used, names that come twice
    in a table (the first is kept) and contradictions between tables are in `problems`. Raises AffectError.
    """
    given = [path] if isinstance(path, str | os.PathLike) else list(path)
    files: list[Path] = []
    for each in map(Path, given):
        files += table_files(each) if each.is_dir() else [each]
    folders = [Path(clips)] if clips is not None else []
    tables = [read_rows(file) for file in files]
    check_fields(tables, needs)
    parts = [
        to_samples(table, folders=[*folders, file.parent]) for table, file in zip(tables, files, strict=True)
    ]
    name = shown_name(Path(given[0]).absolute()) if len(given) == 1 else parts[0].source
    samples = join(parts, name) if len(parts) > 1 else replace(parts[0], source=name)
    return _placed(samples, clips)


def _placed(samples: Samples, clips: Source | None) -> Samples:
    return samples if clips is None else with_clips(samples, clips)
