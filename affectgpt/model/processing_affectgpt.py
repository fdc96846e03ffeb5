"""Media and words become tensors: frames or faces, sound, the prompts of the released models, left padding.

Legend of shapes: B rows, T pictures (8), H and W pixels, K windows of sound (8), S samples, L tokens.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from .configuration_affectgpt import PLACEHOLDERS, STOP, AffectGPTConfig, add_placeholders

log = logging.getLogger(__name__)
SAMPLE_RATE_HZ = 16_000
IMAGE_PX = 224
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
VARIANCE_FLOOR = 1e-7  # wav2vec2's feature extractor

# The prompts of the official base_dataset.py:464-548, byte for byte, with its three missing "###Human: ".
LEAD = "###Human: "
MULTI = "The audio and video merged info is: <Multi><MultiHere></Multi>. "
AUDIO = "The audio content is as follows: <Audio><AudioHere></Audio>. "
FACE = (
    "e uniformly sample raw frames from the video and extract faces from these frames: "
    "<Video><FaceHere></Video>. "
)
FRAME = "e uniformly sample raw frames from the video: <Video><FrameHere></Video>. "
SUBTITLE = "The subtitle of this video is: <Subtitle>{subtitle}</Subtitle>. "
TAIL = "Now, please answer my question based on all the provided information. {question} ###Assistant: "
PROMPTS = {
    "multiface_audio_face_text": LEAD + MULTI + AUDIO + "Meanwhile, w" + FACE + SUBTITLE + TAIL,
    "multiframe_audio_frame_text": LEAD + MULTI + AUDIO + "Meanwhile, w" + FRAME + SUBTITLE + TAIL,
    "multiface_audio_face_frame_text": (
        LEAD + MULTI + AUDIO + "Meanwhile, w" + FACE + "Meanwhile, w" + FRAME + SUBTITLE + TAIL
    ),
    "multiface_text": LEAD + MULTI + SUBTITLE + TAIL,
    "faceframe": LEAD + AUDIO + "Meanwhile, w" + FRAME + "Additionally, w" + FACE + SUBTITLE + TAIL,
    "face": LEAD + AUDIO + "Meanwhile, w" + FACE + SUBTITLE + TAIL,
    "frame": LEAD + AUDIO + "Meanwhile, w" + FRAME + SUBTITLE + TAIL,
    "audioonly": LEAD + AUDIO + TAIL,
    "faceonly": LEAD + "W" + FACE + TAIL,
    "frameonly": LEAD + "W" + FRAME + TAIL,
    "textonly": LEAD + SUBTITLE + TAIL,
    "audio_text": AUDIO + SUBTITLE + TAIL,
    "face_text": "W" + FACE + SUBTITLE + TAIL,
    "frame_text": "w" + FRAME + SUBTITLE + TAIL,
}


def modalities_of(mode: str) -> tuple[str, ...]:
    """Return the modalities whose tokens stand in the prompt of an official mode, in their order there."""
    prompt = _prompt(mode)
    found = [(prompt.find(token), name) for name, token in PLACEHOLDERS.items() if token in prompt]
    return tuple(name for _, name in sorted(found))


def media_of(mode: str) -> tuple[str, ...]:
    """Return the media that an official mode needs, of "face", "frame" and "audio"."""
    modalities = modalities_of(mode)
    pictures = [name for name in ("face", "frame") if name in modalities]
    if "multi" in modalities and not pictures:
        pictures = ["face"]  # multiface_text
    heard = "audio" in modalities or "multi" in modalities
    return (*pictures, "audio") if heard else tuple(pictures)


def _prompt(mode: str) -> str:
    if mode not in PROMPTS:
        raise ValueError(f"there is no mode {mode!r}: choose one of {', '.join(PROMPTS)}")
    return PROMPTS[mode]


class AffectGPTProcessor(ProcessorMixin):
    """Turn clips and questions into the tensors of `AffectGPTForConditionalGeneration`.

    tokenizer: Qwen2's with the five placeholders. mode: the prompt of the checkpoint, one of `PROMPTS`.
    """

    def __init__(
        self,
        tokenizer=None,
        mode: str = "multiface_audio_face_text",
        num_frames: int = 8,
        num_audio_clips: int = 8,
        clip_seconds: float = 2,
        num_query_tokens: int = 1,
        chat_template: str | None = None,
    ):
        _prompt(mode)
        self.mode, self.num_query_tokens = mode, num_query_tokens
        self.num_frames, self.num_audio_clips, self.clip_seconds = num_frames, num_audio_clips, clip_seconds
        super().__init__(tokenizer, chat_template=chat_template)

    @classmethod
    def from_base_models(cls, text: str, config: AffectGPTConfig, mode: str) -> AffectGPTProcessor:
        """Build the processor of a model put together from base models; `text` names the language model."""
        revision = (config.base_revisions or {}).get("text")
        return cls(
            add_placeholders(AutoTokenizer.from_pretrained(text, revision=revision)),
            mode=mode,
            num_frames=config.num_frames,
            num_audio_clips=config.num_audio_clips,
            clip_seconds=config.clip_seconds,
            num_query_tokens=config.num_query_tokens,
        )

    @property
    def model_input_names(self) -> list[str]:
        return ["input_ids", "attention_mask", "pixel_values", "frame_pixel_values", "input_values"]

    def __call__(
        self,
        frames=None,
        faces=None,
        audio=None,
        subtitle: str | Sequence[str | None] | None = None,
        question: str | Sequence[str] = "",
        *,
        mode: str | Sequence[str | None] | None = None,
        answer: str | Sequence[str] | None = None,
        sampling_rate: int = SAMPLE_RATE_HZ,
        face_colors: str = "bgr",
        audio_normalization: str = "clip",
        return_tensors: str = "pt",
    ) -> BatchFeature:
        """Prepare one clip or a batch: any argument may be a list, and one value serves all rows.

        frames: uint8 (T, H, W, 3) RGB, best the eight of 224x224 that the reader of clips gives. faces: uint8
        (T, H, W, 3), one aligned crop per frame in BGR, as OpenFace's files are and the face checkpoints were
        trained (official video_processor.py:70); `face_colors="rgb"` for crops in RGB. audio: float32 (S,) or
        (C, S) at `sampling_rate` Hz. subtitle: what is said; None where it is muted. mode: an official prompt
        (`PROMPTS`); None takes the checkpoint's, or the nearest where a medium is missing. With a mode but
        without its media the prompt waits for cached features (`model.encode`). answer: builds training rows
        (bos + prompt + answer + ### + eos, right padding, labels; official base_dataset.py:640-690).
        audio_normalization: "clip" (inference), "batch" (official training: over all windows of the batch).

        Returns input_ids, attention_mask (B, L) int64, and, for the rows that use them, in their order:
        pixel_values (R, T, 3, 224, 224) float32 (faces, or frames where there are no faces),
        frame_pixel_values (only for modes with both), input_values (R, K, 32000) float32; with answers labels
        (B, L), -100 where nothing is to be learned. Raises ValueError for what cannot be used.
        """
        rows = _rows(frames=frames, faces=faces, audio=audio, subtitle=subtitle, question=question, mode=mode)
        if face_colors not in ("bgr", "rgb"):
            raise ValueError(f"face_colors is 'bgr' or 'rgb', not {face_colors!r}")
        prompts, pixels, frame_pixels, windows = [], [], [], []
        for row in rows:
            row_mode = row["mode"] or self.mode_for(**row)
            prompts.append(self.prompt(row["question"], row["subtitle"], row_mode))
            media = media_of(row_mode)
            pictures = [(name, row[f"{name}s"]) for name in media if name != "audio"]
            for (name, array), target in zip(pictures, (pixels, frame_pixels), strict=False):
                if array is not None:
                    flip = name == "face" and face_colors == "rgb"
                    target.append(self.pixels(np.asarray(array)[..., ::-1] if flip else array))
            if "audio" in media and row["audio"] is not None:
                windows.append(self.windows(row["audio"], sampling_rate))
        out: dict[str, Any] = (
            self._encode_training(prompts, answer) if answer is not None else self._encode(prompts)
        )
        if pixels:
            out["pixel_values"] = torch.stack(pixels)  # (R, T, 3, 224, 224)
        if frame_pixels:
            out["frame_pixel_values"] = torch.stack(frame_pixels)
        if windows:
            out["input_values"] = torch.from_numpy(
                normalize(np.stack(windows), audio_normalization)
            )  # (R, K, 32000)
        return BatchFeature(out, tensor_type=return_tensors)

    # ---- words

    def mode_for(self, frames=None, faces=None, audio=None, subtitle=None, **_: Any) -> str:
        """Return the checkpoint's mode when its media are there, else the official mode for what is there."""
        given = {"frame": frames, "face": faces, "audio": audio}
        present = {name for name, medium in given.items() if medium is not None}
        if present - {"audio"} and not (present - {"audio"}) & set(media_of(self.mode)):
            log.warning("this checkpoint was trained on other pictures: its mode is %s", self.mode)
        if set(media_of(self.mode)) <= present:
            return self.mode
        picture = next(
            (name for name in (*media_of(self.mode), "face", "frame") if name in present - {"audio"}), ""
        )
        if picture and "audio" in present:
            return picture
        alone = picture or ("audio" if "audio" in present else "")
        if not alone:
            return "textonly"
        return f"{alone}_text" if subtitle else f"{alone}only"

    def prompt(self, question: str, subtitle: str | None = None, mode: str | None = None) -> str:
        """Return the prompt of an official mode; an absent subtitle is an empty one, as officially."""
        text = _prompt(mode or self.mode)
        for token in PLACEHOLDERS.values():
            text = text.replace(token, token * self.num_query_tokens)
        words = {"{subtitle}": self._harmless(subtitle or ""), "{question}": self._harmless(question)}
        for name, value in words.items():
            before, found, after = text.rpartition(name)
            text = before + value + after if found else text
        return text

    def _harmless(self, text: str) -> str:
        """A placeholder or a turn mark in somebody's words must stay words."""
        for token in self.tokenizer.all_special_tokens + list(PLACEHOLDERS.values()):
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _encode(self, prompts: list[str]) -> dict[str, torch.Tensor]:
        """Prompts without bos, as officially at inference; padded on the left, so that all end together."""
        ids = [torch.tensor(self._ids(prompt)) for prompt in prompts]
        return {
            "input_ids": _pad(ids, self.tokenizer.pad_token_id, left=True),  # (B, L)
            "attention_mask": _pad([torch.ones_like(row) for row in ids], 0, left=True),
        }

    def _encode_training(self, prompts: list[str], answer: str | Sequence[str]) -> dict[str, torch.Tensor]:
        answers = [answer] * len(prompts) if isinstance(answer, str) else list(answer)
        if len(answers) != len(prompts):
            raise ValueError(f"{len(answers)} answers were given for {len(prompts)} prompts")
        tokenizer, ids, labels = self.tokenizer, [], []
        for prompt, text in zip(prompts, answers, strict=True):
            asked = [tokenizer.bos_token_id, *self._ids(prompt)]
            told = [*self._ids(self._harmless(text) + STOP), tokenizer.eos_token_id]
            ids.append(torch.tensor(asked + told))
            labels.append(torch.tensor([-100] * len(asked) + told))
        input_ids = _pad(ids, tokenizer.pad_token_id, left=False)
        return {
            "input_ids": input_ids,
            # officially the true eos is masked as well, because padding is the eos; it stays a label
            "attention_mask": (input_ids != tokenizer.pad_token_id).long(),
            "labels": _pad(labels, -100, left=False),
        }

    def answers(self, ids: torch.Tensor | Sequence[Sequence[int]]) -> list[str]:
        """Return the answers in generated ids (B, L), cut as officially (conversation_video.py:262-282)."""
        bos, eos = self.tokenizer.bos_token, self.tokenizer.eos_token
        out = []
        for text in self.tokenizer.batch_decode(ids, skip_special_tokens=False):
            if bos in text:
                text = text.split(bos)[1]
            text = text.split(eos)[0]
            if STOP in text:
                text = text.rpartition(STOP)[0]
            out.append(text.split("Assistant:")[-1].strip())
        return out

    # ---- pictures

    def pixels(self, pictures) -> torch.Tensor:
        """Return what CLIP takes, float32 (T, 3, 224, 224), of uint8 pictures (any T, H, W, 3), colours kept.

        Bit-equal to the old CLIP processor: scaled in float64, then normalised in float32.
        """
        pictures = self.sample(np.asarray(pictures))  # (8, 224, 224, 3)
        scaled = (pictures.astype(np.float64) * (1 / 255)).astype(np.float32)
        normal = (scaled - np.array(CLIP_MEAN, np.float32)) / np.array(CLIP_STD, np.float32)
        return torch.from_numpy(normal.transpose(0, 3, 1, 2).copy())  # (8, 3, 224, 224)

    def sample(self, pictures: np.ndarray) -> np.ndarray:
        """Return eight pictures uint8 (8, 224, 224, 3): indices floor(i * len / n), the last one repeated.

        Official video_processor.py:29-102, with OpenCV's bilinear resize as for faces. Frames of another size
        lose the official decoder's own scaling: take those that `load_clip` gives.
        """
        if pictures.ndim != 4 or pictures.shape[-1] != 3 or not len(pictures) or pictures.dtype != np.uint8:
            raise ValueError(
                f"pictures are uint8 (T, H, W, 3) with T > 0, not {pictures.dtype} {pictures.shape}"
            )
        count = min(self.num_frames, len(pictures))
        index = [i * len(pictures) // count for i in range(count)]
        chosen = pictures[index + [index[-1]] * (self.num_frames - count)]
        if chosen.shape[1:3] == (IMAGE_PX, IMAGE_PX):
            return chosen
        try:
            import cv2
        except ImportError as error:
            raise ImportError("resizing pictures needs OpenCV: pip install opencv-python-headless") from error
        return np.stack([cv2.resize(np.ascontiguousarray(one), (IMAGE_PX, IMAGE_PX)) for one in chosen])

    # ---- sound

    def windows(self, audio, sampling_rate: int = SAMPLE_RATE_HZ) -> np.ndarray:
        """Return 8 windows of 2 s, float32 (8, 32000), each without its mean, of sound (S,) or (C, S).

        Official ImageBind/data.py:170-214: resampled before channels are averaged, padded on the right to one
        window; the positions are pytorchvideo's exact fractions. The mean goes because the unused mel
        transform removes it in place (data.py:30).
        """
        wave = torch.as_tensor(np.asarray(audio), dtype=torch.float32)
        if wave.ndim not in (1, 2) or not wave.numel() or not torch.isfinite(wave).all():
            raise ValueError(f"audio is finite sound (S,) or (C, S) with S > 0, not {tuple(wave.shape)}")
        if wave.ndim == 2 and wave.shape[0] > wave.shape[1]:
            raise ValueError(f"audio is (C, S), channels first, not {tuple(wave.shape)}")
        if sampling_rate != SAMPLE_RATE_HZ:
            try:
                from torchaudio.functional import resample
            except ImportError as error:
                raise ImportError("resampling sound needs torchaudio: pip install torchaudio") from error
            wave = resample(wave, sampling_rate, SAMPLE_RATE_HZ)
        wave = wave.mean(0) if wave.ndim == 2 else wave  # (S,)
        size = int(self.clip_seconds * SAMPLE_RATE_HZ)
        wave = torch.nn.functional.pad(wave, (0, max(0, size - len(wave))))
        spare_s = max(len(wave) / SAMPLE_RATE_HZ - self.clip_seconds, 0)
        step_s = Fraction(spare_s) / self.num_audio_clips  # by 8, not 7: the end is never heard
        starts = [int(step_s * i * SAMPLE_RATE_HZ) for i in range(self.num_audio_clips)]
        return torch.stack(
            [wave[start : start + size] - wave[start : start + size].mean() for start in starts]
        ).numpy()


def normalize(windows: np.ndarray, over: str = "clip") -> np.ndarray:
    """Return windows (R, K, N) with mean 0 and variance 1 over each clip's K windows, or the whole batch.

    Officially wav2vec2's feature extractor gets (R * K, N), takes it for one sound and normalises it jointly
    (encoder.py:425): at inference R is 1, so "clip"; in training "batch".
    """
    if over not in ("clip", "batch"):
        raise ValueError(f"audio_normalization is 'clip' or 'batch', not {over!r}")
    flat = windows.reshape(-1, windows.shape[-1])  # (R * K, N)
    blocks = [flat] if over == "batch" else windows
    out = [(block - block.mean()) / np.sqrt(block.var() + VARIANCE_FLOOR) for block in blocks]
    return np.concatenate(out).reshape(windows.shape)


def _rows(**given) -> list[dict[str, Any]]:
    """One dict per row; a value that is no list serves every row."""
    lengths = {name: len(value) for name, value in given.items() if isinstance(value, (list, tuple))}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(f"lists of a batch have the same length, not {lengths}")
    count = next(iter(lengths.values()), 1)
    spread = {name: value if name in lengths else [value] * count for name, value in given.items()}
    return [{name: value[i] for name, value in spread.items()} for i in range(count)]


def _pad(rows: list[torch.Tensor], value: int, *, left: bool) -> torch.Tensor:
    size = max(len(row) for row in rows)
    sides = [((size - len(row), 0) if left else (0, size - len(row))) for row in rows]
    pad = torch.nn.functional.pad
    return torch.stack([pad(row, side, value=value) for row, side in zip(rows, sides, strict=True)])  # (B, L)
