"""Two systems side by side: known differences, and what must not be compared."""

import json
from dataclasses import replace

import pytest
import typer
from made_results import made_result
from typer.testing import CliRunner

from affectgpt.benchmarks.compare import compare
from affectgpt.benchmarks.result import to_json
from affectgpt.commands.evaluate import compare as command
from affectgpt.schema import AffectError

NAMES = [f"n{at}" for at in range(40)]
GOOD = made_result({name: float(at % 4 > 0) for at, name in enumerate(NAMES)})  # 3 of 4 right
POOR = made_result({name: float(at % 4 > 1) for at, name in enumerate(NAMES)}, system="B")  # 2 of 4


def test_a_known_difference():
    found = compare(GOOD, POOR)
    (gap,) = found.gaps
    assert (gap.a, gap.b, gap.samples) == (0.75, 0.5, 40)
    assert gap.difference == pytest.approx(0.25)
    assert 0.1 < gap.low < 0.25 < gap.high < 0.4  # ten of forty differ: standard error 0.068
    assert gap.p < 0.01
    assert found.a == "A"
    assert found.b == "B"
    back = compare(POOR, GOOD).gaps[0]
    assert (back.difference, back.low, back.high) == pytest.approx((-0.25, -gap.high, -gap.low))
    assert compare(GOOD, POOR) == found
    other = compare(GOOD, POOR, seed=1)
    assert (other.seed, other.gaps[0].difference) == (1, gap.difference)
    assert (other.gaps[0].low, other.gaps[0].high, other.gaps[0].p) != (gap.low, gap.high, gap.p)


def test_the_primary_score_comes_first():
    both = [
        replace(
            result,
            scores=(replace(result.headline, key="a"), result.headline),
            statistics={"a": result.statistics["acc"], "acc": result.statistics["acc"]},
        )
        for result in (GOOD, POOR)
    ]
    assert [gap.key for gap in compare(*both).gaps] == ["acc", "a"]


def test_a_system_does_not_differ_from_itself():
    (gap,) = compare(GOOD, replace(GOOD, system="again")).gaps
    assert (gap.difference, gap.low, gap.high, gap.p) == (0, 0, 0, 1)


def test_only_common_samples_count():
    half = made_result({name: float(at % 4 > 1) for at, name in enumerate(NAMES[:20])}, system="B")
    found = compare(GOOD, half)
    assert (found.gaps[0].a, found.gaps[0].b, found.gaps[0].samples) == (0.75, 0.5, 20)
    assert "Only the 20 samples" in found.warnings[0].en
    assert "A has 20, B 40" in compare(half, GOOD).warnings[0].en
    with pytest.raises(AffectError, match="share no sample"):
        compare(GOOD, made_result({"other": 1.0}))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"benchmark": "other"}, r"different benchmarks \(toy; other\)"),
        ({"settings": GOOD.settings | {"wheels": {"name": "w", "year": 2026}}}, "different emotion wheels"),
        ({"settings": GOOD.settings | {"judge": {"name": "gpt", "settings": {}}}}, "different judges"),
        (
            {"samples": (replace(POOR.samples[0], reference_labels=("sad",)), *POOR.samples[1:])},
            "references .n0",
        ),
        (
            {"language": "zh", "samples": tuple(replace(row, reference_text="笑") for row in POOR.samples)},
            r"languages \(en and zh\): evaluate both with the same --language",
        ),
    ],
)
def test_what_is_not_alike_is_not_compared(change, line):
    with pytest.raises(AffectError, match=line) as caught:
        compare(GOOD, replace(POOR, **change))
    assert "\n" not in caught.value.text.en
    assert caught.value.text.zh != caught.value.text.en


def test_scores_of_different_formulas_are_not_compared():
    other = replace(POOR, scores=(replace(POOR.headline, formula="accuracy"),))
    with pytest.raises(AffectError, match="share no score"):
        compare(GOOD, other)


def test_labels_from_another_place_are_told():
    parsed = replace(POOR, settings=POOR.settings | {"labels": {"read": "text"}})
    assert "different ways" in compare(GOOD, parsed).warnings[0].en


@pytest.fixture
def files(tmp_path):
    for result in (GOOD, POOR):
        (tmp_path / f"{result.system}.json").write_text(to_json(result), encoding="utf-8")
    return tmp_path / "A.json", tmp_path / "B.json"


def run(*args):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_the_command_prints_a_table_and_json(files, tmp_path):
    done = run(*files, "--draws", 200)
    assert done.exit_code == 0
    head, _, line = done.stdout.splitlines()
    assert head == "A: A, B: B, on toy"
    assert line.split()[:3] == ["75.00", "50.00", "25.00"]
    found = json.loads(run(*files, "--draws", 200, "--json", "-").stdout)
    assert found["gaps"][0]["difference"] == pytest.approx(0.25)
    assert found["draws"] == 200
    assert run(*files, "--json", files[0]).exit_code == 2
    missing = run(files[0], tmp_path / "none.json")
    assert missing.exit_code == 2
    assert "none.json" in missing.stderr
    assert str(tmp_path) not in missing.stderr
