"""The table of benchmarks: one row each, with the facts that decide whether two scores may be compared."""

from __future__ import annotations

from typing import Any

from ..data.messages import shown
from ..schema import AffectError, Text
from ..trained import DESCRIBE, NAME_LABELS
from .benchmark import Benchmark

MER_EULA = Text(
    "MER team, by signed EULA: academic research only, not to be handed on.",
    "由 MER 团队在签署 EULA 后提供：仅限学术研究，不得转交他人。",
)
OWN_TABLE = Text(
    " The official label files are pickles: write them as a table (name, {column}) first.",
    "官方标签文件为 pickle 格式：请先导出为表格（name, {column}）。",
)
SELECTED = Text(
    "Published scores of AffectGPT are each the best of seven epochs, chosen on the test set: the mean of "
    "one fixed epoch is 0.8 to 3 points lower. The official label extractor samples: means move by 0.3.",
    "AffectGPT 公布的分数均取七个 epoch 中在测试集上最好的一个：固定一个 epoch 的均值低 0.8 至 3 个"
    "百分点。官方标签提取带采样，均值约有 0.3 的波动。",
)
HIT = Text(
    "A hit never costs anything, so long label lists score high, and neutral clips are never counted. ",
    "命中率对过长的标签列表没有惩罚，且从不计入 neutral 片段。",
)
SENTIMENT = Text(
    "Clips with a truth of exactly 0 are left out; a neutral or unreadable answer counts as negative. ",
    "真值恰为 0 的片段不计；中性或无法识别的回答按负面计。",
)
NOT_THE_OTHER_YEAR = Text(
    "Scores by the 2025 and the 2026 tables are not comparable: 2025 maps 'fear' to happy, joyful or genius "
    "in four of the five wheels.",
    "2025 与 2026 版表格的分数不可比较：2025 版在五个情感轮中的四个里把 fear 归入 happy、joyful 或 genius。",
)
SIX = ("worried", "happy", "neutral", "angry", "surprise", "sad")
OV_FILES = ("check-openset.csv", "track2_train_ovmerd.csv")
SUBTITLES = ("subtitle_chieng.csv", "transcription-engchi-polish.csv")


def _unibench(name: str, title: str, samples: int, where: Text, **facts: Any) -> Benchmark:
    return Benchmark(
        name=name,
        title=f"{title} (MER-UniBench)",
        samples=samples,
        question=NAME_LABELS,
        group="MER-UniBench",
        where=where + OWN_TABLE.filled(column=facts["truth"]),
        **facts,
    )


def _hit(
    name: str, title: str, samples: int, column: str, classes: tuple[str, ...], where: Text
) -> Benchmark:
    return _unibench(
        name,
        title,
        samples,
        where,
        files={"emotions": (), "subtitles": SUBTITLES if name.startswith("mer20") else ()},
        truth="emotion",
        metric="hit",
        primary="hit_rate",
        column=column,
        tables=2025,
        classes=classes,
        note=HIT + SELECTED,
    )


def _sentiment(name: str, title: str, samples: int, column: str, limit: float) -> Benchmark:
    return _unibench(
        name,
        f"{title} test",
        samples,
        _by_authors(title),
        files={"valences": (), "subtitles": ()},
        truth="valence",
        metric="sentiment",
        primary="waf",
        column=column,
        scale=(-limit, limit),
        note=SENTIMENT + SELECTED,
    )


def _by_authors(title: str) -> Text:
    return Text(f"Authors of {title}, under their terms.", f"由 {title} 作者按其条款提供。")


def _mme(task: str, about: str, sources: str, samples: int) -> Benchmark:
    return Benchmark(
        name=f"mme-{task.lower()}",
        title=f"MME-Emotion {task}: {about}",
        samples=samples,
        files={},
        question="",
        truth="steps",
        metric="mme",
        primary="cot",
        group=f"MME-Emotion {task}",
        column="cot",
        where=Text(
            "Authors of MME-Emotion (arXiv 2508.09210; code MIT), clips under the terms of their sources. "
            f"Sources: {sources}.",
            f"由 MME-Emotion 作者提供（arXiv 2508.09210；代码 MIT），片段遵循各来源的条款。来源：{sources}。",
        ),
        note=Text(
            "Scored from a judge's replies (field score: 'Step 1: 1/1, Step 2: 0/1' in a score tag); "
            "published with gpt-4o as judge, so scores by another judge are not comparable. A missing "
            "judgement leaves the mean. The size is inferred from the paper's means.",
            "由评判模型的回复计分（score 字段，score 标签内形如“Step 1: 1/1, Step 2: 0/1”）；公布的分数"
            "以 gpt-4o 评判，换用其他评判模型则不可比较。缺失的评判不计入均值。样本数由论文中的均值推算。",
        ),
    )


