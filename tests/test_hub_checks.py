"""What may be published: every hostile or careless file is refused by its path, in one line."""

import hashlib
import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from affectgpt.hub.checks import EXAMPLES, MAX_FILES, check
from affectgpt.hub.contents import kind_of
from affectgpt.hub.secrets import leak_in, own

FAKE = "hf_" + "aB3dE6gH9j" * 3 + "kLmN"  # of the right form; built here, so that no scanner finds one
HOME = "/ho" + "me/ada"
CLIP = "a clip, sound or picture, and those of licensed data may not be handed on"


class Runs:
    def __reduce__(self):
        return print, ("run",)


@pytest.fixture
def folder(tmp_path):
    """A staged model in which nothing is wrong."""
    (tmp_path / "config.json").write_text('{"model_type": "affectgpt"}')
    (tmp_path / "README.md").write_text("# A model\n\nSee https://hf.co/mnt/tmp/home and data/tmp/x.\n")
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    sums(tmp_path)
    return tmp_path


def sums(folder):
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".safetensors", ".parquet"))
    lines = [
        f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(folder).as_posix()}\n" for f in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def found(folder, artifact="model"):
    return {(one.path, one.text.en.split(":")[0]) for one in check(folder, artifact)}


def refused(folder, artifact="model"):
    return sorted({one.path for one in check(folder, artifact)})


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def test_a_clean_folder_passes(folder):
    assert check(folder, "model") == ()


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("name", ["notes.txt", "config2.json", "weights.dat"])
def test_pickles_are_found_by_content(folder, name, protocol):
    (folder / name).write_bytes(pickle.dumps({"a": Runs()}, protocol))
    assert found(folder) == {(name, "a pickle, which can run code when it is opened")}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (zipped("archive/data.pkl", "archive/data/0"), "a pickle, which can run code when it is opened"),
        (zipped("a.npy"), "an array file that may hold pickles"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O'}", "an array file that may hold pickles"),
        (zipped("a.txt"), "an archive, which nobody can look into on the Hub"),
        (b"\x1f\x8b\x08\x00" + b"\x01" * 60, "an archive, which nobody can look into on the Hub"),
        (b"\x00\x00\x00 ftypisom" + b"\0" * 40, CLIP),
        (b"\x1aE\xdf\xa3" + b"\x80" * 40, CLIP),
        (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 20, CLIP),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, CLIP),
        (b"\x07\x00\x9c" * 30, "neither text nor safetensors nor Parquet"),
    ],
)  # fmt: skip
def test_other_contents_are_refused_whatever_their_name(folder, content, why):
    (folder / "merges.txt").write_bytes(content)
    assert found(folder) == {("merges.txt", why)}


def test_endings_are_refused_whatever_their_content(folder):
    endings = "pkl pickle pt pth bin ckpt npy npz joblib h5 mp4 webm wav mp3 png JPG"
    names = [f"x.{ending}" for ending in endings.split()]
    for name in names:
        (folder / name).write_text("innocent")
    assert refused(folder) == sorted(names)


def test_words_are_no_pickle(tmp_path):
    for text in ("N.", "l.", "I5\n.", "(dp0\n.", "cat\nhat\n", "", "# 标题\n"):
        (tmp_path / "a").write_text(text)
        assert kind_of(tmp_path / "a") == "text", text


@pytest.mark.parametrize(
    "secret",
    [
        FAKE,
        "sk-" + "proj-" + "a1B2" * 8,
        "gh" + "p_" + "Ab1" * 12,
        "AK" + "IA" + "ABCD1234EFGH5678",
        "aws_secret_access_" + "key = " + "wJalr/XUtn" * 4,
        "Authorization: Bea" + "rer " + "abc.def-" * 4,
        "-----BEGIN RSA PRI" + "VATE KEY-----",
        "https://ada:" + "s3cret@example.org/x",
    ],
)
def test_secrets_are_found_and_never_shown(folder, secret):
    (folder / "conversion.json").write_text(json.dumps({"a": 1, "note": secret}, indent=1))
    (one,) = check(folder, "model")
    assert one.path == "conversion.json"
    assert one.text.en.startswith("line 3 holds a secret")
    assert secret not in one.text.en + one.text.zh
    assert secret[-12:] not in one.text.en


