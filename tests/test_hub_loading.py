# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""Models and data sets by their Hub ids: loaded from what was fetched, at its commit, without their code."""

import json
import shutil
from pathlib import Path

import emer_files as emer
import pytest
import tiny_affectgpt as tiny
import tiny_whisper
from hub_client import connect, write
from tiny_engine import SHORT, clip_of, models  # noqa: F401

from affectgpt import load_engine
from affectgpt.convert import convert_checkpoint
from affectgpt.data import load_emer
from affectgpt.data.build import build
from affectgpt.machine import look
from affectgpt.machine.choice import configured, read_config
from affectgpt.machine.doctor import to_dict
from affectgpt.reason import explain
from affectgpt.schema import AffectError
from affectgpt.trained.loader import open_model
from affectgpt.transcribe import load_transcriber
from affectgpt.weights import shown_model

BASES = {"vision": "base/clip", "audio": "base/hubert", "text": "base/qwen"}
EVIL = "raise SystemExit('the code of a repository was run')\n"


@pytest.fixture
def cache(hub, tmp_path, monkeypatch):
    hub.fault()
    monkeypatch.delenv("AFFECTGPT_MODEL", raising=False)
    return connect(hub, monkeypatch, tmp_path / "home")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory, bases, hub):
    """The folder of an adapter over base models on the Hub, of which newer commits are useless."""
    root = tmp_path_factory.mktemp("adapter")
    commits = {role: hub.publish(BASES[role], Path(bases[role])) for role in BASES}
    out = root / "adapter"
    ids = [f"{BASES[role]}@{commits[role]}" for role in ("vision", "audio", "text")]
    convert_checkpoint(tiny.write_checkpoint(root), out, **bases, base_ids=ids, adapter_only=True)
    for role in BASES:
        later = shutil.copytree(bases[role], root / role)
        (later / "model.safetensors").write_bytes(b"later")
        hub.publish(BASES[role], later)
    return out, commits


def changed(folder, file="config.json", **fields):
    content = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(content | fields), encoding="utf-8")
    return folder


def refused(name, **options):
    with pytest.raises(AffectError) as error:
        open_model(name, **options)
    text = error.value.text
    assert "\n" not in text.en + text.zh
    assert "snapshots" not in text.en
    assert str(Path.home()) not in text.en
    return text.en


def test_a_model_at_a_commit(hub, cache, models, monkeypatch):
    commit = hub.publish("org/tiny", models["frame"])
    later = hub.publish("org/tiny", write(cache.parent / "later", **{"README.md": "moved"}))
    assert commit != later
    told, name = [], f"org/tiny@{commit}"
    engine = load_engine("affectgpt", name, settings=SHORT, device="cpu", tell=told.append)
    assert told[-1].done == told[-1].total > 1_000_000
    assert not list(cache.rglob("*.py"))
    answer = explain(clip_of(), engine)
    local = explain(clip_of(), load_engine("affectgpt", str(models["frame"]), settings=SHORT, device="cpu"))
    assert answer.text == local.text
    assert (answer.provenance["model"], answer.provenance["revision"]) == (name, commit)
    assert "source" not in answer.provenance
    assert "org/tiny holds no file" in refused("org/tiny")  # as it is now
    assert read_config(name)["model_type"] == "affectgpt"
    monkeypatch.setenv("AFFECTGPT_MODEL", name)
    assert shown_model(configured()) == name


def test_a_second_start_without_the_hub(hub, cache, models):
    commit = hub.publish("org/again", models["frame"])
    open_model("org/again", device="cpu")
    hub.stop()
    try:
        engine = load_engine("affectgpt", "org/again", settings=SHORT, quantize="none", device="cpu")
        told = explain(clip_of(), engine, language="zh").provenance
        assert (told["revision"], told["source"]) == (commit, "取自缓存，当时无法连接 Hub")
        assert engine.why.en == "The Hub was not reachable: org/again is taken from the cache."
        figured = to_dict(look(thorough=False), "org/again")
        assert figured["model"] == "org/again"
        assert "org/other is not in the cache" in refused("org/other")
    finally:
        hub.start()


def test_an_adapter_over_its_own_base_models(hub, cache, adapter):
    folder, commits = adapter
    hub.publish("org/adapter", folder)
    opened = open_model("org/adapter", device="cpu")
    assert opened.bases == {role: f"{BASES[role]}@{commits[role]}" for role in BASES}
    assert opened.origin["epoch"] == 30
    assert not opened.offline
    hub.stop()
    try:
        assert open_model("org/adapter", device="cpu").offline
    finally:
        hub.start()


