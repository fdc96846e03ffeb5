"""Cards say what the folders hold, are valid for the Hub, and tell what is missing."""

import json
import re

import pytest
import yaml
from card_folders import IDS, made_emer, made_model, made_report, snippets

from affectgpt.convert.output import read_sums
from affectgpt.hub import cards
from affectgpt.hub.cards import artifact_of, check_card, render
from affectgpt.page.look import DELETED_AFTER_MIN
from affectgpt.schema import AffectError

ARTIFACTS = ("model", "quantized", "adapter", "dataset", "results")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("cards")
    made = {kind: made_model(root / kind, artifact=kind) for kind in ARTIFACTS[:3]}
    made["dataset"] = made_emer(root)
    made["results"] = made_report(root / "report").parent
    return made


@pytest.fixture(scope="module")
def made(folders):
    links = {"quantized": {"base_repo": "ORG/whole@abc"}}
    return {kind: render(kind, folders[kind], f"ORG/{kind}", **links.get(kind, {})) for kind in ARTIFACTS}


def matter_of(card):
    return yaml.safe_load(card.text.split("---\n")[1])


def english(texts):
    return " ".join(text.en for text in texts)


@pytest.mark.parametrize("kind", ARTIFACTS)
def test_a_card_is_whole(kind, folders, made):
    card = made[kind]
    assert artifact_of(folders[kind]) == kind
    assert card.problems == ()
    assert "LICENSE.md" in card.files
    assert len(snippets(card.text)) >= 1
    for block in snippets(card.text):
        compile(block, kind, "exec")
    law = ("5(1)(f)", "50(3)", "3(39)", "Annex III 1(c)")
    for said in (*law, "sha256sum -c SHA256SUMS", "arxiv.org", "仅供非商业研究"):
        assert said in card.text
    assert "\n\n\n" not in card.text
    assert not re.search(r"[^\n]\n(## |> \*\*)", card.text)  # Markdown wants a blank line


def test_the_library_reads_what_the_hub_needs(made):
    from huggingface_hub import ModelCard

    data = ModelCard(made["model"].text).data
    assert data.library_name == "transformers"
    assert data.pipeline_tag == "video-text-to-text"
    assert set(data.base_model) == set(IDS.values())
    assert (data.base_model[0], data.base_model_relation) == (IDS["text"], "finetune")
    assert (data.license, data.license_link) == ("other", "LICENSE.md")
    assert data.extra_gated_fields["Country"] == "country"
    assert "checkbox" in data.extra_gated_fields.values()
    assert {"arxiv:2501.16566", "arxiv:2306.15401", "arxiv:2410.01495"} <= set(data.tags)
    assert "model-index" not in matter_of(made["model"])
    assert "No results are claimed" in made["model"].text


def test_the_model_tree_knows_what_was_changed(made, folders):
    quantized, adapter = matter_of(made["quantized"]), matter_of(made["adapter"])
    assert (quantized["base_model"], quantized["base_model_relation"]) == (["ORG/whole"], "quantized")
    assert (adapter["base_model"], adapter["base_model_relation"]) == ([IDS["text"]], "adapter")
    assert adapter["library_name"] == "peft"
    alone = matter_of(render("quantized", folders["quantized"], "ORG/q"))
    assert alone["base_model"] == [IDS["text"]]


def test_facts_come_from_the_files(made):
    assert "| Parameters | 120.0 K (120,007) |" in made["model"].text
    assert "| Parameters | 120.0 K (120,007) |" in made["quantized"].text  # two to a byte, without scales
    assert "language model nf4" in made["quantized"].text
    assert "epoch 30, sha256 `" + "ab" * 32 in made["model"].text
    assert "`multiframe_audio_frame_text`: takes whole frames" in made["model"].text
    assert "(rank 16, alpha 32)" in made["adapter"].text
    assert "PeftModel.from_pretrained" in made["adapter"].text
    assert "own configuration names `mercaptionplus`." in made["quantized"].text
    assert f"within {DELETED_AFTER_MIN} minutes" in made["dataset"].text


def test_the_viewer_of_the_data_set_is_told_everything(made, folders):
    from datasets import Features, load_dataset_builder
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    matter = matter_of(made["dataset"])
    assert [config["config_name"] for config in matter["configs"]] == ["emer_v1", "emer_v2"]
    assert [config.get("default") for config in matter["configs"]] == [None, True]
    infos = DatasetInfosDict.from_dataset_card_data(DatasetCardData(**matter))
    assert infos["emer_v2"].splits["test"].num_examples == 3
    assert isinstance(infos["emer_v2"].features, Features)
    assert infos["emer_v2"].features["labels"].feature.dtype == "string"
    assert matter["size_categories"] == ["n<1K"]
    readme = folders["dataset"] / "README.md"
    before = readme.read_text(encoding="utf-8")
    readme.write_text(made["dataset"].text, encoding="utf-8")
    try:  # as a clone of the repository, `datasets` takes the configuration from this card
        builder = load_dataset_builder(str(folders["dataset"]), "emer_v2")
        assert builder.info.features == infos["emer_v2"].features
    finally:
        readme.write_text(before, encoding="utf-8")
    assert 'load_emer("ORG/dataset")' in made["dataset"].text
    assert "no clip is in here" in made["dataset"].text


def test_local_base_models_are_not_guessed(tmp_path):
    local = {role: (name.rpartition("/")[2], None) for role, name in IDS.items()}
    folder = made_model(tmp_path / "local", bases=local)
    card = render("model", folder, "ORG/local")
    assert len([text for text in card.problems if "base_model)" in text.en]) == 3
    assert "lacks the field base_model" in english(card.problems)
    assert "unknown (recorded as `Qwen2.5-7B-Instruct`)" in card.text
    given = ", ".join(IDS.values())
    card = render("model", folder, "ORG/local", base_model=given)
    assert card.problems == ()
    assert card.text.count("(named by the publisher; the folder does not record it)") == 3
    known = {role: (name, "c" * 40) for role, (name, _) in local.items()}
    card = render("model", made_model(tmp_path / "known", bases=known), "ORG/known")
    assert set(matter_of(card)["base_model"]) == set(IDS.values())


