"""The page's answers about a run's life, without a browser: strangers, invented values and runs that are gone."""

import re
import shutil
from types import SimpleNamespace

import gradio as gr
import pytest

from backend.errors import UserError
from backend.runs import lineage
from backend.runs.folder import RunDir
from backend.settings import as_json
from backend.studies.text_distillation.config import DistillConfig
from backend.studies.text_distillation.study import STUDY
from components.run.branching import branch_point, tree_markup
from components.run.doctor_view import diagnosed
from components.run.shelf import new_owner
from components.run.status import stepper
from tests.pages import Recorder, distil_values, make_page

CONFIG = DistillConfig(outer_steps=8)
VALUES = distil_values(as_json(CONFIG))


class Runner(Recorder):
    def discard(self, run):
        self.asked.append(("discard", run.path.name))


@pytest.fixture
def page(tmp_path):
    return make_page("text_distillation", tmp_path, Runner())


@pytest.fixture
def owner() -> str:
    return new_owner()


def told(**sent) -> SimpleNamespace:
    """An event with what a browser may send."""
    return SimpleNamespace(**sent)


def run_of(page, owner: str, config: DistillConfig = CONFIG) -> tuple[str, RunDir]:
    key, run = page.shelf.new(owner, "text_distillation", "quick", as_json(config))
    for step in (0, 4, 8):
        lineage.keep_snapshot(run, step, lambda path: path.write_bytes(b"x"))
        run.append("metrics", {"stage": "distil", "step": step, "matching_loss": 0.5})
    run.set_status(state="finished")
    return key, run


def branch(page, owner: str, key: str, step: int = 4, **changes) -> str:
    values = distil_values(as_json(CONFIG) | changes)
    answer = page.life.start(owner, {"run": key, "step": step}, "quick", True, *values)
    return answer[page.view.seen]["key"]


# -- branches -----------------------------------------------------------------------------------------------------
def test_a_click_on_branch_fills_the_form_with_the_parents_settings(page, owner):
    key, _ = run_of(page, owner)
    answer = page.life.branch_from(owner, told(run=key, step=4), True)
    assert [answer[widget] for widget in page.form.widgets] == VALUES[:-2]
    assert answer[page.branch] == {"run": key, "step": 4} and "update 4" in answer[page.chip]
    command = answer[page.form.box]["texts"]["command"]
    assert "--at 4" in command and "--branch" in command


def test_a_started_branch_is_a_run_of_its_own_with_the_parents_rows(page, owner):
    key, run = run_of(page, owner)
    found = page.shelf.open(owner, branch(page, owner, key, prompt_lr=0.02))
    assert lineage.ancestors(found) == [{"run": run.path.name, "step": 4}]
    assert [row["step"] for row in found.rows("metrics")] == [0, 4]
    assert found.config()["config"]["prompt_lr"] == 0.02
    assert page.runner.asked == [("start", found.path.name, "")]


def test_the_steps_of_a_branch_that_waits_stand_where_it_will_go_on(page, owner):
    key, _ = run_of(page, owner)
    waiting = page.shelf.open(owner, branch(page, owner, key, outer_steps=16))
    waiting.queue(None)
    said = stepper(waiting.status(), STUDY.stages)
    assert "aria-current=step><b>2</b><span>Distil" in said
    assert re.findall(r"--share:([\d.]+)", said) == ["1.000", "0.250", "0.000", "0.000"]


def test_a_branch_that_is_dropped_or_started_leaves_none_of_its_texts(page, owner):
    key, _ = run_of(page, owner)
    answers = [
        page.life.drop("quick", True, *VALUES),
        page.life.start(owner, {"run": key, "step": 4}, "quick", True, *VALUES),
    ]
    for answer in answers:
        assert "parent" not in answer[page.form.changes] and answer[page.form.message] == ""
        texts = answer[page.form.box]["texts"]
        assert "--branch" not in texts["command"] and "--preset quick" in texts["command"] and texts["yaml"]
        assert answer[page.branch] is None


def test_a_visitor_without_an_id_gets_one_with_their_branch(page):
    sample = RunDir.create(page.shelf.samples / "quick", "text_distillation", "quick", as_json(CONFIG))
    sample.set_status(state="finished")
    lineage.keep_snapshot(sample, 4, lambda path: path.write_bytes(b"x"))
    answer = page.life.start("", {"run": "recorded/quick", "step": 4}, "quick", True, *VALUES)
    assert page.shelf.open(answer[page.owner], answer[page.view.seen]["key"]) is not None


