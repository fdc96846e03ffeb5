"""What must be true of a card before it is published: its fields, links, numbers and checksums."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from posixpath import normpath
from typing import Any

import yaml

from ..benchmarks.result import Result, read_result
from ..convert.output import RECORD, SUMS, read_json, read_sums
from ..schema import AffectError, Text
from .card_numbers import CODE, shortened, untraced
from .card_results import EVAL_FOLDER, FOLDER
from .facts import artifact_of

MAX_CHARACTERS = 200_000
MAX_SHORT_DESCRIPTION = 60
MODEL_FIELDS = (
    "library_name", "pipeline_tag", "license", "license_name", "license_link", "language", "base_model",
    "base_model_relation", "datasets", "tags", "extra_gated_prompt", "extra_gated_fields",
)  # fmt: skip
DATA_FIELDS = ("pretty_name", "license", "license_name", "license_link", "language", "task_categories",
               "size_categories", "tags")  # fmt: skip
FIELDS = {
    "model": MODEL_FIELDS,
    "quantized": MODEL_FIELDS,
    "adapter": MODEL_FIELDS,
    "dataset": (*DATA_FIELDS, "configs", "dataset_info", "extra_gated_prompt", "extra_gated_fields"),
    "results": DATA_FIELDS,
    "space": ("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file",
              "short_description", "license"),
}  # fmt: skip
SECTIONS = ("How to use", "Results", "Training data", "Limits and bias", "Intended and forbidden use",
            "Licences", "How to check the files", "Citation", "Contact and removal", "中文摘要")  # fmt: skip
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
GATED_KINDS = {"text", "country", "checkbox", "date_picker"}
OWN_PAGE = re.compile(
    r"https://huggingface\.co/(?:datasets/)?[^/\s)]+/[^/\s)]+/(?:blob|tree)/main/([^\s)#]+)"
)
LINK = re.compile(r"(?<!\\)\]\(<?([^)\s>]+)>?\)|(?:src|href)=\"([^\"]+)\"")
SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)

PROBLEMS = {
    "matter": Text("The card's front matter is not valid: {why}.", "卡片的元数据无效：{why}。"),
    "field": Text("The card lacks the field {name}.", "卡片缺少字段 {name}。"),
    "section": Text("The card lacks the section “{name}”.", "卡片缺少“{name}”一节。"),
    "blank": Text("The card has a blank that was not filled: {what}.", "卡片有未填写的占位符：{what}。"),
    "link": Text("A link of the card leads to nothing in the repository: {what}.",
                 "卡片中的链接在仓库内没有目标：{what}。"),
    "number": Text("A number of the card is in no result file: {what}.",
                   "卡片中的数字不在任何结果文件中：{what}。"),
    "sha": Text("A checksum of the card is of no file in the repository: {what}.",
                "卡片中的校验和与仓库内任何文件都不符：{what}。"),
    "long": Text("The card is too long: {what} characters.", "卡片过长：{what} 个字符。"),
    "eval": Text("{name} is not valid: {why}.", "{name} 无效：{why}。"),
}  # fmt: skip


def check_card(
    text: str, folder: Path, beside: Mapping[str, bytes] | None = None, *, artifact: str | None = None
) -> tuple[Text, ...]:
    """Return what is wrong with the README.md `text` of a repository that holds the files of `folder`.

    beside: files that will lie there, too. artifact: what it is; None asks the folder. Checked are the Hub
    library's own reading of the front matter, required fields and sections, links inside the repository,
    numbers of results against the `result.json` files, checksums, and length. The Hub itself checks the front
    matter once more when it is pushed.
    """
    folder, beside = Path(folder), dict(beside or {})
    if len(text) > MAX_CHARACTERS:
        return (PROBLEMS["long"].filled(what=len(text)),)
    try:
        matter = _matter(text)
        artifact = artifact or ("space" if matter.get("sdk") else artifact_of(folder))
        _taken(matter, artifact)
    except (ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        return (PROBLEMS["matter"].filled(why=shortened(error)),)
    results, found = _results(folder, beside)
    found += [PROBLEMS["field"].filled(name=name) for name in FIELDS[artifact] if not matter.get(name)]
    if artifact != "space":
        heads = set(HEADING.findall(text))
        found += [PROBLEMS["section"].filled(name=name) for name in SECTIONS if name not in heads]
    found += [PROBLEMS["matter"].filled(why=why) for why in _odd_fields(matter)]
    blanks = re.findall(r"\{\{.*?\}\}|\{%.*?%\}|\[More Information Needed\]", text)
    found += [PROBLEMS["blank"].filled(what=shortened(what)) for what in blanks]
    found += [PROBLEMS["link"].filled(what=shortened(what)) for what in _dead_links(text, folder, beside)]
    found += [PROBLEMS["number"].filled(what=shortened(what)) for what in untraced(text, matter, results)]
    known = _checksums(folder, beside)
    found += [PROBLEMS["sha"].filled(what=sha[:12]) for sha in SHA256.findall(text) if sha not in known]
    found += _eval_problems(folder, beside, results)
    return tuple(dict.fromkeys(found))


def _matter(text: str) -> dict[str, Any]:
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    block = REGEX_YAML_BLOCK.search(text)
    matter = yaml.safe_load(block.group(2)) if block else None
    if not isinstance(matter, dict):
        raise ValueError("there is none" if matter is None else "not a mapping")
    return matter


def _taken(matter: Mapping[str, Any], artifact: str) -> None:
    """Let the library's own class of the card's kind read it; it raises ValueError, among others."""
    from huggingface_hub import DatasetCardData, ModelCardData, SpaceCardData

    kinds = {"dataset": DatasetCardData, "results": DatasetCardData, "space": SpaceCardData}
    kinds.get(artifact, ModelCardData)(**matter)


def _odd_fields(matter: Mapping[str, Any]) -> Iterator[str]:
    """What the library takes and the Hub does not."""
    if matter.get("license") == "other" and not (matter.get("license_name") and matter.get("license_link")):
        yield "license: other needs license_name and license_link"
    for name, kind in (matter.get("extra_gated_fields") or {}).items():
        if (kind.get("type") if isinstance(kind, dict) else kind) not in {*GATED_KINDS, "select"}:
            yield f"extra_gated_fields: {name}"
    if len(str(matter.get("short_description", ""))) > MAX_SHORT_DESCRIPTION:
        yield f"short_description has more than {MAX_SHORT_DESCRIPTION} characters"
    for name in ("colorFrom", "colorTo"):
        if name in matter and matter[name] not in COLOURS:
            yield f"{name}: {matter[name]}"


def _results(folder: Path, beside: Mapping[str, bytes]) -> tuple[dict[str, Result], list[Text]]:
    """Path -> result, of `results/*.json` in the repository, and what could not be read."""
    found, wrong = {}, []
    paths = {f"{FOLDER}/{file.name}": file.read_bytes() for file in sorted((folder / FOLDER).glob("*.json"))}
    with tempfile.TemporaryDirectory() as work:
        for path, content in {**paths, **beside}.items():
            if path.startswith(f"{FOLDER}/") and path.endswith(".json"):
                file = Path(work, Path(path).name)
                file.write_bytes(content)
                try:
                    found[path] = read_result(file)
                except AffectError as error:
                    wrong.append(error.text)
    return found, wrong


def _dead_links(text: str, folder: Path, beside: Mapping[str, bytes]) -> Iterator[str]:
    anchors = {_anchor(head) for head in HEADING.findall(text)}
    plain = CODE.sub(lambda code: "`x`" if not code[0].startswith("```") else "", text)
    targets = [one or two for one, two in LINK.findall(plain)]
    for target in [*targets, *OWN_PAGE.findall(text.partition("\n---\n")[0])]:
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        if not path:
            if anchor not in anchors:
                yield target
            continue
        path = normpath(path)
        inside = not path.startswith(("/", ".."))
        there = {"README.md", SUMS, *beside, *(f"{name.rpartition('/')[0]}" for name in beside)}
        if not inside or not (path in there or (folder / path).exists()):
            yield target


def _checksums(folder: Path, beside: Mapping[str, bytes]) -> set[str]:
    """Every sha256 that the repository's own files prove or record."""
    source = read_json(folder / RECORD).get("source") or {}
    files = [file.read_bytes() for file in (folder / FOLDER).glob("*.json")]
    sums = {hashlib.sha256(content).hexdigest() for content in (*files, *beside.values())}
    return {*sums, *read_sums(folder).values(), str(source.get("sha256"))}


def _eval_problems(folder: Path, beside: Mapping[str, bytes], results: Mapping[str, Result]) -> list[Text]:
    """What is wrong with `.eval_results/*.yaml`: its form, or a value that is no result's headline."""
    from huggingface_hub import parse_eval_result_entries

    files = {
        f"{EVAL_FOLDER}/{file.name}": file.read_bytes() for file in (folder / EVAL_FOLDER).glob("*.yaml")
    }
    values: Sequence[Any] = [result.headline.value for result in results.values()]
    found = []
    for name, content in {**files, **beside}.items():
        if not (name.startswith(f"{EVAL_FOLDER}/") and name.endswith(".yaml")):
            continue
        try:
            entries = parse_eval_result_entries(yaml.safe_load(content))
        except (ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            found.append(PROBLEMS["eval"].filled(name=name, why=shortened(error)))
            continue
        found += [
            PROBLEMS["number"].filled(what=f"{entry.value} ({name})")
            for entry in entries
            if entry.value not in values
        ]
    return found


def _anchor(head: str) -> str:
    return re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
