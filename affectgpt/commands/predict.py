"""The commands about benchmarks: `affectgpt predict` and `benchmarks`."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..console import Lang, Model, Quantize, downloads, quiet_libraries, told, write
from ..media.sniff import shown_name
from ..schema import AffectError, Language, Text

if TYPE_CHECKING:
    from ..benchmarks.benchmark import Benchmark
    from ..benchmarks.work import Work

SUMMARY = {
    "tables": Text(
        "{count} clips to predict; {without} samples of the tables have no clip here, {untold} clips belong "
        "to no sample.",
        "共 {count} 个片段待预测；表中有 {without} 个样本在此没有片段，另有 {untold} 个片段不属于任何样本。",
    ),
    "bare": Text(
        "{count} clips to predict; there is no table, so subtitles are those in the files themselves.",
        "共 {count} 个片段待预测；没有表格，因此字幕取自文件本身。",
    ),
    "problem": Text(
        "{count} rows have problems, the first: {first}", "有 {count} 行存在问题，第一个：{first}"
    ),
    "end": Text(
        "{out}: {rows} of {count} clips ({done} now in {seconds:.1f} s, {kept} before); {error} errors now.",
        "{out}：{count} 个片段中已有 {rows} 个（本次 {done} 个，用时 {seconds:.1f} 秒，此前 {kept} 个）；"
        "本次 {error} 个出错。",
    ),
    "retry": Text("Errors are tried again with --retry-errors.", "可用 --retry-errors 重试出错的片段。"),
    "next": Text(
        "To score: affectgpt evaluate --benchmark {benchmark} --predictions {out} --data ... --report ...",
        "评分：affectgpt evaluate --benchmark {benchmark} --predictions {out} --data ... --report ...",
    ),
    "stopped": Text(
        "Stopped: {rows} of {count} clips are in {out}. The same command goes on from there.",
        "已停止：{count} 个片段中已有 {rows} 个写入 {out}。再次运行同一命令即可继续。",
    ),
}


def predict(
    benchmark: Annotated[str, typer.Option(help="Name in the list of `affectgpt benchmarks`.")],
    data: Annotated[
        str, typer.Option(metavar="DIR|FILE|ID", help="Tables and clips: folder, table, or Hub id.")
    ],
    out: Annotated[str, typer.Option(metavar="FILE.jsonl", help="One JSON line for each clip; resumable.")],
    engine: Annotated[str, typer.Option(help="signal, affectgpt, or auto: what fits here.")] = "auto",
    clips: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder of the clips, if not in --data.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="The first so many clips only.", min=1)] = None,
    language: Annotated[
        Lang, typer.Option(help="Language of answers; subtitles in it are taken first.")
    ] = Lang.en,
    model: Model = None,
    quantize: Annotated[Quantize | None, typer.Option(help="Precision of the language model.")] = None,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="AffectGPT: ask the benchmark's question alone, in batches.")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Clips in one batch of --labels-only.", min=1, max=64)] = 4,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Do clips again that ended with an error.")
    ] = False,
):
    """Answer for each clip of a benchmark; a run that was stopped or killed goes on where it was."""
    with told(language.value):
        from ..benchmarks.predict import fingerprint
        from ..benchmarks.predict import predict as stream
        from ..benchmarks.table import benchmark as row_of
        from ..benchmarks.work import plan
        from ..engine import load_engine

        row = row_of(benchmark)
        _check_out(out, data)
        work = plan(row, data, clips=clips, limit=limit)
        _tell_plan(work, language.value)
        if engine != "signal":
            quiet_libraries()
        chosen = {"quantize": quantize.value} if quantize and engine != "signal" else {}
        runner = load_engine(engine, model, tell=downloads(language.value), **chosen)
        if runner.why:
            _say(runner.why[language.value])
        run = fingerprint(row, runner, language=language.value, labels_only=labels_only)
        steps = stream(
            work.samples, runner, out,
            run=run, language=language.value, batch=batch_size, retry_errors=retry_errors,
        )  # fmt: skip
        count, incidents = _follow(steps, work, out, language.value)
        if not (failed := count["error"]):
            _say(_text("next", language.value, benchmark=row.name, out=shown_name(out)))
    if failed:
        _say(_text("retry", language.value))
        raise typer.Exit(1 if incidents else 2)


def benchmarks(
    name: Annotated[str | None, typer.Argument(help="One of them, with all that is known about it.")] = None,
    language: Annotated[Lang, typer.Option(help="Language of notes and messages.")] = Lang.en,
):
    """List the benchmarks, or show one: files, question, score, published numbers, what to know."""
    from ..benchmarks.table import BENCHMARKS
    from ..benchmarks.table import benchmark as row_of

    with told(language.value):
        if name is None:
            head = f"{'name':<13} {'size':>6}  {'score':<14} {'best published':<40} title"
            lines = [head, *map(_line, BENCHMARKS.values())]
        else:
            lines = _card(row_of(name), language.value)
        write("-", "\n".join(lines) + "\n")


def _check_out(out: str, data: str) -> None:
    file = Path(out)
    if file.suffix.lower() not in (".jsonl", ".ndjson"):
        raise AffectError(
            f"--out is written as JSON lines: give {shown_name(file)} an ending .jsonl.",
            f"--out 以 JSON Lines 格式写入：请让 {shown_name(file)} 以 .jsonl 结尾。",
        )
    if not file.absolute().parent.is_dir():  # told before a model is loaded
        raise AffectError(
            f"There is no folder for {shown_name(file)}: make it, or give another --out.",
            f"{shown_name(file)} 所在的文件夹不存在：请先创建，或换一个 --out。",
        )
    if os.path.isdir(data) and os.path.realpath(file.parent) == os.path.realpath(data):
        raise AffectError(
            f"{shown_name(file)} would lie among the tables of --data and be read as one: choose another "
            "folder.",
            f"{shown_name(file)} 会与 --data 中的表格放在一起并被当作表格读取：请换一个文件夹。",
        )


def _tell_plan(work: Work, language: Language) -> None:
    count, tables = len(work.samples), work.tables
    if tables is None:
        return _say(_text("bare", language, count=count))
    _say(_text("tables", language, count=count, without=work.without_clip, untold=work.untold))
    if tables.problems:
        first = tables.problems[0].text[language]
        _say("  ! " + _text("problem", language, count=len(tables.problems), first=first))


def _follow(steps, work: Work, out: str, language: Language) -> tuple[Counter[str], int]:
    """Show each step while it comes, on a terminal with a bar; count the outcomes, and bugs among them."""
    from tqdm import tqdm

    began, count, incidents, total = time.perf_counter(), Counter(), 0, len(work.samples)
    name = shown_name(out)
    with tqdm(total=total, unit="clip", file=sys.stderr, smoothing=0.1, disable=None) as bar:
        try:
            for step in steps:
                count[step.outcome] += 1
                incidents += step.incident is not None
                bar.initial = count["kept"]  # what was done before says nothing about the speed
                if step.outcome != "kept" and (bar.disable or step.reason):
                    reason = f": {step.reason[language]}" if step.reason else ""
                    bar.write(f"[{count.total()}/{total}] {shown_name(step.name)}{reason}", file=sys.stderr)
                bar.update()
        except KeyboardInterrupt:
            steps.close()
            bar.close()
            _say(_text("stopped", language, rows=count.total(), count=total, out=name))
            raise typer.Exit(130) from None
    seconds = time.perf_counter() - began
    values = {"done": count["done"], "kept": count["kept"], "error": count["error"], "seconds": seconds}
    _say(_text("end", language, out=name, rows=count.total(), count=total, **values))
    return count, incidents


def _line(row: Benchmark) -> str:
    from ..benchmarks.published import published

    best = published(row)[:1]
    top = f"{best[0].value:.2f} {best[0].system}" if best else "-"
    return f"{row.name:<13} {row.samples or '?':>6}  {row.primary:<14} {top:<40} {row.title}"


def _card(row: Benchmark, language: Language) -> list[str]:
    from ..benchmarks.published import published

    lines = [f"{row.name}: {row.title}", ""]
    facts = {
        "samples": row.samples,
        "question": row.question or "each item brings its own",
        "truth": row.truth + (f" ({', '.join(row.classes)})" if row.classes else ""),
        "score": f"{row.primary} (metric: {row.metric})",
        "wheel tables": row.tables,
        "scale": f"{row.scale[0]:g} to {row.scale[1]:g}" if row.scale else None,
        **{what: ", ".join(names) or "a table of your own" for what, names in row.files.items()},
        "where": row.where[language],
        "note": row.note[language],
    }
    lines += [f"{name + ':':<13} {value}" for name, value in facts.items() if value is not None]
    rows = published(row)
    lines += ["", f"published, {rows[0].unit if rows else '-'}:"]
    for one in rows:
        note = f"  ({one.note})" if one.note else ""
        told_by = " [told by others]" if one.evidence == "S" else ""
        lines.append(
            f"{one.value:>7.2f}  {one.system:<34} {one.input:<6} {one.year}  {one.source}{told_by}{note}"
        )
    return lines


def _text(key: str, language: Language, **values: Any) -> str:
    return SUMMARY[key][language].format(**values)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
