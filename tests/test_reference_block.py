"""The block beside an answer, without a browser: what it fills in, scores, keeps and refuses."""

from types import SimpleNamespace

import gradio as gr
import pytest
from conftest import FakeEngine, make_clip

from affectgpt.judges import ChatJudge
from affectgpt.page import files
from affectgpt.page.engines import Engines
from affectgpt.page.explain.reference import EMBEDDED, JUDGE, ReferenceBlock, offered
from affectgpt.page.services import Services, Shown
from affectgpt.page.tab import Shell
from affectgpt.reason import explain
from affectgpt.schema import AffectError

VISITOR = SimpleNamespace(session_hash="one")
REFERENCE = ("He smiles. Therefore he is happy.", ["happy", "sad"])
EVIL = "<img src=x onerror=alert(1)>"


def made(engine=None) -> ReferenceBlock:
    with gr.Blocks() as demo:
        shown, language = gr.State(None), gr.Radio(["en", "zh"])
        services = Services(Engines(engine or FakeEngine()))
        return ReferenceBlock(Shell(services, demo, language, shown))


@pytest.fixture
def block(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    monkeypatch.delenv(JUDGE, raising=False)
    return made()


@pytest.fixture
def shown(toy_clip):
    return Shown(explain(toy_clip, FakeEngine()), 2.0)


def press(block, *args, judge=EMBEDDED, language="en") -> dict:
    out: dict = {}
    for step in block.press(*args, judge, language, VISITOR):
        out |= step
    return out


def with_reference(shown, reference=REFERENCE) -> Shown:
    return Shown(shown.explanation, shown.duration_s, reference=reference)


def test_an_answer_with_a_reference_is_scored_at_once_and_only_once(block, shown):
    out = block.follow(with_reference(shown), "", "", None, "en")
    assert (out[block.text], out[block.labels]) == (REFERENCE[0], "happy, sad")
    found = out[block.shell.shown].explanation.scores
    assert found["labels"]["levels"]["sector"]["recall"] == 0.5
    assert "ag-assess" in out[block.result]
    again = block.follow(out[block.shell.shown], REFERENCE[0], "happy, sad", out[block.filled], "zh")
    assert block.shell.shown not in again  # else it would come back for ever
    assert "参考" in again[block.result]


def test_a_pasted_reference_is_scored_by_the_button(block, shown):
    out = press(block, shown, "He is happy.", "happy，sad")
    scored = out[block.shell.shown]
    assert scored.reference == ("He is happy.", ["happy", "sad"])
    assert scored.explanation.scores["judge"]["name"] == "affectgpt-overlap"
    assert scored.explanation.to_dict()["scores"] == scored.explanation.scores
    assert shown.explanation.scores is None


def test_a_new_answer_for_the_same_clip_is_scored_again_and_another_clip_is_not(block, shown):
    first = block.follow(with_reference(shown), "", "", None, "en")
    stands = (REFERENCE[0], "happy, sad", first[block.filled], "en")
    assert block.follow(None, *stands) == {block.result: ""}  # while the new answer is made
    again = block.follow(shown, *stands)
    assert again[block.shell.shown].explanation.scores
    other = Shown(explain(make_clip(name="other"), FakeEngine()), 2.0)
    gone = block.follow(other, *stands)
    assert (gone[block.text], gone[block.labels], gone[block.result]) == ("", "", "")
    assert block.shell.shown not in gone


def test_what_a_visitor_typed_is_kept_but_not_taken_for_a_clip_it_may_not_belong_to(block, shown):
    out = block.follow(shown, "She cries.", "", None, "en")
    assert block.text not in out
    assert "not been scored yet" in out[block.result]


@pytest.mark.parametrize(
    ("text", "labels", "words"),
    [
        ("", " , ", "no reference yet"),
        ("x" * 10_000, "", "at most 8000"),
        ("", "x" * 10_000, "separate labels by commas"),
        ("", "a," * 101, "at most 100"),
    ],
)
def test_what_cannot_be_scored_is_said_and_the_scores_before_stay(block, shown, text, labels, words):
    first = block.follow(with_reference(shown), "", "", None, "en")
    steps = block.press(first[block.shell.shown], text, labels, EMBEDDED, "en", VISITOR)
    assert next(steps) == {block.result: first[block.result]}
    with pytest.raises(gr.Error, match=words):
        next(steps)


def test_without_an_answer_the_button_says_what_to_do(block):
    with pytest.raises(gr.Error, match="explain a clip first"):
        press(block, None, "He smiles.", "")


def test_a_reference_too_long_that_came_with_the_clip_is_said_in_its_place(block, shown):
    out = block.follow(with_reference(shown, ("x" * 9000, [])), "", "", None, "zh")
    assert "最多 8000" in out[block.result]


def test_foreign_words_are_escaped(block, shown):
    out = block.follow(with_reference(shown, (EVIL + " Therefore sad.", [EVIL[:20]])), "", "", None, "en")
    assert "<img" not in out[block.result]
    assert "&lt;img" in out[block.result]


def test_a_file_fills_the_boxes_and_goes(block, tmp_path):
    file = tmp_path / "reference.json"
    file.write_text('{"text": "He smiles.", "labels": ["happy", "sad"]}')
    out = block.read(str(file), "en", VISITOR)
    assert (out[block.text], out[block.labels]) == ("He smiles.", "happy, sad")
    assert not file.exists()
    file.write_text("[]")
    with pytest.raises(gr.Error, match=r"reference\.json") as caught:
        block.read(str(file), "en", VISITOR)
    assert str(tmp_path) not in caught.value.message
    assert not file.exists()


class Talker(FakeEngine):
    """An engine with a language model to ask."""

    @property
    def identity(self):
        return {"model": "toy-7b"}

    def chat(self, conversations):
        return ['{"score": 7.5, "reason": "Much the same."}'] * len(conversations)


def test_a_loaded_model_can_be_the_judge(shown, tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    block = made(Talker())
    assert list(block.judges) == [EMBEDDED, "affectgpt"]
    steps = list(block.press(shown, "He smiles.", "sad", "affectgpt", "en", VISITOR))
    assert "reading" in steps[0][block.result]
    found = steps[1][block.shell.shown].explanation.scores
    assert found["label_overlap"]["mark"] == 7.5
    assert found["judge"] == {"name": "affectgpt-base", "version": 1, "model": "toy-7b"}


def test_only_the_operator_names_a_judge_outside(block, shown, monkeypatch):
    with pytest.raises(gr.Error, match="not offered"):
        press(block, shown, "He smiles.", "", judge="https://evil.example/v1#m")
    monkeypatch.setenv(JUDGE, "openai:some-model")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(AffectError, match="OPENAI_API_KEY"):
        offered(block.services)
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-operator")
    block = made()
    assert isinstance(block.judges["openai:some-model"], ChatJudge)
    for language in ("en", "zh"):
        drawn = str(block.sentences(language)[block.judge].choices)
        assert "some-model" in drawn
        assert "secret-of-the-operator" not in drawn
    assert "outside service" in block.called("openai:some-model", "en")


def test_a_judge_that_fails_tells_the_visitor_nothing_of_its_server(shown, tmp_path, monkeypatch, caplog):
    class Mute(Talker):
        def chat(self, conversations):
            raise AffectError("https://inner.example refused the key in OPENAI_API_KEY: mend it.")

    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    block = made(Mute())
    steps = block.press(shown, "He smiles.", "sad", "affectgpt", "en", VISITOR)
    next(steps)
    assert next(steps) == {block.result: ""}
    with pytest.raises(gr.Error, match="cannot be asked at the moment") as caught:
        next(steps)
    assert "inner" not in caught.value.message
    assert "inner.example" in caplog.text
