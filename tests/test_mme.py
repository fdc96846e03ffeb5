"""Reading of judges' replies and MME-Emotion scores, by hand; replies are our own."""

import math
import time

import pandas as pd
import pytest

from affectgpt.metrics.mme import STRICT, TASKS, mme_scores, mme_statistics, parse_steps


def block(text: str) -> str:
    return f"<score>{text}</score>"


@pytest.mark.parametrize(
    ("reply", "binary", "graded"),
    [
        (block("Step 1: 1/1, Step 2: 0/1"), [1, 0], [1, 0]),
        (block("Step 1: 1/1, Step 2: 2/3"), [1], [1, 2 / 3]),
        (block("Step 1: 1/10"), [1], [0.1]),
        (block("Step 1: 2/1"), [2], [2]),
        (block("Step 1: 12/1"), [], [12]),
        (block("Step 1: 0.5/1"), [], []),
        (block("Step 1:1/1"), [], [1]),
        (block("Step 1:  1/1"), [], [1]),
        (block("Step 1：1/1"), [], []),
        (block("Step 1: 1/0"), [], [0]),
        (block(""), [], []),
        ("A. " + block("x: 1/1") + block("x: 0/1"), [1], [1]),
        ("<score><score>x: 1/1</score>", [1], [1]),
        ("<score>\nStep 1: 1/1</score>", None, None),
        ("<score>x: 1/1\n" + block("x: 0/1"), [0], [0]),
        ("<score>Step 1: 1/1", None, None),
        ("<SCORE>Step 1: 1/1</SCORE>", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_replies_are_read_as_by_the_scripts(reply, binary, graded):
    for task in TASKS:
        assert parse_steps(reply, task) == (graded if task in ("FG-ER", "ML-ER") else binary), task
    assert parse_steps(reply, None) == parse_steps(reply, "overall") == graded


def test_a_hostile_reply_is_read_once():
    begin = time.process_time()
    for text in ("<score>" * 30_000, "<score>\n" * 30_000):
        assert parse_steps(text, "SA") is None
        assert mme_scores([text], strict=True)["unreadable"] == 1
    assert time.process_time() - begin < 1


def test_unknown_task_is_refused():
    for call in (lambda: parse_steps("", "ER"), lambda: mme_scores([], task="ER")):
        with pytest.raises(ValueError, match=r"unknown task 'ER'.*ER-Lab"):
            call()


ENTRIES = [
    {"video_id": "a", "ground_truth": "angry", "score": block("S 1: 1/1, S 2: 0/1, S 3: 1/1")},
    {"video_id": "b", "ground_truth": "anger", "score": block("S 1: 0/1")},
    {"video_id": "c", "ground_truth": "sad", "score": None},
    {"video_id": "d", "ground_truth": "fear", "score": block("S 1: 1/1, S 2: 0/1")},
]


def test_scores_by_hand():
    found = mme_scores(ENTRIES, task="ER-Lab")
    # recognition 1, 0, 0; reasoning 1/2, 0, 1; steps 3, 1, 2; c leaves the denominator
    assert (found["count"], found["recognition"], found["reasoning"]) == (
        3,
        pytest.approx(1 / 3),
        pytest.approx(0.5),
    )
    assert (found["cot"], found["avg_step"]) == (pytest.approx((1 / 3 + 1 / 2) / 2), 2)
    assert list(found["categories"]) == ["anger", "angry", "fear"]
    assert found["metric"] == "MME-Emotion"
    assert found["task"] == "ER-Lab"
    assert found["per_entry"][0] == {
        "video_id": "a",
        "parsed": [1, 0, 1],
        "recognition": 1,
        "reasoning": 0.5,
        "steps": 3,
        "counted": True,
    }
    assert found["per_entry"][2] == {
        "video_id": "c",
        "parsed": None,
        "recognition": None,
        "reasoning": None,
        "steps": None,
        "counted": False,
    }


def test_only_er_wild_joins_two_spellings():
    found = mme_scores(ENTRIES, task="ER-Wild")["categories"]
    assert found == {
        "anger": {"count": 2, "recognition": 0.5, "reasoning": 0.25, "avg_step": 2},
        "fear": {"count": 1, "recognition": 0, "reasoning": 1, "avg_step": 2},
    }


def test_overall_is_a_micro_mean_and_reads_in_its_own_way():
    found = mme_scores([*ENTRIES, {"video_id": "a", "score": block("S:3/4")}])
    assert (found["task"], found["count"], found["recognition"]) == ("overall", 4, pytest.approx(1.75 / 4))


def test_nothing_readable_is_no_number():
    found = mme_scores([{"score": None}])
    assert found["count"] == 0
    assert all(math.isnan(found[key]) for key in ("recognition", "reasoning", "cot", "avg_step"))


def test_entries_by_name_or_as_bare_replies():
    by_name = mme_scores({one["video_id"]: one for one in ENTRIES}, task="SA")
    bare = mme_scores([one["score"] for one in ENTRIES], task="SA")
    assert by_name["cot"] == bare["cot"] == mme_scores(ENTRIES, task="SA")["cot"]
    assert [one["video_id"] for one in bare["per_entry"]] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("entries", [block("S 1: 1/1"), pd.DataFrame([{"score": block("S 1: 1/1")}])])
def test_one_text_or_a_table_is_no_list_of_entries(entries):
    with pytest.raises(TypeError, match="list of mappings or replies"):
        mme_scores(entries)


STRICT_ENTRIES = [
    {"score": block("S 1: 1/1, S 2: 4/3"), "steps": 2},  # clipped: 1, 1
    {"score": "<Score>\nS 1：0.5/1,\nS 2: 1 / 2\n</Score>", "steps": ["x", "y"]},  # 0.5, 0.5
    {"score": block("S 1: 1/1"), "steps": 2},  # one rating is missing
    {"score": block("S 1: 1/0")},
    {"score": None},
]


def test_strict_mode_clips_and_counts_what_it_cannot_read():
    found = mme_scores(STRICT_ENTRIES, task="SA", strict=True)
    assert (found["metric"], found["count"], found["unreadable"]) == (STRICT, 5, 3)
    assert (found["recognition"], found["reasoning"]) == (pytest.approx(1.5 / 5), pytest.approx(1.5 / 5))
    assert found["avg_step"] == 2
    assert [one["parsed"] for one in found["per_entry"]] == [[1, 1], [0.5, 0.5], None, None, None]
    assert "unreadable" not in mme_scores(STRICT_ENTRIES, task="SA")


def test_statistics_keep_the_values_and_every_entry():
    entries = [*ENTRIES, ENTRIES[0]]
    statistics, found = mme_statistics(entries, task="IR"), mme_scores(entries, task="IR")
    for key, one in statistics.items():
        assert one.value == pytest.approx(found[key])
        assert one.names == ("a", "b", "c", "d", "a (2)")
    strict = mme_statistics(STRICT_ENTRIES, strict=True)
    assert strict["cot"].value == pytest.approx(0.3)
    assert strict["avg_step"].value == 2
