"""What the page stands: seconds to the first page and clue, many visitors at once, a browser that is killed.

Run: `python -m benchmarks.page [--users N] [--clips N] [--out FILE.json]` on a quiet machine, with Chromium.
The real `app.py` runs as a process of its own with the signal engine; clips are made here from an example.
Times are seconds of wall clock, as a visitor waits; memory is that of the server and its children.
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
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from .signal_engine import make_clip

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "happy_reunion.mp4"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--mute-audio"]
WAIT_S = 180
ENDED = ".ag-status.finished, .ag-status.failed"


@contextmanager
def server(folder: Path):
    """Run `app.py`; yields (process, address, seconds until the first page was there)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uploads = folder / "uploads"
    uploads.mkdir(mode=0o700)
    own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(uploads), "AFFECTGPT_MODEL": ""}
    began = time.perf_counter()
    with (folder / "server.log").open("w") as log:
        command = [sys.executable, "app.py"]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **own}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        while True:
            with suppress(OSError):
                urllib.request.urlopen(address, timeout=5).read()
                break
            if process.poll() is not None or time.perf_counter() - began > WAIT_S:
                raise SystemExit((folder / "server.log").read_text()[-2000:])
            time.sleep(0.02)
        yield process, address, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(30)


def memory_mb(process: int) -> float:
    """The resident memory of a process and of its children."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    for child in children:
        with suppress(OSError):
            total += memory_mb(int(child))
    return total


def opened(browser, address: str):
    """A visitor with a session of their own."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(WAIT_S * 1000)
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    return page


def press(page, clip: Path, words: str) -> float:
    """Upload a clip and press the button; return when."""
    if not page.is_checked("#ag-consent input"):
        page.check("#ag-consent input")
    page.set_input_files("#ag-clip input[type=file]", str(clip))
    page.wait_for_selector("#ag-clip video")
    page.fill("#ag-subtitle textarea", words)
    page.wait_for_timeout(1000)  # a press that follows faster is taken for a double one
    page.click("#ag-run")
    return time.perf_counter()


def switches(page, times: list[float], going) -> None:
    """Switch the language of an idle visitor while `going()`; note the seconds that each takes."""
    for turn in range(1000):
        if not going():
            return
        wanted, title = (("zh", "分析"), ("en", "Explain"))[turn % 2]
        began = time.perf_counter()
        page.click(f"#ag-language input[value={wanted}]", force=True)
        page.wait_for_selector(f"#ag-tab_explain-button:has-text('{title}')")
        times.append(time.perf_counter() - began)
        page.wait_for_timeout(150)


def one_run(browser, address: str, clip: Path) -> dict[str, float]:
    """How long a visitor waits for the first clue and for all, and another for a switch of the language."""
    visitor, other, times = opened(browser, address), opened(browser, address), []
    began, seen = press(visitor, clip, "I am so happy to see you."), {}

    def going() -> bool:
        for name, place in (("first clue", "#ag-clues li"), ("everything", ENDED)):
            if name not in seen and visitor.locator(place).count():
                seen[name] = time.perf_counter() - began
        return "everything" not in seen

    switches(other, times, going)
    ended = visitor.get_attribute(".ag-status", "class")
    visitor.close()
    other.close()
    return {**seen, "slowest switch meanwhile": max(times, default=0.0), "ended": ended}