def test_the_login_is_found_literally_whatever_its_form(folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "strange words here")
    monkeypatch.setenv("OPENAI_API_KEY", "another strange one")
    (folder / "generation_config.json").write_text('{"a": "strange words here"}')
    (folder / "tokenizer_config.json").write_text('{"a": "another strange one"}')
    assert refused(folder) == ["generation_config.json", "tokenizer_config.json"]


@pytest.mark.parametrize("path", [
    f"{HOME}/model", "/Us" + "ers/Ada/model", "/wo" + "rk/models", "/tm" + "p/x1", "/ro" + "ot/ckpt",
    "C:\\Us" + "ers\\Ada", "C:\\\\Us" + "ers\\\\Ada", "/m" + "nt/disk1/a", "fi" + "le:///etc/x",
])  # fmt: skip
def test_machine_paths_are_found(path):
    assert leak_in(f'{{"a": "{path}"}}', own()).leak == "path"


@pytest.mark.parametrize("text", [
    "https://huggingface.co/mnt/tmp", "data/tmp/x", "./home/x", "and/or", "/tmp", "/analyze", "{home}/tmp/x",
    "hf_hub_download", "sk-learn and task-specific-parameters-of-the-model", "Bearer {key}", "/workshop/x",
])  # fmt: skip
def test_ordinary_words_are_not(text):
    assert leak_in(text, own()) is None


def test_this_machine_is_found_in_a_vocabulary_and_others_are_words_there(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/srv/people/ada")
    (folder / "tokenizer.json").write_text(json.dumps({"vocab": {HOME: 1, "/tm" + "p/x": 2}}))
    assert check(folder, "model") == ()
    (folder / "tokenizer.json").write_text(json.dumps({"vocab": {"/srv/people/ada/x": 1}}))
    assert refused(folder) == ["tokenizer.json"]


def test_metadata_of_weights_and_tables_is_read(folder):
    save_file({"w": np.ones(3, np.float32)}, folder / "model.safetensors", metadata={"from": f"{HOME}/x"})
    (folder / "emer_v2").mkdir()
    texts = pa.table({"name": ["a", "b"], "parts": [["x"], [f"see {HOME}/y"]]})
    pq.write_table(texts, folder / "emer_v2" / "a.parquet")
    pq.write_table(texts.slice(0, 1).replace_schema_metadata({"by": FAKE}), folder / "emer_v2" / "b.parquet")
    sums(folder)
    assert refused(folder) == ["emer_v2/a.parquet", "emer_v2/b.parquet", "model.safetensors"]


def test_clips_in_a_table_are_found_at_any_depth(folder):
    clip = {"bytes": b"\0\0\0 ftypisom", "path": "a.mp4"}
    pq.write_table(pa.table({"name": ["a"], "clip": [clip]}), folder / "a.parquet")
    pq.write_table(pa.table({"deep": [[{"x": [b"abc"]}]]}), folder / "b.parquet")
    sums(folder)
    texts = {one.path: one.text.en for one in check(folder, "dataset")}
    assert "column clip holds bytes" in texts["a.parquet"]
    assert "column deep holds bytes" in texts["b.parquet"]


def test_only_the_spaces_own_examples_may_be_clips(folder):
    clips = sorted(EXAMPLES.glob("*.mp4"))
    if not clips:
        pytest.skip("no examples/ beside the package")
    (folder / "examples").mkdir()
    shutil.copyfile(clips[0], folder / "examples" / clips[0].name)
    assert check(folder, "space") == ()
    assert refused(folder, "model") == [f"examples/{clips[0].name}"]
    with open(folder / "examples" / clips[0].name, "ab") as file:
        file.write(b"!")
    assert refused(folder, "space") == [f"examples/{clips[0].name}"]


def test_oversized_and_too_many_files(folder):
    with open(folder / "model-2.safetensors", "wb") as file:
        file.truncate(7_200_000_000)  # sparse: it takes no room
    (one,) = [each for each in check(folder, "model") if each.path == "model-2.safetensors"]
    assert one.text.en.startswith("7.2 GB, but a file may have 5 GB: convert again")
    for number in range(MAX_FILES):
        (folder / f"{number}.txt").touch()
    (one,) = check(folder, "model")
    assert one.path == "."
    assert "1005 files" in one.text.en


def test_sums_are_compared_in_both_directions(folder):
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  model.safetensors\n{'1' * 64}  gone.safetensors\n")
    save_file({"w": np.ones(2, np.float32)}, folder / "more.safetensors")
    assert found(folder, "dataset") == {
        ("model.safetensors", "its SHA-256 is not the one in SHA256SUMS, so it was changed or damaged"),
        ("gone.safetensors", "listed in SHA256SUMS, but not there"),
        ("more.safetensors", "not listed in SHA256SUMS"),
    }


@pytest.mark.parametrize("spoil", [
    lambda data: data[:-4], lambda data: data + b"x", lambda data: b"\xff" * 8 + data[8:],
    lambda data: pickle.dumps(Runs()), lambda data: b"",
])  # fmt: skip
def test_damaged_weights_are_refused(folder, spoil):
    file = folder / "model.safetensors"
    file.write_bytes(spoil(file.read_bytes()))
    sums(folder)
    assert found(folder) == {("model.safetensors", "damaged or cut short")}


def test_shards_are_those_of_the_index(folder):
    for name in ("model-00001-of-00002", "model-00002-of-00002"):
        save_file({name: np.ones(2, np.float32)}, folder / f"{name}.safetensors")
    (folder / "model.safetensors").unlink()
    sums(folder)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {n: f"model-0000{n}-of-00002.safetensors" for n in "12"}}))
    assert check(folder, "model") == ()
    index.write_text(json.dumps({"weight_map": {n: f"model-0000{n}-of-00002.safetensors" for n in "13"}}))
    assert refused(folder) == ["model-00002-of-00002.safetensors", "model-00003-of-00002.safetensors"]
    index.write_text("{}")
    assert refused(folder) == ["model.safetensors.index.json"]


