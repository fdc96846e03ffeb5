"""Work in a thread as a stream: its order, its end, and that it stops when nobody reads."""

import threading
import time
from contextvars import ContextVar

import pytest

from affectgpt import relay as relay_module
from affectgpt.media import load_clip, sandbox
from affectgpt.relay import Cancelled, streamed
from affectgpt.signals.detectors import with_each


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "engine"]


@pytest.fixture(autouse=True)
def nobody_left():
    yield
    deadline = time.monotonic() + 2
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not workers()


def endless(wire, ended=None):
    """Emits, then works on until it is stopped."""
    try:
        wire.emit("stage", "read")
        while True:
            wire.check()
            time.sleep(0.005)
    except Cancelled:
        if ended is not None:
            ended.append(time.monotonic())
        raise


def test_what_is_emitted_arrives_in_order():
    def work(wire):
        for number in range(100):
            wire.emit("text", number)

    assert list(streamed(work)) == [("text", number) for number in range(100)]


def test_nothing_starts_before_the_stream_is_read():
    begun = []
    stream = streamed(lambda wire: begun.append(1))
    assert not begun
    assert list(stream) == []
    assert begun


def test_a_quiet_work_still_yields():
    """So that whoever reads can stop, or show that it goes on."""

    def work(wire):
        time.sleep(0.5)
        wire.emit("stage", "read")

    kinds = [kind for kind, _ in streamed(work)]
    assert kinds[-1] == "stage"
    assert kinds.count("progress") == 2
    assert set(kinds[:-1]) == {"progress"}


def test_what_the_work_raises_arrives_as_itself():
    error = KeyError("whatever")

    def work(wire):
        wire.emit("stage", "read")
        raise error

    stream = streamed(work)
    assert next(stream) == ("stage", "read")
    with pytest.raises(KeyError) as caught:
        next(stream)
    assert caught.value is error
    assert any(frame.name == "work" for frame in caught.traceback), "and tells where"


@pytest.mark.parametrize("leave", ["close", "interrupt", "forget"])
def test_leaving_the_stream_stops_the_work(leave):
    ended: list[float] = []
    stream = streamed(lambda wire: endless(wire, ended))
    assert next(stream) == ("stage", "read")
    began = time.monotonic()
    if leave == "close":
        stream.close()
    elif leave == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            stream.throw(KeyboardInterrupt)
    else:
        del stream
    assert ended, "the work had stopped when leaving came back"
    assert time.monotonic() - began < 0.5


def test_a_reader_who_breaks_down_stops_the_work():
    ended: list[float] = []

    def read():
        for kind, _ in streamed(lambda wire: endless(wire, ended)):
            if kind == "progress":
                raise OSError("the reader's own")

    with pytest.raises(OSError, match="own"):
        read()
    assert ended


def test_work_that_cannot_stop_does_not_hold_its_reader(monkeypatch):
    monkeypatch.setattr(relay_module, "PATIENCE_S", 0.1)
    stream = streamed(lambda wire: (wire.emit("stage", "read"), time.sleep(0.6)))
    next(stream)
    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 0.4


def test_works_run_one_after_another():
    """They share hooks, adapters and random numbers; both streams may be read in turn, by one thread."""
    busy, together = [], []

    def work(name):
        def run(wire):
            busy.append(name)
            for number in range(5):
                together.append(len(busy) > 1)
                time.sleep(0.03)
                wire.emit("text", (name, number))
            busy.remove(name)

        return run

    streams, said = [streamed(work("a")), streamed(work("b"))], []
    while streams:
        for stream in list(streams):
            event = next(stream, None)
            if event is None:
                streams.remove(stream)
            elif event[0] == "text":
                said.append(event[1])
    assert not any(together)
    for name in "ab":
        assert [number for who, number in said if who == name] == [0, 1, 2, 3, 4]


def test_one_who_waits_for_his_turn_can_leave():
    first = streamed(endless)
    next(first)
    begun = []
    second = streamed(lambda wire: begun.append(1))
    assert next(second) == ("progress", {})
    began = time.monotonic()
    second.close()
    assert time.monotonic() - began < 0.6
    first.close()
    assert list(streamed(lambda wire: wire.emit("stage", "read"))) == [("stage", "read")], "the turn is free"
    assert not begun


def test_the_turn_is_free_after_an_error():
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            list(streamed(lambda wire: 1 / 0))
    assert list(streamed(lambda wire: wire.emit("stage", "read")))


def test_long_loops_below_the_work_stop_with_it():
    looked = []

    def look(tool, item):
        looked.append(item)
        time.sleep(0.005)

    stream = streamed(lambda _: with_each(["left", "right"], look, range(2_000)), alone=False)
    assert next(stream) == ("progress", {})
    stream.close()
    assert not workers()
    assert 0 < len(looked) < 1_000


def test_decoding_stops_when_nobody_waits_for_the_clip(mute, monkeypatch):
    monkeypatch.setattr(sandbox, "CHILD_CODE", "import time; time.sleep(60)")
    stream = streamed(lambda _: load_clip(mute), alone=False)
    assert next(stream) == ("progress", {})
    began = time.monotonic()
    stream.close()
    assert time.monotonic() - began < 1.5
    assert not workers()


def test_work_outside_of_a_stream_is_never_stopped():
    relay_module.check()
    stream = streamed(lambda wire: wire.emit("stage", "read"))
    next(stream)
    stream.close()
    relay_module.check()


def test_the_work_sees_the_context_of_its_caller():
    name = ContextVar("name", default="nobody")
    name.set("anna")
    assert list(streamed(lambda wire: wire.emit("name", name.get()), alone=False)) == [("name", "anna")]
