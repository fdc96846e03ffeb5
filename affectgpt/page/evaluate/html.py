"""The pieces of the tab "evaluate" as HTML: needs of a benchmark, progress, scores, the report, programs."""

from __future__ import annotations

from html import escape

from ...benchmarks.benchmark import Benchmark
from ...benchmarks.result import Result, Score
from ...report.words import interval, with_unit
from ...schema import Language
from ..drawings.svg import icon
from ..export import curl_snippet, python_snippet
from ..html import copier
from ..text import say
from .evaluation import MAX_TABLE_MB, Step

STEPS = ("read", "judge", "intervals", "write")
FIRST_SCORES, FIRST_PROBLEMS = 8, 12
MAX_REPORT_BYTES = 6 * 2**20  # shown inside the page


def needs(benchmark: Benchmark, language: Language) -> str:
    """Return what a benchmark scores, and which columns predictions and references must have."""
    size = f" · {say('evaluate_size', language, count=benchmark.samples)}" if benchmark.samples else ""
    rows = {
        "scored": say(f"evaluate_metric_{benchmark.metric}", language) + size,
        "predicted": say(f"evaluate_gives_{benchmark.metric}", language),
        "wanted": say(f"evaluate_truth_{benchmark.truth}", language),
    }
    listed = "".join(f"<dt>{say(f'evaluate_{key}', language)}</dt><dd>{x}</dd>" for key, x in rows.items())
    notes = "".join(
        f"<p><b>{say(f'evaluate_{key}', language)}</b> {escape(text[language])}</p>"
        for key, text in (("note", benchmark.note), ("where", benchmark.where))
        if text[language]
    )
    title = f"{escape(benchmark.name)} · {say('evaluate_known', language)}"
    return (
        f'<div class="ag-needs"><dl>{listed}</dl><details><summary>{title}</summary>{notes}</details></div>'
    )


def file_format(sample: str, language: Language) -> str:
    """Return what a file of predictions looks like; `sample` are some lines of one."""
    hint = say("evaluate_format_hint", language, limit=MAX_TABLE_MB)
    return (
        f'<details class="ag-format"><summary>{say("evaluate_format", language)}</summary><p>{hint}</p>'
        f'<pre tabindex="0"><code>{escape(sample)}</code></pre></details>'
    )


def empty(language: Language) -> str:
    """Return what stands in the place of the result before the first evaluation."""
    return (
        f'<section class="ag-card ag-empty"><h2>{say("evaluate_empty", language)}</h2>'
        f"<p>{say('evaluate_empty_hint', language)}</p></section>"
    )


def progress(step: Step | None, language: Language) -> str:
    """Return how far an evaluation is; None: it has not begun."""
    if step is None:
        title, bar = say("evaluate_waiting", language), ""
    else:
        title = say(f"evaluate_{step.name}", language)
        share = (STEPS.index(step.name) + (step.done / step.of if step.of else 0)) / len(STEPS)
        bar = f'<progress max="1" value="{share:.3f}" aria-label="{title}"></progress>'
    told = say("evaluate_judged", language, done=step.done, of=step.of) if step and step.of else ""
    return (
        f'<section class="ag-status running ag-evaluating"><h2 role="status">{title}</h2>{bar}'
        f"<small>{told}</small></section>"
    )


def ended(kind: str, language: Language, *, title: str = "", note: str = "", seconds: float = 0.0) -> str:
    """Return how an evaluation ended: done, stopped or failed."""
    head = escape(title) or say(f"evaluate_{kind}", language, seconds=f"{seconds:.1f}")
    look = {"done": "finished"}.get(kind, kind)
    tail = f'<p class="ag-note">{escape(note)}</p>' if note else ""
    return f'<section class="ag-status {look}" role="status"><h2>{head}</h2>{tail}</section>'


