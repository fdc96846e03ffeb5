"""The fixed wording of an explanation in both languages: how sentences begin and join, names of clues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .schema import Clue, Language, Modality, Text

OPENING = {
    "visual": Text("In the video, ", "在视频中，"),
    "acoustic": Text("In the audio, ", "在音频中，"),
    "lexical": Text("In the text, ", "在文本中，"),
}
NOTHING_MORE = {
    "visual": Text(
        "Beyond that, nothing decisive was measured in the picture.",
        "除此之外，画面中没有测到能说明情绪的线索。",
    ),
    "acoustic": Text("Beyond that, nothing in the voice stands out.", "除此之外，声音没有突出的特征。"),
    "lexical": Text("No emotional word was found in it.", "其中没有出现情绪词。"),
}
MODALITY_NOUN = {
    "visual": Text("the picture", "画面"),
    "acoustic": Text("the sound", "声音"),
    "lexical": Text("the words", "话语"),
}
READING = {
    "visual": Text("On its own, the picture looks {mood}.", "单看画面，给人的印象{mood}。"),
    "acoustic": Text("Heard alone, the voice sounds {mood}.", "单听声音，给人的感觉{mood}。"),
    "lexical": Text("Taken by itself, the wording is {mood}.", "单看这句话，语意{mood}。"),
}
_FELT = {  # sign of valence, sign of arousal
    (1, 1): Text("pleasant and lively", "愉快而有活力"),
    (1, 0): Text("pleasant", "是愉快的"),
    (1, -1): Text("pleasant and relaxed", "愉快而放松"),
    (0, -1): Text("subdued", "比较低沉、收敛"),
    (-1, 1): Text("unpleasant and tense", "不愉快，也不平静"),
    (-1, 0): Text("unpleasant", "不太愉快"),
    (-1, -1): Text("low and downcast", "比较低落"),
}
MOODS = {  # of a modality taken alone
    "visual": _FELT
    | {
        (0, 1): Text("worked up; whether with joy or anger cannot be seen", "比较激动，但看不出是喜是怒"),
    },
    "acoustic": _FELT
    | {
        (0, 1): Text("worked up; whether with joy or anger cannot be heard", "比较激动，但听不出是喜是怒"),
    },
    "lexical": {
        (1, 1): Text("positive and lively", "偏正面，情绪高涨"),
        (1, 0): Text("positive", "偏正面"),
        (1, -1): Text("positive and calm", "偏正面，语气平和"),
        (0, 1): Text("worked up, neither positive nor negative", "比较激动，但谈不上正面或负面"),
        (0, -1): Text("subdued", "比较低沉"),
        (-1, 1): Text("negative and agitated", "偏负面，情绪激动"),
        (-1, 0): Text("negative", "偏负面"),
        (-1, -1): Text("negative and downcast", "偏负面，情绪低落"),
    },
}
JOINTS = {  # between two clues of one sentence; at the head of a sentence that goes on
    "contrast": (Text(", but ", "，但"), Text("Yet ", "不过，")),
    "later": (Text("; then ", "；随后，"), Text("Then ", "随后，")),
    "afterwards": (Text("; after that, ", "；之后，"), Text("After that, ", "之后，")),
    "meanwhile": (Text(", while ", "；同时，"), Text("At the same time, ", "与此同时，")),
    "besides": (Text(", and ", "；"), Text("", "")),
    "also": (Text(", and ", "；"), Text("", "")),
}
_HALF = Text("mixed, pleasant in places and unpleasant in others", "有好有坏")
MIXED = {"visual": _HALF, "acoustic": _HALF} | {
    "lexical": Text("mixed, positive in places and negative in others", "有正面也有负面"),
}
PHASES = {1: Text("pleasant", "愉快"), -1: Text("unpleasant", "不愉快")}
# How an English list names one or several lexical clues; Chinese clauses join as they are.
FORMS = {
    "question": ("a question", "questions"),
    "exclamation": ("an exclamation", "exclamations"),
    "trailing_off": ("a sentence that trails off", "sentences that trail off"),
    "accusation": ("an accusing turn of phrase", "accusing turns of phrase"),
    "repetition": ("a repetition", "repetitions"),
    "hesitation": ("a hesitation", "hesitations"),
    "address": ("a form of address", "forms of address"),
    "politeness": ("polite forms", "polite forms"),
}
SUBJECTS = {  # what a clue speaks of; clues that are not here speak of the face or the voice
    "speech": {"speech_rate", "fast_speech", "slow_speech", "long_pauses", "no_pauses"},
    "head": {"head_pose", "head_down", "head_turns", "head_moves", "nod", "head_shake"},
    "body": {"body_still"},
    "background": {"background_tone", "noise", "music_like_sound", "audible_breath", "other_faces"}
    | {"strong_movement", "dim_scene", "picture_moves", "picture_still"},
}
SAY = {
    "contains": Text("It contains {items}.", "{items}。"),
    "unusable": Text("nothing could be used: {why}", "没有可用的线索：{why}"),
    "together": Text(
        "Taken together, {names} point the same way{rest}.", "综合来看，{names}指向同一个方向{rest}。"
    ),
    "on": Text("What follows rests on {names}{rest}.", "以下推断依据{names}{rest}。"),
    "alone": Text("What follows rests on {names} alone{rest}.", "以下推断只依据{names}{rest}。"),
    "mainly": Text("What follows rests mainly on {names}{rest}.", "以下推断主要依据{names}{rest}。"),
    "valence": Text(", and for its tone also on {names}", "，情绪基调还参考了{names}"),
    "arousal": Text(", and for its energy also on {names}", "，激动程度还参考了{names}"),
    "little": Text("; {rest} adds little", "，{rest}没有提供更多线索"),
    "tension": Text(
        "There is a tension between {one} on one side and {other} on the other{meaning}",
        "一边是{one}，一边是{other}，两者并不一致{meaning}",
    ),
    "sure": Text(
        "This suggests that the person comes across as {first}{rest}.",
        "由此推测，人物流露出的很可能是{first}{rest}。",
    ),
    "likely": Text(
        "This suggests that the person may be {first}{rest}.", "由此推测，人物流露出的可能是{first}{rest}。"
    ),
    "faint": Text(
        "At most, this hints that the person is {first}{rest}.",
        "谨慎地说，人物流露出的或许是{first}{rest}。",
    ),
    "open": Text(
        "Both readings stay open: the person may be {first}{rest}.",
        "两种理解都有可能：人物流露出的可能是{first}{rest}。",
    ),
    "smile_or_words": Text(
        "Both readings stay open: the person may be {smile} if the smile is meant, or {words} if the words"
        " are.",
        "两种理解都有可能：若笑容当真，人物流露出的是{smile}；若话语当真，则是{words}。",
    ),
    "equal": Text(
        "Several readings are about equally likely: {names} (confidence {low:.2f}–{high:.2f}).",
        "几种理解的可能性相近：{names}（置信度 {low:.2f}–{high:.2f}）。",
    ),
    "parts": Text(
        "No single emotion covers the whole clip: the person may be {first}{rest}, each for a part of it.",
        "很难用一种情绪概括整段：人物在不同时段流露出的可能是{first}{rest}。",
    ),
    "neutral": Text(
        "The person appears {first}: nothing points clearly to an emotion.",
        "人物看上去情绪平稳{first}，没有线索明显指向哪种情绪。",
    ),
    "cannot": Text("No emotion can be named with good reason: {why}", "目前还不能断定是哪种情绪：{why}"),
    "turns": Text(
        "At first the signs are {before}; from about {time:.1f} s on they are {after}.",
        "起初的迹象偏向{before}，约 {time:.1f} 秒起转向{after}。",
    ),
    "gone": Text(
        "{rest} be weighed, so this stands on less than usual.",
        "由于{rest}没有可用信息，以上判断的依据比通常要少。",
    ),
    "overall": Text(
        "Overall, {levels}, on {scale} from -1 to 1.", "总体而言，{levels}，{scale} -1 到 1 之间。"
    ),
    "scale": Text("a scale", "取值在"),
    "scales": Text("scales", "取值均在"),
    "confidence": Text(" (confidence {:.2f})", "（置信度 {:.2f}）"),
    "level": Text("{word} ({name} {value:+.2f})", "{word}（{name} {value:+.2f}）"),
}
LEVELS = {  # from clearly negative to clearly positive
    "valence": (
        Text("the tone is clearly unpleasant", "情绪基调明显不愉快"),
        Text("the tone is rather unpleasant", "情绪基调偏于不愉快"),
        Text("the tone is neutral or mixed", "情绪基调不偏向愉快或不愉快"),
        Text("the tone is rather pleasant", "情绪基调偏于愉快"),
        Text("the tone is clearly pleasant", "情绪基调明显愉快"),
    ),
    "arousal": (
        Text("the energy is low", "激动程度很低"),
        Text("the energy is rather low", "激动程度偏低"),
        Text("the energy is moderate", "激动程度中等"),
        Text("the energy is rather high", "激动程度偏高"),
        Text("the energy is high", "激动程度很高"),
    ),
}
MIXED_TONE = Text("the tone is mixed", "情绪基调悲喜交织")
OPEN_TONE = Text("whether the tone is pleasant stays open", "情绪基调是否愉快还难以判断")
MEASURE = {"valence": Text("valence", "效价"), "arousal": Text("arousal", "唤醒度")}

# to point back to a clue inside a sentence
NOUNS = {
    "smile": Text("the smile", "笑容"),
    "slight_smile": Text("the faint smile", "浅浅的微笑"),
    "widened_mouth": Text("the widened mouth", "咧开的嘴"),
    "grimace": Text("the grimace", "痛苦的表情"),
    "corners_down": Text("the lowered corners of the mouth", "下垂的嘴角"),
    "frown": Text("the frown", "紧皱的眉头"),
    "brows_lowered": Text("the lowered brows", "压低的眉毛"),
    "brows_up": Text("the raised eyebrows", "抬起的眉毛"),
    "eyes_wide": Text("the wide eyes", "睁大的眼睛"),
    "eyes_closed": Text("the closed or lowered eyes", "闭合或低垂的眼睛"),
    "blinks": Text("the frequent blinking", "频繁的眨眼"),
    "mouth_open": Text("the wide-open mouth", "张大的嘴"),
    "lips_pressed": Text("the pressed lips", "紧抿的双唇"),
    "head_down": Text("the bowed head", "低着的头"),
    "head_turns": Text("the turning head", "转头的动作"),
    "nod": Text("the nodding", "点头"),
    "head_shake": Text("the shaking of the head", "摇头"),
    "head_moves": Text("the restless head", "不停晃动的头部"),
    "gaze_shifts": Text("the shifting gaze", "游移的目光"),
    "gaze_averted": Text("the sidelong look", "斜视的目光"),
    "gaze_lowered": Text("the lowered gaze", "低垂的目光"),
    "strong_movement": Text("the movement", "明显的动作"),
    "body_still": Text("the stillness of the body", "几乎不动的身体"),
    "dim_scene": Text("the dim light", "昏暗的光线"),
    "face_presence": Text("the face, in which nothing stands out", "没有明显表情的面部"),
    "high_pitch": Text("the high pitch", "偏高的音调"),
    "wide_pitch": Text("the wide swings of pitch", "起伏很大的语调"),
    "monotone": Text("the flat melody of the voice", "平直的语调"),
    "effort": Text("the ordinary vocal effort", "平常的发声力度"),
    "forceful_voice": Text("the forceful voice", "用力的嗓音"),
    "tense_voice": Text("the raised vocal effort", "较用力的嗓音"),
    "soft_voice": Text("the soft voice", "轻柔的嗓音"),
    "fast_speech": Text("the fast speech", "较快的语速"),
    "slow_speech": Text("the slow speech", "较慢的语速"),
    "long_pauses": Text("the pause", "停顿"),
    "no_pauses": Text("the speech without a pause", "没有停顿的语流"),
    "unsteady_voice": Text("the unsteady voice", "不稳的嗓音"),
    "final_rise": Text("the rise at the end", "上扬的句尾"),
    "falling_pitch": Text("the falling pitch", "一路走低的音高"),
    "sigh": Text("the sigh-like breath", "叹气般的气息"),
    "audible_breath": Text("the audible breath", "可闻的呼吸声"),
    "short_bursts": Text("the short bursts of voice", "一阵阵短促的声音"),
    "loudness_rise": Text("the rise in loudness", "变大的音量"),
    "loudness_fall": Text("the drop in loudness", "变小的音量"),
    "quote": Text("the plain words", "平淡的话语"),
    "question": Text("the question", "疑问"),
    "exclamation": Text("the exclamation", "感叹"),
    "trailing_off": Text("the sentence that trails off", "没说完的话"),
    "accusation": Text("the accusing turn of phrase", "指责的口吻"),
    "repetition": Text("the repetition", "反复的话"),
    "hesitation": Text("the hesitation", "迟疑"),
    "intensity": Text("the intensifying words", "加重语气的词"),
    "hedge": Text("the hedging", "留有余地的措辞"),
    "politeness": Text("the politeness", "客气的措辞"),
    "address": Text("the form of address", "称呼"),
    "polarity": Text("the tone of the wording", "整句的措辞"),
}
SEVERAL = {  # clues of more than one span that are counted
    "long_pauses": Text("the pauses", "多处停顿"),
    "sigh": Text("the sigh-like breaths", "几声叹气般的气息"),
}
FEELINGS = {  # what a word_<category> clue names; Chinese must read well in 话里带着… and 表示…的词
    "joy": Text("joy", "喜悦"), "love": Text("liking or love", "喜爱之情"),
    "gratitude": Text("gratitude", "谢意"), "relief": Text("relief", "释然"),
    "pride": Text("pride", "自豪"), "anger": Text("anger", "怒气"),
    "sadness": Text("sadness or hurt", "伤心或委屈"), "fear": Text("fear", "恐惧"),
    "worry": Text("worry", "担心"), "surprise": Text("surprise", "惊讶"),
    "disgust": Text("disgust", "厌恶"), "doubt": Text("doubt", "疑惑"),
    "contempt": Text("contempt", "轻蔑"), "apology": Text("apology", "歉意"),
}  # fmt: skip


def noun(clue: Clue) -> Text | None:
    """Return the short name of a clue; None for one that is not known here."""
    if clue.name.startswith("word_not_"):
        feeling = FEELINGS.get(clue.name.removeprefix("word_not_"))
        return feeling and Text(f"the denial of {feeling.en}", f"对{feeling.zh}的否定")
    if clue.name.startswith("word_"):
        feeling = FEELINGS.get(clue.name.removeprefix("word_"))
        return feeling and Text(f"the words of {feeling.en}", f"表示{feeling.zh}的词")
    if clue.name in SEVERAL and len(clue.spans) > 1:
        return SEVERAL[clue.name]
    return NOUNS.get(clue.name)


def subject(clue: Clue) -> str:
    """Return what a clue speaks of: speech, head, body, background, or the face or voice itself."""
    return next((name for name, clues in SUBJECTS.items() if clue.name in clues), clue.modality)


SMILE_EARLY_S = 0.5  # a smile that starts longer before a change is not what the face changes to
FRAMES = ("expression_change", "head_pose")  # they set the scene; nothing happens "at the same time"
VARIED = {  # not the same connective twice in a row
    ("later", "later"): "afterwards",
    ("meanwhile", "meanwhile"): "besides",
    ("contrast", "contrast"): "besides",
}


def relation(before: Clue, clue: Clue, last: str) -> str:
    """Return the key of `JOINTS` between two clues, another one than the `last` that was used."""
    plain = _relation(before, clue)
    return VARIED.get((last, plain), plain)


def _relation(before: Clue, clue: Clue) -> str:
    if "background" in (subject(before), subject(clue)):
        return "also"  # "another face shows. Then the brows come down" would read as a cause
    if before.valence * clue.valence < 0:
        return "contrast"
    if clue.modality != "visual" or not before.spans or not clue.spans or before.name in FRAMES:
        return "also"
    if clue.start_s >= before.end_s - 0.05:
        return "later"
    shared = sum(max(0.0, min(b, d) - max(a, c)) for a, b in before.spans for c, d in clue.spans)
    shorter = min(sum(b - a for a, b in spans) for spans in (before.spans, clue.spans))
    return "meanwhile" if clue.start_s > before.start_s + 0.1 and shared > shorter / 2 else "also"


def smile_once(clues: list[Clue]) -> list[Clue]:
    """Return the clues with a smile that comes or goes, and what the smile looks like, as one clue."""
    change = next((clue for clue in clues if clue.name == "expression_change"), None)
    smile = next((clue for clue in clues if clue.name in ("smile", "slight_smile")), None)
    if not change or not smile or not smile.spans:
        return clues
    goes = abs(smile.end_s - change.start_s) <= SMILE_EARLY_S
    if not goes and (len(smile.spans) != 1 or smile.start_s < change.start_s - SMILE_EARLY_S):
        return clues
    looks = [re.search(r"([:：] ?[^:：]+?) ?[(（][^()（）]*[)）][.。]$", smile.text[x]) for x in ("en", "zh")]
    if not all(looks):
        return [clue for clue in clues if clue is not smile] if goes else clues
    en, zh = (look[1] for look in looks)
    if goes:
        en, zh = f"; until then, {en.lstrip(': ')}", f"；在此之前，{zh.lstrip('：')}"
    told = replace(
        smile, text=Text(f"{change.text.en.rstrip('.')}{en}.", f"{change.text.zh.rstrip('。')}{zh}。")
    )
    return [told if clue is change else clue for clue in clues if clue is not smile]


def modalities(names: Iterable[Modality], language: Language) -> str:
    """Return the nouns of modalities."""
    return join_list([MODALITY_NOUN[name][language] for name in names], language)


def none_of(names: Sequence[Modality], language: Language) -> str:
    """Return "The words could not" or "Neither the picture nor the words could", and the Chinese for it."""
    nouns = [MODALITY_NOUN[name][language] for name in names]
    if language == "zh":
        return join_list(nouns, language) + "都" * (len(nouns) > 1)
    return f"Neither {' nor '.join(nouns)} could" if len(nouns) > 1 else f"{nouns[0]} could not".capitalize()


def join_list(items: Sequence[str], language: Language, word: str = "and") -> str:
    """Return "a, b and c"."""
    if language == "zh":
        last = {"and": "和", "or": "或"}[word]
        return "、".join(items[:-1]) + last * (len(items) > 1) + "".join(items[-1:])
    return ", ".join(items[:-1]) + f" {word} " * (len(items) > 1) + "".join(items[-1:])


def inside(text: str, language: Language) -> str:
    """Return a sentence as it stands after other words: without its capital, but for an acronym or "I"."""
    capital = text[:1].isupper() and not text[1:2].isupper() and not text.startswith(("I ", "I'"))
    return text[:1].lower() + text[1:] if language == "en" and capital else text


def together(sentences: Iterable[str], language: Language) -> str:
    """Return a paragraph."""
    return (" " if language == "en" else "").join(sentences)
