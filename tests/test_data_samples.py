"""Rows become samples: columns by role, texts by language, labels, artefacts, joins, clips by name."""

import json
from collections import Counter

import emer_files as emer
import pytest

from affectgpt.data import load_emer, read_samples
from affectgpt.data.artefacts import clean
from affectgpt.data.clips import find_clips, list_clips
from affectgpt.schema import AffectError, Text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"encoding": "gb18030", "end": "\r\n"},
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16", "delimiter": "\t"},
    ],
)
def test_emer_v1_is_joined_from_both_languages(tmp_path, form):
    for language in ("en", "zh"):
        emer.write_v1(tmp_path, language, **form)
    samples = load_emer(tmp_path, version="v1")
    assert [sample.name for sample in samples] == list(emer.NAMES)
    first = samples["clip_01"]
    assert first.subtitle == Text(emer.SUBTITLES["en"][0], emer.SUBTITLES["zh"][0])
    assert first.reference == Text(emer.SHORT["en"][0], emer.SHORT["zh"][0])
    assert [sample.emotion for sample in samples] == list(emer.EMOTIONS["en"])
    assert samples[1].subtitle == Text("", "")
    assert first.labels is first.valence is first.clip is None
    assert not samples.problems
    assert sorted(samples.files) == ["gt-chi.csv", "gt-eng.csv"]


def test_emer_v1_in_one_language(tmp_path):
    samples = load_emer(emer.write_v1(tmp_path, "zh"), version="v1")
    assert samples[0].reference == Text("", emer.SHORT["zh"][0])
    assert samples[0].emotion == "悲伤"


def test_emer_v2_with_labels_and_subtitles(tmp_path):
    emer.write_v2(tmp_path)
    samples = load_emer(tmp_path)
    assert [sample.name for sample in samples] == list(emer.NAMES)  # not clip_99, which has a subtitle alone
    assert [sample.labels for sample in samples] == [
        ("disappointed", "tired"), (), ("surprised", "delighted", "grateful"),
    ]  # fmt: skip
    assert samples[0].reference == Text(emer.LONG["en"][0], emer.LONG["zh"][0])
    assert samples[2].subtitle.zh == emer.SUBTITLES["zh"][2]
    assert samples.cleaned == {"Input:": 1}
    assert list(samples[0].parts("en")) == ["visual", "acoustic", "lexical", "inference"]
    assert samples[0].parts("zh")["acoustic"].startswith("在音频中")
    assert list(samples[1].parts("en")) == ["visual", "acoustic", "lexical"]


def test_published_names_are_found_anywhere_but_not_twice(tmp_path):
    emer.write_v2(tmp_path)
    with pytest.raises(AffectError, match=r"no EMER v1 under its published names \(gt-eng.csv"):
        load_emer(tmp_path, version="v1")
    (tmp_path / "old").mkdir()
    twin = tmp_path / "old" / "check-openset.csv"
    twin.write_bytes((tmp_path / "dataset-v2" / "check-openset.csv").read_bytes())
    assert len(load_emer(tmp_path)) == 3  # the same file
    twin.write_text("name,openset\nclip_01,[x]\n", encoding="utf-8")
    with pytest.raises(AffectError, match=r"check-openset\.csv more than once"):
        load_emer(tmp_path)


def sample_of(tmp_path, columns, row, name="t.csv"):
    return read_samples(emer.write_table(tmp_path / name, columns, [row]))[0]


@pytest.mark.parametrize(
    ("columns", "row", "field", "value"),
    [
        (("names", "Emotions"), ("a", "angry"), "emotion", "angry"),
        (("name", "emotions"), ("a", "[angry, sad]"), "labels", ("angry", "sad")),
        (("name", "emotions"), ("a", "angry, sad"), "labels", ("angry", "sad")),
        (("filename", "discrete", "valence"), ("a.MP4", "happy", "-1.5"), "valence", -1.5),
        (("name", "sentiment"), ("a", "positive"), "emotion", "positive"),
        (("id", "val"), ("7", ""), "valence", None),
        (("name", "openset"), ("a", ""), "labels", ()),
        (("name", "openset"), ("a", "['at ease', \"glad\",]"), "labels", ("at ease", "glad")),
        (("name", "openset"), ("a", "[don't]"), "labels", ("don", "t")),  # the official rule
        (("name", "openset"), ("a", " [glad]"), "labels", ("[glad",)),  # it, too: the bracket is not first
        (("name", "openset"), ("a", "[glad] "), "labels", ("glad]",)),
        (("name", "openset"), ("a", "glad，at ease"), "labels", ("glad，at ease",)),
        (("name", "labels"), ("a", "高兴、惊讶"), "labels", ("高兴", "惊讶")),
        (
            ("name", "reason"),
            ("a", "In the video, he nods."),
            "reference",
            Text("In the video, he nods.", ""),
        ),
        (("name", "text"), ("a", "他笑了。"), "reference", Text("", "他笑了。")),
        (("name", "subtitle_eng", "subtitle_chi"), ("a", "Hi", "嗨"), "subtitle", Text("Hi", "嗨")),
        (("name", "english"), ("a", "Hello there."), "subtitle", Text("Hello there.", "")),
        (("name", "english"), ("a", "word " * 60), "reference", Text(("word " * 60).strip(), "")),
    ],
)
def test_columns_by_role(tmp_path, columns, row, field, value):
    assert getattr(sample_of(tmp_path, columns, row), field) == value


