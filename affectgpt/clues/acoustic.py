"""Say what is heard: the voice of a clip as clues, each standing on a measured number.

Rules, contributions and known failures: the signal-engine specification, 5.2. Every relative word is relative
to a norm below or to the clip itself. Loudness is a clue only inside the clip: recordings are normalised.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..schema import Clip, Clue, Text
from ..signals.prosody import breaths, loudness_step
from ..signals.timbre import CLEAR_DB
from ..signals.voice import BIN_HZ, GATE_LINES, Voice, analyse, is_chinese
from . import acoustic_rules as rules
from .acoustic_clue import DOUBT, clue, seconds, times, where
from .pitch_clues import chosen, level, medians, melody, movement


def measure(clip: Clip) -> list[Clue]:
    """List what the sound of `clip` shows; empty without sound. A subtitle makes the speech rate exact."""
    ends = [cue.end_s for cue in clip.cues]
    complete = all(end is not None and end < clip.duration_s for end in ends)
    voice = analyse(clip.wave, subtitle=clip.subtitle, complete=complete)
    if voice.state == "none":
        return []
    if voice.state != "heard":
        return [_unheard(voice)]
    if not voice.speechlike:
        return [_not_speech(voice), *_limits(voice)]
    unknown = not clip.subtitle  # then the more cautious limits, those of Chinese
    language = "zh" if unknown or is_chinese(clip.subtitle) else "en"
    clear = voice.dynamic_db >= rules.CLEAR_DYNAMIC_DB
    pitched = level(voice, unknown) if clear else []
    clues = pitched + _rate(voice, language)
    if clear:
        clues += melody(voice, language) + _effort(voice) + movement(voice) + _bursts(voice)
    if clear or (voice.dynamic_db >= rules.NOISY_DB and not unknown):
        clues += _pauses(voice, unknown) + _loudness(voice) + _breath(voice)
    if unknown and not pitched:  # barking, wheels or cartoon music can pass the speech gate
        at = where(voice.speech, voice)
        en, zh = f"What sounds {at.en} is voice-like{DOUBT.en}.", f"{at.zh}，声音像人声{DOUBT.zh}。"
        clues.append(clue("voice_like_sound", voice, 100 * voice.voiced_energy, en, zh, spans=voice.speech))
    return clues + _limits(voice)


def _unheard(voice: Voice) -> Clue:
    if voice.state == "silent":
        en, zh = "The sound track is silent.", "音轨是静音的。"
        return clue("silence", voice, voice.duration_s, en, zh)
    en = f"The sound lasts only {voice.duration_s:.2f} s, too short to measure a voice."
    zh = f"声音只有 {voice.duration_s:.2f} 秒，太短，无法测量嗓音。"
    return clue("silence", voice, voice.duration_s, en, zh)


def _not_speech(voice: Voice) -> Clue:
    name, value, spans = "voice_like_sound", 100 * voice.voiced_energy, voice.speech
    if not spans:
        en, zh = "Nothing like speech was found in the sound.", "音轨中没有发现像说话的声音。"
        return clue(name, voice, value, en, zh)
    if voice.music:
        name, value = "music_like_sound", 100 * (voice.lines if voice.lines > GATE_LINES else voice.held)
        holding = [x for x in spans if voice.still[voice.inside((x,))].mean() > rules.STILL_SHARE]
        spans = tuple(holding) or spans  # a knock between the notes is not one of them
        at = where(spans, voice)
        en = f"What sounds {at.en} holds its tones, like music, singing or a machine;"
        en += " no speaking voice is described."
        zh = f"{at.zh}，声音像音乐、歌唱或机器那样保持音高，因此不描述说话的嗓音。"
    else:
        at = where(spans, voice)
        en = f"Something sounds {at.en}, without the rhythm and voicing of speech; no voice is described."
        zh = f"{at.zh}有声响，但不具备说话的节奏和嗓音特征，因此不描述嗓音。"
    return clue(name, voice, value, en, zh, spans=spans)


def _masked(voice: Voice) -> bool:
    """Whether noise covers the upper part of the voice."""
    return voice.clear_db is not None and voice.clear_db < CLEAR_DB


def _noisy(voice: Voice) -> bool:
    """Whether noise hides the faint edges of speech, so that it seems shorter than it is."""
    return voice.clear_db is not None and voice.clear_db < rules.NOISY_CLEAR_DB


def _gappy(voice: Voice) -> bool:
    """Whether noise may hide whole stretches of speech."""
    return _noisy(voice) and voice.dynamic_db < rules.CLEAR_DYNAMIC_DB


def _limits(voice: Voice) -> list[Clue]:
    if voice.dynamic_db < (rules.CLEAR_DYNAMIC_DB if voice.speechlike else rules.NOISY_DB):
        en = f"Loud and quiet parts of the sound differ by only {voice.dynamic_db:.0f} dB: "
        zh = f"声音的强弱只差 {voice.dynamic_db:.0f} 分贝，"
        if voice.speechlike:
            en += "noise or music may cover it in part, so that pitch and effort are not judged."
            zh += "可能有一部分被噪声或音乐盖住，因此不判断音高和用力程度。"
        else:
            en += "a voice in it could not be made out."
            zh += "即使有人声也难以分辨。"
        return [clue("noise", voice, voice.dynamic_db, en, zh)]
    if voice.speechlike and _masked(voice):
        en = f"At 1–5 kHz the voice stands only {voice.clear_db:.0f} dB above the quiet moments of the sound:"
        en += " background noise may hide it, so its effort and speed are not judged."
        zh = f"在 1–5 千赫，人声只比最安静的时刻高 {voice.clear_db:.0f} 分贝，可能被背景噪声盖住，"
        zh += "因此不判断用力程度和语速。"
        return [clue("noise", voice, voice.clear_db, en, zh)]
    if voice.background_tone_s >= rules.MIN_TONE_S:
        talks = voice.speechlike
        en = f"A steady tone, music or a hum, is heard{' outside the speech' if talks else ''}."
        zh = f"{'说话之外' if talks else ''}能听到持续的乐音或嗡鸣。"
        return [clue("background_tone", voice, voice.background_tone_s, en, zh)]
    return []


def _effort(voice: Voice) -> list[Clue]:
    index, spans, trust, at = voice.effort, voice.speech, 1.0, Text("", "")
    if index is None:
        return []
    efforts = [(x or 0) if pitch else 0 for x, pitch in zip(voice.efforts, medians(voice), strict=True)]
    raised = chosen(voice, [x > rules.STRETCH_PROJECTED for x in efforts])
    if rules.SOFT <= index <= rules.PROJECTED and raised:
        spans, trust, place = raised, rules.STRETCH_TRUST, where(raised, voice)
        at = Text(f" {place.en}", f"{place.zh}，")
        index = float(np.mean([x for x in efforts if x > rules.STRETCH_PROJECTED]))
    if index > rules.FORCEFUL:
        name, en, zh = "forceful_voice", "The voice is forceful and pressed", "嗓音用力而紧绷"
    elif index > rules.PROJECTED:
        name, zh = "tense_voice", "发声比平常说话更用力"
        en = "The voice takes more effort than ordinary speech"
    elif index < rules.SOFT:
        breathy = voice.hnr_db is not None and voice.hnr_db < rules.BREATHY_HNR_DB
        name, zh = "soft_voice", f"嗓音的高频成分较弱，像在轻声{'或用气声' if breathy else ''}说话"
        en = "The high frequencies of the voice are weak, as in soft"
        en += f"{' or breathy' if breathy else ''} speech"
        trust *= 1 if breathy else rules.SOFT_TRUST
    else:
        if _noisy(voice) and index < rules.SOFT + rules.NOISE_RAISES:
            return []
        name, en, zh = "effort", "The vocal effort is in the middle range", "发声力度居中"
    melody = voice.background_tone_s >= rules.MIN_TONE_S and voice.dynamic_db < rules.OVER_TONE_DB
    if melody and index > rules.PROJECTED:
        return []  # an instrument beside the voice is as bright as effort
    over = index - rules.PROJECTED if index > 0 else rules.SOFT - index
    trust *= float(np.clip(rules.TRUST_AT_LIMIT + over, 0, 1)) if over > 0 else 1.0
    en = f"{en}{at.en} (effort index {index:.1f}; ordinary speech is near 0)."
    zh = f"{at.zh}{zh}（用力指数 {index:.1f}，平常说话接近 0）。"
    return [clue(name, voice, index, en, zh, spans=spans, trust=trust)]


def _rate(voice: Voice, language: str) -> list[Clue]:
    rate, written = voice.rate_sps, voice.rate_from == "text"
    if rate is None or voice.speech_s < (rules.RATE_TALK_S if written else rules.HEARD_RATE_TALK_S):
        return []
    fast = rules.FAST_SPS[language] if written else rules.FAST_HEARD_SPS
    doubtful = _noisy(voice) and fast < rate < fast * rules.FAST_IN_NOISE
    if _masked(voice) or _gappy(voice) or doubtful or not (written or rate > fast):
        return []
    trust = 1.0 if written else rules.HEARD_RATE_TRUST
    if rate > fast:
        name, en, zh = "fast_speech", "Speech is rather fast", "语速偏快，"
        trust *= min(1.0, 0.5 + 0.25 * (rate - fast))
    elif rate < rules.SLOW_SPS:
        name, en, zh = "slow_speech", "Speech is slow", "语速较慢，"
    else:
        name, en, zh = "speech_rate", "Speech runs", "语速"
    if written:
        usual, tongue_en, tongue_zh = rules.USUAL_RATE[language]
        en += " at" if name == "speech_rate" else ":"
        en += f" about {rate:.1f} syllables per second by the subtitle, without the pauses"
        away = rate / usual - 1
        if name == "speech_rate" and abs(away) > rules.RATE_NEAR:
            en += f" (somewhat {'above' if away > 0 else 'below'} the {tongue_en} average of {usual})."
            norm = f"略{'高' if away > 0 else '低'}于{tongue_zh}平均的 {usual} 个"
        else:
            en += f" ({tongue_en} averages {usual})."
            norm = f"{tongue_zh}平均约 {usual} 个"
        zh += f"按字幕计约为每秒 {rate:.1f} 个音节（不计停顿；{norm}）。"
    else:
        en += f", at least {int(rate)} syllables per second as counted in the sound (5 to 6 are usual)."
        zh += f"由声音估算每秒至少 {int(rate)} 个音节（通常为 5 到 6 个）。"
    return [clue(name, voice, rate, en, zh, spans=voice.speech, trust=trust)]


def _pauses(voice: Voice, unknown: bool) -> list[Clue]:
    """Where speech stops, be it quiet there or filled with breath.

    What sounds on right after speech may be its voiceless end: a pause begins where it is first quiet.
    """
    least_s = rules.LONG_PAUSE_S + rules.IN_NOISE_S * _noisy(voice)
    gaps = tuple((a[1], b[0]) for a, b in pairwise(voice.speech))
    quiet = [start for start, _ in voice.pauses]
    gaps = tuple((min((s for s in quiet if a <= s < b), default=a), b) for a, b in gaps)
    long = () if _gappy(voice) else tuple(x for x in gaps if x[1] - x[0] >= least_s)
    start, end = voice.talk_s
    if long:
        longest, at = max(b - a for a, b in long), times(long)
        who = Text("The voice", "声音") if unknown else Text("Speech", "说话")
        en = f"{who.en} breaks off for {longest:.1f} s ({at.en})."
        zh = f"{who.zh}中停顿了 {longest:.1f} 秒（{at.zh}）。"
        if len(long) > 1:
            such, ru = ("such as at ", "如 ") if len(long) > rules.SPANS_TOLD + 1 else ("", "")
            en = f"{who.en} breaks off {len(long)} times, for up to {longest:.1f} s ({such}{at.en})."
            zh = f"{who.zh}中有 {len(long)} 处较长的停顿，最长 {longest:.1f} 秒（{ru}{at.zh}）。"
        return [clue("long_pauses", voice, longest, en, zh, spans=long)]
    paused = sum(b - a for a, b in gaps)
    if end - start > rules.NO_PAUSE_TALK_S and paused < rules.NO_PAUSE_SHARE * (end - start):
        en = f"The speech runs on for {end - start:.1f} s almost without a pause."
        zh = f"一口气说了 {end - start:.1f} 秒，几乎没有停顿。"
        return [clue("no_pauses", voice, end - start, en, zh, spans=((start, end),))]
    return []


def _loudness(voice: Voice) -> list[Clue]:
    """The largest step inside the clip, voice against voice; never against other clips."""
    starts = [start for start, _ in voice.speech[1:]]
    found = loudness_step(voice.speech_db, voice.strength > 0, sorted({*starts, *voice.syllables_s}))
    if found is None or abs(found[1]) < rules.LOUDNESS_STEP_DB or found[2] < rules.LOUDNESS_ORDER:
        return []
    at, step, _ = found
    word_en, word_zh = ("louder", "响") if step > 0 else ("quieter", "轻")
    en = f"From {at:.1f} s on the voice is {abs(step):.0f} dB {word_en} than before."
    zh = f"从 {at:.1f} 秒起，说话声比之前{word_zh} {abs(step):.0f} 分贝。"
    name, spans = "loudness_rise" if step > 0 else "loudness_fall", ((at, voice.talk_s[1]),)
    return [clue(name, voice, step, en, zh, spans=spans)]


def _bursts(voice: Voice) -> list[Clue]:
    short = tuple(x for x in voice.speech if x[1] - x[0] < rules.BURST_S)
    if len(short) < rules.BURSTS or float(np.nanmedian(voice.pitch_hz)) <= rules.BURST_PITCH_HZ:
        return []
    at = times(short)
    en = f"The voice comes in {len(short)} short, high bursts (such as {at.en}), like sobbing or laughing."
    zh = f"声音是 {len(short)} 次短促而高的爆发（如 {at.zh}），像抽泣或笑声。"
    return [clue("short_bursts", voice, len(short), en, zh, spans=short)]


def _breath(voice: Voice) -> list[Clue]:
    found = seconds(breaths(voice.power, voice.inside(voice.speech), BIN_HZ))
    sighs = tuple(x for x in found if x[1] - x[0] >= rules.SIGH_S)
    others = tuple(x for x in found if x not in sighs)
    out = []
    if sighs:
        longest, at = max(b - a for a, b in sighs), where(sighs, voice)
        en = f"A long voiceless breath, like a sigh, is heard {at.en} ({longest:.1f} s long)."
        zh = f"{at.zh}能听到一声叹气般的长息（{longest:.1f} 秒）。"
        if len(sighs) > 1:
            en = f"Long voiceless breaths, like sighs, are heard {at.en} (up to {longest:.1f} s long)."
            zh = f"{at.zh}能听到几声叹气般的长息（最长 {longest:.1f} 秒）。"
        out.append(clue("sigh", voice, longest, en, zh, spans=sighs))
    if others:
        at = where(others, voice)
        en, zh = f"Breath is audible {at.en}.", f"{at.zh}，话语之外能听到呼吸声。"
        out.append(clue("audible_breath", voice, sum(b - a for a, b in others), en, zh, spans=others))
    return out
