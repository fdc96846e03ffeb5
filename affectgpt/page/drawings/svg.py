"""The drawings of the page, as plain text: icons, marks of clues, the valence-arousal plane."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema import MODALITIES, Clue, Language, Modality, Verdict
from ..text import say

MARK = {"visual": "V", "acoustic": "A", "lexical": "L"}  # clues are numbered V1, V2, ... A1, ... L1
ICON_PATHS = {
    "visual": '<path d="M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12Z"/>'
    '<circle cx="12" cy="12" r="3"/>',
    "acoustic": '<path d="M4 10v4M8 6.500v11M12 3.500v17M16 7.500v9M20 10.500v3"/>',
    "lexical": '<path d="M4 5h16v11H10.500L6 20v-4H4Z"/><path d="M8 9h8M8 12.200h5"/>',
    "inference": '<circle cx="6" cy="6" r="2.500"/><circle cx="6" cy="18" r="2.500"/>'
    '<circle cx="18" cy="12" r="2.500"/><path d="M8.300 7.200 15.600 11M8.300 16.800 15.600 13"/>',
    "play": '<path d="M8 5.500v13l10.500-6.500Z" fill="currentColor"/>',
    "clash": '<path d="M13 3 5 13.500h6L10 21l8-10.500h-6Z"/>',
    "scale": '<path d="M12 4v16M7 20h10M4.500 7.500h15M4.500 7.500 2.500 13a2.600 2.600 0 0 0 5 0L5.500 7.500'
    'M18.500 7.500l-2 5.500a2.600 2.600 0 0 0 5 0l-2-5.500"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.500M12 7.600v.100"/>',
    "ruler": '<path d="M3 8.500h18v7H3ZM7 8.500v3M11 8.500v4M15 8.500v3M19 8.500v2.500"/>',
    "pen": '<path d="m4 20 1-4.500L16.500 4 20 7.500 8.500 19ZM14 6.500 17.500 10"/>',
    "shield": '<path d="M12 3 4.500 6v5.500c0 4.500 3 7.800 7.500 9.500'
    ' 4.500-1.700 7.500-5 7.500-9.500V6Z"/>',
}


def icon(name: str) -> str:
    """Return a small line drawing that takes the colour of its text and is skipped by screen readers."""
    return (
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.800" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{ICON_PATHS[name]}</svg>'
    )


def number(clues: Sequence[Clue]) -> list[str]:
    """Return the mark of each clue: V1, V2, ... for visual, A1 ... for acoustic, L1 ... for lexical ones."""
    seen = dict.fromkeys(MODALITIES, 0)
    marks = []
    for clue in clues:
        seen[clue.modality] += 1
        marks.append(f"{MARK[clue.modality]}{seen[clue.modality]}")
    return marks


def plane(found: Verdict, language: Language) -> str:
    """Return the valence-arousal plane: the fused point, and V, A, L where each modality alone points."""
    if found.valence is None or found.arousal is None:
        return f'<figure class="ag-plane"><figcaption>{say("va_none", language)}</figcaption></figure>'

    def spot(valence: float, arousal: float) -> tuple[float, float]:
        return 100 + 78 * max(-1.0, min(1.0, valence)), 100 - 78 * max(-1.0, min(1.0, arousal))

    marks, spots = "", [spot(found.valence, found.arousal)]
    for name, (valence, arousal, _) in found.modalities.items():
        x, y = spot(valence, arousal)
        spots.append((x, y))
        marks += (
            f'<g class="{name}"><circle cx="{x:.1f}" cy="{y:.1f}" r="8.500"/>'
            f'<text x="{x:.1f}" y="{y + 3.6:.1f}">{MARK[name]}</text></g>'
        )
    x, y = spot(found.valence, found.arousal)
    # a word at the end of the horizontal axis stands above it, or below it where a mark would cover it
    left, right = (
        112 if any(low <= x <= high and 76 <= y <= 108 for x, y in spots) else 95
        for low, high in ((0, 100), (110, 200))
    )
    point = [
        say("valence", language, v=signed(found.valence)),
        say("arousal", language, a=signed(found.arousal)),
    ]
    caption = "".join(f"<span>{words}</span> " for words in point)
    return (
        f'<figure class="ag-plane"><svg viewBox="0 0 200 200" role="img" aria-label="{", ".join(point)}">'
        '<rect x="14" y="14" width="172" height="172" rx="14"/><path d="M100 14v172M14 100h172"/>'
        f'<text class="axis" x="100" y="26">{say("excited", language)}</text>'
        f'<text class="axis" x="100" y="181">{say("calm", language)}</text>'
        f'<text class="axis" x="180" y="{right}" style="text-anchor:end">{say("pleasant", language)}</text>'
        f'<text class="axis" x="20" y="{left}" style="text-anchor:start">{say("unpleasant", language)}</text>'
        f'<circle class="halo" cx="{x:.1f}" cy="{y:.1f}" r="15"/>{marks}'
        f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="6"/></svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def signed(value: float, places: int = 2) -> str:
    """Return a number with its sign, as a reader writes it: "+0.76", "−0.58"."""
    return f"{value:+.{places}f}".replace("-", "−")


def chips(positions: Sequence[int], marks: list[str]) -> str:
    """Return a link to each of the clues at `positions`, written as its mark."""
    known = (marks[position] for position in positions if 0 <= position < len(marks))
    return "".join(
        f'<a class="ag-mark {kind(mark)}" href="#clue-{mark}" data-goto="{mark}">{mark}</a>' for mark in known
    )


def kind(mark: str) -> Modality:
    """Return the modality of a mark such as "V1"."""
    return next(name for name in MODALITIES if mark.startswith(MARK[name]))


def spans_of(spans: Sequence[tuple[float, float]]) -> str:
    """Return spans as "0.6–2.3, 2.9–3.4", in seconds."""
    return ", ".join(f"{start:.1f}–{end:.1f}" for start, end in spans)


def seek(start_s: float, words: str, language: Language) -> str:
    """Return a button that moves the player of its tab to `start_s`; `words` are HTML."""
    label = say("seek", language, start=f"{start_s:.1f}")
    return (
        f'<button type="button" class="ag-seek" data-seek="{start_s:.2f}" title="{label}">'
        f"{icon('play')}{words}</button>"
    )
