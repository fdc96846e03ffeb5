"""The written explanation: what must be in it, what must not, in both languages and over many situations."""

import random
import re

import pytest
from conftest import make_clue

from affectgpt.appraisal import CONFLICTS, appraise
from affectgpt.labels import GROUPS, PROTOTYPES
from affectgpt.schema import MODALITIES, Clue, Text, Verdict
from affectgpt.wording import FEELINGS, LEVELS, MIXED, MOODS, NOTHING_MORE, NOUNS, READING, SAY, noun
from affectgpt.writing import write


def clue(modality, name, en, zh, vad=(0.0, 0.0, 0.0), strength=0.0, value=1.0, spans=(), chars=None) -> Clue:
    v, a, d = vad
    return make_clue(
        modality, name, text=Text(en, zh), valence=v, arousal=a, dominance=d, strength=strength, value=value,
        spans=tuple(spans), chars=chars,
    )  # fmt: skip


FACE = clue(
    "visual", "face_presence", "The main face is in view in 96% of the frames.",
    "主要人物的脸出现在 96% 的画面中。", value=96.0,
)  # fmt: skip
SMILE = clue(
    "visual", "smile", "The mouth corners are up at 1.2–1.9 s (smile index 0.81).",
    "在 1.2–1.9 秒，嘴角上扬（笑容指数 0.81）。", (0.8, 0.25, 0.2), 0.9, 0.81, [(1.2, 1.9)],
)  # fmt: skip
FROWN = clue(
    "visual", "frown", "The brows are drawn down at 0.2–1.0 s (frown index 0.92).",
    "在 0.2–1.0 秒，眉头紧皱（皱眉指数 0.92）。", (-0.5, 0.3, 0.3), 0.9, 0.92, [(0.2, 1.0)],
)  # fmt: skip
GRIMACE = clue(
    "visual", "grimace", "The mouth is pulled wide at 0.1–1.9 s (0.68 eye distances).",
    "在 0.1–1.9 秒，嘴被拉宽（眼距的 0.68 倍）。", (-0.6, 0.1, -0.4), 0.9, 0.68, [(0.1, 1.9)],
)  # fmt: skip
LATE_SMILE = clue(
    "visual", "smile", "The mouth corners are up at 4.1–5.9 s (smile index 0.90).",
    "在 4.1–5.9 秒，嘴角上扬（笑容指数 0.90）。", (0.8, 0.25, 0.2), 1.0, 0.9, [(4.1, 5.9)],
)  # fmt: skip
PITCH = clue(
    "acoustic", "pitch_level", "The voice has a median pitch of 231 Hz.", "音高中位数约 231 赫兹。",
    value=231.0, spans=[(0.2, 3.0)],
)  # fmt: skip
EFFORT = clue(
    "acoustic", "effort", "The voice is used with ordinary effort (effort index 0.2).",
    "发声的力度平常（用力指数 0.2）。", value=0.2, spans=[(0.2, 3.0)],
)  # fmt: skip
FORCED = clue(
    "acoustic", "forceful_voice", "The voice is forceful (effort index 1.9).", "嗓音用力（用力指数 1.9）。",
    (-0.25, 0.9, 0.6), 0.9, 1.9, [(0.2, 3.0)],
)  # fmt: skip
WIDE = clue(
    "acoustic", "wide_pitch", "The pitch moves over 16 semitones.", "音高跨度约 16 个半音。",
    (0.0, 0.3, 0.0), 0.8, 16.0, [(0.2, 3.0)],
)  # fmt: skip
SILENCE = clue("acoustic", "silence", "The sound track is silent.", "音轨是静音的。")
QUOTE = clue(
    "lexical", "quote", "The subtitle reads “Oh, I am so happy.”.", "字幕内容：“噢，我真高兴。”。",
    chars=(0, 18),
)  # fmt: skip
JOY = clue(
    "lexical", "word_joy", "Words of joy: “happy”.", "话里带着喜悦：“高兴”。", (0.8, 0.5, 0.4), 0.9,
    chars=(12, 17),
)  # fmt: skip
SADNESS = clue(
    "lexical", "word_sadness", "Words of sadness: “lost”.", "话里带着悲伤：“失去”。", (-0.8, -0.3, -0.5), 0.8,
    chars=(7, 11),
)  # fmt: skip
NO_PICTURE = Text("There is no picture.", "没有画面。")
NO_SOUND = Text("There is no sound track.", "没有音轨。")
NO_WORDS = Text("There is no subtitle.", "没有字幕。")
LOST = Text("Brows and eyes were not measured.", "未测量眉毛和眼睛。")

