"""The folder of the Space: what is in it, its card, whether pip can install it, and whether it runs."""

import json
import re
import shutil
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement
from toy_wheels import only, write_wheel

from affectgpt.hub import bundle as made
from affectgpt.hub.bundle import bundle, card, requirements, variables
from affectgpt.hub.resolve import resolve
from affectgpt.hub.trial import try_space
from affectgpt.page.look import DELETED_AFTER_MIN
from affectgpt.schema import AffectError

ROOT = Path(__file__).parents[1]
MODEL, DATASET = f"org/affectgpt@{'a' * 40}", f"org/emer@{'b' * 40}"
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    bundle(folder, "org/space")
    return folder


def tree(folder):
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def front_matter(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_it_holds_what_the_app_needs_and_nothing_else(space):
    files = tree(space)
    top = {name.partition("/")[0] for name in files}
    lists = {"requirements.txt", "packages.txt"}
    assert top == {"LICENSE", "README.md", "app.py", "affectgpt", "examples"} | lists
    assert files["packages.txt"] == b""
    code = {f.relative_to(ROOT).as_posix() for f in (ROOT / "affectgpt").rglob("*.py")}
    assert {name for name in files if name.endswith(".py")} == {"app.py", *code}
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    needed = {f.relative_to(ROOT).as_posix() for each in data for f in (ROOT / "affectgpt").rglob(each)}
    assert {name for name in files if name.startswith("affectgpt/")} == code | needed
    examples = [name.removeprefix("examples/") for name in files if name.startswith("examples/")]
    clips = [name[:-4] for name in examples if name.endswith(".mp4")]
    assert len(clips) == 4
    own = {f"{clip}{end}" for clip in clips for end in (".mp4", ".srt", ".json")} | {"references.jsonl"}
    assert {name for name in examples if not name.startswith("answers/")} == own
    assert len(examples) == len(own) + 8
    assert max(map(len, files.values())) < 10 << 20
    assert sum(map(len, files.values())) < 4 << 20


def test_same_checkout_same_bytes(space, tmp_path):
    paths = bundle(tmp_path / "new", "org/space")
    assert tree(tmp_path / "new") == tree(space)
    assert paths == sorted(paths)
    assert {path.relative_to(tmp_path / "new").as_posix() for path in paths} == set(tree(space))


def test_a_folder_with_something_in_it_and_an_installed_package_are_refused(space, tmp_path, monkeypatch):
    before = tree(space)
    with pytest.raises(AffectError, match="not empty"):
        bundle(space, "org/space")
    assert tree(space) == before
    with pytest.raises(AffectError, match="no name of a repository"):
        bundle(tmp_path / "a", "space")
    monkeypatch.setattr(made, "ROOT", tmp_path)
    with pytest.raises(AffectError, match="clone the repository"):
        bundle(tmp_path / "a", "org/space")
    assert not (tmp_path / "a").exists()


def test_requirements_are_ours_but_for_what_the_platform_manages(space):
    def read(file):
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
        return {Requirement(line).name: str(Requirement(line)) for line in lines if line}

    ours, its = read(ROOT / "requirements.txt"), read(space / "requirements.txt")
    assert {name: line for name, line in ours.items() if name != "gradio"} == its
    assert version("gradio") in Requirement(ours["gradio"]).specifier  # what sdk_version says
    assert Requirement(its["torch"]).specifier == "==2.11.0"  # one of those that ZeroGPU takes
    text = "spaces\nhuggingface-hub>=1\ngradio[mcp]>=6\ngradio_client\nnumpy>=2 # why\n# numpy<2\n"
    assert requirements(text).splitlines()[1:] == ["gradio_client", "numpy>=2"]


def test_the_front_matter_is_that_of_the_repository_and_valid(space):
    facts = front_matter((space / "README.md").read_text(encoding="utf-8"))
    assert facts == front_matter((ROOT / "README.md").read_text(encoding="utf-8"))
    assert facts["sdk"] == "gradio"
    assert facts["sdk_version"] == version("gradio")
    assert facts["python_version"] in ("3.12", "3.10")
    assert {facts["colorFrom"], facts["colorTo"]} <= COLOURS
    assert len(facts["short_description"]) <= 60
    assert (space / facts["app_file"]).is_file()
    assert facts["license"] == "apache-2.0"
    assert (space / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")


def test_what_it_uses_is_named_and_pinned():
    text = card("org/space", model=MODEL, dataset=DATASET)
    facts = front_matter(text)
    assert (facts["models"], facts["datasets"]) == (["org/affectgpt"], ["org/emer"])
    assert facts["suggested_hardware"] == "l4x1"
    assert "datasets" not in front_matter(card("org/space", model=MODEL))
    given = variables(MODEL, DATASET)
    assert given == {"GRADIO_SSR_MODE": "false", "AFFECTGPT_MODEL": MODEL, "AFFECTGPT_DATASET": DATASET}
    assert variables() == {"GRADIO_SSR_MODE": "false"}
    for name, value in given.items():
        assert f"| variable `{name}` | `{value}` | {made.WHY[name]} |" in text
    for loose in ("org/affectgpt", "org/affectgpt@main", MODEL + "a"):
        with pytest.raises(AffectError, match="name its commit"):
            variables(loose)


@pytest.mark.parametrize("given", [{}, {"model": MODEL, "dataset": DATASET}])
def test_the_card_says_what_it_must(given):
    text = card("org/space", **given)
    titles = re.findall(r"^## (.+)$", text, re.M)
    assert titles == [
        "Settings",
        "Intended and forbidden use",
        "What is kept, and for how long",
        "Licences",
        "中文摘要",
    ]
    assert "{" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)  # nothing was left unrendered
    assert "| Setting | Value | Why |" in text
    assert f"{DELETED_AFTER_MIN} minutes" in text
    assert f"{DELETED_AFTER_MIN} 分钟" in text
    for words in (
        "apparent",
        "Art. 5(1)(f)",
        "Art. 50(3)",
        "Annex III, 1(c)",
        "hiring",
        "x264",
        "CC0-1.0",
        "mediapipe 0.10.21",
    ):
        assert words in text
    rows = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert set(rows) == {3, 4}


def test_its_snippet_asks_as_the_endpoint_wants(monkeypatch, capsys):
    stored = json.loads((ROOT / "examples/answers/happy_reunion.signal.en.json").read_text(encoding="utf-8"))
    api = json.loads((Path(__file__).parent / "api.json").read_text(encoding="utf-8"))
    known = {each["parameter_name"] for each in api["named_endpoints"]["/analyze"]["parameters"]}

    class Client:
        def __init__(self, source):
            assert source == "org/space"

        def predict(self, *, api_name, **values):
            assert api_name == "/analyze"
            assert set(values) <= known
            return stored["explanation"]

    fake = SimpleNamespace(Client=Client, handle_file=str)
    monkeypatch.setitem(sys.modules, "gradio_client", fake)
    exec(re.search(r"```python\n(.*?)```", card("org/space"), re.DOTALL)[1], {})
    assert "happy" in capsys.readouterr().out


def test_pip_is_asked_for_the_platform_of_the_card(space, tmp_path, monkeypatch):
    for name, value in only(tmp_path).items():
        monkeypatch.setenv(name, value)
    write_wheel(tmp_path, "gradio", version("gradio"), extras=["oauth", "mcp"])
    for name in ("spaces", "huggingface_hub", "needed"):
        write_wheel(tmp_path, name, "3.0")
    write_wheel(tmp_path, "needed", "3.1", tag="cp312-cp312-manylinux_2_28_x86_64")
    for tag in (
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_40_x86_64",
        "cp312-cp312-win32",
    ):
        write_wheel(tmp_path, "needed", "3.2", tag=tag)
    folder = tmp_path / "bundle"
    folder.mkdir()
    shutil.copy(space / "README.md", folder)
    (folder / "requirements.txt").write_text("needed>=2\n")
    expected = {"gradio": version("gradio"), "spaces": "3.0", "huggingface_hub": "3.0", "needed": "3.1"}
    assert resolve(folder) == expected
    (folder / "requirements.txt").write_text("needed>=2\nneeded<2\n")
    with pytest.raises(AffectError, match=r"Python 3\.12 .*needed") as caught:
        resolve(folder)
    assert str(tmp_path) not in str(caught.value)


def test_it_runs_from_an_empty_folder(space, tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(space, folder)
    file = folder / "affectgpt" / "baseline.py"
    code = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"^VERSION = .*$", 'VERSION = "trial"', code, flags=re.M), encoding="utf-8")
    seen = try_space(folder, AFFECTGPT_WHISPER="off")
    assert seen["provenance"]["version"] == "trial"  # the bundle's own code, not the checkout's
    assert (seen["engine"], seen["labels"][0], seen["exit"]) == ("signal", "happy", 143)
    assert seen["clues"] >= 8
    assert seen["left"] == []
    assert tree(folder) == {**tree(space), "affectgpt/baseline.py": file.read_bytes()}


def test_a_bundle_that_does_not_start_is_told_with_its_last_lines(tmp_path, capfd):
    (tmp_path / "app.py").write_text("import a_module_that_is_not_there")
    with pytest.raises(AffectError, match="does not start"):
        try_space(tmp_path)
    assert "No module named 'a_module_that_is_not_there'" in capfd.readouterr().err
    with pytest.raises(AffectError, match=r"holds no app\.py"):
        try_space(tmp_path / "nothing")
