"""What reading a file may cost, and how the decoder's process is held to it before it sees the file."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

MAX_OPEN_FILES = 64
PR_SET_NO_NEW_PRIVS = 38  # numbers of linux/prctl.h and linux/sched.h
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
MAX_TIMER_S = 1e8  # the kernel takes no longer timer


@dataclass(frozen=True)
class Limits:
    """What a file may cost; `media.limits_from_env` reads overriding values from the environment."""

    max_bytes: float = 64 * 2**20  # of the file
    max_duration_s: float = 60.0
    max_pixels: float = 4096 * 2304  # of one frame
    max_frames_per_second: float = 240.0
    track_bytes: float = 200e6  # of all analysis frames; their size is lowered to stay below
    player_bytes: float = 64 * 2**20  # of the normalised file
    child_memory_bytes: float = 1000e6  # address space of the decoder
    child_cpu_s: float = 150.0
    start_wall_s: float = 7.0  # for starting the decoder and reading the packets
    wall_s_per_clip_s: float = 1.0  # more time for each second of clip
    silence_wall_s: float = 5.0  # without a word from the decoder, once it has begun
    decord_memory_bytes: float = 6e9  # decord keeps many frames; trusted files only


def confine_process(job: dict[str, Any]) -> None:
    """Set the limits of the job on this process; they cannot be raised again."""
    import resource

    limits = job["limits"]
    for kind, wanted in (
        (resource.RLIMIT_AS, limits["child_memory_bytes"]),
        (resource.RLIMIT_CPU, limits["child_cpu_s"]),
        (resource.RLIMIT_FSIZE, limits["player_bytes"]),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = int(wanted) if hard == resource.RLIM_INFINITY else min(int(wanted), hard)
        resource.setrlimit(kind, (value, value))
    # ends this process even when the parent was killed
    signal.setitimer(signal.ITIMER_REAL, min(job["wall_s"], MAX_TIMER_S))
    if sys.platform == "linux":
        _close_the_network()


def _close_the_network() -> None:
    """Give up new privileges and every network, as far as the machine permits: many containers forbid it."""
    try:
        import ctypes

        system = ctypes.CDLL(None)
        system.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Root keeps its user namespace: outside it, root could no longer read the files of other users.
        system.unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET)
    except (ImportError, OSError, AttributeError):  # no ctypes, or a C library without these calls
        return
