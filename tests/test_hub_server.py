"""The local Hub answers the real clients as the Hub does, keeps what it is given, misbehaves when told to."""

import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from hub_child import running

CARD = "---\nlicense: mit\n---\n# Toy\n"


@pytest.fixture(autouse=True)
def without_xet(monkeypatch):
    """Let large files travel through LFS, as HF_HUB_DISABLE_XET=1 does in the environment of a child."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


def api(hub, token="hf_local_writer"):
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.url, token=token or False)


def toy(folder, seed=0):
    """A small repository: a card, a file below a folder, two large files, one of them in three parts."""
    draw = random.Random(seed)
    (folder / "sub").mkdir(parents=True)
    (folder / "README.md").write_text(CARD)
    (folder / "sub" / "names.txt").write_text("happy\n开心\n", encoding="utf-8")
    (folder / "small.safetensors").write_bytes(draw.randbytes(3_000))
    (folder / "model.safetensors").write_bytes(draw.randbytes(9_000_000))
    return folder


def read(folder):
    """path -> bytes of what lies in a folder, but for the notes of the client."""
    found = [path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def one(hub, tmp_path_factory):
    """The folder that is published as org/one."""
    folder = toy(tmp_path_factory.mktemp("one"))
    hub.publish("org/one", folder)
    return folder


def test_what_is_pushed_can_be_listed_and_loaded_back(hub, tmp_path):
    folder, client = toy(tmp_path / "made", seed=1), api(hub)
    url = client.create_repo("org/pushed", private=True)
    assert url == f"{hub.url}/org/pushed"
    done = client.upload_folder(repo_id="org/pushed", folder_path=folder, commit_message="All of it")
    assert done.oid == hub.repo("org/pushed")["branches"]["main"]
    kept = hub.files("org/pushed")
    assert kept.pop(".gitattributes")
    assert kept == read(folder)
    info = client.model_info("org/pushed", files_metadata=True)
    assert (info.private, info.gated, info.card_data.license) == (True, False, "mit")
    large = {s.rfilename: s.lfs.sha256 for s in info.siblings if s.lfs}
    sha256 = {name: hashlib.sha256(kept[name]).hexdigest() for name in large}
    assert large == sha256
    assert set(large) == {"model.safetensors", "small.safetensors"}
    parts = [line for line in hub.log() if f"{sha256['model.safetensors']}/part/" in line]
    assert len(parts) == 3, "9 MB in parts of 4 MB"
    loaded = client.snapshot_download("org/pushed", cache_dir=tmp_path / "cache")
    assert read(Path(loaded)) == hub.files("org/pushed")
    again = client.upload_folder(repo_id="org/pushed", folder_path=folder)
    assert again.oid == done.oid, "nothing has changed, so there is no commit"


def test_a_tag_a_branch_and_a_pull_request_keep_their_commit(hub, tmp_path):
    client = api(hub)
    client.create_repo("org/refs", repo_type="dataset")
    send = {"repo_id": "org/refs", "repo_type": "dataset", "path_in_repo": "a.txt"}
    first = client.upload_file(path_or_fileobj=b"first", **send)
    client.create_tag("org/refs", tag="v1", repo_type="dataset")
    client.create_branch("org/refs", branch="work", repo_type="dataset")
    asked = client.upload_file(path_or_fileobj=b"asked", create_pr=True, **send)
    client.upload_file(path_or_fileobj=b"second", **send)
    assert asked.pr_url == f"{hub.url}/datasets/org/refs/discussions/1"
    assert asked.pr_revision == "refs/pr/1"
    told = {
        name: hub.files("org/refs", "dataset", name)["a.txt"] for name in ("v1", "work", "refs/pr/1", "main")
    }
    assert told == {"v1": b"first", "work": b"first", "refs/pr/1": b"asked", "main": b"second"}
    refs = client.list_repo_refs("org/refs", repo_type="dataset", include_pull_requests=True)
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1", first.oid)]
    assert refs.pull_requests[0].target_commit == asked.oid
    assert [d.is_pull_request for d in client.get_repo_discussions("org/refs", repo_type="dataset")] == [True]
    for revision, content in (("v1", "first"), ("refs/pr/1", "asked")):
        where = {"repo_type": "dataset", "revision": revision, "cache_dir": tmp_path}
        assert Path(client.hf_hub_download("org/refs", "a.txt", **where)).read_text() == content
    client.delete_tag("org/refs", tag="v1", repo_type="dataset")
    client.delete_file("a.txt", "org/refs", repo_type="dataset")
    assert list(hub.files("org/refs", "dataset")) == [".gitattributes"]
    client.delete_repo("org/refs", repo_type="dataset")
    with pytest.raises(KeyError):
        hub.repo("org/refs", "dataset")


@pytest.mark.parametrize(
    ("token", "repo", "problem", "status"),
    [
        (None, "org/open", None, 200),
        ("hf_wrong", "org/open", "HfHubHTTPError", 401),
        (None, "org/private", "RepositoryNotFoundError", 401),
        ("hf_local_reader", "org/private", None, 200),
        (None, "org/gated", "GatedRepoError", 401),
        ("hf_local_reader", "org/gated", "GatedRepoError", 403),
        ("hf_local_writer", "org/gated", None, 200),
        (None, "org/missing", "RepositoryNotFoundError", 401),
        ("hf_local_writer", "org/missing", "RepositoryNotFoundError", 404),
    ],
)
def test_who_may_read(hub, tmp_path, token, repo, problem, status):
    from huggingface_hub import errors

    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.txt").write_text("here")
    if repo != "org/missing":
        asked = {"private": repo == "org/private", "gated": "auto" if repo == "org/gated" else False}
        hub.publish(repo, tmp_path / "made", **asked)
    client = api(hub, token)
    if problem is None:
        where = client.hf_hub_download(repo, "a.txt", cache_dir=tmp_path / "cache")
        assert Path(where).read_text() == "here"
        return
    with pytest.raises(errors.HfHubHTTPError) as raised:
        client.get_hf_file_metadata(url=f"{hub.url}/{repo}/resolve/main/a.txt")
    assert (type(raised.value).__name__, raised.value.response.status_code) == (problem, status)


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("hf_local_reader", 403), ("hf_wrong", 401)])
def test_who_may_write(hub, one, token, status):
    from huggingface_hub.errors import HfHubHTTPError

    client, before = api(hub, token), hub.repo("org/one")
    for write in (
        lambda: client.create_repo("org/new"),
        lambda: client.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="org/one"),
        lambda: client.create_tag("org/one", tag="v9"),
        lambda: client.update_repo_settings("org/one", private=True),
        lambda: client.delete_repo("org/one"),
    ):
        with pytest.raises(HfHubHTTPError) as raised:
            write()
        assert raised.value.response.status_code == status
    assert hub.repo("org/one") == before
    with pytest.raises(KeyError):
        hub.repo("org/new")


def test_what_is_not_there_is_named(hub, one, tmp_path):
    from huggingface_hub import errors

    client = api(hub)
    with pytest.raises(errors.RevisionNotFoundError):
        client.model_info("org/one", revision="v7")
    with pytest.raises(errors.RemoteEntryNotFoundError):
        client.hf_hub_download("org/one", "none.txt", cache_dir=tmp_path)
    with pytest.raises(errors.RepositoryNotFoundError):
        client.dataset_info("org/one")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{hub.url}/api/brand/new")
    assert "GET /api/brand/new 404" in hub.log()


def test_settings_change_what_others_see(hub, tmp_path):
    client = api(hub)
    client.create_repo("org/shown", repo_type="space", space_sdk="gradio", private=True)
    client.update_repo_settings("org/shown", repo_type="space", private=False, gated="manual")
    client.add_space_variable("org/shown", "GRADIO_SSR_MODE", "false")
    info = api(hub, None).space_info("org/shown")
    assert (info.private, info.gated, info.sdk) == (False, "manual", "gradio")
    assert client.get_space_variables("org/shown")["GRADIO_SSR_MODE"].value == "false"


def test_a_card_is_refused_as_the_hub_refuses_it(hub, one):
    client = api(hub)
    space = "---\nsdk: gradio\nlicense: mit\ncolorFrom: indigo\nshort_description: {}\n---\n"
    for kind, text, said in (
        ("space", space.format("x" * 61), "short_description"),
        ("space", space.format("x").replace("indigo", "orange"), "colorFrom"),
        ("space", space.format("x").replace("sdk: gradio\n", ""), "sdk"),
        ("model", CARD.replace("mit", "free-for-all"), "license"),
    ):
        with pytest.raises(ValueError, match=said):
            client._validate_yaml(text, repo_type=kind)
    client._validate_yaml(space.format("x" * 60), repo_type="space")
    client._validate_yaml(CARD, repo_type="model")
    card = CARD.replace("mit", "free-for-all").encode()
    with pytest.raises(ValueError, match="license"):
        client.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="org/one")


def test_a_cut_download_goes_on_where_it_stopped(hub, one, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 20)  # the client keeps whole chunks, of 10 MB
    hub.fault("model.safetensors", cut=4_000_000, method="GET", times=1)
    before = len(hub.log())
    path = api(hub).hf_hub_download("org/one", "model.safetensors", cache_dir=tmp_path)
    hub.fault()
    assert Path(path).read_bytes() == (one / "model.safetensors").read_bytes()
    outcome = [line.split()[-1] for line in hub.log()[before:] if line.startswith("GET")]
    assert outcome == ["200", "broken", "206"]


def test_a_slow_or_failing_server(hub, one, tmp_path):
    from huggingface_hub.errors import GatedRepoError

    hub.fault("small.safetensors", slow=6_000, method="GET")
    begun = time.monotonic()
    api(hub).hf_hub_download("org/one", "small.safetensors", cache_dir=tmp_path)
    assert 0.4 < time.monotonic() - begun < 5, "3000 bytes at 6000 a second"
    hub.fault("org/one", status=403, code="GatedRepo")
    with pytest.raises(GatedRepoError):
        api(hub).model_info("org/one")
    hub.fault()
    assert api(hub).model_info("org/one").id == "org/one"


def test_a_hostile_tree(hub, one):
    claims = [
        {"path": "../../x"},
        {"path": "/etc/x"},
        {"path": "a\\b"},
        {"path": "readme.md", "size": 10**10},
    ]
    wrong = {"path": "model.safetensors", "sha256": "0" * 64}
    hub.forge("org/one", "model", [*claims, wrong, {"path": "link", "type": "symlink"}])
    found = {row.path: row for row in api(hub).list_repo_tree("org/one", recursive=True)}
    assert {"../../x", "/etc/x", "a\\b", "link", "README.md", "sub/names.txt"} <= set(found)
    assert found["readme.md"].size == 10**10
    assert found["model.safetensors"].lfs.sha256 == "0" * 64
    head = api(hub).get_hf_file_metadata(url=f"{hub.url}/org/one/resolve/main/model.safetensors")
    assert (head.etag, head.size) == ("0" * 64, 9_000_000)
    with pytest.raises(http.client.IncompleteRead):
        urllib.request.urlopen(f"{hub.url}/org/one/resolve/main/readme.md").read()
    hub.forge("org/one", "model", [{"path": f"many/{n}"} for n in range(2_500)])
    assert sum(1 for _ in api(hub).list_repo_tree("org/one", recursive=True)) == 2_500 + 5, "in three pages"
    hub.forge("org/one", "model", [])
    assert sorted(api(hub).list_repo_files("org/one")) == sorted(read(one))


UPLOAD = """
import sys
from huggingface_hub import upload_folder
upload_folder(repo_id="org/killed", folder_path=sys.argv[1])
"""


def test_an_upload_that_was_killed_is_finished_by_the_same_command(hub, tmp_path):
    folder = toy(tmp_path / "made", seed=2)
    names = ("small.safetensors", "model.safetensors")
    small, large = (hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names)
    api(hub).create_repo("org/killed")
    hub.fault(large, slow=1_000_000)
    command = [sys.executable, "-c", UPLOAD, str(folder)]
    with subprocess.Popen(command, env=hub.env(tmp_path / "home"), stderr=subprocess.DEVNULL) as child:
        for _ in range(200):
            if any(line.endswith(f"{small}/verify 200") for line in hub.log()):
                break
            time.sleep(0.1)
        else:
            pytest.fail("the small file has not arrived")
        child.send_signal(signal.SIGKILL)
    hub.fault()
    assert list(hub.files("org/killed")) == [".gitattributes"], "the commit is all or nothing"
    subprocess.run(command, env=hub.env(tmp_path / "home"), check=True, stderr=subprocess.DEVNULL)
    assert {**read(folder), ".gitattributes": hub.files("org/killed")[".gitattributes"]} == hub.files(
        "org/killed"
    )
    sent = [line for line in hub.log() if line.startswith("PUT /storage/models/org/killed/")]
    assert sum(small in line for line in sent) == 1, "what had arrived is not sent again"
    assert sum(line.endswith("200") and f"{large}/part/3" in line for line in sent) == 1


def test_a_restart_keeps_everything(tmp_path):
    folder = toy(tmp_path / "made")
    with running(tmp_path / "hub") as hub:
        hub.publish("org/kept", folder, "dataset", private=True)
        api(hub).create_tag("org/kept", tag="v1", repo_type="dataset")
        before, url = hub.repo("org/kept", "dataset"), hub.url
        hub.stop()
        hub.start()
        assert (hub.url, hub.repo("org/kept", "dataset")) == (url, before)
        files = api(hub).list_repo_files("org/kept", repo_type="dataset", revision="v1")
        assert sorted(files) == sorted(read(folder))


def test_a_server_without_lfs_takes_large_files_as_any_other(tmp_path):
    with running(tmp_path / "hub", "--no-lfs") as hub:
        api(hub).create_repo("org/plain")
        api(hub).upload_folder(repo_id="org/plain", folder_path=toy(tmp_path / "made"))
        assert {**read(tmp_path / "made"), ".gitattributes": b""}.keys() == hub.files("org/plain").keys()
        assert not any("lfs" in line for line in hub.log())
        hub.publish("org/put", tmp_path / "made")
        assert not any(s.lfs for s in api(hub).model_info("org/put", files_metadata=True).siblings)


LOAD = """
from datasets import load_dataset
rows = load_dataset("org/rows", split="train")
assert rows["name"] == ["a", "b", "c"], rows["name"]
streamed = load_dataset("org/rows", split="train", streaming=True)
assert [row["score"] for row in streamed] == [1, 2, 3]
"""


def test_a_data_set_is_loaded_and_streamed(hub, tmp_path):
    import pyarrow
    from pyarrow import parquet

    (tmp_path / "made").mkdir()
    table = pyarrow.table({"name": ["a", "b", "c"], "score": [1, 2, 3]})
    parquet.write_table(table, tmp_path / "made" / "train.parquet")
    card = "---\nconfigs:\n- config_name: default\n  data_files: train.parquet\n---\n"
    (tmp_path / "made" / "README.md").write_text(card)
    hub.publish("org/rows", tmp_path / "made", "dataset")
    before = len(hub.log())
    environment = {**os.environ, **hub.env(tmp_path / "home")}
    subprocess.run([sys.executable, "-c", LOAD], env=environment, check=True, stderr=subprocess.DEVNULL)
    log = hub.log()[before:]
    assert any(line.endswith("train.parquet 206") for line in log), "streaming asks for ranges"
