"""The sentences of the page about: explain."""

from __future__ import annotations

from ...schema import Text

EXPLAIN: dict[str, Text] = {
    # the words of the clip
    "upload_words": Text("From a file", "从文件读取"),
    "transcribe": Text("Transcribe", "自动转写"),
    "transcribing": Text(
        "Listening to the words. The first time, the model is loaded before.",
        "正在识别话语；首次使用需先加载模型。",
    ),
    "words_timed": Text("From {name}: {lines} lines with times.", "来自 {name}：{lines} 行，带时间。"),
    "words_plain": Text("From {name}: {lines} lines without times.", "来自 {name}：{lines} 行，不带时间。"),
    "words_asr": Text(
        "Automatic ({model}, {language}, confidence {sure}): correct what is wrong.",
        "自动转写（{model}，{language}，置信度 {sure}）：如有错误请修改。",
    ),
    "words_silent": Text("{model} found no speech in this clip.", "{model} 在这个片段中没有找到说话声。"),
    "words_edited": Text("Changed by you: it has no times any more.", "您已修改，不再带有时间。"),
    # engines
    "engine_choice": Text("Engine", "引擎"),
    "not_here": Text("Not available here: {names}", "此处不可用：{names}"),
    "engine_only": Text("Engine: {name}", "引擎：{name}"),
    "transcription": Text("Transcription", "语音转写"),
    "arrival_fetching": Text(
        "AffectGPT is on its way: {amount}. Until then the signal engine answers.",
        "AffectGPT 正在下载：{amount}。在此期间使用信号引擎。",
    ),
    "arrival_loading": Text(
        "AffectGPT is being loaded. Until then the signal engine answers.",
        "AffectGPT 正在加载。在此期间使用信号引擎。",
    ),
    "arrival_why": Text(
        "The signal engine is used. AffectGPT is still being loaded.",
        "使用信号引擎。AffectGPT 仍在加载。",
    ),
    "arrival_soon_title": Text("Not there yet", "尚未就绪"),
    "arrival_soon": Text(
        "AffectGPT is still on its way ({percent} %): try again in some minutes, or choose signal.",
        "AffectGPT 仍在下载（{percent}%）：请几分钟后再试，或选择 signal。",
    ),
    "arrival_soon_loading": Text(
        "AffectGPT is still being loaded: try again in a minute, or choose signal.",
        "AffectGPT 仍在加载：请一分钟后再试，或选择 signal。",
    ),
    # the form
    "part": Text("Only a part of the clip", "只分析其中一段"),
    "drop": Text("Drop a video here, or press to choose one", "把视频拖到这里，或点击选择"),
    "run_again": Text("Run it again here", "在此重新运行"),
    # the answer
    "checked": Text("Checked", "检查"),
    "stored": Text("Stored answer", "预存的结果"),
    "stored_note": Text("Press “{run}” for a new one.", "点击“{run}”可重新计算。"),
}
