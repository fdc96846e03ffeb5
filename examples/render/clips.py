"""The four example clips as data: who speaks, what is said and how, and what the face does when.

All words are our own.
"""
# ruff: noqa: E501 - sentences of the references stay whole

from __future__ import annotations

from dataclasses import dataclass, field

from head import Look
from speech import Phrase
from stage import Studio

Keys = tuple[tuple[float, float], ...]  # (time in s, value), eased in between


@dataclass(frozen=True)
class Scene:
    """One clip. `face` maps fields of `Pose` to key frames; `speech` 0..1 scales what the voice adds to the opening of the lips."""

    name: str
    language: str
    look: Look
    studio: Studio
    voice: str
    phrases: tuple[Phrase, ...]
    duration_s: float
    face: dict[str, Keys]
    lead_s: float = 0.6
    blinks_s: tuple[float, ...] = ()
    speech: float = 0.55
    sway: float = 1.0
    arm: dict[str, Keys] = field(default_factory=dict)  # x_cm, y_cm of the wrist, angle_deg; none: no arm
    reference: dict = field(default_factory=dict)
    truth: dict = field(default_factory=dict)


def shake(start_s: float, *, swings: int, period_s: float, size: float) -> Keys:
    """Key frames of a nod or a head shake: `swings` half waves to alternate sides, back to 0 at the end."""
    peaks = tuple((start_s + (i + 0.5) * period_s / 2, size * (-1) ** i) for i in range(swings))
    return ((start_s, 0.0), *peaks, (start_s + swings * period_s / 2, 0.0))


def ramp(
    start_s: float, end_s: float, value: float = 1.0, *, rise_s: float = 0.4, fall_s: float = 0.4
) -> Keys:
    """Key frames of something that is half there at `start_s` and half gone at `end_s`."""
    return (
        (start_s - rise_s / 2, 0.0),
        (start_s + rise_s / 2, value),
        (end_s - fall_s / 2, value),
        (end_s + fall_s / 2, 0.0),
    )


HAPPY = Scene(
    name="happy_reunion",
    language="en",
    look=Look(
        skin=(0.90, 0.70, 0.60),
        lips=(0.78, 0.38, 0.38),
        hair=(0.36, 0.21, 0.13),
        iris=(0.32, 0.42, 0.30),
        style="long",
        width=0.95,
        soft=1.0,
    ),
    studio=Studio(
        wall=(0.33, 0.40, 0.46),
        glow=(0.86, 0.74, 0.58),
        cloth=(0.86, 0.62, 0.30),
        collar="vee",
        shoulders=0.94,
        seed=1,
    ),
    voice="en-us+f3",
    phrases=(
        Phrase("You came!", pace=150, pitch=70, range="x-high", tilt_db=-6.0),
        Phrase("I am so happy to see you.", pause_s=0.38, pace=165, pitch=68, range="x-high", tilt_db=-6.0),
        Phrase("What a wonderful surprise!", pause_s=0.35, pace=160, pitch=74, range="x-high", tilt_db=-6.0),
    ),
    duration_s=6.4,
    lead_s=0.9,
    face={
        "smile": ramp(1.4, 5.8, 1.0, rise_s=0.5),
        "mouth_open": ramp(1.5, 5.75, 0.32, rise_s=0.5),
        "brow_raise": ((0.5, 0.0), (0.8, 0.9), (1.5, 0.9), (2.0, 0.0)),
        "lids": ((0.5, 1.0), (0.8, 1.22), (1.6, 1.2), (2.0, 1.0)),
        "pitch_deg": shake(4.5, swings=4, period_s=0.8, size=-9.0),
        "y_cm": shake(4.5, swings=4, period_s=0.8, size=-0.5),
        "yaw_deg": ((0.0, -4.0), (1.2, -2.0), (2.4, 3.0), (3.6, -2.0), (4.4, 0.0)),
        "roll_deg": ((1.2, 0.0), (2.2, 4.0), (3.6, -2.0), (4.5, 0.0)),
    },
    blinks_s=(0.35, 2.05, 4.35),
    speech=0.60,
    reference={
        "parts": {
            "en": {
                "visual": "In the video, a woman with long brown hair faces the camera. Her brows go up for a moment, then "
                "a broad smile spreads over her face and stays; near the end she nods several times.",
                "acoustic": "Her voice is high and lively, with wide swings of pitch and only short pauses.",
                "lexical": 'In the text, the subtitle reads: "You came! I am so happy to see you. What a wonderful '
                'surprise!" She names her joy directly and calls the visit a surprise.',
                "inference": "Face, voice and words agree: she is happy and pleasantly surprised that somebody has come.",
            },
            "zh": {
                "visual": "视频中，一位棕色长发的女性正对镜头。她先是眉毛一扬，随即绽开灿烂的笑容，笑意一直没有褪去；快结束时她连连点头。",
                "acoustic": "她的声音偏高，语调活泼，起伏很大，停顿很短。",
                "lexical": "字幕写道：“You came! I am so happy to see you. What a wonderful surprise!”（你来啦！见到你真高兴，太让人惊喜了！）"
                "她直接说出了自己的高兴与惊喜。",
                "inference": "表情、声音和话语一致：有人来看她，她又惊又喜，十分开心。",
            },
        },
        "labels": {"en": ["happy", "joyful", "surprised", "excited"], "zh": ["高兴", "喜悦", "惊喜", "兴奋"]},
        "valence_sign": 1,
        "arousal_sign": 1,
    },
    truth={"smile_s": [1.4, 5.8], "brows_up_s": [0.65, 1.75], "nod_s": [4.5, 6.1], "pitch": "lively"},
)