ROWS = (
    Benchmark(
        name="emer-v1",
        title="EMER v1: clue and label overlap",
        samples=100,
        files={"references": ("gt-eng.csv", "gt-chi.csv")},
        question=DESCRIBE,
        truth="reference",
        metric="overlap",
        primary="clue_overlap",
        group="EMER",
        column="clue_overlap",
        where=Text(
            "Descriptions: GitHub zeroQiaoba/AffectGPT, folder EMER/dataset-v1, no licence file; clips are "
            "MER2023's. ",
            "描述：GitHub zeroQiaoba/AffectGPT 的 EMER/dataset-v1 目录，无许可文件；片段来自 MER2023，",
        )
        + MER_EULA,
        note=Text(
            "The published judge (gpt-3.5-turbo-16k-0613, Chinese prompts, marks 1 to 10) is retired: scores "
            "by any other judge are not comparable. AffectGPT 2023 was trained on these clips.",
            "公布分数所用的评判模型（gpt-3.5-turbo-16k-0613，中文提示词，1 至 10 分）已下线："
            "其他评判模型的分数不可比较。2023 版 AffectGPT 曾以这些片段训练。",
        ),
    ),
    Benchmark(
        name="emer-v2",
        title="EMER v2 = OV-MERD: open-vocabulary labels",
        samples=332,
        files={
            "references": ("final-EMER-reason.csv", "track3_train_ovmerd.csv"),
            "labels": OV_FILES,
            "subtitles": SUBTITLES,
        },
        question=NAME_LABELS,
        truth="labels",
        metric="wheels",
        primary="m_avg",
        group="OV-MERD",
        column="M_avg",
        tables=2025,
        where=Text(
            "Descriptions: GitHub zeroQiaoba/AffectGPT, EMER/dataset-v2; labels: zeroQiaoba/MERTools, "
            "MER2024/ov_store; clips are MER2023's. ",
            "描述：GitHub zeroQiaoba/AffectGPT 的 EMER/dataset-v2；标签：zeroQiaoba/MERTools 的 "
            "MER2024/ov_store；片段来自 MER2023，",
        )
        + MER_EULA,
        note=Text(
            "Not OV-MERD+, which has other clips and a truth that is not public. M-avg is the mean of 12 F "
            "(M1, M2, five wheels at two levels). The constant answer happy, sad, angry, worried, surprised "
            "has a level-1 F of 44.7. ",
            "与 OV-MERD+ 不同：后者片段不同，真值未公开。M-avg 是 12 个 F 的均值（M1、M2、五个情感轮"
            "各两级）。固定回答 happy, sad, angry, worried, surprised 的一级 F 即达 44.7。",
        )
        + NOT_THE_OTHER_YEAR,
    ),
    _hit("mer2023", "MER2023 MULTI test1", 411, "MER2023", SIX, MER_EULA),
    _hit("mer2024", "MER2024 SEMI test1", 1169, "MER2024", SIX, MER_EULA),
    _hit(
        "meld",
        "MELD test",
        2610,
        "MELD",
        ("anger", "joy", "sadness", "neutral", "disgust", "fear", "surprise"),
        _by_authors("MELD"),
    ),
    _hit(
        "iemocap",
        "IEMOCAP session 5, four classes",
        1241,
        "IEMOCAP",
        ("happy", "sad", "neutral", "anger"),
        Text("SAIL, USC, on request.", "由南加州大学 SAIL 实验室按申请提供。"),
    ),
    _sentiment("cmu-mosi", "CMU-MOSI", 686, "MOSI", 3.0),
    _sentiment("cmu-mosei", "CMU-MOSEI", 4659, "MOSEI", 3.0),
    _sentiment("ch-sims", "CH-SIMS", 457, "SIMS", 1.0),
    _sentiment("ch-sims-v2", "CH-SIMS v2", 1034, "SIMSv2", 1.0),
    Benchmark(
        name="ovmerd-plus",
        title="OV-MERD+ (MER-UniBench)",
        samples=532,
        files={"labels": (), "subtitles": SUBTITLES},
        question=NAME_LABELS,
        truth="labels",
        metric="wheels",
        primary="level1_f",
        group="MER-UniBench",
        column="OV-MERD+",
        tables=2025,
        where=MER_EULA,
        note=Text(
            "It holds the 332 clips of OV-MERD and 200 more, and its truth is not public: never compare "
            "the two. An empty label list counts as neutral. ",
            "包含 OV-MERD 的 332 个片段及另外 200 个，真值未公开：不可互比。空标签列表按 neutral 计。",
        )
        + SELECTED
        + Text(" ", "")
        + NOT_THE_OTHER_YEAR,
    ),
    Benchmark(
        name="mer2025-ov",
        title="MER2025 Track 2, open vocabulary",
        samples=1200,
        files={"labels": ("track2_test.csv",), "subtitles": ("subtitle_chieng.csv",)},
        question=NAME_LABELS,
        truth="labels",
        metric="wheels",
        primary="mer2025_final",
        group="MER2025-FG",
        column="score",
        tables=2025,
        where=Text(
            "Hub MERChallenge/MER2025, gated, CC BY-NC 4.0. ",
            "Hub 上的 MERChallenge/MER2025，需申请，CC BY-NC 4.0。",
        )
        + MER_EULA,
        note=Text(
            "Mean of level-1 and level-2 F. The official board was not found: numbers are from papers and "
            "participants. ",
            "取一级 F 与二级 F 的均值。未找到官方排行榜：数字来自论文与参赛者。",
        )
        + NOT_THE_OTHER_YEAR,
    ),
    Benchmark(
        name="mer2026-fg",
        title="MER2026 Track 2, fine-grained",
        samples=1000,
        files={"labels": (), "subtitles": ("subtitle_chieng.csv",)},
        question=NAME_LABELS,
        truth="labels",
        metric="wheels",
        primary="level1_f",
        group="MER2026-FG",
        column="score",
        tables=2026,
        where=Text(
            "Hub MERChallenge/MER2026, gated, CC BY-NC 4.0. ",
            "Hub 上的 MERChallenge/MER2026，需申请，CC BY-NC 4.0。",
        )
        + MER_EULA,
        note=Text(
            "Level-1 F alone; the test labels are hidden, the numbers are participants' own. ",
            "仅取一级 F；测试标签未公开，数字由参赛者自报。",
        )
        + NOT_THE_OTHER_YEAR,
    ),
    _mme("ER-Lab", "one emotion, in the laboratory", "IEMOCAP", 500),
    _mme("ER-Wild", "one emotion, in the wild", "CAER, MC-EIU, E3, MELD, DFEW, MAFW", 1800),
    _mme("Noise-ER", "one emotion, with noise", "MER2024-NOISE", 500),
    _mme("FG-ER", "several fine-grained labels", "BOLD", 500),
    _mme("ML-ER", "several labels", "MAFW, CMU-MOSEI", 600),
    _mme("SA", "three sentiments", "MOSEI, MOSI, MELD, CH-SIMS v2", 1600),
    _mme("FG-SA", "weak and strong sentiments", "MOSI", 500),
    _mme("IR", "intents", "MC-EIU", 500),
)
BENCHMARKS: dict[str, Benchmark] = {row.name: row for row in ROWS}


def benchmark(name: str) -> Benchmark:
    """Return the row called `name`. Raises AffectError, which lists the names, when there is none."""
    if name not in BENCHMARKS:
        known = ", ".join(BENCHMARKS)
        raise AffectError(
            f"There is no benchmark called {shown(name)}: choose one of {known}.",
            f"没有名为“{shown(name)}”的基准：请选择 {known}。",
        )
    return BENCHMARKS[name]
