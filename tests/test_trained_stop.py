# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""An answer that is left, or that breaks: it ends within a second, and the next one is as if nothing was."""

import threading
import time

import numpy as np
import pytest
import torch
from tiny_engine import SHORT, clip_of, faces_of, models  # noqa: F401

from affectgpt.model.adapter_affectgpt import lora_layers
from affectgpt.reason import explain, reason
from affectgpt.schema import AffectError
from affectgpt.trained import AffectGPTEngine

NAP_S = 0.02  # of a layer that stands for a large one


@pytest.fixture(scope="module")
def engine(models) -> AffectGPTEngine:
    return AffectGPTEngine(str(models["face"]), settings=SHORT)


def clip(**values):
    return clip_of(1, **{"face": True, **values})


@pytest.fixture(scope="module")
def expected(engine):
    return {language: answer(engine, language) for language in ("en", "zh")}


def answer(engine, language="en"):
    told = explain(clip(), engine, language=language)
    return told.parts, told.clues, told.verdict, told.provenance["prompts"]


def hooks(engine) -> int:
    return sum(len(module._forward_pre_hooks) for module in engine.model.modules())


@pytest.fixture
def unharmed(engine, expected):
    """Whatever the test did: no hook, no thread, the adapter on, the same answers."""
    engine.encoded.clear()
    before = hooks(engine)
    yield
    assert hooks(engine) == before
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
    assert {layer.disable_adapters for layer in lora_layers(engine.model.language_model)} == {False}
    engine.encoded.clear()
    for language, known in expected.items():
        assert answer(engine, language) == known


@pytest.fixture
def slow():
    """Make a module slow in each step, then let it be as it was."""
    handles = []
    yield lambda module: handles.append(module.register_forward_pre_hook(lambda *_: time.sleep(NAP_S)))
    for handle in handles:
        handle.remove()


def leave(stream, how="close"):
    """Returns the seconds until it is over."""
    began = time.monotonic()
    if how == "close":
        stream.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            stream.throw(KeyboardInterrupt)
    return time.monotonic() - began


@pytest.mark.parametrize("how", ["close", "interrupt"])
@pytest.mark.parametrize("where", ["sound", "pictures", "prompt", "text", "translation"])
def test_leaving(engine, unharmed, slow, where, how):
    model = engine.model
    dragging = {
        "sound": model.audio_tower.modules,
        "pictures": model.vision_tower.modules,
        "prompt": model.language_model.modules,
        "text": lambda: [],
        "translation": lambda: [],
    }[where]
    stream = reason(clip(), engine, language="zh" if where == "translation" else "en")
    if where in ("text", "translation"):
        last = {"text": 2, "translation": SHORT.max_new_tokens}[where]
        for event in stream:
            if event.kind == "progress" and event.value.get("tokens", 0) >= last:
                break
        slow_layer = model.language_model.lm_head
        slow(slow_layer)
    else:
        for module in dragging():
            if isinstance(module, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Conv2d):
                slow(module)
        while next(stream).value != {"sound": "read", "pictures": "heard", "prompt": "seen"}[where]:
            pass
        time.sleep(3 * NAP_S)  # into the middle of it
    assert leave(stream, how) < 1
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]


def test_leaving_before_and_after(engine, unharmed):
    stream = reason(clip(), engine)
    stream.close()
    stream = reason(clip(), engine)
    assert list(stream)
    stream.close()


def test_leaving_while_a_face_is_looked_for(engine, unharmed):
    """Nobody can interrupt the finder; its reader goes, and the next answer waits for it."""
    ended, begun = [], threading.Event()

    def find(clip):
        begun.set()
        time.sleep(1.6)
        ended.append(1)
        return faces_of(9)

    stream = reason(clip(find_faces=find), engine)
    while not begun.is_set():
        next(stream)
    assert leave(stream) < 1.3
    assert not ended
    explain(clip(), engine)
    assert ended


def test_threads_do_not_pile_up(engine, unharmed):
    from pathlib import Path

    tasks = Path("/proc/self/task")
    before = None
    for _ in range(4):
        stream = reason(clip(), engine)
        for event in stream:
            if event.kind == "progress" and event.value:
                break
        stream.close()
        if tasks.is_dir():  # torch's own threads, too
            before = before or len(list(tasks.iterdir()))
            assert len(list(tasks.iterdir())) <= before + 1
    assert threading.active_count() < 30


# ---- what goes wrong


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes do not match"), ValueError("x"), OSError("y"), KeyError("z")]
)
@pytest.mark.parametrize("part", ["audio_tower", "language_model"])
def test_a_bug_stays_a_bug(engine, unharmed, part, error):
    def broken(*_):
        raise error

    handle = getattr(engine.model, part).register_forward_pre_hook(broken)
    try:
        with pytest.raises(type(error)) as caught:
            explain(clip(), engine)
    finally:
        handle.remove()
    assert caught.value is error


class OutOfMemoryError(RuntimeError):
    """torch.cuda's is called so."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        np._core._exceptions._ArrayMemoryError((9, 9), np.dtype("f4")),
        RuntimeError(
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        ),
        OutOfMemoryError("CUDA out of memory."),
    ],
)
def test_no_memory_for_an_answer(engine, unharmed, error, models):
    def full(*_):
        raise error

    handle = engine.model.language_model.register_forward_pre_hook(full)
    try:
        with pytest.raises(AffectError, match=r"^Not enough memory to answer with tiny-face: ") as caught:
            explain(clip(), engine)
    finally:
        handle.remove()
    assert "内存不足" in caught.value.text.zh
    for text in (caught.value.text.en, caught.value.text.zh):
        assert str(models["face"].parent) not in text
        assert "\n" not in text
