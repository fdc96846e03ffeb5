"""Where something lies on the Hub: a repository, its kind, and perhaps a revision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..schema import AffectError

Kind = Literal["model", "dataset", "space"]
REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
TOKEN = re.compile(r"hf_\w{16,}")  # somebody mixed up what goes where
REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}")
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Address:
    """A repository on the Hub. revision: a branch, a tag or a commit; None is the main branch."""

    repo: str
    kind: Kind = "model"
    revision: str | None = None

    @classmethod
    def parse(cls, text: str, kind: Kind = "model") -> Address:
        """Read ORG/NAME or ORG/NAME@REVISION. Raises AffectError for anything else."""
        repo, at, revision = text.partition("@")
        odd = ".." in text or "--" in repo or TOKEN.search(text) or not REPO.fullmatch(repo)
        if odd or (at and not REVISION.fullmatch(revision)):
            text = TOKEN.sub("hf_…", text)
            shown = text if text.isprintable() and len(text) <= 60 else ascii(text[:40])
            raise AffectError(
                f"{shown} is no name of a repository on the Hub: write ORG/NAME, or ORG/NAME@REVISION.",
                f"{shown} 不是 Hub 仓库名：请写成 ORG/NAME 或 ORG/NAME@REVISION。",
            )
        return cls(repo, kind, revision or None)

    def __str__(self) -> str:
        return self.repo + (f"@{self.revision}" if self.revision else "")
