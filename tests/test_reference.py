"""References: every shape a user may give, and one line for the shapes that hold nothing."""

import json

import pytest

from affectgpt.reference import read_reference
from affectgpt.schema import AffectError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"text": "She smiles.", "labels": ["happy"]}, ("She smiles.", ["happy"])),
        ({"text": {"en": "She smiles.", "zh": "她笑了。"}}, ("She smiles.", [])),
        ({"parts": {"visual": "She smiles.", "inference": "Happy."}}, ("She smiles.\n\nHappy.", [])),
        ({"parts": {"en": {"visual": "She smiles."}, "zh": {"visual": "她笑了。"}}}, ("She smiles.", [])),
        ({"labels": {"en": ["sad"], "zh": ["悲伤"]}}, ("", ["sad"])),
        ({"labels": "sad, lonely"}, ("", ["sad", "lonely"])),
        ({"labels": [{"label": "sad", "text": "sad", "confidence": 0.4}]}, ("", ["sad"])),
        (["sad", "lonely"], ("", ["sad", "lonely"])),
    ],
)
def test_json_of_every_shape(tmp_path, data, expected):
    file = tmp_path / "reference.json"
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    assert read_reference(str(file), "en") == expected


def test_the_language_picks_the_text(tmp_path):
    file = tmp_path / "reference.json"
    file.write_text(json.dumps({"text": {"en": "She smiles.", "zh": "她笑了。"}}), encoding="utf-8")
    assert read_reference(str(file), "zh") == ("她笑了。", [])


def test_text_files_and_plain_text(tmp_path):
    file = tmp_path / "reference.txt"
    file.write_bytes("她很高兴。".encode("gb18030"))
    assert read_reference(str(file), "zh") == ("她很高兴。", [])
    assert read_reference("In the video she smiles.", "en") == ("In the video she smiles.", [])
    assert read_reference("long " * 5000, "en")[0].startswith("long long")


@pytest.mark.parametrize("data", ["{}", "5", '{"labels": 5}', '{"labels": []}', "[]", "null", "not json"])
def test_files_that_hold_nothing(tmp_path, data):
    file = tmp_path / "reference.json"
    file.write_text(data, encoding="utf-8")
    with pytest.raises(AffectError, match=r"reference\.json") as told:
        read_reference(str(file), "en")
    assert str(tmp_path) not in told.value.text.en


@pytest.mark.parametrize("given", ["", "   ", "nosuch.json", "no/such/reference.txt"])
def test_names_of_no_file_and_empty_text(given):
    with pytest.raises(AffectError):
        read_reference(given, "en")


def test_a_folder_and_endless_brackets_are_one_line(tmp_path):
    with pytest.raises(AffectError, match="is a folder"):
        read_reference(str(tmp_path), "en")
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    with pytest.raises(AffectError, match="not valid JSON"):
        read_reference(str(deep), "en")
