"""The face detectors behind `faces.py`, best first: mediapipe 0.10.21, then OpenCV's Haar cascades.

Each call has its own; what it leaves is used again by a later call. Measured rates: the signal-engine
specification, 4.1 and 4.2.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from ..relay import check
from ..schema import Text
from . import face_library

Backend = Literal["mediapipe", "haar", "motion"]
Item, Found = TypeVar("Item"), TypeVar("Found")

LOG_LEVEL = "GLOG_minloglevel"
MIN_CONFIDENCE = 0.5  # of the full-range detector
MIN_WIDTH = 0.035  # of the picture width: smaller boxes are dropped
MESH_CONFIDENCE = 0.3
MESH_PX = 320  # side of the crops that the mesh is given
THREADS = 2  # that look at the frames of a clip; each detector uses one core
MAX_IDLE = 2 * THREADS  # pairs of graphs kept for the next clips
HAAR_FPS = 5.0  # the cascades cost 20 times the detector: every second frame of a 10 fps track
HAAR_LONG_PX = 480
HAAR_MIN_PX = 28

LOST_HAAR = Text(
    "Faces were found with OpenCV's Haar cascades because mediapipe is not at work ({reason}): without "
    "landmarks, brows, eyes, gaze, head pose and the shape of the mouth were not measured, and faces turned "
    "aside are often missed.",
    "由于 mediapipe 未启用（{reason}），人脸改由 OpenCV 的 Haar 级联检测：没有关键点，因此眉毛、眼睛、视线、"
    "头部姿态和嘴形都没有测量，侧脸也常会漏检。",
)
LOST_MOTION = Text(
    "No face detector is at work ({reason}): only movement and light were measured, nothing about any face.",
    "没有可用的人脸检测器（{reason}）：只测量了画面的运动和明暗，没有任何面部信息。",
)
NOISE = re.compile(  # what mediapipe prints past its own log level; everything else on stderr passes
    rb"Created TensorFlow Lite XNNPACK|before absl::InitializeLog|inference_feedback_manager"
    rb"|landmark_projection_calculator"
)

log = logging.getLogger(__name__)
_stderr = threading.Lock()
_idle: list[tuple[Any, Any, bool]] = []  # opened graphs, free to be taken: opening a pair takes 0.1 s


class Tool(Protocol):
    """One opened detector; `boxes` gives (K, 4) float32 x0, y0, x1, y1 in pixels, `mesh` (478, 3) or None."""

    name: Backend
    step_s: float  # seconds between the frames it looks at; 0 = all

    def boxes(self, frame: np.ndarray) -> np.ndarray: ...
    def mesh(self, crop: np.ndarray) -> np.ndarray | None: ...
    def close(self) -> None: ...


def open_tool(backend: Backend | None) -> tuple[Tool | None, Text | None]:
    """Open the named backend, or the first that opens, with what is lost by it and why."""
    reason = "asked for" if backend else ""
    for name, tool in TOOLS.items():
        if backend not in (None, name):
            continue
        try:
            opened = tool()
        except (ImportError, AttributeError, TypeError, ValueError, RuntimeError, OSError) as error:
            # no wheel, mediapipe 1.x without `solutions`, an unreadable protobuf, OpenCV 5 without cascades
            if backend is not None:
                raise ImportError(f"face backend {name!r} does not open: {error}") from error
            reason = "; ".join(
                filter(None, (reason, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"))
            )
            log.warning("face backend %s does not open: %s", name, error)
            continue
        return opened, None if name == "mediapipe" else _because(LOST_HAAR, reason)
    return None, _because(LOST_MOTION, reason)


def open_tools(backend: Backend | None) -> tuple[list[Tool], Text | None]:
    """Open a detector for each of `THREADS`, none where none opens, with what is lost by it and why."""
    first, lost = open_tool(backend)
    return [first, *(open_tool(first.name)[0] for _ in range(THREADS - 1))] if first else [], lost


def with_each(
    tools: Sequence[Tool], look: Callable[[Tool, Item], Found], items: Iterable[Item]
) -> list[Found]:
    """Return `look(tool, item)` for each item, in order; every tool has a thread of its own.

    Stops after an item when nobody waits for it any more (`relay.check`).
    """
    items = list(items)
    found: list[Any] = [None] * len(items)

    def work(first: int) -> None:
        for i in range(first, len(items), len(tools)):
            check()
            found[i] = look(tools[first], items[i])

    with ThreadPoolExecutor(len(tools)) as pool:
        jobs = [pool.submit(copy_context().run, work, first) for first in range(len(tools))]
        for job in jobs:
            job.result()
    return found


def _because(lost: Text, reason: str) -> Text:
    zh = "按要求选用" if reason == "asked for" else reason
    return Text(lost.en.format(reason=reason), lost.zh.format(reason=zh))


class Mediapipe:
    """mediapipe 0.10.21: full-range detector and refined FaceMesh; a pair serves one thread only."""

    name: Backend = "mediapipe"
    step_s = 0.0

    def __init__(self) -> None:
        face_library.provide()
        before = os.environ.get(LOG_LEVEL)
        os.environ[LOG_LEVEL] = "3"  # read once, when its library loads
        try:
            with ThreadPoolExecutor(1) as pool:
                face_detection, face_mesh = pool.submit(_solutions).result()
        finally:
            if before is None:
                os.environ.pop(LOG_LEVEL, None)
            else:
                os.environ[LOG_LEVEL] = before
        self.fit = True  # a graph that has failed is not used again
        try:
            self.detector, self.mesher, self.loud = _idle.pop()
            return
        except IndexError:
            self.loud = True  # the graphs print when they start, and once more at the first face
        with quiet_stderr():
            self.detector = face_detection.FaceDetection(MIN_CONFIDENCE, 1)
            self.mesher = face_mesh.FaceMesh(
                static_image_mode=True,
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=MESH_CONFIDENCE,
            )
            blank = np.zeros((MESH_PX, MESH_PX, 3), np.uint8)
            self._run(self.detector, blank)
            self._run(self.mesher, blank)

    def _run(self, graph: Any, image: np.ndarray) -> Any:
        self.fit = False
        found = graph.process(image)
        self.fit = True
        return found

    def boxes(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        boxes = []
        for detection in self._run(self.detector, np.ascontiguousarray(frame)).detections or ():
            box = detection.location_data.relative_bounding_box
            if box.width >= MIN_WIDTH:
                boxes.append((box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height))
        return np.array(boxes, np.float32).reshape(-1, 4) * np.array(
            [width, height, width, height], np.float32
        )

    def mesh(self, crop: np.ndarray) -> np.ndarray | None:
        if self.loud:
            with quiet_stderr():
                found = self._run(self.mesher, crop).multi_face_landmarks
            self.loud = not found
        else:
            found = self._run(self.mesher, crop).multi_face_landmarks
        if not found:
            return None
        return np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float32)

    def close(self) -> None:
        if self.fit and len(_idle) < MAX_IDLE:
            _idle.append((self.detector, self.mesher, self.loud))
            return
        self.detector.close()
        self.mesher.close()


def _solutions():
    """Import mediapipe's modules; in a thread of its own, because mediapipe keeps the error of an import that
    failed inside it, and with it every frame of the stack that imported it: a whole clip would stay alive."""
    from mediapipe.python.solutions import face_detection, face_mesh

    return face_detection, face_mesh


class Haar:
    """OpenCV's frontal cascade, then its profile cascade in both directions where that finds nothing."""

    name: Backend = "haar"
    step_s = 1 / HAAR_FPS

    def __init__(self) -> None:
        import cv2

        self.cv2 = cv2
        self.front = self._cascade("haarcascade_frontalface_alt2.xml")
        self.profile = self._cascade("haarcascade_profileface.xml")

    def _cascade(self, name: str):
        cascade = self.cv2.CascadeClassifier(os.path.join(self.cv2.data.haarcascades, name))
        if cascade.empty():
            raise OSError(f"{name} is missing")
        return cascade

    def boxes(self, frame: np.ndarray) -> np.ndarray:
        cv2 = self.cv2
        height, width = frame.shape[:2]
        scale = min(1.0, HAAR_LONG_PX / max(height, width))
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        grey = cv2.equalizeHist(
            cv2.resize(grey, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
        )
        least = (HAAR_MIN_PX, HAAR_MIN_PX)
        found = [tuple(b) for b in self.front.detectMultiScale(grey, 1.1, 3, minSize=least)]
        if not found:
            found = [tuple(b) for b in self.profile.detectMultiScale(grey, 1.1, 4, minSize=least)]
        if not found:
            mirrored = self.profile.detectMultiScale(
                np.ascontiguousarray(grey[:, ::-1]), 1.1, 4, minSize=least
            )
            found = [(grey.shape[1] - x - w, y, w, h) for x, y, w, h in mirrored]
        boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in found], np.float32).reshape(-1, 4) / scale
        return boxes[boxes[:, 2] - boxes[:, 0] >= MIN_WIDTH * width]

    def mesh(self, crop: np.ndarray) -> None:
        return None

    def close(self) -> None:
        pass


TOOLS: dict[Backend, Callable[[], Tool]] = {"mediapipe": Mediapipe, "haar": Haar}


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what C++ libraries print to stderr; afterwards pass on every line that is not known noise."""
    with _stderr:
        try:
            saved = os.dup(2)
        except OSError:  # a process without stderr has nothing to keep quiet
            yield
            return
        reader, writer = os.pipe()  # holds 64 kB, the noise is under 2 kB
        os.dup2(writer, 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(writer)
            with os.fdopen(reader, "rb") as lines:
                kept = b"".join(line for line in lines if not NOISE.search(line))
            if kept:
                os.write(2, kept)
