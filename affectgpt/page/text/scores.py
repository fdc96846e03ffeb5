"""The sentences of the page about scores against a reference."""

from __future__ import annotations

from ...schema import Text

SCORES: dict[str, Text] = {
    # the form
    "sc_title": Text("Score against a reference", "与参考答案对照评分"),
    "sc_hint": Text(
        "Paste what a person wrote about this clip: an explanation, labels, or both. Examples and EMER "
        "samples bring their own.",
        "请粘贴他人对该片段写下的解释、标签，或两者都填。示例和 EMER 样本自带参考答案。",
    ),
    "sc_text": Text("Reference explanation", "参考解释"),
    "sc_text_hint": Text(
        "In the video, she frowns … Therefore she is worried.", "视频中，她皱着眉……因此她很担忧。"
    ),
    "sc_labels": Text("Reference labels, separated by commas", "参考标签，用逗号分隔"),
    "sc_labels_hint": Text("worried, tense", "担忧、紧张"),
    "sc_file": Text("From a file: TXT, JSON", "从文件读取：TXT、JSON"),
    "sc_judge": Text("Judge", "评判方式"),
    "sc_judge_embedded": Text("Embedded: counts what both name", "内置：统计双方共有的内容"),
    "sc_judge_affectgpt": Text("AffectGPT (base language model)", "AffectGPT（基座语言模型）"),
    "sc_judge_outside": Text(
        "{name}: both texts are sent to this outside service", "{name}：两份文字会发送给该外部服务"
    ),
    "sc_button": Text("Score against this reference", "按此参考答案评分"),
    "sc_no_answer": Text(
        "There is no answer to score yet: explain a clip first.", "还没有可供评分的回答：请先分析一个片段。"
    ),
    "sc_kept": Text(
        "This reference has not been scored yet: press the button if it belongs to this clip.",
        "该参考答案尚未评分：如果它属于当前片段，请点击按钮。",
    ),
    "sc_working": Text("The judge is reading …", "正在评判……"),
    "sc_no_judge": Text(
        "That judge is not offered here: choose another one.", "这里没有该评判方式：请另选一种。"
    ),
    "sc_judge_failed": Text(
        "That judge cannot be asked at the moment: choose the embedded one, or try again later.",
        "该评判方式暂时不可用：请改用内置方式，或稍后再试。",
    ),
    # the result
    "sc_result": Text("Against the reference", "与参考答案的对照"),
    "sc_scored": Text("Scored by {who}", "评判方式：{who}"),
    "sc_of": Text("of {most}", "/ {most}"),
    "sc_clue_overlap": Text("Clue overlap", "线索重合度"),
    "sc_clue_overlap_is": Text(
        "How much the two texts describe in common: face, voice, words and conclusion.",
        "两份文字所描述的面部、声音、话语和结论有多少相同。",
    ),
    "sc_label_overlap": Text("Label overlap", "标签重合度"),
    "sc_label_overlap_is": Text(
        "How near the two lists of emotions are; a near miss counts in part.",
        "两组情绪标签有多接近；意思相近的按比例计分。",
    ),
    "sc_f": Text("Label F", "标签 F 值"),
    "sc_f_is": Text(
        "Balance of precision and recall over the sectors of our emotion wheel.",
        "在本项目情绪轮的扇区上，精确率与召回率的调和平均。",
    ),
    "sc_complete": Text("Completeness", "完整度"),
    "sc_complete_is": Text(
        "Does the answer say what was seen, heard and said, and conclude from it? Not whether it is right.",
        "回答是否写到看到的、听到的、说出的，并据此得出结论；与对错无关。",
    ),
    "sc_why": Text("Where these numbers come from", "这些分数的由来"),
    "sc_none": Text("cannot be given", "无法给出"),
    "sc_labels_met": Text("Labels that match", "相符的标签"),
    "sc_answer": Text("Answer", "回答"),
    "sc_reference": Text("Reference", "参考"),
    "sc_how": Text("Match", "相符方式"),
    "sc_by_word": Text("same word", "同一个词"),
    "sc_by_sector": Text("same sector: {place}", "同属扇区“{place}”"),
    "sc_by_core": Text("only the same core: {place}", "仅同属大类“{place}”"),
    "sc_nothing_met": Text("No label of the answer matches one of the reference.", "没有相符的标签。"),
    "sc_missed": Text("Missed", "缺少"),
    "sc_extra": Text("Added", "多出"),
    "sc_unknown": Text("not on our wheel", "情绪轮上没有"),
    "sc_level": Text("On our wheel", "情绪轮层级"),
    "sc_sector": Text("sectors (fine)", "扇区（细）"),
    "sc_core": Text("cores (coarse)", "大类（粗）"),
    "sc_precision": Text("precision", "精确率"),
    "sc_recall": Text("recall", "召回率"),
    "sc_parts": Text("What the texts speak about", "文字写到了什么"),
    "sc_part": Text("Part", "部分"),
    "sc_full": Text("yes", "有"),
    "sc_half": Text("without a clue", "无具体线索"),
    "sc_half_inference": Text("in another part", "写在别处"),
    "sc_empty": Text("no", "无"),
    "sc_reasons": Text("What the judge says", "评判理由"),
    "sc_notes": Text("How to read this", "阅读说明"),
    "sc_wheel": Text("wheel: {name} {version}", "情绪轮：{name} {version}"),
}
