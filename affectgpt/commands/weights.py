"""The commands about weights and machines: `affectgpt convert` and `doctor`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from ..console import MESSAGES, Dtype, Lang, Model, Quantize, downloads, mistake, quiet_libraries, told, write
from ..schema import Text


def convert(
    out: Annotated[str, typer.Option(help="Folder (or, with --to-official, file) to write.")],
    checkpoint: Annotated[
        str | None, typer.Option(metavar="FILE.pth", help="Official checkpoint; nothing in it is run.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="A folder of this command, to be quantised or made an adapter."),
    ] = None,
    vision: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="CLIP, as openai/clip-vit-large-patch14.")
    ] = None,
    audio: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="HuBERT, as TencentGameMate/chinese-hubert-large.")
    ] = None,
    llm: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="Language model, as Qwen/Qwen2.5-7B-Instruct.")
    ] = None,
    base_ids: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            metavar="VISION AUDIO LLM",
            help="What --vision, --audio and --llm are called on the Hub where they are folders here.",
        ),
    ] = None,
    quantize: Annotated[Quantize, typer.Option(help="Precision of the language model.")] = Quantize.none,
    adapter_only: Annotated[
        bool,
        typer.Option("--adapter-only", help="Write LoRA and fusion alone, over the models by reference."),
    ] = False,
    dtype: Annotated[
        Dtype, typer.Option(help="Precision of the rest; auto: the language model's.")
    ] = Dtype.auto,
    mode: Annotated[
        str | None, typer.Option(help="Prompt of the training, where the checkpoint does not name one.")
    ] = None,
    to_official: Annotated[
        str | None, typer.Option(metavar="DIR", help="Turn a folder back into an official checkpoint.")
    ] = None,
    language: Annotated[Lang, typer.Option(help="Language of the messages.")] = Lang.en,
):
    """Turn an official checkpoint, or another folder, into one for `from_pretrained`; or one back."""
    needed = {"--checkpoint": checkpoint, "--vision": vision, "--audio": audio, "--llm": llm}
    with told(language.value):
        if to_official is not None:
            others = (*needed.values(), model, base_ids, adapter_only)
            if any(others) or quantize != Quantize.none or dtype != Dtype.auto:
                raise mistake("only_back")
        elif model is not None:
            others = {"--checkpoint": checkpoint, "--mode": mode, "--base-ids": base_ids}
            if surplus := [option for option, value in others.items() if value]:
                raise mistake("one_source", options=", ".join(surplus))
        elif missing := [option for option, value in needed.items() if not value]:
            raise mistake("needed", options=", ".join(missing))
        quiet_libraries()

        def tell(text: Text) -> None:
            print(f"  {text[language.value]}", file=sys.stderr)

        if to_official is not None:
            from ..convert.export import to_official as go_back

            files = [go_back(to_official, out, mode=mode, tell=tell)]
            write("-", MESSAGES["unused_zeros"][language.value] + "\n")
        else:
            from ..convert import convert_checkpoint
            from ..convert.whole import convert_folder

            bases = {"vision": vision, "audio": audio, "text": llm}
            form = {"quantize": quantize.value, "adapter_only": adapter_only, "dtype": dtype.value}
            form |= {"tell": tell, "downloaded": downloads(language.value)}
            if model is not None:
                files = convert_folder(model, out, **bases, **form)
            else:
                files = convert_checkpoint(checkpoint, out, **bases, **form, base_ids=base_ids, mode=mode)
    for file in files:
        write("-", f"{file.name:<36} {file.bytes:>15,} B  {file.sha256[:12]}\n")


def doctor(
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    language: Annotated[Lang, typer.Option(help="Language of the report.")] = Lang.en,
):
    """Show what this machine has, and which engines and precisions fit, with the bytes they take."""
    quiet_libraries()
    from ..machine import look
    from ..machine.doctor import report, to_dict
    from ..signals.detectors import open_tool

    machine = look(open_face_tool=open_tool)
    if as_json:
        text = json.dumps(to_dict(machine, model), ensure_ascii=False, indent=1) + "\n"
    else:
        text = report(machine, model, language=language.value)
    with told(language.value):
        write("-", text)
