"""The sentences of the page about limits: too much at once, too often."""

from __future__ import annotations

from ...schema import Text

ERRORS: dict[str, Text] = {
    "busy_title": Text("One thing at a time", "一次只能做一件事"),
    "busy": Text(
        "Another run of yours has not ended yet: wait for it or stop it, then try again.",
        "您还有一项任务没有结束：请等它完成或将其停止，然后再试。",
    ),
    "too_many_title": Text("A short break", "请稍等片刻"),
    "too_many": Text(
        "You have started {jobs} runs within {window} minutes, the most allowed here: "
        "try again in {minutes} min, or run the program on your own computer.",
        "您在 {window} 分钟内已运行 {jobs} 次，达到上限："
        "请在 {minutes} 分钟后再试，或在自己的电脑上运行本程序。",
    ),
}
