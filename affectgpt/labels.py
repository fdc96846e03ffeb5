"""From evidence to words: which emotion labels fit a point in valence, arousal and dominance, and why.

The prototypes are starting values from thirteen television clips: rough. The rows dissatisfied, distressed,
aggrieved, anxious, apologetic, tense, agitated and comforting fill gaps: an apology is not guilt, tension is
not anger.
"""

from __future__ import annotations

from math import exp, fsum, prod, sqrt
from typing import NamedTuple

from .schema import Clue, Label, Text
from .vocabulary import cluster, translate

DISTANCE = (1.2, 1.0, 0.6)  # weights of the squared differences to a prototype: valence, arousal, dominance
MARGIN = 0.3  # further labels may score this much less than the best
LEAST_CONFIDENCE = 0.1  # below, a label is a guess that nobody would speak out
UNCLEAR = 0.15  # valence and arousal both below: no hypothesis
SIDE = 0.3  # |valence| from which something counts as pleasant or unpleasant
LEAST_PUSH, SAME_WAY = 0.1, 0.7  # length of a contribution, and its cosine with the prototype, to support it
LEAST_TYPICAL = 0.15  # bonus in all that a label needs: nothing is named for its place alone
FULL_STRENGTH = 0.5  # a clue of this strength earns the whole bonus
EVIDENCE = 0.8  # amount of evidence at which confidence reaches 1 - 1/e of its ceiling
FIT_SLOPE = 4.0  # of the logistic curve from score to confidence
AGREEMENT = {1: 0.6, 2: 0.85, 3: 1.0}  # confidence by the number of modalities that support a label
NEAR_FRONT_DEG = 40.0  # of yaw; more is no face that one can call calm
CALM_FACE_SHARE = 60.0  # % of the frames with the main face that "neutral" asks for

