"""The block in which an answer is scored against a reference: an example's, a pasted one, or a file's."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape

import gradio as gr

from ...assessment import assess
from ...judges import Judge, load_judge
from ...reference import FILE_ENDINGS, Reference, checked, read_reference, split_labels
from ...schema import AffectError, Language
from ..drawings.scores import scores
from ..look import DELETE_AGE_S, UploadButton, toast
from ..services import Services, Shown
from ..tab import AT_ONCE, ONE_AT_A_TIME, PRIVATE, Tab
from ..text import describe, mistake, say

log = logging.getLogger(__name__)
# Environment: one more judge to offer, see `judges.JUDGES`. Visitors read its name, with its host, and the
# operator pays for what they ask it; its key stays in the environment.
JUDGE = "AFFECTGPT_JUDGE"
MAX_PASTED = 20_000  # characters that a box takes; what is longer than a reference may be gets a message
EMBEDDED = "embedded"

# Whose reference stands in the boxes: name and seconds of the clip, the two texts.
Filled = tuple[str, float, str, str]


class ReferenceBlock(Tab):
    """A reference, a judge and the scores; the scores land in `shell.shown`, and so in every download."""

    title = "sc_title"

    def lay_out(self) -> None:
        self._offered = (None, {})  # the judges, and the engine that they were made with
        bare = partial(gr.HTML, apply_default_css=False)
        with gr.Column(elem_id="ag-reference", elem_classes="ag-card"):
            self.heading = bare()
            with gr.Row(elem_id="ag-reference-row"):
                self.text = gr.Textbox(lines=6, max_lines=6, max_length=MAX_PASTED, scale=3, min_width=280)
                with gr.Column(scale=2, min_width=240):
                    self.labels = gr.Textbox(max_length=MAX_PASTED)
                    self.judge = gr.Radio(
                        list(self.judges), value=EMBEDDED, visible=len(self.judges) > 1, elem_id="ag-judge"
                    )
                    with gr.Column(elem_id="ag-reference-buttons"):
                        self.button = gr.Button(elem_id="ag-score")
                        self.file = UploadButton(file_types=list(FILE_ENDINGS), elem_id="ag-reference-file")
        self.result = bare(elem_id="ag-scores")
        self.filled = gr.State(None, time_to_live=DELETE_AGE_S)  # `Filled`

    def wire(self) -> None:
        """Follow each new answer; score what stands in the boxes when the button is pressed."""
        shown, language = self.shell.shown, self.shell.language
        boxes = [self.text, self.labels]
        follows = [shown, *boxes, self.filled, self.result]
        # through the queue, else gradio's page would not tell the other blocks that `shown` has changed
        shown.change(self.follow, [shown, *boxes, self.filled, language], follows, **AT_ONCE, **PRIVATE)
        language.input(self.translate, [shown, language], self.result, queue=False, **PRIVATE)
        models = len(self.judges) > 1 or self.services.engines.arriving
        limits = ONE_AT_A_TIME if models else AT_ONCE
        self.button.click(
            self.press, [shown, *boxes, self.judge, language], [shown, self.result], **limits, **PRIVATE
        )
        self.file.upload(self.read, [self.file, language], [*boxes, self.file], **AT_ONCE, **PRIVATE)

    def sentences(self, language: Language) -> dict:
        """Return what each component with fixed words shows in `language`."""
        title, hint = say("sc_title", language), say("sc_hint", language)
        return {
            self.heading: f'<h2 class="ag-title">{title}<small>{hint}</small></h2>',
            self.text: gr.Textbox(label=say("sc_text", language), placeholder=say("sc_text_hint", language)),
            self.labels: gr.Textbox(
                label=say("sc_labels", language), placeholder=say("sc_labels_hint", language)
            ),
            **self.arrived(language),
            self.button: gr.Button(say("sc_button", language)),
            self.file: gr.UploadButton(label=say("sc_file", language)),
        }

    def arrived(self, language: Language) -> dict:
        """Offer the judges there are."""
        judges = [(self.called(name, language), name) for name in self.judges]
        return {self.judge: gr.Radio(judges, label=say("sc_judge", language), visible=len(judges) > 1)}

    @property
    def renewed(self) -> list:
        return [self.judge]

    @property
    def judges(self) -> dict[str, Judge]:
        """The judges by name, with the loaded model once it has arrived."""
        engine = self.services.engines.get()
        made_with, judges = self._offered
        if made_with is not engine:
            judges = offered(self.services)
            self._offered = (engine, judges)
        return judges

    def called(self, name: str, language: Language) -> str:
        """Return what a judge is called, and that one outside is sent the texts."""
        if name in (EMBEDDED, "affectgpt"):
            return say(f"sc_judge_{name}", language)
        return say("sc_judge_outside", language, name=self.judges[name].name)

    def follow(
        self, shown: Shown | None, text: str, labels: str, filled: Filled | None, language: Language
    ) -> dict:
        """Draw what belongs to a new answer: its reference, scored at once by the embedded judge.

        A reference that was scored for the same clip is taken for its new answer, too. Our own change of
        `shown` comes back here; it has scores already and is only drawn.
        """
        if shown is None:
            return {self.result: ""}
        clip = (shown.explanation.name, shown.duration_s)
        ours = filled is not None and filled[2:] == (text, labels)
        reference, out = shown.reference, {}
        try:
            if reference is None and ours and filled[:2] == clip:
                reference = given(text, labels)
            if reference is None:
                if (text or labels) and not ours:
                    return {self.result: note(say("sc_kept", language))}
                return {self.text: "", self.labels: "", self.filled: None, self.result: ""}
            listed = ("，" if language == "zh" else ", ").join(reference[1])
            out = {self.text: reference[0], self.labels: listed, self.filled: (*clip, reference[0], listed)}
            if shown.explanation.scores is None:
                shown = scored(shown, reference, language)
                out[self.shell.shown] = shown
        except AffectError as error:
            return {**out, self.result: note(error.text[language])}
        return {**out, self.result: scores(shown.explanation.scores, language)}

    def translate(self, shown: Shown | None, language: Language) -> str:
        """Draw the scores that are there in another language."""
        found = shown and shown.explanation.scores
        return scores(found, language) if found else ""

    def press(
        self, shown: Shown | None, text: str, labels: str, judge: str, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Score what stands in the boxes by the judge that was chosen."""
        try:
            if shown is None:
                raise mistake("sc_no_answer")
            reference = given(text, labels)
            if judge not in self.judges:
                raise mistake("sc_no_judge")
            if judge == EMBEDDED:
                found = scored(shown, reference, language)
            else:
                yield {self.result: note(say("sc_working", language))}
                with self.services.visitors.job(request.session_hash, "score"):
                    found = self.ask(judge, shown, reference, language)
        except Exception as error:
            yield {self.result: self.translate(shown, language)}
            raise toast(*describe(error, language)) from None
        yield {self.shell.shown: found}  # `follow` draws it

    def ask(self, judge: str, shown: Shown, reference: Reference, language: Language) -> Shown:
        """Have a language model judge; what stands between it and its server is the operator's to read."""
        try:
            return scored(shown, reference, language, self.judges[judge])
        except AffectError as error:
            log.warning("the judge %s failed: %s", judge, error)
            raise mistake("sc_judge_failed") from None

    def read(self, file: str, language: Language, request: gr.Request) -> dict:
        """Put what a file holds into the boxes; the file goes at once."""
        try:
            text, labels = checked(*read_reference(file, language))
        except Exception as error:
            raise toast(*describe(error, language)) from None
        finally:
            self.services.uploads.release(file, request.session_hash)
        return {self.text: text, self.labels: ", ".join(labels), self.file: None}


