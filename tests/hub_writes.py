"""What changes the local Hub: repositories, commits, large files, tags, branches, pull requests."""

import base64
import hashlib
import json
import os
import re
import uuid

from .hub_card import judge
from .hub_faults import Refused
from .hub_store import is_large, large_entry, now

BASIC = 8_000_000  # bytes up to which a large file travels in one request
PART = 4_000_000  # bytes of a part of a larger one
INITIAL = (
    b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.parquet filter=lfs diff=lfs merge=lfs -text\n"
)


def _prefix(kind: str) -> str:
    return "" if kind == "model" else f"{kind}s/"


def _named(request) -> tuple[dict, str, str]:
    """Return the body, the repository and its kind of a request that names them in its body."""
    if request.role != "writer":
        raise Refused(
            *((401, "Invalid username or password.") if request.role == "nobody" else (403, "Forbidden"))
        )
    body = request.json()
    return body, f"{body.get('organization') or 'local'}/{body['name']}", body.get("type") or "model"


def create(request, *_) -> None:
    body, repo, kind = _named(request)
    url = f"{request.base}/{_prefix(kind)}{repo}"
    with request.lock:
        if request.store.state(repo, kind) is not None:
            request.answer({"error": "You already created this repo", "url": url}, 409)
            return
        private = body.get("private", False) or body.get("visibility") == "private"
        state = request.store.create(repo, kind, private=private)
        if kind == "space":
            request.store.change(repo, kind, state | {"sdk": body.get("sdk")})
        files = {".gitattributes": request.store.keep(repo, kind, INITIAL)}
        request.store.commit(repo, kind, files, "initial commit")
    request.answer({"url": url, "name": repo, "id": repo})


def delete(request, *_) -> None:
    _, repo, kind = _named(request)
    if request.store.state(repo, kind) is None:
        raise Refused(404, "Repository not found", "RepoNotFound")
    request.store.delete(repo, kind)
    request.answer({})


def settings(request, kind, repo) -> None:
    body = request.json()
    with request.lock:
        state = request.store.state(repo, kind)
        if "visibility" in body or "private" in body:
            state["private"] = body.get("private", False) or body.get("visibility") == "private"
        state["gated"] = body.get("gated", state["gated"])
        request.store.change(repo, kind, state)
    request.answer({name: state[name] for name in ("private", "gated")})


def validate(request, *_) -> None:
    body = request.json()
    errors, warned = judge(body["content"], body["repoType"])
    said = {
        name: [{"message": text} for text in rows]
        for name, rows in (("errors", errors), ("warnings", warned))
    }
    request.answer(
        said | ({"error": "Invalid metadata in README.md"} if errors else {}), 400 if errors else 200
    )


def _head(request, kind, repo, revision) -> tuple[str, dict]:
    sha = request.store.sha(repo, kind, revision)
    if sha is None:
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return sha, request.store.read(repo, kind, sha)["files"]


