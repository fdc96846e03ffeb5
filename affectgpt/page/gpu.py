"""A GPU that is only lent, for seconds (ZeroGPU): one entry, into which a clip goes and from which an answer
comes, both as values that can be pickled."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..crops import chosen
from ..engine import Engine
from ..relay import TURN
from ..schema import AffectError, Clip, Face, Faces, Language, Text

LONGEST_S = 110  # an anonymous visitor has 120 s a day
START_S, PER_CLIP_S, TOKENS_PER_S = 12, 0.9, 12  # first values: to be calibrated on the card itself

QUOTA = Text(
    "The time on a shared GPU that a visitor gets for a day is used up{left}: choose the signal engine or an "
    "example, which need no GPU, give a shorter clip{wait}, or duplicate the Space.",
    "访客当天可用的共享 GPU 时间已用完{left}：请选择信号引擎或示例（无需 GPU）、换用更短的片段{wait}，"
    "或复制此 Space。",
)
LEFT = Text(" ({asked} s wanted, {left} s left)", "（需要 {asked} 秒，剩余 {left} 秒）")
WAIT = Text(", wait {time}", "、等待 {time}")
TOLD = {  # what the titles of the library's errors mean
    "quota exceeded": (Text("GPU time used up", "GPU 时间已用完"), QUOTA),
    "illegal duration": (
        Text("Too long for the shared GPU", "超出共享 GPU 的时限"),
        Text(
            "This run would take longer on the shared GPU than one run may: give a shorter clip, or choose "
            "the signal engine.",
            "本次运行会超出共享 GPU 单次运行的时限：请换用更短的片段，或选择信号引擎。",
        ),
    ),
    "queue timeout": (
        Text("No GPU is free", "暂无空闲 GPU"),
        Text(
            "No shared GPU has become free in time: try again in a minute, or choose the signal engine or an "
            "example, which need none.",
            "等待共享 GPU 超时：请一分钟后再试，或选择无需 GPU 的信号引擎或示例。",
        ),
    ),
    "pending credits": (
        Text("Too much at once", "同时运行过多"),
        Text(
            "Your other runs on shared GPUs have taken all your credits: wait until one of them has ended.",
            "您在共享 GPU 上的其他任务已占满额度：请等待其中一项完成。",
        ),
    ),
    "task aborted": (
        Text("The GPU was taken away", "GPU 被收回"),
        Text(
            "The run took longer than was asked for, or the shared GPU failed: give a shorter clip and try "
            "again, or choose the signal engine.",
            "本次运行超出申请的时长，或共享 GPU 出错：请换用更短的片段重试，或选择信号引擎。",
        ),
    ),
    "client error": (
        Text("No GPU to be had", "无法取得 GPU"),
        Text(
            "The shared GPUs cannot be reached now: reload the page and try again, or choose the signal "
            "engine.",
            "目前无法连接共享 GPU：请刷新页面后再试，或选择信号引擎。",
        ),
    ),
}  # fmt: skip


def seconds(clip: Clip, language: Language, settings: dict[str, Any], max_new_tokens: int = 512) -> int:
    """Return for how many seconds a GPU is asked for: too many and the visitor's quota refuses the run."""
    written = settings.get("max_new_tokens", max_new_tokens) * (2 if language == "zh" else 1)  # translated
    return math.ceil(min(LONGEST_S, START_S + PER_CLIP_S * clip.duration_s + written / TOKENS_PER_S))


