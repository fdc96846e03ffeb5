"""What is drawn of an answer: each piece says what it should, in its place, and nothing foreign is markup."""

import base64
import re
from html import escape, unescape
from itertools import pairwise

import numpy as np
import pytest
from conftest import make_clip, make_clue
from toyfaces import GREY, face_clip, with_span

from affectgpt.page.drawings.clues import clues
from affectgpt.page.drawings.explanation import evidence, text
from affectgpt.page.drawings.faces import Crop, face_crops, strip
from affectgpt.page.drawings.svg import number
from affectgpt.page.drawings.timeline import timeline
from affectgpt.page.drawings.verdict import verdict
from affectgpt.page.drawings.wheel import CORES, wheel
from affectgpt.page.text import TEXT, say
from affectgpt.schema import Conflict, Cue, Explanation, Label, Text, Verdict, Window
from affectgpt.signals.timeline import Curve, Timeline
from affectgpt.vocabulary import load_vocabulary

EVIL = '"><img src=x onerror=alert(1)></script>${x}{{y}}\u202e'


def label(name, confidence=0.5, found=(), shown=None):
    return Label(name, Text(shown or name, shown or name), confidence, found)


def answer(*found, verdict=Verdict(), language="en", **values):
    return Explanation("clip", language, "signal", found, verdict=verdict, **values)


def words_of(markup):
    return unescape(re.sub("<[^>]*>", " ", markup))


LOUD = Curve("loudness", "acoustic", "dB", (0.5, 1.5), (-30.0, -10.0))
PITCH = Curve("pitch", "acoustic", "Hz", (0.5, 1.5, 2.5, 3.5), (100.0, None, 200.0, 200.0))


def test_the_time_line_is_a_slider_with_every_place_in_percent():
    cues = (Cue(EVIL, 1.0, 2.0), Cue("whenever"))
    found = Timeline(4.0, (LOUD, PITCH), ((1.0, 2.0),), ((2.0, 3.0),), cues, (3.0,))
    clue = make_clue("visual", "smile", spans=((1.0, 2.0),), strength=0.9)
    weak = make_clue("visual", "smile", spans=((1.5, 3.0),), kind="written", strength=0.1)
    drawn = timeline(found, [clue, weak], ["V1", "V2"], "en", duration_s=4.0)
    assert 'role="slider"' in drawn
    assert 'aria-valuemax="4.0"' in drawn
    assert 'aria-valuetext="0.0 s"' in drawn
    assert '<i class="ag-tl-gap" style="left:50.00%;width:25.00%">' in drawn
    assert '<i class="ag-tl-cut" style="left:75%">' in drawn
    assert '"--lane:0;left:25.00%;width:25.00%"><span>V1<' in drawn
    assert '"--lane:1;left:37.50%;width:37.50%"><span>V2<' in drawn  # they meet: one below the other
    assert 'class="ag-tl-bar written"' in drawn
    assert "without times: whenever" in " ".join(words_of(drawn).split())
    assert 'data-values="100,,200,200"' in drawn
    pitch = re.search(r'class="line " d="([^"]*)"', drawn)[1]
    assert pitch.count("M") == 2  # a gap where there is no voice
    assert "loudness: -30 to -10 dB, highest at 1.5 s" in drawn  # for whoever sees no curve
    assert "Speech at 1.0–2.0 s" in drawn
    assert "<button" not in drawn  # nothing to press inside a slider, for a keyboard or a screen reader
    assert "<img" not in drawn


def test_a_time_line_shows_some_clues_and_says_how_many_are_left():
    many = [make_clue("acoustic", f"x{i}", spans=((0.0, 4.0),), strength=i / 10) for i in range(9)]
    drawn = timeline(None, many, number(many), "en", duration_s=4.0)
    assert drawn.count("ag-tl-bar") == 6
    assert "+3 more below" in drawn
    assert "<span>A9<" in drawn  # the strongest are shown
    assert "<span>A1<" not in drawn


@pytest.mark.parametrize("found", [None, Timeline(0.0), Timeline(2.0)])
def test_no_time_line_without_anything_on_it(found):
    assert timeline(found, [make_clue()], ["L1"], "en", duration_s=found.duration_s if found else 3) == ""


def test_a_long_subtitle_takes_no_longer_for_each_of_its_lines(monkeypatch):
    cues = tuple(Cue(f"line {i}", i / 10, i / 10 + 0.1) for i in range(300))
    monkeypatch.setattr(Cue, "__eq__", lambda *_: pytest.fail("each line is compared with the others"))
    drawn = timeline(Timeline(30.0, cues=(*cues, Cue("no times"))), (), (), "en", duration_s=30.0)
    assert drawn.count("ag-tl-cue") == 300
    assert "no times" in drawn


