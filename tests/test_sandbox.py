"""A decoder that breaks, hangs, eats memory or lies is one error, and nothing of it is left."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from media_checks import ROOT, SECONDS, patch_child, refusal, run_fresh

from affectgpt import media
from affectgpt.decode.confine import CLONE_NEWNET, CLONE_NEWUSER
from affectgpt.media import Limits, load_clip


def evil(monkeypatch, body: str) -> None:
    """Put `body` in the place of the decoder's `read(job, send)`, behind the real limits and pipe."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    patch_child(monkeypatch, f"def read(job, send):\n{lines}decode.read = read")


PLAN = (
    "send('plan', duration_s=2.0, facts={'container': 'x', 'start_s': 0.0}, "
    "picture={'width': 4, 'height': 4, 'frames': 1, 'fps': 1, 'first_s': 0})\n"
)
FRAMES = "send('frames', bytes(8 * 224 * 224 * 3))"
BREAKDOWNS = {
    "segfault": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "broke down"),
    "abort": ("import os\nos.abort()", "broke down"),
    "exception": ("raise ValueError('x')", "broke down"),
    "quiet end": ("import os\nos._exit(0)", "broke down"),
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "more memory"),
    "memory": ("x = []\nwhile True:\n    x.append(bytearray(50_000_000))", "more memory"),
    "hang": ("import time\ntime.sleep(100)", "too long and was stopped"),
    "spin": ("while True:\n    pass", "too long and was stopped"),
    "hang after plan": (PLAN + "import time\ntime.sleep(100)", "too long and was stopped"),
    "cpu": ("import signal, os\nos.kill(os.getpid(), signal.SIGXCPU)", "too long and was stopped"),
}


@pytest.mark.parametrize("name", BREAKDOWNS)
def test_breakdowns_are_one_error(mute, tmp_path, monkeypatch, name):
    body, line = BREAKDOWNS[name]
    evil(monkeypatch, body)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/dev/fd"))
    limits = (
        Limits(start_wall_s=1.5, wall_s_per_clip_s=0.2)
        if "time.sleep" in body or "pass" in body
        else Limits()
    )
    assert line in refusal(mute, limits=limits)
    assert list(tmp_path.iterdir()) == [], "the working folder must be gone"
    assert len(os.listdir("/dev/fd")) == before, "no descriptor may leak"


LIES = {
    "no plan": "send('frames', bytes(10))",
    "endless": PLAN.replace("2.0", "1e9"),
    "not a number": PLAN.replace("2.0", "float('nan')"),
    "text as number": PLAN.replace("2.0", "'2'"),
    "huge track": PLAN + "send('shape', count=10**6, height=10**4, width=10**4)",
    "negative track": PLAN + "send('shape', count=-1, height=-1, width=4)",
    "boolean track": PLAN + "send('shape', count=True, height=True, width=True)",
    "track too short": PLAN + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(47), time_s=0)",
    "track too many": PLAN
    + "send('shape', count=1, height=4, width=4)\nfor i in range(2): send('track', bytes(48), time_s=i)",
    "track unordered": PLAN
    + "send('shape', count=2, height=4, width=4)\nfor i in (1, 1): send('track', bytes(48), time_s=i)",
    "wrong frames": PLAN + "send('frames', bytes(8 * 224 * 224 * 4))",
    "huge sound": PLAN
    + "send('sound', bytes(10**7), facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "invalid sound": PLAN
    + "send('sound', bytes([0, 0, 192, 127]) * 9, facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "huge player": PLAN + "send('player', bytes(70_000_000))",
    "unknown message": PLAN + "send('surprise', b'x')",
    "unknown note": PLAN + FRAMES + "\nsend('notes', notes=[['<b>', [1]]])",
    "sentence as note": PLAN + FRAMES + "\nsend('notes', notes=['pay here'])",
    "unknown refusal": "send('refused', code='{0.__class__}', values={})",
    "refusal without numbers": "send('refused', code='too_long', values={})",
    "strings in a refusal": "send('refused', code='too_long', values={'duration_s': 'x', 'limit_s': 'y'})",
    "other name in a refusal": "send('refused', code='crash', values={'name': 1})",
    "code in a refusal": "send('refused', code='too_long', values={'code': 1})",
    "self in a refusal": "send('refused', code='too_long', values={'self': 1})",
    "endless number": "send('refused', code='too_long', values={'duration_s': 10**400, 'limit_s': 1})",
    "endless duration": PLAN.replace("2.0", "10**400"),
    "two plans": PLAN + PLAN,
    "track too wide": PLAN + "send('shape', count=1, height=2, width=2049)",
    "track too high": PLAN + "send('shape', count=1, height=481, width=482)",
    "track too thin": PLAN + "send('shape', count=1, height=1, width=9)",
    "track too late": PLAN
    + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(48), time_s=3.1)",
    "track too early": PLAN
    + "send('shape', count=1, height=4, width=4)\nsend('track', bytes(48), time_s=-1)",
    "sound twice": PLAN + "for i in range(2):\n"
    "    send('sound', bytes(400), facts=dict(rate_hz=16000, channels=1, first_s=0, peak=0))",
    "page as player": PLAN + "send('player', b'<html><script>alert(1)</script>')",
    "sound as player": PLAN + "send('player', b'fLaC' + bytes(99))",
    "sign of life with a load": PLAN + "send('alive', bytes(9))",
    "nothing at all": PLAN,
    "garbage": "import os\nos.write(job['answer_fd'], b'GET / HTTP/1.1' * 9)",
    "endless header": "import os\nos.write(job['answer_fd'], bytes([255] * 12))",
    "header is no object": "import os, struct\nos.write(job['answer_fd'], struct.pack('>IQ', 2, 0) + b'[]')",
    "deep header": "import os, struct\n"
    "os.write(job['answer_fd'], struct.pack('>IQ', 60000, 0) + b'[' * 60000)",
    "words that are none": PLAN + "send('cues', b'[[1]]')",
    "words of a wrong kind": PLAN + "send('cues', b'7')",
}


