"""The first tab in a real browser with files of a visitor: good ones, hostile ones, sound, words."""

import math
import wave

import media_files
import pytest

from affectgpt.page import opening

WAIT = 90_000  # ms; the machine of a test may be busy
SRT = b"""1
00:00:00,200 --> 00:00:01,000
That is wonderful.

2
00:00:01,000 --> 00:00:01,800
I am so happy.
"""
DRAWN = "getComputedStyle(document.querySelector('#ag-clip [data-testid=upload-text]'), '::after').content"


@pytest.fixture
def page(chromium, address):
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    yield page
    page.close()


def run(page, state="finished"):
    page.wait_for_selector("#ag-run:not([disabled])")
    page.wait_for_timeout(800)  # a press that follows faster is taken for a double one
    page.evaluate("document.querySelectorAll('.ag-status').forEach(status => status.dataset.old = '')")
    page.click("#ag-run")
    page.wait_for_selector(f".ag-status.{state}:not([data-old])")  # a quick run may never be seen running


def test_an_upload_is_answered_and_after_an_edit_of_its_words_not_decoded_again(page, tmp_path, monkeypatch):
    read, load = [], opening.load_clip
    monkeypatch.setattr(opening, "load_clip", lambda *a, **k: read.append(a) or load(*a, **k))
    page.check("#ag-consent input")
    page.set_input_files("#ag-clip input[type=file]", media_files.write_clip(tmp_path / "mine <b>.mp4"))
    page.wait_for_selector("#ag-clip video")
    page.set_input_files("#ag-words input[type=file]", {"name": "a.srt", "mimeType": "", "buffer": SRT})
    page.wait_for_selector(".ag-words:has-text('a.srt: 2 lines with times')")
    assert page.input_value("#ag-subtitle textarea") == "That is wonderful.\nI am so happy."
    run(page)
    assert "wonderful" in page.inner_text("#ag-clues .ag-column.lexical")
    assert page.locator("#ag-clues .ag-column.lexical .ag-seek").count() > 0  # the words have times
    page.wait_for_selector("#ag-player video track", state="attached")
    page.fill("#ag-subtitle textarea", "This is terrible.")
    page.locator("#ag-subtitle textarea").blur()
    page.wait_for_selector(".ag-words:has-text('Changed by you')")
    run(page)
    page.wait_for_selector("#ag-clues .ag-column.lexical:has-text('terrible')")
    assert len(read) == 1
    page.click("#ag-language label:nth-child(2)")
    page.wait_for_selector("#ag-clues h3:has-text('话语')")
    page.wait_for_function("document.documentElement.lang === 'zh-CN'")
    assert "您已修改" in page.inner_text("#ag-input")
    assert "通过 API 使用" in page.inner_text("footer")  # gradio's own words
    page.click("#ag-clip button[aria-label=Clear]")
    page.wait_for_selector("#ag-clip [data-testid=upload-text]")
    drawn = (
        "getComputedStyle(document.querySelector('#ag-clip [data-testid=upload-text]'), '::after').content"
    )
    assert "拖到这里" in page.evaluate(drawn)
    assert page.input_value("#ag-subtitle textarea") == ""  # its words went with it


@pytest.mark.parametrize("disguise", ["hls", "ffconcat"])
def test_a_hostile_upload_gets_a_message_with_a_title(page, tmp_path, disguise):
    file = tmp_path / "evil.mp4"
    file.write_bytes(media_files.disguised(media_files.playlists("/etc/passwd", "other.mp4")[disguise]))
    page.check("#ag-consent input")
    page.set_input_files("#ag-clip input[type=file]", file)
    page.wait_for_selector("#ag-clip video, #ag-clip .error", state="attached")
    run(page, "failed")
    page.wait_for_selector(".toast-body.error strong")
    assert "evil.mp4" in page.inner_text(".ag-status.failed")
    assert str(tmp_path) not in page.content()
    assert page.locator("#ag-first").is_hidden()  # nothing is shown of it
    page.click("[data-example='1']")  # and the page goes on
    page.wait_for_selector(".ag-status.whole")


def test_what_is_missing_is_said_on_the_page_and_a_sound_file_is_taken(page, tmp_path):
    page.click("#ag-run")
    page.wait_for_selector("text=Something is missing")
    page.wait_for_selector("#ag-run:not([disabled])")
    file = tmp_path / "tone.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(8_000)
        out.writeframes(
            b"".join(round(9e3 * math.sin(i / 6)).to_bytes(2, "little", signed=True) for i in range(9_000))
        )
    page.check("#ag-consent input")
    page.set_input_files("#ag-sound input[type=file]", str(file))
    page.wait_for_selector("#ag-sound .file-preview")
    run(page)
    page.wait_for_selector("#ag-player.ag-heard video", state="attached")
    assert "no picture" in page.inner_text(".ag-column.visual")
    assert page.locator("#ag-sound .file-preview").count() == 0  # our copy stands in the other field
