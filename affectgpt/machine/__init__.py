"""What this machine has: memory, GPUs, disks, libraries, the Hub. Nothing here loads a model."""

from __future__ import annotations

import logging
import math
import os
import platform
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from ..schema import Text

HUB_TIMEOUT_S = 3.0
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes", "huggingface_hub")
OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python")
GPU_SIGNS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA, NVIDIA under WSL, AMD
LENT_GPU = "SPACES_ZERO_GPU"  # set on a Space whose GPUs are lent: PyTorch is made to believe in one
HIDDEN = Text("hidden by CUDA_VISIBLE_DEVICES", "被 CUDA_VISIBLE_DEVICES 隐藏")
UNSEEN = Text(
    "there seems to be one, but PyTorch {torch} does not see it: check the driver, or install a CUDA build",
    "似乎有 GPU，但 PyTorch {torch} 检测不到：请检查驱动，或安装 CUDA 版 PyTorch",
)


@dataclass(frozen=True)
class Gpu:
    """One CUDA device: bytes of memory, compute capability, whether this PyTorch has kernels for it."""

    name: str
    total: int
    free: int
    capability: tuple[int, int]
    usable: bool = True


@dataclass(frozen=True)
class Machine:
    """What `look` found; sizes in bytes. `versions` has None for what is not installed.

    `memory` is that of the machine, or of its container where that is less (`contained`). `problem` texts are
    the words of the library that failed. `hub` and `bitsandbytes_problem` are only filled by a thorough look.
    """

    system: str
    cores: int
    memory: int
    memory_free: int
    cache: str
    cache_free: int
    temporary: str
    temporary_free: int
    versions: dict[str, str | None]
    contained: bool = False
    gpus: tuple[Gpu, ...] = ()
    gpu_problem: Text | None = None
    decoder: str | None = None
    faces: Literal["mediapipe", "haar", "motion"] = "motion"
    faces_problem: Text | None = None
    hub_address: str = ""
    hub: Literal["not asked", "reachable", "offline", "unreachable"] = "not asked"
    hub_problem: str | None = None
    bitsandbytes_problem: str | None = None


def look(*, thorough: bool = True, open_face_tool: Callable | None = None) -> Machine:
    """Look at this machine; takes seconds when thorough, because it asks the Hub and tries bitsandbytes.

    `open_face_tool`: `signals.detectors.open_tool`, to be tried; without it only installed files count.
    """
    from huggingface_hub import constants

    memory, memory_free, contained = _memory()
    gpus, gpu_problem = _gpus()
    hub, hub_problem = ask_hub() if thorough else ("not asked", None)
    faces, faces_problem = _faces(open_face_tool)
    cache, temporary = constants.HF_HUB_CACHE, tempfile.gettempdir()
    return Machine(
        system=f"{platform.system()} {platform.machine()} · Python {platform.python_version()}",
        cores=_cores(),
        memory=memory,
        memory_free=memory_free,
        contained=contained,
        gpus=gpus,
        gpu_problem=gpu_problem,
        cache=cache,
        cache_free=_disk_free(cache),
        temporary=temporary,
        temporary_free=_disk_free(temporary),
        versions=versions((*LIBRARIES, "decord", "mediapipe"))
        | {"opencv": next(filter(None, map(_version, OPENCV)), None)},
        decoder=_decoder() if thorough else None,
        faces=faces,
        faces_problem=faces_problem,
        hub_address=public(constants.ENDPOINT),
        hub=hub,
        hub_problem=hub_problem,
        bitsandbytes_problem=_bitsandbytes_problem(bool(gpus)) if thorough else None,
    )


