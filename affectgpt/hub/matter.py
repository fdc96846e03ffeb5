"""The front matter of cards: what the Hub, its search and `datasets` read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .card_results import Published, model_index
from .facts import GATED_DATA, ModelFacts, Part

PAPERS = {"AffectGPT": "2501.16566", "EMER": "2306.15401", "OV-MERD": "2410.01495"}  # arXiv
TOPICS = (
    "multimodal-emotion-recognition", "explainable-emotion-recognition", "open-vocabulary-emotion",
    "affective-computing", "affectgpt",
)  # fmt: skip
RELATIONS = {"model": "finetune", "quantized": "quantized", "adapter": "adapter"}
SIZES = (("n<1K", 1e3), ("1K<n<10K", 1e4), ("10K<n<100K", 1e5), ("100K<n<1M", 1e6), ("1M<n<10M", 1e7))
LICENCES = {  # license_name of an artifact; the text is its LICENSE.md
    "dataset": "mer2023-eula",
    "results": "non-commercial-research",
    "model": "non-commercial-research",
}
GATE = {
    "extra_gated_heading": "Research use only",
    "extra_gated_button_content": "I accept the terms",
    "extra_gated_fields": {
        "Name": "text",
        "Affiliation": "text",
        "Country": "country",
        "What I want to find out with it": "text",
        "I will use it for non-commercial research only": "checkbox",
        "I will not use it on people at work, in education, hiring, medicine or policing": "checkbox",
    },
}
PROMPTS = {
    "model": "Trained on data for non-commercial academic research. Emotion recognition is regulated; "
    "in the European Union inferring emotions at work and in education is prohibited (AI Act, Art. 5(1)(f)).",
    "dataset": "These annotations describe clips of MER2023 and are under its EULA: academic research only, "
    "non-commercial, not to be handed on. Ask for the clips at their owners' page.",
}


def model_matter(
    artifact: str, facts: ModelFacts, repo: str, results: Sequence[Published], links: Mapping[str, str]
) -> Any:
    """Return the `ModelCardData` of a model, its quantised form or its adapter."""
    from huggingface_hub import ModelCardData

    index = model_index(results, repo, links.get("dataset"))
    fields = {"eval_results": index, "model_name": repo.partition("/")[2]} if index else {}
    return ModelCardData(
        language=["en", "zh"],
        license="other",
        license_name=LICENCES["model"],
        license_link="LICENSE.md",
        library_name="peft" if artifact == "adapter" else "transformers",
        pipeline_tag="video-text-to-text",
        base_model=base_ids(artifact, facts, links) or None,
        base_model_relation=RELATIONS[artifact],
        datasets=[GATED_DATA],  # what it was trained on
        tags=[*TOPICS, *(["lora"] if artifact == "adapter" else []), *_arxiv()],
        **_gate("model"),
        **fields,
    )


def base_ids(artifact: str, facts: ModelFacts, links: Mapping[str, str]) -> list[str]:
    """The Hub ids that the model tree names: all three for a whole model, else what was changed."""
    if artifact == "quantized" and links.get("base_repo"):
        return [links["base_repo"]]
    known = [base.id for base in facts.bases if base.id]
    if artifact == "model":
        return known
    return [base.id for base in facts.bases if base.role == "text" and base.id]


def dataset_matter(artifact: str, parts: Sequence[Part]) -> Any:
    """Return the `DatasetCardData` of EMER, or of predictions and results; with features and splits."""
    from huggingface_hub import DatasetCardData

    emer = artifact == "dataset"
    rows = sum(part.rows for part in parts)
    data = DatasetCardData(
        pretty_name="EMER: explainable multimodal emotion reasoning"
        if emer
        else "AffectGPT: predictions and results",
        language=["en", "zh"],
        license="other",
        license_name=LICENCES[artifact],
        license_link="LICENSE.md",
        task_categories=["video-text-to-text"],
        size_categories=[next((name for name, most in SIZES if rows < most), "n>10M")],
        source_datasets=["extended|other-MER2023"] if emer else None,
        annotations_creators=None if emer else ["machine-generated"],
        tags=[*TOPICS, *_arxiv()],
        **(_gate("dataset") if emer else {}),
    )
    if parts:
        _viewer(data, parts)
    return data


def _viewer(data: Any, parts: Sequence[Part]) -> None:
    """Add `configs` and `dataset_info` in the form that `datasets` itself writes."""
    from datasets import DatasetInfo, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    names = list(dict.fromkeys(part.config for part in parts))
    main = max(names)  # the newest version of EMER
    configs, infos = MetadataConfigs(), DatasetInfosDict()
    for name in names:
        own = [part for part in parts if part.config == name]
        files = [{"split": part.split, "path": list(part.files) if len(part.files) > 1 else part.files[0]}
                 for part in own]  # fmt: skip
        configs[name] = {"data_files": files} | ({"default": True} if name == main else {})
        splits = SplitDict({part.split: SplitInfo(part.split, part.bytes, part.rows) for part in own})
        infos[name] = DatasetInfo(
            features=own[0].features,
            splits=splits,
            download_size=sum(part.stored for part in own),
            dataset_size=sum(part.bytes for part in own),
        )
    configs.to_dataset_card_data(data)
    infos.to_dataset_card_data(data)


def _gate(kind: str) -> dict[str, Any]:
    return {"extra_gated_prompt": PROMPTS[kind], **GATE}


def _arxiv() -> list[str]:
    return [f"arxiv:{number}" for number in PAPERS.values()]
