"""The tables of the emotion wheels: the official rules on made tables, what is refused, and the download."""

import contextlib
import math
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
from wheel_files import FORMS, publish, write_excel, write_tables

from affectgpt import wheel_download, wheel_tables
from affectgpt.schema import AffectError
from affectgpt.wheel_download import download_wheels
from affectgpt.wheel_tables import TABLES, load_wheels, split_official


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def made(folder):
    return load_wheels(folder, year=2026, check=False)


@pytest.fixture
def published(folder, monkeypatch):
    """Let the made tables pass for the published ones of 2025."""
    publish(folder, monkeypatch)
    return folder


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("happy, sad", ["happy", "sad"]),
        ("['Happy', \"sad\"]", ["happy", "sad"]),
        ("[happy, , sad]", ["happy", "sad"]),
        ("", []),
        ("[]", []),
        ("[", []),
        (None, []),
        (math.nan, []),
        (" [happy]", ["[happy"]),  # only the very first character
        ("[happy].", ["happy]."]),
        ("[[happy]]", ["[happy]"]),  # once
        ("happy; sad/mad", ["happy; sad/mad"]),
        ("happy\nsad", ["happy\nsad"]),
        ("don't know", ["don", "t know"]),
        ([" Happy ", "a, b"], ["happy", "a, b"]),  # a list is not split
        (["happy", None, math.nan], ["happy"]),
        (np.float32("nan"), []),
        (pd.NA, []),
        (pd.Series(["Happy", pd.NA]), ["happy"]),
        ((), []),
    ],
)
def test_words_of_a_cell(made, raw, words):
    assert made.words(raw) == words


def test_a_cell_keeps_its_case():
    assert split_official("[Happy, SAD ]") == ["Happy", "SAD"]
    with pytest.raises(TypeError):
        split_official(3)


PLACES = """
    word        case1   case2    cores of the wheels 1-5      their sectors
    glad        glad    cheer    bright -     up    near  -   sunny  -     high  joy  -
    merry       merry   cheer    bright -     up    near  -   sunny  -     high  joy  -
    merrily     merry   cheer    bright -     up    near  -   sunny  -     high  joy  -
    gladness    glad    cheer    bright -     up    near  -   sunny  -     high  joy  -
    joy         joy     joy      bright -     up    near  -   sunny  -     high  joy  -
    gloom       gloomy  woe      dark   dark  down  far   -   grey   grey  low   woe  -
    let_down    let_down  woe    dark   dark  down  far   -   grey   grey  low   woe  -
    weep        weepy   tears    dark   -     down  far   -   wet    -     low   woe  -
    fuming      fuming  rage     fire   dark  -     -     -   hot    grey  -     -    -
    cross       cross   rage     fire   dark  -     -     -   hot    grey  -     -    -
    edgy        edgy    dread    -      cold  down  -     -   -      ice   pit   -    -
    startle     aghast  dread    -      cold  down  -     -   -      ice   pit   -    -
    mild        mild    calm     -      -     -     -     all -      -     -     -    one
    bright      bright  bright   bright -     -     -     -   sunny  -     -     -    -
    dark        dark    dark     dark   dark  -     -     -   grey   grey  -     -    -
    near        near    near     -      -     -     near  -   -      -     -     dim  -
    high        high    high     -      -     up    -     -   -      -     high  -    -
    odd         odd     -        -      -     -     -     -   -      -     -     -    -
    plain       plain   nowhere  -      -     -     -     -   -      -     -     -    -
    dusk        -       -        -      -     -     -     -   -      -     -     -    -
    unheard-of  -       -        -      -     -     -     -   -      -     -     -    -
"""


@pytest.mark.parametrize("line", PLACES.strip().splitlines()[1:])
def test_place_of_a_word(made, line):
    word, one, two, *at = [None if cell == "-" else cell.replace("_", " ") for cell in line.split()]
    assert made.place(word)[:2] == (one, two)
    for level, wanted in ((1, at[:5]), (2, at[5:])):
        assert [made.place(word)[case] for case in made.at_level(level)] == wanted


