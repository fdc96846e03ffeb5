"""Several questions about one clip answered in one batch, row by row and token by token."""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from ..model.configuration_affectgpt import STOP

SECOND_END = "<|endoftext|>"  # of Qwen, which ends a row as well, and which the official cut forgets
ENOUGH = 20  # characters per token, at most, in a subtitle that is to be cut
CUT = " … "  # where the middle of a subtitle was
# A tail that may turn out to be the beginning of a mark that ends the answer, or half a character.
UNSURE = re.compile(r"\s*(?:#{1,2}|<(?:\|(?:i(?:m(?:_(?:e(?:n(?:d(?:\|)?)?)?)?)?)?)?)?|\ufffd+)?$")
TURN = "Assistant:"  # before an answer it is no part of it


@dataclass(frozen=True)
class Row:
    """One question to the model: what it is for, the official mode of its prompt, and the question."""

    purpose: str
    mode: str
    question: str


@dataclass(frozen=True)
class Answer:
    """What a row said: the text as officially cut, and for each of its characters the model's certainty."""

    text: str
    spans: tuple[tuple[int, int, float], ...]  # of each token: first and last character + 1, probability

    def certainty(self, start: int, end: int) -> float:
        """Return the geometric mean of the probabilities of the tokens that cover characters start..end.

        0.0 where no token does, or where one has no probability (the model's numbers overflowed).
        """
        touched = [p for first, last, p in self.spans if first < end and last > start]
        if not touched or not all(p > 0 for p in touched):
            return 0.0
        return min(math.exp(sum(map(math.log, touched)) / len(touched)), 1.0)


def answer_rows(
    model,
    processor,
    rows: list[Row],
    subtitle: str | list[str],
    features,
    tell: Callable[[str, int], None],
    **options: Any,
) -> list[Answer]:
    """Answer all rows in one `generate`; each stops at its own ### (however it was cut into tokens) or eos.

    subtitle, features (`AffectGPTFeatures`): of one clip, or one for each row. tell: gets each new piece of
    the first row's text, or "", with the number of tokens so far. options: those of generate.
    """
    prompts = processor(
        question=[row.question for row in rows], subtitle=subtitle or None, mode=[row.mode for row in rows]
    ).to(model.device)
    shared = {name: value.expand(len(rows), *value.shape[1:]) for name, value in features.items()}
    chances = Chances()
    steps = Steps(processor.tokenizer, chances, len(rows), tell)
    ids = model.generate(
        **prompts,
        **shared,
        logits_processor=LogitsProcessorList([chances]),
        stopping_criteria=StoppingCriteriaList([steps]),
        **options,
    )
    steps.end()
    texts = processor.answers(ids[:, prompts["input_ids"].shape[1] :])
    texts = [text.partition(SECOND_END)[0].rstrip() for text in texts]
    return [row.answer(text) for row, text in zip(steps.rows, texts, strict=True)]


def fitting(processor, rows: list[Row], subtitle: str, limit: int) -> str:
    """Return the subtitle, without its middle where the longest prompt would have over `limit` tokens."""

    def fits(text: str) -> bool:
        prompts = {processor.prompt(row.question, text, row.mode) for row in rows}
        return (
            max(len(processor.tokenizer(p, add_special_tokens=False)["input_ids"]) for p in prompts) <= limit
        )

    def kept(count: int) -> str:
        return (
            f"{subtitle[: count - count // 2].rstrip()}{CUT}{subtitle[len(subtitle) - count // 2 :].lstrip()}"
        )

    if len(subtitle) <= ENOUGH * limit and fits(subtitle):
        return subtitle
    low, high = 0, min(len(subtitle), ENOUGH * limit)  # characters that fit, that may not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(kept(middle)) else (low, middle)
    return kept(low) if low else ""


