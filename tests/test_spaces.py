# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""A GPU that is lent, by a stand-in for `spaces` that really forks and pickles; and none."""

import multiprocessing
import pickle
import runpy
import sys
from pathlib import Path
from types import MappingProxyType, ModuleType, SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from conftest import FakeEngine, make_clip
from tiny_engine import SHORT, clip_of, faces_of, models  # noqa: F401

from affectgpt.crops import aligned_faces
from affectgpt.page import gpu as lent
from affectgpt.page.engines import Engines
from affectgpt.page.explain.reference import JUDGE, offered
from affectgpt.reason import explain
from affectgpt.relay import TURN
from affectgpt.schema import AffectError, Cue, Text

ROOT = Path(__file__).parents[1]
FORK = multiprocessing.get_context("fork")


class Zero:
    """Works like `spaces.GPU` on ZeroGPU: each call in a fork, values pickled, errors by their name only."""

    def __init__(self, fail: gr.Error | None = None):
        self.asked, self.sizes, self.workers, self.fail = [], [], [], fail

    def __call__(self, task=None, *, duration=60):
        if task is None:
            return lambda task: self(task, duration=duration)

        def entry(*args):
            self.asked.append(duration(*args) if callable(duration) else duration)
            if self.fail:
                raise self.fail
            sent = pickle.dumps(args)
            self.sizes.append(len(sent))
            out, stop = FORK.SimpleQueue(), FORK.Event()
            worker = FORK.Process(target=work, args=(task, sent, out, stop), daemon=True)
            worker.start()
            self.workers.append(worker)
            try:
                while True:
                    kind, value = pickle.loads(out.get())
                    if kind == "end":
                        return
                    if kind == "error":
                        raise gr.Error(value, title="ZeroGPU worker error", print_exception=False)
                    yield value
            finally:
                stop.set()
                worker.join(5)

        return entry


def work(task, sent, out, stop):
    import torch

    torch.set_num_threads(1)  # the threads of the parent are not in a fork
    try:
        stream = task(*pickle.loads(sent))
        for value in stream:
            if stop.is_set():
                stream.close()
                break
            out.put(pickle.dumps(("value", value)))
        out.put(pickle.dumps(("end", None)))
    except Exception as error:
        out.put(pickle.dumps(("error", type(error).__name__)))


class Toy(FakeEngine):
    """An engine that looks like a trained one, as far as the entry to a GPU looks."""

    name = "affectgpt"
    opened = SimpleNamespace(device="cuda", quantization="none")
    settings = SimpleNamespace(max_new_tokens=120)
    identity = MappingProxyType({"model": "toy"})
    processor = SimpleNamespace(mode="multiframe_audio_frame_text", num_frames=8)
    fails = None

    def chat(self, messages):
        return "yes"

    def with_settings(self, **changes):
        if changes.get("samples", 0) > 64:
            raise AffectError("too many samples", "太多")
        other = type(self)()
        other.settings = SimpleNamespace(**{**vars(self.settings), **changes})
        return other

    def answer(self, clip, language):
        if self.fails:
            raise self.fails
        yield from super().answer(clip, language)

    def provenance(self, clip):
        return {
            "engine": self.name,
            "samples": getattr(self.settings, "samples", 0),
            "track": len(clip.track),
        }


def film(**values):
    track = np.zeros((40, 120, 160, 3), np.uint8)
    track += np.arange(40, dtype=np.uint8)[:, None, None, None]
    media = {"frames": np.zeros((8, 224, 224, 3), np.uint8), "wave": np.zeros(32_000, np.float32)}
    given = {"track": track, "track_times_s": np.arange(40) / 20, "player_mp4": b"x" * 10**6, **media}
    return make_clip(cues=(Cue("Great."),), duration_s=5.0, **{**given, **values})


def test_without_a_gpu_to_lend_nothing_changes():
    engine = Toy()
    assert lent.lend(engine, None) is engine
    assert Engines(engine).get() is engine
    # the real decorator gives a function back as it is, outside ZeroGPU
    assert Engines(engine, gpu=lambda task=None, **_: task or (lambda task: task)).get() is engine


