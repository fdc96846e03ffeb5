"""What the signal engine costs: real-time factor, stages, memory, and cost against clip length.

Run: `make bench`, or `python -m benchmarks.signal_engine [--out FILE.json] [--runs N]`. The clips are made
here from one of the project's examples, repeated and scaled, so that there is a face, a voice and motion all
the time. Each case runs in a fresh process (warmed by one short clip, so that imports are not counted);
figures are medians over the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = {  # name: (seconds, width, height)
    "5 s 720p": (5, 1280, 720),
    "60 s 720p": (60, 1280, 720),
    "60 s 1080p": (60, 1920, 1080),
}
FRAMES_ALONE = {  # for the 8-frame path, 720p without sound: (seconds, frames from key frame to key frame)
    "5 s": (5, 250),
    "60 s": (60, 250),  # x264's default: the eight frames lie 125 frames behind a key frame
    "60 s, a key frame every 2 s": (60, 50),  # as phones, cameras and broadcasts write
}


def make_clip(
    source: Path, target: Path, *, seconds: int, width: int, height: int, sound: bool = True, gop: int = 250
) -> None:
    """Repeat `source` up to `seconds`, scaled to `width` x `height`, as H.264 with AAC."""
    import av

    with av.open(str(target), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23", "g": str(gop)})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = out.add_stream("aac", rate=44100, layout="mono") if sound else None
        resampler = av.AudioResampler("fltp", "mono", 44100)
        frames = samples = 0
        while frames < seconds * 25:
            with av.open(str(source)) as inp:
                for frame in inp.decode(video=0, audio=0):
                    if isinstance(frame, av.VideoFrame) and frames < seconds * 25:
                        picture = frame.reformat(width, height, "yuv420p")
                        picture.pts, frames = frames, frames + 1
                        picture.time_base = Fraction(1, 25)
                        out.mux(video.encode(picture))
                    elif audio and isinstance(frame, av.AudioFrame) and samples < seconds * 44100:
                        for piece in resampler.resample(frame):
                            piece.pts, samples = samples, samples + piece.samples
                            out.mux(audio.encode(piece))
        out.mux(video.encode(None))
        if audio:
            out.mux(audio.encode(None))


class PeakMemory:
    """Sample the resident memory of this process, split into its own pages and file-backed ones, and of its
    children; `mb` holds the largest values seen. Linux only.
    """

    def __init__(self):
        self.mb = {"parent": 0, "parent without mapped files": 0, "child": 0}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()

    def _watch(self) -> None:
        children = Path(f"/proc/self/task/{os.getpid()}/children")
        while not self.stopped.wait(0.02):
            here = self._status("self")
            pids = children.read_text().split() if children.exists() else []
            found = {
                "parent": here["VmRSS"],
                "parent without mapped files": here["RssAnon"],
                "child": max((self._status(pid)["VmRSS"] for pid in pids), default=0),
            }
            self.mb = {key: max(value, found[key]) for key, value in self.mb.items()}

    @staticmethod
    def _status(pid: str) -> dict[str, int]:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            lines = []
        fields = dict(line.split(":", 1) for line in lines)
        return {key: int(fields.get(key, "0").split()[0]) // 1024 for key in ("VmRSS", "RssAnon")}


def run_case(path: str, warm: str, runs: int) -> dict:
    """Measure one clip in this process: seconds of each stage and in total, and peak memory of parent and
    child."""
    from affectgpt import load_clip, load_engine, reason

    engine = load_engine("signal")
    list(reason(load_clip(warm, "Warm."), engine))
    rows, peaks, clip = [], PeakMemory(), None
    for _ in range(runs):
        del clip  # one clip at a time
        start, row = time.perf_counter(), {}
        clip = load_clip(path, "I am so happy that you came!")
        row["read file"] = time.perf_counter() - start
        for event in reason(clip, engine):
            now = time.perf_counter() - start
            if event.kind == "clue":
                row.setdefault("first clue", now)
            elif event.kind == "stage":
                row[event.value] = now
        row["total"] = time.perf_counter() - start
        rows.append(row)
    peaks.stop()
    medians = {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}
    return {"duration_s": clip.duration_s, "seconds": medians, "peak_mb": peaks.mb}


def frames_alone(source: Path, folder: Path, runs: int) -> dict[str, float]:
    """Median seconds of reading the eight official frames alone, the clips in turn."""
    from affectgpt import load_clip

    paths = {name: folder / f"{i}_silent.mp4" for i, name in enumerate(FRAMES_ALONE)}
    for name, (seconds, gop) in FRAMES_ALONE.items():
        make_clip(source, paths[name], seconds=seconds, width=1280, height=720, sound=False, gop=gop)
    taken = {name: [] for name in paths}
    for _ in range(runs + 1):
        for name, path in paths.items():
            start = time.perf_counter()
            load_clip(path, track=False)
            taken[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(seconds[1:]), 3) for name, seconds in taken.items()}


def start_up(runs: int) -> dict:
    """Median seconds of the command line's help, of the bare import, and of Python itself, side by side."""
    commands = {
        "python -c pass": ["-c", "pass"],
        "import affectgpt": ["-c", "import affectgpt"],
        "affectgpt --help": ["-m", "affectgpt", "--help"],
    }
    out = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            out[name].append(time.perf_counter() - start)
    return {name: round(statistics.median(seconds[1:]), 3) for name, seconds in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", help="also write the results as JSON to this file")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)  # how this program starts itself
    options = parser.parse_args()
    if options.case:
        print(json.dumps(run_case(*options.case, options.runs)))
        return
    source = sorted((ROOT / "examples").glob("*.mp4"))[0]
    results = {"start-up": start_up(options.runs), "clips": {}}
    with tempfile.TemporaryDirectory() as folder:
        results["8 frames alone"] = frames_alone(source, Path(folder), options.runs)
        for name, (seconds, width, height) in CASES.items():
            path = Path(folder) / (name.replace(" ", "_") + ".mp4")
            make_clip(source, path, seconds=seconds, width=width, height=height)
            command = [sys.executable, "-m", "benchmarks.signal_engine", "--runs", str(options.runs)]
            command += ["--case", str(path), str(source)]
            run = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            case = results["clips"][name] = json.loads(run.stdout.splitlines()[-1])
            case["real_time_factor"] = round(case["seconds"]["total"] / case["duration_s"], 3)
            print(f"{name}: {case['real_time_factor']} x real time, peak {case['peak_mb']} MB")
            for stage, seconds_taken in case["seconds"].items():
                print(f"    {stage:<24} {seconds_taken:7.3f} s")
    alone = results["8 frames alone"]
    for name, seconds_taken in alone.items():
        print(
            f"8 frames of {name}: {seconds_taken:.3f} s, {seconds_taken / alone['5 s']:.2f} times that of 5 s"
        )
    for name, seconds in results["start-up"].items():
        print(f"{name:<20} {seconds:.3f} s")
    if options.out:
        Path(options.out).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
