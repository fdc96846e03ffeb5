"""The wheel of emotions as a drawing: where the labels of an answer and of a reference stand on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from ...schema import Label, Language
from ...vocabulary import HAN, cluster, load_vocabulary, translate
from ..text import say

# Cores in the order in which they stand on the plane of valence and arousal, from the lower right upwards.
CORES = ("calm", "affection", "joy", "interest", "surprise", "fear", "anger", "aversion", "sadness")
START_DEG = -62.0  # where the first core begins; 0 is to the right
HUES = {
    "calm": 190, "affection": 335, "joy": 45, "interest": 25, "surprise": 285, "fear": 255, "anger": 5,
    "aversion": 140, "sadness": 215,
}  # fmt: skip
HUB, RING, RIM, MARK_AT, LEAD_AT = 30, 93, 176, 186, 197  # radii
MIDDLE = 200  # of the drawing, which is twice as wide and high
LINE_PX = 15  # between two texts at the rim
MAX_LEAD_CHARS = 22


@dataclass
class Place:
    """A sector, its middle in degrees, and the words that stand in it."""

    core: str
    sector: str
    start_deg: float
    end_deg: float
    found: list[str] = field(default_factory=list)
    reference: list[str] = field(default_factory=list)

    @property
    def middle_deg(self) -> float:
        return (self.start_deg + self.end_deg) / 2


def wheel(labels: Sequence[Label], language: Language, *, reference: Sequence[str] = ()) -> str:
    """Return the wheel with the predicted labels as filled marks, those of a reference as hollow ones.

    Synonyms share one mark. Words that the vocabulary lacks are listed beside it.
    """
    places = _places()
    off: tuple[list[str], list[str]] = ([], [])
    shown = [(label.name, label.text[language]) for label in labels]
    for side, words in enumerate((shown, [(word, _read(word, language)) for word in reference])):
        for name, text in words:
            place = places.get(cluster(name, 2) or "")
            into = off[side] if place is None else (place.found, place.reference)[side]
            if text not in into:
                into.append(text)
    taken = [place for place in places.values() if place.found or place.reference]
    drawn = _ring(places.values(), language) + _marks(taken)
    told = [f"{_name(x, language)}: {', '.join(x.found + x.reference)}" for x in taken]
    told += [f"{say('wheel_off', language)}: {', '.join(off[0] + off[1])}"] if any(off) else []
    words = f"{say('wheel_title', language)}. {'; '.join(told) or say('wheel_none', language)}"
    return (
        f'<figure class="ag-wheel"><svg viewBox="0 0 {2 * MIDDLE} {2 * MIDDLE}" role="img" '
        f'aria-label="{escape(words)}">{drawn}</svg>'
        f"<figcaption>{_list(taken, off, language)}</figcaption></figure>"
    )


def _read(word: str, language: Language) -> str:
    """A word of a reference as it was written, or translated where it is in the other language."""
    return word if bool(HAN.search(word)) == (language == "zh") else translate(word, language)


def _places() -> dict[str, Place]:
    """The sectors by name, with their places around the wheel: all are equally wide."""
    sectors = load_vocabulary().sectors
    width = 360 / sum(len(names) for names in sectors.values())
    out, at = {}, START_DEG
    for core in CORES:
        for sector in sectors[core]:
            out[sector] = Place(core, sector, at, at + width)
            at += width
    return out


def _name(place: Place, language: Language) -> str:
    sector = translate(place.sector, language) if language == "zh" else place.sector
    return f"{say(f'core_{place.core}', language)} › {sector}"


def _point(radius: float, degrees: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return MIDDLE + radius * math.cos(turn), MIDDLE - radius * math.sin(turn)


def _slice(inner: float, outer: float, start_deg: float, end_deg: float) -> str:
    (ax, ay), (bx, by) = _point(outer, start_deg), _point(outer, end_deg)
    (cx, cy), (dx, dy) = _point(inner, end_deg), _point(inner, start_deg)
    return (
        f'<path d="M{ax:.1f} {ay:.1f}A{outer} {outer} 0 0 0 {bx:.1f} {by:.1f}'
        f'L{cx:.1f} {cy:.1f}A{inner} {inner} 0 0 1 {dx:.1f} {dy:.1f}Z"/>'
    )


def _spoke(text: str, radius: float, degrees: float) -> str:
    """A word along a spoke, never upside down."""
    x, y = _point(radius, degrees)
    turn = -degrees if math.cos(math.radians(degrees)) >= 0 else 180 - degrees
    return f'<text transform="translate({x:.1f} {y:.1f}) rotate({turn:.1f})">{escape(text)}</text>'


def _ring(places: Sequence[Place], language: Language) -> str:
    out = ""
    for core in CORES:
        own = [place for place in places if place.core == core]
        hot = any(place.found or place.reference for place in own)
        inner = _slice(HUB, RING, own[0].start_deg, own[-1].end_deg)
        middle = (own[0].start_deg + own[-1].end_deg) / 2
        out += (
            f'<g class="core {"on" if hot else ""}" style="--h:{HUES[core]}">{inner}'
            f"{_spoke(say(f'core_{core}', language), (HUB + RING) / 2 + 1, middle)}</g>"
        )
        for place in own:
            name = translate(place.sector, language) if language == "zh" else place.sector
            looks = "found" if place.found else "wanted" if place.reference else ""
            out += (
                f'<g class="sector {looks}" style="--h:{HUES[core]}">'
                f"{_slice(RING, RIM, place.start_deg, place.end_deg)}"
                f"{_spoke(name, (RING + RIM) / 2, place.middle_deg)}</g>"
            )
    return out


def _marks(taken: Sequence[Place]) -> str:
    """A filled mark for what was found, a hollow one for the reference, one in the other for both."""
    out = ""
    for place in taken:
        x, y = _point(MARK_AT, place.middle_deg)
        both = ""
        if place.reference:
            both += f'<circle class="hollow" cx="{x:.1f}" cy="{y:.1f}" r="9"/>'
        if place.found:
            both += f'<circle class="filled" cx="{x:.1f}" cy="{y:.1f}" r="5.500"/>'
        out += f'<g class="mark" style="--h:{HUES[place.core]}">{both}</g>'
    return out + _leads(taken)


def _leads(taken: Sequence[Place]) -> str:
    """The words of each mark beside the wheel, joined to it by a line; texts of a side never overlap."""
    out = ""
    for right in (True, False):
        side = [x for x in taken if (math.cos(math.radians(x.middle_deg)) >= 0) == right]
        side.sort(key=lambda place: _point(LEAD_AT, place.middle_deg)[1])
        heights = _apart([_point(LEAD_AT, place.middle_deg)[1] for place in side])
        for place, y in zip(side, heights, strict=True):
            a, b = _point(MARK_AT + 9, place.middle_deg)
            reach = math.sqrt(max(0.0, LEAD_AT**2 - (y - MIDDLE) ** 2))
            x = MIDDLE + (reach + 8 if right else -reach - 8)
            words = ", ".join(dict.fromkeys(place.found + place.reference))
            words = words if len(words) <= MAX_LEAD_CHARS else words[: MAX_LEAD_CHARS - 1] + "…"
            out += (
                f'<g class="lead {"" if place.found else "wanted"}">'
                f'<path d="M{a:.1f} {b:.1f}L{x:.1f} {y:.1f}"/>'
                f'<text x="{x + (4 if right else -4):.1f}" y="{y:.1f}" '
                f'style="text-anchor:{"start" if right else "end"}">{escape(words)}</text></g>'
            )
    return out


def _apart(heights: list[float]) -> list[float]:
    """Rising heights, each moved down to leave `LINE_PX` to the one above; all up again if they leave the
    drawing."""
    out: list[float] = []
    for y in heights:
        out.append(max(y, out[-1] + LINE_PX) if out else y)
    over = max(0.0, out[-1] - (2 * MIDDLE - 8)) if out else 0.0
    return [y - over for y in out]


def _list(taken: Sequence[Place], off: tuple[list[str], list[str]], language: Language) -> str:
    """The same in words: one line for each sector, and for the words that have none."""
    rows = ""
    for place in taken:
        same = f"<em>{say('wheel_same', language)}</em>" if place.found and place.reference else ""
        rows += (
            f'<li style="--h:{HUES[place.core]}"><small>{escape(_name(place, language))}</small>'
            f"{_side(place.found, 'filled', language)}{_side(place.reference, 'hollow', language)}{same}</li>"
        )
    if any(off):
        rows += (
            f"<li><small>{say('wheel_off', language)}</small>"
            f"{_side(off[0], 'filled', language)}{_side(off[1], 'hollow', language)}</li>"
        )
    key = ""
    if off[0] or any(place.found for place in taken):
        key += f"<span><i class=filled></i>{say('wheel_of_answer', language)}</span>"
    if off[1] or any(place.reference for place in taken):
        key += f"<span><i class=hollow></i>{say('wheel_of_reference', language)}</span>"
    return f'<div class="key">{key}</div><ul>{rows}</ul>' if rows else ""


def _side(words: list[str], looks: str, language: Language) -> str:
    if not words:
        return ""
    whose = say("wheel_of_answer" if looks == "filled" else "wheel_of_reference", language)
    shown = say("comma", language).join(f"<bdi>{escape(word)}</bdi>" for word in words)
    return f'<span><i class="{looks}" role="img" aria-label="{whose}"></i>{shown}</span>'
