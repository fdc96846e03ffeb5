"""Explanations as one self-contained page to read or to send: no script, no clip unless asked for, nothing
loaded from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from .assessment import headline
from .schema import MODALITIES, Clue, Explanation, Language, Text

TITLES = {
    "visual": Text("Seen", "所见"),
    "acoustic": Text("Heard", "所闻"),
    "lexical": Text("Said", "所言"),
    "inference": Text("How it adds up", "综合推断"),
}
NOTICE = Text(
    "An AI system estimated apparent emotion from face, voice and words. It does not know what anybody "
    "feels. Not for decisions about people at work, in education, hiring, medicine or policing.",
    "本页由人工智能系统根据面部、声音和话语估计外在情绪表现，并不代表任何人的真实感受。不得用于工作、教育、招聘、医疗或执法等涉及个人的决定。",
)
WORDS = {
    "cannot_tell": Text("Cannot tell", "无法判断"),
    "missing": Text("Missing", "缺失"),
    "clues": Text("Measured clues", "测得线索"),
    "written": Text("Clues, written by a model, not measured", "线索（由模型写出，并非测得）"),
    "appraisal": Text("valence {v}, arousal {a}", "效价 {v}，唤醒度 {a}"),
    "scores": Text("Against the reference", "与参考答案的对照"),
    "title": Text("What was seen, heard and said", "所见、所闻、所言"),
}
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6474; --card: #fff; --page: #f4f5f8;
  --line: #e0e3ea; --visual: #1f6fb2; --acoustic: #b3541e; --lexical: #4b7a2b; --inference: #6a4ca3 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaf0; --soft: #a3abbb; --card: #1c212c; --page: #12151c; --line: #2d3442;
    --visual: #6db3f2; --acoustic: #f0a36b; --lexical: #9ccf75; --inference: #bda4ee } }
body { margin: 0; padding: 2rem 1rem; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, "Noto Sans CJK SC", sans-serif }
main { max-width: 52rem; margin: auto }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 1.4rem 1.6rem; margin: 0 0 1.5rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin: 0 0 .6rem }
section { border-left: 4px solid var(--c); padding: .1rem 0 .1rem .9rem; margin: 1rem 0 }
section h3 { margin: 0; font-size: .95rem; color: var(--c) } section p { margin: .2rem 0 }
.labels span { display: inline-block; border: 1px solid var(--line); border-radius: 99px;
  padding: .1rem .8rem; margin: .15rem .3rem .15rem 0 }
.soft, small { color: var(--soft) } table { border-collapse: collapse; width: 100%; font-size: .9rem }
td { border-top: 1px solid var(--line); padding: .3rem .5rem; vertical-align: top }
td.n { white-space: nowrap; text-align: right }
video { display: block; max-width: 100%; max-height: 70vh; margin: 0 auto 1.5rem; border-radius: 14px }
"""


def to_html(explanations: Sequence[Explanation], *, clip: bytes | None = None) -> str:
    """Return one HTML page with a card for each explanation; every text in it is escaped.

    clip: an MP4 of our own making that is put into the page, above the cards.
    """
    language: Language = explanations[0].language if explanations else "en"
    cards = "\n".join(_card(explanation) for explanation in explanations)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{WORDS["title"][language]}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{WORDS['title'][language]}</h1>"
        f'<p class="soft">{NOTICE[language]}</p>\n{_video(clip)}{cards}\n</main></body></html>\n'
    )


def _video(clip: bytes | None) -> str:
    if clip is None:
        return ""
    return f'<video controls src="data:video/mp4;base64,{base64.b64encode(clip).decode()}"></video>\n'


def _card(explanation: Explanation) -> str:
    language, verdict = explanation.language, explanation.verdict
    if verdict.labels:
        labels = "".join(
            f"<span>{escape(label.text[language])} <small>{label.confidence:.2f}</small></span>"
            for label in verdict.labels
        )
    else:
        reason = verdict.cannot_tell[language] if verdict.cannot_tell else ""
        labels = f"<span>{WORDS['cannot_tell'][language]}</span> {escape(reason)}"
    if verdict.valence is not None and verdict.arousal is not None:
        numbers = WORDS["appraisal"][language].format(
            v=f"{verdict.valence:+.2f}", a=f"{verdict.arousal:+.2f}"
        )
        labels += f'<br><small class="soft">{numbers}</small>'
    parts = "".join(
        f'<section style="--c:var(--{part})"><h3>{TITLES[part][language]}</h3>'
        f"<p>{escape(explanation.parts[part])}</p></section>"
        for part in (*MODALITIES, "inference")
        if explanation.parts.get(part)
    )
    conflicts = "".join(f"<p>⚡ {escape(conflict.text[language])}</p>" for conflict in verdict.conflicts)
    missing = "".join(
        f'<p class="soft">{WORDS["missing"][language]}: {escape(text[language])}</p>'
        for text in explanation.missing.values()
    )
    scores = ""
    if explanation.scores:
        line, notes = headline(explanation.scores, language), explanation.scores["notes"]
        told = " ".join(note[language] for note in notes)
        scores = (
            f"<p><b>{WORDS['scores'][language]}</b> {escape(line)}<br>"
            f'<small class="soft">{escape(told)}</small></p>'
        )
    rows = "".join(_row(clue, language) for clue in explanation.clues)
    kind = "written" if any(clue.kind == "written" for clue in explanation.clues) else "clues"
    facts = [explanation.provenance.get(name) for name in ("version", "model", "quantization")]
    engine = escape(
        " ".join(str(fact) for fact in (explanation.engine, *facts) if fact not in (None, "none"))
    )
    return (
        f"<article><h2>{escape(explanation.name)}</h2><div class=labels>{labels}</div>"
        f"{conflicts}{parts}{missing}{scores}"
        f"<details><summary>{WORDS[kind][language]} ({len(explanation.clues)})</summary>"
        f"<table>{rows}</table></details><small>{engine}</small></article>"
    )


def _row(clue: Clue, language: Language) -> str:
    span = f"{clue.start_s:.1f}–{clue.end_s:.1f} s" if clue.spans else ""
    value = "" if clue.value is None else f"{clue.value:.2f} {clue.unit}"
    title = TITLES[clue.modality][language]
    return (
        f"<tr><td>{title}</td><td>{escape(clue.text[language])}</td>"
        f"<td class=n>{span}</td><td class=n>{escape(value)}</td></tr>"
    )
