"""What the page draws: nothing foreign is markup, every sentence has two languages, videos go as they are."""

import re
from html import escape
from pathlib import Path

import pytest
from conftest import FakeEngine, make_clip

from affectgpt import ui
from affectgpt.page import files, html
from affectgpt.page.engines import Engines
from affectgpt.page.services import Services
from affectgpt.page.text import TEXT
from affectgpt.reason import explain
from affectgpt.schema import Text

EVIL = '"><img src=x onerror=alert(1)>'


def test_everything_foreign_is_escaped():
    class Evil(FakeEngine):
        name = EVIL

        def missing(self, clip, clues):
            return {"acoustic": Text(EVIL, EVIL)}

        def provenance(self, clip):
            return {"version": EVIL, "faces": EVIL, "lost": {"en": EVIL, "zh": EVIL}}

    result = explain(make_clip(name=EVIL, warnings=(Text(EVIL, EVIL),)), Evil())
    pieces = [
        html.limits(result, "en"),
        html.status({}, "en", state="failed", title=EVIL, note=EVIL),
        html.examples([(EVIL, EVIL, EVIL)], "en"),
        html.here(EVIL, [(EVIL, EVIL)], "en"),
        html.words_note(Text(EVIL, EVIL), "en", edited=True),
    ]
    for piece in pieces:
        assert "<img" not in piece
        assert escape(EVIL) in piece


def test_the_line_of_stages_begins_with_the_check_and_knows_what_is_done():
    line = html.status({"checked": 0.0, "prepared": 1.25}, "en", state="running")
    assert line.index("Checked") < line.index("Prepared") < line.index("Read") < line.index("Labelled")
    assert line.count('class="done"') == 2
    assert line.count('class="now"') == 1
    assert "<small>1.2 s</small>" in line
    stopped = html.status({"checked": 0.0}, "zh", state="stopped")
    assert ("已停止" in stopped, stopped.count('class="now"')) == (True, 0)
    unchecked = html.status({"prepared": 0.1, "read": 0.2}, "en", state="running")  # a sample of EMER
    assert unchecked.count('class="done"') == 3
    assert '<li class="now" aria-current=step><span class="dot"></span>Heard' in unchecked


def test_an_engine_is_named_only_where_there_is_no_choice():
    assert html.here("", [], "en") == ""
    assert "<details" not in html.here("Signal", [], "en")
    assert "Signal" in html.here("Signal", [("AffectGPT", "no weights")], "en")


def test_every_sentence_has_both_languages():
    holes = [key for key, text in TEXT.items() if not (text.en.strip() and text.zh.strip())]
    assert holes == []
    for key, text in TEXT.items():
        assert text.en.count("{") == text.zh.count("{"), key


def test_no_class_gets_its_looks_from_two_parts_of_the_page():
    """The sheets of the parts know nothing of each other; `page.css` and `access.css` are for all of them."""
    places: dict[str, set[str]] = {}
    for file in (Path(html.__file__).parent / "static").glob("*.css"):
        rules = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for selector in ",".join(re.findall(r"([^{};]+)\{", rules)).split(","):
            if found := re.match(r"\s*(?:\.gradio-container )?(?:\.ag-card)?\.(ag-[\w-]+)", selector):
                places.setdefault(found[1], set()).add(file.stem)
    shared = {name: found - {"page", "access"} for name, found in places.items()}
    assert {name: found for name, found in shared.items() if len(found) > 1} == {}
    assert len(shared) > 100


def test_no_tool_of_gradio_opens_a_video_that_is_shown(tmp_path, monkeypatch):
    from gradio import processing_utils

    for name in ("ffmpeg_installed", "video_is_playable", "convert_video_to_playable_mp4"):
        monkeypatch.setattr(processing_utils, name, lambda *_: pytest.fail("gradio looked into the video"))
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    file = tmp_path / "copy.webm"
    file.write_bytes(b"x")
    tab = ui.Page(Services.made(Engines(FakeEngine()))).tabs[0]
    for field in (tab.player, tab.clip):
        assert field.postprocess(str(file)).path == str(file)
        assert field.postprocess(None) is None