def test_damaged_tables_are_refused(folder):
    (folder / "a.parquet").write_bytes(b"PAR1" + b"x" * 50 + b"PAR1")
    sums(folder)
    assert found(folder, "dataset") == {("a.parquet", "damaged or cut short")}


def test_links_and_hidden_files(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "secret.txt"
    other.write_text("x")
    (folder / "link.txt").symlink_to(other)
    (folder / "deep").symlink_to(other.parent)
    (folder / "inside.md").symlink_to(folder / "README.md")
    (folder / ".env").write_text("A=b")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    assert refused(folder) == [".env", ".git/config", "deep", "link.txt"]


def test_base_models_and_code_are_named_on_the_hub(folder, monkeypatch):
    config = {"base_models": {"text": f"{HOME}/qwen", "vision": "openai/clip", "audio": "bases/hubert"}}
    config |= {"auto_map": {"AutoModel": "other/repo--modeling.Model", "AutoConfig": "gone.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "bases" / "hubert").mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "processor_config.json").write_text("{")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "../qwen"}')
    texts = [(one.path, one.text.en) for one in check(folder, "adapter")]
    assert [path for path, _ in texts].count("config.json") == 5  # the path itself, two folders, two codes
    assert sum("folder of this machine" in text for _, text in texts) == 3
    assert sum("auto_map" in text for _, text in texts) == 2
    assert ("processor_config.json", "is not valid JSON: make it again.") in texts


def test_every_finding_is_in_both_languages_and_names_no_folder(folder):
    (folder / "a.pkl").touch()
    (folder / "b.txt").write_text(f"{HOME}/model of mine")
    for one in check(folder, "model"):
        assert one.text.zh != one.text.en
        assert "\n" not in one.text.en
        assert str(folder) not in one.text.en
        assert not Path(one.path).is_absolute()
