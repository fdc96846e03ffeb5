"""In a real browser: a page is open while its weights are on their way; what changes when they come."""

import pytest
from conftest import FakeEngine, serving
from held_arrival import Held

from affectgpt import ui
from affectgpt.page.arrival import Arrival

TYPED = "What a lovely day."


class Trained(FakeEngine):
    name = "affectgpt"


@pytest.fixture
def held():
    held = Held()
    yield held
    held.end(FakeEngine())


@pytest.fixture
def site(held, tmp_path, monkeypatch):
    monkeypatch.setattr(ui, "LOOK_EVERY_S", 0.3)
    monkeypatch.setenv("AFFECTGPT_WHISPER", "off")
    with serving(tmp_path, Arrival("owner/affectgpt-7b", held)) as site:
        yield site


def test_the_page_is_open_before_its_weights_are_here(chromium, site, held):
    complaints = []
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(40_000)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    held.come(5.6)
    page.goto(site.url + "?lang=en")
    line = page.locator("#ag-input .ag-arrival")
    page.wait_for_selector("#ag-input .ag-arrival:has-text('34 %, 5.6 of 16.4 GB')")
    assert page.locator("#ag-engine").count() == 0

    page.click("[data-example='0']")
    page.wait_for_selector(".ag-status.stored")
    page.wait_for_selector("#ag-limits:has-text('signal')")
    page.fill("#ag-subtitle textarea", TYPED)
    page.focus("#ag-subtitle textarea")
    text = page.inner_text("#ag-text")
    drawn = "document.querySelector('#ag-input .ag-arrival')"
    page.evaluate(f"window.line = {drawn}")
    page.wait_for_timeout(1_000)  # several looks
    assert page.evaluate(f"window.line === {drawn}"), "what has not changed is not drawn again"
    held.come(9.1)
    page.wait_for_selector("#ag-input .ag-arrival:has-text('55 %, 9.1 of 16.4 GB')")
    held.come(16.4)
    page.wait_for_selector("#ag-input .ag-arrival:has-text('is being loaded')")

    held.end(Trained())
    page.wait_for_selector("#ag-engine input")
    line.wait_for(state="detached")
    assert page.input_value("#ag-engine input") == "Signal (measured)"  # as this visitor knows the page
    assert page.input_value("#ag-subtitle textarea") == TYPED
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert page.inner_text("#ag-text") == text
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(800)
    assert asked == [], "nothing is on its way, and the page still looks"

    page.click("#ag-engine input")
    page.click("[role='option']:has-text('AffectGPT')")
    page.click("#ag-run")
    page.wait_for_selector(".ag-status.finished")
    assert "The inference part." in page.inner_text("#ag-text")
    assert page.inner_text("#ag-limits dl").count("affectgpt")

    later = chromium.new_page(viewport={"width": 1440, "height": 900})
    later.goto(site.url + "?lang=zh")
    later.wait_for_selector("#ag-engine input")
    later.wait_for_function("document.querySelector('#ag-engine input').value.startsWith('AffectGPT')")
    for each in (page, later):
        each.close()
    assert complaints == []
