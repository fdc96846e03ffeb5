"""The parts of a description: by headings, by what a clause is about, and while the text arrives."""

import csv
import json
import random
import re
import time
from pathlib import Path

import pytest

from affectgpt.parts import PARTS, PartSplitter, split_parts

HEADED = (
    "In the video, a girl sits by the window. She frowns and her lips are pressed together. Overall, she "
    "looks tired. In the audio, the voice is low, with long pauses. Combined with the text, it sounds like a "
    'farewell. In the text, the subtitle says, "I have packed. In the end, nobody asked me." This sentence '
    "may be a reproach. Based on the pressed lips in the video and the low voice in the audio, we can infer "
    "that she is hurt. At the same time, the audio clue of long pauses supports this. Therefore, she is sad "
    "and disappointed."
)
HEADED_ZH = (
    "在视频中，一个女孩坐在窗边，她皱着眉头，嘴唇紧闭。综合这些画面，她显得很疲惫。；"
    "在音频中，声音低沉，停顿很长；"
    "在文本中，字幕内容：“我收拾好了。根据安排，明天走。” 这句话可能是一种责备。"
    "根据视频线索中紧闭的嘴唇，以及音频线索中低沉的声音，我们可以推断她很受伤。"
    "同时，音频线索中的停顿也支持这一点。因此，她既难过又失望。；"
)
LOOSE = "The man stares at the door and his voice trembles, with his hands clenched. He is afraid."


def squeezed(text):
    return re.sub(r"\s", "", text)


def streamed(text, sizes):
    splitter, at, out = PartSplitter(), 0, []
    while at < len(text):
        size = next(sizes)
        out += splitter.feed(text[at : at + size])
        at += size
    return [*out, *splitter.close()]


def joined(pairs):
    parts = {}
    for part, piece in pairs:
        parts[part] = parts.get(part, "") + piece
    return parts


def test_headings_begin_parts_and_the_conclusion_comes_after_the_words():
    parts = split_parts(HEADED)
    assert list(parts) == ["visual", "acoustic", "lexical", "inference"]
    assert parts["visual"].endswith("Overall, she looks tired.")  # sums up this part alone
    assert parts["acoustic"].startswith("In the audio,")
    assert parts["acoustic"].endswith("like a farewell.")
    assert parts["lexical"].startswith("In the text,")
    assert parts["lexical"].endswith("may be a reproach.")
    assert parts["inference"].startswith("Based on the pressed lips")
    assert "the audio clue of long pauses" in parts["inference"]
    assert " ".join(parts.values()) == HEADED


def test_chinese_headings():
    parts = split_parts(HEADED_ZH)
    assert list(parts) == ["visual", "acoustic", "lexical", "inference"]
    assert parts["visual"].endswith("疲惫。；")
    assert parts["acoustic"].endswith("停顿很长；")
    assert parts["lexical"].endswith("责备。")
    assert parts["inference"].startswith("根据视频线索")
    assert squeezed("".join(parts.values())) == squeezed(HEADED_ZH)


def test_a_quotation_is_nobodys_clue():
    """The quoted words name a heading and a conclusion, and yet stay in the lexical part."""
    assert "In the end, nobody asked me." in split_parts(HEADED)["lexical"]
    assert "根据安排" in split_parts(HEADED_ZH)["lexical"]


def test_one_sentence_about_two_modalities_is_cut_at_its_clauses():
    parts = split_parts(LOOSE)
    assert parts["acoustic"] == "and his voice trembles,"
    assert parts["visual"] == "The man stares at the door with his hands clenched. He is afraid."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "In the video, he whispered, his eyes were wide. Therefore he is frightened.",
            {"acoustic": "In the video, he whispered,", "visual": "his eyes were wide.",
             "inference": "Therefore he is frightened."},
        ),
        (
            "在视频中，他声音沙哑、皱着眉头，因此推测他很担心。",
            {"acoustic": "在视频中，他声音沙哑、", "visual": "皱着眉头，", "inference": "因此推测他很担心。"},
        ),
        (
            "She looks away. She sounds tired. 'I will call tomorrow,' she says. We can infer she is sad.",
            {"visual": "She looks away.", "acoustic": "She sounds tired.",
             "lexical": "'I will call tomorrow,' she says.", "inference": "We can infer she is sad."},
        ),
        (
            "**Visual clues:** A smile.\n**Audio:** A bright tone.\n**Text:** “Enter!”\n**Conclusion:** Joy.",
            {"visual": "**Visual clues:** A smile.", "acoustic": "**Audio:** A bright tone.",
             "lexical": "**Text:** “Enter!”", "inference": "**Conclusion:** Joy."},
        ),
        (
            "1. 视觉线索：她笑了。\n2. 听觉线索：语速很快。\n3. 文本线索：“快来！”\n综上，她很高兴。",
            {"visual": "1. 视觉线索：她笑了。", "acoustic": "2. 听觉线索：语速很快。",
             "lexical": "3. 文本线索：“快来！”", "inference": "综上，她很高兴。"},
        ),
        (
            "In the video, a boy nods. As time goes on, his voice becomes louder.",
            {"visual": "In the video, a boy nods.", "acoustic": "As time goes on, his voice becomes louder."},
        ),
        ("The character's emotional state is calm, content.",
         {"inference": "The character's emotional state is calm, content."}),
        ("A room with two chairs.", {"visual": "A room with two chairs."}),
        ("", {}),
        (" \n ", {}),
    ],
)  # fmt: skip
def test_other_forms(text, wanted):
    assert split_parts(text) == wanted


