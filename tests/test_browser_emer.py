"""The EMER tab in a real browser: read, search, step, run on a sample, be scored; cells are shown as text."""

import json

import pytest

from affectgpt.page import services

EVIL = "<img src=x onerror=\"document.title='hit'\">${1+1}{{2}}</script>"
SIZE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module", autouse=True)
def table(tmp_path_factory):
    """A data set of the operator: 65 samples, one of them hostile."""
    folder = tmp_path_factory.mktemp("emer")
    rows = [
        {
            "name": f"toy_{number:03}",
            "subtitle_en": f"Sentence number {number}.",
            "subtitle_zh": f"第{number}句话。",
            "reference_en": "In the video, she smiles. In the audio, her voice is calm. She is happy.",
            "reference_zh": "在视频中，她微笑。在音频中，她的声音平静。她很高兴。",
            "labels": ["happy"] if number % 2 else ["sad", "tired"],
        }
        for number in range(64)
    ]
    evil = {
        "name": "evil",
        **{key: EVIL for key in rows[0] if key not in ("name", "labels")},
        "labels": [EVIL],
    }
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in [*rows, evil])
    (folder / "own.jsonl").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(services.DATASET, str(folder / "own.jsonl"))
        yield


@pytest.fixture
def page(chromium, table, address):
    page = chromium.new_page(viewport=SIZE)
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(told(m)) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.at = address
    yield page
    # Gradio asks to cancel a run whose id it does not know yet: refused, and the next request ends it.
    assert [one for one in page.complaints if "/cancel: " not in one] == []
    page.close()


def told(message) -> str:
    return f"{message.location.get('url')}: {message.text}"


def opened(page, query="?lang=en"):
    page.goto(page.at + query)
    page.wait_for_selector(".ag-notice", state="attached")
    if "sample=" not in query:
        page.click("#ag-tab_emer-button")
    page.wait_for_selector("#ag-emer-text section")


def reads(page, name):
    page.wait_for_selector(f".ag-emer-head h2:text-is('{name}')")


def test_browse_search_filter_and_step(page):
    opened(page)
    reads(page, "toy_000")
    assert "1 of 65" in page.inner_text("#ag-emer-head")
    page.click("[data-sample='toy_002']")
    reads(page, "toy_002")
    assert "Sentence number 2." in page.inner_text("#ag-emer-about")
    page.wait_for_function("document.activeElement?.dataset.sample === 'toy_002'")  # where it was
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    reads(page, "toy_003")
    page.click("#ag-emer-next")
    reads(page, "toy_004")
    page.click("#ag-emer-previous")
    reads(page, "toy_003")
    page.click("[data-label='sad']")
    page.wait_for_selector("#ag-emer-pager:has-text('32 of 65')")
    assert page.get_attribute("[data-label='sad']", "aria-pressed") == "true"
    page.click("[data-turn='1']")
    page.wait_for_selector("[data-sample='toy_062']")
    page.click("[data-label='sad']")
    page.wait_for_selector("#ag-emer-pager:has-text('65 samples')")
    page.locator("#ag-emer-query input, #ag-emer-query textarea").press_sequentially("第17句")
    page.wait_for_selector("#ag-emer-pager:has-text('1 of 65')")
    assert page.inner_text(".ag-emer-row b") == "toy_017"
    assert page.inner_text("#ag-emer-head p") == "not among the 1 found"
    fits_a_phone(page)


def test_cells_show_as_text(page):
    opened(page, "?lang=en&sample=evil")
    reads(page, "evil")
    shown = page.inner_text("#ag-emer-read") + page.inner_text("#ag-emer-list")
    assert shown.count("{{2}}") >= 4
    assert shown.count("${1+1}") >= 4
    assert page.locator("#ag-emer img").count() == 0
    assert page.title() != "hit"


def test_run_on_an_example_then_scores_language_and_explain(page):
    opened(page, "?lang=en&sample=happy_reunion")
    reads(page, "happy_reunion")
    page.wait_for_selector("#ag-emer-player video")
    assert ".normalised." in page.get_attribute("#ag-emer-player video", "src")
    page.click("#ag-emer-run")
    page.wait_for_selector("#ag-emer-status .running")
    page.wait_for_selector("#ag-emer-status .finished", timeout=60_000)
    page.wait_for_selector("#ag-emer-beside section.visual >> text=In the video")
    page.wait_for_selector("#ag-emer-scores .ag-assess")
    assert page.locator("#ag-emer-text section").count() == 0  # it stands beside the answer now
    page.click("#ag-language >> text=中文")
    page.wait_for_selector("#ag-emer-beside >> text=参考与回答")
    page.wait_for_selector("#ag-emer-find >> text=由本项目的程序绘制")
    page.click("#ag-emer-open")
    page.wait_for_selector("#ag-tab_explain-button[aria-selected=true]", timeout=20_000)
    page.wait_for_selector("#ag-status .finished.whole")
    page.wait_for_selector("#ag-player video[src*='happy_reunion'] track", state="attached")
    for place in ("#ag-verdict", "#ag-timeline", "#ag-clues", "#ag-text", "#ag-scores", "#ag-limits"):
        page.wait_for_selector(f"{place} section, {place} .ag-card")
    page.wait_for_selector("#ag-downloads")
    page.wait_for_selector("#ag-clip video[src*='happy_reunion']")
    assert page.input_value("#ag-subtitle textarea").startswith("You came!")
    page.click("#ag-wi-acoustic input")
    page.wait_for_selector("#ag-wi-result section, #ag-wi-result .ag-card")
    page.click("#ag-tab_emer-button")
    page.click("#ag-emer-next")
    page.wait_for_selector("#ag-emer-text section")
    assert page.locator("#ag-emer-beside section").count() == 0


def test_another_sample_ends_a_run(page):
    opened(page, "?lang=en&sample=angry_two_hours")
    page.wait_for_selector("#ag-emer-player video")
    page.click("#ag-emer-run")
    page.wait_for_selector("#ag-emer-status .running")
    page.click("[data-sample='worried_farewell_zh']")
    reads(page, "worried_farewell_zh")
    page.wait_for_selector("#ag-emer-player video[src*='worried_farewell_zh']")
    page.wait_for_selector("#ag-emer-run:not([disabled])", timeout=20_000)
    page.wait_for_timeout(1_500)
    assert page.locator("#ag-emer-beside section").count() == 0
    assert page.locator("#ag-emer-status section").count() == 0


def fits_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_small_screen_has_no_sideways_scrolling(page):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, "?lang=zh&__theme=dark")
    fits_a_phone(page)