SITUATIONS = {
    "agreement": ([FACE, SMILE, PITCH, WIDE, QUOTE, JOY], {}),
    "sarcasm": ([FACE, FROWN, FORCED, QUOTE, JOY], {}),
    "bitter smile": ([FACE, SMILE, PITCH, QUOTE, SADNESS], {}),
    "plain words": ([FACE, PITCH, FORCED, QUOTE], {}),
    "neutral": ([FACE, PITCH, EFFORT, QUOTE], {}),
    "turn": ([FACE, GRIMACE, LATE_SMILE], {"acoustic": NO_SOUND, "lexical": NO_WORDS}),
    "sound only": ([PITCH, FORCED, WIDE], {"visual": NO_PICTURE, "lexical": NO_WORDS}),
    "words only": ([QUOTE, SADNESS], {"visual": NO_PICTURE, "acoustic": NO_SOUND}),
    "one clue": ([FACE, FROWN, PITCH, EFFORT, QUOTE], {}),
    "nothing": ([], {"visual": NO_PICTURE, "acoustic": NO_SOUND, "lexical": NO_WORDS}),
    "silent": ([FACE, SILENCE], {"acoustic": NO_SOUND, "lexical": NO_WORDS}),
}  # fmt: skip


def tell(situation: str, language: str, lost: Text | None = None) -> dict[str, str]:
    clues, missing = SITUATIONS[situation]
    return write(clues, appraise(clues, 6.0), language, missing=missing, lost=lost)


def flaws(text: str, language: str) -> list[str]:
    """What no published text has; Latin words in Chinese are allowed in quotes only."""
    found = re.findall(
        r"\{|\}|None|\bnan\b|  |\s[.,;:]|\.\.|,,|。。|，，|，。|：。|；。|。，|[.!?] [a-z]|\(\)|（）", text
    )
    if language == "zh":
        found += re.findall(r"[A-Za-z]{2,}", re.sub("“[^”]*”", "", text))
        found += re.findall(r"[,;!?] |\. ", re.sub("“[^”]*”", "", text))
    else:
        found += re.findall("[，。；：（）]", re.sub("“[^”]*”", "", text))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_four_clean_parts_in_every_situation(situation, language):
    parts = tell(situation, language)
    assert list(parts) == ["visual", "acoustic", "lexical", "inference"]
    openings = {
        "en": ("In the video, ", "In the audio, ", "In the text, "),
        "zh": ("在视频中，", "在音频中，", "在文本中，"),
    }
    for modality, opening in zip(MODALITIES, openings[language], strict=True):
        silent = situation == "silent" and modality == "acoustic"  # "the sound track is silent" needs none
        assert parts[modality].startswith(opening) != silent
    for text in parts.values():
        assert text
        assert flaws(text, language) == [], text
        assert text[-1] in ".。”"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_random_situations_read_clean_and_the_same_twice(language):
    pool = [FACE, SMILE, FROWN, GRIMACE, LATE_SMILE, PITCH, EFFORT, FORCED, WIDE, QUOTE, JOY, SADNESS]
    rng = random.Random(4)
    for _ in range(200):
        clues = rng.sample(pool, rng.randint(1, len(pool)))
        parts = write(clues, appraise(clues, 6.0), language, missing={})
        assert parts == write(clues, appraise(clues, 6.0), language, missing={})
        for text in parts.values():
            assert flaws(text, language) == [], text


