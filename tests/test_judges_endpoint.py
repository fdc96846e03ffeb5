"""The endpoint judge against a small server of our own: errors, limits, resuming, and where the key goes."""

import logging
import re
from types import SimpleNamespace

import pytest
import tenacity
from judge_server import Answer, judge_server, mark

from affectgpt.judges import Pair, endpoint_judge, load_judge
from affectgpt.judges.endpoint import Limits
from affectgpt.schema import AffectError

KEY = "sk-a-very-secret-key"
FAST = Limits(wait_s=0.01, timeout_s=2.0, tries=3, concurrency=2)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def pairs(count: int) -> list[Pair]:
    return [Pair(f"clip{i}", "clue", f"He smiles {i}.", f"He grins {i}.") for i in range(count)]


def judged(server, count=1, **options):
    judge = endpoint_judge("m", server.url, **{"limits": FAST, **options})
    return list(judge(pairs(count))), judge


def test_marks_come_back_in_order_and_the_request_is_greedy_and_structured():
    def answer(asked):
        number = int(re.search(r"He grins (\d)", asked["messages"][1]["content"]).group(1))
        return Answer(mark(number + 1).text, delay_s=0.05 * (number == 0))

    with judge_server(answer) as server:
        out, judge = judged(server, 6)
    assert [(each.name, each.score) for each in out] == [(f"clip{i}", i + 1.0) for i in range(6)]
    assert (out[0].reason.en, out[0].reason.zh) == ("because", "because")
    asked = server.asked[0]
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("m", 0, 400)
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert server.together == 2
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert judge.name == "m@127.0.0.1"
    assert (judge.settings["calls"], judge.settings["tokens"]) == (6, 60)


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(status=429, headers={"retry-after": "0"}),
        Answer(status=500),
        Answer(status=503, body=b"<html>"),
        Answer(body=b'{"choices": [{"mess'),
        Answer(body=b"hello", headers={"content-type": "text/plain"}),
        Answer(body=b"{}"),
        Answer("late", delay_s=0.6),
    ],
    ids=["429", "500", "503", "malformed", "no json", "empty", "time-out"],
)
def test_what_passes_is_tried_again(trouble):
    limits = Limits(wait_s=0.01, timeout_s=0.3, tries=3)
    with judge_server([trouble, mark(7)]) as server:
        out, judge = judged(server, limits=limits)
    assert [each.score for each in out] == [7.0]
    assert len(server.asked) == judge.settings["calls"] == 2


def test_retry_after_is_heeded(monkeypatch):
    slept = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=slept.append))
    soon, late = (Answer(status=429, headers={"retry-after": seconds}) for seconds in ("7", "900"))
    with judge_server([soon, Answer(status=500), late, mark(7)]) as server:
        out, _ = judged(server, limits=Limits(wait_s=0.01, tries=4))
    assert out[0].score == 7.0
    assert slept == [7.0, 0.02, 30.0]  # as asked; our own second wait; not as long as that


def test_tries_end_after_their_time_too():
    with judge_server([Answer(status=500)]) as server:
        out, _ = judged(server, limits=Limits(wait_s=0.05, tries=6, tries_s=0.1))
    assert out[0].score is None
    assert len(server.asked) < 6


def test_a_code_that_is_a_sentence_is_not_told():
    with judge_server([Answer(status=400, code=f"bad key {KEY}")]) as server:
        out, _ = judged(server)
    assert out[0].reason.en == "The judge's endpoint gave no answer (HTTP 400)."


def test_tries_end_and_one_lost_pair_does_not_end_the_run():
    def answer(asked):
        return Answer(status=500) if "grins 1" in asked["messages"][1]["content"] else mark(4)

    with judge_server(answer) as server:
        out, judge = judged(server, 3)
    assert [each.score for each in out] == [4.0, None, 4.0]
    assert "HTTP 500" in out[1].reason.en
    assert "HTTP 500" in out[1].reason.zh
    assert judge.settings["calls"] == 2 + FAST.tries
    assert judge.settings["stopped"] is None


def test_an_endpoint_that_is_down_from_the_start_is_one_line():
    with judge_server([Answer(status=503)]) as server, pytest.raises(AffectError, match="does not answer"):
        judged(server, 20)
    assert len(server.asked) <= 5 * FAST.tries  # not 20 times