def test_an_answer_from_the_other_process_is_the_same():
    zero = Zero()
    engine = lent.lend(Toy(), zero)
    clip = film()
    here, there = explain(clip, Toy(), language="zh"), explain(clip, engine, language="zh")
    assert there.clues == here.clues
    assert there.parts == here.parts
    assert there.verdict == here.verdict
    assert engine.name == "affectgpt"
    assert engine.identity == {"model": "toy"}
    assert there.provenance["track"] == 1  # of 40: the eight frames are enough for this checkpoint
    assert zero.sizes[0] < 1.4 * 10**6  # frames 1.2 MB; no player's copy, no analysis frames
    assert zero.asked == [12 + 4.5 + 2 * 120 / 12 + 0.5]  # Chinese is written twice; rounded up


def test_seconds_are_asked_for_by_length_language_and_settings():
    short, long = make_clip(duration_s=2.0), make_clip(duration_s=60.0)
    assert lent.seconds(short, "en", {}, 120) == 24  # 12 + 1.8 + 10, rounded up
    assert lent.seconds(long, "en", {}, 120) == 76
    assert lent.seconds(short, "en", {"max_new_tokens": 240}, 120) == 34
    assert lent.seconds(long, "zh", {}, 512) == 110


def test_settings_travel_and_are_checked_here():
    engine = lent.lend(Toy(), Zero()).with_settings(samples=3)
    assert explain(film(), engine).provenance["samples"] == 3
    assert engine.settings.samples == 3
    with pytest.raises(AffectError, match="too many"):
        engine.with_settings(samples=65)


def test_a_mistake_keeps_its_words_and_a_bug_stays_one():
    toy = Toy()
    engine = lent.lend(toy, Zero())
    toy.fails = AffectError("Not enough memory: quantise.", "内存不足。", title=Text("Memory", "内存"))
    with pytest.raises(AffectError) as caught:
        explain(film(), engine)
    assert (caught.value.text.zh, caught.value.title.en) == ("内存不足。", "Memory")
    toy.fails = KeyError("secret")
    with pytest.raises(gr.Error, match="KeyError") as caught:
        explain(film(), engine)
    assert not isinstance(caught.value, AffectError)


def test_a_stop_reaches_the_other_process():
    class Endless(Toy):
        def answer(self, clip, language):
            while True:
                yield "progress", {}

    zero = Zero()
    stream = lent.lend(Endless(), zero).answer(film(), "en")
    assert next(stream) == ("progress", {})
    stream.close()
    assert not zero.workers[0].is_alive()


@pytest.mark.parametrize(
    ("title", "message", "said"),
    [
        (
            "ZeroGPU quota exceeded",
            "You have exceeded your free ZeroGPU quota (60s requested vs. 21s left). Try again in 3:20:11. ",
            ["60 s wanted, 21 s left", "wait 3:20:11", "signal engine", "duplicate"],
        ),
        (
            "ZeroGPU quota exceeded",
            "Space app has reached its GPU limit. Try re-running",
            ["used up:", "example"],
        ),
        ("ZeroGPU quota exceeded", "No GPU was available after 60s. Try re-running outside", ["in time"]),
        ("ZeroGPU illegal duration", "The requested GPU duration (110s) is larger", ["shorter clip"]),
        ("ZeroGPU queue timeout", "No GPU was available after 60s. Create", ["try again in a minute"]),
        ("ZeroGPU pending credits exceeded", "You have too many", ["wait until"]),
        ("ZeroGPU worker error", "GPU task aborted", ["shorter clip"]),
        ("ZeroGPU client error", "Expired ZeroGPU proxy token", ["reload the page"]),
    ],
)
def test_errors_of_the_lender_say_what_to_do(title, message, said):
    engine = lent.lend(Toy(), Zero(fail=gr.Error(message, title=title, print_exception=False)))
    with pytest.raises(AffectError) as caught:
        explain(film(), engine)
    for words in said:
        assert words in caught.value.text.en
    assert caught.value.text.zh != caught.value.text.en
    assert "ZeroGPU" not in caught.value.text.en
    assert caught.value.title.en


def test_the_judge_is_lent_a_gpu_once_and_told_why_there_is_none(monkeypatch):
    monkeypatch.delenv(JUDGE, raising=False)
    lent_for = []

    def spent(task=None, **_):
        def entry(*_):
            raise gr.Error("You are out of it", title="ZeroGPU quota exceeded", print_exception=False)

        if task is None:
            return spent
        lent_for.append(task.__name__)
        return entry

    engines = Engines(Toy(), gpu=spent)
    assert "affectgpt" in offered(SimpleNamespace(engines=engines))
    assert lent_for == ["answer", "chat"]
    with pytest.raises(AffectError, match="used up"):
        engines.get().chat([])