def test_quote_numbers_and_spans_are_told():
    for language in ("en", "zh"):
        parts = tell("agreement", language)
        assert {"en": "“Oh, I am so happy.”", "zh": "“噢，我真高兴。”"}[language] in parts["lexical"]
        assert "0.81" in parts["visual"]
        assert "1.2–1.9" in parts["visual"]
        assert "231" in parts["acoustic"]


def test_the_inference_names_its_evidence_and_hedges():
    english, chinese = tell("agreement", "en")["inference"], tell("agreement", "zh")["inference"]
    for word in ("the smile", "joy", "happy", "suggests", "confidence"):
        assert word in english
    for word in ("笑容", "高兴", "推测", "置信度"):
        assert word in chinese
    for situation in SITUATIONS:
        text = tell(situation, "en")["inference"]
        assert not re.search(r"\b(feels|is feeling|she|he)\b", text), text
        if appraise(SITUATIONS[situation][0], 6.0).labels:
            assert re.search(r"\bmay\b|suggests|hints|appears", text), text


@pytest.mark.parametrize(
    ("situation", "en", "zh"),
    [
        ("sarcasm", "sarcasm", "讽刺"),
        ("bitter smile", "bitter smile", "苦笑"),
        ("plain words", "more behind them", "另有情绪"),
    ],
)
def test_a_conflict_is_told_with_both_sides(situation, en, zh):
    clues, _ = SITUATIONS[situation]
    assert appraise(clues, 6.0).conflicts
    english, chinese = tell(situation, "en")["inference"], tell(situation, "zh")["inference"]
    assert en in english
    assert "on one side" in english
    assert zh in chinese
    assert "一边是" in chinese


def test_a_turn_is_told_in_order():
    english, chinese = tell("turn", "en")["inference"], tell("turn", "zh")["inference"]
    assert re.search(r"At first the signs are unpleasant .* they are pleasant", english)
    assert "each for a part of it" in english
    assert chinese.index("不愉快") < chinese.index("转向愉快")


def test_missing_modalities_are_named_with_their_reason():
    english, chinese = tell("sound only", "en"), tell("sound only", "zh")
    assert "there is no picture" in english["visual"]
    assert "没有画面" in chinese["visual"]
    assert "no subtitle" in english["lexical"]
    assert "Neither the picture nor the words could be weighed, so" in english["inference"]
    assert "由于画面和话语都没有可用信息" in chinese["inference"]


def test_it_says_when_it_cannot_tell():
    clues, missing = SITUATIONS["one clue"]
    verdict = appraise(clues, 6.0)
    assert verdict.cannot_tell
    text = write(clues, verdict, "en", missing=missing)["inference"]
    assert text.startswith("No emotion can be named with good reason: with only the frown to go by")
    assert "仅凭紧皱的眉头，不足以" in write(clues, verdict, "zh", missing=missing)["inference"]


def test_what_the_face_tool_lost_stands_in_the_visual_part():
    assert tell("agreement", "en", LOST)["visual"].endswith(LOST.en)
    assert tell("agreement", "zh", LOST)["visual"].endswith(LOST.zh)
    assert LOST.en not in tell("agreement", "en")["visual"]


def test_weak_clues_stay_in_the_list_when_there_are_many():
    many = [
        clue("visual", f"sign_{i}", f"Sign {i} shows.", f"迹象{i}出现。", (0.0, 0.1 * i, 0.0), 0.9)
        for i in range(1, 10)
    ]
    text = write(many, Verdict(), "en", missing={})["visual"]
    assert "Sign 1 shows" not in text
    assert "ign 9 shows" in text


