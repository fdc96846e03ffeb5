"""Clips that are kept: few, not for long, each visitor's own; what a visitor leaves goes soon after them."""

import gc
import os
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import FakeEngine, make_clip

from affectgpt import ui
from affectgpt.page import files, kept, look, traces
from affectgpt.page.engines import Engines
from affectgpt.page.kept import Kept
from affectgpt.page.services import Services
from affectgpt.page.traces import Traces
from affectgpt.page.visitors import Visitors

MB = 2**20


def clip_of(mb: float, name: str = "toy"):
    return make_clip(name=name, track=np.zeros((1, 1, round(mb * MB / 3), 3), np.uint8))


def test_a_clip_is_found_by_its_visitor_its_place_and_its_file():
    here = Kept()
    here.put("anna", "explain", clip_of(1, "a"), b"upload", b"copy")
    here.put("ben", "explain", clip_of(1, "b"), b"upload")
    assert here.get("anna", "explain").name == "a"
    assert here.get("anna", "explain", b"copy").name == "a"
    assert here.get("anna", "explain", b"another file") is None
    assert here.get("anna", "compare", b"upload") is None
    assert here.get("ben", "explain", b"copy") is None  # anna's copy is nothing to ben
    here.put("anna", "explain", clip_of(1, "c"), b"next")
    assert here.get("anna", "explain", b"upload") is None
    here.drop("anna")
    assert here.get("anna", "explain") is None
    assert here.get("ben", "explain").name == "b"
    here.clear()
    assert here.get("ben", "explain") is None


def test_the_oldest_goes_when_there_are_too_many_and_one_too_large_pushes_nobody_out():
    here = Kept(max_bytes=5 * MB)
    for name in ("a", "b", "c"):
        here.put(name, "explain", clip_of(2, name), name.encode())
    assert [here.get(name, "explain") is not None for name in "abc"] == [False, True, True]
    here.put("d", "explain", clip_of(6), b"d")
    assert [here.get(name, "explain") is not None for name in "bcd"] == [True, True, False]
    here.put("b", "explain", clip_of(6), b"large")  # too large; the one before is not of this file
    assert here.get("b", "explain") is None


def test_age_counts_from_reading_the_file_not_from_the_last_question(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: now[0])
    here = Kept()
    here.put("anna", "explain", clip_of(1), b"upload")
    now[0] = 1799
    assert here.get("anna", "explain") is not None
    now[0] = 1801
    assert here.get("anna", "explain") is None
    assert kept.Kept().max_age_s == look.DELETE_AGE_S == 1800


@pytest.fixture
def page(monkeypatch, tmp_path):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "uploads"))
    (tmp_path / "uploads").mkdir()
    return ui.Page(Services.made(Engines(FakeEngine())))


def test_memory_returns_though_nobody_asks(page, monkeypatch):
    page.services.kept = Kept(max_age_s=0.05)
    failures = [RuntimeError("a sweep failed"), OSError("another one")]
    sweep = page.services.traces.sweep

    def fails_at_first():
        if failures:
            raise failures.pop()
        return sweep()

    monkeypatch.setattr(page.services.traces, "sweep", fails_at_first)
    ui.keep_tidy(page, every_s=0.05)
    clip = clip_of(1)
    gone = weakref.ref(clip)
    page.services.kept.put("anna", "explain", clip, b"upload")
    del clip
    for _ in range(100):
        if gone() is None:
            break
        time.sleep(0.05)
    gc.collect()
    assert gone() is None


def sent(root, name, text="x"):
    folder = root / f"hash of {text}"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return str(folder / name)


