"""The pieces of the tab "compare": examples to press, the line of status, the scores of two answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from ...schema import Explanation, Language
from ...wording import modalities
from ..drawings.differences import label_names
from ..drawings.svg import icon, signed
from ..drawings.wheel import wheel
from ..html import thumbnail
from ..services import Services, Setup
from ..text import say

LEAST = 0.005  # a difference of two scores that is shown


def picks(cards: Sequence[tuple[str, str, str]], language: Language) -> str:
    """Return a card for each (address, title, words) of an example; its position is in `data-compare`."""
    if not cards:
        return ""
    body = "".join(
        f'<button type="button" class="ag-pick" data-compare="{index}" title="{escape(words)}">'
        f"{thumbnail(address)}<b>{escape(title)}</b></button>"
        for index, (address, title, words) in enumerate(cards)
    )
    return f'<section class="ag-picks"><h3>{say("cp_examples", language)}</h3><div>{body}</div></section>'


def heading(language: Language) -> str:
    """Return what the tab is for."""
    return f'<h2 class="ag-title">{say("cp_title", language)}<small>{say("cp_hint", language)}</small></h2>'


def clip(key: str, language: Language, name: str = "") -> str:
    """Return which clip is compared: `cp_clip_none`, `cp_clip_explained` or `cp_clip_example`."""
    title = f"<h3>{say('cp_clip', language)}</h3>"
    return f'<div class="ag-cp-clip">{title}<p>{say(key, language, name=escape(name))}</p></div>'


def empty(language: Language) -> str:
    """Return what stands in the place of the result before the first run."""
    return (
        f'<section class="ag-card ag-empty ag-cp-empty"><h2>{icon("scale")}{say("cp_empty_title", language)}'
        f"</h2><p>{say('cp_empty', language)}</p></section>"
    )


def status(times: dict[str, float], language: Language, *, state: str, note: str = "") -> str:
    """Return the line of status. times: seconds of A and B; state: running, finished, stopped or failed."""
    now = next((letter for letter in "AB" if letter not in times), "") if state == "running" else ""
    title = {
        "running": say("cp_running", language, letter=now or "B"),
        "finished": say("cp_done", language),
        "stopped": say("cp_stopped", language),
    }.get(state, say("failed", language))
    looks = {letter: "done" if letter in times else "now" if letter == now else "" for letter in "AB"}
    told = {
        letter: say("cp_took", language, letter=letter, seconds=f"{took:.1f}")
        for letter, took in times.items()
    }
    steps = "".join(
        f'<li class="{looks[letter]}"><span class="dot"></span>{told.get(letter, letter)}</li>'
        for letter in "AB"
    )
    tail = f'<p class="ag-note">{escape(note)}</p>' if note else ""
    return (
        f'<section class="ag-status ag-cp-status {state}" role="status" aria-live="polite"><h2>{title}</h2>'
        f"<ol>{steps}</ol>{tail}</section>"
    )


def titles(setups: tuple[Setup, Setup], services: Services, language: Language) -> tuple[str, str]:
    """Return "A · Signal · without the sound" for both setups; the engine where the two differ in it."""
    names = [setup.engine or services.engines.default for setup in setups]
    out = []
    for letter, setup, name in zip("AB", setups, names, strict=True):
        pieces = [letter]
        if len(set(names)) > 1:
            pieces.append(re.split("[:：(（]", services.engines.title(name)[language])[0].strip())
        if setup.without:
            pieces.append(say("cp_without", language, names=modalities(setup.without, language)))
        elif len(set(names)) == 1:
            pieces.append(say("cp_all", language))
        if setup.samples and name == "affectgpt":
            pieces.append(say("cp_sampled", language, count=setup.samples))
        out.append(" · ".join(pieces))
    return out[0], out[1]


def more(one: Explanation, other: Explanation, scores: tuple[dict, dict] | None, language: Language) -> str:
    """Return the wheel with the labels of both, and the scores of both when there is a reference."""
    drawn = wheel(one.verdict.labels, language, reference=other.labels) if one.labels or other.labels else ""
    if drawn:
        hint = f"<small>{say('cp_wheel_hint', language)}</small>"
        title = f'<h3 class="ag-title">{say("cp_wheel", language)}{hint}</h3>'
        drawn = f'<section class="ag-card">{title}{drawn}</section>'
    table = _scores(*scores, language) if scores else ""
    return f'<div class="ag-cp-more">{drawn}{table}</div>' if drawn or table else ""


def _scores(one: dict[str, Any], other: dict[str, Any], language: Language) -> str:
    rows = ""
    for key, values in measures(one, other).items():
        places = 1 if key.endswith("overlap") else 2  # as in the scores of one answer
        cells = "".join(f"<td>{'–' if value is None else f'{value:.{places}f}'}</td>" for value in values)
        by = None if None in values else values[1] - values[0]
        turn = (
            "–"
            if by is None
            else "="
            if abs(by) < LEAST
            else f"{'↑' if by > 0 else '↓'} {signed(by, places)}"
        )
        name = say(f"sc_{key}", language)
        rows += f'<tr><th scope="row">{name}</th>{cells}<td class="turn">{turn}</td></tr>'
    heads = (say("cp_measure", language), "A", "B", say("cp_difference", language))
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    labels = label_names(one["labels"]["reference"], language)
    foot = f"{say('cp_reference_labels_are', language, names=escape(labels))} " if labels else ""
    return (
        f'<section class="ag-card ag-cp-scores"><h3 class="ag-title">{say("cp_scores", language)}</h3>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="ag-note">{foot}{say("cp_scores_hint", language)}</p></section>'
    )


def measures(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[float | None, float | None]]:
    """Return the pairs of main scores of two assessments: two marks of ten, F and completeness of one."""

    def of(found: dict[str, Any]) -> dict[str, float | None]:
        marks = {key: (found[key] or {}).get("mark") for key in ("clue_overlap", "label_overlap")}
        f, complete = found["labels"]["levels"]["sector"]["f"], found["completeness"]["answer"]["score"]
        return {**marks, "f": f, "complete": complete}

    left, right = of(one), of(other)
    return {key: (left[key], right[key]) for key in left}
