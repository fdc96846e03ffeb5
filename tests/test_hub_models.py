"""A tiny model and its adapter go to a Hub that runs here and answer a question from an empty cache."""

import json

import pytest
import tiny_affectgpt as tiny
from test_hub_push import client, failed, sent, there  # noqa: F401  (the fixture makes this process a client)

from affectgpt.convert import convert_checkpoint
from affectgpt.hub import verify
from affectgpt.hub.address import Address
from affectgpt.hub.fetch import Fetched
from affectgpt.hub.push import push
from affectgpt.hub.stage import stage
from affectgpt.schema import AffectError

IDS = tuple(
    f"{name}@{'a' * 40}"  # what the folders are called on the Hub
    for name in (
        "openai/clip-vit-large-patch14", "TencentGameMate/chinese-hubert-large", "Qwen/Qwen2.5-7B-Instruct",
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return tiny.write_checkpoint(tmp_path_factory.mktemp("checkpoint"), mode=tiny.FRAME_MODE)


@pytest.fixture(scope="module")
def model(checkpoint, bases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "model"
    convert_checkpoint(checkpoint, folder, **bases, base_ids=IDS)
    return folder


def test_a_model_answers_from_the_hub(hub, model, tmp_path):
    ready = stage("model", model, "org/m", work=tmp_path / "work")
    assert ready.left_out == ()
    done = push(ready, public=True)
    assert there(hub, "org/m", "model") == sent(ready)
    assert done.verified == "run"
    assert done.report.en.startswith("Loaded back (unquantised, float32); about happy_reunion.mp4 it says: ")
    state = hub.repo("org/m")
    assert (state["private"], state["gated"]) == (False, "manual")
    log = [line for line in hub.log() if line.startswith("PUT") and "org/m/settings" in line]
    assert len(log) == 2  # gated first, then opened


def test_an_adapter_arrives_as_it_is(hub, checkpoint, bases, tmp_path):
    """That it runs over base models of the Hub is held by test_hub_loading and test_hub_loop."""
    folder = tmp_path / "adapter"
    convert_checkpoint(checkpoint, folder, **bases, base_ids=IDS, adapter_only=True)
    ready = stage("adapter", folder, "org/a", work=tmp_path / "work")
    name = "base_model_name_or_path"  # by which AutoModel finds the way back to our class
    named = [json.loads((at / "adapter_config.json").read_text())[name] for at in (ready.folder, folder)]
    assert named == ["org/a", None]  # and the user's own folder stays as it is
    assert push(ready, verify=False).verified == "no"
    assert there(hub, "org/a", "model") == sent(ready) >= {"adapter_model.safetensors", "adapter_config.json"}


def test_an_adapter_over_folders_of_this_machine_is_refused(checkpoint, bases, tmp_path):
    folder = tmp_path / "adapter"
    convert_checkpoint(checkpoint, folder, **bases, adapter_only=True)
    text = failed(stage("adapter", folder, "org/no", work=tmp_path / "work"))
    assert "config.json" in text


def test_what_does_not_fit_here_is_checked_but_not_run(monkeypatch, tmp_path):
    def too_small(_):
        raise AffectError("m: needs 16 GiB, has 2 GiB.", "m：内存不足。")

    monkeypatch.setattr(verify, "way", too_small)
    found = Fetched(Address("org/m"), "a" * 40, tmp_path, ("config.json", "README.md"), offline=False)
    state, text = verify._model(found)
    assert (state, text.en) == ("files", "2 files verified, not run: m: needs 16 GiB, has 2 GiB.")
