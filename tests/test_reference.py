"""References: every shape a user may give, and one line for the shapes that hold nothing."""

import json

import pytest

from affectgpt.reference import MAX_LABEL, MAX_LABELS, MAX_TEXT, checked, read_reference, split_labels
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


def test_a_reference_is_cleaned_and_bounded():
    assert checked(" She\u200b smiles.\x00\nYes.\t", ["jo\u202ey", " ", "\u2066"]) == (
        "She smiles.\nYes.",
        ["joy"],
    )
    assert checked("x" * MAX_TEXT, ["y" * MAX_LABEL] * MAX_LABELS)[0] == "x" * MAX_TEXT


@pytest.mark.parametrize(
    ("text", "labels", "en", "zh"),
    [
        ("x" * 10_000, [], "10000 characters: use at most 8000", "10000 个字符：最多 8000"),
        ("", ["x" * 10_000], "10000 characters: separate labels", "长达 10000 个字符"),
        ("", ["x"] * 10_000, "10000 labels", "10000 个：最多 100"),
        ("", [], "no reference yet: paste", "还没有参考答案"),
    ],
)
def test_what_is_wrong_with_a_reference_is_said_in_both_languages(text, labels, en, zh):
    with pytest.raises(AffectError) as caught:
        checked(text, labels)
    assert en in caught.value.text.en
    assert zh in caught.value.text.zh
    assert caught.value.title.zh == "参考答案"


def test_typed_labels_are_separated_by_commas_of_both_languages():
    assert split_labels(" worried, very tense，悲伤、愤怒; calm；\n ok ,, ") == [
        "worried", "very tense", "悲伤", "愤怒", "calm", "ok",
    ]  # fmt: skip
    assert split_labels(" \n") == []


def test_a_file_that_is_no_text_is_told_as_a_reference(tmp_path):
    file = tmp_path / "reference.txt"
    file.write_bytes(b"\x00\xff\x00\xfe" * 20)
    with pytest.raises(AffectError, match=r"reference\.txt: give a text or a JSON file") as caught:
        read_reference(str(file), "en")
    assert caught.value.title.en == "Reference"