def test_an_adapter_that_reads_this_machine(hub, cache, adapter, tmp_path, bases, monkeypatch):
    folder = shutil.copytree(adapter[0], tmp_path / "adapter")
    hub.publish("org/reads", changed(folder, base_models=bases))
    assert "org/reads is an adapter whose base model is a folder of another machine" in refused("org/reads")
    (tmp_path / "org" / "trap").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)  # a folder here that is called like a model there
    hub.publish("org/reads", changed(folder, base_models=dict.fromkeys(BASES, "org/trap")))
    line = refused("org/reads")
    assert (
        "org/reads is only an adapter, and its base model org/trap did not load. The Hub has no model" in line
    )
    hub.publish("org/reads", changed(folder, base_models={**BASES, "config": "x/y"}))
    assert "org/reads is another kind of model (base_models are not" in refused("org/reads")
    hub.publish(
        "org/reads", changed(folder, base_models={**BASES, "text": BASES["audio"]}, base_revisions={})
    )
    assert "(hubert, not qwen2)" in refused("org/reads")
    hub.publish("org/reads", changed(folder, base_models=BASES, base_revisions={"text": "../../../x"}))
    assert "is no name of a repository" in refused("org/reads")


def test_code_is_never_run_and_nothing_else_fetched(hub, cache, models, tmp_path):
    folder = shutil.copytree(models["frame"], tmp_path / "evil")
    for file in folder.glob("*.py"):
        file.write_text(EVIL)
    hub.publish("evil/code", write(tmp_path / "code", modeling_evil__py=EVIL, configuration_evil__py=EVIL))
    for target in ("evil/code--modeling_evil.Evil", "../../../modeling_evil.Evil"):
        autos = dict.fromkeys(("AutoConfig", "AutoModel", "AutoProcessor"), target)
        autos["AutoTokenizer"] = [target, target]
        for file in ("config.json", "processor_config.json", "tokenizer_config.json"):
            changed(folder, file, auto_map=autos)
        hub.publish("evil/model", folder)
        before = len(hub.log())
        opened = open_model("evil/model", device="cpu")
        assert type(opened.model).__module__ == "affectgpt.model.modeling_affectgpt"
        assert not [line for line in hub.log()[before:] if "evil/code" in line or ".py" in line]
    changed(folder, "tokenizer_config.json", tokenizer_class="EvilTokenizer")
    hub.publish("evil/model", folder)
    before = len(hub.log())
    assert "evil/model can only be opened by code of its own, which is never run" in refused("evil/model")
    assert not [line for line in hub.log()[before:] if "evil/code" in line or ".py" in line]
    hub.publish("evil/model", changed(folder, model_type="evil"))
    assert "evil/model is another kind of model (model_type evil)" in refused("evil/model")


def test_an_adapter_file_does_not_lead_away(hub, cache, models, tmp_path):
    folder = shutil.copytree(models["frame"], tmp_path / "lead")
    (folder / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "base_model_name_or_path": "evil/base", "r": 1})
    )
    hub.publish("org/lead", folder)
    before = len(hub.log())
    assert "an adapter whose config.json names no base models" in refused("org/lead")
    assert not [line for line in hub.log()[before:] if "evil/base" in line]


def test_whisper_by_its_id(hub, cache, tmp_path):
    commit = hub.publish("org/whisper", tiny_whisper.write(tmp_path / "whisper"))
    assert load_transcriber(f"org/whisper@{commit}", device="cpu").name == f"org/whisper@{commit[:8]}"
    with pytest.raises(AffectError, match="The Hub has no model org/nowhisper"):
        load_transcriber("org/nowhisper", device="cpu")


def test_a_data_set_equals_the_local_one(hub, cache, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    files, out = emer.write_v2(tmp_path), tmp_path / "out"
    published = [emer.write_v1(tmp_path, language) for language in ("en", "zh")]
    build(out, emer_v1=published, emer_v2=files["descriptions"], labels=files["labels"])
    write(out, trap__py=EVIL, trap__pkl=b"\x80\4.")
    commit = hub.publish("org/emer", out, "dataset")
    for version in ("v1", "v2"):
        local = load_emer(out, version=version)
        assert load_emer("org/emer", version=version).rows == local.rows
    assert not list(cache.rglob("*.py")) + list(cache.rglob("*.pkl"))
    hub.publish("org/emer", write(tmp_path / "bare", **{"README.md": "nothing"}), "dataset")
    assert load_emer(f"org/emer@{commit}").rows == load_emer(out).rows
    with pytest.raises(AffectError, match="org/emer on the Hub cannot be read as a table"):
        load_emer("org/emer")
    hub.stop()
    try:
        assert load_emer(f"org/emer@{commit}").rows == load_emer(out).rows
        with pytest.raises(AffectError, match="org/none is not in the cache"):
            load_emer("org/none")
    finally:
        hub.start()
