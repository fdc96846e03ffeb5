"""Two answers side by side, with what differs marked by a sign and a word, never by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...parts import PARTS
from ...schema import MODALITIES, Clue, Conflict, Explanation, Label, Language, Modality
from ..html import wait
from ..text import say
from .differences import LEAST, Marked, clues_only_in, only_in, sentences, shift, told
from .svg import icon, number, signed

MOST_CLUES = 5  # shown of each side at once; the rest unfolds


def side_by_side(
    one: Explanation,
    other: Explanation | None,
    titles: tuple[str, str],
    language: Language,
    *,
    lead: str | None = None,
) -> str:
    """Return two answers in two columns, from labels to clues, under one line that says what changed.

    `lead` begins that line, e.g. "Without the sound, "; by default it is the second title. `other` None: it
    is still being made.
    """
    rows = [
        ("cp_labels", "", *_labels(one, other, language)),
        ("cp_place", "", *_places(one, other, language)),
    ]
    if one.verdict.conflicts or (other and other.verdict.conflicts):
        rows.append(("cp_conflicts", "clash", *_conflicts(one, other, language)))
    body = "".join(_row(say(key, language), mark, left, right, titles) for key, mark, left, right in rows)
    body += "".join(_part(part, one, other, titles, language) for part in PARTS)
    if other:
        left, right = (_clues(*pair, language) for pair in ((one, other), (other, one)))
        if left or right:
            nothing = f'<p class="ag-note">{say("cp_none", language)}</p>'
            body += _row(say("cp_clues", language), "", left or nothing, right or nothing, titles)
    line = ""
    if other:
        colon = "：" if language == "zh" else ": "
        line = escape(told(one, other, language, titles[1] + colon if lead is None else lead))
        line = f'<div class="ag-diff-line">{_plane(one, other, language)}<p>{line}</p></div>'
    heads = "".join(f"<h3>{escape(title)}</h3>" for title in titles)
    return (
        f'<section class="ag-card ag-diff">{line}<div class="ag-diff-heads">{heads}</div>{body}'
        f'<p class="ag-note">{say("cp_legend", language)}</p></section>'
    )


def _row(title: str, mark: str, left: str, right: str, titles: tuple[str, str], *, kind: str = "") -> str:
    cells = "".join(
        f'<div class="ag-diff-cell" role="group" aria-label="{escape(name)}" data-title="{escape(name)}">'
        f"{cell}</div>"
        for name, cell in zip(titles, (left, right), strict=True)
    )
    return (
        f'<section class="ag-diff-row {kind}"><h4>{icon(mark) if mark else ""}{title}</h4>'
        f"<div>{cells}</div></section>"
    )


def _sign(kind: str, language: Language) -> str:
    """A minus or plus with the word for it, which is for those who do not see it."""
    sign, key = {"was": ("−", "cp_gone"), "now": ("+", "cp_new")}[kind]
    return f'<span class="ag-sign {kind}" aria-hidden="true">{sign}</span>{_hidden(say(key, language))}'


def _hidden(words: str) -> str:
    return f'<span class="ag-hidden">{words}: </span>'


# ---- labels, their place, conflicts


def _labels(one: Explanation, other: Explanation | None, language: Language) -> tuple[str, str]:
    if other is None:
        return _list(one, [], {}, "", language), wait(language)
    was, now = one.verdict.labels, other.verdict.labels
    before = {label.name: label.confidence for label in was}
    return (
        _list(one, only_in(was, now), {}, "was", language),
        _list(other, only_in(now, was), before, "now", language),
    )


def _list(
    found: Explanation, marked: Sequence[Label], before: dict[str, float], kind: str, language: Language
) -> str:
    verdict = found.verdict
    if not verdict.labels:
        why = escape(verdict.cannot_tell[language]) if verdict.cannot_tell else ""
        return f'<p class="ag-note">{say("cp_no_label", language)} {why}</p>'
    rows = ""
    for label in verdict.labels:
        name, sure = escape(label.text[language]), f"{label.confidence:.2f}"
        if label in marked:
            tag = "del" if kind == "was" else "ins"
            name = f"{_sign(kind, language)}<{tag}>{name}</{tag}>"
        turn = label.confidence - before.get(label.name, label.confidence)
        if abs(turn) >= LEAST:
            key = "cp_up" if turn > 0 else "cp_down"
            sign = f'<span aria-hidden="true">{"↑" if turn > 0 else "↓"}</span>'
            sure += f' <b class="ag-turn">{sign}{_hidden(say(key, language))} {abs(turn):.2f}</b>'
        share = f'<i style="width:{max(0.0, min(1.0, label.confidence)):.0%}"></i>'
        rows += (
            f'<li><span class="name">{name}</span><span class="bar" aria-hidden="true">{share}</span>'
            f"<small>{_hidden(say('confidence', language))}{sure}</small></li>"
        )
    return f'<ul class="ag-diff-labels">{rows}</ul>'


def _places(one: Explanation, other: Explanation | None, language: Language) -> tuple[str, str]:
    left = _place(one, None, language)
    return left, wait(language) if other is None else _place(other, shift(one, other), language)


def _place(found: Explanation, moved: tuple[float, float] | None, language: Language) -> str:
    values = (found.verdict.valence, found.verdict.arousal)
    cells = []
    for position, (axis, value) in enumerate(zip(("valence", "arousal"), values, strict=True)):
        shown = say("cp_not_told", language) if value is None else f"<b>{signed(value)}</b>"
        by = moved[position] if moved else 0.0
        if abs(by) >= LEAST:
            key = "cp_up" if by > 0 else "cp_down"
            sign = f'<span aria-hidden="true">{"↑" if by > 0 else "↓"}</span>'
            shown += f' <b class="ag-turn">{sign}{_hidden(say(key, language))} {abs(by):.2f}</b>'
        cells.append(f"<span>{say(f'cp_{axis}', language)} {shown}</span>")
    return f'<p class="ag-diff-place">{"".join(cells)}</p>'


def _plane(one: Explanation, other: Explanation, language: Language) -> str:
    """A small plane with an arrow from where the point was (hollow) to where it is (filled)."""
    if shift(one, other) is None:
        return ""
    points = []
    for verdict in (one.verdict, other.verdict):
        valence, arousal = (max(-1.0, min(1.0, x)) for x in (verdict.valence, verdict.arousal))
        points.append((50 + 42 * valence, 50 - 42 * arousal))
    (x, y), (u, v) = points
    values = [f"({signed(w.valence)}, {signed(w.arousal)})" for w in (one.verdict, other.verdict)]
    label = f"{say('cp_place', language)}: {say('cp_moves', language, one=values[0], other=values[1])}"
    return (
        f'<svg class="ag-diff-plane" viewBox="0 0 100 100" role="img" aria-label="{label}">'
        '<rect x="2" y="2" width="96" height="96" rx="12"/><path class="axes" d="M50 4v92M4 50h92"/>'
        f'<path class="way" d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}"/><circle class="was" cx="{x:.1f}" '
        f'cy="{y:.1f}" r="6"/><circle class="now" cx="{u:.1f}" cy="{v:.1f}" r="6"/></svg>'
    )


def _conflicts(one: Explanation, other: Explanation | None, language: Language) -> tuple[str, str]:
    def side(mine: Sequence[Conflict], theirs: Sequence[Conflict] | None, kind: str) -> str:
        names = {conflict.name for conflict in theirs} if theirs is not None else {x.name for x in mine}
        rows = [
            f"<li>{'' if x.name in names else _sign(kind, language)}{escape(x.text[language])}</li>"
            for x in mine
        ]
        return (
            f'<ul class="ag-diff-list">{"".join(rows)}</ul>'
            if rows
            else f'<p class="ag-note">{say("cp_none", language)}</p>'
        )

    left, right = one.verdict.conflicts, other.verdict.conflicts if other else None
    return side(left, right, "was"), wait(language) if right is None else side(right, left, "now")


# ---- text and clues


def _part(
    part: str, one: Explanation, other: Explanation | None, titles: tuple[str, str], language: Language
) -> str:
    left = one.parts.get(part, "").strip()
    right = other.parts.get(part, "").strip() if other else ""
    name = say(part, language)
    if not (left or right):
        return ""
    if other is None:
        return _row(
            name, part, _text(one, [(left, False)], "was", language), wait(language), titles, kind=part
        )
    if left == right:
        return (
            f'<details class="ag-diff-row ag-diff-same {part}"><summary>{icon(part)}{name} '
            f"<small>{say('cp_unchanged', language)}</small></summary>"
            f'<p lang="{one.language}">{escape(left)}</p></details>'
        )
    was, now = sentences(left, right)
    cells = _text(one, was, "was", language), _text(other, now, "now", language)
    return _row(name, part, *cells, titles, kind=part)


def _text(found: Explanation, marked: Marked, kind: str, language: Language) -> str:
    if not any(sentence for sentence, _ in marked):
        return f'<p class="ag-note">{say("cp_none", language)}</p>'
    gap = " " if found.language == "en" else ""
    words = gap.join(
        f'<mark class="{kind}">{_sign(kind, language)}{escape(sentence)}</mark>'
        if changed
        else escape(sentence)
        for sentence, changed in marked
    )
    return f'<p lang="{found.language}">{words}</p>'


def _clues(one: Explanation, other: Explanation, language: Language) -> str:
    """The clues that `one` alone has; those of a modality that the other lacks altogether in one line."""
    marks, rows = number(one.clues), []
    found = clues_only_in(one.clues, other.clues)
    there = {clue.modality for clue in other.clues}
    for modality in MODALITIES:
        mine = [(position, clue) for position, clue in found if clue.modality == modality]
        if mine and modality not in there and modality in other.missing:
            rows.append(_whole(modality, len(mine), other, language))
        else:
            rows += [_clue(clue, marks[position], language) for position, clue in mine]
    if not rows:
        return ""
    shown = f'<ul class="ag-diff-list">{"".join(rows[:MOST_CLUES])}</ul>'
    if rest := rows[MOST_CLUES:]:
        more = say("cp_more", language, count=len(rest))
        rest = f'<ul class="ag-diff-list">{"".join(rest)}</ul>'
        shown += f"<details><summary>{more}</summary>{rest}</details>"
    return shown


def _whole(modality: Modality, count: int, other: Explanation, language: Language) -> str:
    key = "cp_the_clue" if count == 1 else "cp_all_clues"
    words = say(key, language, count=count, modality=say(modality, language).lower())
    why = escape(other.missing[modality][language])
    return f'<li class="{modality}">{icon(modality)} {words} <small>{why}</small></li>'


def _clue(clue: Clue, mark: str, language: Language) -> str:
    return f'<li><span class="ag-mark {clue.modality}">{mark}</span> {escape(clue.text[language])}</li>'