def result(found: Result, language: Language) -> str:
    """Return the headline, the scores with their intervals, the warnings and the first problems."""
    head, counts = found.headline, found.counts
    kind = say("evaluate_official" if head.official else "evaluate_own", language)
    floors = " · ".join(
        f"{escape(floor.name[language])} <b>{with_unit(floor.values.get(head.key), head.unit)}</b>"
        for floor in found.floors
    )
    counted = say(
        "evaluate_counts", language, **{x: counts[x] for x in ("predicted", "reference", "unknown")}
    )
    ordered = sorted(found.scores, key=lambda score: score.key != found.primary)
    first, rest = ordered[:FIRST_SCORES], ordered[FIRST_SCORES:]
    more = ""
    if rest:
        summary = say("evaluate_more_scores", language, count=len(rest))
        more = f"<details><summary>{summary}</summary>{_table(rest, language)}</details>"
    return (
        f'<section class="ag-card ag-scored"><h2>{escape(found.system)} · {escape(found.title)}</h2>'
        f'<div class="ag-headline"><b>{with_unit(head.value, head.unit)}</b><div>'
        f"<h3>{escape(head.name[language])}</h3><p>{_bounds(head, language)}</p>"
        f"<p>{counted}</p><p>{kind}{f' · {floors}' if floors else ''}</p></div></div></section>"
        f"{_notes(found, language)}"
        f'<section class="ag-card"><h2>{say("evaluate_scores", language)}</h2>{_table(first, language)}{more}'
        "</section>"
    )


def _bounds(score: Score, language: Language) -> str:
    samples = say("evaluate_samples", language, count=score.samples)
    if score.low is None:
        return samples
    return (
        f"{say('evaluate_bounds', language, bounds=interval(score.low, score.high, score.unit))} · {samples}"
    )


def _table(scores: list[Score], language: Language) -> str:
    heads = "".join(
        f"<th{' class=n' if key != 'score' else ''}>{say(f'evaluate_{key}', language)}</th>"
        for key in ("score", "value", "interval", "count")
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(score.name[language])}</th>'
        f'<td class="n">{with_unit(score.value, score.unit)}</td>'
        f'<td class="n">{interval(score.low, score.high, score.unit)}</td>'
        f'<td class="n">{score.samples}</td></tr>'
        for score in scores
    )
    name = say("evaluate_scores", language)
    return (
        f'<div class="ag-wide" tabindex="0" role="region" aria-label="{name}"><table class="ag-table">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _notes(found: Result, language: Language) -> str:
    told, rows = (
        [f"<li>{escape(text[language])}</li>" for text in texts] for texts in (found.warnings, found.problems)
    )
    if not told and not rows:
        return ""
    more = ""
    if rows:
        left = len(rows) - FIRST_PROBLEMS
        last = f"<li>{say('evaluate_more_problems', language, count=left)}</li>" if left > 0 else ""
        summary = say("evaluate_problems", language, count=len(rows))
        listed = "".join(rows[:FIRST_PROBLEMS]) + last
        more = f"<details open><summary>{summary}</summary><ul>{listed}</ul></details>"
    title = f"<h2>{icon('info')}{say('evaluate_warnings', language)}</h2>"
    return f'<section class="ag-card ag-remarks">{title}<ul>{"".join(told)}</ul>{more}</section>'


def report(page: str, language: Language) -> str:
    """Return the report in a frame of its own, which can reach nothing of this page; a huge one is named."""
    size, title = len(page.encode()), say("evaluate_report", language)
    if size > MAX_REPORT_BYTES:
        body = f'<p class="ag-note">{say("evaluate_report_large", language, mb=size / 2**20)}</p>'
    else:
        body = f'<iframe sandbox="allow-scripts" title="{title}" srcdoc="{escape(page)}"></iframe>'
    return f'<section class="ag-card ag-report"><h2>{title}</h2>{body}</section>'


def snippet(title: str, code: str, language: Language) -> str:
    """Return a program with a button that copies it."""
    return (
        f'<figure class="ag-code"><figcaption><b>{escape(title)}</b>'
        f'{copier(title, language)}</figcaption><pre tabindex="0"><code>{escape(code)}</code></pre></figure>'
    )


def programs(address: str, language: Language) -> str:
    """Return how a program asks the endpoints of this tab."""
    code = "".join(
        snippet(f"/{endpoint} · {say(key, language)}", write(address, endpoint, language=language), language)
        for endpoint in ("benchmark", "evaluate")
        for key, write in (("take_python", python_snippet), ("take_curl", curl_snippet))
    )
    return (
        f'<p class="ag-note">{say("evaluate_programs_hint", language)}</p><div class="ag-codes">{code}</div>'
    )
