"""Write EMER as a Hub data set: Parquet with typed columns, a card, sums; `load_emer` reads it back.

The texts stay their owners' (research only, not to be handed on): building is for a private copy, or for
those who may publish it. Clips are copied only on request.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..media.sniff import shown_name
from ..parts import PARTS
from ..schema import LANGUAGES
from .clips import find_clips
from .emer import config, together
from .messages import mistake, said, shown
from .reading import with_clips
from .sample import Problem, Sample, Samples

TEXTS = [f"{part}_{lang}" for part in PARTS for lang in LANGUAGES]  # the four parts of each reference
COLUMNS = ["name", "clip", "subtitle_en", "subtitle_zh", "reference_en", "reference_zh", *TEXTS, "labels",
           "emotion", "valence"]  # fmt: skip
SUMS, CARD, PARQUET = "SHA256SUMS", "README.md", "test-00000-of-00001.parquet"
MARK = "<!-- written by affectgpt data build -->"
ROW_GROUP, ROW_GROUP_WITH_VIDEO = 1000, 16  # rows that are held in memory together

Source = str | os.PathLike[str]


def build(
    out: Source,
    *,
    emer_v1: Sequence[Source] = (),
    emer_v2: Source | None = None,
    labels: Source | None = None,
    subtitles: Source | None = None,
    clips: Source | None = None,
    with_video: bool = False,
) -> tuple[list[Path], dict[str, Samples]]:
    """Write the folder `out` from the user's own copies; return its files and the samples by version.

    emer_v1: the tables of both languages, or one. labels, subtitles: of the clips of v2; what they hold about
    others is left out. The column `clip` is the clip's path below `clips`, None where it is not there; with
    `with_video` it is the file itself. Same input, same bytes. Raises AffectError when a table has bad rows
    (nothing may be lost here), or `out` holds files that this function has not written.
    """
    out = Path(out)
    if not (emer_v1 or emer_v2):
        raise mistake("nothing_to_build")
    if emer_v2 is None and (labels or subtitles):
        raise mistake("only_v2")
    if with_video and clips is None:
        raise mistake("video_needs_clips")
    if not _may_replace(out):
        raise mistake("not_ours", name=shown_name(out.absolute()))
    data: dict[str, Samples] = {}
    if emer_v1:
        data["v1"] = together([Path(file) for file in emer_v1], [], "v1")
    if emer_v2 is not None:
        more = [Path(file) for file in (labels, subtitles) if file is not None]
        data["v2"] = together([Path(emer_v2)], more, "v2")
    there = find_clips(clips)
    for version, samples in data.items():
        if samples.problems:
            raise mistake("bad_rows", count=len(samples.problems), first=samples.problems[0].text)
        for sample in samples:
            if not _writable(sample):
                problem = Problem(samples.source, 0, said("half", value=shown(sample.name)))
                raise mistake("bad_rows", count=1, first=problem.text)
        data[version] = with_clips(samples, there)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.absolute().parent))
        try:
            made.chmod(0o755)
            for version, samples in data.items():
                _write_parquet(made / config(version) / PARQUET, samples, clips, with_video)
            (made / CARD).write_text(_card(data, with_video), encoding="utf-8")
            written = [path for path in sorted(made.rglob("*")) if path.is_file()]
            sums = [f"{_sha256(path)}  {path.relative_to(made).as_posix()}\n" for path in written]
            (made / SUMS).write_text("".join(sums), encoding="utf-8")
            if out.exists():
                shutil.rmtree(out)
            made.rename(out)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise mistake("write", name=shown_name(out.absolute()), why=error.strerror or "?") from error
    return [out / path.relative_to(made) for path in written] + [out / SUMS], data


def _writable(sample: Sample) -> bool:
    """Say whether all its texts can be written as UTF-8."""
    try:
        json.dumps(asdict(sample), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def features(with_video: bool = False) -> Any:
    """The typed columns, as `datasets.Features`."""
    import datasets

    text = datasets.Value("string")
    kinds = dict.fromkeys(COLUMNS, text)
    kinds["labels"] = datasets.List(text)
    kinds["valence"] = datasets.Value("float64")
    if with_video:
        kinds["clip"] = datasets.Video(decode=False)
    return datasets.Features(kinds)


def _may_replace(out: Path) -> bool:
    """Say whether a folder is not there yet, or is empty, or holds nothing but what `build` wrote."""
    if not os.path.lexists(out):
        return True
    if not out.is_dir() or out.is_symlink():
        return False
    if not any(out.iterdir()):
        return True
    # Before all files are looked for: the folder may be the whole disk.
    if not all((out / name).is_file() for name in (SUMS, CARD)):
        return False
    if MARK not in (out / CARD).read_text(encoding="utf-8", errors="replace"):
        return False
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    listed = (out / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    return there == {SUMS} | {line.partition("  ")[2] for line in listed}


def _write_parquet(path: Path, samples: Samples, clips: Source | None, with_video: bool) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir()
    schema = features(with_video).arrow_schema
    size = ROW_GROUP_WITH_VIDEO if with_video else ROW_GROUP
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(samples), size):
            rows = list(_rows(samples[start : start + size], clips, with_video))
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _rows(samples: Sequence[Sample], clips: Source | None, with_video: bool) -> Iterator[dict[str, Any]]:
    for sample in samples:
        row: dict[str, Any] = {"name": sample.name, "clip": None}
        if sample.clip and clips is not None:
            path = Path(sample.clip)
            row["clip"] = path.relative_to(clips).as_posix()
            if with_video:
                row["clip"] = {"bytes": path.read_bytes(), "path": path.name}
        for lang in LANGUAGES:
            row[f"subtitle_{lang}"] = sample.subtitle[lang] or None
            row[f"reference_{lang}"] = sample.reference[lang] or None
            parts = sample.parts(lang)
            row |= {f"{part}_{lang}": parts.get(part) for part in PARTS}
        row["labels"] = None if sample.labels is None else list(sample.labels)
        yield row | {"emotion": sample.emotion, "valence": sample.valence}


def _card(data: dict[str, Samples], with_video: bool) -> str:
    """README.md with the front matter that the Hub and `datasets` read."""
    import yaml

    matter = {
        "pretty_name": "EMER: explainable multimodal emotion reasoning",
        "language": ["en", "zh"],
        "task_categories": ["video-text-to-text"],
        "license": "other",
        "license_name": "mer2023-eula",
        "configs": [
            {
                "config_name": config(version),
                "data_files": [{"split": "test", "path": f"{config(version)}/{PARQUET}"}],
                **({"default": True} if version == max(data) else {}),
            }
            for version in data
        ],
    }
    head = yaml.safe_dump(matter, allow_unicode=True, sort_keys=False)
    rows = "\n".join(_line(version, samples) for version, samples in data.items())
    clips = "The clips are in the column `clip`." if with_video else "No clip is in here: `clip` is its path."
    return f"""---
{head}---
{MARK}

