"""The card of an artifact: README.md and what lies beside it, from templates and the folder's own files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..citations import CITATIONS
from ..schema import AffectError, Text
from .bundle import MINUTES
from .card_check import check_card
from .card_results import Published, cell, code, eval_files, published, result_files
from .facts import ModelFacts, Part, artifact_of, count_words, model_facts, parts_of, size_words
from .matter import dataset_matter, model_matter

TEMPLATES = Path(__file__).parents[2] / "hub_cards"
CONTACT = "AFFECTGPT_CONTACT"
__all__ = ["Card", "artifact_of", "check_card", "render"]  # some from the modules it is made of
AS_GIVEN = ("base_model", "code")  # the others are ORG/NAME, perhaps with @REVISION, which a card leaves out
LINKS = ("base_model", "base_repo", "dataset", "model", "space", "code")
ROLE_NAMES = {
    "text": Text("Language model", "语言模型"),
    "vision": Text("Visual encoder", "视觉编码器"),
    "audio": Text("Acoustic encoder", "音频编码器"),
}
BITS = {"nf4": Text("4 bits", "4 位（NF4）"), "int8": Text("8 bits", "8 位（int8）")}
NO_RESULTS = "No results are claimed here: no `result.json` was published with it."
PROBLEMS = {
    "base": Text(
        "The card cannot name the {role} on the Hub (recorded: {name}): convert from Hub ids, or give them "
        "(base_model).",
        "卡片无法写出{role}的 Hub 名称（记录为 {name}）：请以 Hub ID 转换，或自行给出（base_model）。",
    ),
    "source": Text(
        "The folder does not say where its weights come from (conversion.json: source): convert it again.",
        "文件夹未注明权重来源（conversion.json 的 source）：请重新转换。",
    ),
    "empty": Text("There is no result.json to publish: run affectgpt evaluate.",
                  "没有可发布的 result.json：请先运行 affectgpt evaluate。"),
    "rows": Text("There is no row in its Parquet files: build it again.",
                 "其 Parquet 文件没有数据：请重新构建。"),
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A card, ready to be put into a repository.

    text: README.md. files: path -> content of what lies beside it (LICENSE.md, `.eval_results`, `results`).
    problems: missing fields, numbers without a file, links that lead nowhere; empty when it may be published.
    """

    text: str
    files: dict[str, bytes] = field(default_factory=dict)
    problems: tuple[Text, ...] = ()


def render(artifact: str, folder: Path, repo: str, *, results: Sequence[Path] = (), **links: str) -> Card:
    """Return the card of the artifact in `folder` for the repository `repo` (ORG/NAME).

    results: `result.json` files whose scores it shows; of the artifact "results", those in the folder are
    taken as well. links: base_model (Hub ids with commas between them, for base models that were local
    folders), base_repo (the unquantised weights), dataset (the repository of EMER), model, space, code
    (address of the source). Raises AffectError when a file cannot be read or the templates are not here.
    """
    assert not links.keys() - set(LINKS), f"links are {LINKS}, not {sorted(links)}"
    links = {name: link if name in AS_GIVEN else link.partition("@")[0] for name, link in links.items()}
    folder = Path(folder)
    own = result_files(folder) if artifact == "results" else []
    shown = published([*own, *map(Path, results)], folder)
    kind = "dataset" if artifact in ("dataset", "results") else "model"
    values: dict[str, Any] = {
        "repo": repo,
        "name": repo.partition("/")[2],
        "install": _install(links),
        "contact": _contact(repo, kind),
        "related": _related(artifact, links),
        "kind_flag": " --kind dataset" if kind == "dataset" else "",
        "results": shown,
        "no_results": NO_RESULTS,
        "minutes": MINUTES,
        "citations": CITATIONS,
        "weights": kind == "model",
    }
    files = {one.path: one.content for one in shown}
    if kind == "model":
        facts = model_facts(folder, links.get("base_model"))
        matter = model_matter(artifact, facts, repo, shown, links)
        problems = _model_problems(facts)
        values |= _model_values(facts, links)
        files |= eval_files(shown, repo, links.get("dataset"))
    else:
        parts = parts_of(folder)
        matter = dataset_matter(artifact, parts)
        problems = _data_problems(artifact, parts, shown)
        values |= _data_values(parts)
    text = _filled(f"{artifact}.md", matter=matter.to_yaml(), **values)
    terms = artifact if kind == "dataset" else "model"
    files["LICENSE.md"] = _filled(f"parts/license_{terms}.md").encode()
    return Card(text, files, (*problems, *check_card(text, folder, files, artifact=artifact)))