def test_other_errors_are_not_the_lenders():
    assert lent.explained(ValueError("quota exceeded")) is None
    assert lent.explained(gr.Error("KeyError", title="ZeroGPU worker error")) is None


def test_faces_are_found_here_and_only_their_pictures_travel():
    face_engine = Toy()
    face_engine.processor = SimpleNamespace(mode="multiface_audio_face_text", num_frames=8)
    random = np.random.default_rng(3)
    track = random.integers(0, 256, (40, 96, 96, 3), np.uint8)
    clip = film(track=track, find_faces=lambda clip: faces_of(40))
    small = pickle.loads(pickle.dumps(lent.portable(clip, face_engine)))
    assert len(small.track) == 8
    assert np.array_equal(aligned_faces(small, count=8), aligned_faces(clip, count=8))
    assert aligned_faces(small, count=8).any()
    empty = pickle.loads(pickle.dumps(lent.portable(film(find_faces=lambda clip: faces_of(0)), face_engine)))
    assert empty.has_picture
    assert empty.faces.main is None


def test_a_real_engine_answers_in_the_other_process(models):
    from affectgpt.trained import AffectGPTEngine

    engine = AffectGPTEngine(str(models["face"]), settings=SHORT)
    clip = clip_of(face=True)
    there = explain(clip, lent.lend(engine, Zero()))
    here = explain(clip, engine)
    assert there.text == here.text
    assert there.labels == here.labels
    assert there.provenance["prompts"] == here.provenance["prompts"]


def test_a_lock_held_here_does_not_block_there():
    engine = lent.lend(Toy(), Zero())
    with TURN:  # as while somebody's speech is written down

        def child():
            sys.exit(0 if TURN.acquire(timeout=1) else 1)

        worker = FORK.Process(target=child)
        worker.start()
        worker.join(10)
    assert worker.exitcode == 0
    assert engine.chat


@pytest.fixture
def app(monkeypatch):
    """Run app.py with what `spaces` is here; the page itself is not built."""
    from affectgpt import ui

    def run(spaces):
        given = []
        monkeypatch.setitem(sys.modules, "spaces", spaces)
        monkeypatch.setattr(ui, "build_demo", lambda **options: given.append(options) or "demo")
        names = runpy.run_path(str(ROOT / "app.py"), run_name="space")
        assert names["demo"] == "demo"
        return given[0]["gpu"]

    return run


def test_app_lends_what_the_space_has(app):
    fake = ModuleType("spaces")
    fake.GPU = Zero()
    assert app(fake) is fake.GPU
    assert app(None) is None  # not installed


def test_app_is_short_and_asks_for_spaces_before_torch():
    text = (ROOT / "app.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 20
    assert text.index("spaces") < text.index("from affectgpt")
    assert "spaces" not in (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    found = [
        f for f in (ROOT / "affectgpt").rglob("*.py") if "import spaces" in f.read_text(encoding="utf-8")
    ]
    assert found == []


def test_a_space_without_weights_asks_for_a_gpu_once():
    zero = []
    engines = Engines(FakeEngine(), gpu=lambda task: zero.append(task) or task)
    assert len(zero) == 1
    assert engines.get().name == "fake"


def test_a_lent_gpu_is_seen_where_no_device_is(monkeypatch):
    import torch

    from affectgpt import machine, transcribe

    monkeypatch.setattr(machine, "GPU_SIGNS", ())
    monkeypatch.setattr(transcribe, "GPU_SIGNS", ("/",))
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    known = {"is_available": True, "device_count": 1, "get_device_name": "H200 slice"}
    known |= {"get_device_capability": (9, 0), "mem_get_info": (60 * 2**30, 70 * 2**30), "get_arch_list": []}
    for name, value in known.items():  # as `spaces` makes PyTorch answer
        monkeypatch.setattr(torch.cuda, name, lambda *_, value=value: value)
    monkeypatch.delenv(machine.LENT_GPU, raising=False)
    assert machine.look(thorough=False).gpus == ()
    assert transcribe._has_gpu()
    monkeypatch.setenv(machine.LENT_GPU, "true")
    assert [gpu.name for gpu in machine.look(thorough=False).gpus] == ["H200 slice"]
    assert not transcribe._has_gpu()  # it holds no model of ours between two calls