def many(address: str, users: int, clips: list[Path]) -> dict[str, object]:
    """`users` at once, each with every clip and words of their own, through the public endpoint."""
    from gradio_client import Client, handle_file

    errors, mixed, waits, lock = [], [], [], threading.Lock()
    words = {(user, turn): f"quokka{user:02d}x{turn}" for user in range(users) for turn in range(len(clips))}

    def visitor(user: int) -> None:
        client = Client(address, verbose=False)
        for turn, clip in enumerate(clips):
            own = shutil.copy(clip, clip.with_name(f"{words[user, turn]}.mp4"))
            began = time.perf_counter()
            try:
                given = {"clip": handle_file(own), "subtitle": f"I love the {words[user, turn]}."}
                told = json.dumps(client.predict(**given, consent=True, api_name="/analyze"))
            except Exception as error:
                with lock:
                    errors.append(f"{type(error).__name__}: {error}"[:200])
                continue
            finally:
                Path(own).unlink()
            here = [word for word in words.values() if word in told]
            with lock:
                waits.append(time.perf_counter() - began)
                if here != [words[user, turn]]:
                    mixed.append((words[user, turn], here))

    began = time.perf_counter()
    threads = [threading.Thread(target=visitor, args=(user,)) for user in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    longest = max(waits, default=0.0)
    return {"answers": len(waits), "errors": errors, "mixed": mixed, "seconds": took, "longest wait": longest}


def killed(playwright, address: str, folder: Path, long: Path, short: Path) -> float:
    """Kill a browser in the middle of a run; return how long the worker is not free for who waits."""
    from gradio_client import Client, handle_file
    from gradio_client.utils import Status

    waiting = Client(address, verbose=False)
    command = [CHROMIUM, "--headless=new", *FLAGS, "--remote-debugging-port=0"]
    command += [f"--user-data-dir={folder / 'profile'}", "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        line = next(line for line in process.stderr if "DevTools listening on" in line)
        browser = playwright.chromium.connect_over_cdp(line.split()[-1])
        page = opened(browser, address)
        press(page, long, "Let me see.")
        page.wait_for_selector("#ag-clues li")
        job = waiting.submit(clip=handle_file(str(short)), consent=True, api_name="/analyze")
        while job.status().code in (Status.STARTING, Status.JOINING_QUEUE):
            time.sleep(0.05)
        assert job.status().code is Status.IN_QUEUE, "the long run was over too soon"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    began = time.perf_counter()
    while job.status().code is Status.IN_QUEUE:
        time.sleep(0.01)
    freed = time.perf_counter() - began
    job.result(WAIT_S)
    return freed


def left(folder: Path) -> list[str]:
    """What lies among the uploads beside the examples."""
    every = [path for path in (folder / "uploads").rglob("*") if path.is_file()]
    return [path.name for path in every if "examples" not in path.parts]


def measure(users: int, clips: int, runs: int) -> dict[str, object]:
    """Return all figures."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="page-bench-") as name:
        folder, found = Path(name), {}
        short = [folder / f"short{turn}.mp4" for turn in range(clips)]
        for turn, file in enumerate(short):
            make_clip(EXAMPLE, file, seconds=1 + turn, width=320, height=240)
        five, long = folder / "five.mp4", folder / "long.mp4"
        make_clip(EXAMPLE, five, seconds=5, width=1280, height=720)
        make_clip(EXAMPLE, long, seconds=60, width=640, height=360)
        with server(folder) as (process, address, first_s), sync_playwright() as playwright:
            found["first page"] = first_s
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            opened(browser, address).close()
            time.sleep(5)  # the page warms up by itself
            found["5 s clip"] = [one_run(browser, address, five) for _ in range(runs)]
            found["60 s clip"] = one_run(browser, address, long)
            rounds = []
            for _ in range(2):
                before = memory_mb(process.pid)
                rounds.append({**many(address, users, short), "MB before": before})
                rounds[-1]["MB after"] = memory_mb(process.pid)
            found["many"] = rounds
            time.sleep(1)
            of_pages = {"five", "long", "clip"}  # what the player of a page shows stays for minutes
            found["files left of the many"] = [x for x in left(folder) if not of_pages & {x.split(".")[0]}]
            found["worker free after a kill"] = killed(playwright, address, folder, long, short[0])
            browser.close()
            time.sleep(75)  # who has gone for a minute is forgotten
            found["files left of all"] = left(folder)
            found["MB at the end"] = memory_mb(process.pid)
    return found


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--clips", type=int, default=3, help="of each user")
    parser.add_argument("--runs", type=int, default=3, help="of the 5 s clip")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = measure(options.users, options.clips, options.runs)
    if options.out:
        options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    for name, value in found.items():
        for row in value if isinstance(value, list) and value else [value]:
            facts = row.items() if isinstance(row, dict) else [("", row)]
            shown = (f"{key} {one:.2f}" if isinstance(one, float) else f"{key} {one}" for key, one in facts)
            print(f"{name:26}", "   ".join(shown))


if __name__ == "__main__":
    main()
