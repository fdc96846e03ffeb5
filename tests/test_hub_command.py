"""`affectgpt push` and `pull` on the command line: what a dry run tells, what is staged, and the messages."""

import hashlib
import json
import os
import shutil

import numpy as np
import pytest
from emer_files import write_v1
from made_results import made_result
from safetensors.numpy import save_file
from typer.testing import CliRunner

from affectgpt.benchmarks.result import to_json
from affectgpt.cli import app
from affectgpt.data.build import build
from affectgpt.hub import cards
from affectgpt.hub import stage as staging
from affectgpt.hub.stage import stage
from affectgpt.schema import AffectError

BASES = ("openai/clip-vit-large-patch14", "TencentGameMate/chinese-hubert-large", "Qwen/Qwen2.5-7B-Instruct")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    """No Hub, no login: a dry run needs neither."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere")
    monkeypatch.delenv("HF_TOKEN", raising=False)


@pytest.fixture
def model(tmp_path):
    """The files of a converted model; the weights are one number."""
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"language_model.w": np.ones(1, np.float32)}, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  model.safetensors\n")
    bases = dict(zip(("vision", "audio", "text"), BASES, strict=True))
    record = {
        "source": {"file": "checkpoint.pth", "bytes": 10, "sha256": "a" * 64},
        "mode": "multiframe_audio_frame_text",
        "base_models": {role: {"name": name, "revision": "b" * 40} for role, name in bases.items()},
        "libraries": {"torch": "2.11.0"},
    }
    config = {"model_type": "affectgpt", "dtype": "float32", "fusion": "attention", "lora": {"r": 16}}
    for name, content in (
        ("conversion", record),
        ("config", config),
        ("processor_config", {}),
        ("tokenizer", {}),
    ):
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    rows = {f"clip_{number}": number / 4 for number in range(5)}
    (folder / "result.json").write_text(to_json(made_result(rows, system="A")), encoding="utf-8")
    (folder / "report.html").write_text("<p>quotes the data</p>")
    (folder / "samples.csv").write_text("name\n")
    return folder


def run(*args):
    return CliRunner().invoke(app, [*map(str, args)])


def dry(*args):
    return run("push", *args, "--repo", "org/name", "--dry-run")


def test_a_dry_run_tells_files_left_out_card_checks_and_steps(model):
    (model / "notes.txt").write_text("see /ho" + "me/ada")  # not published: what it says is of no matter
    (model / "model-old").mkdir()
    shutil.copyfile(model / "model.safetensors", model / "model-old" / "model.safetensors")
    shown = dry("model", model, "--revision", "v1")
    assert shown.exit_code == 0, shown.output
    size = (model / "model.safetensors").stat().st_size
    digest = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()[:12]
    assert any(
        line.split() == ["model.safetensors", str(size), "B", digest] for line in shown.output.splitlines()
    )
    assert "for the model repository org/name:" in shown.output
    assert "Left out: model-old/model.safetensors, notes.txt" in shown.output
    assert "library_name: transformers" in shown.output
    assert "Checked: no pickle" in shown.output
    assert shown.output.rstrip().endswith("load it back and run one sample, tag it v1.")
    assert "grant access on request only" in shown.output


def test_a_dry_run_names_everything_that_is_refused(model):
    (model / "optimizer.pt").write_bytes(b"x")
    (model / "clip.mp4").write_bytes(b"x")
    (model / ".env").write_text("A=b")
    (model / "config.json").write_text(
        (model / "config.json").read_text()[:-1] + ', "x": "/ho' + 'me/ada/m"}'
    )
    (model / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:-4] + b"\0\0\0\0")
    shown = dry("model", model)
    assert shown.exit_code == 2
    named = [line.split(":")[0].strip() for line in shown.output.split("Refused (")[1].splitlines()[1:]]
    assert named == ["config.json", "model.safetensors", ".env", "clip.mp4", "optimizer.pt"]
    assert "It would" not in shown.output
    assert "拒绝发布（5 项）" in dry("model", model, "--language", "zh").output


def test_a_model_without_origin_or_bases_is_refused(model):
    (model / "conversion.json").write_text("{}")
    shown = dry("model", model)
    assert shown.exit_code == 2
    assert "The card cannot name the language model" in shown.output
    given = dry("model", model, "--base-model", ",".join(BASES))
    assert "cannot name" not in given.output
    assert "does not say where its weights come from" in given.output


def test_results_leave_pages_and_references_behind(report):
    shown = dry("results", report)
    assert shown.exit_code == 0, shown.output
    assert "Left out: report.html, samples.csv" in shown.output
    for name in (
        "predictions/test-00000",
        "scores/test-00000",
        "results/toy-a.json",
        "SHA256SUMS",
        "README.md",
    ):
        assert f"  {name}" in shown.output


def test_what_is_staged_of_results(report, tmp_path):
    import datasets
    import pyarrow.parquet as pq

    again = tmp_path / "again"
    shutil.copytree(report, again)
    text = (again / "result.json").read_text(encoding="utf-8").replace('"system": "A"', '"system": "B"')
    (again / "result.json").write_text(text, encoding="utf-8")
    staged = stage("results", report, "org/r", work=tmp_path / "w", results=[again / "result.json"])
    rows = pq.read_table(staged.folder / "predictions").to_pylist()
    assert [(row["system"], row["name"], row["labels"]) for row in rows][4:6] == [
        ("A", "clip_4", ["sad"]),
        ("B", "clip_0", ["sad"]),
    ]
    scores = pq.read_table(staged.folder / "scores").to_pylist()
    assert [(row["system"], row["key"], row["value"], row["samples"]) for row in scores] == [
        ("A", "acc", 0.5, 5),
        ("B", "acc", 0.5, 5),
    ]
    assert "happy" not in "".join(
        file.read_text() for file in staged.folder.glob("results/*")
    )  # the reference
    loaded = datasets.load_dataset(str(staged.folder), "scores", cache_dir=str(tmp_path / "cache"))
    assert list(loaded["test"]) == scores
    changed = json.loads((report / "result.json").read_text()) | {"title": "Other"}
    (again / "copy.json").write_text(json.dumps(changed))
    with pytest.raises(AffectError, match="Two results are of A on toy"):
        stage("results", report, "org/r", work=tmp_path / "w2", results=[again / "copy.json"])


def test_staging_is_the_same_each_time_and_leaves_the_source_alone(model, tmp_path):
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    one, two = (stage("model", model, "org/m", work=tmp_path / name) for name in ("one", "two"))
    first, second = (
        {
            path.relative_to(each.folder): path.read_bytes()
            for path in each.folder.rglob("*")
            if path.is_file()
        }
        for each in (one, two)
    )
    assert first == second
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert os.stat(one.folder / "model.safetensors").st_nlink == 3  # no copy of the weights
    assert first[staging.Path("README.md")].decode().rstrip().endswith("<!-- affectgpt push model -->")


def test_links_out_of_the_source_are_not_followed_but_a_cache_is_made_of_links(model, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_text('{"private": 1}')
    (model / "generation_config.json").symlink_to(outside)
    staged = stage("model", model, "org/m", work=tmp_path / "w")
    assert [one.path for one in staged.refused] == ["generation_config.json"]
    assert not (staged.folder / "generation_config.json").exists()
    (model / "generation_config.json").unlink()
    blobs, snapshot = tmp_path / "repo" / "blobs", tmp_path / "repo" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(model.iterdir())):
        shutil.copyfile(file, blobs / str(number))
        (snapshot / file.name).symlink_to(blobs / str(number))
    staged = stage("model", snapshot, "org/m", work=tmp_path / "w2")
    assert staged.refused == ()
    assert not (staged.folder / "model.safetensors").is_symlink()


def test_emer_stays_private_unless_one_may(tmp_path):
    build(tmp_path / "emer", emer_v1=[write_v1(tmp_path, "en")])
    shown = dry("dataset", tmp_path / "emer")
    assert shown.exit_code == 0, shown.output
    assert "emer_v1/test-00000-of-00001.parquet" in shown.output
    refused = dry("dataset", tmp_path / "emer", "--public")
    assert refused.exit_code == 2
    assert "The EULA of MER2023 forbids" in refused.stderr
    assert "make it public" in dry("dataset", tmp_path / "emer", "--public", "--i-may-publish").output


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["model", "DIR", "--repo", "name"], "name is no name of a repository on the Hub: write ORG/NAME"),
        (["model", "--repo", "org/name"], "Name the folder that is to be published"),
        (["dataset", "DIR", "--repo", "org/name"], "kind model, not dataset: use `affectgpt push model`"),
        (["adapter", "DIR/gone", "--repo", "org/name"], "There is no folder gone"),
        (["results", "DIR", "--repo", "org/name"], "model holds no result"),
        (["model", "DIR", "--repo", "org/name"], "The Hub is out of reach"),
        (["model", "DIR", "--repo", "org/name", "--create-pr", "--public"], "use one of them"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(model, args, words):
    shown = run("push", *[arg.replace("DIR", str(model)) for arg in args])
    assert shown.exit_code == 2
    assert words in shown.stderr
    assert len(shown.stderr.strip().splitlines()) == 1
    assert str(model) not in shown.stderr


def test_pull_says_what_is_wrong(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert "full exists and is not an empty folder" in run("pull", "org/x", "--out", tmp_path / "full").stderr
    shown = run("pull", "org/x", "--out", tmp_path / "new")
    assert shown.exit_code == 2
    assert not (tmp_path / "new").exists()
    assert run("pull", "../x", "--out", tmp_path / "new").exit_code == 2


def test_an_nf4_folder_is_pushed_as_quantised(model):
    config = json.loads((model / "config.json").read_text())
    config["quantization_config"] = {
        "quant_method": "bitsandbytes",
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
    }
    (model / "config.json").write_text(json.dumps(config))
    assert cards.artifact_of(model) == "quantized"
    shown = dry("model", model)
    assert shown.exit_code == 0, shown.output
    assert "base_model_relation: quantized" in shown.output
    assert "<!-- affectgpt push quantized -->" in shown.output


@pytest.mark.parametrize("command", ["push", "pull"])
def test_help_tells_every_option(command):
    text = " ".join(run(command, "--help").output.split())
    for option in (
        "--repo",
        "--dry-run",
        "--public",
        "--create-pr",
        "--revision",
        "--no-verify",
        "--results",
    ):
        assert (option in text) == (command == "push")
    assert "--language" in text
