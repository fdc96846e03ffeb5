"""Completeness of invented explanations, part by part."""

import json
from pathlib import Path

import pytest

from affectgpt.metrics.completeness import RUBRIC, completeness_statistics, modality_completeness

EXAMPLES = Path(__file__).parents[1] / "examples"

FULL_EN = (
    "In the video, the man frowns and lowers his head. In the audio, he speaks slowly in a low voice. "
    'In the text, the subtitle says, "I lost the keys." Therefore, he is sad and worried.'
)
FULL_ZH = (
    "在视频中，男人皱着眉头，低着头。在音频中，语速缓慢，声音低沉。"
    "在文本中，字幕内容：“钥匙丢了。”因此，他很难过，也很担心。"
)


@pytest.mark.parametrize("text", [FULL_EN, FULL_ZH])
def test_all_four_parts_score_one(text):
    found = modality_completeness(text)
    assert found["parts"] == {"visual": 1, "acoustic": 1, "lexical": 1, "inference": 1}
    assert found["score"] == 1
    assert found["rubric"] == RUBRIC
    assert {"frown", "head_down"} <= set(found["clues"]["visual"])
    assert "quoted" in found["clues"]["lexical"]
    assert "sad" in found["clues"]["inference"]


@pytest.mark.parametrize(
    ("text", "parts"),  # visual, acoustic, lexical, inference
    [
        ("", (0, 0, 0, 0)),
        ("The character's emotional state is happy, excited.", (0, 0, 0, 0.5)),  # from nothing
        ("角色的情绪状态是高兴、兴奋。", (0, 0, 0, 0.5)),
        ("In the video, he smiles.", (1, 0, 0, 0)),
        ("In the video, a room can be seen. In the audio, a tune is heard.", (0.5, 0.5, 0, 0)),
        ("In the video, he smiles. In the audio, it is impossible to determine his state.", (1, 0, 0, 0)),
        ("In the video, he smiles. In the audio,", (1, 0, 0, 0)),
        ("在视频中，他微笑。在音频中，无法判断人物的状态；", (1, 0, 0, 0)),
        ("In the video, he smiles. Therefore, he is happy.", (1, 0, 0, 1)),
        ("In the video, he smiles. Therefore, he is not sad.", (1, 0, 0, 0)),
        ("In the video, he smiles and is happy.", (1, 0, 0, 0.5)),  # named, but not concluded
        ('In the text, the subtitle says, "I am so happy."', (0, 0, 1, 0)),  # no inference of the writer's
        ("In the text, he asked for the way to the station.", (0, 0, 1, 0)),  # a paraphrase
        ("In the audio, he asks for the way.", (0, 0.5, 0, 0)),  # to tell what is said is no sound
        ("In the text, there is one short line about a train.", (0, 0, 0.5, 0)),
        ("In the text, there is no subtitle.", (0, 0, 0, 0)),
        ("在文本中，他表示要去车站。", (0, 0, 1, 0)),
        ("In the video, he does not smile.", (0.5, 0, 0, 0)),
        ('In the text, the subtitle says, "Do not frown and whisper."', (0, 0, 1, 0)),  # a quotation
        ('In the video, a sign "smile now" hangs on the wall.', (0.5, 0, 0, 0)),
    ],
)
def test_parts_by_hand(text, parts):
    found = modality_completeness(text)
    assert tuple(found["parts"].values()) == parts
    assert found["score"] == sum(parts) / 4


def test_a_clue_counts_in_the_part_of_another_modality():
    found = modality_completeness("In the video, he frowns while his speech is slow. So he is sad.")
    assert found["parts"]["visual"] == found["parts"]["acoustic"] == 1


def test_corpus_mean_by_part():
    found = completeness_statistics({"a": FULL_EN, "b": "", "c": FULL_ZH})
    assert {key: round(one.value, 6) for key, one in found.items()} == dict.fromkeys(
        ("score", "visual", "acoustic", "lexical", "inference"), round(2 / 3, 6)
    )
    assert found["score"].names == ("a", "b", "c")


def test_our_own_references_are_nearly_complete():
    files = sorted(EXAMPLES.rglob("*.json"))
    texts = [json.loads(file.read_text(encoding="utf-8")).get("parts") for file in files]
    told = ["\n\n".join(parts[language].values()) for parts in texts if parts for language in ("en", "zh")]
    assert len(told) >= 2
    assert all(modality_completeness(text)["score"] >= 0.75 for text in told)
