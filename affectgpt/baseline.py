"""The signal engine: measured clues, a weighted appraisal and a written explanation; no download."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from typing import Any

from . import appraisal, labels, writing
from .clues import MEASURES
from .machine import versions
from .muting import LEFT_OUT, named
from .schema import Clip, Clue, Language, Modality, Part, Text, Verdict

VERSION = "2"  # of the rules: clues, weights, prototypes and wording; raise it when an answer changes
LIBRARIES = (
    "numpy",
    "scipy",
    "av",
    "opencv-python-headless",
    "mediapipe",
    "vaderSentiment",
)
SENTENCE = re.compile(
    r".+?(?:[.!?]\s+|[。！？]|$)", re.DOTALL
)  # pieces of a stream; together they are the text again

STAGE_OF = {"lexical": "read", "acoustic": "heard", "visual": "seen"}
NO_VOICE = {  # acoustic clues that describe no voice
    "silence", "voice_like_sound", "music_like_sound", "background_tone", "audible_breath", "noise",
}  # fmt: skip

MISSING = {
    "no_picture": Text("There is no picture.", "没有画面。"),
    "no_face": Text("There is a picture, but no face was found in it.", "有画面，但没有找到人脸。"),
    "no_detector": Text(
        "There is a picture, but no face detector was at work.", "有画面，但没有可用的人脸检测器。"
    ),
    "no_sound": Text("There is no sound track.", "没有音轨。"),
    "no_voice": Text(
        "There is a sound track, but no speech was measured in it.", "有音轨，但没有测到说话声。"
    ),
    "no_words": Text("There is no subtitle, and speech was not transcribed.", "没有字幕，语音也未经转写。"),
    "no_speech": Text(
        "There is no subtitle, and speech recognition found no words.", "没有字幕，语音识别也没有找到话语。"
    ),
}


class SignalEngine:
    """Explain a clip from what can be measured in it; the same clip gives the same answer each time."""

    name = "signal"
    why: Text | None = None

    def answer(self, clip: Clip, language: Language) -> Iterator[tuple[str, Any]]:
        """Yield the answer while it is made (`Engine.answer`)."""
        clues: list[Clue] = []
        for modality, found in self.clues(clip):
            clues += found
            for clue in found:
                yield "clue", clue
            yield "stage", STAGE_OF[modality]
        text: dict[Part, str] = {}
        for part, piece in self.explain(clip, clues, language):
            text[part] = text.get(part, "") + piece
            yield "text", (part, piece)
        yield "stage", "explained"
        yield "verdict", self.labels(clip, clues, "\n\n".join(text.values()))
        yield "stage", "labelled"
        yield "done", {"provenance": self.provenance(clip), "missing": self.missing(clip, clues)}

    def clues(self, clip: Clip) -> Iterator[tuple[Modality, list[Clue]]]:
        """Yield the clues of words and sound first and of the picture last: finding faces takes longest."""
        for modality, measure in MEASURES.items():
            yield modality, measure(clip)

    def explain(self, clip: Clip, clues: Sequence[Clue], language: Language) -> Iterator[tuple[Part, str]]:
        """Yield the explanation sentence by sentence, each to be appended to its part."""
        missing = self.missing(clip, clues)
        chosen = [name for name, why in missing.items() if why == LEFT_OUT[name]]
        parts = writing.write(
            clues,
            self.labels(clip, clues, ""),
            language,
            missing={name: why for name, why in missing.items() if name not in chosen},
            lost=clip.faces.lost if clip.has_picture else None,
        )
        parts |= {name: LEFT_OUT[name][language] for name in chosen}  # no lack that the reader must know of
        for part, text in parts.items():
            for piece in SENTENCE.findall(text):
                yield part, piece

    def labels(self, clip: Clip, clues: Sequence[Clue], text: str) -> Verdict:
        """Return the appraisal of the clues; the text adds nothing: it was written from the same clues."""
        cuts = (
            [float(clip.track_times_s[position]) for position in clip.faces.cuts] if clip.has_picture else []
        )
        return appraisal.appraise(clues, clip.duration_s, cuts_s=cuts)

    def missing(self, clip: Clip, clues: Sequence[Clue]) -> dict[Modality, Text]:
        """Return an honest sentence for each modality in which no face, no voice or no words were found."""
        names = {clue.name for clue in clues if clue.modality == "acoustic"}
        out: dict[Modality, Text] = {}
        if not clip.has_picture:
            out["visual"] = MISSING["no_picture"]
        elif clip.faces.backend == "motion":
            out["visual"] = MISSING["no_detector"]
        elif clip.faces.main is None:
            out["visual"] = MISSING["no_face"]
        if not clip.has_sound:
            out["acoustic"] = MISSING["no_sound"]
        elif names <= NO_VOICE:
            out["acoustic"] = MISSING["no_voice"]
        if not clip.subtitle.strip():
            out["lexical"] = MISSING["no_speech" if "transcript" in clip.media else "no_words"]
        return named(out, clip)

    def provenance(self, clip: Clip) -> dict[str, Any]:
        """Return what the answer stands on: rules, backends, what is lost by them, versions and settings."""
        faces = clip.faces if clip.has_picture else None
        return {
            "engine": self.name,
            "version": VERSION,
            "faces": faces.backend if faces else None,
            "lost": {"en": faces.lost.en, "zh": faces.lost.zh} if faces and faces.lost else None,
            "subtitle_source": clip.subtitle_source,
            "left_out": list(clip.left_out),
            "media": dict(clip.media),
            "python": platform.python_version(),
            "libraries": versions(LIBRARIES),
            "settings": {
                "gain": appraisal.GAIN,
                "weights": {modality: list(weights) for modality, weights in appraisal.WEIGHTS.items()},
                "unclear_below": labels.UNCLEAR,
                "window_s": list(appraisal.WINDOW_S),
            },
        }
