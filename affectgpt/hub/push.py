"""Upload a staged folder, load back what arrived, and only then open it: safe to run again at any point.

Nothing is changed on the Hub before all that can be known beforehand has been checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..convert.output import read_sums, sha256
from ..machine import ask_hub
from ..schema import AffectError, Text
from .address import REVISION, Address
from .checks import Finding, check
from .messages import said, trouble
from .problems import WRITING, hub_problem
from .stage import MARK, Staged
from .verify import verify_pushed

Tell = Callable[[Text], None]
Verified = Literal["run", "files", "no"]
MAIN = "main"
OURS = re.compile(MARK.format(artifact="([a-z]+)"))
UNTOUCHED = {".gitattributes"}  # the Hub's own; a repository that holds nothing else is empty


@dataclass(frozen=True)
class Pushed:
    """What is on the Hub now. verified: it "run"s, its "files" are right but it was not run, or "no".

    report: what was loaded and what it said, or why it was not run.
    """

    url: str
    commit: str
    verified: Verified
    report: Text | None = None


class Refused(AffectError):
    """Something may not be published as it is; findings: all of it."""

    def __init__(self, findings: tuple[Finding, ...]):
        first = Text(f"{findings[0].path}: ", f"{findings[0].path}：") + findings[0].text
        text = said("refused", count=len(findings), first=first)
        super().__init__(text.en, text.zh, title=WRITING)
        self.findings = findings


def findings(staged: Staged) -> tuple[Finding, ...]:
    """Return all that is in the way of publishing: of the files, of the source folder, of the card."""
    card = [Finding("README.md", text) for text in staged.card.problems]
    return (*check(staged.folder, staged.artifact), *staged.refused, *card)


def push(
    staged: Staged,
    *,
    public: bool = False,
    create_pr: bool = False,
    tag: str | None = None,
    verify: bool = True,
    may_publish: bool = False,
    tell: Tell = lambda _: None,
) -> Pushed:
    """Create or update a repository so that it holds exactly the staged files, and load it back.

    public: open it once it has been loaded back. create_pr: propose the change instead. tag: a name for the
    commit. may_publish: the owners of the data have allowed it. Raises AffectError for whatever the user can
    mend; running it again then goes on.
    """
    repo = staged.repo
    _options(staged, public, create_pr, tag, may_publish)
    if found := findings(staged):
        raise Refused(found)
    with hub_client(repo):
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RepositoryNotFoundError

        api, place = HfApi(), {"repo_id": repo.repo, "repo_type": repo.kind}
        known, why = ask_hub()  # first, because the client itself tries for half a minute
        if known != "reachable":
            raise trouble("unreachable", why=why or known)
        me = api.whoami()
        try:
            info = api.repo_info(**place)
        except RepositoryNotFoundError:
            info = None
        if info is None and create_pr:
            raise trouble("pr_needs_repo", repo=repo.repo)
        if info is not None:
            _check_kind(api, staged, place)
            if not info.private and staged.artifact == "dataset" and not may_publish:
                raise trouble("licence_open", repo=repo.repo)
        _validate(staged)
        revision, proposed = MAIN, None
        if create_pr and (proposed := _open_pr(api, place, staged, me["name"])):
            revision = proposed.git_reference
            tell(said("old_pr", url=proposed.url))
        changed, gone = _difference(api, staged, place, revision) if info else (_local(staged), [])
        if tag and info is not None:
            _check_tag(api, place, tag, info.sha, bool(changed or gone))
        if info is None:
            tell(said("create", repo=repo.repo))
            _create(api, repo, me)
        elif not info.private:
            tell(said("already_open", repo=repo.repo))
        if _gated(staged) and not create_pr and not getattr(info, "gated", False):
            api.update_repo_settings(**place, gated="manual")
            tell(said("gate", repo=repo.repo))
        if changed or gone:
            size = sum((staged.folder / name).stat().st_size for name in changed)
            tell(said("upload", count=len(changed), size=size, gone=len(gone)))
            if revision == MAIN and not create_pr and "README.md" in changed:
                # First of all, since a large folder goes in several commits: it marks the repository as ours.
                card = staged.folder / "README.md"
                done = api.upload_file(
                    **place, path_or_fileobj=card, path_in_repo=card.name, commit_message=_title(staged)
                )
                changed.remove(card.name)
            if changed or gone:
                done = api.upload_folder(
                    **place,
                    folder_path=staged.folder,
                    delete_patterns="*" if gone else None,  # of what is there; what is here is not touched
                    commit_message=_title(staged),
                    **({"create_pr": True} if create_pr and not proposed else {"revision": revision}),
                )
            commit, opened = done.oid, done.pr_url
            if opened:
                tell(said("new_pr", url=opened))
        else:
            tell(said("nothing", repo=repo.repo))
            commit, opened = api.repo_info(**place, revision=revision).sha, None
        if staged.variables and not create_pr:
            _set_variables(api, repo.repo, staged.variables, tell)
        url = opened or (proposed.url if proposed else f"{api.endpoint}/{_path(repo)}")
    return _finish(staged, commit, url, public=public, tag=tag, verify=verify, tell=tell)


def would(
    staged: Staged, *, public: bool, create_pr: bool, tag: str | None, verify: bool, may_publish: bool
) -> list[str]:
    """Return the steps that `push` would take; raises AffectError for options that do not go together."""
    _options(staged, public, create_pr, tag, may_publish)
    steps = {
        "create": not create_pr,
        "pr": create_pr,
        "gate": _gated(staged) and not create_pr,
        "upload": not create_pr,
        "verify": verify,
        "tag": bool(tag),
        "open": public,
    }
    return [step for step, wanted in steps.items() if wanted]


def _options(staged: Staged, public: bool, create_pr: bool, tag: str | None, may_publish: bool) -> None:
    if public and staged.artifact == "dataset" and not may_publish:
        raise trouble("licence")
    if create_pr and (tag or public):
        raise trouble("tag_with_pr" if tag else "public_with_pr")
    if tag and (not REVISION.fullmatch(tag) or ".." in tag or tag in (MAIN, "HEAD")):
        raise trouble("tag_name", tag=tag[:60] if tag.isprintable() else ascii(tag[:40]))


def _finish(
    staged: Staged, commit: str, url: str, *, public: bool, tag: str | None, verify: bool, tell: Tell
) -> Pushed:
    """Load it back, then tag and open it."""
    verified: Verified = "no"
    report, repo = None, staged.repo
    if verify:
        tell(said("verify", commit=commit[:8]))
        try:
            verified, report = verify_pushed(Address(repo.repo, repo.kind, commit), staged)
        except AffectError as error:
            raise trouble("unverified", repo=repo.repo, commit=commit[:8], problem=error.text) from error
    with hub_client(repo):
        from huggingface_hub import HfApi

        api, place = HfApi(), {"repo_id": repo.repo, "repo_type": repo.kind}
        if tag:
            api.create_tag(**place, tag=tag, revision=commit, exist_ok=True)
            tell(said("tagged", tag=tag))
        if public and verified == "files":
            tell(said("not_opened", repo=repo.repo))
        elif public and api.repo_info(**place).private:
            api.update_repo_settings(**place, private=False)
            tell(said("opened", repo=repo.repo))
    return Pushed(url, commit, verified, report)


@contextlib.contextmanager
def hub_client(repo: Address) -> Iterator[None]:
    """Turn what the Hub's client raises into one line; what broke off in the middle can be gone on with."""
    from huggingface_hub import logging
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # our own lines say what happens
    try:
        yield
    except AffectError:
        raise
    except Exception as error:
        found = hub_problem(error, repo, writing=True)
        if found is None:
            raise
        if not isinstance(
            error, HfHubHTTPError | LocalTokenNotFoundError | UnicodeError
        ):  # no answer: the line broke
            found = trouble("cut", why=type(error).__name__)
        raise found from error
    finally:
        logging.set_verbosity(before)