def test_nobody_listens():
    with judge_server([mark(1)]) as server:
        pass
    with pytest.raises(AffectError, match="does not answer"):
        judged(server, 4)


def test_an_endpoint_that_goes_down_leaves_what_there_is():
    state = {"asked": 0}

    def answer(asked):
        state["asked"] += 1
        return mark(5) if state["asked"] <= 4 else Answer(status=503)

    limits = Limits(wait_s=0.01, tries=1, concurrency=1)
    with judge_server(answer) as server:
        out, judge = judged(server, 12, limits=limits)
    assert [each.score for each in out] == [5.0] * 4 + [None] * 8
    assert len(server.asked) == 4 + 3
    assert "does not answer" in judge.settings["stopped"]
    assert "does not answer" in out[-1].reason.en


def test_single_losses_do_not_add_up():
    def answer(asked):
        number = int(re.search(r"He grins (\d)", asked["messages"][1]["content"]).group(1))
        return Answer(status=503) if number % 2 else mark(5)

    with judge_server(answer) as server:
        out, judge = judged(server, 10, limits=Limits(tries=1, concurrency=1))
    assert [each.score for each in out] == [5.0, None] * 5
    assert judge.settings["stopped"] is None


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with judge_server([mark(5)]) as server:
        assert judged(server)[0][0].score == 5.0


def test_the_same_question_is_asked_once():
    with judge_server([mark(5)]) as server:
        judge = endpoint_judge("m", server.url, limits=Limits(concurrency=1))
        out = list(judge(pairs(1) * 6))
    assert [each.score for each in out] == [5.0] * 6
    assert len(server.asked) == 1
    assert judge.settings["reused"] == 5


def test_quota_ends_the_run_at_once():
    with judge_server([mark(5), Answer(status=429, code="insufficient_quota")]) as server:
        out, _ = judged(server, 5, limits=Limits(concurrency=1))
    assert [each.score for each in out] == [5.0, None, None, None, None]
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "says"), [(401, "refused the key"), (403, "refused"), (404, "know m ")])
def test_a_refusal_is_one_line_without_the_key(status, says, caplog, capfd):
    caplog.set_level(logging.INFO)
    bad = Answer(status=status, message=f"Incorrect API key provided: {KEY[:9]}", code="bad")
    with judge_server([bad]) as server, pytest.raises(AffectError, match=says) as caught:
        judged(server, 8)
    assert str(status) in caught.value.text.zh
    assert len(server.asked) <= 4  # the rest is not asked
    everything = f"{caught.value.text} {caught.value.__cause__} {caplog.text} {capfd.readouterr()}"
    assert KEY[:9] not in everything


def test_a_format_that_is_refused_is_left_away_and_told():
    def answer(asked):
        refused = "response_format" in asked
        return Answer(status=400, message="response_format is not supported") if refused else mark(6)

    with judge_server(answer) as server:
        out, judge = judged(server, 3, limits=Limits(concurrency=1))
    assert [each.score for each in out] == [6.0] * 3
    assert ["response_format" in asked for asked in server.asked] == [True, False, False, False]
    assert judge.settings["response_format"] == "refused by the endpoint, left away"


def test_newer_models_names_of_options():
    def answer(asked):
        for name in ("max_tokens", "temperature"):
            if name in asked:
                return Answer(status=400, message=f"Unsupported parameter: '{name}'")
        return mark(6)

    with judge_server(answer) as server:
        out, judge = judged(server)
    assert out[0].score == 6.0
    assert server.asked[-1]["max_completion_tokens"] == 400
    assert "response_format" in server.asked[-1]
    assert judge.settings["temperature"] == "refused by the endpoint, left away"


def test_a_request_that_is_refused_anyway_is_no_endless_loop():
    with judge_server([mark(3), Answer(status=400, code="context_length_exceeded")]) as server:
        out, _ = judged(server, 2, limits=Limits(concurrency=1, tries=2))
    assert out[1].score is None
    assert out[1].reason.en == "The judge's endpoint gave no answer (HTTP 400, context_length_exceeded)."
    assert len(server.asked) == 3  # the second one with the format and without


