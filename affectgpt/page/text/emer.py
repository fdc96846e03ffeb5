"""The sentences of the page about browsing EMER."""

from __future__ import annotations

from ...schema import Text

EMER: dict[str, Text] = {
    # what can be browsed
    "emer_shelf": Text("Collection", "数据集"),
    "emer_shelf_examples": Text("Examples", "示例"),
    "emer_shelf_v1": Text("EMER v1", "EMER v1"),
    "emer_shelf_v2": Text("EMER v2", "EMER v2"),
    "emer_shelf_own": Text("Own table", "自有表格"),
    "emer_reading": Text("Reading the data set of this page …", "正在读取本页的数据集……"),
    "emer_fetching": Text(
        "The data set of this page is on its way: {amount}.", "本页的数据集正在下载：{amount}。"
    ),
    "emer_why_not": Text("The data set of this page cannot be shown.", "无法显示本页的数据集。"),
    "emer_nothing": Text(
        "There is nothing to browse here: whoever runs this page can name a data set for it.",
        "这里没有可浏览的数据：可由本页的运行者指定数据集。",
    ),
    "emer_licence_emer": Text(
        "EMER and its clips (MER2023, Institute of Automation, CAS, and others) are licensed for academic "
        "research only. Read them here; do not copy, pass on or publish texts, sound or pictures.",
        "EMER 及其片段源自 MER2023（中国科学院自动化研究所等），仅授权用于学术研究。请只在此查阅，"
        "不得复制、转交或公开其中的文字、声音和画面。",
    ),
    "emer_licence_own": Text(
        "These data belong to whoever runs this page. Read them here; do not copy or pass on texts, sound "
        "or pictures without asking.",
        "这些数据由本页的运行者提供。请只在此查阅，未经许可不得复制或转交其中的文字、声音和画面。",
    ),
    "emer_licence_examples": Text(
        "Drawn and spoken by a program of this project: nobody real, free to use (CC0).",
        "由本项目的程序绘制和配音，没有真人，可自由使用（CC0）。",
    ),
    # search
    "emer_search": Text("Search", "搜索"),
    "emer_search_hint": Text("name, words or label, 中文 too", "名称、文字或标签，中英文均可"),
    "emer_label": Text("Label", "标签"),
    "emer_any_label": Text("any label", "全部标签"),
    "emer_chips": Text("Most frequent labels", "最常见的标签"),
    "emer_only": Text("Only with a clip here ({count})", "只看有片段的样本（{count}）"),
    "emer_found": Text("{count} samples", "{count} 个样本"),
    "emer_found_one": Text("1 sample", "1 个样本"),
    "emer_found_of": Text("{count} of {all} samples", "{count} / {all} 个样本"),
    "emer_found_none": Text(
        "Nothing found: use fewer words, or take the filters away.", "没有找到：请减少搜索词，或取消筛选。"
    ),
    "emer_page_of": Text("{page} / {pages}", "{page} / {pages}"),
    "emer_page_before": Text("Page before", "上一页"),
    "emer_page_after": Text("Next page", "下一页"),
    "emer_pages": Text("Pages of the list", "列表翻页"),
    "emer_list": Text("Samples found", "找到的样本"),
    "emer_has_clip": Text("clip here", "有片段"),
    # one sample
    "emer_previous": Text("Previous", "上一个"),
    "emer_next": Text("Next", "下一个"),
    "emer_position": Text("{position} of {count}", "第 {position} 个，共 {count} 个"),
    "emer_not_among": Text("not among the {count} found", "不在找到的 {count} 个之中"),
    "emer_subtitle": Text("What is said", "说了什么"),
    "emer_no_subtitle": Text("Nothing is said, or no subtitle is known.", "没有说话，或没有字幕。"),
    "emer_reference": Text("Reference", "参考解释"),
    "emer_reference_hint": Text("written by people, split into its parts here", "由人撰写，在此按模态拆分"),
    "emer_only_zh": Text("There is no English text: this is the Chinese one.", "没有英文文本，以下为中文。"),
    "emer_only_en": Text("There is no Chinese text: this is the English one.", "没有中文文本，以下为英文。"),
    "emer_no_reference": Text("This sample has no description.", "该样本没有描述。"),
    "emer_labels": Text("Labels", "标签"),
    "emer_no_labels": Text("This sample has no labels.", "该样本没有标签。"),
    "emer_emotion": Text("Single emotion: {name}", "单一情绪：{name}"),
    "emer_clip": Text("Clip", "片段"),
    "emer_no_clip": Text(
        "The clip of this sample is not here, so it can be read but not run.",
        "这里没有该样本的片段：可以阅读，但不能运行。",
    ),
    # a run
    "emer_run": Text("Run the engine", "运行引擎"),
    "emer_open": Text("Open in “Explain”", "在“分析”中打开"),
    "emer_open_hint": Text("with timeline, “what if” and downloads", "可查看时间线、“假如”对比并下载结果"),
    "emer_beside": Text("Reference and answer", "参考与回答"),
    "emer_answer_by": Text("Answer: {engine}", "回答：{engine}"),
    "emer_absent_part": Text("says nothing about this", "未提及"),
    "emer_gone": Text(
        "This answer is no longer here: run the engine again.", "该回答已不在这里：请重新运行引擎。"
    ),
}
