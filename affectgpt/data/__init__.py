"""Data sets as typed rows: EMER, MER-style tables, a table of your own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ..hub.store import Tell
from ..media.sniff import shown_name
from .clips import find_clips
from .emer import HUB_ID, Version, in_folder, on_hub
from .reading import join, to_samples, with_clips
from .sample import Problem, Sample, Samples
from .tables import ENDINGS, read_rows, table_files

__all__ = ["Problem", "Sample", "Samples", "load_emer", "read_rows", "read_samples"]

Source = str | os.PathLike[str]


def load_emer(
    source: Source, *, version: Version = "v2", clips: Source | None = None, tell: Tell | None = None
) -> Samples:
    """Read EMER (Lian et al. 2023, arXiv 2306.15401; v2 is also called OV-MERD) from where the user has it.

    source: a folder with the published files under their own names, anywhere in it; a folder that
    `affectgpt data build` has written; one table; or a data set on the Hub, ORG/NAME[@REVISION]. clips: a
    folder where the clips are looked up by name; a sample whose clip is not there has `clip` None and stays
    usable for its texts. tell: takes the `Progress` of downloads. Raises AffectError with one line for
    everything a user can mend.
    """
    path = Path(source)
    if os.path.isdir(path):  # of a name that is too long, pathlib raises
        samples = in_folder(path, version)
    elif os.path.exists(path) or not HUB_ID.fullmatch(os.fspath(source)) or path.suffix.lower() in ENDINGS:
        return read_samples(path, clips=clips)
    else:
        samples = on_hub(os.fspath(source), version, tell)
    return with_clips(samples, find_clips(clips))


def read_samples(path: Source, *, clips: Source | None = None) -> Samples:
    """Read a table, or all tables of a folder, joined by the names of the clips.

    Tables are those of `read_rows`; columns go by the names in `columns.ALIASES`. clips: as for `load_emer`;
    paths in a table count from that folder or from the table's own. Rows that cannot be used, names that come
    twice in a table (the first is kept) and contradictions between tables are in `problems`. Raises
    AffectError.
    """
    path = Path(path)
    files = table_files(path) if os.path.isdir(path) else [path]
    folders = [Path(clips)] if clips is not None else []
    parts = [to_samples(read_rows(file), folders=[*folders, file.parent]) for file in files]
    name = shown_name(path.absolute())
    samples = join(parts, name) if len(parts) > 1 else replace(parts[0], source=name)
    return with_clips(samples, find_clips(clips))
