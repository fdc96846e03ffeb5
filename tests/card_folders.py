"""Tiny folders to make cards of: a model's files as `affectgpt convert` writes them, results, EMER."""

import json
import re

import numpy as np
from emer_files import write_v1, write_v2
from made_results import evaluated, predictions, samples
from safetensors.numpy import save_file

from affectgpt.benchmarks.result import to_json
from affectgpt.data.build import build

SOURCE = {"file": "checkpoint_000030_loss_0.602.pth", "bytes": 665, "sha256": "ab" * 32}
IDS = {
    "vision": "openai/clip-vit-large-patch14",
    "audio": "TencentGameMate/chinese-hubert-large",
    "text": "Qwen/Qwen2.5-7B-Instruct",
}
NF4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
NAMES = [f"clip_{at:02d}" for at in range(12)]


def made_model(folder, *, artifact="model", bases=None, source=SOURCE):
    """A folder with 120 007 parameters; bases: role -> (name, revision), default Hub ids with commits."""
    folder.mkdir(parents=True)
    bases = bases or {role: (name, "c" * 40) for role, name in IDS.items()}
    config = {
        "model_type": "affectgpt",
        "dtype": "bfloat16",
        "fusion": "mean",
        "lora": {"r": 16, "alpha": 32},
    }
    weights = {"a.weight": np.zeros((300, 400), np.float16), "b.bias": np.zeros(7, np.float16)}
    file = "model.safetensors"
    if artifact == "quantized":
        config["quantization_config"] = NF4
        weights = {  # packed: a byte is two weights
            "a.weight": np.zeros((60_000, 1), np.uint8),
            "a.weight.absmax": np.zeros(1875, np.uint8),
            "a.weight.quant_map": np.zeros(16, np.float32),
            "a.weight.quant_state.bitsandbytes__nf4": np.zeros(90, np.uint8),
            "b.bias": np.zeros(7, np.float16),
        }
    if artifact == "adapter":
        file = "adapter_model.safetensors"
        config["base_models"] = {role: name for role, (name, _) in bases.items()}
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    told = {
        "source": source,
        "epoch": 30,
        "datasets": ["mercaptionplus"],
        "base_models": {role: {"name": name, "revision": at} for role, (name, at) in bases.items()},
        "libraries": {"torch": "2.11.0"},
    }
    files = {
        "config.json": config,
        "conversion.json": told,
        "processor_config.json": {"mode": "multiframe_audio_frame_text"},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    save_file(weights, folder / file)
    return folder


def snippets(card):
    """The Python blocks of a card, in order."""
    return re.findall(r"^```python\n(.*?)^```", card, re.MULTILINE | re.DOTALL)


def made_emer(folder):
    v2 = write_v2(folder / "tables")
    v1 = [write_v1(folder / "tables", language) for language in ("en", "zh")]
    build(
        folder / "emer",
        emer_v1=v1,
        emer_v2=v2["descriptions"],
        labels=v2["labels"],
        subtitles=v2["subtitles"],
    )
    return folder / "emer"


def made_report(folder, system="toy 7b"):
    """A `result.json` on invented samples; four in twelve predictions are wrong."""
    truth = samples(*[(name, ["sad", "angry"] if at % 2 else ["happy"]) for at, name in enumerate(NAMES)])
    said = predictions(*[(name, ["sad"] if at % 3 else ["glad"]) for at, name in enumerate(NAMES)])
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "result.json"
    file.write_text(to_json(evaluated("emer-v2", said, truth, system=system)), encoding="utf-8")
    return file
