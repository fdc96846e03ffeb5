"""Clues and verdict become the four parts of a text in the EMER form, in English or Chinese.

The list of clues holds everything, the text what matters. The strongest clues of each modality come in order
of time, joined into sentences; the inference says how they add up, where they disagree, and what it may mean.
It speaks of how a person comes across, never of what a person feels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from .schema import MODALITIES, Clue, Conflict, Label, Language, Modality, Part, Text, Verdict, Window
from .wheel import affect, translate
from .wording import (
    FORMS,
    JOINTS,
    LEVELS,
    MEASURE,
    MIXED,
    MIXED_TONE,
    MOODS,
    NOTHING_MORE,
    OPENING,
    PHASES,
    READING,
    SAY,
    inside,
    join_list,
    modalities,
    noun,
    relation,
    smile_once,
    subject,
    together,
)

MOST_CLUES = {"visual": 5, "acoustic": 5, "lexical": 5}  # in the text of a part; the clue list has all
INFORM = {  # weight of clues that only inform; one that is not here stays in the list of clues
    "expression_change": 0.6,
    "voice_like_sound": 0.5,
    "silence": 0.5,
    "noise": 0.3,
    "music_like_sound": 0.4,
    "background_tone": 0.25,
    "audible_breath": 0.12,
    "other_faces": 0.12,
    "pitch_level": 0.11,
    "speech_rate": 0.1,
    "effort": 0.1,
    "head_pose": 0.05,
    "question": 0.1,
    "address": 0.05,
    "politeness": 0.08,
}
EARLY = {"head_pose": -2.0, "expression_change": -1.0}  # told before what starts at 0 s
FIRST = ("face_presence", "quote", "pitch_level", "high_pitch")  # a part opens with it
JOIN_CHARS = {"en": 230, "zh": 90}  # longest sentence made of two clues
MOST_NAMES = 4  # clues named again in the inference
LEANS, STIRS = 0.15, 0.35  # |valence|, |arousal| from which a modality leans to a side
CLEARLY = 0.45  # of both, from which the whole does so clearly
VOICE_LEANS = 0.45  # of valence: a voice tells little about pleasant or unpleasant
PHASE = 0.3  # |valence| of a window from which it counts as a phase of the clip
BOTH = 0.2  # valence on each side from which a modality is mixed
SURE, LIKELY = 0.5, 0.25  # confidence from which the wording is firmer; it stays a hypothesis


def write(
    clues: Sequence[Clue],
    verdict: Verdict,
    language: Language,
    *,
    missing: Mapping[Modality, Text],
    lost: Text | None = None,
) -> dict[Part, str]:
    """Return the visual, acoustic and lexical part and the inference.

    `missing` gives the reason for each modality that has nothing to say; `lost` what the face tool missed.
    """
    parts: dict[Part, str] = {}
    for modality in MODALITIES:
        sentences = _part(modality, clues, verdict, language, missing.get(modality))
        if modality == "visual" and lost:
            sentences.append(lost[language])
        parts[modality] = together(sentences, language)
    parts["inference"] = together(_inference(clues, verdict, language, missing), language)
    return parts


# ---- one modality


def _part(
    modality: Modality, clues: Sequence[Clue], verdict: Verdict, language: Language, missing: Text | None
) -> list[str]:
    shown = _chosen(modality, clues)
    opening = OPENING[modality][language]
    if not shown:
        why = missing or NOTHING_MORE[modality]
        return [opening + SAY["unusable"][language].format(why=inside(why[language], language))]
    first, *more = (_listed if modality == "lexical" else _flow)(shown, language)
    first = re.sub(r"^在 ?(?=\d|片段)", "", first)  # 在音频中，在 1.2 秒: once is enough
    first = re.sub("^(片段的大部分时间里)(?=有)", r"\1都", first)
    silent = shown[0].name == "silence"  # "in the audio, the sound track is silent" says it twice
    sentences = [first if silent else opening + inside(first, language), *more]
    if missing:
        return sentences
    if not any(_speaks(clue) for clue in shown):
        return [*sentences, NOTHING_MORE[modality][language]]
    mood = _mood(modality, clues, verdict)
    return [*sentences, READING[modality][language].format(mood=mood[language])] if mood else sentences


def _chosen(modality: Modality, clues: Sequence[Clue]) -> list[Clue]:
    """The clues worth telling: what opens the part, then the strongest, in order of time or of the words."""
    mine = [clue for clue in clues if clue.modality == modality]
    rest = [clue for clue in mine if clue.name not in FIRST and _weight(clue) > 0]
    rest = sorted(rest, key=lambda clue: (-_weight(clue), clue.name))[: MOST_CLUES[modality]]
    place = {  # words as they are read, what is seen as it happens, the voice by what marks it most
        "lexical": lambda clue: clue.chars or (10**6, 0),
        "visual": lambda clue: EARLY.get(clue.name, clue.start_s or 0.0),
        "acoustic": lambda clue: (subject(clue) == "background", subjects.index(subject(clue))),
    }
    subjects = [subject(clue) for clue in rest]  # the weightiest first; what is said of one stays together
    shown = [clue for clue in mine if clue.name in FIRST] + sorted(rest, key=place[modality])
    return smile_once(shown) if modality == "visual" else shown


def _weight(clue: Clue) -> float:
    if _speaks(clue):
        return clue.strength * max(abs(clue.valence), abs(clue.arousal), abs(clue.dominance))
    return INFORM.get(clue.name, 0.0)


def _speaks(clue: Clue) -> bool:
    return clue.strength > 0 and any((clue.valence, clue.arousal, clue.dominance))


def _mood(modality: Modality, clues: Sequence[Clue], verdict: Verdict) -> Text | None:
    valences = [clue.valence * clue.strength for clue in clues if clue.modality == modality]
    if sum(x for x in valences if x > 0) >= BOTH and sum(x for x in valences if x < 0) <= -BOTH:
        return MIXED[modality]
    valence, arousal, _ = verdict.modalities.get(modality, (0.0, 0.0, 0.0))
    limit = VOICE_LEANS if modality == "acoustic" else LEANS
    return MOODS[modality].get((_sign(valence, limit), _sign(arousal, STIRS)))


def _sign(x: float, limit: float) -> int:
    return int(x >= limit) - int(x <= -limit)


def _flow(clues: Sequence[Clue], language: Language) -> list[str]:
    """Join neighbours that speak of the same thing two by two into sentences, by a word that relates them."""
    sentences: list[str] = []
    joint = "also"
    single = False  # whether the last sentence holds one clue and may take another
    for before, clue in pairwise([None, *clues]):
        text = " ".join(clue.text[language].split())
        if before is None or before.name in FIRST:
            sentences.append(text)
        else:
            joint = relation(before, clue, joint)
            middle, head = JOINTS[joint]
            short = len(sentences[-1]) + len(text) < JOIN_CHARS[language]
            alike = subject(before) == subject(clue) != "background"
            if single and alike and short and not re.search("[;；:：]", sentences[-1] + text):
                sentences[-1] = sentences[-1].rstrip(".。") + middle[language] + inside(text, language)
                single = False
                continue
            sentences.append(head[language] + (inside(text, language) if head[language] else text))
        single = clue.name not in FIRST
    return sentences


def _listed(clues: Sequence[Clue], language: Language) -> list[str]:
    """The words in one sentence: "what it is: quotes" becomes an item of a list, any other clue stays."""
    sentences: list[str] = []
    items: dict[str, str] = {}  # by the words quoted, so that none is quoted twice
    for clue in clues:
        text = re.sub("([.!?。！？…]”)[.。]$", r"\1", clue.text[language])  # one full stop is enough
        match = re.fullmatch("([^:：“]+)[:：] ?(“.+”.*?)[.。]?", text)
        if clue.name == "quote" or not match:
            sentences.append(text)
            continue
        what, words = match.groups()
        if language == "en":
            named = FORMS.get(clue.name)
            what, quoted = named[words.count("“") > 1] if named else inside(what, language), f" ({words})"
        else:
            what, quoted = what.removeprefix("话里") if items else what, f"（{words}）"
        whole = clue.name in ("question", "exclamation")  # that sentence was just quoted
        items.setdefault(clue.name if whole else words, what if whole else what + quoted)
    if items:
        joined = "，".join(items.values()) if language == "zh" else join_list(list(items.values()), language)
        sentences.insert(int(clues[0].name == "quote"), SAY["contains"][language].format(items=joined))
    return sentences


# ---- the inference


def _inference(
    clues: Sequence[Clue], verdict: Verdict, language: Language, missing: Mapping[Modality, Text]
) -> list[str]:
    out: list[str] = []
    change = _change(verdict.windows, language)
    for conflict in verdict.conflicts:
        out += _conflict(conflict, clues, language)
    if verdict.labels and not verdict.conflicts and not change:
        out += _support(verdict, clues, language)
    out += change
    out.append(_hypothesis(verdict, language, turns=bool(change)))
    out += _overall(verdict, language)
    gone = [modality for modality in MODALITIES if modality in missing]
    if 0 < len(gone) < len(MODALITIES):
        out.append(SAY["gone"][language].format(rest=modalities(gone, language, "or")))
    return out


def _support(verdict: Verdict, clues: Sequence[Clue], language: Language) -> list[str]:
    label = verdict.labels[0]
    supporters = [clues[position] for position in label.clues]
    names = _names(supporters, language)
    if label.name == "neutral" or not names:
        return []
    voices = {clue.modality for clue in supporters}
    joined = join_list(names, language)
    out = [SAY["together" if len(voices) > 1 else "alone"][language].format(names=joined)]
    quiet = [m for m in MODALITIES if m not in voices and _is_quiet(m, clues, verdict)]
    if quiet:
        text = SAY["little"][language].format(rest=modalities(quiet, language))
        out.append(text.replace(" adds ", " add ") if len(quiet) > 1 or quiet == ["lexical"] else text)
    return out


def _is_quiet(modality: Modality, clues: Sequence[Clue], verdict: Verdict) -> bool:
    """Measured, and close to neutral."""
    vad = verdict.modalities.get(modality, (0.0, 0.0, 0.0))
    return any(clue.modality == modality for clue in clues) and max(map(abs, vad[:2])) < LEANS


def _conflict(conflict: Conflict, clues: Sequence[Clue], language: Language) -> list[str]:
    sides: dict[Modality, list[Clue]] = {}
    for position in conflict.clues:
        sides.setdefault(clues[position].modality, []).append(clues[position])
    one = "lexical" if "lexical" in sides else "acoustic"
    against = [clue for modality, side in sides.items() if modality != one for clue in side]
    names = [join_list(_names(side, language), language) for side in (sides.get(one, []), against)]
    if not all(names):
        return [conflict.text[language]]
    _, colon, meaning = re.split(
        "([:：])", conflict.text[language], maxsplit=1
    )  # what clashes: what it may mean
    return [SAY["tension"][language].format(one=names[0], other=names[1], meaning=colon + meaning)]


def _hypothesis(verdict: Verdict, language: Language, *, turns: bool) -> str:
    if not verdict.labels:
        why = verdict.cannot_tell[language] if verdict.cannot_tell else ""
        return SAY["cannot"][language].format(why=inside(why, language))
    first, *rest = verdict.labels
    degree = "sure" if first.confidence >= SURE else "likely" if first.confidence >= LIKELY else "faint"
    if first.name == "neutral":
        degree = "neutral"
    elif rest and (verdict.conflicts or turns):
        degree = "open" if verdict.conflicts else "parts"
    chinese = language == "zh"
    if _smiles_bitterly(verdict) and (told := _smile_or_words(verdict.labels, language)):
        return told
    named = "" if chinese and degree == "neutral" else first.text[language]
    named += f"（置信度 {first.confidence:.2f}）" if chinese else f" (confidence {first.confidence:.2f})"
    others = join_list([label.text[language] for label in rest], language, "or")
    tail = (f"，也可能是{others}" if chinese else f", and perhaps {others}") if rest else ""
    return SAY[degree][language].format(first=named, rest=tail)


def _smiles_bitterly(verdict: Verdict) -> bool:
    return any(conflict.name == "smile_over_bitter_words" for conflict in verdict.conflicts)


def _smile_or_words(labels: Sequence[Label], language: Language) -> str | None:
    """What the person may be if the smile is meant, and if the words are; None where a side has no label."""
    sides: dict[str, list[str]] = {"smile": [], "words": []}
    for label in labels:
        sure = (
            ("（置信度 {:.2f}）" if language == "zh" else " (confidence {:.2f})")
            if label is labels[0]
            else ""
        )
        valence = (affect(label.name) or (0.0,))[0]
        sides["smile" if valence > 0 else "words"].append(
            label.text[language] + sure.format(label.confidence)
        )
    if not all(sides.values()):
        return None
    named = {side: join_list(names, language, "or") for side, names in sides.items()}
    return SAY["smile_or_words"][language].format(**named)


def _change(windows: Sequence[Window], language: Language) -> list[str]:
    """The first turn from unpleasant to pleasant or back, from window to window."""
    phases = [window for window in windows if window.labels and abs(window.valence) >= PHASE]
    for before, after in pairwise(phases):
        if before.valence * after.valence < 0:
            time = (before.start_s + before.end_s + after.start_s + after.end_s) / 4
            words = [_phase(window, language) for window in (before, after)]
            return [SAY["turns"][language].format(before=words[0], after=words[1], time=time)]
    return []


def _phase(window: Window, language: Language) -> str:
    names = join_list([translate(name, language) for name in window.labels], language, "or")
    phase = PHASES[1 if window.valence > 0 else -1][language]
    return f"{phase}（{names}）" if language == "zh" else f"{phase} ({names})"


def _overall(verdict: Verdict, language: Language) -> list[str]:
    levels = []
    for key, value in (("valence", verdict.valence), ("arousal", verdict.arousal)):
        if value is not None:
            level = LEVELS[key][2 + _sign(value, LEANS) + _sign(value, CLEARLY)]
            mixed = level is LEVELS["valence"][2] and _smiles_bitterly(verdict)
            word = (MIXED_TONE if mixed else level)[language]
            levels.append(SAY["level"][language].format(word=word, name=MEASURE[key][language], value=value))
    joined = "，".join(levels) if language == "zh" else " and ".join(levels)
    return [SAY["overall"][language].format(levels=joined)] if levels else []


# ---- small change


def _names(clues: Iterable[Clue], language: Language) -> list[str]:
    """Short names of the weightiest clues, modality by modality."""
    clues = list(clues)
    if any(clue.name.startswith("word_") for clue in clues):
        clues = [clue for clue in clues if clue.name != "polarity"]  # it rests on the same words
    strongest = sorted(clues, key=lambda clue: (-_weight(clue), clue.name))[:MOST_NAMES]
    ordered = sorted(strongest, key=lambda clue: MODALITIES.index(clue.modality))
    names = [name[language] for clue in ordered if (name := noun(clue))]
    return list(dict.fromkeys(names))
