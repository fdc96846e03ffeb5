"""The sentences of the page about: about. A line is one item of a list; "name | rest" sets the name off."""

from __future__ import annotations

from ...schema import Text

ABOUT: dict[str, Text] = {
    "about_is_title": Text("What this is", "这是什么"),
    "about_is": Text(
        "Evidence first | A clip goes in; out come what was seen, heard and said, each clue with its "
        "moment, and "
        "an explanation of how the clues add up.\n"
        "Two engines | The signal engine measures: pitch, pauses, face, head, movement, affect words. "
        "AffectGPT, "
        "where its weights are loaded, is a trained model that writes. Measured and written clues are told "
        "apart.\n"
        "Open vocabulary | Labels are not a fixed list of six. They are placed on a wheel of 394 words in "
        "English "
        "and Chinese, so that they can be compared.\n"
        "Checkable | Every answer names its engine, settings, versions and what was missing; it can be "
        "scored "
        "against a reference of your own.",
        "先给依据 | 输入一段视频，得到所见、所闻、所言的线索（各附时刻），以及线索如何汇成结论的解释。\n"
        "两种引擎 | 信号引擎靠测量：音高、停顿、面部、头部、动作、情绪词。AffectGPT（加载权重后可用）是训练"
        "出来的模型，"
        "由它撰写。测得的与写出的线索有明确区分。\n"
        "开放词表 | 标签不限于六类，而是落在由 394 个中英文词语组成的情绪轮上，因此可以相互比较。\n"
        "可核查 | 每份结果都注明引擎、设置、版本和缺失项，还可以与您自己的参考答案比对打分。",
    ),
    "about_not_title": Text("What this is not", "这不是什么"),
    "about_not": Text(
        "Not mind reading | It estimates what a face, a voice and words show. What somebody feels may be "
        "another "
        "thing, and people show the same feeling differently.\n"
        "Not a measurement of a person | One clip says little about anybody. “Cannot tell” is an answer.\n"
        "Not a diagnosis, test or lie detector | Nothing here is made or checked for medicine, law or "
        "selection.\n"
        "Not fair to all, as far as we know | Dark, old and child faces, glasses and veils are untested.",
        "不是读心术 | 它只估计面部、声音和话语所表现出的情绪。人的真实感受可能不同，同一种感受的表现也因人而"
        "异。\n"
        "不是对人的测评 | 一段视频说明不了一个人。“无法判断”也是一种回答。\n"
        "不是诊断、考试或测谎 | 本页的任何内容都不是为医疗、司法或选拔而设计，也未经相关检验。\n"
        "未必对所有人公平 | 深肤色、年长者和儿童的面部，以及戴眼镜、面纱的情形均未经测试。",
    ),
    "about_here_title": Text("What runs here", "当前运行的内容"),
    "about_engine": Text("Engine", "引擎"),
    "about_default": Text("default", "默认"),
    "about_model": Text("weights", "权重"),
    "about_revision": Text("revision", "版本"),
    "about_checkpoint": Text("from", "来源"),
    "about_dtype": Text("numbers", "数值类型"),
    "about_device": Text("on", "运行于"),
    "about_rules": Text("rules, version {version}", "规则版本 {version}"),
    "about_absent": Text("Not here", "不可用"),
    "about_speech": Text("Speech to text", "语音转写"),
    "about_speech_small": Text("{model}, when it is asked for", "{model}（按需加载）"),
    "about_data": Text("Data set", "数据集"),
    "about_program": Text("Program", "程序"),
    "about_commit": Text("commit {commit}", "提交 {commit}"),
    "about_libraries": Text("Libraries", "依赖库"),
    "about_privacy_title": Text("Where your clip goes, and for how long", "片段的去向与保留时间"),
    "about_path": Text(
        "Your browser | sends the clip, and only when you ask for it\n"
        "This server | opens it in a limited process of its own, measures, answers\n"
        "Nobody else | no analytics, no history of runs, no monitoring page, no third party",
        "您的浏览器 | 仅在您要求时发送片段\n"
        "本服务器 | 在受限的独立进程中打开，测量并作答\n"
        "没有第三方 | 无统计分析、无运行历史、无监控页面",
    ),
    "about_keep_upload": Text("The file you upload", "上传的文件"),
    "about_keep_upload_v": Text(
        "deleted as soon as it has been read; one that was stopped or refused, within {minutes} min",
        "读取后立即删除；中途停止或未被接受的，{minutes} 分钟内删除",
    ),
    "about_keep_clip": Text("Pictures and sound in memory", "内存中的画面与声音"),
    "about_keep_clip_v": Text(
        "for another question about the same clip: {minutes} min, for your session only",
        "供您对同一片段继续提问：{minutes} 分钟，仅限您的会话",
    ),
    "about_keep_answer": Text("Player's copy, answer, downloads", "播放器副本、结果与下载文件"),
    "about_keep_answer_v": Text("within {minutes} min", "{minutes} 分钟内删除"),
    "about_keep_closed": Text("When you close the page", "关闭页面后"),
    "about_keep_closed_v": Text("all of it goes about {seconds} s later", "约 {seconds} 秒后全部删除"),
    "about_keep_log": Text("Log", "日志"),
    "about_keep_log_v": Text(
        "kind of run, a random number, how it ended, seconds; no clip, word, name or address",
        "任务类型、随机编号、结果和耗时；不含片段、话语、文件名或地址",
    ),
    "about_judge": Text("Judge of another service", "外部评判服务"),
    "about_judge_v": Text(
        "{judge}: offered by the operator. Only if you choose it, the answer's text and your reference "
        "(never the "
        "clip) are sent there.",
        "{judge}：由本页运营者提供。仅当您选择它时，才会发送结果文本和参考答案（绝不发送片段）。",
    ),
    "about_limits_title": Text("Limits", "限制"),
    "about_size": Text("File", "文件"),
    "about_length": Text("Length", "时长"),
    "about_picture": Text("Picture", "画面"),
    "about_words": Text("Words typed", "输入的话语"),
    "about_subtitle": Text("Subtitle file", "字幕文件"),
    "about_reference": Text("Reference", "参考答案"),
    "about_table": Text("Predictions to evaluate", "待评测的预测文件"),
    "about_rate": Text("Runs of one visitor", "每位访客"),
    "about_queue": Text("Waiting at once", "同时排队"),
    "about_mb": Text("{n} MB", "{n} MB"),
    "about_kb": Text("{n} KB", "{n} KB"),
    "about_s": Text("{n} s", "{n} 秒"),
    "about_px": Text("{n} megapixels, {fps} frames/s", "{n} 百万像素，每秒 {fps} 帧"),
    "about_chars": Text("{n} characters", "{n} 个字符"),
    "about_jobs": Text("one at a time, {n} in {minutes} min", "一次一项，每 {minutes} 分钟 {n} 次"),
    "about_visitors": Text("{n} visitors", "{n} 位访客"),
    "about_scores_title": Text("How scores are made", "分数如何得出"),
    "about_scores": Text(
        "Confidence of a label | Signal engine: how far the clues speak for it and can be relied on. "
        "AffectGPT: the "
        "probability it gave its own words. Neither is a probability of being right.\n"
        "Valence and arousal | A weighted mean of what each clue contributes, −1 to 1.\n"
        "Clue and label overlap | Marks of 1 to 10 against a reference. The embedded judge counts what both "
        "name, "
        "without a model; its marks can be compared with its own only.\n"
        "Precision, recall, F | Labels are matched through synonyms and the two levels of the emotion "
        "wheel. Without "
        "the authors’ tables the project’s own wheel is used: never an official score.",
        "标签的置信度 | 信号引擎：线索的支持力度与可靠程度；AffectGPT：模型赋予自己所写词语的概率。二者都不"
        "是正确的概率。\n"
        "效价与唤醒度 | 各线索贡献的加权平均，范围 −1 到 1。\n"
        "线索与标签重合度 | 与参考答案相比的 1 到 10 分。内置评判不用模型，只统计双方共有的内容；其分数只能"
        "与自身比较。\n"
        "精确率、召回率、F | 通过同义词和情绪轮的两级结构匹配标签。没有作者的官方词表时使用本项目自己的情绪"
        "轮，"
        "那绝不是官方分数。",
    ),
    "about_weak_title": Text("Known weaknesses, measured", "已知不足（实测）"),
    "about_weak": Text(
        "35–45 % | of new television clips get the right one of six emotions from the signal engine.\n"
        "70–75 % | get the right polarity, when the signal engine commits itself at all.\n"
        "65.9 | is the level-1 F of AffectGPT’s released model (epoch 30) on 330 EMER clips; the constant "
        "answer “happy, "
        "sad, angry, worried, surprised” reaches 44.7 there.",
        "35–45 % | 信号引擎在全新电视片段上判对六类情绪之一的比例。\n"
        "70–75 % | 信号引擎在作出判断时，正负极性判对的比例。\n"
        "65.9 | AffectGPT 发布模型（第 30 轮）在 330 个 EMER 片段上的一级 F 值；"
        "固定回答“高兴、悲伤、愤怒、担忧、惊讶”也有 44.7。",
    ),
    "about_weak_rest": Text(
        "Sarcasm and acted play are taken at face value; speech over music or of several people misleads "
        "the voice "
        "measures; transcripts have errors, and words weigh most.\n"
        "A trained model writes fluently and may name evidence that is not there. Its training data are "
        "mostly Chinese "
        "and English film and television: expect a bias of culture and language.\n"
        "Answers in Chinese of AffectGPT are translated by its base model.",
        "反讽和表演会被当真；配乐或多人说话会干扰声音测量；语音转写会出错，而话语的权重最大。\n"
        "训练模型行文流畅，却可能写出并不存在的依据。其训练数据多为中英文影视片段，存在文化与语言偏差。\n"
        "AffectGPT 的中文回答由其基座语言模型翻译。",
    ),
    "about_use_title": Text("Intended use", "用途"),
    "about_use": Text(
        "Research, teaching, trying out and comparing systems, with clips that you may use and whose people "
        "have been "
        "informed.",
        "研究、教学、试用与系统比较；片段须由您合法使用，且已告知片中人物。",
    ),
    "about_forbidden_title": Text("Forbidden here", "禁止用途"),
    "about_forbidden": Text(
        "Decisions about people | at work, at school, in hiring, insurance, credit, medicine or policing\n"
        "Watching people | in secret, at borders, in public places, or without telling them\n"
        "Clips of others | without a right to use them",
        "对人作决定 | 工作、教育、招聘、保险、信贷、医疗、执法\n"
        "监视他人 | 暗中、在边境或公共场所、未告知本人\n"
        "他人的片段 | 无权使用的",
    ),
    "about_law": Text(
        "European Union, AI Act (Regulation 2024/1689): emotion inference at work and in education is "
        "prohibited, Art. "
        "5(1)(f); other emotion recognition is high-risk, Annex III 1(c); people exposed to it must be "
        "told, Art. "
        "50(3). Not legal advice.",
        "欧盟《人工智能法》（第 2024/1689 号条例）：禁止在工作场所和教育机构推断情绪（第 5(1)(f) 条）；"
        "其他情绪识别属高风险（附件三第 1(c) 点）；须告知受其影响的人（第 50(3) 条）。以上不构成法律意见。",
    ),
    "about_licence_title": Text("Licences", "许可"),
    "about_licence": Text(
        "This program, its examples | Apache-2.0\n"
        "mediapipe, OpenCV | Apache-2.0\n"
        "PyAV with FFmpeg and x264 | BSD; the wheel’s FFmpeg with x264 is GPL\n"
        "gradio, transformers | Apache-2.0\n"
        "Whisper | MIT (code, large-v3-turbo), Apache-2.0 (small)\n"
        "Qwen2.5-7B | Apache-2.0\n"
        "CLIP ViT-L/14 | MIT\n"
        "chinese-hubert-large | MIT\n"
        "AffectGPT weights, MER and EMER data | research terms of their authors, no film clip is shipped "
        "here",
        "本程序及其示例 | Apache-2.0\n"
        "mediapipe、OpenCV | Apache-2.0\n"
        "PyAV（含 FFmpeg 与 x264） | BSD；安装包内含 x264 的 FFmpeg 为 GPL\n"
        "gradio、transformers | Apache-2.0\n"
        "Whisper | MIT（代码、large-v3-turbo）、Apache-2.0（small）\n"
        "Qwen2.5-7B | Apache-2.0\n"
        "CLIP ViT-L/14 | MIT\n"
        "chinese-hubert-large | MIT\n"
        "AffectGPT 权重、MER 与 EMER 数据 | 遵循作者的研究许可；本页不附带任何影视片段",
    ),
    "about_cite_title": Text("Cite", "引用"),
    "about_cite": Text(
        "The task and its data, the model, the open vocabulary:", "任务与数据、模型、开放词表："
    ),
    "about_contact_title": Text("Contact", "联系"),
    "about_contact": Text(
        "The bundled examples are drawn and spoken by a program: nobody real is in them. To have an "
        "example, a clip of "
        "yours or a label removed, or to report misuse, write to {where}.",
        "自带示例由程序绘制和配音，没有真人。如需移除示例、您的片段或标签，或举报滥用，请联系{where}。",
    ),
    "about_contact_space": Text("the discussions of this Space", "本 Space 的讨论区"),
    "about_contact_operator": Text(
        "whoever runs this page: they alone have access to it", "本页的运营者：只有他们能够访问"
    ),
}  # fmt: skip
