"""A long visit in one browser page: tab after tab, and nothing complains, neither here nor on the server."""

import logging
from pathlib import Path

import pytest
from conftest import slow_runs

WAIT = 90_000  # ms; the machine of a test may be busy
WATCH = """window.toasts = []; window.seen = {};
const look = () => {
  document.querySelectorAll('.toast-body').forEach((toast) => window.toasts.push(toast.innerText));
  if (!document.querySelector('.ag-held:not([inert])')) window.seen.held = true;
};
const all = {childList: true, subtree: true, attributeFilter: ['inert']};
new MutationObserver(look).observe(document.body, all);"""


@pytest.fixture
def page(chromium, address, caplog, capfd):
    caplog.set_level(logging.ERROR)
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(WAIT)
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.evaluate(WATCH)
    yield page
    assert page.evaluate("window.toasts") == []
    page.close()
    assert complaints == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert "Traceback" not in capfd.readouterr().err


def press(page, button="#ag-run"):
    page.wait_for_selector(f"{button}:not([disabled])")
    page.wait_for_timeout(800)  # a press that follows faster is taken for a double one
    page.evaluate("window.seen = {}")
    page.evaluate("document.querySelectorAll('.ag-status').forEach(status => status.dataset.old = '')")
    page.click(button)


def answered(page):
    page.wait_for_selector("#ag-status .ag-status.finished:not([data-old])")


def left_out(page, what):
    """Switch a modality off below the answer; the result stands on the clip and needs no press."""
    page.wait_for_selector(".ag-wi-ready")
    page.locator(f"#ag-wi-{what} input").press("Space")
    page.wait_for_selector("#ag-wi-result .ag-diff-line")


def test_a_long_visit(page):
    page.click("[data-example='0']")
    page.wait_for_selector(".ag-status.stored")
    page.wait_for_selector("#ag-downloads .ag-programs", state="attached")
    codes = page.locator("#ag-downloads .ag-codes").text_content()
    assert codes.count("I was waiting here for two hours.") == 2  # the words of the clip are sent, too
    left_out(page, "acoustic")

    press(page)  # run it again here; meanwhile the form is out of reach, by keys neither, and keeps its clip
    answered(page)
    assert page.evaluate("window.seen.held")
    page.wait_for_function("document.querySelectorAll('.ag-held[inert]').length === 0")
    assert page.locator("#ag-clip video").count() == 1

    page.fill("#ag-subtitle textarea", "This is wonderful.")
    press(page)
    answered(page)
    page.wait_for_selector("#ag-clues .ag-column.lexical:has-text('wonderful')")
    page.wait_for_selector("#ag-scores .ag-assess")
    page.wait_for_selector("#ag-player video track", state="attached")
    left_out(page, "visual")

    page.wait_for_selector("#ag-language input:not([disabled])")
    page.click("#ag-language >> text=中文")
    page.wait_for_selector("#ag-clues h3:has-text('话语')")
    with slow_runs():
        press(page)
        page.click("#ag-stop:not([disabled])")
        page.wait_for_selector(".ag-status.stopped")
    page.wait_for_selector("#ag-language input:not([disabled])")
    page.click("#ag-language >> text=English")
    page.wait_for_selector(".ag-examples >> text=nobody real")
    press(page, "[data-example='1']")
    page.wait_for_selector(".ag-status.stored")

    page.click("#ag-tab_compare-button")
    page.wait_for_selector("#ag-compare-clip:has-text('happy_reunion')")
    press(page, "#ag-compare-run")
    page.wait_for_selector("#ag-compare-status .finished")
    page.wait_for_selector("#ag-compare-more section", state="attached")

    page.click("#ag-tab_emer-button")
    page.click("[data-sample='smile_over_bitter_words']")
    page.wait_for_selector("#ag-emer-player video[src*='smile_over_bitter_words']")
    press(page, "#ag-emer-run")
    page.wait_for_selector("#ag-emer-status .finished")
    press(page, "#ag-emer-open")
    page.wait_for_selector("#ag-player video[src*='smile_over_bitter_words']")
    page.wait_for_selector("#ag-downloads")
    left_out(page, "lexical")
    press(page)  # what was opened can be run
    answered(page)
    page.click("#ag-tab_emer-button")
    page.click("#ag-emer-next")
    page.wait_for_selector("#ag-emer-text section")


def taken(page):
    with page.expect_download() as waited:
        page.click("#ag-take-page")
    return Path(waited.value.path()).read_text(encoding="utf-8")


def test_the_page_to_take_away_holds_the_clip(page, chromium, tmp_path):
    press(page, "[data-example='1']")
    page.wait_for_selector(".ag-status.stored")
    press(page)
    answered(page)
    page.wait_for_selector("#ag-take-clip input:not([disabled])")
    without = taken(page)
    assert "data:video/mp4" not in without
    with page.expect_response("**/gradio_api/run/predict*"):
        page.check("#ag-take-clip input")
    page.wait_for_timeout(500)
    own = tmp_path / "own.html"
    own.write_text(taken(page), encoding="utf-8")
    reader = chromium.new_page()
    reader.goto(own.as_uri())
    assert reader.get_attribute("video", "src").startswith("data:video/mp4;base64,")
    reader.wait_for_function("document.querySelector('video').readyState >= 2")
    reader.evaluate("document.querySelector('video').play()")
    reader.wait_for_function("document.querySelector('video').currentTime > 0.2")
    reader.close()
