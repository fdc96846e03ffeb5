"""What is fetched from the Hub: one commit, verified, resumed after a kill; from the cache without it."""

import json
import os
import random
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from hub_client import connect, write

from affectgpt.console import downloads
from affectgpt.hub.address import Address
from affectgpt.hub.fetch import Progress, cached, copy_out, fetch
from affectgpt.hub.listing import model_file
from affectgpt.schema import AffectError

BIG = random.Random(1).randbytes(3_000_000)
FILES = {"config.json": "{}", "model.safetensors": BIG, "model_affectgpt.py": "1", "sub/notes.txt": "x"}


@pytest.fixture
def here(hub, tmp_path, monkeypatch):
    """The cache; the Hub has org/one with FILES, however a test has left it."""
    hub.fault()
    folder = write(tmp_path / "one", **FILES)
    commit = hub.publish("org/one", folder)
    cache = connect(hub, monkeypatch, tmp_path / "home")
    asked = len(hub.log())
    return SimpleNamespace(cache=cache, folder=folder, commit=commit, log=lambda: hub.log()[asked:])


def refused(name, kind="model", **options):
    with pytest.raises(AffectError) as error:
        fetch(Address.parse(name, kind), **options)
    assert "\n" not in error.value.text.en + error.value.text.zh
    assert error.value.text.en != error.value.text.zh
    return error.value.text.en


def sent(log):
    """The files that were sent, in their order."""
    return [line.split("/resolve/")[1].partition("/")[2] for line in log if "/resolve/" in line]


def test_a_model_at_its_commit(here):
    told = []
    got = fetch(Address("org/one"), only=model_file, tell=told.append)
    assert (got.commit, got.files, got.offline) == (here.commit, ("config.json", "model.safetensors"), False)
    assert (got.folder / "model.safetensors").read_bytes() == BIG
    assert sorted(os.listdir(got.folder)) == ["config.json", "model.safetensors"]  # no code
    assert {each.total for each in told} == {3_000_002}
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[-1].done == 3_000_002
    before = len(here.log())
    again = fetch(Address("org/one"), only=model_file, tell=told.append)
    assert again == got
    assert here.log()[before:] == ["HEAD / 200", "GET /api/models/org/one 200"]  # is it still the newest?
    pinned = fetch(Address("org/one", revision=here.commit), only=model_file)
    assert (pinned.commit, pinned.folder, pinned.offline) == (got.commit, got.folder, False)
    assert len(here.log()) == before + 2  # a commit never changes: nobody is asked
    assert fetch(Address("org/one")).files == tuple(sorted(FILES))
    assert sorted(sent(here.log())) == sorted(f"{name} 200" for name in FILES)  # each one once


def test_a_new_commit_sends_only_what_is_new(hub, here):
    first = fetch(Address("org/one"))
    write(here.folder, config__json='{"new": 1}')
    second = hub.publish("org/one", here.folder)
    before = len(here.log())
    got = fetch(Address("org/one"))
    assert (got.commit, (got.folder / "config.json").read_text()) == (second, '{"new": 1}')
    assert sent(here.log()[before:]) == ["config.json 200"]
    old = fetch(Address("org/one", revision=first.commit))
    assert (old.folder / "config.json").read_text() == "{}"


def test_a_killed_download_goes_on(hub, here, tmp_path):
    hub.fault(r"model\.safetensors", slow=1_000_000)
    code = "from affectgpt.hub.fetch import *; from affectgpt.hub.address import Address; "
    code += "from huggingface_hub import constants; constants.DOWNLOAD_CHUNK_SIZE = 1 << 16; "
    command = [sys.executable, "-c", code + "fetch(Address('org/one'))"]
    child = subprocess.Popen(command, env=hub.env(tmp_path / "home"))
    root, part = here.cache / "models--org--one", None
    for _ in range(200):
        time.sleep(0.05)
        part = next(root.glob("blobs/*.incomplete"), part)
        if part and part.stat().st_size > 500_000:
            break
    child.kill()
    child.wait()
    came = part.stat().st_size
    assert 500_000 < came < len(BIG)
    assert '"verified": {}' in (root / "affectgpt" / f"{here.commit}.json").read_text()
    assert cached(Address("org/one")) is None
    hub.fault()
    told, before = [], len(here.log())
    got = fetch(Address("org/one"), tell=told.append)
    assert (got.folder / "model.safetensors").read_bytes() == BIG
    assert not part.exists()
    assert "model.safetensors 206" in sent(here.log()[before:])  # a range: the rest
    assert next(each.done for each in told) >= came


def test_a_line_that_breaks_is_taken_up_again(hub, here, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)
    hub.fault(r"model\.safetensors", cut=1_000_000, times=1)
    got = fetch(Address("org/one"))
    assert (got.folder / "model.safetensors").read_bytes() == BIG
    answers = [line.split()[1] for line in sent(here.log()) if "model.safetensors" in line]
    assert [answer for answer in answers if answer != "broken"] == ["200", "206"]


def test_what_was_changed_is_verified_again(here):
    got = fetch(Address("org/one"))
    weights = (got.folder / "model.safetensors").resolve()
    weights.write_bytes(BIG[:-1] + b"!")
    os.utime(weights, (1, 1))
    assert "model.safetensors of org/one is not what" in refused("org/one")
    assert not weights.exists()
    assert (fetch(Address("org/one")).folder / "model.safetensors").read_bytes() == BIG


