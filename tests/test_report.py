"""The report: one file that loads nothing, runs nothing foreign, and says the same as the result."""

import base64
import csv
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from made_results import evaluated, made_result, predictions, samples

from affectgpt.benchmarks.predictions import Prediction
from affectgpt.benchmarks.result import Row
from affectgpt.data.sample import Sample
from affectgpt.report.confusion import NOTHING, OTHER, confusion, named
from affectgpt.report.html import to_html
from affectgpt.report.plots import heat_map, histogram
from affectgpt.report.sheet import defused, restored, samples_csv
from affectgpt.report.words import number, with_unit
from affectgpt.schema import Text

EVIL = "<script>alert('x')</script>"
QUOTES = "\"' onmouseover='alert(1)' &amp; </td>"


class Page(HTMLParser):
    """All tags with their attributes, the text of each kind of tag, and what stood open at the end."""

    VOID = ("meta", "input", "br", "line", "rect", "circle", "path")

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag, **attributes):
        return [x for name, x in self.tags if name == tag and attributes.items() <= x.items()]


@pytest.fixture(scope="module")
def result():
    truth = samples(
        Sample("good", labels=("happy",), reference=Text(f"He smiles. {EVIL} So he is happy.", "")),
        Sample(QUOTES, labels=("sad", EVIL), reference=Text("She cries. So she is sad.", "")),
        Sample("lost", labels=("angry",)),
    )
    said = predictions(
        Prediction("good", text="He smiles, happy.", labels=("happy",)),
        Prediction(QUOTES, text=EVIL, labels=("happy", EVIL, QUOTES)),
        Prediction("lost", error=f"no clip {EVIL}"),
        warnings=[Text(f"warned {EVIL}", f"警告 {EVIL}")],
    )
    return evaluated("emer-v2", said, truth, system=f"mine {EVIL}")


@pytest.fixture(scope="module", params=["en", "zh"])
def page(result, request):
    return Page(to_html(result, request.param))


def test_it_is_well_formed_and_foreign_text_stays_text(page):
    assert page.open == []
    assert [len(page.all(tag)) for tag in ("script", "style", "html", "main")] == [1, 1, 1, 1]
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert sum(EVIL in text for texts in page.texts.values() for text in texts) >= 5
    assert QUOTES in "".join(page.texts["th"])


