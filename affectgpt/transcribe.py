"""Subtitles when a visitor gives none: Whisper, where its weights are within reach, and why not elsewhere."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np

from .hub.fetch import model_folder
from .machine import GPU_SIGNS, LENT_GPU, ask_hub
from .recognition import Heard, Line, Transcript, Written, named, recognise
from .relay import TURN, Relay, streamed
from .schema import SAMPLE_RATE_HZ, AffectError, Clip, Text
from .weights import check_name, loading, shown_model

__all__ = ["Transcriber", "Transcript", "listening", "load_transcriber", "named", "planned"]
__all__ += ["transcribed", "why_no_transcriber"]

WHISPER = "AFFECTGPT_WHISPER"  # environment: Hub id, Hub id@commit or folder; "off": nothing is transcribed
SMALL = "openai/whisper-small@973afd24965f72e36ca33b3055d56a652f456b4d"  # 244 M parameters: on a CPU
LARGE = "openai/whisper-large-v3-turbo@41f01f3fe87f28c78e2fbf8b568835947dd65ed9"  # 809 M: on a GPU
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
SEED = 20250110  # of attempts at a temperature, so that a clip gets the same words each time
ASKED_AGAIN_S = 300.0  # after which a Hub that was out of reach is asked once more
NEW_TOKENS = 220  # of one window: half of Whisper's context, as its authors have it

OFF = Text("Transcription is switched off here: type the words.", "此处已关闭语音转写：请自行输入话语。")
LACKING = Text(
    "Transcription needs {packages}: pip install {packages}.",
    "语音转写需要 {packages}：请运行 pip install {packages}。",
)
OFFLINE = Text(
    "{model} is not in the cache, and HF_HUB_OFFLINE is set: type the words, or fetch the model first.",
    "缓存中没有 {model}，而 HF_HUB_OFFLINE 禁止下载：请自行输入话语，或先下载该模型。",
)
UNREACHABLE = Text(
    "{model} is not on this machine, and the Hugging Face Hub is out of reach: type the words, or give a "
    "subtitle file.",
    "本机没有 {model}，且无法连接 Hugging Face Hub：请自行输入话语，或提供字幕文件。",
)
NO_WORDS = Text("Not transcribed", "未能转写")  # title of an error
SILENT = Text("No speech was found in the sound.", "声音中没有找到说话声。")

_loading, _asking = threading.Lock(), threading.Lock()  # apart: who opens the page must not wait for weights
_loaded: dict[tuple[str, str | None, str], Transcriber] = {}
_asked: dict[str, tuple[float, Text | None]] = {}  # what the Hub's reach was, and when


class Transcriber:
    """A loaded Whisper: `transcriber(wave)` writes down what is said."""

    def __init__(self, model: Any, processor: Any, name: str, device: str):
        self.name, self.device = name, device
        self._whisper = Whisper(model, processor)

    def __call__(
        self, wave: np.ndarray, language: str | None = None, *, check: Callable[[], None] | None = None
    ) -> Transcript:
        """Return what is said in `wave` (S,) float32, mono sound at 16 kHz; no speech is a legal outcome.

        language: code such as "en" or "zh"; None finds out. `check` is called between the steps of the model
        and may raise, which ends the work. Raises AffectError for a language that the model does not know.
        """
        from .trained.generation import interruptible

        known = self._whisper.languages
        if language is not None and language not in known:
            raise AffectError(
                f"{self.name} does not know the language {language!r}: use a code such as en or zh, or none.",
                f"{self.name} 不支持语言“{language}”：请使用 en、zh 等代码，或不指定语言。",
                title=NO_WORDS,
            )
        watched = interruptible(self._whisper.model, check) if check else nullcontext()
        with TURN, watched:
            return recognise(np.asarray(wave, np.float32), self._whisper, language=language, model=self.name)


def load_transcriber(model: str | None = None, *, device: str | None = None) -> Transcriber:
    """Return the recogniser, loaded once for a process: from a folder, the cache or the Hub.

    model: Hub id, "id@commit" or folder; None takes `AFFECTGPT_WHISPER`, else whisper-small on a CPU and
    whisper-large-v3-turbo on a GPU, each at a known commit. Raises AffectError when it cannot be had.
    """
    why = why_no_transcriber(model)
    if why:
        raise AffectError(why.en, why.zh, title=NO_WORDS)
    import torch

    device = device or ("cuda" if _has_gpu() and torch.cuda.is_available() else "cpu")
    name, revision = _model(model)
    with _loading:
        if (name, revision, device) not in _loaded:
            _loaded[name, revision, device] = _load(name, revision, device)
        return _loaded[name, revision, device]


def listening(wave: np.ndarray, model: str | None = None) -> Iterator[tuple[str, Any]]:
    """Yield ("progress", {}) while the recogniser is loaded and listens, then ("transcript", Transcript).

    Closing stops it; only a download goes on, for whoever asks next. Raises what `load_transcriber` does.
    """

    def work(wire: Relay) -> None:
        wire.emit("transcript", load_transcriber(model)(wave, check=wire.check))

    return streamed(work, alone=False)  # a download is no reason for an engine to wait


def why_no_transcriber(model: str | None = None) -> Text | None:
    """Return why nothing can be transcribed here, None when it can. Cheap: no weights are touched.

    Where the weights are not on this machine, the Hub is asked, for at most three seconds and no more often
    than every five minutes.
    """
    if (model or os.environ.get(WHISPER)) == "off":
        return OFF
    packages = " ".join(name for name in ("torch", "transformers") if not util.find_spec(name))
    if packages:
        return LACKING.filled(packages=packages)
    name, revision = _model(model)
    try:
        check_name(name)
    except AffectError as error:
        return error.text
    if _is_here(name, revision):
        return None
    with _asking:
        when, why = _asked.get(name, (-ASKED_AGAIN_S, None))
        if time.monotonic() - when >= ASKED_AGAIN_S:
            hub, _ = ask_hub()
            reasons = {"reachable": None, "offline": OFFLINE, "unreachable": UNREACHABLE}
            why = reasons[hub].filled(model=shown_model(name)) if reasons[hub] else None
            _asked[name] = time.monotonic(), why
        return why


def planned(model: str | None = None) -> str:
    """Return the name of the weights that `load_transcriber` would take."""
    name, revision = _model(model)
    return _shown(name, revision)


def transcribed(clip: Clip, transcript: Transcript) -> Clip:
    """Return the clip with the words that were recognised; `media` and so the provenance name the model."""
    told = {"model": transcript.model, "language": transcript.language, "confidence": transcript.confidence}
    silent = () if transcript.cues else (SILENT,)
    return replace(
        clip,
        cues=transcript.cues,
        subtitle_source="asr" if transcript.cues else "none",
        media={**clip.media, "transcript": told},
        warnings=(*clip.warnings, *silent, *transcript.warnings),
    )


def _model(given: str | None) -> tuple[str, str | None]:
    """The name and the commit of the weights; only a Hub id has one."""
    name = given or os.environ.get(WHISPER) or (LARGE if _has_gpu() else SMALL)
    if Path(name).expanduser().is_dir():
        return str(Path(name).expanduser()), None
    name, _, revision = name.partition("@")
    return name, revision or None


def _has_gpu() -> bool:
    """Say whether there is a GPU to keep: one that is only lent for a call (ZeroGPU) holds no model."""
    return any(map(os.path.exists, GPU_SIGNS)) and not os.environ.get(LENT_GPU)


def _is_here(name: str, revision: str | None) -> bool:
    """Say whether the weights are in a folder or in the cache."""
    from huggingface_hub import try_to_load_from_cache

    if Path(name).is_dir():
        return True
    at = [isinstance(try_to_load_from_cache(name, file, revision=revision), str) for file in WEIGHTS]
    return any(at) and isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str)


def _load(name: str, revision: str | None, device: str) -> Transcriber:
    folder, _ = model_folder(name, revision=revision)
    with loading(name, local=True):
        import torch
        from transformers import WhisperForConditionalGeneration, WhisperProcessor

        processor = WhisperProcessor.from_pretrained(folder, trust_remote_code=False)
        dtype = torch.float32 if device == "cpu" else torch.float16
        model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=dtype).to(device).eval()
    if not getattr(model.generation_config, "lang_to_id", None):
        shown = shown_model(name)
        raise AffectError(
            f"{shown} knows English only: give a multilingual Whisper.",
            f"{shown} 只支持英语：请换用多语言 Whisper。",
            title=NO_WORDS,
        )
    return Transcriber(model, processor, _shown(name, revision), device)


def _shown(name: str, revision: str | None) -> str:
    return shown_model(name) + (f"@{revision[:8]}" if revision else "")


class Whisper:
    """`recognition.Listener` by transformers' model; never given a name of a file, only sound."""

    def __init__(self, model: Any, processor: Any):
        logging.getLogger("transformers.generation").setLevel(logging.ERROR)  # our settings are on purpose
        self.model, self.processor = model, processor
        self.settings = model.generation_config
        self.vocabulary = model.config.vocab_size
        self.codes = {token.strip("<|>"): number for token, number in self.settings.lang_to_id.items()}
        self.languages = frozenset(self.codes)
        self.first_time = self.settings.no_timestamps_token_id + 1

    def listen(self, wave: np.ndarray) -> Heard:
        """Encode a window (S,) and ask what would be written first: a language, or that nobody speaks."""
        import torch

        made = self.processor.feature_extractor(wave, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        sound = made.input_features.to(self.model.device, self.model.dtype)  # (1, mel, 3000)
        with torch.no_grad():
            encoded = self.model.get_encoder()(sound)  # (1, 1500, D)
            begin = torch.tensor([[self.settings.decoder_start_token_id]], device=sound.device)
            logits = self.model(encoder_outputs=encoded, decoder_input_ids=begin).logits[0, -1].float()
        codes = list(self.codes)
        chances = logits[[self.codes[code] for code in codes]].softmax(0).tolist()
        no_speech = logits.softmax(0)[self.settings.no_timestamps_token_id - 1].item()
        return Heard(dict(zip(codes, chances, strict=True)), no_speech, encoded)

    def write(self, heard: Heard, language: str, temperature: float) -> Written:
        """Write one window down in its own language, with times."""
        import torch

        with torch.no_grad(), torch.random.fork_rng(devices=self._gpus()):
            torch.manual_seed(SEED)
            out = self.model.generate(
                encoder_outputs=heard.encoded,
                language=language,
                task="transcribe",
                return_timestamps=True,
                temperature=temperature,
                condition_on_prev_tokens=False,
                force_unique_generate_call=True,
                return_dict_in_generate=True,
                output_scores=True,
                max_new_tokens=NEW_TOKENS,
            )
        tokens = out.sequences[0][-len(out.scores) :].tolist()
        chances = [
            (row[0].float() * (temperature or 1.0)).log_softmax(0)[token].item()
            for row, token in zip(out.scores, tokens, strict=True)
        ]
        tokens = [token for token in tokens if token != self.settings.eos_token_id]
        return Written(self._lines(tokens), tuple(tokens), sum(chances) / max(1, len(chances)))

    def _lines(self, tokens: list[int]) -> tuple[Line, ...]:
        """Cut at the times: each line stands between two of them."""
        lines: list[Line] = []
        start, words = 0.0, []
        for token in tokens:
            if token < self.first_time:
                words.append(token)
                continue
            time_s = (token - self.first_time) * 0.02  # a step of Whisper's clock
            if words:
                lines.append(Line(self._text(words), start, time_s))
            start, words = time_s, []
        if words:
            lines.append(Line(self._text(words), start, None))
        return tuple(line for line in lines if line.text)

    def _text(self, tokens: list[int]) -> str:
        return self.processor.tokenizer.decode(tokens, skip_special_tokens=True).strip()

    def _gpus(self) -> list[Any]:
        return [self.model.device] if self.model.device.type == "cuda" else []
