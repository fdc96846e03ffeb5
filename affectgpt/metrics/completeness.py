"""Modality completeness of an explanation: does it say what was seen, heard and said, and conclude from it?

EMER (Lian et al. 2023, arXiv 2306.15401) names completeness as a quality of an explanation, but published
no way to measure it. This rubric is our own; its figures are comparable with each other only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..observables import MODEL_HEADING, QUOTATION, content
from ..part_marks import HEADING, QUIET
from ..parts import PARTS, split_parts
from ..schema import MODALITIES, Modality
from ..vocabulary import plain
from .statistic import Statistic, mean_statistic

RUBRIC, VERSION = "affectgpt-completeness", 1  # raise the version when a score of the same text changes
FULL, HALF = 1.0, 0.5

NO_CLUE = re.compile(  # the part only says that there is nothing in it
    r"(?:impossible|difficult|hard|not possible|unable|cannot|can not|can't|not enough|insufficient)\b"
    r".{0,40}?\b(?:determin|infer|judg|tell|identif|recogni[sz]|ascertain|assess|conclu|information|clues?)"
    r"|\b(?:no|not any|without)\b (?:[\w-]+ ){0,4}?"
    r"(?:clues?|cues?|information|sound|audio|speech|subtitles?|text|dialogue|face)\b"
    r"|(?:not|isn't|aren't) (?:available|provided|visible|audible)"
    r"|(?:无法|难以|很难|不能|不足以)[^，。；]{0,8}(?:判断|推断|推测|确定|得出|识别|看出|听出)"
    r"|没有[^，。；]{0,10}(?:线索|信息|声音|台词|字幕|文本|内容)|(?:无|缺乏)[^，。；]{0,6}(?:线索|信息|字幕)"
)
SAYS = re.compile(  # what was said, in other words: a paraphrase of the subtitle
    r"\b(?:says?|said|saying|asks?|asked|asking|tells?|told|telling|states that|stated|stating|mentions?|"
    r"mentioned|mentioning|thanks|thanked|thanking|apologi[sz]\w+|answers?|answered|replies|replied|claims?|"
    r"claimed|explains?|explained|complains?|complained|express(?:es|ed|ing)?|means that)\b"
    "|说(?!话)|询问|质问|反问|问道|提到|表示|表达|告诉|回答|解释|抱怨|感谢|道歉|意思是"
)


def modality_completeness(text: str) -> dict[str, Any]:
    """Score the completeness of an explanation in English or Chinese; the subtitle is not needed.

    The text is cut into its parts (`parts.split_parts`), and each of four things scores 0, 0.5 or 1:
    visual, acoustic: 1 if the part names an observable clue of its modality (`observables.tsv`, denied ones
    left out), or the part of another modality names an unmistakable one; 0.5 if there is such a part, but no
    clue of the table in it; 0 without, or if the part is a heading alone or says that nothing can be told.
    lexical: 1 if the lexical part quotes the words, names a clue in them (a question, ...) or says in its own
    words what is said; 0.5 if there is such a part only; 0 as above.
    inference: 1 if the inference names an emotion (not denied) and any of the three above is more than 0;
    0.5 if an emotion is named, but in another part or with nothing to conclude it from; else 0.

    Returns {rubric, version, score, parts, clues}: the mean of the four, 0..1; the four by part; for each
    modality the clue categories found, for "inference" the sectors of emotion in that part.
    """
    split = split_parts(text)
    told = content("\n".join(split.get(part, "") for part in MODALITIES))
    clues, scores = {}, {}
    for part in MODALITIES:
        written = split.get(part, "")
        elsewhere = set() if part == "lexical" else told[part] - QUIET
        clues[part] = content(written)[part] | elsewhere
        scores[part] = FULL if clues[part] else _without_clue(part, written)
    clues["inference"] = _emotions(split.get("inference", ""))
    if clues["inference"] and any(scores.values()):
        scores["inference"] = FULL
    else:
        scores["inference"] = HALF if _emotions(text) else 0.0
    return {
        "rubric": RUBRIC,
        "version": VERSION,
        "score": sum(scores.values()) / len(PARTS),
        "parts": {part: scores[part] for part in PARTS},
        "clues": {part: sorted(clues[part]) for part in PARTS},
    }


def _emotions(text: str) -> set[str]:
    """Sectors of the emotions that a text names, those in quoted words left out."""
    return content(QUOTATION.sub('""', text))["emotion"]


def _without_clue(part: Modality, written: str) -> float:
    """The score of a part in which no clue of the table was found."""
    flat = MODEL_HEADING.sub("", plain(written)).strip()
    heading = HEADING[part].match(flat)
    said = flat[heading.end() :] if heading else flat
    if NO_CLUE.search(said) or not re.search(r"\w", said):
        return 0.0
    return FULL if part == "lexical" and SAYS.search(said) else HALF


def completeness_statistics(texts: Mapping[str, str]) -> dict[str, Statistic]:
    """Return the mean "score" and that of each part over the texts of a system, as statistics."""
    found = {name: modality_completeness(text) for name, text in texts.items()}
    parts = {part: {name: one["parts"][part] for name, one in found.items()} for part in PARTS}
    score = {"score": {name: one["score"] for name, one in found.items()}}
    return {key: mean_statistic(values) for key, values in (score | parts).items()}
