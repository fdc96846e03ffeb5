"""The three base models of a conversion: where each is loaded from, and how the result names it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..hub.address import Address
from ..hub.fetch import Tell, fetch
from ..hub.listing import model_file
from ..schema import AffectError, Text
from ..weights import check_name, shown_model

ROLES = ("vision", "audio", "text")
NOT_PORTABLE = Text(
    "! The adapter names folders of this machine as its base models, so it works only here: for one that can "
    "be shared give Hub ids, or say with --base-ids which ones these folders are.",
    "! 该适配器以本机文件夹作为基座模型，只能在本机使用：如需分享，请改用 Hub ID，"
    "或用 --base-ids 说明这些文件夹对应的 Hub ID。",
)


class Base(NamedTuple):
    """source: the folder or Hub id that it is loaded from. hub_id: what anybody can load it by, None where
    only a folder is known. revision: on the Hub, None where it is not known.
    """

    source: str
    hub_id: str | None
    revision: str | None

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self.hub_id or shown_model(self.source)

    @property
    def reference(self) -> str:
        """What an adapter's config.json says: a folder works on this machine alone."""
        return self.hub_id or os.path.realpath(self.source)

    @property
    def told(self) -> dict[str, str | None]:
        """What conversion.json says; never a path."""
        return {"name": self.shown, "revision": self.revision}


def read_bases(sources: Mapping[str, str], ids: Sequence[str] | None = None) -> dict[str, Base]:
    """Return the base models by role.

    sources: of each role a folder, ORG/NAME or ORG/NAME@REVISION. ids: what the folders are called on the
    Hub, in the order of `ROLES`. Raises AffectError.
    """
    names = dict(zip(ROLES, ids or (None,) * len(ROLES), strict=True))
    return {role: _base(str(source), names[role]) for role, source in sources.items()}


def here(base: Base, *, weights: bool, tell: Tell | None = None) -> Base:
    """Return a base model whose source is a folder here: one of the Hub is fetched into the cache.

    weights: with them, else only what describes them. tell: takes the `Progress` of downloads. Raises
    AffectError.
    """
    if os.path.isdir(base.source):
        return base

    def wanted(path: str) -> bool:
        return model_file(path) and (weights or not path.endswith((".safetensors", ".bin")))

    found = fetch(Address(base.source, "model", base.revision), only=wanted, weights="any", tell=tell)
    return base._replace(source=str(found.folder), revision=found.commit)


def warn(bases: Mapping[str, Base], tell: Callable[[Text], None]) -> None:
    """Say, before any work, that an adapter over these bases could not be shared."""
    if not all(base.hub_id for base in bases.values()):
        tell(NOT_PORTABLE)


def revisions_of(bases: Mapping[str, Base]) -> dict[str, str] | None:
    """Return those that are known, as config.json holds them."""
    return {role: base.revision for role, base in bases.items() if base.revision} or None


def _base(source: str, named: str | None) -> Base:
    local = os.path.isdir(source)
    at = Address.parse(source) if "@" in source and not local else None
    source = at.repo if at else source
    check_name(source)
    if named is None:
        return Base(source, None if local else source, at and at.revision)
    name = Address.parse(named)
    if not local and name.repo != source:
        raise AffectError(
            f"{source} is a Hub id already, and --base-ids calls it {name.repo}: give one name.",
            f"{source} 已是 Hub ID，而 --base-ids 称其为 {name.repo}：请只给出一个名称。",
        )
    return Base(source, name.repo, name.revision or (at and at.revision))
