"""Starts a bundle of the Space as the platform would, asks it about one example, and ends it.

    python -m affectgpt.hub.trial [DIR] [--python PATH]

DIR: a bundle; without it one is made. PATH: another interpreter, such as that of a fresh environment into
which the bundle's requirements.txt was installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..schema import AffectError, Text
from .bundle import bundle

REPO = "trial/affectgpt"
EXAMPLE = "happy_reunion"
START_S, END_S = 300.0, 20.0  # a cold start loads and may install; the page ends within 3 s
INHERITED = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")  # and what pip is told by PIP_...
LAST_LINES = 12  # of the log, told when it fails
STEPS = {
    "start": Text("start", "启动"),
    "answer": Text("answer", "回答"),
    "end": Text("end", "结束"),
}


def try_space(folder: Path, *, python: str = sys.executable, **environment: str) -> dict[str, Any]:
    """Run `app.py` of a copy of `folder` in an empty place and return what was seen.

    environment: the Space's variables, see `bundle.variables`. Returned: `start_s` until the page is well,
    `answer_s` of one call of /analyze, `end_s` after SIGTERM; `exit` code, `left` temporary files; `engine`,
    `faces` (how they were found), `provenance`, `labels` and number of `clues` of the answer; `files` and
    `bytes` of the bundle. Raises AffectError when it does not start, answer, or end.
    """
    if not (folder / "app.py").is_file():
        raise AffectError(
            f"{folder.name} holds no app.py: give a folder that `affectgpt push space` has put together.",
            f"{folder.name} 中没有 app.py：请给出由 `affectgpt push space` 组装的文件夹。",
        )
    files = [file for file in folder.rglob("*") if file.is_file()]
    with tempfile.TemporaryDirectory(prefix="space-") as place:
        app, home, temporary = (Path(place, name) for name in ("app", "home", "tmp"))
        shutil.copytree(folder, app)
        home.mkdir()
        temporary.mkdir()
        port = _free_port()
        own = {
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "SPACE_ID": REPO,
            "SYSTEM": "spaces",
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SSR_MODE": "false",
            "PYTHONUNBUFFERED": "1",
        }
        inherited = {k: v for k, v in os.environ.items() if k in INHERITED or k.startswith("PIP_")}
        with open(Path(place, "log"), "w+", encoding="utf-8", errors="replace") as log:
            began = time.monotonic()
            process = subprocess.Popen(
                [python, "app.py"],
                cwd=app,
                env={**inherited, **own, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                address = f"http://127.0.0.1:{port}"
                _step(log, STEPS["start"], lambda: _until_well(process, address))
                started = time.monotonic()
                answer = _step(log, STEPS["answer"], lambda: _ask(address, app))
                answered = time.monotonic()
                process.send_signal(signal.SIGTERM)
                code = _step(log, STEPS["end"], lambda: process.wait(END_S))
                ended = time.monotonic()
            finally:
                process.kill()
                process.wait()
        left = sorted(
            file.relative_to(temporary).as_posix() for file in temporary.rglob("*") if file.is_file()
        )
    provenance = answer["provenance"]
    return {
        "start_s": round(started - began, 1),
        "answer_s": round(answered - started, 1),
        "end_s": round(ended - answered, 1),
        "exit": code,
        "left": left,
        "engine": provenance["engine"],
        "faces": provenance.get("faces"),
        "provenance": provenance,
        "labels": [label["label"] for label in answer["labels"]],
        "clues": len(answer["clues"]),
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
    }


def _step(log: Any, name: Text, do: Callable[[], Any]) -> Any:
    """Do it; what the app printed goes to stderr if that fails, and the failure becomes one line."""
    try:
        return do()
    except Exception as error:
        log.seek(0)
        print(*log.read().splitlines()[-LAST_LINES:], sep="\n", file=sys.stderr)
        raise AffectError(
            f"The Space does not {name.en} ({type(error).__name__}): its last lines stand above.",
            f"Space 未能{name.zh}（{type(error).__name__}）：最后的输出见上方。",
        ) from error


def _until_well(process: subprocess.Popen, address: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as reply:
                if json.load(reply)["status"] == "ok":
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError


def _ask(address: str, app: Path) -> dict[str, Any]:
    from gradio_client import Client, handle_file

    clip = app / "examples" / f"{EXAMPLE}.mp4"
    words = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["subtitle"]
    client = Client(address, verbose=False)
    answer = client.predict(
        clip=handle_file(str(clip)), subtitle=words, language="en", consent=True, api_name="/analyze"
    )
    engine = answer["provenance"]["engine"]
    known = answer["labels"] and answer["clues"]  # the measured clues of this clip; tiny weights may be dumb
    if not engine or not answer["text"] or (engine == "signal" and not known):
        raise ValueError("an answer without text, labels, clues or engine")
    return answer


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def main() -> None:
    """Try the bundle that is named, or a new one; print what was seen."""
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m affectgpt.hub.trial", description=about)
    parser.add_argument("dir", nargs="?", type=Path, help="a bundle; without it one is made")
    parser.add_argument("--python", default=sys.executable, help="interpreter that runs it")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as work:
            if given.dir is None:
                bundle(Path(work), REPO)
            seen = try_space(given.dir or Path(work), python=given.python)
    except AffectError as error:
        sys.exit(str(error))
    provenance = seen.pop("provenance")
    for name, value in {**seen, **{key: provenance.get(key) for key in ("python", "libraries")}}.items():
        print(f"{name:10} {value}")


if __name__ == "__main__":
    main()
