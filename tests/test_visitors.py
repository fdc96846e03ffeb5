"""One job of a visitor at a time, a rate that is told with the wait, a log line without the visitor."""

import logging
import re
import threading
import time

import gradio as gr
import pytest

from affectgpt.page import visitors
from affectgpt.page.visitors import Visitors
from affectgpt.schema import AffectError


def run(visitors, visitor="anna", kind="explain"):
    with visitors.job(visitor, kind) as name:
        return name


def test_a_second_job_of_a_visitor_is_refused_and_of_another_is_not():
    known = Visitors(grace_s=0.01)
    with known.job("anna", "explain"):
        with pytest.raises(AffectError, match="has not ended yet: wait for it or stop it") as told:
            run(known)
        assert "请等它完成" in told.value.text.zh
        assert told.value.title.en == "One thing at a time"
        run(known, "ben")
    run(known)


def test_a_job_that_is_about_to_end_is_waited_for():
    known, first, ended = Visitors(grace_s=5), threading.Event(), []

    def stopping():
        with known.job("anna", "explain"):
            first.set()
            time.sleep(0.2)
        ended.append("first")

    thread = threading.Thread(target=stopping)
    thread.start()
    first.wait(5)
    began = time.monotonic()
    run(known)
    thread.join()
    assert 0.1 < time.monotonic() - began < 3
    assert ended == ["first"]


def test_a_rate_is_told_with_the_wait_and_ends_with_the_window(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(visitors.time, "monotonic", lambda: now[0])
    known = Visitors(max_jobs=3, window_s=600)
    for _ in range(3):
        run(known)
        now[0] += 60
    with pytest.raises(AffectError, match=r"3 runs within 10 minutes.* again in 7 min") as told:
        run(known)  # 180 s after the first
    assert "7 分钟后" in told.value.text.zh
    run(known, "ben")
    now[0] = 1000.0 + 601
    run(known)
    with pytest.raises(AffectError, match="again in 1 min"):
        run(known)  # the second is still in the window, for a minute
    assert len(known._known["anna"].began_s) == 3  # what was refused does not count


def test_the_operator_sets_the_rate(monkeypatch):
    monkeypatch.setenv("AFFECTGPT_MAX_JOBS", "2")
    known = Visitors()
    run(known)
    run(known)
    with pytest.raises(AffectError, match="2 runs"):
        run(known)
    monkeypatch.delenv("AFFECTGPT_MAX_JOBS")
    assert Visitors().max_jobs == 30


def test_visitors_are_forgotten_after_the_window_and_when_they_leave(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(visitors.time, "monotonic", lambda: now[0])
    known = Visitors(max_jobs=1, window_s=600)
    for number in range(100):
        run(known, f"visitor {number}")
    assert len(known._known) == 100
    known.forget("visitor 7")
    run(known, "visitor 7")  # as somebody new
    known.forget("nobody")
    now[0] = 601
    with known.job("last", "explain"):
        now[0] = 1300
        run(known, "another")
        assert set(known._known) == {"last", "another"}  # one who is at work stays
    run(known, "anna")
    now[0] = 2000
    run(known, "ben")
    assert set(known._known) == {"ben"}


def test_many_threads_of_one_visitor_run_one_job(monkeypatch):
    known, at_once, most, refused = Visitors(grace_s=0.01), [], [], []
    gate = threading.Barrier(8)

    def attempt():
        gate.wait()
        try:
            with known.job("anna", "explain"):
                at_once.append(1)
                most.append(len(at_once))
                time.sleep(0.1)
                at_once.pop()
        except AffectError:
            refused.append(1)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) + len(refused) == 8
    assert refused


def ending(how):
    def job(known):
        with known.job("anna", "compare"):
            yield "half of it"
            if how == "told":  # as a tab tells a visitor of it
                try:
                    raise AffectError("The secret file is empty: choose another.")
                except AffectError:
                    raise gr.Error("toast") from None
            if how == "bug":
                raise RuntimeError("/secret/path")

    return job


@pytest.mark.parametrize(
    ("how", "outcome"), [("", "done"), ("told", "refused"), ("bug", "failed"), ("closed", "stopped")]
)
def test_the_log_has_kind_id_outcome_and_seconds_only(caplog, how, outcome):
    caplog.set_level(logging.DEBUG)
    steps = ending(how)(Visitors())
    next(steps)
    if how == "closed":
        steps.close()
    elif how:
        with pytest.raises((gr.Error, RuntimeError)):
            next(steps)
    else:
        assert list(steps) == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert re.fullmatch(rf"compare [0-9a-f]{{8}} {outcome} 0\.\d\d s", line)


def test_a_refused_job_is_logged_too_and_leaves_the_visitor_free(caplog):
    caplog.set_level(logging.INFO)
    known = Visitors(max_jobs=1)
    run(known)
    with pytest.raises(AffectError):
        run(known)
    assert [record.getMessage().split()[2] for record in caplog.records] == ["done", "refused"]
    assert not known._known["anna"].running


@pytest.mark.parametrize("given", ["abc", "0", "-3", "1.5", "٣"])
def test_a_wrong_setting_is_told(given, monkeypatch):
    monkeypatch.setenv("AFFECTGPT_MAX_JOBS", given)
    with pytest.raises(AffectError, match="AFFECTGPT_MAX_JOBS"):
        Visitors()
