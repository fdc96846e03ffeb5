"""The tab "evaluate" and the downloads in a real browser."""

import json
import re

import pytest

NASTY = "<img src=x onerror=document.title='owned'>"


def opened(chromium, address, query="?lang=en", width=1440):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.goto(address + query)
    page.wait_for_selector(".ag-example")
    page.wait_for_timeout(500)
    name = re.compile("Evaluate|评测")
    if not page.get_by_role("tab", name=name).count():  # a narrow page puts the last tabs into a menu
        page.click("[aria-label='More tabs']")
        page.locator(".overflow-dropdown button").filter(has_text=name).click()
    else:
        page.get_by_role("tab", name=name).click()
    page.wait_for_selector("#ag-evaluate-form .ag-needs")
    return page


def upload(page, field, file):
    page.set_input_files(f"#{field} input[type=file]", str(file))
    page.wait_for_selector(f"#{field} .file-preview")


@pytest.mark.parametrize(("query", "width"), [("?lang=en", 1440), ("?lang=zh&__theme=dark", 390)])
def test_the_sample_becomes_a_report(chromium, address, query, width):
    page = opened(chromium, address, query, width)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.click("#ag-sample")
    page.wait_for_selector("#ag-predictions .file-preview")
    page.click("#ag-evaluate-run")
    page.wait_for_selector("#ag-evaluate-status .finished", timeout=60_000)
    page.wait_for_selector(".ag-headline")
    frame = page.frame_locator(".ag-report iframe")
    frame.locator("table.scores").first.wait_for()
    assert page.get_attribute(".ag-report iframe", "sandbox") == "allow-scripts"
    for name in ("result", "report", "samples"):
        page.wait_for_selector(f"#ag-{name}")
    with page.expect_download() as taken:
        page.click("#ag-result")
    found = json.loads(taken.value.path().read_text(encoding="utf-8"))
    assert (found["format"], found["counts"]["predicted"]) == ("affectgpt-result", 4)
    assert taken.value.suggested_filename == "result.json"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    page.close()


def test_a_hostile_file_is_told_a_good_one_goes_on_and_a_stop_ends_it(chromium, address, tmp_path):
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(f'"{NASTY}",b\n1,2\n')
    good.write_text(f'name,labels\nhappy_reunion,"happy, {NASTY}"\n')
    page = opened(chromium, address)
    page.click("#ag-evaluate-run")
    page.wait_for_selector("text=There is no file of predictions")
    upload(page, "ag-predictions", bad)
    page.click("#ag-evaluate-run")
    page.wait_for_selector("#ag-evaluate-status .failed", timeout=30_000)
    assert NASTY in page.inner_text("#ag-evaluate-status")
    page.wait_for_selector("#ag-evaluate-run:not([disabled])")
    page.locator("#ag-predictions button[aria-label]").first.click()
    upload(page, "ag-predictions", good)
    page.click("#ag-evaluate-run")
    page.wait_for_selector("#ag-evaluate-status .finished", timeout=60_000)
    page.frame_locator(".ag-report iframe").locator("table.scores").first.wait_for()
    assert page.title() != "owned"

    rows = "".join(
        f'{{"name": "n{at}", "text": "She smiles, {at}.", "openset": "happy"}}\n' for at in range(9_000)
    )
    large = tmp_path / "large.jsonl"
    large.write_text(rows)  # takes so long that it can be stopped
    page.locator("#ag-predictions button[aria-label]").first.click()
    page.locator("#ag-place label").last.click()
    upload(page, "ag-predictions", large)
    upload(page, "ag-references", large)
    page.click("#ag-evaluate-run")
    page.wait_for_selector(".ag-evaluating progress", timeout=30_000)
    page.click("#ag-evaluate-stop")
    page.wait_for_selector("#ag-evaluate-status .stopped", timeout=5_000)
    page.wait_for_selector("#ag-evaluate-run:not([disabled])")
    page.wait_for_timeout(1_000)
    assert page.locator("#ag-evaluate-status .stopped").count() == 1  # and nothing is drawn over it
    page.close()


def test_an_answer_is_taken_away(chromium, address):
    page = chromium.new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(address + "?lang=en")
    page.click("[data-example='0']")
    page.wait_for_selector("#ag-downloads", timeout=60_000)
    taken = {}
    for kind in ("json", "markdown", "page"):
        with page.expect_download() as download:
            page.click(f"#ag-take-{kind}")
        taken[kind] = download.value.path().read_text(encoding="utf-8")
    assert set(json.loads(taken["json"])) >= {"text", "clues", "labels", "scores"}
    assert taken["markdown"].startswith("# ")
    assert "<video" not in taken["page"]
    page.click(".ag-programs summary")
    page.locator(".ag-programs [data-copy]").first.click()
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from gradio_client import")
    assert f"Client('{address.rstrip('/')}')" in copied
    page.close()
