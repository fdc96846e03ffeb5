"""Judges of EMER's clue overlap and label overlap: callables, pairs in, judgements out."""

from __future__ import annotations

from typing import Any

from ..media.sniff import shown_name
from ..schema import AffectError
from .chat import Chat, ChatJudge
from .embedded import EmbeddedJudge
from .endpoint import endpoint_judge
from .judgement import Aspect, Judge, Judgement, Pair

JUDGES = ("embedded", "affectgpt", "openai:MODEL", "https://HOST/v1#MODEL")

__all__ = [
    "JUDGES",
    "Aspect",
    "Chat",
    "ChatJudge",
    "EmbeddedJudge",
    "Judge",
    "Judgement",
    "Pair",
    "endpoint_judge",
    "load_judge",
]


def load_judge(name: str = "embedded", *, chat: Chat | None = None, model: str = "", **options: Any) -> Judge:
    """Return the judge called `name`, one of `JUDGES`.

    chat, model: `AffectGPTEngine.chat` and the name of its weights, for "affectgpt" (the base language model
    of a loaded AffectGPT, its adapter off). options: those of `endpoint_judge`, for the last two; with
    "openai:..." `base_url` is one of them. Raises AffectError for another name and when something is missing.
    """
    if name == "embedded":
        return EmbeddedJudge()
    if name == "affectgpt":
        if chat is None:
            raise AffectError(
                "The judge affectgpt needs weights: name them with --model.",
                "评判方式 affectgpt 需要模型权重：请用 --model 指定。",
            )
        return ChatJudge(chat, "affectgpt-base", settings={"model": model, "temperature": 0})
    if name.startswith("openai:") and name != "openai:":
        return endpoint_judge(name.removeprefix("openai:"), **options)
    address, mark, served = name.partition("#")
    if address.startswith(("http://", "https://")):
        if not (mark and served):
            raise AffectError(
                "The judge's address does not say which model to ask: put #MODEL behind it.",
                "评判地址没有说明使用哪个模型：请在其后加上 #模型名。",
            )
        return endpoint_judge(served, **{**options, "base_url": address})
    raise AffectError(
        f"There is no judge {shown_name(name)}: choose one of {', '.join(JUDGES)}.",
        f"没有评判方式“{shown_name(name)}”：请选择 {'、'.join(JUDGES)}。",
    )
