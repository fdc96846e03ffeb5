"""What AffectGPT costs: the official way of working against ours, where the time goes, and memory with NF4.

Run: `python -m benchmarks.engine [--shape tiny|0.5b|7b] [--device cpu|cuda] [--quantize none|nf4]
[--parts answers language memory] [--json FILE]`. Five prompts about a clip (description, labels, face, audio
and text alone), answers of a fixed length, greedy, on random weights. The official way takes one prompt at a
time, and for each reads and encodes the media that it needs; ours encodes a clip once and answers all prompts
in one batch. Variants take turns, so that what else the machine does falls on all alike; figures are medians
over the runs, ratios medians of the runs' ratios, to the official way with the same types. Two threads suffer
much from a busy neighbour: the load is noted, and with OMP_WAIT_POLICY=passive (threads that wait sleep) the
processor's time tells more than the clock. Memory is measured in a fresh process per case. The shape 7b needs
about 40 GB of memory and of disk.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import shapes
from .language_model import Watch, adapter, measure_memory, measure_speed

PARTS = ("answers", "language", "memory")
log = logging.getLogger(__name__)
RUNS, NEW_TOKENS = 3, 32
TOGETHER = {"cpu": 4, "cuda": 16}  # clips in one batch
OFFICIAL, ONCE, OURS = "official way", "encoded once", "encoded once, one batch"


class Answers:
    """One model under measurement: ways to answer the five prompts about clips."""

    def __init__(self, model, processor, device: str, new_tokens: int):
        self.model, self.processor, self.device, self.new_tokens = model, processor, device, new_tokens

    def official(self, clips: list[Path], watch: Watch) -> None:
        """One clip and one prompt at a time; each prompt reads and encodes the media that it needs."""
        from affectgpt.model.processing_affectgpt import media_of

        for clip in clips:
            for mode, question in shapes.PROMPTS.values():
                with watch("read"):
                    media = shapes.read_clip(clip, media_of(mode))
                with watch("prepare"):
                    inputs = self.prepare(**media, subtitle=shapes.SUBTITLE, question=question, mode=mode)
                self.answer(inputs, self.encode(inputs, watch), watch)

    def once(self, clips: list[Path], watch: Watch) -> None:
        """Each clip encoded once; then one prompt at a time."""
        for clip in clips:
            features = self.encode(self.media([clip], watch), watch)
            for mode, question in shapes.PROMPTS.values():
                with watch("prepare"):
                    inputs = self.prepare(subtitle=shapes.SUBTITLE, question=question, mode=mode)
                self.answer(inputs, features, watch)

    def batched(self, clips: list[Path], watch: Watch) -> None:
        """Each clip encoded once; the prompts of all clips in one batch."""
        features = self.encode(self.media(clips, watch), watch)
        with watch("prepare"):
            modes, questions = (
                list(column) * len(clips) for column in zip(*shapes.PROMPTS.values(), strict=True)
            )
            inputs = self.prepare(subtitle=shapes.SUBTITLE, question=questions, mode=modes)
        rows = {name: states.repeat_interleave(len(shapes.PROMPTS), 0) for name, states in features.items()}
        self.answer(inputs, rows, watch)

    def media(self, clips: list[Path], watch: Watch):
        with watch("read"):
            arrays = [shapes.read_clip(clip) for clip in clips]
        with watch("prepare"):
            columns = {name: [clip[name] for clip in arrays] for name in ("faces", "audio")}
            return self.prepare(**columns)

    def prepare(self, **arguments: Any):
        return self.processor(**arguments).to(self.device)

    def encode(self, inputs, watch: Watch) -> dict[str, Any]:
        """Take the media out of `inputs` and return their features."""
        features = {}
        for stage, name, field in (
            ("pictures", "pixel_values", "visual_features"),
            ("sound", "input_values", "acoustic_features"),
        ):
            if name in inputs:
                with watch(stage):
                    features[field] = self.model.encode(**{name: inputs.pop(name)})[field]
        return features

    def answer(self, inputs, features: dict[str, Any], watch: Watch) -> None:
        """Generate; the time to the first token is "prefill", the rest "decode"."""
        text = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        start, ticks = watch.now(), []

        def tick(ids, scores, **_: Any):
            ticks.append(watch.now())
            return ids.new_zeros(len(ids), dtype=bool)

        out = self.model.generate(
            **text, **features, max_new_tokens=self.new_tokens, stopping_criteria=[tick]
        )
        made = out.shape[1] - text["input_ids"].shape[1]
        assert made == len(ticks) == self.new_tokens, f"{made} tokens were generated, not {self.new_tokens}"
        watch.add("prefill", ticks[0] - start)
        watch.add("decode", watch.now() - ticks[0])
        watch.first = getattr(watch, "first", sum(watch.seconds.values()) - watch.seconds["decode"])


def variants(answers: Answers, together: int, types: list[str]) -> dict[str, tuple[Callable, int, str, str]]:
    """Name -> (way, clips, type of the encoders, what is done with LoRA)."""
    table: dict[str, tuple[Callable, int, str, str]] = {}
    for encoders in types:
        ways = {
            OFFICIAL: (answers.official, 1, encoders, "kept"),
            ONCE: (answers.once, 1, encoders, "kept"),
            OURS: (answers.batched, 1, encoders, "kept"),
            f"{OURS} with LoRA merged": (answers.batched, 1, encoders, "merged"),
            f"{OURS} for {together} clips": (answers.batched, together, encoders, "kept"),
        }
        if getattr(answers.model, "is_quantized", False):  # a 4-bit base cannot take the adapter in
            del ways[f"{OURS} with LoRA merged"]
        table |= {f"{name}, encoders {encoders}": way for name, way in ways.items()}
    return table


@contextmanager
def as_set(model, encoders: str, lora: str) -> Iterator[None]:
    """Lend the model with encoders of a type, and LoRA kept, in float32, or merged."""
    import torch

    for tower in (model.vision_tower, model.audio_tower):
        tower.to(getattr(torch, encoders))
    with adapter(model.language_model, lora):
        yield


def measure_answers(answers: Answers, folder: Path, runs: int, types: list[str]) -> dict[str, Any]:
    """Seconds per clip, in all and per stage, of every variant; the variants take turns."""
    together = TOGETHER[answers.device]
    table, clips = variants(answers, together, types), shapes.write_clips(folder, together)
    for encoders in types:  # warm: kernels are chosen, 4-bit weights are packed
        with as_set(answers.model, encoders, "kept"):
            answers.batched(clips[:1], Watch(answers.device))
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in table}
    for _ in range(runs):
        for name, (way, count, encoders, lora) in table.items():
            with as_set(answers.model, encoders, lora):
                watch = Watch(answers.device)
                start, worked = watch.now(), time.process_time()
                way(clips[:count], watch)
                row = {"seconds": watch.now() - start, "processor": time.process_time() - worked}
            row |= watch.seconds
            rows[name].append({key: value / count for key, value in row.items()} | {"first": watch.first})
            log.info("%7.2f s a clip, %s", row["seconds"] / count, name)
    steps = len(shapes.PROMPTS) * (answers.new_tokens - 1)  # after the first token of each prompt
    out: dict[str, Any] = {}
    for name, results in rows.items():
        stages = {key: statistics.median(row[key] for row in results) for key in results[0]}
        seconds, processor, first = (stages.pop(key) for key in ("seconds", "processor", "first"))
        official = rows[f"{OFFICIAL}, encoders {table[name][2]}"]  # the same types for both
        out[name] = {
            "seconds_per_clip": round(seconds, 3),
            "spread_s": [round(pick(row["seconds"] for row in results), 3) for pick in (min, max)],
            "processor_seconds_per_clip": round(processor, 3),
            "clips_per_second": round(1 / seconds, 4),
            "clips_per_minute": round(60 / seconds, 2),
            "first_token_s": round(first, 3),
            "decode_tokens_per_second": round(steps / stages["decode"], 2),
            "stages_s": {stage: round(value, 4) for stage, value in stages.items()},
            "faster": ratio(official, results, "seconds"),
            "less_processor_time": ratio(official, results, "processor"),
        }
    return out


def ratio(slow: list[dict[str, float]], fast: list[dict[str, float]], key: str) -> float:
    """The median of the ratios within the runs."""
    pairs = zip(slow, fast, strict=True)
    return round(statistics.median(one[key] / other[key] for one, other in pairs), 2)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts that were asked for, on one set of weights."""
    import torch
    import transformers

    out: dict[str, Any] = {
        "shape": options.shape,
        "device": options.device if options.device == "cpu" else torch.cuda.get_device_name(),
        "quantize": options.quantize,
        "dtype": options.dtype,
        "threads": torch.get_num_threads(),
        "runs": options.runs,
        "new_tokens": options.new_tokens,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }
    dtype, device = getattr(torch, options.dtype), options.device
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if {"answers", "language"} & set(options.parts):
            out |= measure_model(options, folder, dtype)
        if "memory" in options.parts:
            shutil.rmtree(folder / "model", ignore_errors=True)
            out["memory"] = measure_memory(folder, options.shape, device)
    out["load_after"] = [round(value, 2) for value in os.getloadavg()]
    return out


