"""Tables that are joined, and what decides between two values, two files, two languages."""

import json
from pathlib import Path

import emer_files as emer
import pytest

from affectgpt.data import load_emer, read_samples
from affectgpt.data.check import check
from affectgpt.data.columns import language_of
from affectgpt.data.reading import name_of, with_clips
from affectgpt.data.sample import Sample, Samples


def written(tmp_path, **tables):
    for name, (columns, *rows) in tables.items():
        emer.write_table(tmp_path / f"{name}.csv", columns, rows)
    return read_samples(tmp_path)


def test_texts_that_differ_are_told_and_the_first_is_kept(tmp_path):
    columns = ("name", "subtitle")
    samples = written(
        tmp_path,
        a=(columns, ("x", "No."), ("y", ""), ("z", "No.")),
        b=(columns, ("x", "Yes."), ("y", "Yes.")),
    )
    assert [sample.subtitle.en for sample in samples] == ["No.", "Yes.", "No."]
    assert [problem.reason.en for problem in samples.problems] == [
        "x: subtitle differs from the one in a.csv, which is kept"
    ]


@pytest.mark.parametrize(("first", "second"), [("sad", "悲伤"), ("悲伤", "sad")])
def test_an_emotion_in_both_languages_is_the_english_one(tmp_path, first, second):
    samples = written(tmp_path, a=(("name", "emotion"), ("x", first)), b=(("name", "emotion"), ("x", second)))
    assert samples[0].emotion == "sad"
    assert not samples.problems


def test_a_column_of_a_language_goes_before_one_of_any(tmp_path):
    samples = written(
        tmp_path, t=(("name", "subtitle", "subtitle_en"), ("x", "Hi.", "Hello."), ("y", "Hi.", ""))
    )
    assert [sample.subtitle.en for sample in samples] == ["Hello.", "Hi."]


def test_problems_stand_in_the_order_of_the_rows(tmp_path):
    samples = written(tmp_path, t=(("name", "val"), ("a", "high"), ("b",), ("c", 1), ("c", 2)))
    assert [problem.row for problem in samples.problems] == [1, 2, 4]


def test_two_files_of_one_name_keep_both_sums(tmp_path):
    for folder, word in (("one", "sad"), ("two", "happy")):
        emer.write_table(tmp_path / folder / "t.csv", ("name", "emotion"), [(folder, word)])
    samples = read_samples(tmp_path)
    assert list(samples.files) == ["t.csv", "t.csv (2)"]
    assert len(set(samples.files.values())) == 2


def test_hidden_folders_hold_no_tables(tmp_path):
    emer.write_v2(tmp_path)
    emer.write_table(tmp_path / ".old" / "check-openset.csv", ("name", "openset"), [("clip_01", "[x]")])
    assert load_emer(tmp_path)["clip_01"].labels == ("disappointed", "tired")


def test_names_of_clips():
    paths = ("x/a.MP4", "sub\\c.wav", "b.c", "v1.2.mp4", "video")
    assert [name_of(path) for path in paths] == ["a", "c", "b.c", "v1.2", "video"]


def test_a_clip_of_the_same_case_goes_before_the_first_of_another():
    samples = Samples((Sample("clip"), Sample("Clip"), Sample("other")), "t")
    found = with_clips(samples, {"CLIP": "1", "Clip": "2"})
    assert [sample.clip for sample in found] == ["1", "2", None]


def test_a_chinese_text_may_have_english_words():
    texts = ("他说 OK", "他说 yes", "He says 好 and leaves", "12:30")
    assert [language_of(text) for text in texts] == ["zh", "zh", "en", None]


@pytest.mark.parametrize(("others", "licence"), [(1, "EULA"), (2, "yours to know")])
def test_clips_of_mer_are_known_by_most_of_their_names(tmp_path, others, licence):
    rows = [(f"sample_0000000{n}", "a") for n in range(2)] + [(f"mine_{n}", "b") for n in range(others)]
    (table,) = check([emer.write_table(tmp_path / "t.csv", ("name", "mood"), rows)]).tables
    assert licence in table.layout.licence.en


def test_the_table_of_the_examples_is_what_lies_beside_the_clips():
    folder = Path(__file__).parents[1] / "examples"
    rows = load_emer(str(folder / "references.jsonl"), clips=str(folder))
    assert len(rows) == 4
    for sample in rows:
        known = json.loads((folder / f"{sample.name}.json").read_text(encoding="utf-8"))
        assert sample.subtitle[known["language"]] == known["subtitle"]
        assert {language: sample.parts(language) for language in ("en", "zh")} == known["parts"]
        assert list(sample.labels) == known["labels"]["en"]
        assert Path(sample.clip).name == f"{sample.name}.mp4"
