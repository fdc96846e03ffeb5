"""The layers of the package: imports go strictly down, and light commands load no heavy library."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "affectgpt"
LAYERS = [  # bottom first; a unit is the first part of a file's path inside the package
    {"schema", "lexicon", "pitch", "decode", "acoustic_rules"},
    {"wheel", "subtitles", "media_text", "sniff", "prosody", "voice", "detectors", "motion"}
    | {"curves", "visual_rules", "phrases", "card", "page_text"},
    {"faces", "expression", "face_rules", "visual_clue", "labels", "wording", "metrics", "reference"}
    | {"sandbox", "page_svg", "page_files"},
    {"head_clues"},
    {"media", "clues", "appraisal", "writing", "page_html"},
    {"baseline"},
    {"engine"},
    {"reason"},
    {"page_look"},
    {"ui"},
    {"cli"},
    {"__init__"},
    {"__main__"},
]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}


def unit_of(file: Path, package: Path) -> str:
    return file.relative_to(package).parts[0].removesuffix(".py")


def internal_imports(file: Path, package: Path) -> list[tuple[str, str]]:
    """Return (module path inside the package, how it was written) of every import of the package itself."""
    found = []
    depth = len(file.relative_to(package).parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [
                (a.name.partition(".")[2], a.name) for a in node.names if a.name.split(".")[0] == "affectgpt"
            ]
        elif (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and (node.module or "").split(".")[0] == "affectgpt"
        ):
            found.append((node.module.partition(".")[2], node.module))
        elif isinstance(node, ast.ImportFrom) and node.level >= depth:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(name, "." * node.level + name) for name in names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.append(("sibling", "." * node.level + (node.module or "")))
    return found


def violations(package: Path) -> list[str]:
    out = []
    for file in sorted(package.rglob("*.py")):
        unit = unit_of(file, package)
        if unit not in LEVEL:
            out.append(f"{unit} is not in the table of layers")
            continue
        for target, written in internal_imports(file, package):
            if target == "sibling":
                if file.name != "__init__.py":
                    out.append(f"{file.name} imports a sibling: {written}")
                continue
            name = target.split(".")[0]
            if name not in LEVEL:
                out.append(
                    f"{file.name} imports {written}: the root itself, or a module that is not in the table"
                )
            elif name == unit and file.name == "__init__.py" and file.parent != package:
                continue  # a folder's own __init__ may reach its files by name
            elif LEVEL[name] >= LEVEL[unit]:
                out.append(f"{file.name} (layer {LEVEL[unit]}) imports {written} (layer {LEVEL[name]})")
    return out


def test_imports_go_down():
    assert violations(PACKAGE) == []


def test_every_unit_of_the_table_exists():
    units = {unit_of(file, PACKAGE) for file in PACKAGE.rglob("*.py")}
    assert units == set(LEVEL)


def test_the_check_bites(tmp_path):
    copy = tmp_path / "affectgpt"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for line in ("from .reason import fold\n", "from . import cli\n", "import affectgpt\n"):
        (copy / "voice.py").write_text(
            (PACKAGE / "voice.py").read_text(encoding="utf-8") + line, encoding="utf-8"
        )
        assert len(violations(copy)) == 1, line


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('MODULES', *sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split("MODULES")[-1].split())


def test_import_is_light():
    heavy = {"torch", "torchaudio", "gradio", "cv2", "mediapipe", "scipy", "av", "transformers", "typer"}
    assert loaded_after("import affectgpt") & heavy == set()


def test_help_is_light():
    code = "from affectgpt.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass"
    assert loaded_after(code) & {"torch", "gradio", "cv2", "mediapipe", "scipy", "av"} == set()


def test_explain_with_the_signal_engine_loads_no_model_library(tmp_path):
    import wave

    sound = tmp_path / "a.wav"
    with wave.open(str(sound), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes(b"\0\0" * 16000)
    code = f"from affectgpt.cli import app\ntry: app(['explain', {str(sound)!r}])\nexcept SystemExit: pass"
    assert loaded_after(code) & {"transformers", "bitsandbytes", "gradio", "ray", "peft"} == set()