def test_sets_of_a_list(made):
    found = dict(zip(made.cases, made.mapped(["glad", "joy", "edgy", "dusk"]), strict=True))
    assert found["case1"] == {"glad", "joy", "edgy"}
    assert found["case3_wheel1_level1"] == {"bright"}
    assert found["case3_wheel3_level2"] == {"high", "pit"}
    assert found["case3_wheel5_level1"] == set()
    assert [made.cases[at] for at in made.at_level(2)] == [f"case3_wheel{n}_level2" for n in range(1, 6)]


def test_our_own_wheel():
    own = load_wheels()
    assert (own.name, own.year, own.official) == ("affectgpt-wheel", None, False)
    assert own.place("furious")[1:] == ("anger", "angry")
    assert own.place("zzz") == (None, None, None)
    assert [own.place(word)[0] for word in own.words("不是生气, 高兴")] == ["happy"]
    assert own.words(["Happy", "zzz"]) == ["happy", "zzz"]
    assert own.table["name"] == "affectgpt-wheel"
    assert own.table["file"] == "wheel.tsv and traditional.tsv"
    assert len(own.table["sha256"]) == 64
    with pytest.raises(ValueError, match="no year"):
        load_wheels(year=2025)


def test_tables_that_were_read_unchecked_are_official_once_they_are_known(folder, monkeypatch):
    assert not load_wheels(folder, year=2025, check=False).official
    publish(folder, monkeypatch)
    assert load_wheels(folder).official


def test_published_tables_are_known_by_their_content(published):
    wheels = load_wheels(published)
    assert (wheels.year, wheels.version, wheels.official) == (2025, "2025", True)
    assert wheels.table["sha256"] == wheel_tables.FORMAT_SHA256[2025]
    assert load_wheels(str(published), year=2025) is wheels
    with pytest.raises(AffectError, match=r"tables of 2025, not of 2026: name the folder of 2026\.$"):
        load_wheels(published, year=2026)


def test_changed_tables_are_refused(published, tmp_path, made):
    assert not made.official
    assert made.name == "emotion wheels of the user"
    changed = write_tables(tmp_path, forms=FORMS | {"odd": "odd,strange"})
    for name in TABLES[1:]:  # an Excel file holds the time at which it was written
        (changed / name).write_bytes((published / name).read_bytes())
    with pytest.raises(AffectError, match=r"^format\.csv is not the published"):
        load_wheels(changed)
    with pytest.raises(ValueError, match="need a year"):
        load_wheels(changed, check=False)
    (changed / "format.csv").write_bytes((published / "format.csv").read_bytes())
    write_excel(changed / "wheel3.xlsx", [("level1", "level2", "level3"), ("a", "b", "c")])
    with pytest.raises(AffectError, match=r"^wheel3\.xlsx is not the published"):
        load_wheels(changed, year=2025)
    wheels = load_wheels(changed, year=2025, check=False)
    assert (wheels.year, wheels.official) == (2025, False)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("wheel4.xlsx", None, "wheel4.xlsx is missing in "),
        ("format.csv", b"word,forms\r\na,b\r\n", "format.csv has no column name"),
        ("format.csv", b"", "format.csv is not a UTF-8 table"),
        ("format.csv", "name,format\né,e".encode("latin-1"), "format.csv is not a UTF-8 table"),
        ("format.csv", b"name,format\n" + b"a" * 200_000, "format.csv is not a UTF-8 table"),
        ("synonym.xlsx", b"name,format\n", "synonym.xlsx is not an Excel file"),
        ("wheel1.xlsx", [("level1", "level2")], "wheel1.xlsx has no column level3"),
        ("wheel1.xlsx", [], "wheel1.xlsx has no column level1"),
    ],
)
def test_unusable_tables(folder, tmp_path, name, data, said):
    for table in TABLES:
        (tmp_path / table).write_bytes((folder / table).read_bytes())
    if data is None:
        (tmp_path / name).unlink()
    elif isinstance(data, bytes):
        (tmp_path / name).write_bytes(data)
    else:
        write_excel(tmp_path / name, data)
    with pytest.raises(AffectError) as caught:
        load_wheels(tmp_path, year=2025, check=False)
    assert caught.value.text.en.startswith(said)
    assert name in caught.value.text.zh
    assert "\n" not in caught.value.text.en
    assert str(tmp_path.parent) not in caught.value.text.en


