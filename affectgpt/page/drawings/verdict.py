"""What was found, as HTML: labels and plane, what disagrees, what changes in time; and the wheel."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...schema import Conflict, Explanation, Label, Language, Verdict, Window
from ...vocabulary import translate
from ..text import say
from .svg import chips, icon, number, plane
from .wheel import wheel

MAX_STRETCHES = 10  # of the course of a clip that are shown at once


def verdict(explanation: Explanation, language: Language) -> str:
    """Return labels with confidence and the clues they rest on, the plane, conflicts and course."""
    found, marks = explanation.verdict, number(explanation.clues)
    answer = _labels(found, marks, language) if found.labels else _unsure(found, language)
    return (
        f'<section class="ag-card ag-verdict"><h2>{say("verdict", language)}</h2>'
        f'<div class="ag-split"><div>{answer}</div>{plane(found, language)}</div>'
        f"{_conflicts(found.conflicts, marks, language)}{_course(found.windows, language)}</section>"
    )


def wheel_card(explanation: Explanation, language: Language) -> str:
    """Return the labels on the wheel, in a card that can be folded away; empty without a label."""
    found = explanation.verdict
    if not found.labels:
        return ""
    title = f"<summary><h2>{say('wheel_title', language)}</h2></summary>"
    drawn = wheel(found.labels, language)
    return f'<details open class="ag-card ag-fold ag-wheel-card" data-fold="wheel">{title}{drawn}</details>'


def _labels(found: Verdict, marks: list[str], language: Language) -> str:
    body = "".join(_label(label, marks, language) for label in found.labels)
    return f'<ol class="ag-labels">{body}</ol><p class="ag-fine">{say("confidence_means", language)}</p>'


def _unsure(found: Verdict, language: Language) -> str:
    why = f"<p><bdi>{escape(found.cannot_tell[language])}</bdi></p>" if found.cannot_tell else ""
    return (
        f'<div class="ag-unsure">{icon("scale")}<b>{say("cannot_tell", language)}</b>{why}'
        f'<p class="ag-fine">{say("cannot_tell_means", language)}</p></div>'
    )


def _label(label: Label, marks: list[str], language: Language) -> str:
    share = max(0.0, min(1.0, label.confidence))
    links = chips(label.clues, marks)
    rests = f'<span class="ag-rests">{say("rests_on", language)} {links}</span>' if links else ""
    sure = f"{say('confidence', language)} {share:.2f}"
    return (
        f"<li><div><b><bdi>{escape(label.text[language])}</bdi></b><small>{sure}</small></div>"
        f'<div class="ag-bar" aria-hidden="true"><i style="width:{share:.0%}"></i></div>{rests}</li>'
    )


def _conflicts(conflicts: Sequence[Conflict], marks: list[str], language: Language) -> str:
    """What disagrees, and the clues of both sides."""
    if not conflicts:
        return ""
    rows = ""
    for conflict in conflicts:
        sides: dict[str, list[int]] = {}
        for position in conflict.clues:
            if 0 <= position < len(marks):
                sides.setdefault(marks[position][0], []).append(position)
        against = f'<i aria-hidden="true">{icon("clash")}</i>'.join(
            f"<span>{chips(side, marks)}</span>" for side in sides.values()
        )
        words = f"<bdi>{escape(conflict.text[language])}</bdi>"
        rows += f'<li>{words}<div class="ag-against">{against}</div></li>'
    title = f"<h3>{icon('clash')}{say('conflicts', language)}</h3>"
    return f'<div class="ag-conflicts">{title}<ul>{rows}</ul></div>'


def _course(windows: Sequence[Window], language: Language) -> str:
    """The stretches in which the same words fit, when there are several."""
    stretches = _stretches(windows)
    if len(stretches) < 2:
        return ""
    items = []
    for start_s, end_s, labels in stretches:
        words = say("comma", language).join(translate(label, language) for label in labels) or say(
            "unclear", language
        )
        looks = "" if labels else "unclear"
        items.append(
            f'<li><button type="button" class="{looks}" data-seek="{start_s:.2f}" '
            f'title="{say("seek", language, start=f"{start_s:.1f}")}">'
            f"<small>{start_s:.1f}–{end_s:.1f} s</small><bdi>{escape(words)}</bdi></button></li>"
        )
    rest = ""
    if len(items) > MAX_STRETCHES:
        more = say("show_all", language, count=len(items) - MAX_STRETCHES)
        rest = f"<details><summary>{more}</summary><ol>{''.join(items[MAX_STRETCHES:])}</ol></details>"
    title = f"<h3>{say('windows_title', language)}</h3>"
    return f'<div class="ag-windows">{title}<ol>{"".join(items[:MAX_STRETCHES])}</ol>{rest}</div>'


def _stretches(windows: Sequence[Window]) -> list[tuple[float, float, tuple[str, ...]]]:
    """(start_s, end_s, labels): windows overlap, so each holds up to the middle of what it shares with the
    next; neighbours with the same labels are one."""
    out: list[tuple[float, float, tuple[str, ...]]] = []
    for at, window in enumerate(windows):
        after = windows[at + 1] if at + 1 < len(windows) else None
        end_s = (window.end_s + after.start_s) / 2 if after else window.end_s
        start_s = out[-1][1] if out else window.start_s
        if out and set(out[-1][2]) == set(window.labels):
            out[-1] = (out[-1][0], end_s, out[-1][2])
        else:
            out.append((start_s, end_s, window.labels))
    return out
