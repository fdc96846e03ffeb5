"""The sentences of the page about what is drawn of an answer: time line, faces, wheel, clues, evidence."""

from __future__ import annotations

from ...schema import Text

CLUES: dict[str, Text] = {
    # the time line
    "tl_title": Text("Moment by moment", "逐时刻查看"),
    "tl_hint": Text(
        "Press anywhere, or use the arrow keys, to see that moment.", "点击任意位置，或用方向键，跳到该时刻。"
    ),
    "tl_slider": Text("Position in the clip", "片段中的位置"),
    "tl_second": Text("{second} s", "{second} 秒"),
    "tl_sound": Text("Sound", "声音"),
    "tl_words": Text("Words", "话语"),
    "tl_visual": Text("Visual clues", "画面线索"),
    "tl_acoustic": Text("Acoustic clues", "声音线索"),
    "tl_lexical": Text("Lexical clues", "话语线索"),
    "tl_loudness": Text("loudness", "响度"),
    "tl_pitch": Text("pitch", "音高"),
    "tl_pause": Text("pause", "停顿"),
    "tl_speech": Text("speech", "说话"),
    "tl_smile": Text("smile", "微笑"),
    "tl_brows": Text("brow height", "眉毛高度"),
    "tl_eyes": Text("eyes open", "睁眼程度"),
    "tl_face_motion": Text("face moves", "面部活动"),
    "tl_body_motion": Text("body moves", "身体活动"),
    "tl_picture_motion": Text("picture moves", "画面活动"),
    "tl_untimed": Text("without times:", "无时间信息："),
    "tl_more": Text("+{count} more below", "另有 {count} 条见下方"),
    "tl_summary": Text("The time line in words", "时间轴的文字说明"),
    "tl_curve": Text(
        "{name}: {low} to {high} {unit}, highest at {second} s",
        "{name}：{low} 至 {high} {unit}，最高点在第 {second} 秒",
    ),
    "tl_speech_at": Text("Speech at {spans} s", "说话：{spans} 秒"),
    "tl_pauses_at": Text("Pauses at {spans} s", "停顿：{spans} 秒"),
    "tl_cuts_at": Text("Cuts at {seconds} s", "镜头切换：{seconds} 秒"),
    # the thumbnails
    "face_title": Text("The face that was followed", "所跟踪的人脸"),
    "face_none": Text("No face was followed: whole pictures", "没有跟踪到人脸，以下为整幅画面"),
    "face_alt": Text("the main face at {second} s", "第 {second} 秒的主要人脸"),
    "face_frame_alt": Text("the picture at {second} s", "第 {second} 秒的画面"),
    # labels and wheel
    "confidence_means": Text(
        "Confidence compares labels with each other. It is not the chance of being right.",
        "置信度只用于标签之间的相互比较，并不是判断正确的概率。",
    ),
    "cannot_tell_means": Text(
        "This is an answer, too: the evidence does not point one way clearly enough.",
        "这同样是一种结论：现有依据不足以明确指向某种情绪。",
    ),
    "wheel_title": Text("On the wheel of emotions", "在情绪轮上"),
    "wheel_of_answer": Text("found", "所得"),
    "wheel_of_reference": Text("reference", "参考"),
    "wheel_same": Text("same place", "位置相同"),
    "wheel_off": Text("not on the wheel", "不在情绪轮上"),
    "comma": Text(", ", "、"),
    "wheel_none": Text("no label", "没有标签"),
    "windows_title": Text("In the course of the clip", "随时间的变化"),
    "unclear": Text("unclear", "不明确"),
    "core_joy": Text("joy", "喜悦"),
    "core_affection": Text("affection", "关爱"),
    "core_calm": Text("calm", "平静"),
    "core_interest": Text("interest", "兴趣"),
    "core_surprise": Text("surprise", "惊讶"),
    "core_fear": Text("fear", "恐惧"),
    "core_anger": Text("anger", "愤怒"),
    "core_aversion": Text("aversion", "厌恶"),
    "core_sadness": Text("sadness", "悲伤"),
    # the cards of clues
    "count_measured": Text("{count} measured", "测得 {count} 条"),
    "count_written": Text("{count} written", "写出 {count} 条"),
    "badge_measured": Text("measured", "测得"),
    "badge_written": Text("written by the model", "模型写出"),
    "show_all": Text("Show {count} more", "再显示 {count} 条"),
    "how_measured": Text("How {mark} was measured", "{mark} 的测量方法"),
    "how_written": Text("Where {mark} comes from", "{mark} 的来源"),
    # the explanation
    "legend": Text("Marked in the text:", "文中标记："),
    "legend_visual": Text("seen", "看到的"),
    "legend_acoustic": Text("heard", "听到的"),
    "legend_lexical": Text("said", "说出的"),
    "legend_quote": Text("quoted", "引用原话"),
    "legend_emotion": Text("emotion word", "情绪词"),
}
