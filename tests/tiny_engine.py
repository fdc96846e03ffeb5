"""Tiny AffectGPT engines: random weights that talk gibberish, and a head that says what a test wants."""

import math
import shutil
from functools import cache
from pathlib import Path

import golden_affectgpt as golden
import numpy as np
import pytest
import tiny_affectgpt as tiny
import torch
from conftest import make_clip

from affectgpt.schema import Cue, Face, Faces
from affectgpt.trained import AffectGPTEngine
from affectgpt.trained.runs import Settings

MODES = {"face": tiny.FACE_MODE, "frame": tiny.FRAME_MODE}
SHORT = Settings(max_new_tokens=12)
EOS = "<|im_end|>"


@cache
def build(root: Path) -> dict[str, Path]:
    """Write the base models and a repository of each kind ("face", "frame") once per session."""
    bases = {role: str(folder) for role, folder in tiny.write_bases(root / "bases").items()}
    model = golden.trained(bases)
    out = {"bases": root / "bases"}
    for name, mode in MODES.items():
        out[name] = golden.save(model, bases, root / f"tiny-{name}", mode)
    return out


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> dict[str, Path]:
    """Import it where it is needed: `build` remembers what it has written."""
    return build(tmp_path_factory.getbasetemp() / "tiny_engine")


@pytest.fixture(scope="module")
def engine(models) -> AffectGPTEngine:
    """An engine that looks at frames."""
    return AffectGPTEngine(str(models["frame"]), settings=SHORT)


@pytest.fixture(scope="module")
def stage(models) -> AffectGPTEngine:
    """The engine that `spoken` lends."""
    return AffectGPTEngine(str(models["frame"]))


@pytest.fixture
def spoken(stage):
    """An engine whose answers are written down by the test: spoken(call, call, ...), see `Script`.

    There is one of it: the calls of the last `spoken` count.
    """
    head, script = stage.model.language_model.lm_head, Script(stage)

    def speak(*calls, **settings) -> AffectGPTEngine:
        script.prepare(calls)
        stage.settings = Settings(**settings)
        return stage

    yield speak
    script.leave(head)


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


class Script(torch.nn.Module):
    """Stands for the language model's head. Calls: for each generation its rows, for each row its pieces.

    A piece is a text, or (text or token id, probability); texts are said token by token. A row that has said
    everything ends.
    """

    def __init__(self, engine: AffectGPTEngine):
        super().__init__()
        self.model, self.tokenizer = (engine.model.language_model,), engine.processor.tokenizer
        self.calls, self.rows, self.step = [], [], 0
        self.hook = self.model[0].register_forward_pre_hook(self._begin, with_kwargs=True)
        self.model[0].lm_head = self

    def prepare(self, calls):
        self.calls = [[self._tokens(row) for row in rows] for rows in calls]

    def leave(self, head):
        self.model[0].lm_head = head
        self.hook.remove()

    def _tokens(self, row):
        out = []
        for piece in [row] if isinstance(row, str) else row:
            said, chance = (piece, 0.9) if isinstance(piece, str) else piece
            ids = [said] if isinstance(said, int) else self.tokenizer(said)["input_ids"]
            out += [(token, chance) for token in ids]
        return out

    def _begin(self, module, args, kwargs):
        given = kwargs["inputs_embeds"] if kwargs.get("inputs_embeds") is not None else kwargs["input_ids"]
        if given.shape[1] > 1:  # a prompt
            self.rows, self.step = self.calls.pop(0), 0

    def forward(self, hidden):
        rows, size = len(hidden), tiny.VOCABULARY
        assert rows == len(self.rows), f"{rows} rows are asked, {len(self.rows)} answers were prepared"
        logits = torch.zeros(rows, hidden.shape[1], size)
        end = (self.tokenizer.convert_tokens_to_ids(EOS), 0.9)
        for row, said in enumerate(self.rows):
            token, chance = said[self.step] if self.step < len(said) else end
            logits[row] = math.log((1 - chance) / (size - 1))
            logits[row, :, token] = math.log(chance)
        self.step += 1
        return logits


def clip_of(seed: int = 0, *, picture=True, sound=True, words="I am fine.", face=False, **values):
    """A clip with noise in it; `face` True follows a face through it, None looks and finds none."""
    random = np.random.default_rng(seed)
    given = {"name": f"noise {seed}"}
    if picture:
        given |= {
            "frames": random.integers(0, 256, (8, 224, 224, 3), np.uint8),
            "track": random.integers(0, 256, (9, 96, 96, 3), np.uint8),
            "track_times_s": np.arange(9) / 4,
        }
    if sound:
        given["wave"] = random.standard_normal(40_000).astype(np.float32) * 0.1
    if words:
        given |= {"cues": (Cue(words),), "subtitle_source": "user"}
    if face is not False:
        given["find_faces"] = lambda clip: faces_of(9 if face else 0)
    return make_clip(**{**given, **values})


def faces_of(count: int) -> Faces:
    boxes = np.tile(np.float32([20, 20, 70, 70]), (count, 1))
    face = Face(np.arange(count), boxes, np.ones(count, bool))
    return Faces("haar", (face,) if count else ())
