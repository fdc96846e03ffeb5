"""Every sentence of the page in English and Chinese."""

from __future__ import annotations

import logging
import uuid

from ...schema import AffectError, Language, Text
from .about import ABOUT
from .clues import CLUES
from .compare import COMPARE
from .emer import EMER
from .errors import ERRORS
from .evaluate import EVALUATE
from .explain import EXPLAIN
from .scores import SCORES

log = logging.getLogger(__name__)

TEXT: dict[str, Text] = {
    # the head of the page
    "title": Text("AffectGPT", "AffectGPT"),
    "window": Text("AffectGPT · explainable emotion reasoning", "AffectGPT · 可解释的情绪推理"),
    "promise": Text(
        "See <em>why</em> a machine names an emotion: clues from face, voice and words, and an explanation "
        "you can check against the clip.",
        "看得见依据的情绪分析：从面部、声音和话语中找出线索，写成可以对照片段逐条核实的解释。",
    ),
    "language": Text("Language", "语言"),
    "tab_explain": Text("Explain", "分析"),
    "tab_emer": Text("EMER", "EMER 数据"),
    "tab_compare": Text("Compare", "对比"),
    "tab_evaluate": Text("Evaluate", "评测"),
    "tab_about": Text("About", "关于"),
    # what goes in
    "notice_title": Text("Before you upload", "上传之前"),
    "notice": Text(
        "This estimates <em>apparent</em> emotion from face, voice and words with an AI system. Upload only "
        "clips you may use and whose people have been informed. A clip is deleted once it has been read, all "
        "else of it within {minutes} minutes. Not for work, school, hiring, medical or policing decisions.",
        "本页由人工智能系统根据面部、声音和话语估计<em>外在表现</em>出的情绪。请只上传您有权使用、且已告知片中人物的片段。"
        "片段读取后立即删除，其余文件在 {minutes} 分钟内删除。"
        "不得用于工作、学校、招聘、医疗或执法方面的决定。",
    ),
    "consent": Text(
        "I may use this clip, and the people in it have been informed.",
        "我有权使用该片段，并已告知片中人物。",
    ),
    "clip": Text("Your clip", "您的片段"),
    "sound": Text("Or a sound, TS, MKV or AVI file", "或音频、TS、MKV、AVI 文件"),
    "start": Text("From second", "起始（秒）"),
    "end": Text("To second", "结束（秒）"),
    "examples": Text("Examples", "示例"),
    "examples_hint": Text(
        "drawn and spoken by a program: nobody real, no consent needed",
        "由程序绘制和配音，没有真人，无需勾选同意",
    ),
    "subtitle": Text("What is said (optional)", "说了什么（可选）"),
    "subtitle_hint": Text(
        "Type the words of the clip. Without them the lexical clues stay empty.",
        "请输入片中说的话；留空则没有话语线索。",
    ),
    "run": Text("Explain this clip", "分析这个片段"),
    "stop": Text("Stop", "停止"),
    "copy": Text("Copy", "复制"),
    "copied": Text("Copied", "已复制"),
    # what comes out
    "empty_title": Text("Three kinds of clues, one explanation", "三类线索，一份解释"),
    "empty_visual": Text(
        "Face, gaze, head and movement, with the second at which they were seen.",
        "面部、视线、头部与动作，并标出出现的时刻。",
    ),
    "empty_acoustic": Text(
        "Pitch, effort, pace and pauses of the voice, each with its number and unit.",
        "声音的音高、用力、语速与停顿，都附数值和单位。",
    ),
    "empty_lexical": Text("The words, quoted, and what they carry.", "引用原话，并说明其中的情绪色彩。"),
    "empty_foot": Text(
        "The answer appears here step by step. Each clue says whether it was measured or written by a model.",
        "结果会在这里逐步出现。每条线索都注明是测得的，还是由模型写出的。",
    ),
    "running": Text("Working on it", "正在分析"),
    "finished": Text("Done in {seconds} s", "完成，用时 {seconds} 秒"),
    "stopped": Text("Stopped", "已停止"),
    "failed": Text("Not finished", "未能完成"),
    "prepared": Text("Prepared", "读取"),
    "read": Text("Read", "话语"),
    "heard": Text("Heard", "声音"),
    "seen": Text("Seen", "画面"),
    "explained": Text("Explained", "解释"),
    "labelled": Text("Labelled", "标签"),
    "player": Text("Your clip, as it was analysed", "所分析的片段"),
    "visual": Text("Visual", "画面"),
    "acoustic": Text("Acoustic", "声音"),
    "lexical": Text("Lexical", "话语"),
    "inference": Text("Taken together", "综合来看"),
    "visual_sub": Text("what is seen", "看到的"),
    "acoustic_sub": Text("what is heard", "听到的"),
    "lexical_sub": Text("what is said", "说出的"),
    "verdict": Text("Apparent emotion", "外在情绪"),
    "cannot_tell": Text("Cannot tell", "无法判断"),
    "confidence": Text("confidence", "置信度"),
    "rests_on": Text("rests on", "依据"),
    "valence": Text("valence {v}", "效价 {v}"),
    "arousal": Text("arousal {a}", "唤醒度 {a}"),
    "va_none": Text("Valence and arousal: not enough evidence", "效价与唤醒度：依据不足"),
    "pleasant": Text("pleasant", "愉快"),
    "unpleasant": Text("unpleasant", "不快"),
    "excited": Text("excited", "激动"),
    "calm": Text("calm", "平静"),
    "conflicts": Text("The clues disagree", "线索之间有矛盾"),
    "clues": Text("Clues", "线索"),
    "clues_hint": Text(
        "Press a time to see that moment. Dots say how far a measurement can be relied on.",
        "点击时间即可查看该时刻；圆点表示测量的可靠程度。",
    ),
    "none_yet": Text("working …", "进行中……"),
    "none_stopped": Text("stopped", "已停止"),
    "none": Text("No clue was found.", "没有找到线索。"),
    "reliability": Text("reliability {value} of 1", "可靠度 {value}（满分 1）"),
    "whole_clip": Text("whole clip", "整个片段"),
    "in_subtitle": Text("in the words", "见于话语"),
    "written": Text("written by a model, not measured", "由模型写出，并非测得"),
    "fused": Text("From the description of the whole clip.", "出自对整个片段的描述。"),
    "probe": Text(
        "The description says nothing about this; the model was asked about this modality alone.",
        "整体描述没有提到这一方面；这是单独询问该模态得到的回答。",
    ),
    "measured_by": Text("Measured by", "测量方法"),
    "seek": Text("show {start} s in the clip", "跳到片段的 {start} 秒处"),
    "explanation": Text("Explanation", "解释"),
    "other_language": Text(
        "This text was written in English. Press “{run}” to have it in Chinese.",
        "以下解释是用英文写的。点击“{run}”可得到中文版。",
    ),
    "other_language_zh": Text(
        "This text was written in Chinese. Press “{run}” to have it in English.",
        "以下解释是用中文写的。点击“{run}”可得到英文版。",
    ),
    "limits": Text("How far to trust this", "可信程度"),
    "missing": Text("Missing", "缺失"),
    "face_tool": Text("Face tool", "人脸工具"),
    "engine": Text("Engine", "引擎"),
    "honest": Text(
        "This engine estimates apparent emotion from a few measurements, not what anybody feels. It is far "
        "below trained models; treat the labels as a hypothesis and check the clues.",
        "本引擎只凭若干测量估计外在情绪，并不知道任何人的真实感受；准确率远低于训练过的模型。请把标签当作假设，并自行核对线索。",
    ),
    "honest_written": Text(
        "A language model wrote this about what it was shown; nothing in it was measured, and it may name "
        "things that are not there. It estimates apparent emotion, not what anybody feels: check it against "
        "the clip.",
        "以上内容由语言模型根据所给画面、声音和文字写成，并非测量所得，可能提到片段中并不存在的细节。它只估计外在情绪，"
        "不代表任何人的真实感受：请对照片段自行核对。",
    ),
    "chosen": Text("Why this engine", "为何使用该引擎"),
    # what can go wrong
    "need_clip": Text(
        "Choose a clip first: upload one, record one or take an example.",
        "请先选择片段：上传、录制或使用示例。",
    ),
    "need_consent": Text(
        "Please confirm above that you may use the clip.", "请先在上方确认您有权使用该片段。"
    ),
    "too_long": Text(
        "The text is too long: use at most {limit} characters.", "文字太长：最多 {limit} 个字符。"
    ),
    "input_title": Text("Something is missing", "还缺一点"),
    "bug_title": Text("Our mistake", "程序出错"),
    "bug": Text(
        "Something went wrong on our side (incident {incident}). Please try again, or try another clip.",
        "程序内部出错（编号 {incident}）。请重试，或换一个片段。",
    ),
}

