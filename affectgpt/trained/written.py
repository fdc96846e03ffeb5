"""What a trained model has written, as clues and a verdict: nothing here is measured."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..parts import split_parts
from ..schema import MODALITIES, Clue, Label, Modality, Part, Text, Verdict
from ..vocabulary import affect, canonical, cluster, translate
from ..wheel import mentions

FUSED = "fused answer"  # the basis of a clue from the description of the whole clip
SENTENCE = re.compile(r".+?(?:[.!?]['\"”’]?\s+|[。！？]['\"”’]?|$)", re.DOTALL)
NO_LABEL = Text("The model named no emotion.", "模型没有给出情绪标签。")
SAME_EMOTION = 2  # level of the wheel on which a clue supports a label


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; together they are the text again, white space at the seams aside."""
    return [piece.strip() for piece in SENTENCE.findall(text) if piece.strip()]


def written_clues(
    parts: Mapping[Part, str], probes: Mapping[Modality, tuple[str, str]], chinese: Mapping[str, str]
) -> list[Clue]:
    """Return a clue for each sentence about what was seen, heard or said.

    parts: the description of the whole clip, split. probes: (mode, answer) of modalities asked about alone:
    they speak where the description does not. chinese: translations of sentences, where there are any.
    """
    out = []
    for modality in MODALITIES:
        text, basis = parts.get(modality, ""), FUSED
        if not text.strip() and modality in probes:
            mode, answer = probes[modality]
            text, basis = _about(answer), f"probe {mode}"
        for number, sentence in enumerate(sentences(text), 1):
            shown = Text(sentence, chinese.get(sentence, sentence))
            out.append(Clue(modality, f"written_{number}", shown, None, "", basis, kind="written"))
    return out


def _about(answer: str) -> str:
    """A probe knows one modality alone: what it concludes is no clue, the rest is about that modality."""
    return " ".join(text.strip() for part, text in split_parts(answer).items() if part != "inference")


def verdict(labels: Sequence[tuple[str, float]], clues: Sequence[Clue]) -> Verdict:
    """Return labels (word, confidence 0..1) with the clues that name the same emotion.

    Valence, arousal and dominance are the mean of the labels' places on the project's wheel, weighted by
    confidence; None when no label stands there.
    """
    named = [{cluster(m.word, SAME_EMOTION) for m in mentions(c.text.en) if not m.negated} for c in clues]
    out = []
    for word, confidence in labels:
        sector = cluster(word, SAME_EMOTION)
        support = tuple(i for i, sectors in enumerate(named) if sector and sector in sectors)
        out.append(Label(word, Text(word, translate(word, "zh")), round(min(confidence, 1.0), 4), support))
    placed = [(place, label.confidence) for label in out if (place := affect(label.name))]
    weight = sum(confidence for _, confidence in placed)
    level = [
        round(sum(place[axis] * confidence for place, confidence in placed) / weight, 4) if weight else None
        for axis in range(3)
    ]
    return Verdict(tuple(out), *level, cannot_tell=None if out else NO_LABEL)


def place_of(word: str, text: str) -> tuple[int, int]:
    """Return where a text names an emotion, in whatever form: (first character, last + 1); (0, 0) nowhere."""
    base = _base(word)
    for mention in mentions(text):
        if mention.word == base:
            return mention.start, mention.end
    found = re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
    return found.span() if found else (0, 0)


def votes(answers: Sequence[Sequence[str]]) -> Iterator[tuple[str, float]]:
    """Yield the labels that at least half of the answers name, most frequent first, with their share.

    An answer has one vote for each base form: "happy" and "happiness" are the same label, and the word that
    is written most often is shown.
    """
    named, written = Counter(), Counter()
    for answer in answers:
        written.update(answer)
        named.update(list(dict.fromkeys(map(_base, answer))))
    shown = {}
    for word, _ in written.most_common():
        shown.setdefault(_base(word), word)
    for base, number in named.most_common():
        if 2 * number >= len(answers):
            yield shown[base], number / len(answers)


def _base(word: str) -> str:
    return canonical(word) or word
