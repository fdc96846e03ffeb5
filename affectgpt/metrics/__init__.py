"""Scores as pure functions of labels and texts."""

from .overlap import clue_overlap, label_overlap, reference_labels, score

__all__ = ["clue_overlap", "label_overlap", "reference_labels", "score"]