@pytest.mark.parametrize("name", LIES)
def test_an_impossible_answer_is_refused(mute, monkeypatch, name):
    """Each lie is followed by a good answer, so that nothing but the lie can be refused."""
    evil(monkeypatch, LIES[name] + ("" if name == "nothing at all" else f"\n{FRAMES}"))
    assert "impossible answer" in refusal(mute)


def test_a_plain_answer_is_taken(mute, monkeypatch):
    evil(monkeypatch, PLAN + FRAMES)
    assert load_clip(mute).frames.shape == (8, 224, 224, 3)


def test_our_own_mistakes_are_no_hostile_files(mute, monkeypatch):
    def broken(*_, **__):
        raise KeyError("a bug")

    monkeypatch.setattr(media, "read_media", broken)
    with pytest.raises(KeyError):
        load_clip(mute)


@pytest.mark.parametrize(("module", "name"), [(os, "pipe"), (json, "dumps"), (subprocess, "Popen")])
def test_nothing_is_left_when_the_child_cannot_start(mute, tmp_path, monkeypatch, module, name):
    def broken(*_, **__):
        raise OSError("too many")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, name, broken)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(OSError, match="too many"):
        load_clip(mute)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/dev/fd")) == before


def test_folders_of_killed_processes_are_swept(mute, tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    swept = {f"affectgpt-{kind}-{gone.pid}-abcd" for kind in ("decoder", "page", "job")}
    kept = {f"affectgpt-page-{os.getppid()}-abcd", "affectgpt-page-x-abcd", f"other-{gone.pid}-abcd"}
    for name in swept | kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").write_bytes(b"x")
    link = tmp_path / f"affectgpt-page-{gone.pid}-link"
    link.symlink_to(tmp_path / f"other-{gone.pid}-abcd")
    code = "import sys; from affectgpt.media import load_clip; load_clip(sys.argv[1], track=False)"
    fresh = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code, str(mute)], cwd=ROOT, env=fresh, check=True, timeout=60)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, link.name}
    assert (link / "clip.mp4").exists()


