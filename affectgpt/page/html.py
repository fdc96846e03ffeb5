"""The pieces of the page as HTML: pure functions of values, every foreign text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..schema import MODALITIES, STAGES, Explanation, Language, Text
from .drawings.svg import icon
from .text import say

STEPS = ("checked", *STAGES)  # as they are shown


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


def thumbnail(address: str) -> str:
    """Return an early picture of the clip at `address`, which its button names."""
    return (
        f'<video src="{escape(address)}#t=0.6" muted playsinline preload="metadata" tabindex="-1" '
        'aria-hidden="true"></video>'
    )


def examples(cards: Sequence[tuple[str, str, str]], language: Language) -> str:
    """Return one card for each (address, title, words) of an example; its position is in `data-example`."""
    if not cards:
        return ""
    body = "".join(
        f'<button type="button" class="ag-example" data-example="{index}">'
        f"{thumbnail(address)}"
        f"<span><b>{escape(title)}</b><small>{escape(words)}</small></span></button>"
        for index, (address, title, words) in enumerate(cards)
    )
    return (
        f'<section class="ag-examples"><h2>{say("examples", language)}'
        f"<small>{say('examples_hint', language)}</small></h2><div>{body}</div></section>"
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


def here(engine: str, absent: Sequence[tuple[str, str]], language: Language) -> str:
    """Return what answers here, when there is no choice, and a fold with each (title, why) of what cannot."""
    line = say("engine_only", language, name=escape(engine)) if engine else ""
    if not absent:
        return f'<p class="ag-here">{line}</p>' if line else ""
    names = say("not_here", language, names=say("comma", language).join(escape(title) for title, _ in absent))
    rows = "".join(f"<dt>{escape(title)}</dt><dd>{escape(why)}</dd>" for title, why in absent)
    head = f"{line}<small>{names}</small>" if line else names
    return f'<details class="ag-here"><summary>{head}</summary><dl>{rows}</dl></details>'


def on_its_way(line: Text, percent: int | None, language: Language) -> str:
    """Return what is said while an engine is fetched (`percent` of it is here) or loaded (None).

    It is not announced to who hears the page: it changes every few seconds.
    """
    share = "" if percent is None else f'value="{percent}" '
    return (
        f'<div class="ag-arrival"><p>{escape(line[language])}</p>'
        f'<progress {share}max="100" aria-label="AffectGPT"></progress></div>'
    )


def words_note(note: Text | None, language: Language, *, edited: bool = False, busy: bool = False) -> str:
    """Return where the words in the box come from, and whether they were changed since."""
    if busy:
        return f'<p class="ag-words busy" role="status">{say("transcribing", language)}</p>'
    if note is None or not note[language]:
        return ""
    tail = f" <b>{say('words_edited', language)}</b>" if edited else ""
    return f'<p class="ag-words" role="status">{escape(note[language])}{tail}</p>'


def status(
    timings: dict[str, float], language: Language, *, state: str, title: str = "", note: str = ""
) -> str:
    """Return the line of stages with the seconds at which each ended.

    state: running, finished, stored, stopped or failed. `title` replaces it as the heading; `note` explains.
    """
    # where nothing had to be checked, that has no time; it lies behind us like the others
    ended = max((at for at, step in enumerate(STEPS, 1) if step in timings), default=0)
    now = STEPS[ended] if state == "running" and ended < len(STEPS) else None
    looks = {step: "done" if at < ended else "now" if step == now else "" for at, step in enumerate(STEPS)}
    steps = "".join(
        f'<li class="{looks[step]}"{" aria-current=step" if step == now else ""}>'
        f'<span class="dot"></span>{say(step, language)}'
        f"<small>{f'{timings[step]:.1f} s' if step in timings else ''}</small></li>"
        for step in STEPS
    )
    whole = "whole" if state in ("finished", "stored") else ""
    head = escape(title) or say(state, language, seconds=f"{max(timings.values(), default=0):.1f}")
    tail = f'<p class="ag-note">{escape(note)}</p>' if note else ""
    return (
        f'<section class="ag-status {state} {whole}" role="status" aria-live="polite"><h2>{head}</h2>'
        f"<ol>{steps}</ol>{tail}</section>"
    )


def wait(language: Language) -> str:
    """Return what stands for an answer that is being made; the style sheet shows whether it still is."""
    words = f"<span>{say('none_yet', language)}</span><span>{say('none_stopped', language)}</span>"
    return f'<p class="ag-note wait">{words}</p>'


def waiting(key: str, language: Language) -> str:
    """Return a card for what is not known yet."""
    return f'<section class="ag-card ag-waiting"><h2>{say(key, language)}</h2>{wait(language)}</section>'


def copier(what: str, language: Language) -> str:
    """Return the button that copies the text of its figure; `what` that is, for who does not see it."""
    copy, copied = say("copy", language), say("copied", language)
    return (
        f'<button type="button" class="ag-copy" data-copy="{copied}" aria-label="{copy}: {escape(what)}">'
        f"{copy}</button>"
    )


def lines(content: str) -> str:
    """Return a foreign text, escaped, with its line breaks."""
    return escape(content).replace("\n", "<br>")


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
