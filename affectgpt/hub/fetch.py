"""The one gate through which anything is loaded from the Hub: listed, judged, fetched and verified."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..machine import ask_hub
from ..schema import AffectError, Text
from .address import COMMIT, Address
from .inside import INDEX, check_inside, named_in
from .listing import MAX_ENTRIES, SAFE, TORCH, Entry, Weights, chosen, entries_of, model_file
from .problems import KINDS, hub_problem, problem, unreachable
from .store import Progress, Store, Tell, repository

__all__ = ["Fetched", "Progress", "cached", "copy_out", "fetch", "model_folder", "pinned"]

Only = Callable[[str], bool]
LATER_S = 20.0  # for an answer of the Hub, once it is known to be there
OFFLINE = Text("from the cache, the Hub was not reachable", "取自缓存，当时无法连接 Hub")


@dataclass(frozen=True)
class Fetched:
    """Files of a repository at one commit, verified. offline: the Hub did not say that this is the newest."""

    address: Address
    commit: str
    folder: Path
    files: tuple[str, ...]
    offline: bool


def fetch(
    address: Address,
    *,
    only: Only | None = None,
    tell: Tell | None = None,
    weights: Weights = "safetensors",
) -> Fetched:
    """Bring a repository at its revision into the Hub cache, and say where it is.

    only: which paths are wanted; None is all that is safe. tell: takes `Progress` while bytes come, also from
    other threads. weights: "any" allows `pytorch_model*.bin` where there are no safetensors. Pickles never
    come. A download that broke off goes on. Without the Hub, what the cache knows for this revision is taken
    (`offline`). Raises AffectError: absent, gated, no network, no room, refused, or not what it claims to be.
    """
    try:
        if address.revision and COMMIT.fullmatch(address.revision):
            found = _cached(address, only, weights)
            if found:  # a commit never changes
                return replace(found, offline=False)
        hub, why = ask_hub()  # first, because the client itself tries for half a minute
        if hub != "reachable":
            return _from_cache(address, only, weights, hub, why or "")
        try:
            commit = _asked(address, lambda: _commit(address))
        except AffectError:
            raise
        except Exception as error:
            said = hub_problem(error, address)
            found = cached(address, only=only, weights=weights) if _is_passing(error) else None
            if said is None or found is None:
                raise
            return found
        store = Store(address, commit)
        if store.entries is None:
            store.remember(_asked(address, lambda: entries_of(address, _listed(address, commit))))
        wanted = chosen(address, store.entries, only, weights)
        store.get(wanted, tell)
        store.verify(wanted)
        store.point(address.revision or "main")
        return Fetched(address, commit, store.folder, _paths(wanted), offline=False)
    except AffectError:
        raise
    except Exception as error:
        raise _told(error, address) from error


def pinned(address: Address) -> Address:
    """Return the address at the commit that its revision is now, as the Hub says. Raises AffectError."""
    if address.revision and COMMIT.fullmatch(address.revision):
        return address
    hub, why = ask_hub()
    if hub != "reachable":
        raise problem("offline", address) if hub == "offline" else unreachable(address, why or "")
    try:
        return replace(address, revision=_asked(address, lambda: _commit(address)))
    except AffectError:
        raise
    except Exception as error:
        raise _told(error, address) from error


def cached(address: Address, *, only: Only | None = None, weights: Weights = "safetensors") -> Fetched | None:
    """Return what the cache has for a revision, whole and verified; None otherwise. Asks nobody.

    What another program has brought counts, too, as far as it can be told to be whole. Raises AffectError
    when a file there is not what the repository says it is.
    """
    return _cached(address, only, weights, foreign=True)


def model_folder(
    name: str,
    *,
    revision: str | None = None,
    weights: Weights = "safetensors",
    tell: Tell | None = None,
    local: bool = True,
) -> tuple[str, Fetched | None]:
    """Return the folder of a model: a local one as it is, one of the Hub (ORG/NAME[@REVISION]) fetched.

    revision: in place of the one in the name. local: folders of this machine count. Raises AffectError.
    """
    if local and Path(name).is_dir():
        return name, None
    address = Address.parse(f"{name.partition('@')[0]}@{revision}" if revision else name)
    found = fetch(address, only=model_file, tell=tell, weights=weights)
    check_inside(address, found.folder, found.files)
    return str(found.folder), found


def copy_out(fetched: Fetched, out: Path) -> None:
    """Copy fetched files to a folder that is empty or absent; verify them where there is a SHA256SUMS.

    Until all is there the folder has another name. Raises AffectError.
    """
    # here, since `convert` fetches base models
    from ..convert.output import check_space, free_folder, read_sums, sha256, unfinished

    out = free_folder(out)
    sizes = [(fetched.folder / path).stat().st_size for path in fetched.files]
    check_space(out, sum(sizes))
    with unfinished(out) as work:
        for path in fetched.files:
            copy = work / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fetched.folder / path, copy)
        for name, wanted in read_sums(work).items():
            if name in fetched.files and sha256(work / name) != wanted:
                raise problem("sums", fetched.address, file=name)


def _cached(
    address: Address, only: Only | None, weights: Weights, *, foreign: bool = False
) -> Fetched | None:
    commit = _known_commit(address)
    if commit is None:
        return None
    store = Store(address, commit)
    entries = store.entries
    foreign = foreign and entries is None  # else it is known what belongs to it
    entries = store.found() if foreign else entries
    if not entries:
        return None
    try:
        wanted = chosen(address, entries, only, weights)
    except AffectError:
        if foreign:  # what another program needed: it says nothing about what is on the Hub
            return None
        raise
    if not all(map(store.has, wanted)) or (foreign and not _looks_whole(store.folder, wanted, only)):
        return None
    store.verify(wanted)
    return Fetched(address, commit, store.folder, _paths(wanted), offline=True)


def _looks_whole(folder: Path, wanted: tuple[Entry, ...], only: Only | None) -> bool:
    """Whether the weights of what another program brought are all there; of the rest nothing can be said."""
    names = {entry.path for entry in wanted}
    needed: set[str] = set()
    for index in (name for name in names if name.endswith(INDEX)):
        needed |= named_in(folder / index)
    weights = needed or {name for name in names if SAFE.fullmatch(name) or TORCH.fullmatch(name)}
    return needed <= names and (bool(weights) or (only is not None and not only("model.safetensors")))


def _asked(address: Address, ask: Callable[[], Any]) -> Any:
    """What the Hub answers; whoever answers without being one (a login page, a proxy) is told as such."""
    try:
        return ask()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if hub_problem(error, address):
            raise
        raise problem("server", address, why=Text("no valid answer", "应答无效")) from error


def _commit(address: Address) -> str:
    """Ask the Hub for the commit of a revision; tell where the name is one of another kind."""
    from huggingface_hub import HfApi, errors

    about = {"revision": address.revision, "timeout": LATER_S}
    try:
        commit = HfApi().repo_info(address.repo, repo_type=address.kind, **about).sha
    except errors.GatedRepoError:
        raise
    except errors.RepositoryNotFoundError as error:
        for kind in KINDS.keys() - {address.kind}:
            try:
                there = HfApi().repo_exists(address.repo, repo_type=kind)
            except Exception:  # it was only to say more
                there = False
            if there:
                raise problem("wrong_kind", address, found=KINDS[kind]) from error
        raise
    if not COMMIT.fullmatch(commit or ""):
        what = Text("a false commit", "错误的提交号")
        raise problem("unsafe", address, what=what)
    return commit


def _listed(address: Address, commit: str):
    """The Hub's list of all files, as it says it: the client's own would take a link for a folder."""
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, paginate

    url = f"{constants.ENDPOINT}/api/{address.kind}s/{address.repo}/tree/{commit}"
    found = paginate(url, params={"recursive": "true"}, headers=build_hf_headers(), timeout=LATER_S)
    return islice(found, MAX_ENTRIES + 1)


def _known_commit(address: Address) -> str | None:
    revision = address.revision or "main"
    if COMMIT.fullmatch(revision):
        return revision
    try:
        commit = (repository(address) / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return commit if COMMIT.fullmatch(commit) else None


def _from_cache(address: Address, only: Only | None, weights: Weights, hub: str, why: str) -> Fetched:
    found = cached(address, only=only, weights=weights)
    if found:
        return found
    commit = _known_commit(address)
    if commit and (repository(address) / "snapshots" / commit).is_dir():
        raise problem("partial", address)
    raise problem("offline", address) if hub == "offline" else unreachable(address, why)


def _is_passing(error: Exception) -> bool:
    """Whether the Hub may answer later; who was refused is not served from the cache."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return status == 0 or status == 429 or status >= 500


def _told(error: Exception, address: Address) -> Exception:
    said = hub_problem(error, address)
    if said is None and isinstance(error, OSError) and error.errno:
        said = problem("cache", address, why=os.strerror(error.errno))
    return said or error


def _paths(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(sorted(entry.path for entry in entries))