# A row for each label: valence, arousal, dominance; bonus for each evidence (a clue name or a key of GROUPS).
PROTOTYPES: dict[str, tuple[tuple[float, float, float], dict[str, float]]] = {
    "angry": ((-0.6, 0.6, 0.5), {"high_effort": 0.35, "frown": 0.4, "gesture": 0.2, "word_anger": 0.5}),
    "irritated": (
        (-0.45, 0.3, 0.35),
        {"frown": 0.25, "word_anger": 0.35, "accusation": 0.15, "high_effort": 0.15, "lips_pressed": 0.1},
    ),
    "indignant": ((-0.5, 0.5, 0.4), {"accusation": 0.4, "high_effort": 0.2, "gesture": 0.15}),
    "accusing": (
        (-0.5, 0.4, 0.4),
        {"accusation": 0.45, "gesture": 0.1, "word_anger": 0.1, "high_effort": 0.1},
    ),
    "dissatisfied": (
        (-0.45, 0.15, 0.15),
        {"unkind_words": 0.15, "accusation": 0.15, "frown": 0.1, "no_joy": 0.3, "lips_pressed": 0.1},
    ),
    "sad": (
        (-0.6, -0.3, -0.4),
        {"word_sadness": 0.4, "low_effort": 0.2, "lowered": 0.25, "corners_down": 0.25, "eyes_closed": 0.15}
        | {"slow_speech": 0.15, "monotone": 0.15, "sigh": 0.15},
    ),
    "grieving": ((-0.8, 0.2, -0.6), {"sobs": 0.6, "word_sadness": 0.15, "word_apology": 0.2}),
    "aggrieved": ((-0.6, 0.1, -0.2), {"word_sadness": 0.2, "accusation": 0.2, "word_anger": 0.1}),
    "dejected": (
        (-0.4, -0.4, -0.4),
        {"slow_speech": 0.2, "low_effort": 0.2, "long_pauses": 0.15, "corners_down": 0.2, "sigh": 0.2},
    ),
    "distressed": (
        (-0.65, 0.3, -0.45),
        {"grimace": 0.4, "sobs": 0.3, "unsteady_voice": 0.1, "word_sadness": 0.15},
    ),
    "guilty": ((-0.5, 0.0, -0.5), {"word_apology": 0.5, "lowered": 0.2}),
    "apologetic": ((-0.3, 0.0, -0.4), {"word_apology": 0.6}),
    "worried": ((-0.4, 0.3, -0.35), {"word_worry": 0.6, "gaze_shifts": 0.2, "brows_up": 0.15, "sigh": 0.15}),
    "anxious": (
        (-0.4, 0.45, -0.35),
        {"word_worry": 0.5, "gaze_shifts": 0.2, "sigh": 0.15, "fast_speech": 0.1},
    ),
    "nervous": (
        (-0.3, 0.35, -0.35),
        {"gaze_shifts": 0.3, "hesitation": 0.35, "head_turns": 0.2, "unsteady_voice": 0.1, "word_worry": 0.3},
    ),
    "tense": ((-0.2, 0.35, 0.0), {"tense_voice": 0.2, "lips_pressed": 0.2, "frown": 0.1}),
    "agitated": (
        (-0.15, 0.65, 0.3),
        {"high_effort": 0.2, "gesture": 0.15, "fast_speech": 0.1, "loudness_rise": 0.1},
    ),
    "afraid": ((-0.6, 0.6, -0.6), {"word_fear": 0.7, "eyes_wide": 0.3}),
    "alarmed": (
        (-0.4, 0.65, -0.1),
        {"word_worry": 0.3, "mouth_open": 0.15, "high_effort": 0.15, "word_surprise": 0.2, "high_pitch": 0.1},
    ),
    "surprised": (
        (0.0, 0.55, -0.1),
        {
            "word_surprise": 0.5,
            "brows_up": 0.3,
            "eyes_wide": 0.35,
            "mouth_open": 0.2,
            "wide_pitch": 0.1,
            "question": 0.1,
        },
    ),
    "doubtful": ((-0.15, 0.15, 0.0), {"word_doubt": 0.5, "brows_up": 0.3, "question": 0.2}),
    "disbelieving": ((-0.25, 0.4, 0.0), {"word_surprise": 0.35, "word_doubt": 0.3, "brows_up": 0.2}),
    "happy": ((0.7, 0.4, 0.35), {"smile": 0.5, "word_joy": 0.4, "word_gratitude": 0.15}),
    "pleased": ((0.5, 0.05, 0.2), {"slight_smile": 0.45, "word_joy": 0.25, "smile": 0.2, "word_love": 0.2}),
    "affectionate": ((0.6, 0.0, 0.1), {"word_love": 0.5, "low_effort": 0.15, "slight_smile": 0.2}),
    "grateful": ((0.55, 0.05, 0.0), {"word_gratitude": 0.7}),
    "excited": ((0.65, 0.75, 0.4), {"smile": 0.3, "gesture": 0.25, "high_effort": 0.2, "wide_pitch": 0.1}),
    "relieved": ((0.45, -0.3, 0.1), {"word_relief": 0.6}),
    "comforting": ((0.35, -0.1, 0.2), {"no_worry": 0.5}),
    "amused": ((0.55, 0.35, 0.3), {"smile": 0.4}),
    "proud": ((0.55, 0.3, 0.6), {"word_pride": 0.6}),
    "contemptuous": ((-0.45, 0.1, 0.5), {"word_contempt": 0.6}),
    "disgusted": ((-0.6, 0.3, 0.3), {"word_disgust": 0.7}),
    "calm": ((0.1, -0.35, 0.1), {"low_effort": 0.15, "body_still": 0.2, "no_worry": 0.1, "slow_speech": 0.1}),
    "serious": ((-0.12, -0.05, 0.15), {"body_still": 0.15, "frown": 0.1, "lips_pressed": 0.1}),
    "neutral": ((0.0, -0.1, 0.0), {"calm_face_and_voice": 0.3}),
}
# One piece of evidence that several clues can give, the milder ones in part; the strongest of them counts.
GROUPS: dict[str, dict[str, float]] = {
    "high_effort": {"forceful_voice": 1.0, "tense_voice": 0.6},  # joy is projected, too
    "low_effort": {"soft_voice": 1.0},
    "frown": {"frown": 1.0, "brows_lowered": 0.5},
    "slight_smile": {"slight_smile": 1.0, "widened_mouth": 0.8},
    "gesture": {"strong_movement": 1.0},
    "lowered": {"head_down": 1.0, "gaze_lowered": 0.6},
    "sobs": {"short_bursts": 1.0},
    "hesitation": {"hesitation": 1.0, "repetition": 0.5},
    "gaze_shifts": {"gaze_shifts": 1.0, "gaze_averted": 0.6},
    "no_worry": {"word_not_worry": 1.0, "word_not_fear": 1.0, "word_not_sadness": 0.8},
    "no_joy": {"word_not_joy": 1.0, "word_not_love": 1.0, "word_not_pride": 1.0, "word_not_gratitude": 1.0},
    "unkind_words": {
        "word_anger": 1.0, "word_disgust": 1.0, "word_contempt": 1.0, "accusation": 1.0, "polarity": 1.0,
    },
}  # fmt: skip

