# ruff: noqa: F811  (fixtures are imported, and asked for by name)
"""Which engines a page offers, under what names, and why it does not offer the others."""

import threading
from types import SimpleNamespace

import gradio as gr
import pytest
import typer
from conftest import FakeEngine
from held_arrival import Held
from tiny_engine import SHORT, models  # noqa: F401

from affectgpt import cli, ui
from affectgpt.baseline import SignalEngine
from affectgpt.hub.store import Progress
from affectgpt.machine import LENT_GPU, choice
from affectgpt.machine.footprint import SHAPE_7B
from affectgpt.page import serving
from affectgpt.page.api import Api
from affectgpt.page.arrival import Arrival
from affectgpt.page.engines import Engines
from affectgpt.page.files import EXAMPLES
from affectgpt.page.services import Services
from affectgpt.schema import AffectError, Text


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.delenv(choice.MODEL, raising=False)


def trained(quantization="none", device="cuda:0", *, stored=False, **changed):
    """What a loaded AffectGPT of 7B looks like from outside."""
    config = SimpleNamespace(to_dict=lambda: {**SHAPE_7B, **changed})
    model = SimpleNamespace(config=config, hf_quantizer=SimpleNamespace(pre_quantized=stored))
    opened = SimpleNamespace(device=device, quantization=quantization, model=model)
    identity = {"model": "owner/affectgpt-7b", "quantization": quantization}
    return SimpleNamespace(name="affectgpt", why=None, opened=opened, identity=identity)


def test_the_signal_engine_alone_says_why():
    engines = Engines()
    assert engines.choices("en") == [("Signal (measured)", "signal")]
    assert engines.choices("zh") == [("信号引擎（测量）", "signal")]
    ((title, why),) = engines.absent("en")
    assert title == "AffectGPT (trained model)"
    assert why == "No AffectGPT model is configured (set AFFECTGPT_MODEL or give --model)."
    assert engines.absent("zh")[0][1].startswith("尚未配置")
    assert engines.identity() == {}


def test_a_reason_of_auto_is_given_as_it_is():
    engine = SignalEngine()
    engine.why = choice.no_way(AffectError("owner/m: needs 17.0 GiB.", "owner/m：需要 17.0 GiB。"))
    engines = Engines(engine)
    assert engines.absent("en")[0][1] == "Owner/m: needs 17.0 GiB."
    with pytest.raises(AffectError, match="choose one of signal") as caught:
        engines.get("affectgpt")
    assert "17.0 GiB" in caught.value.text.zh


def test_a_page_started_with_another_engine_loads_no_weights_to_say_so(monkeypatch):
    monkeypatch.setenv(choice.MODEL, "/home/somebody/weights")
    ((_, why),) = Engines(SignalEngine()).absent("en")
    assert "--engine auto" in why
    assert "somebody" not in why


def test_one_precision_is_loaded_and_the_others_say_what_they_take():
    engines = Engines(trained("nf4"))
    assert engines.choices("en") == [("AffectGPT (nf4, GPU)", "affectgpt"), ("Signal (measured)", "signal")]
    assert engines.title("affectgpt") == Text("AffectGPT (nf4, GPU)", "AffectGPT（nf4，GPU）")
    told = dict(engines.absent("en"))
    assert set(told) == {"AffectGPT, unquantised", "AffectGPT, int8"}
    assert "started with nf4" in told["AffectGPT, unquantised"]
    assert "--quantize none" in told["AffectGPT, unquantised"]
    assert "GiB of GPU memory" in told["AffectGPT, unquantised"]
    needed = float(told["AffectGPT, unquantised"].split("up to ")[1].split(" GiB")[0])
    assert 16 < needed < 24  # 8.3e9 parameters in 16 bit, and a margin
    assert dict(engines.absent("zh"))["AffectGPT，int8"].count("GiB") == 1


def test_what_is_stored_in_four_bits_stays_so():
    packed = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}
    for title, why in Engines(trained("nf4", "cpu", stored=True, **packed)).absent("en"):
        assert "16 bit" in why, title
    # loaded from 16 bit the configuration looks the same, and yet the others can be had
    for _, why in Engines(trained("nf4", "cpu", **packed)).absent("en"):
        assert "restart" in why
        assert "of memory" in why