def _model_values(facts: ModelFacts, links: Mapping[str, str]) -> dict[str, Any]:
    return {
        "facts": facts,
        "lora": f" (rank {facts.lora.get('r')}, alpha {facts.lora.get('alpha')})" if facts.lora else "",
        "roles": ROLE_NAMES,
        "count": count_words(facts.weights.parameters),
        "count_zh": _count_zh(facts.weights.parameters),
        "size": size_words(facts.weights.bytes),
        "bits": BITS.get(facts.quantization),
        "base_repo": links.get("base_repo", ""),
    }


def _count_zh(count: int) -> str:
    return f"{count / 1e8:.1f} 亿参数" if count >= 1e7 else f"{count / 1e4:.1f} 万参数"


def _data_values(parts: Sequence[Part]) -> dict[str, Any]:
    main = max((part.config for part in parts), default="")
    return {
        "parts": parts,
        "main": main,
        "version": "" if main == "emer_v2" else f', version="{main.removeprefix("emer_")}"',
    }


def _model_problems(facts: ModelFacts) -> list[Text]:
    found = []
    for base in facts.bases:
        if base.id is None:
            role = ROLE_NAMES[base.role]
            role = Text(role.en.lower(), role.zh)
            found.append(PROBLEMS["base"].filled(role=role, name=base.name or "?"))
    return found if facts.source.get("sha256") else [*found, PROBLEMS["source"]]


def _data_problems(artifact: str, parts: Sequence[Part], shown: Sequence[Published]) -> list[Text]:
    if artifact == "results":
        return [] if shown else [PROBLEMS["empty"]]
    return [] if parts and all(part.rows for part in parts) else [PROBLEMS["rows"]]


def _install(links: Mapping[str, str]) -> str:
    if code := links.get("code"):
        return f'pip install "affectgpt @ git+{code}"'
    return "pip install .  # in a checkout of the project affectgpt"


def _related(artifact: str, links: Mapping[str, str]) -> str:
    """The other repositories that belong to this one, as one line; "" without any."""
    kinds = {"space": ("demo", "spaces/"), "model": ("model", ""), "dataset": ("data set", "datasets/")}
    kinds.pop(artifact, None)
    found = [
        f"{name} [{links[link]}](https://huggingface.co/{folder}{links[link]})"
        for link, (name, folder) in kinds.items()
        if links.get(link)
    ]
    return f"See also: {', '.join(found)}." if found else ""


def _contact(repo: str, kind: str) -> str:
    if given := os.environ.get(CONTACT, "").strip():
        return " ".join(given.split())
    place = f"https://huggingface.co/{'datasets/' if kind == 'dataset' else ''}{repo}/discussions"
    return f"[the discussions of this repository]({place})"


def _filled(template: str, **values: Any) -> str:
    """The text of a template. Raises AffectError where the templates are not beside the package."""
    import jinja2

    if not (TEMPLATES / template).is_file():
        raise AffectError(
            "The templates of the cards (hub_cards) are not here: publish from a checkout of the project.",
            "此处没有卡片模板（hub_cards）：请在项目源码目录中发布。",
        )
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown; what files say goes through `cell`
    )
    made.filters |= {"cell": cell, "code": code, "size": size_words}
    text = made.get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