def measure_model(options: argparse.Namespace, folder: Path, dtype) -> dict[str, Any]:
    """Measure answers with `--quantize`, and the language model alone with and without NF4."""
    import torch

    device, processor = options.device, shapes.make_processor()
    ids = [
        processor(question=question, subtitle=shapes.SUBTITLE, mode=mode)["input_ids"]
        for mode, question in shapes.PROMPTS.values()
    ]
    out: dict[str, Any] = {"prompt_tokens": [len(row[0]) for row in ids]}
    path = folder / "model"
    out["parameters"] = shapes.save_random(options.shape, path, processor, dtype=dtype, device=device)
    gc.collect()
    models, out["load_s"] = {}, {}
    wanted = {options.quantize} | ({"none", "nf4"} if "language" in options.parts else set())
    for quantize in sorted(wanted):
        watch = Watch(device)
        with watch("load"):
            models[quantize] = shapes.load(path, dtype=dtype, device=device, quantize=quantize)
        log.info("%7.2f s to load, %s", watch.seconds["load"], quantize)
        out["load_s"][quantize] = round(watch.seconds["load"], 2)
    if "answers" in options.parts:
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        answers = Answers(models[options.quantize], processor, device, options.new_tokens)
        out["answers"] = measure_answers(answers, folder, options.runs, options.encoders)
        if device == "cuda":  # of everything that is loaded: ask for --parts answers alone to have one model
            out["peak_vram_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    if "language" in options.parts:
        models = {name: model.language_model for name, model in models.items()}
        out["language"] = measure_speed(models, device, options.runs, options.new_tokens)
    return out


def tell(results: dict[str, Any]) -> None:
    print(f"{results['shape']} on {results['device']}, load {results['load_before']} {results['load_after']}")
    for name, row in results.get("answers", {}).items():
        stages = " ".join(f"{stage} {seconds:.2f}" for stage, seconds in row["stages_s"].items())
        print(f"{row['seconds_per_clip']:8.2f} s a clip, {row['faster']:5.2f}x  {name}: {stages}")
    for name, row in results.get("language", {}).items():
        print(f"{name:<32} " + ", ".join(f"{stage} {value:.1f}" for stage, value in row.items()))
    for name, row in results.get("memory", {}).items():
        print(f"{name:<32} " + ", ".join(f"{key} {value}" for key, value in row.items()))


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", choices=list(shapes.SHAPES), default="tiny")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--quantize", choices=["none", "nf4"], default="none")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument(
        "--encoders", nargs="+", choices=["float32", "bfloat16"], default=["float32", "bfloat16"]
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--new-tokens", type=int, default=NEW_TOKENS, help="of every answer")
    parser.add_argument("--json", help="also write the results to this file")
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    log.setLevel(logging.INFO)
    results = measure(options)
    tell(results)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


if __name__ == "__main__":
    main()
