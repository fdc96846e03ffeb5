"""The command line: `affectgpt explain` and `serve`; a user's mistake is one line and exit code 2."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import uuid
from typing import Annotated, NamedTuple

import typer

from .commands import data, evaluate, hub, predict, weights
from .console import (
    MESSAGES,
    Lang,
    Model,
    Quantize,
    check_outputs,
    downloads,
    mistake,
    quiet_libraries,
    told,
    write,
)
from .media.sniff import shown_name
from .reference import Reference, checked, read_reference
from .schema import AffectError, Explanation

log = logging.getLogger(__name__)
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Why does a machine think somebody in a clip feels something? Clues, explanation, labels.",
)


Engine = Annotated[
    str,
    typer.Option(
        help="signal (measured clues, no downloads), affectgpt (needs weights), or auto: what fits here."
    ),
]
Quantization = Annotated[
    Quantize | None, typer.Option(help="Precision of AffectGPT's language model; default: what fits.")
]


class Task(NamedTuple):
    """One clip with what was given for it."""

    path: str
    subtitle: str | None
    subtitle_file: str | None
    reference: Reference | None


@app.callback()
def options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step to stderr.")] = False,
):
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")


@app.command()
def explain(
    clips: Annotated[
        list[str], typer.Argument(metavar="CLIP...", help="Video or sound files.", show_default=False)
    ],
    subtitle: Annotated[list[str], typer.Option(help="What is said, as text; once for each clip.")] = [],
    subtitles: Annotated[
        list[str], typer.Option(help="SRT, VTT, ASS or TXT file; once for each clip.", metavar="FILE")
    ] = [],
    transcribe: Annotated[
        bool,
        typer.Option("--transcribe", help="Have Whisper write down what is said where no words are given."),
    ] = False,
    reference: Annotated[
        list[str],
        typer.Option(help="Reference explanation or labels to score against: text, or a TXT or JSON file."),
    ] = [],
    language: Annotated[Lang, typer.Option(help="Language of the answer.")] = Lang.en,
    engine: Engine = "auto",
    model: Model = None,
    quantize: Quantization = None,
    samples: Annotated[
        int, typer.Option(help="Sample so many answers of AffectGPT; 0: the likeliest one.", min=0, max=64)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of sampling.")] = 0,
    start: Annotated[float | None, typer.Option(help="Use the clip from this second.")] = None,
    end: Annotated[float | None, typer.Option(help="Use the clip up to this second.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write one JSON line for each clip.")
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html", metavar="FILE|-", help="Write one page to read.")
    ] = None,
):
    """Explain what is seen, heard and said in each CLIP, and which emotions that suggests."""
    from .engine import load_engine

    with told(language.value):
        if subtitle and subtitles:
            raise mistake("one_of")
        for option, values in (
            ("--subtitle", subtitle),
            ("--subtitles", subtitles),
            ("--reference", reference),
        ):
            if len(values) not in (0, len(clips)):
                raise mistake("one_each", option=option, given=len(values), clips=len(clips))
        check_outputs(json_file, html_file, [*clips, *subtitles, *reference])
        references = [checked(*read_reference(text, language.value)) for text in reference]
        options = _options(engine, quantize, samples, seed)
        runner = load_engine(engine, model, tell=downloads(language.value), **options)
        hear = _transcriber() if transcribe else None
    if runner.why:
        print(runner.why[language.value], file=sys.stderr)
    if runner.name == "signal" and (quantize or samples or seed):
        print(MESSAGES["ignored"][language.value], file=sys.stderr)
    nothing = [None] * len(clips)
    tasks = map(Task, clips, subtitle or nothing, subtitles or nothing, references or nothing)
    quiet = "-" in (json_file, html_file)
    done: list[Explanation] = []
    failed = 0
    try:
        for number, task in enumerate(tasks, 1):
            name = shown_name(task.path)
            print(f"[{number}/{len(clips)}] {name}", file=sys.stderr)
            try:
                done.append(_explain_one(task, runner, hear, start, end, language.value, stream=not quiet))
            except AffectError as error:
                failed = failed or 2  # a bug, 1, is not hidden by a later mistake
                print(error.text[language.value], file=sys.stderr)
                continue
            except BrokenPipeError:
                raise
            except Exception:  # a bug must not stop the other clips: logged whole, named by an incident id
                failed = 1
                incident = uuid.uuid4().hex[:8]
                log.exception("incident %s", incident)
                print(MESSAGES["bug"][language.value].format(name=name, id=incident), file=sys.stderr)
                continue
            if json_file:
                line = json.dumps(done[-1].to_dict(), ensure_ascii=False) + "\n"
                with told(language.value):
                    write(json_file, line, append=len(done) > 1)
    finally:
        if html_file and done:
            from .card import to_html

            with told(language.value):
                write(html_file, to_html(done))
    if failed:
        raise typer.Exit(failed)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on.", envvar="GRADIO_SERVER_NAME")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on.", min=1, max=65535, envvar="GRADIO_SERVER_PORT")
    ] = 7860,
    engine: Engine = "auto",
    model: Model = None,
    quantize: Quantization = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="ID|DIR|FILE",
            envvar="AFFECTGPT_DATASET",
            help="EMER data to browse: Hub id, folder or table.",
        ),
    ] = None,
    clips: Annotated[
        str | None,
        typer.Option(metavar="DIR", envvar="AFFECTGPT_CLIPS", help="Folder with the clips of that data."),
    ] = None,
):
    """Start the page on this machine."""
    from .engine import load_engine
    from .machine.choice import configured
    from .page.arrival import Arrival
    from .ui import build_demo
    from .ui import serve as serve_page

    with told("en"):
        options = _options(engine, quantize)
        if engine == "auto" and (wanted := configured(model)):
            runner = Arrival(wanted, **options)
        else:
            runner = load_engine(engine, model, tell=downloads(), **options)
        if runner.why:
            print(runner.why.en, file=sys.stderr)
        demo = build_demo(runner, data=data, clips=clips)
        try:
            serve_page(demo, server_name=host, server_port=port)
        except OSError as error:
            raise mistake("serve", host=host, port=port, why=error.strerror or "in use") from error


for command in (predict.predict, evaluate.evaluate, evaluate.compare, predict.benchmarks):
    app.command()(command)
app.add_typer(data.app, name="data")
for command in (weights.convert, weights.doctor, hub.push, hub.pull):
    app.command()(command)


def _options(engine: str, quantize: Quantize | None, samples: int = 0, seed: int = 0) -> dict:
    """The options of AffectGPT, for an engine that may be one."""
    if engine == "signal":
        return {}
    from .trained.runs import Settings

    quiet_libraries()
    settings = Settings(samples=samples, seed=seed)
    return {"quantize": quantize.value if quantize else None, "settings": settings}


def _transcriber():
    from .transcribe import load_transcriber

    quiet_libraries()
    return load_transcriber()


def _explain_one(task: Task, engine, hear, start_s, end_s, language, *, stream: bool) -> Explanation:
    from .media import load_clip
    from .reason import fold, reason

    clip = load_clip(task.path, task.subtitle, subtitle_file=task.subtitle_file, start_s=start_s, end_s=end_s)
    if hear and clip.has_sound and not clip.cues:
        from .transcribe import transcribed

        clip = transcribed(clip, hear(clip.wave))
        print(f"  {hear.name}: {clip.subtitle or '-'}", file=sys.stderr)
    events, last_part = [], None
    for event in reason(clip, engine, language=language):
        events.append(event)
        if event.kind == "stage":
            print(f"  {event.value:<10} {event.elapsed_s:6.2f} s", file=sys.stderr)
        elif event.kind == "text" and stream:
            part, piece = event.value
            gap = "\n\n" if last_part not in (None, part) else ""
            write("-", gap + piece)
            last_part = part
    explanation = fold(events)
    if task.reference:
        from .assessment import assess

        found = assess(explanation.text, explanation.labels, *task.reference, language)
        explanation = explanation.with_scores(found)
    if stream:
        scores = "\n" + _score_line(explanation) if task.reference else ""
        write("-", f"\n\n{_label_line(explanation)}{scores}\n")
    for warning in explanation.warnings:
        print(f"  ! {warning[language]}", file=sys.stderr)
    return explanation


def _label_line(explanation: Explanation) -> str:
    language, verdict = explanation.language, explanation.verdict
    if not verdict.labels:
        return "? " + (verdict.cannot_tell[language] if verdict.cannot_tell else "")
    words = [f"{label.text[language]} ({label.confidence:.2f})" for label in verdict.labels]
    numbers = [("valence", "效价", verdict.valence), ("arousal", "唤醒度", verdict.arousal)]
    appraisal = [f"{zh if language == 'zh' else en} {x:+.2f}" for en, zh, x in numbers if x is not None]
    return "→ " + ", ".join(words) + "   " + "  ".join(appraisal)


def _score_line(explanation: Explanation) -> str:
    from .assessment import headline

    return "= " + headline(explanation.scores or {}, explanation.language)


def main() -> None:
    """Run the command line; what a shell does to us (signals, closed pipes, odd encodings) ends quietly."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every `finally` runs
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  (the shell has closed it)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8" if not stream.isatty() else None, errors="replace")
    try:
        with told("en"):
            app(standalone_mode=True)
    except typer.Exit as end:
        sys.exit(end.exit_code)
    finally:
        try:
            sys.stdout.flush()
        except OSError:  # a full disk, which has been told: Python would fail on it once more as it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
