"""What stands where in the report: order, marks and counts, each on a result of two or three samples."""

import csv
import io
import re
from collections import Counter
from dataclasses import replace

import pytest
from made_results import evaluated, made_result, predictions, samples

from affectgpt.benchmarks.predictions import Prediction
from affectgpt.data.sample import Sample
from affectgpt.report.confusion import Confusion
from affectgpt.report.html import to_html
from affectgpt.report.plots import forest, heat_map
from affectgpt.report.sheet import samples_csv
from affectgpt.report.words import word
from affectgpt.wheel_tables import load_wheels

TRUTH = samples(("a", ["happy"]), ("b", ["sad"]))


def page(said, truth=TRUTH, benchmark="emer-v2", **options):
    return to_html(evaluated(benchmark, predictions(*said), truth, draws=5, **options))


def test_the_language_is_that_of_the_result():
    assert '<html lang="zh">' in to_html(made_result({"a": 1.0}, language="zh"))


def test_the_headline_says_by_which_tables_and_beside_what():
    said = [("a", ("happy",)), ("b", ("happy",))]
    official, own = page(said), page(said, wheels=load_wheels())
    assert ("badge own" in official, "badge own" in own) == (False, True)
    result = evaluated("emer-v2", predictions(*said), TRUTH, draws=5)
    best = f"{result.published[0].system}, {word('not_comparable', 'en')}"  # 2 clips of 332
    head = official.split("</section>")[0]
    assert best in head
    assert all(floor.name.en in head for floor in result.floors)


def test_the_primary_score_is_the_first_of_the_table():
    made = made_result({"a": 1.0, "b": 0.0})
    both = (replace(made.headline, key="other"), made.headline)
    html = to_html(
        replace(made, scores=both, statistics=dict.fromkeys(("other", "acc"), made.statistics["acc"]))
    )
    assert re.findall(r"<small>(other|acc)</small>", html) == ["acc", "other"]


def test_systems_stand_best_first_and_each_source_once():
    result = evaluated("emer-v2", predictions(("a", ("happy",)), ("b", ("happy",))), TRUTH, draws=5)
    drawn = forest(result, "en")
    values = [float(x) for x in re.findall(r"<b>([\d.]+)", drawn)]
    assert values == sorted(values, reverse=True)
    sources = re.findall(r"<li>(.*?)</li>", drawn.split('class="sources"')[1])
    assert len(sources) == len(set(sources)) < len(result.published)


def test_a_rare_cell_of_the_heat_map_is_not_white():
    cells = Counter({("joy", "joy"): 11, ("joy", "anger"): 1})
    drawn = heat_map(Confusion(cells, ("joy", "anger")), "en")
    assert re.findall(r'<td class="(s\d[^"]*)">(\d+)<', drawn) == [("s6 same", "11"), ("s1", "1")]


def test_recall_of_a_sector_is_of_its_references():
    html = page([("a", ("happy",)), ("b", ("happy",))])
    cells = re.search(r'<th scope="row">happy</th>(.*?)<td>', html.split('class="sectors"')[1])[1]
    assert re.findall(r">([^<]+)<", cells) == ["1", "2", "1", "100"]


@pytest.mark.parametrize(
    ("benchmark", "truth", "said", "shown"),
    [
        ("emer-v2", Sample("a", labels=("happy",)), Prediction("a", labels=("happy",)), True),
        ("emer-v2", Sample("a", labels=("happy",)), Prediction("a", error="lost"), False),
        ("cmu-mosi", Sample("a", valence=1.0), Prediction("a", sentiment="positive"), False),
    ],
)
def test_confusion_is_of_answers_with_emotions(benchmark, truth, said, shown):
    assert ('class="heat"' in page([said], samples(truth), benchmark)) == shown


def test_a_tick_is_for_what_both_sides_name():
    html = page([("a", ("glad", "sad")), ("b", ("angry",))])
    assert re.findall(r'class="chip hit">([^<]*)', html) == re.findall(r'class="chip hit">(happy|glad)', html)
    assert html.count('class="chip hit"') == 2
    assert html.count('class="chip"') == 3  # sad, which is not of a; sad and angry of b


def test_names_cannot_be_run_in_the_sheet():
    rows = list(csv.DictReader(io.StringIO(samples_csv(made_result({"=1+1": 0.5})).removeprefix("\ufeff"))))
    assert rows[0]["name"] == "'=1+1"