def test_a_conclusion_drawn_too_early_does_not_swallow_the_headings_to_come():
    text = "In the video, he grins. Therefore, he seems glad. In the audio, he laughs. In the text, no words."
    parts = split_parts(text)
    assert parts["inference"] == "Therefore, he seems glad."
    assert parts["acoustic"] == "In the audio, he laughs."
    assert parts["lexical"] == "In the text, no words."


def test_artefacts_of_language_models_are_kept_and_do_no_harm():
    assert split_parts("Input: " + HEADED)["visual"].startswith("Input: In the video, a girl")
    assert split_parts(HEADED + " Output:")["inference"].endswith("disappointed. Output:")
    again = split_parts(f"Input: {HEADED}Output: {HEADED}")
    once = split_parts(HEADED)
    for part in PARTS[1:]:
        assert again[part].count(once[part]) == 2, part


@pytest.mark.parametrize("mark", ['"', "“", "'", "「"])
def test_a_quotation_that_never_ends(mark):
    text = f"In the video, she reads {mark}welcome home. In the audio, there is a sigh. " + "He waits. " * 60
    parts = split_parts(text + "In the text, no words.")
    assert parts["acoustic"].startswith("In the audio, there is a sigh.")
    assert parts["lexical"] == "In the text, no words."


@pytest.mark.parametrize(
    "text", [HEADED, HEADED_ZH, LOOSE, f"Input: {HEADED}\n\nOutput: {LOOSE}", "“" + HEADED]
)
def test_a_stream_in_pieces_of_any_length_gives_the_same_parts(text):
    whole, dice = split_parts(text), random.Random(1)
    for longest in (1, 2, 3, 7, 40, 2000):
        pairs = streamed(text, iter(lambda most=longest: dice.randint(1, most), 0))
        assert joined(pairs) == whole
        assert squeezed("".join(piece for _, piece in pairs)) == squeezed(text)  # in the order of the text


def test_random_texts_keep_every_character():
    dice = random.Random(2)
    english = ["In the video, ", "in the audio ", "his voice", "Therefore ", "the subtitle says: ", "smiles"]
    chinese = ["她的眼睛", "因此", "在音频中，", "。", "，"]
    signs = ['"', "“", "”", "'", "「", ". ", ", ", "; ", "\n", " ", "3.5", "...", "Output: "]
    bits = english + chinese + signs
    for _ in range(300):
        text = "".join(dice.choices(bits, k=dice.randint(0, 40)))
        parts = split_parts(text)
        assert sorted(squeezed("".join(parts.values()))) == sorted(squeezed(text))
        pairs = streamed(text, iter(lambda: dice.randint(1, 9), 0))
        assert joined(pairs) == parts
        assert squeezed("".join(piece for _, piece in pairs)) == squeezed(text)
        assert all(value == value.strip() and value for value in parts.values())


def test_a_part_is_known_at_the_end_of_its_sentence():
    splitter = PartSplitter()
    assert list(splitter.feed("In the video, she smiles.")) == []  # the sentence may go on: "3.5"
    assert joined(splitter.feed(" In the audio, her")) == {
        "visual": "In the video, she smiles.",
        "acoustic": "In the audio,",
    }
    assert list(splitter.feed(" voice is warm. T")) == [("acoustic", " her voice is warm.")]
    assert list(splitter.close()) == [("acoustic", " T")]
    assert list(splitter.close()) == []
    with pytest.raises(ValueError, match="closed"):
        splitter.feed("more")


def test_long_texts_take_linear_time():
    splitter = PartSplitter()
    for word in (HEADED * 40).split(" "):  # 5,000 words; one at a time
        list(splitter.feed(word + " "))


@pytest.mark.parametrize("column", ["english", "chinese"])
def test_emer_descriptions(shared, column):
    """All parts of at least 97 % of the descriptions that have a conclusion at all, and no lost character."""
    with (shared / "data" / "emer" / "v2.csv").open(encoding="utf-8-sig") as file:
        texts = [row[column] for row in csv.DictReader(file)]
    parts = [split_parts(text) for text in texts]
    for text, split in zip(texts, parts, strict=True):
        assert len(squeezed("".join(split.values()))) == len(squeezed(text))
    told = [split for split, text in zip(parts, texts, strict=True) if "infer" in text or "推" in text]
    assert len(told) > 250
    assert sum(len(split) == len(PARTS) for split in told) >= 0.97 * len(told)
    assert all({"visual", "acoustic", "lexical"} <= split.keys() for split in parts)
    odd = random.Random(3)
    for text, split in list(zip(texts, parts, strict=True))[::10]:
        assert joined(streamed(text, iter(lambda: odd.randint(1, 30), 0))) == split


@pytest.mark.parametrize("piece", ["“", " ", ".", ": 1/1", "smile“"])
def test_time_grows_with_the_length_of_hostile_texts(piece):
    def seconds(size):
        begin = time.process_time()
        split_parts((piece * size)[:size])
        return time.process_time() - begin

    assert seconds(12_000) < 16 * max(min(seconds(3_000), seconds(3_000)), 0.02)  # 4 times is linear


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["angry_two_hours", "happy_reunion", "smile_over_bitter_words"])
def test_four_paragraphs_are_the_four_parts(name, language):
    """Our own explanations are written so; the last paragraph may begin with what a face or a voice does."""
    file = Path(__file__).parents[1] / "examples" / f"{name}.json"
    parts = json.loads(file.read_text(encoding="utf-8"))["parts"][language]
    assert split_parts("\n\n".join(parts.values())) == parts