ANGRY = Scene(
    name="angry_two_hours",
    language="en",
    look=Look(
        skin=(0.78, 0.56, 0.44),
        lips=(0.66, 0.38, 0.34),
        hair=(0.12, 0.09, 0.08),
        iris=(0.25, 0.15, 0.09),
        style="short",
        beard=0.35,
        brow_thickness=1.35,
        lashes=0.2,
        width=1.05,
        part_x_cm=1.0,
    ),
    studio=Studio(
        wall=(0.24, 0.27, 0.33),
        glow=(0.52, 0.60, 0.70),
        cloth=(0.22, 0.32, 0.46),
        collar="shirt",
        shoulders=1.1,
        seed=2,
    ),
    voice="en-us+m3",
    phrases=(
        Phrase(
            "I was waiting here for two hours.", pace=165, pitch=42, range="medium", level_db=0.0, tilt_db=0.0
        ),
        Phrase("Two hours!", pause_s=0.55, pace=160, pitch=55, range="high", level_db=10.0, tilt_db=3.0),
        Phrase(
            "How dare you say it was nothing?",
            pause_s=0.25,
            pace=195,
            pitch=55,
            range="high",
            level_db=10.0,
            tilt_db=3.0,
        ),
    ),
    duration_s=6.4,
    face={
        "brow_lower": ramp(0.5, 7.0, 1.1, rise_s=0.4),
        "lids": ((0.0, 1.0), (2.6, 1.0), (2.9, 1.28), (5.6, 1.2)),
        "corners_down": ((0.0, 0.1), (0.6, 0.35), (6.4, 0.35)),
        "yaw_deg": ((0.0, 2.0), (2.6, 0.0), (3, -4.0), (4, 3.0), (5, -3.0), (6, 0.0)),
        "y_cm": ((2.6, 0.0), (3, -0.5), (5.9, -0.3)),
    },
    blinks_s=(1.5, 5.9),
    speech=0.75,
    arm={
        "x_cm": ((2.5, 19.0), (2.95, 13.5), (5.6, 13.5), (6.1, 18.0)),
        "y_cm": ((2.5, -40.0), (2.95, -9.0), (5.6, -9.0), (6.15, -42.0)),
        "angle_deg": (
            (2.7, 25.0),
            *((3.0 + 0.2 * i, -8.0 + 17.0 * (-1) ** i) for i in range(13)),
            (5.8, 20.0),
        ),
    },
    reference={
        "parts": {
            "en": {
                "visual": "In the video, a man with short dark hair looks straight ahead with his brows pulled down and together. "
                "From the middle on he raises a forefinger beside his face and shakes it quickly.",
                "acoustic": "His voice is tense from the start; after a short pause it becomes much louder and more forceful.",
                "lexical": 'In the text, the subtitle reads: "I was waiting here for two hours. Two hours! How dare you say it was nothing?" '
                "He repeats how long he waited and ends with an accusation in the form of a question.",
                "inference": "Frown, raised finger, loud voice and reproach point the same way: he is angry and indignant that his "
                "long wait is called nothing.",
            },
            "zh": {
                "visual": "视频中，一位黑色短发的男子直视前方，双眉紧锁、压得很低。说到一半，他在脸旁竖起食指，急促地晃动。",
                "acoustic": "他的声音一开始就绷得很紧，短暂停顿之后，音量陡然升高，更加用力。",
                "lexical": "字幕写道：“I was waiting here for two hours. Two hours! How dare you say it was nothing?”（我在这儿等了两个小时。两个小时！你怎么敢说没什么？）"
                "他重复强调等了多久，最后以反问的方式指责对方。",
                "inference": "皱眉、举起的手指、高亢的嗓音和责备的话语指向一致：他白白久等，对方却轻描淡写，他因此愤怒又愤慨。",
            },
        },
        "labels": {
            "en": ["angry", "indignant", "accusing", "irritated"],
            "zh": ["愤怒", "愤慨", "指责", "恼火"],
        },
        "valence_sign": -1,
        "arousal_sign": 1,
    },
    truth={"brows_lowered_s": [0.5, 6.4], "gesture_s": [2.7, 5.9], "effort": "high"},
)

