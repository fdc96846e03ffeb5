"""The Hub data set: what is written is read back identically, by us and by `datasets`, and kept safe."""

import hashlib
import shutil

import emer_files as emer
import pytest
from typer.testing import CliRunner

from affectgpt.commands.data import app
from affectgpt.data import Sample, load_emer, read_samples
from affectgpt.data import build as module
from affectgpt.data.build import COLUMNS, MARK, build, features
from affectgpt.hub.fetch import Fetched
from affectgpt.schema import AffectError


@pytest.fixture
def sources(tmp_path):
    """The arguments of `build` for invented tables, with an (unopened) clip."""
    clips = tmp_path / "media"
    (clips / "video").mkdir(parents=True)
    (clips / "video" / "clip_01.mp4").write_bytes(b"not a real clip")
    files = emer.write_v2(tmp_path)
    return {
        "emer_v1": [emer.write_v1(tmp_path, language) for language in ("en", "zh")],
        "emer_v2": files["descriptions"],
        "labels": files["labels"],
        "subtitles": files["subtitles"],
        "clips": clips,
    }


@pytest.mark.parametrize("with_video", [False, True])
def test_what_is_written_is_read_back_identically(tmp_path, sources, with_video):
    import datasets

    out = tmp_path / "out"
    files, data = build(out, **sources, with_video=with_video)
    for version in ("v1", "v2"):
        published = load_emer(tmp_path, version=version, clips=sources["clips"])
        assert load_emer(out, version=version, clips=sources["clips"]).rows == published.rows
        assert data[version].rows == published.rows
        assert [sample.clip for sample in load_emer(out, version=version)] == [None] * 3
        table = datasets.load_dataset(str(out), f"emer_{version}", cache_dir=tmp_path / "cache")["test"]
        assert table.features == features(with_video)
        assert table.column_names == COLUMNS
        for row, sample in zip(table, published, strict=True):
            assert (row["reference_en"], row["reference_zh"]) == (sample.reference.en, sample.reference.zh)
            assert {part: row[f"{part}_zh"] for part in sample.parts("zh")} == sample.parts("zh")
        clip = {"path": "clip_01.mp4", "bytes": b"not a real clip"} if with_video else "video/clip_01.mp4"
        assert table["clip"][:] == [clip, None, None]
    assert sorted(path.name for path in files) == sorted(
        path.name for path in out.rglob("*") if path.is_file()
    )
    for line in (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


def test_the_card(tmp_path, sources):
    import yaml

    build(tmp_path / "out", **sources)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    _, head, body = card.split("---\n", 2)
    matter = yaml.safe_load(head)
    assert [each["config_name"] for each in matter["configs"]] == ["emer_v1", "emer_v2"]
    assert matter["language"] == ["en", "zh"]
    assert "| `emer_v2` | 3 | 1 | 2, 2 | Input: 1 |" in body
    assert "academic research" in body


def test_every_kind_of_sample_survives(tmp_path):
    """Fields that EMER lacks, and the difference between no labels known and none at all."""
    from affectgpt.data.build import _write_parquet
    from affectgpt.data.sample import Samples
    from affectgpt.schema import Text

    samples = Samples(
        (
            Sample("a", None, Text("Hi.", ""), Text("", "他笑了。"), (), "happy", -0.25),
            Sample("b", labels=("at ease", "it's fine", "[odd]", "a, b")),
            Sample("c"),
        ),
        "toy",
    )
    _write_parquet(tmp_path / "emer_v2" / "test.parquet", samples, None, False)
    assert load_emer(tmp_path).rows == samples.rows


def test_same_input_same_bytes(tmp_path, sources):
    sums = []
    for name in ("one", "two", "one"):
        build(tmp_path / name, **sources)
        sums.append((tmp_path / name / "SHA256SUMS").read_bytes())
    assert sums[0] == sums[1] == sums[2]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_only_its_own_folder_is_replaced(tmp_path, sources):
    out = tmp_path / "out"
    out.mkdir()
    del sources["emer_v1"]
    build(out, **sources)  # an empty folder
    with pytest.raises(AffectError, match="holds no emer_v1, only emer_v2"):
        load_emer(out, version="v1")
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AffectError, match="out exists and holds files that were not written"):
        build(out, **sources)
    assert (out / "notes.txt").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("mine", encoding="utf-8")
    shutil.copy(out / "SHA256SUMS", other)
    for taken in (other, other / "README.md", sources["clips"]):
        with pytest.raises(AffectError, match="not written by this command"):
            build(taken, **sources)


