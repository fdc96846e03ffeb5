"""What is taken of an answer: Markdown that nothing breaks out of, programs that quote what they send."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from conftest import FakeEngine, make_clip, make_clue

from affectgpt import card
from affectgpt.page.export import CALLS, curl_snippet, python_snippet, to_markdown
from affectgpt.reason import explain
from affectgpt.schema import Cue, Explanation, Label, Text, Verdict

NASTY = """it's "so" $(touch /tmp/x) `id` \\n 100% !important
second </script> line \u202e {{x}} ${y}"""


@pytest.fixture
def answer() -> Explanation:
    clip = make_clip(cues=(Cue("Great."),), subtitle_source="user", media={"load_s": 0.1})
    return explain(clip, FakeEngine())


def test_markdown_has_every_part_and_ends_with_the_notice(answer):
    found = to_markdown(answer)
    lines = found.splitlines()
    assert lines[0] == "# toy"
    assert "- **happy** · confidence 0.70" in lines
    assert "Valence +0.50, arousal +0.20" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## Apparent emotion", "## Seen", "## Heard", "## Said", "## How it adds up", "## Clues",
        "## What is missing",
    ]  # fmt: skip
    assert "| A1 | A clue called wide\\_pitch. | 0.5–1.5 s | 13 st |" in lines
    assert "- Heard: no sound track" in lines
    assert lines[-1] == f"*{card.NOTICE.en}*"


def test_markdown_in_chinese(answer):
    found = to_markdown(replace(answer, language="zh"))
    assert "## 外在情绪" in found
    assert "效价 +0.50，唤醒度 +0.20" in found
    assert found.rstrip().endswith(f"*{card.NOTICE.zh}*")


def test_markdown_without_a_label_says_why():
    why = Verdict(cannot_tell=Text("Nothing was measured.", "没有测到。"))
    assert "**Cannot tell** · Nothing was measured." in to_markdown(
        Explanation("x", "en", "toy", verdict=why)
    )


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("[a](http://b.c) ![x](y)", "\\[a\\](http&#58;//b.c) !\\[x\\](y)"),
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "1&#8203;. no list"),
        ("=== ", "\\==="),
        ("a|b `c` *d* _e_ ~~f~~ &amp;", "a\\|b \\`c\\` \\*d\\* \\_e\\_ \\~\\~f\\~\\~ &amp;amp;"),
        ("turned \u202eround\u2066", "turned round"),
        ("www.a.b me@c.d", "www&#46;a.b me&#64;c.d"),
        ("one\ntwo", "one two"),
    ],
)
def test_markdown_shows_what_was_written(written, wanted):
    label = Label("x", Text(written, written), 0.5)
    answer = Explanation(written, "en", "toy", parts={"visual": written}, verdict=Verdict((label,)))
    lines = to_markdown(answer).splitlines()
    assert lines[0] == f"# {wanted}"
    assert lines[lines.index("## Seen") + 2] == wanted
    assert f"- **{wanted}** · confidence 0.50" in lines


def test_a_table_keeps_its_columns(answer):
    clue = make_clue(text=Text("a | b\nc", ""), unit="x|y")
    row = next(line for line in to_markdown(replace(answer, clues=(clue,))).splitlines() if "L1" in line)
    assert row == "| L1 | a \\| b c |  | 1 x\\|y |"


def test_the_python_program_sends_the_very_words():
    code = python_snippet("http://h", "analyze", clip='my "best" clip.mp4', subtitle=NASTY, language="zh")
    assert "\u202e" not in code  # would turn the text of the program round
    sent = {}

    class Client:
        def __init__(self, address):
            sent["address"] = address

        def predict(self, **values):
            sent.update(values)
            return {"text": "said"}

    module = type("gradio_client", (), {"Client": Client, "handle_file": lambda path: ("file", path)})
    names = {"__builtins__": {"__import__": lambda *_: module, "print": lambda text: sent.update(out=text)}}
    exec(compile(code, "snippet", "exec"), names)
    assert sent == {
        "address": "http://h", "clip": ("file", 'my "best" clip.mp4'), "subtitle": NASTY, "language": "zh",
        "engine": "auto", "consent": True, "api_name": "/analyze", "out": "said",
    }  # fmt: skip


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_the_shell_program_sends_the_very_words(tmp_path):
    fake = tmp_path / "curl"  # writes down what it is given, and answers like the page
    fake.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" >> args\n'
        'case "$*" in *upload*) echo \'["/tmp/up/clip.mp4"]\';;\n'
        '*data-binary*) cat > body; echo \'{"event_id":"42"}\';;\n'
        "*) printf 'event: generating\\ndata: [1]\\n\\nevent: complete\\ndata: [2]\\n\\n';; esac\n"
    )
    fake.chmod(0o755)
    code = curl_snippet("http://h/", "analyze", clip="a'b $(id).mp4", subtitle=NASTY)
    assert "\u202e" not in code
    run = subprocess.run(
        ["bash", "-c", code], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True
    )
    assert (run.stdout, run.stderr) == (b"[2]\n", b"")
    args = (tmp_path / "args").read_text()
    assert "files=@a'b $(id).mp4\n" in args
    assert "http://h/gradio_api/call/v2/analyze/42\n" in args
    body = json.loads((tmp_path / "body").read_text())
    assert body.pop("clip") == {"path": "/tmp/up/clip.mp4", "meta": {"_type": "gradio.FileData"}}
    assert body == {"subtitle": NASTY, "language": "en", "engine": "auto", "consent": True}


@pytest.mark.parametrize("endpoint", CALLS)
def test_each_endpoint_has_both_programs(endpoint):
    assert f'api_name="/{endpoint}"' in python_snippet("http://h", endpoint)
    assert f"/call/v2/{endpoint}/$ID" in curl_snippet("http://h", endpoint)


def test_the_clip_is_in_the_card_only_when_asked_for(answer):
    assert "<video" not in card.to_html([answer])
    page = card.to_html([answer], clip=b"mp4 bytes")
    assert '<video controls src="data:video/mp4;base64,bXA0IGJ5dGVz"></video>' in page