CONFLICT = Scene(
    name="smile_over_bitter_words",
    language="en",
    look=Look(
        skin=(0.62, 0.42, 0.31),
        lips=(0.58, 0.27, 0.26),
        hair=(0.11, 0.08, 0.075),
        iris=(0.20, 0.12, 0.08),
        style="bun",
        width=0.96,
        soft=1.0,
    ),
    studio=Studio(
        wall=(0.36, 0.30, 0.38), glow=(0.80, 0.62, 0.62), cloth=(0.36, 0.55, 0.50), shoulders=0.94, seed=3
    ),
    voice="en-us+f2",
    phrases=(
        Phrase("They forgot my birthday again.", pace=150, pitch=48, range="medium", tilt_db=-9.0),
        Phrase(
            "It hurts, and I feel so lonely.", pause_s=0.7, pace=145, pitch=45, range="medium", tilt_db=-9.5
        ),
    ),
    duration_s=6.2,
    face={
        "smile": ramp(0.7, 5.7, 0.95, rise_s=0.5),
        "mouth_open": ramp(0.9, 5.6, 0.20, rise_s=0.5),
        "brow_sad": ((2.6, 0.0), (3.1, 0.35), (6.0, 0.2)),
        "yaw_deg": ((0.0, 3.0), (1.6, -3.0), (3.0, 2.0), (4.6, -2.0), (6.0, 0.0)),
        "roll_deg": ((0.0, -2.0), (2.4, 3.0), (5.0, -1.0)),
        "gaze_x": ((2.5, 0.0), (2.65, 0.5), (3.1, 0.5), (3.25, 0.0)),
        "gaze_y": ((2.5, 0.0), (2.65, -0.4), (3.1, -0.4), (3.25, 0.0)),
    },
    blinks_s=(0.4, 2.5, 5.1),
    speech=0.55,
    reference={
        "parts": {
            "en": {
                "visual": "In the video, a woman with her hair in a bun keeps smiling almost all the time; once she looks away briefly.",
                "acoustic": "She speaks without hurry, in a gentle voice, with one clear pause.",
                "lexical": 'In the text, the subtitle reads: "They forgot my birthday again. It hurts, and I feel so lonely." '
                "The words tell of being forgotten, hurt and lonely.",
                "inference": "Her smile and her words do not match: she is probably hurt and lonely and covers it with a bitter "
                "smile; teasing or politeness are possible too.",
            },
            "zh": {
                "visual": "视频中，一位扎着丸子头的女性几乎始终面带微笑，其间短暂地移开过一次视线。",
                "acoustic": "她说话不急不缓，语气平和，中间有一次明显的停顿。",
                "lexical": "字幕写道：“They forgot my birthday again. It hurts, and I feel so lonely.”（他们又忘了我的生日。我很难受，觉得好孤单。）"
                "话里说的是被遗忘、受伤和孤单。",
                "inference": "笑容与话语并不一致：她很可能心里委屈、孤单，只是用苦笑来掩饰；也不排除是自嘲或出于礼貌。",
            },
        },
        "labels": {"en": ["bitter", "hurt", "lonely", "sad"], "zh": ["苦涩", "受伤", "孤独", "难过"]},
        "valence_sign": 0,
        "arousal_sign": 0,
    },
    truth={"smile_s": [0.7, 5.7], "conflict": "smile_over_bitter_words", "effort": "middle"},
)

