"""What the report says, in both languages, and how it writes a number."""

from __future__ import annotations

from ..schema import Language, Text

WORDS = {
    "title": Text("Evaluation", "评估报告"),
    "heading": Text("{title}: {benchmark}", "{title}：{benchmark}"),
    "system": Text("System: {name}", "系统：{name}"),
    "notice": Text("Before you read on", "阅读前请注意"),
    "private": Text(
        "The labels and texts of the data set are quoted below, so its licence holds for this file, too: "
        "keep it private unless the licence lets you pass them on.",
        "本文件引用了数据集的标签与文本，因此同样受其许可约束：除非许可允许转发，请勿公开。",
    ),
    "official": Text("computed as published", "按官方方法计算"),
    "own": Text("our own measure, not the official score", "本项目自有指标，并非官方分数"),
    "interval": Text("{coverage} % interval {bounds}", "{coverage} % 区间 {bounds}"),
    "no_interval": Text("no interval", "无区间"),
    "undefined": Text("not defined", "无定义"),
    "of_samples": Text("{n} samples counted", "计入 {n} 个样本"),
    "warnings": Text("To keep in mind", "注意事项"),
    "problems": Text("Rows with a problem: {n}", "有问题的行：{n}"),
    "beside": Text("Beside published systems and floors", "与已发表系统及基线对照"),
    "beside_note": Text(
        "A filled dot is comparable with this score, a hollow one is not (other clips, other tables or "
        "another way to obtain labels). Diamonds are floors: the same answer for every clip. The line "
        "through this system's dot is its interval.",
        "实心圆点表示可与本分数比较，空心圆点表示不可比较（片段、轮表或标签获取方式不同）。菱形为基线："
        "对每个片段给出相同答案。穿过本系统圆点的横线为其区间。",
    ),
    "best": Text("best published: {system}, {kind}", "已发表最佳：{system}，{kind}"),
    "this": Text("this system", "本系统"),
    "floor": Text("floor", "基线"),
    "comparable": Text("comparable", "可比较"),
    "not_comparable": Text("not comparable", "不可比较"),
    "source": Text("{source} ({kind})", "{source}（{kind}）"),
    "because": Text("{kind}: {why}", "{kind}：{why}"),
    "scores": Text("All scores", "全部分数"),
    "score": Text("Score", "分数"),
    "value": Text("Value", "数值"),
    "range": Text("Interval", "区间"),
    "counted": Text("Samples", "样本数"),
    "how": Text("How", "计算方式"),
    "more_scores": Text("{n} further scores", "其余 {n} 项分数"),
    "confusion": Text("What was said instead", "混淆情况"),
    "confusion_note": Text(
        "Rows: what the reference names; columns: what the system names; both by the core of this project's "
        "own wheel, each sample counted once per cell. On the diagonal both name it. Elsewhere the system "
        "missed the row's core and named the column's, which the reference does not have.",
        "行为参考标注，列为系统预测，均按本项目自有情感轮的核心类别归并，每个样本在每格最多计一次。"
        "对角线表示两者一致；其余格表示系统漏掉该行类别，却给出参考中没有的该列类别。",
    ),
    "sectors": Text("By sector: found, missed, added", "按扇区：命中、漏报、多报"),
    "sector": Text("Sector", "扇区"),
    "in_reference": Text("Reference", "参考"),
    "in_prediction": Text("Predicted", "预测"),
    "found": Text("Both", "一致"),
    "recall": Text("Found, %", "命中率 %"),
    "instead": Text("Most often instead", "最常误作"),
    "nothing": Text("nothing", "无"),
    "other": Text("not on the wheel", "轮外词"),
    "reference": Text("Reference", "参考"),
    "prediction": Text("Prediction", "预测"),
    "distribution": Text("How the samples score", "样本得分分布"),
    "bar": Text("{low} to {high}: {n} samples", "{low} 至 {high}：{n} 个样本"),
    "mean_median": Text(
        "mean {mean}, median {median}, {n} samples", "均值 {mean}，中位数 {median}，{n} 个样本"
    ),
    "samples": Text("Samples, worst first", "样本（从差到好）"),
    "name": Text("Sample", "样本"),
    "filter": Text("Filter by name or word", "按名称或词语筛选"),
    "sort": Text("Sort by", "排序"),
    "up": Text("rising", "升序"),
    "down": Text("falling", "降序"),
    "shown": Text("{shown} of {all} shown", "显示 {shown} / {all}"),
    "matching": Text("{found} of {all} match, {shown} shown", "{all} 个中有 {found} 个符合，显示 {shown} 个"),
    "more": Text("Show more", "显示更多"),
    "texts": Text("Texts", "文本"),
    "error": Text("No prediction: {why}", "无预测：{why}"),
    "none": Text("none", "无"),
    "provenance": Text("How it was computed", "计算依据"),
    "settings": Text("Settings", "设置"),
    "inputs": Text("Inputs (sha256)", "输入文件（sha256）"),
    "versions": Text("Versions", "版本"),
    "counts": Text("Counts", "计数"),
}
COUNTS = {
    "reference": Text("samples with a reference", "有参考的样本"),
    "predicted": Text("predicted", "已预测"),
    "missing": Text("missing", "缺失"),
    "errors": Text("errors", "出错"),
    "labels": Text("labels", "标签数"),
    "unlabelled": Text("without a label", "无标签"),
    "unknown": Text("of other names, ignored", "名称不符，已忽略"),
    "problems": Text("rows with a problem", "有问题的行"),
}
CORES = {  # of the project's own wheel
    "joy": "喜悦",
    "affection": "喜爱",
    "calm": "平静",
    "interest": "兴趣",
    "surprise": "惊讶",
    "fear": "恐惧",
    "sadness": "悲伤",
    "anger": "愤怒",
    "aversion": "厌恶",
}
FORMULA_WORDS = {
    "mean": Text("mean", "均值"),
    "mean of means": Text("mean over wheels", "各轮均值"),
    "F of means": Text("harmonic mean of mean precision and mean recall", "平均精确率与平均召回率的调和平均"),
    "mean F of means": Text("mean F over wheels", "各轮 F 的均值"),
    "mean F of means, undefined stays": Text("mean F over wheels", "各轮 F 的均值"),
    "accuracy": Text("accuracy", "准确率"),
    "unweighted recall": Text("mean recall of the classes", "各类召回率均值"),
    "weighted F1": Text("F1 weighted by class", "按类别加权 F1"),
    "CCC": Text("concordance correlation", "一致性相关系数"),
}


def word(key: str, language: Language, **values) -> str:
    """Return the words called `key`, filled in."""
    return WORDS[key][language].format(**values)


def number(value: float | None, unit: str) -> str:
    """Return a score as it is printed: shares in percent, as the field does; a dash where undefined."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.2f}"
    return f"{value:.3f}" if unit == "ccc" else f"{value:.2f}"


def interval(low: float | None, high: float | None, unit: str) -> str:
    """Return the bounds of an interval as they are printed; a dash where there is none."""
    return "–" if low is None or high is None else f"[{number(low, unit)}, {number(high, unit)}]"


def with_unit(value: float | None, unit: str) -> str:
    """Return a score with its sign of unit."""
    sign = {"share": " %", "mark": " / 10"}.get(unit, "") if value is not None else ""
    return number(value, unit) + sign


def core_word(core: str, language: Language) -> str:
    """Return the name of a core of the wheel, of "other" or of "nothing"."""
    if core in WORDS:
        return WORDS[core][language]
    return CORES[core] if language == "zh" else core
