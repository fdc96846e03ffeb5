"""The tab "about" as HTML: cards of sentences, lists and facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ...citations import CITATIONS
from ...schema import Language
from ..drawings.svg import icon
from ..html import copier
from ..text import say
from .facts import Facts

IDENTITY = (("model", "about_model"), ("revision", "about_revision"), ("dtype", "about_dtype"))
Rows = Sequence[tuple[str, str]]


def about(facts: Facts, absent: Rows, limits: Rows, retention: Rows, language: Language) -> str:
    """Return the whole tab."""
    left = (
        _card(1, "about_is", "info", _points("about_is", language), language),
        _card(3, "about_here", "ruler", _here(facts, absent, language), language),
        _card(5, "about_scores", "scale", _points("about_scores", language), language),
        _card(7, "about_use", "info", _use(language), language, "warn"),
        _card(9, "about_licence", "pen", _facts(_pairs("about_licence", language)), language),
    )
    right = (
        _card(2, "about_not", "shield", _points("about_not", language), language, "warn"),
        _card(4, "about_privacy", "shield", _path(language) + _facts(retention), language),
        _card(6, "about_weak", "clash", _weak(language), language),
        _card(8, "about_limits", "ruler", _facts(limits), language),
        _card(10, "about_contact", "lexical", _contact(facts, language), language),
    )
    columns = "".join(f"<div>{''.join(cards)}</div>" for cards in (left, right))
    cite = _card(11, "about_cite", "pen", _cite(language), language, "wide")
    return f'<div class="ag-about">{columns}{cite}</div>'


def _card(place: int, key: str, drawing: str, body: str, language: Language, kind: str = "") -> str:
    """`place`: in the order in which cards follow each other where there is one column only."""
    name = f"ag-{key.replace('_', '-')}"
    head = f'<h2 class="ag-title" id="{name}">{icon(drawing)}{say(f"{key}_title", language)}</h2>'
    return (
        f'<section class="ag-card ag-about-card {kind}" style="order: {place}" aria-labelledby="{name}">'
        f"{head}{body}</section>"
    )


def _pairs(key: str, language: Language) -> list[tuple[str, str]]:
    """The lines of a list as (name, rest)."""
    lines = [line.partition(" | ") for line in say(key, language).split("\n")]
    return [(name, rest) for name, _, rest in lines]


def _points(key: str, language: Language) -> str:
    rows = "".join(
        f"<li><b>{escape(name)}</b><span>{escape(rest)}</span></li>" for name, rest in _pairs(key, language)
    )
    return f'<ul class="ag-points">{rows}</ul>'


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    return f'<dl class="ag-facts-list">{body}</dl>'


def _here(facts: Facts, absent: Rows, language: Language) -> str:
    rows: list[tuple[str, str]] = []
    for name, title, identity in facts.engines:
        told = [title[language]]
        told += [say("about_default", language)] * (name == facts.default and len(facts.engines) > 1)
        told += [f"{say(label, language)} {identity[key]}" for key, label in IDENTITY if identity.get(key)]
        source = identity.get("checkpoint") or {}
        told += [f"{say('about_checkpoint', language)} {source['file']}"] if source.get("file") else []
        told += [f"{say('about_device', language)} {identity['device']}"] if identity.get("device") else []
        told += [say("about_rules", language, version=facts.rules)] if name == "signal" else []
        rows.append((say("about_engine", language), " · ".join(told)))
    rows += [(say("about_absent", language), f"{title}: {why}") for title, why in absent]
    ready = say("about_speech_small", language, model=facts.speech)
    rows.append((say("about_speech", language), facts.no_speech[language] if facts.no_speech else ready))
    if facts.data:
        rows.append((say("about_data", language), facts.data))
    program = [f"affectgpt {facts.program}"]
    program += [say("about_commit", language, commit=facts.commit)] if facts.commit else []
    rows.append((say("about_program", language), " · ".join(program)))
    libraries = [f"{name} {version}" for name, version in facts.libraries.items() if version]
    rows.append((say("about_libraries", language), " · ".join(libraries)))
    return _facts(rows)


def _path(language: Language) -> str:
    """Where a clip goes: from the browser to the server, and no further."""
    steps = "".join(
        f"<li><b>{escape(name)}</b><span>{escape(rest)}</span></li>"
        for name, rest in _pairs("about_path", language)
    )
    return f'<ol class="ag-path">{steps}</ol>'


def _weak(language: Language) -> str:
    figures = "".join(
        f"<li><b>{escape(name)}</b><span>{escape(rest)}</span></li>"
        for name, rest in _pairs("about_weak", language)
    )
    rest = "".join(f"<li>{escape(line)}</li>" for line in say("about_weak_rest", language).split("\n"))
    return f'<ul class="ag-figures">{figures}</ul><ul class="ag-plain">{rest}</ul>'


def _use(language: Language) -> str:
    return (
        f"<p>{say('about_use', language)}</p><h3>{say('about_forbidden_title', language)}</h3>"
        f'{_points("about_forbidden", language)}<p class="ag-note">{say("about_law", language)}</p>'
    )


def _contact(facts: Facts, language: Language) -> str:
    if facts.contact:
        where = escape(facts.contact)
    elif facts.space:
        address = f"https://huggingface.co/spaces/{facts.space}/discussions"
        where = _link(address, say("about_contact_space", language))
    else:
        where = say("about_contact_operator", language)
    return f"<p>{say('about_contact', language, where=where)}</p>"


def _cite(language: Language) -> str:
    blocks = []
    for name, number, text in CITATIONS:
        link = _link(f"https://arxiv.org/abs/{number}", f"arXiv {number}")
        blocks.append(
            f"<figure><figcaption><span><b>{name}</b> {link}</span>"
            f"{copier(f'BibTeX {name}', language)}</figcaption>"
            f'<pre tabindex="0" aria-label="BibTeX {name}">{escape(text)}</pre></figure>'
        )
    return f'<p>{say("about_cite", language)}</p><div class="ag-cites">{"".join(blocks)}</div>'


def _link(address: str, words: str) -> str:
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(words)}</a>'
