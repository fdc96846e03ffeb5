"""An engine's answers to a benchmark, one JSON line per clip; a run that was killed goes on where it was.

{"name": ..., text, labels and all else of `Explanation.to_dict`, "subtitle_language": ..., "run": {...}}
{"name": ..., "error": why there is no answer, "incident": id in the log if it is our bug, "run": {...}}
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from ..baseline import VERSION as SIGNAL_VERSION
from ..data.sample import Sample
from ..engine import Engine
from ..machine import versions
from ..media import load_clip
from ..reason import explain
from ..schema import AffectError, Clip, Explanation, Language, Text
from .benchmark import Benchmark
from .rows import Rows

log = logging.getLogger(__name__)
BATCH = 4  # clips that a labels-only answer is made for at once


@dataclass(frozen=True)
class Step:
    """What happened to one clip: answered now, answered before, or why it was not."""

    name: str
    outcome: Literal["done", "kept", "error"]
    reason: Text | None = None
    incident: str | None = None  # of a bug of ours, in the log


def fingerprint(
    benchmark: Benchmark, engine: Engine, *, language: Language, labels_only: bool = False
) -> dict:
    """Return what all rows of one file must share, as JSON has it; raises AffectError for what cannot be.

    With labels_only the question is the benchmark's own, without it the engine's usual ones.
    """
    trained = getattr(engine, "identity", None)
    if labels_only and trained is None:
        raise AffectError(
            "--labels-only asks a trained model one question: omit it with the signal engine.",
            "--labels-only 只向训练模型提一个问题：使用信号引擎时请去掉该选项。",
        )
    if labels_only and not benchmark.question:
        raise AffectError(
            f"{benchmark.name} has no question of its own, each item brings one: omit --labels-only.",
            f"{benchmark.name} 没有统一的问题，每个条目自带问题：请去掉 --labels-only。",
        )
    run = {
        "benchmark": benchmark.name,
        "engine": engine.name,
        "version": versions(["affectgpt"])["affectgpt"],
        "language": language,
        "question": benchmark.question if labels_only else None,
        **({"rules": SIGNAL_VERSION} if trained is None else trained),
        "settings": asdict(engine.settings) if trained else None,
    }
    return json.loads(json.dumps(run))


def predict(
    samples: Sequence[Sample],
    engine: Engine,
    out: str | Path,
    *,
    run: dict[str, Any],
    language: Language = "en",
    batch: int = BATCH,
    retry_errors: bool = False,
) -> Iterator[Step]:
    """Answer for each sample, which has a clip, in their order; yield a step as soon as its row is on disk.

    run: the `fingerprint`. Names that `out` has already are kept, with retry_errors only those without error.
    The next clip is decoded while the engine works. With a question in `run` a batch of clips is answered
    together. Closing the stream stops the work; what was yielded is safe. Raises AffectError when `out`
    belongs to another run or process, or cannot be written.
    """
    with Rows(out, run, retry_errors=retry_errors) as rows:
        for sample in samples:
            if sample.name in rows.names:
                yield Step(sample.name, "kept")
        left = [sample for sample in samples if sample.name not in rows.names]
        answers = _batched(left, engine, run["question"], language, batch) if run["question"] else None
        for sample, answer in answers or _one_by_one(left, engine, language):
            row, step = _row(sample, answer, language)
            rows.add({**row, "run": run})
            yield step


def subtitle_of(sample: Sample, language: Language) -> tuple[str | None, Language | None]:
    """The subtitle in the language of the answer, else in the other one; None: what the file itself has."""
    other: Language = "zh" if language == "en" else "en"
    return next(((sample.subtitle[x], x) for x in (language, other) if sample.subtitle[x]), (None, None))


Loaded = tuple[Sample, Clip | Exception]
Answered = tuple[Sample, Explanation | Exception]


def _loaded(samples: Sequence[Sample], language: Language) -> Iterator[Loaded]:
    """Each sample with its clip; while one is in use the next one is decoded, in a process of its own."""

    def load(sample: Sample) -> Clip | Exception:
        try:
            return load_clip(sample.clip, subtitle_of(sample, language)[0])
        except Exception as error:
            return error

    pool = ThreadPoolExecutor(1, "decode")
    try:
        waiting = None
        for sample in samples:
            started = sample, pool.submit(load, sample)
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = started
        if waiting:
            yield waiting[0], waiting[1].result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _one_by_one(samples: Sequence[Sample], engine: Engine, language: Language) -> Iterator[Answered]:
    for sample, clip in _loaded(samples, language):
        yield (
            sample,
            clip if isinstance(clip, Exception) else _tried(explain, clip, engine, language=language),
        )


def _batched(
    samples: Sequence[Sample], engine: Any, question: str, language: Language, size: int
) -> Iterator[Answered]:
    """As one by one, `size` clips in one `generate`; a batch that fails is asked one clip at a time."""
    from ..trained.batch import ask, encode

    def one(run):
        return ask(engine, [run], question, language=language)[0]

    clips = _loaded(samples, language)
    while some := list(islice(clips, size)):
        runs = [
            (s, clip if isinstance(clip, Exception) else _tried(encode, engine, clip)) for s, clip in some
        ]
        good = [run for _, run in runs if not isinstance(run, Exception)]
        found = _tried(ask, engine, good, question, language=language) if good else []
        if isinstance(found, Exception):
            log.info("a batch of %d clips failed (%s): one at a time", len(good), type(found).__name__)
            found = [_tried(one, run) for run in good]
        answers = iter(found)
        for sample, run in runs:
            yield sample, run if isinstance(run, Exception) else next(answers)


def _tried(work, *args: Any, **options: Any) -> Any:
    """What `work` returns or raises: one bad clip does not stop the others."""
    try:
        return work(*args, **options)
    except Exception as error:
        return error


def _row(sample: Sample, answer: Explanation | Exception, language: Language) -> tuple[dict[str, Any], Step]:
    if isinstance(answer, Explanation):
        row = replace(answer, name=sample.name).to_dict()
        row["subtitle_language"] = subtitle_of(sample, language)[1]
        return row, Step(sample.name, "done")
    if isinstance(answer, AffectError):
        return {"name": sample.name, "error": answer.text[language]}, Step(sample.name, "error", answer.text)
    incident = uuid.uuid4().hex[:8]
    log.error("incident %s, %s", incident, sample.name, exc_info=answer)
    reason = Text(
        f"something went wrong on our side (incident {incident})", f"程序内部出错（编号 {incident}）"
    )
    row = {"name": sample.name, "error": reason[language], "incident": incident}
    return row, Step(sample.name, "error", reason, incident)
