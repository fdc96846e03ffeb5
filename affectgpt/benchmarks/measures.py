"""From labels, sentiments, judgements and step scores to named statistics: what one evaluation measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.classes import ccc_statistic, class_statistics, sentiment_statistics
from ..metrics.completeness import completeness_statistics
from ..metrics.hits import hit_statistics
from ..metrics.mme import TASKS, mme_statistics
from ..metrics.sets import set_statistics
from ..metrics.statistic import Statistic, mean_statistic
from ..metrics.wheels import wheel_statistics
from ..schema import Text
from ..vocabulary import affect, cluster
from ..wheel_tables import Wheels

Labels = Mapping[str, tuple[str, ...]]  # of each sample, by name

NAMES = {
    "level1_f": Text("F, level 1, mean of the wheels", "F，第 1 级，各轮均值"),
    "level1_precision": Text("Precision, level 1", "精确率，第 1 级"),
    "level1_recall": Text("Recall, level 1", "召回率，第 1 级"),
    "level2_f": Text("F, level 2, mean of the wheels", "F，第 2 级，各轮均值"),
    "level2_precision": Text("Precision, level 2", "精确率，第 2 级"),
    "level2_recall": Text("Recall, level 2", "召回率，第 2 级"),
    "m_avg": Text("M-avg: mean of 12 F", "M-avg：12 个 F 的均值"),
    "mer2025_final": Text("MER2025 score: mean of level-1 and level-2 F", "MER2025 分数：两级 F 的均值"),
    "case1_f": Text("F of base words (M1)", "基本形式的 F（M1）"),
    "case2_f": Text("F of wheel words (M2)", "轮内词的 F（M2）"),
    "hit_rate": Text("Hit rate", "命中率"),
    "mscore": Text("M-score: hits per class named", "M-score：按所述类别数折算的命中"),
    "precise_hit": Text("Hit rate that long lists cost", "计入列表长度的命中率"),
    "neutral_accuracy": Text("Hit rate with neutral clips", "计入中性片段的命中率"),
    "class_waf": Text("Weighted F1 of the one class given", "单一类别的加权 F1"),
    "class_acc": Text("Accuracy of the one class given", "单一类别的准确率"),
    "class_uar": Text("Unweighted recall of the one class given", "单一类别的未加权召回率"),
    "waf": Text("Weighted F1", "加权 F1"),
    "acc": Text("Accuracy", "准确率"),
    "ccc": Text("Concordance of valence", "效价一致性相关"),
    "f_s": Text("Set F, words grouped by sector", "集合 F（按扇区归并同义词）"),
    "accuracy_s": Text("Set accuracy, words grouped by sector", "集合准确率（按扇区归并）"),
    "recall_s": Text("Set recall, words grouped by sector", "集合召回率（按扇区归并）"),
    "clue_overlap": Text("Clue overlap, 1 to 10", "线索重叠，1 至 10"),
    "label_overlap": Text("Label overlap, 1 to 10", "标签重叠，1 至 10"),
    "completeness": Text("Modality completeness", "模态完整性"),
    "completeness_visual": Text("Completeness: seen", "完整性：所见"),
    "completeness_acoustic": Text("Completeness: heard", "完整性：所闻"),
    "completeness_lexical": Text("Completeness: said", "完整性：所言"),
    "completeness_inference": Text("Completeness: concluded", "完整性：推断"),
    "recognition": Text("Recognition", "识别分"),
    "reasoning": Text("Reasoning", "推理分"),
    "cot": Text("Chain of thought: mean of both", "思维链：两者均值"),
    "avg_step": Text("Steps per answer", "每个回答的步骤数"),
    "strict_cot": Text("Chain of thought, read strictly", "思维链（严格读取）"),
}
SENTIMENTS = ("negative", "neutral", "positive")
MME_TASK = {f"mme-{task.lower()}": task for task in TASKS}  # by name of the benchmark


@dataclass(frozen=True)
class Measured:
    """One statistic with its key in `result.json`. `detail` ones stand below the others in a report."""

    key: str
    statistic: Statistic
    unit: str = "share"
    official: bool = False
    detail: bool = False

    @property
    def name(self) -> Text:
        if self.key in NAMES:
            return NAMES[self.key]
        wheel, level = self.key.removeprefix("case3_wheel").removesuffix("_f").split("_level")
        return Text(f"F, wheel {wheel}, level {level}", f"F，第 {wheel} 轮，第 {level} 级")


def by_wheels(truth: Labels, said: Labels, wheels: Wheels, *, official: bool) -> list[Measured]:
    """F, precision and recall of both levels; with official tables their means and each F, too.

    official: that tables and labels are those of the published scores.
    """
    found = wheel_statistics(truth, said, wheels=wheels)
    out = []
    for level in (1, 2):
        whole = found[f"level{level}_f"]
        parts = whole.columns.reshape(len(whole.names), -1, 3)  # (N, wheels, count precision recall)
        out.append(Measured(f"level{level}_f", whole, official=official))
        for at, side in ((1, "precision"), (2, "recall")):
            columns = parts[:, :, [0, at]].reshape(len(whole.names), -1)
            statistic = Statistic(whole.names, columns, "mean of means")
            out.append(Measured(f"level{level}_{side}", statistic, official=official))
    out += [
        Measured(key, found[key], official=official) for key in ("m_avg", "mer2025_final") if key in found
    ]
    if "m_avg" in found:
        whole = found["m_avg"]
        for at, case in enumerate(wheels.cases):
            one = Statistic(whole.names, whole.columns[:, 3 * at : 3 * at + 3], whole.formula)
            out.append(Measured(f"{case}_f", one, official=official, detail=True))
    return out


def by_hits(truth: Labels, said: Labels, wheels: Wheels, *, official: bool) -> list[Measured]:
    """HIT and M-score as published, and two companions of our own."""
    found = hit_statistics({name: labels[0] for name, labels in truth.items()}, said, wheels=wheels)
    ours = ("precise_hit", "neutral_accuracy")
    return [Measured(key, one, official=official and key not in ours) for key, one in found.items()]


def by_class(truth: Mapping[str, str], said: Mapping[str, str]) -> list[Measured]:
    """Weighted F1, accuracy and unweighted recall of systems that choose one class for each clip."""
    return [Measured(f"class_{key}", one) for key, one in class_statistics(truth, said).items()]


def by_groups(truth: Labels, said: Labels) -> list[Measured]:
    """OV set scores; words of one sector of our wheel are grouped, where the published ones asked GPT-3.5."""
    groups = {}
    for name, labels in truth.items():
        by_sector: dict[str, list[str]] = {}
        for label in (*labels, *said.get(name, ())):
            word = label.lower().strip()
            by_sector.setdefault(cluster(word, 2) or word, []).append(word)
        groups[name] = list(by_sector.values())
    found = set_statistics(truth, said, groups)
    return [Measured("f_s", found["f_s"])] + [
        Measured(key, found[key], detail=True) for key in ("accuracy_s", "recall_s")
    ]


def by_sentiment(
    values: Mapping[str, float],
    sentiments: Mapping[str, str | None],
    valences: Mapping[str, float],
    *,
    official: bool,
) -> list[Measured]:
    """WAF and accuracy; the concordance of valence, too, where every sample has a predicted one."""
    found = sentiment_statistics(values, sentiments)
    out = [Measured(key, one, official=official) for key, one in found.items()]
    if values and values.keys() <= valences.keys():
        out.append(Measured("ccc", ccc_statistic(values, valences), unit="ccc"))
    return out


def by_judge(marks: Mapping[str, Mapping[str, float | None]]) -> list[Measured]:
    """Means of the marks of each aspect; a mark that is None does not count."""
    return [
        Measured(f"{aspect}_overlap", mean_statistic(values), unit="mark")
        for aspect, values in marks.items()
        if values
    ]


def by_completeness(texts: Mapping[str, str]) -> list[Measured]:
    """Whether the explanations say what was seen, heard and said, and conclude from it."""
    found = completeness_statistics(texts)
    return [
        Measured("completeness" if key == "score" else f"completeness_{key}", one, detail=key != "score")
        for key, one in found.items()
    ]


def by_steps(entries: Mapping[str, Mapping[str, Any]], task: str) -> list[Measured]:
    """MME-Emotion as its own script reads the judge's replies; `strict_cot` counts unreadable ones as 0."""
    found = mme_statistics(entries, task=task)
    order = ("cot", "recognition", "reasoning", "avg_step")
    out = [
        Measured(key, found[key], unit="steps" if key == "avg_step" else "share", official=True)
        for key in order
    ]
    return [*out, Measured("strict_cot", mme_statistics(entries, task=task, strict=True)["cot"])]


def sentiment_of(labels: Iterable[str]) -> str:
    """Return "positive", "negative" or "neutral": the sign of the mean valence of the labels in our
    vocabulary. Our own rule; the published one asks a language model."""
    known = [place[0] for place in map(affect, labels) if place is not None]
    mean = float(np.mean(known)) if known else 0.0
    return "positive" if mean > 0 else "negative" if mean < 0 else "neutral"


def mean_of_counted(statistic: Statistic) -> dict[str, float | None]:
    """For statistics of (count, value) pairs: the mean value of each sample over those that count it."""
    pairs = statistic.columns.reshape(len(statistic.names), -1, 2)
    counts, sums = pairs[:, :, 0].sum(axis=1), pairs[:, :, 1].sum(axis=1)
    return {
        name: float(total / count) if count else None
        for name, count, total in zip(statistic.names, counts, sums, strict=True)
    }
