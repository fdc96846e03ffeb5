"""Every sentence that publishing says: what is refused and why, what is done, what came of it."""

from __future__ import annotations

from typing import Any

from ..schema import AffectError, Text
from .problems import WRITING

SAID = {
    "refused": Text(
        "Not published: {count} things must be mended first. {first}",
        "未发布：需先解决 {count} 个问题。{first}",
    ),
    "licence": Text(
        "The EULA of MER2023 forbids to hand these annotations on, so they stay private: omit --public, or "
        "add --i-may-publish if their owners have allowed you to.",
        "MER2023 的使用协议禁止传播这些标注，因此只能私有保存：请去掉 --public；"
        "如已获所有者许可，请加 --i-may-publish。",
    ),
    "licence_open": Text(
        "{repo} is public, and the EULA of MER2023 forbids to hand these annotations on: make it private, or "
        "add --i-may-publish if their owners have allowed you to.",
        "{repo} 是公开仓库，而 MER2023 的使用协议禁止传播这些标注：请将其设为私有；"
        "如已获所有者许可，请加 --i-may-publish。",
    ),
    "foreign": Text(
        "{repo} holds something else that this command has not put there ({what}): choose another name.",
        "{repo} 中已有其他内容（{what}），并非由本命令发布：请换一个名称。",
    ),
    "tag_with_pr": Text(
        "--revision tags what is published, and --create-pr publishes nothing yet: tag it after the merge.",
        "--revision 为已发布的版本打标签，而 --create-pr 尚未发布：请在合并之后再打标签。",
    ),
    "public_with_pr": Text(
        "--public opens what is published, and --create-pr publishes nothing yet: use one of them.",
        "--public 公开已发布的内容，而 --create-pr 尚未发布：请只用其中一个。",
    ),
    "pr_needs_repo": Text(
        "{repo} does not exist yet, so there is nothing to propose a change to: leave --create-pr away.",
        "{repo} 尚不存在，无法提出修改：请去掉 --create-pr。",
    ),
    "tag_name": Text(
        "{tag} is no name for a tag: use letters, digits, points and hyphens, as v1.0.",
        "{tag} 不能用作标签名：请使用字母、数字、点和连字符，如 v1.0。",
    ),
    "tag": Text(
        "{repo} has a tag {tag} already, and it stays where it is: choose another one.",
        "{repo} 已有标签 {tag}，不会移动它：请换一个名称。",
    ),
    "card": Text(
        "The Hub does not accept the card: {why}",
        "Hub 不接受该卡片：{why}",
    ),
    "cut": Text(
        "The line to the Hub broke ({why}), and what has arrived stays there: run the same command again to "
        "go on.",
        "与 Hub 的连接中断（{why}），已上传的部分会保留：请重新运行同一命令以继续。",
    ),
    "unreachable": Text(
        "The Hub is out of reach ({why}), and nothing was published: connect to the Internet, then try "
        "again.",
        "无法连接 Hub（{why}），没有发布任何内容：请联网后重试。",
    ),
    "owner": Text(
        "You are {me} on the Hub, and no member of {owner} (or there is no such organisation): give a name "
        "of your own, as {me}/{name}.",
        "您在 Hub 上的身份是 {me}，不属于 {owner}（或该组织不存在）：请使用自己的名称，如 {me}/{name}。",
    ),
    "unverified": Text(
        "{repo} was uploaded (commit {commit}), but it did not load back, so it is not opened or tagged. "
        "{problem}",
        "{repo} 已上传（提交 {commit}），但未能重新加载，因此没有公开或打标签。{problem}",
    ),
    "create": Text("Creating {repo} (private)", "创建 {repo}（私有）"),
    "gate": Text("Access to {repo} is now granted on request only", "{repo} 已改为需申请后访问"),
    "already_open": Text(
        "{repo} is public already: what is uploaded is seen at once",
        "{repo} 已是公开仓库：上传的内容立即可见",
    ),
    "upload": Text(
        "Uploading {count} files, {size:,} bytes; {gone} are deleted there",
        "上传 {count} 个文件，共 {size:,} 字节；删除 {gone} 个",
    ),
    "nothing": Text(
        "Nothing to upload: {repo} holds just these files already", "无需上传：{repo} 中已是这些文件"
    ),
    "new_pr": Text("Opened pull request {url}", "已创建合并请求 {url}"),
    "old_pr": Text("Going on with the open pull request {url}", "继续使用已打开的合并请求 {url}"),
    "verify": Text("Loading commit {commit} back and running it", "重新加载提交 {commit} 并运行"),
    "verify_died": Text(
        "Loading it back stopped without an answer (exit code {code}; see above): run the same command "
        "again.",
        "重新加载时意外终止（退出码 {code}，详见上文）：请重新运行同一命令。",
    ),
    "verify_file": Text(
        "{name} did not arrive as it was sent: run the same command again.",
        "{name} 与发送的内容不一致：请重新运行同一命令。",
    ),
    "verify_rows": Text(
        "The rows of EMER {version} do not read back as they were built: run the same command again.",
        "EMER {version} 的各行与构建时不一致：请重新运行同一命令。",
    ),
    "verify_not_run": Text("{count} files verified, not run: {why}", "已核对 {count} 个文件，未运行：{why}"),
    "verify_model": Text(
        "Loaded back ({quantization}, {dtype}); about {clip} it says: {words}",
        "已重新加载（{quantization}，{dtype}）；对 {clip} 的回答：{words}",
    ),
    "verify_dataset": Text(
        "Loaded back, row by row the same ({counts}); it begins: {words}",
        "已重新加载，逐行一致（{counts}）；开头为：{words}",
    ),
    "verify_results": Text(
        "Loaded back; {scores} of {all} scores in {results} results computed once more and equal: {words}",
        "已重新加载；{results} 个结果共 {all} 个分数，其中 {scores} 个经重新计算，完全一致：{words}",
    ),
    "verify_space": Text(
        "Started from an empty folder; it says: {words}", "已在空文件夹中启动；回答：{words}"
    ),
    "variable": Text("Set the variable {name} to {value}", "已将变量 {name} 设为 {value}"),
    "tagged": Text("Tagged as {tag}", "已打标签 {tag}"),
    "opened": Text("{repo} is public now", "{repo} 已公开"),
    "not_opened": Text(
        "{repo} was not run here, so it stays private: open it where it can be run, or in its settings.",
        "{repo} 未能在此运行，因此保持私有：请在可运行的机器上公开，或在其设置中公开。",
    ),
}


def said(key: str, /, **values: Any) -> Text:
    """Return the sentence called `key`, filled in."""
    return SAID[key].filled(**values)


def trouble(key: str, /, **values: Any) -> AffectError:
    """Return the sentence called `key` as an error to be raised."""
    text = said(key, **values)
    return AffectError(text.en, text.zh, title=WRITING)
