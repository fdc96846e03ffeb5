"""transformers' auto classes know AffectGPT in every order of imports, from the package and as remote code.

Importing torch takes seconds, so each process checks all that one order of imports can show.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import golden_affectgpt as gold
import pytest
import tiny_affectgpt as tiny

import affectgpt

ROOT = Path(affectgpt.__file__).parents[1]
CODE = ROOT / "affectgpt" / "model"
AUTO_MAP = {
    "AutoConfig": "configuration_affectgpt.AffectGPTConfig",
    "AutoModel": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoModelForMultimodalLM": "modeling_affectgpt.AffectGPTForConditionalGeneration",
    "AutoProcessor": "processing_affectgpt.AffectGPTProcessor",
}
# What each process does with a repository once the auto classes are imported; prints one line of JSON.
USE = """
import json, sys
import numpy as np, torch
torch.set_num_threads(1)
def use(folder, **options):
    from transformers import AutoConfig, AutoModel, AutoModelForMultimodalLM, AutoProcessor
    config = AutoConfig.from_pretrained(folder, **options)
    processor = AutoProcessor.from_pretrained(folder, **options)
    random = np.random.default_rng(5)
    faces = random.integers(0, 256, (4, 64, 64, 3), np.uint8)
    sound = random.standard_normal(30_000).astype(np.float32)
    inputs = processor(faces=faces, audio=sound, subtitle="Go.", question="Why?")
    kinds, ids = [type(config).__name__, type(processor).__name__], []
    for auto in (AutoModel, AutoModelForMultimodalLM):
        model = auto.from_pretrained(folder, dtype=torch.float32, **options)
        kinds.append(type(model).__name__)
        ids.append(model.generate(**inputs, max_new_tokens=6)[0, inputs["input_ids"].shape[1]:].tolist())
    return model, processor, inputs, {"kinds": kinds, "ids": ids}
"""
NAMES = ["AffectGPTConfig", "AffectGPTProcessor", *["AffectGPTForConditionalGeneration"] * 2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A repository; the base models that it was made of are gone."""
    root = tmp_path_factory.mktemp("bases")
    bases = {role: str(path) for role, path in tiny.write_bases(root).items()}
    made = gold.save(gold.trained(bases), bases, tmp_path_factory.mktemp("model"))
    shutil.rmtree(root)
    return made


@pytest.fixture(scope="module")
def expected(folder):
    """The answer that every process must give."""
    space = {}
    exec(USE, space)
    return space["use"](folder)[3]["ids"]


