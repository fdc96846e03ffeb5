"""An assessment (`assessment.assess`) as HTML: numbers with their scale, what met, what a judge says."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from ...assessment import who
from ...judges.judgement import HIGHEST, LOWEST
from ...observables import shown
from ...parts import PARTS
from ...schema import Language
from ..text import say
from .svg import icon

SIGNS = {"word": "=", "sector": "≈", "core": "~"}
MAX_SHOWN = 24  # labels of one kind in the card; the files have them all


def scores(assessment: dict[str, Any], language: Language) -> str:
    """Return the card; every word of an answer, a reference or a judge is escaped and isolated."""
    if not assessment:
        return ""
    labels = assessment["labels"]
    by = say("sc_scored", language, who=_word(who(assessment["judge"])))
    wheel = say("sc_wheel", language, **{key: escape(x) for key, x in assessment["wheel"].items()})
    return (
        f'<section class="ag-card ag-assess" aria-label="{say("sc_result", language)}">'
        f"<h2>{icon('scale')}{say('sc_result', language)}<small>{by} · {wheel}</small></h2>"
        f'<div class="ag-tiles">{_tiles(assessment, language)}</div>'
        f'<details open class="ag-fold" data-fold="scores"><summary>{say("sc_why", language)}</summary>'
        f'<div class="ag-assess-body"><div><h3>{say("sc_labels_met", language)}</h3>'
        f"{_pairs(labels['pairs'], language)}{_rest(labels, language)}{_levels(labels['levels'], language)}"
        f"</div><div><h3>{say('sc_parts', language)}</h3>"
        f"{_parts(assessment['completeness'], language)}{_reasons(assessment, language)}</div></div>"
        f"{_notes(assessment['notes'], language)}</details></section>"
    )


def _tiles(assessment: dict[str, Any], language: Language) -> str:
    out = ""
    for key in ("clue_overlap", "label_overlap"):
        mark = (assessment[key] or {}).get("mark")
        share = None if mark is None else (mark - LOWEST) / (HIGHEST - LOWEST)
        out += _tile(key, None if mark is None else f"{mark:.1f}", f"{HIGHEST:g}", share, language)
    f = assessment["labels"]["levels"]["sector"]["f"]
    out += _tile("f", None if f is None else f"{f:.2f}", "1", f, language)
    complete = assessment["completeness"]["answer"]["score"]
    return out + _tile("complete", f"{complete:.2f}", "1", complete, language)


def _tile(key: str, value: str | None, most: str, share: float | None, language: Language) -> str:
    if value is None:
        number = f'<p class="none">{say("sc_none", language)}</p>'
    else:
        number = f"<p><b>{value}</b> {say('sc_of', language, most=most)}</p>"
    width = f"{max(0.0, min(1.0, share or 0.0)):.0%}"
    return (
        f"<div><h3>{say(f'sc_{key}', language)}</h3>{number}"
        f'<div class="ag-meter" aria-hidden="true"><i style="width:{width}"></i></div>'
        f"<small>{say(f'sc_{key}_is', language)}</small></div>"
    )


def _pairs(pairs: list[dict[str, str]], language: Language) -> str:
    if not pairs:
        return f'<p class="ag-note">{say("sc_nothing_met", language)}</p>'
    rows = ""
    for pair in pairs[:MAX_SHOWN]:
        place = shown(pair["place"], language) if language == "zh" else pair["place"]
        how = say(f"sc_by_{pair['by']}", language, place=_word(place))
        rows += (
            f"<tr><td>{_shown(pair['answer'], language)}</td><td>{SIGNS[pair['by']]} "
            f"{_shown(pair['reference'], language)}</td><td>{how}</td></tr>"
        )
    return (
        f'<table class="ag-pairs"><tr>{_heads(("answer", "reference", "how"), language)}</tr>{rows}</table>'
        f"{_more(len(pairs))}"
    )


def _rest(labels: dict[str, Any], language: Language) -> str:
    """What met nothing, on either side."""
    out = ""
    for kind, sign in (("missed", "−"), ("extra", "+")):
        names = labels[kind]
        if not names:
            continue
        chips = ""
        for name in names[:MAX_SHOWN]:
            note = f" <small>{say('sc_unknown', language)}</small>" if name in labels["unknown"] else ""
            chips += f"<li>{_shown(name, language)}{note}</li>"
        out += (
            f'<div class="ag-unmet {kind}"><h4><span aria-hidden="true">{sign}</span>'
            f"{say(f'sc_{kind}', language)}</h4><ul>{chips}</ul>{_more(len(names))}</div>"
        )
    return out


def _levels(levels: dict[str, dict[str, Any]], language: Language) -> str:
    rows = ""
    for name in ("sector", "core"):
        cells = "".join(f"<td>{_two(levels[name][key])}</td>" for key in ("precision", "recall", "f"))
        rows += f'<tr><th scope="row">{say(f"sc_{name}", language)}</th>{cells}</tr>'
    heads = _heads(("level", "precision", "recall"), language)
    return f'<table class="ag-levels"><tr>{heads}<th scope="col">F</th></tr>{rows}</table>'


def _parts(completeness: dict[str, Any], language: Language) -> str:
    """Which of the four parts each text has; the sign and its word say the same."""
    both = (completeness["answer"], completeness["reference"])
    rows = ""
    for part in PARTS:
        cells = ""
        for side in both:
            value = None if side is None else side["parts"][part]
            cells += f"<td>{_tick(value, part, language)}</td>"
        name = f"{icon(part)}{say(part, language)}"
        rows += f'<tr class="{part}"><th scope="row">{name}</th>{cells}</tr>'
    heads = _heads(("part", "answer", "reference"), language)
    return f'<table class="ag-parts"><tr>{heads}</tr>{rows}</table>'


def _tick(value: float | None, part: str, language: Language) -> str:
    if value is None:
        return "–"
    if value == 1:
        return f"<i>✓</i>{say('sc_full', language)}"
    if value:
        return f"<i>◐</i>{say('sc_half_inference' if part == 'inference' else 'sc_half', language)}"
    return f"<i>○</i>{say('sc_empty', language)}"


def _reasons(assessment: dict[str, Any], language: Language) -> str:
    body = "".join(
        f"<dt>{say(f'sc_{key}', language)}</dt><dd>{_word(assessment[key]['reason'][language])}</dd>"
        for key in ("clue_overlap", "label_overlap")
        if assessment[key]
    )
    return f"<h3>{say('sc_reasons', language)}</h3><dl>{body}</dl>"


def _notes(notes: list[dict[str, str]], language: Language) -> str:
    body = "".join(f"<li>{_word(note[language])}</li>" for note in notes)
    return f'<div class="ag-assess-notes"><h3>{say("sc_notes", language)}</h3><ul>{body}</ul></div>'


def _heads(keys: Iterable[str], language: Language) -> str:
    return "".join(f'<th scope="col">{say(f"sc_{key}", language)}</th>' for key in keys)


def _shown(name: str, language: Language) -> str:
    return _word(shown(name, language))


def _word(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _more(count: int) -> str:
    return f'<p class="ag-note">+{count - MAX_SHOWN}</p>' if count > MAX_SHOWN else ""
