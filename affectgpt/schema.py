"""The values that cross module borders, and the one error a user can mend.

Everything here is a pure value: a `Clip` is a decoded file, a `Clue` is one observation, an `Explanation` is
the answer. Legend of shapes: T analysis frames, H and W their pixels, S sound samples at 16 kHz, N frames in
which a face was followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

Modality = Literal["visual", "acoustic", "lexical"]
Language = Literal["en", "zh"]
Part = Literal["visual", "acoustic", "lexical", "inference"]  # the four parts of a text in the EMER form
LANGUAGES: tuple[Language, ...] = ("en", "zh")
MODALITIES: tuple[Modality, ...] = ("visual", "acoustic", "lexical")
SAMPLE_RATE_HZ = 16_000  # of every `Clip.wave`
STAGES = ("prepared", "read", "heard", "seen", "explained", "labelled")  # of an answer, as `reason` ends them
CJK_START = "\u2e80"  # characters from here on are set without blanks between them


@dataclass(frozen=True)
class Text:
    """One sentence in both languages of the product; `text["zh"]` picks one."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def __add__(self, more: Text) -> Text:
        return Text(self.en + more.en, self.zh + more.zh)

    def filled(self, **values: Any) -> Text:
        """The sentence with its {blanks} filled in; a `Text` among the values is taken in its language."""
        en, zh = (
            {key: value[language] if isinstance(value, Text) else value for key, value in values.items()}
            for language in ("en", "zh")
        )
        return Text(self.en.format(**en), self.zh.format(**zh))


class AffectError(Exception):
    """What a user can mend: "what is wrong: what to do", in both languages, and a short title."""

    def __init__(self, en: str, zh: str = "", *, title: Text = Text("This did not work", "未能完成")):
        super().__init__(en)
        self.text = Text(en, zh or en)
        self.title = title


@dataclass(frozen=True)
class Cue:
    """One line of a subtitle; `start_s` and `end_s` are None where the source is not timed."""

    text: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, eq=False)
class Face:
    """One person's face followed through `Clip.track`.

    `index` (N,) int: positions in the track, rising. `boxes` (N, 4) float32: x0, y0, x1, y1 in track pixels.
    `found` (N,) bool: seen by the detector; False where the box was interpolated or held. `landmarks` (N,
    478, 3) float32: track pixels, z in the same scale, NaN where no mesh was found; None without a mesh tool.
    """

    index: np.ndarray
    boxes: np.ndarray
    found: np.ndarray
    landmarks: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Faces:
    """All faces of a clip: `people[0]` is the main person; `cuts` are the track positions at which a new shot
    begins.

    `lost` says what the backend cannot measure and why it was taken (None for mediapipe, which measures
    everything).
    """

    backend: Literal["mediapipe", "haar", "motion"]
    people: tuple[Face, ...] = ()
    cuts: tuple[int, ...] = ()
    lost: Text | None = None

    @property
    def main(self) -> Face | None:
        return self.people[0] if self.people else None