def test_words_are_listed_with_their_quotes():
    def said(name, en, zh, vad):
        return clue("lexical", name, en, zh, vad, 1.0)

    accused = ("An accusing turn of phrase: “how dare”.", "带有指责的口吻：“凭什么”。", (-0.35, 0.25, 0.2))
    accusation = said("accusation", *accused)
    exclaimed = said("exclamation", "Exclaimed: “Oh!”.", "用了感叹语气：“噢！”。", (0, 0.15, 0))
    address = said("address", "Somebody is addressed: “happy”.", "称呼对方：“高兴”。", (0.1, 0, 0))
    polarity = said(
        "polarity", "The wording is negative (VADER -0.50).", "措辞偏负面（-0.50）。", (-0.5, 0, 0)
    )
    clues = [QUOTE, accusation, JOY, address, exclaimed, polarity]
    english = write(clues, Verdict(), "en", missing={})["lexical"]
    assert (
        "happy.” It contains words of joy (“happy”), an accusing turn of phrase (“how dare”) and an"
        in english
    )
    assert "an exclamation. The wording is negative (VADER -0.50)." in english
    anger = said("word_anger", "Words of anger: “how dare”.", "话里带着怒气：“凭什么”。", (-0.5, 0.5, 0.3))
    both = [QUOTE, exclaimed, accusation, anger]
    told = write(both, Verdict(), "en", missing={})["lexical"]
    assert "words of anger with an accusing turn of phrase (“how dare”) and an excl" in told, "quoted once"
    told = write(both, Verdict(), "zh", missing={})["lexical"]
    assert "”话里带着怒气，带有指责的口吻（“凭什么”），用了感叹语气。" in told
    assert "”话里用了感叹语气。" in write([QUOTE, exclaimed], Verdict(), "zh", missing={})["lexical"]
    chinese = write(clues, Verdict(), "zh", missing={})["lexical"]
    assert "”话里带着喜悦（“高兴”），带有指责的口吻（“凭什么”），用了感叹语气。措辞偏负面" in chinese


def test_clues_are_joined_in_the_order_of_time():
    parts = write([LATE_SMILE, FROWN, FACE], Verdict(), "en", missing={})["visual"]
    assert parts.index("96%") < parts.index("0.2–1.0") < parts.index("4.1–5.9")
    assert ", but the mouth" in parts, "pleasant after unpleasant"


def _visual(name, en, zh, spans=(), vad=(0.0, 0.3, 0.0)):
    return clue("visual", name, en, zh, vad, 0.9, spans=spans)


def test_only_clues_of_one_subject_share_a_sentence():
    rate = clue("acoustic", "speech_rate", "Speech runs fast.", "语速快。", (0, 0.2, 0), 0.9)
    tone = clue("acoustic", "background_tone", "A steady tone is heard.", "有持续音。")
    parts = write([tone, PITCH, FORCED, rate, WIDE], Verdict(), "en", missing={})["acoustic"]
    assert "(effort index 1.9), and the pitch moves over 16 semitones. Speech runs fast. A steady" in parts
    other = _visual("other_faces", "Another face shows.", "还有一张脸。", [(0.0, 0.5)], (0, 0, 0))
    move = _visual("strong_movement", "There is strong movement.", "有明显的动作。", [(0.6, 1.4)])
    seen = write([FACE, other, move, SMILE], Verdict(), "en", missing={})["visual"]
    assert "Another face shows. There is strong movement. The mouth corners are up" in seen
    nod = _visual("nod", "The head nods.", "点头。", [(2.0, 2.5)])
    assert "0.81). Then the head nods." in write([FACE, SMILE, nod], Verdict(), "en", missing={})["visual"]


