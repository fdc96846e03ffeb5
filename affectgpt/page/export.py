"""What can be taken away: an explanation as Markdown, and programs that ask this page's endpoints."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Mapping
from typing import Any

from ..assessment import headline
from ..card import NOTICE, TITLES
from ..schema import MODALITIES, Explanation, Text

HIDDEN = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")  # marks that turn the direction round
SPECIAL = re.compile(r"([\\`*_\[\]|~#$])")
FIRST_SPECIAL = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")  # begins a list or underlines a heading
WORDS = {
    "labels": Text("Apparent emotion", "外在情绪"),
    "cannot_tell": Text("Cannot tell", "无法判断"),
    "confidence": Text("confidence {value:.2f}", "置信度 {value:.2f}"),
    "plane": Text("Valence {v:+.2f}, arousal {a:+.2f}", "效价 {v:+.2f}，唤醒度 {a:+.2f}"),
    "conflicts": Text("Where the clues disagree", "线索之间的矛盾"),
    "clues": Text("Clues", "线索"),
    "columns": Text(
        "| | What | Time | Value |\n|---|---|---|---|", "| | 内容 | 时间 | 数值 |\n|---|---|---|---|"
    ),
    "written": Text("written by a model, not measured", "由模型写出，并非测得"),
    "missing": Text("What is missing", "缺失与提醒"),
    "scores": Text("Against the reference", "与参考答案对照"),
    "engine": Text("Made by", "生成者"),
}
MARKS = {"visual": "V", "acoustic": "A", "lexical": "L"}  # as on the page


def to_markdown(explanation: Explanation) -> str:
    """Return an explanation to read, to print or to paste; every text in it is escaped."""
    language, found = explanation.language, explanation.verdict
    blocks = [f"# {_plain(explanation.name)}", f"## {WORDS['labels'][language]}"]
    if found.labels:
        blocks.append(
            "\n".join(
                f"- **{_plain(label.text[language])}** · "
                f"{WORDS['confidence'][language].format(value=label.confidence)}"
                for label in found.labels
            )
        )
    else:
        why = f" · {_plain(found.cannot_tell[language])}" if found.cannot_tell else ""
        blocks.append(f"**{WORDS['cannot_tell'][language]}**{why}")
    if found.valence is not None and found.arousal is not None:
        blocks.append(WORDS["plane"][language].format(v=found.valence, a=found.arousal))
    for part in (*MODALITIES, "inference"):
        if written := explanation.parts.get(part):
            blocks += [f"## {TITLES[part][language]}", _paragraphs(written)]
    if found.conflicts:
        lines = [f"- {_plain(conflict.text[language])}" for conflict in found.conflicts]
        blocks += [f"## {WORDS['conflicts'][language]}", "\n".join(lines)]
    if explanation.clues:
        blocks += [f"## {WORDS['clues'][language]}", _table(explanation)]
    lacks = [
        *(
            f"- {TITLES[name][language]}: {_plain(why[language])}"
            for name, why in explanation.missing.items()
        ),
        *(f"- {_plain(warning[language])}" for warning in explanation.warnings),
    ]
    if lacks:
        blocks += [f"## {WORDS['missing'][language]}", "\n".join(lacks)]
    if explanation.scores:
        blocks += [f"## {WORDS['scores'][language]}", _plain(headline(explanation.scores, language))]
    known = [explanation.provenance.get(name) for name in ("version", "model", "quantization", "device")]
    maker = " · ".join(str(fact) for fact in (explanation.engine, *known) if fact not in (None, "none"))
    blocks += ["---", f"{WORDS['engine'][language]}: {_plain(maker)}", f"*{NOTICE[language]}*"]
    return "\n\n".join(blocks) + "\n"


def _table(explanation: Explanation) -> str:
    language, seen, rows = explanation.language, dict.fromkeys(MODALITIES, 0), []
    for clue in explanation.clues:
        seen[clue.modality] += 1
        spans = ", ".join(f"{start:.1f}–{end:.1f} s" for start, end in clue.spans)
        value = "" if clue.value is None else f"{clue.value:.3g} {clue.unit}"
        if clue.kind == "written":
            value = WORDS["written"][language]
        cells = (
            f"{MARKS[clue.modality]}{seen[clue.modality]}",
            _plain(clue.text[language]),
            spans,
            _plain(value),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([WORDS["columns"][language], *rows])


def _paragraphs(text: str) -> str:
    pieces = (_plain(piece) for piece in re.split(r"\n\s*\n", text.strip()))
    return "\n\n".join(piece for piece in pieces if piece)


def _plain(text: str) -> str:
    """One line that Markdown, and HTML in it, shows as it was written."""
    text = HIDDEN.sub("", " ".join(text.split()))
    text = "".join(character for character in text if unicodedata.category(character) != "Cc")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = FIRST_SPECIAL.sub(_first, SPECIAL.sub(r"\\\1", text))
    return text.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")  # no links


def _first(match: re.Match) -> str:
    blank, begin = match.groups()
    return f"{blank}{begin}&#8203;" if begin.isdigit() else f"{blank}\\{begin}"


# What is sent to each endpoint in the examples: files by parameter, then the other values.
CALLS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "analyze": ({"clip": "clip.mp4"}, {"subtitle": "", "language": "en", "engine": "auto", "consent": True}),
    "evaluate": (
        {},
        {
            "text": "She smiles broadly, and her voice is lively.",
            "labels": "happy, excited",
            "reference": "She smiles, and her voice is bright: she is happy.",
            "reference_labels": "happy, joyful",
            "language": "en",
        },
    ),
    "benchmark": ({"predictions": "predictions.jsonl"}, {"benchmark": "emer-v2", "language": "en"}),
}
RESULTS = {"analyze": '["text"]', "evaluate": '["label_overlap"]', "benchmark": '["scores"][0]'}
CONSENT = "  # you may use the clip, and its people were informed"


def python_snippet(address: str, endpoint: str = "analyze", **values: Any) -> str:
    """Return a program that asks an endpoint of the page at `address`; `values` replace those of `CALLS`."""
    files, rest = _filled(endpoint, values)
    lines = [f"    {name}=handle_file({file!r}),  # yours" for name, file in files.items()]
    lines += [f"    {name}={value!r},{CONSENT if name == 'consent' else ''}" for name, value in rest.items()]
    load = "Client, handle_file" if files else "Client"
    return (
        f"from gradio_client import {load}  # pip install gradio_client\n\n"
        f"client = Client({address!r})\nanswer = client.predict(\n"
        + "\n".join(lines)
        + f'\n    api_name="/{endpoint}",\n)\nprint(answer{RESULTS[endpoint]})\n'
    )


def curl_snippet(address: str, endpoint: str = "analyze", **values: Any) -> str:
    """Return the same as lines of a shell: upload the file, send the request, wait for the answer."""
    files, rest = _filled(endpoint, values)
    lines, head = [f"ADDRESS={shlex.quote(address.rstrip('/'))}"], ""
    for name, file in files.items():
        upload = shlex.quote(f"files=@{file}")
        lines.append(f'FILE=$(curl -s -F {upload} "$ADDRESS/gradio_api/upload" | cut -d \'"\' -f 2)')
        head = f'"{name}": {{"path": "%s", "meta": {{"_type": "gradio.FileData"}}}}, '
    place = ' "$FILE"' if files else ""
    # an argument of printf is not read again, and nothing inside '...' is
    lines += [
        f"ID=$(printf '{{{head}%s}}'{place} {shlex.quote(_json(rest)[1:-1])} |",
        "  curl -s -H 'Content-Type: application/json' --data-binary @- \\",
        f'  "$ADDRESS/gradio_api/call/v2/{endpoint}" | cut -d \'"\' -f 4)',
        f'curl -sN "$ADDRESS/gradio_api/call/v2/{endpoint}/$ID" |',
        "  sed -n '/^event: complete/{n;s/^data: //p;}'",
    ]
    return "\n".join(lines) + "\n"


def _filled(endpoint: str, values: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    files, rest = ({**fixed} for fixed in CALLS[endpoint])
    for name, value in values.items():
        (files if name in files else rest)[name] = value
    return files, rest


def _json(values: Mapping[str, Any]) -> str:
    """JSON to be read by people, too: only what cannot be seen is written as an escape."""
    text = json.dumps(values, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
