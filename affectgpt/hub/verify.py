"""Loads a pushed commit back as a stranger would, into an empty cache, and runs one sample of it.

`verify_pushed` starts this module as a child process: constants of the Hub's client are read at import.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from ..benchmarks.result import Result
from ..console import quiet_libraries
from ..data.emer import PUBLISHED, built_files
from ..data.messages import shown
from ..engine import load_engine
from ..machine.choice import SHOWN, way
from ..schema import AffectError, Clip, Text
from .address import Address
from .checks import EXAMPLES
from .fetch import Fetched, fetch
from .messages import said, trouble
from .results import PREDICTIONS, SCORES, recomputed
from .stage import Staged

NEW_TOKENS = 16  # of the answer: it is to run, not to be good
WORDS = 60  # characters of the answer that are shown
ROOT = Path(__file__).parents[2]  # where a child process finds this package
CLIP = "happy_reunion.mp4"


def verify_pushed(address: Address, staged: Staged) -> tuple[Literal["run", "files"], Text]:
    """Load `address` (at a commit) back and compare it with what was staged; return how far that went.

    "run": one sample came out right; "files": all files are right, but it does not fit this machine. The text
    says what was loaded and what it answered, or why it was not run. Raises AffectError when it is not right.
    """
    from huggingface_hub import get_token

    with tempfile.TemporaryDirectory(prefix="affectgpt-verify-") as home:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGINGFACE_"))
        }
        kept = ("HF_ENDPOINT", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET", "HF_HUB_OFFLINE")
        env |= {name: os.environ[name] for name in kept if name in os.environ}
        env |= {"HF_HOME": home, "HF_TOKEN": get_token() or "", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        env["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
        for name in ("TRANSFORMERS_CACHE", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_MODULES_CACHE"):
            env.pop(name, None)
        env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])
        asked = [staged.artifact, address.repo, str(address.revision), str(staged.folder.resolve())]
        command = [sys.executable, "-m", "affectgpt.hub.verify", *asked]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise trouble("verify_died", code=done.returncode) from error
    text = Text(answer["en"], answer["zh"])
    if answer["state"] == "wrong":
        raise AffectError(text.en, text.zh)
    return answer["state"], text


def look(artifact: str, address: Address, staged: Path) -> tuple[Literal["run", "files"], Text]:
    """Fetch a pushed commit with this process's cache, compare its files, and run it. Raises AffectError."""
    fetched = fetch(address)
    _same_files(fetched, staged)
    if artifact == "dataset":
        return "run", _dataset(address, staged)
    if artifact == "results":
        return "run", _results(address, fetched)
    return _space(fetched) if artifact == "space" else _model(fetched)


def _same_files(fetched: Fetched, staged: Path) -> None:
    """What arrived is what was sent, to the byte; `fetch` has compared it with what the Hub says."""
    sent = {path.relative_to(staged).as_posix(): path for path in staged.rglob("*") if path.is_file()}
    there = set(fetched.files) - {".gitattributes"}
    for name in sorted(sent.keys() ^ there):
        raise trouble("verify_file", name=name)
    for name, path in sent.items():
        if path.stat().st_size != (fetched.folder / name).stat().st_size or _bytes_differ(
            path, fetched.folder / name
        ):
            raise trouble("verify_file", name=name)


def _bytes_differ(one: Path, other: Path) -> bool:
    with open(one, "rb") as a, open(other, "rb") as b:
        while block := a.read(1 << 20):
            if block != b.read(1 << 20):
                return True
    return False