def lend(engine: Engine, gpu: Callable[..., Any] | None) -> Engine:
    """Return an engine whose work is done on a lent GPU; without one to lend, the same engine.

    gpu: the decorator `spaces.GPU`, which gives a function back as it is where there are no lent GPUs.
    """
    if gpu is None:
        return engine

    def answer(clip: Clip, language: Language, settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Runs in another process, whose errors lose their words on the way: so they are told as values."""
        chosen_engine = engine.with_settings(**settings) if settings else engine
        try:
            yield from chosen_engine.answer(clip, language)
        except AffectError as error:
            yield "refused", (error.text, error.title)

    def duration(clip: Clip, language: Language, settings: dict[str, Any]) -> int:
        usual = getattr(getattr(engine, "settings", None), "max_new_tokens", 0)
        return seconds(clip, language, settings, usual)

    entry = gpu(duration=duration)(answer)
    if entry is answer:
        return engine
    # the other process is a fork: a lock that is held in this one would never open there
    os.register_at_fork(after_in_child=TURN._at_fork_reinit)
    return Lent(engine, entry, gpu(engine.chat))


class Lent:
    """An AffectGPT behind the entry to a GPU."""

    def __init__(
        self, engine: Any, entry: Callable[..., Iterator], asked: Callable[..., Any], **changed: Any
    ):
        self.engine, self.entry, self.asked, self.changed = engine, entry, asked, changed
        self.name, self.why = engine.name, engine.why
        self.opened, self.settings = engine.opened, engine.settings

    @property
    def identity(self) -> dict[str, Any]:
        """What an answer depends on besides the clip and the question."""
        return self.engine.identity

    def with_settings(self, **changes: Any) -> Lent:
        """Return this engine with some of its settings changed. Raises AffectError for a wrong one."""
        changed = {**self.changed, **changes}
        other = Lent(self.engine, self.entry, self.asked, **changed)
        other.settings = self.engine.with_settings(**changed).settings  # outside the GPU, whose seconds count
        return other

    def answer(self, clip: Clip, language: Language) -> Iterator[tuple[str, Any]]:
        """Yield the answer of the engine (`Engine.answer`). Raises AffectError when no GPU can be had."""
        stream = self.entry(portable(clip, self.engine), language, self.changed)
        with readable(), closing(stream):
            for kind, value in stream:
                if kind == "refused":
                    text, title = value
                    raise AffectError(text.en, text.zh, title=title)
                yield kind, value

    def chat(self, messages: Any, **options: Any) -> Any:
        """Ask the base language model (`AffectGPTEngine.chat`). Raises AffectError when no GPU can be had."""
        with readable():
            return self.asked(messages, **options)


@contextmanager
def readable() -> Iterator[None]:
    """Let an error of the library that lends GPUs out as one that a visitor can read."""
    try:
        yield
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        raise told from None


def portable(clip: Clip, engine: Any) -> Clip:
    """Return the clip with no more than the engine looks at: all of it is copied to another process.

    Faces are looked for here, where time costs nothing, and only the pictures that are cropped go along.
    """
    from ..model.processing_affectgpt import media_of

    small = replace(clip, player_mp4=None)
    if not clip.has_picture:
        return small
    processor = engine.processor
    if "face" not in media_of(processor.mode):  # the eight frames are enough; one picture says there are any
        return replace(
            small, track=clip.track[:1].copy(), track_times_s=clip.track_times_s[:1], find_faces=None
        )
    found = clip.faces
    keep, people = np.zeros(1, int), ()
    if found.main is not None and len(rows := chosen(found.main, processor.num_frames)):
        face = found.main
        marks = None if face.landmarks is None else face.landmarks[rows]
        people = (Face(np.arange(len(rows)), face.boxes[rows], face.found[rows], marks),)
        keep = face.index[rows]
    known = Known(Faces(found.backend, people, lost=found.lost))
    return replace(small, track=clip.track[keep], track_times_s=clip.track_times_s[keep], find_faces=known)


@dataclass(frozen=True, eq=False)
class Known:
    """Finds the faces that were found before."""

    faces: Faces

    def __call__(self, clip: Clip) -> Faces:
        return self.faces


def explained(error: Exception) -> AffectError | None:
    """Return what an error of the library that lends GPUs means for a visitor; None for any other."""
    title, message = str(getattr(error, "title", "")), str(getattr(error, "message", error))
    if not title.startswith("ZeroGPU"):
        return None
    said = f"{title} {message}".casefold()
    kind = next((kind for kind in TOLD if kind in said), None)
    if "no gpu was available after" in said:  # which the library may call a quota
        kind = "queue timeout"
    if kind is None:  # the name of an error of ours: a bug
        return None
    name, text = TOLD[kind]
    asked = re.search(r"\((\d+)s requested vs\. (-?\d+)s left\)", message)
    wait = re.search(r"Try again in ([\d:]+)", message)
    left = LEFT.filled(asked=asked[1], left=max(0, int(asked[2]))) if asked else Text("", "")
    text = text.filled(left=left, wait=WAIT.filled(time=wait[1]) if wait else Text("", ""))
    return AffectError(text.en, text.zh, title=name)
