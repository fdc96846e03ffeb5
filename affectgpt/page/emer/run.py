"""A sample of the EMER tab at work: its clip in the player, the engine's answer beside its reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import gradio as gr

from ...assessment import assess
from ...data.sample import Sample
from ...reference import Reference
from ...schema import AffectError, Clip, Explanation, Language
from .. import files, html
from ..drawings.scores import scores
from ..explain.answered import PLACE as ANSWERED
from ..explain.steps import steps
from ..followed import waited
from ..look import toast
from ..opening import open_clip
from ..services import Setup, Shown
from ..text import TEXT, describe, mistake, say
from . import html as emer_html
from .form import EmerForm
from .html import in_language
from .shelves import Shelf, labels_of

PLACE = "emer"  # of the clips that are kept


class EmerRun(EmerForm):
    """What is done with the sample that is read; the handlers get it as (key of its shelf, name)."""

    def empty_player(self, current: tuple[str, str] | None) -> dict:
        """Take the clip of another sample away; a sample without a clip has no player."""
        _, sample = self.sample(current)
        shown = sample is not None and sample.clip is not None
        return {self.clip_card: gr.Column(visible=shown), self.player: gr.Video(None, subtitles=None)}

    def show_clip(
        self, current: tuple[str, str] | None, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Put our copy of the clip with its captions into the player."""
        shelf, sample = self.sample(current)
        if sample is None or not sample.clip:
            yield self.empty_player(current)
            return
        try:
            clip = self._open(shelf, sample, language, request.session_hash)
        except Exception as error:
            raise toast(*describe(error, language)) from None
        with files.job_folder() as folder:
            copy, captions = _written(clip, Path(folder))
            looks = ["ag-player"] if clip.has_picture else ["ag-player", "ag-heard"]
            yield {
                self.clip_card: gr.Column(visible=True),
                self.player: gr.Video(
                    copy, subtitles=captions, elem_classes=looks, label=say("emer_clip", language)
                ),
            }

    def begin(self, language: Language) -> dict:
        """Say at once that the run has been asked for."""
        return {
            **self.cleared(),
            self.status: html.status({}, language, state="running"),
            **self.buttons(running=True),
        }

    def answer_sample(
        self, current: tuple[str, str] | None, language: Language, request: gr.Request
    ) -> Iterator[dict]:
        """Run the default engine on the sample and score the answer; a stop or another sample ends it."""
        visitor = request.session_hash
        try:
            shelf, sample = self.sample(current)
            if sample is None or not sample.clip:
                raise mistake("need_clip")
            with self.services.visitors.job(visitor, "emer"):
                opened = partial(self._open, shelf, sample, language, visitor)
                clip = yield from waited(opened, {self.text: gr.skip()})
                nothing = Explanation(clip.name, language, self.services.engines.default)
                words = {"cues": clip.cues, "subtitle_source": clip.subtitle_source}
                reference = _reference(sample, language)
                shown = Shown(nothing, clip.duration_s, Setup(), **words, reference=reference)
                with closing(steps(self.services, clip, shown, language)) as growing:
                    for shown, draft in growing:
                        yield self._progress(sample, shown.explanation, language, draft)
            shown = replace(shown, explanation=_scored(shown.explanation, *shown.reference))
            yield {
                self.answer: shown,
                **self.draw_answer(sample, shown.explanation, language),
                **self.buttons(running=False),
            }
        except Exception as error:
            title, message = describe(error, language)
            failed = html.status({}, language, state="failed", title=title, note=message)
            yield {self.status: failed, **self.buttons(running=False)}
            raise toast(title, message) from None

    def rest(self) -> dict:
        """Give the buttons back when a run has ended in any way."""
        return self.buttons(running=False)

    def halt(self, language: Language) -> dict:
        """Say that the run was stopped."""
        return {self.status: html.status({}, language, state="stopped"), **self.buttons(running=False)}

    def hand_over(
        self, current: tuple[str, str] | None, answer: Shown | None, language: Language, request: gr.Request
    ) -> Shown:
        """Return the answer for the first tab, and keep the clip for what is asked there."""
        visitor = request.session_hash
        try:
            shelf, sample = self.sample(current)
            if answer is None or sample is None or not sample.clip:
                raise AffectError(TEXT["emer_gone"].en, TEXT["emer_gone"].zh, title=TEXT["input_title"])
            with self.services.visitors.job(visitor, "open"):  # a run of the first tab would draw over it
                clip = self._open(shelf, sample, answer.explanation.language, visitor)
        except Exception as error:
            raise toast(*describe(error, language)) from None
        clip = self.services.kept.get(visitor, PLACE) or clip  # with no words but those of its file
        copy = [clip.player_mp4] if clip.player_mp4 else []
        self.services.kept.put(visitor, ANSWERED, clip, *copy, Path(sample.clip).read_bytes())
        return answer

    def draw_answer(self, sample: Sample, explanation: Explanation, language: Language) -> dict:
        """Draw reference and answer side by side, the labels of both on the wheel, and the scores."""
        return {
            self.status: html.status(explanation.timings, language, state="finished"),
            self.wheel: emer_html.placed(sample, language, answer=explanation.verdict.labels),
            self.text: "",
            self.beside: self._beside(sample, explanation, language),
            self.scores: scores(explanation.scores, language) if explanation.scores else "",
            self.more: gr.Row(visible=True),
        }

    def sample(self, current: tuple[str, str] | None) -> tuple[Shelf | None, Sample | None]:
        """Return the shelf and the sample that is read."""
        key, name = current or (None, None)
        shelf = self.shelves.get(key)
        position = shelf.positions.get(name) if shelf else None
        return shelf, None if position is None else shelf.samples[position]

    def _open(self, shelf: Shelf, sample: Sample, language: Language, visitor: str) -> Clip:
        words = {"subtitle": in_language(sample.subtitle, language)[0]}
        if shelf.ours:  # with times
            words = {"subtitle_file": str(Path(sample.clip).with_suffix(".srt"))}
        return open_clip(self.services, visitor, PLACE, sample.clip, **words, subtitle_source="file")

    def _progress(self, sample: Sample, explanation: Explanation, language: Language, draft: str) -> dict:
        return {
            self.status: html.status(explanation.timings, language, state="running"),
            self.text: "",
            self.beside: self._beside(sample, explanation, language, running=True, draft=draft),
        }

    def _beside(self, sample: Sample, explanation: Explanation, language: Language, **options) -> str:
        engine = self.services.engines.title(explanation.engine)[language]
        return emer_html.beside(sample, explanation, language, engine=engine, **options)


def _reference(sample: Sample, language: Language) -> Reference:
    """The reference in the language of the answer, where there is one."""
    return in_language(sample.reference, language)[0], list(labels_of(sample))


def _scored(explanation: Explanation, text: str, labels: list[str]) -> Explanation:
    if not (text or labels):
        return explanation
    answered = explanation.text, explanation.labels
    return explanation.with_scores(assess(*answered, text, labels, explanation.language))


def _written(clip: Clip, folder: Path) -> tuple[str | None, str | None]:
    """Write our copy and its captions, from where gradio takes them; return the paths."""
    copy, captions = None, None
    if clip.player_mp4:
        copy = folder / (files.safe_stem(clip.name) + files.COPY_SUFFIX)
        copy.write_bytes(clip.player_mp4)
    if clip.cues:
        captions = folder / "captions.vtt"
        captions.write_text(files.captions(clip.cues, duration_s=clip.duration_s), encoding="utf-8")
    return (str(copy) if copy else None), (str(captions) if captions else None)
