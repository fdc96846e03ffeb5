"""Shared toys: a clip made of arrays, an engine that measures nothing, the reference data when present."""

import shutil
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import media_files as files
import numpy as np
import pytest

from affectgpt.baseline import SignalEngine
from affectgpt.schema import Clip, Clue, Cue, Label, Text, Verdict

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the checkout: under research licences, so it is read there, never copied."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared: reference data not available")
    return SHARED


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def plain(folder):
    return files.write_clip(folder / "plain.mp4")


@pytest.fixture(scope="session")
def mute(folder):
    """A clip that needs no resampler, for tests of what surrounds the decoder."""
    return files.write_clip(folder / "mute.mp4", seconds=1, audio=None)


@pytest.fixture(scope="session")
def bases(tmp_path_factory) -> dict[str, str]:
    """Folders of a tiny random CLIP, HuBERT and Qwen2 by role; a test that spoils one takes a copy."""
    from tiny_affectgpt import write_bases

    folders = write_bases(tmp_path_factory.mktemp("bases"))
    return {role: str(folder) for role, folder in folders.items()}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A Hub on this machine in a child process: publish, files, repo, log, fault, forge (hub_child.py)."""
    from hub_child import running

    with running(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--mute-audio"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a camera that is drawn


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium; `chromium.new_page(viewport=...)` is one visitor with a session of their own.

    Visitors ask for less motion, unless a test says otherwise: a fifth of a run is drawing.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield SimpleNamespace(
            new_page=lambda **options: browser.new_page(**{"reduced_motion": "reduce", **options})
        )
        browser.close()


# About how many seconds each file takes that drives a browser. They come last, since an open browser keeps an
# event loop in the main thread, the longest of them first, so that no process waits long at the end.
BROWSER = {
    "browser_access": 80, "browser_session": 65, "browser_explain": 60, "browser_compare": 55, "hub_loop": 40,
    "browser_emer": 35, "browser_evaluate": 25, "browser_injection": 22, "browser": 20, "browser_arrival": 18,
    "browser_reference": 15, "browser_drawings": 10, "browser_camera": 9, "browser_about": 5,
}  # fmt: skip


def pytest_collection_modifyitems(items):
    """Order the files; `pytest -n 2` needs --no-loadscope-reorder to keep it."""

    def turn(item):
        return -BROWSER.get(item.path.stem.removeprefix("test_"), 1_000)

    items.sort(key=turn)


@dataclass(frozen=True)
class Site:
    """A page that is served: its address, the folder of its uploads, and the page itself."""

    url: str
    root: Path
    demo: Any

    def left(self) -> list[str]:
        """Return the names of the files of visitors that lie there."""
        found = [path for path in self.root.rglob("*") if path.is_file() and "examples" not in path.parts]
        return sorted(path.name for path in found)


@contextmanager
def serving(root: Path, engine=None, **options):
    """Serve the page with its files under `root`; the signal engine unless another is given."""
    from affectgpt import ui
    from affectgpt.page import files

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(files.ROOT_VARIABLE, str(root))
        demo = ui.build_demo(engine, **options)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **ui.launch_options())
        try:
            yield Site(url, root, demo)
        finally:
            demo.close()


@contextmanager
def slow_runs(pause_s=0.5):
    """Runs on the page that rest at each stage, so that a busy machine, too, sees them before they end."""
    from affectgpt.page.services import Services

    events = Services.events

    def slow(self, *given):
        with closing(events(self, *given)) as all_:
            for event in all_:
                if event.kind == "stage":
                    time.sleep(pause_s)
                yield event

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Services, "events", slow)
        yield


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The real page with the signal engine."""
    from affectgpt.page import files

    if not list(files.EXAMPLES.glob("*.mp4")):
        pytest.skip("no examples/ beside the package")
    with serving(tmp_path_factory.mktemp("uploads")) as site:
        yield site


@pytest.fixture(scope="module")
def address(site):
    """The address of the real page with the signal engine."""
    return site.url


def make_clip(**values) -> Clip:
    """A clip with nothing in it but what is given."""
    empty = {
        "name": "toy",
        "duration_s": 2.0,
        "frames": np.zeros((0, 224, 224, 3), np.uint8),
        "track": np.zeros((0, 0, 0, 3), np.uint8),
        "track_times_s": np.zeros(0),
        "wave": np.zeros(0, np.float32),
    }
    return Clip(**{**empty, **values})


def make_clue(modality="lexical", name="word_joy", **values) -> Clue:
    text = Text(f"A clue called {name}.", f"名为{name}的线索。")
    return Clue(modality, name, **{"text": text, "value": 1.0, "unit": "hits", "basis": "toy", **values})


class FakeEngine:
    """The engine protocol with answers that a test can check by eye."""

    name = "fake"
    why = None

    answer = SignalEngine.answer  # the same order of events

    def clues(self, clip):
        heard = make_clue("acoustic", "wide_pitch", value=13.0, unit="st", spans=((0.5, 1.5),), strength=0.8)
        spans = ((0.2, 0.6), (1.0, 1.4))
        yield "lexical", [make_clue(chars=(0, 5))]
        yield "acoustic", [heard]
        yield "visual", [make_clue("visual", "smile", value=0.8, unit="index", spans=spans, strength=0.9)]

    def explain(self, clip, clues, language):
        for part in ("visual", "acoustic", "lexical", "inference"):
            yield part, {"en": f"The {part} part", "zh": f"{part}部分"}[language]
            yield part, "."

    def labels(self, clip, clues, text):
        assert "part." in text or "部分." in text
        happy = Label("happy", Text("happy", "高兴"), 0.7, (0, 2))
        return Verdict((happy,), 0.5, 0.2, 0.1, modalities={"visual": (0.5, 0.2, 0.1)})

    def missing(self, clip, clues):
        return {} if clip.has_sound else {"acoustic": Text("no sound track", "没有音轨")}

    def provenance(self, clip):
        return {"engine": self.name, "version": "0"}


@pytest.fixture
def fake_engine():
    return FakeEngine()


@pytest.fixture
def toy_clip():
    return make_clip(cues=(Cue("Great, thank you."),), subtitle_source="user", media={"load_s": 0.5})