def test_the_files_of_a_visitor_go_after_them_and_those_of_others_stay(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path / "root"))
    root = tmp_path / "root"
    root.mkdir()
    outside = tmp_path / "outside.mp4"
    outside.write_text("not a file of the page")
    example = sent(root, "a.mp4", files.EXAMPLES.name)
    os.rename(root / f"hash of {files.EXAMPLES.name}", root / files.EXAMPLES.name)
    example = str(root / files.EXAMPLES.name / "a.mp4")
    own, both, other = (sent(root, name, name) for name in ("own", "both", "other"))
    here = Traces(gone_s=0)
    here.note("anna", [{"path": own}, None, 7, {"video": [{"path": both}]}], asked=True)
    here.note("anna", [{"path": str(outside)}, {"path": example}, {"path": "\0"}, {"path": "x" * 9000}])
    here.note("anna", [{"path": f"{root}/../outside.mp4"}])
    here.note("ben", ({"path": both}, {"path": other}), asked=True)
    assert here.sweep() == []
    here.leave("anna")
    assert here.sweep() == ["anna"]
    left = sorted(path.name for path in root.rglob("*") if path.is_file())
    assert left == ["a.mp4", "both", "other"]
    assert not (root / "hash of own").exists()  # the folder's name would tell what was in it
    assert outside.exists()
    here.leave("ben")
    here.sweep()
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["a.mp4"]
    assert here._known == {}


def test_what_was_forgotten_goes_by_age_but_only_in_a_folder_of_our_own(tmp_path, monkeypatch):
    root = tmp_path / "root"
    monkeypatch.setenv(files.ROOT_VARIABLE, str(root))
    root.mkdir(mode=0o755)
    (root / files.EXAMPLES.name).mkdir()
    (root / files.EXAMPLES.name / "a.mp4").write_text("ours")
    (root / "tmpab12").write_text("half of an upload")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private").write_text("not ours")
    sent(root, "lost")
    (root / "empty").mkdir()
    time.sleep(0.02)
    Traces().sweep_root(age_s=0.01)
    assert (root / "tmpab12").exists()  # others may write here
    root.chmod(0o700)
    Traces().sweep_root(age_s=60)
    assert (root / "tmpab12").exists()
    Traces().sweep_root(age_s=0.01)
    Traces().sweep_root(age_s=0.0)  # a folder has changed when its last file went
    assert sorted(path.name for path in root.rglob("*")) == ["a.mp4", "examples", "link"]
    assert (tmp_path / "elsewhere" / "private").exists()


def test_a_visitor_who_comes_back_in_time_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(files.ROOT_VARIABLE, str(tmp_path))
    now = [100.0]
    monkeypatch.setattr(traces.time, "monotonic", lambda: now[0])
    here = Traces()
    own = sent(tmp_path, "own")
    here.note("anna", {"path": own}, asked=True)
    here.leave("anna")  # a tunnel
    now[0] += 30
    here.note("anna", None, asked=True)
    now[0] += 120
    assert here.sweep() == []
    here.leave("anna")
    here.note("anna", {"path": own})  # an answer that was under way is no sign of life
    now[0] += 59
    assert here.sweep() == []
    now[0] += 2
    assert here.sweep() == ["anna"]


def test_callers_without_a_page_are_forgotten_when_their_files_are(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(traces.time, "monotonic", lambda: now[0])
    here = Traces()
    here.note("caller", None, asked=True)
    now[0] += look.DELETED_AFTER_MIN * 60 - 1
    assert here.sweep() == []
    now[0] += 2
    assert here.sweep() == ["caller"]
    assert here._known == {}


def test_leaving_forgets_clips_rate_files_and_the_last_answer(page, tmp_path):
    services = page.services
    services.traces.gone_s = 0
    services.visitors = Visitors(max_jobs=1)
    own = sent(tmp_path / "uploads", "own")
    services.traces.note("anna", {"path": own}, asked=True)
    services.uploads.claim(own, "anna")
    services.kept.put("anna", "explain", clip_of(1), b"upload")
    with services.visitors.job("anna", "explain"):
        pass
    holder = page.demo.state_holder = SimpleNamespace(session_data={"anna": 1, "ben": 2}, time_last_used={})
    holder.delete_state = lambda visitor: None
    (tab,) = (tab for tab in page.tabs if hasattr(tab, "leave"))
    tab.leave(SimpleNamespace(session_hash="anna"))
    page.tidy()
    assert not os.path.exists(own)
    assert services.kept.get("anna", "explain") is None
    assert holder.session_data == {"ben": 2}
    with services.visitors.job("anna", "explain"):
        pass
    assert services.uploads._wanted == {}
