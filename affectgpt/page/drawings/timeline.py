"""The length of a clip as HTML: curves, words and clues over one axis of seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ...schema import MODALITIES, Clue, Cue, Language, Modality
from ...signals.timeline import Curve, Timeline
from ..text import say, unit
from .svg import icon, spans_of

MAX_LANES = 6  # of the clues of one modality; the cards below show all
MIN_SHARE = 0.08  # of the width that a bar takes up, so that its mark or first word fits
TICKS_S = (0.5, 1, 2, 5, 10, 20, 60, 300, 600, 1800)  # between two; the first that gives few is taken
MAX_TICKS = 9
WIDTH, HEIGHT = 1000, 100  # coordinates of the curves, which are stretched to their place
LOUD_RANGE_DB = 45.0  # of loudness that is drawn, down from the loudest
# What a curve is drawn in, at least: (lowest, highest, and where it is at rest, if it has such a place).
SCALES: dict[str, tuple[float, float, float | None]] = {
    "smile": (-0.5, 1.0, 0.0),
    "brows": (0.26, 0.38, 0.31),
    "eyes": (0.0, 0.45, None),
    "face_motion": (0.0, 0.3, None),
    "body_motion": (0.0, 0.3, None),
    "picture_motion": (0.0, 0.1, None),
}
LANES = (("smile",), ("brows",), ("eyes",), ("face_motion", "body_motion"), ("picture_motion",))


def timeline(
    found: Timeline | None,
    clues: Sequence[Clue],
    marks: Sequence[str],
    language: Language,
    *,
    duration_s: float,
) -> str:
    """Return rows over one axis of seconds: sound, face, words, clues; empty when there is nothing to draw.

    It is a slider: a press or an arrow key moves the player of its tab. found: None draws the clues alone.
    """
    rows = _measured(found, duration_s, language) if found else ""
    rows += _clue_rows(clues, marks, duration_s, language)
    if duration_s <= 0 or not rows:
        return ""
    cuts = "".join(
        f'<i class="ag-tl-cut" style="left:{_percent(at, duration_s)}%"></i>'
        for at in (found.cuts_s if found else ())
    )
    start = say("tl_second", language, second="0.0")
    return (
        '<section class="ag-card ag-timeline"><details open class="ag-fold" data-fold="timeline">'
        f"<summary><h2>{say('tl_title', language)}<small>{say('tl_hint', language)}</small></h2></summary>"
        f'<div class="ag-tl" role="slider" tabindex="0" aria-label="{say("tl_slider", language)}" '
        f'aria-valuemin="0" aria-valuemax="{duration_s:.1f}" aria-valuenow="0" aria-valuetext="{start}" '
        f'data-second="{escape(say("tl_second", language, second="#"))}">{rows}{_axis(duration_s)}'
        f'<div class="ag-tl-over">{cuts}<i class="ag-tl-head"></i><i class="ag-tl-look"></i></div>'
        f'<output class="ag-tl-tip" hidden></output></div>{_in_words(found, language)}</details></section>'
    )


def _percent(time_s: float, duration_s: float) -> str:
    return f"{100 * max(0.0, min(time_s, duration_s)) / duration_s:.2f}".rstrip("0").rstrip(".")


def _place(start_s: float, end_s: float, duration_s: float) -> str:
    left, right = (max(0.0, min(at, duration_s)) / duration_s for at in (start_s, end_s))
    return f"left:{100 * left:.2f}%;width:{100 * max(right - left, 0):.2f}%"


def _row(kind: Modality, name: str, plot: str, *, looks: str = "") -> str:
    return (
        f'<div class="ag-tl-row {kind} {looks}"><div class="ag-tl-name">{name}</div>'
        f'<div class="ag-tl-plot">{plot}</div></div>'
    )


def _measured(found: Timeline, duration_s: float, language: Language) -> str:
    """The rows of what was measured: sound, face or picture, words."""
    if duration_s <= 0:
        return ""
    curves = {curve.name: curve for curve in found.curves}
    rows = ""
    if "loudness" in curves:
        rows += _sound(found, curves, duration_s, language)
    for names in LANES:
        own = [curves[name] for name in names if name in curves]
        if own:
            rows += _lane(own, duration_s, language)
    return rows + _words(found, duration_s, language)


def _sound(found: Timeline, curves: dict[str, Curve], duration_s: float, language: Language) -> str:
    """Loudness as an area, pitch as a line on a scale of its own, pauses hatched."""
    loud, pitch = curves["loudness"], curves.get("pitch")
    top = max(_known(loud))
    drawn = _area(loud, max(top - LOUD_RANGE_DB, min(_known(loud)) - 1), top + 1, duration_s)
    names = [_legend("area", "tl_loudness", loud, language)]
    if pitch:
        low, high = min(_known(pitch)), max(_known(pitch))
        drawn += _line(pitch, math.log(low * 0.85), math.log(high * 1.12), duration_s, log=True)
        names.append(_legend("line", "tl_pitch", pitch, language))
    gaps = "".join(f'<i class="ag-tl-gap" style="{_place(*x, duration_s)}"></i>' for x in found.pauses)
    if gaps:
        names.append(f'<small><i class="key gap"></i>{say("tl_pause", language)}</small>')
    title = f"<b>{icon('acoustic')}{say('tl_sound', language)}</b>"
    return _row(
        "acoustic", title + "".join(names), gaps + _drawing(drawn, [loud, pitch], language), looks="tall"
    )


def _lane(curves: list[Curve], duration_s: float, language: Language) -> str:
    """One or two curves of the picture on the same scale, with a line where they are at rest."""
    low, high, rest = SCALES[curves[0].name]
    values = [value for curve in curves for value in _known(curve)]
    low, high = min(low, *values), max(high, *values)
    drawn = ""
    if rest is not None:
        y = _y(rest, low, high)
        drawn += f'<path class="rest" d="M0 {y}H{WIDTH}"/>'
    for at, curve in enumerate(curves):
        drawn += _line(curve, low, high, duration_s, looks="dash" if at else "")
    names = [
        _legend("dash" if at else "line", f"tl_{x.name}", x, language, shown=x is curves[-1])
        for at, x in enumerate(curves)
    ]
    return _row("visual", "".join(names), _drawing(drawn, curves, language))


def _legend(looks: str, key: str, curve: Curve, language: Language, *, shown: bool = True) -> str:
    low, high = (f"{value:.3g}".replace("-", "−") for value in (min(_known(curve)), max(_known(curve))))
    scale = f"<em>{low} … {high} {unit(curve.unit, language)}</em>" if shown else ""
    return f'<small><i class="key {looks}"></i>{say(key, language)} {scale}</small>'


def _known(curve: Curve) -> list[float]:
    return [value for value in curve.values if value is not None]


def _drawing(drawn: str, curves: Sequence[Curve | None], language: Language) -> str:
    """The curves, with their values for the readout under the mouse."""
    data = "".join(
        f'<data hidden data-name="{say(f"tl_{curve.name}", language)}" '
        f'data-unit="{escape(unit(curve.unit, language))}" data-from="{curve.times_s[0]:g}" '
        f'data-to="{curve.times_s[-1]:g}" data-values="{",".join(map(_short, curve.values))}"></data>'
        for curve in curves
        if curve
    )
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{drawn}</svg>{data}'


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _y(value: float, low: float, high: float) -> str:
    share = (max(low, min(value, high)) - low) / ((high - low) or 1)
    return f"{(1 - share) * (HEIGHT - 4) + 2:.0f}"


def _points(
    curve: Curve, low: float, high: float, duration_s: float, *, log: bool = False
) -> list[list[str]]:
    """The stretches in which the curve was measured, as points "x y"."""
    out: list[list[str]] = [[]]
    for at, value in zip(curve.times_s, curve.values, strict=True):
        if value is None:
            out.append([])
        else:
            x = WIDTH * max(0.0, min(at, duration_s)) / duration_s
            out[-1].append(f"{x:.0f} {_y(math.log(value) if log else value, low, high)}")
    return [points for points in out if points]


def _line(
    curve: Curve, low: float, high: float, duration_s: float, *, looks: str = "", log: bool = False
) -> str:
    parts = _points(curve, low, high, duration_s, log=log)
    # a single point is drawn as a dot: a line of no length with round ends
    way = "".join("M" + "L".join(points if len(points) > 1 else points * 2) for points in parts)
    return f'<path class="line {looks}" d="{way}"/>'


def _area(curve: Curve, low: float, high: float, duration_s: float) -> str:
    way = ""
    for points in _points(curve, low, high, duration_s):
        first, last = (point.split(" ")[0] for point in (points[0], points[-1]))
        way += f"M{first} {HEIGHT}L" + "L".join(points) + f"L{last} {HEIGHT}Z"
    return f'<path class="area" d="{way}"/>'


def _words(found: Timeline, duration_s: float, language: Language) -> str:
    """Stretches of speech with the words over them; words without times are listed."""
    timed: list[Cue] = []
    untimed: list[Cue] = []
    for cue in found.cues:
        (untimed if None in (cue.start_s, cue.end_s) else timed).append(cue)
    plain = " ".join(cue.text for cue in untimed)
    boxes = "".join(_cue(cue, duration_s) for cue in timed if cue.text.strip())
    speech = "".join(f'<i class="ag-tl-speech" style="{_place(*x, duration_s)}"></i>' for x in found.speech)
    if not (boxes or speech or plain):
        return ""
    name = f"<b>{icon('lexical')}{say('tl_words', language)}</b>"
    if speech:
        name += f'<small><i class="key speech"></i>{say("tl_speech", language)}</small>'
    if plain:
        boxes += f"<p>{say('tl_untimed', language)} <bdi>{escape(plain)}</bdi></p>"
    return _row("lexical", name, boxes + speech, looks="words")


def _cue(cue: Cue, duration_s: float) -> str:
    words = escape(cue.text)
    looks = "" if cue.end_s - cue.start_s >= MIN_SHARE * duration_s else "narrow"
    return (
        f'<b class="ag-tl-cue {looks}" data-seek="{cue.start_s:.2f}" data-until="{cue.end_s:.2f}" '
        f'style="{_place(cue.start_s, cue.end_s, duration_s)}"><bdi>{words}</bdi></b>'
    )


def _clue_rows(clues: Sequence[Clue], marks: Sequence[str], duration_s: float, language: Language) -> str:
    """One row of bars for each modality; the strongest clues come first when there is not room for all."""
    if duration_s <= 0:
        return ""
    rows = ""
    for modality in MODALITIES:
        own = [x for x in zip(clues, marks, strict=True) if x[0].modality == modality and x[0].spans]
        if not own:
            continue
        own.sort(key=lambda pair: -pair[0].strength)
        lanes: list[list[tuple[float, float]]] = []  # taken up in each lane
        bars, left = "", 0
        for clue, mark in own:
            needed = [(a, max(b, a + MIN_SHARE * duration_s)) for a, b in clue.spans]
            lane = next((i for i, taken in enumerate(lanes) if not _meet(taken, needed)), len(lanes))
            if lane == MAX_LANES:
                left += 1
                continue
            if lane == len(lanes):
                lanes.append([])
            lanes[lane] += needed
            bars += "".join(_bar(clue, mark, lane, span, duration_s, language) for span in clue.spans)
        more = f"<small>{say('tl_more', language, count=left)}</small>" if left else ""
        name = f"<b>{icon(modality)}{say(f'tl_{modality}', language)}</b>{more}"
        rows += _row(modality, name, f'<div style="--lanes:{len(lanes)}">{bars}</div>', looks="clues")
    return rows


def _meet(taken: list[tuple[float, float]], needed: list[tuple[float, float]]) -> bool:
    return any(a < d and c < b for a, b in taken for c, d in needed)


def _bar(
    clue: Clue, mark: str, lane: int, span: tuple[float, float], duration_s: float, language: Language
) -> str:
    looks = "written" if clue.kind == "written" else "" if clue.strength > 0 else "weak"
    return (
        f'<b class="ag-tl-bar {looks}" data-seek="{span[0]:.2f}" '
        f'title="{mark} · {spans_of([span])} s · {escape(clue.text[language])}" '
        f'style="--lane:{lane};{_place(*span, duration_s)}"><span>{mark}</span></b>'
    )


def _axis(duration_s: float) -> str:
    step = next((x for x in TICKS_S if duration_s / x <= MAX_TICKS), duration_s / MAX_TICKS)
    ticks = "".join(
        f'<i style="left:{_percent(at * step, duration_s)}%">{at * step:g}{" s" if not at else ""}</i>'
        for at in range(int(duration_s / step) + 1)
    )
    return f'<div class="ag-tl-row axis"><div></div><div class="ag-tl-plot">{ticks}</div></div>'


def _in_words(found: Timeline | None, language: Language) -> str:
    """What the curves show, for whoever does not see them."""
    if found is None:
        return ""
    lines = []
    for curve in found.curves:
        high, at = max(
            (value, at) for at, value in zip(curve.times_s, curve.values, strict=True) if value is not None
        )
        facts = {"low": f"{min(_known(curve)):g}", "high": f"{high:g}", "second": f"{at:.1f}"}
        name = say(f"tl_{curve.name}", language)
        lines.append(say("tl_curve", language, name=name, unit=unit(curve.unit, language), **facts))
    if found.speech:
        lines.append(say("tl_speech_at", language, spans=spans_of(found.speech)))
    if found.pauses:
        lines.append(say("tl_pauses_at", language, spans=spans_of(found.pauses)))
    if found.cuts_s:
        lines.append(say("tl_cuts_at", language, seconds=", ".join(f"{at:.1f}" for at in found.cuts_s)))
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return (
        f'<div class="ag-hidden"><h3>{say("tl_summary", language)}</h3><ul>{items}</ul></div>'
        if items
        else ""
    )
