"""The layers of the package: imports go strictly down, and light commands load no heavy library."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "affectgpt"
LAYERS = [  # bottom first; a unit is a module, named by its path inside the package
    {"auto", "benchmarks", "citations", "commands", "relay", "remember", "report", "schema"}
    | {"clues.acoustic_rules", "clues.lexicon", "clues.visual_rules", "data.artefacts"}
    | {"decode.confine", "decode.packets", "decode.pictures", "decode.player", "decode.sound"}
    | {"hub", "hub.contents", "hub.secrets", "media.folders"}
    | {"metrics.matching", "metrics.statistic"}
    | {"model.adapter_affectgpt", "model.configuration_affectgpt", "model.encoders_affectgpt"}
    | {"page", "page.about", "page.compare", "page.drawings", "page.emer", "page.evaluate"}
    | {"page.explain", "page.look"}
    | {"signals", "signals.curves", "signals.face_library", "signals.timbre"},
    {"crops", "decode", "muting", "part_marks", "vocabulary", "wording", "benchmarks.benchmark"}
    | {"clues.face_rules", "clues.phrases", "clues.visual_clue", "data.messages", "hub.address"}
    | {"judges.judgement", "machine", "machine.footprint"}
    | {"media.messages", "media.resample", "media.subtitles", "metrics.classes", "metrics.mme"}
    | {"model.fusion_affectgpt", "model.processing_affectgpt"}
    | {"page.kept", "page.serving", "page.text.about", "page.text.clues", "page.text.compare"}
    | {"page.text.emer", "page.text.errors", "page.text.evaluate", "page.text.explain"}
    | {"page.text.scores", "report.words", "signals.detectors", "signals.motion", "signals.pitch"}
    | {"trained.generation"},
    {"faces", "labels", "recognition", "wheel", "writing"}
    | {"benchmarks.notes", "benchmarks.published", "clues.head_clues", "data.text_tables"}
    | {"hub.bundle", "hub.problems", "judges.prompts", "media.sniff", "model.pretrained_affectgpt"}
    | {"page.files", "page.text", "page.visitors"}
    | {"signals.expression", "signals.prosody", "signals.voice", "trained.runs"},
    {"appraisal", "console", "observables", "reference", "weights", "wheel_tables"}
    | {"benchmarks.result", "benchmarks.rows"}
    | {"clues.acoustic_clue", "clues.lexical", "clues.visual", "convert.official", "convert.output"}
    | {"data.clips", "hub.inside", "hub.listing", "hub.messages", "hub.resolve", "hub.trial"}
    | {"judges.chat", "judges.replies", "media.sandbox", "model.modeling_affectgpt"}
    | {"page.drawings.differences", "page.drawings.faces", "page.drawings.svg"}
    | {"page.drawings.wheel", "page.traces", "signals.timeline"},
    {"media", "model", "parts", "wheel_download", "benchmarks.compare", "clues.pitch_clues"}
    | {"hub.card_results", "hub.checks", "hub.store", "judges.endpoint"}
    | {"metrics.hits", "metrics.overlap", "metrics.sets"}
    | {"page.drawings.timeline", "page.drawings.verdict", "page.explain.what_if_html", "page.html"}
    | {"report.confusion", "report.samples", "report.sheet"},
    {"clues.acoustic", "convert.sizes", "data.sample"}
    | {"hub.card_numbers", "hub.facts", "hub.fetch", "hub.results", "judges.embedded"}
    | {"metrics.completeness", "metrics.wheels"}
    | {"page.drawings.clues", "page.drawings.explanation", "page.drawings.side_by_side"}
    | {"page.explain.words", "report.plots", "trained.written"},
    {"clues", "judges", "metrics", "transcribe", "benchmarks.measures", "convert.bases"}
    | {"data.tables", "hub.card_check", "hub.matter", "machine.choice", "trained.loader"},
    {"assessment", "baseline", "trained", "convert.folder", "data.columns", "hub.cards"} | {"machine.doctor"},
    {"card", "engine", "benchmarks.table", "convert", "convert.whole", "data.reading", "hub.stage"}
    | {"page.drawings.scores", "trained.batch"},
    {"reason", "benchmarks.predictions", "convert.export", "data.check", "data.emer"}
    | {"page.arrival", "page.export", "page.gpu", "report.html"},
    {"__init__", "benchmarks.answers", "benchmarks.predict", "commands.weights"}
    | {"data", "data.build", "data.check_text", "page.engines", "page.followed"},
    {"benchmarks.scoring", "benchmarks.work", "commands.data", "hub.verify"}
    | {"page.emer.shelves", "page.services"},
    {"benchmarks.evaluate", "commands.predict", "hub.push"}
    | {"page.compare.html", "page.emer.html", "page.explain.steps", "page.opening", "page.stored"}
    | {"page.tab"},
    {"benchmarks.child", "commands.evaluate", "commands.hub"}
    | {"page.compare.form", "page.emer.form", "page.explain.answered", "page.explain.reference"},
    {"page.compare.tab", "page.emer.run", "page.evaluate.evaluation", "page.explain.what_if"},
    {"page.about.facts", "page.api", "page.emer.tab", "page.evaluate.html"},
    {"page.about.html", "page.evaluate.tab"},
    {"page.about.tab", "page.explain.downloads"},
    {"page.explain.form"},
    {"page.explain.answer"},
    {"page.explain.tab"},
    {"ui"},
    {"cli"},
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
