"""In a real browser: what if, and the tab "compare"; stop, both languages, a narrow screen, two visitors."""

import time

import pytest
from conftest import FakeEngine

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ANSWERED = ".ag-status.finished, .ag-status.stored"
PATIENCE_MS = 40_000


class Slow(FakeEngine):
    """Takes its time, as a trained model does."""

    def answer(self, clip, language):
        for _ in range(30):
            time.sleep(0.1)
            yield "progress", {}
        yield from FakeEngine.answer(self, clip, language)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """The address of a page whose default engine takes three seconds."""
    from affectgpt import ui
    from affectgpt.page import files

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(files.ROOT_VARIABLE, str(tmp_path_factory.mktemp("uploads")))
        demo = ui.build_demo(Slow())
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **ui.launch_options())
        yield url
        demo.close()


@pytest.fixture
def visit(chromium):
    """Open the page as a new visitor; what the browser complains about fails the test."""
    pages, complaints = [], []

    def opened(url, size=WIDE):
        page = chromium.new_page(viewport=size)
        pages.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".ag-example")
        return page

    yield opened
    for page in pages:
        page.close()
    assert complaints == []


def explain(page, example=0):
    page.click(f"[data-example='{example}']")
    page.wait_for_selector(ANSWERED)
    page.wait_for_selector(".ag-wi-ready")


def to_compare(page):
    page.get_by_role("tab").nth(2).click()
    page.wait_for_selector("#ag-compare-run")


def test_what_if_on_an_example_then_two_setups_on_its_clip(visit, address):
    page = visit(address + "?lang=en")
    assert not page.is_visible("#ag-what-if")
    explain(page)
    assert not page.is_visible("#ag-wi-run"), "this engine answers as soon as a switch is moved"
    page.locator("#ag-wi-acoustic input").press("Space")
    page.wait_for_selector("#ag-wi-result .ag-diff-line")
    assert "Without the sound, " in page.inner_text(".ag-diff-line")
    assert "The sound was left out." in page.inner_text("#ag-wi-result")
    page.click("#ag-wi-rank")
    page.wait_for_selector("#ag-wi-ranked tbody tr:nth-child(3)")
    assert page.locator("#ag-wi-ranked .ag-most").count() == 1
    page.click("#ag-language label:has-text('中文')")
    page.wait_for_selector("text=去掉声音后")
    page.click("#ag-wi-acoustic input")
    page.wait_for_selector("#ag-wi-result .ag-diff", state="detached")
    page.click("[data-example='1']")
    page.wait_for_selector("#ag-wi-ranked table", state="detached")
    page.click("#ag-language label:has-text('English')")
    page.wait_for_selector(ANSWERED)
    page.wait_for_selector(".ag-wi-ready")
    to_compare(page)  # the clip of the last answer, and a mistake
    page.wait_for_selector("text=the clip of your last answer")
    page.click("#ag-use-B label:has-text('sound')")
    page.click("#ag-compare-run")
    page.wait_for_selector("text=A and B are the same")
    page.click("#ag-use-B label:has-text('words')")
    page.wait_for_selector("#ag-compare-run:not([disabled])")
    page.click("#ag-compare-run")
    page.wait_for_selector(".ag-cp-status.finished")
    assert "without the words" in page.inner_text(".ag-diff-line")


def test_two_setups_on_an_example(visit, address):
    page = visit(address + "?lang=zh&__theme=dark", NARROW)
    to_compare(page)
    page.wait_for_selector(".ag-cp-empty")
    page.click("[data-compare='0']")
    page.wait_for_selector(".ag-cp-status.finished")
    page.wait_for_selector("#ag-compare-player video")
    assert "不用声音" in page.inner_text(".ag-diff-line")
    assert page.locator(".ag-cp-scores tbody tr").count() == 4
    assert page.locator(".ag-cp-more svg").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_stop_two_visitors_and_a_button_for_a_slow_engine(visit, slow):
    one, other = visit(slow + "?lang=en"), visit(slow + "?lang=en")
    to_compare(one), to_compare(other)
    one.click("[data-compare='0']")
    one.wait_for_selector("#ag-compare-stop:not([disabled])")
    one.wait_for_selector("#ag-compare-result .ag-note.wait")  # A is there, B is being made
    one.click("#ag-compare-stop")
    one.wait_for_selector(".ag-cp-status.stopped")
    one.wait_for_selector("#ag-compare-run:not([disabled])")
    assert "part" in one.inner_text("#ag-compare-result"), "what was there stays"
    assert other.locator(".ag-cp-empty").count() == 1
    assert other.locator(".ag-diff").count() == 0
    assert "Nothing is chosen" in other.inner_text(".ag-cp-clip")

    page = other  # a slow engine waits for the button
    page.get_by_role("tab").first.click()
    explain(page)
    page.click("#ag-wi-lexical input")
    page.click("#ag-wi-run")
    page.wait_for_selector("#ag-wi-stop:not([disabled])")
    page.wait_for_selector(".ag-wi-status.running")
    page.click("#ag-wi-stop")
    page.wait_for_selector("text=Stopped.")
    page.wait_for_selector("#ag-wi-run:not([disabled])")
    assert page.locator("#ag-wi-result .ag-diff").count() == 0
