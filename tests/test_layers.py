"""The layers of the package: imports go strictly down, and light commands load no heavy library."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "affectgpt"
LAYERS = [  # bottom first; a unit is a module, named by its path inside the package
    {"schema", "decode.confine", "decode.packets", "decode.pictures", "decode.player", "decode.sound"}
    | {"signals", "signals.timbre", "clues.acoustic_rules", "clues.lexicon", "page"}
    | {"model.configuration_affectgpt", "model.adapter_affectgpt", "model.encoders_affectgpt", "auto"}
    | {"trained.relay", "metrics.statistic", "data", "judges", "benchmarks"},
    {
        "vocabulary",
        "judges.judgement",
        "benchmarks.benchmark",
        "decode",
        "card",
        "part_marks",
        "crops",
        "page.text",
    }
    | {"media.subtitles", "media.messages", "media.resample", "media.folders"}
    | {"signals.pitch", "signals.detectors", "signals.motion", "signals.curves"}
    | {"clues.visual_rules", "clues.phrases"}
    | {
        "model.fusion_affectgpt",
        "model.processing_affectgpt",
        "machine",
        "machine.footprint",
        "trained.generation",
    },
    {"wheel", "media.sniff", "faces", "signals.prosody", "signals.voice", "signals.expression"}
    | {"clues.face_rules", "clues.visual_clue", "labels", "wording", "page.svg", "page.files"}
    | {"model.pretrained_affectgpt", "trained.runs"},
    {"reference", "observables", "media.sandbox", "clues.head_clues", "clues.acoustic_clue"}
    | {"appraisal", "writing", "page.html", "console", "weights"}
    | {"model.modeling_affectgpt", "convert.official", "convert.output"},
    {"clues.pitch_clues", "model", "machine.choice", "parts", "metrics.overlap"},
    {"media", "metrics", "data.sample", "trained.written", "clues.acoustic", "clues.visual", "clues.lexical"}
    | {"convert", "machine.doctor", "trained.loader"},
    {"clues", "page.look", "convert.export", "trained"},
    {"baseline", "commands"},
    {"engine"},
    {"reason"},
    {"ui"},
    {"cli"},
    {"__init__"},
    {"__main__"},
]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}


def unit_of(file: Path, package: Path) -> str:
    return ".".join(file.relative_to(package).with_suffix("").parts).removesuffix(".__init__")


def modules(package: Path) -> dict[str, Path]:
    return {unit_of(file, package): file for file in sorted(package.rglob("*.py"))}


def internal_imports(file: Path, package: Path) -> list[str]:
    """The modules of the package that a file imports; `__init__` is the package's own root."""
    known, found = modules(package), []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            written = [alias.name.split(".") for alias in node.names]
            found += [".".join(parts[1:]) or "__init__" for parts in written if parts[0] == "affectgpt"]
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if node.level:
                base = [*file.relative_to(package).parts[: -node.level], *base]
            elif base[:1] == ["affectgpt"]:
                base = base[1:]
            else:
                continue
            inner = [".".join([*base, alias.name]) for alias in node.names]
            found += [name if name in known else ".".join(base) or "__init__" for name in inner]
    return sorted(set(found))


def violations(package: Path) -> list[str]:
    out = []
    for unit, file in modules(package).items():
        if unit not in LEVEL:
            out.append(f"{unit} is not in the table of layers")
            continue
        for target in internal_imports(file, package):
            if LEVEL.get(target, len(LAYERS)) >= LEVEL[unit]:
                out.append(f"{unit} (layer {LEVEL[unit]}) imports {target} (layer {LEVEL.get(target)})")
    return out


def test_imports_go_down():
    assert violations(PACKAGE) == []


def test_every_unit_of_the_table_exists():
    assert set(modules(PACKAGE)) == set(LEVEL)


def test_the_check_bites(tmp_path):
    copy = tmp_path / "affectgpt"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file, wrong = copy / "signals" / "voice.py", []
    text = file.read_text(encoding="utf-8")
    wrong += ["from ..reason import fold", "from .. import cli", "from . import expression"]
    wrong += ["from affectgpt.signals import expression", "from affectgpt import reason"]
    wrong += ["import affectgpt", "import affectgpt.ui"]
    for line in wrong:
        file.write_text(f"{text}\n{line}\n", encoding="utf-8")
        assert len(violations(copy)) == 1, line


def test_what_goes_to_the_hub_imports_only_its_siblings():
    """The Hub's loader finds them by lines of the form "from .name import Thing"."""
    for file in (PACKAGE / "model").glob("*_affectgpt.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1
                assert node.module
                assert node.module.endswith("_affectgpt"), f"{file.name}: {ast.unparse(node)}"
            assert not isinstance(node, ast.Import) or "affectgpt" not in ast.unparse(node)


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('MODULES', *sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split("MODULES")[-1].split())


def test_import_is_light():
    heavy = {
        "torch",
        "torchaudio",
        "gradio",
        "cv2",
        "mediapipe",
        "scipy",
        "av",
        "transformers",
        "typer",
        "peft",
    }
    assert loaded_after("import affectgpt") & heavy == set()


def test_help_is_light():
    code = "from affectgpt.cli import app\ntry: app(['--help'])\nexcept SystemExit: pass"
    assert loaded_after(code) & {"torch", "gradio", "cv2", "mediapipe", "scipy", "av"} == set()


def test_explain_with_the_signal_engine_loads_no_model_library(tmp_path):
    import wave

    sound = tmp_path / "a.wav"
    with wave.open(str(sound), "wb") as out:
        out.setparams((1, 2, 44100, 0, "NONE", ""))
        out.writeframes(b"\0\0" * 44100)
    code = f"from affectgpt.cli import app\ntry: app(['explain', {str(sound)!r}])\nexcept SystemExit: pass"
    assert loaded_after(code) & {"torch", "transformers", "bitsandbytes", "gradio", "ray", "peft"} == set()
