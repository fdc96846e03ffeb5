"""How the page looks and is served: theme, style sheets, scripts, and the settings of `launch`."""

from __future__ import annotations

import logging
from abc import ABCMeta
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from gradio.exceptions import InvalidPathError
from starlette.responses import JSONResponse
from starlette.routing import Route

log = logging.getLogger(__name__)
MAX_SUBTITLE_CHARS = 2_000
DELETE_EVERY_S, DELETE_AGE_S = 600, 1_800  # the age exceeds what a full queue waits
DELETED_AFTER_MIN = (DELETE_EVERY_S + DELETE_AGE_S) // 60
TOLD_S = 12  # that a message about a failure stays
SOUND_TYPES = [".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".ts", ".mkv", ".avi"]
NOT_UPLOADED = "The clip was not uploaded: upload it first."
NOT_READ = "A value of the request cannot be read: look at the description of the API."
MAX_FILE_MB = 64  # of one upload
FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Microsoft YaHei")
FONTS += ("Noto Sans CJK SC", "Noto Sans", "sans-serif")


def script() -> str:
    """Return the scripts of the page, one function: what stands in the .js files beside this module."""
    files = sorted((Path(__file__).parent / "static").glob("*.js"))
    return "() => {\n" + "".join("{\n" + file.read_text(encoding="utf-8") + "}\n" for file in files) + "}"


def launch_options() -> dict[str, Any]:
    """Return the settings of `launch`: limits, no monitoring, no history, no foreign pages, our looks."""
    theme = gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        font=FONTS,
        font_mono=("ui-monospace", "monospace"),
    )
    return {
        "theme": theme,
        "css_paths": sorted((Path(__file__).parent / "static").glob("*.css")),
        "js": script(),
        "max_file_size": f"{MAX_FILE_MB}mb",
        "allowed_paths": [],
        "show_error": False,
        "run_history": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "max_threads": 16,
        "footer_links": ["api", "gradio", "settings"],
        "state_session_capacity": 500,
        "ssr_mode": False,
        "share": False,
    }


class Quiet(gr.Blocks):
    """A page that answers a request with foreign paths or values by one line, without their text, and knows
    whose files are whose."""

    traces: Any = None  # the `Traces` of the services, set once they are there
    health: Callable[[], dict[str, Any]] = dict  # what `/healthz` answers, set with them

    def launch(self, *args: Any, **options: Any) -> Any:
        """Serve the page, and beside it `/healthz` for a monitor."""
        given = options.pop("app_kwargs", None) or {}
        routes = [*given.get("routes", ()), Route("/healthz", lambda request: JSONResponse(self.health()))]
        return super().launch(*args, app_kwargs={**given, "routes": routes}, **options)

    async def process_api(self, block_fn: Any, inputs: Any, **options: Any) -> Any:
        """Run an event; the files in what is sent and answered are noted for the visitor."""
        visitor, asked = options.get("session_hash"), not options.get("iterator")
        leaving = any(target[1] == "unload" for target in getattr(block_fn, "targets", ()))
        if visitor and asked and not leaving:
            self.traces.note(visitor, inputs, asked=True)
        answer = await super().process_api(block_fn, inputs, **options)
        if visitor and not leaving:
            self.traces.note(visitor, answer.get("data"))
        return answer

    def queued(self, path: str) -> bool:
        """Whether a call that waits for its turn names the uploaded file `path`."""
        waiting = (
            event for each in self._queue.event_queue_per_concurrency_id.values() for event in each.queue
        )
        return any(
            isinstance(value, dict) and value.get("path") == path
            for event in list(waiting)
            for value in (event.data.data if event.data else ())
        )

    def forget(self, visitor: str) -> None:
        """Delete the values that the page holds for a visitor who has gone, such as the last answer."""
        holder = getattr(self, "state_holder", None)  # once it is served
        if holder:
            holder.delete_state(visitor)
            holder.session_data.pop(visitor, None)
            holder.time_last_used.pop(visitor, None)

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Draw what a handler returns. Gradio makes each output anew for every handler that may draw it, from
        all it was made with before: captions, whose file is gone by then, must not be among that."""
        answer = await super().postprocess_data(block_fn, predictions, state)
        for block in block_fn.outputs:
            if state is not None and isinstance(block, gr.Video):
                state[block._id].constructor_args.pop("subtitles", None)
        return answer

    async def preprocess_data(self, *args: Any, **options: Any) -> Any:
        """Read the values of a request; raises gr.Error, which is shown and not logged."""
        try:
            return await super().preprocess_data(*args, **options)
        except InvalidPathError:
            log.warning("refused a request: it names a file that was not uploaded")
            raise gr.Error(NOT_UPLOADED, print_exception=False) from None
        except gr.Error as error:
            log.warning("refused a request: one of its values is not allowed")
            error.print_exception = False
            raise
        except Exception as error:  # no browser sends such values; the error would quote them in the log
            log.warning("refused a request: one of its values cannot be read (%s)", type(error).__name__)
            raise gr.Error(NOT_READ, print_exception=False) from None


def _altered(kind: type, **methods: Callable[..., Any]) -> Any:
    # a class, because gradio makes a component anew for each visitor; not by its metaclass's own `__new__`,
    # which would write a .pyi file here
    return ABCMeta.__new__(type(kind), kind.__name__, (kind,), {"__module__": __name__, **methods})


def _as_it_is(self: gr.Video, video: str | Path | None) -> FileData | None:
    return None if video is None else FileData(path=str(video), orig_name=Path(video).name)


# Hands a video on: gradio would have ffprobe and ffmpeg read it, outside the limited process.
Video = _altered(gr.Video, _format_video=_as_it_is)
# Hand a file on as it lies: gradio would make an empty file beside it.
File = _altered(gr.File, _process_single_file=lambda self, given: given.path)
UploadButton = _altered(gr.UploadButton, _process_single_file=lambda self, given: given.path)


def toast(title: str, message: str) -> gr.Error:
    """Return the error that shows a message over the page."""
    shown = f"<strong>{escape(title)}</strong><br>{escape(message)}"  # gradio shows no title of its own
    return gr.Error(shown, title=title, duration=TOLD_S, print_exception=False)