def run(script: str, *arguments, place: Path, first: str = ""):
    """Run Python in an empty folder without the Hub; return its last line of output as JSON, and its log."""
    code = place / "script.py"
    code.write_text(script, encoding="utf-8")
    env = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    env |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(place / "hub")}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (first, str(ROOT))))
    call = [sys.executable, code, *map(str, arguments)]
    done = subprocess.run(call, cwd=place, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


PACKAGE_FIRST = """
import importlib.util, json, sys
import affectgpt
heavy = [name for name in ("torch", "transformers", "peft") if name in sys.modules]
try:
    affectgpt.AffectGPTNonsense
except AttributeError as error:
    nonsense = str(error)
for _ in range(2):
    importlib.util.find_spec("transformers")  # many libraries ask only whether it is there
import transformers
traces = [type(x).__module__ for x in (*sys.meta_path, transformers.__spec__.loader)]
{use}
model, processor, inputs, said = use(sys.argv[1])
from affectgpt import AffectGPTForConditionalGeneration, AffectGPTConfig, AffectGPTProcessor
said["same"] = type(model) is AffectGPTForConditionalGeneration
said["chat"] = isinstance(model.chat([{{"role": "user", "content": "x"}}], max_new_tokens=3), str)
small = transformers.AutoModel.from_pretrained(sys.argv[1], quantize="nf4")
said["packed"] = str(small.language_model.model.layers[0].mlp.up_proj.base_layer.weight.dtype)
print(json.dumps({{**said, "heavy": heavy, "nonsense": nonsense, "traces": traces}}))
"""


def test_the_package_first(folder, expected, tmp_path):
    """`import affectgpt` is light; the auto classes know it as soon as transformers is there, offline."""
    said, _ = run(PACKAGE_FIRST.format(use=USE), folder, place=tmp_path)
    assert said["heavy"] == []
    assert "AffectGPTNonsense" in said["nonsense"]
    assert said["kinds"] == NAMES
    assert said["ids"] == expected
    assert said["same"]
    assert said["chat"], "the tokenizer is the repository's own"
    assert said["packed"] == "torch.uint8"
    assert not [name for name in said["traces"] if "affectgpt" in name], "nothing of ours stays in the way"


TRANSFORMERS_FIRST = """
import json, sys
from transformers import AutoConfig, AutoModel, AutoModelForMultimodalLM, AutoProcessor
try:
    AutoConfig.from_pretrained(sys.argv[1])
    before = "known"
except ValueError as error:
    before = "unknown"
import affectgpt
from affectgpt.model import AffectGPTConfig
{use}
said = use(sys.argv[1])[3]
print(json.dumps({{**said, "before": before}}))
"""


def test_transformers_first(folder, expected, tmp_path):
    said, _ = run(TRANSFORMERS_FIRST.format(use=USE), folder, place=tmp_path)
    assert said["before"] == "unknown"
    assert said["kinds"] == NAMES
    assert said["ids"] == expected


REMOTE = """
import json, sys
sys.modules["affectgpt"] = None  # whoever has not installed the package
{use}
model, processor, inputs, said = use(sys.argv[1], trust_remote_code=True)
said["module"] = type(model).__module__
model.save_pretrained(sys.argv[2], max_shard_size="400KB")
processor.save_pretrained(sys.argv[2])
said["again"] = use(sys.argv[2], trust_remote_code=True)[3]["ids"]
try:
    import affectgpt
    said["package"] = True
except ImportError:
    said["package"] = False
print(json.dumps(said))
"""


def test_as_remote_code(folder, expected, tmp_path):
    """The folder with the model's files and `auto_map`, where the package cannot be imported; saved again."""
    repository = shutil.copytree(folder, tmp_path / "repository")
    for file in CODE.glob("*_affectgpt.py"):
        shutil.copy(file, repository)
    for name, keys in (("config.json", AUTO_MAP), ("processor_config.json", ["AutoProcessor"])):
        settings = json.loads((repository / name).read_text(encoding="utf-8"))
        settings["auto_map"] = {key: AUTO_MAP[key] for key in keys}
        (repository / name).write_text(json.dumps(settings), encoding="utf-8")
    said, _ = run(REMOTE.format(use=USE), repository, tmp_path / "again", place=tmp_path)
    assert not said["package"]
    assert said["kinds"] == NAMES
    assert said["module"].startswith("transformers_modules.")
    assert said["ids"] == expected
    assert said["again"] == expected
    assert (tmp_path / "again" / "modeling_affectgpt.py").is_file(), "it stays loadable as remote code"


BROKEN = """
import json, logging, sys
import affectgpt
outcome = {}
try:
    import transformers
    outcome["transformers"] = transformers.WORTH
except ImportError as error:
    outcome["transformers"] = str(error)
from affectgpt import Explanation
outcome["version"] = affectgpt.__version__
try:
    affectgpt.AffectGPTConfig
except ImportError as error:
    outcome["model"] = type(error).__name__
print(json.dumps(outcome))
"""


@pytest.mark.parametrize(
    ("content", "seen"),
    [("raise ImportError('no torch here')", "no torch here"), ("WORTH = 'an old one'", "an old one")],
    ids=["broken", "too old"],
)
def test_a_transformers_that_cannot_carry_it(tmp_path, content, seen):
    """The package stays importable, transformers says and does what it would without us."""
    fake = tmp_path / "site" / "transformers"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text(content, encoding="utf-8")
    said, log = run(BROKEN, place=tmp_path, first=str(tmp_path / "site"))
    assert said["transformers"] == seen
    assert said["version"] == affectgpt.__version__
    assert said["model"] == "ImportError"
    assert "Traceback" not in log


def test_no_transformers_at_all(tmp_path):
    script = "import sys\nsys.modules['transformers'] = None\n" + BROKEN
    said, log = run(script, place=tmp_path)
    assert "transformers" in said["transformers"]
    assert said["model"] in ("ImportError", "ModuleNotFoundError")
    assert "Traceback" not in log


def test_the_code_that_is_uploaded_is_flat():
    """Remote code can only import its neighbours, and says what it needs from other libraries at the top."""
    for file in CODE.glob("*_affectgpt.py"):
        text = file.read_text(encoding="utf-8")
        assert "from .." not in text, file.name
        assert "import affectgpt" not in text
        assert "from affectgpt" not in text
