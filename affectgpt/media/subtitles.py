"""Turn subtitle text of any common form into clean cues, and cues into a WebVTT that cannot be abused."""

from __future__ import annotations

import codecs
import html
import re
import unicodedata

from ..schema import AffectError, Cue, Text

MAX_BYTES = 256 * 1024  # of a subtitle file
MAX_FREE_TEXT = 2000  # characters of a text without times
MIN_SHOWN_S = 0.5  # a cue without duration is shown this long by a player
TITLE = Text("Subtitle not usable", "字幕无法使用")

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_SPAN = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?$")
_ASS_LINE = re.compile(r"^(Format|Dialogue)\s*:\s*(.*)$", re.IGNORECASE)
_ASS_TIME = re.compile(r"^\s*(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.:](\d{1,3}))?\s*$")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<\d{1,3}:[\d:.]{1,12}>")  # also the karaoke times of VTT
_OVERRIDE = re.compile(r"\{\\[^{}]{0,500}\}")
_ROLE = re.compile(  # what chat templates and this family of models read as structure
    r"<\|[^|<>\s]{0,60}\|>|</?s>|\[/?INST\]|<</?SYS>>|#{3,}\s*(?:human|assistant|system|user)?\s*:?|"
    r"</?\s*(?:subtitle|video|audio|image|multi|face|frame|au|system|user|assistant)(?:here)?\s*>|<\||\|>",
    re.IGNORECASE,
)
_KEPT_FORMAT = {"\u200c", "\u200d"}  # joiners that emoji, Persian and Indic scripts need


def parse_subtitle(data: bytes | str, name: str = "") -> tuple[Cue, ...]:
    """Read SRT, WebVTT, ASS/SSA or plain text, told apart by content; `name` only appears in messages.

    Cues are sorted by their start and may overlap. Plain text gives one cue without times for each line.
    Bytes may be UTF-8, UTF-16 with a byte-order mark, or GB18030. Raises AffectError for too long or no text.
    """
    name = name or "the subtitle"
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise AffectError(
            f"{name} is too long ({size / 1024:.0f} KB; at most {MAX_BYTES // 1024}): keep this clip's part.",
            f"{name} 过大（{size / 1024:.0f} KB，上限 {MAX_BYTES // 1024} KB）：请只提供与本片段对应的部分。",
            title=TITLE,
        )
    text = decode(data, name) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if any(_SPAN.match(line) for line in lines):
        cues = _timed_lines(lines)
    elif any("-->" in line for line in lines) or lines[0].startswith("WEBVTT"):
        raise AffectError(
            f"No line of {name} has a time that can be read: check the file.",
            f"{name} 中没有一行的时间可以读取：请检查该文件。",
            title=TITLE,
        )
    elif any(line.strip().lower().startswith(("[script info]", "[events]", "dialogue:")) for line in lines):
        cues = _ass_lines(lines)
    else:
        cues = [Cue(line) for line in map(clean, lines) if line and line != "WEBVTT"]
        length = sum(len(cue.text) for cue in cues)
        if length > MAX_FREE_TEXT:
            raise AffectError(
                f"{name} is too long ({length} characters; at most {MAX_FREE_TEXT}): give what is said here.",
                f"{name} 过长（{length} 个字符，上限 {MAX_FREE_TEXT}）：请只填写本片段中说的话。",
                title=TITLE,
            )
    return tuple(sorted(cues, key=lambda cue: (cue.start_s or 0.0, cue.end_s or 0.0)))


def decode(data: bytes, name: str = "the subtitle") -> str:
    """Bytes to text: byte-order marks first, then strict UTF-8, then GB18030; else AffectError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in data:
        encodings = []
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AffectError(
        f"{name} is not readable as text: save it as UTF-8 (SRT, VTT, ASS or TXT).",
        f"{name} 不是可读的文本：请另存为 UTF-8 编码的 SRT、VTT、ASS 或 TXT 文件。",
        title=TITLE,
    )


def clean(text: str) -> str:
    """One line without mark-up, hidden characters and the tokens that steer a chat model."""
    text = _OVERRIDE.sub("", text).replace(r"\N", " ").replace(r"\n", " ").replace(r"\h", " ")
    text = html.unescape(_TAG.sub("", text))
    text = "".join(_plain(character) for character in text)
    return " ".join(_ROLE.sub(" ", text).split())  # a space, so that the halves of another token never join


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    hidden = unicodedata.category(character) in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
    )  # not Cn: emoji newer than this Python
    return "" if hidden and character not in _KEPT_FORMAT else character


def _timed_lines(lines: list[str]) -> list[Cue]:
    """SRT and VTT: a line of times, then text up to a blank line; headers, notes and styles lie outside."""
    cues: list[Cue] = []
    span: tuple[float, float] | None = None
    said: list[str] = []

    def finish() -> None:
        text = clean(" ".join(said))
        if span and text:
            cues.append(Cue(text, span[0], max(span)))
        said.clear()

    for line in [*lines, ""]:
        match = _SPAN.match(line)
        if match:
            if said and said[-1].strip().isdigit():  # the number of this cue, where the blank line is missing
                said.pop()
            finish()
            parts = match.groups()
            span = (_seconds(*parts[:4]), _seconds(*parts[4:]))
        elif not line.strip():
            finish()
            span = None
        elif span:
            said.append(line)
    return cues


def _ass_lines(lines: list[str]) -> list[Cue]:
    cues: list[Cue] = []
    columns = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    in_events = True
    for line in lines:
        if line.strip().startswith("["):
            in_events = line.strip().lower() == "[events]"
        match = _ASS_LINE.match(line.strip())
        if not match or not in_events:
            continue
        if match[1].lower() == "format":
            columns = [column.strip().lower() for column in match[2].split(",")]
            continue
        row = dict(zip(columns, match[2].split(",", max(0, len(columns) - 1)), strict=False))
        times = [_ASS_TIME.match(row.get(key, "")) for key in ("start", "end")]
        text = clean(row.get("text", ""))
        if all(times) and text:
            start_s, end_s = (_seconds(*time.groups()) for time in times)
            cues.append(Cue(text, start_s, max(start_s, end_s)))
    return cues


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def window_cues(cues: tuple[Cue, ...], *, start_s: float, duration_s: float) -> tuple[Cue, ...]:
    """Move timed cues so that `start_s` becomes 0, cut them at the ends, drop those outside."""
    out = []
    for cue in cues:
        if cue.start_s is None or cue.end_s is None:
            out.append(cue)
            continue
        begin, end = cue.start_s - start_s, cue.end_s - start_s
        if end >= 0 and begin < duration_s:
            out.append(Cue(cue.text, max(0.0, begin), min(duration_s, end)))
    return tuple(out)


def to_vtt(cues: tuple[Cue, ...]) -> str:
    """WebVTT of the timed cues; text is escaped and on one line: it can begin no cue and hold no tag."""
    blocks = ["WEBVTT"]
    for cue in cues:
        text = html.escape(clean(cue.text), quote=False)
        if text and cue.start_s is not None and cue.end_s is not None:
            end_s = max(cue.end_s, cue.start_s + MIN_SHOWN_S)
            blocks.append(f"{_clock(cue.start_s)} --> {_clock(end_s)}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _clock(time_s: float) -> str:
    total_ms = round(time_s * 1000)
    minutes, ms = divmod(total_ms, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"
