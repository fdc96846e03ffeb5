"""What an evaluation tells beside its figures: mistakes, warnings, and why a published number is no rival."""

from __future__ import annotations

from typing import Any

from ..schema import AffectError, Text
from .benchmark import Benchmark

ENOUGH = 0.99  # share of the published clips from which a score may stand beside the published ones

MISTAKES = {
    "no_truth": Text(
        "None of the {count} samples has what {benchmark} compares with: give a table with a column {truth}, "
        "or choose another benchmark.",
        "{count} 个样本都没有 {benchmark} 所需的标注：请给出含 {truth} 列的表格，或选择其他基准。",
    ),
    "other_language": Text(
        "No reference is written in {language}: choose the other --language.",
        "没有以 {language} 书写的参考文本：请改用另一种 --language。",
    ),
    "no_score": Text(
        "No prediction has a score: {benchmark} needs the judge's replies in a column score.",
        "没有任何预测带有评分：{benchmark} 需要在 score 列中给出评判器的回复。",
    ),
    "no_match": Text(
        "No prediction is of a sample: the predictions have names like {one}, the data names like {two}.",
        "没有任何预测与样本对应：预测中的名称形如 {one}，数据中的名称形如 {two}。",
    ),
}
NOTES = {
    "own_wheel": Text(
        "Scored on this project's own wheel (affectgpt-wheel): not the official score, and published numbers "
        "are not comparable. Give the official tables with --wheels.",
        "使用本项目自有情感轮（affectgpt-wheel）计分：并非官方分数，不可与已发表数字比较。"
        "请用 --wheels 给出官方轮表。",
    ),
    "other_year": Text(
        "{benchmark} is published with the tables of {published}, this score is by those of {year}: the two "
        "are not comparable.",
        "{benchmark} 的已发表分数使用 {published} 年轮表，本分数使用 {year} 年轮表：二者不可比较。",
    ),
    "changed_tables": Text(
        "The wheel tables were changed: this is not the official score.",
        "情感轮表已被改动：这不是官方分数。",
    ),
    "missing": Text(
        "Samples without a prediction: {count} of {all}; they count as empty ones (--predicted-only leaves "
        "them out).",
        "没有预测的样本：{all} 个中有 {count} 个，按空预测计分（--predicted-only 可不计入）。",
    ),
    "left_out": Text(
        "Samples without a prediction that were left out (--predicted-only): {count}. This is the score of a "
        "part.",
        "因没有预测而未计入的样本（--predicted-only）：{count} 个。这只是部分样本的分数。",
    ),
    "unknown": Text(
        "Predictions of other names, ignored: {count}.", "名称不在数据中的预测（已忽略）：{count} 条。"
    ),
    "errors": Text(
        "Predictions that are errors (no answer): {count}; they count as empty ones.",
        "错误行（无回答）的预测：{count} 条，按空预测计分。",
    ),
    "all_empty": Text(
        "No prediction has a label: every label score is 0. Is it the right column?",
        "所有预测都没有标签：标签分数均为 0。请确认列名是否正确。",
    ),
    "parsed": Text(
        "Predictions whose labels were read from their texts by parse_labels: {count}; published systems had "
        "theirs read by a language model.",
        "有 {count} 条预测的标签由 parse_labels 从文本中读出；已发表系统则由语言模型提取。",
    ),
    "translated": Text(
        "Predictions whose Chinese labels were turned into English base words, as the official tables have "
        "no Chinese: {count}.",
        "有 {count} 条预测的中文标签被转换为英文基本词：官方轮表不含中文。",
    ),
    "translated_truth": Text(
        "References whose Chinese labels were turned into English base words, as the official tables have no "
        "Chinese: {count}.",
        "有 {count} 条参考标签由中文转换为英文基本词：官方轮表不含中文。",
    ),
    "unread_sentiment": Text(
        "Sentiments that are not exactly positive, negative or neutral, and so count as neutral by the "
        "published rule: {count}, such as {value!r}.",
        "不完全等于 positive、negative 或 neutral 的情感极性，按已发表规则计为中性：{count} 条，例如 "
        "{value!r}。",
    ),
    "coverage": Text(
        "Words that the tables do not have are dropped: {references} % of the references', {predictions} % "
        "of the predictions' (mean of the wheels, level 1).",
        "轮表中没有的词会被忽略：参考标签 {references} %，预测标签 {predictions} %（第 1 级，各轮均值）。",
    ),
    "own_sentiment": Text(
        "Predictions whose sentiment follows from a valence or from labels by our own rule (sign of the mean "
        "valence), not from the second question to a language model that published scores stand on: {count}.",
        "有 {count} 条预测的情感极性由效价或标签按本项目规则（平均效价的符号）得出，"
        "而非已发表分数所用的第二次语言模型提问。",
    ),
    "judge": Text(
        "Clue and label overlap are marked by {judge}, published marks are by ChatGPT 3.5, which is retired: "
        "the two are not comparable.",
        "线索重叠与标签重叠由 {judge} 评分；已发表评分来自已下线的 ChatGPT 3.5：二者不可比较。",
    ),
    "mme_judge": Text(
        "Published scores are by gpt-4o-2024-11-20; the file does not tell who judged here, so they are not "
        "marked comparable.",
        "已发表分数由 gpt-4o-2024-11-20 评判；文件未说明此处的评判者，因此不标为可比较。",
    ),
    "part": Text(
        "{count} of the {published} published samples are scored here.",
        "此处仅计分 {published} 个已发表样本中的 {count} 个。",
    ),
    "no_text": Text(
        "Samples without a reference text in this language: {count}; their clue overlap is not judged.",
        "{count} 个样本没有该语言的参考文本：不评判其线索重叠。",
    ),
    "labels_only": Text(
        "No prediction has a text: clue overlap and completeness are not judged.",
        "所有预测都没有文本：不评判线索重叠与完整性。",
    ),
    "unmarked": Text(
        "Pairs that the judge gave no mark: {count} (their samples say why); left out of the means.",
        "评判器未对 {count} 对文本给出评分（原因见各样本）：不计入均值。",
    ),
    "no_interval": Text(
        "The score is not defined: no sample counts, or a wheel counts none.",
        "分数无定义：没有样本计入，或某个轮没有样本计入。",
    ),
}


