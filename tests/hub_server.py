"""A small Hub on this machine, for tests and by hand: `python -m tests.hub_server DIR [--port N] [--no-lfs]`.

It speaks what the clients of huggingface_hub 2.4 ask: information, trees, downloads, commits, LFS uploads,
tags, branches, pull requests, and refuses as the Hub does. There is no xet storage: to send large files,
clients need HF_HUB_DISABLE_XET=1 or the server --no-lfs. Tokens: hf_local_writer may do everything,
hf_local_reader may read what is private.
Standard library only, but for PyYAML where front matter is read. What it keeps: hub_store.py.
"""

import argparse
import json
import os
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .hub_faults import Faults, Refused
from .hub_routes import answer
from .hub_store import Store

TOKENS = {None: "nobody", "hf_local_writer": "writer", "hf_local_reader": "reader"}
STEP = 1 << 16  # bytes sent or received at once


class Cut(Exception):
    """A connection that breaks off on purpose, or because the client has gone."""


class Handler(BaseHTTPRequestHandler):
    """One connection. Routes use store, role, query, base and body(), and answer with answer() or send()."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Store
    faults: Faults
    aloud = False
    lock = threading.RLock()  # of everything that writes

    def handle_any(self) -> None:
        url = urlsplit(self.path)
        self.route, self.query = url.path, parse_qs(url.query)
        self.base = f"http://{self.headers['Host']}"
        self.fault, self.unread = self.faults.of(self.command, unquote(url.path)), True
        try:
            try:
                if self.fault.get("status"):
                    raise Refused(self.fault["status"], "as told", self.fault["code"])
                self.role = self._role()
                answer(self)
            except Refused as refused:
                self.answer({"error": refused.message}, refused.status, refused.code, **refused.headers)
        except (Cut, ConnectionError):
            self.close_connection = True
            self.note("broken")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def _role(self) -> str:
        said = self.headers["Authorization"]
        token = said.removeprefix("Bearer ") if said else None
        if token not in TOKENS:
            raise Refused(401, "Invalid credentials in Authorization header")
        return TOKENS[token]

    def pieces(self):
        """Yield the body of the request. Raises Cut when it ends early or the fault says so."""
        self.unread, got = False, 0
        for piece in (
            self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._sized()
        ):
            got += len(piece)
            if self.fault.get("cut") is not None and got > self.fault["cut"]:
                raise Cut
            yield piece
            self._wait(len(piece))

    def _sized(self):
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, self._step()))
            if not piece:
                raise Cut
            left -= len(piece)
            yield piece

    def _chunked(self):
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            piece = self.rfile.read(size)
            if len(piece) < size or not self.rfile.readline():
                raise Cut
            yield piece
        self.rfile.readline()

    def _step(self) -> int:
        return max(1, min(STEP, (self.fault.get("slow") or 20 * STEP) // 20))

    def _wait(self, sent: int) -> None:
        if self.fault.get("slow"):
            time.sleep(sent / self.fault["slow"])

    def body(self) -> bytes:
        return b"".join(self.pieces())

    def json(self) -> dict:
        return json.loads(self.body() or b"{}")

    def answer(self, value, status: int = 200, code: str | None = None, **headers: str) -> None:
        """Answer with JSON; an error says its message and code in headers, too."""
        if status >= 400:
            headers |= (
                {"X-Error-Message": str(value.get("error")).replace("\n", " ")} if "error" in value else {}
            )
            headers |= {"X-Error-Code": code} if code else {}
        data = json.dumps(value).encode()
        self.send([data], len(data), status, **{"Content-Type": "application/json; charset=utf-8", **headers})

    def send(self, pieces, length: int, status: int = 200, **headers: str) -> None:
        """Answer with bytes, as fast and as far as the fault allows."""
        if self.unread:
            for _ in self.pieces():
                pass
        self.note(str(status))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        most = length if self.fault.get("cut") is None else min(length, self.fault["cut"])
        sent = 0
        for piece in pieces:
            for start in range(0, len(piece), self._step()):
                part = piece[start : start + self._step()][: most - sent]
                self.wfile.write(part)
                sent += len(part)
                self._wait(len(part))
                if sent == most < length:
                    raise Cut
        if sent < length:
            raise Cut

    def note(self, outcome: str) -> None:
        """Append what was asked and what came of it to the log."""
        line = f"{self.command} {unquote(self.route)} {outcome}"
        with self.lock, open(self.store.root / "log.txt", "a", encoding="utf-8") as log:
            log.write(line + "\n")
        if self.aloud:  # by hand
            print(line, flush=True)

    def log_message(self, *_) -> None:
        """Nothing on stderr for each request: note() does it."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hub_server", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what was published lies there; made when missing")
    parser.add_argument("--port", type=int, default=0, help="0 = any that is free")
    parser.add_argument(
        "--no-lfs", action="store_true", help="large files travel as others do, so that xet may stay enabled"
    )
    parser.add_argument("--child", action="store_true", help="say no requests; end with the standard input")
    asked = parser.parse_args(argv)
    Handler.store, Handler.aloud = Store(asked.folder, large=not asked.no_lfs), not asked.child
    Handler.faults = Faults(asked.folder)
    server = Server(("127.0.0.1", asked.port), Handler)
    print(f"export HF_ENDPOINT=http://127.0.0.1:{server.server_address[1]}")
    print("export HF_TOKEN=hf_local_writer")
    print(f"export HF_HOME={(asked.folder / 'client').resolve()}")
    print("export HF_HUB_DISABLE_TELEMETRY=1")
    if not asked.no_lfs:
        print("export HF_HUB_DISABLE_XET=1")
    sys.stdout.flush()
    if asked.child:  # a test that was killed leaves no server behind
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