def test_an_ancestor_that_this_visitor_cannot_see_is_not_called_discarded(page, owner):
    key, _ = run_of(page, owner)
    child = branch(page, owner, key, prompt_lr=0.02)
    guests = page.view.give(owner, told(run=child, wanted=True))["link"]
    drawn = tree_markup(page.shelf, new_owner(), page.shelf.open(new_owner(), guests), guests)
    assert "A run that is not here" in drawn and "discarded" not in drawn


@pytest.mark.parametrize(
    "sent", [{}, {"run": 3, "step": 4}, {"run": "own/x", "step": 4}, {"step": True}, {"step": "4"}]
)
def test_nothing_can_be_branched_that_is_not_there(sent, page, owner):
    key, _ = run_of(page, owner)
    answer = page.life.branch_from(owner, told(**({"run": key} | sent)), True)
    assert list(answer) == [page.form.message]
    assert list(page.life.branch_from(new_owner(), told(run=key, step=4), True)) == [page.form.message]


@pytest.mark.parametrize(
    "state", [{"run": "own/x", "step": 4}, {"run": None}, {"step": []}, {"run": "../..", "step": 0}]
)
def test_an_invented_branch_starts_nothing(state, page, owner):
    run_of(page, owner)
    answer = page.life.start(owner, state, "quick", True, *VALUES)
    assert list(answer) == [page.form.message] and page.runner.asked == []


def test_a_branch_with_settings_of_another_shape_starts_nothing(page, owner):
    key, _ = run_of(page, owner)
    values = distil_values(as_json(CONFIG) | {"prompts": 4})
    answer = page.life.start(owner, {"run": key, "step": 4}, "quick", True, *values)
    assert "cannot change prompts" in answer[page.form.message] and page.runner.asked == []
    with pytest.raises(UserError, match="prompts"):
        page.life.told_of(DistillConfig(outer_steps=8, prompts=4), True, owner, {"run": key, "step": 4})


def test_the_family_is_drawn_for_its_members_and_nobody_else(page, owner):
    key, run = run_of(page, owner)
    assert tree_markup(page.shelf, owner, run, key) == ""
    child = branch(page, owner, key, prompt_lr=0.02, clip=3.0, skip_above=1.0)
    drawn = tree_markup(page.shelf, owner, page.shelf.open(owner, child), child)
    assert f'data-go="{key}"' in drawn and "prompt_lr 0.02, clip 3.0, 1 more" in drawn
    assert child not in tree_markup(page.shelf, new_owner(), run, key)


def test_a_branch_point_is_a_snapshot_of_the_run(page, owner):
    _, run = run_of(page, owner)
    assert branch_point(run, 4) == 4
    for step in (3, True, "4", None, 4.0):
        assert branch_point(run, step) is None
    assert branch_point(None, 4) is None


# -- discard and cure ---------------------------------------------------------------------------------------------
def test_only_the_owner_discards_and_no_one_a_recorded_run(page, owner):
    key, run = run_of(page, owner)
    sample = RunDir.create(page.shelf.samples / "quick", "text_distillation", "quick", as_json(CONFIG))
    sample.set_status(state="finished")
    for who, what in ((new_owner(), key), (owner, "recorded/quick"), (owner, None), (owner, ["x"]), ("../..", key)):
        page.life.discard(who, told(run=what))
    assert page.runner.asked == []
    page.life.discard(owner, told(run=key))
    assert page.runner.asked == [("discard", run.path.name)]


def test_a_run_that_is_gone_makes_room_for_what_is_left(page, owner):
    key, _ = run_of(page, owner)
    other, run = run_of(page, owner, DistillConfig(outer_steps=9))
    seen = page.view.show(owner, other)[page.view.seen]
    shutil.rmtree(run.path)
    assert page.view.tick(owner, seen)[page.view.seen]["key"] == key


def wild(page, owner: str) -> tuple[str, RunDir]:
    key, run = run_of(page, owner, DistillConfig(prompt_lr=1.0))
    for step in range(9, 30):
        row = {"stage": "distil", "step": step, "matching_loss": 0.4, "regulariser": 7.0, "adjoint_growth": 2.0}
        run.append("metrics", row | {"skipped": 0})
    return key, run


def test_the_cure_starts_a_run_with_exactly_the_changes_that_were_shown(page, owner):
    key, run = wild(page, owner)
    assert "<s>1</s> → <b>0.05</b>" in diagnosed(STUDY, run, key)
    answer = page.life.cure(owner, told(run=key))
    new = page.shelf.open(owner, answer[page.view.seen]["key"])
    assert new.config()["config"] == as_json(DistillConfig(prompt_lr=0.05))
    assert page.runner.asked == [("start", new.path.name, None)]


