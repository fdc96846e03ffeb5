"""The data set doctor and its command: what it counts, what it finds wrong, how it ends."""

import json
import shutil

import emer_files as emer
import pytest
from typer.testing import CliRunner

from affectgpt.commands.data import app
from affectgpt.data.check import check
from affectgpt.data.check_text import MOST, to_text

run = CliRunner().invoke


@pytest.fixture
def data(tmp_path, plain, mute):
    """EMER v2 in our words, with two clips, one of them not in the tables."""
    emer.write_v2(tmp_path)
    clips = tmp_path / "media" / "video"
    clips.mkdir(parents=True)
    shutil.copy(plain, clips / "clip_01.mp4")
    shutil.copy(mute, clips / "other.mp4")
    return tmp_path


def test_a_clean_data_set(data):
    report = check([data / "dataset-v2"], clips=data / "media")
    tables = {table.file: table for table in report.tables}
    described = tables["final-EMER-reason.csv"]
    assert (described.layout.key, described.rows) == ("emer-v2", 3)
    assert described.texts["reference"] == {"en": 3, "zh": 3, "empty": 0}
    assert described.whole == {"en": 2, "zh": 2}
    assert described.cleaned == {"Input:": 1}
    assert "EULA" in described.layout.licence.en
    assert tables["check-openset.csv"].labels == {"rows": 3, "empty": 1, "words": 5, "different": 5}
    assert tables["subtitle_chieng.csv"].texts["subtitle"] == {"en": 3, "zh": 3, "empty": 1}
    assert report.samples == 4
    assert report.missing == ("clip_02", "clip_03", "clip_99")
    assert report.extra == ("other",)
    assert not report.problems
    one, two = report.clips
    assert (one.name, two.name) == ("clip_01", "other")
    assert one.picture["width"] > 0
    assert one.sound["rate_hz"] > 0
    assert two.sound is None
    assert one.duration_s == pytest.approx(3.0, abs=2.9)
    english, chinese = to_text(report), to_text(report, "zh")
    assert "all four parts: en 2/3, zh 2/3" in english
    assert "1 of 4 samples have a clip" in english
    assert "1 with picture and sound, 1 without sound" in english
    assert english.endswith("No problems.\n")
    assert chinese.endswith("未发现问题。\n")


def test_everything_wrong_is_told(data, tmp_path):
    rows = [("clip_01", "[]"), ("clip_01", ""), *((f"c{i}", "[]", "x") for i in range(MOST + 5))]
    emer.write_table(tmp_path / "bad" / "labels.csv", ("name", "openset"), rows)
    (tmp_path / "bad" / "x.jsonl").write_text("{", encoding="utf-8")
    (data / "media" / "clip_01.mov").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 99)
    (data / "media" / "audio").mkdir()
    (data / "media" / "audio" / "other.wav").touch()  # beside its video: no double
    report = check([tmp_path / "bad"], clips=data / "media")
    kinds = [getattr(problem.reason, "kind", problem.file) for problem in report.problems]
    assert kinds == ["duplicate", *["cells"] * (MOST + 5), "no_labels", "x.jsonl", "clips", "clip_01.mov"]
    text = to_text(report)
    assert f"Problems: {len(kinds)}\n" in text
    assert text.count("3 cells instead of 2") == MOST
    assert "… and 5 more" in text
    assert "labels.csv: no row has a label" in text
    assert "clip_01 is there 2 times: only media/clip_01.mov is used" in text
    assert "clip_01.mov is damaged" in text
    assert str(tmp_path) not in text


def test_a_plain_table_of_ones_own(tmp_path, plain):
    shutil.copy(plain, tmp_path / "first.mp4")
    columns = ("clip", "subtitle", "reference", "labels", "mood board")
    row = ("first.mp4", "Hello.", "In the video, he nods. Therefore he agrees.", "calm", "-")
    emer.write_table(tmp_path / "mine.csv", columns, [row])
    report = check([tmp_path])
    (table,) = report.tables
    assert (table.layout.key, table.unused) == ("own", ("mood board",))
    assert "yours to know" in table.layout.licence.en
    assert not report.missing
    assert [clip.name for clip in report.clips] == ["first"]
    assert check([tmp_path / "mine.csv"], open_clips=False).searched  # the clip is named in the table


def test_words_are_counted_and_those_of_another_case_are_the_same(tmp_path):
    rows = [("a", "[Sad, angry, sad]"), ("b", "[sad]"), ("c", "")]
    report = check([emer.write_table(tmp_path / "t.csv", ("name", "openset"), rows)])
    assert report.tables[0].labels == {"rows": 3, "empty": 1, "words": 4, "different": 2}
    assert "1.3 per row, 2 different, 1 rows empty" in to_text(report)


def test_the_command(data):
    files = [str(data / "dataset-v2"), "--clips", str(data / "media")]
    done = run(app, ["check", *files, "--names-only", "--json"])
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert report["extra"] == ["other"]
    assert report["clips"] == []
    assert report["tables"][0]["layout"]["licence"].startswith("MER/EMER data")
    done = run(app, ["check", *files, "--names-only", "--language", "zh"])
    assert "未发现问题" in done.stdout
    emer.write_table(data / "dataset-v2" / "bad.csv", ("name", "val"), [("a", "x"), ("b", 1)])
    done = run(app, ["check", *files, "--names-only"])
    assert done.exit_code == 2
    assert "bad.csv, row 1: val is not a number: x" in done.stdout
    done = run(app, ["check", str(data / "nowhere.csv")])
    assert done.exit_code == 2
    assert "There is no file or folder nowhere.csv" in done.stdout
    done = run(app, ["check", str(data / "dataset-v2"), "--clips", str(data / "nowhere")])
    assert done.exit_code == 2
    assert "nowhere is not a folder" in done.stderr


def test_the_published_tables_are_clean(shared):
    data = shared / "data"
    report = check([data / "emer", data / "official_predictions"], clips=data / "clips")
    assert not report.problems
    layouts = {table.file: table.layout for table in report.tables}
    assert {name: layout.key for name, layout in layouts.items() if not name.startswith("ovmerd")} == {
        "subtitles.csv": "subtitles", "v1_chinese.csv": "emer-v1", "v1_english.csv": "emer-v1",
        "v2.csv": "emer-v2", "v2_openset.csv": "openset", "v2_openset_baseline_prediction.csv": "openset",
    }  # fmt: skip
    assert all("EULA" in layout.licence.en for layout in layouts.values())
    (described,) = (table for table in report.tables if table.file == "v2.csv")
    assert described.whole == {"en": 310, "zh": 310}
    assert len(report.clips) == 5
    assert report.extra == ("samplenew_00004251",)
    assert {clip.name: round(clip.duration_s, 1) for clip in report.clips} == {
        "sample_00000167": 2.4, "sample_00000338": 4.6, "sample_00000694": 13.6, "sample_00001073": 3.7,
        "samplenew_00004251": 2.6,
    }  # fmt: skip
