"""One question about several clips, answered in one batch: each clip is encoded once, as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..machine.footprint import PROMPT
from ..relay import TURN, Relay
from ..schema import Clip, Explanation, Language, Verdict
from ..wheel import labels_in
from . import NOTHING, AffectGPTEngine, answering
from .runs import Run
from .written import verdict

if TYPE_CHECKING:
    from ..model import AffectGPTFeatures


def encode(engine: AffectGPTEngine, clip: Clip) -> Run:
    """Run the encoders; what comes back is 57 KB and no longer holds the pictures and the sound."""
    import torch

    with TURN, answering(engine.shown), torch.no_grad():
        run = Run(clip, "en", clip.subtitle.strip())
        engine.look(Relay(), run)
    light = replace(clip, frames=clip.frames[:0], track=clip.track[:0], wave=clip.wave[:0], player_mp4=None)
    return replace(run, clip=light)


def ask(
    engine: AffectGPTEngine, runs: Sequence[Run], question: str, *, language: Language = "en"
) -> list[Explanation]:
    """Answer one question about each clip in one greedy `generate`; equal to asking one clip at a time.

    The answer, in the words of the model, is the text (its part "inference"); its labels are those that it
    names. language: of the labels' translations and of messages. Raises AffectError when memory is short.
    """
    import torch

    from .generation import Row, answer_rows, fitting

    assert not engine.settings.samples, "a batch of clips is answered greedily"
    processor = engine.processor
    for run in runs:
        mode = engine.whole_mode(run)
        run.rows = [Row("labels", mode, question)] if mode else []
        if run.rows:
            run.subtitle = fitting(processor, run.rows, run.subtitle, PROMPT)
    asked = [run for run in runs if run.rows]
    if asked:
        with TURN, answering(engine.shown), torch.no_grad():
            answers = answer_rows(
                engine.model,
                processor,
                [run.rows[0] for run in asked],
                [run.subtitle for run in asked],
                _stacked([run.features for run in asked]),
                lambda piece, tokens: None,
                **engine.settings.generation(),
            )
        for run, answer in zip(asked, answers, strict=True):
            run.answers = [answer]
            run.took("answers")
    return [_explanation(engine, run, language) for run in runs]


def _stacked(features: Sequence[AffectGPTFeatures]) -> AffectGPTFeatures:
    """The features of all clips, one row each; zeros, which no prompt uses, where a clip has none."""
    import torch

    out = {}
    for name in features[0].__dataclass_fields__:
        known = [getattr(each, name) for each in features]
        like = next((each for each in known if each is not None), None)
        if like is not None:
            out[name] = torch.cat([torch.zeros_like(like) if each is None else each for each in known])
    return type(features[0])(**out)


def _explanation(engine: AffectGPTEngine, run: Run, language: Language) -> Explanation:
    said = run.said("labels")
    text = said[0].text if said else ""
    found = [(word, said[0].certainty(start, end)) for word, start, end in labels_in(text)]
    return Explanation(
        name=run.clip.name,
        language=language,
        engine=engine.name,
        parts={"inference": text} if text else {},
        verdict=verdict(found, []) if said else Verdict(cannot_tell=NOTHING),
        missing=run.missing,
        warnings=run.clip.warnings,
        provenance=engine.provenance(run),
    )
