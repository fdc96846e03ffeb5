"""The page for everybody: axe-core, the keyboard alone, names for screen readers, many visitors at once."""

import tempfile
import time
from pathlib import Path

import media_files
import pytest
from conftest import slow_runs

DONE = ".ag-status.finished, .ag-status.stored"
WAIT = 90_000  # ms; the machine of a test may be busy
LOOKS = [("?lang=en&__theme=light", 1440), ("?lang=zh&__theme=dark", 390)]
UNNAMED = """() => [...document.querySelectorAll("button, a[href], input, textarea, summary")]
  .filter((x) => x.checkVisibility() && x.type !== "file" && !x.closest("[aria-hidden=true]"))
  .filter((x) => !(x.innerText.trim() || x.ariaLabel || x.title || x.labels?.[0]?.innerText.trim()
    || x.getAttribute("aria-labelledby") || x.querySelector("img[alt], svg[aria-label], svg title")))
  .map((x) => x.outerHTML.slice(0, 120))"""
FOCUS = """() => {
  const x = document.activeElement, held = x.closest("label") || x;
  const seen = [x, held].some((y) => getComputedStyle(y).outlineStyle !== "none");
  const at = x.tagName + "#" + x.id + " " + (x.dataset.example ?? "") + (x.dataset.seek ?? "");
  return {at, seen, inside: x !== document.body, example: x.dataset.example, seek: x.dataset.seek,
          id: x.id, text: (x.labels?.[0] || x).innerText};
}"""


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed").AXE_SCRIPT


def visit(chromium, site, query="?lang=en", width=1440, **options):
    page = chromium.new_page(viewport={"width": width, "height": 900}, **options)
    page.set_default_timeout(WAIT)
    page.goto(site.url + query)
    page.wait_for_selector(".ag-example")
    return page


def faults(page, axe) -> list[str]:
    """What axe-core calls serious or critical."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:150]}" for one in grave for node in one["nodes"]]


@pytest.mark.parametrize(("query", "width"), LOOKS)
def test_axe_finds_nothing_grave_on_any_tab(chromium, site, axe, query, width):
    page = visit(chromium, site, query, width)
    found = {"empty": faults(page, axe) + page.evaluate(UNNAMED)}
    page.click("[data-example='1']")
    page.wait_for_selector(DONE)
    page.wait_for_timeout(500)
    found["answer"] = faults(page, axe) + page.evaluate(UNNAMED)
    for name in ("emer", "compare", "evaluate", "about"):
        open_tab(page, name)
        page.wait_for_timeout(700)
        found[name] = faults(page, axe) + page.evaluate(UNNAMED)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found[name].append("wider than the window")
    assert {name: list_ for name, list_ in found.items() if list_} == {}
    page.close()


def open_tab(page, name: str):
    """Press a tab; on a small screen the last ones stand in a menu."""
    from affectgpt.page.text import TEXT

    if page.locator(f"#ag-tab_{name}-button >> visible=true").count():
        page.click(f"#ag-tab_{name}-button")
    else:
        page.click("#ag-tabs .overflow-menu > button")
        title = TEXT[f"tab_{name}"]["zh" if "lang=zh" in page.url else "en"]
        page.click(f"#ag-tabs .overflow-dropdown button:has-text('{title}')")
    page.wait_for_selector(f"#ag-tab_{name} >> visible=true")


def walk(page, wanted, *, steps=120, back=False):
    """Press Tab until `wanted(where)` is true; every stop on the way shows the focus."""
    for _ in range(steps):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        where = page.evaluate(FOCUS)
        assert where["seen"] or not where["inside"], f"nobody sees that {where['at']} has the focus"
        if wanted(where):
            return where
    raise AssertionError("not to be reached by the Tab key")


def test_the_keyboard_alone_is_enough(chromium, site):
    page = visit(chromium, site, reduced_motion="reduce")
    walk(page, lambda at: at["example"] == "2")
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    page.wait_for_selector("#ag-player video")
    page.wait_for_function("document.querySelector('#ag-player video').readyState > 0")
    seek = walk(page, lambda at: at["seek"] and float(at["seek"]) > 0.5)
    page.keyboard.press("Enter")
    at = float(seek["seek"])
    page.wait_for_function(f"document.querySelector('#ag-player video').currentTime >= {at}")
    walk(page, lambda at: at["id"] == "ag-run", back=True)
    with slow_runs():
        page.keyboard.press("Enter")
        page.wait_for_selector("#ag-stop:not([disabled])")
        moving = "() => document.getAnimations().filter((x) => x.playState === 'running').length"
        assert page.evaluate(moving) == 0  # who asked for less motion has none, while a run is on
        walk(page, lambda at: at["id"] == "ag-stop" or page.is_disabled("#ag-stop"))
        page.keyboard.press("Space")
        page.wait_for_selector("#ag-run:not([disabled])")
    walk(page, lambda at: "中文" in at["text"] and at["at"].startswith("INPUT"), back=True)
    page.keyboard.press("Space")
    page.wait_for_selector("#ag-tab_explain-button:has-text('分析')")
    walk(page, lambda at: at["id"] == "ag-tab_about-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ag-tab_about >> visible=true")
    page.close()


def send(page, clip: Path, words: str):
    page.check("#ag-consent input")
    page.set_input_files("#ag-clip input[type=file]", str(clip))
    page.wait_for_selector("#ag-clip video")
    page.fill("#ag-subtitle textarea", words)
    page.wait_for_timeout(800)  # a press that follows faster is taken for a double one
    page.click("#ag-run")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [media_files.write_clip(folder / f"{name}.mp4", seconds=3) for name in ("anna", "ben", "cleo")]


def test_visitors_at_once_see_their_own_and_stop_their_own(chromium, site, clips):
    words = ("I am happy about the walrus.", "I am angry about the pelican.", "I fear the hedgehog.")
    pages = [visit(chromium, site) for _ in words]
    with slow_runs():
        for page, clip, said in zip(pages, clips, words, strict=True):
            send(page, clip, said)
        pages[2].wait_for_selector("#ag-stop:not([disabled])")
        pages[2].click("#ag-stop")
        pages[2].wait_for_selector("#ag-run:not([disabled])")
    for page in pages[:2]:
        page.wait_for_selector(".ag-status.finished")
    shown = [page.inner_text("#ag-output") for page in pages]
    names = ("walrus", "pelican", "hedgehog")
    seen = [[name for name in names if name in text] for text in shown]
    assert seen[:2] == [["walrus"], ["pelican"]]
    assert not set(names[:2]) & set(seen[2])
    for page in pages:
        page.close()


def test_a_closed_browser_leaves_nothing_behind(chromium, site, clips):
    traces, before = site.demo.traces, jobs()
    old, traces.gone_s = traces.gone_s, 0.0
    try:
        page = visit(chromium, site)
        with slow_runs():
            send(page, clips[2], "A quokka.")
            page.wait_for_selector(".ag-status.running")
            page.close()
        end = time.monotonic() + 60
        while (any("cleo" in name for name in site.left()) or jobs() - before) and time.monotonic() < end:
            time.sleep(0.1)  # the page tidies up every few seconds
        assert jobs() - before == set()
        assert [name for name in site.left() if "cleo" in name] == []
    finally:
        traces.gone_s = old


def jobs() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("affectgpt-job-*")}
