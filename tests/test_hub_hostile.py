"""Repositories that mean harm are refused with one line, and nothing is written outside the cache."""

import json
import time
from types import SimpleNamespace

import pytest
from hub_client import connect, write

from affectgpt.hub.address import Address
from affectgpt.hub.fetch import fetch
from affectgpt.hub.listing import model_file
from affectgpt.schema import AffectError

ZERO, NULL = "0" * 64, "0" * 40
CLAIMS = [  # what the server says is there, and what is told of it
    ({"path": "../../../escaped.txt", "size": 3}, "a path that leads elsewhere, ../../../escaped.txt"),
    ({"path": "/tmp/escaped.txt", "size": 3}, "a path that leads elsewhere"),
    ({"path": "sub/../../escaped.txt", "size": 3}, "a path that leads elsewhere"),
    ({"path": "..\\escaped.txt", "size": 3}, "a path that leads elsewhere"),
    ({"path": "C:/escaped.txt", "size": 3}, "a path that leads elsewhere, C:/escaped.txt"),
    ({"path": "config.json:stream", "size": 3}, "a path that leads elsewhere, config.json:stream"),
    ({"path": "sub/NUL.json", "size": 3}, "a path that leads elsewhere, sub/NUL.json"),
    ({"path": "~/escaped.txt", "size": 3}, "a path that leads elsewhere"),
    ({"path": "sub/. /x", "size": 3}, "a path that leads elsewhere"),
    ({"path": "a\u202etxt.json", "size": 3}, r"hidden characters in a name, 'a\u202etxt.json'"),
    ({"path": "a\nb", "size": 3}, r"hidden characters in a name, 'a\nb'"),
    ({"path": "x" * 130, "size": 3}, "a name that is too long"),
    ({"path": "/".join("abcdefghij" * 30), "size": 3}, "a name that is too long"),
    ({"path": "CONFIG.json", "size": 3}, "two files called CONFIG.json"),
    ({"path": "config.json/inside", "size": 3}, "config.json/inside inside a file"),
    ({"path": "link.json", "size": 9, "type": "symlink"}, "a link or a special file, link.json"),
    ({"path": "model", "size": 9, "type": "commit"}, "a link or a special file, model"),
    ({"path": "config.json", "size": 2, "oid": "../../escaped"}, "a false entry for config.json"),
    ({"path": "config.json", "size": 2, "sha256": "../../../escaped"}, "a false entry for config.json"),
    ({"path": "config.json", "size": -2, "oid": NULL}, "a false entry for config.json"),
    ({"path": "config.json", "size": 10 * 10**9}, "it claims 10.00 GB in config.json"),
    ({"path": "model.safetensors", "size": 10**12, "sha256": ZERO}, "it claims 1,000.00 GB in model.saf"),
    (
        {"path": "config.json", "size": 2, "oid": NULL},
        "config.json of org/bad is not what the repos",
    ),
    (
        {"path": "model.safetensors", "size": 50, "sha256": ZERO},
        "is not what the repository says it is (b",
    ),
    ({"path": "model.safetensors", "size": 49, "sha256": ZERO}, "it is (by size) and was deleted"),
    ({"path": "model.safetensors", "size": 51, "sha256": ZERO}, "it is (by size) and was deleted"),
]


@pytest.fixture
def here(hub, tmp_path, monkeypatch):
    """An empty cache below an empty home; the Hub has an honest org/bad."""
    hub.forge("org/bad", "model", [])
    files = {"config.json": "{}", "model.safetensors": b"\1" * 50, "note.txt": str(tmp_path)}
    folder = write(tmp_path / "bad", **files)
    hub.publish("org/bad", folder)
    cache = connect(hub, monkeypatch, tmp_path / "home")
    yield SimpleNamespace(cache=cache, folder=folder, home=tmp_path)
    hub.forge("org/bad", "model", [])


