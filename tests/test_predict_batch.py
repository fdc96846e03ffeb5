"""One question about several clips in one batch: the same answers as one clip at a time."""

# ruff: noqa: E402, F401, F811  (fixtures are imported, and only where torch is)

import json

import pytest

torch = pytest.importorskip("torch")

from tiny_engine import SHORT, clip_of, engine, models, spoken, stage

from affectgpt.benchmarks import predict as predicting
from affectgpt.benchmarks.predict import fingerprint, predict
from affectgpt.benchmarks.table import BENCHMARKS
from affectgpt.data.sample import Sample
from affectgpt.schema import AffectError, Text
from affectgpt.trained import NAME_LABELS, AffectGPTEngine
from affectgpt.trained.batch import ask, encode


def told(explanation):
    """All of an answer but the seconds it took."""
    row = explanation.to_dict()
    row["provenance"] = {k: v for k, v in row["provenance"].items() if k != "steps_s"}
    return row


def chances(run):
    """The probability of each token of a run's answers: finer than the gibberish of a random model."""
    return [span[2] for answer in run.answers for span in answer.spans]


def mixed():
    """Clips that need prompts of different modes and lengths, and one about which nothing can be asked."""
    long = "I have told you so many times that I do not know, and still you come and ask me again."
    return [
        clip_of(1, words=long),
        clip_of(2, sound=False),
        clip_of(3, picture=False, words=""),
        clip_of(4, picture=False, sound=False),
        clip_of(5, picture=False, sound=False, words=""),
        clip_of(6, words=""),
    ]


def test_a_batch_equals_one_clip_at_a_time(engine):
    runs, single = ([encode(engine, clip) for clip in mixed()] for _ in range(2))
    together = ask(engine, runs, NAME_LABELS)
    alone = [ask(engine, [run], NAME_LABELS)[0] for run in single]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert [one.name for one in together] == [clip.name for clip in mixed()]
    sure, theirs = ([chances(run) for run in some] for some in (runs, single))
    assert sure[4] == []
    for ours, other in zip(sure, theirs, strict=True):
        assert ours == pytest.approx(other, rel=1e-5)
    first = [row[0] for row in sure if row]
    assert min(abs(a / b - 1) for a in first for b in first if a is not b) > 1e-4, "a mix-up would be seen"


def test_the_answer_is_that_of_the_whole_engine(engine):
    """The label question of `answer`, asked in a batch of clips instead of a batch of questions."""
    clip = clip_of(1)
    done = next(value for kind, value in engine.answer(clip, "en") if kind == "done")
    officially = [row["answer"] for row in done["provenance"]["prompts"] if row["purpose"] == "labels"]
    (ours,) = ask(engine, [encode(engine, clip)], NAME_LABELS)
    assert [ours.text] == officially
    (prompt,) = ours.provenance["prompts"]
    assert prompt in done["provenance"]["prompts"]


def test_faces_are_looked_at_where_the_model_wants_them(models):
    engine = AffectGPTEngine(str(models["face"]), settings=SHORT)
    clips = [clip_of(1, face=True), clip_of(2, face=None), clip_of(3, face=True, sound=False)]
    runs = [encode(engine, clip) for clip in clips]
    assert [run.present for run in runs] == [("face", "audio"), ("audio",), ("face",)]
    together = ask(engine, runs, NAME_LABELS)
    alone = [ask(engine, [encode(engine, clip)], NAME_LABELS)[0] for clip in clips]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert "visual" in together[1].missing


def test_an_encoded_clip_is_light(engine):
    run = encode(engine, clip_of(1))
    assert [array.size for array in (run.clip.frames, run.clip.track, run.clip.wave)] == [0, 0, 0]
    assert run.clip.subtitle == "I am fine."


