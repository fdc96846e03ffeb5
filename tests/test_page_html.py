"""What the page draws: nothing foreign is markup, every sentence has two languages, videos go as they are."""

from dataclasses import replace
from html import escape

import pytest
from conftest import FakeEngine, make_clip

from affectgpt.page import html, look
from affectgpt.page.text import TEXT
from affectgpt.reason import explain
from affectgpt.schema import Conflict, Label, Text, Verdict, Window

EVIL = '"><img src=x onerror=alert(1)>'


def test_everything_foreign_is_escaped():
    class Evil(FakeEngine):
        name = EVIL

        def clues(self, clip):
            for modality, clues in super().clues(clip):
                evil = [replace(clue, text=Text(EVIL, EVIL), unit=EVIL, basis=EVIL) for clue in clues]
                yield modality, evil

        def explain(self, clip, clues, language):
            yield from (("visual", EVIL), ("inference", EVIL))

        def labels(self, clip, clues, text):
            evil = Text(EVIL, EVIL)
            labels, window = (Label(EVIL, evil, 0.5, (0, 99)),), Window(0, 1, 0, 0, (EVIL,))
            return Verdict(labels, 0, 0, 0, (Conflict(EVIL, evil, (1,)),), (window,), {}, evil)

        def missing(self, clip, clues):
            return {"acoustic": Text(EVIL, EVIL)}

        def provenance(self, clip):
            return {"version": EVIL, "faces": EVIL, "lost": {"en": EVIL, "zh": EVIL}}

    result = explain(make_clip(name=EVIL, warnings=(Text(EVIL, EVIL),)), Evil())
    pair = {"cluster": EVIL, "predicted": [EVIL], "reference": [EVIL]}
    labels = {"f1": 1.0, "precision": 1.0, "recall": 1.0, "pairs": [pair]}
    result = result.with_scores({"judge": EVIL, "label_overlap": labels, "clue_overlap": None})
    pieces = [
        html.verdict(result, "en"),
        html.clues(result, "en", duration_s=2.0),
        html.text(result, "en"),
        html.limits(result, "en"),
        html.scores(result, "en"),
        html.status({}, "en", state="failed", title=EVIL, note=EVIL),
        html.examples([(EVIL, EVIL, EVIL)], "en"),
    ]
    for piece in pieces:
        assert "<img" not in piece
        assert escape(EVIL) in piece


def test_every_sentence_has_both_languages():
    holes = [key for key, text in TEXT.items() if not (text.en.strip() and text.zh.strip())]
    assert holes == []
    for key, text in TEXT.items():
        assert text.en.count("{") == text.zh.count("{"), key


def test_no_tool_of_gradio_opens_a_video_that_is_shown(tmp_path, monkeypatch):
    from gradio import processing_utils

    for name in ("ffmpeg_installed", "video_is_playable", "convert_video_to_playable_mp4"):
        monkeypatch.setattr(processing_utils, name, lambda *_: pytest.fail("gradio looked into the video"))
    file = tmp_path / "copy.webm"
    file.write_bytes(b"x")
    for field in (look.Layout().player, look.Layout().clip):
        assert field.postprocess(str(file)).path == str(file)
        assert field.postprocess(None) is None
