"""The pieces of the EMER tab as HTML: the list of samples, one sample, a reference beside an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ...data.sample import Sample
from ...hub.store import Progress
from ...parts import PARTS
from ...schema import Explanation, Label, Language, Part, Text
from ...vocabulary import translate
from ..arrival import amount
from ..drawings.svg import icon
from ..drawings.wheel import wheel
from ..html import lines, wait
from ..text import say
from .shelves import Shelf, labels_of

PAGE = 30  # samples on a page of the list
CHIPS = 10  # of the most frequent labels
ROW_LABELS = 4  # of a sample in the list
ROW_CHARS = 90  # of its subtitle


def licence(shelf: Shelf | None, language: Language) -> str:
    """Return whose the data are."""
    if shelf is None:
        return f'<p class="ag-emer-licence">{icon("info")}<span>{say("emer_nothing", language)}</span></p>'
    key = "examples" if shelf.ours else "own" if shelf.key == "own" else "emer"
    return (
        f'<p class="ag-emer-licence">{icon("shield")}<span>{say(f"emer_licence_{key}", language)}</span></p>'
    )


def note(
    language: Language, *, reading: bool, why_not: Text | None = None, progress: Progress | None = None
) -> str:
    """Return what keeps the operator's data from being shown; empty when nothing does."""
    if reading and progress:  # not announced: it changes every few seconds
        here = amount(progress)[language]
        return f'<p class="ag-emer-note">{say("emer_fetching", language, amount=here)}</p>'
    if reading:
        return f'<p class="ag-emer-note wait" role="status">{say("emer_reading", language)}</p>'
    if why_not is None:
        return ""
    return (
        f'<p class="ag-emer-note" role="status"><b>{say("emer_why_not", language)}</b> '
        f"{escape(why_not[language])}</p>"
    )


def chips(shelf: Shelf | None, label: str, language: Language) -> str:
    """Return the most frequent labels as buttons that switch the filter on and off."""
    if shelf is None or not shelf.counts:
        return ""
    body = "".join(
        f'<button type="button" class="ag-emer-chip" data-label="{escape(name)}" '
        f'aria-pressed="{"true" if name == label else "false"}">{_label(name, language)} '
        f"<small>{count}</small></button>"
        for name, count in shelf.counts[:CHIPS]
    )
    return f'<div class="ag-emer-chips" role="group" aria-label="{say("emer_chips", language)}">{body}</div>'


def listing(
    shelf: Shelf | None,
    found: Sequence[int],
    page: int,
    current: str | None,
    language: Language,
    words: Sequence[str] = (),
) -> str:
    """Return one page of the samples found; what was searched (`words`) is marked."""
    if shelf is None:
        return ""
    if not found:
        return f'<p class="ag-emer-none">{say("emer_found_none", language)}</p>'
    rows = "".join(
        _row(shelf.samples[position], shelf.samples[position].name == current, language, words)
        for position in found[page * PAGE : (page + 1) * PAGE]
    )
    return f'<ul class="ag-emer-list" aria-label="{say("emer_list", language)}">{rows}</ul>'


def _row(sample: Sample, here: bool, language: Language, words: Sequence[str]) -> str:
    said, its = in_language(sample.subtitle, language)
    if not said:
        said, its = in_language(sample.reference, language)
    said = said if len(said) <= ROW_CHARS else f"{said[:ROW_CHARS].rstrip()}…"
    labels = labels_of(sample)
    names = " · ".join(_label(name, language) for name in labels[:ROW_LABELS])
    more = f" +{len(labels) - ROW_LABELS}" if len(labels) > ROW_LABELS else ""
    clip = say("emer_has_clip", language)
    mark = f'<i role="img" aria-label="{clip}" title="{clip}">{icon("play")}</i>' if sample.clip else ""
    current = ' aria-current="true"' if here else ""
    return (
        f'<li><button type="button" class="ag-emer-row" data-sample="{escape(sample.name)}"{current}>'
        f"<b>{marked(sample.name, words)}{mark}</b>"
        f'<span lang="{its}">{marked(said, words)}</span><small>{names}{more}</small></button></li>'
    )


