"""The page in a real browser: an example is answered, and nothing is asked of the outside."""

import pytest
from conftest import slow_runs

WHOLE = ".ag-status.whole"
WAIT = 90_000  # ms; the machine of a test may be busy


@pytest.mark.parametrize(
    ("query", "size"), [("?lang=en", (1440, 900)), ("?lang=zh&__theme=dark", (390, 844))]
)
def test_an_example_is_answered(chromium, address, query, size):
    viewport = {"width": size[0], "height": size[1]}
    page = chromium.new_page(viewport=viewport, reduced_motion="no-preference")
    page.set_default_timeout(WAIT)
    complaints, foreign = [], []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on(
        "request",
        lambda r: foreign.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None,
    )
    page.goto(address + query)
    page.wait_for_selector(".ag-example")
    if size[1] == 900:  # no scrolling to the button
        assert page.locator("#ag-run").bounding_box()["y"] + 40 < 900
    page.click("[data-example='0']")
    page.wait_for_selector(WHOLE)
    page.wait_for_selector(".ag-labels, .ag-unsure")
    assert page.locator("#ag-clues .ag-column").count() == 3
    assert page.locator("#ag-text section").count() >= 4
    assert page.locator("#ag-timeline .ag-timeline").count() == 1
    assert "AI" in page.inner_text(".ag-notice") or "人工智能" in page.inner_text(".ag-notice")
    page.wait_for_selector("#ag-player video track", state="attached")
    seek = page.locator("#ag-clues .ag-seek").first
    wanted = float(seek.get_attribute("data-seek"))
    seek.press("Enter")
    page.wait_for_function(
        f"Math.abs(document.querySelector('#ag-player video').currentTime - {wanted}) < 1.5"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert complaints == []
    assert foreign == []
    page.close()


def test_one_run_per_press_and_a_stop_can_be_followed_by_a_run(chromium, address, caplog):
    caplog.set_level("INFO", "affectgpt.page.visitors")
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.evaluate("document.querySelectorAll('.ag-example').forEach((card) => card.click())")
    page.wait_for_selector(WHOLE)
    page.wait_for_timeout(800)  # a press that follows faster is taken for a double one
    with slow_runs():
        page.evaluate("for (let i = 0; i < 2; i++) document.querySelector('#ag-run').click()")
        page.wait_for_selector("#ag-stop:not([disabled])")
        assert page.is_disabled("#ag-run")
        page.wait_for_selector("#ag-player video", state="attached")
        page.click("#ag-stop")
        page.wait_for_selector(".ag-status.stopped")
    page.wait_for_selector("#ag-run:not([disabled])")
    page.wait_for_timeout(800)
    runs = [line for line in caplog.messages if line.startswith("explain")]
    assert len(runs) == 1, runs  # of two presses; the example was answered by what is stored
    page.click("#ag-language label:nth-child(2)")  # what a stop has left changes its language, too
    page.wait_for_selector(".ag-status.stopped:has-text('已停止')")
    page.click("#ag-run")
    page.wait_for_selector(".ag-status.finished")
    assert "画面" in page.inner_text("#ag-clues")
    page.close()
