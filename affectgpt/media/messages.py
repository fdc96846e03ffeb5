"""Every sentence about a file, in English and Chinese: why it is refused, and what is remarkable about it."""

from __future__ import annotations

from ..schema import AffectError, Text

Pair = tuple[str, str]  # English, Chinese

TITLE: Pair = ("Clip not usable", "片段无法使用")
PART_TITLE: Pair = ("Part of the clip", "片段区间")  # of a wrong start or end
KINDS: Pair = (
    "give a video (MP4, MOV, MKV, WebM, AVI, TS) or a sound file (WAV, MP3, FLAC, OGG, M4A)",
    "请提供视频（MP4、MOV、MKV、WebM、AVI、TS）或音频（WAV、MP3、FLAC、OGG、M4A）文件",
)
REFUSALS: dict[str, Pair] = {
    # by the first look at the file
    "missing": ("There is no file {name}: check its name.", "找不到文件 {name}：请检查文件名。"),
    "folder": ("{name} is a folder: give the clip inside it.", "{name} 是一个文件夹：请选择其中的片段文件。"),
    "special": (
        "{name} is not an ordinary file (a pipe or a device): save the clip to a file first.",
        "{name} 不是普通文件（是管道或设备）：请先把片段保存为文件。",
    ),
    "unreadable": (
        "{name} cannot be read: check its permissions.",
        "无法读取 {name}：请检查文件的访问权限。",
    ),
    "empty": ("{name} is empty: save or upload it again.", "{name} 是空文件：请重新保存或上传。"),
    "big": (
        "{name} is too big ({mb:.1f} MB; at most {limit_mb:g} MB): make it smaller or shorter.",
        "{name} 过大（{mb:.1f} MB，上限 {limit_mb:g} MB）：请压缩或截短。",
    ),
    "image": (
        "{name} is a still picture: give a video or a sound recording, which show how things change.",
        "{name} 是静止图片：请提供视频或录音，单张画面看不出变化。",
    ),
    "animation": (
        "{name} is a GIF animation: save it as an MP4 video, if possible with its sound.",
        "{name} 是 GIF 动图：请另存为 MP4 视频，最好带上声音。",
    ),
    "playlist": (
        "{name} is a playlist or stream description, not a clip: give the media file itself.",
        "{name} 是播放列表或流描述文件，不是片段：请提供媒体文件本身。",
    ),
    "text": ("{name} is a text file: {kinds}.", "{name} 是文本文件：{kinds}。"),
    "archive": (
        "{name} is an archive or a document: take the clip out of it first.",
        "{name} 是压缩包或文档：请先取出其中的片段。",
    ),
    "unknown": ("{name} is not a clip this program knows: {kinds}.", "无法识别 {name}：{kinds}。"),
    # by the decoder, or because of how it ended
    "damaged": (
        "{name} is damaged or incomplete: save or export it again.",
        "{name} 已损坏或不完整：请重新保存或导出。",
    ),
    "nothing": (
        "{name} holds neither a picture nor sound that can be read: check the recording.",
        "{name} 中没有可读取的画面或声音：请检查录制结果。",
    ),
    "cover": (
        "{name} holds a cover image but no sound: give the sound or a video.",
        "{name} 只有封面图，没有声音：请提供音频或视频。",
    ),
    "nothing_decoded": (
        "Nothing in {name} could be decoded, it is probably damaged: save or export it again.",
        "{name} 中没有任何内容能够解码，文件可能已损坏：请重新保存或导出。",
    ),
    "window": (
        "The chosen part lies outside {name}, which is {whole_s:.1f} s long: choose an earlier start.",
        "所选区间超出 {name} 的范围（全长 {whole_s:.1f} 秒）：请选择更早的起点。",
    ),
    "too_long": (
        "{name} is too long ({duration_s:.1f} s; at most {limit_s:g} s): choose a part by its start and end.",
        "{name} 过长（{duration_s:.1f} 秒，上限 {limit_s:g} 秒）：请指定起止时间，只取其中一段。",
    ),
    "too_many_pixels": (
        "The picture of {name} is too large ({width:.0f}x{height:.0f}): export it smaller.",
        "{name} 的画面过大（{width:.0f}x{height:.0f}）：请以较小的尺寸导出。",
    ),
    "too_many_frames": (
        "{name} has more than {limit:.0f} frames per second: export it at a usual rate (25 to 60).",
        "{name} 每秒超过 {limit:.0f} 帧：请以常用帧率（25 至 60）导出。",
    ),
    "too_many_packets": (
        "{name} is cut into too many pieces to be read: export it again.",
        "{name} 的数据包过多，无法读取：请重新导出。",
    ),
    "memory": (
        "{name} needs more memory than a clip may take: export it smaller or shorter.",
        "{name} 占用的内存超出限制：请以较小的尺寸或较短的时长导出。",
    ),
    "no_decord": (
        "The reader decord is not installed: install it or use the usual reader.",
        "未安装 decord：请先安装，或使用默认的读取方式。",
    ),
    "decord_failed": (
        "decord cannot read {name}: use the usual reader.",
        "decord 无法读取 {name}：请使用默认的读取方式。",
    ),
    "crash": (
        "The decoder broke down on {name}: the file is probably damaged, export it again.",
        "解码 {name} 时解码器崩溃：文件可能已损坏，请重新导出。",
    ),
    "slow": (
        "Reading {name} took too long and was stopped: export it smaller or shorter.",
        "读取 {name} 耗时过长，已中止：请以较小的尺寸或较短的时长导出。",
    ),
    "lie": (
        "The decoder gave an impossible answer about {name}: the file is probably hostile or damaged.",
        "解码器对 {name} 给出了不合理的结果：文件可能有恶意内容或已损坏。",
    ),
}
NOTES: dict[str, tuple[int, Pair]] = {  # code -> (how many numbers, sentence)
    "late_sound": (1, ("The sound begins {0:.2f} s after the start.", "声音从第 {0:.2f} 秒才开始。")),
    "sound_holes": (1, ("{0:.1f} s of sound are missing on the way.", "中途缺失 {0:.1f} 秒的声音。")),
    "broken_sound": (
        1,
        ("{0:.0f} damaged pieces of sound were skipped.", "跳过了 {0:.0f} 段损坏的声音。"),
    ),
    "bad_samples": (
        1,
        ("{0:.0f} invalid sound samples were set to silence.", "{0:.0f} 个无效的声音采样已置为静音。"),
    ),
    "over_scale": (
        1,
        (
            "The sound was {0:.0f} times over full scale and was scaled down.",
            "声音超过满幅 {0:.0f} 倍，已按比例缩小。",
        ),
    ),
    "odd_rate": (
        1,
        (
            "The sound was left out: its rate of {0:.0f} Hz cannot be used.",
            "未使用声音：采样率 {0:.0f} Hz 无法处理。",
        ),
    ),
    "silent": (1, ("The sound track is silent.", "音轨是静音的。")),
    "broken_pictures": (
        2,
        ("{0:.0f} of {1:.0f} frames could not be decoded.", "{1:.0f} 帧中有 {0:.0f} 帧无法解码。"),
    ),
    "cut_short": (
        0,
        ("The file is damaged; what could be read was used.", "文件已损坏，仅使用了可读取的部分。"),
    ),
    "unknown_picture": (
        0,
        ("The picture is in a form that is not read.", "画面的编码格式不受支持，未读取。"),
    ),
    "unknown_sound": (
        0,
        ("The sound is in a form that is not read.", "声音的编码格式不受支持，未读取。"),
    ),
    "no_player": (0, ("No file for the player could be made.", "未能生成供播放器使用的文件。")),
}


def refusal(code: str, name: str, values: dict[str, float]) -> AffectError:
    """The error for a refused file; a code or numbers that make no sense come from a decoder gone wrong."""
    try:
        en, zh = (
            sentence.format(name=name, kinds=KINDS[i], **values) for i, sentence in enumerate(REFUSALS[code])
        )
    except (KeyError, ValueError, TypeError):
        return refusal("lie", name, {})
    return AffectError(en, zh, title=Text(*TITLE))


def remark(code: str, numbers: list[float]) -> Text:
    """The warning for a note of the decoder; KeyError when there is no such note."""
    count, (en, zh) = NOTES[code]
    if len(numbers) != count:
        raise KeyError(code)
    return Text(en.format(*numbers), zh.format(*numbers))
