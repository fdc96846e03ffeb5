"""The clips of a folder by name, in any usual layout: flat, nested, `video/` beside `audio/`."""

from __future__ import annotations

import os
from pathlib import Path

from ..media.sniff import shown_name
from .messages import mistake

VIDEO_ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts")
SOUND_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".m4a")
ENDINGS = VIDEO_ENDINGS + SOUND_ENDINGS


def find_clips(folder: str | os.PathLike[str] | None) -> dict[str, str]:
    """Return name -> path of the clips anywhere in a folder: a video before a sound, the shallower first.

    None has no clips. The name is the file's without its ending (of any case). Links that lead out of the
    folder, links to folders and hidden files are passed over. Raises AffectError for what is no folder.
    """
    return {name: paths[0] for name, paths in list_clips(folder).items()}


def list_clips(folder: str | os.PathLike[str] | None) -> dict[str, list[str]]:
    """Return name -> all files of that name, the one to take first; sorted by name."""
    if folder is None:
        return {}
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise mistake("no_folder", name=shown_name(folder))
    inside, found = folder.resolve(), {}
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in files:
            path = Path(parent, file)
            if file.startswith(".") or path.suffix.lower() not in ENDINGS:
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                continue
            if path.is_file():
                found.setdefault(path.stem, []).append(path)
    return {name: [str(path) for path in sorted(found[name], key=_rank)] for name in sorted(found)}


def doubles(paths: list[str]) -> int:
    """How many files of one name could be taken for the clip: a video and its sound apart are no doubles."""
    videos = sum(Path(path).suffix.lower() in VIDEO_ENDINGS for path in paths)
    return videos or len(paths)


def _rank(path: Path) -> tuple:
    return ENDINGS.index(path.suffix.lower()) >= len(VIDEO_ENDINGS), len(path.parts), str(path)