def test_a_change_to_a_smile_is_told_once():
    en, zh = (
        "The face opens without a smile, then smiles (0.1 → 0.8).",
        "开头没有笑容，随后露出笑容（0.1 → 0.8）。",
    )
    change = _visual("expression_change", en, zh, [(1.4, 1.5)], (0, 0, 0))
    en, zh = "A full smile shows at 1.5–5.8 s: the corners are up (0.81).", "露出笑容：嘴角上扬（0.81）。"
    smile = _visual("smile", en, zh, [(1.5, 5.8)])
    told = write([FACE, smile, change], Verdict(), "en", missing={})["visual"]
    assert "The face opens without a smile, then smiles (0.1 → 0.8): the corners are up." in told
    assert "A full smile" not in told
    assert "（0.1 → 0.8）：嘴角上扬。" in write([FACE, smile, change], Verdict(), "zh", missing={})["visual"]
    earlier = _visual("smile", en, zh, [(0.0, 0.7)])
    assert "A full smile" in write([FACE, earlier, change], Verdict(), "en", missing={})["visual"]
    gone = (
        "The clip opens with a smile, gone from 1.4 s on (0.8 → 0.1).",
        "开头带笑，1.4 秒后消失（0.8 → 0.1）。",
    )
    gone = _visual("expression_change", *gone, [(1.4, 1.5)], (0, 0, 0))
    before = _visual("smile", en, zh, [(0.0, 0.6), (0.9, 1.5)])
    told = write([FACE, before, gone], Verdict(), "en", missing={})["visual"]
    assert "gone from 1.4 s on (0.8 → 0.1); until then, the corners are up." in told
    assert "A full smile" not in told
    told = write([FACE, before, gone], Verdict(), "zh", missing={})["visual"]
    assert "（0.8 → 0.1）；在此之前，嘴角上扬。" in told


def test_small_wording():
    assert tell("silent", "en")["acoustic"] == "The sound track is silent."
    often = clue("acoustic", "pitch_level", "x.", "在片段的大部分时间里有人声，音高约 200 赫兹。")
    told = write([often], Verdict(), "zh", missing={})["acoustic"]
    assert told.startswith("在音频中，片段的大部分时间里都有人声")
    two = clue(
        "lexical", "exclamation", "Exclaimed: “A!”, “B!”.", "用了感叹语气：“A！”“B！”。", (0, 0.3, 0), 1.0
    )
    assert "It contains exclamations." in write([QUOTE, two], Verdict(), "en", missing={})["lexical"]
    assert "cannot be heard" in tell("sound only", "en")["acoustic"]
    assert "语意偏负面" in tell("words only", "zh")["lexical"]


def test_a_bitter_smile_names_what_each_reading_means():
    english, chinese = tell("bitter smile", "en")["inference"], tell("bitter smile", "zh")["inference"]
    assert re.search(r"may be happy.* if the smile is meant, or sad.* if the words are", english)
    assert "the tone is mixed (" in english
    assert re.search("若笑容当真，.*高兴.*；若话语当真，则是.*悲伤", chinese)
    assert "悲喜交织" in chinese


def test_all_fixed_wording_is_clean_in_both_languages():
    tables = [
        *NOUNS.values(),
        *FEELINGS.values(),
        *(mood for moods in MOODS.values() for mood in moods.values()),
        *MIXED.values(),
        *(text for table in (NOTHING_MORE, READING, SAY) for text in table.values()),
    ]
    for text in [*tables, *CONFLICTS.values(), *LEVELS["valence"], *LEVELS["arousal"]]:
        bare = re.sub(r"\{[^}]*\}", "0", text.zh)
        assert not re.search("[A-Za-z]{2,}", bare), text.zh
        assert re.search("[\u4e00-\u9fff0]", bare)
        assert not re.search("[\u4e00-\u9fff]", text.en), text.en


def test_every_clue_that_can_support_a_label_has_a_name():
    evidence = {key for _, bonuses in PROTOTYPES.values() for key in bonuses}
    evidence |= {name for group in GROUPS.values() for name in group}
    groups = set(GROUPS) | {"calm_face_and_voice"}
    unnamed = [key for key in evidence - groups if noun(make_clue(name=key)) is None]
    assert unnamed == []


def test_a_sample_to_read(capsys):
    """Nothing is asserted about style: run with -s and read it aloud."""
    for situation in SITUATIONS:
        for language in ("en", "zh"):
            print(f"\n--- {situation} ({language})\n" + "\n".join(tell(situation, language).values()))
    assert capsys.readouterr().out
