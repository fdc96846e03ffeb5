"""The clues as HTML: one card for each modality, with moments, values and how each was measured."""

from __future__ import annotations

from html import escape

from ...schema import MODALITIES, Clue, Explanation, Language, Modality
from ..html import wait
from ..text import say, unit
from .svg import icon, number, seek

STAGE_OF = {"lexical": "read", "acoustic": "heard", "visual": "seen"}
MAX_SPANS = 4  # time buttons of one clue
MAX_SHOWN = 6  # clues of a card; more are folded away, the weakest first


def clues(explanation: Explanation, language: Language, *, running: bool = False) -> str:
    """Return three cards: what was seen, heard and said; `running`: more may come."""
    marked = list(zip(explanation.clues, number(explanation.clues), strict=True))
    cards = "".join(
        _card(name, [pair for pair in marked if pair[0].modality == name], explanation, language, running)
        for name in MODALITIES
    )
    hint = f"<small>{say('clues_hint', language)}</small>"
    title = f'<h2 class="ag-title">{say("clues", language)}{hint}</h2>'
    return f'{title}<div class="ag-columns">{cards}</div>'


def _card(
    name: Modality, own: list[tuple[Clue, str]], explanation: Explanation, language: Language, running: bool
) -> str:
    counts = [
        say(f"count_{kind}", language, count=count)
        for kind in ("measured", "written")
        if (count := sum(clue.kind == kind for clue, _ in own))
    ]
    body = _list(own, language) if own else _nothing(name, explanation, language, running)
    return (
        f'<section class="ag-card ag-column {name}"><details open class="ag-fold" data-fold="{name}">'
        f"<summary><h3>{icon(name)}<span>{say(name, language)}<small>{say(f'{name}_sub', language)}</small>"
        f"</span><em>{' · '.join(counts)}</em></h3></summary>{body}</details></section>"
    )


def _list(own: list[tuple[Clue, str]], language: Language) -> str:
    """The strongest clues in their order; the others behind a fold."""
    if len(own) <= MAX_SHOWN + 1:  # a fold for one clue would take as much room as the clue
        return f"<ol>{''.join(_clue(clue, mark, language) for clue, mark in own)}</ol>"
    strongest = sorted(own, key=lambda pair: -pair[0].strength)[:MAX_SHOWN]
    first, rest = (
        "".join(_clue(*pair, language) for pair in own if (pair in strongest) == shown)
        for shown in (True, False)
    )
    more = say("show_all", language, count=len(own) - MAX_SHOWN)
    return f'<ol>{first}</ol><details class="ag-rest"><summary>{more}</summary><ol>{rest}</ol></details>'


def _nothing(name: Modality, explanation: Explanation, language: Language, running: bool) -> str:
    stage = STAGE_OF[name] if explanation.engine == "signal" else "explained"  # a model writes its clues
    if running and stage not in explanation.timings:
        return wait(language)
    lack = explanation.missing.get(name)
    note = f"<bdi>{escape(lack[language])}</bdi>" if lack else say("none", language)
    return f'<p class="ag-note">{note}</p>'


def _clue(clue: Clue, mark: str, language: Language) -> str:
    facts = []
    if clue.value is not None:
        shown = f"{_rounded(clue.value)} <small>{escape(unit(clue.unit, language, clue.value))}</small>"
        facts.append(f'<span class="ag-value">{shown}</span>')
    facts += [seek(start, f"{start:.1f}–{end:.1f} s", language) for start, end in clue.spans[:MAX_SPANS]]
    if len(clue.spans) > MAX_SPANS:
        facts.append(f"<span>+{len(clue.spans) - MAX_SPANS}</span>")
    if clue.kind == "measured":
        if not clue.spans:
            place = "in_subtitle" if clue.modality == "lexical" else "whole_clip"
            facts.append(f"<span>{say(place, language)}</span>")
        facts.append(_dots(clue.strength, language))
    return (
        f'<li id="clue-{mark}" data-clue="{mark}" tabindex="-1" class="{clue.kind}">'
        f'<p><span class="ag-mark {clue.modality}">{mark}</span> <bdi>{escape(clue.text[language])}</bdi></p>'
        f'<div class="ag-facts">{"".join(facts)}</div>{_origin(clue, mark, language)}</li>'
    )


def _rounded(value: float) -> str:
    """A number as its sentence has it: two places at most, none from a hundred on."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _origin(clue: Clue, mark: str, language: Language) -> str:
    """The badge that says whether it was measured or written; opened, it says how."""
    if clue.kind == "written":
        look, name, title = "pen", "badge_written", "how_written"
        basis = say("probe" if clue.basis.startswith("probe") else "fused", language)
        basis = f"<b>{say('written', language)}</b> {basis}"
    else:
        look, name, title = "ruler", "badge_measured", "how_measured"
        basis = f"<b>{say('measured_by', language)}</b> {escape(clue.basis)}"
    return (
        f'<details class="ag-origin"><summary title="{say(title, language, mark=mark)}">{icon(look)}'
        f"{say(name, language)}</summary><p>{basis}</p></details>"
    )


def _dots(strength: float, language: Language) -> str:
    full = round(3 * max(0.0, min(1.0, strength)))
    label = say("reliability", language, value=f"{strength:.1f}")
    dots = "●" * full + "○" * (3 - full)
    return f'<span class="ag-dots" role="img" aria-label="{label}" title="{label}">{dots}</span>'
