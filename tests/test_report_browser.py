"""The report's table in a real browser: sorting, filtering and paging by keyboard, in wide and narrow."""

import shutil
from dataclasses import replace

import pytest
from made_results import made_result

from affectgpt.benchmarks.result import Measure
from affectgpt.report.html import to_html
from affectgpt.schema import Text

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
COUNT = 70


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Seventy samples: n00 scores 0.00, n01 0.01, ...; the last one is not defined."""
    values = {f"n{at:02}": at / 100 if at < COUNT - 1 else None for at in range(COUNT)}
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(to_html(made_result(values)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_table_is_sorted_filtered_and_paged(chromium, file, width, theme):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    complaints, asked = [], []
    page.on("console", lambda m: complaints.append(m.text))
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(file.as_uri())

    def names():
        return page.locator("#samples tbody:visible th").all_inner_texts()

    assert names() == [f"n{at:02}" for at in range(50)]
    assert page.inner_text("#shown") == "50 of 70 shown"
    page.focus("#more")
    page.keyboard.press("Enter")
    assert names()[-1] == "n69"  # not defined: last, however it is sorted
    page.select_option("#sort", "3 1")
    assert names()[0] == "n68"
    assert names()[-1] == "n69"
    page.fill("#filter", "N1")
    assert names() == [f"n{at}" for at in range(19, 9, -1)]
    assert page.inner_text("#shown") == "10 of 70 match, 10 shown"
    page.fill("#filter", "")
    if width > 720:
        page.focus("#samples thead th:first-child button")
        page.keyboard.press("Enter")
        assert names()[0] == "n00"
        assert page.get_attribute("#samples thead th:first-child", "aria-sort") == "ascending"
        page.keyboard.press("Enter")
        assert names()[0] == "n69"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    assert asked == [file.as_uri()]
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_long_names_do_not_widen_the_page(chromium, tmp_path, width):
    long = "x" * 300
    result = made_result({long: 0.5}, system=long)
    row = replace(result.samples[0], predicted_labels=(long,), predicted_text=long, error=None)
    file = tmp_path / "report.html"
    file.write_text(to_html(replace(result, samples=(row,))), encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [1440, 1000, 800, 721, 320])
def test_six_scores_do_not_widen_the_page(chromium, tmp_path, width):
    keys = ["F", "Precision", "Recall", "Clue overlap", "Label overlap", "Completeness"]
    result = made_result({"sample_00000007": 0.5})
    row = replace(result.samples[0], scores=dict.fromkeys(keys, 0.5))
    measures = {key: Measure(Text(key, key), "share") for key in keys}
    file = tmp_path / "report.html"
    file.write_text(to_html(replace(result, samples=(row,), sample_scores=measures)), encoding="utf-8")
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#samples th[scope=row]").bounding_box()["height"] < 50  # the name is one line
    page.close()


def test_without_a_script_all_rows_are_there(chromium, file):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#samples tbody:visible").count() == COUNT
    assert not page.locator("#tools").is_visible()
    context.close()
