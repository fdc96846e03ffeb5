"""What the small files of a fetched model would have the libraries do: read elsewhere, or run code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..schema import Text
from .address import Address
from .problems import problem

INDEX = ".index.json"
SETTINGS = (
    "config.json", "generation_config.json", "processor_config.json", "preprocessor_config.json",
    "tokenizer_config.json", "adapter_config.json",
)  # fmt: skip


def check_inside(address: Address, folder: Path, files: Iterable[str]) -> None:
    """Refuse an index that names other files than those fetched, settings that are none, foreign kernels.

    transformers opens any path that an index names, and downloads and runs the kernel (ORG/NAME) that
    `attn_implementation` names where the `kernels` package is installed. Raises AffectError.
    """
    files = set(files)
    for name in sorted(name for name in files if name.endswith(INDEX)):
        if odd := sorted(named_in(folder / name) - files):
            shown = ascii(odd[0][:60])
            what = Text(
                f"an index of weights that names what is not there, {shown}",
                f"指向不存在文件的权重索引 {shown}",
            )
            raise problem("unsafe", address, what=what)
    for name in (name for name in SETTINGS if name in files):
        content = _json(folder / name)
        if not isinstance(content, dict):
            what = Text(f"a {name} that is not one", f"无效的 {name}")
            raise problem("unsafe", address, what=what)
        for part in (content, *content.values()):
            for key, value in part.items() if isinstance(part, dict) else ():
                if key.endswith("_implementation") and "/" in str(value):
                    shown = ascii(str(value)[:60])
                    what = Text(
                        f"a setting that runs code of another place, {shown}", f"会运行外部代码的设置 {shown}"
                    )
                    raise problem("unsafe", address, what=what)


def named_in(index: Path) -> set[str]:
    """Return the files that an index of weights names; one that cannot be read names what cannot be there."""
    content = _json(index)
    found = content.get("weight_map") if isinstance(content, dict) else None
    return set(map(str, found.values())) if isinstance(found, dict) else {f"{index.name}: ?"}


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
