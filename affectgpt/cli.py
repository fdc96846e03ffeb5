"""The command line: `affectgpt explain` and `serve`; a user's mistake is one line and exit code 2."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from .media.sniff import shown_name
from .reference import Reference, read_reference
from .schema import AffectError, Explanation, Text

log = logging.getLogger(__name__)
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Why does a machine think somebody in a clip feels something? Clues, explanation, labels.",
)
MESSAGES = {
    "one_each": Text(
        "{option} was given {given} times for {clips} clips: give it once for each clip, in the same order.",
        "{option} 给了 {given} 次，而片段有 {clips} 个：请按相同顺序为每个片段各给一次。",
    ),
    "one_of": Text(
        "--subtitle and --subtitles were both given: give one of them.",
        "--subtitle 与 --subtitles 不能同时使用：请只用其中一个。",
    ),
    "same_file": Text(
        "{option} names a file that is also read or written here ({name}): choose another name.",
        "{option} 指向的文件（{name}）在本次运行中另有用途：请换一个文件名。",
    ),
    "write": Text(
        "Cannot write {name} ({why}): choose a file in a folder that exists and that you may write to.",
        "无法写入 {name}（{why}）：请选择一个已存在且可写的文件夹中的文件。",
    ),
    "serve": Text(
        "Cannot listen on {host}:{port} ({why}): choose another --host or --port.",
        "无法监听 {host}:{port}（{why}）：请换一个 --host 或 --port。",
    ),
    "bug": Text(
        "{name}: something went wrong on our side (incident {id}). The details are in the log above.",
        "{name}：程序内部出错（编号 {id}），详情见上方日志。",
    ),
}


class Lang(str, Enum):
    en = "en"
    zh = "zh"


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
    reference: Annotated[
        list[str],
        typer.Option(help="Reference explanation or labels to score against: text, or a TXT or JSON file."),
    ] = [],
    language: Annotated[Lang, typer.Option(help="Language of the answer.")] = Lang.en,
    engine: Annotated[str, typer.Option(help="Engine: signal (measured clues, no downloads).")] = "signal",
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

    with _told(language.value):
        if subtitle and subtitles:
            raise _error("one_of")
        for option, values in (
            ("--subtitle", subtitle),
            ("--subtitles", subtitles),
            ("--reference", reference),
        ):
            if len(values) not in (0, len(clips)):
                raise _error("one_each", option=option, given=len(values), clips=len(clips))
        _check_outputs(json_file, html_file, [*clips, *subtitles, *reference])
        references = [read_reference(text, language.value) for text in reference]
        runner = load_engine(engine)
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
                done.append(_explain_one(task, runner, start, end, language.value, stream=not quiet))
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
                with _told(language.value):
                    _write(json_file, line, append=len(done) > 1)
    finally:
        if html_file and done:
            from .card import to_html

            with _told(language.value):
                _write(html_file, to_html(done))
    if failed:
        raise typer.Exit(failed)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
):
    """Start the page on this machine."""
    from .ui import build_demo, launch_options, warm_up

    demo = build_demo()
    warm_up()
    try:
        demo.launch(server_name=host, server_port=port, **launch_options())
    except OSError as error:
        raise _error("serve", host=host, port=port, why=error.strerror or "in use") from error


def _explain_one(task: Task, engine, start_s, end_s, language, *, stream: bool) -> Explanation:
    from .media import load_clip
    from .reason import fold, reason

    clip = load_clip(task.path, task.subtitle, subtitle_file=task.subtitle_file, start_s=start_s, end_s=end_s)
    events, last_part = [], None
    for event in reason(clip, engine, language=language):
        events.append(event)
        if event.kind == "stage":
            print(f"  {event.value:<10} {event.elapsed_s:6.2f} s", file=sys.stderr)
        elif event.kind == "text" and stream:
            part, piece = event.value
            gap = "\n\n" if last_part not in (None, part) else ""
            _write("-", gap + piece)
            last_part = part
    explanation = fold(events)
    if task.reference:
        from .metrics import score

        text, labels = task.reference
        explanation = explanation.with_scores(score(explanation, text or labels, labels=labels))
    if stream:
        scores = "\n" + _score_line(explanation) if explanation.scores else ""
        _write("-", f"\n\n{_label_line(explanation)}{scores}\n")
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
    scores = explanation.scores or {}
    labels, clues = scores["label_overlap"], scores["clue_overlap"]
    pieces = [
        scores["judge"],
        f"labels F1 {labels['f1']:.2f} (precision {labels['precision']:.2f}, recall {labels['recall']:.2f})",
    ]
    if clues:
        pieces.append(f"clues {clues['score']:.2f}")
    return "= " + " · ".join(pieces)


def _check_outputs(json_file: str | None, html_file: str | None, inputs: list[str]) -> None:
    """Refuse, before any work, an output that cannot be written or that would destroy a file in use."""
    taken = [Path(name) for name in inputs if len(name) < 1000]
    for option, name in (("--json", json_file), ("--html", html_file)):
        if name in (None, "-"):
            continue
        file = Path(name)
        if any(_same(file, other) for other in taken):
            raise _error("same_file", option=option, name=shown_name(file))
        taken.append(file)
        try:
            existed = file.exists()
        except OSError:  # a name that no file can have: writing says so
            existed = True
        _write(name, "", append=True)
        if not existed:
            file.unlink()


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
    except (OSError, RuntimeError):  # a name that no file can have; a loop of links
        return False


def _write(file: str, text: str, *, append: bool = False) -> None:
    try:
        if file == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            with open(file, "a" if append else "w", encoding="utf-8") as out:
                out.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "stdout" if file == "-" else shown_name(os.path.abspath(file))
        raise _error("write", name=name, why=error.strerror) from error


def _error(key: str, **values) -> AffectError:
    return AffectError(MESSAGES[key].en.format(**values), MESSAGES[key].zh.format(**values))


@contextlib.contextmanager
def _told(language: str) -> Iterator[None]:
    """End with one line in the reader's language and exit code 2 when the user has to mend something."""
    try:
        yield
    except AffectError as error:
        print(error.text[language], file=sys.stderr)
        raise typer.Exit(2) from None


def main() -> None:
    """Run the command line; what a shell does to us (signals, closed pipes, odd encodings) ends quietly."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every `finally` runs
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  (the shell has closed it)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8" if not stream.isatty() else None, errors="replace")
    try:
        with _told("en"):
            app(standalone_mode=True)
    except typer.Exit as end:
        sys.exit(end.exit_code)