def test_the_wheel_has_a_place_for_every_sector_and_puts_synonyms_together():
    assert set(CORES) == set(load_vocabulary().sectors)
    labels = [label("happy", shown="高兴"), label("joyful", shown="喜悦"), label("saudade"), label(EVIL)]
    drawn = wheel(labels, "zh", reference=["cheerful", "angry", EVIL])
    assert drawn.count('class="sector ') == sum(map(len, load_vocabulary().sectors.values()))
    assert drawn.count('class="filled" cx') == 1  # two synonyms
    assert drawn.count('class="hollow" cx') == 2
    assert say("wheel_same", "zh") in drawn
    told = re.search(r'role="img" aria-label="([^"]*)"', drawn)[1]
    assert "喜悦 › 高兴: 高兴, 喜悦, 欢乐" in told
    assert "愤怒 › 愤怒: 愤怒" in told
    off = drawn.split(say("wheel_off", "zh"))[1]
    assert "saudade" in off
    assert escape(EVIL) in off
    assert "<img" not in drawn
    assert "grief" in wheel([], "en", reference=["grief"])  # as it was written, not as its base form


def test_words_that_no_sector_has_are_told_to_whoever_does_not_see_the_wheel():
    told = re.search('aria-label="([^"]*)"', wheel([label("blorp")], "en"))[1]
    assert told == "On the wheel of emotions. not on the wheel: blorp"


def test_texts_at_the_rim_do_not_overlap():
    names = ["sad", "dejected", "helpless", "guilty", "hurt", "resentful", "accusing", "irritated", "angry"]
    drawn = wheel([label(name) for name in names], "en")
    leads = re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)" style="text-anchor:(\w+)"', drawn)
    for side in ("start", "end"):
        heights = sorted(float(y) for _, y, anchor in leads if anchor == side)
        assert all(b - a >= 14.9 for a, b in pairwise(heights))
        assert all(0 < y < 400 for y in heights)


def test_the_verdict_names_labels_clues_conflicts_and_the_course():
    clues_ = (make_clue("visual"), make_clue("lexical"))
    windows = [
        Window(a, a + 2.0, 0, 0, names)
        for a, names in ((0.0, ("happy",)), (1.0, ("happy",)), (2.0, ()), (3.0, ("sad",)))
    ]
    found = Verdict(
        (label("happy", 0.75, (0, 9)),),
        0.5,
        0.2,
        0.0,
        (Conflict("x", Text(EVIL, EVIL), (0, 1, 9)),),
        tuple(windows),
    )
    drawn = verdict(answer(*clues_, verdict=found), "en")
    assert "confidence 0.75" in drawn
    assert say("confidence_means", "en") in drawn
    assert 'href="#clue-V1" data-goto="V1"' in drawn
    conflict = drawn.split("ag-against")[1].split("</div>")[0]
    assert re.findall(r'data-goto="(\w+)"', conflict) == ["V1", "L1"]
    course = words_of(drawn.split("ag-windows")[1])
    assert " ".join(course.split()).endswith("0.0–2.5 s happy 2.5–3.5 s unclear 3.5–5.0 s sad")
    assert "<img" not in drawn


def test_cannot_tell_is_an_answer_with_its_reason():
    drawn = verdict(answer(verdict=Verdict(cannot_tell=Text("too little", "太少"))), "zh")
    assert "无法判断" in drawn
    assert "太少" in drawn
    assert "ag-labels" not in drawn
    assert "ag-wheel" not in drawn


def test_measured_and_written_clues_are_told_apart_and_counted():
    measured = make_clue("visual", value=0.5, unit="index", spans=((0.5, 1.0),), strength=0.9)
    written = make_clue("visual", kind="written", value=None, basis="probe visual")
    drawn = clues(answer(measured, written, missing={"acoustic": Text(EVIL, EVIL)}), "en")
    seen, heard, said = drawn.split("</section>")[:3]
    assert "1 measured · 1 written" in seen
    assert re.findall(r'<li id="clue-(V\d)" [^>]*class="(\w+)"', seen) == [
        ("V1", "measured"),
        ("V2", "written"),
    ]
    assert "written by the model" in seen
    assert "written by a model, not measured" in seen
    assert 'data-seek="0.50"' in seen
    assert escape(EVIL) in heard
    assert say("none", "en") in said
    assert "<img" not in drawn


def test_a_long_card_folds_the_weakest_away():
    many = [make_clue("acoustic", f"x{i}", strength=(i % 10) / 10) for i in range(10)]
    head, rest = clues(answer(*many), "en").split('<details class="ag-rest">')
    assert re.findall(r'id="clue-(\w+)"', head) == [f"A{i}" for i in range(5, 11)]
    assert "Show 4 more" in rest
    assert re.findall(r'id="clue-(\w+)"', rest) == [f"A{i}" for i in range(1, 5)]


