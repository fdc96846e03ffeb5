"""Publishing to a Hub that runs here: what arrives, what is refused before anything changes, what goes on."""

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from emer_files import write_v1, write_v2
from made_results import made_result

from affectgpt.benchmarks.result import to_json
from affectgpt.data.build import build
from affectgpt.hub import push as pushing
from affectgpt.hub.push import Refused, push
from affectgpt.hub.results import PREDICTIONS, SCORES, recomputed
from affectgpt.hub.stage import stage
from affectgpt.schema import AffectError

VALUES = {f"clip_{number}": number % 3 / 2 for number in range(6)}


@pytest.fixture(autouse=True)
def client(hub, tmp_path, monkeypatch):
    """This process as a client of the local Hub, with caches of its own."""
    from huggingface_hub import constants

    home = tmp_path / "home"
    for name, value in hub.env(home).items():
        if name.startswith("HF_"):
            monkeypatch.setenv(name, value)
    pages = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + pages)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    hub.fault()


@pytest.fixture
def staged(tmp_path):
    """Stage results; called again with other systems it makes another folder."""

    def make(repo, *systems):
        place = tmp_path / "-".join([repo.replace("/", "-"), *(systems or "A")])
        for system in systems or "A":
            (place / system).mkdir(parents=True)
            text = to_json(made_result(VALUES, system=system))
            (place / system / "result.json").write_text(text, encoding="utf-8")
        return stage("results", place, repo, work=tmp_path / f"work-{place.name}")

    return make


@pytest.fixture(scope="module")
def emer(tmp_path_factory):
    place = tmp_path_factory.mktemp("emer")
    files = write_v2(place)
    build(
        place / "built",
        emer_v1=[write_v1(place, "en")],
        emer_v2=files["descriptions"],
        labels=files["labels"],
    )
    return place / "built"


def sent(staged):
    return {path.relative_to(staged.folder).as_posix() for path in staged.folder.rglob("*") if path.is_file()}


def there(hub, repo, kind="dataset", revision="main"):
    return set(hub.files(repo, kind, revision)) - {".gitattributes"}


def failed(*args, **options):
    with pytest.raises(AffectError) as error:
        push(*args, **options)
    return error.value.text.en


def test_results_are_published_loaded_back_tagged_and_opened_last(hub, staged):
    ready, told = staged("org/r1"), []
    done = push(ready, tag="v1.0", public=True, tell=lambda text: told.append(text.en))
    assert there(hub, "org/r1") == sent(ready) >= {"README.md", "SHA256SUMS", "results/toy-a.json"}
    assert done.verified == "run"
    assert "1 of 1 scores in 1 results computed once more and equal: A, toy: Accuracy 0.5" in done.report.en
    state = hub.repo("org/r1", "dataset")
    assert not state["private"]
    assert state["tags"] == {"v1.0": done.commit}
    assert [line.split()[0] for line in told] == ["Creating", "Uploading", "Loading", "Tagged", "org/r1"]
    log = [line for line in hub.log() if "org/r1" in line]
    opened = max(at for at, line in enumerate(log) if line.startswith("PUT") and "settings" in line)
    assert opened > max(at for at, line in enumerate(log) if "/resolve/" in line)  # it was read before


def test_the_same_again_does_nothing_and_less_deletes(hub, staged):
    both, one = staged("org/r2", "A", "B"), staged("org/r2", "B")
    first = push(both, verify=False)
    told = []
    assert push(both, verify=False, tell=lambda text: told.append(text.en)).commit == first.commit
    assert told == ["Nothing to upload: org/r2 holds just these files already"]
    assert push(one, verify=False).commit != first.commit
    assert there(hub, "org/r2") == sent(one)
    assert "results/toy-a.json" not in there(hub, "org/r2")
    assert hub.repo("org/r2", "dataset")["private"]


def test_a_tag_is_never_moved(hub, staged):
    push(staged("org/r3", "A"), tag="v1", verify=False)
    push(staged("org/r3", "A", "B"), verify=False)
    before = hub.repo("org/r3", "dataset")
    assert "has a tag v1 already" in failed(staged("org/r3", "B"), tag="v1", verify=False)
    assert hub.repo("org/r3", "dataset") == before
    assert "no name for a tag" in failed(staged("org/r3", "C"), tag="../v1")


