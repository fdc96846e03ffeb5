"""The language model of AffectGPT alone: tokens per second, bytes and peak memory, 16-bit against NF4.

`benchmarks.engine` runs this; `python -m benchmarks.language_model` is one case of memory in its own process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import shapes
from .signal_engine import PeakMemory

ROOT = Path(__file__).parents[1]
PROMPT_TOKENS = 120
MEMORY_TOKENS = 8  # new ones, while memory is watched
MIB = 2**20


class Watch:
    """Seconds per stage, summed up; on cuda what was started is waited for before the clock is read."""

    def __init__(self, device: str):
        self.device, self.seconds = device, {}

    def now(self) -> float:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
        return time.perf_counter()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = self.now()
        yield
        self.add(stage, self.now() - start)

    def add(self, stage: str, seconds: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


@contextmanager
def adapter(language_model, lora: str) -> Iterator[None]:
    """Lend the language model with its LoRA "kept", in "float32", "merged" or "off"."""
    import torch

    from affectgpt.model.adapter_affectgpt import lora_layers, without_lora

    layers = lora_layers(language_model)
    parts = [part for layer in layers for part in (layer.lora_A, layer.lora_B)]
    own = layers[0].lora_A.default.weight.dtype
    if lora == "off":
        with without_lora(language_model):
            yield
    elif lora == "float32":
        for part in parts:
            part.to(torch.float32)
        yield
        for part in parts:
            part.to(own)
    elif lora == "merged":
        for layer in layers:
            layer.merge()
        yield
        for layer in layers:
            layer.unmerge()
    else:
        yield


def measure_speed(models: dict[str, Any], device: str, runs: int, new_tokens: int) -> dict[str, Any]:
    """Tokens per second, summed over the rows, at batch 1 and with the five prompts of a clip.

    models: "none" (16-bit) and "nf4", the same weights; the cases take turns.
    """
    cases = [("none", "float32"), ("none", "kept"), ("none", "merged"), ("nf4", "kept"), ("nf4", "off")]
    taken: dict[str, dict[str, list[float]]] = {}
    for run in range(runs + 1):  # the first warms
        for name, lora in cases:
            with adapter(models[name], lora):
                for batch in (1, len(shapes.PROMPTS)):
                    case = taken.setdefault(f"{name}, LoRA {lora}, batch {batch}", {})
                    for stage, value in speed(models[name], device, batch, new_tokens).items():
                        case.setdefault(stage, []).extend([value] if run else [])
    return {
        case: {stage: round(statistics.median(values), 1) for stage, values in stages.items()}
        for case, stages in taken.items()
    }


def speed(language_model, device: str, batch: int, new_tokens: int) -> dict[str, float]:
    """Tokens per second of one prefill, and of greedy steps after it."""
    import torch

    watch, width = Watch(device), language_model.config.hidden_size
    prompt = torch.randn(batch, PROMPT_TOKENS, width, device=device).to(language_model.dtype) * 0.02
    with torch.no_grad():
        with watch("prefill"):
            out = language_model(inputs_embeds=prompt, use_cache=True, logits_to_keep=1)
        with watch("decode"):
            for _ in range(new_tokens - 1):
                ids = out.logits[:, -1:].argmax(-1)  # (B, 1)
                out = language_model(input_ids=ids, past_key_values=out.past_key_values, use_cache=True)
    return {
        "prefill tok/s": batch * PROMPT_TOKENS / watch.seconds["prefill"],
        "decode tok/s": batch * (new_tokens - 1) / watch.seconds["decode"],
    }


def measure_memory(folder: Path, shape: str, device: str) -> dict[str, Any]:
    """Bytes of the weights and peak memory with 16-bit and with NF4 weights, in a process for each."""
    plain, packed = folder / "language", folder / "language_nf4"
    command = [sys.executable, "-m", "benchmarks.language_model", "--device", device]
    for case in (["--save", shape, str(plain)], ["--pack", str(plain), str(packed)]):
        subprocess.run([*command, *case], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    out: dict[str, Any] = {}
    for name, quantize, path in (
        ("bf16", "none", plain),
        ("nf4, quantised while loading", "nf4", plain),
        ("nf4, quantised before", "none", packed),
    ):
        case = [*command, "--watch", quantize, str(path)]
        run = subprocess.run(case, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        out[name] = json.loads(run.stdout.splitlines()[-1])
    for row in out.values():
        for key in ("weights", "peak"):
            row[f"saving of {key}"] = round(out["bf16"][f"{key} MiB"] / row[f"{key} MiB"], 2)
    return out


def save(shape: str, path: str, device: str) -> None:
    """Save a language model of a shape with random weights in bfloat16."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(shapes.SEED)
    with torch.device(device):
        model = Qwen2ForCausalLM(Qwen2Config(**shapes.SHAPES[shape]["text_config"]))
    model.to(torch.bfloat16).save_pretrained(path)


def load(path: str, quantize: str, device: str):
    """Load it as AffectGPT does, with a LoRA in its type."""
    import torch
    from transformers import AutoModelForCausalLM

    from affectgpt.model.adapter_affectgpt import quantization

    options = {} if quantize == "none" else {"quantization_config": quantization(quantize)}
    where = None if device == "cpu" else device
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16, device_map=where, **options)


def watch_memory(path: str, quantize: str, device: str) -> dict[str, float]:
    """Load, answer five prompts, and return MiB: the weights, the peak above the libraries, and their own."""
    import torch

    from affectgpt.model.adapter_affectgpt import inject_lora, keep_head_cheap
    from affectgpt.model.configuration_affectgpt import LORA

    if quantize != "none" or path.endswith("_nf4"):
        import bitsandbytes  # noqa: F401  (not counted as weights)
    peak = PeakMemory()
    time.sleep(0.1)
    libraries = dict(peak.mb)
    start = time.perf_counter()
    model = load(path, quantize, device)
    inject_lora(model, LORA, torch.bfloat16)
    keep_head_cheap(model)
    loaded = time.perf_counter() - start
    speed(model.eval(), device, len(shapes.PROMPTS), MEMORY_TOKENS)
    peak.stop()
    above = {name: peak.mb[name] - libraries[name] for name in peak.mb}
    out = {
        "weights MiB": round(sum(held(model)) / MIB, 1),
        "peak MiB": above["parent"],
        "peak of own pages MiB": above["parent without mapped files"],
        "peak of the process MiB": peak.mb["parent"],
        "load s": round(loaded, 2),
    }
    if device == "cuda":
        out["peak MiB"] = round(torch.cuda.max_memory_allocated() / MIB)
    return out


def held(model) -> Iterator[int]:
    """Bytes of parameters, buffers, and the scales of 4-bit weights."""
    for tensor in (*model.parameters(), *model.buffers()):
        yield tensor.nbytes
        state = getattr(tensor, "quant_state", None)
        for part in (state, getattr(state, "state2", None)):
            for name in ("absmax", "code", "offset"):
                yield getattr(getattr(part, name, None), "nbytes", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description="One case of memory, in this process.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--save", nargs=2, metavar=("SHAPE", "DIR"))
    parser.add_argument("--pack", nargs=2, metavar=("DIR", "NF4_DIR"))
    parser.add_argument("--watch", nargs=2, metavar=("QUANTIZE", "DIR"))
    options = parser.parse_args()
    if options.save:
        save(*options.save, options.device)
    if options.pack:
        load(options.pack[0], "nf4", options.device).save_pretrained(options.pack[1])
    if options.watch:
        quantize, path = options.watch
        print(json.dumps(watch_memory(path, quantize, options.device)))


if __name__ == "__main__":
    main()
