"""The commands about data: `affectgpt data check`, `build` and `wheels`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from ..console import Lang, told, write
from ..schema import Text

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check and build data sets, fetch emotion wheels."
)

BUILT = Text(
    "EMER {version}: {count} samples, {clips} with a clip; removed: {cleaned}\n",
    "EMER {version}：{count} 个样本，{clips} 个有片段；已清除：{cleaned}\n",
)
Clips = Annotated[str | None, typer.Option(metavar="DIR", help="Folder of the clips, in any layout.")]
Language = Annotated[Lang, typer.Option(help="Language of the messages.")]


@app.command()
def check(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Tables, or folders of them.", show_default=False)
    ],
    clips: Clips = None,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="Look for the clips, but do not open them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    language: Language = Lang.en,
):
    """Tell what tables and clips hold and all that is wrong in them; exit code 2 when something is."""
    from ..data.check import check as look
    from ..data.check_text import to_text

    def tell(number: int, count: int, name: str) -> None:
        end = "\n" if number == count else ""
        print(f"\r[{number}/{count}] {name[:40]:<40}", end=end, file=sys.stderr, flush=True)

    with told(language.value):
        shown = tell if sys.stderr.isatty() else None
        report = look(paths, clips=clips, open_clips=not names_only, tell=shown)
        if as_json:
            text = json.dumps(report.to_dict(language.value), ensure_ascii=False, indent=1) + "\n"
        else:
            text = to_text(report, language.value)
        write("-", text)
    if report.problems:
        raise typer.Exit(2)


@app.command()
def build(
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder to write.")],
    emer_v1: Annotated[list[str], typer.Option(metavar="FILE", help="EMER v1, once for each language.")] = [],
    emer_v2: Annotated[
        str | None, typer.Option(metavar="FILE", help="Descriptions of EMER v2 (OV-MERD).")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="Open-vocabulary labels of EMER v2.")
    ] = None,
    subtitles: Annotated[
        str | None, typer.Option(metavar="FILE", help="Subtitles of the clips of EMER v2.")
    ] = None,
    clips: Clips = None,
    with_video: Annotated[
        bool, typer.Option("--with-video", help="Put the clips in; their licence forbids handing them on.")
    ] = False,
    language: Language = Lang.en,
):
    """Write your copy of EMER as a Hub data set (Parquet, card, sums); no clip is copied by default."""
    from ..data.build import build as make
    from ..data.columns import MER_LICENCE

    with told(language.value):
        files, data = make(
            out, emer_v1=emer_v1, emer_v2=emer_v2, labels=labels, subtitles=subtitles, clips=clips,
            with_video=with_video,
        )  # fmt: skip
        for version, samples in data.items():
            found = sum(sample.clip is not None for sample in samples)
            removed = ", ".join(f"{what} ×{count}" for what, count in samples.cleaned.items()) or "-"
            values = {"version": version, "count": len(samples), "clips": found, "cleaned": removed}
            write("-", BUILT[language.value].format(**values))
        for file in files:
            name = file.relative_to(out).as_posix()  # two tables have the same name, each in its folder
            write("-", f"{name:<44} {file.stat().st_size:>15,} B\n")
    print(MER_LICENCE[language.value], file=sys.stderr)


@app.command()
def wheels(
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder to write.")],
    year: Annotated[int, typer.Option(help="2025 or 2026: their scores are not comparable.")] = 2025,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You accept the owners' licence, CC BY-NC 4.0.")
    ] = False,
    language: Language = Lang.en,
):
    """Fetch the official emotion wheel tables from their authors; each is checked by its sha256."""
    from ..wheel_download import download_wheels
    from ..wheel_tables import load_wheels

    with told(language.value):
        folder = download_wheels(year, out, accept_licence=accept_licence)
        for name, digest in load_wheels(folder, year=year).sha256.items():
            write("-", f"{name:<14} {digest}\n")