def test_bad_rows_stop_the_build(tmp_path, sources):
    with sources["labels"].open("a", encoding="utf-8") as file:
        file.write("clip_01,[x]\nclip_05\n")
    with pytest.raises(AffectError, match=r"2 rows have to be mended first \(check-openset.csv, row 4"):
        build(tmp_path / "out", **sources)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ([], "Nothing to build from"),
        (["--emer-v1", "x", "--labels", "y"], "belong to EMER v2"),
        (["--emer-v2", "x", "--with-video"], "--with-video copies clips"),
        (["--emer-v2", "x.csv"], "There is no file or folder x.csv"),
    ],
)
def test_the_command_says_what_is_missing(tmp_path, options, part):
    done = CliRunner().invoke(app, ["build", "--out", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert part in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_command(tmp_path, sources):
    options = ["--emer-v2", sources["emer_v2"], "--clips", sources["clips"], "--out", tmp_path / "out"]
    done = CliRunner().invoke(app, ["build", *map(str, options)])
    assert done.exit_code == 0
    assert "EMER v2: 3 samples, 1 with a clip; removed: Input: ×1\n" in done.stdout
    assert "emer_v2/test-00000-of-00001.parquet " in done.stdout  # a table of v1 has the same name
    assert "EULA" in done.stderr


def fetched(monkeypatch, folder):
    """Let the data set on the Hub be in this folder; the fetching itself is tested in test_hub_fetch.py."""

    def fetch(address, **_):
        assert (address.repo, address.kind) == ("someone/emer", "dataset")
        return Fetched(address, "c" * 40, folder, (), offline=False)

    monkeypatch.setattr("affectgpt.data.emer.fetch", fetch)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", folder.parent / "cache")


@pytest.mark.parametrize("with_video", [False, True])
def test_a_data_set_on_the_hub(tmp_path, sources, monkeypatch, with_video):
    build(tmp_path / "out", **sources, with_video=with_video)
    fetched(monkeypatch, tmp_path / "out")
    for version in ("v1", "v2"):
        published = load_emer(tmp_path, version=version, clips=sources["clips"])
        assert load_emer("someone/emer", version=version, clips=sources["clips"]).rows == published.rows


def test_a_data_set_on_the_hub_that_is_none(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    fetched(monkeypatch, tmp_path / "empty")
    with pytest.raises(AffectError, match="someone/emer on the Hub cannot be read as a table"):
        load_emer("someone/emer")
    with pytest.raises(AffectError, match="There is no file or folder nowhere"):
        load_emer("nowhere")
    with pytest.raises(AffectError, match=r"There is no file or folder emer.csv"):
        load_emer("data/emer.csv")


def test_the_published_tables_survive(shared, tmp_path):
    source = shared / "data" / "emer"
    clips = shared / "data" / "clips"
    build(
        tmp_path / "out",
        emer_v1=[source / "v1_english.csv", source / "v1_chinese.csv"],
        emer_v2=source / "v2.csv",
        labels=source / "v2_openset.csv",
        subtitles=source / "subtitles.csv",
        clips=clips,
    )
    for version in ("v1", "v2"):
        assert load_emer(tmp_path / "out", version=version, clips=clips).rows == (
            load_emer(source, version=version, clips=clips).rows
        )
    assert len(read_samples(tmp_path / "out" / "emer_v2")) == 330


def test_wheels_are_fetched_only_when_their_licence_is_accepted(tmp_path):
    done = CliRunner().invoke(app, ["wheels", "--out", str(tmp_path / "w"), "--year", "2026"])
    assert done.exit_code == 2
    assert "CC BY-NC 4.0" in done.stderr
    assert not (tmp_path / "w").exists()


def test_a_data_set_of_others_is_not_replaced(tmp_path, sources):
    """It has a card and sums of all its files, too, but not our mark."""
    out = tmp_path / "out"
    build(out, **sources)
    assert build(out, **sources)[0], "our own may be replaced"
    assert out.stat().st_mode & 0o777 == 0o755  # others may read it
    card = out / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace(MARK, ""), encoding="utf-8")
    with pytest.raises(AffectError, match="not written by this command"):
        build(out, **sources)


def test_a_build_that_fails_leaves_nothing(tmp_path, sources, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(module, "_write_parquet", full)
    with pytest.raises(AffectError, match=r"Cannot write out \(No space left"):
        build(tmp_path / "out", **sources)
    assert sorted(tmp_path.iterdir()) == before
