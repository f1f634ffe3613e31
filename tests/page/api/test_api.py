"""The public API: what it answers, whom it answers, and that nothing sent to it makes a trace or a mess."""

import json
from pathlib import Path

import gradio as gr
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from backend.errors import UserError
from backend.runners.local import LocalRunner
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.bench.config import PRESETS as BENCH_PRESETS
from backend.studies.text_distillation.config import PRESETS, DistillConfig
from components.api import NAMES, Api, published
from components.run.shelf import Shelf, is_owner, new_owner
from tests.pages import Recorder, in_loop

ROW = {
    "arm": "text",
    "student": "a",
    "task": "t",
    "regime": "ordinary",
    "metric": "acc",
    "seed": 0,
    "value": 0.5,
    "n": 10,
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("recorded/quick"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def api(tmp_path):
    """Around a runner that only remembers, with one recorded run that has text."""
    sample = RunDir.create(tmp_path / "samples" / "quick", "text_distillation", "quick", as_json(DistillConfig()))
    sample.set_status(state="finished")
    sample.append("distilled", {"prompt": "a", "answer": "b", "provenance": {}})
    sample.append("results", ROW)
    return make(tmp_path, Recorder())


def make(folder, runner):
    shelves = [
        Shelf(folder / "samples", folder / "runs", PRESETS, "text_distillation"),
        Shelf(folder / "samples", folder / "runs", BENCH_PRESETS, "bench"),
    ]

    def build():
        with gr.Blocks():
            return Api(shelves, runner)

    return in_loop(build)


def ask(api, name, *values):
    """What a caller is answered."""
    return published(getattr(api, name))(*values, None)


def folders(api):
    return list(api.shelves["bench"].root.glob("*/*"))


def test_the_presets_come_with_every_setting_a_change_may_name(api):
    both = ask(api, "list_presets", "")["studies"]
    assert [one["study"] for one in both] == ["text_distillation", "bench"]
    assert {"preset", "title", "about", "settings"} <= both[0]["presets"][0].keys()
    assert {item["name"] for item in both[0]["settings"]} == set(as_json(DistillConfig()))
    assert ask(api, "list_presets", "bench")["studies"] == both[1:]


def test_a_start_without_an_owner_makes_one_and_only_then_says_it(api):
    first = ask(api, "start", "text_distillation", "quick", {"seeds": 3}, "experts,distil", "")
    assert is_owner(first["owner"])
    assert ask(api, "start", "bench", "pocket", None, "", first["owner"]).keys() == {"run"}
    assert api.runner.asked[0] == ("start", first["run"].partition("/")[2], "experts,distil")
    config = api.shelves["text_distillation"].open(first["owner"], first["run"]).config()
    assert (config["preset"], config["config"]["seeds"]) == ("quick", 3)


def test_runs_of_an_owner_are_for_that_owner_alone(api):
    mine = ask(api, "start", "text_distillation", "quick", {}, "", "")
    for owner in ("", new_owner()):
        for name in ("status", "results", "export", "stop"):
            assert "for this owner" in ask(api, name, mine["run"], owner)["error"]["found"]
        assert mine["run"] not in [one["run"] for one in ask(api, "list_runs", owner)["runs"]]
    assert [one for one in api.runner.asked if one[0] == "stop"] == []
    assert mine["run"] == ask(api, "list_runs", mine["owner"])["runs"][0]["run"]
    assert ask(api, "status", mine["run"], mine["owner"])["state"] == "running"
    assert ask(api, "stop", mine["run"], mine["owner"])["state"] == "stopped"


def test_recorded_runs_are_for_everyone_to_read_and_for_no_one_to_stop(api):
    assert ask(api, "status", "recorded/quick", "")["state"] == "finished"
    assert ask(api, "results", "recorded/quick", "")["table"][0]["mean"] == 0.5
    assert ask(api, "export", "recorded/quick", "")["distilled"][0]["answer"] == "b"
    assert "does not compute" in ask(api, "stop", "recorded/quick", new_owner())["error"]["found"]


def test_a_bench_run_names_its_data_by_a_key_and_never_by_a_path(api):
    named = {"data": "distilled", "data_path": "recorded/quick"}
    mine = ask(api, "start", "bench", "pocket", named, "", "")
    path = api.shelves["bench"].open(mine["owner"], mine["run"]).config()["config"]["data_path"]
    assert path == str(api.shelves["bench"].samples / "quick")
    assert ask(api, "export", mine["run"], mine["owner"])["config"]["data_path"] == "quick"
    before = folders(api)
    for changes in (
        {"data": "distilled", "data_path": path},
        {"data": "distilled", "data_path": "recorded/../quick"},
        {"data": "file", "data_path": "/etc/passwd"},
        {"data_path": "/etc"},
        {"test_file": "/etc/passwd"},
    ):
        assert ask(api, "start", "bench", "pocket", changes, "", "").keys() == {"error"}
    assert folders(api) == before


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("nosuch", "quick", {}, "", ""), "no study"),
        (("comparison", "pocket_1", {}, "", ""), "no study"),
        ((["bench"], "quick", {}, "", ""), "no study"),
        (("bench", "../x", {}, "", ""), "no preset"),
        (("bench", "pocket", [1], "", ""), "changes is not a mapping"),
        (("bench", "pocket", {"seeds": "2"}, "", ""), "seeds is '2'"),
        (("bench", "pocket", {"seeds": 10**30}, "", ""), "seeds is too large"),
        (("bench", "pocket", {"student": "x" * 5000}, "", ""), "student is too long"),
        (("bench", "pocket", {}, "distil", ""), "no stage 'distil'"),
        (("bench", "pocket", {}, "", "me"), "no owner id"),
        (("bench", "pocket", {}, "", "../../etc"), "no owner id"),
        (("bench", "pocket", {}, "", None), "no owner id"),
    ],
)
def test_bad_values_are_answered_in_words_and_start_nothing(api, values, said):
    error = ask(api, "start", *values)["error"]
    assert error.keys() - {"kind", "about"} == {"found", "expected", "next_step"}
    assert said in error["found"]
    assert api.runner.asked == folders(api) == []


