"""What is written in the files of a repository leads nowhere else, and a secret is printed nowhere."""

import json
from types import SimpleNamespace

import httpx2
import pytest
from hub_client import write

from affectgpt.data import load_emer
from affectgpt.hub.address import Address
from affectgpt.hub.inside import check_inside
from affectgpt.hub.problems import hub_problem
from affectgpt.hub.secrets import leak_in, masked, own
from affectgpt.schema import AffectError
from affectgpt.trained.loader import _origin
from affectgpt.weights import loading

BAD = Address("org/bad")
SECRET = "hf_" + "abcdefghij" * 3
ROWS = "name,reference_en\nsample_1,She is sad\n"


def told(folder, files):
    with pytest.raises(AffectError) as error:
        check_inside(BAD, folder, files)
    assert error.value.text.en.isprintable()
    return error.value.text.en


@pytest.mark.parametrize("shard", ["/etc/model.safetensors", "../x/model.safetensors", "absent.safetensors"])
def test_an_index_names_its_own_files_alone(tmp_path, shard):
    name, whole = "model.safetensors.index.json", "model.safetensors"
    write(tmp_path, **{name: json.dumps({"weight_map": {"w": whole, "v": whole}})})
    check_inside(BAD, tmp_path, (name, whole))
    write(tmp_path, **{name: json.dumps({"weight_map": {"w": whole, "v": shard}})})
    assert f"names what is not there, '{shard}'" in told(tmp_path, (name, whole))


@pytest.mark.parametrize("text", ['{"weight_map": [1]}', "[1]", "{", "[" * 100_000])
def test_an_index_that_is_none(tmp_path, text):
    write(tmp_path, **{"a.index.json": text})
    assert "names what is not there, 'a.index.json: ?'" in told(tmp_path, ["a.index.json"])


def test_settings_run_no_code_of_another_place(tmp_path):
    config = tmp_path / "config.json"
    for good in ({"_attn_implementation": "sdpa"}, {"text_config": {"a": "x/y"}}):
        config.write_text(json.dumps(good))
        check_inside(BAD, tmp_path, ["config.json"])
    for bad in ({"_attn_implementation": "evil/k"}, {"text_config": {"attn_implementation": {"": "evil/k"}}}):
        config.write_text(json.dumps(bad))
        assert "runs code of another place" in told(tmp_path, ["config.json"])
    for none in ("[1]", "{", '{"a":' * 100_000):
        config.write_text(none)
        assert "a config.json that is not one" in told(tmp_path, ["config.json"])


@pytest.mark.parametrize(
    "files", ["/etc/passwd", "../../x.csv", "http://h/x.csv", "zip://a::http://h/x", "hf://datasets/a/b"]
)
@pytest.mark.parametrize(
    "field", ["data_files: {}", "data_files: [{{split: test, path: [{}]}}]", "data_dir: {}"]
)
def test_a_card_leads_to_no_other_files(tmp_path, monkeypatch, files, field):
    text = f"---\nconfigs:\n- config_name: emer_v2\n  {field.format(json.dumps(files))}\n---\n"
    assert "a card that names files elsewhere" in card_refused(tmp_path, monkeypatch, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("---\na: &a [x, x]\nconfigs: [*a, *a]\n---\n", "a card with references"),
        ("---\nconfigs: [\n---\n", "cannot be read as a table"),
        ("---\nconfigs: !!python/object/apply:os.abort []\n---\n", "cannot be read as a table"),
        ("---\nconfigs: 5\n---\n", "cannot be read as a table"),
    ],
)
def test_a_card_that_cannot_be_read(tmp_path, monkeypatch, text, words):
    assert words in card_refused(tmp_path, monkeypatch, text)


def card_refused(tmp_path, monkeypatch, text):
    write(tmp_path, README__md=text, emer_v2__csv=ROWS)
    monkeypatch.setattr("affectgpt.data.emer.fetch", lambda *_, **__: SimpleNamespace(folder=tmp_path))
    with pytest.raises(AffectError) as error:
        load_emer("org/bad")
    return error.value.text.en


def test_a_data_set_that_unpacks_to_any_size(tmp_path, monkeypatch):
    monkeypatch.setattr("affectgpt.data.emer.MAX_BYTES", 10)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "data"
    assert "it claims tables of more than" in card_refused(folder, monkeypatch, "# Rows")


def test_odd_answers_are_told():
    for error in (
        httpx2.UnsupportedProtocol("file://"),
        httpx2.TooManyRedirects(""),
        httpx2.DecodingError(""),
    ):
        assert f"cannot be taken ({type(error).__name__})" in hub_problem(error, BAD).text.en
    with pytest.raises(UnicodeEncodeError) as error:
        "令牌".encode("ascii")
    assert "does not accept your token (not ASCII)" in hub_problem(error.value, BAD).text.en


def test_files_nested_without_end_are_damaged():
    with pytest.raises(AffectError, match="damaged"), loading("org/bad", local=True):
        json.loads("[" * 100_000)


def test_what_an_answer_keeps_of_a_conversion():
    source = {"file": "a.pth", "bytes": 3, "sha256": "x" * 500, "more": "y"}
    assert _origin({"source": source, "epoch": 1}) == {"file": "a.pth", "bytes": 3, "epoch": 1}
    assert _origin({"source": 5, "epoch": {"a": "z" * 300}}) == {}


def test_a_secret_is_not_printed(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "own-secret-value")
    assert masked(f"a {SECRET} b own-secret-value c", own()) == "a … b … c"
    assert SECRET not in str(leak_in(SECRET, own()))
    for text in (SECRET, f"org/{SECRET}", f"org/name@{SECRET}"):
        with pytest.raises(AffectError) as error:
            Address.parse(text)
        assert "hf_…" in error.value.text.en
        assert SECRET not in str(error.value) + error.value.text.zh
