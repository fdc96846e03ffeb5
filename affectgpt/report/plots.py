"""The report's pictures, as HTML and inline SVG that need neither script nor style attribute."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import fmean, median

from ..benchmarks.result import Result
from ..schema import Language
from .confusion import NOTHING, Confusion
from .words import core_word, number, with_unit, word

SHADES = 6  # of the heat map's cells, by their share of the row
BARS = 10
SPANS = {"share": (0.0, 1.0), "mark": (1.0, 10.0), "ccc": (-1.0, 1.0)}  # of a score, by its unit


def forest(result: Result, language: Language) -> str:
    """Our score with its interval, the floors and the published systems, best first, on one axis."""
    ours = result.headline
    items = [(ours.value, "ours", result.system, word("this", language))]
    for floor in result.floors:
        items.append((floor.values.get(ours.key), "floor", floor.name[language], word("floor", language)))
    sources: list[str] = []
    for other in result.published:
        kind = "comparable" if other.comparable else "not_comparable"
        why = other.note[language]
        told = word("because", language, kind=word(kind, language), why=why) if why else word(kind, language)
        year = "" if other.year is None or str(other.year) in other.source else f", {other.year}"
        source = word("source", language, source=f"{other.source}{year}", kind=told)
        if source not in sources:
            sources.append(source)
        items.append(
            (other.value, kind, other.system, f"{word(kind, language)} [{sources.index(source) + 1}]")
        )
    items = sorted((item for item in items if item[0] is not None), key=lambda item: -item[0])
    edges = [item[0] for item in items] + [x for x in (ours.low, ours.high) if x is not None]
    if not edges:
        return f"<p>{word('undefined', language)}</p>"
    low, high = _axis(min(edges), max(edges), ours.unit)

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    rows = []
    for value, kind, name, kind_word in items:
        marks = [f'<line class="grid" x1="{x}%" x2="{x}%" y1="0" y2="22"/>' for x in (0, 25, 50, 75, 100)]
        if kind == "ours" and ours.low is not None and ours.high is not None:
            marks.append(f'<line class="ci" x1="{at(ours.low)}" x2="{at(ours.high)}" y1="11" y2="11"/>')
        if kind == "floor":  # a nested svg takes the percentage, the shape inside it pixels
            marks.append(
                f'<svg x="{at(value)}" y="11" overflow="visible">'
                '<path class="dot" d="M0-6 6 0 0 6-6 0Z"/></svg>'
            )
        else:
            marks.append(f'<circle class="dot" cx="{at(value)}" cy="11" r="{6 if kind == "ours" else 5}"/>')
        rows.append(
            f'<li class="{kind}"><span class="who">{escape(name)} <small>{kind_word}</small></span>'
            f'<svg class="track" height="22" aria-hidden="true">{"".join(marks)}</svg>'
            f"<b>{number(value, ours.unit)}</b></li>"
        )
    ticks = "".join(f"<span>{number(low + (high - low) * x / 4, ours.unit)}</span>" for x in range(5))
    told = "".join(f"<li>{escape(source)}</li>" for source in sources)
    return (
        f'<ol class="forest">{"".join(rows)}</ol><div class="axis" aria-hidden="true">{ticks}</div>'
        f'<ol class="sources">{told}</ol>'
    )


def heat_map(found: Confusion, language: Language) -> str:
    """A table of counts, shaded by their share of the row; empty rows and columns are left away."""
    groups = (*found.groups, NOTHING)
    rows = [x for x in groups if any(found.cells[x, y] for y in groups)]
    columns = [y for y in groups if any(found.cells[x, y] for x in groups)]
    if not rows:
        return f"<p>{word('none', language)}</p>"
    head = "".join(f'<th scope="col"><span>{core_word(y, language)}</span></th>' for y in columns)
    lines = []
    for x in rows:
        total = sum(found.cells[x, y] for y in columns)
        cells = []
        for y in columns:
            count = found.cells[x, y]
            shade = -(-count * SHADES // total)
            same = " same" if x == y != NOTHING else ""
            cells.append(f'<td class="s{shade}{same}">{count or ""}</td>')
        lines.append(f'<tr><th scope="row">{core_word(x, language)}</th>{"".join(cells)}</tr>')
    corner = f'<td class="corner">{word("reference", language)} ↓ {word("prediction", language)} →</td>'
    table = f"<thead><tr>{corner}{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return scrolling(word("confusion", language), f'<table class="heat">{table}</table>')


def histogram(values: Sequence[float], unit: str, title: str, language: Language) -> str:
    """Ten bars over the range of the score, with their counts, mean and median below."""
    if not values:
        return ""
    low, high = SPANS.get(unit) or (min(values), max(values))
    high = max(high, low + 1e-9)
    counts = [0] * BARS
    for value in values:
        counts[max(0, min(BARS - 1, int((value - low) / (high - low) * BARS + 1e-9)))] += 1
    width, height, floor, top = 400, 190, 160, 22
    step, tallest = width / BARS, max(counts)
    shapes = []
    for place, count in enumerate(counts):
        tall = (floor - top) * count / tallest
        x = place * step
        edges = [number(low + (high - low) * (place + side) / BARS, unit) for side in (0, 1)]
        said = word("bar", language, low=edges[0], high=edges[1], n=count)
        shapes.append(
            f'<g><title>{said}</title><rect x="{x + 2:.1f}" y="{floor - tall:.1f}" width="{step - 4:.1f}" '
            f'height="{tall:.1f}" rx="3"/><text x="{x + step / 2:.1f}" y="{floor - tall - 6:.1f}" '
            f'text-anchor="middle">{count or ""}</text></g>'
        )
    for place, anchor in ((0, "start"), (BARS / 2, "middle"), (BARS, "end")):
        text = f"{(low + (high - low) * place / BARS) * (100 if unit == 'share' else 1):g}"
        shapes.append(
            f'<text class="tick" x="{place * step:.1f}" y="{floor + 20}" text-anchor="{anchor}">{text}</text>'
        )
    line = f'<line class="base" x1="0" x2="{width}" y1="{floor}" y2="{floor}"/>'
    caption = word(
        "mean_median",
        language,
        mean=with_unit(fmean(values), unit),
        median=with_unit(median(values), unit),
        n=len(values),
    )
    return (
        f'<figure class="bars"><figcaption><b>{escape(title)}</b><br><small>{caption}</small></figcaption>'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}: {caption}">'
        f"{''.join(shapes)}{line}</svg></figure>"
    )


def scrolling(title: str, table: str) -> str:
    """A table that may be wider than the page: it scrolls by itself, with the keyboard, too."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{title}">{table}</div>'


def _axis(low: float, high: float, unit: str) -> tuple[float, float]:
    """Bounds of an axis that holds both, on round steps, within what the unit allows."""
    step = {"share": 0.1, "mark": 1.0, "ccc": 0.2}.get(unit, 1.0)
    least, most = SPANS.get(unit, (0.0, float("inf")))
    start = max(least, (low // step) * step)
    end = min(most, -(-high // step) * step)
    return (start, end) if end > start else (start - step, end + step)