# How somebody holds and moves head and body: it says nothing of what it is about.
BEARING = {
    "head_down", "head_turns", "head_moves", "gaze_lowered", "gaze_shifts", "gaze_averted", "strong_movement",
    "body_still", "dim_scene", "blinks",
}  # fmt: skip
VALENCE_HEARD = {"short_bursts", "sigh"}
PASSING = {"blinks", "long_pauses", "no_pauses", "dim_scene"}  # too common to be the second sign of a feeling

Vad = tuple[float, float, float]


class Item(NamedTuple):
    """A clue, its position in the list, and how much of it counts: all, or its overlap with a window."""

    position: int
    clue: Clue
    share: float

    @property
    def vad(self) -> Vad:
        weight = self.clue.strength * self.share
        return (self.clue.valence * weight, self.clue.arousal * weight, self.clue.dominance * weight)

    @property
    def speaks(self) -> bool:
        return any(self.vad)


def _evidence(items: list[Item]) -> dict[str, tuple[float, list[int]]]:
    """How much of each piece of evidence is there (0..1), and the positions of its clues."""
    by_name: dict[str, tuple[float, list[int]]] = {}
    accused = any(item.clue.name == "accusation" for item in items)
    for item in items:
        clue = item.clue
        amount = item.share * min(1.0, clue.strength / FULL_STRENGTH)
        if clue.name.startswith("word_"):
            amount *= min(1.0, clue.value or 0.0)
        elif clue.name == "polarity":
            amount *= clue.valence < 0
        elif clue.name == "question":
            amount = item.share * (not accused)  # a fact without strength; "how dare you?" asks nothing
        if amount > 0:
            best, positions = by_name.get(clue.name, (0.0, []))
            by_name[clue.name] = (max(best, amount), [*positions, item.position])
    single = dict(by_name)
    for key, members in GROUPS.items():
        found = [(single[name], weight) for name, weight in members.items() if name in single]
        if found:
            positions = sorted({position for (_, at), _ in found for position in at})
            by_name[key] = (max(amount * weight for (amount, _), weight in found), positions)
    calm = _calm(items)
    if calm:
        by_name["calm_face_and_voice"] = (1.0, calm)
    return by_name


def _calm(items: list[Item]) -> list[int]:
    """Positions of the calm that "neutral" asks for: a face seen, a voice of middle effort, little else."""
    face = [
        x.position for x in items if x.clue.name == "face_presence" and (x.clue.value or 0) >= CALM_FACE_SHARE
    ]
    turned = any(x.clue.name == "head_pose" and abs(x.clue.value or 0) >= NEAR_FRONT_DEG for x in items)
    voice = [x.position for x in items if x.clue.name == "effort"]
    real = [x for x in items if x.clue.strength > 0.3 and abs(x.clue.valence) + abs(x.clue.arousal) > 0.2]
    return sorted(face + voice) if face and voice and not turned and len(real) < 2 else []


