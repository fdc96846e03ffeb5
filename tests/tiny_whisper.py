"""A tiny random Whisper with a byte vocabulary, as its owners publish theirs, and a head to script it."""

import json
from pathlib import Path

import torch

LANGUAGES = ("en", "zh", "de")
FIRST_TIME = 256 + 2 + len(LANGUAGES) + 6  # the token of 0.00 s
TIMES = 1501  # 0.00 .. 30.00 s
VOCABULARY = FIRST_TIME + TIMES
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
SPECIAL += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
SPECIAL += ["<|notimestamps|>"]
ID = {token: 256 + number for number, token in enumerate(SPECIAL)}


def write(folder: Path) -> Path:
    """Write the model to `folder` (0.4 MB) and return it."""
    import transformers as hf

    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "num_mel_bins": 8}
    sizes |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    sizes |= {"encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "max_target_positions": 448}
    ends = {"bos_token_id": 256, "eos_token_id": 256, "pad_token_id": 256, "decoder_start_token_id": 257}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = hf.WhisperForConditionalGeneration(
            hf.WhisperConfig(
                vocab_size=VOCABULARY, suppress_tokens=[], begin_suppress_tokens=None, **sizes, **ends
            )
        )
    model.generation_config = hf.GenerationConfig(
        **ends,
        lang_to_id={f"<|{code}|>": ID[f"<|{code}|>"] for code in LANGUAGES},
        task_to_id={"transcribe": ID["<|transcribe|>"], "translate": ID["<|translate|>"]},
        no_timestamps_token_id=ID["<|notimestamps|>"],
        is_multilingual=True,
        max_initial_timestamp_index=50,
        return_timestamps=False,
        max_length=448,
    )
    model.save_pretrained(folder)
    hf.WhisperFeatureExtractor(feature_size=8).save_pretrained(folder)
    _tokenizer(Path(folder))
    return Path(folder)


def _tokenizer(folder: Path) -> None:
    from tokenizers import pre_tokenizers
    from transformers import WhisperTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    times = [f"<|{number * 0.02:.2f}|>" for number in range(TIMES)]
    vocabulary = {token: number for number, token in enumerate([*letters, *SPECIAL, *times])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    made = WhisperTokenizer(vocab=vocabulary, merges=[])
    made.add_special_tokens({"additional_special_tokens": SPECIAL[1:]})
    made.save_pretrained(folder)


class Head(torch.nn.Module):
    """Stands for the output layer. `first`: what is heard in a window; `said`: the tokens then written."""

    def __init__(self, tokenizer, *windows: tuple[dict[str, float], list]):
        super().__init__()
        self.windows, self.tokenizer, self.said = list(windows), tokenizer, []

    def forward(self, hidden):
        logits = torch.full((*hidden.shape[:2], VOCABULARY), -20.0)
        if hidden.shape[1] == 1 and not self.said:  # the look at the beginning of a window
            first, said = self.windows.pop(0)
            for name, value in first.items():
                logits[..., ID[f"<|{name}|>"]] = value
            self.said = [*self._tokens(said), ID["<|endoftext|>"]]
        else:
            logits[..., self.said.pop(0)] = 0.0
        return logits

    def _tokens(self, said) -> list[int]:
        out = []
        for piece in said:
            seconds = isinstance(piece, float)
            out += (
                [FIRST_TIME + round(piece / 0.02)]
                if seconds
                else self.tokenizer(piece, add_special_tokens=False).input_ids
            )
        return out