def test_a_process_that_ends_while_it_reads_leaves_nothing(mute, tmp_path):
    code = (
        "import sys, threading, time; from affectgpt.media import load_clip\n"
        "def work():\n    while True: load_clip(sys.argv[1], player=True)\n"
        "threading.Thread(target=work, daemon=True).start(); time.sleep(1.5); sys.exit(3)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(mute)], cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert run.returncode == 3
    time.sleep(0.5)
    assert list(tmp_path.iterdir()) == []


def test_a_hang_ends_long_before_the_time_of_a_long_clip(mute, monkeypatch):
    assert Limits().silence_wall_s <= SECONDS / 2
    evil(monkeypatch, PLAN.replace("2.0", "60.0") + "import time\ntime.sleep(100)")
    began = time.monotonic()
    assert "too long and was stopped" in refusal(mute, limits=Limits(silence_wall_s=1.0))
    assert time.monotonic() - began < 4


def test_a_slow_decoder_that_works_is_waited_for(mute, monkeypatch):
    body = "import time\nfor i in range(6):\n    time.sleep(0.4)\n    send('alive')\n"
    evil(monkeypatch, PLAN + body + FRAMES)
    assert len(load_clip(mute, limits=Limits(silence_wall_s=1.2)).frames) == 8


def test_signs_of_life_come_between_messages(plain, monkeypatch):
    """Without them, a decoder that takes 2 s for 95 packets of sound would be taken for one that hangs."""
    patch_child(
        monkeypatch,
        "import time\nreal = decode._alive\ndef slowly(send):\n    tell = real(send)\n"
        "    return lambda: (time.sleep(0.02), tell())\ndecode._alive = slowly",
    )
    assert len(load_clip(plain, track=False, limits=Limits(silence_wall_s=1.2)).frames) == 8


def test_the_childs_own_clock_follows_the_longest_clip(mute, tmp_path, monkeypatch):
    report = tmp_path / "timer"
    clock = f"open({str(report)!r}, 'w').write(str(signal.getitimer(signal.ITIMER_REAL)[0]))"
    evil(monkeypatch, "import signal\n" + clock)
    refusal(mute, limits=Limits(max_duration_s=300))
    assert 300 < float(report.read_text()) < 320


def test_children_of_the_decoder_die_with_it(mute, tmp_path, monkeypatch):
    report = tmp_path / "pid"
    evil(
        monkeypatch,
        "import subprocess, time\n"
        "child = subprocess.Popen(['/bin/sleep', '60'])\n"
        f"open({str(report)!r}, 'w').write(str(child.pid))\ntime.sleep(60)",
    )
    refusal(mute, limits=Limits(start_wall_s=2))
    pid = int(report.read_text())
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the decoder's child is still alive")


def test_the_child_is_alone(mute, tmp_path, monkeypatch):
    """No secret of the environment, an empty folder to work in, limits set, the package itself not loaded."""
    report = tmp_path / "seen.json"
    monkeypatch.setenv("HF_TOKEN", "secret")
    evil(
        monkeypatch,
        "import json, os, resource, sys\n"
        "seen = dict(env=sorted(os.environ), cwd=os.listdir('.'), modules=sorted(sys.modules),\n"
        "    fds=os.listdir('/dev/fd'), status=open('/proc/self/status').read(),\n"
        "    net=os.readlink('/proc/self/ns/net'),\n"
        "    limits=[resource.getrlimit(getattr(resource, 'RLIMIT_' + k))[0]\n"
        "        for k in ('AS', 'CPU', 'FSIZE', 'NOFILE', 'CORE')])\n"
        f"open({str(report)!r}, 'w').write(json.dumps(seen))",
    )
    refusal(mute)
    seen = json.loads(report.read_text())
    assert "HF_TOKEN" not in seen["env"]
    assert seen["cwd"] == ["errors.txt"]
    assert seen["limits"] == [1_000_000_000, 150, 64 * 2**20, 64, 0]
    assert not {"affectgpt.schema", "affectgpt.media", "torch"} & set(seen["modules"])
    assert "NoNewPrivs:\t1" in seen["status"]
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    allowed = f"import ctypes, sys\nsys.exit(ctypes.CDLL(None).unshare({flags}) != 0)"
    if subprocess.run([sys.executable, "-c", allowed], timeout=20).returncode == 0:
        assert seen["net"] != os.readlink("/proc/self/ns/net"), "the network of this machine"
    assert len(seen["fds"]) <= 6  # three standard ones, the file, the pipe, the listing itself


def test_a_script_without_main_guard_works(mute, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom affectgpt.media import load_clip\n"
        f"print(len(load_clip({str(mute)!r}, track=False).frames))\n"
    )
    run = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True
    )
    assert run.stdout.split() == ["8"]


NO_SOCKET = "import os, sys\nsys.addaudithook(lambda event, _: event.startswith('socket.') and os._exit(7))\n"


def test_the_parent_opens_no_decoder_and_no_socket(mute):
    control = subprocess.run([sys.executable, "-c", NO_SOCKET + "import socket\nsocket.socket()"], timeout=20)
    assert control.returncode == 7, "the watch must see a socket"
    code = (
        "from affectgpt.media import load_clip\nload_clip(sys.argv[1], track=False)\n"
        "assert 'av' not in sys.modules and 'cv2' not in sys.modules"
    )
    run_fresh(NO_SOCKET + code, mute)


@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1), (0, 1, 2)])
def test_closed_standard_streams(mute, tmp_path, closed):
    """A service may run without them; the file and the pipe then get their numbers."""
    done = tmp_path / "done"
    run_fresh(
        f"import os, sys\nfor number in {closed}:\n    os.close(number)\n"
        "from affectgpt.media import load_clip\n"
        "clip = load_clip(sys.argv[1], track=False)\nopen(sys.argv[2], 'w').write(str(len(clip.frames)))\n"
        "os._exit(0)",
        mute,
        done,
    )
    assert done.read_text() == "8"


def test_many_open_files(mute):
    """`select` knows descriptors up to 1023 only; a busy server has more."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2048:
        pytest.skip("this machine allows no 2048 open files")
    run_fresh(
        "import os, resource, sys\nhard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))\n"
        "held = [os.open('/dev/null', os.O_RDONLY) for _ in range(1100)]\n"
        "from affectgpt.media import load_clip\nassert len(load_clip(sys.argv[1], track=False).frames) == 8",
        mute,
    )