@dataclass(frozen=True, eq=False)
class Clip:
    """A decoded file. Times are seconds from the media start; arrays of an absent modality have length 0.

    `frames` (8, 224, 224, 3) uint8 RGB: exactly what AffectGPT's official preprocessing takes (spec: decord,
    8 uniform, bilinear). `track` (T, H, W, 3) uint8 RGB: analysis frames at the times `track_times_s` (T,),
    short side at most 480 pixels. `wave` (S,) float32: mono sound at 16 kHz, placed by its time stamps.
    `player_mp4`: a normalised file for a browser. `media`: facts about the file (sizes, rates, codecs,
    decoder, resampler) for `Explanation.provenance`. `find_faces` tracks the faces when `faces` is first
    read, so that sound and words need not wait for the picture. `left_out`: modalities that were taken away.
    """

    name: str
    duration_s: float
    frames: np.ndarray
    track: np.ndarray
    track_times_s: np.ndarray
    wave: np.ndarray
    cues: tuple[Cue, ...] = ()
    subtitle_source: Literal["none", "user", "file", "embedded", "asr"] = "none"
    warnings: tuple[Text, ...] = ()
    media: dict[str, Any] = field(default_factory=dict)
    player_mp4: bytes | None = None
    find_faces: Callable[[Clip], Faces] | None = None
    left_out: tuple[Modality, ...] = ()

    @cached_property
    def faces(self) -> Faces:
        if self.find_faces is None or not self.has_picture:
            return Faces("motion", lost=Text("faces were not looked for", "未进行人脸检测"))
        return self.find_faces(self)

    @property
    def has_picture(self) -> bool:
        return len(self.track) > 0

    @property
    def has_sound(self) -> bool:
        return len(self.wave) > 0

    @cached_property
    def cue_starts(self) -> tuple[int, ...]:
        """The position of each cue in `subtitle`: a blank stands between two cues, but not within Chinese."""
        starts, at, before = [], 0, ""
        for cue in self.cues:
            if before and cue.text and min(before[-1], cue.text[0]) < CJK_START:
                at += 1
            starts.append(at)
            at += len(cue.text)
            before = cue.text or before
        return tuple(starts)

    @cached_property
    def subtitle(self) -> str:
        text = ""
        for start, cue in zip(self.cue_starts, self.cues, strict=True):
            text = text.ljust(start) + cue.text
        return text


@dataclass(frozen=True)
class Clue:
    """One observation. A measured clue stands on `value` in `unit`, taken by the rule named in `basis`.

    `name` is stable and machine-readable ("smile"). `spans` are (start_s, end_s), empty when the clue has no
    place in time. `strength` 0..1 says how much the measurement can be relied on; 0 only informs. `valence`,
    `arousal` and `dominance` are what the clue contributes to the appraisal before its strength is applied,
    each -1..1. `chars` is the position in the subtitle of a lexical clue. `kind` is "written" for a model's
    claim and "measured" for everything else.
    """

    modality: Modality
    name: str
    text: Text
    value: float | None
    unit: str
    basis: str
    spans: tuple[tuple[float, float], ...] = ()
    strength: float = 0.0
    valence: float = 0.0
    arousal: float = 0.0
    dominance: float = 0.0
    chars: tuple[int, int] | None = None
    kind: Literal["measured", "written"] = "measured"

    @property
    def start_s(self) -> float | None:
        return min(start for start, _ in self.spans) if self.spans else None

    @property
    def end_s(self) -> float | None:
        return max(end for _, end in self.spans) if self.spans else None

    def to_dict(self, language: Language = "en") -> dict[str, Any]:
        out = asdict(self)
        out.update(text=self.text[language], text_en=self.text.en, text_zh=self.text.zh)
        out.update(start_s=self.start_s, end_s=self.end_s, spans=[list(span) for span in self.spans])
        out["chars"] = list(self.chars) if self.chars else None
        return out

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Clue:
        known = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        known["text"] = Text(data["text_en"], data["text_zh"])
        known["spans"] = tuple((start, end) for start, end in data["spans"])
        known["chars"] = tuple(data["chars"]) if data.get("chars") else None
        return cls(**known)