def test_weights_of_unknown_origin_are_a_problem(tmp_path):
    card = render("model", made_model(tmp_path / "model", source={}), "ORG/model")
    assert "where its weights come from" in english(card.problems)


def test_weights_that_were_changed_are_not_called_converted(tmp_path):
    folder = made_model(tmp_path / "model")
    assert "Converted, not trained" in render("model", folder, "ORG/model").text
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  model.safetensors\n")
    told = json.loads((folder / "conversion.json").read_text())
    for field in ({"weights": {"model.safetensors": "1" * 64}}, {"changed": True}):
        (folder / "conversion.json").write_text(json.dumps(told | field))
        text = render("model", folder, "ORG/model").text
        assert "Not the weights of that checkpoint any more" in text
        assert "Converted, not trained" not in text
        assert "转换后又被改动" in text


def test_a_folder_of_something_else_is_one_clear_line(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(AffectError, match=r"^photos holds nothing that can be published: "):
        artifact_of(tmp_path / "photos")
    folder = made_model(tmp_path / "cut")
    (folder / "model.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(AffectError, match=r"^model\.safetensors holds no readable data"):
        render("model", folder, "ORG/cut")


def test_checksums_are_read_as_the_usual_tools_write_them(tmp_path):
    lines = [f"{'ab' * 32}  a b/model.safetensors", f"{'CD' * 32} *x.parquet", "ab  short", ""]
    (tmp_path / "SHA256SUMS").write_text("\n".join(lines))
    assert read_sums(tmp_path) == {"a b/model.safetensors": "ab" * 32, "x.parquet": "cd" * 32}
    assert read_sums(tmp_path / "nothing") == {}


def test_templates_are_needed(folders, monkeypatch, tmp_path):
    monkeypatch.setattr(cards, "TEMPLATES", tmp_path)
    with pytest.raises(AffectError, match="publish from a checkout"):
        render("model", folders["model"], "ORG/model")


def test_what_files_say_is_text_and_no_markup(tmp_path):
    source = {"file": "x`|<img src=x>[a](b){{ 7 * 7 }}.pth", "bytes": 1, "sha256": "ab" * 32}
    card = render("model", made_model(tmp_path / "model", source=source), "ORG/model")
    assert "`x'\\|<img src=x>[a](b){ { 7 * 7 }}.pth`" in card.text  # inert between backticks
    assert card.problems == ()


def test_contact_and_address_of_the_source(folders, monkeypatch):
    assert (
        "(https://huggingface.co/ORG/model/discussions)"
        in render("model", folders["model"], "ORG/model").text
    )
    monkeypatch.setenv(cards.CONTACT, "somebody@example.org")
    links = {"code": "https://example.org/affectgpt", "space": "ORG/demo@main", "dataset": "ORG/emer"}
    card = render("model", folders["model"], "ORG/model", **links)
    assert (
        "See also: demo [ORG/demo](https://huggingface.co/spaces/ORG/demo), data set [ORG/emer]" in card.text
    )
    assert "remove something: somebody@example.org." in card.text
    assert 'pip install "affectgpt @ git+https://example.org/affectgpt"' in card.text


SPOILED = {
    "no front matter": (lambda text: text.split("---\n", 2)[2], "front matter is not valid: there is none"),
    "no mapping": (lambda text: "---\n- a\n---\n" + text.split("---\n", 2)[2], "not a mapping"),
    "field": (lambda text: text.replace("pipeline_tag: video-text-to-text\n", ""), "field pipeline_tag"),
    "blank": (lambda text: text + "{{ name }}", "blank that was not filled: {{ name }}"),
    "link": (lambda text: text + "[notes](docs/notes.md)", "nothing in the repository: docs/notes.md"),
    "outside": (lambda text: text + "[up](../../other)", "nothing in the repository: ../../other"),
    "anchor": (lambda text: text + "[up](#nowhere)", "nothing in the repository: #nowhere"),
    "section": (lambda text: text.replace("## Limits and bias", "## Notes"), "section “Limits and bias”"),
    "gate": (lambda text: text.replace("Country: country", "Country: land"), "extra_gated_fields: Country"),
    "number": (lambda text: text.replace("No results are claimed", "It has 74.77"), "no result file: 74.77"),
    "table": (lambda text: text + "\n## More\n\n| set | score |\n|---|---|\n| EMER | 65.9 |", "file: 65.9"),
    "sum": (lambda text: text.replace("ab" * 32, "cd" * 32), "checksum of the card is of no file"),
    "long": (lambda text: text + "x" * 200_000, "too long"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_card_is_not_published(kind, folders, made):
    change, said = SPOILED[kind]
    changed = change(made["model"].text)
    assert changed != made["model"].text
    problems = check_card(changed, folders["model"], made["model"].files)
    assert [text for text in problems if said in text.en], english(problems)


def test_a_card_is_checked_in_the_folder_that_is_uploaded(folders, made, tmp_path):
    folder = made_model(tmp_path / "model")
    for name, content in {**made["model"].files, "README.md": made["model"].text.encode()}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    assert check_card((folder / "README.md").read_text(encoding="utf-8"), folder) == ()
    (folder / "LICENSE.md").unlink()
    assert "nothing in the repository: LICENSE.md" in english(
        check_card((folder / "README.md").read_text(encoding="utf-8"), folder)
    )
