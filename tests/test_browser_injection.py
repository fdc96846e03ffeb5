"""Whatever a visitor, a file or a model writes is shown as text: nothing of it runs or breaks out."""

import json

import media_files
import pytest
from conftest import FakeEngine, make_clue, serving
from emer_files import NAMES, write_table
from test_browser_access import open_tab, visit

from affectgpt.schema import Conflict, Label, Text, Verdict

RUN = "window.__pwned=1"
EVIL = (
    f'"><img src=x onerror="{RUN}"><svg onload={RUN}></svg></textarea></title></script><script>{RUN}</script>'
    f"<iframe srcdoc='<script>parent.__pwned=1</script>'></iframe>"
    f"${{{RUN}}}{{{{constructor.constructor('{RUN}')()}}}}"
    f"<a href='javascript:{RUN}'>x</a>' onclick='{RUN}' \u202eevil\u202c --> 00:09.000 &lt;b&gt;"
)
SHORT = f"<img src=x onerror={RUN}>"  # as long as a label may be
LONG = "W" * 10_000
MADE = """() => [...document.querySelectorAll(
    "[onerror], [onload], [onclick], iframe, a[href^='javascript:'], img[src='x']")]
  .map((x) => x.outerHTML.slice(0, 200))"""
WIDE = "() => document.documentElement.scrollWidth - innerWidth"


class EvilEngine(FakeEngine):
    """A model that answers with markup in every field, and with a word of ten thousand letters."""

    def clues(self, clip):
        evil = Text(EVIL, EVIL)
        for modality in ("lexical", "acoustic", "visual"):
            own = {"text": evil, "unit": "Hz", "basis": EVIL, "spans": ((0.1, 0.9),), "strength": 0.9}
            yield modality, [make_clue(modality, "smile", **own), make_clue(modality, EVIL, **own)]

    def explain(self, clip, clues, language):
        for part in ("visual", "acoustic", "lexical", "inference"):
            yield part, f"{EVIL} The part. "
        yield "inference", LONG

    def labels(self, clip, clues, text):
        named = (EVIL, LONG, "happy")
        labels = tuple(Label(name, Text(name, name), 0.7, (0, 2)) for name in named)
        return Verdict(labels, 0.5, 0.2, 0.1, conflicts=(Conflict(EVIL, Text(EVIL, EVIL), (0, 2)),))

    def missing(self, clip, clues):
        return {"acoustic": Text(EVIL, EVIL)}

    def provenance(self, clip):
        return {"engine": EVIL, "version": EVIL, "face_tool": EVIL}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rows = [(name, "happy", EVIL, f"In the video, {EVIL}. Therefore, {EVIL} {LONG}") for name in NAMES]
    write_table(folder / "dataset-v1" / "gt-eng.csv", ("names", "emotions", "subtitles", "reasons"), rows)
    with serving(tmp_path_factory.mktemp("uploads"), EvilEngine(), data=str(folder)) as site:
        yield site


def harmless(page, where: str, *, shown: bool = True):
    """Nothing ran, nothing was made, nothing is wider than the window or a phone; the markup can be read."""
    page.wait_for_timeout(300)
    assert page.evaluate("window.__pwned") is None, where
    assert page.evaluate(MADE) == [], where
    assert page.evaluate(WIDE) <= 0, where
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate(WIDE) <= 0, f"{where} on a phone"
    page.set_viewport_size({"width": 1440, "height": 900})
    if shown:
        assert "<img src=x onerror=" in page.inner_text("body"), f"{where}: not shown at all"


def test_markup_of_every_origin_is_text_on_every_tab(chromium, site, tmp_path):
    page = visit(chromium, site, "?lang=en", 1440)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    clip = media_files.write_clip(tmp_path / "plain.mp4", seconds=1)
    name = f'"><img src=x onerror={RUN}>${{{RUN}}}\u202e{"n" * 120}.mp4'
    page.check("#ag-consent input")
    sent = {"name": name, "mimeType": "video/mp4", "buffer": clip.read_bytes()}
    page.set_input_files("#ag-clip input[type=file]", sent)
    page.wait_for_selector("#ag-clip video")
    page.fill("#ag-subtitle textarea", f"{EVIL}\n\n00:00.000 --> 00:01.000\n{EVIL}")
    page.wait_for_timeout(800)
    page.click("#ag-run")
    page.wait_for_selector(".ag-status.finished")
    harmless(page, "explain")
    tracks = "[...document.querySelectorAll('#ag-player track')].map((x) => x.track.cues?.length ?? 0)"
    assert page.evaluate(tracks) in ([], [0], [1], [2])  # no cue that the words made

    page.fill("#ag-reference textarea >> nth=0", EVIL)
    page.fill("#ag-reference input[type=text], #ag-reference textarea >> nth=1", f"{SHORT}, happy")
    page.click("#ag-score")
    page.wait_for_selector("#ag-scores >> text=onerror")
    harmless(page, "reference")
    page.check("#ag-wi-lexical input")
    page.click("#ag-wi-run")
    page.wait_for_selector("#ag-wi-run:not([disabled])")
    harmless(page, "what if")

    open_tab(page, "compare")
    page.click("#ag-compare-run")
    page.wait_for_timeout(1000)
    page.wait_for_selector("#ag-compare-run:not([disabled])")
    page.wait_for_selector("#ag-compare-result >> text=onerror")
    harmless(page, "compare")

    open_tab(page, "emer")
    page.wait_for_selector("#ag-emer-text >> text=onerror")
    page.fill("#ag-emer-query input, #ag-emer-query textarea", EVIL[:150])
    page.keyboard.press("Enter")
    page.wait_for_timeout(1000)
    harmless(page, "emer", shown=False)

    open_tab(page, "evaluate")
    lines = [{"name": given, "text": EVIL, "labels": [EVIL, LONG[:300]]} for given in (EVIL, *NAMES)]
    told = "\n".join(json.dumps(line) for line in lines).encode()
    sent = {"name": f"{EVIL[:40].replace('/', '')}.jsonl", "mimeType": "application/json", "buffer": told}
    page.set_input_files("#ag-predictions input[type=file]", sent)
    page.wait_for_timeout(1500)
    page.click("#ag-evaluate-run")
    page.wait_for_timeout(1500)
    page.wait_for_selector("#ag-evaluate-run:not([disabled])")
    harmless(page, "evaluate", shown=False)
    open_tab(page, "about")
    harmless(page, "about", shown=False)
    assert dialogs == []
    page.close()
