"""The report of the data set doctor as lines to read, in English or Chinese."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from statistics import median

from ..schema import LANGUAGES, Language, Text
from .check import ClipReport, Report, TableReport
from .messages import shown
from .sample import Problem

MOST = 10  # problems of one kind that are printed, and names that are listed
MOST_CLIPS = 40  # rows of the table of clips
WIDTH = 12  # of the first column, in cells of a terminal
NAME_WIDTH = 32

WORDS = {
    "rows": Text("{count} rows", "{count} 行"),
    "layout": Text("layout", "格式"),
    "columns": Text("columns", "列"),
    "unused": Text("unused", "未使用"),
    "subtitle": Text("subtitle", "字幕"),
    "reference": Text("reference", "参考描述"),
    "whole": Text("all four parts: {counts}", "四部分齐全：{counts}"),
    "empty": Text("{count} empty", "{count} 个为空"),
    "labels": Text("labels", "标签"),
    "words": Text(
        "{mean:.1f} per row, {different} different, {empty} rows empty",
        "平均每行 {mean:.1f} 个，共 {different} 种，{empty} 行为空",
    ),
    "cleaned": Text("removed", "已清除"),
    "text given twice": Text("text given twice", "重复给出的文本"),
    "licence": Text("licence", "许可"),
    "clips": Text("clips", "片段"),
    "found": Text("{found} of {count} samples have a clip", "{count} 个样本中 {found} 个有片段"),
    "unsearched": Text("not looked for (--clips DIR)", "未查找（--clips 文件夹）"),
    "missing": Text("missing", "缺少"),
    "extra": Text("extra", "多余"),
    "durations": Text(
        "{low:.1f} to {high:.1f} s, median {middle:.1f} s, {total:.1f} s in all",
        "{low:.1f} 至 {high:.1f} 秒，中位数 {middle:.1f} 秒，合计 {total:.1f} 秒",
    ),
    "streams": Text(
        "{both} with picture and sound, {mute} without sound, {blind} without picture",
        "{both} 个有画面和声音，{mute} 个无声音，{blind} 个无画面",
    ),
    "opened": Text("opened", "已打开"),
    "more": Text("… and {count} more", "……另有 {count} 个"),
    "problems": Text("Problems: {count}", "问题：{count} 个"),
    "none": Text("No problems.", "未发现问题。"),
}


def to_text(report: Report, language: Language = "en") -> str:
    """Return the whole report; it ends with the problems, at most `MOST` of a kind, or with "none"."""
    lines: list[str] = []
    for table in report.tables:
        lines += [*_table(table, language), ""]
    lines += [*_clips(report, language), ""]
    lines += problem_lines(report.problems, language)
    return "\n".join(lines) + "\n"


def problem_lines(problems: Iterable[Problem], language: Language) -> Iterator[str]:
    """One line for each problem, at most `MOST` of a kind, and how many there are in all."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(getattr(problem.reason, "kind", "file"), []).append(problem)
    count = sum(map(len, kinds.values()))
    yield _say("problems", language, count=count) if count else _say("none", language)
    for found in kinds.values():
        for problem in found[:MOST]:
            yield f"  ! {problem.text[language]}"
        if len(found) > MOST:
            yield f"    {_say('more', language, count=len(found) - MOST)}"


def _table(table: TableReport, language: Language) -> Iterator[str]:
    encoding = table.encoding.removesuffix("-sig").upper()
    yield " · ".join(filter(None, [table.file, _say("rows", language, count=table.rows), encoding]))
    yield _line("layout", language, table.layout.title[language])
    roles = [role if role == column else f"{role} ← {shown(column)}" for role, column in table.roles.items()]
    yield _line("columns", language, " · ".join(roles))
    if table.unused:
        yield _line("unused", language, _names(table.unused, language))
    for role, counts in table.texts.items():
        told = [f"{lang} {counts[lang]}" for lang in LANGUAGES if counts[lang]]
        told += [_say("empty", language, count=counts["empty"])] if counts["empty"] else []
        if role == "reference" and table.whole:
            whole = [f"{lang} {number}/{counts[lang]}" for lang, number in table.whole.items()]
            told.append(_say("whole", language, counts=", ".join(whole)))
        yield _line(role, language, " · ".join(told))
    if table.labels:
        mean = table.labels["words"] / max(1, table.labels["rows"])
        yield _line("labels", language, _say("words", language, mean=mean, **table.labels))
    if table.cleaned:
        counts = [f"{WORDS[what][language] if what in WORDS else what} ×{count}"
                  for what, count in table.cleaned.items()]  # fmt: skip
        yield _line("cleaned", language, " · ".join(counts))
    yield _line("licence", language, table.layout.licence[language])


def _clips(report: Report, language: Language) -> Iterator[str]:
    found = report.samples - len(report.missing)
    told = _say("found", language, found=found, count=report.samples)
    yield (
        WORDS["clips"][language].capitalize()
        + "  "
        + (told if report.searched else _say("unsearched", language))
    )
    if report.searched and report.missing:
        yield _line("missing", language, f"{len(report.missing)}: {_names(report.missing, language)}")
    if report.extra:
        yield _line("extra", language, f"{len(report.extra)}: {_names(report.extra, language)}")
    if not report.clips:
        return
    lengths = [clip.duration_s for clip in report.clips]
    span = _say("durations", language, low=min(lengths), high=max(lengths), middle=median(lengths),
                total=sum(lengths))  # fmt: skip
    both = sum(bool(clip.picture and clip.sound) for clip in report.clips)
    mute, blind = (sum(not getattr(clip, part) for clip in report.clips) for part in ("sound", "picture"))
    yield _line("opened", language, f"{len(report.clips)}: {span}")
    yield _line("", language, _say("streams", language, both=both, mute=mute, blind=blind))
    for clip in report.clips[:MOST_CLIPS]:
        yield _clip(clip, language)
    if len(report.clips) > MOST_CLIPS:
        yield "  " + _say("more", language, count=len(report.clips) - MOST_CLIPS)


def _clip(clip: ClipReport, language: Language) -> str:
    picture = sound = "-"
    if clip.picture:
        picture = "{width}x{height} {fps:.3g} fps {codec}".format(**clip.picture)
    if clip.sound:
        sound = "{rate_hz} Hz {channels} ch {codec}".format(**clip.sound)
    name = _padded(shown(clip.name, NAME_WIDTH), NAME_WIDTH)
    ending = PurePath(clip.file).suffix
    line = f"  {name} {ending:<5} {clip.duration_s:6.2f} s  {picture:<26} {sound}"
    return line + "".join(f"  ! {warning[language]}" for warning in clip.warnings)


def _names(names: Iterable[str], language: Language) -> str:
    names = list(names)
    more = " " + _say("more", language, count=len(names) - MOST) if len(names) > MOST else ""
    return ", ".join(map(shown, names[:MOST])) + more


def _line(word: str, language: Language, text: str) -> str:
    return f"  {_padded(WORDS[word][language] if word else '', WIDTH)} {text}"


def _say(word: str, language: Language, **values) -> str:
    return WORDS[word][language].format(**values)


def _padded(text: str, width: int) -> str:
    """Chinese characters take two cells of a terminal."""
    cells = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(0, width - cells)
