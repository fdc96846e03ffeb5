"""The folder of the Space: what the app needs to run there, with its card and its requirements."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from ..schema import AffectError
from .address import COMMIT, Address

ROOT = Path(__file__).parents[2]
CARD = "hub_cards/space.md"  # its front matter is that of README.md, whatever else is rendered into it
# Patterns below the checkout. packages.txt stays empty: nothing needs a system library. OpenCV's headless
# wheel asks for none, and mediapipe brings its own EGL and finds faces where no GL driver is (tried).
FILES = (
    "LICENSE", "app.py",
    "affectgpt/**/*.py", "affectgpt/**/*.json", "affectgpt/**/*.tsv", "affectgpt/**/*.css",
    "affectgpt/**/*.js",
    "examples/*.mp4", "examples/*.srt", "examples/*.json", "examples/references.jsonl",
    "examples/answers/*.json",
)  # fmt: skip
PLATFORM = ("gradio", "spaces", "huggingface_hub")  # a Space installs these itself, at versions of its own
REQUIREMENTS = "# What this Space installs; the platform adds " + ", ".join(PLATFORM) + ".\n"
MINUTES = 40  # after which a visitor's files are gone; `page/look.py` holds the limit
WHY = {
    "GRADIO_SSR_MODE": "rendering on the server puts gradio's styles over ours",
    "AFFECTGPT_MODEL": "the weights that answer, at one commit: another needs a decision",
    "AFFECTGPT_DATASET": "the data set of the EMER tab, at one commit",
}


def bundle(out: Path, repo: str, *, model: str | None = None, dataset: str | None = None) -> list[Path]:
    """Write the Space `repo` into `out`, an empty or new folder; return its files. Same input, same bytes.

    model, dataset: ORG/NAME@COMMIT of what it uses, told in its card; they take effect by `variables`. There
    is no `preload_from_hub`: it reaches no private repository, and ours are private or gated. Raises
    AffectError.
    """
    Address.parse(repo, "space")
    if not (ROOT / CARD).is_file() or not (ROOT / "app.py").is_file():
        raise AffectError(
            "The Space is put together from a checkout of the project, and this is an installed package: "
            "clone the repository and run it there.",
            "Space 需由项目的源码仓库组装，而此处是已安装的软件包：请克隆仓库并在其中运行。",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AffectError(
            f"{out.name} is not empty: name a new folder for the Space.",
            f"{out.name} 不是空文件夹：请为 Space 指定一个新文件夹。",
        )
    contents = {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for pattern in FILES
        for file in ROOT.glob(pattern)
        if file.is_file() and not file.is_symlink()
    }
    contents["README.md"] = card(repo, model=model, dataset=dataset).encode()
    contents["packages.txt"] = b""
    contents["requirements.txt"] = requirements((ROOT / "requirements.txt").read_text("utf-8")).encode()
    for name, content in sorted(contents.items()):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return [out / name for name in sorted(contents)]


def variables(model: str | None = None, dataset: str | None = None) -> dict[str, str]:
    """Return the public variables that the Space must be given; raises AffectError without a full commit."""
    given = {"GRADIO_SSR_MODE": "false"}
    for name, text in (("AFFECTGPT_MODEL", model), ("AFFECTGPT_DATASET", dataset)):
        if not text:
            continue
        address = Address.parse(text, "model" if name == "AFFECTGPT_MODEL" else "dataset")
        if not COMMIT.fullmatch(address.revision or ""):
            raise AffectError(
                f"{address} may change under the Space: name its commit, {address.repo}@ and 40 hexadecimal "
                "digits.",
                f"{address} 日后可能变化：请为 Space 写明其提交，即 {address.repo}@ 加 40 位十六进制数。",
            )
        given[name] = str(address)
    return given


def card(repo: str, *, model: str | None = None, dataset: str | None = None) -> str:
    """Return the README.md of the Space, see `bundle`."""
    from huggingface_hub import SpaceCard, SpaceCardData

    return SpaceCard.from_template(
        SpaceCardData(),
        template_path=ROOT / CARD,
        repo=repo,
        gradio=version("gradio"),
        model=Address.parse(model) if model else None,
        dataset=Address.parse(dataset, "dataset") if dataset else None,
        variables=variables(model, dataset),
        why=WHY,
        minutes=MINUTES,
    ).content


def requirements(text: str) -> str:
    """Return the lines of a requirements file without comments and without what the platform manages."""
    kept = [line.split(" #")[0].strip() for line in text.splitlines()]
    kept = [line for line in kept if line and not line.startswith("#") and _package(line) not in PLATFORM]
    return REQUIREMENTS + "".join(f"{line}\n" for line in kept)


def _package(line: str) -> str:
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].replace("-", "_").lower()