class Steps(StoppingCriteria):
    """Follows a batch while it is generated: tells the first row's text, ends each row at its own mark."""

    def __init__(self, tokenizer, chances: Chances, rows: int, tell: Callable[[str, int], None]):
        self.tell, self.chances = tell, chances
        self.rows = [RowText(tokenizer) for _ in range(rows)]
        self.told = self.tokens = 0

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.BoolTensor:
        """Take the newest token of every row, (rows, so far)[:, -1]; True (rows,) where one has ended."""
        newest = input_ids[:, -1]  # (rows,)
        for row, token, chance in zip(self.rows, newest.tolist(), self.chances.of(newest), strict=True):
            row.add(token, chance)
        self.tokens += 1
        self._tell(final=self.rows[0].ended)
        return torch.tensor([row.ended for row in self.rows], device=input_ids.device)

    def end(self) -> None:
        """Tell what was held back: the last token may come from the limit of tokens, not from a mark."""
        self._tell(final=True)

    def _tell(self, *, final: bool) -> None:
        text = self.rows[0].shown(final=final)
        self.tell(text[self.told :], self.tokens)
        self.told = max(self.told, len(text))


class RowText:
    """The text of one row as its tokens arrive, and which characters came from which token."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.ends, self.bos = (tokenizer.eos_token, SECOND_END), tokenizer.bos_token
        self.text, self.ended = "", False
        self.spans: list[tuple[int, int, float]] = []
        self.pending: list[tuple[int, float]] = []  # tokens that end in mid-character

    def add(self, token: int, chance: float) -> None:
        """Take a token and its probability; after the end of the row it is padding and left out."""
        if self.ended:
            return
        self.pending.append((token, chance))
        piece = self._rest()
        if not piece.endswith("\ufffd"):
            start, end = len(self.text), len(self.text) + len(piece)
            self.spans += [(start, end, known) for _, known in self.pending]
            self.text += piece
            self.pending.clear()
            near = self.text[-len(piece) - len(SECOND_END) :]
            self.ended = any(mark in near for mark in (STOP, *self.ends))

    def _rest(self) -> str:
        return self.tokenizer.decode([token for token, _ in self.pending], skip_special_tokens=False)

    def shown(self, *, final: bool) -> str:
        """Return what can be told by now; at last all of it, cut as by `processor.answers`.

        Two oddities of the official cut come too late for a text that is being read: from an answer with
        "Assistant:" or bos in its middle it drops what stands before. Here only one at the beginning goes.
        """
        text = self.text + self._rest()
        while (text := text.lstrip()).startswith((TURN, self.bos)):
            text = text.removeprefix(TURN if text.startswith(TURN) else self.bos)
        if not final and TURN.startswith(text):
            return ""
        for end in self.ends:
            text = text.partition(end)[0]
        if STOP in text:
            text = text.rpartition(STOP)[0]
        return text.rstrip() if final else UNSURE.sub("", text)

    def answer(self, text: str) -> Answer:
        """Find the tokens in the row's text as officially cut; what the cut took away has no span."""
        rest = self._rest()
        whole, spans = self.text + rest, list(self.spans)
        spans += [(len(self.text), len(whole), known) for _, known in self.pending]
        ends = [at for mark in (*self.ends, STOP) if (at := whole.rfind(mark)) >= 0]
        offset = max(whole.rfind(text, 0, min(ends, default=len(whole))), 0)
        moved = [(first - offset, last - offset, known) for first, last, known in spans]
        return Answer(text, tuple(span for span in moved if span[0] < len(text) and span[1] > 0))


class Chances(LogitsProcessor):
    """Remembers the distribution of each row's next token, until that token is known.

    It is the model's own: temperature and top-p come after it.
    """

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        self.logs = scores.float().log_softmax(-1)  # (rows, vocabulary)
        return scores

    def of(self, tokens: torch.LongTensor) -> list[float]:
        """Return the probability that each row's token (rows,) had."""
        return self.logs.gather(1, tokens[:, None].to(self.logs.device))[:, 0].exp().tolist()


@contextmanager
def interruptible(model: torch.nn.Module, check: Callable[[], None]) -> Iterator[None]:
    """Call `check` before every large step of this thread: a prompt alone can take a minute on a CPU."""
    owner = threading.get_ident()

    def hook(*_: Any) -> None:
        if threading.get_ident() == owner:
            check()

    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)
    hooks = [m.register_forward_pre_hook(hook) for m in model.modules() if isinstance(m, kinds)]
    try:
        yield
    finally:
        for handle in hooks:
            handle.remove()


def seed_of(seed: int, *parts: str | bytes) -> int:
    """Return a seed that belongs to this clip and these prompts, so that order and batch do not matter."""
    text = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return int.from_bytes(hashlib.sha256(b"%d\0" % seed + text).digest()[:7], "big")
