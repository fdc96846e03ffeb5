"""What the page tells about itself: engines, versions, limits and times, read where they are set."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...baseline import VERSION
from ...machine import versions
from ...media import limits_from_env
from ...media.subtitles import MAX_BYTES as MAX_SUBTITLE_BYTES
from ...reference import MAX_TEXT
from ...schema import Language, Text
from ...transcribe import planned, why_no_transcriber
from ...weights import shown_model
from .. import traces
from ..evaluate.evaluation import MAX_TABLE_MB
from ..look import DELETED_AFTER_MIN, MAX_FILE_MB, MAX_SUBTITLE_CHARS
from ..services import Services
from ..text import say

LIBRARIES = ("gradio", "numpy", "scipy", "av", "opencv-python-headless", "mediapipe")
TRAINED = ("torch", "transformers", "peft", "bitsandbytes", "huggingface_hub")
COMMIT, CONTACT, JUDGE = "AFFECTGPT_COMMIT", "AFFECTGPT_CONTACT", "AFFECTGPT_JUDGE"  # environment
SPACE = "SPACE_ID"  # set on a Hugging Face Space
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Facts:
    """What is true of this process.

    engines: (name, title, identity) of each. `rules`: the version of those of the signal engine. `speech`:
    the model that writes down what is said, `no_speech`: why there is none. `data`: what the EMER tab shows
    beside the examples: a Hub id, or the last part of a path. `judge`, `space`, `contact`: what
    the operator has named.
    """

    engines: tuple[tuple[str, Text, dict[str, Any]], ...]
    default: str
    program: str
    rules: str
    commit: str | None
    libraries: dict[str, str | None]
    speech: str
    no_speech: Text | None
    data: str | None
    judge: str | None
    space: str | None
    contact: str | None


def facts(services: Services) -> Facts:
    """Look now; but for the reach of the Hub, what is found holds as long as the process runs."""
    engines = services.engines
    names = [name for _, name in engines.choices("en")]
    trained = "affectgpt" in names
    return Facts(
        engines=tuple((name, engines.title(name), engines.identity(name)) for name in names),
        default=engines.default,
        program=sys.modules[__name__.partition(".")[0]].__version__,
        rules=VERSION,
        commit=commit(),
        libraries={
            "Python": platform.python_version(),
            **versions((*LIBRARIES, *(TRAINED if trained else TRAINED[:2]))),
        },
        speech=planned(),
        no_speech=why_no_transcriber(),
        data=shown_model(services.data) if services.data else None,
        judge=os.environ.get(JUDGE, "").strip() or None,
        space=_space(os.environ.get(SPACE, "")),
        contact=os.environ.get(CONTACT, "").strip() or None,
    )


def commit(root: Path = ROOT) -> str | None:
    """Return the commit that runs here: as the environment says, else as the checkout does, if it is one."""
    if given := os.environ.get(COMMIT, "").strip():
        return given[:12]
    try:
        head = (root / ".git" / "HEAD").read_text(encoding="utf-8").strip()
        if head.startswith("ref: "):
            file = root / ".git" / head[5:]
            packed = root / ".git" / "packed-refs"
            if file.exists():
                head = file.read_text(encoding="utf-8").strip()
            else:
                found = re.search(rf"^([0-9a-f]{{40}}) {re.escape(head[5:])}$", packed.read_text(), re.M)
                head = found[1] if found else ""
    except OSError:
        return None
    return head[:12] if re.fullmatch("[0-9a-f]{40}", head) else None


def limits(services: Services, queue: int | None, language: Language) -> list[tuple[str, str]]:
    """Return (what, how much) of every limit."""
    media, visitors = limits_from_env(), services.visitors
    window = round(visitors.window_s / 60)
    size = min(MAX_FILE_MB, round(media.max_bytes / 2**20))
    pixels, frames = round(media.max_pixels / 1e6, 1), round(media.max_frames_per_second)
    rows = [
        ("about_size", say("about_mb", language, n=size)),
        ("about_length", say("about_s", language, n=f"{media.max_duration_s:g}")),
        ("about_picture", say("about_px", language, n=pixels, fps=frames)),
        ("about_words", say("about_chars", language, n=MAX_SUBTITLE_CHARS)),
        ("about_subtitle", say("about_kb", language, n=MAX_SUBTITLE_BYTES // 1024)),
        ("about_reference", say("about_chars", language, n=MAX_TEXT)),
        ("about_table", say("about_mb", language, n=MAX_TABLE_MB)),
        (
            "about_rate",
            say("about_jobs", language, n=visitors.max_jobs, minutes=window),
        ),
    ]
    if queue:
        rows.append(("about_queue", say("about_visitors", language, n=queue)))
    return [(say(key, language), value) for key, value in rows]


def retention(services: Services, language: Language, judge: str | None) -> list[tuple[str, str]]:
    """Return (what, for how long) of everything that a visitor leaves here."""
    minutes, kept = DELETED_AFTER_MIN, round(services.kept.max_age_s / 60)
    rows: list[tuple[str, dict[str, object]]] = [
        ("about_keep_upload", {"minutes": minutes}),
        ("about_keep_clip", {"minutes": kept}),
        ("about_keep_answer", {"minutes": minutes}),
        ("about_keep_closed", {"seconds": round(traces.GONE_S)}),
        ("about_keep_log", {}),
    ]
    if judge:
        rows.append(("about_judge", {"judge": judge}))
    return [(say(key, language), say(f"{key}_v", language, **values)) for key, values in rows]


def _space(name: str) -> str | None:
    return name if re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", name) else None
