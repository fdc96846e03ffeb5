"""Two systems on the same samples: paired differences with bootstrap intervals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..data.messages import shown
from ..media.sniff import shown_name
from ..metrics.statistic import COVERAGE, DRAWS, SEED, paired
from ..schema import AffectError, Text
from .result import LEFT_OUT, Result, aligned, known, rounded

SAME = {  # what two results must share so that their difference means something
    "benchmark": Text("benchmarks", "基准"),
    "wheels": Text("emotion wheels", "情感轮表"),
    "judge": Text("judges", "评判器"),
}


@dataclass(frozen=True)
class Gap:
    """One score of both systems and what A has above B; `p` is the two-sided bootstrap level."""

    key: str
    name: Text
    unit: str
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float
    samples: int


@dataclass(frozen=True)
class Comparison:
    """All scores that two results share, the primary one first."""

    benchmark: str
    a: str
    b: str
    primary: str
    gaps: tuple[Gap, ...]
    draws: int
    seed: int
    warnings: tuple[Text, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"format": "affectgpt-comparison", "version": 1, "coverage": COVERAGE} | asdict(self)


def compare(a: Result, b: Result, *, draws: int = DRAWS, seed: int = SEED) -> Comparison:
    """Compare system `a` with `b` on the samples that both have.

    Raises AffectError when they were scored on different benchmarks, references, wheels or by different
    judges, have no sample or score in common, or are published copies without what that needs.
    """
    for what, name in SAME.items():
        one, two = (
            result.benchmark if what == "benchmark" else result.settings.get(what) for result in (a, b)
        )
        if one != two:
            raise AffectError(
                f"The two results have different {name.en} ({_short(one)}; {_short(two)}): "
                "evaluate both in the same way, then compare.",
                f"两个结果的{name.zh}不同（{_short(one)}；{_short(two)}）：请用相同方式评估后再比较。",
            )
    names = _common(a, b)
    theirs = {score.key: score for score in b.scores}
    gaps, closed = [], []
    for score in sorted(a.scores, key=lambda score: score.key != a.primary):
        other = theirs.get(score.key)
        if other is None or other.formula != score.formula:
            continue
        if not all(score.key in result.statistics for result in (a, b)):
            closed.append(score.name)
            continue
        one, two = (aligned(result.statistics[score.key], names) for result in (a, b))
        found = paired(one, two, draws=draws, seed=seed)
        low, high = rounded(found.low), rounded(found.high)
        gaps.append(
            Gap(
                score.key, score.name, score.unit, known(one.value), known(two.value),
                known(found.value), low, high, rounded(found.p), found.samples,
            )
        )  # fmt: skip
    if closed and not gaps:
        raise AffectError(
            f"No score of {shown(a.benchmark)} can be compared from published copies, which leave out what "
            "would tell the licensed truth of a clip: compare the result.json that affectgpt evaluate wrote.",
            f"{shown(a.benchmark)} 的分数无法用公开副本比较，因其略去了会透露受许可标注的逐样本数据："
            "请比较 affectgpt evaluate 写出的 result.json。",
        )
    if not gaps:
        raise AffectError(
            "The two results share no score: evaluate both with the same version.",
            "两个结果没有共同的分数：请用同一版本评估。",
        )
    warnings = _warnings(a, b, len(names), closed)
    return Comparison(a.benchmark, a.system, b.system, a.primary, tuple(gaps), draws, seed, warnings)


def _common(a: Result, b: Result) -> list[str]:
    """Names of the samples that both have, in the order of `a`; their references must be the same."""
    theirs = {row.name: row for row in b.samples}
    common = [row for row in a.samples if row.name in theirs]
    if not common:
        raise AffectError(
            "The two results share no sample: evaluate both on the same data.",
            "两个结果没有共同样本：请在相同数据上评估。",
        )
    hidden = _hidden(a, b)
    # The sha256 is of all references: it tells something where both have the same samples.
    whole = len(common) == len(a.samples) == len(b.samples)
    differ = hidden and whole and a.settings.get("truth") != b.settings.get("truth")
    for row in common:
        one, two = ((x.reference_labels, x.reference_text) for x in (row, theirs[row.name]))
        if differ or (not hidden and one != two):
            if a.language != b.language:
                raise AffectError(
                    f"The two results compare texts of different languages ({a.language} and {b.language}): "
                    "evaluate both with the same --language.",
                    f"两个结果所比较文本的语言不同（{a.language} 与 {b.language}）："
                    "请用相同的 --language 评估。",
                )
            raise AffectError(
                f"The two results have different references ({shown_name(row.name)}, truth sha256 "
                f"{_truth(a)} and {_truth(b)}): evaluate both on the same data.",
                f"两个结果的参考标注不同（{shown_name(row.name)}，truth sha256 {_truth(a)} 与 {_truth(b)}）："
                "请在相同数据上评估。",
            )
    return [row.name for row in common]


def _hidden(a: Result, b: Result) -> bool:
    """Say whether one of them is a published copy, which holds no references to be compared."""
    return LEFT_OUT in (a.settings.get("references"), b.settings.get("references"))


def _truth(result: Result) -> str:
    return str(result.settings.get("truth"))[:12]


def _warnings(a: Result, b: Result, common: int, closed: list[Text]) -> tuple[Text, ...]:
    found = []
    if closed:
        found.append(
            Text(
                "Not compared, as a published copy leaves out what would tell the licensed truth of a clip: "
                + ", ".join(name.en for name in closed)
                + ".",
                "以下分数未比较，因公开副本略去了会透露受许可标注的逐样本数据："
                + "、".join(name.zh for name in closed)
                + "。",
            )
        )
    if {len(a.samples), len(b.samples)} != {common}:
        found.append(
            Text(
                f"Only the {common} samples that both have are compared (A has {len(a.samples)}, "
                f"B {len(b.samples)}).",
                f"仅比较两者共有的 {common} 个样本（A 有 {len(a.samples)} 个，B 有 {len(b.samples)} 个）。",
            )
        )
    if _hidden(a, b) and a.settings.get("truth") != b.settings.get("truth"):
        found.append(
            Text(
                "A published copy holds no references, and the two have other samples: that the common ones "
                "were compared with the same truth is not checked.",
                "公开副本不含参考标注，且两者的样本不同：无法核对共有样本的参考标注是否一致。",
            )
        )
    if a.settings["labels"]["read"] != b.settings["labels"]["read"]:
        found.append(
            Text(
                "The labels of the two systems were obtained in different ways (see settings.labels).",
                "两个系统的标签获取方式不同（见 settings.labels）。",
            )
        )
    return tuple(found)


def _short(value: Any) -> str:
    """A setting in a few words: a name with its year or version, or the start of a hash."""
    if isinstance(value, dict):
        value = " ".join(str(value[key]) for key in ("name", "year", "version", "settings") if value.get(key))
    return shown(value, 60)
