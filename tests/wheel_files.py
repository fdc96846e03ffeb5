"""A set of emotion wheel tables made for the tests: the official form, about thirty words of our own."""

import csv
import hashlib

from affectgpt import wheel_tables

COLUMNS = [f"{kind}_run{run}" for run in range(1, 9) for kind in ("word", "synonym")]
FORMS = {
    "glad": "glad,gladly,gladness",
    "merry": "merrily,gladness",  # not listed as its own form, but one
    "gloomy": "'gloomy', \"gloom\", Dusk",  # quotes separate, too; forms keep their case
    "weepy": "weepy,weep",
    "cross": "cross,crossly",
    "fuming": "fuming,fume",
    "edgy": "edgy",
    "jumpy": "jumpy,startle",
    "aghast": "aghast,startle",  # "startle" has two base words
    "mild": "mild,mildly",
    "let down": "let down",
    "odd": "odd",  # no run has it
    "plain": "plain",  # its wheel word is on no wheel
    **{name: name for name in ("joy", "bright", "dark", "near", "high", "grey")},
}
FIRST_RUN = {
    " Joy ": "glad, Merry",
    "cheer": "merry",
    "woe": "gloomy, let down",
    "tears": "weepy",
    "rage": "[fuming, cross]",
    "dread": "edgy, Aghast",
    "calm": "mild",
    "nowhere": "plain",
    **{name: "" for name in ("bright", "dark", "near", "high", "grey")},
}
LAST_RUN = {"cheer": "glad", "spite": "cross", "Nerves": "edgy, jumpy", "shock": "aghast"}
WHEELS = {  # an empty cell repeats the one above
    1: [
        (" Bright ", "Sunny", "joy"),
        (None, None, "cheer"),
        (None, "warm", "ease"),
        ("Dark", "wet", " Tears"),
        (None, "grey", "woe"),
        ("fire", "hot", "rage"),
        (None, None, "spite"),
    ],
    2: [  # rage in two places: the last one counts
        ("fire", "hot", "rage"),
        ("dark", "grey", "rage"),
        (None, None, "woe"),
        ("cold", "ice", "dread"),
        (None, None, "nerves"),
        (None, "frost", "shock"),
    ],
    3: [
        ("up", "high", "joy"),
        ("down", "low", "woe"),
        (None, None, "tears"),
        (None, "pit", "nerves"),
    ],
    4: [  # near comes first, with all its sectors; so the woe of far is the later one
        ("near", "joy", "joy"),
        ("far", "woe", "tears"),
        ("near", "dim", "woe"),
    ],
    5: [("all", "one", "calm")],
}


def write_tables(folder, *, forms=FORMS):
    """Write the seven files into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "format.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "format"), *forms.items()])
    rows = [[None] * len(COLUMNS) for _ in FIRST_RUN]
    for at, run in ((0, FIRST_RUN), (len(COLUMNS) - 2, LAST_RUN)):
        for row, pair in zip(rows, run.items(), strict=False):
            row[at : at + 2] = pair
    write_excel(folder / "synonym.xlsx", [COLUMNS, *rows])
    for number, places in WHEELS.items():
        write_excel(folder / f"wheel{number}.xlsx", [("level1", "level2", "level3"), *places])
    return folder


def write_excel(path, rows):
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def publish(folder, monkeypatch):
    """Let the tables of `folder` pass for the published ones of 2025."""
    sha256 = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in wheel_tables.TABLES}
    monkeypatch.setitem(wheel_tables.FORMAT_SHA256, 2025, sha256.pop("format.csv"))
    for name, digest in sha256.items():
        monkeypatch.setitem(wheel_tables.SHA256, name, digest)