def offered(services: Services) -> dict[str, Judge]:
    """Return the judges of this page by name: the embedded one, the loaded model, the operator's own.

    Raises AffectError, when the page is made, for an `AFFECTGPT_JUDGE` that cannot be used.
    """
    judges: dict[str, Judge] = {EMBEDDED: load_judge()}
    engine = services.engines.get()
    if chat := getattr(engine, "chat", None):
        judges["affectgpt"] = load_judge("affectgpt", chat=chat, model=engine.identity["model"])
    if name := os.environ.get(JUDGE, "").strip():
        judges[name] = load_judge(name)
    return judges


def given(text: str, labels: str) -> Reference:
    """Return the reference in the two boxes. Raises AffectError when it is empty or too long."""
    return checked(text or "", split_labels(labels or ""))


def scored(shown: Shown, reference: Reference, language: Language, judge: Judge | None = None) -> Shown:
    """Return the answer with its scores against `reference`. Raises AffectError, see `assess`."""
    answer = shown.explanation
    found = assess(answer.text, answer.labels, *reference, language, judge=judge)
    return replace(shown, explanation=answer.with_scores(found), reference=reference)


def note(sentence: str) -> str:
    """Return one line in the place of the scores."""
    return f'<p class="ag-card ag-note" role="status">{escape(sentence)}</p>'
