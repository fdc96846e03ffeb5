"""The tab "evaluate": a file of predictions goes in, scores and the report of a benchmark come out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr

from ...benchmarks.benchmark import Benchmark
from ...benchmarks.child import FILES, Task
from ...benchmarks.result import Result, read_result
from ...benchmarks.table import BENCHMARKS
from ...schema import AffectError, Language
from .. import files
from ..api import EVALUATED
from ..look import DELETE_AGE_S, DELETED_AFTER_MIN, File, toast
from ..tab import AT_ONCE, PRIVATE, Tab
from ..text import describe, mistake, say
from . import html as html
from .evaluation import check, evaluation, places, references

TABLES = [".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".xlsx", ".parquet"]
FIRST = "emer-v2"  # benchmark that is chosen when the page opens
SAMPLE_BENCHMARK, SAMPLE_FILE, SAMPLE_LINES = "emer-v2", "sample_predictions.jsonl", 2
MAX_SYSTEM_CHARS = 60


class EvaluateTab(Tab):
    """The form, the evaluation of one file at a time, and its result; it holds no visitor's data."""

    title = "tab_evaluate"

    def lay_out(self) -> None:
        bare = partial(gr.HTML, apply_default_css=False)
        self.result = gr.State(None, time_to_live=DELETE_AGE_S)  # a `Result` without its samples
        with gr.Row(elem_id="ag-evaluate"):
            with gr.Column(scale=5, min_width=320, elem_classes="ag-card", elem_id="ag-evaluate-form"):
                self.intro = bare()
                looks = {"file_types": TABLES, "height": 92, "elem_classes": "ag-file"}
                self.file = File(elem_id="ag-predictions", **looks)
                self.sample = gr.Button(size="sm", elem_id="ag-sample")
                self.format = bare()
                names = [(row.title, row.name) for row in BENCHMARKS.values()]
                self.benchmark = gr.Dropdown(names, value=FIRST, elem_id="ag-benchmark")
                self.needs = bare()
                self.place = gr.Radio(elem_id="ag-place")
                self.references = File(elem_id="ag-references", visible=False, **looks)
                self.texts = gr.Radio([("English", "en"), ("中文", "zh")], value="en", elem_id="ag-texts")
                self.system = gr.Textbox(max_length=MAX_SYSTEM_CHARS)
                with gr.Row(elem_id="ag-evaluate-buttons"):
                    self.run = gr.Button(variant="primary", elem_id="ag-evaluate-run", scale=3)
                    self.stop = gr.Button(
                        elem_id="ag-evaluate-stop", scale=1, min_width=90, interactive=False
                    )
            with gr.Column(scale=11, min_width=320, elem_id="ag-evaluate-output"):
                self.status = bare(elem_id="ag-evaluate-status")
                with gr.Row(visible=False, elem_id="ag-evaluate-files") as self.row:
                    self.files = [gr.DownloadButton(elem_id=f"ag-{name.split('.')[0]}") for name in FILES]
                self.scores = bare()
                self.report = bare()
                with gr.Accordion(open=False, elem_classes="ag-card") as self.more:
                    self.programs = bare()

    def wire(self) -> None:
        language, quick = self.shell.language, {"queue": False, **PRIVATE}
        choice = [self.needs, self.place, self.references]
        self.benchmark.change(self.choose, [self.benchmark, language], choice, **quick)
        self.place.change(
            lambda place: gr.File(visible=place == "upload"), self.place, self.references, **quick
        )
        language.input(self.translate, [language, self.benchmark, self.result],
                       [*choice, self.status, self.scores, self.programs], **quick)  # fmt: skip
        filled = [self.file, self.benchmark, self.system, *choice]
        self.sample.click(self.fill, language, filled, **quick)
        asked = [self.file, self.benchmark, self.place, self.references]
        buttons, out = [self.run, self.stop], [self.status, self.row, *self.files, self.scores, self.report]
        ready = self.run.click(self.check, [*asked, language], [self.status, *buttons], **AT_ONCE, **PRIVATE)
        run = ready.success(
            self.answer,
            [*asked, self.texts, self.system, language],
            [*out, self.result],
            **EVALUATED,
            **PRIVATE,
        )
        for end in (run.then, run.failure):
            end(lambda: self.buttons(running=False), None, buttons, **quick)
        stopped = self.stop.click(None, cancels=[run], **PRIVATE)
        stopped.then(self.halt, language, [self.status, *buttons], **quick)

    def sentences(self, language: Language) -> dict:
        sample = "\n".join(self.sample_lines("en")[:SAMPLE_LINES])
        wanted = gr.File(label=say("evaluate_references", language))
        labels = ("evaluate_result_file", "evaluate_report_file", "evaluate_samples_file")
        return {
            self.intro: f'<h2 class="ag-title">{say("evaluate_title", language)}</h2>'
            f'<p class="ag-note">{say("evaluate_intro", language, minutes=DELETED_AFTER_MIN)}</p>',
            self.file: gr.File(label=say("evaluate_file", language)),
            self.sample: gr.Button(say("evaluate_sample", language)),
            self.format: html.file_format(sample, language),
            self.benchmark: gr.Dropdown(label=say("evaluate_benchmark", language)),
            self.place: gr.Radio(label=say("evaluate_place", language)),
            self.references: wanted,
            self.texts: gr.Radio(label=say("evaluate_language", language)),
            self.system: gr.Textbox(label=say("evaluate_system", language)),
            self.run: gr.Button(say("evaluate_run", language)),
            self.stop: gr.Button(say("evaluate_stop", language)),
            self.more: gr.Accordion(label=say("evaluate_programs", language)),
            **{
                one: gr.DownloadButton(say(key, language))
                for one, key in zip(self.files, labels, strict=True)
            },
        }

    def greet(self, request: gr.Request, language: Language) -> dict:
        row = BENCHMARKS[FIRST]
        label, wanted = say("evaluate_place", language), say("evaluate_references", language)
        return {
            self.needs: html.needs(row, language),
            self.place: self._places(row, language, label=label),
            self.references: gr.File(visible=places(row, self.services)[0] == "upload", label=wanted),
            self.texts: gr.Radio(value=language, label=say("evaluate_language", language)),
            self.status: html.empty(language),
            self.programs: html.programs(address(request), language),
        }

    @property
    def greeted(self) -> list:
        return [self.needs, self.place, self.references, self.texts, self.status, self.programs]

    def choose(self, name: str, language: Language) -> dict:
        """Draw what a benchmark needs, and where its references can come from."""
        row = BENCHMARKS[name]
        known = places(row, self.services)
        return {
            self.needs: html.needs(row, language),
            self.place: self._places(row, language),
            self.references: gr.File(visible=known[:1] == ["upload"]),
        }

    def _places(self, row: Benchmark, language: Language, *, chosen: str = "", **more) -> gr.Radio:
        known = places(row, self.services)
        named = [(say(f"evaluate_place_{place}", language), place) for place in known]
        chosen = chosen if chosen in known else known[0] if known else None
        return gr.Radio(choices=named, value=chosen, visible=bool(known), **more)

    def translate(self, language: Language, name: str, found: Result | None, request: gr.Request) -> dict:
        """Draw in the other language what is not a fixed sentence."""
        row = BENCHMARKS[name]
        named = [(say(f"evaluate_place_{place}", language), place) for place in places(row, self.services)]
        return {
            self.needs: html.needs(row, language),
            self.place: gr.Radio(choices=named, label=say("evaluate_place", language)),
            self.status: html.empty(language) if found is None else "",
            self.scores: "" if found is None else html.result(found, language),
            self.programs: html.programs(address(request), language),
        }

    def sample_lines(self, language: Language) -> list[str]:
        """Return predictions with invented labels for the examples of this page, one JSON object each."""
        rows = []
        for at, example in enumerate(self.services.examples):
            first = example.labels["en"].split(", ")[0]
            labels = [first, ("proud", "calm", "amused", "bored")[at % 4]]
            note = say("evaluate_sample_text", language)
            rows.append({"name": example.clip.stem, "labels": labels, "text": note})
        return [json.dumps(row, ensure_ascii=False) for row in rows]

    def fill(self, language: Language) -> Iterator[dict]:
        """Put the sample file into the form."""
        with files.job_folder() as folder:
            file = Path(folder) / SAMPLE_FILE
            file.write_text("\n".join(self.sample_lines(language)) + "\n", encoding="utf-8")
            yield {
                self.file: str(file),
                self.benchmark: SAMPLE_BENCHMARK,
                self.system: say("evaluate_sample_system", language),
                **self.choose(SAMPLE_BENCHMARK, language),
                self.place: self._places(BENCHMARKS[SAMPLE_BENCHMARK], language, chosen="examples"),
            }

    def check(self, file, name: str, place, upload, language: Language) -> dict:
        """Say at once, before the queue, what is missing."""
        try:
            references(check(name, file, upload), self.services, place, upload)
        except AffectError as error:
            raise toast(*describe(error, language)) from None
        return {self.status: html.progress(None, language), **self.buttons(running=True)}

    def buttons(self, *, running: bool) -> dict:
        return {self.run: gr.Button(interactive=not running), self.stop: gr.Button(interactive=running)}

    def halt(self, language: Language) -> dict:
        """Say that the evaluation was stopped."""
        return {self.status: html.ended("stopped", language), **self.buttons(running=False)}

    def answer(
        self, file, name: str, place, upload, texts: Language, system: str, language: Language,
        request: gr.Request,
    ) -> Iterator[dict]:  # fmt: skip
        """Evaluate and yield what changes on the page; a stop or a closed page ends the process at once."""
        began, clean = time.monotonic(), {self.scores: "", self.report: "", self.result: None}
        yield {self.status: html.progress(None, language), self.row: gr.Row(visible=False), **clean}
        try:
            with self.services.visitors.job(request.session_hash, "benchmark"), files.job_folder() as folder:
                row = check(name, file, upload)
                if len(system or "") > MAX_SYSTEM_CHARS:
                    raise mistake("evaluate_long_system", limit=MAX_SYSTEM_CHARS)
                wanted = references(row, self.services, place, upload)
                task = Task(name, file, wanted, texts, folder, (system or "").strip() or None)
                with closing(evaluation(task, self.services.closing)) as steps:
                    for step in steps:
                        yield {self.status: html.progress(step, language)}
                found = read_result(Path(folder) / FILES[0])
                page = (Path(folder) / FILES[1]).read_text(encoding="utf-8")
                made = zip(self.files, FILES, strict=True)
                yield {
                    self.status: html.ended("done", language, seconds=time.monotonic() - began),
                    self.row: gr.Row(visible=True),
                    **{one: gr.DownloadButton(value=str(Path(folder) / name)) for one, name in made},
                    self.scores: html.result(found, language),
                    self.report: html.report(page, language),
                    self.result: replace(found, samples=(), statistics={}),
                }
        except Exception as error:
            title, note = describe(error, language)
            yield {self.status: html.ended("failed", language, title=title, note=note)}
            raise toast(title, note) from None


def address(request: gr.Request) -> str:
    """Return the address under which the visitor has opened this page."""
    return str(request.base_url).rstrip("/")