def _create(api: Any, repo: Address, me: dict[str, Any]) -> None:
    """Make a private repository. Whoever may not write there is told so by the name of its owner."""
    from huggingface_hub.errors import HfHubHTTPError

    sdk = "gradio" if repo.kind == "space" else None
    try:
        api.create_repo(repo.repo, repo_type=repo.kind, private=True, exist_ok=True, space_sdk=sdk)
    except HfHubHTTPError as error:
        owner, _, name = repo.repo.partition("/")
        mine = {me["name"], *(each.get("name") for each in me.get("orgs") or [])}
        if error.response.status_code in (403, 404) and owner not in mine:
            raise trouble("owner", me=me["name"], owner=owner, name=name) from error
        raise


def _check_kind(api: Any, staged: Staged, place: dict[str, str]) -> None:
    """Refuse a repository that holds what another command, or somebody else, has put there."""
    names = set(api.list_repo_files(**place)) - UNTOUCHED
    if not names:
        return
    repo, there = staged.repo.repo, None
    if "README.md" in names:
        card = api.hf_hub_download(**place, filename="README.md")
        there = OURS.search(Path(card).read_text(encoding="utf-8", errors="replace"))
    if there is None:
        raise trouble("foreign", repo=repo, what=sorted(names)[0][:60])
    if there[1] != staged.artifact:
        raise trouble("foreign", repo=repo, what=there[1])


