"""What the local Hub answers to who reads: information, trees, downloads, and who may see them."""

import json
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote

from . import hub_writes
from .hub_card import front_matter
from .hub_faults import ZEROS, Refused, claims, version

PAGE = 1000  # entries of a tree in one answer
NAME = r"([^/]+/[^/]+)"


def answer(request) -> None:
    """Answer one request by the first route that fits; raises Refused."""
    path = request.route
    for method, pattern, act in ROUTES + hub_writes.ROUTES:
        if re.fullmatch(method, request.command) and (found := re.fullmatch(pattern, path)):
            kind, repo, *rest = [unquote(part) if part else part for part in found.groups()] or (None, None)
            kind = (kind or "models").removesuffix("s")
            if repo and not act.__name__.startswith("store_"):
                allow(request, repo, kind, write=act.__module__ == hub_writes.__name__)
            return act(request, kind, repo, *rest)
    print(f"hub_server: UNIMPLEMENTED {request.command} {request.path}", flush=True)
    raise Refused(404, "unimplemented")


def allow(request, repo: str, kind: str, write: bool) -> None:
    """Raise Refused, as the Hub does, when the repository may not be seen or changed with this token."""
    state = request.store.state(repo, kind)
    if state is None or (state["private"] and request.role == "nobody"):
        if request.role == "nobody":
            raise Refused(401, "Invalid username or password.", "RepoNotFound")
        raise Refused(404, "Repository not found", "RepoNotFound")
    if write:
        may_write(request)


def may_write(request) -> None:
    if request.role == "nobody":
        raise Refused(401, "Invalid username or password.")
    if request.role != "writer":
        raise Refused(403, "Forbidden: you don't have the right to write here with this token")


def at(request, kind: str, repo: str, revision: str) -> tuple[str, dict[str, dict]]:
    """Return the commit and its files, with what is forged over them. Raises Refused: unknown revision."""
    sha = request.store.sha(repo, kind, revision)
    if sha is None:
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return sha, claims(*version(request.store, repo, kind, sha))


def _row(path: str, entry: dict) -> dict:
    row = {"type": entry.get("type", "file"), "oid": entry["oid"], "size": entry["size"], "path": path}
    if entry["lfs"]:
        row["lfs"] = {
            "oid": entry["sha256"],
            "size": entry["size"],
            "pointerSize": 130 + len(str(entry["size"])),
        }
    return row


def _expanded(request, kind, repo, sha, rows: list[dict]) -> list[dict]:
    commit = request.store.read(repo, kind, sha)
    last = {"id": sha, "title": commit["title"], "date": commit["date"]}
    safe = {"status": "safe", "avScan": None, "pickleImportScan": None}
    return [row | {"lastCommit": last, "securityFileStatus": safe} for row in rows]


def info(request, kind, repo, revision=None) -> None:
    store, state = request.store, request.store.state(repo, kind)
    sha, files = at(request, kind, repo, revision or "main")
    siblings = [{"rfilename": path} for path in files]
    if request.query.get("blobs"):
        for sibling, entry in zip(siblings, files.values(), strict=True):
            sibling |= {"size": entry["size"], "blobId": entry["oid"]}
            if entry["lfs"]:
                sibling["lfs"] = {"sha256": entry["sha256"], "size": entry["size"], "pointerSize": 134}
    card = {}
    if "README.md" in files and files["README.md"].get("sha256"):
        card = front_matter(store.blob(repo, kind, files["README.md"]["sha256"]).read_text(encoding="utf-8"))
    said = {
        "_id": sha[:24],
        "id": repo,
        "author": repo.split("/")[0],
        "sha": sha,
        "private": state["private"],
    }
    said |= {
        "gated": state["gated"],
        "disabled": False,
        "createdAt": state["created"],
        "downloads": 0,
        "likes": 0,
    }
    said |= {
        "lastModified": store.read(repo, kind, sha)["date"],
        "tags": card.get("tags") or [],
        "siblings": siblings,
    }
    said |= {"cardData": card, "usedStorage": sum(entry["size"] for entry in files.values())}
    said |= {"modelId": repo, "library_name": card.get("library_name")} if kind == "model" else {}
    said |= {"pipeline_tag": card.get("pipeline_tag")} if kind == "model" else {}
    said |= {"sdk": card.get("sdk", state.get("sdk"))} if kind == "space" else {}
    request.answer(said)


