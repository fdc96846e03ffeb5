"""The face library of a Space: installed once, by its checksum and alone; or the reason is told."""

import importlib
import sys
from pathlib import Path

import pytest
from toy_wheels import only, write_wheel

from affectgpt.signals import detectors, face_library

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A Space, and a library of another name whose wheel pip finds; toy(sha256) -> where it is installed."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(face_library, "NAME", "toyfacelib")
    monkeypatch.setattr(face_library, "VERSION", "1.5")
    monkeypatch.setattr(face_library, "_failed", None)
    monkeypatch.setenv("SPACE_ID", "org/space")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    right = write_wheel(tmp_path, "toyfacelib", "1.5", requires=["numpy<2", "a-package-that-is-nowhere"])
    for name, value in only(tmp_path).items():
        monkeypatch.setenv(name, value)

    def prepare(sha256=right):
        monkeypatch.setattr(face_library, "SHA256", {TAG: sha256})
        return tmp_path / "cache" / "affectgpt"

    yield prepare
    sys.modules.pop("toyfacelib", None)


def nothing_runs(monkeypatch):
    monkeypatch.setattr(face_library.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))


def test_it_is_installed_once_without_its_dependencies(toy, monkeypatch):
    cache, before = toy(), list(sys.path)
    face_library.provide()
    assert sys.path == [*before, str(cache / f"toyfacelib-1.5-{TAG}")]
    assert importlib.import_module("toyfacelib").VERSION == "1.5"
    assert [path.name for path in cache.iterdir()] == [f"toyfacelib-1.5-{TAG}"]
    nothing_runs(monkeypatch)
    face_library.provide()
    sys.path[:] = before  # as another start of the Space, with no network
    sys.modules.pop("toyfacelib")
    importlib.invalidate_caches()
    face_library.provide()
    assert importlib.import_module("toyfacelib").VERSION == "1.5"


def test_another_file_than_the_pinned_one_is_refused(toy, monkeypatch):
    cache, before = toy("0" * 64), list(sys.path)
    with pytest.raises(ImportError, match=r"^pip could not install toyfacelib 1\.5$"):
        face_library.provide()
    assert list(cache.iterdir()) == []
    assert sys.path == before
    nothing_runs(monkeypatch)  # the next clip does not wait for another attempt
    with pytest.raises(ImportError, match="could not install"):
        face_library.provide()


def test_elsewhere_than_on_a_space_nothing_is_fetched(toy, monkeypatch):
    toy()
    monkeypatch.delenv("SPACE_ID")
    nothing_runs(monkeypatch)
    face_library.provide()
    assert importlib.util.find_spec("toyfacelib") is None


def test_a_reason_names_no_place_of_the_machine(toy, tmp_path, monkeypatch):
    toy()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ImportError) as caught:
        face_library.provide()
    assert str(caught.value) == "toyfacelib was not installed: Not a directory"


def test_a_python_without_a_wheel_is_told(toy, monkeypatch):
    toy()
    monkeypatch.setattr(face_library, "SHA256", {})
    with pytest.raises(ImportError, match=f"no wheel for {TAG}"):
        face_library.provide()


def test_without_it_faces_are_found_by_opencv_and_the_answer_says_why(toy):
    toy("0" * 64)
    tool, lost = detectors.open_tool(None)
    assert tool.name == "haar"
    assert "pip could not install toyfacelib 1.5" in lost.en
    assert "pip could not install toyfacelib 1.5" in lost.zh


def test_the_pinned_release_is_that_of_the_makefile():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    assert f"{face_library.NAME}=={face_library.VERSION}" in makefile
