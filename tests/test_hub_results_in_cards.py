"""Numbers on a card come from result files, and what is published of those quotes no licensed text."""

import dataclasses
import hashlib
import json

import pytest
import yaml
from card_folders import made_emer, made_model, made_report
from made_results import made_result, same

from affectgpt.benchmarks.compare import compare
from affectgpt.benchmarks.result import LEFT_OUT, read_result, to_json, without_references
from affectgpt.hub.cards import check_card, render
from affectgpt.hub.results import write_results
from affectgpt.schema import AffectError, Text

PATH = "results/emer-v2-toy-7b.json"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return made_report(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return made_model(tmp_path_factory.mktemp("with_results") / "model")


@pytest.fixture(scope="module")
def card(report, model):
    return render("model", model, "ORG/model", results=[report], dataset="ORG/emer")


def test_the_table_is_the_file_rounded(card, report):
    headline = read_result(report).headline
    row = next(line for line in card.text.splitlines() if line.startswith("| **M-avg"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{100 * headline.value:.2f}"
    assert cells[2] == f"[{100 * headline.low:.2f}, {100 * headline.high:.2f}]"
    assert cells[3:] == ["12", "66.67 (always five labels)", "yes"]
    assert card.problems == ()


def test_each_file_stands_with_its_checksum_and_how_it_was_made(card):
    digest = hashlib.sha256(card.files[PATH]).hexdigest()
    assert f"[`{PATH}`]({PATH}), sha256 `{digest}`" in card.text
    assert "made with affectgpt " in card.text
    assert "wheel: MER emotion wheels 2025" in card.text
    assert "Comparable with published numbers: no. 12 of the 332 published samples" in card.text
    assert "Every number is read from the `result.json`" in card.text
    assert "文中评测数字全部取自" in card.text


def test_the_model_index_is_not_rounded(card, report):
    from huggingface_hub import ModelCard

    found = {one.metric_type: one.metric_value for one in ModelCard(card.text).data.eval_results}
    result = read_result(report)
    assert found["m_avg"] == result.headline.value
    assert found == {key: result.score(key).value for key in found}


def test_the_hubs_own_form_of_results(card, report):
    from huggingface_hub import parse_eval_result_entries

    (entry,) = parse_eval_result_entries(yaml.safe_load(card.files[".eval_results/emer-v2.yaml"]))
    assert (entry.dataset_id, entry.task_id) == ("ORG/emer", "emer-v2")
    assert entry.value == read_result(report).headline.value
    assert entry.source_url == f"https://huggingface.co/ORG/model/blob/main/{PATH}"


def test_a_benchmark_without_a_repository_has_no_such_file(report, model):
    card = render("model", model, "ORG/model", results=[report])
    assert not [path for path in card.files if path.startswith(".eval_results")]
    assert card.problems == ()


def test_the_published_copy_is_whole_but_for_references(card, report, tmp_path):
    file = tmp_path / "result.json"
    file.write_bytes(card.files[PATH])
    published, own = read_result(file), read_result(report)
    assert published.scores == own.scores
    assert [row.predicted_labels for row in published.samples] == [
        row.predicted_labels for row in own.samples
    ]
    assert {row.reference_labels for row in published.samples} == {()}
    assert '"reference_labels": ["' not in file.read_text(encoding="utf-8")
    assert published.settings["references"] == LEFT_OUT
    assert same(without_references(published), published)
    gap = compare(own, published).gaps[0]
    assert (gap.difference, gap.samples) == (0, 12)


def test_notes_and_problems_that_quote_are_left_out():
    quoted = Text("the reference says 'she weeps'", "参考写道“她在哭”")
    result = made_result({"a": 1.0, "b": 0.0}, problems=(quoted,))
    rows = [dataclasses.replace(row, reference_text="she weeps", notes=(quoted,)) for row in result.samples]
    copy = to_json(without_references(dataclasses.replace(result, samples=tuple(rows))))
    assert "weeps" not in copy
    assert "哭" not in copy


def test_published_copies_are_compared_by_the_checksum_of_the_truth():
    one = without_references(made_result({"a": 1.0, "b": 0.0}, system="A"))
    two = without_references(made_result({"a": 0.0, "b": 0.0}, system="B"))
    assert compare(one, two).gaps[0].difference == 0.5
    other = dataclasses.replace(two, settings=two.settings | {"truth": "f" * 64})
    with pytest.raises(AffectError, match="different references"):
        compare(one, other)
    part = without_references(made_result({"a": 0.0}, settings=other.settings | {"references": None}))
    assert any("not checked" in text.en for text in compare(one, part).warnings)


def changed(text, before, after):
    assert before in text
    return text.replace(before, after)


def test_a_number_that_was_typed_is_found(card, report, model):
    value = f"{100 * read_result(report).headline.value:.2f}"
    for text, said in (
        (changed(card.text, f"** | {value} |", "** | 99.90 |"), "99.90"),
        (changed(card.text, "none was typed.", "none was typed. It beats others by 7.3 points."), "7.3"),
        (
            changed(card.text, f"value: {read_result(report).headline.value}", "value: 0.99"),
            "0.99 (model-index)",
        ),
        (card.text.replace("file: results/", "file: other/"), "(model-index)"),
    ):
        found = " ".join(problem.en for problem in check_card(text, model, card.files))
        assert "no result file" in found
        assert said in found


def test_a_number_of_another_score_is_not_taken(card, report, model):
    result = read_result(report)
    value, other = (f"{100 * result.score(key).value:.2f}" for key in ("m_avg", "level1_precision"))
    assert value != other
    text = changed(card.text, f"** | {value} |", f"** | {other} |")
    assert any(other in problem.en for problem in check_card(text, model, card.files))


def test_eval_results_that_were_changed_are_found(card, model):
    files = dict(card.files)
    name = ".eval_results/emer-v2.yaml"
    files[name] = files[name].replace(b"value: 0.", b"value: 0.9")
    assert any(name in problem.en for problem in check_card(card.text, model, files))
    files[name] = b"- value: 1\n"
    assert any(f"{name} is not valid" in problem.en for problem in check_card(card.text, model, files))


def test_a_changed_result_file_is_found(card, model):
    body = json.loads(card.files[PATH])
    body["scores"][0]["value"] = 0.75
    files = card.files | {PATH: json.dumps(body).encode()}
    problems = " ".join(problem.en for problem in check_card(card.text, model, files))
    assert "no result file" in problems
    assert "checksum of the card" in problems


def test_a_file_that_is_no_result_is_refused(model, tmp_path):
    (tmp_path / "typed.json").write_text('{"f": 0.99}')
    with pytest.raises(AffectError, match=r"^typed\.json is not a result"):
        render("model", model, "ORG/model", results=[tmp_path / "typed.json"])


def test_two_systems_get_two_files_and_the_same_file_one(model, report, tmp_path):
    twin, other = made_report(tmp_path / "twin"), made_report(tmp_path / "other", system="Toy 7B!")
    card = render("model", model, "ORG/model", results=[report, twin, other])
    assert sorted(path for path in card.files if path.endswith(".json")) == [
        "results/emer-v2-toy-7b-2.json",
        PATH,
    ]
    assert card.problems == ()


def test_the_data_set_of_results(report, tmp_path):
    write_results(tmp_path, [report])
    card = render("results", tmp_path, "ORG/results")
    assert card.problems == ()
    assert f'"{PATH}", repo_type="dataset"' in card.text
    assert card.files[PATH] == (tmp_path / PATH).read_bytes()
    matter = yaml.safe_load(card.text.split("---\n")[1])
    assert [config["config_name"] for config in matter["configs"]] == ["predictions", "scores"]
    assert "extra_gated_prompt" not in matter
    assert "| `predictions` | test | 12 |" in card.text


def test_a_data_set_claims_no_results(tmp_path):
    card = render("dataset", made_emer(tmp_path), "ORG/emer")
    assert "No results are claimed" in card.text