def _yes(request, name: str) -> bool:
    return request.query.get(name, [""])[0].lower() in ("true", "1")


@lru_cache(maxsize=4)
def _rows(commit: Path, forged: Path, changed_ns: int, below: str | None, deep: bool) -> list[dict]:
    """Return the entries of a folder, or of all below it; a folder that is only claimed has no entry."""
    inside = f"{below.strip('/')}/" if below else ""
    rows, folders = [], set()
    for path, entry in claims(commit, forged, changed_ns).items():
        if not path.startswith(inside):
            continue
        parts = path[len(inside) :].split("/")
        for depth in range(1, len(parts) if deep else min(2, len(parts))):
            folder = inside + "/".join(parts[:depth])
            if folder not in folders and "forged" not in entry:
                folders.add(folder)
                rows.append({"type": "directory", "oid": commit.name, "size": 0, "path": folder})
        if deep or len(parts) == 1:
            rows.append(_row(path, entry))
    return rows


def tree(request, kind, repo, revision, below=None) -> None:
    sha, _ = at(request, kind, repo, revision)
    rows = _rows(*version(request.store, repo, kind, sha), below, _yes(request, "recursive"))
    if below and not rows:
        raise Refused(404, f"{below} does not exist on {revision}", "EntryNotFound")
    limit, start = int(request.query.get("limit", [PAGE])[0]), int(request.query.get("cursor", ["0"])[0])
    more = {}
    if start + limit < len(rows):
        query = {name: values[0] for name, values in request.query.items()} | {"cursor": str(start + limit)}
        url = f"{request.base}{request.route}?" + "&".join(f"{k}={quote(v)}" for k, v in query.items())
        more = {"Link": f'<{url}>; rel="next"'}
    rows = rows[start : start + limit]
    if _yes(request, "expand"):
        rows = _expanded(request, kind, repo, sha, rows)
    request.answer(rows, **more)


def paths_info(request, kind, repo, revision) -> None:
    sha, files = at(request, kind, repo, revision)
    body = request.body().decode()
    asked = json.loads(body) if body.startswith("{") else parse_qs(body)
    rows = [_row(path, files[path]) for path in asked["paths"] if path in files]
    for path in asked["paths"]:
        if path not in files and any(name.startswith(f"{path}/") for name in files):
            rows.append({"type": "directory", "oid": sha, "size": 0, "path": path})
    if str(asked.get("expand", [""])).lower() in ("true", "['true']", "['1']"):
        rows = _expanded(request, kind, repo, sha, rows)
    request.answer(rows)


def refs(request, kind, repo) -> None:
    def rows(group: str) -> list[dict]:
        named = request.store.state(repo, kind)["refs"][group]
        return [{"name": n, "ref": f"refs/{group}/{n}", "targetCommit": sha} for n, sha in named.items()]

    said = {"branches": rows("heads"), "tags": rows("tags"), "converts": []}
    request.answer(said | ({"pullRequests": rows("pr")} if request.query.get("include_prs") else {}))


def commits(request, kind, repo, revision) -> None:
    sha, rows = at(request, kind, repo, revision)[0], []
    while sha:
        commit = request.store.read(repo, kind, sha)
        rows.append(
            {"id": sha, "title": commit["title"], "message": commit["message"], "date": commit["date"]}
        )
        rows[-1]["authors"] = [{"user": "local"}]
        sha = commit["parent"]
    request.answer(rows)


def discussions(request, kind, repo) -> None:
    rows = request.store.state(repo, kind)["discussions"]
    page = rows if request.query.get("p", ["0"])[0] == "0" else []
    request.answer({"discussions": page, "count": len(rows), "start": 0})


def discussion(request, kind, repo, number) -> None:
    found = [row for row in request.store.state(repo, kind)["discussions"] if row["num"] == int(number)]
    if not found:
        raise Refused(404, "Discussion not found")
    request.answer(
        found[0] | {"events": [], "changes": {"base": "main"}, "filesWithConflicts": [], "diff": ""}
    )


def auth_check(request, kind, repo) -> None:
    gate(request, kind, repo)
    request.answer({})