def ask_hub() -> tuple[Literal["reachable", "offline", "unreachable"], str | None]:
    """Return whether the Hub of `HF_ENDPOINT` answers within `HUB_TIMEOUT_S`, with the problem if not."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return "offline", None
    problem = [f"no answer within {HUB_TIMEOUT_S:.0f} s"]

    def ask() -> None:
        try:
            status = get_session().head(constants.ENDPOINT, timeout=HUB_TIMEOUT_S).status_code
            problem[0] = "" if status < 400 else f"HTTP {status}"
        except Exception as error:  # whatever the HTTP library of this version raises
            problem[0] = brief(error)

    # In a thread: the look-up of a name has no timeout of its own.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_TIMEOUT_S)
    return ("unreachable", problem[0]) if problem[0] else ("reachable", None)


# ---- looking


def _memory() -> tuple[int, int, bool]:
    """Total and available bytes, and whether a container sets the limit."""
    try:
        import psutil

        total, free = psutil.virtual_memory()[:2]
    except ImportError:  # what the page cache would give back is then not counted as free
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = (page * os.sysconf(name) for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES"))
    limits = [limit for limit in _group_limits() if limit[0] < total]
    for limit, left in limits:
        total, free = min(total, limit), min(free, left)
    return total, max(0, free), bool(limits)


def _group_limits(root: Path = Path("/")) -> list[tuple[int, int]]:
    """(limit, bytes left) of each memory control group above this process; cgroup 1 and 2."""
    found = []
    for folder, names in _groups(root, "memory"):
        limit_name, used_name, cache_name = names
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is None or used is None:
            continue
        stat = _read(folder / "memory.stat")
        reclaimable = re.search(rf"^{cache_name} (\d+)", stat, re.MULTILINE)  # files in the page cache
        found.append((limit, limit - used + int(reclaimable[1] if reclaimable else 0)))
    return found


def _groups(root: Path, controller: str) -> list[tuple[Path, tuple[str, str, str]]]:
    """The folders of our control group and of those above it, with the names of their files."""
    found = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controller
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        # inside a container the path may be the host's, of which only the top is mounted
        found += [(top.joinpath(*parts[:depth]), names) for depth in range(len(parts), -1, -1)]
    return found


def _cores(root: Path = Path("/")) -> int:
    """The cores that this process may use: its affinity, and the quota of its control group."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for folder, _ in _groups(root, "cpu"):
        quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
        if not quota:
            quota, period = (_read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
        if quota.isdecimal() and period.isdecimal() and int(period):
            cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def _number(file: Path) -> int | None:
    text = _read(file).strip()
    return int(text) if text.isdecimal() else None


def _disk_free(folder: str) -> int:
    """Free bytes where `folder` is or will be made."""
    path = Path(folder).expanduser().absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return the installed version of each package, None where it is not installed."""
    return {package: _version(package) for package in packages}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _gpus() -> tuple[tuple[Gpu, ...], Text | None]:
    """The CUDA devices; PyTorch is only imported where there may be one."""
    signs = any(map(os.path.exists, GPU_SIGNS)) or shutil.which("nvidia-smi") or os.environ.get(LENT_GPU)
    if not signs or not util.find_spec("torch"):
        return (), None
    try:
        import torch

        if not torch.cuda.is_available():
            if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
                return (), HIDDEN
            which = torch.__version__
            return (), Text(UNSEEN.en.format(torch=which), UNSEEN.zh.format(torch=which))
        known = [int(arch) for arch in re.findall(r"_(\d+)", " ".join(torch.cuda.get_arch_list()))]
        found = []
        for number in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(number)
            capability = torch.cuda.get_device_capability(number)
            usable = not known or 10 * capability[0] + capability[1] >= min(known)
            found.append(Gpu(torch.cuda.get_device_name(number), total, free, capability, usable))
        return tuple(found), None
    except (ImportError, OSError, RuntimeError, AssertionError, ValueError) as error:
        return (), Text(brief(error), brief(error))


def _decoder() -> str | None:
    try:
        import av
    except ImportError:
        return None
    return f"PyAV {av.__version__} (FFmpeg {getattr(av, 'ffmpeg_version_info', '?')})"


def _faces(open_face_tool: Callable | None) -> tuple[Literal["mediapipe", "haar", "motion"], Text | None]:
    if open_face_tool is not None:
        tool, lost = open_face_tool(None)
        if tool is not None:
            tool.close()
        return (tool.name if tool else "motion"), lost
    for name, library, file in (
        ("mediapipe", "mediapipe", "python/solutions/face_mesh.py"),
        ("haar", "cv2", "data/haarcascade_frontalface_alt2.xml"),
    ):
        found = util.find_spec(library)
        if found and found.origin and (Path(found.origin).parent / file).exists():
            return name, None
    return "motion", None


def _bitsandbytes_problem(has_gpu: bool) -> str | None:
    """Try NF4 there and back on each kind of device: an installed library may lack a backend for it."""
    if not (util.find_spec("bitsandbytes") and util.find_spec("torch")):
        return None
    log = logging.getLogger("bitsandbytes")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of optional kernels
    try:
        import torch
        from bitsandbytes import functional

        for device in ("cpu", "cuda") if has_gpu else ("cpu",):
            ramp = torch.linspace(-1, 1, 4096, device=device).reshape(64, 64)
            packed, state = functional.quantize_4bit(ramp, quant_type="nf4", compress_statistics=True)
            error = (functional.dequantize_4bit(packed, state) - ramp).abs().max().item()
            if not error < 0.2:  # half of the widest gap of NF4 is 0.15 of a block's largest value
                return f"{device}: NF4 is off by {error:.2f}"
    except Exception as error:  # a native library fails in many ways
        return brief(error)
    finally:
        log.setLevel(level)
    return None


def brief(error: Exception) -> str:
    """Return the first line of an error, without secrets."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {public(lines[0])[:100]}".rstrip(": ")


def public(text: str) -> str:
    """Return a text without what may be a secret: user and password in an address, tokens of the Hub."""
    text = re.sub(r"//[^/@\s]*@", "//", text)
    return re.sub(r"hf_\w{8,}|[?#]\S*", "…", text)
