"""Render the example clips: `python examples/render [NAME ...]` writes NAME.mp4, NAME.srt and NAME.json.

`references.jsonl` holds the references of all of them as one table. Needs numpy, OpenCV, PyAV and the Debian
package espeak-ng. The same versions give the same files; a clip takes about 40 s.
"""

from __future__ import annotations

import argparse
import json
import logging
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from clips import SCENES, Scene
from head import Head, Pose
from speech import RATE_HZ, mouth_envelope, speak
from stage import HEIGHT_PX, ORIGIN_PX, SCALE, WIDTH_PX, Stage

FPS = 25
QUALITY_CRF = 25  # of x264; lower is better and larger
CAMERA_PITCH_DEG = 7.0  # the camera stands a little below the eyes: by landmarks such a head is level
BLINK_S = 0.24  # from open to open
EXAMPLES = Path(__file__).parents[1]
LOG = logging.getLogger(__name__)


def value_at(keys, t: float) -> float:
    """The eased value of key frames ((time, value), ...) at `t`; held before the first and after the last."""
    times = [key[0] for key in keys]
    after = int(np.searchsorted(times, t))
    if after == 0:
        return keys[0][1]
    if after == len(keys):
        return keys[-1][1]
    (t0, a), (t1, b) = keys[after - 1], keys[after]
    u = (t - t0) / (t1 - t0)
    return a + (b - a) * u * u * (3 - 2 * u)


def pose_at(scene: Scene, t: float, mouth_open: float) -> Pose:
    """The pose of one frame: key frames, lips, blinks and the small sway of a living head."""
    values = {name: value_at(keys, t) for name, keys in scene.face.items()}
    blink = max((1 - abs(t - b) / (BLINK_S / 2) for b in scene.blinks_s), default=0.0)
    values["lids"] = values.get("lids", 1.0) * (1 - np.clip(blink * 2.2, 0, 1))
    sway = scene.sway
    values["yaw_deg"] = values.get("yaw_deg", 0.0) + sway * 1.2 * np.sin(1.7 * t + 0.5)
    values["roll_deg"] = values.get("roll_deg", 0.0) + sway * 0.8 * np.sin(1.1 * t)
    values["pitch_deg"] = (
        CAMERA_PITCH_DEG
        + values.get("pitch_deg", 0.0)
        + sway * 0.6 * np.sin(2.3 * t + 1)
        - 1.2 * mouth_open * sway
    )
    values["x_cm"] = values.get("x_cm", 0.0) + sway * 0.30 * np.sin(0.9 * t + 2)
    values["y_cm"] = values.get("y_cm", 0.0) + sway * 0.12 * np.sin(1.5 * t)
    values["mouth_open"] = max(
        scene.speech * mouth_open, values.get("mouth_open", 0.0) + 0.6 * scene.speech * mouth_open
    )
    return Pose(**values)


def frames(scene: Scene, track):
    """The pictures of the clip, (480, 640, 3) uint8, one by one."""
    times = np.arange(round(scene.duration_s * FPS)) / FPS
    lips = mouth_envelope(track, times)
    head, stage = Head(scene.look), Stage(scene.look, scene.studio)
    for t, opened in zip(times, lips, strict=True):
        pose = pose_at(scene, float(t), float(opened))
        picture = stage.back(breath_cm=0.12 * np.sin(2 * np.pi * t / 3.4), x_cm=0.35 * pose.x_cm)
        head.place(picture, pose, px_per_cm=SCALE, origin=ORIGIN_PX)
        if scene.arm:
            wrist = value_at(scene.arm["x_cm"], t), value_at(scene.arm["y_cm"], t)
            stage.arm(picture, wrist=wrist, angle_deg=value_at(scene.arm["angle_deg"], t))
        small = cv2.resize(picture, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
        yield (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8)


def encode(path: Path, pictures, track) -> None:
    """Write H.264 and AAC; one thread, so that the bytes do not depend on the machine's cores."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        video = file.add_stream(
            "libx264", rate=FPS, options={"crf": str(QUALITY_CRF), "preset": "slow", "threads": "1"}
        )
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio = file.add_stream("aac", rate=RATE_HZ, layout="mono")
        audio.bit_rate = 64_000
        for picture in pictures:
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(track[None, :], format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        file.mux(audio.encode(sound))
        file.mux(audio.encode(None))


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def subtitles(scene: Scene, spans) -> str:
    cues = zip(range(1, len(spans) + 1), scene.phrases, spans, strict=True)
    return "\n".join(f"{n}\n{stamp(a)} --> {stamp(b)}\n{phrase.text}\n" for n, phrase, (a, b) in cues)


def truth(scene: Scene, spans) -> dict:
    """What is known by construction: the scene's own figures plus those that follow from the speech."""
    out = {
        "duration_s": scene.duration_s,
        "speech_s": [[round(a, 3), round(b, 3)] for a, b in spans],
        **scene.truth,
    }
    out["pauses_s"] = [[round(a[1], 3), round(b[0], 3)] for a, b in pairwise(spans)]
    steps = [
        {"at_s": round(spans[i][0], 3), "db": scene.phrases[i].level_db - scene.phrases[i - 1].level_db}
        for i in range(1, len(spans))
        if scene.phrases[i].level_db != scene.phrases[i - 1].level_db
    ]
    return {**out, "loudness_steps": steps, "blinks_s": list(scene.blinks_s)}


def render(scene: Scene, folder: Path) -> None:
    """Write the three files of one clip into `folder`."""
    track, spans = speak(scene.phrases, scene.voice, lead_s=scene.lead_s, total_s=scene.duration_s)
    encode(folder / f"{scene.name}.mp4", frames(scene, track), track)
    (folder / f"{scene.name}.srt").write_text(subtitles(scene, spans), encoding="utf-8")
    separator = "" if scene.language == "zh" else " "
    record = {
        "name": scene.name,
        "language": scene.language,
        "subtitle": separator.join(phrase.text for phrase in scene.phrases),
        **scene.reference,
        "truth": truth(scene, spans),
    }
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    (folder / f"{scene.name}.json").write_text(text, encoding="utf-8")
    LOG.info("%s: %.1f s", scene.name, scene.duration_s)


def references(folder: Path) -> str:
    """Return the references of all clips in `folder` as one table for `affectgpt evaluate --data`."""
    lines = []
    for file in sorted(folder.glob("*.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        row = {"name": record["name"], f"subtitle_{record['language']}": record["subtitle"]}
        for language, parts in record["parts"].items():
            row[f"reference_{language}"] = "\n\n".join(parts.values())
        lines.append(json.dumps({**row, "labels": record["labels"]["en"]}, ensure_ascii=False) + "\n")
    return "".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [scene.name for scene in SCENES]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"clips to render (default: all of {', '.join(names)})"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=EXAMPLES,
        help="where the files go (default: the folder of the examples)",
    )
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(names))
    if unknown:
        parser.error(f"no clip is called {', '.join(unknown)}; there are {', '.join(names)}")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for scene in SCENES:
        if not arguments.names or scene.name in arguments.names:
            render(scene, arguments.folder)
    table = arguments.folder / "references.jsonl"
    table.write_text(references(arguments.folder), encoding="utf-8")


if __name__ == "__main__":
    main()