CHINESE = Scene(
    name="worried_farewell_zh",
    language="zh",
    look=Look(
        skin=(0.93, 0.76, 0.65),
        lips=(0.80, 0.44, 0.42),
        hair=(0.10, 0.09, 0.10),
        iris=(0.16, 0.10, 0.08),
        style="bob",
        width=0.95,
        soft=0.8,
        lashes=0.8,
        part_x_cm=-1.6,
    ),
    studio=Studio(
        wall=(0.26, 0.34, 0.40), glow=(0.62, 0.72, 0.76), cloth=(0.74, 0.74, 0.80), shoulders=0.94, seed=4
    ),
    voice="cmn-latn-pinyin+f2",
    phrases=(
        Phrase("他已经走了。", said="ta1 yi3 jing1 zou3 le5", pace=145, pitch=45, tilt_db=-16.5),
        Phrase("我很难过，", said="wo3 hen3 nan2 guo4", pause_s=1.2, pace=145, pitch=42, tilt_db=-16.5),
        Phrase("也很担心他。", said="ye3 hen3 dan1 xin1 ta1", pause_s=0.3, pace=145, pitch=42, tilt_db=-16.5),
    ),
    duration_s=7.4,
    face={
        "brow_sad": ((0.0, 0.25), (1.9, 0.25), (2.5, 1.0), (7.4, 1.0)),
        "corners_down": ((0.0, 0.25), (0.8, 0.62), (7.4, 0.62)),
        "lids": ((0.0, 0.95), (2.0, 0.90), (2.6, 0.78), (7.4, 0.86)),
        "gaze_y": ((1.8, 0.0), (2.1, -0.7), (3.3, -0.7), (3.6, -0.1)),
        "yaw_deg": shake(2.05, swings=4, period_s=0.84, size=18.0),
        "pitch_deg": ((0.0, -1.0), (2.2, -3.0), (7.0, -4.0)),
    },
    blinks_s=(0.4, 3.95, 5.6),
    speech=0.50,
    sway=0.5,
    reference={
        "parts": {
            "en": {
                "visual": "In the video, a woman with a black bob keeps the corners of her mouth down. "
                "She lowers her eyes, the inner ends of her brows go up, and she slowly shakes her head.",
                "acoustic": "She speaks slowly in a low, soft voice and falls silent for more than a second after the first sentence.",
                "lexical": "In the text, the subtitle reads: “他已经走了。我很难过，也很担心他。” (He has left. I am sad, and I worry about him.) "
                "She says outright that she is sad and worried.",
                "inference": "Drooping mouth, shaken head, slow soft speech and her own words agree: she is sad that somebody has left, and "
                "worried about him.",
            },
            "zh": {
                "visual": "视频中，一位黑色短发的女性一直嘴角下垂。她垂下眼睛，眉头微微蹙起、内侧上扬，缓缓地摇了摇头。",
                "acoustic": "她语速缓慢，声音低而轻，说完第一句后沉默了一秒多。",
                "lexical": "字幕写道：“他已经走了。我很难过，也很担心他。”她直接说出了自己的难过与担心。",
                "inference": "下垂的嘴角、轻轻的摇头、缓慢轻柔的声音与话语一致：那个人走了，她既难过又放心不下。",
            },
        },
        "labels": {"en": ["sad", "worried", "dejected"], "zh": ["难过", "担心", "失落"]},
        "valence_sign": -1,
        "arousal_sign": -1,
    },
    truth={
        "corners_down_s": [0.4, 7.4],
        "inner_brows_up_s": [2.2, 7.4],
        "head_shake_s": [2.05, 3.73],
        "effort": "low",
    },
)

SCENES = (HAPPY, ANGRY, CONFLICT, CHINESE)
