"""What was measured over the length of a clip, as a few curves and spans to draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..schema import Clip, Cue, Modality
from . import expression, voice

MAX_POINTS = 240  # of a curve; more cannot be told apart in a drawing
MIN_VOICED_SHARE = 0.5  # of the frames behind a point, for which a pitch is told
# name, attribute of `Expression`, unit, digits; of the main face
FACE = (
    ("smile", "smile", "index", 2),
    ("brows", "brow_mid", "eye distances", 3),
    ("eyes", "eye_open", "eye widths", 2),
    ("face_motion", "face_motion", "face widths/s", 3),
)
BODY = ("body_motion", "body_motion", "face widths/s", 3)  # around the face
PICTURE = ("picture_motion", "picture_motion", "picture widths/s", 3)  # where there is no face
FIFTHS = 0.2  # `picture_motion` is measured in fifths of the width of the picture

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Curve:
    """One measurement over time; a value is None where nothing was measured."""

    name: str
    modality: Modality
    unit: str
    times_s: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Timeline:
    """Curves, stretches of speech, pauses between them, words and cuts of a clip; all times in seconds.

    Curves: "loudness" (dB of full scale), "pitch" (Hz), "smile" (0 at rest, 1 in a full smile), "brows" (eye
    distances above the eyes), "eyes" (opening in eye widths), "face_motion" and "body_motion" (face widths
    per second), and without a face "picture_motion" (picture widths per second). What was not measured at
    all has no curve. A cue without times has no place in time.
    """

    duration_s: float
    curves: tuple[Curve, ...] = ()
    speech: Spans = ()
    pauses: Spans = ()
    cues: tuple[Cue, ...] = ()
    cuts_s: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what `json.dumps` takes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timeline:
        """Return the timeline that gave this dictionary, also after a way through JSON."""
        curves = tuple(
            Curve(**{**curve, "times_s": tuple(curve["times_s"]), "values": tuple(curve["values"])})
            for curve in data["curves"]
        )
        speech, pauses = (tuple((start, end) for start, end in data[key]) for key in ("speech", "pauses"))
        cues = tuple(Cue(**cue) for cue in data["cues"])
        return cls(data["duration_s"], curves, speech, pauses, cues, tuple(data["cuts_s"]))


def measure_timeline(clip: Clip) -> Timeline:
    """Return the timeline of a clip; what its clues stand on is not measured again.

    Only the voice is: about 10 ms for a second of sound. No sound, no picture and no face are legal.
    """
    heard = voice.analyse(clip.wave, subtitle=clip.subtitle)
    face = expression.analyse(clip)
    cuts_s = [round(float(face.times_s[at]), 2) for at in clip.faces.cuts if 0 < at < len(face.times_s)]
    return Timeline(
        round(clip.duration_s, 3),
        tuple(x for x in (*_sound_curves(heard), *_picture_curves(face)) if set(x.values) - {None}),
        heard.speech,
        heard.pauses,
        clip.cues,
        tuple(cuts_s),
    )


def _sound_curves(heard: voice.Voice) -> list[Curve]:
    """Loudness and pitch; nothing of a silent track."""
    if heard.state != "heard":
        return []
    loudness = _curve("loudness", "acoustic", "dB", heard.times_s, heard.level_db, 1)
    return [loudness, _curve("pitch", "acoustic", "Hz", heard.times_s, heard.pitch_hz, 0)]


def _picture_curves(face: expression.Expression) -> list[Curve]:
    wanted = [*FACE, BODY] if face.present.any() else [PICTURE]
    return [
        _curve(
            name,
            "visual",
            unit,
            face.times_s,
            getattr(face, attribute) * (FIFTHS if name == "picture_motion" else 1),
            digits,
        )
        for name, attribute, unit, digits in wanted
    ]


def _curve(
    name: str, modality: Modality, unit: str, times_s: np.ndarray, values: np.ndarray, digits: int
) -> Curve:
    """At most `MAX_POINTS` means of `values` (T,) over stretches of equal length, NaN told as None."""
    group = -(-len(values) // MAX_POINTS) or 1
    least = MIN_VOICED_SHARE if name == "pitch" else 0.0
    points: list[float | None] = []
    for start in range(0, len(values), group):
        known = values[start : start + group]
        known = known[~np.isnan(known)]
        some = len(known) > 0 and len(known) >= least * min(group, len(values) - start)
        points.append(round(float(known.mean()), digits) if some else None)
    middles = [times_s[start : start + group].mean() for start in range(0, len(values), group)]
    return Curve(name, modality, unit, tuple(round(float(x), 3) for x in middles), tuple(points))
