"""What the pitch of a voice shows: its level, how far and how it moves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..schema import Clue, Text
from ..signals.pitch import HOP_S, runs_of
from ..signals.prosody import pitch_range, rise_st, slope, wobble
from ..signals.voice import Segments, Voice
from . import acoustic_rules as rules
from .acoustic_clue import DOUBT, clue, seconds, where


def level(voice: Voice, unknown: bool) -> list[Clue]:
    """The level of the pitch, and where it is high; `unknown`: no subtitle says that it is speech."""
    pitch_hz = voice.pitch_hz[voice.strength > 0]
    if len(pitch_hz) * HOP_S < rules.MIN_VOICED_S:
        return []
    out, (usual_low, usual_high) = [], rules.USUAL_PITCH_HZ
    median, (low, high, _) = float(np.median(pitch_hz)), pitch_range(pitch_hz)
    spans, trust, high_hz = voice.speech, 1.0, median
    if median <= rules.HIGH_PITCH_HZ:
        trust = rules.STRETCH_TRUST
        spans = chosen(voice, [x > rules.STRETCH_PITCH_HZ for x in medians(voice)])
        spans = _long_enough(_while_high(voice, span) for span in spans)
        high_hz = float(np.nanmedian(voice.pitch_hz[voice.inside(spans)])) if spans else 0.0
        above, below = median > usual_high, median < usual_low
        at = where(voice.speech, voice)
        en, zh = f"The voice, heard {at.en}, has a", f"{at.zh}有人声，"
        if unknown:
            en = f"A voice-like sound is heard {at.en}; without a subtitle it cannot be confirmed as speech."
            en += " Its"
            zh = f"{at.zh}有像人声的声音；没有提供字幕，无法印证是在说话。其"
        en += f" median pitch {'is' if unknown else 'of'} {median:.0f} Hz ({low:.0f}–{high:.0f} Hz), "
        en += f"{'above' if above else 'below' if below else 'within'} the usual range of adult speech."
        zh += f"音高中位数约 {median:.0f} 赫兹（{low:.0f}–{high:.0f} 赫兹），"
        zh += f"{'高于' if above else '低于' if below else '处于'}成人说话的常见范围。"
        out.append(clue("pitch_level", voice, median, en, zh, spans=voice.speech))
    if spans:
        at, doubt = where(spans, voice), DOUBT if unknown and not out else Text("", "")  # said once
        en = "What sounds like a voice" if doubt.en else "The voice"
        en += f" is high for speech {at.en}: its median pitch there is {high_hz:.0f} Hz (adults usually"
        en += f" speak at {usual_low}–{usual_high} Hz){doubt.en}."
        zh = f"{at.zh}，{'有像人声的声音，' if doubt.zh else '说话'}音调偏高，中位数约 {high_hz:.0f} 赫兹"
        zh += f"（成人说话通常在 {usual_low}–{usual_high} 赫兹）{doubt.zh}。"
        out.append(clue("high_pitch", voice, high_hz, en, zh, spans=spans, trust=trust))
    return out


def melody(voice: Voice, language: str) -> list[Clue]:
    """Whether the pitch moves widely or hardly at all."""
    if (voice.strength > 0).sum() * HOP_S < rules.MIN_VOICED_S:
        return []
    low, high, width = pitch_range(voice.pitch_hz)
    if width > rules.WIDE_ST[language]:
        en = f"The pitch moves widely, over {width:.0f} semitones ({low:.0f}–{high:.0f} Hz)."
        zh = f"音高起伏很大，跨度约 {width:.0f} 个半音（{low:.0f}–{high:.0f} 赫兹）。"
        return [clue("wide_pitch", voice, width, en, zh, spans=voice.speech)]
    if width < rules.MONOTONE_ST and len(voice.syllables_s) >= rules.MELODY_SYLLABLES:
        en = f"The melody of the speech is flat: its pitch mostly stays within about {width:.0f} semitones."
        zh = f"语调平直，音高大多在约 {width:.0f} 个半音之内。"
        return [clue("monotone", voice, width, en, zh, spans=voice.speech)]
    return []


def medians(voice: Voice) -> list[float]:
    """The median pitch of each stretch of speech, 0 where it has too little voice to be described alone."""
    pieces = [voice.pitch_hz[voice.inside((x,)) & (voice.strength > 0)] for x in voice.speech]
    return [float(np.median(x)) if len(x) * HOP_S >= rules.STRETCH_VOICED_S else 0.0 for x in pieces]


def chosen(voice: Voice, wanted: list[bool]) -> Segments:
    """The stretches of speech that are `wanted`, when they are long enough together to be worth a clue."""
    return _long_enough(x for x, want in zip(voice.speech, wanted, strict=True) if want)


def _long_enough(spans: Iterable[tuple[float, float]]) -> Segments:
    spans = tuple(spans)
    return spans if sum(end - start for start, end in spans) >= rules.STRETCH_TOTAL_S else ()


def _while_high(voice: Voice, span: tuple[float, float]) -> tuple[float, float]:
    """`span` without what is low at its ends: sentences fall."""
    with np.errstate(invalid="ignore"):  # NaN where unvoiced
        high = np.flatnonzero(voice.inside((span,)) & (voice.pitch_hz > rules.HIGH_PITCH_HZ))
    return round(high[0] * HOP_S, 2), round((high[-1] + 1) * HOP_S, 2)


def movement(voice: Voice) -> list[Clue]:
    """How the pitch moves: unsteady, up at the end, down over the whole."""
    out = []
    spread, long = wobble(voice.pitch_hz)
    hnr = voice.hnr_db or 0.0
    if spread > rules.UNSTEADY_ST and hnr < rules.UNSTEADY_HNR_DB:
        en = f"The voice wavers within its syllables, by {spread:.1f} semitones, and is rough or breathy"
        en += f" (harmonics-to-noise ratio {hnr:.0f} dB)."
        zh = f"嗓音在音节内起伏不稳（{spread:.1f} 个半音），且粗糙或带气声（谐噪比 {hnr:.0f} 分贝）。"
        out.append(clue("unsteady_voice", voice, spread, en, zh, spans=seconds(long)))
    a, b = runs_of(voice.strength > 0)[-1]
    start, end = seconds([(a, b)])[0]
    rise = rise_st(voice.pitch_hz[a:b])
    if (
        rise > rules.FINAL_RISE_ST
        and end - start >= rules.FINAL_RUN_S
        and not voice.cut
        and voice.speech[-1][1] - end < rules.FINAL_GAP_S
    ):
        en = f"The pitch rises by {rise:.1f} semitones at the end ({start:.1f}–{end:.1f} s)."
        zh = f"句末音高上扬 {rise:.1f} 个半音（{start:.1f}–{end:.1f} 秒）。"
        out.append(clue("final_rise", voice, rise, en, zh, spans=((start, end),)))
    start, end = voice.talk_s
    fall, correlation = slope(voice.pitch_hz)
    if (
        fall < rules.FALLING_ST_PER_S
        and correlation < rules.FALLING_CORRELATION
        and end - start > rules.FALLING_TALK_S
    ):
        en = f"The pitch sinks through the speech, by about {-fall:.0f} semitones per second."
        zh = f"说话过程中音高逐渐下降，每秒约降 {-fall:.0f} 个半音。"
        out.append(clue("falling_pitch", voice, fall, en, zh, spans=((start, end),)))
    return out
