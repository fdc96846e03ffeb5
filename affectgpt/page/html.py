"""The pieces of the page as HTML: pure functions of values, every foreign text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..schema import MODALITIES, STAGES, Clue, Explanation, Label, Language, Modality
from ..vocabulary import translate
from .svg import MARK, icon, number, plane, timeline
from .text import say, unit

STAGE_OF = {"lexical": "read", "acoustic": "heard", "visual": "seen"}
MAX_SPANS = 4  # time buttons of one clue


def header(language: Language) -> str:
    """Return the name of the product and its promise."""
    return (
        f'<header class="ag-head"><div class="ag-logo">{icon("inference")}</div><div>'
        f"<h1>{say('title', language)}</h1><p>{say('promise', language)}</p></div></header>"
    )


def heading(key: str, language: Language) -> str:
    """Return the heading of a card that is filled by a component."""
    return f'<h2 class="ag-title">{say(key, language)}</h2>'


def notice(language: Language, minutes: int) -> str:
    """Return what a visitor must know before an upload; `minutes` after which the last copy is gone."""
    return (
        f'<aside class="ag-notice"><h2>{icon("shield")}{say("notice_title", language)}</h2>'
        f"<p>{say('notice', language, minutes=minutes)}</p></aside>"
    )


def examples(cards: Sequence[tuple[str, str, str]], language: Language) -> str:
    """Return one card for each (address, title, words) of an example; its position is in `data-example`."""
    if not cards:
        return ""
    body = "".join(
        f'<button type="button" class="ag-example" data-example="{index}" title="{escape(words)}">'
        f'<video src="{escape(address)}#t=0.6" muted playsinline preload="metadata" tabindex="-1" '
        f'aria-hidden="true"></video><b>{escape(title)}</b></button>'
        for index, (address, title, words) in enumerate(cards)
    )
    return (
        f'<section class="ag-examples"><h2>{say("examples", language)}</h2><div>{body}</div>'
        f"<p>{say('examples_hint', language)}</p></section>"
    )


def empty(language: Language) -> str:
    """Return what stands in the place of the answer before the first run."""
    cards = "".join(
        f'<div class="ag-kind {name}">{icon(name)}<h3>{say(name, language)}</h3>'
        f"<p>{say(f'empty_{name}', language)}</p></div>"
        for name in MODALITIES
    )
    return (
        f'<section class="ag-card ag-empty"><h2>{say("empty_title", language)}</h2><div>{cards}</div>'
        f"<p>{say('empty_foot', language)}</p></section>"
    )


def status(
    timings: dict[str, float], language: Language, *, state: str, title: str = "", note: str = ""
) -> str:
    """Return the line of stages with the seconds at which each ended.

    `state`: running, finished, stopped or failed. `title` replaces it as the heading; `note` explains.
    """
    now = next((stage for stage in STAGES if stage not in timings), None) if state == "running" else None
    looks = {stage: "done" if stage in timings else "now" if stage == now else "" for stage in STAGES}
    steps = "".join(
        f'<li class="{looks[stage]}"><span class="dot"></span>{say(stage, language)}'
        f"<small>{f'{timings[stage]:.1f} s' if stage in timings else ''}</small></li>"
        for stage in STAGES
    )
    head = escape(title) or say(state, language, seconds=f"{max(timings.values(), default=0):.1f}")
    tail = f'<p class="ag-note">{escape(note)}</p>' if note else ""
    return (
        f'<section class="ag-status {state}" role="status" aria-live="polite"><h2>{head}</h2>'
        f"<ol>{steps}</ol>{tail}</section>"
    )


def verdict(explanation: Explanation, language: Language) -> str:
    """Return the labels with confidence and supporting clues, the appraisal plane and the conflicts."""
    found, marks = explanation.verdict, number(explanation.clues)
    if found.labels:
        body = "".join(_label(label, marks, language) for label in found.labels)
        body = f'<ul class="ag-labels">{body}</ul>'
    else:
        why = escape(found.cannot_tell[language]) if found.cannot_tell else ""
        body = f'<p class="ag-unsure"><b>{say("cannot_tell", language)}</b> {why}</p>'
    clashes = "".join(
        f"<li>{escape(conflict.text[language])} {_chips(conflict.clues, marks)}</li>"
        for conflict in found.conflicts
    )
    if clashes:
        title = f"<h3>{icon('clash')}{say('conflicts', language)}</h3>"
        clashes = f'<div class="ag-conflicts">{title}<ul>{clashes}</ul></div>'
    return (
        f'<section class="ag-card ag-verdict"><h2>{say("verdict", language)}</h2>'
        f'<div class="ag-split"><div>{body}</div>{plane(found, language)}</div>{clashes}</section>'
    )


def _label(label: Label, marks: list[str], language: Language) -> str:
    share = max(0.0, min(1.0, label.confidence))
    chips = _chips(label.clues, marks)
    rests = f'<span class="ag-rests">{say("rests_on", language)} {chips}</span>' if chips else ""
    sure = f"{say('confidence', language)} {share:.2f}"
    return (
        f"<li><div><b>{escape(label.text[language])}</b><small>{sure}</small></div>"
        f'<div class="ag-bar" role="img" aria-label="{sure}">'
        f'<i style="width:{share:.0%}"></i></div>{rests}</li>'
    )


def _chips(positions: Sequence[int], marks: list[str]) -> str:
    known = (marks[position] for position in positions if 0 <= position < len(marks))
    return "".join(f'<a class="ag-mark {_kind(mark)}" href="#clue-{mark}">{mark}</a>' for mark in known)


def _kind(mark: str) -> Modality:
    return next(name for name in MODALITIES if mark.startswith(MARK[name]))


def clues(explanation: Explanation, language: Language, *, duration_s: float, running: bool = False) -> str:
    """Return the time line and the three columns of clues; `duration_s` is the length of the clip."""
    marks = number(explanation.clues)
    columns = ""
    for name in MODALITIES:
        rows = [
            _clue(clue, mark, language)
            for clue, mark in zip(explanation.clues, marks, strict=True)
            if clue.modality == name
        ]
        stage = STAGE_OF[name] if explanation.engine == "signal" else "explained"  # a model writes its clues
        waiting = running and stage not in explanation.timings
        lack = explanation.missing.get(name)
        note = say("none", language) if not lack else escape(lack[language])
        if waiting:  # the style sheet shows the one that holds
            note = f"<span>{say('none_yet', language)}</span><span>{say('none_stopped', language)}</span>"
        body = (
            f"<ol>{''.join(rows)}</ol>"
            if rows
            else f'<p class="ag-note {"wait" if waiting else ""}">{note}</p>'
        )
        columns += (
            f'<section class="ag-card ag-column {name}"><h3>{icon(name)}<span>{say(name, language)}'
            f"<small>{say(f'{name}_sub', language)}</small></span><em>{len(rows) or ''}</em></h3>{body}"
            "</section>"
        )
    line = timeline(explanation.clues, marks, language, duration_s=duration_s)
    hint = f"<small>{say('clues_hint', language)}</small>"
    title = f'<h2 class="ag-title">{say("clues", language)}{hint}</h2>'
    return f'{title}{line}<div class="ag-columns">{columns}</div>'


def _clue(clue: Clue, mark: str, language: Language) -> str:
    facts = []
    if clue.value is not None:
        shown = f"{clue.value:.3g} <small>{escape(unit(clue.unit, language))}</small>"
        facts.append(f'<span class="ag-value">{shown}</span>')
    facts += [_seek(start, end, language) for start, end in clue.spans[:MAX_SPANS]]
    if len(clue.spans) > MAX_SPANS:
        facts.append(f"<span>+{len(clue.spans) - MAX_SPANS}</span>")
    if clue.kind == "written":
        facts.append(f"<span>{say('written', language)}</span>")
        basis = say("probe" if clue.basis.startswith("probe") else "fused", language)
    else:
        if not clue.spans:
            place = "in_subtitle" if clue.modality == "lexical" else "whole_clip"
            facts.append(f"<span>{say(place, language)}</span>")
        facts.append(_dots(clue.strength, language))
        basis = f"<b>{say('measured_by', language)}</b> {escape(clue.basis)}"
    return (
        f'<li id="clue-{mark}"><p><span class="ag-mark {clue.modality}">{mark}</span> '
        f'{escape(clue.text[language])}</p><div class="ag-facts">{"".join(facts)}</div>'
        f'<details><summary aria-label="{say("measured_by", language)}">{icon("info")}</summary>{basis}'
        "</details></li>"
    )


def _seek(start_s: float, end_s: float, language: Language) -> str:
    label = say("seek", language, start=f"{start_s:.1f}")
    return (
        f'<button type="button" class="ag-seek" data-seek="{start_s:.2f}" aria-label="{label}">'
        f"{icon('play')}{start_s:.1f}–{end_s:.1f} s</button>"
    )


def _dots(strength: float, language: Language) -> str:
    full = round(3 * max(0.0, min(1.0, strength)))
    label = say("reliability", language, value=f"{strength:.1f}")
    dots = "●" * full + "○" * (3 - full)
    return f'<span class="ag-dots" role="img" aria-label="{label}" title="{label}">{dots}</span>'


def text(explanation: Explanation, language: Language, *, running: bool = False, draft: str = "") -> str:
    """Return the four parts of the explanation, and a line when they are in the other language.

    draft: what is just being written and belongs to no part yet.
    """
    if not explanation.parts and not draft.strip():
        return ""
    other = ""
    if explanation.language != language:
        key = "other_language" if language == "zh" else "other_language_zh"
        other = f'<p class="ag-note">{say(key, language, run=say("run", language))}</p>'
    caret = "<span class=ag-caret></span>" if running else ""
    last = [name for name in (*MODALITIES, "inference") if explanation.parts.get(name)][-1:]
    if draft.strip():
        last = []
    parts = "".join(
        f'<section class="{name}"><h3>{icon(name)}{say(name, language)}</h3><p lang="{explanation.language}">'
        f"{_lines(explanation.parts[name])}{caret if [name] == last else ''}</p></section>"
        for name in (*MODALITIES, "inference")
        if explanation.parts.get(name)
    )
    if draft.strip():
        parts += f'<section class="ag-draft"><p lang="en">{_lines(draft)}{caret}</p></section>'
    return f'<section class="ag-card ag-text"><h2>{say("explanation", language)}</h2>{other}{parts}</section>'


def _lines(content: str) -> str:
    return escape(content.strip()).replace("\n", "<br>")


def limits(explanation: Explanation, language: Language) -> str:
    """Return what is missing, warnings, the face tool with what is lost by it, and the line on honesty."""
    rows = [
        (say("missing", language) + f" · {say(name, language)}", why)
        for name, why in explanation.missing.items()
    ]
    body = "".join(f"<dt>{title}</dt><dd>{escape(why[language])}</dd>" for title, why in rows)
    body += "".join(f"<dt>!</dt><dd>{escape(warning[language])}</dd>" for warning in explanation.warnings)
    faces, lost = explanation.provenance.get("faces"), explanation.provenance.get("lost")
    if faces:
        tool = f"{faces} · {lost[language]}" if lost else str(faces)
        body += f"<dt>{say('face_tool', language)}</dt><dd>{escape(tool)}</dd>"
    known = explanation.provenance
    facts = [known.get(name) for name in ("version", "model", "quantization", "dtype", "device")]
    engine = " · ".join(str(fact) for fact in (explanation.engine, *facts) if fact not in (None, "none"))
    body += f"<dt>{say('engine', language)}</dt><dd>{escape(engine)}</dd>"
    if known.get("chosen"):
        body += f"<dt>{say('chosen', language)}</dt><dd>{escape(known['chosen'][language])}</dd>"
    honest = "honest_written" if "model" in known else "honest"
    return (
        f'<section class="ag-card ag-limits"><h2>{icon("scale")}{say("limits", language)}</h2>'
        f"<p>{say(honest, language)}</p><dl>{body}</dl></section>"
    )


def scores(explanation: Explanation, language: Language) -> str:
    """Return label and clue overlap with the reference; empty without one."""
    result = explanation.scores
    if not result:
        return ""
    body = ""
    labels, overlap = result["label_overlap"], result["clue_overlap"]
    if labels:
        sides = [
            [_words(pair[side], language) for side in ("predicted", "reference")] for pair in labels["pairs"]
        ]
        met = ", ".join(" ≈ ".join(pair) for pair in sides)
        line = " · ".join(f"{say(key, language)} {labels[key]:.2f}" for key in ("precision", "recall"))
        foot = f"{say('matched', language)}: {met}" if met else say("no_match", language)
        body += _score(say("label_overlap", language), labels["f1"], line, foot)
    if overlap:
        parts = {name: overlap["parts"][name]["score"] for name in MODALITIES}
        line = " · ".join(
            f"{say(n, language)} {value:.2f}" for n, value in parts.items() if value is not None
        )
        body += _score(say("clue_overlap", language), overlap["score"], line, "")
    judge = f"<p class=ag-note>{say('judged_by', language)}: {escape(result['judge'])}</p>"
    title = f"<h2>{say('scores', language)}</h2>"
    return f'<section class="ag-card ag-scores">{title}<div>{body}</div>{judge}</section>'


def _words(names: list[str], language: Language) -> str:
    return "/".join(translate(name, language) for name in names)


def _score(title: str, value: float, line: str, foot: str) -> str:
    return f"<div><b>{value:.2f}</b><h3>{title}</h3><p>{line}</p><p>{escape(foot)}</p></div>"
