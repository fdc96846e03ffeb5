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
from .vocabulary import affect, translate
from .wording import (
    FORMS,
    JOINTS,
    LEVELS,
    MEASURE,
    MIXED,
    MIXED_TONE,
    MOODS,
    NOTHING_MORE,
    OPEN_TONE,
    OPENING,
    PHASES,
    READING,
    SAY,
    inside,
    join_list,
    modalities,
    none_of,
    noun,
    relation,
    smile_once,
    subject,
    together,
)

MOST_CLUES = {"visual": 5, "acoustic": 5, "lexical": 5}  # in the text of a part; the clue list has all
INFORM = {  # weight of clues that only inform; one that is not here stays in the list of clues
    "expression_change": 0.6, "voice_like_sound": 0.5, "silence": 0.5, "noise": 0.3,
    "music_like_sound": 0.4, "background_tone": 0.25, "audible_breath": 0.12, "other_faces": 0.12,
    "pitch_level": 0.11, "speech_rate": 0.1, "effort": 0.1, "head_pose": 0.05, "question": 0.1,
    "address": 0.05, "politeness": 0.08,
}  # fmt: skip
EARLY = {"head_pose": -2.0, "expression_change": -1.0}  # told before what starts at 0 s
FIRST = ("face_presence", "quote", "pitch_level", "high_pitch")  # a part opens with it
WHOLE = ("question", "exclamation")  # not quoted: the sentence was quoted just before
JOIN_CHARS = {"en": 230, "zh": 90}  # longest sentence made of two clues
MOST_NAMES = 4  # clues named again in the inference
LEANS, STIRS = 0.15, 0.35  # |valence|, |arousal| from which a modality leans to a side
CLEARLY, VOICES = 0.45, 2  # of both, from which the whole does so clearly, if two modalities lean that way
VOICE_LEANS = 0.45  # of valence: a voice tells little about pleasant or unpleasant
PHASE = 0.3  # |valence| of a window from which it counts as a phase of the clip
BOTH = 0.2  # valence on each side from which a modality is mixed
SURE, LIKELY = 0.5, 0.25  # confidence from which the wording is firmer; it stays a hypothesis
EQUAL, SEVERAL = 0.08, 3  # so many labels whose confidence differs by no more are about equally likely


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
    items: dict[str, list[str]] = {}  # by the words quoted, so that none is quoted twice
    joint, quoted = (" with ", " ({})") if language == "en" else ("，", "（{}）")
    for clue in clues:
        text = re.sub("([.!?。！？…]”)[.。]$", r"\1", clue.text[language])  # one full stop is enough
        match = re.fullmatch("([^:：“]+)[:：] ?(“.+”.*?)[.。]?", text)
        if clue.name == "quote" or not match:
            sentences.append(text)
            continue
        what, words = match.groups()
        if language == "en":
            named = FORMS.get(clue.name)
            what = named[words.count("“") > 1] if named else inside(what, language)
        else:
            what = re.sub("^(?:话里)?(?=[带用])", "话里" * (not items), what)
        key = clue.name if clue.name in WHOLE else words
        if key not in items or clue.name.startswith(("word_", "accusation")):  # thanks are polite anyway
            items.setdefault(key, []).append(what)
    if items:
        said = [joint.join(x) + quoted.format(key) * (key not in WHOLE) for key, x in items.items()]
        joined = "，".join(said) if language == "zh" else join_list(said, language)
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
        out += _support(verdict, clues, language, missing)
    out += change
    out.append(_hypothesis(verdict, language, turns=bool(change)))
    out += _overall(verdict, language)
    gone = [modality for modality in MODALITIES if modality in missing]
    if 0 < len(gone) < len(MODALITIES):
        out.append(SAY["gone"][language].format(rest=none_of(gone, language)))
    return out


def _support(
    verdict: Verdict, clues: Sequence[Clue], language: Language, missing: Mapping[Modality, Text]
) -> list[str]:
    """On which clues the first label rests, and which others move only the tone or the energy."""
    label = verdict.labels[0]
    supporters = [clues[position] for position in label.clues]
    names = _names(supporters, language)
    if label.name == "neutral" or not names:
        return []
    busy = {clue.modality for clue in supporters}
    how, rest = "together" if len(busy) > 1 and len(names) > 1 else "alone", ""
    if how == "alone":
        for axis in ("valence", "arousal"):  # what does not support the label, but moves one of them
            others = [x for x in clues if x not in supporters and abs(getattr(x, axis)) * x.strength >= LEANS]
            busy |= {clue.modality for clue in others}
            if moving := _names(others, language):
                rest += SAY[axis][language].format(names=join_list(moving, language))
                how = "mainly"
    elif _alike(verdict.labels):
        how = "on"
    vads = {clue.modality: verdict.modalities.get(clue.modality, (0.0, 0.0, 0.0)) for clue in clues}
    quiet = [m for m in MODALITIES if m in vads and m not in (*busy, *missing)]
    quiet = [modality for modality in quiet if max(map(abs, vads[modality][:2])) < LEANS]
    if quiet:
        text = SAY["little"][language].format(rest=modalities(quiet, language))
        rest += text.replace(" adds ", " add ") if len(quiet) > 1 or quiet == ["lexical"] else text
    return [SAY[how][language].format(names=join_list(names, language), rest=rest)]


