"""A language model as a judge: any callable that answers conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..schema import Text
from . import prompts
from .judgement import LOWEST, Judgement, Pair
from .prompts import Conversation

# Conversations in, their answers out, in their order; a Text says why there is no answer.
Chat = Callable[[list[Conversation]], Sequence[str | Text]]
TOGETHER = 8  # conversations in one call
NO_MARK = Text("No usable mark, also when asked again: {}", "再次询问后仍没有可用的分数：{}")
NO_REFERENCE = Text("The reference is empty.", "参考为空。")
NO_PREDICTION = Text("The prediction is empty.", "预测为空。")


class ChatJudge:
    """Marks by a language model: one question for each pair, and one more where the answer cannot be read.

    Marks are whole or half numbers, 1 to 10. Nothing else becomes a mark: a second unusable answer gives
    score None and the reason. `chat` should be greedy, since the same pairs shall get the same marks.
    """

    def __init__(
        self, chat: Chat, name: str, *, together: int = TOGETHER, settings: dict[str, Any] | None = None
    ):
        """chat: takes at most `together` conversations in a call. settings: shown in reports, kept by
        reference, so that a chat may add to it."""
        self.chat, self.name, self.together = chat, name, together
        self.settings = settings if settings is not None else {}
        self.settings["prompts"] = prompts.VERSION

    def __call__(self, pairs: Sequence[Pair]) -> Iterator[Judgement]:
        """Judge in groups of `together`; an empty reference or prediction needs no model."""
        for start in range(0, len(pairs), self.together):
            some = pairs[start : start + self.together]
            known = [_settled(pair) for pair in some]
            made = self._judge([pair for pair, each in zip(some, known, strict=True) if each is None])
            yield from (each or next(made) for each in known)

    def _judge(self, pairs: list[Pair]) -> Iterator[Judgement]:
        asked = [prompts.ask(pair) for pair in pairs]
        replies = list(self.chat(asked)) if asked else []
        found = [_read(reply) for reply in replies]
        again = [
            at
            for at, (reply, each) in enumerate(zip(replies, found, strict=True))
            if isinstance(reply, str) and isinstance(each, Text)
        ]
        repairs = [prompts.ask_again(asked[at], replies[at], found[at], pairs[at].language) for at in again]
        for at, reply in zip(again, self.chat(repairs) if repairs else [], strict=True):
            replies[at], found[at] = reply, _read(reply)
            if isinstance(reply, str) and isinstance(found[at], Text):
                found[at] = Text(NO_MARK.en.format(found[at].en), NO_MARK.zh.format(found[at].zh))
        for at, (pair, reply, each) in enumerate(zip(pairs, replies, found, strict=True)):
            yield _judgement(pair, reply, each, again=at in again)


def _settled(pair: Pair) -> Judgement | None:
    """The judgement of a pair in which one side says nothing; None where a model is needed."""
    sides = [(pair.reference, pair.reference_labels), (pair.predicted, pair.predicted_labels)]
    empty = [
        not labels if pair.aspect == "label" and labels is not None else not text.strip()
        for text, labels in sides
    ]
    if empty[0]:
        return Judgement(pair.name, pair.aspect, None, NO_REFERENCE)
    return Judgement(pair.name, pair.aspect, LOWEST, NO_PREDICTION) if empty[1] else None


def _read(reply: str | Text) -> prompts.Reply | Text:
    return reply if isinstance(reply, Text) else prompts.read_reply(reply)


def _judgement(pair: Pair, reply: str | Text, found: prompts.Reply | Text, *, again: bool) -> Judgement:
    details: dict[str, Any] = {"asked_again": again, "shortened": prompts.shortened(pair)}
    if isinstance(reply, str):
        details["official_parse"] = prompts.official_score(reply)
        details["reply"] = reply[: prompts.MAX_REPLY]
    if isinstance(found, Text):
        return Judgement(pair.name, pair.aspect, None, found, details)
    return Judgement(pair.name, pair.aspect, found.score, Text(found.reason, found.reason), details)