def test_identity_names_weights_and_device_and_no_path(models):
    from affectgpt.trained import AffectGPTEngine

    engines = Engines(AffectGPTEngine(str(models["frame"]), settings=SHORT))
    told = engines.identity("affectgpt")
    assert told["model"] == "tiny-frame"
    assert (told["quantization"], told["device"]) == ("none", "cpu")
    assert str(models["frame"].parent) not in str(told)
    assert engines.default == "affectgpt"
    assert engines.get().name == "affectgpt"
    assert engines.get("signal").name == "signal"
    assert len(engines.absent("en")) == 2


def test_an_engine_of_a_test_is_an_engine():
    engines = Engines(FakeEngine())
    assert [name for _, name in engines.choices("en")] == ["fake", "signal"]
    assert engines.get() is engines.get("fake")
    with pytest.raises(AffectError, match="choose one of fake, signal"):
        engines.get("gpt")


# ---- while the weights are on their way


class Fetched:
    """Engines of which one is held on its way."""

    def __init__(self, model="owner/affectgpt-7b"):
        self.held, self.closing = Held(), serving.Closing()
        self.engines = Engines(Arrival(model, self.held))
        self.thread = self.engines.fetch(self.closing)

    def end(self, engine):
        self.held.end(engine)
        self.thread.join(10)
        assert not self.thread.is_alive()

    def health(self):
        demo = SimpleNamespace(_queue=type("Queue", (list,), {"active_jobs": [None]})())
        return serving.health(demo, self.engines, self.closing)


@pytest.fixture
def fetched():
    fetched = Fetched()
    yield fetched
    fetched.held.end(SignalEngine())


def test_the_signal_engine_answers_until_the_other_has_arrived(fetched, capsys):
    engines = fetched.engines
    fetched.held.come(5.6)
    assert engines.arriving.line.en.startswith("AffectGPT is on its way: 34 %, 5.6 of 16.4 GB. Until then")
    assert engines.arriving.line.zh.startswith("AffectGPT 正在下载：34%（5.6 / 16.4 GB）。")
    assert [name for _, name in engines.choices("en")] == ["signal"]
    assert engines.absent("en") == []  # it is not absent: it will come
    assert engines.get().name == engines.default == "signal"
    assert engines.get().why.en == "The signal engine is used. AffectGPT is still being loaded."
    told = fetched.health()
    assert (told["engine"], told["loading"]) == ("signal", {"model": "owner/affectgpt-7b", "percent": 34})
    with pytest.raises(AffectError, match=r"still on its way \(34 %\)") as caught:
        engines.get("affectgpt")
    assert caught.value.title.en == "Not there yet"
    with pytest.raises(AffectError, match="choose one of signal"):
        engines.get("gpt")

    fetched.held.come(16.4)
    assert engines.arriving.line.en.startswith("AffectGPT is being loaded.")
    assert fetched.health()["loading"]["percent"] is None
    with pytest.raises(AffectError, match="still being loaded: try again in a minute, or choose signal"):
        engines.get("affectgpt")

    engine = trained("nf4")
    engine.why = Text("It fits.", "可以容纳。")
    fetched.end(engine)
    assert engines.arriving is None
    assert engines.get() is engine
    assert [name for _, name in engines.choices("en")] == ["affectgpt", "signal"]
    assert engines.get("signal").why is None  # whoever chooses it now needs no reason
    assert len(engines.absent("en")) == 2
    assert fetched.health()["engine"] == "affectgpt"
    assert "loading" not in fetched.health()
    assert "It fits." in capsys.readouterr().err


def test_weights_that_fail_leave_the_signal_engine_and_the_reason(fetched):
    engine = SignalEngine()
    engine.why = choice.no_way(AffectError("owner/m: needs 17.0 GiB.", "owner/m：需要 17.0 GiB。"))
    fetched.end(engine)
    assert fetched.engines.absent("en") == [("AffectGPT (trained model)", "Owner/m: needs 17.0 GiB.")]
    assert fetched.engines.get() is engine
    with pytest.raises(AffectError, match=r"17\.0 GiB"):
        fetched.engines.get("affectgpt")


def test_a_folder_on_its_way_is_told_by_its_last_name_only():
    fetched = Fetched("/home/somebody/weights")
    assert fetched.health()["loading"] == {"model": "weights", "percent": None}
    fetched.end(SignalEngine())


