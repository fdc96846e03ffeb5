"""Gives a Space mediapipe 0.10.21: installs it when first needed, since requirements.txt cannot name it.

Its dependency list asks for numpy < 2, which contradicts ours, though it runs with numpy 2 (tried: Python
3.11 and 3.12.1, numpy 2.5). A Space installs requirements.txt alone, where no line can refuse a dependency
list, and before the repository's files are there. Later releases dropped that bound, but carry no models and
put another OpenCV over ours. So pip fetches the one wheel, about 36 MB, checked by its sha256, without that
list, into a folder of its own at the end of `sys.path`. Elsewhere than on a Space nothing is fetched.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

NAME, VERSION = "mediapipe", "0.10.21"
SHA256 = {  # of the wheels for Linux on x86-64, as PyPI tells them
    "cp311": "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    "cp312": "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5",
}
SPACE = "SPACE_ID"  # set on a Hugging Face Space
PATIENCE_S = 120.0  # that the download may take; a visitor may be waiting

log = logging.getLogger(__name__)
_lock = threading.Lock()
_failed: str | None = None  # why it could not be had: asked once in a process


def provide() -> None:
    """On a Space without mediapipe install it, or find what an earlier start installed; else do nothing.

    Raises ImportError with the reason, in this process's later calls again without another attempt.
    """
    global _failed
    if not os.environ.get(SPACE) or importlib.util.find_spec(NAME):
        return
    with _lock:
        if importlib.util.find_spec(NAME):  # another thread was faster
            return
        if _failed is None:
            try:
                sys.path.append(str(_installed()))  # the end: it must hide nothing
                importlib.invalidate_caches()
                return
            except subprocess.TimeoutExpired:
                _failed = f"{NAME} was not installed within {PATIENCE_S:.0f} s"
            except RuntimeError as error:
                _failed = str(error)
            except OSError as error:  # no folder may be made, or there is no room; its own words name paths
                _failed = f"{NAME} was not installed: {error.strerror or type(error).__name__}"
        raise ImportError(_failed)


def _installed() -> Path:
    """Return the folder that holds the library; it comes into being whole or not at all."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    if tag not in SHA256:
        raise RuntimeError(f"{NAME} {VERSION} has no wheel for {tag}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "affectgpt"
    folder = cache / f"{NAME}-{VERSION}-{tag}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    log.info("installing %s %s", NAME, VERSION)
    with tempfile.TemporaryDirectory(dir=cache, prefix="new-") as work:
        wanted, made = Path(work, "wanted.txt"), Path(work, "made")
        wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{SHA256[tag]}\n", encoding="utf-8")
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-compile", "--no-input"]
        run = subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *options,
             "--target", str(made), "--requirement", str(wanted)],
            capture_output=True, text=True, errors="replace", timeout=PATIENCE_S,
        )  # fmt: skip
        if run.returncode:
            log.warning("%s was not installed: %s", NAME, run.stderr.strip()[-2000:])
            raise RuntimeError(f"pip could not install {NAME} {VERSION}")
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder
