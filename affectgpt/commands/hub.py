"""The commands about the Hub: `affectgpt push` publishes an artifact, `affectgpt pull` fetches one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..console import Lang, quiet_libraries, told, write
from ..schema import AffectError, Language, Text

if TYPE_CHECKING:
    from ..hub.checks import Finding
    from ..hub.fetch import Progress
    from ..hub.stage import Staged

SHOWN = 20  # of the files that are left out
SAID = {
    "dir": Text(
        "Name the folder that is to be published: affectgpt push {kind} DIR --repo ORG/NAME.",
        "请给出要发布的文件夹：affectgpt push {kind} DIR --repo ORG/NAME。",
    ),
    "checkout": Text(
        "The Space is put together from the checkout that this command runs in: leave the folder away.",
        "Space 由本命令所在的源码仓库组装而成：请不要再指定文件夹。",
    ),
    "files": Text(
        "{count} files, {size:,} bytes, for the {kind} repository {repo}:",
        "{count} 个文件，共 {size:,} 字节，将发布到 {kind} 仓库 {repo}：",
    ),
    "left": Text("Left out: {names}", "不发布：{names}"),
    "card": Text("The card:", "卡片："),
    "refused": Text("Refused ({count}):", "拒绝发布（{count} 项）："),
    "checked": Text(
        "Checked: no pickle, secret, path of this machine, clip or oversized file; the card is complete.",
        "检查通过：没有 pickle、密钥、本机路径、片段或过大的文件；卡片完整。",
    ),
    "would": Text("It would: {steps}.", "将会：{steps}。"),
    "done": Text("Published: {url} (commit {commit})", "已发布：{url}（提交 {commit}）"),
    "unverified": Text("It was not loaded back (--no-verify).", "未重新加载验证（--no-verify）。"),
    "pulled": Text(
        "{repo} at {commit}: {count} files, each checked by its checksum, in {folder}",
        "{repo}（{commit}）：{count} 个文件，均已核对校验和，保存在 {folder}",
    ),
    "offline": Text(
        "The Hub was not reached: this is from the cache, and there may be a newer one.",
        "未能连接 Hub：内容取自缓存，可能不是最新版本。",
    ),
}
STEPS = {
    "create": Text("create {repo} (private) where it is not there yet", "创建 {repo}（私有，如尚不存在）"),
    "upload": Text("upload what differs and delete what is not listed", "上传有差异的文件，删除未列出的文件"),
    "pr": Text("propose the difference as a pull request", "以合并请求提交差异"),
    "gate": Text("grant access on request only", "改为需申请后访问"),
    "verify": Text("load it back and run one sample", "重新加载并运行一个样本"),
    "tag": Text("tag it {tag}", "打标签 {tag}"),
    "open": Text("make it public", "设为公开"),
}
Language_ = Annotated[Lang, typer.Option(help="Language of the messages.")]
Id = "ORG/NAME[@REV]"


class Thing(str, Enum):
    """What can be published."""

    model = "model"
    adapter = "adapter"
    dataset = "dataset"
    results = "results"
    space = "space"


class Kind(str, Enum):
    """A kind of repository on the Hub."""

    model = "model"
    dataset = "dataset"
    space = "space"


def push(
    thing: Annotated[
        Thing, typer.Argument(metavar="model|adapter|dataset|results|space", help="What it is.")
    ],
    repo: Annotated[str, typer.Option(metavar="ORG/NAME", help="Where it goes on the Hub.")],
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR]",
            help="What convert, data build or evaluate wrote; none for space.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show files, card and checks; change nothing, ask nobody.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Open it to all, once it has been loaded back.")
    ] = False,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Propose it as a pull request to what is there.")
    ] = False,
    tag: Annotated[
        str | None, typer.Option("--revision", metavar="TAG", help="Tag what is published, as v1.0.")
    ] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not load it back and run a sample.")
    ] = False,
    results: Annotated[
        list[str],
        typer.Option(metavar="FILE", help="A result.json, or its folder: numbers for the card; repeatable."),
    ] = [],
    base_model: Annotated[
        str | None, typer.Option(metavar="ID,ID", help="Hub ids of base models that were local folders.")
    ] = None,
    base_repo: Annotated[
        str | None, typer.Option(metavar=Id, help="The unquantised model of an NF4 one.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar=Id, help="The model that the Space runs, or that the card names.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar=Id, help="The data set that the Space shows, or the card names.")
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="The Space that the card names.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the source of this package is, for the card.")
    ] = None,
    i_may_publish: Annotated[
        bool, typer.Option("--i-may-publish", help="The owners of the data have allowed you to open it.")
    ] = False,
    language: Language_ = Lang.en,
):
    """Publish a model, adapter, data set, results or the Space: private, and loaded back at the end."""
    quiet_libraries()
    with told(language.value):
        from ..hub.bundle import ROOT
        from ..hub.push import Refused, findings, would
        from ..hub.push import push as publish
        from ..hub.stage import stage

        if folder is None and thing != Thing.space:
            raise _mistake("dir", kind=thing.value)
        if folder is not None and thing == Thing.space and Path(folder).resolve() != ROOT:
            raise _mistake("checkout")
        links = {"base_model": base_model, "base_repo": base_repo, "model": model, "dataset": dataset}
        links |= {"space": space, "code": code}
        source = Path(folder or ".")
        with tempfile.TemporaryDirectory(prefix=".affectgpt-push-", dir=_near(source)) as work:
            staged = stage(
                _artifact(thing, source),
                source,
                repo,
                work=Path(work),
                results=[_result(Path(each)) for each in results],
                **{name: value for name, value in links.items() if value},
            )
            options = {"public": public, "create_pr": create_pr, "tag": tag, "verify": not no_verify}
            options["may_publish"] = i_may_publish
            if dry_run:
                steps = would(staged, **options)
                found = findings(staged)
                write("-", _preview(staged, language.value))
                write("-", _verdict(found, language.value))
                if found:
                    raise typer.Exit(2)
                words = [STEPS[step].filled(repo=repo, tag=tag)[language.value] for step in steps]
                write("-", SAID["would"].filled(steps=", ".join(words))[language.value] + "\n")
                return
            try:
                done = publish(staged, **options, tell=lambda text: _tell(text[language.value]))
            except Refused as error:
                sys.stderr.write(_verdict(error.findings, language.value))
                raise typer.Exit(2) from None
        report = done.report or SAID["unverified"]
        write("-", report[language.value] + "\n")
        write("-", SAID["done"].filled(url=done.url, commit=done.commit)[language.value] + "\n")
    if done.verified == "files":
        raise typer.Exit(2)


def pull(
    repo: Annotated[
        str, typer.Argument(metavar="ORG/NAME[@REV]", help="Repository, at a branch, tag or commit.")
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder to write; empty or not there yet.")],
    kind: Annotated[Kind, typer.Option(help="Which kind of repository it is.")] = Kind.model,
    language: Language_ = Lang.en,
):
    """Fetch a repository of the Hub, each file checked by its checksum; a download that broke off goes on."""
    quiet_libraries()
    with told(language.value):
        from ..convert.output import free_folder
        from ..hub.address import Address
        from ..hub.fetch import copy_out, fetch
        from ..media.sniff import shown_name

        address = Address.parse(repo, kind.value)
        free_folder(out)
        fetched = fetch(address, tell=_bar())
        copy_out(fetched, Path(out))
        if fetched.offline:
            print(SAID["offline"][language.value], file=sys.stderr)
        values = {"repo": address.repo, "commit": fetched.commit, "count": len(fetched.files)}
        text = SAID["pulled"].filled(folder=shown_name(os.path.abspath(out)), **values)
        write("-", text[language.value] + "\n")


def _artifact(thing: Thing, source: Path) -> str:
    """A whole model is published as what it is: as it was trained, or quantised."""
    from ..hub.cards import artifact_of

    if thing == Thing.model and source.is_dir() and artifact_of(source) == "quantized":
        return "quantized"
    return thing.value


def _result(given: Path) -> Path:
    """A result, or the one in a report's folder."""
    return given / "result.json" if given.is_dir() else given


def _near(source: Path) -> str | None:
    """A place for links to the source's files: on its disk, since a model may be larger than /tmp."""
    above = source.absolute().parent
    near = above.is_dir() and above.stat().st_dev != os.stat(tempfile.gettempdir()).st_dev
    return str(above) if near and os.access(above, os.W_OK) else None


def _preview(staged: Staged, language: Language) -> str:
    """What would be uploaded, what would not, and the card; a secret in it is not shown."""
    from ..convert.output import sha256
    from ..hub.checks import read_sums
    from ..hub.secrets import masked, own

    sums = read_sums(staged.folder)
    files = {
        path.relative_to(staged.folder).as_posix(): path
        for path in sorted(staged.folder.rglob("*"))
        if path.is_file()
    }
    size = sum(path.stat().st_size for path in files.values())
    values = {"count": len(files), "size": size, "kind": staged.repo.kind, "repo": staged.repo.repo}
    lines = [SAID["files"].filled(**values)[language]]
    for name, path in files.items():
        digest = (sums.get(name) or sha256(path))[:12]
        lines.append(f"  {name:<44} {path.stat().st_size:>15,} B  {digest}")
    if left := staged.left_out:
        names = ", ".join(left[:SHOWN]) + (f", … ({len(left)})" if len(left) > SHOWN else "")
        lines.append(SAID["left"].filled(names=names)[language])
    lines += [SAID["card"][language], files["README.md"].read_text(encoding="utf-8")]
    return masked("".join(f"{line}\n" for line in lines), own())


def _verdict(found: tuple[Finding, ...], language: Language) -> str:
    """Everything that the checks refuse, a line each, or that they refuse nothing."""
    if not found:
        return SAID["checked"][language] + "\n"
    lines = [SAID["refused"].filled(count=len(found))[language]]
    lines += [f"  {each.path}: {each.text[language]}" for each in found]
    return "".join(f"{line}\n" for line in lines)


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _bar() -> Callable[[Progress], None]:
    """A bar on a terminal; no line elsewhere."""
    from tqdm import tqdm

    bar = tqdm(unit="B", unit_scale=True, file=sys.stderr, disable=None)

    def tell(progress: Progress) -> None:
        bar.total = progress.total
        bar.update(progress.done - bar.n)
        if progress.done >= progress.total:
            bar.close()

    return tell


def _mistake(key: str, **values: str) -> AffectError:
    text = SAID[key].filled(**values)
    return AffectError(text.en, text.zh)