def test_evidence_is_found_where_it_stands():
    said = "She smiles at 0.3–0.5, 2.0 and 4.3–4.5 s, not angry but sad. “I smile, 3.0 s”, for 0.6 s."
    assert evidence("The voice has 81–136 Hz for 0.6 s") == ()
    found = [(said[x.start : x.end], x.kind) for x in evidence(said)]
    assert found == [
        ("smiles", "visual"),
        ("0.3–0.5", "time"),
        ("2.0", "time"),
        ("4.3–4.5 s", "time"),
        ("sad", "emotion"),
        ("“I smile, 3.0 s”", "quote"),
    ]
    chinese = "2.8–5.9 秒皱眉，没有微笑，声音颤抖；从 2.9 秒起感到悲伤，停顿了 0.6 秒。"
    found = [(chinese[x.start : x.end], x.kind) for x in evidence(chinese)]
    assert ("2.8–5.9 秒", "time") in found
    assert ("2.9 秒", "time") in found
    assert ("0.6 秒", "time") not in found
    assert "微笑" not in dict(found)
    assert ("悲伤", "emotion") in found


def test_the_inference_points_back_to_the_clues_it_names():
    clues_ = (make_clue("visual", "smile"), make_clue("lexical", "word_joy"))
    said = "The smile and the words of joy agree, the smiley does not."
    parts = {"visual": "It is the smile.", "inference": said}
    first, last = text(answer(*clues_, parts=parts), "zh").split('class="inference"')
    assert "data-goto" not in first
    links = re.findall(r'data-goto="(\w+)"><mark class="(\w+)">([^<]*)<', last)
    assert links == [("V1", "visual", "The smile"), ("L1", "lexical", "the words of joy")]


def test_a_name_does_not_reach_over_the_end_of_a_clause():
    assert [x.note for x in evidence("语调平直，音高约 158 赫兹")] == []
    assert [x.kind for x in evidence("语调很高，笑容")] == ["acoustic", "visual"]


def test_the_text_is_the_same_with_its_marks_and_escaped_piece_by_piece():
    said = f"He smiles {EVIL} & 1.0–2.0 s <b>sad</b> “{EVIL}” end"
    drawn = text(answer(parts={"visual": said, "inference": "joy"}), "en")
    assert "<img" not in drawn
    assert "<b>" not in drawn
    part = drawn.split("<p ")[1].split("</p>")[0].split(">", 1)[1]
    assert unescape(re.sub("<[^>]*>", "", part)) == said
    assert 'data-seek="1.00"' in part
    assert '<mark class="quote"><bdi>' in part
    legend = drawn.split("ag-legend")[1]
    assert 'class="visual"' in legend
    assert 'class="acoustic"' not in legend  # nothing heard is marked


def test_what_is_being_written_has_a_caret_and_no_marks_yet():
    drawn = text(answer(parts={"visual": "He smiles"}), "en", running=True)
    assert "ag-caret" in drawn
    assert "<mark" not in drawn
    both = text(answer(parts={"visual": "He smiles"}), "en", running=True, draft=EVIL)
    assert both.count("ag-caret") == 1
    assert escape(EVIL) in both
    assert text(answer(), "en") == ""
    assert say("other_language", "zh", run=say("run", "zh")) in text(answer(parts={"visual": "x"}), "zh")


def test_the_face_is_cut_out_of_its_place_at_its_peak():
    import cv2

    clip = face_clip(with_span({"mouth_width": 0.7, "corner_lift": 0.08}, 23, 24, total=60))
    clip.track[:, 60:180, 110:210] = (200, 0, 0)  # the box of the face
    crops = face_crops(clip, 5)
    assert len(crops) == 5
    times = [crop.time_s for crop in crops]
    assert times == sorted(set(times))
    assert times[0] < 1.5
    assert times[-1] > 4.5
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(crops[2].jpeg), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (96, 96, 3)
    assert picture[48, 48, 2] > 180  # red in the middle, the grey around it at the edge
    assert abs(int(picture[48, 2, 2]) - int(picture[48, 2, 0])) < 30
    drawn = strip(crops, "en")
    assert drawn.count("<button") == 5
    assert f'data-seek="{times[1]:.2f}"' in drawn
    assert f'alt="the main face at {times[1]:.1f} s"' in drawn


def test_the_moment_of_the_smile_is_among_the_thumbnails():
    clip = face_clip(with_span({"mouth_width": 0.7, "corner_lift": 0.08}, 41, 44, total=60))
    assert any(4.1 <= crop.time_s <= 4.3 for crop in face_crops(clip, 4))


def test_without_a_face_whole_pictures_are_shown_and_said_so():
    clip = make_clip(track=np.full((9, 60, 80, 3), 90, np.uint8), track_times_s=np.arange(9) * 0.1, **GREY)
    crops = face_crops(clip, 4)
    assert [crop.face for crop in crops] == [False] * 4
    assert say("face_none", "en") in strip(crops, "en")
    assert face_crops(make_clip()) == ()
    assert strip((), "en") == ""
    assert Crop(**{"time_s": 1.0, "jpeg": "x"}).face  # as stored before there were pictures without a face


def test_every_core_and_curve_has_its_name_in_both_languages():
    for key in (*(f"core_{core}" for core in CORES), "tl_loudness", "tl_pitch", "tl_picture_motion"):
        assert TEXT[key].en != TEXT[key].zh
