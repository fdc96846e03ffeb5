"""A measurement of a voice becomes an acoustic clue: its sentence, its place in the clip, how sure it is."""

from __future__ import annotations

import numpy as np

from ..schema import Clue, Text
from ..signals.pitch import HOP_S
from ..signals.voice import Segments, Voice
from . import acoustic_rules as rules

DOUBT = Text("; no subtitle was given to confirm that it is speech", "；没有提供字幕，无法印证是在说话")


def clue(
    name: str, voice: Voice, value: float, en: str, zh: str, *, spans: Segments = (), trust: float = 1.0
) -> Clue:
    """`trust` says how sure this case is; how far the voice stands out from the background is added here."""
    unit, (v, a, d), strength, basis = rules.RULES[name]
    strength *= rules.TONE_TRUST if voice.background_tone_s >= rules.MIN_TONE_S else 1
    strength *= trust * float(np.clip((voice.dynamic_db - 8) / 20, 0.25, 1))
    text, strength = Text(en, zh), round(strength, 3)
    return Clue("acoustic", name, text, round(float(value), 2), unit, basis, spans, strength, v, a, d)


def times(spans: Segments) -> Text:
    """Up to four spans, or the three longest, in order of time: "1.2–1.9 and 3.0–3.4 s"."""
    told = rules.SPANS_TOLD if len(spans) > rules.SPANS_TOLD + 1 else len(spans)  # one more is soon said, too
    longest = sorted(sorted(spans, key=lambda x: x[0] - x[1])[:told])
    pieces = [f"{start:.1f}–{end:.1f}" for start, end in longest]
    en = " and ".join(filter(None, [", ".join(pieces[:-1]), pieces[-1]]))
    return Text(f"{en} s", "、".join(pieces) + " 秒")


def where(spans: Segments, voice: Voice) -> Text:
    """Tell the place of `spans` in the clip, as an adverbial."""
    share = sum(end - start for start, end in spans) / voice.duration_s
    if share > rules.THROUGHOUT:
        return Text("throughout", "自始至终")
    if share > rules.MOST:
        return Text("through most of the clip", "在片段的大部分时间里")
    at, mainly = times(spans), len(spans) > rules.SPANS_TOLD + 1
    return Text(f"{'mainly ' if mainly else ''}at {at.en}", f"{'主要' if mainly else ''}在 {at.zh}")


def seconds(runs: list[tuple[int, int]]) -> Segments:
    return tuple((round(a * HOP_S, 2), round(b * HOP_S, 2)) for a, b in runs)