@effort(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), values=st.lists(ANYTHING, min_size=5, max_size=5))
def test_nothing_that_is_sent_is_answered_with_a_defect(api, name, values):
    most = {"start": 5, "list_presets": 1, "list_runs": 1}.get(name, 2)
    answer = ask(api, name, *values[:most])
    assert isinstance(answer, dict)
    assert "internal error" not in json.dumps(answer)


def test_a_full_queue_refuses_and_leaves_nothing_to_be_taken_up_later(tmp_path, monkeypatch):
    runner = LocalRunner(tmp_path / "runs", ["true"])
    monkeypatch.setattr(runner, "computing", lambda: [Path("somebody/else")])
    api = make(tmp_path, runner)
    owner = new_owner()
    answers = [ask(api, "start", "bench", "pocket", {"seed": seed}, "", owner) for seed in range(9)]
    assert all("run" in answer for answer in answers[:8])
    assert "waiting already" in answers[8]["error"]["found"]
    assert len(folders(api)) == len(ask(api, "list_runs", owner)["runs"]) == 8
    assert ask(api, "status", answers[7]["run"], owner)["ahead"] == 8


def test_a_request_that_is_sent_twice_starts_one_run(api):
    first = ask(api, "start", "bench", "pocket", {"seed": 5})
    again = ask(api, "start", "bench", "pocket", {"seed": 5}, "", first["owner"])
    assert again["run"] == first["run"]
    others = [
        ask(api, "start", "bench", "pocket", {"seed": 6}, "", first["owner"]),
        ask(api, "start", "bench", "pocket", {"seed": 5}),
    ]
    assert len({first["run"], *(other["run"] for other in others)}) == 3, "another setting, and another owner"


def test_a_defect_of_ours_is_a_sentence_to_the_caller_and_a_trace_to_the_log(caplog):
    def broken(run: str) -> dict:
        raise ZeroDivisionError(f"secret {run}")

    assert "secret" not in json.dumps(published(broken)("x", None))
    assert "ZeroDivisionError" in caplog.text


def test_an_assistant_is_sent_json():
    def refuse() -> dict:
        raise UserError("No é.", "b", "c")

    class Request:
        class url:
            path = "/gradio_api/mcp/"

    assert json.loads(published(refuse)(Request)) == {"error": {"found": "No é.", "expected": "b", "next_step": "c"}}


@pytest.mark.parametrize("name", NAMES)
def test_every_call_says_what_it_takes_and_gives(name):
    words, hints = getattr(Api, name).__doc__, getattr(Api, name).__annotations__
    assert hints["return"] is dict
    assert "Returns:" in words
    assert all(f"{value}: " in words for value in hints if value != "return")


def test_a_guest_of_a_shared_run_gets_nothing_of_it_here(api):
    owner = new_owner()
    key, _ = api.shelves["text_distillation"].new(owner, "text_distillation", None, as_json(DistillConfig()))
    api.shelves["text_distillation"].share(owner, key, True)
    shared = f"shared/{api.shelves['text_distillation'].token(owner, key)}"
    assert api.shelves["text_distillation"].open("", shared) is not None, "the page shows it"
    for call in (api.status, api.results, api.export):
        with pytest.raises(UserError, match="no run"):
            call(shared)
    with pytest.raises(UserError, match="no run"):
        api.start("bench", changes={"data": "distilled", "data_path": shared})


@pytest.mark.parametrize(
    ("name", "value"), [("data_dir", "/etc"), ("start", "~/x"), ("model", "../x"), ("model", "C:\\x")]
)
def test_a_request_cannot_ask_what_lies_on_the_server(api, name, value):
    with pytest.raises(UserError, match="a place on this server"):
        api.start("text_distillation", "quick", {name: value})
