"""The files of the page: a private folder per job, uploads that go once they are read, and the examples."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..media import folders
from ..media.subtitles import parse_subtitle, to_vtt
from ..schema import Cue, Text

EXAMPLES = Path(__file__).parents[2] / "examples"
ROOT_VARIABLE = "GRADIO_TEMP_DIR"  # the only way to tell gradio where uploads belong
COPY_SUFFIX = ".normalised.mp4"  # ends the name of our copy; only a name, nothing is trusted because of it
NAME_CHARS = 60  # kept of a visitor's file name


@dataclass(frozen=True)
class Example:
    """A clip of the project with its subtitle file, the words in it, and a reference in the EMER form."""

    clip: Path
    subtitle: Path
    captions: Path  # the subtitle for a player
    words: str
    title: Text
    reference: Text
    labels: Text  # separated by commas


def private_root() -> Path:
    """Return the folder of all uploads and jobs: GRADIO_TEMP_DIR, or a new one (0700), gone at our end."""
    if not os.environ.get(ROOT_VARIABLE):
        os.environ[ROOT_VARIABLE] = str(folders.make("page"))
        _end_in_order()
    return Path(os.environ[ROOT_VARIABLE])


def _end_in_order() -> None:
    # a service manager ends a process by SIGTERM, whose default skips what was registered for the end
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def job_folder() -> AbstractContextManager[str]:
    """Return a private folder (0700) that is removed at the end of the `with` block, however it ends.

    It lies outside `private_root`: gradio copies what it shows from elsewhere, but not what lies there.
    """
    return tempfile.TemporaryDirectory(prefix=folders.prefix("job"))


class Uploads:
    """Knows who still needs an upload, because gradio gives equal files of equal name one place on disk.

    `queued(path)`: whether a call that waits in the queue names the file; set when the page has a queue.
    """

    def __init__(self) -> None:
        self.queued: Callable[[str], bool] = lambda path: False
        self._wanted: dict[str, tuple[str, int | None]] = {}  # visitor -> path, when it was written
        self._lock = threading.Lock()

    def claim(self, path: str, visitor: str) -> None:
        """Note that a run of `visitor`, who has one at a time, waits for `path`."""
        with self._lock:
            self._wanted[visitor] = path, _written_ns(path)

    def drop(self, visitor: str) -> None:
        """Note that `visitor` waits for nothing; the upload stays, so that it can be run again."""
        with self._lock:
            self._wanted.pop(visitor, None)

    def release(self, path: str | None, visitor: str) -> None:
        """Note that a run has read `path`; the last one deletes it, unless it is an example.

        A file that was sent again since the claim belongs to somebody who is about to ask about it.
        """
        if not path:
            return
        with self._lock:
            wanted, written_ns = self._wanted.get(visitor, ("", None))
            if wanted == path:  # it may wait for its clip and have read a subtitle
                del self._wanted[visitor]
                if written_ns != _written_ns(path):
                    return
            if path in (each for each, _ in self._wanted.values()) or self.queued(path):
                return
        file = Path(path)
        if not is_example(path) and file.resolve().is_relative_to(private_root().resolve()):
            file.unlink(missing_ok=True)


def _written_ns(path: str) -> int | None:
    """When a file was written; None where there is none."""
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return None


def safe_stem(name: str) -> str:
    """Return a visitor's file name without its ending, of letters, digits, dash and underscore only."""
    stem = Path(name.removesuffix(COPY_SUFFIX)).stem
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)
    return kept.strip("-")[:NAME_CHARS] or "clip"


def captions(cues: tuple[Cue, ...], *, duration_s: float) -> str:
    """Return the cues as WebVTT; a cue without times lasts the whole clip."""
    return to_vtt(tuple(cue if cue.end_s is not None else Cue(cue.text, 0.0, duration_s) for cue in cues))


def is_example(path: str) -> bool:
    """Return whether `path` is a clip or subtitle of ours: shown in place, never deleted, nobody real."""
    return Path(path).resolve().is_relative_to((private_root() / EXAMPLES.name).resolve())


def find_examples(folder: Path) -> list[Example]:
    """Return the examples in `folder`: each `<name>.json` with `<name>.mp4` and `<name>.srt` beside it.

    Clips and subtitles are copied into the private root: what lies there, gradio shows without a copy.
    """
    found, place = [], private_root() / EXAMPLES.name
    for file in sorted(folder.glob("*.json")):
        sources = [file.with_suffix(".mp4"), file.with_suffix(".srt")]
        if not all(source.exists() for source in sources):
            continue
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        clip, subtitle = (Path(shutil.copy(source, place)) for source in sources)
        vtt = clip.with_suffix(".vtt")
        vtt.write_text(to_vtt(parse_subtitle(subtitle.read_bytes())), encoding="utf-8")
        facts = json.loads(file.read_text(encoding="utf-8"))
        parts, labels = facts["parts"], facts["labels"]
        reference = Text("\n\n".join(parts["en"].values()), "\n\n".join(parts["zh"].values()))
        names = Text(", ".join(labels["en"]), "，".join(labels["zh"]))
        title = Text(" · ".join(labels["en"][:2]), "、".join(labels["zh"][:2]))
        found.append(Example(clip, subtitle, vtt, facts["subtitle"], title, reference, names))
    return found
