"""The commands `affectgpt evaluate` and `compare`: scores of predictions, and of two systems side by side."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..console import Lang, Model, downloads, mistake, quiet_libraries, replace, same_file, told, write
from ..media.sniff import shown_name
from ..schema import AffectError, Language, Text

if TYPE_CHECKING:
    from ..benchmarks.benchmark import Benchmark
    from ..benchmarks.compare import Comparison
    from ..benchmarks.predictions import Predictions
    from ..benchmarks.result import Result
    from ..data.sample import Samples
    from ..judges.judgement import Judge, Judgement, Pair

Draws = Annotated[int, typer.Option(help="Draws of the bootstrap.", min=1, max=100_000)]
Seed = Annotated[int, typer.Option(help="Seed of the bootstrap.", min=0)]

FIRST = 12  # scores that are printed; all of them are in result.json
SPENT = ("calls", "tokens", "reused")  # settings of a judge that tell what it cost
FILES = ("result.json", "report.html", "samples.csv")
REPLIES = "judgements.jsonl"  # of a judge that costs money: asked about nothing twice
SAID = {
    "head": Text("{system} on {title}", "{system} · {title}"),
    "columns": Text("  value   95 % interval     samples  score", "   数值   95 % 区间         样本数  分数"),
    "written": Text("{folder}: {files}", "{folder}：{files}"),
    "spent": Text(
        "The judge took {calls} calls and {tokens} tokens; {reused} answers were kept from before.",
        "评判共调用 {calls} 次，用去 {tokens} 个词元；{reused} 条回答取自此前的记录。",
    ),
    "more": Text(
        "  - {count} further rows with a problem: see result.json",
        "  - 另有 {count} 行存在问题：见 result.json",
    ),
    "versus": Text("A: {a}, B: {b}, on {benchmark}", "A：{a}，B：{b}，基准 {benchmark}"),
    "gaps": Text(
        "      A       B     A-B   95 % interval           p  samples  score",
        "      A       B     A-B   95 % 区间              p  样本数  分数",
    ),
}


def evaluate(
    benchmark: Annotated[str, typer.Option(help="Name in the list of `affectgpt benchmarks`.")],
    predictions: Annotated[
        str, typer.Option(metavar="FILE", help="JSONL, CSV, ...: name with text, labels or both.")
    ],
    report: Annotated[
        str, typer.Option(metavar="DIR", help="Folder for result.json, report.html and samples.csv.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|FILE|ID",
            envvar="AFFECTGPT_DATASET",
            help="The references: folder, table, or Hub id.",
            show_envvar=True,
        ),
    ] = None,
    wheels: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Official emotion wheel tables; default: our own, another score."),
    ] = None,
    judge: Annotated[
        str,
        typer.Option(help="Who marks clue and label overlap: embedded, affectgpt, openai:MODEL, URL#MODEL."),
    ] = "embedded",
    model: Model = None,
    language: Annotated[
        Lang, typer.Option(help="Language of compared texts, report and messages.")
    ] = Lang.en,
    draws: Draws = 1000,
    seed: Seed = 0,
    system: Annotated[str | None, typer.Option(help="Name of the system; default: that of the file.")] = None,
    predicted_only: Annotated[
        bool, typer.Option("--predicted-only", help="Leave out samples without a prediction.")
    ] = False,
):
    """Score predictions of any system: a table, result.json, samples.csv, and a page that opens offline."""
    with told(language.value):
        quiet_libraries()
        from ..benchmarks.evaluate import evaluate as score
        from ..benchmarks.predictions import read_predictions
        from ..benchmarks.result import to_json
        from ..benchmarks.table import benchmark as row_of
        from ..report.html import to_html
        from ..report.sheet import samples_csv
        from ..wheel_tables import load_wheels

        row = row_of(benchmark)
        _check_folder(report, [predictions, *([data] if data else [])])
        given = read_predictions(predictions)
        samples, tables = _samples(row, data, given), load_wheels(wheels)
        folder = _made(report)
        marker = _judge(judge, model, folder)
        result = score(
            row, given, samples, wheels=tables, judge=marker,
            draws=draws, seed=seed, language=language.value, system=system, predicted_only=predicted_only,
        )  # fmt: skip
        if spent := {key: marker.settings[key] for key in SPENT if key in marker.settings}:
            print(_said("spent", language.value, **spent), file=sys.stderr)
        contents = (to_json(result), to_html(result), samples_csv(result))
        for name, content in zip(FILES, contents, strict=True):
            replace(folder / name, content)
        for warning in result.warnings:
            print(f"  ! {warning[language.value]}", file=sys.stderr)
        for problem in result.problems[:FIRST]:
            print(f"  - {problem[language.value]}", file=sys.stderr)
        if len(result.problems) > FIRST:
            print(_said("more", language.value, count=len(result.problems) - FIRST), file=sys.stderr)
        write("-", _table(result, language.value))
        print(
            _said("written", language.value, folder=shown_name(folder), files=", ".join(FILES)),
            file=sys.stderr,
        )


def compare(
    a: Annotated[str, typer.Argument(metavar="A.json", help="result.json of one system.")],
    b: Annotated[str, typer.Argument(metavar="B.json", help="result.json of the other one.")],
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the comparison as JSON.")
    ] = None,
    draws: Draws = 1000,
    seed: Seed = 0,
    language: Annotated[Lang, typer.Option(help="Language of the table and of messages.")] = Lang.en,
):
    """Compare two systems on the samples that both were scored on: differences with intervals."""
    with told(language.value):
        from ..benchmarks.compare import compare as versus
        from ..benchmarks.result import read_result

        if json_file not in (None, "-") and any(same_file(Path(json_file), Path(name)) for name in (a, b)):
            raise mistake("same_file", option="--json", name=shown_name(json_file))
        found = versus(read_result(a), read_result(b), draws=draws, seed=seed)
        for warning in found.warnings:
            print(f"  ! {warning[language.value]}", file=sys.stderr)
        if json_file:
            write(json_file, json.dumps(found.to_dict(), ensure_ascii=False, indent=1) + "\n")
        if json_file != "-":
            write("-", _gaps(found, language.value))


def _check_folder(report: str, inputs: list[str]) -> None:
    """Refuse a folder whose files would replace what is read here, or be read as data next time."""
    if not report:  # an unset variable of a shell: not the folder that one happens to be in
        raise mistake("write", name="--report", why="no name")
    folder = Path(report)
    for name in inputs:
        if os.path.isdir(name) and same_file(folder, Path(name)):
            raise AffectError(
                "--report is the folder of --data, where its files would be read as data: choose another.",
                "--report 与 --data 是同一个文件夹，其中的文件会被当作数据读取：请换一个文件夹。",
            )
        for file in (*FILES, REPLIES):
            if same_file(folder / file, Path(name)):
                raise mistake("same_file", option="--report", name=file)


def _made(report: str) -> Path:
    folder = Path(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise mistake("write", name=shown_name(folder.absolute()), why=error.strerror) from error
    return folder


def _samples(benchmark: Benchmark, data: str | None, predictions: Predictions) -> Samples:
    from ..benchmarks.work import read_data
    from ..data.sample import Sample, Samples

    if data is not None:
        return read_data(benchmark, data)
    if benchmark.metric == "mme":  # a judge's replies are scored without the data
        rows = tuple(Sample(row.name, emotion=row.truth) for row in predictions)
        return Samples(rows, predictions.source)
    raise AffectError(
        f"{benchmark.name} needs its references: name a folder, a table or a Hub id with --data.",
        f"{benchmark.name} 需要参考标注：请用 --data 指定文件夹、表格或 Hub ID。",
    )


def _judge(name: str, model: str | None, folder: Path) -> Judge:
    from ..judges import load_judge

    if name == "embedded":
        return load_judge(name)
    quiet_libraries()
    if name != "affectgpt":
        return _watched(load_judge(name, replies=folder / REPLIES))
    if model is None:
        return load_judge(name)  # says what is missing
    from ..engine import load_engine

    engine = load_engine("affectgpt", model, tell=downloads())
    return _watched(load_judge(name, chat=engine.chat, model=engine.identity["model"]))


def _watched(judge: Judge) -> Judge:
    """The same judge with a bar on a terminal: a language model takes its time."""

    def judged(pairs: Sequence[Pair]) -> Iterator[Judgement]:
        from tqdm import tqdm

        return iter(tqdm(judge(pairs), total=len(pairs), unit="pair", file=sys.stderr, disable=None))

    judged.name, judged.settings = judge.name, judge.settings
    return judged


def _table(result: Result, language: Language) -> str:
    from ..data.messages import shown
    from ..report.words import interval, number, word

    lines = [
        _said("head", language, system=shown(result.system, 60), title=result.title),
        _said("columns", language),
    ]
    ordered = sorted(result.scores, key=lambda score: score.key != result.primary)
    for score in ordered[:FIRST]:
        value, bounds = number(score.value, score.unit), interval(score.low, score.high, score.unit)
        mark = "" if score.official else " *"
        lines.append(f"{value:>7}   {bounds:<16}  {score.samples:>7}  {score.name[language]}{mark}")
    if any(not score.official for score in ordered[:FIRST]):
        lines.append(f"  * {word('own', language)}")
    return "\n".join(lines) + "\n"


def _gaps(found: Comparison, language: Language) -> str:
    from ..data.messages import shown
    from ..report.words import interval, number

    lines = [
        _said(
            "versus", language, a=shown(found.a, 60), b=shown(found.b, 60), benchmark=shown(found.benchmark)
        ),
        _said("gaps", language),
    ]
    for gap in found.gaps[:FIRST]:
        one, two, more = (number(x, gap.unit) for x in (gap.a, gap.b, gap.difference))
        bounds = interval(gap.low, gap.high, gap.unit)
        numbers = f"{one:>7} {two:>7} {more:>7}   {bounds:<18}  {gap.p:6.3f}  {gap.samples:>7}"
        lines.append(f"{numbers}  {gap.name[language]}")
    return "\n".join(lines) + "\n"


def _said(key: str, language: Language, **values: Any) -> str:
    return SAID[key][language].format(**values)
