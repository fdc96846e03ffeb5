"""Clues add up to a verdict: valence, arousal, dominance, labels, conflicts, and their change over time.

Weighted evidence that can be followed by hand: (1) a modality is tanh(GAIN * sum of contribution * strength);
(2) a weighted mean fuses those that speak; (3) labels come from `labels.rank`. Deterministic, and blind to
the order of the clues.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import exp, fsum, tanh

from .labels import (
    BEARING,
    CALM_FACE_SHARE,
    EVIDENCE,
    GROUPS,
    LEAST_CONFIDENCE,
    PASSING,
    PROTOTYPES,
    SIDE,
    UNCLEAR,
    Item,
    Vad,
    best,
    named,
    rank,
    weak,
)
from .schema import MODALITIES, Clue, Conflict, Label, Modality, Text, Verdict, Window
from .vocabulary import cluster
from .wording import join_list, noun

GAIN = 1.1
WEIGHTS = {"visual": (1.0, 0.6, 0.7), "acoustic": (0.45, 1.0, 0.8), "lexical": (0.9, 0.45, 0.5)}  # v, a, d
FLOORS = (0.9, 1.0, 1.0)  # least sum of weights: a lone weak modality cannot speak at full volume
SPEAKS_FROM, SPEAKS_FULLY = 0.05, 0.25  # |x| between which a modality grows into the mean: a step would jump
MAX_LABELS = 4
PART_ONLY = 0.6  # confidence when only one side of a conflict, or one part of the clip, supports a label
HARSH_EFFORT = 1.2  # effort index from which a voice is harsh for kind words
WINDOW_S = (2.0, 2.5, 3.0)  # shortest, wished, longest window

CONFLICTS = {
    "kind_words_harsh_delivery": Text(
        "The words are kind but the delivery is not: this may be sarcasm or suppressed anger.",
        "话说得好听，神情语气却对不上：可能是在讽刺，也可能在压着火。",
    ),
    "kind_words_sad_face": Text(
        "The words are kind but the face looks unhappy: this may be a brave front, or somebody who is moved.",
        "话是好话，脸上却并不高兴：可能是在强撑，也可能是被触动了。",
    ),
    "smile_over_bitter_words": Text(
        "The words are bitter but the mouth smiles: this may be a bitter smile, teasing or mere politeness.",
        "话里带着苦涩或不满，脸上却在笑：可能是苦笑、打趣，也可能只是客气。",
    ),
    "calm_words_tense_voice": Text(
        "The words are plain but the voice is tense or forceful: there may be more behind them than they say,"
        " unless the person is only speaking up.",
        "话说得平淡，声音却紧绷、用力：话外可能另有情绪，不过也可能只是在提高嗓门。",
    ),
    "restrained": Text(
        "The voice is stirred while face and body stay still: the emotion may be held back.",
        "声音激动，面部和身体却几乎不动：情绪可能被克制住了。",
    ),
    "strong_words_flat_voice": Text(
        "The words are strong but the voice is soft or flat: the emotion may be held back, or spent.",
        "话说得重，声音却又轻又平：情绪可能被压着，也可能已经无力发作。",
    ),
}
SARCASTIC = "kind_words_harsh_delivery"

NOTHING = Text("Nothing was measured that speaks for any emotion.", "没有测到任何能够说明情绪的线索。")
TOO_FEW = Text(
    "With only {names} to go by, there is too little for a hypothesis.", "仅凭{names}，不足以作出推断。"
)
TOO_WEAK = Text(
    "What was measured is too weak to point to any emotion.", "测到的线索都很微弱，指不向哪一种情绪。"
)
CANCEL = Text("The clues point in opposite directions and cancel out.", "各条线索方向相反，互相抵消。")
NO_MATCH = Text(
    "None of the emotions that this engine knows fits the clues well enough.",
    "测到的线索与本引擎所知的情绪都不够吻合。",
)
OVER_VALENCE = (SARCASTIC, "kind_words_sad_face", "smile_over_bitter_words")


def appraise(clues: Sequence[Clue], duration_s: float, *, cuts_s: Iterable[float] = ()) -> Verdict:
    """Return what `clues` add up to; `cuts_s` are the times (s) of shot changes, at which windows are cut.

    `Label.confidence` compares labels, it is not a probability. It is the product of four numbers 0..1:
    fit to the prototype, amount of supporting evidence, its share against contrary evidence, and how many
    modalities support it.
    """
    bowed = any(clue.name == "head_down" for clue in clues)  # who bows the head looks down: one fact, not two
    items = [
        Item(position, clue, 0.0 if bowed and clue.name == "gaze_lowered" else 1.0)
        for position, clue in enumerate(clues)
    ]
    by_modality = _by_modality(items)
    fused = _fuse(by_modality)
    conflicts = tuple(_conflicts(items, by_modality))
    windows = list(_windows(items, duration_s, cuts_s))
    labels, cannot_tell = _labels(items, by_modality, fused, conflicts, _turn(windows))
    spoken = [any(item.vad[axis] for item in items) for axis in range(3)]
    valence, arousal, dominance = (
        round(x, 3) if said else None for x, said in zip(fused, spoken, strict=True)
    )
    return Verdict(
        labels=labels,
        valence=valence,
        arousal=arousal,
        dominance=dominance,
        conflicts=conflicts,
        windows=tuple(window for window, _, _ in windows),
        modalities={key: tuple(round(x, 3) for x in vad) for key, vad in by_modality.items()},
        cannot_tell=cannot_tell,
    )


def _turn(windows: list[tuple[Window, Vad, list[Label]]]) -> list[Label]:
    """Labels of the worst and the best window of a clip that turns: pooling would hide both."""
    named_windows = [(vad[0], labels[0]) for _, vad, labels in windows if labels]
    low, high = (pick(named_windows, key=lambda x: x[0], default=(0.0, None)) for pick in (min, max))
    return [low[1], high[1]] if low[0] <= -SIDE and high[0] >= SIDE else []


def _by_modality(items: list[Item]) -> dict[Modality, Vad]:
    out = {}
    for modality in MODALITIES:
        vads = [item.vad for item in items if item.clue.modality == modality and item.speaks]
        if vads:
            out[modality] = tuple(tanh(GAIN * fsum(axis)) for axis in zip(*vads, strict=True))
    return out


def _fuse(by_modality: dict[Modality, Vad]) -> Vad:
    fused = []
    for axis, floor in enumerate(FLOORS):
        pairs = [(WEIGHTS[modality][axis], vad[axis]) for modality, vad in by_modality.items()]
        weight = fsum(w * _voice(x) for w, x in pairs)
        fused.append(max(-1.0, min(1.0, fsum(w * x for w, x in pairs) / max(weight, floor))))
    return tuple(fused)


def _voice(x: float) -> float:
    return min(1.0, max(0.0, (abs(x) - SPEAKS_FROM) / (SPEAKS_FULLY - SPEAKS_FROM)))


# ---- labels of the whole clip


def _enough(items: list[Item]) -> bool:
    """Two clues that speak; or one emotion word, when another modality was measured as well.

    Posture, gaze and movement alone say how somebody holds himself, not what it is about.
    """
    speaking = [x for x in items if x.speaks and x.clue.name not in PASSING]
    if all(x.clue.name in BEARING for x in speaking):
        return False
    words = [x for x in speaking if x.clue.name.startswith("word_") or x.clue.name == "accusation"]
    if words:
        speaking = [x for x in speaking if x.clue.name != "polarity"]  # it rests on the same words
    return len(speaking) >= 2 or bool(words and any(x.clue.modality != "lexical" for x in items))


def _labels(
    items: list[Item],
    by_modality: dict[Modality, Vad],
    fused: Vad,
    conflicts: Sequence[Conflict],
    parts: list[Label],
) -> tuple[tuple[Label, ...], Text | None]:
    """The labels of the whole clip, or the reason why there are none; "unclear" is asked first."""
    speaking = [x for x in items if x.speaks]
    if not speaking:
        return _neutral_or(items, fused, NOTHING)
    if not _enough(items):
        return _neutral_or(items, fused, _too_few(speaking))
    split = abs(fused[0]) < UNCLEAR and any(conflict.name in OVER_VALENCE for conflict in conflicts)
    labels = [] if weak(fused) or parts else best(rank(items, fused), MAX_LABELS)
    if split:  # the point between a smile and bitter words is neither: what lies there describes nobody
        labels = [label for label in labels if abs(PROTOTYPES[label.name][0][0]) >= SIDE]
    sides = [label for conflict in conflicts for label in _sides(conflict, items, by_modality)]
    sectors = {cluster(label.name, 2) for label in labels}
    more = [label for label in _feelings(items) if cluster(label.name, 2) not in sectors]
    labels = _merge(labels, more, room=2)
    labels = _merge(labels, sides, room=2, least=LEAST_CONFIDENCE)  # neither side or part may be lost
    labels = _merge(labels, parts, room=2, least=LEAST_CONFIDENCE)
    if any(conflict.name == SARCASTIC for conflict in conflicts):
        labels = [_sarcastic(items, conflicts), *labels]
    if sure := [label for label in labels if label.confidence >= LEAST_CONFIDENCE]:
        return tuple(sure[:MAX_LABELS]), None
    valences = [vad[0] for vad in by_modality.values()]
    if max(valences) > UNCLEAR > abs(fused[0]) and min(valences) < -UNCLEAR:
        return (), CANCEL
    return _neutral_or(items, fused, TOO_WEAK if weak(fused) else NO_MATCH)


def _too_few(speaking: list[Item]) -> Text:
    """The reason that names what there is; what everybody does only where there is nothing else."""
    told = [x.clue for x in speaking if x.clue.name not in PASSING] or [x.clue for x in speaking]
    if any(clue.name.startswith("word_") for clue in told):
        told = [clue for clue in told if clue.name != "polarity"]  # it rests on the same words
    nouns = list(dict.fromkeys(name for clue in told if (name := noun(clue))))
    if not nouns:
        return TOO_WEAK
    en, zh = (join_list([name[language] for name in nouns], language) for language in ("en", "zh"))
    return Text(TOO_FEW.en.format(names=en), TOO_FEW.zh.format(names=zh))


def _neutral_or(items: list[Item], fused: Vad, reason: Text) -> tuple[tuple[Label, ...], Text | None]:
    """ "neutral" replaces "unclear" only where calm was measured; otherwise nothing is claimed."""
    named_so = [label for _, label in rank(items, fused) if label.name == "neutral" and weak(fused)]
    neutral = [label for label in named_so if label.confidence >= LEAST_CONFIDENCE]
    return tuple(neutral), None if neutral else reason


def _merge(labels: list[Label], more: list[Label], *, room: int, least: float = 0.0) -> list[Label]:
    """Add what only a part of the evidence says, at a lower confidence; `room` places are kept for it."""
    names = {label.name for label in labels}
    added: dict[str, Label] = {}
    for label in more:
        if label.name not in names | set(added):
            confidence = max(least, round(label.confidence * PART_ONLY, 2))
            added[label.name] = replace(label, confidence=confidence)
    extra = sorted(added.values(), key=lambda label: -label.confidence)[:room]
    return sorted(labels[: MAX_LABELS - len(extra)] + extra, key=lambda label: -label.confidence)


def _feelings(items: list[Item]) -> list[Label]:
    """What each of several feelings in the words says alone: the point between anger and grief is neither."""
    words = [x for x in items if x.clue.name.startswith(("word_", "accusation")) and x.speaks]
    labels = []
    for word in words if len(words) > 1 else ():
        alone = [x for x in items if x.clue.modality != "lexical" or x.position == word.position]
        vad = _fuse(_by_modality(alone))
        fitting = [] if weak(vad) else [row for row in rank(alone, vad) if word.position in row[1].clues]
        labels += best(fitting, 1) if fitting else []
    return labels


def _sides(conflict: Conflict, items: list[Item], by_modality: dict[Modality, Vad]) -> list[Label]:
    """What each modality of a conflict says alone: both sides are kept."""
    labels = []
    for modality, vad in by_modality.items():
        side = [x for x in items if x.clue.modality == modality]
        if not weak(vad) and any(x.position in conflict.clues for x in side):
            labels += best(rank(side, vad), 1)
    return labels


def _sarcastic(items: list[Item], conflicts: Sequence[Conflict]) -> Label:
    """As strong as the weaker side; never tried on real sarcasm, hence held at PART_ONLY."""
    clues = next(conflict.clues for conflict in conflicts if conflict.name == SARCASTIC)
    words, delivery = (
        fsum(
            max(map(abs, x.vad))
            for x in items
            if x.position in clues and (x.clue.modality == "lexical") is lexical
        )
        for lexical in (True, False)
    )
    confidence = PART_ONLY * (1 - exp(-min(words, delivery) / EVIDENCE))
    return Label("sarcastic", named("sarcastic"), round(confidence, 2), clues)


# ---- conflicts


def _conflicts(items: list[Item], by_modality: dict[Modality, Vad]) -> Iterator[Conflict]:
    """Yield the pairs of modalities that disagree; what was not measured cannot disagree."""
    face, voice, words = (by_modality.get(modality, (0.0, 0.0, 0.0)) for modality in MODALITIES)

    def side(modality: Modality, axis: int, sign: int) -> list[int]:
        return [x.position for x in items if x.clue.modality == modality and x.vad[axis] * sign > 0]

    effort = [x for x in items if x.clue.name in GROUPS["high_effort"] and x.speaks]
    pressed = [x.position for x in effort]
    face_seen = any(x.clue.name == "face_presence" and (x.clue.value or 0) >= CALM_FACE_SHARE for x in items)
    harsh = face_seen and face[0] <= 0.1 and any((x.clue.value or 0) > HARSH_EFFORT for x in effort)
    quoted = [x.position for x in items if x.clue.name == "quote"]
    kind, bitter = side("lexical", 0, 1), side("lexical", 0, -1)

    def conflict(name: str, *clues: list[int]) -> Conflict:
        return Conflict(
            name, CONFLICTS[name], tuple(sorted({position for group in clues for position in group}))
        )

    if words[0] > SIDE and (harsh or (face[0] < -SIDE and (face[2] >= 0 or effort))):
        yield conflict(SARCASTIC, kind, side("visual", 0, -1), pressed)
    elif words[0] > SIDE and face[0] < -SIDE:
        yield conflict("kind_words_sad_face", kind, side("visual", 0, -1))
    if words[0] < -SIDE and face[0] > 0.4:
        yield conflict("smile_over_bitter_words", bitter, side("visual", 0, 1))
    plain = quoted and abs(words[0]) <= UNCLEAR and words[1] <= 0.1
    if plain and effort and voice[1] > 0.45 and face[0] < SIDE:
        yield conflict("calm_words_tense_voice", quoted, pressed)
    if voice[1] > 0.45 and face[1] < -SIDE:
        yield conflict("restrained", side("acoustic", 1, 1), side("visual", 1, -1))
    if words[1] > 0.45 and voice[1] < -SIDE:
        yield conflict("strong_words_flat_voice", side("lexical", 1, 1), side("acoustic", 1, -1))


# ---- windows


def _windows(
    items: list[Item], duration_s: float, cuts_s: Iterable[float]
) -> Iterator[tuple[Window, Vad, list[Label]]]:
    """Yield windows with their labels; a clue counts by its overlap, one without a time not at all."""
    for start, end in _stretches(duration_s, cuts_s):
        inside = [
            Item(x.position, x.clue, share) for x in items if (share := _overlap(x.clue, start, end)) > 0
        ]
        by_modality = _by_modality(inside)
        if not by_modality:
            yield Window(round(start, 3), round(end, 3), None, None), (0.0, 0.0, 0.0), []
            continue
        vad = _fuse(by_modality)
        several = abs(vad[0]) >= SIDE or sum(x.speaks for x in inside) > 1
        labels = best(rank(inside, vad), 2) if several and not weak(vad) else []
        names = tuple(label.name for label in labels)
        yield Window(round(start, 3), round(end, 3), round(vad[0], 3), round(vad[1], 3), names), vad, labels


def _stretches(duration_s: float, cuts_s: Iterable[float]) -> Iterator[tuple[float, float]]:
    shortest, wished, longest = WINDOW_S
    borders = [0.0, *sorted({cut for cut in cuts_s if 0 < cut < duration_s}), duration_s]
    for start, end in pairwise(borders):
        length, count = end - start, 1
        if length > longest:  # n windows of length L, half overlapping, cover L (n + 1) / 2
            count = max(2, round(2 * length / wished) - 1)
            length = min(longest, max(shortest, 2 * length / (count + 1)))
        for number in range(count):
            yield start + number * length / 2, min(end, start + number * length / 2 + length)


def _overlap(clue: Clue, start: float, end: float) -> float:
    shared = fsum(max(0.0, min(b, end) - max(a, start)) for a, b in clue.spans)
    total = fsum(b - a for a, b in clue.spans)
    return shared / min(total, end - start) if shared > 0 else 0.0
