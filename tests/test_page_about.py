"""The About tab: what it says is read from where it is set, and what is foreign is escaped."""

from dataclasses import replace

import pytest
from conftest import FakeEngine

from affectgpt.page.about import facts as about_facts
from affectgpt.page.about.facts import commit, facts, limits, retention
from affectgpt.page.about.html import about
from affectgpt.page.engines import Engines
from affectgpt.page.look import DELETED_AFTER_MIN
from affectgpt.page.services import Services
from affectgpt.page.text.about import ABOUT
from affectgpt.schema import LANGUAGES, Text

EVIL = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def services(monkeypatch, tmp_path):
    monkeypatch.setenv("AFFECTGPT_WHISPER", "off")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    for name in ("AFFECTGPT_JUDGE", "AFFECTGPT_CONTACT", "SPACE_ID", "AFFECTGPT_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    return Services(Engines(FakeEngine()))


def page(services, language="en", known=None):
    known = known or facts(services)
    rows = limits(services, 24, language), retention(services, language, known.judge)
    return about(known, services.engines.absent(language), *rows, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_it_is_and_what_is_forbidden(services, language):
    html = page(services, language)
    wanted = {
        "en": ["Not mind reading", "5(1)(f)", "50(3)", "Annex III 1(c)", "hiring", "40 min", "switched off"],
        "zh": ["不是读心术", "5(1)(f)", "50(3)", "附件三", "招聘", "40 分钟", "已关闭语音转写"],
    }
    for words in (*wanted[language], "2306.15401", "2501.16566", "2410.01495", "GPL", "Qwen2.5"):
        assert words in html
    assert html.count("<section") == 11
    assert "{" not in html.split("@article")[0]


def test_both_languages_have_the_same_lists():
    for key, text in ABOUT.items():
        lines = text.en.split("\n"), text.zh.split("\n")
        assert len(lines[0]) == len(lines[1]), key
        assert [" | " in line for line in lines[0]] == [" | " in line for line in lines[1]], key


def test_limits_are_those_that_hold(services, monkeypatch):
    rows = dict(limits(services, 24, "en"))
    assert (rows["File"], rows["Length"], rows["Waiting at once"]) == ("64 MB", "60 s", "24 visitors")
    assert rows["Runs of one visitor"] == "one at a time, 30 in 10 min"
    monkeypatch.setenv("AFFECTGPT_MAX_DURATION_S", "120")
    monkeypatch.setenv("AFFECTGPT_MAX_BYTES", str(8 * 2**20))
    services.visitors.max_jobs = 5
    rows = dict(limits(services, None, "zh"))
    assert (rows["文件"], rows["时长"], rows["每位访客"]) == ("8 MB", "120 秒", "一次一项，每 10 分钟 5 次")
    assert "同时排队" not in rows


def test_retention_is_what_is_set(services, monkeypatch):
    rows = dict(retention(services, "en", None))
    assert f"within {DELETED_AFTER_MIN} min" in rows["Player's copy, answer, downloads"]
    assert "30 min" in rows["Pictures and sound in memory"]
    services.kept.max_age_s = 300
    monkeypatch.setattr(about_facts.traces, "GONE_S", 15.0)
    rows = dict(retention(services, "en", "openai:m"))
    assert "5 min" in rows["Pictures and sound in memory"]
    assert "15 s" in rows["When you close the page"]
    assert "never the clip" in rows["Judge of another service"]


def test_what_an_operator_names_is_escaped(services, monkeypatch):
    monkeypatch.setenv("AFFECTGPT_CONTACT", EVIL)
    monkeypatch.setenv("AFFECTGPT_JUDGE", EVIL)
    monkeypatch.setenv("AFFECTGPT_COMMIT", EVIL[:12])
    known = facts(services)
    known = replace(known, engines=((EVIL, Text(EVIL, EVIL), {"model": EVIL, "device": EVIL}),))
    html = page(services, known=known)
    assert "<img" not in html
    assert html.count("&lt;img") >= 4


def test_on_a_space_its_discussions_are_the_contact(services, monkeypatch):
    monkeypatch.setenv("SPACE_ID", "owner/affectgpt")
    assert "huggingface.co/spaces/owner/affectgpt/discussions" in page(services)
    monkeypatch.setenv("SPACE_ID", "owner/affect gpt?x")
    assert "whoever runs this page" in page(services)


def test_weights_are_named_without_a_path(services):
    identity = {"model": "owner/m", "revision": "abc", "dtype": "bfloat16", "device": "cuda:0"}
    row = (
        "affectgpt",
        Text("AffectGPT (nf4, GPU)", ""),
        {**identity, "checkpoint": {"file": "c.pth", "epoch": 30}},
    )
    html = page(services, known=replace(facts(services), engines=(row,)))
    assert "weights owner/m · revision abc · numbers bfloat16 · from c.pth · on cuda:0" in html


def test_the_commit_of_a_checkout(tmp_path, monkeypatch):
    monkeypatch.delenv("AFFECTGPT_COMMIT", raising=False)
    assert commit(tmp_path) is None
    git, number = tmp_path / ".git", "0123456789abcdef0123456789abcdef01234567"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{number} refs/heads/main\n")
    assert commit(tmp_path) == "0123456789ab"
    (git / "refs" / "heads" / "main").write_text("f" * 40 + "\n")
    assert commit(tmp_path) == "f" * 12
    monkeypatch.setenv("AFFECTGPT_COMMIT", "named")
    assert commit(tmp_path) == "named"


def test_the_data_set_is_named_without_its_path(services):
    for given, shown in ((None, None), ("org/emer@v1", "org/emer@v1"), ("/srv/owner/emer", "emer")):
        services.data = given
        html = page(services)
        assert (f"<dd>{shown}</dd>" in html) if shown else ("Data set<" not in html)
        assert "owner/" not in html
