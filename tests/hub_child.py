"""The local Hub as a test sees it: a child process, and ways to fill and to break it without a client."""

import os
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

from hub_store import Store, forged_file, write_json

ROOT = Path(__file__).parents[1]


class Hub:
    """`url`, `root` (its folder), and what tests ask of it; publish, files and repo use no client."""

    def __init__(self, root: Path, *options: str):
        self.root, self.store, self.options, self.port = (
            Path(root),
            Store(root, "--no-lfs" not in options),
            options,
            0,
        )
        self.start()

    def start(self) -> None:
        """Start the server, on the same port when it ran before."""
        command = [
            sys.executable,
            "-m",
            "tests.hub_server",
            str(self.root),
            "--port",
            str(self.port),
            *self.options,
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.url = self.process.stdout.readline().strip().partition("=")[2]
        self.port = int(self.url.rpartition(":")[2])

    def stop(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def env(self, home: Path, token: str | None = "hf_local_writer") -> dict[str, str]:
        """Return the environment of a client in a child process, with all its caches below home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        own = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
        }
        own |= {"HF_HUB_CACHE": str(home / "hub"), "HF_DATASETS_CACHE": str(home / "datasets")}
        own |= {"HF_MODULES_CACHE": str(home / "modules"), "HF_TOKEN_PATH": str(home / "token")}
        for name in ("TRANSFORMERS_CACHE", "TRANSFORMERS_OFFLINE"):
            kept.pop(name, None)
        own |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return kept | own | ({"HF_TOKEN": token} if token else {})

    def publish(self, repo: str, folder: Path, kind="model", *, private=False, gated=False) -> str:
        """Make exactly the files of folder the next commit of main; return its sha."""
        return self.store.publish(repo, folder, kind, private=private, gated=gated)

    def repo(self, repo: str, kind: str = "model") -> dict:
        """Return private, gated, tags and branches (name -> commit), refs, discussions; or KeyError."""
        state = self.store.state(repo, kind)
        if state is None:
            raise KeyError(repo)
        return state | {"tags": state["refs"]["tags"], "branches": state["refs"]["heads"]}

    def files(self, repo: str, kind: str = "model", revision: str = "main") -> dict[str, bytes]:
        """Return path -> bytes. Raises KeyError when the repository or the revision is unknown."""
        return self.store.files(repo, kind, revision)

    def log(self) -> list[str]:
        """Return "METHOD /path STATUS" for each request, without its query, in the order of the answers.

        A connection that broke off has "broken" as its status, after the line of an answer that had begun.
        """
        log = self.root / "log.txt"
        return log.read_text(encoding="utf-8").splitlines() if log.is_file() else []

    def fault(self, path: str | None = None, **how) -> None:
        """Let requests misbehave whose path matches the regular expression; fault() ends it. One at a time.

        slow: bytes per second, both ways; cut: bytes of a body after which the connection breaks; status: of
        an error, with code as its X-Error-Code; method: a regular expression; times: of how many requests.
        """
        given = {"slow": None, "cut": None, "status": None, "code": None, "method": "", "times": None}
        if unknown := how.keys() - given:
            raise TypeError(f"unknown: {unknown}")
        rows = (
            [{"id": uuid.uuid4().hex, "path": path or "", **given, **how}] if path is not None or how else []
        )
        write_json(self.root / "faults.json", rows)

    def forge(self, repo: str, kind: str, entries: list[dict]) -> None:
        """Let the server claim these files over those that are there (made when missing); [] ends it.

        An entry has a path and any of size, sha256 (of a large file), oid, type. What is published under its
        path is sent for it, else zeros.
        """
        if self.store.state(repo, kind) is None:
            self.store.create(repo, kind)
        rows = [entry | ({"lfs": True} if "sha256" in entry else {}) for entry in entries]
        write_json(forged_file(self.root, repo, kind), rows)


@contextmanager
def running(root: Path, *options: str):
    """Run a local Hub in a child process until the end of the block."""
    hub = Hub(root, "--child", *options)
    try:
        yield hub
    finally:
        hub.stop()
