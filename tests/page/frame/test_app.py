"""The app: it builds, serves, keeps its events private, and never imports what only the worker needs."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import app
from backend.runners.contract import Runner
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from components.api import NAMES
from components.panels.chart import PLOTLY
from components.run.shelf import new_owner
from tests.pages import Recorder, distil_values, in_loop, make_page, panel
from tests.waiting import free_port

HEAVY = ("torch", "transformers", "datasets", "faiss", "peft")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def page(tmp_path):
    return make_page("text_distillation", tmp_path)


def start(page, owner, score=True):
    answer = page.begin(owner, "quick", score, *distil_values({}))
    return answer[page.view.seen]["key"]


# -- the whole app --------------------------------------------------------------------------------------------------
def test_every_event_is_private_but_the_public_api():
    demo = in_loop(app.build_demo)
    events = demo.config["dependencies"]
    public = [event["api_name"] for event in events if event["api_visibility"] != "private"]
    assert len(events) > 8 + len(public)
    assert public == list(NAMES)


def test_ticks_of_many_visitors_do_not_wait_for_each_other():
    demo = in_loop(app.build_demo)
    ticks = [fn for fn in demo.fns.values() if fn.name == "tick"]
    assert ticks
    assert all(fn.concurrency_limit is None for fn in ticks)


def heavy_modules_after(code: str) -> str:
    probe = f"import sys\n{code}\nprint(sorted(m for m in {HEAVY} if m in sys.modules))"
    return subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_server_imports_no_torch():
    assert heavy_modules_after("import app; app.build_demo()").strip().endswith("[]")


def test_the_probe_for_torch_would_notice_it():
    assert "'torch'" in heavy_modules_after("import types; sys.modules['torch'] = types.ModuleType('torch')")


def test_the_local_runner_is_a_runner():
    runner: Runner = Recorder()  # the protocol names exactly what the page uses
    assert {"start", "poll", "stop"} <= set(dir(runner))


@pytest.fixture(scope="module")
def url(home):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 90
    while get(f"{url}/gradio_api/info")[0] != 200:
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.3)
    yield url
    server.terminate()
    server.wait(60)


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError:  # not there yet, or too busy to answer
        return 0, b""


def test_the_page_is_served_and_asks_nothing_of_other_hosts(url):
    status, body = get(url)
    assert status == 200
    assert b"Distilloscope" in body


def test_plotly_comes_from_the_installed_package(url):
    status, body = get(f"{url}/gradio_api/file={PLOTLY}")
    assert status == 200
    assert len(body) == PLOTLY.stat().st_size


def test_no_run_folder_and_no_source_is_served(url, home):
    secret = home / "runs" / new_owner() / "x"
    secret.mkdir(parents=True)
    (secret / "config.json").write_text("{}")
    for path in (secret / "config.json", ROOT / "app.py", "/etc/passwd"):
        assert get(f"{url}/gradio_api/file={path}")[0] in (403, 404)


def test_exactly_the_public_api_is_offered_to_clients(url):
    info = json.loads(get(f"{url}/gradio_api/info")[1])
    assert list(info["named_endpoints"]) == [f"/{name}" for name in NAMES]
    assert info["unnamed_endpoints"] == {}


# -- the page's answers ---------------------------------------------------------------------------------------------
def test_a_visitor_without_any_run_sees_the_empty_state(page):
    answer = page.open("")
    assert "No run yet" in answer[page.view.head]
    assert len(answer[page.owner]) == 32


def test_a_visitor_without_a_run_sees_a_recorded_one_and_cannot_touch_it(page):
    sample = RunDir.create(page.shelf.samples / "quick", "text_distillation", "quick", as_json(DistillConfig()))
    sample.set_status(state="finished")
    answer = page.open("")
    assert 'data-recorded="true"' in answer[page.view.head]
    for act in (page.stop, page.resume, panel(page, "score").go_on):
        act(answer[page.owner], "recorded/quick")
    assert page.runner.asked == []


def test_distil_starts_a_run_of_the_visitors_own(page):
    owner = new_owner()
    key = start(page, owner)
    assert page.runner.asked == [("start", key.partition("/")[2], "")]
    assert page.shelf.open(owner, key).config()["config"] == as_json(DistillConfig())


def test_without_scoring_only_the_other_stages_are_asked_for(page):
    start(page, new_owner(), score=False)
    assert page.runner.asked[0][2] == "experts,distil,decode"


def test_bad_values_start_nothing(page):
    values = distil_values({})
    values[list(DistillConfig.__dataclass_fields__).index("max_start")] = 99
    answer = page.begin(new_owner(), "quick", True, *values)
    assert list(answer) == [page.form.message]
    assert page.runner.asked == []


def test_an_invented_preset_starts_nothing_strange(page):
    owner = new_owner()
    page.begin(owner, "../../x", True, *distil_values({}))
    assert page.shelf.own(owner)[0].config()["preset"] is None


def test_reload_finds_the_live_run_again(page):
    owner = new_owner()
    key = start(page, owner)
    answer = page.open(owner)
    assert answer[page.view.seen]["key"] == key
    assert answer[page.view.timer].active
    assert page.owner in answer


def test_nobody_can_stop_the_run_of_another_visitor(page):
    key = start(page, new_owner())
    page.runner.asked.clear()
    for act in (page.stop, page.resume, panel(page, "score").go_on):
        act(new_owner(), key)
        act("../..", key)
    assert page.runner.asked == []


def test_stop_resume_and_score_reach_the_runner(page):
    owner = new_owner()
    key = start(page, owner)
    name = key.partition("/")[2]
    page.runner.asked.clear()
    page.stop(owner, key)
    page.resume(owner, key)
    panel(page, "score").go_on(owner, key)
    assert page.runner.asked == [("stop", name), ("start", name, None), ("start", name, "decode,evaluate")]


def test_the_timer_rests_when_the_run_has_ended(page):
    owner = new_owner()
    key = start(page, owner)
    seen = page.open(owner)[page.view.seen]
    assert page.view.timer not in page.view.tick(owner, seen)
    page.shelf.open(owner, key).set_status(state="finished")
    assert not page.view.tick(owner, seen)[page.view.timer].active


def test_a_tick_of_a_quiet_run_sends_nothing_but_its_memory(page):
    owner = new_owner()
    start(page, owner)
    seen = page.open(owner)[page.view.seen]
    assert list(page.view.tick(owner, seen)) == [page.view.seen]


def test_scoring_is_offered_once_there_are_prompts_and_no_scores(page):
    owner = new_owner()
    key = start(page, owner)
    run = page.shelf.open(owner, key)
    run.set_status(state="stopped")
    assert not page.view.show(owner, key)[panel(page, "score").score]["visible"]
    (run.path / "distilled.jsonl").write_text("{}\n")
    assert page.view.show(owner, key)[panel(page, "score").score]["visible"]
    where = {"arm": "text", "student": "a", "task": "t", "regime": "ordinary", "metric": "acc", "seed": 0}
    run.append("results", {**where, "value": 0.5, "n": 10})
    assert not page.view.show(owner, key)[panel(page, "score").score]["visible"]


def test_the_settings_of_a_run_fill_the_form(page):
    owner = new_owner()
    values = distil_values({"seeds": 9})
    key = page.begin(owner, "standard", True, *values)[page.view.seen]["key"]
    answer = page.copy_settings(owner, key, True)
    assert answer[page.form.preset] == "standard"
    assert [answer[w] for w in page.form.widgets] == values[:-2]
    assert "--set seeds=9" in answer[page.form.box]["texts"]["command"]


def test_the_program_says_a_line_before_it_imports_anything_slow(tmp_path):
    (tmp_path / "gradio.py").write_text("raise SystemExit('gradio is imported now')")
    (tmp_path / "app.py").write_text(Path(app.__file__).read_text())
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stdout == "Starting Distilloscope. Its address follows in some seconds.\n"
    assert "gradio is imported now" in done.stderr
