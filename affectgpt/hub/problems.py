"""Every sentence about the Hub: why something cannot be had from it, or put there, and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from ..schema import AffectError, Text
from .address import Address

READING = Text("Not loaded from the Hub", "未能从 Hub 加载")
WRITING = Text("Not published on the Hub", "未能发布到 Hub")
KINDS = {
    "model": Text("model", "模型"),
    "dataset": Text("data set", "数据集"),
    "space": Text("Space", "Space"),
}
MESSAGES = {
    "gated": Text(
        "{name} is gated: accept its terms on its page on the Hugging Face Hub, log in with `hf auth login`, "
        "then try again.",
        "{name} 需要授权：请先在其 Hugging Face Hub 页面上接受条款，用 `hf auth login` 登录后重试。",
    ),
    "missing": Text(
        "The Hub has no {kind} {name}, or it is private: check the name, or log in with `hf auth login`.",
        "Hub 上没有{kind} {name}，或为私有：请检查名称，或用 `hf auth login` 登录。",
    ),
    "wrong_kind": Text(
        "{name} on the Hub is a {found}, not a {kind}: give the name of a {kind}.",
        "Hub 上的 {name} 是{found}，不是{kind}：请给出{kind}的名称。",
    ),
    "revision": Text(
        "{repo} has no revision {revision}: give a branch, a tag or a commit that it has.",
        "{repo} 没有版本 {revision}：请给出存在的分支、标签或提交。",
    ),
    "disabled": Text(
        "{name} was disabled on the Hub: take another one.", "{name} 已被 Hub 停用：请换用其他仓库。"
    ),
    "network": Text(
        "{name} is not in the cache, and {where} is out of reach ({why}): connect to the Internet, set "
        "HF_ENDPOINT to a mirror, or give a folder.",
        "缓存中没有 {name}，且无法连接 {where}（{why}）：请联网，用 HF_ENDPOINT 设置镜像，或指定本地文件夹。",
    ),
    "offline": Text(
        "{name} is not in the cache, and HF_HUB_OFFLINE is set: unset it, or give a folder.",
        "缓存中没有 {name}，而 HF_HUB_OFFLINE 禁止下载：请取消该设置，或指定本地文件夹。",
    ),
    "partial": Text(
        "Only a part of {name} is in the cache, and the Hub is out of reach: connect to the Internet, then "
        "run this again; the download goes on.",
        "缓存中只有 {name} 的一部分，且无法连接 Hub：请联网后重新运行，下载会继续。",
    ),
    "cut": Text(
        "The download of {name} broke off ({why}): run this again, it goes on where it stopped.",
        "{name} 的下载中断（{why}）：请重新运行，下载会从中断处继续。",
    ),
    "server": Text(
        "The Hub cannot answer for {name} at present ({why}): try again later.",
        "Hub 暂时无法提供 {name}（{why}）：请稍后重试。",
    ),
    "token": Text(
        "The Hub does not accept your token ({why}): log in again with `hf auth login`.",
        "Hub 不接受您的令牌（{why}）：请用 `hf auth login` 重新登录。",
    ),
    "no_token": Text(
        "You are not logged in to the Hub: run `hf auth login`, or set HF_TOKEN.",
        "尚未登录 Hub：请运行 `hf auth login`，或设置 HF_TOKEN。",
    ),
    "not_allowed": Text(
        "Your token may not write to {name}: log in with one that may, or give a repository of your own.",
        "您的令牌无权写入 {name}：请用有写权限的令牌登录，或给出您自己的仓库。",
    ),
    "forbidden": Text(
        "Your token may not read {name}: log in with one that may.",
        "您的令牌无权读取 {name}：请用有权限的令牌登录。",
    ),
    "disk": Text(
        "{name} needs {need_gb:.1f} GB more, but the disk of the Hub cache has {free_gb:.1f} GB free: free "
        "some space, or set HF_HOME to another disk.",
        "{name} 还需要 {need_gb:.1f} GB，而 Hub 缓存所在磁盘只剩 {free_gb:.1f} GB："
        "请释放空间，或用 HF_HOME 换一个磁盘。",
    ),
    "disk_full": Text("The disk is full: free some space, then try again.", "磁盘已满：请释放空间后重试。"),
    "cache": Text(
        "The Hub cache cannot be written ({why}): set HF_HOME to a folder that you may write to.",
        "无法写入 Hub 缓存（{why}）：请将 HF_HOME 设为可写的文件夹。",
    ),
    "unsafe": Text(
        "{name} is refused: it holds {what}. Take another repository.",
        "已拒绝 {name}：其中含有{what}。请换用其他仓库。",
    ),
    "too_large": Text(
        "{name} is refused: it claims {what}. Take another repository.",
        "已拒绝 {name}：它声称有{what}。请换用其他仓库。",
    ),
    "pickles": Text(
        "{name} has its weights only as {file}, which may run code when it is opened: take a repository with "
        "safetensors.",
        "{name} 的权重只有 {file} 格式，打开时可能执行代码：请换用提供 safetensors 的仓库。",
    ),
    "empty": Text(
        "{name} holds no file that is needed here: check the name.",
        "{name} 中没有这里需要的文件：请检查名称。",
    ),
    "checksum": Text(
        "{file} of {name} is not what the repository says it is (by {what}) and was deleted: try again; if "
        "it stays so, do not trust this repository.",
        "{name} 的 {file} 与仓库所声明的不符（{what}），已删除：请重试；若仍如此，请勿信任该仓库。",
    ),
    "answer": Text(
        "What the Hub sent of {name} cannot be taken ({why}): try again later; if it stays so, do not trust "
        "it.",
        "Hub 发送的 {name} 内容无法接受（{why}）：请稍后重试；若仍如此，请勿信任。",
    ),
    "sums": Text(
        "{file} of {name} does not fit the SHA256SUMS beside it: take another revision.",
        "{name} 的 {file} 与其 SHA256SUMS 不符：请换用其他版本。",
    ),
    "local_base": Text(
        "{name} is an adapter whose base model is a folder of another machine ({base}): take one that names "
        "models on the Hub.",
        "{name} 是适配器，其基座模型是另一台机器上的文件夹（{base}）：请换用以 Hub 模型为基座的适配器。",
    ),
}
OF_WRITING = {"no_token", "not_allowed"}
NETWORK = {
    "ConnectError",
    "ConnectTimeout",
    "ProxyError",
    "NetworkError",
    "ConnectionError",
    "PoolTimeout",
    "OfflineModeIsEnabled",
}
CUT = {"ReadTimeout", "ReadError", "RemoteProtocolError", "WriteError", "WriteTimeout", "IncompleteRead"}
ODD = {"UnsupportedProtocol", "InvalidURL", "TooManyRedirects", "DecodingError"}  # sent elsewhere, no gzip
ABSENT = {"LocalEntryNotFoundError", "IncompleteSnapshotError"}
FULL = (errno.ENOSPC, errno.EDQUOT)


def problem(key: str, address: Address | str, **values) -> AffectError:
    """Return the message called `key` about a repository as an error to be raised."""
    repo, revision = (address.repo, address.revision) if isinstance(address, Address) else (address, None)
    kind = KINDS[address.kind if isinstance(address, Address) else "model"]
    given = {"name": str(address), "repo": repo, "revision": revision or "main", "kind": kind, **values}
    text = MESSAGES[key].filled(**given)
    return AffectError(text.en, text.zh, title=WRITING if key in OF_WRITING else READING)


def hub_problem(error: BaseException, address: Address | str, *, writing: bool = False) -> AffectError | None:
    """Return what a failure of the Hub client means for the user; None for what is no matter of the Hub.

    writing: something was being put there, so that a refusal is about the right to write.
    """
    if isinstance(error, AffectError):
        return error
    chain = list(causes(error))
    kinds = {kind.__name__ for cause in chain for kind in type(cause).__mro__}
    answer = next((cause.response for cause in chain if getattr(cause, "response", None) is not None), None)
    status = getattr(answer, "status_code", 0)
    numbers = {cause.errno for cause in chain if isinstance(cause, OSError)}
    why = (
        f"HTTP {status}"
        if status
        else next((type(cause).__name__ for cause in chain if type(cause).__name__ in NETWORK | CUT), "")
    )
    if numbers & set(FULL):
        return problem("disk_full", address)
    if "GatedRepoError" in kinds:
        return problem("gated", address)
    if "RevisionNotFoundError" in kinds:
        return problem("revision", address)
    if "DisabledRepoError" in kinds:
        return problem("disabled", address)
    if "LocalTokenNotFoundError" in kinds:
        return problem("no_token", address)
    if "UnicodeEncodeError" in kinds:  # it goes into a header
        return problem("token", address, why="not ASCII")
    if status == 401 and "RepositoryNotFoundError" not in kinds:
        return problem("token", address, why=why)
    if "RepositoryNotFoundError" in kinds or "HFValidationError" in kinds:
        return problem("missing", address)
    if status == 403:
        return problem("not_allowed" if writing else "forbidden", address)
    if status:
        return problem("server", address, why=why)
    if odd := sorted(kinds & ODD):
        return problem("answer", address, why=odd[0])
    if kinds & CUT:
        return problem("cut", address, why=why)
    if kinds & (NETWORK | ABSENT):
        return unreachable(address, why or "no answer")
    return None


def unreachable(address: Address | str, why: str) -> AffectError:
    """Return the error for what is not in the cache while the Hub does not answer."""
    from huggingface_hub import constants

    from ..machine import public

    if constants.HF_HUB_OFFLINE:
        return problem("offline", address)
    return problem("network", address, where=public(constants.ENDPOINT), why=why)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was raised from or during."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        yield cause
        cause = cause.__cause__ or cause.__context__