def _validate(staged: Staged) -> None:
    """Have the Hub check the card before anything is uploaded."""
    from huggingface_hub import RepoCard

    try:
        card = RepoCard((staged.folder / "README.md").read_text(encoding="utf-8"))
        card.validate(repo_type=staged.repo.kind)
    except ValueError as error:
        raise trouble("card", why=" ".join(str(error).split())[:300]) from error


def _open_pr(api: Any, place: dict[str, str], staged: Staged, author: str) -> Any:
    """The open pull request of this command and this user, or None."""
    found = api.get_repo_discussions(**place, author=author, discussion_type="pull_request")
    mine = (each for each in found if each.title == _title(staged) and each.author == author)
    return next((each for each in mine if each.status in ("open", "draft")), None)


def _difference(
    api: Any, staged: Staged, place: dict[str, str], revision: str
) -> tuple[list[str], list[str]]:
    """The files that differ from those in the repository, and those that are there and not here."""
    there = {}
    for entry in api.list_repo_tree(**place, recursive=True, revision=revision):
        if hasattr(entry, "blob_id"):
            there[entry.path] = entry.lfs.sha256 if entry.lfs else entry.blob_id
    local, sums = _local(staged), read_sums(staged.folder)
    changed = []
    for name in local:
        digest, file = there.get(name), staged.folder / name
        same = digest is not None and digest == (
            (sums.get(name) or sha256(file)) if len(digest) == 64 else _git_sha(file)
        )
        changed += [] if same else [name]
    return changed, sorted(there.keys() - set(local) - UNTOUCHED)


def _local(staged: Staged) -> list[str]:
    folder = staged.folder
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _git_sha(file: Path) -> str:
    """The name that git gives to a file's content; small files only."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _set_variables(api: Any, repo: str, wanted: dict[str, str], tell: Tell) -> None:
    there = api.get_space_variables(repo)
    for name, value in wanted.items():
        if name not in there or there[name].value != value:
            api.add_space_variable(repo, name, value)
            tell(said("variable", name=name, value=value))


def _check_tag(api: Any, place: dict[str, str], tag: str, head: str, changes: bool) -> None:
    for each in api.list_repo_refs(**place).tags:
        if each.name == tag and (changes or each.target_commit != head):
            raise trouble("tag", repo=place["repo_id"], tag=tag)


def _gated(staged: Staged) -> bool:
    """Say whether the card asks for consent before anybody gets the files."""
    head = staged.card.text.partition("\n---\n")[0]
    return staged.repo.kind != "space" and "\nextra_gated_" in head


def _title(staged: Staged) -> str:
    return f"affectgpt push {staged.artifact}"


def _path(repo: Address) -> str:
    return repo.repo if repo.kind == "model" else f"{repo.kind}s/{repo.repo}"
