"""The page in a real browser: an example is answered, and nothing is asked of the outside."""

import math
import wave

import pytest


@pytest.mark.parametrize(
    ("query", "size"), [("?lang=en", (1440, 900)), ("?lang=zh&__theme=dark", (390, 844))]
)
def test_an_example_is_answered(chromium, address, query, size):
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
    complaints, foreign = [], []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on(
        "request",
        lambda r: foreign.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None,
    )
    page.goto(address + query)
    page.wait_for_selector(".ag-example")
    page.click("[data-example='0']")
    page.wait_for_selector(".ag-status.finished", timeout=40_000)
    page.wait_for_selector(".ag-labels, .ag-unsure")
    assert page.locator("#ag-clues .ag-column").count() == 3
    assert page.locator("#ag-text section").count() >= 4
    assert "AI" in page.inner_text(".ag-notice") or "人工智能" in page.inner_text(".ag-notice")
    page.wait_for_selector("#ag-player video")
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


def test_one_run_per_press_and_a_stop_can_be_followed_by_a_run(chromium, address):
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    started = []
    page.on("request", lambda r: started.append(r.url) if "/queue/join" in r.url else None)
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.evaluate("document.querySelectorAll('.ag-example').forEach((card) => card.click())")
    page.wait_for_selector("#ag-stop:not([disabled])")
    assert page.is_disabled("#ag-run")
    page.click("#ag-stop")
    page.wait_for_selector(".ag-status.stopped")
    page.wait_for_selector("#ag-run:not([disabled])", timeout=20_000)
    page.wait_for_timeout(800)  # a press that follows faster is taken for a double one
    page.evaluate("for (let i = 0; i < 2; i++) document.querySelector('#ag-run').click()")
    page.wait_for_selector(".ag-status.finished", timeout=40_000)
    assert len(started) == 3  # the example; the check and the run of one press
    page.close()


def test_what_is_missing_is_said_on_the_page(chromium, address):
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.click("#ag-run")
    page.wait_for_selector("text=Something is missing", timeout=10_000)
    page.wait_for_selector("#ag-run:not([disabled])")
    page.close()


def test_a_sound_file_is_taken(chromium, address, tmp_path):
    file = tmp_path / "tone.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(8_000)
        out.writeframes(
            b"".join(round(9e3 * math.sin(i / 6)).to_bytes(2, "little", signed=True) for i in range(9_000))
        )
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.check("#ag-consent input")
    page.set_input_files("#ag-sound input[type=file]", str(file))
    page.wait_for_selector("#ag-sound .file-preview")
    page.click("#ag-run")
    page.wait_for_selector(".ag-status.finished", timeout=40_000)
    page.wait_for_selector("#ag-player.ag-heard video", state="attached")
    assert "no picture" in page.inner_text(".ag-column.visual")
    assert page.locator("#ag-sound .file-preview").count() == 0  # our copy stands in the other field
    page.close()
