"""The command line: `affectgpt explain` and `affectgpt serve`; a user's mistake is one line and exit code
2."""

from __future__ import annotations

import json
import logging
import sys
import uuid
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

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
    "write": Text(
        "Cannot write {name} ({why}): choose a file in a folder that exists and that you may write to.",
        "无法写入 {name}（{why}）：请选择一个已存在且可写的文件夹中的文件。",
    ),
    "read": Text("Cannot read {name} ({why}): check the file.", "无法读取 {name}（{why}）：请检查该文件。"),
    "bug": Text(
        "{name}: something went wrong on our side (incident {id}). The details are in the log above.",
        "{name}：程序内部出错（编号 {id}），详情见上方日志。",
    ),
}


class Lang(str, Enum):
    en = "en"
    zh = "zh"


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
        str | None, typer.Option("--html", metavar="FILE", help="Write one page to read.")
    ] = None,
):
    """Explain what is seen, heard and said in each CLIP, and which emotions that suggests."""
    from .engine import load_engine

    for option, values in (("--subtitle", subtitle), ("--subtitles", subtitles), ("--reference", reference)):
        if len(values) not in (0, len(clips)):
            raise _error("one_each", option=option, given=len(values), clips=len(clips))
    references = [_read_reference(text, language.value) for text in reference]
    for file in (json_file, html_file):
        if file not in (None, "-"):
            _write(file, "")  # fail before the work, not after it
    runner, done, failed = load_engine(engine), [], 0
    for number, path in enumerate(clips):
        name = Path(path).name
        print(f"[{number + 1}/{len(clips)}] {name}", file=sys.stderr)
        try:
            explanation = _explain_one(
                path,
                runner,
                subtitle=subtitle[number] if subtitle else None,
                subtitle_file=subtitles[number] if subtitles else None,
                start_s=start,
                end_s=end,
                language=language.value,
                stream=json_file != "-",
            )
        except AffectError as error:
            failed = max(failed, 2)
            print(f"{error.text[language.value]}", file=sys.stderr)
            continue
        except Exception:  # a bug must not stop the other clips: logged whole, named by an incident id
            failed = 1
            incident = uuid.uuid4().hex[:8]
            log.exception("incident %s", incident)
            print(MESSAGES["bug"][language.value].format(name=name, id=incident), file=sys.stderr)
            continue
        if references:
            from .metrics import score

            said, labels = references[number]
            explanation = explanation.with_scores(score(explanation, said, labels=labels))
            if json_file != "-":
                print(_score_line(explanation))
        done.append(explanation)
        if json_file:
            line = json.dumps(explanation.to_dict(), ensure_ascii=False) + "\n"
            sys.stdout.write(line) if json_file == "-" else _write(json_file, line, append=True)
    if html_file:
        from .card import to_html

        _write(html_file, to_html(done))
    if failed:
        raise typer.Exit(failed)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
):
    """Start the page on this machine."""
    from .ui import build_demo, launch_options, warm_up

    warm_up()
    build_demo().launch(server_name=host, server_port=port, **launch_options())


def _explain_one(path, engine, *, subtitle, subtitle_file, start_s, end_s, language, stream) -> Explanation:
    from .media import load_clip
    from .reason import fold, reason

    clip = load_clip(path, subtitle, subtitle_file=subtitle_file, start_s=start_s, end_s=end_s)
    events, last_part = [], None
    for event in reason(clip, engine, language=language):
        events.append(event)
        if event.kind == "stage":
            print(f"  {event.value:<10} {event.elapsed_s:6.2f} s", file=sys.stderr)
        elif event.kind == "text" and stream:
            part, piece = event.value
            gap = "\n\n" if last_part not in (None, part) else ""
            print(gap + piece, end="", flush=True)
            last_part = part
    explanation = fold(events)
    if stream:
        print("\n\n" + _label_line(explanation))
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
    labels, clues = scores.get("label_overlap"), scores.get("clue_overlap")
    pieces = [scores.get("judge", "")]
    if labels:
        pieces.append(
            f"labels F1 {labels['f1']:.2f} "
            f"(precision {labels['precision']:.2f}, recall {labels['recall']:.2f})"
        )
    if clues:
        pieces.append(f"clues {clues['score']:.2f}")
    return "= " + " · ".join(pieces)


def _read_reference(text: str, language: str) -> tuple[str | list[str], list[str]]:
    """Return text and labels of a reference: a JSON file's, a text file's content, or the text itself.

    A JSON file holds `labels`, and `text` or `parts`, each perhaps by language, as the examples do and as
    our own answers do.
    """
    path = Path(text)
    try:
        if len(text) > 1000 or not path.is_file():
            return text, []
        content = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() != ".json":
            return content, []
        data = json.loads(content)
        said, labels = (_in_language(data.get(key), language) for key in ("text", "labels"))
        said = said or "\n\n".join((_in_language(data.get("parts"), language) or {}).values())
        labels = [label["label"] if isinstance(label, dict) else str(label) for label in labels or ()]
        return said or labels, labels
    except (OSError, AttributeError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise _error("read", name=path.name, why=type(error).__name__) from error


def _in_language(value, language: str):
    return value.get(language, value) if isinstance(value, dict) else value


def _write(file: str, text: str, *, append: bool = False) -> None:
    try:
        with open(file, "a" if append else "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise _error("write", name=Path(file).name, why=error.strerror) from error


def _error(key: str, **values) -> AffectError:
    return AffectError(MESSAGES[key].en.format(**values), MESSAGES[key].zh.format(**values))


def main() -> None:
    """Run the command line; a user's mistake ends with one line on stderr and exit code 2."""
    try:
        app()
    except AffectError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