def preupload(request, kind, repo, revision) -> None:
    _, files = _head(request, kind, repo, revision)
    rows = []
    for asked in request.json()["files"]:
        large = request.store.large and is_large(
            asked["path"], asked["size"], base64.b64decode(asked["sample"])
        )
        row = {"path": asked["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        if there := files.get(asked["path"]):
            row["oid"] = there["sha256"] if there["lfs"] else there["oid"]
        rows.append(row)
    request.answer({"files": rows})


def commit(request, kind, repo, revision) -> None:
    lines = [json.loads(line) for line in request.body().splitlines() if line.strip()]
    opens = request.query.get("create_pr", ["0"])[0] == "1"
    with request.lock:
        head, files = _head(request, kind, repo, revision)
        files, said = dict(files), {}
        for line in lines:
            if line["key"] == "header":
                said = line["value"]
            else:
                _apply(request, kind, repo, files, line["key"], line["value"])
        if said.get("parentCommit") not in (None, head):
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        state, number = request.store.state(repo, kind), None
        if opens:
            number = len(state["discussions"]) + 1
            ref = ("pr", str(number))
            _discuss(request, kind, repo, state, number, said["summary"], True)
        elif revision in state["refs"]["heads"]:
            ref = ("heads", revision)
        elif found := re.fullmatch(r"refs/(pr|heads)/(.+)", revision):
            ref = found.groups()
        else:
            raise Refused(400, f"{revision} is no branch")
        message = said.get("description", "")
        sha = request.store.commit(repo, kind, files, said["summary"], message=message, ref=ref, parent=head)
    url = f"{request.base}/{_prefix(kind)}{repo}"
    answer = {"success": True, "commitOid": sha, "commitUrl": f"{url}/commit/{sha}", "hookOutput": ""}
    request.answer(answer | ({"pullRequestUrl": f"{url}/discussions/{number}"} if opens else {}))


def _apply(request, kind, repo, files: dict, key: str, value: dict) -> None:
    """Do one line of a commit to files. Raises Refused when the real Hub would."""
    path = value["path"]
    if path.startswith("/") or any(part in ("", ".", "..", ".git") for part in path.rstrip("/").split("/")):
        raise Refused(400, f"Invalid path {path}")
    if key == "file":
        data = base64.b64decode(value["content"])
        if path == "README.md" and (errors := judge(data.decode("utf-8", "replace"), kind)[0]):
            raise Refused(400, "Invalid metadata in README.md. - " + " - ".join(errors))
        files[path] = request.store.keep(repo, kind, data)
    elif key == "lfsFile":
        blob = request.store.blob(repo, kind, value["oid"])
        if not blob.is_file():
            raise Refused(404, f"LFS pointer pointed to a file that does not exist: {path}")
        files[path] = large_entry(value["oid"], blob.stat().st_size)
    elif key == "deletedFile":
        if files.pop(path, None) is None:
            raise Refused(404, f"{path} does not exist", "EntryNotFound")
    elif key == "deletedFolder":
        for name in [name for name in files if name.startswith(path.rstrip("/") + "/")]:
            del files[name]
    else:
        raise Refused(400, f"unknown line of a commit: {key}")


def batch(request, kind, repo) -> None:
    """Say for each large file where its bytes are to be sent; nothing for one that is there."""
    rows = []
    for asked in request.json()["objects"]:
        oid, size = asked["oid"], asked["size"]
        row = {"oid": oid, "size": size}
        if not request.store.blob(repo, kind, oid).is_file():
            url = f"{request.base}/storage/{kind}s/{repo}/{oid}"
            upload = {"href": url}
            if size > BASIC:
                count = -(-size // PART)
                header = {"chunk_size": str(PART)} | {str(n): f"{url}/part/{n}" for n in range(1, count + 1)}
                upload = {"href": f"{url}/complete", "header": header}
            row["actions"] = {"upload": upload, "verify": {"href": f"{url}/verify"}}
        rows.append(row)
    request.answer({"transfer": "basic", "objects": rows})


def _receive(request, path) -> str:
    """Put the body at path, all or nothing; return its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, sha256 = path.with_name(f".{uuid.uuid4().hex}"), hashlib.sha256()
    try:
        with open(part, "wb") as file:
            for piece in request.pieces():
                file.write(piece)
                sha256.update(piece)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return sha256.hexdigest()


def store_object(request, kind, repo, oid) -> None:
    sent = request.store.folder(repo, kind) / "uploads" / oid
    if _receive(request, sent) != oid:
        raise Refused(400, "the bytes are not those that were announced")
    _finish(request, kind, repo, oid, sent)
    request.answer({})


def _finish(request, kind, repo, oid, sent) -> None:
    blob = request.store.blob(repo, kind, oid)
    blob.parent.mkdir(exist_ok=True)
    os.replace(sent, blob)


def store_part(request, kind, repo, oid, number) -> None:
    sent = request.store.folder(repo, kind) / "uploads" / f"{oid}.{number}"
    sha256 = _receive(request, sent)
    request.answer({}, ETag=f'"{sha256[:32]}"')


def store_complete(request, kind, repo, oid) -> None:
    uploads = request.store.folder(repo, kind) / "uploads"
    parts = [uploads / f"{oid}.{part['partNumber']}" for part in request.json()["parts"]]
    whole, sha256 = uploads / oid, hashlib.sha256()
    with open(whole, "wb") as file:
        for part in parts:
            data = part.read_bytes()
            file.write(data)
            sha256.update(data)
    if sha256.hexdigest() != oid:
        raise Refused(400, "the bytes are not those that were announced")
    _finish(request, kind, repo, oid, whole)
    for part in parts:
        part.unlink()
    request.answer({})


def store_verify(request, kind, repo, oid) -> None:
    size = request.json()["size"]
    blob = request.store.blob(repo, kind, oid)
    if not blob.is_file() or blob.stat().st_size != size:
        raise Refused(404, "no such object, or of another size")
    request.answer({})


def tag(request, kind, repo, revision) -> None:
    _set(request, kind, repo, "tags", request.json()["tag"], revision)


def branch(request, kind, repo, name) -> None:
    _set(request, kind, repo, "heads", name, request.json().get("startingPoint", "main"))


def _set(request, kind, repo, group, name, revision) -> None:
    with request.lock:
        sha, _ = _head(request, kind, repo, revision)
        state = request.store.state(repo, kind)
        if name in state["refs"][group]:
            raise Refused(409, f"{name} exists already")
        state["refs"][group][name] = sha
        request.store.change(repo, kind, state)
    request.answer({}, 201)


def untag(request, kind, repo, name) -> None:
    _unset(request, kind, repo, "tags", name)


def unbranch(request, kind, repo, name) -> None:
    _unset(request, kind, repo, "heads", name)


def _unset(request, kind, repo, group, name) -> None:
    with request.lock:
        state = request.store.state(repo, kind)
        if state["refs"][group].pop(name, None) is None:
            raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
        request.store.change(repo, kind, state)
    request.answer({})


def _discuss(request, kind, repo, state, number, title, pull: bool) -> None:
    row = {
        "num": number,
        "title": title,
        "author": {"name": "local"},
        "createdAt": now(),
        "isPullRequest": pull,
    }
    row |= {"status": "draft" if pull else "open", "repo": {"name": repo, "type": kind}}
    state["discussions"].append(row)
    request.store.change(repo, kind, state)


def discuss(request, kind, repo) -> None:
    body = request.json()
    with request.lock:
        state = request.store.state(repo, kind)
        number = len(state["discussions"]) + 1
        if body.get("pullRequest"):
            state["refs"]["pr"][str(number)] = state["refs"]["heads"]["main"]
        _discuss(request, kind, repo, state, number, body["title"], bool(body.get("pullRequest")))
    request.answer({"num": number})


def variable(request, kind, repo) -> None:
    """Keep a variable of a Space; a secret is taken and forgotten."""
    body = request.json()
    with request.lock:
        state = request.store.state(repo, kind)
        rows = state.setdefault("variables", {})
        if request.command == "DELETE":
            rows.pop(body["key"], None)
        elif request.route.endswith("/variables"):
            row = {"value": body["value"], "description": body.get("description")}
            rows[body["key"]] = row | {"updatedAt": now()}
        request.store.change(repo, kind, state)
    request.answer(rows)


API = "/api/(models|datasets|spaces)/([^/]+/[^/]+)"
STORAGE = "/storage/(models|datasets|spaces)/([^/]+/[^/]+)/([0-9a-f]{64})"
ROUTES = [
    ("POST", "/api/repos/create", create),
    ("DELETE", "/api/repos/delete", delete),
    ("POST", "/api/validate-yaml", validate),
    ("PUT", f"{API}/settings", settings),
    ("POST", f"{API}/preupload/([^/]+)", preupload),
    ("POST", f"{API}/commit/([^/]+)", commit),
    ("POST", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", batch),
    ("PUT", STORAGE, store_object),
    ("PUT", f"{STORAGE}/part/([0-9]+)", store_part),
    ("POST", f"{STORAGE}/complete", store_complete),
    ("POST", f"{STORAGE}/verify", store_verify),
    ("POST", f"{API}/tag/([^/]+)", tag),
    ("DELETE", f"{API}/tag/([^/]+)", untag),
    ("POST", f"{API}/branch/([^/]+)", branch),
    ("DELETE", f"{API}/branch/([^/]+)", unbranch),
    ("POST", f"{API}/discussions", discuss),
    ("POST|DELETE", f"{API}/(?:variables|secrets)", variable),
]
