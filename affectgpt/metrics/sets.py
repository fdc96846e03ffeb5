"""Open-vocabulary set scores with grouped synonyms: Accuracy_s, Recall_s and F_s of MER2024-OV and OV-MER.

Lian et al. 2024 (arXiv 2404.17113) and 2025 (2410.01495): a language model groups the words of a clip that
mean the same; after that the two sets of words are compared. The groups come in as the model's raw replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..wheel_tables import split_official
from .matching import matched
from .statistic import Statistic, mean_statistic

NOTHING = ("", ",")  # pieces of a reply that are no word

Labels = Mapping[str, Any] | Sequence[Any]  # each a list, a text in the published form, or None for none
Groups = Mapping[str, Any] | Sequence[Any]  # each a raw reply, a list of groups, or None for none


def parse_groups(reply: Any) -> list[list[str]]:
    """Return the groups of words in a model's reply, exactly as the organisers read it; None has none.

    The reply is cut at "[" and "]", each part at ' and "; parts and pieces that are blank or a lone comma are
    dropped, and what is left stays as it is, untrimmed. A part without quotation marks is one piece.
    """
    if reply is None or (isinstance(reply, float) and reply != reply):
        return []
    if not isinstance(reply, str):
        raise TypeError(f"a reply is a text, not {type(reply).__name__}")
    parts = reply.replace("]", "[").split("[")
    return [_kept(part.replace('"', "'").split("'")) for part in _kept(parts)]


def set_scores(references: Labels, predictions: Labels, groups: Groups | None = None) -> dict[str, Any]:
    """Compare sets of labels, exactly as the organisers do for defined cases.

    `references`, `predictions`: both mappings by name or both sequences, of lists or of texts such as
    "['happy', 'sad']"; case is ignored. A word of a group becomes the first word of its group (of the last
    one that has it), others stay themselves. `groups`: in the same form as the references; a mapping also
    says which samples are scored: those it names. Without it no words are joined. With G and P the sets of a
    sample: accuracy |G & P| / |P|, recall |G & P| / |G|, both 0 where either set is empty (the official code
    raises where only G is).

    Returns {n, accuracy_s, recall_s, avg, f_s, per_sample, missing, ignored}: samples; means over samples,
    0..1, NaN without any; (accuracy_s + recall_s) / 2 (MER2024-OV); 2AR / (A + R) of the two means (OV-MER),
    0 where both are 0; {name: {accuracy, recall, reference, prediction}} with both sets, sorted; references
    without a prediction (scored as an empty one), predictions of other names. ValueError: unequal lengths, a
    name in `groups` that has no reference. TypeError: groups of a sample that are no lists of words.
    """
    chosen, pairs = _compared(references, predictions, groups)
    found = _statistics(chosen)
    return {
        "n": len(chosen),
        **{key: one.value for key, one in found.items()},
        "per_sample": chosen,
        "missing": pairs.missing,
        "ignored": pairs.ignored,
    }


def set_statistics(
    references: Labels, predictions: Labels, groups: Groups | None = None
) -> dict[str, Statistic]:
    """Return "accuracy_s", "recall_s", "avg" and "f_s" of `set_scores` as statistics over its samples."""
    return _statistics(_compared(references, predictions, groups)[0])


def _compared(references: Labels, predictions: Labels, groups: Groups | None) -> tuple[dict, Any]:
    if groups is not None and isinstance(groups, Mapping) and isinstance(references, Mapping):
        alien = [name for name in groups if name not in references]
        if alien:
            raise ValueError(f"groups of {len(alien)} samples without a reference, the first is {alien[0]!r}")
        references = {name: references[name] for name in groups}
    pairs = matched(references, predictions)
    joined = (
        {name: reply for name, _, reply in matched(references, groups).rows} if groups is not None else {}
    )
    compared = {}
    for name, *sides in pairs.rows:
        first = _first_words(joined.get(name))
        reference, prediction = (
            {first.get(word, word) for word in (w.lower().strip() for w in split_official(side))}
            for side in sides
        )
        met = len(reference & prediction) if reference and prediction else 0
        compared[name] = {
            "accuracy": met / len(prediction) if prediction else 0.0,
            "recall": met / len(reference) if reference else 0.0,
            "reference": sorted(reference),
            "prediction": sorted(prediction),
        }
    return compared, pairs


def _first_words(groups: Any) -> dict[str, str]:
    """Each word of a group -> the first word of the group."""
    lists = parse_groups(groups) if isinstance(groups, (str, float, type(None))) else list(groups)
    if any(isinstance(group, str) for group in lists):
        raise TypeError("the groups of a sample are a list of lists of words, or the reply as a text")
    return {word: group[0] for group in map(list, lists) for word in group}


def _statistics(compared: dict[str, dict[str, Any]]) -> dict[str, Statistic]:
    columns = np.array([(1, one["accuracy"], one["recall"]) for one in compared.values()], dtype=float)
    average = mean_statistic({name: (one["accuracy"] + one["recall"]) / 2 for name, one in compared.items()})
    both = Statistic(tuple(compared), columns.reshape(-1, 3), "F of means")
    return {
        "accuracy_s": mean_statistic({name: one["accuracy"] for name, one in compared.items()}),
        "recall_s": mean_statistic({name: one["recall"] for name, one in compared.items()}),
        "avg": average,
        "f_s": both,
    }


def _kept(pieces: Iterable[str]) -> list[str]:
    return [piece for piece in pieces if piece.strip() not in NOTHING]