def mistake(key: str, **values: Any) -> AffectError:
    """Return the mistake called `key`, filled in, as an error to be raised."""
    text = MISTAKES[key].filled(**values)
    return AffectError(text.en, text.zh)


def note(key: str, **values: Any) -> Text:
    """Return the note called `key`, filled in."""
    return NOTES[key].filled(**values)


def of_settings(benchmark: Benchmark, counts: dict[str, int], settings: dict[str, Any]) -> list[Text]:
    """Everything about this evaluation that its reader must know, the gravest first."""
    found, labels, reference = [], settings["labels"], counts["reference"]
    if counts["labels"] == 0 and settings["wheels"]:
        found.append(note("all_empty"))
    for key in ("missing", "errors"):
        if counts[key]:
            found.append(note(key, count=counts[key], all=reference))
    if why := _tables(benchmark, settings):
        found.append(why)
    if own := _own_sentiments(settings):
        found.append(note("own_sentiment", count=own))
    elif labels["rows"].get("text") and settings["wheels"]:
        found.append(note("parsed", count=labels["rows"]["text"]))
    if labels["translated"]:
        found.append(note("translated", count=labels["translated"]))
    if settings["judge"]:
        found.append(note("judge", judge=settings["judge"]["name"]))
    if coverage := settings.get("coverage"):
        shares = {side: f"{100 * coverage[f'{side}_unmapped']:.1f}" for side in ("references", "predictions")}
        found.append(note("coverage", **shares))
    if benchmark.samples and reference != benchmark.samples:
        found.append(note("part", count=reference, published=benchmark.samples))
    if counts["unknown"]:
        found.append(note("unknown", count=counts["unknown"]))
    if benchmark.note.en:
        found.append(benchmark.note)
    return found


def not_comparable(
    benchmark: Benchmark, primary: str, counts: dict[str, int], settings: dict[str, Any]
) -> Text | None:
    """Say why published numbers are no measure of the headline score; None where they are."""
    if settings["wheels"] or primary != benchmark.primary:
        if why := _tables(benchmark, settings):
            return why
        if settings["labels"]["rows"].get("text"):
            return note("parsed", count=settings["labels"]["rows"]["text"])
        for key, count in (
            ("translated", settings["labels"]["translated"]),
            ("translated_truth", settings.get("translated_truth")),
        ):
            if count:
                return note(key, count=count)
    if benchmark.metric == "overlap":
        return note("judge", judge=settings["judge"]["name"])
    if benchmark.metric == "mme":
        return note("mme_judge")
    if own := _own_sentiments(settings):
        return note("own_sentiment", count=own)
    if counts["missing"] > (1 - ENOUGH) * counts["reference"]:
        return note("missing", count=counts["missing"], all=counts["reference"])
    if benchmark.samples and not ENOUGH <= counts["reference"] / benchmark.samples <= 1 / ENOUGH:
        return note("part", count=counts["reference"], published=benchmark.samples)
    return None


def _own_sentiments(settings: dict[str, Any]) -> int:
    """How many sentiments were not given, but follow from labels or a valence."""
    return sum(count for way, count in settings.get("sentiment", {}).items() if way != "sentiment")


def _tables(benchmark: Benchmark, settings: dict[str, Any]) -> Text | None:
    wheels = settings["wheels"]
    if wheels is None or (wheels["official"] and wheels["year"] == benchmark.tables):
        return None
    if wheels["official"]:
        return note("other_year", benchmark=benchmark.title, published=benchmark.tables, year=wheels["year"])
    return note("changed_tables" if wheels["year"] else "own_wheel")
