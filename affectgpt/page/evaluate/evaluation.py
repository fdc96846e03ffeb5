"""An evaluation for a visitor: where its references come from, and a process that can be ended at once."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ...benchmarks.benchmark import Benchmark
from ...benchmarks.child import WALL_S, Task
from ...benchmarks.child import mistake as child_mistake
from ...benchmarks.table import BENCHMARKS
from ...schema import AffectError, Text
from .. import files
from ..services import Services
from ..serving import Closing
from ..text import mistake

Place = Literal["examples", "data", "upload"]  # of the references
BUNDLED = "references.jsonl"  # of the examples
MAX_TABLE_MB = 20  # of predictions, and of references
TICK_S = 0.4  # at least so often a caller may end the work
LINE_BYTES = 1 << 16


@dataclass(frozen=True)
class Step:
    """How far an evaluation is: read, judge, intervals, write; and of `judge` how many judgements."""

    name: str
    done: int = 0
    of: int = 0


def places(benchmark: Benchmark, services: Services) -> list[Place]:
    """Return where references of a benchmark can come from; none where it needs none."""
    if benchmark.metric == "mme":
        return []
    emer = benchmark.name.startswith("emer-")
    bundled = emer and (files.EXAMPLES / BUNDLED).exists()
    return [*(["data"] if emer and services.data else []), *(["examples"] if bundled else []), "upload"]


def references(
    benchmark: Benchmark, services: Services, place: Place | None, upload: str | None
) -> str | None:
    """Return the table, folder or Hub id of the references. Raises AffectError when there is none."""
    if benchmark.metric == "mme":
        return None
    if place == "upload" or (place is None and upload):
        if not upload:
            raise mistake("evaluate_need_references")
        return upload
    known = places(benchmark, services)
    place = place or known[0]
    if place not in known or place == "upload":
        raise mistake("evaluate_need_references")
    return services.data if place == "data" else str(files.EXAMPLES / BUNDLED)


def check(name: str, predictions: str | None, references: str | None = None) -> Benchmark:
    """Return the benchmark called `name`. Raises AffectError for no file, one too large, an unknown name."""
    if not predictions or not os.path.exists(predictions):  # an upload goes after a while
        raise mistake("evaluate_need_file")
    if references and not os.path.exists(references):
        raise mistake("evaluate_need_references")
    if any(file and os.path.getsize(file) > MAX_TABLE_MB * 2**20 for file in (predictions, references)):
        raise mistake("evaluate_too_large", limit=MAX_TABLE_MB)
    if name not in BENCHMARKS:
        raise mistake("evaluate_need_benchmark", known=", ".join(BENCHMARKS))
    return BENCHMARKS[name]


def evaluation(task: Task, closing: Closing) -> Iterator[Step]:
    """Evaluate in a process of its own and yield how far it is; then its files lie in `task.folder`.

    A step comes at least every half second; closing the stream ends the process. Raises AffectError
    for what the visitor can mend, and when the page is closing.
    """
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # their pools count as memory
    began, step, rest, ended = time.monotonic(), Step("read"), b"", False
    with open(Path(task.folder) / "errors.txt", "w+b") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "affectgpt.benchmarks.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            cwd=Path(__file__).parents[3], env={**os.environ, **threads}, start_new_session=True,
        )  # fmt: skip
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(asdict(task)).encode())
                process.stdin.close()
            poll = select.poll()
            poll.register(process.stdout, select.POLLIN)
            while True:
                yield step
                closing.check()
                if time.monotonic() - began > WALL_S:
                    raise child_mistake("slow")
                if not poll.poll(1000 * TICK_S):
                    continue
                data = os.read(process.stdout.fileno(), LINE_BYTES)
                if not data:
                    break
                *lines, rest = (rest + data).split(b"\n")
                for message in map(json.loads, lines):
                    if "error" in message:
                        error = message["error"]
                        raise AffectError(error["en"], error["zh"], title=Text(*error["title"]))
                    ended = ended or "end" in message
                    if "step" in message:
                        step = Step(message["step"], message.get("done", 0), message.get("of", 0))
                        yield step
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.stdout.close()
            code = process.wait()
        if not ended:
            if code in (-signal.SIGKILL, -signal.SIGABRT):  # the machine has ended it, a library itself
                raise child_mistake("memory")
            errors.seek(0)
            told = errors.read()[-4000:].decode("utf-8", "replace")
            raise RuntimeError(f"an evaluation ended with {code}\n{told}")