def test_a_pull_request_is_gone_on_with(hub, staged):
    assert "does not exist yet" in failed(staged("org/r4", "A"), create_pr=True)
    main = push(staged("org/r4", "B"), verify=False).commit
    first = push(staged("org/r4", "A", "B"), create_pr=True, verify=False)
    second = push(staged("org/r4", "A", "C"), create_pr=True, verify=False)
    assert first.url == second.url == f"{hub.url}/datasets/org/r4/discussions/1"
    state = hub.repo("org/r4", "dataset")
    assert state["branches"] == {"main": main}
    assert len(state["discussions"]) == 1
    assert "results/toy-c.json" in there(hub, "org/r4", revision="refs/pr/1")
    assert "tag it after the merge" in failed(staged("org/r4", "D"), create_pr=True, tag="v1")


def test_what_somebody_else_put_there_is_not_touched(hub, staged, tmp_path, emer):
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("# somebody's data\n")
    hub.publish("org/theirs", other, "dataset")
    before = hub.repo("org/theirs", "dataset")
    assert "org/theirs holds something else" in failed(staged("org/theirs"))
    push(stage("dataset", emer, "org/emer0", work=tmp_path / "w"), verify=False)
    assert "put there (dataset)" in failed(staged("org/emer0"))
    assert hub.repo("org/theirs", "dataset") == before


def test_a_repository_that_was_only_created_is_filled(hub, staged):
    from huggingface_hub import HfApi

    HfApi().create_repo("org/empty", repo_type="dataset", private=True)
    ready = staged("org/empty")
    push(ready, verify=False)
    assert there(hub, "org/empty") == sent(ready)


def test_emer_is_gated_stays_private_and_reads_back_row_by_row(hub, emer, tmp_path):
    ready = stage("dataset", emer, "org/emer", work=tmp_path / "w")
    assert "forbids to hand these annotations on" in failed(ready, public=True)
    assert "/api/repos/create" not in "".join(line for line in hub.log() if "org/emer " in line)
    done = push(ready)
    assert done.verified == "run"
    assert "(EMER v1: 3, EMER v2: 3)" in done.report.en
    state = hub.repo("org/emer", "dataset")
    assert (state["private"], state["gated"]) == (True, "manual")
    hub.publish("org/emer", ready.folder, "dataset", private=False, gated="manual")  # opened on its page
    assert "org/emer is public" in failed(ready)
    assert push(ready, public=True, may_publish=True, verify=False).commit


def test_what_does_not_load_back_is_neither_opened_nor_tagged(hub, staged, monkeypatch):
    def wrong(*_):
        raise AffectError("It is broken.", "坏了。")

    monkeypatch.setattr(pushing, "verify_pushed", wrong)
    text = failed(staged("org/r5"), public=True, tag="v1")
    assert "did not load back, so it is not opened or tagged. It is broken." in text
    state = hub.repo("org/r5", "dataset")
    assert state["private"]
    assert state["tags"] == {}
    monkeypatch.setattr(pushing, "verify_pushed", lambda *_: ("files", None))
    push(staged("org/r5", "B"), public=True)
    assert hub.repo("org/r5", "dataset")["private"]


def test_a_false_score_or_table_does_not_pass(staged):
    ready = staged("org/r6")
    tables = {path: pq.read_table(ready.folder / path).to_pylist() for path in (PREDICTIONS, SCORES)}
    assert [result.system for result in recomputed(ready.folder, tables)] == ["A"]
    tables[SCORES][0]["low"] = 0.0
    with pytest.raises(AffectError, match="do not agree"):
        recomputed(ready.folder, tables)
    file = ready.folder / "results" / "toy-a.json"
    body = json.loads(file.read_text(encoding="utf-8"))
    body["scores"][0]["value"] = 0.75
    file.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(AffectError, match=r"the score acc is 0\.75, but its statistics give 0\.5"):
        recomputed(ready.folder, tables)


def test_nothing_is_sent_of_what_is_refused(hub, staged):
    ready, before = staged("org/r7"), len(hub.log())
    (ready.folder / "note.txt").write_text("see /ho" + "me/ada/x")
    with pytest.raises(Refused) as error:
        push(ready)
    assert [one.path for one in error.value.findings] == ["note.txt"]
    assert len(hub.log()) == before


