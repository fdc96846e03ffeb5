"""What the block "what if" shows beside the two answers: its heading, a line of status, and a table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ...schema import Explanation, Label, Language, Modality
from ...wording import modalities
from ..drawings.differences import agreement, only_in, shift, weight
from ..drawings.svg import icon, signed
from ..text import say


def heading(language: Language) -> str:
    """Return the heading; the style sheet shows the block because it is there."""
    return (
        f'<h2 class="ag-title ag-wi-ready">{say("wi_title", language)}'
        f"<small>{say('wi_hint', language)}</small></h2>"
    )


def status(words: str, *, running: bool = False) -> str:
    """Return the line that says what is going on."""
    looks = "ag-wi-status running" if running else "ag-wi-status"
    return f'<p class="{looks}" role="status"><span class="dot"></span>{escape(words)}</p>' if words else ""


def ranked(one: Explanation, without: Mapping[Modality, Explanation], language: Language) -> str:
    """Return one row for each modality that was left out: the labels then, how far it changes the answer."""
    if not without:
        return ""
    weights = {name: weight(one, other) for name, other in without.items()}
    most = max(weights, key=lambda name: weights[name])
    rows = "".join(
        _rank(name, one, other, language, most=name == most and weights[name] > 0.005)
        for name, other in without.items()
    )
    heads = "".join(
        f'<th scope="col">{say(f"wi_col_{key}", language)}</th>'
        for key in ("without", "labels", "agree", "shift")
    )
    nothing = "" if weights[most] > 0.005 else f'<p class="ag-note">{say("wi_none_mattered", language)}</p>'
    return (
        f'<section class="ag-card ag-ranked"><h3>{say("wi_ranked", language)}</h3>{nothing}'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="ag-note">{say("wi_ranked_hint", language)}</p></section>'
    )


def _rank(name: Modality, one: Explanation, other: Explanation, language: Language, *, most: bool) -> str:
    agree, moved = agreement(one, other), shift(one, other)
    mark = f' <span class="ag-most">{say("wi_most", language)}</span>' if most else ""
    cells = (
        ("labels", _labels(one, other, language)),
        (
            "agree",
            f'<span class="bar" aria-hidden="true"><i style="width:{agree:.0%}"></i></span>{agree:.2f}',
        ),
        ("shift", " · ".join(signed(by) for by in moved) if moved else say("cp_not_told", language)),
    )
    row = "".join(
        f'<td data-title="{say(f"wi_col_{key}", language)}" class="{key}">{cell}</td>' for key, cell in cells
    )
    title = f"{icon(name)}{escape(modalities([name], language))}{mark}"
    return f'<tr class="{name}{" most" if most else ""}"><th scope="row">{title}</th>{row}</tr>'


def _labels(one: Explanation, other: Explanation, language: Language) -> str:
    was, now = one.verdict.labels, other.verdict.labels
    new, lost = only_in(now, was), only_in(was, now)

    def word(label: Label) -> str:
        name = escape(label.text[language])
        if label in lost:
            told = f'<span class="ag-hidden">{say("cp_gone", language)}: </span>'
            return f"<span>{told}− <del>{name}</del></span>"
        told = f'<span class="ag-hidden">{say("cp_new", language)}: </span>'
        return f"<ins>{told}+ {name}</ins>" if label in new else f"<span>{name}</span>"

    words = [word(label) for label in (*now, *lost)]
    return " ".join(words) if words else say("cp_no_label", language)
