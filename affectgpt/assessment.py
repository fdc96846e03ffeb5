"""One answer against one reference: marks of a judge, completeness, sets of labels on our own wheel.

The two marks follow EMER (Lian et al. 2023, arXiv 2306.15401), which had ChatGPT give them; no mark of
another judge can be compared with its published ones. Completeness is a rubric of this project
(`metrics.completeness`). The sets are scored as OV-MER does (arXiv 2410.01495; `metrics.wheels`), on the
wheel of this project, for one answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .judges import EmbeddedJudge, Judge, Judgement, Pair
from .judges.embedded import forget
from .judges.judgement import HIGHEST
from .metrics import modality_completeness
from .metrics.overlap import reference_labels as labels_of
from .metrics.wheels import sample_scores
from .reference import checked, visible
from .schema import Language, Text
from .vocabulary import canonical, cluster
from .wheel import base_labels, parse_labels, split_list
from .wheel_tables import OWN_NAME, OWN_VERSION

VERSION = 1  # raise it when a field changes its meaning
TOLD = 8  # words in a note
LEVELS = {"core": 1, "sector": 2}  # of the wheel: few places, many places
NEAREST = ("word", "sector", "core")  # by what two labels meet, the nearest first

NOTES = {
    "read": Text(
        "The reference lists no labels: they were read from its text.",
        "参考答案没有列出标签：这些标签是从其文字中读出的。",
    ),
    "no_labels": Text(
        "The reference names no emotion: the labels cannot be compared.",
        "参考答案没有写出任何情绪：无法比较标签。",
    ),
    "no_text": Text(
        "The reference has labels only: clues cannot be compared.", "参考答案只有标签：无法比较线索。"
    ),
    "no_answer": Text(
        "The answer names no label, so every label of the reference is missed.",
        "回答没有给出标签，因此参考答案的标签全部缺失。",
    ),
    "unknown": Text(
        "Not in our vocabulary, so counted only where both say the same word, and not in F: {words}.",
        "词表中没有这些词，只有双方用词相同时才算相符，也不计入 F：{words}。",
    ),
    "not_published": Text(
        "Made by the judge named here on this one answer: not comparable with the ChatGPT marks that EMER "
        "papers print, which cover a whole test set.",
        "以上分数由此处注明的评判方式针对这一个回答给出，"
        "不能与 EMER 论文中由 ChatGPT 在整个测试集上打出的分数比较。",
    ),
}
LINE = {
    "clue_overlap": Text("clue overlap {mark} of {most}", "线索重合 {mark}/{most}"),
    "label_overlap": Text("label overlap {mark} of {most}", "标签重合 {mark}/{most}"),
    "f": Text(
        "label F {f} (precision {precision}, recall {recall})",
        "标签 F {f}（精确率 {precision}，召回率 {recall}）",
    ),
    "completeness": Text("completeness {value} of 1", "完整度 {value}（满分 1）"),
}


def assess(
    text: str,
    labels: Iterable[str],
    reference_text: str,
    reference_labels: Iterable[str],
    language: Language,
    *,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """Compare one answer with one reference; the values are those of JSON.

    labels: lists of words, each in either language. Where a reference has a text only, its labels are read
    from that; a text that is a list ("happy, sad") is taken as labels. language: in which a language model is
    asked. judge: None takes the embedded one, with which the same input always gives the same result. The
    fields are described in `explanation.schema.json`.
    Raises AffectError when the reference is empty or too long (`reference.checked`).
    """
    text, said = visible(text), parse_labels([visible(label) for label in labels])
    wanted_text, listed = checked(reference_text, reference_labels)
    if not listed and split_list(wanted_text) is not None:  # "happy, sad": labels that came as a text
        wanted_text, listed = "", [wanted_text]
    wanted = parse_labels(listed) if listed else labels_of(wanted_text)
    judge = judge or EmbeddedJudge()
    lists = {"predicted_labels": tuple(said), "reference_labels": tuple(wanted) if listed else None}
    pairs = [Pair("answer", "label", text, wanted_text, language=language, **lists)]
    if wanted_text:
        pairs.append(Pair("answer", "clue", text, wanted_text, language=language))
    try:
        marks = {each.aspect: each for each in judge(pairs)}
    finally:
        forget()  # the texts are a visitor's
    ours, theirs = base_labels(said), base_labels(wanted)
    unknown = [word for word in dict.fromkeys([*ours, *theirs]) if canonical(word) is None]
    more = f" … +{len(unknown) - TOLD}" if len(unknown) > TOLD else ""
    words = Text(", ".join(unknown[:TOLD]) + more, "、".join(unknown[:TOLD]) + more)
    notes = {
        "read": bool(wanted and not listed),
        "no_labels": not wanted,
        "no_text": not wanted_text,
        "no_answer": not said,
        "unknown": bool(unknown),
        "not_published": True,
    }
    return {
        "version": VERSION,
        "judge": _named(judge),
        "wheel": {"name": OWN_NAME, "version": OWN_VERSION},
        "clue_overlap": _mark(marks["clue"]) if wanted_text else None,
        "label_overlap": _mark(marks["label"]),
        "completeness": {
            "answer": modality_completeness(text),
            "reference": modality_completeness(wanted_text) if wanted_text else None,
        },
        "labels": {
            "answer": ours,
            "reference": theirs,
            "levels": {name: _level(said, wanted, level) for name, level in LEVELS.items()},
            **_met(ours, theirs),
            "unknown": unknown,
        },
        "notes": [_both(NOTES[key].filled(words=words)) for key, on in notes.items() if on],
    }


def headline(assessment: dict[str, Any], language: Language) -> str:
    """Return the main numbers in one line, each with its scale, and who gave them."""
    out = []
    for key in ("clue_overlap", "label_overlap"):
        mark = assessment[key] and assessment[key]["mark"]
        if mark is not None:
            out.append(LINE[key].filled(mark=f"{mark:g}", most=f"{HIGHEST:g}"))
    sector = assessment["labels"]["levels"]["sector"]
    if sector["f"] is not None:
        out.append(LINE["f"].filled(**{key: f"{sector[key]:.2f}" for key in ("f", "precision", "recall")}))
    out.append(LINE["completeness"].filled(value=f"{assessment['completeness']['answer']['score']:.2f}"))
    return " · ".join([*(piece[language] for piece in out), who(assessment["judge"])])


def who(judge: dict[str, Any]) -> str:
    """Return name, model and version of a judge in one line."""
    version = f"v{judge['version']}" if judge["version"] is not None else ""
    return " ".join(part for part in (judge["name"], judge["model"], version) if part)


def _named(judge: Judge) -> dict[str, Any]:
    """The judge without its other settings, which may tell where a server of the operator stands."""
    settings = judge.settings
    return {
        "name": judge.name,
        "version": settings.get("version", settings.get("prompts")),  # of its rules, or of its questions
        "model": str(settings.get("model", "")),
    }


def _mark(judgement: Judgement) -> dict[str, Any]:
    return {"mark": judgement.score, "reason": _both(judgement.reason), "details": dict(judgement.details)}


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _level(said: list[str], wanted: list[str], level: int) -> dict[str, Any]:
    """Precision, recall and F at one level of the wheel (None: the reference has no place on it)."""
    found = sample_scores({"answer": wanted}, {"answer": said}, level=level)["answer"]
    places = found["wheels"][f"level{level}"]
    return {
        **{key: found[key] for key in ("precision", "recall", "f")},
        "answer": places["predicted"],
        "reference": places["reference"],
        "met": places["met"],
    }


def _met(ours: list[str], theirs: list[str]) -> dict[str, Any]:
    """Each label with the nearest one of the other side; and those that meet none, not even in a core."""
    places = {word: (word, cluster(word, 2), cluster(word, 1)) for word in (*ours, *theirs)}

    def nearness(one: str, other: str) -> int:
        """Position in `NEAREST` of what two words have in common, its length where they have nothing."""
        same = [a is not None and a == b for a, b in zip(places[one], places[other], strict=True)]
        return same.index(True) if any(same) else len(NEAREST)

    pairs: dict[tuple[str, str], int] = {}
    for words, others, turned in ((theirs, ours, True), (ours, theirs, False)):
        for word in words:
            if any(word == pair[turned] for pair in pairs):
                continue
            other = min(others, key=lambda each: nearness(word, each), default=None)
            if other is not None and (at := nearness(word, other)) < len(NEAREST):
                pairs[(other, word) if turned else (word, other)] = at
    return {
        "pairs": [
            {"answer": one, "reference": other, "by": NEAREST[at], "place": places[one][at]}
            for (one, other), at in sorted(pairs.items(), key=lambda pair: pair[1])
        ],
        "missed": [word for word in theirs if all(word != other for _, other in pairs)],
        "extra": [word for word in ours if all(word != one for one, _ in pairs)],
    }