def test_labels_come_from_the_answer(spoken):
    rows = ["The character's emotional state is unease and anxiety.", "No idea."]
    engine = spoken(rows)
    one, two, nothing = ask(
        engine,
        [encode(engine, clip) for clip in (clip_of(1), clip_of(2), mixed()[4])],
        NAME_LABELS,
        language="zh",
    )
    assert one.text == "The character's emotional state is unease and anxiety."
    assert one.labels == ("unease", "anxiety")
    assert all(label.confidence == pytest.approx(0.9, abs=0.01) for label in one.verdict.labels)
    assert (one.language, one.engine) == ("zh", "affectgpt")
    assert (two.labels, two.verdict.cannot_tell.en) == ((), "The model named no emotion.")
    assert nothing.text == ""
    assert "no face" in nothing.verdict.cannot_tell.en


def test_a_lack_of_memory_is_the_users_to_mend(engine, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("out of memory")

    run = encode(engine, clip_of(1))
    monkeypatch.setattr(engine.model, "generate", full)
    with pytest.raises(AffectError, match="memory"):
        ask(engine, [run], NAME_LABELS)


class Recorded:
    """A tiny engine that counts the rows of each `generate`, and fails where a test says so."""

    def __init__(self, engine, monkeypatch, *, fails=()):
        self.sizes, plain = [], engine.model.generate

        def generate(*args, **kwargs):
            self.sizes.append(len(kwargs["input_ids"]))
            if self.sizes[-1] in fails:
                raise ValueError("too many")
            return plain(*args, **kwargs)

        monkeypatch.setattr(engine.model, "generate", generate)


@pytest.fixture
def clips(monkeypatch):
    def load(path, subtitle=None):
        if path == "bad":
            raise AffectError("bad is broken: mend it.")
        return clip_of(int(path), words=subtitle, name="file")

    monkeypatch.setattr(predicting, "load_clip", load)


def predicted(engine, out, *, batch):
    run = fingerprint(BENCHMARKS["emer-v2"], engine, language="en", labels_only=True)
    some = [
        Sample(f"clip {clip}", clip, Text(f"I am {clip}.", "")) for clip in ("1", "2", "bad", "3", "4", "5")
    ]
    steps = list(predict(some, engine, out, run=run, batch=batch))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row.get("provenance", {}).pop("steps_s", None)
    return steps, rows


def test_labels_only_asks_in_batches_what_it_asks_one_by_one(engine, clips, tmp_path, monkeypatch):
    seen = Recorded(engine, monkeypatch)
    steps, rows = predicted(engine, tmp_path / "4.jsonl", batch=4)
    assert seen.sizes == [3, 2], "the bad clip leaves a gap in the first batch of four"
    again, ones = predicted(engine, tmp_path / "1.jsonl", batch=1)
    assert seen.sizes == [3, 2, 1, 1, 1, 1, 1]
    assert rows == ones
    assert steps == again
    assert [row["name"] for row in rows] == ["clip 1", "clip 2", "clip bad", "clip 3", "clip 4", "clip 5"]
    assert [step.outcome for step in steps] == ["done", "done", "error", "done", "done", "done"]
    assert rows[0]["run"]["question"] == NAME_LABELS
    assert rows[0]["run"]["model"] == engine.shown


def test_a_batch_that_fails_is_asked_one_by_one(engine, clips, tmp_path, monkeypatch):
    _, wanted = predicted(engine, tmp_path / "1.jsonl", batch=1)
    seen = Recorded(engine, monkeypatch, fails={3})
    steps, rows = predicted(engine, tmp_path / "4.jsonl", batch=4)
    assert seen.sizes == [3, 1, 1, 1, 2]
    assert rows == wanted
    assert [step.outcome for step in steps].count("error") == 1


def test_the_fingerprint_names_model_and_settings(engine):
    usual = fingerprint(BENCHMARKS["emer-v2"], engine, language="en")
    assert usual["question"] is None
    assert usual["settings"]["max_new_tokens"] == SHORT.max_new_tokens
    assert usual["quantization"] == "none"
    assert usual != fingerprint(BENCHMARKS["emer-v2"], engine, language="en", labels_only=True)
    with pytest.raises(AffectError, match="no question of its own"):
        fingerprint(BENCHMARKS["mme-sa"], engine, language="en", labels_only=True)
