"""What the README says is what the code does."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from affectgpt.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in fenced if name == language]


@pytest.fixture
def said(monkeypatch, capsys):
    """Run code from the repository's root and return what it prints; that a new process may, too, is held by
    test_auto_classes.py (with weights) and by test_examples.py (without).
    """
    monkeypatch.chdir(ROOT)

    def run(code: str) -> str:
        capsys.readouterr()
        exec(code, {"__name__": "__main__"})
        return capsys.readouterr().out

    return run


def test_the_python_example_runs(said):
    shown = said(next(code for code in blocks("python") if "load_engine" in code))
    for modality in ("visual", "acoustic", "lexical"):
        assert f"\n{modality} " in shown


def test_the_scores_example_runs(said):
    shown = said(next(code for code in blocks("python") if "wheel_scores" in code))
    assert shown.split() == ["0.5", "0.5", "0.5", "affectgpt-wheel"]


def test_the_example_with_weights_runs(said, bases, tmp_path):
    """With tiny random weights instead of 7B: what it prints is gibberish, but it prints two answers."""
    from tiny_affectgpt import write_checkpoint

    from affectgpt.convert import convert_checkpoint

    source = write_checkpoint(tmp_path, mode="multiframe_audio_frame_text")
    convert_checkpoint(source, tmp_path / "affectgpt-7b", **bases)
    code = next(code for code in blocks("python") if "from_pretrained" in code)
    code = code.replace('"affectgpt-7b"', repr(str(tmp_path / "affectgpt-7b")))
    assert len(ast.literal_eval(said(code).splitlines()[0])) == 2


def test_the_commands_of_the_readme_are_the_makefile_and_ci():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^make (\w+)", README, re.MULTILINE)
    assert {"demo", "test"} <= set(commands)
    for target in commands:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1] == "make test"


def test_every_option_in_the_readme_exists():
    commands = README.replace("\\\n", " ")  # continued lines
    plain = ("explain", "convert", "doctor", "serve", "predict", "evaluate", "compare", "benchmarks")
    for command in (*plain, "push", "pull", "data check", "data wheels"):
        lines = [line for line in commands.splitlines() if line.startswith(f"affectgpt {command}")]
        used = {word for line in lines for word in shlex.split(line, comments=True) if word.startswith("--")}
        help_text = CliRunner().invoke(app, [*command.split(), "--help"]).stdout
        assert "Usage" in help_text
        for option in used:
            assert option in help_text, f"{command} has no {option}"


def test_the_tree_names_every_module():
    tree = blocks("")[-1]
    for file in (ROOT / "affectgpt").rglob("*.py"):
        assert file.name.startswith("__") or file.name in tree, f"{file.name} is not in the README's tree"


def test_front_matter():
    front = yaml.safe_load(README.split("---\n")[1])
    assert front["colorFrom"] in {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert front["colorTo"] in {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert len(front["short_description"]) <= 60
    assert front["python_version"] in {"3.10", "3.12"}
    gradio = next(line for line in requirements() if line.startswith("gradio"))
    low, high = re.fullmatch(r"gradio>=([\d.]+),<(\d+)", gradio).groups()
    version = [int(x) for x in front["sdk_version"].split(".")]
    assert [int(x) for x in low.split(".")] <= version[:2] < [int(high)]


def requirements() -> list[str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_one_list_of_runtime_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert "dependencies" in project["project"]["dynamic"]
    names = {re.split(r"[<>=\[]", line)[0] for line in requirements()}
    assert not names & {"spaces", "mediapipe", "huggingface_hub"}, (
        "managed by the platform or by the Makefile"
    )


@pytest.mark.parametrize("name", ["LICENSE", "app.py", "Makefile", "examples/page.png"])
def test_what_the_readme_points_to_exists(name):
    assert (ROOT / name).is_file()