@pytest.mark.parametrize(
    ("token", "repo", "words"),
    [
        ("", "org/no", "You are not logged in to the Hub: run `hf auth login`, or set HF_TOKEN."),
        ("hf_wrong", "org/no", "The Hub does not accept your token"),
        ("hf_local_reader", "local/no", "Your token may not write to local/no"),
        ("hf_local_reader", "elsewhere/no", "You are local on the Hub, and no member of elsewhere"),
    ],
)
def test_who_may_not_write_is_told_in_a_line(hub, staged, monkeypatch, token, repo, words):
    monkeypatch.setenv("HF_TOKEN", token)
    assert words in failed(staged(repo))
    with pytest.raises(KeyError):
        hub.repo(repo, "dataset")


def test_a_card_that_the_hub_does_not_take_stops_before_anything(hub, staged):
    ready = staged("org/r8")
    card = ready.folder / "README.md"
    card.write_text(
        card.read_text(encoding="utf-8").replace("license: other", "license: mine"), encoding="utf-8"
    )
    assert "The Hub does not accept the card" in failed(ready)
    with pytest.raises(KeyError):
        hub.repo("org/r8", "dataset")


def test_trouble_in_the_middle_is_told_and_gone_on_with(hub, staged, monkeypatch):
    ready = staged("org/r9")
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the client tries five times
    hub.fault("/commit/", method="POST", status=503)
    assert "The Hub cannot answer for org/r9 at present (HTTP 503)" in failed(ready)
    hub.fault("/storage/", method="PUT", cut=10)
    assert "run the same command again to go on" in failed(ready)
    hub.fault()
    push(ready, verify=False)
    assert there(hub, "org/r9") == sent(ready)


def test_no_network_is_told_at_once(staged, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    begin = time.monotonic()
    assert "out of reach" in failed(staged("org/r10"))
    assert time.monotonic() - begin < 8


def test_a_killed_upload_goes_on_without_sending_twice(hub, staged, tmp_path):
    """kill -9 while one of two large files is on its way: the other one is not sent again."""
    ready = staged("org/r11")
    sums = dict(line.split()[::-1] for line in (ready.folder / "SHA256SUMS").read_text().splitlines())
    quick, slow = (
        f"org/r11/{sums[f'{name}/test-00000-of-00001.parquet']}" for name in ("scores", "predictions")
    )
    hub.fault(f"/storage/.*{slow}", method="PUT", slow=100)
    asked = ["push", "results", str(tmp_path / "org-r11-A"), "--repo", "org/r11", "--no-verify"]
    command, env = [sys.executable, "-m", "affectgpt", *asked], hub.env(tmp_path / "child")
    child = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not any(f"{quick} 200" in line for line in hub.log()) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert there(hub, "org/r11") == {"README.md"}
    hub.fault()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert there(hub, "org/r11") == sent(ready)
    whole = [line for line in hub.log() if line.startswith("PUT") and line.endswith("200")]
    assert [sum(one in line for line in whole) for one in (quick, slow)] == [1, 1]


def test_a_space_gets_its_files_and_settings(hub, tmp_path):
    model = f"org/m@{'a' * 40}"
    ready, told = stage("space", tmp_path, "org/s", work=tmp_path / "w", model=model), []
    push(ready, verify=False, tell=lambda text: told.append(text.en))
    assert there(hub, "org/s", "space") == sent(ready) >= {"app.py", "README.md", "requirements.txt"}
    state = hub.repo("org/s", "space")
    assert (state["sdk"], state["private"]) == ("gradio", True)
    assert f"Set the variable AFFECTGPT_MODEL to {model}" in told
    assert "Set the variable GRADIO_SSR_MODE to false" in told
    push(ready, verify=False, tell=lambda text: told.append(text.en))
    assert told[-1].startswith("Nothing to upload")


def test_a_space_uses_its_model_as_it_is_now(hub, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text("{}")
    commit = hub.publish("org/now", tmp_path / "m")
    ready = stage("space", tmp_path, "org/s2", work=tmp_path / "w", model="org/now")
    assert ready.variables["AFFECTGPT_MODEL"] == f"org/now@{commit}"
    assert commit in (ready.folder / "README.md").read_text(encoding="utf-8")
    with pytest.raises(AffectError, match="org/absent"):
        stage("space", tmp_path, "org/s2", work=tmp_path / "w2", model="org/absent")