def test_a_closing_page_ends_the_download(capsys):
    ended = threading.Event()

    def load(tell):
        held(tell)

    held, closing = Held(), serving.Closing()

    def as_auto_does(tell):
        try:
            return load(tell)
        except AffectError as error:
            ended.set()
            engine = SignalEngine()
            engine.why = choice.no_way(error)
            return engine

    thread = Engines(Arrival("owner/m", as_auto_does)).fetch(closing)
    held.come(1)
    closing.begin()
    held.come(2)
    thread.join(10)
    assert ended.is_set()
    assert thread.daemon
    assert "signal engine" not in capsys.readouterr().err  # nobody reads why at the end


def test_who_reads_while_it_arrives_sees_before_or_after(fetched):
    seen, wrong, stop = set(), [], threading.Event()

    def read():
        while not stop.is_set():
            try:
                names = tuple(name for _, name in fetched.engines.choices("en"))
                seen.add(names)
                assert [fetched.engines.get(name).name for name in names] == list(names)
                assert fetched.engines.get(fetched.engines.default)
            except Exception as error:
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    fetched.end(trained())
    stop.wait(0.1)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen <= {("signal",), ("affectgpt", "signal")}


def test_the_api_says_how_long_and_auto_says_why(fetched):
    fetched.held.come(5.6)
    with gr.Blocks():
        api = Api(Services(fetched.engines))
    clip = str(min(EXAMPLES.glob("*.mp4")))
    request = SimpleNamespace(session_hash="one")
    with pytest.raises(gr.Error) as caught:
        next(api.analyze(clip, engine="affectgpt", consent=True, request=request))
    assert caught.value.title == "Not there yet"
    assert "34 %" in caught.value.message
    answer = list(api.analyze(clip, consent=True, request=request))[-1]
    assert answer["engine"] == "signal"
    assert answer["provenance"]["chosen"]["en"].endswith("AffectGPT is still being loaded.")


@pytest.mark.parametrize(
    ("model", "lent", "loaded_first"),
    [(None, False, True), ("owner/m", False, False), ("owner/m", True, True)],
)
def test_the_page_waits_for_weights_only_where_gpus_are_lent(monkeypatch, model, lent, loaded_first):
    loads = []

    def load(name="auto", model=None, **options):
        loads.append((name, model, threading.current_thread() is threading.main_thread()))
        return SignalEngine()

    monkeypatch.setattr(ui, "load_engine", load)
    monkeypatch.setattr("affectgpt.page.arrival.load_engine", load)
    monkeypatch.setattr(ui, "Page", lambda services: SimpleNamespace(demo=services.engines))
    monkeypatch.setenv(choice.MODEL, model or "")
    monkeypatch.setenv(LENT_GPU, "true" if lent else "")
    engines = ui.build_demo(gpu=lambda task=None, **_: task or (lambda task: task))
    if not loaded_first:
        for thread in threading.enumerate():
            if thread.name == "load AffectGPT":
                thread.join(10)
    assert loads == [("auto", None if loaded_first else model, loaded_first)]
    assert engines.arriving is None


def test_the_command_loads_first_only_what_is_asked_for_by_name(monkeypatch, capsys):
    served, loads = [], []

    def load(name, model, *, tell, **options):
        loads.append((name, model, options["quantize"]))
        if model == "owner/none":
            raise AffectError("There is no model owner/none.", "没有模型 owner/none。")
        return FakeEngine()

    monkeypatch.setattr("affectgpt.engine.load_engine", load)
    monkeypatch.setattr(ui, "build_demo", lambda runner, **_: served.append(runner))
    monkeypatch.setattr(ui, "serve", lambda demo, **_: None)
    cli.serve(engine="auto", model="owner/m")
    assert isinstance(served[0], Arrival)
    assert loads == []
    cli.serve(engine="affectgpt", model="owner/m", quantize=cli.Quantize.nf4)
    assert loads == [("affectgpt", "owner/m", "nf4")]
    assert isinstance(served[1], FakeEngine)
    with pytest.raises(typer.Exit) as ended:
        cli.serve(engine="affectgpt", model="owner/none")
    assert ended.value.exit_code == 2
    assert "There is no model owner/none." in capsys.readouterr().err


def test_a_download_that_nobody_waits_for_stops_and_is_not_called_whole_too_soon():
    def load(tell):
        tell(Progress(9_996, 10_000, "model.safetensors"))
        return "engine"

    def gone():
        raise InterruptedError

    arrival = Arrival("org/model", load)
    with pytest.raises(InterruptedError):
        arrival.load(gone)
    assert arrival.percent is None
    assert arrival.load(lambda: None) == "engine"
    assert arrival.percent == 99