# EMER: explainable multimodal emotion reasoning

Descriptions of the visual, acoustic and lexical clues in short clips, what they add up to, and
open-vocabulary emotion labels (Lian et al. 2023, arXiv 2306.15401; Lian et al. 2024, arXiv 2410.01495).

**Licence.** Clips, subtitles and annotations come from MER2023 and are under its EULA: academic research
only, non-commercial, not to be handed on. Keep this data set private unless you are entitled to publish it.

| configuration | samples | with a clip | all four parts (en, zh) | removed |
|---|--:|--:|---|---|
{rows}

{clips} `visual_*`, `acoustic_*`, `lexical_*` and `inference_*` are cut from `reference_*` by rules. What
language models left in the texts ("Input:", "Output:") was removed.

```python
from affectgpt.data import load_emer

samples = load_emer("this/folder", version="{max(data)}")
```
"""


def _line(version: str, samples: Samples) -> str:
    clips = sum(sample.clip is not None for sample in samples)
    whole = [sum(len(sample.parts(lang)) == len(PARTS) for sample in samples) for lang in LANGUAGES]
    removed = ", ".join(f"{what} {count}" for what, count in samples.cleaned.items()) or "-"
    return f"| `{config(version)}` | {len(samples)} | {clips} | {whole[0]}, {whole[1]} | {removed} |"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
