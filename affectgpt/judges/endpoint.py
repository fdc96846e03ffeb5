"""A judge behind any OpenAI-compatible endpoint: bounded in time, calls and tokens, and resumable."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ..schema import AffectError, Text
from .chat import ChatJudge
from .prompts import REPLY_SCHEMA, Conversation
from .replies import Replies, key_of

OPENAI = "https://api.openai.com/v1"
LOCAL = ("localhost", "127.0.0.1", "::1")
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "overlap", "strict": True, "schema": REPLY_SCHEMA},
}
PASSING = (408, 409, 429)  # and 5xx: worth another try
LOST_IN_A_ROW = 3  # conversations without an answer, after all tries: the endpoint is down
REFUSED = "refused by the endpoint, left away"  # an option in the settings
CODE = re.compile(r"[\w.-]{1,60}")  # a server's error code; its message may hold a part of the key


@dataclass(frozen=True)
class Limits:
    """What a run may take. Calls count each try; tokens are those that the endpoint reports.

    Calls under way end when a limit is reached, so tokens can go above it by `concurrency` answers.
    """

    max_calls: int = 3000
    max_tokens: int = 5_000_000
    concurrency: int = 4
    timeout_s: float = 60.0  # of one call
    tries: int = 5
    tries_s: float = 180.0  # of one conversation, with all its tries and waits
    wait_s: float = 1.0  # before the second try; doubles up to 30 s; `Retry-After` goes before it
    reply_tokens: int = 400


def endpoint_judge(
    model: str,
    base_url: str | None = None,
    key_env: str = "OPENAI_API_KEY",
    *,
    replies: str | Path | None = None,
    limits: Limits = Limits(),
    allow_http: bool = False,
) -> ChatJudge:
    """Return a judge that asks `model` at `base_url` (None: OpenAI). The key comes from the environment only.

    replies: JSONL file in which answers are kept and looked up first. A server on this machine needs no key.
    When a limit is reached, or the endpoint does not answer any more, the judge stops asking: what is
    missing has score None and the reason. Raises AffectError without a key, for an address that is not
    https (http only on this machine, or where `allow_http`), when the key or the model is refused, and when
    the endpoint never answered at all.
    """
    address = checked_address(base_url or OPENAI, allow_http=allow_http)
    key = os.environ.get(key_env, "").strip()
    if not key and urlsplit(address).hostname not in LOCAL:
        raise AffectError(
            f"There is no key for the judge: set the environment variable {key_env}.",
            f"没有评判模型的密钥：请设置环境变量 {key_env}。",
        )
    if not (key.isascii() and key.isprintable()):
        raise AffectError(
            f"The key in {key_env} holds characters that no key has: set it again.",
            f"环境变量 {key_env} 中的密钥含有无效字符：请重新设置。",
        )
    endpoint = Endpoint(model, address, key, Replies(replies), limits)
    name = f"openai:{model}" if address == OPENAI else f"{model}@{urlsplit(address).hostname}"
    return ChatJudge(endpoint, name, together=4 * limits.concurrency, settings=endpoint.settings)


def checked_address(base_url: str, *, allow_http: bool) -> str:
    """Return the address without a slash at its end. Raises AffectError when it is no safe web address."""
    try:
        url = urlsplit(base_url.strip())
        host, _ = url.hostname, url.port
    except ValueError:
        url, host = urlsplit(""), None
    if url.scheme not in ("http", "https") or not host or "@" in url.netloc or url.query or url.fragment:
        raise AffectError(
            "The judge's address is no plain web address: give one such as http://localhost:8000/v1, without "
            "a name, key or query in it.",
            "评判模型的地址无效：请给出形如 http://localhost:8000/v1 的地址，不含用户名、密钥或参数。",
        )
    if url.scheme == "http" and host not in LOCAL and not allow_http:
        raise AffectError(
            f"The judge at {host} would get texts and key unencrypted: use https, or allow http.",
            f"发往 {host} 的文本和密钥将不加密：请使用 https，或明确允许 http。",
        )
    return url.geturl().rstrip("/")


class Endpoint:
    """A `Chat` over HTTP. `settings` tells model, address, what the endpoint refused, and what was spent."""

    def __init__(self, model: str, address: str, key: str, replies: Replies, limits: Limits):
        import openai

        self.model, self.address, self.replies, self.limits = model, address, replies, limits
        self.local = urlsplit(address).hostname in LOCAL
        self.client = openai.OpenAI(
            api_key=key or "none",
            base_url=address,
            max_retries=0,  # ours count and end
            timeout=limits.timeout_s,
            # Texts go where the user sends them and nowhere else; this machine is not behind a proxy.
            http_client=openai.DefaultHttpxClient(trust_env=not self.local, follow_redirects=False),
        )
        self.options: dict[str, Any] = {
            "response_format": FORMAT,
            "temperature": 0,
            "max_tokens": limits.reply_tokens,
        }
        self.asked = {"model": model, **self.options}  # of each question, whatever is refused later
        self.settings: dict[str, Any] = {
            "model": model,
            "address": address,
            "temperature": 0,
            "response_format": "json_schema",
            "calls": 0,
            "tokens": 0,
            "reused": 0,
            "stopped": None,
        }
        self.stopped: Text | None = None
        self.answered, self.lost = False, 0
        self.lock = Lock()

    def __call__(self, conversations: Sequence[Conversation]) -> list[str | Text]:
        with ThreadPoolExecutor(self.limits.concurrency) as pool:
            return list(pool.map(self._one, conversations))

    def _one(self, messages: Conversation) -> str | Text:
        """Answer from the kept replies, else from the endpoint; a Text says why there is none."""
        key = key_of({"address": self.address, "messages": messages, **self.asked})
        if (known := self.replies.get(key)) is not None:
            answer, refused = known
            self._count(reused=1)
            self.settings.update(dict.fromkeys(refused, REFUSED))
            return answer
        answer = self._asked(messages)
        if isinstance(answer, str):
            self.answered, self.lost = True, 0
            refused = [name for name, value in self.settings.items() if value == REFUSED]
            self.replies.put(key, answer, refused)
        return answer

    def _asked(self, messages: Conversation) -> str | Text:
        import openai
        import tenacity

        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes),
            stop=tenacity.stop_after_attempt(self.limits.tries)
            | tenacity.stop_after_delay(self.limits.tries_s),
            wait=self._wait,
            reraise=True,
        )
        try:
            return tries(self._call, messages)
        except Stopped:
            return self.stopped
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise self._refused(
                f"The judge's endpoint refused the key ({_told(error)}): check the key and its rights.",
                f"评判模型的服务拒绝了密钥（{_told(error)}）：请检查密钥及其权限。",
            ) from None
        except openai.NotFoundError as error:
            raise self._refused(
                f"The judge's endpoint does not know {self.model} ({_told(error)}): check model and address.",
                f"评判服务中没有模型 {self.model}（{_told(error)}）：请检查模型名和地址。",
            ) from None
        except (openai.OpenAIError, NoCompletion) as error:
            return self._lost(error)

    def _call(self, messages: Conversation) -> str:
        """One call, and more of them while the endpoint refuses an option that we can do without."""
        import openai

        while True:
            self._spend()
            sent = dict(self.options)
            try:
                done = self.client.chat.completions.create(model=self.model, messages=messages, **sent)
                break
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._give_in(sent, error):
                    raise
            except ValueError:  # a body that is no JSON
                raise NoCompletion from None
        try:
            reply = done.choices[0].message.content
            reply = "" if reply is None else reply  # nothing where a model declines
        except (AttributeError, IndexError, KeyError, TypeError):
            raise NoCompletion from None
        if not isinstance(reply, str):  # a body that is JSON, or text, but no completion
            raise NoCompletion
        used = getattr(getattr(done, "usage", None), "total_tokens", None)
        if not isinstance(used, int):  # not told: no more tokens than characters
            used = len(reply) + sum(len(message["content"]) for message in messages)
        self._count(tokens=used)
        return reply

    def _give_in(self, sent: dict[str, Any], error: Any) -> bool:
        """Leave away the option that a refusal names, or else the format; False when nothing is left."""
        message = str(getattr(error, "message", ""))
        named = [name for name in ("max_tokens", "temperature") if name in sent and name in message]
        drop = named[0] if named else "response_format" if "response_format" in sent else None
        with self.lock:
            if drop and drop in self.options:
                value = self.options.pop(drop)
                if drop == "max_tokens":  # newer models count what they think, too
                    self.options["max_completion_tokens"] = value
                else:
                    self.settings[drop] = REFUSED
        return drop is not None

    def _spend(self) -> None:
        """Count a call, or stop where a limit is reached."""
        with self.lock:
            calls, tokens = self.settings["calls"], self.settings["tokens"]
            if calls >= self.limits.max_calls or tokens >= self.limits.max_tokens:
                self._stop(
                    f"The judge's limit is reached ({calls} calls, {tokens} tokens): raise it and run again.",
                    f"已达到评判的上限（{calls} 次调用，{tokens} 个词元）：请提高上限后再次运行。",
                )
            if self.stopped:
                raise Stopped
            self.settings["calls"] += 1

    def _lost(self, error: Exception) -> Text:
        """No answer after all tries. Once the endpoint looks down nothing more is asked."""
        told = _told(error)
        with self.lock:
            self.lost += 1
            if getattr(error, "code", None) == "insufficient_quota" or self.lost >= LOST_IN_A_ROW:
                self._stop(
                    f"The judge's endpoint does not answer ({told}): run again later.",
                    f"评判服务没有响应（{told}）：请稍后再次运行。",
                )
        if self.stopped and not self.answered and not len(self.replies):
            raise AffectError(self.stopped.en, self.stopped.zh)
        return Text(f"The judge's endpoint gave no answer ({told}).", f"评判服务没有给出回答（{told}）。")

    def _refused(self, en: str, zh: str) -> AffectError:
        with self.lock:
            self._stop(en, zh)  # those that wait their turn need not ask
        return AffectError(en, zh)

    def _stop(self, en: str, zh: str) -> None:
        self.stopped = self.stopped or Text(en, zh)
        self.settings["stopped"] = self.stopped.en

    def _count(self, **more: int) -> None:
        with self.lock:
            for name, value in more.items():
                self.settings[name] += value

    def _wait(self, state: Any) -> float:
        response = getattr(state.outcome.exception(), "response", None)
        try:
            asked = float(response.headers.get("retry-after", "")) if response is not None else 0.0
        except ValueError:
            asked = 0.0
        return min(30.0, max(asked, self.limits.wait_s * 2 ** (state.attempt_number - 1)))


class Stopped(Exception):
    """A limit was reached while a conversation waited for its turn."""


class NoCompletion(Exception):
    """The endpoint said yes and sent something else."""


def _passes(error: BaseException) -> bool:
    import openai

    if isinstance(error, openai.APIConnectionError | NoCompletion):  # time-outs, too
        return True
    if not isinstance(error, openai.APIStatusError) or error.code == "insufficient_quota":
        return False
    return error.status_code in PASSING or error.status_code >= 500


def _told(error: Exception) -> str:
    """A status and a code; never a message, which may repeat texts or a part of the key."""
    status, code = getattr(error, "status_code", None), getattr(error, "code", None)
    words = [f"HTTP {status}" if status else type(error).__name__]
    words += [code] if isinstance(code, str) and CODE.fullmatch(code) else []
    return ", ".join(words)