def test_a_live_run_makes_room_for_its_cure(page, owner):
    key, run = wild(page, owner)
    run.set_status(state="running")
    assert "Stop, fix" in diagnosed(STUDY, run, key)
    page.life.cure(owner, told(run=key))
    assert [asked[0] for asked in page.runner.asked] == ["start", "stop"]


def test_a_run_that_fails_again_for_another_reason_is_examined_again(page, owner):
    key, run = run_of(page, owner)
    killed = UserError("The worker was killed from outside.", "a worker", "Resume.", kind="killed")
    run.set_status(state="failed", error=killed.as_dict())
    assert 'data-kind="memory"' in diagnosed(STUDY, run, key)
    run.set_status(error=UserError("The disk is full (x).", "room", "Free some.", kind="disk").as_dict())
    assert 'data-kind="disk"' in diagnosed(STUDY, run, key)


class Full(Runner):
    def start(self, run, stages=None):
        raise UserError("8 runs are waiting already.", "a shorter queue", "Try again.")


def test_a_run_that_the_queue_refuses_leaves_no_folder_and_stops_no_live_one(page, owner):
    key, run = wild(page, owner)
    run.set_status(state="running")
    page.runner = Full()
    answers = [
        page.life.start(owner, None, "quick", True, *VALUES),
        page.life.start(
            owner,
            {"run": key, "step": 4},
            "quick",
            True,
            *distil_values(as_json(DistillConfig(prompt_lr=1.0))),
        ),
        page.life.cure(owner, told(run=key)),
    ]
    assert all("waiting already" in answer[page.form.message] for answer in answers)
    assert [one.path for one in page.shelf.own(owner)] == [run.path] and page.runner.asked == []


@pytest.mark.parametrize("key", [None, 3, "own/x", "recorded/none"])
def test_there_is_no_cure_for_what_is_not_there_or_well(key, page, owner):
    well, _ = run_of(page, owner)
    page.life.cure(owner, told(run=key))
    page.life.cure(owner, told(run=well))
    page.life.cure(new_owner(), told(run=well))
    assert page.runner.asked == []


def test_after_a_discard_another_run_is_shown_without_a_word_about_links(page, owner):
    kept, _ = run_of(page, owner)
    key, _ = run_of(page, owner, DistillConfig(outer_steps=9))
    link = page.view.give(owner, told(run=key, wanted=True))["link"]
    page.runner.discard = lambda run: shutil.rmtree(run.path)
    answer = page.life.discard(owner, told(run=key))
    assert answer[page.view.seen]["key"] == kept and answer[page.view.gone] == ""
    assert page.shelf.shares.find(link.partition("/")[2]) is None
    assert not [path for path in page.shelf.shares.folder.rglob("*") if path.is_file()]


def test_a_run_that_has_to_stop_before_it_is_discarded_stays_on_screen(page, owner):
    run_of(page, owner)
    key, run = run_of(page, owner)
    run.set_status(state="running")
    assert page.life.discard(owner, told(run=key))[page.view.seen]["key"] == key


@pytest.mark.parametrize("moment", ["tick", "show"])
def test_a_run_that_is_discarded_while_it_is_read_is_no_error(moment, page, owner, monkeypatch):
    kept, _ = run_of(page, owner)
    key, run = run_of(page, owner, DistillConfig(outer_steps=9))
    run.set_status(state="running")
    seen, poll = page.view.show(owner, key)[page.view.seen], page.runner.poll

    def poll_and_lose(run):
        shutil.rmtree(page.shelf.open(owner, key).path)
        monkeypatch.setattr(page.runner, "poll", poll)
        return {"state": "stopped", "alive": False, "ahead": 0}

    monkeypatch.setattr(page.runner, "poll", poll_and_lose)
    answer = page.view.tick(owner, seen) if moment == "tick" else page.view.show(owner, key)
    answer = page.view.tick(owner, seen) if answer == gr.skip() else answer
    assert answer[page.view.seen]["key"] == kept


def test_a_shelf_passes_over_a_run_that_is_discarded_while_it_is_read(page, owner, monkeypatch):
    _, run = run_of(page, owner)
    monkeypatch.setattr("components.run.shelf.list_runs", lambda folder: [RunDir(folder / "gone"), run])
    assert [one.path for one in page.shelf.own(owner)] == [run.path]


# -- cost ---------------------------------------------------------------------------------------------------------
def test_the_cost_follows_the_form_and_waits_while_it_makes_no_run(page, owner):
    small, large = (page.life.cost(owner, None, True, *distil_values({"outer_steps": n})) for n in (10, 5000))
    assert small != large and "memory" in small
    broken = distil_values({})
    broken[list(DistillConfig.__dataclass_fields__).index("max_start")] = 99
    assert "memory" not in str(page.life.cost(owner, None, True, *broken))
