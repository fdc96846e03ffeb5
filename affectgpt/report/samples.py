"""The report's table of samples: plain HTML that the script makes sortable, a `tbody` for each sample."""

from __future__ import annotations

from html import escape

from ..benchmarks.result import Result, Row
from ..schema import Language
from ..vocabulary import cluster
from .words import number, word

SORTED = ' aria-sort="ascending"'  # the first score: worst first


def samples_table(result: Result, language: Language) -> str:
    """Return the card with the samples, those with the lowest headline score first."""
    if not result.samples:
        return ""
    keys = list(result.sample_scores)
    lead = keys[0] if keys else None
    rows = sorted(result.samples, key=lambda row: _worst_first(row, lead))
    names = [(word(key, language), "") for key in ("name", "reference", "prediction")]
    names += [(result.sample_scores[key].name[language], "n") for key in keys]
    heads = "".join(
        f'<th scope="col"{" class=n" if kind else ""}{SORTED if at == 3 else ""}>{escape(name)}</th>'
        for at, (name, kind) in enumerate(names)
    )
    choices = "".join(
        f'<option value="{at} {falling}">{escape(name)}, {word(way, language)}</option>'
        for at, (name, _) in enumerate(names)
        for falling, way in ((0, "up"), (1, "down"))
    )
    bodies = "\n".join(_sample(row, result, keys, language) for row in rows)
    shown, matching = (
        word(key, language, shown="{shown}", found="{found}", all="{all}") for key in ("shown", "matching")
    )
    return (
        f'<section class="card"><h2>{word("samples", language)}</h2><div class="tools" id="tools" hidden>'
        f'<label>{word("filter", language)}<input id="filter" type="search" autocomplete="off"></label>'
        f'<label>{word("sort", language)}<select id="sort">{choices}</select></label>'
        f'<span id="shown" role="status" data-text="{shown}" data-filtered="{matching}"></span></div>'
        f'<table id="samples"><thead><tr>{heads}</tr></thead>\n{bodies}\n</table>'
        f'<button id="more" type="button" hidden>{word("more", language)}</button></section>'
    )


def _worst_first(row: Row, lead: str | None) -> tuple[bool, float, str]:
    value = row.scores.get(lead) if lead else None
    return value is None, value or 0.0, row.name


def _sample(row: Row, result: Result, keys: list[str], language: Language) -> str:
    sectors = (
        {cluster(label, 2) or label for label in labels}
        for labels in (row.reference_labels, row.predicted_labels)
    )
    met = set.intersection(*sectors)
    reference, prediction = (
        _chips(labels, met, language) for labels in (row.reference_labels, row.predicted_labels)
    )
    if row.error is not None:
        prediction = f'<span class="bad">{escape(word("error", language, why=row.error))}</span>'
    cells = "".join(_cell(row.scores.get(key), key, result, language) for key in keys)
    return (
        f'<tbody><tr><th scope="row">{escape(row.name)}</th>'
        f'<td data-label="{word("reference", language)}">{reference}</td>'
        f'<td data-label="{word("prediction", language)}">{prediction}</td>{cells}</tr>'
        f"{_details(row, keys, language)}</tbody>"
    )


def _chips(labels: tuple[str, ...], met: set[str], language: Language) -> str:
    """The labels; a tick marks those whose sector of the own wheel both sides name."""
    if not labels:
        return f"<small>{word('none', language)}</small>"
    return " ".join(
        f'<span class="chip{" hit" if (cluster(label, 2) or label) in met else ""}">{escape(label)}</span>'
        for label in labels
    )


def _cell(value: float | None, key: str, result: Result, language: Language) -> str:
    unit = result.sample_scores[key].unit
    exact = "" if value is None else f"{value:.6f}"
    name = escape(result.sample_scores[key].name[language])
    return f'<td class="n" data-label="{name}" data-value="{exact}">{number(value, unit)}</td>'


def _details(row: Row, keys: list[str], language: Language) -> str:
    texts = [("reference", row.reference_text), ("prediction", row.predicted_text)]
    notes = "".join(f"<li>{escape(note[language])}</li>" for note in row.notes)
    if not any(text for _, text in texts) and not notes:
        return ""
    blocks = "".join(
        f"<div><b>{word(key, language)}</b><p>{escape(text) or word('none', language)}</p></div>"
        for key, text in texts
    )
    summary = f"<summary>{word('texts', language)}</summary>"
    return (
        f'<tr class="details"><td colspan="{3 + len(keys)}"><details>{summary}'
        f'<div class="two">{blocks}</div>{f"<ul>{notes}</ul>" if notes else ""}</details></td></tr>'
    )
