"""Asks pip whether a Space's requirements fit together on the platform, without installing anything.

    python -m affectgpt.hub.resolve [DIR]

DIR: a bundle; without it one is made. It takes half a minute and a package index in reach (pip's own settings
say which). Wheels alone are looked at, for the Python and the gradio that the card of the bundle names; only
markers such as `python_version < "3.12"` are read by pip for the Python that runs this command.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ..schema import AffectError
from .bundle import bundle

GLIBC = range(5, 37)  # 2.5 to 2.36, the C library of the Space's Debian 12; a wheel is built for one of them
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in GLIBC]
PLATFORMS += ["manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64", "linux_x86_64"]
SHOWN = ("gradio", "spaces", "huggingface_hub", "numpy", "torch", "transformers", "opencv-python-headless")


def resolve(folder: Path) -> dict[str, str]:
    """Return package -> version of all that a Space with this folder would install.

    Raises AffectError when the requirements contradict each other, or the index cannot be reached.
    """
    from huggingface_hub import SpaceCard

    card = SpaceCard.load(folder / "README.md", ignore_metadata_errors=True).data
    platform = [f"gradio[oauth,mcp]=={card.sdk_version}", "spaces", "huggingface_hub"]  # what it adds itself
    with tempfile.TemporaryDirectory() as work:
        report = Path(work, "report.json")
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"),
                *("--dry-run", "--ignore-installed", "--no-input", "--only-binary=:all:"),
                *("--python-version", card.python_version, *(f"--platform={each}" for each in PLATFORMS)),
                *("--target", str(Path(work, "none")), "--report", str(report)),
                *("--requirement", "requirements.txt", *platform),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=folder,  # so that no message names a place on this machine
        )
        if run.returncode:
            lines = [line for line in run.stderr.splitlines() if "WARNING" not in line and line.strip()]
            print(*lines, sep="\n", file=sys.stderr)
            why = next((line.removeprefix("ERROR: ") for line in lines if "ERROR" in line), "no reason given")
            raise AffectError(
                f"The Space cannot be installed on Python {card.python_version} ({why[:200]}): mend "
                "requirements.txt, or let pip reach its index.",
                f"Space 无法在 Python {card.python_version} 上安装（{why[:200]}）：请修正 requirements.txt，"
                "或确认 pip 可以访问软件包索引。",
            )
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {each["metadata"]["name"]: each["metadata"]["version"] for each in found}


def main() -> None:
    """Ask about the bundle that is named, or about a new one; print what it would install."""
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m affectgpt.hub.resolve", description=about)
    parser.add_argument("dir", nargs="?", type=Path, help="a bundle; without it one is made")
    given = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as work:
            if given.dir is None:
                bundle(Path(work), "trial/affectgpt")
            found = resolve(given.dir or Path(work))
    except AffectError as error:
        sys.exit(str(error))
    print(f"{len(found)} packages:", ", ".join(f"{name} {found[name]}" for name in SHOWN if name in found))


if __name__ == "__main__":
    main()