for table in (EXPLAIN, CLUES, SCORES, EMER, COMPARE, EVALUATE, ABOUT, ERRORS):
    assert not TEXT.keys() & table.keys(), f"said twice: {TEXT.keys() & table.keys()}"
    TEXT.update(table)

# Units of `Clue.unit` that are words; signs such as Hz, dB, s and % are the same in both languages.
UNITS_EN = {"st": "semitones"}
ONE = {"hits": "hit", "characters": "character", "blinks": "blink", "bursts": "burst", "faces": "face",
       "marks": "mark", "semitones": "semitone", "degrees": "degree"}  # fmt: skip
UNITS_ZH = {
    "st": "半音",
    "syllables/s": "音节/秒",
    "eye distances": "倍眼距",
    "eye widths": "倍眼宽",
    "picture widths/s": "倍画面宽/秒",
    "face widths/s": "倍脸宽/秒",
    "% of the width/s": "% 画面宽/秒",
    "degrees": "度",
    "index": "指数",
    "hits": "处",
    "characters": "字",
    "blinks": "次",
    "bursts": "声",
    "faces": "张脸",
    "marks": "处",
    "s": "秒",
    "Hz": "赫兹",
    "dB": "分贝",
}


def say(key: str, language: Language, **values: object) -> str:
    """Return the sentence `key`, filled with `values`."""
    return TEXT[key][language].format(**values)


def mistake(key: str, **values: object) -> AffectError:
    """Return the error for something the visitor left out."""
    en, zh = (say(key, language, **values) for language in ("en", "zh"))
    return AffectError(en, zh, title=TEXT["input_title"])


def describe(error: Exception, language: Language) -> tuple[str, str]:
    """Return title and sentence for the visitor; what is our fault is logged under an incident id."""
    if isinstance(error, AffectError):
        return error.title[language], error.text[language]
    incident = uuid.uuid4().hex[:8]
    log.error("incident %s", incident, exc_info=error)
    return say("bug_title", language), say("bug", language, incident=incident)


def unit(name: str, language: Language, value: float | None = None) -> str:
    """Return the unit of a clue as a reader of `language` writes it, behind `value`."""
    if language == "zh":
        return UNITS_ZH.get(name, name)
    name = UNITS_EN.get(name, name)
    return ONE.get(name, name) if value == 1 else name
