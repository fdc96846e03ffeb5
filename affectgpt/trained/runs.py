"""One answer of a trained model in the making, and what it stood on when it is done."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..machine import versions
from ..schema import AffectError, Clip, Faces, Language, Modality, Text

LIBRARIES = ("torch", "transformers", "tokenizers", "peft", "accelerate", "bitsandbytes", "av", "numpy")
MAX_SAMPLES = 64  # rows of one batch: memory grows with them


@dataclass(frozen=True)
class Settings:
    """How answers are made.

    samples: 0 for greedy answers; K for sampled ones (temperature 1, top-p 0.9, as officially), the label
    question K times: a label then stands when half of the answers name it. seed: of sampling. labels_from:
    the label question, or the description read once more by the base language model.
    """

    max_new_tokens: int = 512
    samples: int = 0
    seed: int = 0
    labels_from: Literal["question", "description"] = "question"

    def __post_init__(self) -> None:
        wrong = {
            "max_new_tokens": self.max_new_tokens < 1,
            "samples": not 0 <= self.samples <= MAX_SAMPLES,
            "labels_from": self.labels_from not in ("question", "description"),
        }
        for name in (name for name, bad in wrong.items() if bad):
            value = getattr(self, name)
            raise AffectError(
                f"{name} cannot be {value!r}: give at least 1 new token, 0 to {MAX_SAMPLES} samples, and "
                "labels from 'question' or 'description'.",
                f"{name} 不能为 {value!r}：max_new_tokens 至少为 1，samples 为 0 到 {MAX_SAMPLES}，"
                "labels_from 为 question 或 description。",
                title=Text("Wrong setting", "设置有误"),
            )

    def generation(self) -> dict[str, Any]:
        sampled = {"temperature": 1.0, "top_p": 0.9} if self.samples else {}
        return {"do_sample": bool(self.samples), "max_new_tokens": self.max_new_tokens, **sampled}


@dataclass
class Run:
    """One answer in the making: what was given, asked and said, and the seconds that each step took."""

    clip: Clip
    language: Language
    subtitle: str
    features: Any = None
    present: tuple[str, ...] = ()  # of "face", "frame", "audio"
    faces: Faces | None = None  # by what they were looked for, where the model wants them
    missing: dict[Modality, Text] = field(default_factory=dict)
    rows: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    steps_s: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.perf_counter)

    def took(self, step: str) -> None:
        now = time.perf_counter()
        self.steps_s[step] = round(self.steps_s.get(step, 0.0) + now - self.since, 4)
        self.since = now

    def said(self, purpose: str) -> list[Any]:
        pairs = zip(self.rows, self.answers, strict=True)
        return [answer for row, answer in pairs if row.purpose == purpose]

    def provenance(self, settings: Settings, prompts: Sequence[str]) -> dict[str, Any]:
        """Return what belongs to this answer: questions by their hashes, raw answers, settings, versions."""
        faces, said = self.faces, self.clip.subtitle.strip()
        asked = zip(self.rows, prompts, self.answers, strict=True)
        return {
            "prompts": [
                {
                    "purpose": row.purpose,
                    "mode": row.mode,
                    "sha256": hashlib.sha256(prompt.encode()).hexdigest(),
                    "answer": answer.text,
                }
                for row, prompt, answer in asked
            ],
            "settings": asdict(settings),
            "translated_by": "base language model" if self.language == "zh" and self.rows else None,
            "faces": faces.backend if faces else None,
            "lost": {"en": faces.lost.en, "zh": faces.lost.zh} if faces and faces.lost else None,
            "subtitle_cut": {"of": len(said), "to": len(self.subtitle)} if said != self.subtitle else None,
            "subtitle_source": self.clip.subtitle_source,
            "left_out": list(self.clip.left_out),
            "media": dict(self.clip.media),
            "python": platform.python_version(),
            "libraries": versions(LIBRARIES),
        }
