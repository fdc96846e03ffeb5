"""Speech becomes timed words, or honestly none: the rules around a recogniser that likes to invent."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .media.subtitles import clean
from .schema import SAMPLE_RATE_HZ, Cue, Text

WINDOW_S = 30.0  # what Whisper hears at once
LEAST_S = 0.1  # a rest that is shorter holds no word
# Thresholds of Whisper's long-form decoding (Radford et al. 2022, section 4.5), counted as transformers does.
GATE_DBFS = -40.0  # a sound that is nowhere louder than this, or a line's stretch of it, holds no speech
FRAME_S = 0.25  # over which loudness is taken: shorter than a word, longer than a click
SLACK_S = 0.5  # by which Whisper's times may be off
NO_SPEECH = 0.6
LOGPROB = -1.0  # mean of the tokens
REPETITION = 1.35  # bytes of the tokens by their bytes when packed: more is one phrase again and again
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
DOUBTFUL = 0.3  # probability of no speech from which a phantom phrase is not believed
SURE_LANGUAGE = 0.5  # from which probability the language that is heard counts against the one asked for

# What Whisper writes where nobody speaks: the ends of the films it has learnt from. Letters and digits only.
PHANTOMS = frozenset(
    (
        "you", "okay", "oh", "hmm", "mm", "bye", "byebye", "goodbye", "theend", "music", "applause",
        "thankyou", "thanks", "thankyouverymuch", "thankyousomuch", "thanksforwatching",
        "thankyouforwatching", "thankyouforlistening", "pleasesubscribe", "likeandsubscribe",
        "dontforgettosubscribe", "seeyounexttime", "seeyouinthenextvideo", "seeyouinthenextone",
        "谢谢", "谢谢大家", "谢谢观看", "感谢观看", "谢谢收看", "感谢收看",
        "谢谢您的观看", "感谢您的观看", "多谢收看",
        "謝謝", "謝謝大家", "謝謝觀看", "感謝觀看", "謝謝收看", "感謝收看",
        "再见", "拜拜", "请订阅", "請訂閱", "嗯", "啊", "音乐", "掌声", "完",
    )
)  # fmt: skip
CREDITS = (
    "amaraorg", "subtitlesby", "subtitledby", "captionsby", "transcriptionby", "translatedby",
    "字幕由", "字幕志愿者", "字幕志願者", "字幕制作", "字幕製作", "字幕提供", "字幕组", "字幕組",
    "独播剧场", "獨播劇場", "明镜与点点", "明鏡與點點", "不吝点赞", "不吝點贊",
    "点赞订阅", "點讚訂閱", "作词", "作詞", "作曲",
)  # fmt: skip
TRANSLATED = Text(
    "The speech sounds like {heard}, and {given} was asked for: these words may be a translation. Choose "
    "automatic for what was really said.",
    "语音听起来是{heard}，而指定的是{given}：以下文字可能是译文。要得到原话，请选择自动识别语言。",
)
UNCERTAIN = Text(
    "A part of the speech could not be made out and was left out.", "有一部分语音无法辨认，已略去。"
)
NAMES = {
    "en": Text("English", "英语"), "zh": Text("Chinese", "中文"), "yue": Text("Cantonese", "粤语"),
    "ja": Text("Japanese", "日语"), "ko": Text("Korean", "韩语"), "de": Text("German", "德语"),
    "fr": Text("French", "法语"), "es": Text("Spanish", "西班牙语"), "it": Text("Italian", "意大利语"),
    "pt": Text("Portuguese", "葡萄牙语"), "ru": Text("Russian", "俄语"), "ar": Text("Arabic", "阿拉伯语"),
    "hi": Text("Hindi", "印地语"), "nl": Text("Dutch", "荷兰语"), "tr": Text("Turkish", "土耳其语"),
    "pl": Text("Polish", "波兰语"), "vi": Text("Vietnamese", "越南语"), "th": Text("Thai", "泰语"),
}  # fmt: skip


@dataclass(frozen=True)
class Transcript:
    """What was recognised. No cues: no speech was found, which is an answer, not a failure.

    language: code of what was written ("en"), None without cues. confidence: 0..1, the geometric mean of the
    probabilities that the model gave to what it wrote, not a probability of being right.
    """

    cues: tuple[Cue, ...]
    language: str | None
    confidence: float
    model: str
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Line:
    """Words with their seconds from the begin of the window; `end_s` None where the model has set no end."""

    text: str
    start_s: float
    end_s: float | None


@dataclass(frozen=True)
class Heard:
    """One window before anything is written: probabilities of languages and of no speech at all."""

    languages: dict[str, float]
    no_speech: float
    encoded: Any


@dataclass(frozen=True)
class Written:
    """One attempt at a window: its lines, its token ids, the mean of their log probabilities."""

    lines: tuple[Line, ...]
    tokens: tuple[int, ...]
    logprob: float


class Listener(Protocol):
    """The recogniser: hears a window of at most `WINDOW_S` and writes it down, once or again."""

    vocabulary: int

    def listen(self, wave: np.ndarray) -> Heard: ...
    def write(self, heard: Heard, language: str, temperature: float) -> Written: ...


def recognise(wave: np.ndarray, listener: Listener, *, language: str | None = None, model: str) -> Transcript:
    """Write down the speech of `wave` (S,) float32, 16 kHz mono, of any length.

    language: the code of what is spoken; None lets the model find out, by the first window with speech.
    """
    cues: list[Cue] = []
    certain: list[tuple[float, int]] = []  # log probability and number of tokens of each window that counts
    warnings: dict[Text, None] = {}
    at, whole = 0, round(WINDOW_S * SAMPLE_RATE_HZ)
    while len(wave) - at >= LEAST_S * SAMPLE_RATE_HZ:
        window, step = wave[at : at + whole], whole
        if loudness(window) >= GATE_DBFS:
            heard = listener.listen(window)
            spoken = max(heard.languages, key=heard.languages.__getitem__)
            written = attempt(listener, heard, language or spoken)
            if written is None:
                warnings[UNCERTAIN] = None
            elif not _silent(heard, written):
                lines, step_s = _finished(
                    written.lines, len(window) / SAMPLE_RATE_HZ, last=at + whole >= len(wave)
                )
                step = round(step_s * SAMPLE_RATE_HZ)
                kept = [line for line in lines if believed(line, window, heard.no_speech)]
                cues += [_cue(line, at / SAMPLE_RATE_HZ) for line in kept]
                if kept:
                    certain.append((written.logprob, len(written.tokens)))
                    if language and spoken != language and heard.languages[spoken] >= SURE_LANGUAGE:
                        warnings[TRANSLATED.filled(heard=named(spoken), given=named(language))] = None
                    language = language or spoken
        at += step
    total = sum(count for _, count in certain)
    mean = sum(value * count for value, count in certain) / total if total else -math.inf
    return Transcript(
        tuple(cues), language if cues else None, round(math.exp(mean), 3), model, tuple(warnings)
    )


def attempt(listener: Listener, heard: Heard, language: str) -> Written | None:
    """Write a window, again at higher temperatures while the result is poor; None when all it has is one
    phrase again and again."""
    tried: list[Written] = []
    for temperature in TEMPERATURES:
        written = listener.write(heard, language, temperature)
        if repetition(written.tokens, listener.vocabulary) <= REPETITION:
            tried.append(written)
            if written.logprob >= LOGPROB or _silent(heard, written):
                return written
    return max(tried, key=lambda written: written.logprob, default=None)


def believed(line: Line, window: np.ndarray, no_speech: float) -> bool:
    """Say whether a line was spoken: there must be sound where it stands, and a phrase that Whisper invents
    where nobody speaks must not stand where speech is improbable."""
    letters = "".join(letter for letter in clean(line.text).casefold() if letter.isalnum())
    end = len(window) if line.end_s is None else round((line.end_s + SLACK_S) * SAMPLE_RATE_HZ)
    start = max(0, round((line.start_s - SLACK_S) * SAMPLE_RATE_HZ))
    if not letters or loudness(window[start:end]) < GATE_DBFS:
        return False
    phantom = letters in PHANTOMS or any(credit in letters for credit in CREDITS)
    return not (phantom and no_speech >= DOUBTFUL)


def loudness(wave: np.ndarray) -> float:
    """Return the loudest quarter of a second in dBFS (root mean square; a full square wave has 0)."""
    size = min(len(wave), round(FRAME_S * SAMPLE_RATE_HZ))
    if not size:
        return -math.inf
    frames = np.asarray(wave[: len(wave) // size * size], np.float64).reshape(-1, size)
    loudest = math.sqrt(float((frames**2).mean(axis=1).max()))
    return 20 * math.log10(loudest) if loudest > 0 else -math.inf


def repetition(tokens: Sequence[int], vocabulary: int) -> float:
    """Return how far tokens can be packed: their bytes by the bytes when packed."""
    if not tokens:
        return 0.0
    size = int(math.log2(vocabulary) / 8) + 1
    data = b"".join(token.to_bytes(size, "little") for token in tokens)
    return len(data) / len(zlib.compress(data))


def named(code: str) -> Text:
    """Return what people call a language."""
    return NAMES.get(code, Text(code, code))


def _silent(heard: Heard, written: Written) -> bool:
    return heard.no_speech > NO_SPEECH and written.logprob < LOGPROB


def _finished(lines: Sequence[Line], length_s: float, *, last: bool) -> tuple[list[Line], float]:
    """The lines that count, and where the next window begins: a line that was cut is heard again."""
    lines = list(lines)
    if not last and len(lines) > 1 and lines[-1].end_s is None:
        return lines[:-1], max(lines[-1].start_s, 1.0)
    return [Line(x.text, x.start_s, min(length_s, x.end_s or length_s)) for x in lines], length_s


def _cue(line: Line, offset_s: float) -> Cue:
    start, end = (round(offset_s + time_s, 2) for time_s in (line.start_s, line.end_s))
    return Cue(clean(line.text), start, max(start, end))
