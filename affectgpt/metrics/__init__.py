"""Scores as pure functions of labels and texts."""

from .classes import (
    ccc,
    ccc_statistic,
    class_scores,
    class_statistics,
    sentiment_scores,
    sentiment_statistics,
)
from .completeness import completeness_statistics, modality_completeness
from .hits import hit_or_not, hit_rate, hit_statistics
from .mme import mme_scores, mme_statistics, parse_steps
from .overlap import clue_overlap, label_overlap, reference_labels
from .sets import parse_groups, set_scores, set_statistics
from .statistic import Statistic, bootstrap, mean_statistic, paired
from .wheels import wheel_scores, wheel_statistics

__all__ = [
    "Statistic",
    "bootstrap",
    "ccc",
    "ccc_statistic",
    "class_scores",
    "class_statistics",
    "clue_overlap",
    "completeness_statistics",
    "hit_or_not",
    "hit_rate",
    "hit_statistics",
    "label_overlap",
    "mean_statistic",
    "mme_scores",
    "mme_statistics",
    "modality_completeness",
    "paired",
    "parse_groups",
    "parse_steps",
    "reference_labels",
    "sentiment_scores",
    "sentiment_statistics",
    "set_scores",
    "set_statistics",
    "wheel_scores",
    "wheel_statistics",
]
