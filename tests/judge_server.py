"""A small OpenAI-compatible server on this machine: it answers as told and remembers requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """One answer: a chat completion that says `text`, or an error, or a body as it is."""

    text: str = ""
    status: int = 200
    code: str | None = None  # of an error
    message: str = "no"
    body: bytes | None = None
    delay_s: float = 0.0
    tokens: int | None = 10
    headers: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        if self.body is not None:
            return self.body
        if self.status != 200:
            return json.dumps({"error": {"message": self.message, "code": self.code}}).encode()
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.text}}
        usage = {"prompt_tokens": 0, "completion_tokens": self.tokens, "total_tokens": self.tokens}
        reply = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        return json.dumps({**reply, "usage": usage if self.tokens is not None else None}).encode()


def mark(score: Any, reason: str = "because") -> Answer:
    return Answer(json.dumps({"score": score, "reason": reason}))


@dataclass
class Server:
    """`asked`: the bodies of the requests; `keys`: their Authorization headers; `together`: most at once."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    now: int = 0
    together: int = 0


@contextmanager
def judge_server(answer: list[Answer] | Callable[[dict[str, Any]], Answer]) -> Iterator[Server]:
    """Serve a list of answers, the last one again and again, or a function of the request's body."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                server.now += 1
                server.together = max(server.together, server.now)
                number = len(server.asked)
                server.asked.append(asked)
                server.keys.append(self.headers.get("authorization"))
            made = answer(asked) if callable(answer) else answer[min(number, len(answer) - 1)]
            time.sleep(made.delay_s)
            with lock:
                server.now -= 1
            body = made.to_bytes()
            try:
                self.send_response(made.status)
                for name, value in {"content-type": "application/json", **made.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the judge did not wait
                pass

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