def refused(name="org/bad", **options):
    with pytest.raises(AffectError) as error:
        fetch(Address.parse(name), **options)
    text = error.value.text
    assert "\n" not in text.en + text.zh
    assert all(sign.isprintable() for sign in text.en + text.zh)
    return text.en


@pytest.mark.parametrize(("claim", "told"), CLAIMS, ids=range(len(CLAIMS)))
def test_a_false_list(hub, here, claim, told):
    outside = set(here.home.parent.glob("*"))
    hub.forge("org/bad", "model", [claim])
    before = len(hub.log())
    assert told in refused()
    made = [path for path in here.home.rglob("*") if path.is_file() and here.folder not in path.parents]
    assert all(here.cache / "models--org--bad" in path.parents or path.suffix == ".lock" for path in made)
    assert set(here.home.parent.glob("*")) == outside
    if "not what" not in told and "deleted" not in told:
        assert not [line for line in hub.log()[before:] if "/resolve/" in line]  # nothing was asked for
    hub.forge("org/bad", "model", [])
    assert fetch(Address("org/bad")).files == ("config.json", "model.safetensors", "note.txt")


def test_too_many_files(here, monkeypatch):
    monkeypatch.setattr("affectgpt.hub.listing.MAX_ENTRIES", 2)
    monkeypatch.setattr("affectgpt.hub.fetch.MAX_ENTRIES", 2)
    assert "it claims more than 2 files" in refused()


def test_all_of_it_too_large(hub, here):
    many = [{"path": f"{n}.safetensors", "size": 45 * 10**9, "sha256": ZERO} for n in range(5)]
    hub.forge("org/bad", "model", many)
    assert "it claims 225.00 GB" in refused()


def test_pickles_never_come(hub, here, tmp_path):
    names = ("pytorch_model.bin", "optimizer.pt", "sub/a.PKL", "x.ckpt", "data.npz", "tf_model.h5")
    write(here.folder, **dict.fromkeys(names, b"\x80\4."))
    hub.publish("org/bad", here.folder)
    assert fetch(Address("org/bad"), weights="any").files == ("config.json", "model.safetensors", "note.txt")
    (here.folder / "model.safetensors").unlink()
    hub.publish("org/bad", here.folder)
    assert "org/bad has its weights only as" in refused()
    assert "which may run code" in refused(only=model_file)
    allowed = fetch(Address("org/bad"), only=model_file, weights="any").files  # torch reads tensors alone
    assert allowed == ("config.json", "note.txt", "pytorch_model.bin")
    (here.folder / "pytorch_model.bin").unlink()
    hub.publish("org/bad", here.folder)
    assert "org/bad has its weights only as" in refused(weights="any")


def test_a_repository_of_nothing(hub, here, tmp_path):
    hub.publish("org/empty", write(tmp_path / "empty", **{"picture.png": "x"}))
    assert "org/empty holds no file that is needed here" in refused("org/empty", only=model_file)


def test_a_false_note_in_the_cache_is_no_proof(here):
    got = fetch(Address("org/bad"))
    note = here.cache / "models--org--bad" / "affectgpt" / f"{got.commit}.json"
    weights = (got.folder / "model.safetensors").resolve()
    weights.write_bytes(b"\2" * 50)
    note.write_text(note.read_text()[:40])  # cut short
    assert "is not what the repository says it is (by SHA-256)" in refused()
    assert json.loads(note.read_text())["verified"].keys() <= {"config.json", "note.txt"}


def test_more_than_was_claimed_is_not_taken(hub, here, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)
    hub.publish("org/bad", write(here.folder, model__safetensors=bytes(8_000_000)))
    hub.forge("org/bad", "model", [{"path": "model.safetensors", "size": 100, "sha256": ZERO}])
    hub.fault(r"model\.safetensors", slow=2_000_000)
    began = time.monotonic()
    assert "it is (by size) and was deleted" in refused()
    hub.fault()
    assert time.monotonic() - began < 2  # all of it takes four seconds
    assert not list(here.cache.rglob(f"{ZERO}*.incomplete"))  # another file may have been on its way
