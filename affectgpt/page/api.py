"""The public endpoints: typed, documented, JSON in and out; everything else of the page is private."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from ..assessment import assess
from ..benchmarks.child import Task
from ..benchmarks.table import BENCHMARKS
from ..media import load_clip
from ..reason import fold
from ..reference import MAX_TEXT, split_labels
from ..schema import Explanation, Language
from . import files
from .evaluate.evaluation import check, evaluation
from .evaluate.evaluation import references as references_of
from .followed import followed, waited
from .look import File, Video
from .opening import require
from .services import Services, Setup
from .tab import ONE_AT_A_TIME
from .text import describe, mistake

DEFAULT_ENGINE = "auto"  # the one that the page was started with
TOLD_EVERY_S = 0.5  # a caller who has gone is noticed when something is told
EVALUATED = {"concurrency_limit": 1, "concurrency_id": "evaluate"}  # of what reads a table of predictions
ROWS = ("samples", "columns", "statistics", "sample_scores")  # of a result: by sample


class Api:
    """Endpoints without a widget; made inside the page."""

    def __init__(self, services: Services):
        self.services = services
        language = gr.Radio(["en", "zh"], value="en", label="language", visible=False)
        self._wire_analyze(language)
        self._wire_evaluate(language)
        self._wire_benchmark(language)

    def _wire_analyze(self, language: gr.Radio) -> None:
        clip = Video(label="clip", include_audio=True, visible=False)  # gr.api would not check the path
        given = [
            clip,
            gr.Textbox("", label="subtitle", visible=False),
            language,
            gr.Textbox(DEFAULT_ENGINE, label="engine", visible=False),
            gr.Checkbox(False, label="consent", visible=False),
        ]
        out = gr.JSON(label="explanation", visible=False)
        gr.Button(visible=False).click(self.analyze, given, out, api_name="analyze", **ONE_AT_A_TIME)

    def _wire_evaluate(self, language: gr.Radio) -> None:
        names = ("text", "labels", "reference", "reference_labels")
        given = [*(gr.Textbox("", label=name, visible=False) for name in names), language]
        out = gr.JSON(label="assessment", visible=False)
        gr.Button(visible=False).click(self.evaluate, given, out, api_name="evaluate", concurrency_limit=2)

    def _wire_benchmark(self, language: gr.Radio) -> None:
        given = [
            File(label="predictions", visible=False),
            gr.Dropdown(list(BENCHMARKS), value="emer-v2", label="benchmark", visible=False),
            File(label="references", visible=False),
            language,
            gr.Checkbox(False, label="samples", visible=False),
        ]
        out = gr.JSON(label="result", visible=False)
        gr.Button(visible=False).click(self.benchmark, given, out, api_name="benchmark", **EVALUATED)

    def analyze(
        self,
        clip: str,
        subtitle: str = "",
        language: Language = "en",
        engine: str = DEFAULT_ENGINE,
        consent: bool = False,
        request: gr.Request = None,
    ) -> Iterator[dict[str, Any]]:
        """
        Explain the apparent emotion in a clip: clues from face, voice and words, an explanation, and labels
        from an open vocabulary. The answer grows while it is made; the last one is whole. An estimate of what
        shows, not of what anybody feels; not for decisions about people.

        Parameters:
            clip: a video or sound file of at most 60 s
            subtitle: what is said in the clip, as text, SRT or VTT; empty takes what the file itself holds
            language: of the explanation
            engine: "signal" (measured clues), "affectgpt" (a trained model, where there is one), or "auto"
            consent: true says that you may use the clip and that its people have been informed
        Returns:
            one Explanation, as explanation.schema.json describes it
        """
        language = language or "en"  # null is sent, too
        call = uuid.uuid4().hex  # one session may send several clips
        self.services.uploads.claim(clip, call)
        try:
            with border(language), self.services.visitors.job(request.session_hash, "analyze"):
                if not consent and not (clip and files.is_example(clip)):
                    raise mistake("api_need_consent")
                require(clip, True, subtitle)
                setup = Setup(None if engine in ("", DEFAULT_ENGINE) else engine)
                self.services.engines.get(setup.engine)  # before the clip is decoded
                named = Explanation(Path(clip).stem, language, setup.engine or self.services.engines.default)
                opened = partial(load_clip, clip, (subtitle or "").strip() or None)
                loaded = yield from waited(opened, named.to_dict())
                self.services.uploads.release(clip, call)
                events = self.services.events(loaded, setup, language)
                answer = yield from followed(events, lambda seen: fold(seen).to_dict(), TOLD_EVERY_S)
                yield answer.to_dict()
        finally:
            self.services.uploads.release(clip, call)

    def evaluate(
        self,
        text: str = "",
        labels: str = "",
        reference: str = "",
        reference_labels: str = "",
        language: Language = "en",
    ) -> dict[str, Any]:
        """
        Compare one answer with one reference: overlap of clues and of labels, completeness, set scores. Only
        texts are compared; no clip is needed.

        Parameters:
            text: the explanation to be judged
            labels: its emotion words, separated by commas
            reference: a description by people; may be empty when reference_labels is not
            reference_labels: emotion words by people, separated by commas
            language: of the reasons
        Returns:
            marks from 1 to 10 with reasons, the pairs of labels that met, precision, recall and F
        """
        language = language or "en"
        text, labels, *wanted = (x or "" for x in (text, labels, reference, reference_labels))
        with border(language):
            if max(map(len, (text, labels, *wanted))) > MAX_TEXT:
                raise mistake("too_long", limit=MAX_TEXT)
            return assess(text, split_labels(labels), wanted[0], split_labels(wanted[1]), language)

    def benchmark(
        self,
        predictions: str,
        benchmark: str = "emer-v2",
        references: str | None = None,
        language: Language = "en",
        samples: bool = False,
        request: gr.Request = None,
    ) -> Iterator[dict[str, Any]]:
        """
        Score a file of predictions of any system on a benchmark. While it works it tells {"step", "done",
        "of"}; the last answer is the result.

        Parameters:
            predictions: JSONL, CSV, TSV, XLSX or Parquet, a row for each clip: name with labels, text or both
            benchmark: name of the benchmark
            references: a table of references; without one, the data set of this page
            language: of the texts that are compared
            samples: true adds what every single sample scored
        Returns:
            the numbers of result.json: scores with intervals, floors, published rows, warnings, problems
        """
        language, call = language or "en", uuid.uuid4().hex
        uploads = {f"{call}{at}": path for at, path in enumerate((predictions, references)) if path}
        for name, path in uploads.items():
            self.services.uploads.claim(path, name)
        try:
            with (
                border(language),
                self.services.visitors.job(request.session_hash, "benchmark"),
                files.job_folder() as folder,
            ):
                row = check(benchmark, predictions, references)
                wanted = references_of(row, self.services, None, references)
                task = Task(benchmark, predictions, wanted, language, folder)
                with closing(evaluation(task, self.services.closing)) as steps:
                    for step in steps:
                        yield {"step": step.name, "done": step.done, "of": step.of}
                result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
                yield {name: value for name, value in result.items() if samples or name not in ROWS}
        finally:
            for name, path in uploads.items():
                self.services.uploads.release(path, name)


@contextmanager
def border(language: Language) -> Iterator[None]:
    """Let nothing out but a message with a title."""
    try:
        yield
    except Exception as error:
        title, message = describe(error, language)
        raise gr.Error(message, title=title, print_exception=False) from None
