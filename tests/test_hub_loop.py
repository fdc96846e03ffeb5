"""What is published is used by somebody who has only its card: each snippet, and the page, from the Hub."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from card_folders import snippets
from emer_files import NAMES, write_v2
from made_results import made_result
from tiny_affectgpt import BASES, FRAME_MODE, write_checkpoint

from affectgpt.benchmarks.result import to_json
from affectgpt.convert import convert_checkpoint
from affectgpt.convert.whole import convert_folder
from affectgpt.data.build import build
from affectgpt.hub.stage import KINDS, stage

ROOT = Path(__file__).parents[1]
OWNERS = {"vision": "openai", "audio": "TencentGameMate", "text": "Qwen"}
SHORT = """
from affectgpt.trained import AffectGPTEngine, Settings
AffectGPTEngine.__init__.__kwdefaults__["settings"] = Settings(max_new_tokens=12)  # random weights never end
"""
RUN_ALL = """
import contextlib, io, json, sys, traceback
said = {}
for name, codes in json.load(sys.stdin).items():
    said[name] = []
    for code in codes:
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out):
                exec(code, {})
        except BaseException:
            out.write(traceback.format_exc())
        said[name].append(out.getvalue().strip())
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def cards(hub, bases, tmp_path_factory) -> dict[str, str]:
    """Publish a tiny model in all its forms, data and results; return the card of each artifact."""
    place = tmp_path_factory.mktemp("loop")
    ids = {role: f"{OWNERS[role]}/{BASES[role]}" for role in bases}
    for role, folder in bases.items():
        hub.publish(ids[role], Path(folder))
    checkpoint = write_checkpoint(place / "checkpoint", mode=FRAME_MODE)
    convert_checkpoint(checkpoint, place / "model", **bases, base_ids=tuple(ids[role] for role in BASES))
    convert_folder(place / "model", place / "quantized", quantize="nf4")
    convert_folder(place / "model", place / "adapter", adapter_only=True)
    tables = write_v2(place / "tables")
    build(
        place / "dataset",
        emer_v2=tables["descriptions"],
        labels=tables["labels"],
        subtitles=tables["subtitles"],
    )
    (place / "results").mkdir()
    result = made_result({"a": 1.0, "b": 0.0, "c": 1.0}, system="tiny")
    (place / "results" / "result.json").write_text(to_json(result), encoding="utf-8")
    found = {}
    for artifact in ("model", "quantized", "adapter", "dataset", "results"):
        staged = stage(artifact, place / artifact, f"org/{artifact}", work=place / f"staged-{artifact}")
        hub.publish(staged.repo.repo, staged.folder, KINDS[artifact])
        found[artifact] = (staged.folder / "README.md").read_text(encoding="utf-8")
    return found


def test_every_snippet_of_every_card_runs_from_an_empty_cache(hub, cards, tmp_path):
    shutil.copy(ROOT / "examples" / "happy_reunion.mp4", tmp_path / "clip.mp4")
    codes = {artifact: snippets(card) for artifact, card in cards.items()}
    assert {artifact: len(found) for artifact, found in codes.items()} == {
        "model": 2, "quantized": 1, "adapter": 2, "dataset": 2, "results": 1,
    }  # fmt: skip
    codes["adapter"][1] += "\nprint(type(model.base_model.model).__name__, model.peft_config['default'].r)"
    codes["adapter"].append(
        "import affectgpt, transformers\n"
        "print(type(transformers.AutoModel.from_pretrained('org/adapter')).__name__)"
    )
    codes["model"][1] += "\nprint(type(model).__name__, type(processor).__name__)"
    env = hub.env(tmp_path / "home") | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", SHORT + RUN_ALL], input=json.dumps(codes), env=env, cwd=tmp_path,
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    said = json.loads(run.stdout.splitlines()[-1])
    assert "Traceback" not in str(said), said
    assert said["adapter"][0] == said["model"][0] != ""  # the same weights, greedy
    assert said["model"][1] == "AffectGPTForConditionalGeneration AffectGPTProcessor"
    assert said["adapter"][1] == "AffectGPTForConditionalGeneration 16"
    assert said["adapter"][2] == "AffectGPTForConditionalGeneration"
    assert said["dataset"][0].startswith(
        f"{NAMES[0]} ('disappointed', 'tired') In the video, a man in a raincoat"
    )
    assert said["dataset"][1] == NAMES[0]
    assert said["results"][0].startswith("tiny Accuracy 0.666")


def test_the_page_shows_and_scores_the_pushed_data_with_the_pushed_model(hub, cards, chromium, tmp_path):
    """`app.py` with both ids, an empty cache and clips of our own under the data set's names."""
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(ROOT / "examples" / "happy_reunion.mp4", clips / f"{NAMES[0]}.mp4")
    commit = hub.repo("org/model")["branches"]["main"]
    env = hub.env(tmp_path / "home") | {
        "AFFECTGPT_MODEL": f"org/model@{commit}", "AFFECTGPT_DATASET": "org/dataset",
        "AFFECTGPT_CLIPS": str(clips), "AFFECTGPT_WHISPER": "off", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    app = subprocess.Popen(
        [sys.executable, "-c", SHORT + "import runpy; runpy.run_path('app.py', run_name='__main__')"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url = next(found[0] for line in app.stdout if (found := re.search(r"http://[\d.:]+", line)))
        while httpx.get(url + "/healthz").json()["engine"] != "affectgpt":  # the weights come after the page
            time.sleep(0.2)
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(url + "?lang=en")
        page.click("#ag-tab_emer-button")
        page.click(f"[data-sample='{NAMES[0]}']")
        page.wait_for_selector("#ag-emer-text:has-text('raincoat')")
        page.click("#ag-emer-run:not([disabled])")
        page.wait_for_selector("#ag-emer-status .finished")
        scored = page.inner_text("#ag-emer")
        page.click("#ag-tab_about-button")
        page.wait_for_selector(f"text={commit}")
        page.close()
    finally:
        app.send_signal(signal.SIGTERM)
        app.wait(30)
    assert "raincoat" in scored
    assert "disappointed" in scored
    assert re.search(r"AffectGPT \(", scored)
