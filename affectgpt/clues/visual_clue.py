"""A measurement becomes a visual clue: where it holds, how far it can be relied on, its sentence."""

from __future__ import annotations

import numpy as np

from ..schema import Clue, Text
from ..signals.curves import Expression, Spans
from . import visual_rules as rules
from .visual_rules import Rule


def enough(mask: np.ndarray, face: Expression, min_s: float, share: float) -> Spans:
    """Spans (s) of `mask` (T,) of at least `min_s`, when they are enough together; else none."""
    spans = face.spans(mask, min_s)
    whole = len(face.times_s) * face.step_s
    return spans if sum(b - a for a, b in spans) > min(share * whole, rules.LONG_ENOUGH_S) else ()


def quality(face: Expression, inside: np.ndarray, *, turned_counts: bool = True) -> float:
    """0.2..1: how far landmarks can be relied on, by eye distance, yaw and share of frames with a mesh."""
    inside = inside & face.mesh
    size = np.clip((np.median(face.eye_distance_px[inside]) - 10) / (rules.FULL_PX - 10), 0.3, 1)
    turned = np.clip(1 - (np.median(np.abs(face.yaw[inside])) - 20) / 50, 0.5, 1) if turned_counts else 1.0
    share = np.clip(face.mesh.mean() / rules.PARTIAL_SHARE, 0.4, 1)
    return float(max(0.2, size * turned * share))


def when(spans: Spans, face: Expression) -> tuple[str, str]:
    """Say in both languages when something happens: up to four spans, or how much of the clip it takes."""
    if not spans:
        return "", ""
    if face.share(spans) >= rules.ALL:
        return "throughout", "自始至终"
    if face.share(spans) > rules.MOST:
        return "through most of the clip", "在片段的大部分时间里，"
    told = rules.SPANS_TOLD if len(spans) > rules.SPANS_TOLD + 1 else len(spans)  # one more is soon said, too
    shown = [f"{a:.1f}–{b:.1f}" for a, b in sorted(sorted(spans, key=lambda s: s[0] - s[1])[:told])]
    joined = ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]
    more = len(spans) > len(shown)
    en = f"at {joined} s" + (" and in other moments" if more else "")
    return en, f"{'、'.join(shown)} 秒" + ("等处，" if more else "，")


def visual_clue(
    name: str,
    rule: Rule,
    value: float,
    face: Expression,
    spans: Spans = (),
    weight: float = 1.0,
    how: tuple[str, str] = ("", ""),
) -> Clue:
    """Give the clue of a rule; `weight` 0..1: how far this case can be relied on, `how`: for the sentence."""
    en_when, zh_when = when(spans, face)
    text = Text(
        rule.en.format(when=en_when, value=value, how=how[0]),
        rule.zh.format(when=zh_when, at=zh_when.rstrip("，"), value=value, how=how[1]),
    )
    strength = round(rule.strength * weight, 3)
    return Clue("visual", name, text, round(value, 4), rule.unit, rule.basis, spans, strength, *rule.vad)