def rank(items: list[Item], vad: Vad) -> list[tuple[float, Label]]:
    """Return (score, label), best first, of the labels with evidence of their own that fit the valence."""
    evidence = _evidence(items)
    ranked = []
    for name, (prototype, bonuses) in PROTOTYPES.items():
        if name == "neutral" and not weak(vad):
            continue
        distance = sqrt(fsum(w * (x - p) ** 2 for w, x, p in zip(DISTANCE, vad, prototype, strict=True)))
        own = {key: bonus * evidence[key][0] for key, bonus in bonuses.items() if key in evidence}
        typical = 1 - prod(1 - bonus for bonus in own.values())  # each further piece adds less
        against_it = vad[0] * prototype[0] < 0 and abs(vad[0]) >= UNCLEAR and abs(prototype[0]) >= 0.1
        if typical < LEAST_TYPICAL - 1e-9 or against_it:
            continue
        special = {position for key in own for position in evidence[key][1]}
        supporters = [x for x in items if x.position in special or _agrees(x, prototype)]
        side = 0.0 if abs(prototype[0]) < SIDE else prototype[0]
        if side and not any(x.vad[0] * side > 0 and _tells_valence(x.clue) for x in supporters):
            continue  # a pleasant or unpleasant label needs a pleasant or unpleasant clue
        amount = max(typical, fsum(max(map(abs, x.vad)) for x in supporters))
        against = fsum(abs(x.vad[0]) for x in items if x.vad[0] * side < 0)
        voices = len({x.clue.modality for x in supporters})
        score = typical - distance
        support = (1 - exp(-amount / EVIDENCE)) * amount / (amount + against) * AGREEMENT[voices]
        confidence = support / (1 + exp(-FIT_SLOPE * score))
        label = Label(name, named(name), round(confidence, 2), tuple(sorted(x.position for x in supporters)))
        ranked.append((score, label))
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1].name))


def _tells_valence(clue: Clue) -> bool:
    """Words, a face's expression, sobs and sighs do; voices are raised and arms thrown up in joy, too."""
    if clue.modality == "acoustic":
        return clue.name in VALENCE_HEARD
    return clue.name not in BEARING


def _agrees(item: Item, prototype: Vad) -> bool:
    """A clue supports a label when it clearly points the prototype's way, never against its valence.

    An emotion word names one feeling, so it supports only the labels that list it.
    """
    dot, own, other = (
        fsum(w * x * y for w, x, y in zip(DISTANCE, left, right, strict=True))
        for left, right in ((item.vad, prototype), (item.vad, item.vad), (prototype, prototype))
    )
    points = own > LEAST_PUSH**2 and dot > SAME_WAY * sqrt(own * other)
    return points and item.vad[0] * prototype[0] >= 0 and not item.clue.name.startswith("word_")


def best(ranked: list[tuple[float, Label]], count: int) -> list[Label]:
    """Return the best label and those near it in score and confidence, `count` in all, surest first.

    Where they are too many, each sector of the wheel is named once before one is named twice.
    """
    near = [label for score, label in ranked if score >= ranked[0][0] - MARGIN]
    least = max(LEAST_CONFIDENCE, near[0].confidence / 2) if near else LEAST_CONFIDENCE
    labels = [label for label in near if label.confidence >= least]
    first = {cluster(label.name, 2): label for label in reversed(labels)}.values()
    kept = sorted(labels, key=lambda label: label not in first)[:count]
    return sorted(kept, key=lambda label: -label.confidence)


def named(name: str) -> Text:
    """Return the label's name in both languages."""
    return Text(name, translate(name, "zh"))


def weak(vad: Vad) -> bool:
    """Say whether valence and arousal are both too small for a hypothesis."""
    return abs(vad[0]) < UNCLEAR and abs(vad[1]) < UNCLEAR
