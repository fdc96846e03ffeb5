"""One result as one HTML file that opens without a network.

Nothing is loaded, every text is escaped, and only the script and the style that are written into it may run:
their sha256 stand in its policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files

from ..benchmarks.result import Result, Row, Score
from ..card import NOTICE
from ..metrics.statistic import COVERAGE
from ..schema import Language
from ..vocabulary import translate
from .confusion import NOTHING, OTHER, confusion, named
from .plots import forest, heat_map, histogram, scrolling
from .samples import samples_table
from .words import COUNTS, FORMULA_WORDS, core_word, interval, number, with_unit, word

FIRST_SCORES = 12  # of the table of scores; the others open on demand
NO_WHEEL = ("mme", "sentiment")  # metrics whose labels are no emotions


def to_html(result: Result, language: Language | None = None) -> str:
    """Return the report of a result, in its own language or the one asked for."""
    language = language or result.language
    style, script = (
        files(__package__).joinpath(f"report.{x}").read_text(encoding="utf-8") for x in ("css", "js")
    )
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    title = word("heading", language, title=word("title", language), benchmark=result.title)
    sections = (_headline, _counts, _warnings, _beside, _scores, _distribution, _confusion, samples_table,
                _provenance)  # fmt: skip
    body = "\n".join(filter(None, (section(result, language) for section in sections)))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)} · {escape(result.system)}</title><style>{style}</style></head>\n"
        f"<body><main>\n{_head(result, title, language)}\n{body}\n</main><script>{script}</script></body>"
        "</html>\n"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _card(title: str, body: str, kind: str = "") -> str:
    return f'<section class="card {kind}"><h2>{title}</h2>{body}</section>'


def _head(result: Result, title: str, language: Language) -> str:
    return (
        f'<header class="top"><h1>{escape(title)}</h1><p>'
        f"{word('system', language, name=f'<b>{escape(result.system)}</b>')} · {escape(result.benchmark)}"
        f"</p></header>"
        f'<aside class="notice"><h2>{word("notice", language)}</h2><p>{NOTICE[language]} '
        f"{word('private', language)}</p></aside>"
    )


def _headline(result: Result, language: Language) -> str:
    score = result.headline
    value = number(score.value, score.unit)
    sign = with_unit(score.value, score.unit).removeprefix(value)
    kind, label = ("", "official") if score.official else ("own", "own")
    beside = [(floor.name[language], floor.values.get(score.key)) for floor in result.floors]
    for other in result.published[:1]:
        kind_word = word("comparable" if other.comparable else "not_comparable", language)
        beside.append((word("best", language, system=other.system, kind=kind_word), other.value))
    rivals = " · ".join(f"{escape(name)} <b>{number(rival, score.unit)}</b>" for name, rival in beside)
    # What this score rests on: a judge's marks are not on the wheel, nor the wheel's scores from the judge.
    tool = result.settings.get("judge" if score.unit == "mark" else "wheels")
    tools = escape(f"{tool['name']} {tool.get('year') or ''}".strip()) if tool else ""
    return _card(
        escape(score.name[language]),
        f'<div class="big">{value}<small>{sign}</small></div>'
        f"<p>{_interval(score, language)} · {word('of_samples', language, n=score.samples)}</p>"
        f'<p class="soft">{rivals}</p><span class="badge {kind}">{word(label, language)}</span> '
        f"<small>{tools}</small>",
        "half",
    )


def _interval(score: Score, language: Language) -> str:
    if score.low is None or score.high is None:
        return word("no_interval" if score.value is not None else "undefined", language)
    bounds = interval(score.low, score.high, score.unit)
    return word("interval", language, coverage=f"{100 * COVERAGE:g}", bounds=bounds)


def _counts(result: Result, language: Language) -> str:
    facts = "".join(
        f"<div><dt>{COUNTS[key][language] if key in COUNTS else escape(key)}</dt><dd>{value}</dd></div>"
        for key, value in result.counts.items()
    )
    return _card(word("counts", language), f'<dl class="facts">{facts}</dl>', "half")


def _warnings(result: Result, language: Language) -> str:
    told, rows = (
        "".join(f"<li>{escape(text[language])}</li>" for text in texts)
        for texts in (result.warnings, result.problems)
    )
    if not told and not rows:
        return ""
    summary = word("problems", language, n=len(result.problems))
    more = f"<details><summary>{summary}</summary><ul>{rows}</ul></details>" if rows else ""
    return _card(word("warnings", language), f"<ul>{told}</ul>{more}", "warn")


def _beside(result: Result, language: Language) -> str:
    note = f'<p class="soft">{word("beside_note", language)}</p>'
    return _card(word("beside", language), forest(result, language) + note)


def _scores(result: Result, language: Language) -> str:
    ordered = sorted(result.scores, key=lambda score: score.key != result.primary)
    main, rest = ordered[:FIRST_SCORES], ordered[FIRST_SCORES:]
    body = _score_rows(main, result, language)
    if rest:
        body += (
            f"<details><summary>{word('more_scores', language, n=len(rest))}</summary>"
            f"{_score_rows(rest, result, language)}</details>"
        )
    return _card(word("scores", language), body)


def _score_rows(scores: list[Score], result: Result, language: Language) -> str:
    floors = "".join(f'<th class="n">{escape(floor.name[language])}</th>' for floor in result.floors)
    heads = "".join(f'<th class="n">{word(key, language)}</th>' for key in ("value", "range", "counted"))
    lines = []
    for score in scores:
        bounds = interval(score.low, score.high, score.unit)
        beside = "".join(
            f'<td class="n">{number(floor.values.get(score.key), score.unit)}</td>' for floor in result.floors
        )
        how = FORMULA_WORDS[score.formula][language]
        own = "" if score.official else f" · {word('own', language)}"
        lines.append(
            f"<tr{' class=first' if score.key == result.primary else ''}>"
            f'<th scope="row">{escape(score.name[language])}<br><small>{escape(score.key)}</small></th>'
            f'<td class="n">{with_unit(score.value, score.unit)}</td><td class="n">{bounds}</td>'
            f'<td class="n">{score.samples}</td>{beside}<td class="how"><small>{how}{own}</small></td></tr>'
        )
    head = f'<th>{word("score", language)}</th>{heads}{floors}<th class="how">{word("how", language)}</th>'
    table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return scrolling(word("scores", language), f'<table class="scores">{table}</table>')


def _distribution(result: Result, language: Language) -> str:
    plots = []
    for key, measure in result.sample_scores.items():
        values = [row.scores[key] for row in result.samples if row.scores.get(key) is not None]
        plots.append(histogram(values, measure.unit, measure.name[language], language))
    if not any(plots):
        return ""
    return _card(word("distribution", language), f'<div class="plots">{"".join(plots)}</div>')


def _confusion(result: Result, language: Language) -> str:
    rows = [row for row in result.samples if row.reference_labels and row.error is None]
    if not rows or result.settings.get("metric") in NO_WHEEL:
        return ""
    return _card(
        word("confusion", language),
        f'<p class="soft">{word("confusion_note", language)}</p>{heat_map(confusion(rows), language)}'
        f"<details><summary>{word('sectors', language)}</summary>{_sectors(rows, language)}</details>",
    )


def _sectors(rows: list[Row], language: Language) -> str:
    def name(group: str) -> str:
        bare = group in (OTHER, NOTHING)
        return core_word(group, language) if bare else escape(translate(group, language))

    found = confusion(rows, level=2)
    was, said = named(rows, 2)
    lines = []
    for group in sorted(found.groups, key=lambda group: -was[group]):
        if not was[group] and not said[group]:
            continue
        instead = ", ".join(f"{name(other)} {n}" for other, n in found.instead(group)[:3])
        share = f"{100 * found.both(group) / was[group]:.0f}" if was[group] else "–"
        cells = "".join(
            f'<td class="n">{x}</td>' for x in (was[group], said[group], found.both(group), share)
        )
        lines.append(f'<tr><th scope="row">{name(group)}</th>{cells}<td>{instead}</td></tr>')
    heads = "".join(
        f'<th class="n">{word(key, language)}</th>'
        for key in ("in_reference", "in_prediction", "found", "recall")
    )
    head = f"<th>{word('sector', language)}</th>{heads}<th>{word('instead', language)}</th>"
    table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return scrolling(word("sectors", language), f'<table class="sectors">{table}</table>')


def _provenance(result: Result, language: Language) -> str:
    pieces = []
    hashes = {f"{kind}: {file}": sha for kind, found in result.inputs.items() for file, sha in found.items()}
    for title, values in (
        ("settings", result.settings), ("inputs", hashes), ("versions", result.versions),
    ):  # fmt: skip
        rows = "".join(
            f"<tr><th scope=row>{escape(key)}</th><td>{escape(_plain(value))}</td></tr>"
            for key, value in values.items()
        )
        pieces.append(f'<h3>{word(title, language)}</h3><table class="prov"><tbody>{rows}</tbody></table>')
    return _card(word("provenance", language), "".join(pieces))


def _plain(value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