def test_it_loads_nothing_and_only_its_own_script_may_run(page):
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "image", "use"), tag
        assert not {"src", "href", "srcset", "action", "style", "xlink:href"} & attributes.keys()
    assert "url(" not in "".join(page.texts["style"])
    assert "@import" not in "".join(page.texts["style"])
    (policy,) = [x["content"] for x in page.all("meta") if x.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        digest = hashlib.sha256("".join(page.texts[tag]).encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_it_says_what_the_result_says(result, page):
    text = " ".join(piece for pieces in page.texts.values() for piece in pieces)
    headline = result.headline
    assert number(headline.value, "share") in text
    for score in result.scores:
        assert score.key in text
        assert with_unit(score.value, score.unit) in text
    for row in result.published:
        assert row.system in text
    for floor in result.floors:
        assert number(floor.values["m_avg"], "share") in text
    assert result.settings["truth"] in text
    assert "b" * 64 in text  # sha256 of the predictions
    assert "/tmp" not in text
    language = page.all("html")[0]["lang"]
    assert ("keep it private" in text) == (language == "en")
    assert ("请勿公开" in text) == (language == "zh")
    assert result.warnings[0][language] in text


def test_each_language_has_its_own_marks_and_the_headline_names_its_own_tool(result):
    english, chinese = Page(to_html(result, "en")), Page(to_html(result, "zh"))
    assert english.texts["title"][0].startswith("Evaluation: EMER v2")
    assert chinese.texts["title"][0].startswith("评估报告：EMER v2")
    assert "系统：" in chinese.texts["p"]
    assert any("已发表最佳：Chat-UniVi，不可比较" in text for text in chinese.texts["p"])
    sources = [text for text in chinese.texts["li"] if "arXiv 2410.01495" in text]
    assert len(sources) == 1
    assert "（不可比较：" in sources[0]
    tool = english.texts["small"][1]  # after the sign of the headline
    assert tool.startswith(result.settings["wheels"]["name"])
    assert result.settings["judge"]["name"] not in tool  # marks nothing of a score on the wheel


def test_nothing_against_nothing_is_no_hit():
    table = heat_map(confusion(rows([["happy"], ["happy"]], [["sad"], []], [[], ["angry"]])), "en")
    assert table.count(" same") == 1  # joy with joy
    assert table.count(f">{NOTHING}<") == 2


def test_samples_stand_worst_first_and_whole_without_the_script(page):
    names = [text for text in page.texts["th"] if text in ("good", "lost", QUOTES)]
    assert names == [QUOTES, "lost", "good"]  # both have 0: by name
    assert page.all("div", id="tools") == [{"class": "tools", "id": "tools", "hidden": None}]
    assert not [x for x in page.all("tbody") if "hidden" in x]
    assert len(page.all("details")) == 2 + 2  # further scores, sectors; two samples have texts
    assert any("no clip" in text for text in page.texts["span"])


def test_samples_that_do_not_count_come_last():
    page = Page(to_html(made_result({"a": None, "b": 1.0, "c": 0.0})))
    assert [text for text in page.texts["th"] if text in "abc"] == ["c", "b", "a"]


def test_results_without_much_are_pages_too():
    for values in ({}, {"a": None}, {"a": 0.5}):
        bare = made_result(values)
        assert Page(to_html(bare)).open == []
    undefined = Page(to_html(made_result({"a": None})))
    assert any("not defined" in text for text in undefined.texts["p"])


def rows(*pairs):
    return [Row(str(at), tuple(was), tuple(said), "", "", {}) for at, (was, said) in enumerate(pairs)]


def test_confusion_pairs_what_was_missed_with_what_was_added():
    found = confusion(
        rows(
            (["happy"], ["glad"]),  # one core
            (["angry", "happy"], ["happy", "sad"]),  # anger missed, sadness added
            (["angry"], []),
            (["sad"], ["sad", "angry"]),  # anger added to nothing missed
            (["sad"], ["gibberish"]),
        )
    )
    assert found.cells == {
        ("joy", "joy"): 2, ("anger", "sadness"): 1, ("anger", NOTHING): 1, ("sadness", "sadness"): 1,
        (NOTHING, "anger"): 1, ("sadness", OTHER): 1,
    }  # fmt: skip
    assert found.instead("anger") == [(NOTHING, 1), ("sadness", 1)]
    was, said = named(rows((["happy", "glad"], ["sad"])), 1)
    assert (dict(was), dict(said)) == ({"joy": 1}, {"sadness": 1})


def test_a_histogram_counts_every_value():
    drawn = Page(histogram([0.0, 0.05, 0.1, 1.0, 0.95, 0.3], "share", "F", "en"))
    counts = [text for text in drawn.texts["title"]]
    assert len(counts) == 10
    assert [int(re.search(r": (\d+) samples", text)[1]) for text in counts] == [2, 1, 0, 1, 0, 0, 0, 0, 0, 2]
    assert "mean 40.00 %, median 20.00 %" in drawn.all("svg")[0]["aria-label"]
    marks = Page(histogram([1.9], "mark", "F", "en")).texts["title"]  # (1.9 - 1) / 9 * 10 is 0.9999...
    assert [text.endswith(": 1 samples") for text in marks[:2]] == [False, True]
    assert histogram([], "share", "F", "en") == ""


RISKY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''", "'"]


@pytest.mark.parametrize("text", RISKY)
def test_cells_cannot_be_run(text):
    assert defused(text).startswith("'")
    assert restored(defused(text)) == text


@pytest.mark.parametrize("text", ["", "happy", "a=1", " =1", "1-1", "高兴"])
def test_other_cells_stay_as_they_are(text):
    assert defused(text) == restored(text) == text


def test_the_sheet_gives_every_text_back():
    texts = [*RISKY, 'a "quoted", text', "two\nlines", "中文"]
    written = made_result({f"n{at}": 0.5 for at in range(len(texts))})
    written = replace(
        written,
        samples=tuple(
            replace(row, predicted_text=text) for row, text in zip(written.samples, texts, strict=True)
        ),
    )
    sheet = samples_csv(written)
    assert sheet.startswith("\ufeff")
    back = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"), newline="")))
    assert [restored(row["predicted_text"]) for row in back] == texts
    assert not any(row["predicted_text"].startswith(("=", "+", "-", "@", "\t", "\r")) for row in back)
    assert {row["correct"] for row in back} == {"0.5"}
