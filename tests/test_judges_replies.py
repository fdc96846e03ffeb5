"""Replies of an endpoint that are kept: resuming, torn lines, other files, full disks."""

import errno
import json
import os

import pytest
from judge_server import Answer, judge_server, mark

from affectgpt.judges import Judgement, Pair, endpoint_judge
from affectgpt.judges.endpoint import REFUSED, Limits
from affectgpt.judges.replies import Replies
from affectgpt.schema import AffectError

KEY = "sk-a-very-secret-key"
ONE = Limits(wait_s=0.01, tries=1, concurrency=1)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "replies.jsonl"


def judged(server, count, kept, *, model="m", limits=ONE) -> tuple[list[float | None], dict]:
    judge = endpoint_judge(model, server.url, replies=kept, limits=limits)
    out: list[Judgement] = list(judge([Pair(str(i), "clue", f"He smiles {i}.", "y") for i in range(count)]))
    return [each.score for each in out], judge.settings


def test_a_stopped_run_goes_on_where_it_was(kept):
    with judge_server([mark(5)]) as server:
        first, _ = judged(server, 6, kept, limits=Limits(max_calls=4, concurrency=1))
        second, settings = judged(server, 6, kept)
        assert (first, second) == ([5.0] * 4 + [None] * 2, [5.0] * 6)
        assert (settings["reused"], settings["calls"], len(server.asked)) == (4, 2, 6)
    assert KEY not in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("other", [{"model": "n"}, {"limits": Limits(reply_tokens=100)}])
def test_another_question_is_asked_anew(kept, other):
    with judge_server([mark(5)]) as server:
        judged(server, 1, kept)
        assert judged(server, 1, kept, **other)[1]["reused"] == 0
        assert judged(server, 1, kept)[1]["reused"] == 1
        asked = endpoint_judge("m", server.url).chat.asked
    assert {name: asked[name] for name in ("model", "temperature", "max_tokens")} == {
        "model": "m",
        "temperature": 0,
        "max_tokens": 400,
    }


def test_another_address_is_asked_anew(kept):
    with judge_server([mark(5)]) as one, judge_server([mark(7)]) as two:
        assert [judged(server, 1, kept)[0] for server in (one, two, one)] == [[5.0], [7.0], [5.0]]
    assert (len(one.asked), len(two.asked)) == (1, 1)


def test_an_endpoint_that_is_down_leaves_what_was_kept(kept):
    down = []
    with judge_server(lambda _: Answer(status=503) if down else mark(5)) as server:
        judged(server, 2, kept)
        down.append(True)
        scores, settings = judged(server, 6, kept)
    assert scores == [5.0] * 2 + [None] * 4
    assert "does not answer" in settings["stopped"]


def test_what_was_refused_is_told_of_kept_replies_too(kept):
    def answer(asked):
        named = "temperature" in asked
        return Answer(status=400, message="Unsupported parameter: 'temperature'") if named else mark(6)

    with judge_server(answer) as server:
        judged(server, 2, kept)
        scores, settings = judged(server, 2, kept)
    assert (scores, settings["calls"]) == ([6.0] * 2, 0)
    assert (settings["temperature"], settings["response_format"]) == (REFUSED, "json_schema")


@pytest.mark.parametrize(("torn", "lost"), [(7, 1), (1, 0)])
def test_a_torn_last_line_is_dropped(kept, torn, lost):
    with judge_server([mark(5)]) as server:
        judged(server, 3, kept)
        kept.write_bytes(kept.read_bytes()[:-torn])  # kill -9 in the middle of the third
        assert judged(server, 3, kept)[0] == [5.0] * 3
        assert len(server.asked) == 3 + lost
        _, settings = judged(server, 3, kept)  # and the file is whole again
        assert (settings["reused"], len(server.asked)) == (3, 3 + lost)


def test_two_processes_may_keep_in_one_file(kept):
    one, two = Replies(kept), Replies(kept)
    for number in range(5):
        one.put(f"one {number}", "x" * 5000, [])
        two.put(f"two {number}", "y", ["temperature"])
    both = Replies(kept)
    assert len(both) == 10
    assert both.get("two 4") == ("y", ["temperature"])
    assert both.get("three") is None


@pytest.mark.parametrize(
    "text", ['{"name": "a", "text": "b"}\n', "name,text\na,b\n", "name,text", '["key"]\n']
)
def test_another_file_is_not_taken_for_replies(tmp_path, text):
    other = tmp_path / "predictions.jsonl"
    other.write_text(text, encoding="utf-8")
    with pytest.raises(AffectError, match=r"predictions\.jsonl is not a file of a judge"):
        endpoint_judge("m", replies=other)
    assert other.read_text(encoding="utf-8") == text


def test_a_file_that_cannot_be_written_is_one_line(tmp_path, kept, monkeypatch):
    with pytest.raises(AffectError, match="Cannot keep replies"):
        endpoint_judge("m", replies=tmp_path / "no" / "folder.jsonl")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    replies = Replies(kept)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AffectError, match=r"replies\.jsonl \(No space left on device\)"):
        replies.put("a", "b", [])


def test_a_line_of_the_file(kept):
    Replies(kept).put("a", "乐", ["temperature"])
    assert json.loads(kept.read_bytes()) == {"key": "a", "reply": "乐", "refused": ["temperature"]}
