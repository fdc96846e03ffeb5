"""The sentences of the page about: evaluate, downloads, programs."""

from __future__ import annotations

from ...schema import Text

EVALUATE: dict[str, Text] = {
    # the form
    "evaluate_title": Text("Score a file of predictions", "为预测文件评分"),
    "evaluate_intro": Text(
        "Predictions of any system, ours or yours, against the references of a benchmark: scores with "
        "intervals, floors, published numbers and every sample. Files are deleted within {minutes} minutes.",
        "把任意系统的预测与某个基准的参考标注对照：给出分数及区间、基线、已发表的数字和逐样本结果。"
        "文件在 {minutes} 分钟内删除。",
    ),
    "evaluate_file": Text(
        "Predictions: JSONL, CSV, TSV, XLSX, Parquet", "预测文件：JSONL、CSV、TSV、XLSX、Parquet"
    ),
    "evaluate_format": Text("What the file looks like", "文件格式"),
    "evaluate_format_hint": Text(
        "One row for each clip: its name, and the labels, the text, or both. In CSV and XLSX the same as "
        "columns; what <code>affectgpt predict</code> writes fits as it is. At most {limit} MB.",
        "每行一个片段：名称，加上标签、文字或两者。CSV 与 XLSX 用同样的列名；<code>affectgpt predict</code> "
        "的输出可直接使用。不超过 {limit} MB。",
    ),
    "evaluate_sample": Text("Fill in a sample file", "填入示例文件"),
    "evaluate_sample_text": Text(
        "Invented to show the format: nobody has watched this clip.",
        "为展示格式而编造：没有人看过这个片段。",
    ),
    "evaluate_sample_system": Text("Invented sample", "编造的示例"),
    "evaluate_benchmark": Text("Benchmark", "基准"),
    "evaluate_place": Text("References", "参考标注"),
    "evaluate_place_examples": Text("The examples of this page", "本页的示例"),
    "evaluate_place_data": Text("The data set of this page", "本页的数据集"),
    "evaluate_place_upload": Text("A table of mine", "我自己的表格"),
    "evaluate_references": Text(
        "References: JSONL, CSV, TSV, XLSX, Parquet", "参考表格：JSONL、CSV、TSV、XLSX、Parquet"
    ),
    "evaluate_system": Text("Name of the system (optional)", "系统名称（可选）"),
    "evaluate_language": Text("Language of the texts and of the report", "文本与报告的语言"),
    "evaluate_run": Text("Evaluate", "开始评测"),
    "evaluate_stop": Text("Stop", "停止"),
    # what a benchmark needs
    "evaluate_scored": Text("Scored", "评分方式"),
    "evaluate_predicted": Text("Predictions", "预测需含"),
    "evaluate_wanted": Text("References", "参考需含"),
    "evaluate_known": Text("what to know", "须知"),
    "evaluate_note": Text("Comparing", "比较"),
    "evaluate_where": Text("Data", "数据来源"),
    "evaluate_size": Text("{count} clips", "{count} 个片段"),
    "evaluate_metric_wheels": Text(
        "labels on emotion wheels: F, precision, recall; with texts, clue and label overlap, too",
        "标签按情感轮计算 F、精确率、召回率；若有文本，另计线索与标签重叠",
    ),
    "evaluate_metric_hit": Text("hit rate of the true emotion among the labels", "标签命中真实情绪的比率"),
    "evaluate_metric_sentiment": Text("weighted F of positive and negative", "正负情感的加权 F"),
    "evaluate_metric_overlap": Text(
        "clue and label overlap of descriptions, by the embedded judge",
        "描述的线索与标签重叠，由内置评判打分",
    ),
    "evaluate_metric_mme": Text("a judge's marks of reasoning steps", "评判模型对推理步骤的打分"),
    "evaluate_gives_wheels": Text("name, labels or text", "name，以及 labels 或 text"),
    "evaluate_gives_hit": Text("name, labels or text", "name，以及 labels 或 text"),
    "evaluate_gives_sentiment": Text(
        "name, sentiment (positive, negative, neutral), valence or labels",
        "name，以及 sentiment（positive、negative、neutral）、valence 或 labels",
    ),
    "evaluate_gives_overlap": Text("name, text, perhaps labels", "name、text，可另附 labels"),
    "evaluate_gives_mme": Text(
        "name, score, perhaps steps and ground_truth", "name、score，可另附 steps、ground_truth"
    ),
    "evaluate_truth_labels": Text(
        "name, openset (labels), perhaps a reference text", "name、openset（标签），可另附参考描述"
    ),
    "evaluate_truth_emotion": Text("name, discrete (one emotion)", "name、discrete（一个情绪词）"),
    "evaluate_truth_valence": Text("name, val (a number)", "name、val（数值）"),
    "evaluate_truth_reference": Text("name, reference (a description)", "name、reference（描述）"),
    "evaluate_truth_steps": Text("none: the predictions bring them", "不需要：已含在预测中"),
    # while it works, and what comes out
    "evaluate_empty": Text("The report appears here", "报告将显示在这里"),
    "evaluate_empty_hint": Text(
        "No file at hand? Fill in the sample, then press Evaluate.",
        "手头没有文件？先填入示例，再点“开始评测”。",
    ),
    "evaluate_waiting": Text("Waiting for another evaluation to end", "正在等待另一项评测结束"),
    "evaluate_read": Text("Reading the tables", "正在读取表格"),
    "evaluate_judge": Text("Comparing with the references", "正在与参考标注对照"),
    "evaluate_judged": Text("{done} of {of} comparisons", "已对照 {done} / {of}"),
    "evaluate_intervals": Text("Floors and intervals", "正在计算基线与区间"),
    "evaluate_write": Text("Writing the report", "正在撰写报告"),
    "evaluate_done": Text("Evaluated in {seconds} s", "评测完成，用时 {seconds} 秒"),
    "evaluate_stopped": Text("Stopped. Nothing was kept.", "已停止，未保留任何内容。"),
    "evaluate_failed": Text("Not evaluated", "未能评测"),
    "evaluate_bounds": Text("95 % interval {bounds}", "95 % 区间 {bounds}"),
    "evaluate_samples": Text("{count} samples", "{count} 个样本"),
    "evaluate_counts": Text(
        "{predicted} of {reference} samples predicted, {unknown} predictions of unknown names",
        "{reference} 个样本中有 {predicted} 个有预测，另有 {unknown} 条预测的名称未知",
    ),
    "evaluate_scores": Text("Scores", "分数"),
    "evaluate_score": Text("Score", "分数"),
    "evaluate_value": Text("Value", "数值"),
    "evaluate_interval": Text("95 % interval", "95 % 区间"),
    "evaluate_count": Text("Samples", "样本数"),
    "evaluate_own": Text("own measure, not the official score", "本项目自有指标，并非官方分数"),
    "evaluate_official": Text("computed as published", "按官方方法计算"),
    "evaluate_more_scores": Text("{count} more scores", "另外 {count} 项分数"),
    "evaluate_warnings": Text("To keep in mind", "注意事项"),
    "evaluate_problems": Text("Rows with a problem: {count}", "有问题的行：{count}"),
    "evaluate_more_problems": Text("and {count} more, all in result.json", "另有 {count} 行，见 result.json"),
    "evaluate_report": Text("The whole report", "完整报告"),
    "evaluate_report_large": Text(
        "The report has {mb:.0f} MB: download it and open it in a browser.",
        "报告有 {mb:.0f} MB：请下载后在浏览器中打开。",
    ),
    "evaluate_result_file": Text("Numbers (result.json)", "数据（result.json）"),
    "evaluate_report_file": Text("Report (HTML)", "报告（HTML）"),
    "evaluate_samples_file": Text("Samples (CSV)", "样本（CSV）"),
    "evaluate_programs": Text("From a program", "用程序调用"),
    "evaluate_programs_hint": Text(
        "The same over the network: a file against a benchmark, or one answer against one reference.",
        "通过网络完成同样的事：用一个文件评测基准，或将一个回答与一份参考对照。",
    ),
    # mistakes
    "evaluate_need_file": Text(
        "There is no file of predictions: choose one, or fill in the sample.",
        "没有预测文件：请选择一个，或填入示例。",
    ),
    "evaluate_need_benchmark": Text(
        "There is no benchmark of that name: choose one of {known}.", "没有该基准：请选择 {known}。"
    ),
    "evaluate_need_references": Text(
        "There are no references to compare with: add a table of them.",
        "缺少用于对照的参考标注：请添加参考表格。",
    ),
    "evaluate_too_large": Text(
        "The file is larger than {limit} MB: send fewer rows.", "文件超过 {limit} MB：请减少行数。"
    ),
    "evaluate_long_system": Text(
        "The name of the system is longer than {limit} characters: shorten it.",
        "系统名称超过 {limit} 个字符：请缩短。",
    ),
    "api_need_consent": Text(
        "Without consent nothing is analysed: send consent=true to say that you may use the clip and that "
        "its people have been informed.",
        "未经同意不作分析：请发送 consent=true，表示您有权使用该片段，并已告知片中人物。",
    ),
    # downloads of an explanation
    "take_title": Text("Downloads", "下载结果"),
    "take_json": Text("JSON", "JSON"),
    "take_markdown": Text("Markdown", "Markdown"),
    "take_page": Text("Page (HTML)", "网页（HTML）"),
    "take_hint": Text(
        "JSON holds everything and fits the published schema; Markdown is for reading and pasting; the page "
        "is one file that opens without a network.",
        "JSON 含全部内容，符合公开的格式；Markdown 便于阅读和粘贴；网页为单个文件，可离线打开。",
    ),
    "take_clip": Text(
        "Put the clip into the page: whoever gets the file sees and hears the people in it.",
        "将片段放入网页：拿到该文件的人将看到、听到片中人物。",
    ),
    "take_clip_gone": Text(
        "The clip is no longer kept here: run it again to put it into the page.",
        "片段已不在此处保存：如需放入网页，请重新分析。",
    ),
    "take_programs": Text("Copy as code", "复制为代码"),
    "take_programs_hint": Text(
        "Asks this page for the same answer; put the name of your file in.",
        "向本页请求同样的结果；请填入您的文件名。",
    ),
    "take_python": Text("Python", "Python"),
    "take_curl": Text("curl", "curl"),
}
