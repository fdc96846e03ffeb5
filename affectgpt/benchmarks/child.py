"""One evaluation in a process of its own, for a page: it can be ended at once, and its memory is limited.

`python -m affectgpt.benchmarks.child` reads a `Task` as JSON and tells what happens, a JSON object per line:
{"step", "done", "of"}, at last {"end"} or {"error": {"en", "zh", "title"}}. The files lie in its folder.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..judges.embedded import EmbeddedJudge
from ..judges.judgement import Judgement, Pair
from ..schema import AffectError, Language, Text

FILES = ("result.json", "report.html", "samples.csv")
MEMORY_BYTES = 3 * 2**30  # of addresses; a file of 20 MB takes some 600 MB
WALL_S = 300
TOLD_EVERY_S = 0.2
TITLE = Text("Not evaluated", "未能评测")
MISTAKES = {
    "memory": Text(
        "The file needs more memory than there is for one evaluation: send fewer or shorter rows.",
        "该文件所需内存超出单次评测的上限：请减少行数或缩短内容。",
    ),
    "slow": Text(
        f"The evaluation took longer than {WALL_S // 60} minutes: send fewer rows.",
        f"评测超过 {WALL_S // 60} 分钟仍未完成：请减少行数。",
    ),
    "no_references": Text(
        "{name} needs references to compare with: add the table of references.",
        "{name} 需要参考标注才能比较：请提供参考表格。",
    ),
}


@dataclass(frozen=True)
class Task:
    """What is evaluated: a file of predictions against a table, folder or Hub id of references."""

    benchmark: str
    predictions: str
    references: str | None
    language: Language
    folder: str  # of the results
    system: str | None = None


class Told(EmbeddedJudge):
    """The embedded judge, which tells how far it is the first time that it is asked."""

    asked = False

    def __call__(self, pairs: Sequence[Pair]) -> Iterator[Judgement]:
        told, first, self.asked = 0.0, not self.asked, True
        for done, judgement in enumerate(super().__call__(pairs), 1):
            if first and (time.monotonic() - told > TOLD_EVERY_S or done == len(pairs)):
                told = time.monotonic()
                say(step="judge", done=done, of=len(pairs))
            yield judgement
        say(step="intervals")  # floors and the bootstrap


def mistake(key: str, **values: Any) -> AffectError:
    """Return the message called `key` as an error to be raised."""
    text = MISTAKES[key].filled(**values)
    return AffectError(text.en, text.zh, title=TITLE)


def say(**message: Any) -> None:
    """Tell the parent."""
    print(json.dumps(message), flush=True)


def run(task: Task) -> None:
    """Evaluate, and write the three files. Raises AffectError."""
    from ..data.sample import Sample, Samples
    from ..report.html import to_html
    from ..report.sheet import samples_csv
    from ..wheel_tables import load_wheels
    from .evaluate import evaluate
    from .predictions import read_predictions
    from .result import to_json
    from .table import benchmark
    from .work import read_data

    say(step="read")
    row, given = benchmark(task.benchmark), read_predictions(task.predictions)
    if task.references is not None:
        samples = read_data(row, task.references)
    elif row.metric == "mme":  # a judge's replies are scored without the data
        samples = Samples(tuple(Sample(each.name, emotion=each.truth) for each in given), given.source)
    else:
        raise mistake("no_references", name=row.name)
    say(step="judge", done=0, of=len(given.rows))
    options = {"language": task.language, "system": task.system or None}
    result = evaluate(row, given, samples, wheels=load_wheels(), judge=Told(), **options)
    say(step="write")
    contents = (to_json(result), to_html(result), samples_csv(result))
    for name, content in zip(FILES, contents, strict=True):
        (Path(task.folder) / name).write_text(content, encoding="utf-8", newline="")


def main() -> None:
    task = Task(**json.load(sys.stdin))
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.alarm(WALL_S + 10)  # also when nobody is left to end it
    try:
        run(task)
        say(end=True)
    except AffectError as error:
        say(error={"en": error.text.en, "zh": error.text.zh, "title": [error.title.en, error.title.zh]})
    except MemoryError:
        error = mistake("memory")
        say(error={"en": error.text.en, "zh": error.text.zh, "title": [TITLE.en, TITLE.zh]})
    except Exception as error:  # a bug: told without its own words, which may be those of a cell
        traceback.print_tb(error.__traceback__)
        sys.exit(type(error).__name__)


if __name__ == "__main__":
    main()