@dataclass(frozen=True)
class Label:
    """An open-vocabulary emotion word (`name` English, lower case); `clues`: positions of its evidence."""

    name: str
    text: Text
    confidence: float  # 0..1, comparative: not a probability of being right
    clues: tuple[int, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Two modalities that disagree: a possibility, never a verdict. `clues`: positions of the clues."""

    name: str
    text: Text
    clues: tuple[int, ...] = ()


@dataclass(frozen=True)
class Window:
    """The appraisal of a stretch of 2-3 s; without labels and values where nothing was measured."""

    start_s: float
    end_s: float
    valence: float | None
    arousal: float | None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the clues add up to. Valence, arousal, dominance are -1..1, None where no clue speaks.

    `modalities` gives (valence, arousal, dominance) of each modality alone. `cannot_tell` gives the reason
    when `labels` is empty.
    """

    labels: tuple[Label, ...] = ()
    valence: float | None = None
    arousal: float | None = None
    dominance: float | None = None
    conflicts: tuple[Conflict, ...] = ()
    windows: tuple[Window, ...] = ()
    modalities: dict[Modality, tuple[float, float, float]] = field(default_factory=dict)
    cannot_tell: Text | None = None


@dataclass(frozen=True)
class Event:
    """One step of the stream that `reason` yields; `explain` and the page fold the same events.

    kind      value
    started   dict: name, duration_s, engine, language, warnings
    stage     str: prepared, read, heard, seen, explained, labelled - this stage has just ended
    clue      Clue
    text      (Part, str): a piece to append to that part of the explanation
    verdict   Verdict
    progress  dict: work goes on (a stop takes effect here); perhaps "tokens" so far and what was "written"
    done      dict: provenance, missing
    """

    kind: Literal["started", "stage", "clue", "text", "verdict", "progress", "done"]
    value: Any
    elapsed_s: float


@dataclass(frozen=True)
class Explanation:
    """The answer for one clip; `to_dict` is the one format on disk (`explanation.schema.json`)."""

    name: str
    language: Language
    engine: str
    clues: tuple[Clue, ...] = ()
    parts: dict[Part, str] = field(default_factory=dict)
    verdict: Verdict = Verdict()
    missing: dict[Modality, Text] = field(default_factory=dict)
    warnings: tuple[Text, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)  # seconds at which each stage ended
    scores: dict[str, Any] | None = None  # against a reference, when one was given

    @property
    def text(self) -> str:
        """The whole explanation in the EMER form: three parts and the inference, one paragraph each."""
        return "\n\n".join(self.parts[part] for part in (*MODALITIES, "inference") if self.parts.get(part))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.verdict.labels)

    def with_scores(self, scores: dict[str, Any]) -> Explanation:
        return replace(self, scores=scores)

    def to_dict(self) -> dict[str, Any]:
        verdict, language = self.verdict, self.language
        labels = [
            {"label": x.name, "text": x.text[language], "confidence": x.confidence, "clues": list(x.clues)}
            for x in verdict.labels
        ]
        return {
            "name": self.name,
            "language": language,
            "engine": self.engine,
            "text": self.text,
            "parts": dict(self.parts),
            "labels": labels,
            "cannot_tell": verdict.cannot_tell[language] if verdict.cannot_tell else None,
            "valence": verdict.valence,
            "arousal": verdict.arousal,
            "dominance": verdict.dominance,
            "modalities": {key: list(value) for key, value in verdict.modalities.items()},
            "conflicts": [
                {"name": x.name, "text": x.text[language], "clues": list(x.clues)} for x in verdict.conflicts
            ],
            "windows": [{**asdict(x), "labels": list(x.labels)} for x in verdict.windows],
            "missing": {key: reason[language] for key, reason in self.missing.items()},
            "warnings": [x[language] for x in self.warnings],
            "clues": [clue.to_dict(language) for clue in self.clues],
            "provenance": dict(self.provenance),
            "timings": dict(self.timings),
            "scores": self.scores,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Explanation:
        """Restore what `to_dict` gave; but for clues, both sides of a `Text` are the language stored."""
        one = {name: data[name] for name in cls.__dataclass_fields__.keys() & data.keys()}
        found = {name: data[name] for name in Verdict.__dataclass_fields__.keys() & data.keys()}
        rows = [(x["label"], x["text"], x["confidence"], x["clues"]) for x in data["labels"]]
        found["labels"] = tuple(Label(name, Text(t, t), sure, tuple(at)) for name, t, sure, at in rows)
        clashes = [(x["name"], x["text"], x["clues"]) for x in data["conflicts"]]
        found["conflicts"] = tuple(Conflict(name, Text(t, t), tuple(at)) for name, t, at in clashes)
        found["windows"] = tuple(Window(**{**x, "labels": tuple(x["labels"])}) for x in data["windows"])
        found["modalities"] = {name: tuple(values) for name, values in data["modalities"].items()}
        found["cannot_tell"] = Text(why, why) if (why := data["cannot_tell"]) else None
        one["clues"] = tuple(Clue.from_dict(clue) for clue in data["clues"])
        one["missing"] = {name: Text(why, why) for name, why in data["missing"].items()}
        one["warnings"] = tuple(Text(x, x) for x in data["warnings"])
        return cls(**one, verdict=Verdict(**found))