def test_the_number_of_calls_is_bounded():
    with judge_server([mark(5)]) as server:
        out, judge = judged(server, 9, limits=Limits(max_calls=4, concurrency=1))
    assert [each.score for each in out] == [5.0] * 4 + [None] * 5
    assert len(server.asked) == 4
    assert "limit is reached (4 calls" in out[4].reason.en
    assert judge.settings["stopped"] == out[4].reason.en


def test_tries_count_as_calls():
    with judge_server([Answer(status=500)]) as server:
        out, _ = judged(server, 1, limits=Limits(max_calls=2, tries=9, wait_s=0.01))
    assert (len(server.asked), out[0].score) == (2, None)


@pytest.mark.parametrize("told", [40, None])
def test_the_number_of_tokens_is_bounded(told):
    with judge_server([Answer(mark(5).text, tokens=told)]) as server:
        limits = Limits(max_tokens=70, concurrency=1)
        out, judge = judged(server, 5, limits=limits)
    # 40 and 40; where the endpoint does not tell, characters count, and one question has more than 70
    asked = 2 if told else 1
    assert len(server.asked) == asked
    assert [each.score for each in out] == [5.0] * asked + [None] * (5 - asked)
    assert judge.settings["tokens"] == 80 if told else judge.settings["tokens"] > 70


def test_a_bad_reply_is_asked_again_once_with_what_was_wrong():
    with judge_server([mark(11), mark(9)]) as server:
        out, _ = judged(server)
    assert out[0].score == 9.0
    assert out[0].details["asked_again"] is True
    again = server.asked[1]["messages"]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert '"score" is not between 1 and 10.' in again[-1]["content"]
    assert again[:2] == server.asked[0]["messages"]


def test_two_bad_replies_are_no_mark():
    with judge_server([Answer("8 / good")]) as server:
        out, _ = judged(server)
    assert (out[0].score, out[0].details["official_parse"], len(server.asked)) == (None, 8.0, 2)
    assert "not one JSON object" in out[0].reason.en


def test_a_key_is_needed_but_not_on_this_machine(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(AffectError, match="environment variable OPENAI_API_KEY"):
        endpoint_judge("m")
    with pytest.raises(AffectError, match="environment variable MY_KEY"):
        endpoint_judge("m", key_env="MY_KEY")
    with judge_server([mark(2)]) as server:
        assert judged(server)[0][0].score == 2.0
    monkeypatch.setenv("OPENAI_API_KEY", "sk\u2026")
    with pytest.raises(AffectError, match="characters that no key has"):
        endpoint_judge("m")


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://a/v1", "localhost:8000", "http://[x", ""),
        *("https://me:secret@host/v1", "https://:secret@host/v1", "https://host/v1?key=secret"),
    ],
)
def test_bad_addresses(address):
    with pytest.raises(AffectError) as caught:
        endpoint_judge("m", address or "http://")
    assert "secret" not in caught.value.text.en


def test_a_redirection_is_not_followed():
    with judge_server([mark(9)]) as other:
        moved = Answer(status=307, headers={"location": f"{other.url}/chat/completions"})
        with (
            judge_server([moved]) as server,
            pytest.raises(AffectError, match=r"does not answer \(HTTP 307\)"),
        ):
            judged(server, 3)
    assert other.asked == []


def test_http_is_for_this_machine_unless_allowed():
    with pytest.raises(AffectError, match="use https, or allow http"):
        endpoint_judge("m", "http://judge.example/v1")
    assert endpoint_judge("m", "http://judge.example/v1", allow_http=True).name == "m@judge.example"
    assert endpoint_judge("m", "http://localhost:1/v1/").settings["address"] == "http://localhost:1/v1"
    assert endpoint_judge("m").name == "openai:m"


def test_load_judge_by_name():
    assert load_judge().name == load_judge("embedded").name == "affectgpt-overlap"
    assert load_judge("openai:gpt-x").settings["model"] == "gpt-x"
    assert load_judge("https://judge.example/v1#qwen").name == "qwen@judge.example"
    assert load_judge("affectgpt", chat=lambda _: [], model="w").settings["model"] == "w"
    with pytest.raises(AffectError, match="--model"):
        load_judge("affectgpt")
    with pytest.raises(AffectError, match="#MODEL"):
        load_judge("https://judge.example/v1")
    for name in ("gpt-4", "openai:", ""):
        with pytest.raises(AffectError, match="choose one of embedded, affectgpt, openai:MODEL"):
            load_judge(name)