def test_an_excel_file_that_unpacks_to_much_is_refused(folder, tmp_path, monkeypatch):
    for table in TABLES:
        (tmp_path / table).write_bytes((folder / table).read_bytes())
    monkeypatch.setattr(wheel_tables, "MAX_BYTES", 50_000)
    write_excel(tmp_path / "wheel2.xlsx", [("level1", "level2", "level3"), *[("a", "b", "c")] * 999])
    assert (tmp_path / "wheel2.xlsx").stat().st_size < 50_000
    with pytest.raises(AffectError, match=r"wheel2\.xlsx is not an Excel file"):
        load_wheels(tmp_path, year=2025, check=False)


@pytest.fixture
def server(published):
    """Serves the made tables; `answers` replaces what one file gets, `asked` lists the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[-1]
            self.server.asked.append(self.path)
            answer = self.server.answers.get(name, (published / name).read_bytes())
            if callable(answer):
                return answer(self)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.asked, http.answers = [], {}
        http.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_download(server, tmp_path):
    out = download_wheels(2025, tmp_path / "new" / "2025", accept_licence=True, base_url=server.url)
    assert server.asked == [f"/MER2025/MER2025_Track23/emotion_wheel/{name}" for name in TABLES]
    assert sorted(path.name for path in out.iterdir()) == sorted(TABLES)
    assert load_wheels(out).official
    (out / "wheel5.xlsx").unlink()
    server.asked.clear()
    download_wheels(2025, out, accept_licence=True, base_url=server.url)
    assert [path.rsplit("/", 1)[-1] for path in server.asked] == ["wheel5.xlsx"]


def test_nothing_is_asked_without_consent(server, tmp_path):
    with pytest.raises(AffectError, match=r"CC BY-NC 4\.0.*accept that licence"):
        download_wheels(2025, tmp_path, accept_licence=False, base_url=server.url)
    with pytest.raises(AffectError, match="choose 2025 or 2026"):
        download_wheels(2024, tmp_path, accept_licence=True, base_url=server.url)
    (tmp_path / "format.csv").write_text("mine")
    with pytest.raises(AffectError, match=r"already has another format\.csv"):
        download_wheels(2025, tmp_path, accept_licence=True, base_url=server.url)
    assert server.asked == []
    assert (tmp_path / "format.csv").read_text() == "mine"


def _gone(handler):
    handler.send_error(404)


def _cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")


def _drop_by_drop(handler):
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):  # until nobody listens
        for _ in range(50):
            handler.wfile.write(b".")
            time.sleep(0.05)


def _no_http(handler):
    handler.wfile.write(b"what?\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"other bytes", "sha256 differs"),
        (b"x" * 40_000, "too large"),
        (_gone, "Not Found"),
        (_cut_off, "cut off"),
        (_drop_by_drop, "too slow"),
        (_no_http, "could not be downloaded"),
    ],
)
def test_a_download_that_fails_writes_nothing(server, tmp_path, monkeypatch, answer, said):
    monkeypatch.setattr(wheel_download, "MAX_BYTES", 30_000)
    server.answers["wheel2.xlsx"] = answer
    start = time.monotonic()
    with pytest.raises(AffectError, match=r"wheel2\.xlsx") as caught:
        download_wheels(2025, tmp_path / "out", accept_licence=True, base_url=server.url, limit_s=0.3)
    assert said in caught.value.text.en
    assert "\n" not in caught.value.text.en
    assert time.monotonic() - start < 2
    assert not (tmp_path / "out").exists()


def test_a_download_that_cannot_be_written(server, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(AffectError, match="cannot be written to out"):
        download_wheels(2025, tmp_path / "out", accept_licence=True, base_url=server.url)
    server.shutdown()
    server.server_close()
    with pytest.raises(AffectError, match=r"format\.csv could not be downloaded \(.*refused"):
        download_wheels(2025, tmp_path / "more", accept_licence=True, base_url=server.url)