def _model(fetched: Fetched) -> tuple[Literal["run", "files"], Text]:
    """One answer about one of the project's own clips, in a few words."""
    from ..reason import explain
    from ..trained.runs import Settings

    folder = str(fetched.folder)
    try:
        found = way(folder)
    except AffectError as error:  # it fits nowhere on this machine
        return "files", said("verify_not_run", count=len(fetched.files), why=error.text)
    engine = load_engine(
        "affectgpt",
        folder,
        quantize=found.quantization,
        device=found.device,
        settings=Settings(max_new_tokens=NEW_TOKENS),
    )
    clip, name = _clip()
    answer = explain(clip, engine)
    raw = next((one["answer"] for one in answer.provenance["prompts"] if one["answer"].strip()), "")
    words = " ".join(raw.split())[:WORDS]
    kind = engine.identity
    return "run", said(
        "verify_model",
        quantization=SHOWN[kind["quantization"]],
        dtype=kind["dtype"],
        clip=name,
        words=words or "…",
    )


def _clip() -> tuple[Clip, Text]:
    """One of the project's own examples; where the package was installed without them, a blank one."""
    from ..media import load_clip

    file = EXAMPLES / CLIP
    if file.is_file():
        return load_clip(file, "You came! I am so happy to see you."), Text(CLIP, CLIP)
    import numpy as np

    blank = Clip(
        name="blank",
        duration_s=1.0,
        frames=np.zeros((8, 224, 224, 3), np.uint8),
        track=np.zeros((0, 0, 0, 3), np.uint8),
        track_times_s=np.zeros(0),
        wave=np.zeros(16000, np.float32),
    )
    return blank, Text("a blank clip (no examples are installed)", "空白片段（未安装示例）")


def _dataset(address: Address, staged: Path) -> Text:
    """Row by row the same as the local build, through `datasets` and its viewer configurations."""
    from ..data import load_emer

    told: list[str] = []
    for version in (version for version in PUBLISHED if built_files(staged, version)):
        ours, theirs = (tuple(load_emer(source, version=version)) for source in (staged, str(address)))
        if ours != theirs:
            raise trouble("verify_rows", version=version)
        told.append(f"EMER {version}: {len(theirs)}")
        first = theirs[0].reference.en or theirs[0].reference.zh if theirs else ""
    return said("verify_dataset", counts=", ".join(told), words=shown(first, WORDS))


def _results(address: Address, fetched: Fetched) -> Text:
    """The scores once more from the statistics, and the tables through `datasets`."""
    import datasets

    tables = {}
    for path in (PREDICTIONS, SCORES):
        config = path.partition("/")[0]
        loaded = datasets.load_dataset(address.repo, config, revision=address.revision, split="test")
        tables[path] = list(loaded)
    results: list[Result] = recomputed(fetched.folder, tables)
    first = results[0]
    head = f"{first.system}, {first.benchmark}: {first.headline.name.en} {first.headline.value}"
    count, of = (sum(len(getattr(result, part)) for result in results) for part in ("statistics", "scores"))
    return said("verify_results", results=len(results), scores=count, all=of, words=shown(head, 2 * WORDS))


def _space(fetched: Fetched) -> tuple[Literal["run", "files"], Text]:
    """The bundle started as the platform would, and asked about one example."""
    from .trial import try_space

    answer: dict[str, Any] = try_space(fetched.folder)
    words = answer.get("labels") or answer.get("text") or answer
    return "run", said("verify_space", words=shown(words, WORDS))


def main() -> None:
    """Print one line of JSON: {state: "run", "files" or "wrong", en, zh}."""
    parser = argparse.ArgumentParser(prog="python -m affectgpt.hub.verify", description=__doc__)
    parser.add_argument("artifact", help="model, quantized, adapter, dataset, results or space")
    parser.add_argument("repo", help="ORG/NAME")
    parser.add_argument("commit", help="the commit that was pushed")
    parser.add_argument("staged", type=Path, help="the folder that was uploaded")
    asked = parser.parse_args()
    quiet_libraries()
    from .stage import KINDS

    try:
        state, text = look(
            asked.artifact, Address(asked.repo, KINDS[asked.artifact], asked.commit), asked.staged
        )
    except AffectError as error:
        state, text = "wrong", error.text
    print(json.dumps({"state": state, "en": text.en, "zh": text.zh}))
    sys.exit(1 if state == "wrong" else 0)


if __name__ == "__main__":
    main()