def pager(found: int, all_samples: int, page: int, language: Language) -> str:
    """Return how many were found, and the buttons to the other pages of the list."""
    if not all_samples:
        return ""
    if found == all_samples:
        told = say("emer_found_one" if found == 1 else "emer_found", language, count=found)
    else:
        told = say("emer_found_of", language, count=found, all=all_samples)
    pages = max(1, -(-found // PAGE))
    buttons = ""
    if pages > 1:
        before, after = (
            f'<button type="button" data-turn="{to}" aria-label="{say(key, language)}"'
            f"{'' if 0 <= to < pages else ' disabled'}>{sign}</button>"
            for to, key, sign in ((page - 1, "emer_page_before", "‹"), (page + 1, "emer_page_after", "›"))
        )
        where = say("emer_page_of", language, page=page + 1, pages=pages)
        buttons = f'<nav aria-label="{say("emer_pages", language)}">{before}<span>{where}</span>{after}</nav>'
    return f'<div class="ag-emer-pager"><span role="status" aria-live="polite">{told}</span>{buttons}</div>'


def head(sample: Sample | None, at: int | None, found: int, language: Language) -> str:
    """Return the name of a sample and its position `at` among those found (None: not among them)."""
    if sample is None:
        return ""
    where = (
        say("emer_not_among", language, count=found)
        if at is None
        else say("emer_position", language, position=at + 1, count=found)
    )
    name = f'<h2>{escape(sample.name)}</h2><p aria-live="polite">{where}</p>'
    return f'<header class="ag-emer-head">{name}</header>'


def placed(sample: Sample | None, language: Language, answer: Sequence[Label] = ()) -> str:
    """Return the wheel with the labels of a sample, and those of an answer."""
    if sample is None or not (answer or labels_of(sample)):
        return ""
    drawn = wheel(answer, language, reference=labels_of(sample))
    return f'<section class="ag-card ag-emer-wheel">{drawn}</section>'


def about(sample: Sample | None, language: Language, words: Sequence[str] = ()) -> str:
    """Return what is said in a sample, in both languages, and its labels."""
    if sample is None:
        return ""
    sides = [language, "en" if language == "zh" else "zh"]
    said = "".join(
        f'<blockquote lang="{its}">{marked(sample.subtitle[its], words)}</blockquote>'
        for its in sides
        if sample.subtitle[its]
    )
    said = said or f'<p class="ag-note">{say("emer_no_subtitle", language)}</p>'
    names = "".join(f"<li>{_label(name, language)}</li>" for name in labels_of(sample))
    labels = (
        f'<ul class="ag-emer-labels">{names}</ul>'
        if names
        else f'<p class="ag-note">{say("emer_no_labels", language)}</p>'
    )
    if sample.labels and sample.emotion:
        single = say("emer_emotion", language, name=_label(sample.emotion, language))
        labels += f'<p class="ag-note">{single}</p>'
    lack = "" if sample.clip else f'<p class="ag-note ag-emer-noclip">{say("emer_no_clip", language)}</p>'
    return (
        f'<section class="ag-card ag-emer-about"><h3>{icon("lexical")}{say("emer_subtitle", language)}'
        f"</h3>{said}<h3>{say('emer_labels', language)}</h3>{labels}{lack}</section>"
    )


def reference(sample: Sample | None, language: Language, words: Sequence[str] = ()) -> str:
    """Return the description of a sample, split into its parts."""
    if sample is None:
        return ""
    its = _language(sample.reference, language)
    body = ""
    if its is None:
        body = f'<p class="ag-note">{say("emer_no_reference", language)}</p>'
    else:
        parts = _parts(sample, its)
        body = "".join(
            f'<section class="{name}"><h3>{icon(name)}<span>{say(name, language)}</span></h3>'
            f'<p lang="{its}">{marked(parts[name], words)}</p></section>'
            for name in PARTS
            if parts.get(name)
        )
    hint = f"<small>{say('emer_reference_hint', language)}</small>"
    return (
        f'<section class="ag-card ag-emer-text"><h2>{say("emer_reference", language)} {hint}</h2>'
        f"{_other(its, language)}{body}</section>"
    )


def beside(
    sample: Sample,
    explanation: Explanation,
    language: Language,
    *,
    engine: str,
    running: bool = False,
    draft: str = "",
) -> str:
    """Return reference and answer side by side, part by part. draft: what is written and in no part yet."""
    its = _language(sample.reference, language)
    parts = _parts(sample, its)
    titles = say("emer_reference", language), say("emer_answer_by", language, engine=engine)
    top = "".join(f"<b>{escape(title)}</b>" for title in titles)
    top = f'<div class="ag-emer-titles" aria-hidden="true">{top}</div>'  # each part repeats them for readers
    silent = f'<p class="ag-note">{say("emer_absent_part", language)}</p>'
    waits = wait(language) if running else silent
    rows = ""
    for name in PARTS:
        mine, answer = parts.get(name, ""), explanation.parts.get(name, "").strip()
        if not (mine or answer or running):
            continue
        left = f'<p lang="{its}">{lines(mine)}</p>' if mine else silent
        right = f'<p lang="{explanation.language}">{lines(answer)}</p>' if answer else waits
        rows += (
            f'<section class="{name}"><h3>{icon(name)}<span>{say(name, language)}</span></h3>'
            f"<div><h4>{escape(titles[0])}</h4>{left}</div><div><h4>{escape(titles[1])}</h4>{right}</div>"
            "</section>"
        )
    if draft.strip():
        rows += f'<p class="ag-draft">{lines(draft.strip())}<span class=ag-caret></span></p>'
    labels = "".join(
        f'<div><h4>{escape(title)}</h4><ul class="ag-emer-labels">{names}</ul></div>'
        for title, names in (
            (titles[0], "".join(f"<li>{_label(name, language)}</li>" for name in labels_of(sample))),
            (titles[1], "".join(_answered(label, language) for label in explanation.verdict.labels)),
        )
    )
    waiting = running and "labelled" not in explanation.timings
    if explanation.verdict.cannot_tell and not waiting:
        why = escape(explanation.verdict.cannot_tell[language])
        labels += f'<p class="ag-note"><b>{say("cannot_tell", language)}</b> {why}</p>'
    label_row = (
        ""
        if waiting
        else f'<section class="labels"><h3><span>{say("emer_labels", language)}</span></h3>{labels}</section>'
    )
    return (
        f'<section class="ag-card ag-emer-text ag-emer-beside"><h2>{say("emer_beside", language)}</h2>'
        f"{_other(its, language)}{top}{label_row}{rows}</section>"
    )


def marked(text: str, words: Sequence[str]) -> str:
    """Return a foreign text, escaped, with the words that were searched marked."""
    wanted = [re.escape(word) for word in sorted(words, key=len, reverse=True) if word]
    if not wanted:
        return lines(text)
    pieces = re.split(f"({'|'.join(wanted)})", text, flags=re.IGNORECASE)
    return "".join(
        f"<mark>{lines(piece)}</mark>" if at % 2 else lines(piece) for at, piece in enumerate(pieces)
    )


def _answered(label: Label, language: Language) -> str:
    share = max(0.0, min(1.0, label.confidence))
    return f"<li>{escape(label.text[language])} <small>{say('confidence', language)} {share:.2f}</small></li>"


def label_name(name: str, language: Language) -> str:
    """Return a label in the language of the page; what the vocabulary does not know stays as it is."""
    return translate(name, "zh") if language == "zh" else name


def _label(name: str, language: Language) -> str:
    return escape(label_name(name, language))


def in_language(text: Text, language: Language) -> tuple[str, Language]:
    """Return a text in `language`, else in the other one, and which language that is."""
    its = _language(text, language) or language
    return text[its], its


def _language(text: Text, language: Language) -> Language | None:
    """The language to show: that of the page, else the other one; None without any text."""
    other: Language = "en" if language == "zh" else "zh"
    return language if text[language] else other if text[other] else None


def _parts(sample: Sample, its: Language | None) -> dict[Part, str]:
    """The parts of the reference, without the semicolons that EMER v2 sets between them."""
    return {name: text.strip(" \n;；") for name, text in sample.parts(its).items()} if its else {}


def _other(its: Language | None, language: Language) -> str:
    if its is None or its == language:
        return ""
    return f'<p class="ag-note">{say(f"emer_only_{its}", language)}</p>'
