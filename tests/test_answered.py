"""The clip of the answer on the page: that one, and no other that the visitor has opened since."""

from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import FakeEngine, make_clip

from affectgpt import ui
from affectgpt.page import files
from affectgpt.page.engines import Engines
from affectgpt.page.explain.answered import answered_copy
from affectgpt.page.explain.downloads import DownloadBlock
from affectgpt.page.services import Services, Shown
from affectgpt.schema import Explanation, Text

ANNA = "anna"


@pytest.fixture
def services(tmp_path):
    example = tmp_path / "happy_reunion.mp4"
    example.write_bytes(b"the example")
    return Services(engines=None, examples=[SimpleNamespace(clip=Path(example))])


def shown(name, duration_s=2.0, **values):
    return Shown(Explanation(name, "en", "fake"), duration_s, **values)


def keep(services, name, content):
    services.kept.put(ANNA, "explain", make_clip(name=name, player_mp4=content))


def test_the_copy_is_of_the_clip_that_was_explained(services):
    keep(services, "first", b"first")
    assert answered_copy(services, ANNA, shown("first")) == b"first"
    assert answered_copy(services, "ben", shown("first")) is None
    keep(services, "second", b"second")  # only transcribed: the first answer still stands
    assert answered_copy(services, ANNA, shown("first")) is None
    assert answered_copy(services, ANNA, shown("second", 2.5)) is None  # another take of that name


def test_a_stored_answer_goes_with_its_example_never_with_the_visitor_s_clip(services):
    stored = Text("Made on a day.", "某日生成。")
    keep(services, "private", b"private")
    assert answered_copy(services, ANNA, shown("happy_reunion", stored=stored)) == b"the example"
    keep(services, "happy_reunion", b"private of that name")
    assert answered_copy(services, ANNA, shown("happy_reunion", stored=stored)) == b"the example"
    assert answered_copy(services, ANNA, shown("unknown", stored=stored)) is None


def test_the_page_of_an_example_never_holds_the_visitor_s_clip(monkeypatch, tmp_path):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    page = ui.Page(Services.made(Engines(FakeEngine())))
    block = next(tab for tab in page.tabs if isinstance(tab, DownloadBlock))
    asked = SimpleNamespace(session_hash=ANNA)
    keep(page.services, "private", b"my own clip")
    for answer, there in ((shown("private"), True), (shown("old", stored=Text("Made.", "生成。")), False)):
        (out,) = block.draw_page(answer, True, asked)
        written = Path(out[block.files["page"]].value["path"]).read_text()
        assert (b64encode(b"my own clip").decode() in written) is there