def test_without_the_hub(hub, here, monkeypatch):
    fetch(Address("org/one"), only=model_file)
    hub.stop()
    try:
        got = fetch(Address("org/one"), only=model_file)
        assert (got.commit, got.offline) == (here.commit, True)
        assert "Only a part of org/one is in the cache" in refused("org/one")
        assert "org/two is not in the cache, and http://127.0.0.1" in refused("org/two")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        assert fetch(Address("org/one"), only=model_file).offline
        assert "org/two is not in the cache, and HF_HUB_OFFLINE is set" in refused("org/two")
    finally:
        hub.start()


def test_a_hub_in_trouble_is_no_hub(hub, here, monkeypatch):
    fetch(Address("org/one"))
    hub.fault("/api/models/org/one", status=503)
    assert fetch(Address("org/one")).offline
    hub.fault("/api/models/org/", status=503)
    assert "cannot answer for org/two at present (HTTP 503)" in refused("org/two")
    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", lambda *_, **__: json.loads("<html>"))
    assert "cannot answer for org/two at present (no valid answer)" in refused("org/two")


def test_who_is_refused_gets_nothing_from_the_cache(hub, here):
    fetch(Address("org/one"))
    hub.fault("/api/models/org/one", status=403)
    assert "may not read org/one" in refused("org/one")


def test_what_cannot_be_had(hub, here, tmp_path, monkeypatch):
    hub.publish("org/table", here.folder, "dataset")
    hub.publish("org/closed", here.folder, gated="auto")
    hub.publish("org/secret", here.folder, private=True)
    assert "The Hub has no model org/none, or it is private" in refused("org/none")
    assert "org/table on the Hub is a data set, not a model" in refused("org/table")
    assert "org/one on the Hub is a model, not a data set" in refused("org/one", "dataset")
    assert "org/one has no revision v9" in refused("org/one@v9")
    assert fetch(Address("org/secret")).files
    connect(hub, monkeypatch, tmp_path / "nobody", token=None)
    assert "org/closed is gated: accept its terms" in refused("org/closed")
    assert "no model org/secret, or it is private" in refused("org/secret")
    monkeypatch.setenv("HF_TOKEN", "hf_not_a_token")
    assert "does not accept your token (HTTP 401)" in refused("org/one")


def test_a_full_disk(here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.http_get", full)
        assert refused("org/one").startswith("The disk is full: ")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
    assert "needs 0.1 GB more, but the disk of the Hub cache has 0.0 GB free" in refused("org/one")
    assert not sent(here.log())


def test_what_another_program_brought(hub, here, tmp_path):
    from huggingface_hub import hf_hub_download, snapshot_download

    hf_hub_download("org/one", "config.json")
    assert cached(Address("org/one"), only=model_file) is None  # without its weights
    assert cached(Address("org/one"), only=lambda path: path == "config.json").commit == here.commit
    snapshot_download("org/one", allow_patterns=["*.json", "*.safetensors"])
    got = cached(Address("org/one"), only=model_file)
    assert (got.files, got.offline) == (("config.json", "model.safetensors"), True)
    hub.stop()
    try:
        assert fetch(Address("org/one"), only=model_file) == got
    finally:
        hub.start()


def test_a_card_that_another_program_read_is_not_the_model(hub, here, tmp_path):
    """As after `hf_hub_download(..., "README.md")`: the cache knows the commit, and hardly a file of it."""
    hub.publish("org/one", write(tmp_path / "two", **FILES, **{"README.md": "# A card"}))
    from huggingface_hub import hf_hub_download

    hf_hub_download("org/one", "README.md", endpoint=hub.url, cache_dir=here.cache)
    assert cached(Address("org/one"), only=lambda path: path == "config.json") is None
    assert "config.json" in fetch(Address("org/one"), only=model_file).files


def test_a_copy_of_ones_own(hub, here, tmp_path):
    import hashlib

    sums = f"{hashlib.sha256(BIG).hexdigest()}  model.safetensors\n"
    write(here.folder, SHA256SUMS=sums)
    hub.publish("org/one", here.folder)
    got, out = fetch(Address("org/one")), tmp_path / "out"
    copy_out(got, out)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.*")} == FILES.keys()
    assert not any(path.is_symlink() for path in out.rglob("*"))
    assert (out / "model.safetensors").read_bytes() == BIG
    with pytest.raises(AffectError, match="out exists and is not an empty folder"):
        copy_out(got, out)
    write(here.folder, SHA256SUMS=sums.replace(sums[:8], "0" * 8))
    hub.publish("org/one", here.folder)
    with pytest.raises(AffectError, match=r"model.safetensors of org/one does not fit the SHA256SUMS"):
        copy_out(fetch(Address("org/one")), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_who_does_not_want_to_wait_stops_it(here):
    class Enough(Exception):
        pass

    def tell(progress):
        if progress.done:
            raise Enough

    with pytest.raises(Enough):
        fetch(Address("org/one"), tell=tell)
    assert cached(Address("org/one")) is None
    assert fetch(Address("org/one")).files == tuple(sorted(FILES))


def test_progress_in_lines(capsys):
    tell = downloads()
    for done in range(0, 1001):
        tell(Progress(done * 16_400_000, 16_400_000_000, "model-00002-of-00004.safetensors"))
    tell(Progress(999, 999, "config.json"))  # nobody waits for it
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[1] == "  1.6 of 16.4 GB, model-00002-of-00004.safetensors"
    downloads("zh")(Progress(5_000_000, 5_000_000, "a"))
    assert capsys.readouterr().err == "  已下载 5.0 / 5.0 MB，a\n"


def test_addresses():
    assert Address.parse("me/mine@v1.0") == Address("me/mine", "model", "v1.0")
    for wrong in ("mine", "me/mine@", "me/../mine", "/me/mine", "me/mine@../x", "me/mine/more", "me/mi ne"):
        with pytest.raises(AffectError, match="is no name of a repository"):
            Address.parse(wrong)
