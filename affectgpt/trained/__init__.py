"""The AffectGPT engine: one encoding of each medium, one batch of questions, and what the answers say."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any

from ..crops import aligned_faces
from ..hub.fetch import OFFLINE
from ..hub.store import Tell
from ..machine.footprint import PROMPT
from ..muting import named
from ..parts import PartSplitter
from ..relay import TURN, Relay, streamed
from ..schema import MODALITIES, AffectError, Clip, Clue, Faces, Language, Part, Text, Verdict
from ..weights import NO_MEMORY, shown_model
from ..wheel import labels_in, parse_labels
from .loader import open_model
from .runs import Run, Settings
from .written import FUSED, place_of, sentences, verdict, votes, written_clues

# Official questions (base_dataset.py:254-359).
DESCRIBE = "Please infer the person's emotional state and provide your reasoning process."
NAME_LABELS = "Please recognize all possible emotional states of the character."
EXTRACT = (
    "You know emotion words well. Read the description of a person in a clip and list every emotion that it "
    "clearly ascribes to the main person, as lower-case English words, separated by commas, between square "
    "brackets; [] if there is none. Write nothing else.\n\nDescription: {text}"
)
TRANSLATE = "Translate this sentence into Chinese. Write the translation only.\n\n{text}"
KEPT_CLIPS = 8  # whose media are remembered, 57 KB for each clip
TRANSLATED_AT_ONCE = 8  # sentences in one batch
TRANSLATION_SPARE = 32  # tokens of a translation, beyond one for each character of the original
ALONE = {"audio": ("acoustic", "audioonly"), "face": ("visual", "faceonly"), "frame": ("visual", "frameonly")}
MISSING = {
    "no_picture": Text("There is no picture.", "没有画面。"),
    "no_face": Text(
        "There is a picture, but no face was found in it, and this model looks at faces only.",
        "有画面，但没有找到人脸，而该模型只看人脸。",
    ),
    "no_detector": Text(
        "There is a picture, but no face detector was at work, and this model looks at faces only.",
        "有画面，但没有可用的人脸检测器，而该模型只看人脸。",
    ),
    "no_sound": Text("There is no sound track.", "没有音轨。"),
    "no_words": Text("There is no subtitle, and speech was not transcribed.", "没有字幕，语音也未经转写。"),
    "no_speech": Text(
        "There is no subtitle, and speech recognition found no words.", "没有字幕，语音识别也没有找到话语。"
    ),
    "silent": Text("The model wrote nothing about this.", "模型没有写到这一方面。"),
}
NOTHING = Text("There is no face, no sound and no subtitle to judge by.", "没有可供判断的人脸、声音或字幕。")


class AffectGPTEngine:
    """Explain a clip with the weights of an AffectGPT; the same clip gives the same answer each time."""

    name = "affectgpt"
    why: Text | None = None

    def __init__(
        self,
        model: str,
        *,
        quantize: str = "none",
        dtype: str = "auto",
        device: str | None = None,
        revision: str | None = None,
        settings: Settings = Settings(),
        tell: Tell | None = None,
    ):
        """Load a Hub id or a folder. Raises AffectError when it is absent, does not fit or is no AffectGPT.

        quantize: "none", "nf4", "int8". dtype: "auto" is as stored. device: None takes a GPU if any. tell:
        takes the `Progress` of downloads.
        """
        begin = time.perf_counter()
        self.settings, self.shown = settings, shown_model(model)
        self.opened = open_model(
            model, quantize=quantize, dtype=dtype, device=device, revision=revision, tell=tell
        )
        self.model, self.processor = self.opened.model, self.opened.processor
        self.encoded: OrderedDict[tuple[str, str], tuple[Any, Faces | None]] = OrderedDict()
        self.load_s = round(time.perf_counter() - begin, 3)

    def with_settings(self, **changes: Any) -> AffectGPTEngine:
        """Return this engine with some of its `Settings` changed; model and encoded clips are shared."""
        other = copy(self)
        other.settings = replace(self.settings, **changes)
        return other

    def chat(self, messages: Any, **options: Any) -> Any:
        """Ask the base language model, without the adapter: `AffectGPTForConditionalGeneration.chat`.

        Waits until no answer is being made: both change the same layers.
        """
        with TURN:
            return self._chat(messages, **options)

    def _chat(self, messages: Any, **options: Any) -> Any:
        return self.model.chat(messages, tokenizer=self.processor.tokenizer, **options)

    @property
    def identity(self) -> dict[str, Any]:
        """What an answer depends on besides the clip and the question."""
        return {
            "model": self.shown,
            "revision": self.opened.revision,
            "checkpoint": self.opened.origin,
            **({"base_models": self.opened.bases} if self.opened.bases else {}),
            "quantization": self.opened.quantization,
            "dtype": str(self.model.dtype).removeprefix("torch."),
        }

    def answer(self, clip: Clip, language: Language) -> Iterator[tuple[str, Any]]:
        """Yield the answer while it is made (`Engine.answer`); closing the stream stops the model."""
        return streamed(lambda wire: self._work(wire, Run(clip, language, clip.subtitle.strip())))

    # ---- in the thread of the work

    def _work(self, wire: Relay, run: Run) -> None:
        import torch

        from .generation import interruptible

        with answering(self.shown), torch.no_grad(), interruptible(self.model, wire.check):
            wire.emit("stage", "read")
            self.look(wire, run)
            self._rows(run)
            parts = self._ask(wire, run) if run.rows else {}
            probes = {
                row.purpose: (row.mode, answer.text)
                for row, answer in zip(run.rows, run.answers, strict=True)
                if row.purpose in MODALITIES
            }
            clues = written_clues(parts, probes, {})
            if run.language == "zh":
                clues = written_clues(parts, probes, self._translate(wire, run, parts, clues))
            wire.emit("stage", "explained")
            for clue in clues:
                wire.emit("clue", clue)
            wire.emit("verdict", self._verdict(run, clues))
            run.took("labels")
            wire.emit("stage", "labelled")
            told = {clue.modality for clue in clues}
            silent = {modality: MISSING["silent"] for modality in MODALITIES if modality not in told}
            wire.emit("done", {"missing": {**silent, **run.missing}, "provenance": self.provenance(run)})

    def look(self, wire: Relay, run: Run) -> None:
        """Have each medium encoded, or remember what was said of it; note in `run` what the clip lacks."""
        from ..model.encoders_affectgpt import AffectGPTFeatures
        from ..model.processing_affectgpt import media_of

        clip, wanted, states = run.clip, media_of(self.processor.mode), {}
        for medium in ("audio", "face", "frame"):
            if medium in wanted:
                states[medium] = self._states(medium, wire, run)
            if medium == "audio":
                wire.emit("stage", "heard")
        wire.emit("stage", "seen")
        run.present = tuple(medium for medium in wanted if states[medium] is not None)
        pictures = [states[medium] for medium in run.present if medium != "audio"]
        seen, also_seen = (*pictures, None, None)[:2]
        run.features = AffectGPTFeatures(seen, also_seen, states.get("audio"))
        if not clip.has_picture:
            run.missing["visual"] = MISSING["no_picture"]
        elif not pictures:
            blind = run.faces is not None and run.faces.backend == "motion"
            run.missing["visual"] = MISSING["no_detector" if blind else "no_face"]
        if not clip.has_sound:
            run.missing["acoustic"] = MISSING["no_sound"]
        if not run.subtitle:
            run.missing["lexical"] = MISSING["no_speech" if "transcript" in clip.media else "no_words"]
        run.missing = named(run.missing, clip)

    def _states(self, medium: str, wire: Relay, run: Run) -> Any:
        """What its encoder says of one medium; None where the clip does not have it. Kept for each medium
        alone, so that a clip without its sound or with other words needs no encoder."""
        import numpy as np

        from ..model.processing_affectgpt import media_of

        clip, room = run.clip, KEPT_CLIPS * len(media_of(self.processor.mode))
        media = {"audio": [clip.wave], "frame": [clip.frames], "face": [clip.track, clip.track_times_s]}
        if not len(media[medium][0]):
            return None
        digest = hashlib.sha256(repr(medium == "face" and clip.find_faces is None).encode())
        for array in media[medium]:
            digest.update(repr((array.shape, array.dtype)).encode())
            digest.update(np.ascontiguousarray(array).data)
            wire.check()
        key = (medium, digest.hexdigest())
        if key not in self.encoded:
            self.encoded[key] = self._encode(medium, wire, run)
            while len(self.encoded) > room:
                self.encoded.popitem(last=False)
        else:
            run.took("remembered")
        self.encoded.move_to_end(key)
        states, faces = self.encoded[key]
        run.faces = faces or run.faces
        return states

    def _encode(self, medium: str, wire: Relay, run: Run) -> tuple[Any, Faces | None]:
        """Run the encoder of one medium: its states, None without a face; and by what faces were sought."""
        clip, faces = run.clip, None
        if medium == "audio":
            inputs = self.processor(audio=clip.wave)
        elif medium == "frame":
            inputs = self.processor(frames=clip.frames)
        else:
            crops = aligned_faces(clip, count=self.processor.num_frames)
            faces = Faces(clip.faces.backend, lost=clip.faces.lost)
            run.took("faces")
            wire.check()
            if not len(crops):
                return None, faces
            inputs = self.processor(faces=crops, face_colors="rgb")
        given = {name: inputs.get(name) for name in ("pixel_values", "input_values")}
        (states,) = self.model.encode(**given).values()
        run.took("sound" if medium == "audio" else "pictures")
        return states, faces

    def _rows(self, run: Run) -> None:
        """Ask about the whole clip for the description and the labels, and about each modality alone."""
        from .generation import Row, fitting

        whole = self.whole_mode(run)
        if not whole:
            return
        run.rows = [Row("description", whole, DESCRIBE)]
        run.rows += [Row("labels", whole, NAME_LABELS)] * max(1, self.settings.samples)
        alone = dict(ALONE[name] for name in reversed(run.present))  # the leading picture wins
        if run.subtitle:
            alone["lexical"] = "textonly"
        if len(alone) > 1:
            run.rows += [Row(modality, mode, DESCRIBE) for modality, mode in alone.items()]
        run.subtitle = fitting(self.processor, run.rows, run.subtitle, PROMPT)

    def whole_mode(self, run: Run) -> str | None:
        """Return the official mode of a prompt with all that the clip has; None where it has nothing."""
        given = {f"{name}s" if name != "audio" else name: True for name in run.present}
        return self.processor.mode_for(**given, subtitle=run.subtitle) if given or run.subtitle else None

    def _ask(self, wire: Relay, run: Run) -> dict[Part, str]:
        """Answer all rows at once; the description is told while it is written, part by part."""
        import torch

        from .generation import answer_rows, seed_of

        splitter, parts = PartSplitter(), {}

        def tell(piece: str, tokens: int) -> None:
            wire.emit("progress", {"tokens": tokens, "written": piece})
            add(splitter.feed(piece))

        def add(pairs: Iterator[tuple[Part, str]]) -> None:
            for part, text in pairs:
                parts[part] = parts.get(part, "") + text
                if run.language == "en":
                    wire.emit("text", (part, text))

        gpus = [self.model.device] if self.opened.device != "cpu" else []
        with torch.random.fork_rng(devices=gpus, enabled=bool(self.settings.samples)):
            if self.settings.samples:
                states = b"".join(value.cpu().numpy().tobytes() for value in run.features.values())
                prompts = [f"{row.mode} {row.question}" for row in run.rows]
                torch.manual_seed(seed_of(self.settings.seed, states, run.subtitle, *prompts))
            options = self.settings.generation()
            run.answers = answer_rows(
                self.model, self.processor, run.rows, run.subtitle, run.features, tell, **options
            )
        add(splitter.close())
        run.took("answers")
        return {part: text.strip() for part, text in parts.items()}

    def _translate(self, wire: Relay, run: Run, parts: dict[Part, str], clues: list[Clue]) -> dict[str, str]:
        """For a Chinese reader the base language model translates: AffectGPT was trained to write English.

        A sentence for which it has no words stays in English.
        """
        told: list[tuple[Part | None, str]] = []
        told += [(part, sentence) for part, text in parts.items() for sentence in sentences(text)]
        told += [(None, clue.text.en) for clue in clues if clue.basis != FUSED]
        chinese: dict[str, str] = {}
        for start in range(0, len(told), TRANSLATED_AT_ONCE):
            some = told[start : start + TRANSLATED_AT_ONCE]
            chats = [[{"role": "user", "content": TRANSLATE.format(text=sentence)}] for _, sentence in some]
            longest = TRANSLATION_SPARE + max(len(sentence) for _, sentence in some)  # it shall not ramble
            answers = self._chat(chats, max_new_tokens=min(longest, self.settings.max_new_tokens))
            for (part, sentence), answer in zip(some, answers, strict=True):
                chinese[sentence] = answer or sentence
                if part:
                    wire.emit("text", (part, chinese[sentence]))
        run.took("translation")
        return chinese

    def _verdict(self, run: Run, clues: list[Any]) -> Verdict:
        if not run.rows:
            return Verdict(cannot_tell=NOTHING)
        description, answers = run.said("description")[0], run.said("labels")
        if self.settings.labels_from == "description":
            question = EXTRACT.format(text=description.text)
            words = parse_labels(self._chat([{"role": "user", "content": question}]))
            places = [(word, place_of(word, description.text)) for word in words]
            labels = [(word, description.certainty(*place)) for word, place in places]
        elif self.settings.samples:
            labels = list(votes([[word for word, _, _ in labels_in(answer.text)] for answer in answers]))
        else:
            found = labels_in(answers[0].text)
            labels = [(word, answers[0].certainty(start, end)) for word, start, end in found]
        return verdict(labels, clues)

    def provenance(self, run: Run) -> dict[str, Any]:
        """Return what an answer stands on: model, machine, prompts by their hashes, raw answers, versions."""
        prompts = [self.processor.prompt(row.question, run.subtitle, row.mode) for row in run.rows]
        return {
            "engine": self.name,
            **self.identity,
            **({"source": OFFLINE[run.language]} if self.opened.offline else {}),
            "device": self.opened.device,
            **run.provenance(self.settings, prompts),
            "steps_s": {"load": self.load_s, **run.steps_s},
        }


@contextmanager
def answering(shown: str) -> Iterator[None]:
    """The model is loaded, so only a lack of memory is the user's to mend; the rest is a bug of ours."""
    try:
        yield
    except Exception as error:
        kinds = {kind.__name__ for kind in type(error).__mro__}
        short = "MemoryError" in kinds or "OutOfMemoryError" in kinds
        if not short and not ("RuntimeError" in kinds and NO_MEMORY.search(str(error))):
            raise
        raise AffectError(
            f"Not enough memory to answer with {shown}: try again, ask for fewer samples or use the signal "
            "engine; on a computer of your own, close other programs or quantise (--quantize nf4).",
            f"内存不足，{shown} 无法完成回答：请重试、减少采样次数或改用信号引擎；"
            "如在自己的电脑上运行，请关闭其他程序，或使用量化（--quantize nf4）。",
            title=Text("Not enough memory", "内存不足"),
        ) from error