def variables(request, kind, repo) -> None:
    request.answer(request.store.state(repo, kind).get("variables", {}))


def runtime(request, kind, repo) -> None:
    hardware = {"current": None, "requested": None}
    request.answer({"stage": "BUILDING", "hardware": hardware, "storage": None, "gcTimeout": None})


def gate(request, kind, repo) -> None:
    """Raise Refused when the repository is gated: only the writer has been let in."""
    if request.store.state(repo, kind)["gated"] and request.role != "writer":
        said = f"Access to {kind} {repo} is restricted"
        if request.role == "nobody":
            raise Refused(401, f"{said}. You must be authenticated to access it.", "GatedRepo")
        raise Refused(403, f"{said} and you are not in the authorized list.", "GatedRepo")


def resolve(request, kind, repo, revision, path) -> None:
    """Send a file, or the part of it that is asked for."""
    gate(request, kind, repo)
    store = request.store
    sha, files = at(request, kind, repo, revision)
    if path not in files or files[path].get("type", "file") == "directory":
        raise Refused(404, "Entry not found", "EntryNotFound", **{"X-Repo-Commit": sha})
    entry, true = files[path], store.read(repo, kind, sha)["files"].get(path)
    headers = {"X-Repo-Commit": sha, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    headers["ETag"] = f'"{entry["sha256"] if entry["lfs"] else entry["oid"]}"'
    if entry["lfs"]:
        headers |= {"X-Linked-ETag": headers["ETag"], "X-Linked-Size": str(entry["size"])}
    if true is None:  # only claimed
        return request.send([b"\0" * min(entry["size"], ZEROS)], entry["size"], **headers)
    start, stop, status = 0, true["size"], 200
    if asked := re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", "")):
        first, last = asked.groups()
        start = int(first) if first else max(0, stop - int(last))
        stop = min(stop, int(last) + 1) if first and last else stop
        if start >= true["size"]:
            raise Refused(416, "Range Not Satisfiable", **{"Content-Range": f"bytes */{true['size']}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{true['size']}"
    with open(store.blob(repo, kind, true["sha256"]), "rb") as file:
        file.seek(start)
        left = stop - start
        pieces = iter(lambda: file.read(min(1 << 20, stop - file.tell())), b"")
        request.send(pieces, left, status, **headers)


def whoami(request, *_) -> None:
    if request.role == "nobody":
        raise Refused(401, "Invalid username or password.")
    token = {"displayName": "local", "role": {"writer": "write", "reader": "read"}[request.role]}
    said = {"type": "user", "id": "0" * 24, "name": "local", "fullname": "Local", "isPro": False, "orgs": []}
    request.answer(said | {"auth": {"type": "access_token", "accessToken": token}})


def xet(request, *_) -> None:
    raise Refused(404, "this server has no xet storage: set HF_HUB_DISABLE_XET=1 or start it with --no-lfs")


def nothing(request, *_) -> None:
    """What the real Hub may not have either: converted Parquet files, the data sets server, agents."""
    raise Refused(404, "Not found", "EntryNotFound")


API = f"/api/(models|datasets|spaces)/{NAME}"
READ = "GET|HEAD"
ROUTES = [
    (READ, "/", lambda request, *_: request.answer({})),  # whether the Hub is there at all
    (READ, "/api/whoami-v2", whoami),
    (READ, API, info),
    (READ, f"{API}/revision/([^/]+)", info),
    (READ, f"{API}/tree/([^/]+)(?:/(.*))?", tree),
    ("POST", f"{API}/paths-info/([^/]+)", paths_info),
    (READ, f"{API}/refs", refs),
    (READ, f"{API}/commits/([^/]+)", commits),
    (READ, f"{API}/discussions", discussions),
    (READ, f"{API}/discussions/([0-9]+)", discussion),
    (READ, f"{API}/auth-check", auth_check),
    (READ, f"{API}/variables", variables),
    (READ, f"{API}/runtime", runtime),
    (READ, f"{API}/xet-(?:read|write)-token/.+", xet),
    (READ, f"{API}/parquet.*", nothing),
    (READ, "/(?:parquet|info|splits|is-valid|api/agent-harnesses)", nothing),
    (READ, f"/(?:(datasets|spaces)/)?{NAME}/(?:resolve|raw)/([^/]+)/(.+)", resolve),
]