def _alike(labels: Sequence[Label]) -> bool:
    return len(labels) >= SEVERAL and round(labels[0].confidence - labels[-1].confidence, 2) <= EQUAL


def _conflict(conflict: Conflict, clues: Sequence[Clue], language: Language) -> list[str]:
    sides: dict[Modality, list[Clue]] = {}
    for position in conflict.clues:
        sides.setdefault(clues[position].modality, []).append(clues[position])
    one = "lexical" if "lexical" in sides else "acoustic"
    against = [clue for modality, side in sides.items() if modality != one for clue in side]
    names = [join_list(_names(side, language), language) for side in (sides.get(one, []), against)]
    if not all(names):
        return [conflict.text[language]]
    meaning = re.sub("^[^:：]+", "", conflict.text[language])  # what clashes: what it may mean
    return [SAY["tension"][language].format(one=names[0], other=names[1], meaning=meaning)]


def _hypothesis(verdict: Verdict, language: Language, *, turns: bool) -> str:
    if not verdict.labels:
        why = verdict.cannot_tell[language] if verdict.cannot_tell else ""
        return SAY["cannot"][language].format(why=inside(why, language))
    first, *rest = verdict.labels
    if _smiles_bitterly(verdict) and (told := _smile_or_words(verdict.labels, language)):
        return told
    low, high = verdict.labels[-1].confidence, first.confidence
    degree = "sure" if high >= SURE else "likely" if high >= LIKELY else "faint"
    if first.name == "neutral":
        degree = "neutral"
    elif rest and (verdict.conflicts or turns):
        degree = "open" if verdict.conflicts else "parts"
    elif _alike(verdict.labels):
        names = join_list([label.text[language] for label in verdict.labels], language, "or")
        return SAY["equal"][language].format(names=names, low=low, high=high)
    named = "" if degree == "neutral" and language == "zh" else first.text[language]
    named += SAY["confidence"][language].format(first.confidence)
    others = join_list([label.text[language] for label in rest], language, "or")
    tail = (", and perhaps " if language == "en" else "，也可能是") * bool(rest) + others
    return SAY[degree][language].format(first=named, rest=tail)


def _smiles_bitterly(verdict: Verdict) -> bool:
    return any(conflict.name == "smile_over_bitter_words" for conflict in verdict.conflicts)


def _smile_or_words(labels: Sequence[Label], language: Language) -> str | None:
    """What the person may be if the smile is meant, and if the words are; None where a side has no label."""
    sides: dict[str, list[str]] = {"smile": [], "words": []}
    for label in labels:
        sure = SAY["confidence"][language].format(label.confidence) if label is labels[0] else ""
        valence = (affect(label.name) or (0.0,))[0]
        sides["smile" if valence > 0 else "words"].append(label.text[language] + sure)
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
    for axis, (key, value) in enumerate((("valence", verdict.valence), ("arousal", verdict.arousal))):
        if value is not None:
            leans = _sign(value, LEANS)
            sides = [_sign(vad[axis], LEANS) for vad in verdict.modalities.values()]
            level = LEVELS[key][2 + leans + _sign(value, CLEARLY) * (sides.count(leans) >= VOICES)]
            if key == "valence" and (not _told(verdict, leans) if leans else _smiles_bitterly(verdict)):
                level = OPEN_TONE if leans else MIXED_TONE
            name = MEASURE[key][language]
            levels.append(SAY["level"][language].format(word=level[language], name=name, value=value))
    joined = "，".join(levels) if language == "zh" else " and ".join(levels)
    scale = SAY["scales" if len(levels) > 1 else "scale"][language]
    return [SAY["overall"][language].format(levels=joined, scale=scale)] if levels else []


def _told(verdict: Verdict, side: int) -> bool:
    """Whether a modality alone tells pleasant from unpleasant; a voice does so only when it leans far."""
    limits = {"acoustic": VOICE_LEANS}
    return any(_sign(vad[0], limits.get(key, LEANS)) == side for key, vad in verdict.modalities.items())


def _names(clues: Iterable[Clue], language: Language) -> list[str]:
    """Short names of the weightiest clues, modality by modality."""
    clues = list(clues)
    if any(clue.name.startswith("word_") for clue in clues):
        clues = [clue for clue in clues if clue.name != "polarity"]  # it rests on the same words
    strongest = sorted(clues, key=lambda clue: (-_weight(clue), clue.name))[:MOST_NAMES]
    ordered = sorted(strongest, key=lambda clue: MODALITIES.index(clue.modality))
    names = [name[language] for clue in ordered if (name := noun(clue))]
    return list(dict.fromkeys(names))
