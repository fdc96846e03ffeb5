"""What is drawn of an answer, in a real browser: it moves the player, follows it, and can be read by all."""

import pytest

DRAWN = ("#ag-timeline", "#ag-strip", "#ag-verdict", "#ag-clues", "#ag-text")
TIME = "document.querySelector('.ag-player video').currentTime"


@pytest.fixture(scope="module")
def page(chromium, address):
    page = chromium.new_page(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.click("[data-example='0']")
    page.wait_for_selector(".ag-tl", timeout=40_000)
    page.wait_for_selector(".ag-labels, .ag-unsure", timeout=40_000)
    page.wait_for_function("document.querySelector('.ag-player video')?.readyState > 0", timeout=20_000)
    still = "video.pause(); video.play = async () => {}"  # so that where it stands can be compared
    page.evaluate(f"{{ const video = document.querySelector('.ag-player video'); {still} }}")
    yield page
    page.close()


def test_a_press_on_the_time_line_moves_the_clip_there(page):
    line = page.locator(".ag-tl").first
    length = float(line.get_attribute("aria-valuemax"))
    line.scroll_into_view_if_needed()
    box = page.locator(".ag-tl-over").first.bounding_box()
    row = page.locator(".ag-tl-row.tall .ag-tl-plot").first.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], row["y"] + row["height"] / 2)
    page.wait_for_function(f"Math.abs({TIME} - {length / 4}) < 0.1")
    assert float(line.get_attribute("aria-valuenow")) == pytest.approx(length / 4, abs=0.1)
    head = page.locator(".ag-tl-head").first.bounding_box()
    assert head["x"] + head["width"] / 2 == pytest.approx(box["x"] + 0.25 * box["width"], abs=8)
    tip = page.inner_text(".ag-tl-tip")
    assert tip.startswith(f"{length / 4:.1f} s")
    assert "loudness" in tip


def test_arrow_keys_move_it_and_say_the_time(page):
    line = page.locator(".ag-tl").first
    line.focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"{TIME} === 0")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"Math.abs({TIME} - 1.2) < 0.05")
    assert line.get_attribute("aria-valuetext") == "1.2 s"


def test_the_line_follows_the_player(page):
    page.evaluate("document.querySelector('.ag-player video').currentTime = 2.5")
    page.wait_for_function("document.querySelector('.ag-tl').getAttribute('aria-valuetext') === '2.5 s'")


def test_a_mark_leads_to_its_clue_and_a_moment_in_the_text_to_the_clip(page):
    chip = page.locator(".ag-labels a[data-goto]").first
    mark = chip.inner_text()
    chip.press("Enter")
    page.wait_for_function(f"document.activeElement?.dataset?.clue === '{mark}'")
    page.evaluate("document.activeElement.blur()")
    moment = page.locator(".ag-text .ag-seek").first
    wanted = float(moment.get_attribute("data-seek"))
    moment.press("Enter")
    page.wait_for_function(f"Math.abs({TIME} - {wanted}) < 0.1")
    crop = page.locator(".ag-faces button").nth(3)
    crop.press("Enter")
    page.wait_for_function(f"Math.abs({TIME} - {crop.get_attribute('data-seek')}) < 0.1")


def test_nothing_is_cut_off_on_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        name = page.locator(".ag-tl-row.tall .ag-tl-name").first.bounding_box()
        plot = page.locator(".ag-tl-row.tall .ag-tl-plot").first.bounding_box()
        assert name["y"] + name["height"] <= plot["y"] + 1  # the name stands above its row
        assert plot["width"] > 280
        assert page.locator(".ag-wheel .lead").first.is_hidden()
    finally:
        page.set_viewport_size({"width": 1440, "height": 1000})


@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_barrier(page, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
    page.wait_for_timeout(100)
    parts = {"include": [[part] for part in DRAWN]}
    found = axe.Axe().run(page, context=parts, options={"resultTypes": ["violations"]})
    serious = [
        (x["id"], x["nodes"][0]["html"][:160], x["nodes"][0].get("failureSummary"))
        for x in found.response["violations"]
        if x["impact"] in ("serious", "critical")
    ]
    assert serious == []
