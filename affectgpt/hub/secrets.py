"""What a text must not give away: tokens, keys, and the paths of the machine it was written on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple

Leak = Literal["token", "path"]
SHOWN_CHARS = 24  # of a path in a message; a token is never shown
MIN_TOKEN = 8  # characters: shorter values of environment variables are found in any text
TOKENS = {
    "Hugging Face": r"\b(?:hf|api_org)_[A-Za-z0-9]{20,}",
    "OpenAI": r"(?<![\w-])sk-[A-Za-z0-9_-]{20,}",
    "GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})",
    "AWS": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|(?i:aws_secret_access_key)\W{1,6}[A-Za-z0-9/+]{30,}",
    "Google": r"\bAIza[A-Za-z0-9_-]{35}",
    "GitLab": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack": r"\bxox[abpr]-[A-Za-z0-9-]{10,}",
    "Bearer": r"(?i:\bbearer)[ \t]+[A-Za-z0-9._~+/-]{16,}",
    "private key": r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY",
    "password in an address": r"\b[a-z][a-z0-9+.-]{1,10}://[^\s/:@\"'{}<>]{1,60}:[^\s/:@\"'{}<>]{3,60}@",
}
SECRET_NAMES = re.compile(r"(TOKEN|API_KEY|SECRET|SECRET_KEY|PASSWORD)$")
ROOTS = r"home|Users|root|tmp|work|workspace|mnt|scratch|private/var|var/folders|var/tmp"
PATHS = re.compile(
    rf"(?<![\w.$}}\])])/(?:{ROOTS})/[\w.@~+-]+"  # not within an address or a relative path
    r"|\b[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/)[\w.~ -]+"
    r"|\bfile://[\w./~-]+"
)


class Found(NamedTuple):
    """A thing that must not be published: which kind, its line (from 1), and what may be said of it."""

    leak: Leak
    line: int
    shown: str


class Own(NamedTuple):
    """What is secret on this machine alone: tokens by what they are called, and the paths of its folders."""

    secrets: dict[str, str]
    places: re.Pattern | None


def own() -> Own:
    """Return the login's token, the secrets in the environment, the home and the working folder."""
    from huggingface_hub import get_token

    found = {name: value for name, value in os.environ.items() if SECRET_NAMES.search(name)}
    found["login"] = get_token() or ""
    places = {str(Path.home()), os.getcwd(), os.path.realpath(os.getcwd())}
    long = sorted(place for place in places if len(Path(place).parts) > 2)  # others are words, too
    pattern = r"(?<![\w.])(?:" + "|".join(map(re.escape, long)) + r")(?![\w-])"
    return Own(
        {name: value for name, value in found.items() if len(value) >= MIN_TOKEN},
        re.compile(pattern) if long else None,
    )


def leak_in(text: str, mine: Own, *, words: bool = False) -> Found | None:
    """Return the first token or machine path in a text, or None.

    words: the text is a tokenizer's vocabulary, where names of folders are words: only paths of this machine.
    """
    for name, value in mine.secrets.items():
        if value in text:
            return Found("token", _line(text, text.index(value)), name)
    for name, pattern in TOKENS.items():
        if match := re.search(pattern, text):
            return Found("token", _line(text, match.start()), name)
    for pattern in (mine.places, None if words else PATHS):
        if pattern and (match := pattern.search(text)):
            shown = match[0] if len(match[0]) <= SHOWN_CHARS else match[0][: SHOWN_CHARS - 1] + "…"
            return Found("path", _line(text, match.start()), shown)
    return None


def masked(text: str, mine: Own) -> str:
    """Return a text as it may be printed: points in the place of tokens and keys."""
    for value in mine.secrets.values():
        text = text.replace(value, "…")
    for pattern in TOKENS.values():
        text = re.sub(pattern, "…", text)
    return text


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