def test_between_long_and_short_the_name_of_the_file_decides(tmp_path):
    text = "x" * 150
    assert sample_of(tmp_path, ("name", "english"), ("a", text), "subtitles.csv").subtitle.en == text
    assert sample_of(tmp_path, ("name", "english"), ("a", text), "EMER-reason.csv").reference.en == text


def test_a_column_of_one_language_stays_together(tmp_path):
    rows = [(f"c{i}", "他说得很慢。") for i in range(9)] + [("c9", "OK")]
    samples = read_samples(emer.write_table(tmp_path / "t.csv", ("name", "subtitle"), rows))
    assert samples["c9"].subtitle == Text("", "OK")
    mixed = [("a", "他说得很慢。"), ("b", "Slowly.")]
    samples = read_samples(emer.write_table(tmp_path / "t.csv", ("name", "subtitle"), mixed))
    assert samples["a"].subtitle.zh
    assert samples["b"].subtitle == Text("Slowly.", "")


def test_typed_rows_and_what_is_wrong_in_them(tmp_path):
    rows = [
        {"name": "a", "labels": ["sad ", ""], "reference": {"en": "He nods.", "zh": "他点头。"}, "val": 0.5},
        {"name": "b", "labels": None, "val": None},
        {"name": "c", "labels": [1]},
        {"name": "d", "labels": {"x": 1}},
        {"name": "e", "val": "high"},
        {"name": ["f"]},
        {"labels": []},
        {"name": "a", "labels": []},
        {"name": "g", "val": "inf"},
        {"name": "h", "subtitle": True},
        {"name": 9, "labels": []},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    samples = read_samples(path)
    assert [sample.name for sample in samples] == ["a", "b", "9"]
    assert samples[0].labels == ("sad",)
    assert samples[0].reference == Text("He nods.", "他点头。")
    assert samples[0].valence == 0.5
    assert samples[1].labels is samples[1].valence is None
    assert samples["9"].labels == ()
    told = [(problem.row, problem.reason.kind) for problem in samples.problems]
    assert told == [
        (3, "list"), (4, "list"), (5, "number"), (6, "kind"), (7, "no_name"), (8, "duplicate"), (9, "number"),
        (10, "kind"),
    ]  # fmt: skip
    assert samples.problems[5].reason.en == "the name a is already in row 1"
    assert all("\n" not in problem.reason.zh for problem in samples.problems)


def test_missing_columns_are_named(tmp_path):
    path = emer.write_table(tmp_path / "t.csv", ("Who", "openset"), [("a", "b")])
    with pytest.raises(AffectError, match=r"t.csv has the columns who, openset, but name \(name, names"):
        read_samples(path)


def test_tables_are_joined_and_contradictions_told(tmp_path):
    emer.write_table(tmp_path / "a.csv", ("name", "emotion", "val"), [("x", "sad", 1), ("y", "happy", 2)])
    emer.write_table(
        tmp_path / "b.csv", ("name", "emotion", "subtitle"), [("z", "sad", "No."), ("y", "sad", "")]
    )
    samples = read_samples(tmp_path)
    assert [(s.name, s.emotion, s.valence) for s in samples] == [
        ("x", "sad", 1.0), ("y", "happy", 2.0), ("z", "sad", None),
    ]  # fmt: skip
    (problem,) = samples.problems
    assert (problem.file, problem.reason.en) == (
        "b.csv",
        "y: emotion differs from the one in a.csv, which is kept",
    )
    assert list(samples.files) == ["a.csv", "b.csv"]
    assert samples.source == tmp_path.name
    with pytest.raises(KeyError):
        samples["nobody"]


@pytest.mark.parametrize(
    ("text", "cleaned", "found"),
    [
        ("Input: He nods.", "He nods.", {"Input:": 1}),
        ("**Output:** Input： He nods. ", "He nods.", {"Output:": 1, "Input:": 1}),
        ("输出：他点头。", "他点头。", {"输出:": 1}),
        ("He nods. Output:", "He nods.", {"Output:": 1}),
        ("Input: He nods slowly.Output: He nods quite slowly.", "He nods quite slowly.",
         {"Input:": 1, "Output:": 1, "text given twice": 1}),
        ("He nods. Output: A dog barks at night.", "He nods.\nA dog barks at night.", {"Output:": 1}),
        ("The input: a shout. Its output: tears.", "The input: a shout. Its output: tears.", {}),
        ("Inputs are many.", "Inputs are many.", {}),
    ],
)  # fmt: skip
def test_artefacts_are_removed_counted_and_nothing_else(text, cleaned, found):
    assert clean(text) == (cleaned, Counter(found))
    assert clean(cleaned) == (cleaned, Counter())


def test_clips_are_found_by_name_in_any_layout(tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.touch()
    root = tmp_path / "clips"
    for file in (
        "a.MP4",
        "video/b.avi",
        "audio/b.wav",
        "x/y/c.mkv",
        "0/a.mp4",  # before "a.MP4" by name, but deeper
        ".hidden/d.mp4",
        "e.txt",
        "Éf.mp3",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    (root / "link.mp4").symlink_to(outside)
    (root / "inner.mp4").symlink_to(root / "a.MP4")
    (root / "loop").symlink_to(root)
    found = find_clips(root)
    assert {name: path.removeprefix(f"{root}/") for name, path in found.items()} == {
        "a": "a.MP4", "b": "video/b.avi", "c": "x/y/c.mkv", "inner": "inner.mp4", "Éf": "Éf.mp3",
    }  # fmt: skip
    assert [len(paths) for name, paths in list_clips(root).items() if name in "ab"] == [2, 2]
    with pytest.raises(AffectError, match="is not a folder"):
        find_clips(outside)


def test_a_sample_without_its_clip_stays(tmp_path):
    emer.write_v2(tmp_path)
    clips = tmp_path / "media"
    clips.mkdir()
    (clips / "CLIP_03.mp4").touch()
    samples = load_emer(tmp_path, clips=clips)
    assert [sample.clip for sample in samples] == [None, None, str(clips / "CLIP_03.mp4")]
    assert samples[0].reference.en


def test_paths_in_a_table_count_from_its_folder_or_the_clips(tmp_path):
    (tmp_path / "media").mkdir()
    for name in ("media/a.mp4", "b.wav"):
        (tmp_path / name).touch()
    path = emer.write_table(
        tmp_path / "t.csv", ("clip", "labels"), [("a.mp4", "sad"), ("b.wav", "sad"), ("sub\\c.mp4", "")]
    )
    samples = read_samples(path, clips=tmp_path / "media")
    assert [(sample.name, sample.clip) for sample in samples] == [
        ("a", str(tmp_path / "media" / "a.mp4")), ("b", str(tmp_path / "b.wav")), ("c", None),
    ]  # fmt: skip


def test_emer_as_published(shared):
    """Row counts and artefacts of the published tables; read in place, nothing is copied."""
    data = shared / "data"
    for version, count, cleaned in (
        ("v1", 98, {}),
        ("v2", 330, {"Input:": 88, "Output:": 5, "text given twice": 3}),
    ):
        samples = load_emer(data / "emer", version=version, clips=data / "clips")
        assert len(samples) == count
        assert not samples.problems
        assert samples.cleaned == cleaned
        assert all(sample.reference.en and sample.reference.zh for sample in samples)
    assert sum(sample.clip is not None for sample in samples) == 3
    assert sum(len(sample.labels) for sample in samples) == 1116
    assert len({label for sample in samples for label in sample.labels}) == 248
    assert not any(
        "Output:" in text or "Input:" in text for s in samples for text in (s.reference.en, s.reference.zh)
    )
    counts = {}
    for file in sorted([*(data / "emer").glob("*.csv"), *(data / "official_predictions").glob("*.jsonl")]):
        samples = read_samples(file)
        assert not samples.problems
        counts[file.stem] = len(samples)
    assert counts == {
        "subtitles": 395, "v1_chinese": 98, "v1_english": 98, "v2": 330, "v2_openset": 330,
        "v2_openset_baseline_prediction": 330, "ovmerdplus_epoch30": 530, "ovmerdplus_epoch60": 530,
    }  # fmt: skip
    assert len(find_clips(data / "clips")) == 5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_published_descriptions_split_into_their_parts(shared, language):
    """All but those that end without any conclusion: what was said there could not be made out."""
    samples = load_emer(shared / "data" / "emer")
    parts = [sample.parts(language) for sample in samples]
    assert sum(len(each) == 4 for each in parts) == 310
    cannot_tell = {"en": ("impossible", "cannot be determined", "not possible"), "zh": ("无法",)}[language]
    for each in parts:
        if len(each) < 4:
            assert set(each) == {"visual", "acoustic", "lexical"}
            cannot_tell = (
                ("impossible", "cannot be determined", "not possible") if language == "en" else ("无法",)
            )
            assert any(word in each["lexical"] for word in cannot_tell)
