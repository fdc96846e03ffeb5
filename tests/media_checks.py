"""What the tests of files have in common: refusals, and a decoder whose process they change or watch."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from affectgpt.media import load_clip, sandbox
from affectgpt.schema import AffectError

ROOT = Path(__file__).parents[1]
SECONDS, MEGABYTES = 10, 1000  # what a hostile file may take


def refusal(path, **options) -> str:
    """The one line for a file that is refused; it must come in time and name no folder."""
    began = time.monotonic()
    with pytest.raises(AffectError) as caught:
        load_clip(path, **options)
    assert time.monotonic() - began < SECONDS
    for line in (caught.value.text.en, caught.value.text.zh):
        assert "\n" not in line
        assert "/" not in line, line
    assert caught.value.text.zh != caught.value.text.en
    return str(caught.value)


def patch_child(monkeypatch, lines: str) -> None:
    """Let the decoder's process run `lines` before it begins; `decode` is its module."""
    head = sandbox.CHILD_CODE.removesuffix("main()\n")
    monkeypatch.setattr(sandbox, "CHILD_CODE", f"{head}import affectgpt.decode as decode\n{lines}\nmain()\n")


def run_fresh(code: str, *arguments: object) -> None:
    """Run code in a fresh process, which must end well."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert run.returncode == 0, run.stderr


def child_peak_mb(monkeypatch, tmp_path, load) -> float:
    """Peak memory of the decoder's process while `load` runs."""
    report = tmp_path / "peak"
    patch_child(
        monkeypatch,
        "real = decode.read\ndef read(job, send):\n    try:\n        real(job, send)\n"
        f"    finally:\n        open({str(report)!r}, 'w').write(open('/proc/self/status').read())\n"
        "decode.read = read",
    )
    load()
    line = next(line for line in report.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
