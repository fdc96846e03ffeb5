"""Invented tables in the forms in which EMER and the MER challenges publish theirs, in both languages."""

import csv
from pathlib import Path

NAMES = ("clip_01", "clip_02", "clip_03")
SUBTITLES = {
    "en": ("The bus has left without us.", "", "You brought the whole cake?"),
    "zh": ("公交车已经开走了。", "", "你把整个蛋糕都带来了？"),
}
SHORT = {  # as v1: one or two sentences
    "en": (
        "In the video, he sighs and lowers his head. Therefore, it is inferred that he is disappointed.",
        "In the video, she hums with closed eyes. So it can be inferred that she is at ease.",
        "In the video, his eyes widen and his voice rises. Therefore, he is surprised.",
    ),
    "zh": (
        "在视频中，他叹了口气，低下了头。因此推测他的情感状态为失望。",
        "在视频中，她闭着眼睛哼歌。因此推测她的情感状态为放松。",
        "在视频中，他睁大眼睛，音量提高。因此推测他的情感状态为惊讶。",
    ),
}
EMOTIONS = {"en": ("sad", "happy", "surprise"), "zh": ("悲伤", "高兴", "惊讶")}
LABELS = ("['disappointed', 'tired']", "[]", "['surprised', 'delighted', 'grateful']")
LONG = {  # as v2: clue by clue
    "en": (
        "In the video, a man in a raincoat stands at an empty stop. He lowers his head and his shoulders "
        "sink. In the audio, he speaks slowly, with a long sigh at the end. In the text, the subtitle says, "
        '"The bus has left without us." This sentence states a loss. Based on the sunken shoulders in the '
        "video and the sigh in the audio, we can infer that he is disappointed and tired.",
        "In the video, a woman waters plants on a balcony with her eyes half closed. The corners of her "
        "mouth are slightly raised. In the audio, she hums a tune in a soft voice. In the text, it is "
        "impossible to determine the emotional state based on the subtitle content. Nothing else is heard.",
        "In the video, a boy opens a door, his eyes widen and he lifts both hands. In the audio, his voice "
        'jumps up and he laughs. In the text, the subtitle reads, "You brought the whole cake?" This '
        "question shows that he did not expect it. Based on the wide eyes, we can infer surprise.",
    ),
    "zh": (
        "在视频中，一位穿雨衣的男子站在空荡荡的车站，他低下头，肩膀下沉。；在音频中，他说话缓慢，最后长长地叹了口气；"
        "在文本中，字幕内容：“公交车已经开走了。”这句话陈述了一种失落。根据视频线索中下沉的肩膀和音频线索中的叹息，"
        "可以推断他既失望又疲惫。",
        "在视频中，一位女士半闭着眼睛在阳台上浇花，她的嘴角微微上扬，阳光照在叶子上，整个画面非常安静，没有别的人。；"
        "在音频中，她用柔和的声音哼着一首曲子；在文本中，字幕只有一个词，看不出任何情绪。这个片段没有更多可以看到或听到的内容了。",
        "在视频中，一个男孩打开门，他睁大眼睛，举起双手。；在音频中，他的音调突然升高，并且笑了起来；在文本中，"
        "字幕内容：“你把整个蛋糕都带来了？”这个问题说明他没有料到。根据视频线索中睁大的眼睛和笑声，可以推断他很惊讶。",
    ),
}


def write_table(
    path: Path, columns, rows, *, encoding: str = "utf-8", end: str = "\n", delimiter: str = ","
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file, delimiter=delimiter, lineterminator=end)
        out.writerow(columns)
        out.writerows(rows)
    return path


def write_v1(folder: Path, language: str, **form) -> Path:
    file = {"en": "gt-eng.csv", "zh": "gt-chi.csv"}[language]
    rows = zip(NAMES, EMOTIONS[language], SUBTITLES[language], SHORT[language], strict=True)
    return write_table(
        folder / "dataset-v1" / file, ("names", "emotions", "subtitles", "reasons"), rows, **form
    )


def write_v2(folder: Path, **form) -> dict[str, Path]:
    """Descriptions (the first as an answer after its prompt), labels, and subtitles of one clip more."""
    english = ("Input: " + LONG["en"][0], *LONG["en"][1:])
    here = folder / "dataset-v2"
    return {
        "descriptions": write_table(
            here / "final-EMER-reason.csv",
            ("name", "chinese", "english"),
            zip(NAMES, LONG["zh"], english, strict=True),
            **form,
        ),
        "labels": write_table(
            here / "check-openset.csv", ("name", "openset"), zip(NAMES, LABELS, strict=True), **form
        ),
        "subtitles": write_table(
            here / "subtitle_chieng.csv",
            ("name", "chinese", "english"),
            zip((*NAMES, "clip_99"), (*SUBTITLES["zh"], "没有。"), (*SUBTITLES["en"], "None."), strict=True),
            **form,
        ),
    }
